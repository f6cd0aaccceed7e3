"""Fits the weights of the `fitted` reranker on questions with gold evidence, and says what they gain, if anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Progress, silent
from rag.errors import SettingProblem
from rag.evaluate.card import bootstrap
from rag.evaluate.measures import ndcg
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.stages.rerank.features import FEATURES, features
from rag.stages.rerank.fitted import Fitted
from rag.values import Case, Chunk

FEWEST = 30  # Questions below which nothing is fitted.
FOLDS = 5
RIDGES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
STEPS = 25
FLATTEST = 1e-3
ROUNDS = 2
SEED = 20240314
DECIMALS = 3

Relevant = Mapping[str, float]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A question's candidates: features (n, f), how relevant each is, what each counts as, and all that is relevant."""

    values: Numbers
    gains: Numbers
    names: tuple[str, ...]
    relevant: Relevant

    def score(self, weights: Numbers) -> float:
        """nDCG@10 of the order by these weights; of candidates that count as the same the best counts."""
        return ndcg(list(self._first(weights)), self.relevant) or 0.0

    def best_of_each(self, weights: Numbers) -> "Judged":
        """Of candidates that count as the same only the best by these weights."""
        kept = list(self._first(weights).values())
        return Judged(self.values[kept], self.gains[kept], tuple(self.names[at] for at in kept), self.relevant)

    def _first(self, weights: Numbers) -> dict[str, int]:
        first: dict[str, int] = {}
        for at in np.argsort(-(self.values @ weights), kind="stable").tolist():
            first.setdefault(self.names[at], at)
        return first


@dataclass(frozen=True)
class Fit:
    """The weights with their gain in nDCG@10 over the default ones on questions they were not fitted on, 95 % interval.

    Where it is not `enough`, the weights are the default ones, and `reason` says why; `tried` are those that were fitted all
    the same. `ridge` held the weights to the default ones.
    """

    weights: dict[str, float]
    default: float
    gain: float
    low: float
    high: float
    n: int
    enough: bool
    reason: str
    ridge: float | None
    tried: dict[str, float]

    def stage(self, before: Fitted) -> Fitted:
        """The reranker with these weights."""
        return before.model_copy(update=self.weights)


def fit(
    pipeline: Pipeline,
    cases: Sequence[Case],
    index: Index,
    relevant: Mapping[str, Relevant] | None = None,
    progress: Progress = silent,
) -> Fit:
    """Fits on the cases that have gold evidence; with `relevant`, for each case's id the gain of each document, on those.

    A listwise logistic model (Cao et al., 2007) with a ridge towards the default weights. The ridge is chosen by
    cross-validation over questions, and the gain is measured on questions left out of both. Raises SettingProblem.
    """
    stage = pipeline.rerank if isinstance(pipeline.rerank, Fitted) else Fitted()
    questions = judged(pipeline, stage, cases, index, relevant, progress)
    return fitted(questions, usable(index))


def fitted(questions: Sequence[Judged], names: Sequence[str]) -> Fit:
    """The weights of these features from questions that have at least one relevant passage or document."""
    start = np.array([DEFAULT[name] for name in names])
    columns = [list(FEATURES).index(name) for name in names]
    narrow = [Judged(one.values[:, columns], one.gains, one.names, one.relevant) for one in questions]
    default = np.array([one.score(start) for one in narrow])
    n, mean = len(questions), float(default.mean()) if len(questions) else 0.0
    if n < FEWEST:
        reason = f"{n} questions with evidence are too few to fit; at least {FEWEST} are needed. The default weights stay."
        return Fit(dict(DEFAULT), mean, 0.0, 0.0, 0.0, n, False, reason, None, dict(DEFAULT))
    outside = np.zeros(n)
    for held in _folds(n):
        rest = [narrow[at] for at in np.setdiff1d(np.arange(n), held)]
        weights = _solved(rest, start, _ridge(rest, start))
        outside[held] = [narrow[at].score(weights) for at in held]
    change = outside - default
    low, high = bootstrap(change.tolist())
    gain, ridge = float(change.mean()), _ridge(narrow, start)
    tried = dict.fromkeys(FEATURES, 0.0) | _rounded(_solved(narrow, start, ridge), names)
    if ridge is None or low <= 0:
        reason = (
            f"nDCG@10 changes by {gain:+.4f} ({low:+.4f} to {high:+.4f}) on {n} questions: no gain that is clear of chance. "
            "The default weights stay; try more questions."
        )
        return Fit(dict(DEFAULT), mean, gain, low, high, n, False, reason, ridge, tried)
    reason = f"nDCG@10 rises by {gain:.4f} ({low:.4f} to {high:.4f}) on {n} questions, each left out of its own fit."
    return Fit(tried, mean, gain, low, high, n, True, reason, ridge, tried)


DEFAULT = Fitted().weights


def usable(index: Index) -> list[str]:
    """The features that this index can give."""
    without = {"late", "late_rare", "late_least"} if not index.embedder.has_tokens else set()
    without |= {"vectors", "alike"} if index.vectors is None else set()
    return [name for name in FEATURES if name not in without]


