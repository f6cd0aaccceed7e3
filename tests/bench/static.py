"""The static embedder beside MiniLM: texts a second in turns on the same texts, and what it loses on SciFact."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from rag.documents.many import processors
from rag.evaluate.measures import ndcg
from rag.pipeline import Pipeline
from rag.stages.chunk.windows import Words
from rag.stages.embed import distil
from rag.stages.embed import static as module
from rag.stages.embed.minilm import MiniLM
from rag.stages.embed.static import Static
from rag.stages.retrieve import Convex, Dense, Terms
from rag.wordpiece import tokenizer
from tests.bench.corpora import Settings, model_needed, prepared, rows, titled
from tests.bench.figures import RESAMPLES, SEED, Figure, at_least, at_most, mean
from tests.bench.retrieval import ranked, relevant_documents

WORDS, TEXTS, SLOW, ROUNDS = 128, 2048, 128, 5


def static(settings: Settings) -> list[Figure]:
    """Texts a second of the static embedder and MiniLM (int8); nDCG@10 of whole abstracts with each, and the relative loss."""
    folder = settings.folder("scifact")
    model_needed()
    corpus = rows(folder / "corpus.jsonl.gz")
    figures = _making() + _speed([row["text"] for row in corpus])
    documents = [titled(row) for row in corpus]
    relevant = relevant_documents(folder)
    claims = {row["id"]: row["text"] for row in rows(folder / "queries.jsonl") if row["id"] in relevant}
    artifacts, whole = settings.artifacts("scifact"), Words(size=1000, overlap=0)
    values: dict[str, list[float]] = {}
    for name, pipeline in (
        ("terms", Pipeline(chunk=whole, retrieve=Terms())),
        ("static, vectors", Pipeline(chunk=whole, embed=Static(), retrieve=Dense())),
        ("static, both", Pipeline(chunk=whole, embed=Static(), retrieve=Convex())),
        ("minilm, both", Pipeline(chunk=whole, embed=MiniLM(), retrieve=Convex())),
    ):
        index = prepared(pipeline, documents, artifacts)
        values[name] = [ndcg(ranked(pipeline, claim, index), relevant[key]) or 0.0 for key, claim in claims.items()]
        figures.append(mean(f"nDCG@10, whole abstracts, {name}", values[name]))
    return [*figures, _loss(np.array(values["static, both"]), np.array(values["minilm, both"]))]


def _making() -> list[Figure]:
    started, used = time.perf_counter(), time.process_time()
    distil._made()
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    return [Figure("making the table", wall, "s", at_most(60), note=f"{cpu:.0f} s of processor time, {processors()} processors")]


def _speed(texts: list[str]) -> list[Figure]:
    """Texts a second, medians of rounds in turns; "new words" starts without any word remembered, as for a new corpus."""
    texts = [" ".join(words[:WORDS]) for text in texts if len(words := text.split()) >= WORDS][:TEXTS]
    quick, slow = Static(), MiniLM(precision="int8")
    quick(["warm"])
    slow(texts[:16])
    taken: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        module._words.clear()
        for name, count, run in (
            ("static, new words", TEXTS, quick),
            ("static, words seen", TEXTS, quick),
            ("minilm int8", SLOW, slow),
            ("WordPiece in one batch, no vectors", TEXTS, lambda part: tokenizer(None).encode_batch(part)),
        ):
            taken.setdefault(name, []).append(_rate(run, texts[:count]))
    rate = {name: statistics.median(found) for name, found in taken.items()}
    note = f"{WORDS} words each, {processors()} processors; static uses one, minilm all"
    figures = [Figure(f"texts a second, {name}", found, "/s", n=ROUNDS, note=note) for name, found in rate.items()]
    for words in ("new words", "words seen"):
        ratios = [ours / theirs for ours, theirs in zip(taken[f"static, {words}"], taken["minilm int8"], strict=True)]
        note = f"median of the rounds' ratios, which lay between {min(ratios):.1f} and {max(ratios):.1f}"
        target = at_least(50) if words == "new words" else None
        name = f"static's speed against minilm int8, {words}"
        figures.append(Figure(name, statistics.median(ratios), "x", target, ROUNDS, note=note))
    return figures


def _rate(run: Callable[[list[str]], object], texts: list[str]) -> float:
    started = time.perf_counter()
    run(texts)
    return len(texts) / (time.perf_counter() - started)


def _loss(ours: np.ndarray, theirs: np.ndarray) -> Figure:
    """The relative loss of the mean with a paired percentile bootstrap over the questions (Efron, 1979)."""
    drawn = np.random.default_rng(SEED).integers(0, len(ours), (RESAMPLES, len(ours)))
    losses = 100 * (1 - ours[drawn].mean(axis=1) / theirs[drawn].mean(axis=1))
    low, high = np.percentile(losses, [2.5, 97.5])
    loss = 100 * float(1 - ours.mean() / theirs.mean())
    return Figure("relative loss of fused nDCG@10", loss, "%", at_most(15), len(ours), (float(low), float(high)))
