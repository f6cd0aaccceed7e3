"""Why is this passage not there? A passage is picked or pasted; the stage that lost it is named with what would keep it."""

import streamlit as st

from pages.shared.computed import prepared
from pages.shared.frame import waiting_link
from pages.shared.places import page_of
from pages.shared.state import current_filter, project
from pages.shared.text_view import plain, text_view
from pages.tune.settings.history import use
from rag.pipeline import Pipeline
from rag.pipeline.explain import Verdict, places_near, places_of, where_lost
from rag.stage import fingerprint
from rag.stages.index.base import Index
from rag.values import Answer, Chunk, Span

WAY = {
    "released": "released",
    "filter": "let through by the filter",
    "retrieve": "found",
    "candidates": "among the candidates",
    "minimum": "above the minimum score",
    "rerank": "kept after reranking",
    "refuse": "not refused",
    "prompt": "in the prompt",
    "answer": "cited",
}
SHOWN = 90
MOST = 50


def missing_view(answer: Answer, pipeline: Pipeline, key: str) -> None:
    """The choice of a passage, the way that it went, and the button that would keep it."""
    st.caption("Pick a passage, or paste some of its words: you see at which step it was lost and which setting would keep it.")
    index = prepared(pipeline)
    pasted = st.text_input("Words of the passage", key=f"{key}-words", placeholder="Paste a sentence, or choose below")
    chunk = _pasted(pasted, index, key) if pasted.strip() else _picked(answer, index, key)
    if chunk is None:
        return
    with st.spinner("Looking where it was lost…"):
        verdict = where_lost(pipeline, answer, chunk, index, current_filter())
    st.markdown(_way(verdict))
    (st.success if not verdict.lost else st.warning)(plain(verdict.reason))
    if verdict.pipeline or verdict.only:
        st.button(
            verdict.mend[0].upper() + verdict.mend[1:],
            icon=":material/build:",
            type="primary",
            key=f"{key}-mend",
            on_click=use,
            args=(verdict.pipeline, verdict.only),
            help="The next step may still lose it; then that is told here.",
        )
    if verdict.lost == "released":
        waiting_link(1, "Decide about it on the Documents page")
    elif chunk.text:
        text_view([{"parts": [{"text": chunk.context}], "look": "quiet"}, {"parts": [{"text": chunk.text}]}], f"{key}-text", 260)


def _way(verdict: Verdict) -> str:
    """The steps that the passage passed, the one that lost it, and those that it never reached."""
    names = list(WAY)
    lost = names.index(verdict.lost) if verdict.lost else len(names)
    marks = [
        f":green[✓ {WAY[name]}]" if at < lost else f":red[**✗ {WAY[name]}**]" if at == lost else f":gray[{WAY[name]}]"
        for at, name in enumerate(names)
    ]
    return " → ".join(marks)


def _picked(answer: Answer, index: Index, key: str) -> Chunk | None:
    names = [entry.document.name for entry in project().shelf.entries]
    cited = [hit.chunk.span.document for hit in answer.hits]
    first = names.index(cited[0]) if cited and cited[0] in names else 0
    name = st.selectbox("Document", names, first, key=f"{key}-document")
    passages = [chunk for chunk in index.chunks if chunk.span.document == name]
    if name not in index.documents:
        return Chunk(Span(name, 0, 0), "")
    which = f"{key}-{fingerprint(name)}-at"
    at = st.selectbox("Passage", range(len(passages)), format_func=lambda at: _label(at, passages[at]), key=which)
    return passages[at] if at is not None and at < len(passages) else None


def _label(at: int, chunk: Chunk) -> str:
    return " · ".join(filter(None, (str(at + 1), page_of(chunk.span), " ".join(chunk.text.split())[:SHOWN])))


def _pasted(pasted: str, index: Index, key: str) -> Chunk | None:
    """The passage that holds most of the pasted words."""
    documents = [entry.document for entry in project().shelf.entries]
    places = places_of(pasted, documents)
    if not places:
        places = places_near(pasted, documents)
        if not places:
            st.info("No document holds most of these words close together. Paste a stretch as it stands in the document.")
            return None
        st.caption("Not word for word; these passages hold most of the words.")
    waiting = [place for place in places if place.document not in index.documents]
    found = [chunk for chunk in index.chunks if any(_shared(chunk, place) > 0 for place in places)]
    found.sort(key=lambda chunk: -max(_shared(chunk, place) for place in places))
    if not found:
        return Chunk(waiting[0], "") if waiting else _in_no_passage(places[0])
    if len(found) == 1:
        return found[0]
    names = [f"{chunk.span.document} · {_label(at, chunk)}" for at, chunk in enumerate(found[:MOST])]
    at = st.selectbox("Passages that hold it", range(len(names)), format_func=names.__getitem__, key=f"{key}-which")
    return found[at] if at is not None and at < len(found) else None


def _shared(chunk: Chunk, place: Span) -> int:
    if chunk.span.document != place.document:
        return 0
    return min(chunk.span.end, place.end) - max(chunk.span.start, place.start)


def _in_no_passage(place: Span) -> None:
    st.warning(plain(f"These words stand in {place.document}, but in none of its passages. Choose another chunker."))