def judged(
    pipeline: Pipeline,
    stage: Fitted,
    cases: Sequence[Case],
    index: Index,
    relevant: Mapping[str, Relevant] | None,
    progress: Progress,
) -> list[Judged]:
    """The candidates of every case that has evidence, as the pipeline's search finds them."""
    names, found = usable(index), []
    passages: dict[str, list[Chunk]] = {}
    for chunk in index.chunks:
        passages.setdefault(chunk.span.document, []).append(chunk)
    for number, case in enumerate(cases, 1):
        wanted = _relevant(case, passages) if relevant is None else relevant.get(case.id, {})
        if any(gain > 0 for gain in wanted.values()):
            hits = pipeline.retrieve(pipeline.expand(case.question, index), index)[: stage.depth]
            counted = [_name(hit.chunk) if relevant is None else hit.chunk.span.document for hit in hits]
            gains = np.array([wanted.get(name, 0.0) for name in counted])
            found.append(Judged(features(case.question, hits, index, names), gains, tuple(counted), wanted))
        progress(number, len(cases))
    return found


def _name(chunk: Chunk) -> str:
    return f"{chunk.span.document}:{chunk.span.start}:{chunk.span.end}"


def _relevant(case: Case, passages: Mapping[str, Sequence[Chunk]]) -> dict[str, float]:
    """For each passage that holds gold evidence, the share of its characters that it holds."""
    total = sum(span.end - span.start for span in case.evidence)
    held: dict[str, float] = {}
    for span in case.evidence:
        if span.document not in passages:
            raise SettingProblem(f"Question {case.id}: no document {span.document!r} among those read. Give its folder too.")
        for chunk in passages[span.document]:
            common = min(chunk.span.end, span.end) - max(chunk.span.start, span.start)
            if common > 0:
                held[_name(chunk)] = held.get(_name(chunk), 0.0) + common / total
    return held


def _folds(n: int) -> list[NDArray[np.int64]]:
    """Every question once, in parts of like size, in an order that is the same each time."""
    return np.array_split(np.random.default_rng(SEED).permutation(n), FOLDS)


def _ridge(questions: Sequence[Judged], start: Numbers) -> float | None:
    """The ridge whose weights do best on questions left out of their fit; None where the default weights do as well."""
    values = {ridge: 0.0 for ridge in RIDGES}
    default = sum(one.score(start) for one in questions)
    for held in _folds(len(questions)):
        rest = [questions[at] for at in np.setdiff1d(np.arange(len(questions)), held)]
        for ridge in RIDGES:
            weights = _solved(rest, start, ridge)
            values[ridge] += sum(questions[at].score(weights) for at in held)
    best = max(RIDGES, key=lambda ridge: values[ridge])
    return best if values[best] > default else None


def _solved(questions: Sequence[Judged], start: Numbers, ridge: float | None) -> Numbers:
    """The weights of the listwise logistic model, held by the ridge to the default ones.

    Only the best passage of what counts as the same takes part, best by the weights of the round before.
    """
    able = [one for one in questions if one.gains.sum() > 0]
    if ridge is None or not able:
        return start
    weights = start
    for _ in range(ROUNDS):
        values, targets, there = _stacked([one.best_of_each(weights) for one in able])
        steepness = float(_newton((values @ start)[:, :, None], targets, there, np.zeros(1), FLATTEST)[0])
        weights = _newton(values, targets, there, max(steepness, 1.0) * start, ridge)
    return weights


def _stacked(questions: Sequence[Judged]) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Features (q, n, f), targets that sum to 1 (q, n), and which of the n places of a question are taken."""
    longest = max(len(one.gains) for one in questions)
    values = np.zeros((len(questions), longest, questions[0].values.shape[1]))
    targets = np.zeros((len(questions), longest))
    there = np.zeros((len(questions), longest), bool)
    for row, one in enumerate(questions):
        values[row, : len(one.gains)] = one.values
        targets[row, : len(one.gains)] = one.gains / one.gains.sum()
        there[row, : len(one.gains)] = True
    return values, targets, there


def _newton(values: Numbers, targets: Numbers, there: NDArray[np.bool_], centre: Numbers, ridge: float) -> Numbers:
    """The weights (f,) that make the targets (q, n) likeliest as a softmax over the candidates (q, n, f) of each question,

    less half the ridge times the squared distance from the centre.
    """
    weights = centre.copy()
    best, slope, curve = _likelihood(values, targets, there, weights)
    for _ in range(STEPS):
        step = np.linalg.solve(curve + ridge * np.eye(len(weights)), slope - ridge * (weights - centre))
        while True:
            reached, slope, curve = _likelihood(values, targets, there, weights + step)
            reached -= ridge / 2 * float(np.square(weights + step - centre).sum())
            if reached >= best - 1e-12 or np.abs(step).max() < 1e-8:
                break
            step = step / 2
        weights, best = weights + step, reached
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _likelihood(values: Numbers, targets: Numbers, there: NDArray[np.bool_], weights: Numbers) -> tuple[float, Numbers, Numbers]:
    """The mean log-likelihood of the targets, its slope (f,) and its curvature (f, f), the latter turned positive."""
    worth = np.where(there, values @ weights, -np.inf)
    worth -= worth.max(axis=1, keepdims=True)
    share = np.exp(worth)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    likelihood = float((targets * np.where(there, worth - np.log(total), 0.0)).sum(axis=1).mean())
    means = np.einsum("qn,qnf->qf", share, values)
    slope = (np.einsum("qn,qnf->qf", targets, values) - means).mean(axis=0)
    flat = (values * np.sqrt(share)[:, :, None]).reshape(-1, values.shape[2])
    return likelihood, slope, (flat.T @ flat - means.T @ means) / len(values)


def _rounded(weights: Numbers, names: Sequence[str]) -> dict[str, float]:
    """The weights as settings: the heaviest 1 or -1, which leaves the order as it is."""
    heaviest = float(np.abs(weights).max()) or 1.0
    return {name: round(float(weight) / heaviest, DECIMALS) for name, weight in zip(names, weights, strict=True)}
