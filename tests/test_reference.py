"""BM25 and nDCG against references written out from their formulas, and filters."""

import math
from collections import Counter

import numpy as np
import pytest

from rag.evaluate.measures import evidence_recall, ndcg, recall
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stage import options
from rag.stages.embed.hashing import Hashing
from rag.stages.retrieve import Retriever
from rag.text import terms
from rag.values import Document, Filter, Span

TEXTS = ["dose dose of torsemide", "torsemide stopped for the kidney injury", "kidney injury and dose and kidney", "chest clear"]
DOCUMENTS = [
    Document(f"{at}.txt", text, type="note" if at % 2 else "letter", date=f"2024-0{at + 1}-01") for at, text in enumerate(TEXTS)
]


def test_bm25_agrees_with_the_formula() -> None:
    pipeline = Pipeline(embed=Hashing())
    index = pipeline.prepare(DOCUMENTS, Artifacts())
    bags = [Counter(terms(chunk.indexed)) for chunk in index.chunks]
    average = sum(bag.total() for bag in bags) / len(bags)
    k1, b = pipeline.index.k1, pipeline.index.b
    for question in ("torsemide dose", "kidney injury", "clear chest kidney"):
        expected = []
        for bag in bags:
            score = 0.0
            for term in terms(question):
                holds = sum(term in other for other in bags)
                rarity = math.log(1 + (len(bags) - holds + 0.5) / (holds + 0.5))
                score += rarity * bag[term] / (bag[term] + k1 * (1 - b + b * bag.total() / average))
            expected.append(score)
        assert np.allclose(index.term_scores(question), expected, atol=1e-5)


def test_ndcg_and_recall_agree_with_the_formula() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        names = [str(name) for name in generator.permutation(20)]
        gains = {str(at): float(gain) for at, gain in enumerate(generator.integers(0, 4, 20))}
        found = np.array([gains[name] for name in names[:10]]) / np.log2(np.arange(2, 12))
        best = np.array(sorted(gains.values(), reverse=True)[:10]) / np.log2(np.arange(2, 12))
        assert ndcg(names, gains) == pytest.approx(found.sum() / best.sum())
        wanted = [name for name, gain in gains.items() if gain]
        assert recall(names, gains, 5) == pytest.approx(sum(name in names[:5] for name in wanted) / len(wanted))
    assert ndcg(["a"], {}) is None and recall(["a"], {}, 5) is None
    assert evidence_recall([Span("a", 0, 5)], [Span("a", 0, 10)]) == 0.5
    assert evidence_recall([], []) is None


@pytest.mark.parametrize("kind", options(Retriever))
@pytest.mark.parametrize(
    "only", [Filter(documents=("1.txt",)), Filter(types=("letter",)), Filter(after="2024-02-01", before="2024-03-01")], ids=str
)
def test_nothing_outside_a_filter_comes_back(kind: str, only: Filter) -> None:
    index = Pipeline(embed=Hashing()).prepare(DOCUMENTS, Artifacts())
    hits = options(Retriever)[kind]()("torsemide dose kidney injury", index, only)  # type: ignore[operator]
    assert hits and all(only.allows(index.documents[hit.chunk.span.document]) for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
