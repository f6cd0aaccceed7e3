"""Why a passage has its rank: its terms with their weights, the sum that joins terms and vectors, the token matches."""

import streamlit as st

from pages.shared.computed import prepared
from pages.shared.layers import Stretch, drawn
from pages.shared.state import current_filter, state
from pages.shared.tables import table_of
from pages.shared.text_view import Block, Part, plain, text_view
from rag.pipeline import Pipeline
from rag.pipeline.explain import Sum, fusion, nth, row_behind, term_weights
from rag.stages.index.base import Index
from rag.stages.rerank.late import LateInteraction, matches
from rag.values import Answer, Chunk, Hit

PAIRS = 12


def explained(hit: Hit | None, answer: Answer, pipeline: Pipeline, key: str) -> None:
    """A switch, which stays as it was set, and the explanation of a hit where it is on."""
    if hit is None:
        return
    about = "The words, vectors and sums that put it where it stands"
    state()["explain"] = st.toggle("Explain its rank", state()["explain"], key=key, help=about)
    if state()["explain"]:
        explanation(hit, answer, pipeline, key)


def explanation(hit: Hit, answer: Answer, pipeline: Pipeline, key: str) -> None:
    """A hit's scores taken apart."""
    index = prepared(pipeline)
    row = row_behind(hit, answer.query, index)
    if row is None:
        st.info("This passage is no longer in the index, so its scores cannot be taken apart.")
        return
    st.caption("Steps: " + " → ".join(f"{step.name} {step.score:.3f} ({nth(step.rank)})" for step in hit.steps))
    _terms(answer, row, index, key)
    made = fusion(pipeline.retrieve, answer.query, row, index, current_filter())
    if made:
        _sum(made, pipeline.retrieve.kind, answer)
    if isinstance(pipeline.rerank, LateInteraction):
        _matches(answer.question, index.chunks[row], index, key)


def _terms(answer: Answer, row: int, index: Index, key: str) -> None:
    weights = term_weights(answer.query, row, index)
    if not weights:
        st.caption("**Terms**: it shares no word with the question; it was found by its meaning alone.")
        return
    total = sum(one.score for one in weights)
    st.caption(f"**Terms** (BM25): rarity × frequency × weight, added up to {total:.3f}")
    frame = table_of(
        [
            {
                "Word": one.word,
                "Adds": one.score,
                "Rarity": one.idf,
                "Frequency": one.frequency,
                "Weight": one.weight,
                "Times in it": one.count,
            }
            for one in weights
        ]
    )
    most = max(one.score for one in weights)
    columns = {
        "Adds": st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=most, color="primary"),
        "Rarity": st.column_config.NumberColumn(
            format="%.3f", help="Inverse document frequency: high where few passages hold it"
        ),
        "Frequency": st.column_config.NumberColumn(
            format="%.3f", help="From 0 to 1: grows with its count in the passage, less in a long one"
        ),
        "Weight": st.column_config.NumberColumn(format="%.2f", help="1 for a word of the question, less for an added one"),
    }
    st.dataframe(frame, hide_index=True, key=f"{key}-terms", column_config=columns)


def _sum(made: Sum, kind: str, answer: Answer) -> None:
    weighed = kind == "convex"
    values = (f"{part.share:.2f} × {part.value:.3f}" if weighed else f"{part.value:.4f}" for part in made.parts)
    parts = " + ".join(f"{value} ({part.label})" for value, part in zip(values, made.parts, strict=True))
    fade = f", times {made.fade:.3f} for its age" if made.fade != 1 else ""
    scale = " Each is scaled to 0..1 over all passages found." if weighed else ""
    further = " The further texts of the query are joined to it by rank." if answer.query.texts else ""
    st.caption(f"**Fusion** ({kind}): {plain(parts)}{fade} = {made.total:.{3 if weighed else 4}f}.{scale}{further}")


def _matches(question: str, chunk: Chunk, index: Index, key: str) -> None:
    """The best match of every token of the question, as pairs and marked in the passage."""
    found = matches(question, chunk, index)
    st.caption(
        "**Token matches**: each token of the question with its nearest in the passage, by cosine; their mean is what counts. "
        "Those whose nearest stands in the title or section are not shown."
    )
    pairs: list[Part] = []
    for one in sorted(found, key=lambda one: -one.cosine)[:PAIRS]:
        pairs += [
            {"text": one.token, "look": "even"},
            {"text": " → "},
            {"text": chunk.text[slice(*one.passage)], "look": "matched"},
            {"text": f" {one.cosine:.2f}", "look": "label"},
            {"text": "  ", "look": "gap"},
        ]
    marks = [Stretch(*one.passage, "matched", f"{one.token} {one.cosine:.2f}") for one in found]
    blocks: list[Block] = [{"parts": pairs, "look": "legend"}, {"parts": drawn(chunk.text, 0, len(chunk.text), marks)}]
    text_view(blocks, f"{key}-matches")
