"""Rerankers: the baseline keeps the order; diversity and late interaction agree with their formulas, written out slowly."""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from rag.embedding import Embedding, Progress, Vectors, silent
from rag.keep.artifacts import Artifacts
from rag.stage import options
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.index.base import Index
from rag.stages.rerank import Reranker
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.stages.rerank.late import LateInteraction, Match, matches
from rag.values import Chunk, Document, Hit, Span, Step
from rag.wordpiece import installed
from tests import rerank_stand_ins

TEXTS = [
    "zalumide dose raised",
    "zalumide dose raised again",
    "peritol stopped for rash",
    "kidney injury after zalumide",
    "chest clear",
    "dose of peritol unchanged",
]


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    rerank_stand_ins.put_in(monkeypatch)


@pytest.fixture(autouse=True)
def _no_server(no_server: None) -> None:
    """The judge gets the same answer each time, one that holds no grade."""


class WordAxes(Embedding):
    """Every word is an axis of its own, so that a token matches its like with 1 and any other word with 0."""

    kind: Literal["axes"] = "axes"
    has_tokens: ClassVar[bool] = True

    @property
    def dimension(self) -> int:
        return 512

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        return [np.eye(512, dtype=np.float32)[[zlib.crc32(word.encode()) % 512 for word in text.split()]] for text in texts]

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        sums = np.array([rows.sum(axis=0) for rows in self.tokens(texts)], np.float32)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\S+", text)]


def indexed(vectors: Vectors | None = None, embedder: Embedding = WordAxes(), texts: Sequence[str] = TEXTS) -> Index:
    chunks = [Chunk(Span(f"{at}.txt", 0, len(text)), text) for at, text in enumerate(texts)]
    vectors = embedder(texts) if vectors is None else vectors
    documents = {chunk.span.document: Document(chunk.span.document, chunk.text) for chunk in chunks}
    return Index(documents, chunks, None, True, vectors, None, embedder, Artifacts())


def found(index: Index, scores: Sequence[float]) -> list[Hit]:
    """The passages of an index as a first step might have found them: these scores, in this order."""
    return [
        Hit(chunk, score, (Step("terms", score, rank),))
        for rank, (chunk, score) in enumerate(zip(index.chunks, scores, strict=True), 1)
    ]


def names(hits: Sequence[Hit]) -> list[int]:
    return [int(hit.chunk.span.document.removesuffix(".txt")) for hit in hits]


def scale(scores: Sequence[float]) -> list[float]:
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) for score in scores]


