"""Whatever a user hands over, the answer is a named error that says what to do, without the text, and nothing is changed."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pypdf
import pytest

from rag.documents.load import files, read, read_file
from rag.documents.workspace import Project, Workspace, add_all
from rag.errors import FileProblem, SettingProblem, WorkbenchError
from rag.keep.artifacts import Artifacts
from rag.pipeline import UNIONS, Pipeline, read_pipeline
from rag.pipeline.steps import LONGEST_QUESTION
from rag.stage import options
from rag.stages.index.base import Index
from rag.values import File

MakePdf = Callable[..., bytes]
SECRET = "Quillemont"  # A word of the text that no message may carry.
NOTE = f"The patient told {SECRET} that the cough is better. "


def encrypted(data: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("only the sender knows it", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def cases(make_pdf: MakePdf) -> dict[str, tuple[File, str]]:
    """Files that cannot be read, each with what its message has to say."""
    pdf = make_pdf([[NOTE] * 3] * 3)
    return {
        "empty": (File("a.txt", b""), "empty"),
        "only blanks": (File("a.txt", b" \n\t\n"), "no text"),
        "empty pdf": (File("a.pdf", b""), "empty"),
        "binary as text": (File("a.txt", bytes(range(256)) * 20 + NOTE.encode()), "binary"),
        "picture as text": (File("a.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(500)), "binary"),
        "archive as table": (File("a.csv", b"PK\x03\x04\0\0\0\0\0\0" + bytes(200)), "binary"),
        "encrypted pdf": (File("a.pdf", encrypted(pdf)), "encrypted"),
        "truncated pdf": (File("a.pdf", pdf[: len(pdf) // 4]), "damaged"),
        "only the head of a pdf": (File("a.pdf", b"%PDF-1.7\n"), "damaged"),
        "pdf of rubbish": (File("a.pdf", b"%PDF-1.7\n" + NOTE.encode() * 50), "damaged"),
        "pdf named text": (File("a.txt", pdf), "PDF"),
        "text named pdf": (File("a.pdf", NOTE.encode()), "not a PDF"),
        "word document": (File("a.docx", b"PK\x03\x04" + NOTE.encode()), ".docx"),
        "no ending": (File("README", NOTE.encode()), "without ending"),
        "only an ending": (File(".txt", NOTE.encode()), "without ending"),
        "table of a header alone": (File("a.csv", f"drug,{SECRET}\n".encode()), "header"),
        "scan": (File("a.pdf", make_pdf([[]])), "OCR"),
    }


NAMES = (
    "empty|only blanks|empty pdf|binary as text|picture as text|archive as table|encrypted pdf|truncated pdf|"
    "only the head of a pdf|"
    "pdf of rubbish|pdf named text|text named pdf|word document|no ending|only an ending|table of a header alone|"
    "scan"
).split("|")


def test_every_case_is_tested(make_pdf: MakePdf) -> None:
    assert list(cases(make_pdf)) == NAMES


def state(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder but SQLite's locks, which change with reading."""
    files_there = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith("-shm"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files_there}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_cannot_be_read_is_named_and_changes_nothing(name: str, make_pdf: MakePdf, project: Project) -> None:
    file, reason = cases(make_pdf)[name]
    project.shelf.add(File("good.txt", b"A good note about a cough."))
    before, documents = state(project.folder), project.shelf.documents
    with pytest.raises(FileProblem) as caught:
        project.shelf.add(file)
    message = str(caught.value)
    assert message.startswith(f"{file.name}: ")
    assert reason in message
    assert message.endswith(".") and "\n" not in message
    assert SECRET not in message
    assert (caught.value.__cause__ is None and caught.value.__suppress_context__) or caught.value.__context__ is None
    assert state(project.folder) == before
    assert project.shelf.documents == documents


def test_the_limit_of_a_file_is_100_megabytes() -> None:
    assert files.LARGEST == 100 * 1024 * 1024


