"""The fitted reranker on claims that it was not fitted on: half of them to fit, the other half to measure, both ways."""

import numpy as np

from rag.commands.common import counted, say
from rag.evaluate.fitting import Judged, fitted, judged, usable
from rag.pipeline import Pipeline
from rag.stages.chunk.windows import Words
from rag.stages.rerank.fitted import Fitted
from rag.values import Case
from tests.bench.corpora import Settings, model_needed, prepared, rows, titled
from tests.bench.figures import SEED, Figure, at_least, mean
from tests.bench.retrieval import relevant_documents

GAIN = 0.015
CLEAR = 1e-6  # The interval has to be above nought.


def fitted_reranker(settings: Settings) -> list[Figure]:
    """nDCG@10 gained by fitted weights over the default ones on the half of the claims that they were not fitted on."""
    folder = settings.folder("scifact")
    model_needed()
    documents = [titled(row) for row in rows(folder / "corpus.jsonl.gz")]
    relevant = relevant_documents(folder)
    cases = [Case(row["id"], row["text"]) for row in rows(folder / "queries.jsonl") if row["id"] in relevant]
    artifacts = settings.artifacts("scifact")
    figures: list[Figure] = []
    for what, pipeline in (
        ("default pipeline", Pipeline(rerank=Fitted())),
        ("whole abstracts", Pipeline(chunk=Words(size=1000, overlap=0), rerank=Fitted())),
    ):
        index = prepared(pipeline, documents, artifacts)
        every = judged(pipeline, Fitted(), cases, index, relevant, counted("  {done:,} of {total:,} claims"))
        order = np.random.default_rng(SEED).permutation(len(every))
        one, other = ([every[at] for at in half] for half in np.array_split(order, 2))
        for way, first, second in (("", one, other), (", halves swapped", other, one)):
            figures += _gained(f"{what}{way}", first, second, usable(index))
    return figures


def _gained(name: str, fit_on: list[Judged], measure_on: list[Judged], names: list[str]) -> list[Figure]:
    result = fitted(fit_on, names)
    told = " ".join(f"{feature} {weight:+.2f}" for feature, weight in result.tried.items() if weight)
    told = f"{'kept' if result.enough else 'not kept, since not clear of chance on its own half'}: {told}"
    say(f"  {name}: {result.reason} {told}")
    default, weights = (np.array(list(chosen.values())) for chosen in (Fitted().weights, result.tried))
    before = [one.score(default) for one in measure_on]
    after = [one.score(weights) for one in measure_on]
    gain = mean(f"nDCG@10 gained, {name}", [new - old for new, old in zip(after, before, strict=True)], at_least(GAIN), told)
    low = gain.interval[0] if gain.interval else 0.0
    return [
        mean(f"nDCG@10, {name}, default weights", before),
        mean(f"nDCG@10, {name}, fitted weights", after),
        gain,
        Figure(f"lower end of the gain's interval, {name}", low, target=at_least(CLEAR), n=len(before)),
    ]
