"""Question sets for folders: lines that name their documents ("docs", paths beside the file) and their evidence by quotation."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import FileProblem
from rag.evaluate.questions import answerable, misplaced, read_cases
from rag.values import Case, Document, Span

SHAPE = (
    '"docs" is a list of paths beside the file, "evidence" a list of "document" and "quote", and "unanswerable" true or false.'
)
Read = Callable[[Sequence[Path]], Sequence[Document]]


@dataclass(frozen=True)
class Asked:
    """The cases that are asked of the same documents; `paths` are where those lie. `left_out` counts those that do not fit."""

    paths: tuple[Path, ...]
    documents: Sequence[Document]
    cases: Sequence[Case]
    left_out: int = 0


def question_sets(file: Path, rows: Sequence[Mapping[str, Any]], docs: Sequence[Path], read: Read) -> Iterator[Asked]:
    """The cases of a file, by the documents that they are asked of: those that a line names, else `docs`.

    A question whose evidence does not stand in its documents is left out. Raises FileProblem for lines of another form.
    """
    if not any("docs" in row for row in rows):
        if not docs:
            raise FileProblem(f'{file.name}: its lines name no documents. Give --docs, or lines with "docs". {SHAPE}')
        documents = read(docs)
        absent = misplaced(file, documents)
        cases = [case for case in read_cases(file) if case.id not in absent]
        yield Asked(tuple(docs), documents, cases, len(absent))
        return
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for number, row in enumerate(rows, 1):
        named = row.get("docs")
        if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
            raise FileProblem(f"{file.name}, line {number}: no list of paths under 'docs'. {SHAPE}")
        groups.setdefault(tuple(named), []).append(row)
    for names, group in groups.items():
        paths = tuple(file.parent / name for name in names)
        documents = read(paths)
        cases = [case for row in group if (case := _case(row, documents)) is not None]
        yield Asked(paths, documents, cases, len(group) - len(cases))


def _case(row: Mapping[str, Any], documents: Sequence[Document]) -> Case | None:
    """The case of a line; None where its evidence does not stand in the documents."""
    golds = row.get("evidence") or []
    spans = tuple(span for gold in golds if isinstance(gold, dict) and (span := located(gold, documents)))
    if len(spans) < len(golds):
        return None
    tags = ("unanswerable",) if row.get("unanswerable") or not golds else ()
    case = Case(str(row["id"]), str(row["question"]).strip(), str(row.get("answer") or ""), spans, tags)
    return case if answerable(case) is not None and case.question else None


def located(gold: Mapping[str, Any], documents: Sequence[Document]) -> Span | None:
    """Where a quotation stands in the document of that name, blanks aside; None where it does not."""
    words = str(gold.get("quote") or "").split()
    own = re.compile(r"\s+".join(map(re.escape, words))) if words else None
    for document in documents:
        if own and Path(document.name).name == Path(str(gold.get("document"))).name and (match := own.search(document.text)):
            return Span(document.name, *match.span())
    return None
