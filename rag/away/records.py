"""An answer and a passage as plain JSON, the same for every way out."""

from typing import Any

from rag.values import Answer, Chunk, Citation, Claim, Conflict, Hit, Position, Prompt, Scope


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
        "reason": claim.reason,
        "role": claim.role,
        "label": claim.label,
        "marks": list(claim.marks),
        "citations": [_cited(cited) for cited in claim.citations],
    }


def _cited(cited: Citation | Position) -> dict[str, Any]:
    return {**place(cited), "quote": cited.quote}
