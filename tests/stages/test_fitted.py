"""The fitted reranker weighs what it says it weighs; fitting finds weights that gain, and says so where there are none."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from rag.__main__ import app
from rag.errors import FileProblem, SettingProblem
from rag.evaluate import fitting
from rag.evaluate.fitting import FEWEST, Judged, fit, fitted, usable
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline, read_pipeline
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.index.base import Index
from rag.stages.rerank.features import FEATURES, features
from rag.stages.rerank.fitted import Fitted
from rag.stages.retrieve import Terms
from rag.values import Case, Chunk, Document, Hit, Span
from rag.wordpiece import installed

NAMES = list(FEATURES)
QUESTION = "Which dose of torsemide was given at discharge?"


def found(index: Index, pipeline: Pipeline, question: str = QUESTION) -> list[Hit]:
    return pipeline.retrieve(question, index)


def test_the_weights_as_given_leave_the_order_as_it_was(pipeline: Pipeline, index: Index) -> None:
    hits = found(index, pipeline)
    ranked = Fitted(top=50)(QUESTION, hits, index)
    assert [hit.chunk for hit in ranked] == [hit.chunk for hit in hits]
    assert ranked[0].steps[-1].name == "fitted"


def test_the_weights_are_open_settings_one_for_each_feature() -> None:
    stage = Fitted(terms=0.25)
    assert stage.weights == {"before": 1.0, "terms": 0.25, **dict.fromkeys(NAMES[2:], 0.0)}
    assert json.loads(stage.model_dump_json())["terms"] == 0.25
    assert set(NAMES) <= set(Fitted.model_fields)


def test_every_feature_runs_from_nought_to_one_and_only_those_wanted_are_made(pipeline: Pipeline, index: Index) -> None:
    hits = found(index, pipeline)
    wanted = [name for name in NAMES if not name.startswith("late")]
    values = features(QUESTION, hits, index, wanted)
    assert values.shape == (len(hits), len(NAMES))
    assert values.min() == 0.0 and values.max() == 1.0
    assert not values[:, NAMES.index("late")].any()
    assert not features(QUESTION, hits, index, []).any()
    assert features(QUESTION, [], index, wanted).shape == (0, len(NAMES))


def column(name: str, hits: Sequence[Hit], index: Index) -> list[float]:
    return [float(one) for one in features(QUESTION, hits, index, [name])[:, NAMES.index(name)]]


def test_the_features_mean_what_they_are_called() -> None:
    texts = {
        "old.txt": "Torsemide dose at discharge given.",
        "new.txt": "The dose was given.",
        "long.txt": "Nothing of it stands here, " * 6,
    }
    titles = {"old.txt": "", "new.txt": "Torsemide", "long.txt": ""}
    documents = [
        Document(name=name, text=text, title=titles[name], date="2020-01-01" if name == "old.txt" else "2024-01-01")
        for name, text in texts.items()
    ]
    pipeline = Pipeline(embed=Hashing(), chunk=Words(size=100, overlap=0, header=False), retrieve=Terms())
    index = pipeline.prepare(documents, Artifacts())
    hits = [Hit(chunk, score) for chunk, score in zip(index.chunks, (3.0, 2.0, 1.0), strict=True)]
    assert column("before", hits, index) == [1.0, 0.5, 0.0]
    assert column("coverage", hits, index)[0] == 1.0 and column("coverage", hits, index)[2] == 0.0
    assert column("terms", hits, index)[0] == 1.0 and column("terms", hits, index)[2] == 0.0
    assert column("title", hits, index) == [0.0, 1.0, 0.0]
    assert column("recency", hits, index) == [0.0, 1.0, 1.0]
    assert column("length", hits, index)[2] == 1.0
    ranked = Fitted(before=0.0, title=1.0, length=-0.1)(QUESTION, hits, index)
    assert [hit.chunk.span.document for hit in ranked] == ["new.txt", "old.txt", "long.txt"]


def test_word_pairs_and_documents_worked_by_hand() -> None:
    texts = {
        "a.txt": "Torsemide dose, then given.",
        "b.txt": "The dose torsemide.",
        "c.txt": "Dose then other words one two three four five six seven eight torsemide.",
        "d.txt": "Nothing here. " * 40 + "Dose torsemide given discharge.",
    }
    documents = [Document(name=name, text=text) for name, text in texts.items()]
    pipeline = Pipeline(embed=Hashing(), chunk=Words(size=40, overlap=0, header=False), retrieve=Terms())
    index = pipeline.prepare(documents, Artifacts())
    first = {name: next(chunk for chunk in index.chunks if chunk.span.document == name) for name in texts}
    last = index.chunks[-1]
    hits = [Hit(chunk, 1.0) for chunk in (*first.values(), last)]
    near, pairs = column("near", hits, index), column("pairs", hits, index)
    assert 0 < near[1] <= near[0] < near[4] == 1.0 and near[2] == near[3] == 0.0, "c has them too far apart"
    assert pairs[0] == 0.0 < pairs[1] < pairs[4] == 1.0, "a has them the other way round"
    scores = index.term_scores(QUESTION)
    means = [
        float(np.mean([scores[row] for row, one in enumerate(index.chunks) if one.span.document == hit.chunk.span.document]))
        for hit in hits
    ]
    assert means[3] == means[4] < max(scores) / 2, "a long document with one good passage"
    expected = [(mean - min(means)) / (max(means) - min(means)) for mean in means]
    assert column("document", hits, index) == pytest.approx(expected, abs=1e-5)


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_rare_words_count_more_among_the_token_matches() -> None:
    texts = ["zalumide", "was given", "nothing"]
    embedder = MiniLM()
    pipeline = Pipeline(embed=embedder, chunk=Words(size=40, overlap=0, header=False))
    index = pipeline.prepare([Document(name=f"{at}.txt", text=text) for at, text in enumerate(texts)], Artifacts())
    hits = [Hit(chunk, 1.0) for chunk in index.chunks]
    values = features("the zalumide was given", hits, index, ["late", "late_rare"])
    assert values[:, NAMES.index("late_rare")].argmax() == 0
    assert values[1, NAMES.index("late")] > values[1, NAMES.index("late_rare")]


def test_a_term_that_few_candidates_hold_tells_more_and_like_passages_lend_their_scores() -> None:
    texts = {
        "a.txt": "Dose given at discharge.",
        "b.txt": "Dose given at home.",
        "c.txt": "Torsemide at home.",
        "d.txt": "Torsemide at home again.",
    }
    documents = [Document(name=name, text=text) for name, text in texts.items()]
    pipeline = Pipeline(embed=Hashing(), chunk=Words(size=40, overlap=0, header=False))
    index = pipeline.prepare(documents, Artifacts())
    hits = [Hit(chunk, score) for chunk, score in zip(index.chunks, (0.4, 0.4, 1.0, 0.1), strict=True)]
    weights = index.weights("dose given")
    words = features("dose given again", hits, index, ["telling", "coverage"])
    telling, coverage = words[:, NAMES.index("telling")], words[:, NAMES.index("coverage")]
    assert coverage[0] == coverage[1] == 1.0 and coverage[3] < 1.0, "two words of the question against one"
    rare, common = index.weights("again")["again"] * np.log(5 / 1.5), sum(weights.values()) * np.log(5 / 2.5)
    assert telling[3] / telling[0] == pytest.approx(rare / common, rel=1e-4), "the one that only d holds counts more"
    alike = features("dose", hits, index, ["alike"])[:, NAMES.index("alike")]
    assert alike[3] == 1.0, "d is most like c, which stands first"
    assert not features("dose", hits[:1], index, ["alike"]).any(), "alone there is nothing to be like"


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_the_least_token_matches_are_those_of_what_a_passage_lacks() -> None:
    texts = ["zalumide was given at noon", "zalumide, zalumide, zalumide", "nothing of the kind"]
    pipeline = Pipeline(embed=MiniLM(), chunk=Words(size=40, overlap=0, header=False))
    index = pipeline.prepare([Document(name=f"{at}.txt", text=text) for at, text in enumerate(texts)], Artifacts())
    hits = [Hit(chunk, 1.0) for chunk in index.chunks]
    values = features("zalumide was given at noon", hits, index, ["late_least"])[:, NAMES.index("late_least")]
    assert values[0] == 1.0 and values[1] < 0.5


def test_what_retrieval_already_knew_is_not_computed_again(pipeline: Pipeline, index: Index) -> None:
    hits = found(index, pipeline)
    bare = [Hit(hit.chunk, hit.score) for hit in hits]
    assert column("terms", hits, index) == pytest.approx(column("terms", bare, index))
    assert column("vectors", hits, index) == pytest.approx(column("vectors", bare, index), abs=1e-5)


def test_hits_beyond_the_depth_keep_their_order_behind_the_others(pipeline: Pipeline, index: Index) -> None:
    hits = found(index, pipeline)
    ranked = Fitted(top=50, depth=2, before=-1.0)(QUESTION, hits, index)
    assert [hit.chunk for hit in ranked] == [hits[1].chunk, hits[0].chunk, *(hit.chunk for hit in hits[2:])]
    assert all(one.score >= other.score for one, other in pairwise(ranked))


def test_token_matches_are_read_only_where_they_weigh() -> None:
    assert not Pipeline(embed=Hashing(), rerank=Fitted()).rerank.reads_tokens
    assert not Pipeline(embed=Hashing(), retrieve=Terms(), rerank=Fitted()).reads_vectors
    assert Pipeline(embed=Hashing(), retrieve=Terms(), rerank=Fitted(vectors=0.1)).reads_vectors
    assert Pipeline(embed=Hashing(), retrieve=Terms(), rerank=Fitted(alike=0.1)).reads_vectors
    for name in ("late", "late_rare", "late_least"):
        with pytest.raises(ValidationError, match="token vectors"):
            Pipeline(embed=Hashing(), rerank=Fitted(**{name: 0.1}))


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_token_matches_weigh_with_minilm(documents: tuple[Document, ...]) -> None:
    pipeline = Pipeline(rerank=Fitted(before=0.0, late=1.0))
    hits = pipeline.search(QUESTION, pipeline.prepare(documents, Artifacts())).hits
    assert "Torsemide" in hits[0].chunk.text


def invented(n: int, telling: float, seed: int = 1) -> list[Judged]:
    """Questions with twenty candidates, the second feature as telling as wished, the others noise; one is relevant."""
    generator = np.random.default_rng(seed)
    questions = []
    for _ in range(n):
        values = generator.random((20, len(NAMES)))
        right = int(generator.integers(0, 20))
        values[right, 1] += telling
        names = tuple(f"d{at}" for at in range(20))
        questions.append(Judged(values, np.eye(20)[right], names, {names[right]: 1.0}))
    return questions


def test_a_telling_feature_gets_the_weight_and_its_gain_is_clear_of_nought() -> None:
    result = fitted(invented(120, telling=1.0), NAMES)
    assert result.enough and result.n == 120 and result.tried == result.weights
    assert result.weights["terms"] == 1.0 and abs(result.weights["before"]) < 0.5
    assert 0.2 < result.low < result.gain < result.high < 1.0
    fresh = invented(200, telling=1.0, seed=9)
    weights = np.array(list(result.weights.values()))
    start = np.array(list(Fitted().weights.values()))
    gain = np.mean([one.score(weights) - one.score(start) for one in fresh])
    assert result.low < gain < result.high, "the gain holds on questions never seen"
    assert fitted(invented(120, telling=1.0), NAMES) == result
    assert result.stage(Fitted(top=3)).weights == result.weights and result.stage(Fitted(top=3)).top == 3


@pytest.mark.parametrize("seed", range(3))
def test_where_there_is_nothing_to_find_the_default_stays(seed: int) -> None:
    questions = [
        Judged(np.hstack([one.gains[:, None] + one.values[:, :1] / 2, one.values[:, 1:]]), one.gains, one.names, one.relevant)
        for one in invented(60, telling=0.0, seed=seed)
    ]
    result = fitted(questions, NAMES)
    assert not result.enough and result.weights == Fitted().weights
    assert set(result.tried) == set(NAMES)
    assert "no gain that is clear of chance" in result.reason and result.low <= 0.0


def test_too_few_questions_are_not_fitted() -> None:
    result = fitted(invented(FEWEST - 1, telling=1.0), NAMES)
    assert not result.enough and result.weights == Fitted().weights
    assert result.reason.startswith("29 questions with evidence are too few")
    assert not fitted([], NAMES).enough


def test_features_that_an_index_cannot_give_get_no_weight(index: Index) -> None:
    names = usable(index)
    assert "late" not in names and "vectors" in names
    questions = invented(80, telling=1.0)
    assert fitted(questions, names).weights["late"] == 0.0


def test_newtons_weights_are_the_best_there_are() -> None:
    questions = invented(40, telling=0.3)
    start = np.array(list(Fitted().weights.values()))
    ridge = 0.1
    best = fitting._solved(questions, start, ridge)
    values = np.stack([one.values for one in questions])
    targets = np.stack([one.gains for one in questions])
    there = np.ones(targets.shape, bool)

    def worth(weights: np.ndarray) -> float:
        scores = np.einsum("qnf,f->qn", values, weights)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return float((targets * logs).sum(axis=1).mean() - ridge / 2 * ((weights - centre) ** 2).sum())

    scale = fitting._newton((values @ start)[:, :, None], targets, there, np.zeros(1), fitting.FLATTEST)[0]
    centre = max(scale, 1.0) * start
    generator = np.random.default_rng(3)
    assert all(worth(best) >= worth(best + generator.normal(0, 0.05, len(best))) for _ in range(200))
    near = fitting._solved(questions, start, 1e6)
    assert near == pytest.approx(centre, abs=1e-4), "a heavy ridge leaves the default weights"


def test_gold_spans_are_shared_out_among_the_passages_that_hold_them() -> None:
    passages = {"a.txt": [Chunk(Span("a.txt", 0, 10), "x" * 10), Chunk(Span("a.txt", 8, 20), "x" * 12)]}
    case = Case("1", "What?", evidence=(Span("a.txt", 6, 10),))
    assert fitting._relevant(case, passages) == {"a.txt:0:10": 1.0, "a.txt:8:20": 0.5}
    with pytest.raises(SettingProblem, match=r"Question 1: no document 'b\.txt'"):
        fitting._relevant(Case("1", "What?", evidence=(Span("b.txt", 0, 1),)), passages)


def corpus(n: int) -> tuple[list[Document], list[Case]]:
    """Each question shares its words with two documents; the one that is meant names the matter in its title."""
    documents, cases = [], []
    for at in range(n):
        matter, word = f"matter{at}", f"word{at}"
        documents.append(Document(name=f"right{at}.txt", text=f"A {word} stands here with other things.", title=matter))
        documents.append(Document(name=f"wrong{at}.txt", text=f"A {word} {word} {matter}.", title="none"))
        cases.append(Case(str(at), f"{word} {matter}", evidence=(Span(f"right{at}.txt", 0, 12),)))
    return documents, cases


PLAIN = Pipeline(embed=Hashing(), chunk=Words(size=60, overlap=0, header=False), retrieve=Terms(), rerank=Fitted())


def test_fitting_through_the_pipeline_puts_the_right_passage_first() -> None:
    documents, cases = corpus(40)
    index = PLAIN.prepare(documents, Artifacts())
    seen: list[tuple[int, int]] = []
    by_spans = fit(PLAIN, cases, index, progress=lambda done, total: seen.append((done, total)))
    relevant = {case.id: {case.evidence[0].document: 1.0} for case in cases}
    by_documents = fit(PLAIN, [Case(case.id, case.question) for case in cases], index, relevant)
    assert seen[-1] == (40, 40)
    for result in (by_spans, by_documents):
        assert result.enough and result.weights["title"] > 0.0
        better = PLAIN.model_copy(update={"rerank": result.stage(PLAIN.rerank)})  # type: ignore[arg-type]
        assert better.search(cases[7].question, index).hits[0].chunk.span.document == "right7.txt"
    assert PLAIN.search(cases[7].question, index).hits[0].chunk.span.document == "wrong7.txt"
    assert fit(PLAIN, [*cases[:10], Case("x", "No evidence?")], index).n == 10


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_command_fits_and_writes_a_pipeline_that_is_read_back(tmp_path: Path) -> None:
    documents, cases = corpus(40)
    folder = tmp_path / "corpus.jsonl"
    folder.write_text("\n".join(json.dumps({"id": d.name, "title": d.title, "text": d.text}) for d in documents), "utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps({"id": c.id, "text": c.question}) for c in cases), "utf-8")
    lines = ["query\tdocument\tgain", *(f"{case.id}\t{case.evidence[0].document}\t1" for case in cases)]
    (tmp_path / "qrels.tsv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "plain.json").write_text(PLAIN.to_json(), "utf-8")
    sets = ["--corpus", folder, "--queries", tmp_path / "queries.jsonl", "--qrels", tmp_path / "qrels.tsv"]
    told = run("fit", *sets, "--pipeline", tmp_path / "plain.json", "--out", tmp_path / "out.json")
    assert "title" in told and "█" in told and "95 % interval" in told and "on 40 questions" in told
    written = read_pipeline((tmp_path / "out.json").read_text("utf-8")).rerank
    assert isinstance(written, Fitted) and written.title > 0.0


def test_the_command_says_that_a_set_is_too_small(places: Path, tmp_path: Path) -> None:
    case = {"id": "q", "question": QUESTION, "evidence": [{"document": "discharge_P-9001.txt", "start": 0, "end": 17}]}
    (tmp_path / "questions.jsonl").write_text(json.dumps(case), "utf-8")
    (tmp_path / "plain.json").write_text(Pipeline(embed=Hashing()).to_json(), "utf-8")
    command = ["fit", "--docs", places, "--questions", tmp_path / "questions.jsonl", "--pipeline", tmp_path / "plain.json"]
    told = run(*command, "--out", tmp_path / "out.json")
    assert "1 questions with evidence are too few to fit" in told
    assert read_pipeline((tmp_path / "out.json").read_text("utf-8")).rerank == Fitted()
    case["evidence"] = [{"document": "gone.txt", "start": 0, "end": 17}]
    (tmp_path / "questions.jsonl").write_text(json.dumps(case), "utf-8")
    with pytest.raises(FileProblem, match=r"question q: gone\.txt is not among the documents"):
        run(*command)
    assert CliRunner().invoke(app, ["fit", "--docs", str(places)]).exit_code == 2
