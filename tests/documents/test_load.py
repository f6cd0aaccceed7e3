"""Loading: text, Markdown, CSV and PDF become documents whose offsets are true to their text."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clinical.sections import sections
from rag.documents.load import FORMATS, read, read_file
from rag.documents.load.files import marked, paths
from rag.values import Document, File

MakePdf = Callable[..., bytes]


def one(name: str, data: str | bytes) -> Document:
    found = read_file(File(name, data.encode() if isinstance(data, str) else data))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_takes_endings_of_its_own(kind: str) -> None:
    endings = FORMATS[kind].suffixes  # type: ignore[attr-defined]
    assert endings
    assert all(ending.startswith(".") and ending == ending.lower() for ending in endings)
    others = [ending for other in FORMATS if other != kind for ending in FORMATS[other].suffixes]  # type: ignore[attr-defined]
    assert not set(endings) & set(others)


def test_offsets_of_sections_point_at_their_headings(documents: tuple[Document, ...]) -> None:
    for document in documents:
        for section in document.sections:
            assert document.text[section.start : section.body].strip("# :\n").startswith(section.title.strip("# :"))
            assert section.start <= section.body <= section.end <= len(document.text)


def test_text_yields_title_type_date_patient_and_sections(documents: tuple[Document, ...]) -> None:
    found = documents[0]
    assert (found.title, found.type, found.date, found.patient) == ("DISCHARGE SUMMARY", "discharge", "2024-03-14", "P-9001")
    titles = [section.title for section in found.sections]
    assert titles == ["DISCHARGE SUMMARY", "HOSPITAL COURSE", "DISCHARGE MEDICATIONS", "FOLLOW-UP"]


def test_markdown_headings_become_nested_sections(documents: tuple[Document, ...]) -> None:
    policy = documents[2]
    assert policy.format == "markdown"
    assert [(section.title, section.level) for section in policy.sections] == [
        ("Medical Policy MP-900: Continuous glucose monitors", 1),
        ("Coverage criteria", 2),
        ("Exclusions", 2),
    ]
    inside = policy.text.index("three times")
    assert policy.path_at(inside) == ("Medical Policy MP-900: Continuous glucose monitors", "Coverage criteria")
    assert policy.type == "policy"
    assert policy.date is None


def test_text_before_the_first_heading_is_kept() -> None:
    found = one("a.txt", "Sent by fax, two pages.\n\nFINDINGS:\nNo effusion.\n")
    assert found.text.startswith("Sent by fax")
    assert found.path_at(3) == ()


LINES = [
    "1 Scope",
    "1. Scope and aims",
    "2.1 Dose",
    "HPI:",
    "# Plan",
    "- item",
    "",
    "  ",
    "IMAGING",
    "Running text.",
    "Section 3 Limits",
    "A/P",
]


@given(
    st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.lists(st.sampled_from(LINES)).map("\n".join))
)
def test_sections_of_any_text_are_in_order_and_inside_it(text: str) -> None:
    found = sections(text)
    assert all(0 <= section.start < section.body <= section.end <= len(text) for section in found)
    assert all(one.start < other.start for one, other in pairwise(found))


@pytest.mark.parametrize("first", ["1 Scope", "1. Scope and Aims", "2 Dose Limits"])
def test_a_document_may_begin_with_a_numbered_heading(first: str) -> None:
    found = one("guideline.md", f"{first}\n\nThis guideline is for adults with an invented disease.\n")
    assert [section.title for section in found.sections] == [first]


def test_line_ends_of_every_kind_become_one_kind() -> None:
    assert one("a.txt", "Cough.\r\nNo fever.\rNo pain.\n").text == "Cough.\nNo fever.\nNo pain.\n"


@pytest.mark.parametrize(
    ("data", "warned"),
    [
        ("Größe 5 µg".encode(), False),
        (b"\xef\xbb\xbf" + "Größe 5 µg".encode(), False),
        ("Größe 5 µg".encode("utf-16"), False),
        (b"\xfe\xff" + "Größe 5 µg".encode("utf-16-be"), False),
        ("Größe 5 µg".encode("cp1252"), True),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little-endian", "utf-16 big-endian", "windows-1252"],
)
def test_encodings_give_the_same_text_and_a_guess_is_told(data: bytes, warned: bool) -> None:
    found = one("a.txt", data)
    assert found.text == "Größe 5 µg"
    assert any("Windows-1252" in warning for warning in found.warnings) == warned


def test_a_few_control_characters_are_replaced_and_told() -> None:
    found = one("a.txt", "Blood pressure\x07 stays at 120/70 and the patient feels well after the walk on the ward. " * 2)
    assert "\x07" not in found.text
    assert "2 control characters" in found.warnings[0]


def test_a_table_row_becomes_a_line_with_the_names_of_its_columns() -> None:
    found = one("drugs.csv", 'drug,limit\nZalumide,"30 tablets, per month"\nPeritol,60\n')
    assert found.text == "drug: Zalumide; limit: 30 tablets, per month\ndrug: Peritol; limit: 60\n"
    assert found.title == "drugs"
    assert found.sections == ()


def test_quoted_values_may_hold_quotes_and_line_ends() -> None:
    assert (
        one("a.csv", 'drug,note\nZalumide,"said ""take"" with\nfood"\n').text == 'drug: Zalumide; note: said "take" with\nfood\n'
    )


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_tables_parted_by_other_signs_are_read(sign: str) -> None:
    assert one("a.csv", f"drug{sign}tier\nZalumide{sign}2\n").text == "drug: Zalumide; tier: 2\n"


def test_a_ragged_table_is_read_and_told() -> None:
    found = one("a.csv", "drug,tier\nZalumide,2,extra\nPeritol\nOstravan,4\n")
    assert found.text == "drug: Zalumide; tier: 2; extra\ndrug: Peritol\ndrug: Ostravan; tier: 4\n"
    assert found.warnings == ("2 of 3 rows do not have 2 values; extra ones are kept unnamed",)


def test_a_column_without_a_name_is_counted() -> None:
    assert one("a.csv", "drug,\nZalumide,2\n").text == "drug: Zalumide; column 2: 2\n"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Date of birth: 1950-03-02", None),
        ("Date of birth: 1950-03-02\nDate of discharge: 2024-03-14", "2024-03-14"),
        ("Date of birth: 1950-03-02\nDate: 2024-03-14", "2024-03-14"),
        ("Date: 03/14/2024", "2024-03-14"),
        ("Date: 2024-02-31", None),
        ("The visit was long ago.", None),
    ],
)
def test_the_date_of_a_document_is_never_a_date_of_birth_and_never_impossible(label: str, expected: str | None) -> None:
    assert one("note.txt", f"CLINIC NOTE\n{label}\n\nThe patient feels well.\n").date == expected


def test_a_file_on_disk_reads_as_its_upload(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The patient feels well.")
    assert read(path) == read_file(File("note.txt", path.read_bytes()))


def test_folders_are_walked_in_order_without_hidden_and_other_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", ".hidden.txt", "picture.png", "inner/c.CSV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.name for path in paths([tmp_path], FORMATS)] == ["a.md", "b.txt", "c.CSV"]  # type: ignore[arg-type]


def test_other_content_under_a_taken_name_gets_a_marked_name() -> None:
    name = marked("note.txt", "x")
    assert name.startswith("note (") and name.endswith(").txt")
    assert marked("note.txt", "x") == name != marked("note.txt", "y")
    assert marked("note", "x").startswith("note (")


def test_a_folders_readme_is_no_evidence_unless_it_is_named(tmp_path: Path) -> None:
    for name in ("README.md", "readme.txt", "Readme.html", "note.txt", "readme_of_the_ward.txt"):
        (tmp_path / name).write_text("The ward opens at eight.")
    assert [path.name for path in paths([tmp_path], FORMATS)] == ["note.txt", "readme_of_the_ward.txt"]
    assert [path.name for path in paths([tmp_path / "README.md"], FORMATS)] == ["README.md"]
