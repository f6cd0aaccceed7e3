"""verify: statements beside their sources, without an index."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.common import counted, say
from rag.commands.files import apart, rows, write
from rag.stages.verify import model
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.judge import Judged, judged


def verify(
    responses: Annotated[
        Path, typer.Argument(metavar="FILE", help='JSON lines with "id", "response" and "source"; may be gzipped')
    ],
    out: Annotated[Path, typer.Option(help="JSON lines: a score, and the statements with the reasons, for every response")],
) -> None:
    """Judges responses against the sources beside them: drugs, doses, values, sides, dates and negations are compared.

    Where a model of support is here, it reads them too. The score is the probability that all of a response is supported.
    """
    apart(out, responses)
    if model.absent():
        say(model.MISSING)
    asked = list(rows(responses, ("id", "response", "source")))
    progress = counted("{done:,} of {total:,} responses")

    def lines() -> Iterator[str]:
        for number, row in enumerate(asked, 1):
            found = judged(row["response"], row["source"])
            claims = [claim_row(claim, row["response"], row["source"]) for claim in found.claims]
            yield json.dumps({"id": row["id"], "score": round(found.score, 5), "claims": claims}, ensure_ascii=False)
            progress(number, len(asked))

    write(out, lines())


def claim_row(claim: Judged, response: str, source: str) -> dict[str, Any]:
    """A statement as JSON takes it."""
    about = {"text": claim.text, "start": claim.start, "end": claim.end, "supported": claim.supported}
    return {**about, "reasons": [_reason(one, response, source) for one in claim.reasons]}


def _reason(one: Verdict, response: str, source: str) -> dict[str, Any]:
    about = {"check": one.check, "verdict": one.verdict, "detail": one.detail}
    return {**about, "said": _span(one.said, response), "source": _span(one.source, source) if one.source else None}


def _span(place: tuple[int, int], text: str) -> dict[str, Any]:
    return {"start": place[0], "end": place[1], "text": text[slice(*place)]}
