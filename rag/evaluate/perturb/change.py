"""What becomes of the documents of a perturbed question, and the question with its right outcomes; both as JSON lines too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, get_args

from rag.errors import FileProblem
from rag.evaluate.perturb.edited import Edit, Moved, apart, edited
from rag.rules import rules
from rag.values import Case, Document, Span

Kind = Literal["missing", "contradictory", "ambiguous", "outdated", "off-patient", "poisoned"]
KINDS: tuple[str, ...] = get_args(Kind)
STRENGTHS = (1, 2, 3)
UNCHANGED = "unchanged"
"""What stands in the place of a kind where a question is asked as it is, to compare with."""
Facts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind in a strength: what it does, and which outcomes are right."""

    kind: str
    strength: int
    about: str
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """A further document: one that is there under another name, with edits and other facts (date, patient, edition)."""

    name: str
    of: str
    edits: tuple[Edit, ...]
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the documents: some are gone, some edited, some added; `facts` of some are others."""

    gone: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    added: tuple[Added, ...] = ()
    facts: Mapping[str, Facts] = field(default_factory=dict)

    def __call__(self, documents: Iterable[Document]) -> list[Document]:
        """The documents after it, in order, the added ones last."""
        before = {one.name: one for one in documents}
        left = []
        for name, document in before.items():
            own = [one for one in self.edits if one.document == name]
            if name not in self.gone:
                left.append(edited(document, own, **self.facts.get(name, {})) if own or name in self.facts else document)
        return [*left, *(edited(before[one.of], one.edits, **{**one.facts, "name": one.name}) for one in self.added)]

    def left(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """Where these stretches stand after it, without those that are gone."""
        found = (self._moved(span) for span in spans if span.document not in self.gone)
        return tuple(span for span in found if span.start < span.end)

    def _moved(self, span: Span) -> Span:
        return Moved(apart([one for one in self.edits if one.document == span.document])).span(span)


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A perturbed case. Its evidence is what may be cited; `planted` is what must not be stated without a warning."""

    case: Case
    of: str
    kind: str
    strength: int
    right: tuple[str, ...]
    change: Change = Change()
    planted: tuple[Span, ...] = ()


@cache
def cells() -> tuple[Cell, ...]:
    """The cells of the rules, in order."""
    return tuple(Cell(one["kind"], one["strength"], one["about"], tuple(one["right"])) for one in rules("perturbations")["cells"])


def row_of(one: Perturbed, documents: Mapping[str, Document]) -> dict[str, Any]:
    """A perturbed case as JSON takes it, with every quotation that is edited."""
    after = {document.name: document.text for document in one.change(documents.values())}
    before = {name: document.text for name, document in documents.items()}
    return {
        "id": one.case.id,
        "of": one.of,
        "kind": one.kind,
        "strength": one.strength,
        "question": one.case.question,
        "right": list(one.right),
        "unanswerable": one.right == ("refused",),
        "evidence": [{**_place(at), "quote": after[at.document][at.start : at.end]} for at in one.case.evidence],
        "planted": [{**_place(at), "quote": after[at.document][at.start : at.end]} for at in one.planted],
        "gone": list(one.change.gone),
        "edits": _edits(one.change.edits, before),
        "added": [
            {"name": at.name, "of": at.of, "facts": dict(at.facts), "edits": _edits(at.edits, before)} for at in one.change.added
        ],
        "facts": {name: dict(told) for name, told in one.change.facts.items()},
    }


def perturbed(row: Mapping[str, Any], documents: Mapping[str, Document], place: str) -> Perturbed:
    """The case of such a row. Raises FileProblem, which names the place, where it is none or does not fit the documents."""
    try:
        change = Change(
            tuple(row["gone"]),
            _read(row["edits"], documents),
            tuple(Added(one["name"], one["of"], _read(one["edits"], documents), one["facts"]) for one in row["added"]),
            row["facts"],
        )
        names = {*documents, *(one.name for one in change.added)}
        spans, planted = (
            tuple(Span(at["document"], int(at["start"]), int(at["end"])) for at in row[key]) for key in ("evidence", "planted")
        )
        if not {*change.gone, *change.facts, *(one.of for one in change.added)} <= documents.keys():
            raise KeyError
        if not {span.document for span in (*spans, *planted)} <= names:
            raise KeyError
        case = Case(str(row["id"]), str(row["question"]), "", spans)
        return Perturbed(case, str(row["of"]), str(row["kind"]), int(row["strength"]), tuple(row["right"]), change, planted)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FileProblem(
            f"{place}: no perturbed question of these documents. Give the file that `rag perturb` wrote, and the same --docs."
        ) from None


def _place(span: Span) -> dict[str, Any]:
    return {"document": span.document, "start": span.start, "end": span.end}


def _edits(edits: Sequence[Edit], texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Edits with the words that they take the place of."""
    return [
        {"document": one.document, "start": one.start, "end": one.end, "was": texts[one.document][one.start : one.end],
         "text": one.text}
        for one in edits
    ]  # fmt: skip


def _read(rows: Sequence[Mapping[str, Any]], documents: Mapping[str, Document]) -> tuple[Edit, ...]:
    """Edits whose words stand where they say. Raises KeyError for others."""
    found = tuple(Edit(row["document"], int(row["start"]), int(row["end"]), str(row["text"])) for row in rows)
    for edit, row in zip(found, rows, strict=True):
        if documents[edit.document].text[edit.start : edit.end] != row["was"]:
            raise KeyError
    return found


def renamed(case: Case, cell: Cell | None, question: str = "", evidence: Sequence[Span] | None = None) -> Case:
    """The case under an id of its own in a cell, with another question and evidence where they are given."""
    id = f"{case.id}.{UNCHANGED}" if cell is None else f"{case.id}.{cell.kind}-{cell.strength}"
    kept = case.evidence if evidence is None else tuple(evidence)
    return replace(case, id=id, question=question or case.question, evidence=kept)
