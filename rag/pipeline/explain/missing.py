"""Why a passage is not in an answer: the stage that lost it, the number that decided, and the setting that would keep it."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rag.pipeline import Pipeline
from rag.pipeline.steps import drained, sources_of
from rag.pipeline.titles import TITLES, setting, title
from rag.stages.answer.outcome import unknown
from rag.stages.answer.quote import Quote
from rag.stages.index.base import Index, Scores
from rag.stages.refuse.evidence import Evidence
from rag.stages.retrieve import POOL, Convex, Dense, ReciprocalRank, Retrieving, Terms
from rag.stages.scope.base import Everything
from rag.values import Answer, Chunk, Claim, Document, Filter, Hit, Span

Lost = Literal["released", "filter", "scope", "retrieve", "candidates", "minimum", "rerank", "refuse", "prompt", "answer", ""]
MOST_CANDIDATES = 1000
MOST_PASSAGES = 200
LARGEST_BUDGET = 200_000
MOST_STATEMENTS = 20
LABELS = {
    "documents": "Documents",
    "types": "Types",
    "patients": "Patients",
    "authors": "Written by",
    "statuses": "Report status",
}


@dataclass(frozen=True)
class Verdict:
    """Where a passage was lost ("" where it was not) and why; what would keep it there, as words and as settings to apply."""

    lost: Lost
    reason: str
    mend: str = ""
    pipeline: Pipeline | None = None
    only: Filter | None = None


def where_lost(pipeline: Pipeline, answer: Answer, chunk: Chunk, index: Index, only: Filter = Filter()) -> Verdict:
    """The first stage at which a passage was lost on its way into this answer of this pipeline.

    A mend brings it past that stage; the next one may still lose it. The reranker runs once more, and so may the retriever.
    """
    looked = _Look(pipeline, answer, chunk, index, only)
    stages = (
        looked.released,
        looked.filtered,
        looked.scoped,
        looked.retrieved,
        looked.reranked,
        looked.refused,
        looked.prompted,
        looked.cited,
    )
    return next(verdict for stage in stages if (verdict := stage()) is not None)


@dataclass(frozen=True)
class _Look:
    pipeline: Pipeline
    answer: Answer
    chunk: Chunk
    index: Index
    only: Filter

    def with_setting(self, stage: str, **changed: object) -> Pipeline:
        return self.pipeline.model_copy(update={stage: getattr(self.pipeline, stage).model_copy(update=changed)})

    @property
    def within(self) -> Filter:
        """What was searched: the filter as the question's scope narrowed it."""
        return self.only if self.answer.scope.only == Filter() else self.answer.scope.only

    @property
    def span(self) -> Span:
        """What would stand in the prompt: the passage, or the wider one around it."""
        return self.chunk.parent or self.chunk.span

    def stands_in(self, hits: Iterable[Hit]) -> int:
        """The place (1 for the first) of the passage among hits, whole, in a wider one, cut or as a copy; 0 for none."""
        return next((place for place, hit in enumerate(hits, 1) if any(map(self._is, (hit.chunk, *hit.copies)))), 0)

    def _is(self, other: Chunk) -> bool:
        if other.span in {self.chunk.span, self.span}:
            return True
        around = other.span.holds(self.chunk.span) or self.chunk.span.holds(other.span)
        return around and other not in self.index.row_of

    def released(self) -> Verdict | None:
        name = self.chunk.span.document
        if name in self.index.documents:
            return None
        return Verdict("released", f"{name} is not released, so none of its passages is indexed.", "decide about the document")

    def filtered(self) -> Verdict | None:
        document = self.index.documents[self.chunk.span.document]
        failing = dict(_failing(document, self.only))
        if self.only.in_force:
            in_force = self.index.allowed(Filter(in_force=True))
            if self.index.row_of[self.chunk] not in in_force:
                failing["in_force"] = "it is not the edition in force"
        if not failing:
            return None
        only = replace(self.only, **{name: getattr(Filter(), name) for name in failing})
        return Verdict(
            "filter", f"The filter leaves out {document.name}: {'; '.join(failing.values())}.", "widen the filter", only=only
        )

    def scoped(self) -> Verdict | None:
        document = self.index.documents[self.chunk.span.document]
        scope = self.answer.scope
        if scope.only == Filter() or self.index.row_of.get(self.chunk, -1) in self.index.allowed(scope.only):
            return None
        about = ", ".join(scope.patients) or "other documents"
        owner = f"is of {document.patient}" if document.patient else "is of no patient, or of several"
        return Verdict(
            "scope",
            f"The question was taken to be about {about}; {document.name} {owner}.",
            "ask all documents, whoever the question names",
            self.pipeline.model_copy(update={"scope": Everything()}),
        )

    def retrieved(self) -> Verdict | None:
        if any(hit.chunk == self.chunk for hit in self.answer.found) or self.stands_in(self.answer.hits):
            return None
        retrieve = self.pipeline.retrieve
        for reach in sorted({max(retrieve.candidates, POOL), MOST_CANDIDATES}):
            found = self._ranked(retrieve, reach)
            if found:
                break
        else:
            return self._not_found()
        rank, score = found
        if rank > retrieve.candidates:
            for reach in (rank, min(rank + rank // 4, MOST_CANDIDATES), MOST_CANDIDATES):
                if self._ranked(retrieve, reach):
                    break
            told = f"The retriever put it {nth(rank)} (score {score:.3f}) and hands on {retrieve.candidates} candidates."
            return Verdict(
                "candidates",
                told,
                f"raise {setting('retrieve', 'candidates')} to {reach}",
                self.with_setting("retrieve", candidates=reach),
            )
        low = math.floor(score * 1000) / 1000
        named = setting("retrieve", "minimum")
        told = f"Its score {score:.3f} ({nth(rank)} by the retriever) is below {named} {retrieve.minimum:g}."
        return Verdict("minimum", told, f"lower {named} to {low:g}", self.with_setting("retrieve", minimum=low))

    def _ranked(self, retrieve: Retrieving, reach: int) -> tuple[int, float] | None:
        """The passage's rank and score among the first `reach` that a retriever finds, whatever their score."""
        hits = retrieve.model_copy(update={"candidates": reach, "minimum": 0.0})(self.answer.query, self.index, self.within)
        return next(((rank, hit.score) for rank, hit in enumerate(hits, 1) if hit.chunk == self.chunk), None)

    def _not_found(self) -> Verdict:
        query, index, row = self.answer.query, self.index, self.index.row_of[self.chunk]
        allowed = index.allowed(self.within)
        by_terms = index.term_scores(query.question, query.terms)
        told = ["it shares no word with the question"]
        if by_terms[row] > 0:
            told = [f"it is {nth(_place(by_terms[allowed], by_terms[row]))} by terms"]
        if index.vectors is not None and self.pipeline.retrieve.reads_vectors:
            cosines = index.cosines(index.question_vector(query.instead or query.question), allowed)
            place = int(np.flatnonzero(allowed == row)[0])
            told.append(
                f"it is {nth(_place(cosines, cosines[place]))} of {len(allowed):,} by vectors (cosine {cosines[place]:.2f})"
            )
        reason = f"The retriever did not find it: {' and '.join(told)}."
        keep = self.pipeline.retrieve.model_dump(include={"candidates", "recency", "half_life"})
        for kind in (Convex, ReciprocalRank, Dense, Terms):
            if isinstance(self.pipeline.retrieve, kind):
                continue
            other = kind(**keep)
            if kind.reads_vectors and index.vectors is None:
                changed = self.pipeline.model_copy(update={"retrieve": other})
                return Verdict("retrieve", reason, f"{_retriever(other)}, which also compares meanings", changed)
            found = self._ranked(other, MOST_CANDIDATES)
            if found:
                other = other.model_copy(update={"candidates": max(found[0], other.candidates)})
                changed = self.pipeline.model_copy(update={"retrieve": other})
                return Verdict("retrieve", reason, f"{_retriever(other)}, which puts it {nth(found[0])}", changed)
        return Verdict("retrieve", reason)

    def reranked(self) -> Verdict | None:
        if self.stands_in(self.answer.hits):
            return None
        found = list(self.answer.found)
        most = min(len(found), MOST_PASSAGES)
        stage = self.pipeline.rerank
        depth = getattr(stage, "depth", None)
        every = stage.model_copy(update={"top": most})(self.answer.question, found, self.index)
        rank = self.stands_in(every)
        if not rank:
            return Verdict("rerank", f"The reranker ({title('rerank', stage.kind)}) does not put it among the first {most}.")
        told = (
            f"It is {nth(rank)} after reranking ({title('rerank', stage.kind)}), and {setting('rerank', 'top')} is {stage.top}."
        )
        kept = self._kept(every, rank)
        changed: dict[str, int] = {"top": kept}
        while depth is not None and depth < kept:  # Else the last that are kept would not be reranked.
            depth = changed["depth"] = min(max(kept, rank), most)
            every = stage.model_copy(update={"top": most, "depth": depth})(self.answer.question, found, self.index)
            rank = self.stands_in(every)
            if not rank:
                return Verdict("rerank", told)
            kept = changed["top"] = self._kept(every, rank)
        mend = " and ".join(
            f"{setting('rerank', name)} to {value}" for name, value in changed.items() if value != getattr(stage, name)
        )
        return Verdict(
            "rerank", told, f"set {mend}" if len(changed) > 1 else f"raise {mend}", self.with_setting("rerank", **changed)
        )

    def _kept(self, every: list[Hit], rank: int) -> int:
        """The fewest passages to keep so that this one, `rank` among all that were reranked, is among them."""
        return 1 + bisect_left(range(1, rank), True, key=lambda most: self.stands_in(sources_of(every, self.index, most)) > 0)

    def refused(self) -> Verdict | None:
        answer, bar = self.answer, self.pipeline.refuse
        if answer.asked:
            return None
        if unknown(answer.scope) or not isinstance(bar, Evidence) or answer.confidence >= bar.below:
            return Verdict("refuse", f"It was found, but the question was refused: {answer.notice}")
        low = math.floor(answer.confidence * 100) / 100
        told = f"It was found, but the confidence {answer.confidence:.2f} is below {setting('refuse', 'below')} {bar.below:g}."
        return Verdict("refuse", told, f"lower {setting('refuse', 'below')} to {low:g}", self.with_setting("refuse", below=low))

    def prompted(self) -> Verdict | None:
        if self.source:
            return None
        place = self.stands_in(self.answer.hits)
        budget = self._budget(list(self.answer.hits))
        told, set_to = f"Passage {place} of {len(self.answer.hits)} did not fit into the prompt", self.pipeline.prompt.budget
        if budget is None:
            return Verdict("prompt", f"{told}.")
        told += f": with those before it, it needs {budget:,} tokens of sources; {setting('prompt', 'budget')} is {set_to:,}."
        return Verdict(
            "prompt", told, f"raise {setting('prompt', 'budget')} to {budget:,}", self.with_setting("prompt", budget=budget)
        )

    @property
    def source(self) -> int:
        """The passage's number in the prompt; 0 where it is not in it."""
        return self.stands_in(self.answer.prompt.sources)

    def _budget(self, hits: list[Hit]) -> int | None:
        """The smallest budget under which the prompt holds the passage, or None."""

        def holds(budget: int) -> bool:
            prompt = self.pipeline.prompt.model_copy(update={"budget": budget})(self.answer.question, hits, self.index.documents)
            return self.stands_in(prompt.sources) > 0

        low, high = self.pipeline.prompt.budget, LARGEST_BUDGET
        if not holds(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
        return high

    def cited(self) -> Verdict:
        answer, stage = self.answer, self.pipeline.answer
        source = f"It is source {self.source} in the prompt"
        if _cites(answer.claims, self.span):
            return Verdict("", f"{source}, and the answer cites it.")
        sources = {cited.source for claim in answer.claims for cited in claim.citations}
        if self.source in sources and not self._is(answer.prompt.sources[self.source - 1].chunk):
            return Verdict("", f"{source} as a copy, and the answer cites that.")
        if answer.refused:
            return Verdict("answer", f"{source}, but the question was not answered.")
        named = sorted({cited.source for claim in answer.claims for cited in claim.citations})
        told = f"{source}, but the answer cites only {', '.join(map(str, named)) or 'none'}"
        if not isinstance(stage, Quote):
            return Verdict("answer", f"{told}: the model chose, and no setting decides that.")
        for words, milder in _milder(stage):
            draft = drained(milder(answer.prompt, self.index))
            if _cites(draft.claims, self.span):
                return Verdict("answer", f"{told}.", words, self.pipeline.model_copy(update={"answer": milder}))
        return Verdict("answer", f"{told}: none of its statements is among the {MOST_STATEMENTS} likeliest to answer.")


def _retriever(other: Retrieving) -> str:
    return f"choose {title('retrieve', str(other.model_dump()['kind']))} under {TITLES['retrieve']}"


def _failing(document: Document, only: Filter) -> Iterator[tuple[str, str]]:
    """The fields of a filter that keep a document out, each with the reason."""
    about = {"types": document.type, "patients": document.patient, "authors": document.author, "statuses": document.status}
    for name in only.failing(document):
        if name in about:
            yield name, f"{LABELS[name]} is set to {', '.join(getattr(only, name))}, and it has {about[name] or 'none'}"
        elif name == "documents":
            yield name, f"{len(only.documents)} other documents are chosen"
        else:
            label = {"after": "From", "before": "Up to"}[name]
            yield name, f"{label} is {getattr(only, name)}, and its date is {document.date or 'unknown'}"


def _milder(stage: Quote) -> Iterator[tuple[str, Quote]]:
    """Settings of the extractive answerer under which more is quoted, the smallest change first."""
    for most in sorted({stage.most, MOST_STATEMENTS}):
        for tenth in range(int(stage.closeness * 10), -1, -1):
            closeness = min(tenth / 10, stage.closeness)
            words = [f"lower {setting('answer', 'closeness')} to {closeness:g}"] if closeness < stage.closeness else []
            words += [f"raise {setting('answer', 'most')} to {most}"] if most > stage.most else []
            if words:
                yield " and ".join(words), stage.model_copy(update={"most": most, "closeness": closeness})


def _cites(claims: Iterable[Claim], span: Span) -> bool:
    spans = [cited.span for claim in claims for cited in claim.citations]
    return any(one.document == span.document and one.start < span.end and span.start < one.end for one in spans)


def _place(scores: Scores, score: np.float32) -> int:
    return int((scores > score).sum()) + 1


def nth(number: int) -> str:
    """A rank in words: 1st, 2nd, 14th."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
