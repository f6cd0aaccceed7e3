"""Recheck: an answer as it was written has no fault, and each kind of damage is named for what it is."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.away.recheck import recheck
from rag.errors import FileProblem
from rag.values import Document, Page

TEXT = "Zalumide 5 mg daily was begun.\nPeritol was stopped because of a rash. The rash has cleared."
QUOTE = "Peritol was stopped because of a rash."
AT = TEXT.index(QUOTE)
DOCUMENT = Document("note.pdf", TEXT, pages=(Page(1, "1", 0, 31), Page(2, "2", 31, len(TEXT))))
CITED = {"document": "note.pdf", "page": 2, "start": AT, "end": AT + len(QUOTE), "quote": QUOTE}
ANSWER: dict[str, Any] = {
    "id": "1",
    "claims": [{"text": QUOTE, "supported": True, "reason": "word for word in the source", "citations": [CITED]}],
    "hits": [{"document": "note.pdf", "page": 1, "start": 0, "end": 30, "text": TEXT[:30]}],
    "nearest": None,
    "documents": [{"document": "note.pdf", "sha256": DOCUMENT.digest}],
}


def faults(answer: dict[str, Any], document: Document = DOCUMENT) -> list[tuple[str, str]]:
    return [(one.place, one.damage) for one in recheck(answer, {document.name: document}).faults]


def damaged(change: Callable[[dict[str, Any]], Any]) -> list[tuple[str, str]]:
    answer = copy.deepcopy(ANSWER)
    change(answer)
    return faults(answer)


def test_an_answer_as_it_was_written_has_no_fault() -> None:
    found = recheck(ANSWER, {"note.pdf": DOCUMENT})
    assert (found.looked_up, found.faults, found.unhashed) == (2, (), ())


PLACE = "claims[0].citations[0]"
DAMAGES = [
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(document="other.pdf"), (PLACE, "document"), id="document"),
    pytest.param(lambda a: a["documents"][0].update(sha256="0" * 64), ("documents", "hash"), id="hash"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(end=9999), (PLACE, "offsets"), id="beyond the end"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(start=AT + 60), (PLACE, "offsets"), id="turned round"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(start=-5), (PLACE, "offsets"), id="negative"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(start=AT + 1), (PLACE, "quotation"), id="moved"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(page=1), (PLACE, "page"), id="page"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(page=None), (PLACE, "page"), id="no page"),
    pytest.param(lambda a: a["claims"][0].update(text="Peritol was continued."), ("claims[0]", "statement"), id="statement"),
    pytest.param(lambda a: a["hits"][0].update(text="Zalumide 50 mg daily was begun"), ("hits[0]", "quotation"), id="passage"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].pop("start"), (PLACE, "form"), id="no start"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(start=True), (PLACE, "form"), id="start is no number"),
    pytest.param(lambda a: a["claims"][0]["citations"][0].update(page="two"), (PLACE, "form"), id="page is no number"),
    pytest.param(lambda a: a["claims"][0]["citations"].__setitem__(0, "x"), (PLACE, "form"), id="no citation"),
    pytest.param(lambda a: a.pop("claims"), ("claims", "form"), id="no statements"),
    pytest.param(lambda a: a.update(nearest={**CITED, "quote": "x"}), ("nearest", "quotation"), id="nearest sentence"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), DAMAGES)
def test_each_kind_of_damage_is_named(change: Callable[[dict[str, Any]], Any], expected: tuple[str, str]) -> None:
    assert expected in damaged(change)


def test_a_changed_quotation_says_where_it_stands_now_and_a_fault_shows_no_text() -> None:
    longer = Document("note.pdf", "Heading\n" + TEXT, pages=DOCUMENT.pages)
    told = recheck(ANSWER, {"note.pdf": longer}).faults
    assert {one.damage for one in told} == {"hash", "quotation"}
    assert any(f"it stands at {AT + 8} to {AT + 8 + len(QUOTE)}" in one.detail for one in told)
    assert not any("Peritol" in one.detail or "Zalumide" in one.detail for one in told)


def test_an_answer_without_hashes_says_which_documents_were_not_compared() -> None:
    told = recheck({**ANSWER, "documents": []}, {"note.pdf": DOCUMENT})
    assert (told.faults, told.unhashed) == ((), ("note.pdf",))


def command(folder: Path, answer: str) -> Any:
    (folder / "answer.json").write_text(answer, "utf-8")
    return CliRunner().invoke(app, ["verify-citations", str(folder / "answer.json"), "--docs", str(folder / "docs")])


@pytest.fixture
def asked(tmp_path: Path) -> str:
    """What `rag ask --json` prints about a note."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.txt").write_text(TEXT, "utf-8")
    told = CliRunner().invoke(app, ["ask", "Why was peritol stopped?", "--docs", str(tmp_path / "docs"), "--json"])
    assert told.exit_code == 0, told.output
    return told.stdout


def test_what_ask_prints_can_be_checked_again_and_damage_ends_with_exit_code_1(tmp_path: Path, asked: str) -> None:
    whole = command(tmp_path, asked)
    assert whole.exit_code == 0 and "no faults" in whole.stdout
    (tmp_path / "docs" / "note.txt").write_text(TEXT.replace("rash", "fall"), "utf-8")
    changed = command(tmp_path, asked)
    assert changed.exit_code == 1
    assert "hash: note.txt" in changed.stdout and "quotation" in changed.stdout


def test_several_answers_on_lines_are_checked_each(tmp_path: Path, asked: str) -> None:
    row = json.loads(asked)
    wrong = {**row, "id": "2", "hits": [{**row["hits"][0], "end": 10**6}]}
    told = command(tmp_path, f"{json.dumps(row)}\n{json.dumps(wrong)}\n")
    assert told.exit_code == 1
    assert "1: " in told.stdout and "hits[0]: offsets" in told.stdout


@pytest.mark.parametrize("written", ["", "7", "[]", "not JSON", '{"a": 1'])
def test_a_file_that_holds_no_answer_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.txt").write_text(TEXT, "utf-8")
    assert isinstance(command(tmp_path, written).exception, FileProblem)
