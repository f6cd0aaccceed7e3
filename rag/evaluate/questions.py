"""Question sets: JSON lines with questions, expected answers and gold evidence, read as cases."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag.documents.load.encoding import plain_text
from rag.errors import FileProblem
from rag.keep.quotes import GONE
from rag.values import Case, Document, Span

MOST = 5000
LONGEST = 4000
SURROGATE = re.compile("[\ud800-\udfff]")
TAKEN_OUT = "its evidence went with a document that was removed or redacted"
UNANSWERABLE = frozenset({"unanswerable", "same-topic"})  # Tags that say that the documents hold no answer.
SHAPE = (
    'One JSON object a line: "id", "question", and where known "answer", "evidence" (a list of "document", "start", "end", '
    'and "quote" to check them) and "tags". Both "answer" and "evidence" empty means that the documents hold no answer.'
)


def read_cases(source: str | Path) -> list[Case]:
    """The cases of a question set, given as a file or as its text; the order is kept.

    A line that gives "answer" and "evidence" and leaves both empty is tagged "unanswerable". Raises FileProblem, which names
    the line and the field.
    """
    cases: dict[str, Case] = {}
    for place, row in _rows(source):
        case = _case(place, row)
        if case.id in cases:
            raise FileProblem(f"{place}: an id stands there twice. Give every question its own id.")
        cases[case.id] = case
    if not cases:
        raise FileProblem(f"{_name(source)}: no question in it. {SHAPE}")
    return list(cases.values())


def misplaced(source: str | Path, documents: Iterable[Document]) -> dict[str, str]:
    """For each case whose gold evidence does not fit these documents the reason, by its id."""
    texts = {document.name: document.text for document in documents}
    rows = [row for _, row in _rows(source)]
    gone = {str(row["id"]): TAKEN_OUT for row in rows if row.get(GONE)}
    return gone | {
        str(row["id"]): reason
        for row in rows
        for gold in reversed(row.get("evidence") or [])
        if (reason := _misfit(texts.get(gold["document"]), gold))
    }


def answerable(case: Case) -> bool | None:
    """Whether the documents hold an answer to this case; None where the question set does not say."""
    if UNANSWERABLE.intersection(case.tags):
        return False
    return True if case.evidence or case.answer.strip() else None


def _rows(source: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of the lines, each with its place for errors."""
    count = 0
    for number, line in enumerate(_text(source).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{_name(source)}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise FileProblem(f"{place}: not JSON. {SHAPE}") from None
        if not isinstance(row, dict):
            raise FileProblem(f"{place}: not an object. {SHAPE}")
        if "\\ud" in line.lower() and SURROGATE.search(json.dumps(row, ensure_ascii=False)):
            raise FileProblem(f"{place}: half of a surrogate pair (\\ud800 to \\udfff). Write it whole.")
        count += 1
        if count > MOST:
            raise FileProblem(f"{_name(source)}: more than {MOST:,} questions. Split the file.")
        yield place, row


def _text(source: str | Path) -> str:
    try:
        data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source.read_bytes()
    except OSError as error:
        raise FileProblem(f"{source}: cannot be read ({error.strerror}). Give a file of JSON lines.") from None
    return plain_text(_name(source), data, "JSON lines")


def _name(source: str | Path) -> str:
    return "The question set" if isinstance(source, str) else source.name


def _case(place: str, row: dict[str, Any]) -> Case:
    for name in ("id", "question"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise FileProblem(f"{place}: no text under {name!r}. {SHAPE}")
    if len(row["question"]) > LONGEST:
        raise FileProblem(f"{place}: the question has {len(row['question']):,} characters; at most {LONGEST:,} are allowed.")
    answer, evidence, tags = row.get("answer") or "", row.get("evidence") or [], row.get("tags") or []
    if not isinstance(answer, str):
        raise FileProblem(f"{place}: 'answer' is not a text. {SHAPE}")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise FileProblem(f"{place}: 'tags' is not a list of texts. {SHAPE}")
    if not isinstance(evidence, list):
        raise FileProblem(f"{place}: 'evidence' is not a list. {SHAPE}")
    spans = tuple(_span(place, gold) for gold in evidence)
    empty = "answer" in row and "evidence" in row and not answer.strip() and not spans
    if empty and not UNANSWERABLE.intersection(tags):
        tags = [*tags, "unanswerable"]
    return Case(row["id"], row["question"].strip(), answer, spans, tuple(tags))


def _span(place: str, gold: Any) -> Span:
    found = gold if isinstance(gold, dict) else {}
    document, start, end = found.get("document"), found.get("start"), found.get("end")
    if not isinstance(document, str) or type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise FileProblem(f"{place}: evidence needs a 'document' and whole numbers 'start' below 'end', counted in characters.")
    return Span(document, start, end)


def _misfit(text: str | None, gold: dict[str, Any]) -> str:
    if text is None:
        return f"{gold['document']} is not among the documents"
    quote = gold.get("quote")
    if gold["end"] > len(text) or (isinstance(quote, str) and text[gold["start"] : gold["end"]] != quote):
        return f"its evidence does not stand at the given place of {gold['document']}"
    return ""