def test_a_file_above_the_limit_is_refused_with_both_sizes(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    monkeypatch.setattr(files, "LARGEST", 1024 * 1024)
    project.shelf.add(File("fits.txt", b"word " * (1024 * 1024 // 5)))
    with pytest.raises(FileProblem, match=r"^large\.txt: 3 MB; at most 1 MB are read\. Split the file\.$"):
        project.shelf.add(File("large.txt", b"word " * (3 * 1024 * 1024 // 5)))
    assert [document.name for document in project.shelf.documents] == ["fits.txt"]


def test_broken_utf_8_is_read_with_a_warning_that_says_where(project: Project) -> None:
    (document,) = project.shelf.add(File("a.txt", b"Temperature 38.5 \xb0C and \xff falling"))
    assert "°C" in document.text
    assert "from byte 17" in document.warnings[0]
    assert project.shelf.documents == (document,)


def test_a_ragged_table_is_read_with_a_warning(project: Project) -> None:
    (document,) = project.shelf.add(File("a.csv", b"drug,tier\nZalumide\nPeritol,2,x\n"))
    assert "2 of 2 rows" in document.warnings[0]


def test_two_thousand_tiny_files_become_two_thousand_documents(
    tmp_path: Path, project: Project, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"{number:04}.txt").write_text(f"Note {number} of the ward.")
    (folder / "0500.txt").write_bytes(b"")
    assert add_all(project.shelf, sorted(folder.iterdir())) == [
        "0500.txt: the file is empty (0 bytes). Upload a file with text in it."
    ]
    assert len(project.shelf.documents) == 1999
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert pipeline.ask("What does note 1234 of the ward say?", index).hits[0].chunk.span.document == "1234.txt"


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.txt", tmp_path):
        with pytest.raises(FileProblem, match=rf"^{path.name}: cannot be opened .* Check the path"):
            read(path)


@pytest.mark.parametrize("question", ["", " \n\t ", "x" * (LONGEST_QUESTION + 1), f"{SECRET} " * 10_000], ids=len)
def test_questions_without_length_or_far_too_long_are_refused(question: str, pipeline: Pipeline, index: Index) -> None:
    with pytest.raises(SettingProblem) as caught:
        pipeline.ask(question, index)
    message = str(caught.value)
    assert ("empty" in message and "Type a question" in message) if not question.strip() else f"{LONGEST_QUESTION:,}" in message
    assert SECRET not in message


def test_a_question_that_is_no_text_is_refused(pipeline: Pipeline, index: Index) -> None:
    for question in (f"{SECRET} \ud83d", "\udcff"):
        with pytest.raises(SettingProblem, match=r"^The question is not valid UTF-8.*Type it again\.$"):
            pipeline.ask(question, index)


HALVES = {
    "a.json": b'{"text": "The \\ud83d patient feels well.", "title": "a \\ud800", "author": "b \\udc00", "note": "c \\ud800"}',
    "a.jsonl": b'{"id": "x \\ud800", "text": "Invented \\udfff text.", "title": "a \\ud800"}\n',
    "b.json": b'{"resourceType": "DocumentReference", "status": "current", "description": "a \\ud800", "content": [{"attachment":'
    b' {"contentType": "text/plain", "title": "b \\ud800", "data": "VGhlIHBhdGllbnQgZmVlbHMgd2VsbC4="}}]}',
    "c.json": b'{"a \\ud800": {"b": "c \\udc00"}}',
}


@pytest.mark.parametrize("name", HALVES)
def test_no_half_of_a_letter_comes_through_a_loader(name: str) -> None:
    found = read_file(File(name, HALVES[name]))
    assert found and any("\ufffd" in told for document in found for told in every_string(document))
    for document in found:
        strings = list(every_string(document))
        assert strings and [told for told in strings if told.encode("utf-8", "replace").decode() != told] == []
        assert all(document.text[section.start :].startswith(section.title) for section in document.sections)


def every_string(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from every_string(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from every_string(getattr(value, one.name))


@pytest.mark.parametrize(
    "question", ["?", "!!!", "the of and", "🫀" * 50, "x" * LONGEST_QUESTION, "\0", "a\nb", "{sources}", "'; DROP TABLE"]
)
def test_odd_questions_are_answered_or_refused_and_never_crash(question: str, pipeline: Pipeline, index: Index) -> None:
    answer = pipeline.ask(question, index)
    assert answer.refused == (not answer.claims)


PIPELINES: dict[str, tuple[str, list[str]]] = {
    "not JSON": ("{", ["not JSON", "line 1"]),
    "empty": ("", ["not JSON"]),
    "a list": ("[]", []),
    "a number": ("5", []),
    "null": ("null", []),
    "nested without end": ("[" * 200_000, ["nested too deeply. "]),
    "a number without end": ('{"version": ' + "1" * 5000 + "}", ["a number has too many digits. "]),
    "a key twice": ('{"chunk": {"kind": "words"}, "chunk": {"kind": "sections"}}', ["the key 'chunk' stands twice"]),
    "true as version": ('{"version": true}', ["version: true does not fit", "allowed is 1"]),
    "a number in quotes": ('{"chunk": {"kind": "words", "size": "100"}}', ['size: "100" does not fit', "integer"]),
    "true as a number": ('{"retrieve": {"kind": "convex", "weight": true}}', ["weight: true does not fit", "number"]),
    "half a letter in a text": (
        '{"prompt": {"kind": "cited", "system": "a \\ud800"}}',
        ["a text holds half of a surrogate pair"],
    ),
    "a pattern not met": ('{"index": {"kind": "store", "connection": "abc"}}', ["'^RAG_STORE[A-Z0-9_]*$'"]),
    "unknown field": ('{"chunky": 1}', ["unknown field chunky", "chunk,"]),
    "unknown field of a stage": ('{"chunk": {"kind": "words", "sizes": 3}}', ["sizes", "overlap"]),
    "unknown kind": ('{"chunk": {"kind": "bites"}}', ["chunk", "words"]),
    "no kind": ('{"chunk": {"size": 100}}', ["chunk", "words"]),
    "a stage that is a text": ('{"chunk": "words"}', ["chunk"]),
    "a stage that is null": ('{"rerank": null}', ["rerank"]),
    "another version": ('{"version": 99}', ["version"]),
    "overlap above size": ('{"chunk": {"kind": "words", "size": 50, "overlap": 60}}', ["overlap 60", "size 50", "lower"]),
    "size above its limit": ('{"chunk": {"kind": "words", "size": 100000}}', ["size", "1000"]),
    "size as a word": ('{"chunk": {"kind": "words", "size": "many"}}', ["size", "integer"]),
    "size not finite": ('{"retrieve": {"kind": "convex", "weight": NaN}}', ["weight"]),
    "top above candidates": (
        '{"rerank": {"kind": "keep", "top": 9}, "retrieve": {"kind": "terms", "candidates": 5}}',
        ["9", "5", "lower"],
    ),
    "tokens from hashing": ('{"rerank": {"kind": "late"}, "embed": {"kind": "hashing"}}', ["late interaction", "minilm"]),
    "template without places": ('{"prompt": {"kind": "cited", "template": "Hello"}}', ["{question}", "{sources}"]),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_that_cannot_be_used_names_the_setting_and_what_is_allowed(name: str) -> None:
    text, parts = PIPELINES[name]
    with pytest.raises(SettingProblem) as caught:
        read_pipeline(text, "mine.json")
    message = str(caught.value)
    assert message.startswith("mine.json: ")
    assert [part for part in parts if part not in message] == []
    assert len(message) < 500


@pytest.mark.parametrize(
    ("name", "kind", "stage"),
    [(name, kind, stage) for name, union in UNIONS.items() for kind, stage in options(union).items()],
)
def test_an_unknown_setting_of_any_option_is_named_with_those_it_has(name: str, kind: str, stage: Any) -> None:
    with pytest.raises(SettingProblem) as caught:
        read_pipeline(json.dumps({name: {"kind": kind, "colour": 3}}))
    assert "unknown field" in str(caught.value) and "colour" in str(caught.value)
    assert all(field in str(caught.value) for field in stage.model_fields)


def test_a_refused_date_or_field_leaves_the_document_as_it_was(project: Project) -> None:
    (document,) = project.shelf.add(File("a.txt", b"Date: 2024-03-14\nThe patient feels well."))
    for changes in ({"date": "14.03.2024"}, {"date": "2024-02-31"}, {"date": "2024-3-4"}, {"text": SECRET}, {"name": "b.txt"}):
        with pytest.raises(SettingProblem, match=r"^a\.txt: "):
            project.shelf.edit("a.txt", **changes)
        assert project.shelf.documents == (document,)
    with pytest.raises(SettingProblem, match=r"^gone\.txt: "):
        project.shelf.edit("gone.txt", title="x")


@pytest.mark.parametrize("field", ["title", "type", "patient", "date"])
def test_clearing_a_field_leaves_a_workspace_that_opens(field: str, project: Project) -> None:
    project.shelf.add(File("a.txt", b"Date: 2024-03-14\nThe patient feels well."))
    try:
        project.shelf.edit("a.txt", **{field: None})
    except SettingProblem:
        pass
    assert [document.name for document in Workspace(project.folder).project().shelf.documents] == ["a.txt"]


def test_all_errors_of_the_workbench_are_one_family(artifacts: Artifacts) -> None:
    assert issubclass(FileProblem, WorkbenchError) and issubclass(SettingProblem, WorkbenchError)
    with pytest.raises(WorkbenchError):
        read_file(File("a.exe", b"x"))