@pytest.mark.parametrize("stage", options(Reranker).values(), ids=list(options(Reranker)))
@pytest.mark.parametrize("top", [1, 3, 6, 200])
def test_no_more_than_top_come_back_each_once_and_with_what_was_known_before(stage: Any, top: int) -> None:
    index = indexed()
    hits = found(index, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    before = list(hits)
    ranked = stage(top=top)("zalumide dose", hits, index)
    assert len(ranked) == min(top, 6) and len(set(names(ranked))) == len(ranked)
    assert all(hit.steps[:1] == hits[name].steps for name, hit in zip(names(ranked), ranked, strict=True))
    assert hits == before
    assert stage(top=top)("zalumide dose", [], index) == []


@pytest.mark.parametrize("stage", options(Reranker).values(), ids=list(options(Reranker)))
@pytest.mark.parametrize("scores", [[6.0, 5.0, 4.0, 3.0, 2.0, 1.0], [12.0, 12.0, 9.0, 9.0, 8.5, 8.0], [0.0] * 6])
def test_the_score_of_a_hit_is_never_above_that_of_the_hit_before_it(stage: Any, scores: list[float]) -> None:
    for changes in ({}, {"depth": 2}, {"weight": 1.0}, {"balance": 0.0}):
        if set(changes) <= set(stage.model_fields):
            ranked = stage(**changes)("zalumide dose", found(indexed(), scores), indexed())
            assert all(one.score >= other.score for one, other in pairwise(ranked)), changes


def test_the_baseline_changes_nothing() -> None:
    hits = found(indexed(), [3.0, 2.5, 2.0, 1.5, 1.0, 0.5])
    assert Keep(top=4)("zalumide", hits, indexed()) == hits[:4]


def mmr(relevance: list[float], vectors: Vectors, balance: float) -> list[tuple[int, float]]:
    """Carbonell & Goldstein (1998), every pair compared anew; a passage that points away is as unlike as one can be, 0."""
    chosen: list[tuple[int, float]] = []
    while len(chosen) < len(relevance):
        worth = {
            at: balance * relevance[at] - (1 - balance) * max([0.0, *(float(vectors[at] @ vectors[one]) for one, _ in chosen)])
            for at in range(len(relevance))
            if at not in [one for one, _ in chosen]
        }
        chosen.append(max(worth.items(), key=lambda pair: pair[1]))
    return chosen


@pytest.mark.parametrize("balance", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_diversity_agrees_with_the_formula(balance: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(12, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = sorted(generator.random(12).tolist(), reverse=True)
    index = indexed(vectors, texts=[f"passage {at}" for at in range(12)])
    expected = mmr(scale(scores), vectors, balance)
    ranked = Diverse(top=12, balance=balance)("anything", found(index, scores), index)
    assert names(ranked) == [name for name, _ in expected]
    assert [hit.score for hit in ranked] == pytest.approx([worth for _, worth in expected], abs=1e-5)
    assert [hit.steps[-1] for hit in ranked] == [Step("diverse", hit.score, rank) for rank, hit in enumerate(ranked, 1)]


def test_diversity_passes_over_a_repeated_passage_worked_by_hand() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    index = indexed(vectors, texts=["same", "same too", "other"])
    ranked = Diverse(top=3, balance=0.5)("anything", found(index, [2.0, 1.9, 1.0]), index)
    assert names(ranked) == [0, 2, 1]
    assert [hit.score for hit in ranked] == pytest.approx([0.5, 0.0, 0.5 * 0.9 - 0.5], abs=1e-6)


def test_late_interaction_worked_by_hand() -> None:
    index = indexed()
    hits = found(index, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    ranked = LateInteraction(weight=1.0, top=6)("peritol dose unchanged", hits, index)
    # Of the three words of the question the passages hold 1, 1, 1, 0, 0 and 3; scaled to the best, a third, nought or 1.
    assert names(ranked) == [5, 0, 1, 2, 3, 4]
    assert [hit.score for hit in ranked] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0], abs=1e-3)
    mixed = LateInteraction(weight=0.5, top=2)("peritol dose unchanged", hits, index)
    assert names(mixed) == [0, 1]
    assert [hit.score for hit in mixed] == pytest.approx([0.5 / 3 + 0.5, 0.5 / 3 + 0.4], abs=1e-3)
    assert [hit.steps[-1] for hit in mixed] == [Step("late", hit.score, rank) for rank, hit in enumerate(mixed, 1)]


def test_hits_beyond_the_depth_keep_their_order_behind_the_others() -> None:
    hits = found(indexed(), [6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    ranked = LateInteraction(depth=3, weight=1.0, top=6)("peritol dose unchanged rash", hits, indexed())
    assert names(ranked) == [2, 0, 1, 3, 4, 5]
    assert [[step.name for step in hit.steps] for hit in ranked] == [["terms", "late"]] * 3 + [["terms"]] * 3


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_late_interaction_with_minilm_agrees_with_the_formula() -> None:
    embedder = MiniLM(precision="fp32")
    index, question, weight = indexed(embedder=embedder), "Which drug gave the patient a skin reaction?", 0.6
    scores = [6.0, 5.5, 4.0, 3.0, 2.0, 1.0]
    asked = embedder.tokens([question])[0]
    matches = []
    for text in TEXTS:
        passage = embedder.tokens([text])[0]
        matches.append(sum(max(float(one @ other) for other in passage) for one in asked) / len(asked))
    mixed = [weight * match + (1 - weight) * score for match, score in zip(scale(matches), scale(scores), strict=True)]
    ranked = LateInteraction(weight=weight, top=6)(question, found(index, scores), index)
    assert names(ranked) == sorted(range(6), key=lambda at: -mixed[at])
    assert [hit.score for hit in ranked] == pytest.approx(sorted(mixed, reverse=True), abs=5e-3)  # Kept in half precision.


def test_matches_are_pairs_of_words_with_their_places_worked_by_hand() -> None:
    chunk = Chunk(Span("a.txt", 5, 26), "peritol dose unchanged", "Title zalumide")
    found = matches("zalumide dose unchanged", chunk, indexed())
    # The first word is found in the context, which is no text of the passage, and so it is not shown.
    assert found == [Match("dose", (9, 13), (8, 12), 1.0), Match("unchanged", (14, 23), (13, 22), 1.0)]
    assert [chunk.text[slice(*one.passage)] for one in found] == ["dose", "unchanged"]
    with pytest.raises(TypeError, match="no token vectors"):
        matches("dose", chunk, indexed(embedder=Hashing()))


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_matches_with_minilm_stand_where_they_say() -> None:
    chunk = Chunk(Span("a.txt", 0, 40), "The rash began after Peritol was given.", "Discharge summary")
    found = matches("Did peritol cause a rash?", chunk, indexed(embedder=MiniLM()))
    best = {one.token: chunk.text[slice(*one.passage)] for one in found}
    assert best["rash"] == "rash"
    assert all(-1.0 <= one.cosine <= 1.001 and "Did peritol cause a rash?"[slice(*one.question)] == one.token for one in found)
    passage = indexed(embedder=MiniLM()).artifacts.tokens(MiniLM(), [chunk])[0]
    asked = MiniLM().tokens(["Did peritol cause a rash?"])[0]
    cosines = sorted((asked @ passage.T).max(axis=1).tolist())
    assert all(min(abs(one.cosine - other) for other in cosines) < 0.02 for one in found)
