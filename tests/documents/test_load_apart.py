"""Files are read in a process of their own within bounds on time, memory and output; what goes beyond them is named."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from rag.documents.load import FORMATS, apart, read_file
from rag.documents.load.apart import read_apart
from rag.documents.workspace import Project
from rag.errors import FileProblem
from rag.values import Document, File
from tests.hostile_files import ALL
from tests.made_files import CCDA, CSV, HTML, NOTE, RESOURCES, RTF, bundle, word, workbook, zipped

GOOD = {
    "a.docx": word(),
    "a.xlsx": workbook(),
    "a.html": HTML.encode(),
    "a.rtf": RTF.encode(),
    "a.csv": CSV.encode(),
    "a.xml": CCDA.encode(),
    "a.json": bundle(*RESOURCES),
    "a.jsonl": b'{"id": "a\\ud800", "text": "One \\ud83d."}\n{"te\n{"text": "Three."}\n',
}
SECRET = "Quillemont"


@pytest.fixture
def anew() -> Iterator[None]:
    """No process of before is taken, and none is left behind."""
    while apart._idle:
        apart._idle.pop().close()
    yield
    while apart._idle:
        apart._idle.pop().close()


def refusal(file: File) -> str:
    failed: list[FileProblem] = []
    try:
        read_file(file, failed)
    except FileProblem as problem:
        failed.append(problem)
    message = str(failed[-1])
    assert message.startswith(f"{file.name}: ") and message.endswith(".") and SECRET not in message
    return message


def hostile(name: str) -> File:
    called, make = ALL[name]
    return File(called, make())


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_read_apart_as_it_is_in_this_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: tuple[list[FileProblem], list[FileProblem]] = ([], [])
    here = read_file(File(name, GOOD[name]), told[0])
    for kind in FORMATS.values():
        monkeypatch.setattr(kind, "apart", float("inf"))
    assert here == read_file(File(name, GOOD[name]), told[1]) and here
    assert list(map(str, told[0])) == list(map(str, told[1]))


def test_only_short_text_is_read_in_this_process() -> None:
    here = {name for name, kind in FORMATS.items() if kind.apart}
    assert here == {"text", "markdown", "pdf", "archive"}, "PDF has processes of its own; members of archives are files"


@pytest.mark.parametrize(
    "name",
    [
        "merged by an entity (a.xlsx)",
        "a sheet named like a picture (a.xlsx)",
        "one sheet a thousand times (a.xlsx)",
        "many long headers over many rows (a.csv)",
        "1.9 million line ends (a.html)",
        "many selectors on many elements (a.html)",
        "text of 30 MB (a.txt)",
    ],
)
def test_what_takes_too_long_is_named_with_the_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        limited.setattr(apart, "SECONDS", 0.6)
        assert "more than 0.6 seconds" in refusal(hostile(name)) or "more than 1 GiB" in refusal(hostile(name))
    assert read_file(File("a.html", HTML.encode())), "the next file is read, in a process begun anew"


def test_what_needs_too_much_memory_is_named_with_the_limit(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY", 288)
    assert "more than 0.28125 GiB of memory" in refusal(hostile("FHIR of 1.9 million tags (a.xml)"))


def test_what_gives_too_much_is_named_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_OUTPUT", 2 * 1024 * 1024)
    assert "takes more than 2 MB" in refusal(File("a.html", b"<p>" + SECRET.encode() * 300_000))


def test_parts_of_a_word_file_that_lead_on_without_end_are_named() -> None:
    assert "refer to each other in a chain without end" in refusal(hostile("9,999 parts (a.docx)"))


def test_what_is_larger_than_usual_is_read_whole() -> None:
    picture = "data:image/png;base64," + "QUJD" * 3_000_000
    page = File("a.html", f"<html><p>Before.</p><img src='{picture}'><p title='{'word ' * 2_500_000}'>Behind.</p>".encode())
    assert [line for line in read_file(page)[0].text.split("\n") if "." in line] == ["Before.", "Behind."]
    long = "The cough is better. " * 12_000
    (table,) = read_file(File("a.csv", f"id,note\n1,{long}\n2,short\n".encode()))
    assert table.text.count("cough") == 12_000 and "short" in table.text
    scanned = CCDA.replace(
        "<paragraph>The cough", f"<renderMultiMedia>{'QUJD' * 3_000_000}</renderMultiMedia><paragraph>The cough"
    )
    assert "The cough is better." in read_file(File("a.xml", scanned.encode()))[0].text


def test_of_many_lines_that_cannot_be_read_some_are_told_with_their_reasons() -> None:
    failed: list[FileProblem] = []
    (document,) = read_file(File("a.jsonl", b'{"text": "One."}\n' + b"{}\n" * 150), failed)
    assert document.text.strip() == "One." and len(failed) == 101
    assert str(failed[0]).startswith("a.jsonl, line 2: ") and str(failed[-1]) == "a.jsonl: 50 more of its parts cannot be read."
    assert "none of its 150 lines" in refusal(File("a.jsonl", b"{}\n" * 150))


def test_a_process_that_is_killed_amid_a_file_is_named_and_the_next_one_reads(anew: None) -> None:
    def kill() -> None:
        for process in made:
            os.kill(process._process.pid, signal.SIGKILL)

    made: list[apart._Process] = []
    taken = apart._taken
    apart._taken = lambda: made.append(taken()) or made[-1]  # type: ignore[func-returns-value, return-value]
    try:
        threading.Timer(1.0, kill).start()
        assert "its reader broke down" in refusal(hostile("1.9 million line ends (a.html)"))
    finally:
        apart._taken = taken
    assert read_file(File("a.csv", CSV.encode()))


def test_a_process_that_ended_while_it_was_idle_is_not_missed(anew: None) -> None:
    read_file(File("a.csv", CSV.encode()))
    os.kill(apart._idle[0]._process.pid, signal.SIGKILL)
    assert read_file(File("a.csv", CSV.encode()))


def test_one_process_is_kept_for_the_next_file_and_threads_share_none(anew: None) -> None:
    def read() -> None:
        found.extend(read_file(File("a.html", HTML.encode())))

    found: list[Document] = []
    read()
    first = apart._idle[0]._process.pid
    read()
    assert [one._process.pid for one in apart._idle] == [first]
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1 and len(apart._idle) <= apart.MOST_IDLE


def test_who_stops_in_the_middle_leaves_no_process(anew: None) -> None:
    parts = read_apart(File("a.jsonl", b'{"text": "One."}\n' * 500), "json")
    assert isinstance(next(parts), Document)
    parts.close()  # type: ignore[attr-defined]
    assert apart._idle == []
    assert len(read_file(File("a.jsonl", b'{"text": "One."}\n' * 500))) == 500


def test_what_was_read_before_the_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first = b'{"text": "One."}\n' * 500
    assert len(read_file(File("a.jsonl", first))) == 500  # So that the process has all that it imports.
    monkeypatch.setattr(apart, "SECONDS", 1.0)
    failed: list[FileProblem] = []
    lines = first + b'{"text": "' + b"The cough is better. " * 300_000 + b'"}\n'
    assert len(read_file(File("a.jsonl", lines), failed)) == 500
    assert "what comes after that was not read" in str(failed[0])


def test_the_other_members_of_an_archive_and_the_shelf_stand(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 2.0)  # A process that is begun anew imports within it.
    bad = hostile("merged by an entity (a.xlsx)")
    failed: list[FileProblem] = []
    members = {"a.txt": NOTE.encode(), "b.xlsx": bad.data, "c.html": HTML.encode()}
    added = project.shelf.add(File("all.zip", zipped(members)), failed)
    assert [one.name for one in added] == ["all.zip/a.txt", "all.zip/c.html"]
    assert [str(one).partition(":")[0] for one in failed] == ["all.zip/b.xlsx"]
