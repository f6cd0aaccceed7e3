"""What the vector indexes lose and cost: recall against exact search, time of a search, memory, up to a million vectors."""

import statistics
import time
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.commands.common import say
from rag.embedding import Vectors
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.stages.embed.minilm import MiniLM
from rag.stages.index.indexing import Indexing, built
from rag.stages.index.local import Exact, Hnsw, Ivf, IvfPq
from rag.stages.index.vectors import FAISS, PRODUCT, InFaiss
from tests.bench.corpora import Settings, model_needed, rows, titled
from tests.bench.figures import SEED, Figure, Target, at_least, at_most, mean, percentile, table
from tests.bench.latency import EVERY, PASSAGES, exactly, peak_megabytes

QUESTIONS = 500
MANY = 200_000
MILLION = 1_000_000
MOVED = 0.35  # Share of the difference of two other passages by which a repeated vector is moved.
TOP = 10
DEPTH = 200
NOISE = f"passages repeated, each time moved by {MOVED:g} of the difference of two others; questions as they are"
SMALL: dict[str, Indexing] = {
    "exact float16": Exact(precision="float16"),
    "exact int8": Exact(precision="int8"),
    "hnsw": Hnsw(),
    "hnsw int8": Hnsw(precision="int8"),
    "ivf int8": Ivf(),
    "ivfpq": IvfPq(),
}


def index(settings: Settings) -> list[Figure]:
    """Recall and time of the vector indexes on MedQuAD's passages: as they are, 200,000 and a million with noise."""
    passages, questions = _embedded(settings)
    small = _exact(passages, questions)
    figures = []
    for name, stage in SMALL.items():
        kept, _ = _built(stage, passages)
        figures.append(mean(f"{name}, {len(passages):,}: recall@{TOP}", _recalls(kept, questions, small)))
    many = larger(passages, MANY)
    figures += _measured("hnsw", Hnsw(), many, questions, at_least(0.98), at_most(2))
    say(table([("index", one) for one in figures]))
    del many
    million = larger(passages, MILLION)
    figures += _measured("ivf int8", Ivf(), million, questions, at_least(0.95), at_most(15))
    figures += _measured("ivfpq", IvfPq(), million, questions)
    gib = peak_megabytes() / 1024
    return [
        *figures,
        Figure("peak memory of the process", gib, "GiB", at_most(8), note="with the float32 vectors it was built from"),
    ]


def larger(rows: Vectors, count: int) -> Vectors:
    """So many unit vectors: the rows, then the rows again and again, each moved along a difference that occurs among them."""
    random = np.random.default_rng(SEED)
    made = np.empty((count, rows.shape[1]), np.float32)
    made[: len(rows)] = rows[:count]
    for start in range(len(rows), count, len(rows)):
        part = made[start : start + len(rows)]
        one, other = random.integers(0, len(rows), (2, len(part)))
        part[:] = rows[: len(part)] + MOVED * (rows[one] - rows[other])
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def _embedded(settings: Settings) -> tuple[Vectors, Vectors]:
    """The vectors of the passages that `latency` asks, each text once, and of questions; kept from run to run."""
    folder = settings.folder("medquad_liveqa")
    model_needed()
    corpus = [titled(row) for row in rows(folder / "corpus.jsonl.gz")]
    chunk = Pipeline(embed=MiniLM()).chunk
    passages = [found.indexed for document in exactly(PASSAGES, corpus[::EVERY], chunk) for found in chunk(document)]
    titles = list(dict.fromkeys(document.title for document in corpus if document.title))
    np.random.default_rng(SEED).shuffle(titles)
    asked = [row["text"] for row in rows(folder / "queries.jsonl") if row["text"]]
    return _kept(settings, list(dict.fromkeys(passages))), _kept(settings, list(dict.fromkeys([*asked, *titles]))[:QUESTIONS])


def _kept(settings: Settings, texts: list[str]) -> Vectors:
    """MiniLM's vectors of these texts, whatever version of the code computed them first."""
    path = settings.cache / "index" / f"{fingerprint(*texts)}.npy"
    if not path.is_file():
        say(f"  embedding {len(texts):,} texts …")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, MiniLM()(texts))
    return np.asarray(np.load(path, allow_pickle=False))


def _exact(vectors: Vectors, questions: Vectors) -> Any:
    """The rows that are nearest by exact search at full precision."""
    return FAISS.knn(questions, vectors, TOP, metric=PRODUCT)[1]


def _built(stage: Indexing, vectors: Vectors) -> tuple[InFaiss, float]:
    say(f"  {stage.kind} of {len(vectors):,} …")  # type: ignore[attr-defined]
    started = time.perf_counter()
    made = stage.searched(built(stage.vector_index(vectors.shape[1], len(vectors)), vectors))
    return made, time.perf_counter() - started


def _recalls(kept: InFaiss, questions: Vectors, truth: NDArray[np.int64]) -> list[float]:
    return [len(set(kept.nearest(one, TOP, None)[0]) & set(right)) / TOP for one, right in zip(questions, truth, strict=True)]


def _measured(
    name: str,
    stage: Indexing,
    vectors: Vectors,
    questions: Vectors,
    recall: Target | None = None,
    slowest: Target | None = None,
) -> list[Figure]:
    truth = _exact(vectors, questions)
    kept, seconds = _built(stage, vectors)
    name = f"{name}, {len(vectors):,}"
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        recalls = _recalls(kept, questions, truth)
        times = [_timed(kept, one, TOP) for one in questions]
        deep = [_timed(kept, one, DEPTH) for one in questions]
    finally:
        faiss.omp_set_num_threads(threads)
    wall, processor = zip(*times, strict=True)
    return [
        mean(f"{name}: recall@{TOP}", recalls, recall, NOISE),
        Figure(f"{name}: search, median", statistics.median(wall), "ms", slowest, len(times), note="one thread"),
        Figure(f"{name}: search, processor time, median", statistics.median(processor), "ms", n=len(times)),
        Figure(f"{name}: search, 95th percentile", percentile(wall, 95), "ms", n=len(times)),
        Figure(f"{name}: the {DEPTH} nearest, median", statistics.median(one for one, _ in deep), "ms", n=len(deep)),
        Figure(f"{name}: building", seconds, "s", note=f"{threads} threads"),
    ]


def _timed(kept: InFaiss, question: Vectors, top: int) -> tuple[float, float]:
    """Milliseconds of one search: by the clock, and of this thread on the processor, which other programs do not lengthen."""
    started, busy = time.perf_counter(), time.thread_time()
    kept.nearest(question, top, None)
    return 1000 * (time.perf_counter() - started), 1000 * (time.thread_time() - busy)
