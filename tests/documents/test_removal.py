"""What was removed, redacted or replaced stands nowhere in the workspace, in whatever format it came and whatever quotes it."""

import errno
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest

from rag.documents import files as files_module
from rag.documents.decisions import Decision
from rag.documents.load import FORMATS
from rag.documents.workspace import Project, Workspace
from rag.errors import SettingProblem
from rag.evaluate.made import KIND, NAME, with_case
from rag.evaluate.questions import answerable, misplaced, read_cases
from rag.keep.artifacts import Artifacts
from rag.keep.tables import records
from rag.pipeline import Pipeline
from rag.values import File, Span
from tests.conftest import MakePdf
from tests.documents.test_workspace import holding
from tests.made_files import reference, zipped

MARKER, NUMBER, NAMED = "Marlowick", "QX-4455667", "Quillonby"
SAID = f"Quillwort syrup 7 mL daily was continued because of {MARKER} disease"
ASIDE = f"She is known here under MRN: {NUMBER}"
LINES = ("PROGRESS NOTE", "PLAN:", f"{SAID}.", f"{ASIDE}.")
TEXT = "\n".join(LINES)
QUESTION = "How much quillwort syrup was continued?"


def word_file() -> bytes:
    made = docx.Document()
    for line in LINES:
        made.add_paragraph(line)
    return saved_bytes(made.save)


def workbook_file() -> bytes:
    made = openpyxl.Workbook()
    for line in LINES:
        made.active.append([line, "1"])  # type: ignore[union-attr]
    return saved_bytes(made.save)


