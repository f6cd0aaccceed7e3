"""The house as it is meant to be: imports go one way, and what must not be there is not there."""

import re
from pathlib import Path

import pytest

from tests.rooms import MODULES, ORDER, ROOT, SCRIPTS, imported, part, private

FORBIDDEN = re.compile(r"\bpickle\b|\beval\(|\bexec\(|unsafe_allow_html|allow_dangerous_deserialization|allow_pickle=True")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_in_rag_go_one_way_and_never_to_the_screen(path: Path) -> None:
    if part(path) == "__init__":
        return
    here = ORDER.index(part(path))
    for name in imported(path):
        assert name.split(".")[0] not in {"streamlit", "pages"}, f"{path.name} imports {name}"
        if name.startswith("rag."):
            assert ORDER.index(name.split(".")[1]) <= here, f"{path.name} imports {name} upward"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_asks_another_for_its_private_names(path: Path) -> None:
    assert private(path) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_evaluated_or_drawn_as_markup(path: Path) -> None:
    code = "\n".join(line.split("#")[0] for line in path.read_text("utf-8").splitlines())
    assert not FORBIDDEN.search(code)


@pytest.mark.parametrize("path", sorted((ROOT / "pages" / "shared").glob("*.py")), ids=lambda path: path.name)
def test_what_the_groups_of_pages_share_imports_from_none_of_them(path: Path) -> None:
    assert not [name for name in imported(path) if name.startswith("pages.") and not name.startswith("pages.shared")]


def test_tables_of_pages_are_made_where_no_cell_is_a_formula() -> None:
    made = {path.name for path in (ROOT / "pages").rglob("*.py") if "pd.DataFrame(" in path.read_text("utf-8")}
    assert made <= {"tables.py", "scorecard.py"}, "Use pages.shared.tables.table_of; the score card writes a file by `cell`."
    assert "pd.DataFrame(lines).map(cell)" in (ROOT / "pages" / "tune" / "comparing" / "scorecard.py").read_text("utf-8")


def test_no_page_lies_flat_in_pages() -> None:
    assert not list((ROOT / "pages").glob("*.py")), "Streamlit would run it without app.py"


def test_the_component_sets_document_text_as_text() -> None:
    from pages.shared.text_view import JS

    assert "textContent" in JS and "innerHTML" not in JS
