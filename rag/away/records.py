"""An answer and a passage as plain JSON, the same for every way out."""

from typing import Any

from rag.pipeline.check import Checked
from rag.stages.index.base import Index
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.judge import Judged
from rag.values import Answer, Chunk, Citation, Claim, Conflict, Hit, Position, Prompt, Reason, Scope


def passage(hit: Hit) -> dict[str, Any]:
    """Where a passage stands and what each step thought of it; its text is not in it."""
    return {
        **place(hit.chunk),
        "section": hit.chunk.section,
        "score": round(hit.score, 6),
        "steps": [{"name": step.name, "score": round(step.score, 6), "rank": step.rank} for step in hit.steps],
    }


def answer_row(answer: Answer) -> dict[str, Any]:
    """An answer with its outcome, claims, citations, passages, the digests of their documents, and times."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "outcome": answer.outcome,
        "refused": answer.refused,
        "missing": list(answer.missing),
        "nearest": answer.nearest and _cited(answer.nearest),
        "scope": understood(answer.scope),
        "confidence": round(answer.confidence, 4),
        "notice": answer.notice,
        "claims": [_claim(claim) for claim in answer.claims],
        "conflicts": [conflict_row(one) for one in answer.conflicts],
        "deferred": [{"rule": one.rule, "reason": one.reason} for one in answer.deferred],
        "hits": [
            {
                **place(hit.chunk),
                "score": round(hit.score, 6),
                "text": hit.chunk.text,
                "copies": [place(chunk) for chunk in hit.copies],
            }
            for hit in answer.hits
        ],
        "documents": [{"document": name, "sha256": digest} for name, digest in answer.digests.items()],
        "ms": {stage: round(value, 2) for stage, value in answer.ms.items()},
    }


def place(one: Chunk | Citation | Position) -> dict[str, Any]:
    """Where something stands: the page's number in the file, what is printed on it where that differs, the characters."""
    span = one.span
    return {"document": span.document, "page": one.page, "printed": one.printed, "start": span.start, "end": span.end}


def failed_row(question: str, problem: str) -> dict[str, Any]:
    """What stands in place of an answer where there is none: the same fields, with the error."""
    row = answer_row(Answer(question, "", "refused", 0.0, "", (), (), Prompt(question, (), (), 0)))
    return {**row, "error": problem}


def understood(scope: Scope) -> dict[str, Any]:
    """Whose documents a question was taken to be about."""
    return {
        "patients": list(scope.patients),
        "how": scope.how,
        "notes": list(scope.notes),
        "unknown": list(scope.unknown),
        "choices": list(scope.choices),
    }


def conflict_row(one: Conflict) -> dict[str, Any]:
    """Two passages that differ: the kind, the subject, and both with date, author's role and what is in force."""
    return {"kind": one.kind, "subject": one.subject, "positions": [_position(place) for place in one.positions]}


def _position(place: Position) -> dict[str, Any]:
    return {
        **_cited(place),
        "says": place.says,
        "date": place.date,
        "author": place.author,
        "standing": place.standing,
        "counts": place.counts,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "text": claim.text,
        "supported": claim.supported,
        "verdict": claim.verdict,
        "reason": claim.reason,
        "role": claim.role,
        "label": claim.label,
        "marks": list(claim.marks),
        "citations": [_needed(cited) for cited in claim.citations],
        "elsewhere": [_cited(cited) for cited in claim.elsewhere],
        "against": [_cited(cited) for cited in claim.against],
        "reasons": [_reason(one, claim.text) for one in claim.reasons],
    }


def _reason(one: Reason, text: str, index: Index | None = None) -> dict[str, Any]:
    place: dict[str, Any] | None = None
    if one.source:
        place = {"document": one.source.document, "start": one.source.start, "end": one.source.end}
        if index:
            place["text"] = index.documents[one.source.document].text[one.source.start : one.source.end]
    about = {"check": one.check, "verdict": one.verdict, "detail": one.detail}
    return {**about, "said": _stretch(one.said, text), "source": place}


def _needed(cited: Citation) -> dict[str, Any]:
    return {**_cited(cited), "spare": cited.spare}


def checked_row(found: Checked, index: Index) -> dict[str, Any]:
    """A text that was held against documents: the same as one beside its source, and where in the documents."""
    claims = [
        {
            "text": claim.text,
            "start": start,
            "end": end,
            "supported": claim.supported,
            "verdict": claim.verdict,
            "reason": claim.reason,
            "reasons": [_moved(_reason(one, claim.text, index), start) for one in claim.reasons],
            "citations": [_needed(cited) for cited in claim.citations],
            "against": [_cited(cited) for cited in claim.against],
        }
        for claim, (start, end) in zip(found.claims, found.places, strict=True)
    ]
    return {"score": round(found.score, 5), "claims": claims}


def _moved(reason: dict[str, Any], by: int) -> dict[str, Any]:
    """A reason whose words are counted from the beginning of the whole text."""
    said = reason["said"]
    return {**reason, "said": {**said, "start": said["start"] + by, "end": said["end"] + by}}


def judged_row(claim: Judged, response: str, source: str) -> dict[str, Any]:
    """A statement of a response that was judged beside its source."""
    about = {"text": claim.text, "start": claim.start, "end": claim.end, "supported": claim.supported}
    return {**about, "reasons": [_judged_reason(one, response, source) for one in claim.reasons]}


def _judged_reason(one: Verdict, response: str, source: str) -> dict[str, Any]:
    about = {"check": one.check, "verdict": one.verdict, "detail": one.detail}
    return {**about, "said": _stretch(one.said, response), "source": _stretch(one.source, source) if one.source else None}


def _stretch(place: tuple[int, int], text: str) -> dict[str, Any]:
    return {"start": place[0], "end": place[1], "text": text[slice(*place)]}


def _cited(cited: Citation | Position) -> dict[str, Any]:
    return {**place(cited), "quote": cited.quote}