def saved_bytes(save: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def ccda_file() -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3">
<code code="11506-3" codeSystem="2.16.840.1.113883.6.1"/><title>Progress note</title><component><structuredBody><component>
<section><title>Plan</title><text><paragraph>{SAID}.</paragraph><paragraph>{ASIDE}.</paragraph></text></section></component>
</structuredBody></component></ClinicalDocument>""".encode()


FILES: dict[str, tuple[str, Callable[[MakePdf], bytes]]] = {
    "text": ("txt", lambda _: TEXT.encode()),
    "markdown": ("md", lambda _: "\n\n".join(LINES).encode()),
    "pdf": ("pdf", lambda make_pdf: make_pdf([LINES])),
    "word": ("docx", lambda _: word_file()),
    "html": ("html", lambda _: f"<!DOCTYPE html><html><body><p>{'</p><p>'.join(LINES)}</p></body></html>".encode()),
    "rtf": ("rtf", lambda _: ("{\\rtf1\\ansi " + "\\par ".join(LINES) + "\\par }").encode()),
    "table": ("csv", lambda _: f'about,number\n"{SAID}.",1\n"{ASIDE}.",2\n'.encode()),
    "workbook": ("xlsx", lambda _: workbook_file()),
    "json": ("jsonl", lambda _: (json.dumps({"id": "d1", "title": "Note", "text": TEXT}) + "\n").encode()),
    "fhir": ("json", lambda _: json.dumps(reference(TEXT)).encode()),
    "ccda": ("xml", lambda _: ccda_file()),
    "archive": ("zip", lambda _: zipped({"inner/note.txt": TEXT})),
}


def test_every_format_is_among_these() -> None:
    assert set(FILES) == set(FORMATS)


def place(project: Project, name: str, words: str) -> Span:
    """Where words stand in a document; in a PDF or a workbook they may be parted."""
    text = project.shelf.document(name)
    assert text is not None
    start = text.text.find(words)
    assert start >= 0
    return Span(name, start, start + len(words))


def used(project: Project, pipeline: Pipeline, name: str) -> None:
    """Everything that a person may keep of a document: an answer, a session, a judgement, a comparison, a test case."""
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    answer = project.artifacts.remembered("answer", lambda: pipeline.ask(QUESTION, index), "answers", 4)
    assert any(MARKER in claim.text for claim in answer.claims)
    spans = [place(project, name, SAID), place(project, name, ASIDE)]
    documents = {one.name: one for one in project.shelf.documents}
    texts = [documents[name].text[one.start : one.end] for one in spans]
    cited = [[one.document, one.start, one.end, None, 1] for one in spans]
    places = [{"document": one.document, "start": one.start, "end": one.end} for one in spans]
    only = {"documents": [name], "patients": []}
    turns = [
        {"asked": QUESTION, "follow": None, "outcome": "answered", "patients": [], "cited": cited},
        {
            "asked": f"For how long was {MARKER} treated under {NUMBER}?",
            "follow": {"typed": "and for how long?", "how": "rules", "notes": []},
            "outcome": "refused",
            "patients": [],
            "cited": [],
        },
    ]
    shown = {"pipeline": pipeline.to_json(), "filter": only, "question": turns[1]["asked"]}
    session = {"asked": turns[1]["asked"], "follow": turns[1]["follow"], "turns": turns, "shown": shown, "before": None}
    session |= {"filter": only, "history": [{**shown, "words": "first settings"}], "revision": 3}
    project.saved.put("session", json.dumps(session), "s1")
    statements = [{"text": text, "cited": [at]} for text, at in zip(texts, places, strict=True)]
    project.saved.put("judgement", json.dumps({"question": QUESTION, "right": True, "statements": statements}), "j1")
    older = {"question": QUESTION, "words": f"I read there: {texts[0]}. {texts[1]}, and so on.", "statements": texts}
    project.saved.put("judgement", json.dumps(older), "j2")
    project.saved.put("comparison", json.dumps({"columns": [], "question": turns[1]["asked"], "filter": only}), "c1")
    mixed = with_case("", QUESTION, f"{texts[0]} {texts[1]}", spans, documents)
    project.saved.put(KIND, with_case(mixed, "Is peritol listed?", "", [], documents), NAME)
    project.work.put("upload", "u1", json.dumps({"name": name, "place": "x"}))
    assert project.work.claim("upload", "u1")
    project.work.finish("upload", "u1", json.dumps([{"name": name, "result": "added", "about": ""}]))
    assert holding(project.folder, MARKER) and holding(project.folder, NUMBER)


def still_usable(project: Project) -> None:
    """What is left: every session, comparison and case, with its questions."""
    session = json.loads(project.saved.get("session", "s1") or "")
    assert [one["asked"] for one in session["turns"]] == [QUESTION, "and for how long?"]
    assert session["asked"] == session["shown"]["question"] == "and for how long?" and session["follow"] is None
    assert session["turns"][0]["gone"] and session["turns"][0]["cited"] == [] and session["revision"] == 4
    assert json.loads(project.saved.get("comparison", "c1") or "")["question"] == "and for how long?"
    judged = json.loads(project.saved.get("judgement", "j1") or "")
    assert judged["right"] and [one["text"] for one in judged["statements"]] == ["", ""]
    text = project.saved.get(KIND, NAME) or ""
    cases = read_cases(text)
    assert [one.question for one in cases] == [QUESTION, "Is peritol listed?"]
    assert (answerable(cases[0]), answerable(cases[1])) == (None, False), "no wrong gold is made of what is gone"
    assert set(misplaced(text, project.shelf.documents)) == {cases[0].id}


def added(project: Project, name: str, data: bytes) -> str:
    (document,) = project.shelf.add(File(name, data))
    entry = project.shelf.entry(document.name)
    assert entry is not None
    if not entry.released:
        project.decisions.make([document.name], "release", "A. B.")
    project.shelf.add(File("other.txt", b"Peritol is not listed anywhere in this invented formulary."))
    return document.name


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("how", ["removed", "rejected"])
def test_a_removed_document_leaves_no_trace(
    kind: str, how: str, project: Project, pipeline: Pipeline, make_pdf: MakePdf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ending, make = FILES[kind]
    name = added(project, f"visit.{ending}", make(make_pdf))
    used(project, pipeline, name)
    project.shelf.remove(name) if how == "removed" else project.decisions.make([name], "reject", "A. B.")
    assert holding(project.folder, MARKER) == holding(project.folder, NUMBER) == []
    assert len(list((project.folder / "files").iterdir())) == 1
    assert not project.artifacts.recall("answer")
    assert MARKER not in caplog.text and NUMBER not in caplog.text
    still_usable(project)


@pytest.mark.parametrize("which", ["the same workspace", "another server's"])
@pytest.mark.parametrize("at", ["dividing", "embedding"])
def test_a_document_that_is_removed_while_it_is_prepared_leaves_no_trace(
    at: str, which: str, project: Project, pipeline: Pipeline, make_pdf: MakePdf
) -> None:
    name = added(project, "visit.txt", TEXT.encode())
    remover = project if which == "the same workspace" else Workspace(project.folder).project()

    def removing(done: int, total: int) -> None:
        remover.shelf.remove(name)

    steps = {"dividing": removing} if at == "dividing" else {"progress": removing}
    pipeline.prepare(project.shelf.documents, project.artifacts, **steps)
    assert holding(project.folder, MARKER) == []
    assert project.artifacts.known() == {"other.txt"}
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert {chunk.span.document for chunk in index.chunks} == {"other.txt"}


def test_what_a_crash_left_of_a_removed_document_goes_at_the_next_start(
    project: Project, pipeline: Pipeline, make_pdf: MakePdf, caplog: pytest.LogCaptureFixture
) -> None:
    name = added(project, "visit.txt", TEXT.encode())
    documents = project.shelf.documents
    project.shelf.remove(name)
    Pipeline.prepare(pipeline, documents, Artifacts(project.folder))  # As by a server that was killed before it was told.
    assert holding(project.folder, MARKER)
    Workspace(project.folder).project()
    assert holding(project.folder, MARKER) == []
    assert "What was computed of documents that are not here was removed: 1." in caplog.text


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("decision", ["redact", "surrogates"])
def test_what_was_replaced_once_or_twice_leaves_no_trace_nor_does_the_rest_once_it_is_removed(
    kind: str, decision: Decision, project: Project, pipeline: Pipeline, make_pdf: MakePdf
) -> None:
    ending, make = FILES[kind]
    name = added(project, f"visit.{ending}", make(make_pdf))
    used(project, pipeline, name)
    for _ in range(2):
        project.decisions.make([name], decision, "A. B.")
        assert holding(project.folder, NUMBER) == [] and project.shelf.original(name) is None
        assert holding(project.folder, MARKER), "the rest of the text is still there"
    still_usable(project)
    project.shelf.remove(name)
    assert holding(project.folder, MARKER) == holding(project.folder, NUMBER) == []


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in {"archive", "json"}])
@pytest.mark.parametrize("how", ["redact", "surrogates", "reject", "remove"])
def test_a_name_that_holds_an_identifier_leaves_no_trace(
    kind: str, how: str, project: Project, pipeline: Pipeline, make_pdf: MakePdf
) -> None:
    ending, make = FILES[kind]
    name = added(project, f"Mrs Sibyl {NAMED} visit.{ending}", make(make_pdf))
    entry = project.shelf.entry(name)
    assert entry is not None and entry.is_named_by_identifier
    used(project, pipeline, name)
    project.shelf.remove(name) if how == "remove" else project.decisions.make([name], how, "A. B.")  # type: ignore[arg-type]
    assert holding(project.folder, NAMED) == []
    (only,) = json.loads(project.saved.get("session", "s1") or "")["filter"]["documents"]
    left = [one.document.name for one in project.shelf.entries if one.document.name != "other.txt"]
    assert [only] == left if left else only == entry.known_as, "the filter still lets nothing else through"


def test_an_edited_value_leaves_no_trace_in_what_was_saved(project: Project) -> None:
    project.shelf.add(File("note.txt", TEXT.replace(ASIDE, "She coughs").encode()))
    project.shelf.edit("note.txt", patient="Marlowick Jones", title="A visit of Marlowick Jones to the ward")
    body = {"turns": [], "filter": {"patients": ["Marlowick Jones"]}, "words": "A visit of Marlowick Jones to the ward"}
    project.saved.put("session", json.dumps(body), "s1")
    project.shelf.edit("note.txt", patient="P-1", title="A visit")
    kept = json.loads(project.saved.get("session", "s1") or "")
    assert (kept["filter"], kept["words"]) == ({"patients": ["P-1"]}, "[removed]")
    assert holding(project.folder, "Marlowick Jones") == []


def rows_holding(project: Project, words: str) -> list[str]:
    """The tables of the records in which some row holds these words."""
    with project.shelf._records._engine.connect() as base:
        rows = {table.name: base.execute(table.select()).fetchall() for table in records.sorted_tables}
    return [name for name, found in rows.items() if any(words in str(cell) for row in found for cell in row)]


@pytest.mark.parametrize("how", ["remove", "reject", "redact", "surrogates"])
def test_what_was_taken_away_stands_in_no_row_of_either_database(
    how: str, either_database: str, tmp_path: Path, pipeline: Pipeline
) -> None:
    project = Workspace(tmp_path / "records").project()
    name = added(project, "visit.txt", TEXT.encode())
    used(project, pipeline, name)
    assert {"documents", "saved"} <= {*rows_holding(project, NUMBER)}
    project.shelf.remove(name) if how == "remove" else project.decisions.make([name], how, "A. B.")  # type: ignore[arg-type]
    assert rows_holding(project, NUMBER) == []
    assert rows_holding(project, MARKER) == [] or how in {"redact", "surrogates"}
    still_usable(project)


def test_what_other_documents_say_stays(project: Project, pipeline: Pipeline) -> None:
    name = added(project, "visit.txt", TEXT.encode())
    used(project, pipeline, name)
    before = [project.saved.get(*one) for one in (("session", "s1"), ("judgement", "j1"), (KIND, NAME))]
    project.shelf.remove("other.txt")
    assert [project.saved.get(*one) for one in (("session", "s1"), ("judgement", "j1"), (KIND, NAME))] == before


def fill(project: Project, monkeypatch: pytest.MonkeyPatch, room: int = 0) -> None:
    """The disk takes no file any more, and no database more than this many further pages."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files_module, "put", full)
    with project.shelf._records._engine.connect() as base:
        pages = base.exec_driver_sql("PRAGMA page_count").scalar_one()
        base.exec_driver_sql(f"PRAGMA max_page_count={pages + room}")
    disk = project.artifacts._base._disk
    assert disk is not None
    pages = disk.execute("PRAGMA page_count").fetchone()[0]
    disk.execute(f"PRAGMA max_page_count={pages}")


def kept(project: Project) -> list[str | None]:
    return [project.saved.get(*one) for one in (("session", "s1"), ("judgement", "j1"), ("judgement", "j2"), (KIND, NAME))]


@pytest.mark.parametrize("how", ["remove", "reject", "redact", "surrogates"])
@pytest.mark.parametrize("room", range(3))
def test_a_full_disk_keeps_nothing_from_being_removed(
    how: str, room: int, tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Workspace(tmp_path / "full").project()
    name = added(project, "visit.txt", TEXT.encode())
    used(project, pipeline, name)
    fill(project, monkeypatch, room)
    project.shelf.remove(name) if how == "remove" else project.decisions.make([name], how, "A. B.")  # type: ignore[arg-type]
    assert holding(project.folder, NUMBER) == []
    assert holding(project.folder, MARKER) == [] or how in {"redact", "surrogates"}
    still_usable(project)


@pytest.mark.parametrize("how", ["reject", "redact", "surrogates"])
def test_a_decision_for_whose_record_there_is_no_room_is_refused_in_a_sentence_and_changes_nothing(
    how: Decision, tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Workspace(tmp_path / "full").project()
    text = TEXT + "".join(f"\nAlso known under MRN: QX-{number}" for number in range(4_000_000, 4_001_000))
    name = added(project, "visit.txt", text.encode())
    used(project, pipeline, name)
    before, entries = kept(project), project.shelf.entries
    fill(project, monkeypatch)
    with pytest.raises(SettingProblem, match=r"cannot be used: the disk is full\. Make room, then try again\.$"):
        project.decisions.make([name], how, "A. B.")
    assert (kept(project), project.shelf.entries) == (before, entries) and project.shelf.original(name) == text.encode()
    assert [one.decision for one in project.decisions.all()] == ["release"]
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert pipeline.ask(QUESTION, index).claims, "it can still be asked"
