"""fit: the weights of the `fitted` reranker from questions with gold evidence."""

from pathlib import Path
from typing import Annotated

import typer

from rag.commands.common import Keep, PipelineFile, counted, documents_at, pipeline_from, prepared, say
from rag.commands.files import apart, content, rows, write
from rag.documents.load.encoding import plain_text
from rag.errors import FileProblem
from rag.evaluate.fitting import Fit
from rag.evaluate.fitting import fit as fit_weights
from rag.evaluate.questions import misplaced, read_cases
from rag.stages.rerank.fitted import Fitted
from rag.values import Case, Document

BAR = 24


def fit(
    docs: Annotated[list[Path] | None, typer.Option("--docs", help="Files and folders to read")] = None,
    questions: Annotated[Path | None, typer.Option(help='JSON lines with "id", "question" and "evidence" as spans')] = None,
    corpus: Annotated[Path | None, typer.Option(help='Instead: JSON lines with "id", "title", "text"')] = None,
    queries: Annotated[Path | None, typer.Option(help='JSON lines with "id" and "text"')] = None,
    qrels: Annotated[Path | None, typer.Option(help="Lines of query, document and gain, parted by tabs")] = None,
    pipeline: PipelineFile = None,
    out: Annotated[Path | None, typer.Option(help="The pipeline with the fitted weights, as JSON")] = None,
    workspace: Keep = None,
) -> None:
    """Fits the weights of the fitted reranker on your questions, and says what they gain on questions left out.

    Give --docs with --questions, or --corpus with --queries and --qrels.
    """
    apart(out, questions, corpus, queries, qrels, pipeline, docs=docs or (), workspace=workspace)
    relevant: dict[str, dict[str, float]] | None = None
    if docs and questions and not (corpus or queries or qrels):
        documents, cases = documents_at(docs), read_cases(questions)
        for name, reason in misplaced(questions, documents).items():
            raise FileProblem(f"{questions.name}, question {name}: {reason}. Mend it, or leave the question out.")
    elif corpus and queries and qrels and not (docs or questions):
        documents = [
            Document(name=row["id"], text=row["text"] or str(row.get("title") or ""), title=str(row.get("title") or ""))
            for row in rows(corpus, ("id", "text"))
        ]
        cases = [Case(row["id"], row["text"]) for row in rows(queries, ("id", "text"))]
        relevant = judgements(qrels)
    else:
        raise typer.BadParameter("give --docs with --questions, or --corpus with --queries and --qrels")
    chosen = pipeline_from(pipeline)
    stage = chosen.rerank if isinstance(chosen.rerank, Fitted) else Fitted(top=chosen.rerank.top)
    chosen = chosen.model_copy(update={"rerank": stage})
    index = prepared(chosen, documents, workspace)
    result = fit_weights(chosen, cases, index, relevant, counted("{done:,} of {total:,} questions"))
    typer.echo(shown(result))
    if out:
        fitted = chosen.model_copy(update={"rerank": result.stage(stage)})
        write(out, [fitted.to_json()])
        say(f"written to {out}")


def judgements(file: Path) -> dict[str, dict[str, float]]:
    """The gain of each document for each query, from lines of query, document and gain, or of TREC's four columns."""
    found: dict[str, dict[str, float]] = {}
    for number, line in enumerate(plain_text(file.name, content(file), "judgements").split("\n"), 1):
        columns = line.split()
        try:
            query, document, gain = [columns[0], *columns[-2:]] if len(columns) in {3, 4} else []
            gained = float(gain)
        except ValueError:
            if number > 1 and columns:  # The first line may be a heading.
                raise FileProblem(f"{file.name}, line {number}: query, document and gain are needed.") from None
            continue
        found.setdefault(query, {})[document] = gained
    return found


def shown(result: Fit) -> str:
    """The weights as a chart of bars, and what they gain."""
    lines = [f"{name:10} {weight:+.3f} {_bar(weight)}".rstrip() for name, weight in result.weights.items()]
    lines.append(f"\nnDCG@10 {result.default:.4f} with the default weights, {result.n} questions with evidence")
    if result.ridge is not None or result.enough:
        lines.append(f"gain {result.gain:+.4f}, 95 % interval {result.low:+.4f} to {result.high:+.4f}")
    return "\n".join([*lines, result.reason])


def _bar(weight: float) -> str:
    return ("█" if weight > 0 else "▒") * round(abs(weight) * BAR)
