"""A score is the sum of its parts, every stage that can lose a passage is named with a mend that works, advice mends."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rag.keep.artifacts import Artifacts
from rag.pipeline import UNIONS, Pipeline, read_pipeline
from rag.pipeline.explain import advice, difference, fusion, places_near, places_of, row_behind, term_weights, where_lost
from rag.pipeline.explain.missing import nth
from rag.pipeline.presets import PRESETS
from rag.pipeline.titles import title
from rag.stage import options
from rag.stages.answer.chat import Chat
from rag.stages.answer.quote import Quote
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Sentences, Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.index.base import Index
from rag.stages.index.local import Exact, Hnsw
from rag.stages.prompt import Cited
from rag.stages.refuse.evidence import Evidence
from rag.stages.refuse.never import Never
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.stages.rerank.late import LateInteraction
from rag.stages.retrieve import Convex, Dense, ReciprocalRank, Terms
from rag.text import terms
from rag.values import Chunk, Document, Filter, Query
from rag.wordpiece import installed

QUESTION = "Which dose of torsemide was given at discharge?"
ASKED = Query(QUESTION, terms=(("creatinine", 0.3), ("furosemide", 0.2)))
STAGES = ["released", "filter", "scope", "retrieve", "candidates", "minimum", "rerank", "refuse", "prompt", "answer", ""]
WARD = Document(
    "ward.txt",
    "\n\n".join(f"Bed {bed}: torsemide {5 * bed} mg was given. The night was quiet on the ward." for bed in range(1, 41)),
)
SMALL = {"chunk": Sentences(size=1, overlap=0), "embed": Hashing()}


@pytest.mark.parametrize("stem", [True, False])
def test_the_terms_of_a_passage_add_up_to_its_score(stem: bool, documents: tuple[Document, ...]) -> None:
    index = Pipeline(embed=Hashing(), index=Exact(stem=stem)).prepare(documents, Artifacts())
    scores = index.term_scores(ASKED.question, ASKED.terms)
    assert (scores > 0).sum() > 2
    for row in range(len(index.chunks)):
        assert sum(one.score for one in term_weights(ASKED, row, index)) == pytest.approx(float(scores[row]), abs=1e-5)


def test_a_term_weighs_what_the_formula_of_bm25_says(index: Index) -> None:
    held = [Counter(terms(chunk.indexed)) for chunk in index.chunks]
    mean = sum(sum(one.values()) for one in held) / len(held)
    seen = 0
    for row, counted in enumerate(held):
        for one in term_weights(ASKED, row, index):
            (term,) = terms(one.word)
            there = sum(term in other for other in held)
            assert one.count == counted[term] > 0
            assert one.idf == pytest.approx(math.log(1 + (len(held) - there + 0.5) / (there + 0.5)))
            long = 1 - 0.4 + 0.4 * sum(counted.values()) / mean
            assert one.frequency == pytest.approx(one.count / (one.count + 0.9 * long), rel=1e-4)
            assert one.weight == dict(ASKED.terms).get(one.word, 1.0)
            seen += 1
    assert seen > 5


def test_a_word_asked_twice_weighs_twice_and_shows_its_own_spelling(index: Index) -> None:
    row = next(row for row, chunk in enumerate(index.chunks) if "Torsemide" in chunk.text)
    (one,) = term_weights(Query("Medications? The medication!"), row, index)
    assert (one.word, one.weight) == ("medications", 2.0)


@pytest.mark.parametrize("recency", [0.0, 0.5])
@pytest.mark.parametrize("retrieve", [Convex(weight=0.3), Convex(weight=0.7), ReciprocalRank(smoothing=9)])
def test_the_fusion_sum_is_the_fused_score(retrieve: Any, recency: float, index: Index) -> None:
    retrieve = retrieve.model_copy(update={"recency": recency})
    hits = retrieve(ASKED, index)
    for hit in hits:
        made = fusion(retrieve, ASKED, index.row_of[hit.chunk], index)
        assert made is not None and made.total == pytest.approx(hit.score, abs=1e-5)
    assert len(hits) > 4 and len({hit.score for hit in hits}) > 2


def test_no_sum_is_told_where_nothing_is_joined_or_the_passage_was_not_found(index: Index) -> None:
    assert fusion(Terms(), ASKED, 0, index) is None and fusion(Dense(), ASKED, 0, index) is None
    elsewhere = Filter(documents=("formulary_2025.csv",))
    row = next(row for row, chunk in enumerate(index.chunks) if chunk.span.document != "formulary_2025.csv")
    assert fusion(Convex(), ASKED, row, index, elsewhere) is None


def test_a_wider_passage_is_explained_by_the_part_that_was_found(documents: tuple[Document, ...]) -> None:
    pipeline = Pipeline(chunk=Sentences(size=1, overlap=0), embed=Hashing())
    index = pipeline.prepare(documents, Artifacts())
    name = documents[0].name
    whole = replace(index.chunks[0].span, start=0, end=len(documents[0].text))
    chunks = [replace(chunk, parent=whole) if chunk.span.document == name else chunk for chunk in index.chunks]
    index = replace(index, chunks=chunks)
    answer = pipeline.ask(QUESTION, index)
    (wide,) = [hit for hit in answer.hits if hit.chunk.span == whole]
    best = next(hit for hit in answer.found if hit.chunk.parent == whole)
    assert row_behind(wide, answer.query, index) == index.row_of[best.chunk]
    gone = Chunk(replace(whole, document="gone.txt"), "abc")
    assert row_behind(replace(wide, chunk=gone), answer.query, index) is None


def stage_of(pipeline: Pipeline, chunk: Chunk, index: Index, only: Filter = Filter(), question: str = QUESTION) -> Any:
    return where_lost(pipeline, pipeline.ask(question, index, only), chunk, index, only)


def ward(**changed: Any) -> tuple[Pipeline, Index]:
    pipeline = Pipeline(**{**SMALL, **changed})
    return pipeline, pipeline.prepare([WARD], Artifacts())


def bed(number: int, index: Index) -> Chunk:
    return next(chunk for chunk in index.chunks if chunk.text.startswith(f"Bed {number}:"))


def test_a_passage_of_an_unreleased_document_says_so(index: Index, pipeline: Pipeline) -> None:
    waiting = Chunk(replace(index.chunks[0].span, document="waiting.txt"), "text")
    verdict = stage_of(pipeline, waiting, index)
    assert verdict.lost == "released" and "waiting.txt is not released" in verdict.reason and verdict.pipeline is None


@pytest.mark.parametrize(
    ("only", "told"),
    [
        (Filter(documents=("policy_cgm.md",)), "1 other documents"),
        (Filter(types=("policy",)), "Types is set to policy"),
        (Filter(patients=("P-1",)), "Patients is set to P-1, and it has P-9001"),
        (Filter(authors=("Dr. Quill",)), "Written by is set to Dr. Quill"),
        (Filter(after="2024-03-15"), "From is 2024-03-15, and its date is 2024-03-14"),
        (Filter(before="2023-12-31"), "Up to is 2023-12-31"),
    ],
)
def test_a_filter_that_lost_a_passage_is_named_and_the_mend_lets_it_through(
    only: Filter, told: str, index: Index, pipeline: Pipeline
) -> None:
    chunk = next(c for c in index.chunks if "Torsemide" in c.text)
    only = replace(only, in_force=False)
    verdict = stage_of(pipeline, chunk, index, only)
    assert verdict.lost == "filter" and told in verdict.reason
    assert verdict.only == Filter() and stage_of(pipeline, chunk, index, verdict.only).lost != "filter"


def test_an_edition_that_is_replaced_is_told_and_the_rest_of_the_filter_stays() -> None:
    old = Document(
        "rule_2020.md", "Rule on quillwort. Torsemide is dosed.", title="Rule", type="policy", edition="2020", date="2020-01-01"
    )
    new = replace(old, name="rule_2022.md", edition="2022", date="2022-01-01")
    pipeline = Pipeline(**SMALL)
    index = pipeline.prepare([old, new], Artifacts())
    only = Filter(types=("policy",), in_force=True)
    gone = next(c for c in index.chunks if index.row_of[c] not in index.allowed(only))
    verdict = stage_of(pipeline, gone, index, only)
    assert verdict.lost == "filter" and "edition in force" in verdict.reason and verdict.only == Filter(types=("policy",))


def test_a_passage_without_a_word_of_the_question_is_found_by_another_retriever() -> None:
    pipeline, index = ward(retrieve=Terms(candidates=100))
    quiet = next(chunk for chunk in index.chunks if "night" in chunk.text)
    verdict = stage_of(pipeline, quiet, index)
    assert verdict.lost == "retrieve" and "shares no word with the question" in verdict.reason
    assert verdict.mend.startswith("choose Words + meaning")
    both = Pipeline(**SMALL, retrieve=Terms(candidates=100), rerank=Diverse())
    index = both.prepare([WARD], Artifacts())
    verdict = stage_of(both, quiet, index)
    assert verdict.lost == "retrieve" and "which puts it" in verdict.mend
    assert stage_of(verdict.pipeline, quiet, index).lost in STAGES[3:]


def test_a_passage_beyond_the_vectors_reach_tells_its_rank_and_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.stages.retrieve.POOL", 5)
    monkeypatch.setattr("rag.pipeline.explain.missing.POOL", 5)
    monkeypatch.setattr("rag.pipeline.explain.missing.MOST_CANDIDATES", 5)
    pipeline, index = ward(retrieve=Dense(candidates=5), rerank=Keep(top=5))
    found = {hit.chunk for hit in pipeline.ask(QUESTION, index).found}
    lost = next(chunk for chunk in index.chunks if "torsemide" in chunk.text and chunk not in found)
    verdict = stage_of(pipeline, lost, index)
    assert verdict.lost == "retrieve" and "by vectors (cosine 0." in verdict.reason and "by terms" in verdict.reason


@pytest.mark.parametrize("retrieve", [Terms(candidates=10), Convex(candidates=10), ReciprocalRank(candidates=10)])
def test_a_passage_beyond_the_candidates_tells_its_rank_and_the_mend_brings_it_in(retrieve: Any) -> None:
    pipeline, index = ward(retrieve=retrieve)
    found = {hit.chunk for hit in pipeline.ask(QUESTION, index).found}
    lost = [chunk for chunk in index.chunks if "torsemide" in chunk.text and chunk not in found]
    assert len(lost) == 30
    for chunk in lost:
        verdict = stage_of(pipeline, chunk, index)
        assert verdict.lost == "candidates" and "hands on 10 candidates" in verdict.reason
        ranked = pipeline.retrieve.model_copy(update={"candidates": 100})(QUESTION, index)
        rank = [hit.chunk for hit in ranked].index(chunk) + 1
        assert f"put it {nth(rank)} " in verdict.reason and verdict.mend == f"raise Retrieval · Candidates to {rank}"
        assert stage_of(verdict.pipeline, chunk, index).lost in STAGES[4:]


def test_a_passage_beyond_the_first_thousand_is_not_promised() -> None:
    wide = Document("wide.txt", "\n\n".join(f"Bed {bed}: torsemide was given." for bed in range(1500)))
    pipeline = Pipeline(**SMALL, retrieve=Terms())
    index = pipeline.prepare([wide], Artifacts())
    ranked = np.argsort(-index.term_scores(QUESTION), kind="stable")
    verdict = stage_of(pipeline, index.chunks[ranked[1200]], index)
    assert verdict.lost == "retrieve" and "by terms" in verdict.reason
    verdict = stage_of(pipeline, index.chunks[ranked[999]], index)
    assert verdict.lost == "candidates" and verdict.pipeline.retrieve.candidates == 1000


def test_a_passage_below_the_minimum_tells_its_score_and_the_mend_is_just_low_enough() -> None:
    pipeline, index = ward(retrieve=Convex(minimum=0.6))
    found = {hit.chunk for hit in pipeline.ask(QUESTION, index).found}
    lost = [h for h in Convex()(QUESTION, index) if h.chunk not in found]
    assert lost
    for hit in lost:
        verdict = stage_of(pipeline, hit.chunk, index)
        assert verdict.lost == "minimum" and f"{hit.score:.3f}" in verdict.reason and "Retrieval · Minimum 0.6" in verdict.reason
        assert hit.score - 0.001 <= verdict.pipeline.retrieve.minimum <= hit.score
        assert stage_of(verdict.pipeline, hit.chunk, index).lost in STAGES[6:]


@pytest.mark.parametrize("rerank", [Keep(top=3), Diverse(top=3)])
def test_a_passage_beyond_the_top_tells_its_rank_after_reranking(rerank: Any) -> None:
    pipeline, index = ward(rerank=rerank)
    answer = pipeline.ask(QUESTION, index)
    every = rerank.model_copy(update={"top": 50})(QUESTION, list(answer.found), index)
    for rank in (4, 11, 33):
        verdict = where_lost(pipeline, answer, every[rank - 1].chunk, index)
        assert verdict.lost == "rerank" and f"{nth(rank)} after reranking ({title('rerank', rerank.kind)})" in verdict.reason
        assert verdict.mend == f"raise Reranking · Passages kept (top) to {rank}"
        assert stage_of(verdict.pipeline, every[rank - 1].chunk, index).lost in STAGES[7:]


@pytest.mark.skipif(not installed(), reason="needs the wheel")
def test_a_passage_beyond_the_depth_is_mended_in_one_go_and_no_advice_follows() -> None:
    pipeline = Pipeline(**{**SMALL, "embed": MiniLM()}, rerank=LateInteraction(top=3, depth=6))
    index = pipeline.prepare([WARD], Artifacts())
    answer = pipeline.ask(QUESTION, index)
    for hit in (answer.found[8], answer.found[30]):
        verdict = where_lost(pipeline, answer, hit.chunk, index)
        assert verdict.lost == "rerank" and "(top) to" in verdict.mend and "Reranking · Depth to" in verdict.mend
        assert advice(verdict.pipeline) == [] and verdict.pipeline.rerank.depth >= verdict.pipeline.rerank.top  # type: ignore
        assert stage_of(verdict.pipeline, hit.chunk, index).lost in STAGES[7:]
    kept = {hit.chunk for hit in answer.hits}
    near = next(hit.chunk for hit in answer.found[:6] if hit.chunk not in kept)
    shallow = where_lost(pipeline, answer, near, index)
    assert shallow.mend.startswith("raise Reranking · Passages kept (top)") and "Depth" not in shallow.mend


def test_a_passage_that_a_compressor_cut_is_still_the_passage() -> None:
    pipeline, index = ward(rerank=Keep(top=3), refuse=Never())
    answer = pipeline.ask(QUESTION, index)
    first = answer.hits[0]
    short = replace(first, chunk=replace(first.chunk, span=replace(first.chunk.span, end=first.chunk.span.end - 4), text="cut"))
    cut = replace(answer, hits=(short,), prompt=replace(answer.prompt, sources=(short,)))
    assert where_lost(pipeline, cut, first.chunk, index).lost in {"", "answer"}
    assert where_lost(pipeline, cut, answer.hits[1].chunk, index).lost == "rerank"


def test_a_passage_that_the_budget_left_out_tells_the_smallest_budget_that_holds_it() -> None:
    pipeline, index = ward(prompt=Cited(budget=200), rerank=Keep(top=30), refuse=Never())
    answer = pipeline.ask(QUESTION, index)
    assert answer.prompt.left_out > 3
    chunk = answer.hits[-1].chunk
    verdict = where_lost(pipeline, answer, chunk, index)
    budget = verdict.pipeline.prompt.budget
    assert verdict.lost == "prompt" and f"{budget:,} tokens" in verdict.reason and "Prompt · Budget is 200" in verdict.reason
    assert stage_of(verdict.pipeline, chunk, index).lost in {"answer", ""}
    less = verdict.pipeline.model_copy(update={"prompt": Cited(budget=budget - 1)})
    assert stage_of(less, chunk, index).lost == "prompt"


def test_a_source_that_is_not_cited_tells_what_would_quote_it() -> None:
    pipeline, index = ward(answer=Quote(most=1), refuse=Never())
    answer = pipeline.ask(QUESTION, index)
    cited = answer.claims[0].citations[0].span
    chunk = answer.hits[1].chunk if answer.hits[0].chunk.span == cited else answer.hits[0].chunk
    verdict = where_lost(pipeline, answer, chunk, index)
    assert verdict.lost == "answer" and "cites only 1" in verdict.reason and "raise Answer · Most to 20" in verdict.mend
    assert stage_of(verdict.pipeline, chunk, index).lost == ""


def test_a_refused_question_tells_the_confidence_that_decided() -> None:
    pipeline, index = ward(refuse=Evidence(below=1.0))
    answer = pipeline.ask(QUESTION, index)
    verdict = where_lost(pipeline, answer, answer.hits[0].chunk, index)
    assert answer.refused and verdict.lost == "refuse" and f"confidence {answer.confidence:.2f}" in verdict.reason
    assert stage_of(verdict.pipeline, answer.hits[0].chunk, index).lost in {"", "answer"}
    assert not verdict.pipeline.ask(QUESTION, index).refused


@pytest.mark.parametrize(
    "pipeline",
    [
        Pipeline(**SMALL, retrieve=Convex(candidates=4, minimum=0.3), rerank=Keep(top=2)),
        Pipeline(**SMALL, retrieve=Terms(candidates=3), rerank=Keep(top=1), prompt=Cited(budget=200)),
        Pipeline(embed=Hashing(), retrieve=ReciprocalRank(candidates=6), rerank=Diverse(top=2)),
    ],
)
def test_every_mend_brings_a_passage_further(pipeline: Pipeline, documents: tuple[Document, ...]) -> None:
    index = pipeline.prepare(documents, Artifacts())
    for chunk in index.chunks[::3]:  # All of them take minutes.
        now, steps = pipeline, 0
        verdict = stage_of(now, chunk, index)
        while verdict.pipeline is not None and steps < len(STAGES):
            read_pipeline(verdict.pipeline.to_json())
            rebuilt = verdict.pipeline.prepare(documents, Artifacts())
            before, now = STAGES.index(verdict.lost), verdict.pipeline
            verdict, steps = stage_of(now, chunk, rebuilt), steps + 1
            assert STAGES.index(verdict.lost) > before or verdict.lost == "answer"
        assert verdict.lost in {"", "answer"}


def test_pasted_words_are_found_whatever_their_case_and_line_ends(documents: tuple[Document, ...]) -> None:
    (found,) = places_of("creatinine ROSE to 2.1\nmg/dL on day   two", documents)
    document = next(one for one in documents if one.name == found.document)
    assert document.text[found.start : found.end].split() == "Creatinine rose to 2.1 mg/dL on day two".split()
    assert places_of("  ", documents) == [] and places_of("(a+)+$", documents) == []
    (near,) = places_near("on day two the creatinin rose", documents)
    assert documents[0].text[near.start : near.end].lower().startswith("creatinine")
    assert places_near("an albatross flew over the fjord", documents) == places_near("", documents) == []


def test_a_pipeline_with_good_settings_gets_no_advice(pipeline: Pipeline, index: Index) -> None:
    assert advice(pipeline, index) == []


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in UNIONS for kind in options(UNIONS[name]) if (name, kind) != ("embed", "minilm")]
)
def test_no_option_begins_with_advice(name: str, kind: str) -> None:
    stage = options(UNIONS[name])[kind]()
    tokens = {"embed": MiniLM()} if getattr(stage, "reads_tokens", False) else {"embed": Hashing()}
    assert advice(unchecked(**{**tokens, name: stage})) == []


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_comes_with_advice(name: str) -> None:
    assert advice(PRESETS[name][1]) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"retrieve": Convex(minimum=1.5)}, "scores of Words + meaning end at 1"),
        ({"retrieve": Dense(minimum=2.0)}, "scores of Meaning end at 1"),
        ({"retrieve": ReciprocalRank(minimum=0.5)}, "end at 0.0328"),
        ({"retrieve": Convex(weight=0.0)}, "the vectors are computed but never count"),
        ({"retrieve": Convex(weight=1.0)}, "the terms are computed but never count"),
        ({"rerank": LateInteraction(depth=120), "embed": MiniLM()}, "120 deep, but only 50"),
        ({"rerank": LateInteraction(depth=5), "embed": MiniLM()}, "compares 5 passages but keeps 8"),
        ({"rerank": LateInteraction(weight=0.0), "embed": MiniLM()}, "changes nothing"),
        ({"rerank": Diverse(balance=0.0)}, "whatever the question"),
        ({"index": Hnsw(effort=8)}, "looks at 8 passages for 50 candidates"),
    ],
)
def test_settings_that_make_no_sense_together_are_told_with_a_mend_that_ends_them(settings: dict[str, Any], told: str) -> None:
    ((text, mended),) = advice(Pipeline(**{"embed": Hashing(), **settings}))
    assert told in text and advice(mended) == []


@pytest.mark.parametrize("answer", [Quote(), Chat()])
@pytest.mark.parametrize("refuse", [Evidence(below=0.1), Evidence(below=0.5, ask_anyway=True), Never()])
def test_a_minimum_on_scores_that_are_scaled_for_each_question_is_told_with_what_does_refuse(
    answer: Quote | Chat, refuse: Evidence | Never
) -> None:
    own, dense = advice(Pipeline(embed=MiniLM(), retrieve=Convex(minimum=0.3), answer=answer, refuse=refuse))
    assert "refuses no question" in own[0] and own[1].retrieve == Convex()
    below = refuse.below if isinstance(refuse, Evidence) else 0.0
    assert isinstance(own[1].refuse, Evidence) and own[1].refuse.below == max(Evidence().below, below)
    assert dense[1].retrieve == Dense(minimum=0.3) and (dense[1].answer, dense[1].refuse) == (answer, refuse)
    assert advice(own[1]) == advice(dense[1]) == []
    assert len(advice(Pipeline(embed=Hashing(), retrieve=Convex(minimum=0.3)))) == 1, "hashing knows no meaning"
    assert advice(Pipeline(embed=Hashing(), retrieve=Terms(minimum=0.3))) == []


def unchecked(**settings: Any) -> Pipeline:
    """A pipeline as a half-finished form holds it."""
    whole = Pipeline(embed=Hashing())
    return Pipeline.model_construct(**{**{name: getattr(whole, name) for name in Pipeline.model_fields}, **settings})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"chunk": Sections.model_construct(**{**Sections().model_dump(), "overlap": 500})},
            "overlap 500 is not below the size 160",
        ),
        ({"chunk": Words.model_construct(**{**Words().model_dump(), "size": 20})}, "overlap 32 is not below the size 20"),
        ({"rerank": Keep(top=60)}, "keep 60 passages, but only 50 candidates"),
        ({"rerank": LateInteraction()}, "needs token vectors, which Hashed words does not make"),
    ],
)
def test_settings_that_cannot_be_used_are_told_with_a_mend_that_can(settings: dict[str, Any], told: str) -> None:
    text, mended = advice(unchecked(**settings))[0]
    assert told in text and read_pipeline(mended.to_json()) == mended and advice(mended) == []


def test_a_mend_of_one_fault_mends_the_others_too_and_what_cannot_be_mended_is_not_offered() -> None:
    broken = unchecked(rerank=Keep(top=60), chunk=Words.model_construct(**{**Words().model_dump(), "size": 20}))
    for _, mended in advice(broken):
        assert read_pipeline(mended.to_json()) == mended
    lacking = Cited.model_construct(**{**Cited().model_dump(), "template": "no places"})
    assert advice(unchecked(prompt=lacking, rerank=Keep(top=60))) == []


def test_a_budget_for_a_part_of_the_passages_and_recency_without_dates_are_told(documents: tuple[Document, ...]) -> None:
    tight = Pipeline(embed=Hashing(), prompt=Cited(budget=200), rerank=Keep(top=40))
    index = tight.prepare(documents, Artifacts())
    ((text, mended),) = advice(tight, index)
    assert "A budget of 200 tokens holds about" in text and advice(mended, index) == []
    recent = Pipeline(embed=Hashing(), retrieve=Convex(recency=0.5))
    undated = [replace(document, date=None) for document in documents]
    assert advice(recent, recent.prepare(documents, Artifacts())) == []
    ((text, mended),) = advice(recent, recent.prepare(undated, Artifacts()))
    assert "No document has a date" in text and mended.retrieve.recency == 0.0


def test_a_difference_is_told_in_a_few_words() -> None:
    one = Pipeline(embed=Hashing())
    assert difference(one, one) == ""
    assert difference(one, one.model_copy(update={"rerank": Diverse()})) == "Reranking: As found → Diverse"
    assert difference(one, one.model_copy(update={"rerank": Keep(top=14)})) == "Reranking · Passages kept (top): 8 → 14"
    assert difference(one, one.model_copy(update={"prompt": Cited(system="Be short. " * 9)})) == "Prompt · System edited"
    many = one.model_copy(update={"rerank": Keep(top=9), "retrieve": Convex(weight=0.5, candidates=70), "chunk": Words()})
    assert difference(one, many) == (
        "Chunking: Sections → Words, Chunking · Size: 160 → 128, Retrieval · Candidates: 50 → 70, "
        "Retrieval · Weight: 0.45 → 0.5, Reranking · Passages kept (top): 8 → 9"
    )


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (112, "112th"), (1022, "1,022nd")]
)
def test_ranks_are_written_as_words(number: int, word: str) -> None:
    assert nth(number) == word
