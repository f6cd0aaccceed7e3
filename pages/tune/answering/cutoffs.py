"""Two sliders that show which passages would fall off, drawn from the candidates at hand: nothing is computed again."""

from itertools import chain

import streamlit as st

from pages.shared.charts import cut_chart
from pages.shared.state import open_pipeline, state
from pages.shared.text_view import Block, text_view
from rag.pipeline import Pipeline
from rag.pipeline.titles import label
from rag.values import Answer, Hit

MOST = 200
WORDS = 12


def retrieved_score(hit: Hit, answer: Answer) -> float:
    """The score that the retriever gave a passage, whatever a reranker made of it."""
    own = (other.score for other in answer.found if hit.chunk.span.holds(other.chunk.span))
    around = (other.score for other in answer.found if other.chunk.span.holds(hit.chunk.span))
    return next(chain(own, around), hit.score)


def in_order(answer: Answer) -> list[tuple[Hit, float]]:
    """The passages in their final order, then the candidates behind them in the retriever's, each with the latter's score."""
    there = [hit.chunk.span for hit in answer.hits]
    behind = [hit for hit in answer.found if not any(span.holds(hit.chunk.span) for span in there)]
    return [(hit, retrieved_score(hit, answer)) for hit in (*answer.hits, *behind)][:MOST]


@st.fragment
def cutoffs(answer: Answer, pipeline: Pipeline, key: str) -> None:
    """The sliders, the chart, the list, and the button that writes both values into the settings."""
    ordered = in_order(answer)
    if not ordered:
        st.info("The retriever found nothing, so there is nothing to cut off.")
        return
    scores = [score for _, score in ordered]
    low, high = pipeline.retrieve.minimum, max(scores)
    left, right = st.columns(2)
    most = min(len(ordered), pipeline.retrieve.candidates)
    current = min(pipeline.rerank.top, most)
    top = left.slider(label("top"), 1, max(most, 2), current, key=f"{key}-top-{state()['revision']}")
    step = 10.0**-3 if high < 0.1 else 0.01
    minimum = right.slider(
        "Minimum score", 0.0, max(high, low + step), low, step, "%.3f", key=f"{key}-minimum-{state()['revision']}"
    )
    kept = kept_of(scores, top, minimum)
    cut_chart(scores, kept, [hit.chunk.span.document for hit, _ in ordered], top, minimum, f"{key}-chart")
    reranked = (
        f" The first {len(answer.hits)} stand as the reranker put them, the others as they were found; used, all are reranked."
    )
    reranked = "" if pipeline.rerank.kind == "keep" else reranked
    below = f" What scores below {low:g} was not handed on: lower the minimum and use it to see those passages." if low else ""
    st.caption(f"{sum(kept)} of {len(ordered)} candidates go into the prompt. Nothing is computed here.{reranked}{below}")
    moved = {
        "rerank": pipeline.rerank if top == current else pipeline.rerank.model_copy(update={"top": top}),
        "retrieve": pipeline.retrieve if minimum == low else pipeline.retrieve.model_copy(update={"minimum": round(minimum, 3)}),
    }
    if st.button("Use these settings", type="primary", key=f"{key}-use", disabled=(top, minimum) == (current, low)):
        open_pipeline(pipeline.model_copy(update=moved))
        st.rerun()
    text_view([_line(at, hit, score, kept[at - 1]) for at, (hit, score) in enumerate(ordered, 1)], f"{key}-list", 320)


def kept_of(scores: list[float], top: int, minimum: float) -> list[bool]:
    """For each passage in order whether it stays: among the first `top` of those that reach the minimum."""
    kept, number = [], 0
    for score in scores:
        number += score >= minimum
        kept.append(score >= minimum and number <= top)
    return kept


def _line(at: int, hit: Hit, score: float, kept: bool) -> Block:
    words = hit.chunk.text.split()
    text = " ".join(words[:WORDS]) + (" …" if len(words) > WORDS else "")
    return {
        "parts": [{"text": f"{at}. {hit.chunk.span.document}: "}, {"text": text, "look": "" if kept else "gone"}],
        "look": "" if kept else "quiet",
        "note": f"{score:.3f}",
    }
