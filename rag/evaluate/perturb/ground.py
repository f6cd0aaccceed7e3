"""What a perturbation stands on: a case with its documents, the sentences of its evidence, and where else the same is said."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.clinical.facts.types import Fact
from rag.clinical.owners import plain
from rag.clinical.standing import standing
from rag.evaluate.perturb.altering import NUMBER, altered
from rag.evaluate.perturb.edited import Edit
from rag.text import lines, sentences, terms
from rag.values import Case, Document, Span

ALIKE = 0.6
"""The share of the terms of the evidence, or of the expected answer, from which a sentence says the same."""
FEWEST = 3
ID_LEFT = r"(?<![A-Za-z0-9])"
FactsOf = Callable[[Document], Sequence[Fact]]


class Library:
    """The documents of a question set, and what is read of them once for all of its cases."""

    def __init__(self, documents: Sequence[Document], facts_of: FactsOf) -> None:
        self.documents: Mapping[str, Document] = {one.name: one for one in documents}
        self.facts_of = facts_of

    @cached_property
    def sentences(self) -> dict[str, list[tuple[int, int]]]:
        """The sentences of each document, the rows of a table."""
        return {
            name: (lines if one.format in {"table", "workbook"} else sentences)(one.text) for name, one in self.documents.items()
        }

    @cached_property
    def terms(self) -> dict[Span, frozenset[str]]:
        """The terms of every sentence."""
        return {
            Span(name, start, end): frozenset(terms(self.documents[name].text[start:end]))
            for name, found in self.sentences.items()
            for start, end in found
        }

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years that the documents are of."""
        days = [day for one in self.documents.values() for day in (one.date, one.effective) if day]
        return tuple(sorted({int(day[:4]) for day in days if day[:4].isdigit()}))


@dataclass(frozen=True)
class Ground:
    """A case whose evidence stands in the documents of a library."""

    case: Case
    library: Library

    @property
    def documents(self) -> Mapping[str, Document]:
        return self.library.documents

    @cached_property
    def gold(self) -> tuple[str, ...]:
        """The names of the documents that hold evidence, in order."""
        return tuple(dict.fromkeys(span.document for span in self.case.evidence))

    @cached_property
    def first(self) -> Document:
        """The document of the first evidence."""
        return self.documents[self.gold[0]]

    @cached_property
    def patient(self) -> str:
        """The patient whose documents the evidence is of; "" where it is nobody's, or of several."""
        found = {self.documents[name].patient for name in self.gold}
        return found.pop() if len(found) == 1 else ""

    @cached_property
    def named(self) -> str:
        """The question, with its patient where it names none."""
        if not self.patient or plain(self.patient) in plain(self.case.question):
            return self.case.question
        return f"{self.case.question.rstrip('? ')}, in {self.patient}?"

    @cached_property
    def differs(self) -> bool:
        """Whether the evidence itself stands in two editions of which one takes the other's place: both are right to show."""
        found = standing(self.documents.values())
        return any(name in found and found[name].by in self.gold for name in self.gold)

    @cached_property
    def stretches(self) -> tuple[Span, ...]:
        """The whole sentences that the evidence touches."""
        return tuple(
            dict.fromkeys(
                Span(gold.document, start, end)
                for gold in self.case.evidence
                for start, end in self.library.sentences[gold.document]
                if start < gold.end and gold.start < end
            )
        )

    @cached_property
    def copies(self) -> tuple[Span, ...]:
        """Other sentences that say the same: most of the words and all figures of the evidence, or of the expected answer."""
        text = self.documents
        golds = [_told(text[one.document].text[one.start : one.end]) for one in self.stretches]
        answer = _told(self.case.answer)
        wanted = [one for one in (*golds, answer) if len(one[0]) >= FEWEST and (one[1] or len(one[0]) > 2 * FEWEST)]
        own = set(self.stretches)
        return tuple(
            span
            for span, words in self.library.terms.items()
            if span not in own
            and any(
                len(told & words) >= ALIKE * len(told) and figures <= _figures(text[span.document].text[span.start : span.end])
                for told, figures in wanted
            )
        )

    def otherwise(self, name: str, turn: int = 1) -> list[Edit]:
        """Edits after which a document with evidence says something else; none where nothing in it can be turned."""
        document = self.documents[name]
        spans = [one for one in self.case.evidence if one.document == name]
        return altered(document, spans, self.case.answer, self.library.facts_of(document), turn)

    def without(self, spans: Sequence[Span]) -> tuple[Edit, ...]:
        """Edits that take these stretches out."""
        return tuple(Edit(one.document, one.start, one.end, "") for one in spans)

    def beside(self) -> Iterator[Span]:
        """The sentences before and after the evidence that are no evidence nor copy themselves, nor the head of the document."""
        taken = {*self.stretches, *self.copies}
        for name in self.gold:
            every = self.library.sentences[name]
            own = [at for at, (start, end) in enumerate(every) if Span(name, start, end) in taken]
            for at in (min(own) - 1, max(own) + 1) if own else ():
                if 0 <= at < len(every) and every[at][0] > _head(self.documents[name]) and Span(name, *every[at]) not in taken:
                    yield Span(name, *every[at])

    def others_id(self) -> str:
        """The id of a patient of whom there is no document, written as this one's is."""
        known = {plain(one.patient) for one in self.documents.values() if one.patient}
        digits = re.search(r"\d+(?=\D*$)", self.patient)
        if not digits:
            return ""
        size, number = len(digits[0]), int(digits[0])
        for step in range(1, 10**size):
            other = f"{(number + 37 * step) % 10**size:0{size}d}"
            found = f"{self.patient[: digits.start()]}{other}{self.patient[digits.end() :]}"
            if plain(found) not in known:
                return found
        return ""

    def mentions(self, document: Document) -> Iterator[Span]:
        """Where a document names the patient."""
        for match in re.finditer(rf"{ID_LEFT}{re.escape(self.patient)}(?![A-Za-z0-9])", document.text, re.IGNORECASE):
            yield Span(document.name, *match.span())


def _told(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(terms(text)), _figures(text)


def _figures(text: str) -> frozenset[str]:
    return frozenset(match[0] for match in NUMBER.finditer(text))


def _head(document: Document) -> int:
    """Where the first lines end, in which a document says what it is."""
    blank = document.text.find("\n\n")
    return blank if 0 < blank < 600 else 200
