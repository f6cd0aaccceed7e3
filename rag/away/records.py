"""An answer and a passage as plain JSON, the same for every way out."""

from typing import Any

from rag.values import Answer, Hit


def passage(hit: Hit) -> dict[str, Any]:
    """Where a passage stands and what each step thought of it; its text is not in it."""
    return {
        "document": hit.chunk.span.document,
        "page": hit.chunk.page,
        "start": hit.chunk.span.start,
        "end": hit.chunk.span.end,
        "section": hit.chunk.section,
        "score": round(hit.score, 6),
        "steps": [{"name": step.name, "score": round(step.score, 6), "rank": step.rank} for step in hit.steps],
    }


def answer_row(answer: Answer) -> dict[str, Any]:
    """An answer with its claims, citations, passages and times."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "confidence": round(answer.confidence, 4),
        "notice": answer.notice,
        "claims": [
            {
                "text": claim.text,
                "supported": claim.supported,
                "reason": claim.reason,
                "citations": [
                    {
                        "document": cited.span.document,
                        "page": cited.page,
                        "start": cited.span.start,
                        "end": cited.span.end,
                        "quote": cited.quote,
                    }
                    for cited in claim.citations
                ],
            }
            for claim in answer.claims
        ],
        "hits": [
            {
                "document": hit.chunk.span.document,
                "page": hit.chunk.page,
                "start": hit.chunk.span.start,
                "end": hit.chunk.span.end,
                "score": round(hit.score, 6),
                "text": hit.chunk.text,
            }
            for hit in answer.hits
        ],
        "ms": {stage: round(value, 2) for stage, value in answer.ms.items()},
    }
