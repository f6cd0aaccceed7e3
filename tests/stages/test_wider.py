"""Wider passages as sources: joined where they overlap or touch, filled up from the next hits, each an exact slice."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.tune.answering.cutoffs import in_order, retrieved_score
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.explain import row_behind, where_lost
from rag.stages.answer.quote import Quote
from rag.stages.chunk.parents import Parents, Window
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.index.wider import widened
from rag.stages.prompt import Cited
from rag.stages.refuse.never import Never
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.values import Answer, Document, Hit, Page, Query, Section, Step

TEXT = "".join(f"Entry {at} of the ward book is told here.\n\n" for at in range(40))
CUT = TEXT.index("Entry 20 ")
HEAD = TEXT.index("Entry 10 ")
BOOK = Document(
    "book.txt",
    TEXT,
    date="2024-05-02",
    pages=(Page(1, "i", 0, CUT), Page(2, "ii", CUT, len(TEXT))),
    sections=(Section("Early", 1, 0, 0, HEAD), Section("Late", 1, HEAD, HEAD, len(TEXT))),
)
OTHER = replace(BOOK, name="other.txt")


def indexed(around: int = 2, size: int = 1, overlap: int = 0) -> Index:
    pipeline = Pipeline(embed=Hashing(), chunk=Window(around=around, size=size, overlap=overlap))
    return pipeline.prepare([BOOK, OTHER], Artifacts())


INDEX = indexed()


def hits(*rows: int, index: Index = INDEX) -> list[Hit]:
    """Hits on these rows, the first the best; the rows of the second document begin at 40."""
    return [Hit(index.chunks[row], 1 - rank / 100, (Step("terms", 9 - rank, rank + 1),)) for rank, row in enumerate(rows)]


def numbers(hit: Hit) -> tuple[int, int]:
    """The first and the last entry in a source."""
    told = [int(line.split()[1]) for line in hit.chunk.text.split("\n\n")]
    assert told == list(range(told[0], told[-1] + 1))
    return told[0], told[-1]


def test_windows_that_overlap_are_one_source_at_the_place_and_with_the_score_of_the_best() -> None:
    found = widened(hits(30, 5, 35, 6), INDEX, 8)
    assert [numbers(hit) for hit in found] == [(28, 32), (3, 8), (33, 37)]
    merged = found[1]
    assert (merged.score, merged.steps) == (0.99, (Step("terms", 8, 2),))
    assert merged.chunk.text == TEXT[merged.chunk.span.start : merged.chunk.span.end] and merged.chunk.parent is None


def part(first: int, last: int, found: int, rank: int = 1) -> Hit:
    """A hit on one entry, with these entries around it."""
    chunk = INDEX.chunks[found]
    span = replace(chunk.span, start=INDEX.chunks[first].span.start, end=INDEX.chunks[last].span.end)
    return Hit(replace(chunk, parent=span), 1 - rank / 100)


def test_windows_that_touch_are_one_source_and_those_farther_away_or_of_another_document_are_not() -> None:
    long = part(20, 30, 25)
    assert [numbers(hit) for hit in widened([part(0, 1, 0), part(2, 4, 3), long], INDEX, 8)] == [(0, 4), (20, 30)]
    assert [numbers(hit) for hit in widened([part(0, 1, 0), part(3, 4, 3), long], INDEX, 8)] == [(0, 1), (3, 4), (20, 30)]
    assert [hit.chunk.span.document for hit in widened(hits(5, 45), INDEX, 8)] == ["book.txt", "other.txt"]


def test_a_hit_between_two_sources_joins_both_at_the_place_of_the_better() -> None:
    ranked = [part(20, 35, 25, 1), part(0, 4, 1, 2), part(8, 12, 9, 3), part(37, 38, 37, 4), part(4, 8, 6, 5)]
    assert [numbers(hit) for hit in widened(ranked[:4], INDEX, 8)] == [(20, 35), (0, 4), (8, 12), (37, 38)]
    joined = widened(ranked, INDEX, 4)
    assert [numbers(hit) for hit in joined] == [(20, 35), (0, 12), (37, 38)] and joined[1].score == 0.98


def test_free_places_are_taken_by_the_next_hits_and_none_is_passed_over() -> None:
    ranked = hits(5, 6, 20, 7, 35, 50, 70)
    assert [numbers(hit)[0] for hit in widened(ranked, INDEX, 3)] == [3, 18, 33]
    assert len(widened(ranked, INDEX, 1)) == 1 and numbers(widened(ranked, INDEX, 1)[0]) == (3, 8), "up to the first of the next"
    assert len(widened(ranked, INDEX, 50)) == 5


def test_a_source_stays_short_and_what_lies_beyond_begins_the_next_without_saying_anything_twice() -> None:
    found = widened(hits(10, 12, 14, 16, 18, 20), INDEX, 8)
    longest = max(chunk.parent.end - chunk.parent.start for chunk in INDEX.chunks if chunk.parent)
    assert len(found) > 1 and all(len(hit.chunk.text) <= 1.5 * longest for hit in found)
    assert sorted(at for hit in found for at in range(numbers(hit)[0], numbers(hit)[1] + 1)) == list(range(8, 21))


def test_a_source_says_where_it_begins_and_all_its_sections() -> None:
    (over,) = widened(hits(9, 11), INDEX, 8)
    assert over.chunk.section == "Early; Late" and over.chunk.page == 1 and "2024-05-02" in over.chunk.context
    assert [hit.chunk.section for hit in widened(hits(30, 31), INDEX, 8)] == ["Late"]
    (late,) = widened(hits(22, 23), INDEX, 8)
    assert numbers(late) == (20, 25) and late.chunk.page == 2
    assert "book.txt · p. 2 (printed ii) · Late\nEntry 20 " in Cited()("Which entry?", [late]).messages[-1].content


def test_passages_without_a_wider_one_stay_as_they_are_found() -> None:
    index = Pipeline(embed=Hashing(), chunk=Words(size=20, overlap=10)).prepare([BOOK], Artifacts())
    ranked = hits(*range(9), index=index)
    assert widened(ranked, index, 4) == ranked[:4]


OVERLAPPING = indexed(3, 3, 2)


@pytest.mark.parametrize("index", [INDEX, OVERLAPPING, indexed(30), indexed(0, 2)], ids=["one", "overlapping", "wide", "alone"])
@given(st.data())
def test_whatever_is_found_sources_are_exact_apart_in_order_and_hold_every_hit(index: Index, data: Any) -> None:
    rows = data.draw(st.lists(st.integers(0, len(index.chunks) - 1), unique=True, max_size=40))
    top = data.draw(st.integers(1, 12))
    ranked = hits(*rows, index=index)
    found = widened(ranked, index, top)
    assert len(found) <= top
    for hit in found:
        document = index.documents[hit.chunk.span.document]
        assert hit.chunk.text == document.text[hit.chunk.span.start : hit.chunk.span.end] == hit.chunk.text.strip()
    held = [hit for hit in ranked if any(source.chunk.span.holds(hit.chunk.span) for source in found)]
    reached = next((at for at, hit in enumerate(ranked) if hit not in held), len(ranked))
    assert reached == len(ranked) or len(widened(ranked[: reached + 1], index, 99)) > top, "only for want of places"
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert all(hit.score in {other.score for other in ranked} for hit in found)
    longest = max((len(index.parent_of(hit.chunk).text) for hit in ranked), default=0)
    assert all(len(hit.chunk.text) <= 1.5 * longest for hit in found)
    for one, other in combinations([hit.chunk.span for hit in found], 2):
        shared = min(one.end, other.end) - max(one.start, other.start)
        assert one.document != other.document or shared <= 0 or index is OVERLAPPING
    assert set(rows[:1]) <= {row for hit in found for row in index.rows_of(hit.chunk)}


WARD = Document(
    "ward.txt",
    "\n\n".join(
        f"Bed {bed}: torsemide {bed + 10} mg was given{' for oedema' if bed in {3, 4, 5, 20} else ''}." for bed in range(30)
    ),
    pages=(Page(1, "1", 0, 200), Page(2, "2", 200, 5000)),
)
QUESTION = "Which torsemide was given for oedema?"


def answered(**changed: Any) -> tuple[Pipeline, Index, Answer]:
    settings = {"chunk": Window(around=1), "rerank": Keep(top=2), "refuse": Never(), "answer": Quote(most=20, closeness=0.0)}
    pipeline = Pipeline(embed=Hashing(), **{**settings, **changed})
    index = pipeline.prepare([WARD], Artifacts())
    return pipeline, index, pipeline.ask(QUESTION, index)


@pytest.mark.parametrize("rerank", [Keep(top=2), Diverse(top=2, balance=1.0)])
def test_a_citation_in_a_joined_source_stands_at_its_own_page_and_characters(rerank: Any) -> None:
    _, index, answer = answered(rerank=rerank)
    assert len(answer.hits) == 2
    cited = [(claim, one) for claim in answer.claims for one in claim.citations]
    assert {one.source for _, one in cited} == {1, 2} and len(cited) > 5
    for claim, one in cited:
        assert WARD.text[one.span.start : one.span.end] == one.quote and claim.supported
        page = WARD.page_at(one.span.start)
        assert page and one.page == page.number
        assert answer.prompt.sources[one.source - 1].chunk.span.holds(one.span)
    assert {one.page for _, one in cited} == {1, 2}
    joined = max(answer.hits, key=lambda hit: len(hit.chunk.text))
    assert joined.chunk not in index.row_of and joined.chunk.text.count("for oedema") == 3


def test_a_joined_source_is_explained_by_its_best_passage() -> None:
    _, index, answer = answered()
    for hit in answer.hits:
        best = next(one for one in answer.found if hit.chunk.span.holds(one.chunk.span))
        assert row_behind(hit, answer.query, index) == index.row_of[best.chunk] and hit.score == best.score
        assert row_behind(hit, Query("zebra"), index) in index.rows_of(hit.chunk)


def test_a_passage_in_a_joined_source_is_not_told_lost_and_a_lost_one_is_mended() -> None:
    pipeline, index, answer = answered()
    inside = [chunk for chunk in index.chunks if any(hit.chunk.span.holds(chunk.span) for hit in answer.hits)]
    outside = [chunk for chunk in index.chunks if chunk not in inside]
    assert len(inside) > 5 and len(outside) > 10
    assert {where_lost(pipeline, answer, chunk, index).lost for chunk in inside} <= {"", "answer"}
    for chunk in outside[::4]:
        verdict = where_lost(pipeline, answer, chunk, index)
        assert verdict.lost == "rerank" and verdict.pipeline is not None
        top = verdict.pipeline.rerank.top
        again = verdict.pipeline.ask(QUESTION, index)
        assert where_lost(verdict.pipeline, again, chunk, index).lost in {"", "answer"}
        fewer = pipeline.model_copy(update={"rerank": Keep(top=top - 1)})
        assert where_lost(fewer, fewer.ask(QUESTION, index), chunk, index).lost == "rerank", "no lower top would do"


def test_the_list_of_cut_offs_holds_each_passage_once_with_the_retrievers_score() -> None:
    _, _, answer = answered()
    ordered = in_order(answer)
    spans = [hit.chunk.span for hit, _ in ordered]
    assert not any(one.holds(other) or other.holds(one) for one, other in combinations(spans, 2))
    for hit in answer.hits:
        best = next(one for one in answer.found if hit.chunk.span.holds(one.chunk.span))
        assert retrieved_score(hit, answer) == best.score


def test_parents_ask_for_as_many_sources_as_set_though_children_share_them() -> None:
    text = "\n\n".join(f"TOPIC {at}:\n" + f"Torsemide number {at} was given. " * 12 for at in range(9))
    pipeline = Pipeline(embed=Hashing(), chunk=Parents(size=10, parent="window", parent_size=60), rerank=Keep(top=4))
    index = pipeline.prepare([Document("a.txt", text)], Artifacts())
    found = pipeline.search("torsemide", index)
    assert len(found.found) > 8 and len(found.hits) == 4
