"""verify: statements beside their sources, without an index."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.away.records import judged_row
from rag.clinical.facts import reading
from rag.commands.common import counted, say
from rag.commands.files import apart, rows, write
from rag.commands.omissions import Budget, omissions_row
from rag.commands.workers import Row, Scheduler
from rag.errors import FileProblem, SettingProblem
from rag.keep.cluster import in_order, workers
from rag.stages.verify import model
from rag.stages.verify.judge import judged
from rag.stages.verify.omissions import omissions
from rag.stages.verify.risk import Case, Promise, promise, shipped

THREADS = 2  # One compares while the other has the model of support read; more gained nothing on two cores.


def verify(
    responses: Annotated[
        Path, typer.Argument(metavar="FILE", help='JSON lines with "id", "response" and "source"; may be gzipped')
    ],
    out: Annotated[Path, typer.Option(help="JSON lines: a score, and the statements with the reasons, for every response")],
    risk: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Flag responses so that at most this share of wrong ones passes unflagged, such as 0.05"
        ),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(
            help='Labelled cases for --risk: JSON lines with "response", "source" and "supported"; else those of the program'
        ),
    ] = None,
    left_out: Annotated[
        bool, typer.Option("--omissions", help="Also tell what a response leaves out of its source, for those that summarise it")
    ] = False,
    budget: Budget = None,
    scheduler: Scheduler = None,
) -> None:
    """Judges responses against the sources beside them: drugs, doses, values, sides, dates and negations are compared.

    Where a model of support is here, it reads them too. The score is the probability that all of a response is supported.
    """
    apart(out, responses, labelled)
    if labelled and risk is None:
        raise SettingProblem("--labelled is used for --risk alone. Give --risk too, such as --risk 0.05.")
    if budget is not None and not left_out:
        raise SettingProblem("--budget is used for --omissions alone. Give --omissions too.")
    if model.absent():
        say(model.MISSING)
    asked = list(rows(responses, ("id", "response", "source")))
    promised = None if risk is None else promise(_cases(labelled), risk) if labelled else shipped(risk)
    if promised:
        say(str(promised))
    progress = counted("{done:,} of {total:,} responses")

    with workers(scheduler, THREADS) as pool:

        def lines() -> Iterator[str]:
            found = in_order(pool, _judged, asked, pool.ahead, promised, left_out, budget)
            for number, line in enumerate(found, 1):
                yield line.result()
                progress(number, len(asked))

        write(out, lines())


def _judged(promised: Promise | None, left_out: bool, budget: int | None, row: Row) -> str:
    found = judged(row["response"], row["source"])
    claims = [judged_row(claim, row["response"], row["source"]) for claim in found.claims]
    flagged = {"flagged": promised.flags(found.score)} if promised else {}
    omitted = _omitted(row["response"], row["source"], budget) if left_out else {}
    about = {"id": row["id"], "score": round(found.score, 5), **flagged, **omitted}
    return json.dumps({**about, "claims": claims}, ensure_ascii=False)


def _cases(file: Path) -> Iterator[Case]:
    """The labelled cases of a file with their scores. Raises FileProblem, which names the line."""
    for number, row in enumerate(rows(file, ("response", "source")), 1):
        if not isinstance(row.get("supported"), bool):
            raise FileProblem(f'{file.name}, case {number}: "supported" is not true or false. Label every case.')
        yield Case(judged(row["response"], row["source"]).score, row["supported"])


def _omitted(response: str, source: str, budget: int | None) -> dict[str, Any]:
    """What a response leaves out of its source."""
    record = replace(reading(source), name="source")
    found = omissions(replace(reading(response), name="response"), [record])
    return omissions_row(found, {"source": record}, budget)
