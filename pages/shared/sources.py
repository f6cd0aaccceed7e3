"""Quoted text and its source: an answer with its citations, a passage in its document, the page image with its mark."""

import streamlit as st

from pages.shared.differing import conflicts_view, deferral_line
from pages.shared.flags import flag_stretches, warning_of
from pages.shared.layers import Stretch, drawn
from pages.shared.places import page_told
from pages.shared.state import open_source, opened, project
from pages.shared.statements import place, statements_view
from pages.shared.text_view import Block, Button, Part, plain, selectable_text, text_view
from rag.clinical.statements import shown
from rag.documents.page_image import page_image
from rag.stage import fingerprint
from rag.stages.answer.outcome import told
from rag.values import Answer, Citation, Document, Span

AROUND = 6000
BEFORE = "… "
EVIDENCE = "evidence chosen"
PAGES_KEPT = 64


def answer_view(answer: Answer, key: str, novel: frozenset[str] = frozenset()) -> None:
    """What became of the question, and whether a person must look; then every statement, with buttons to open its citations."""
    outcome_line(answer)
    deferral_line(answer)
    conflicts_view(answer, key)
    if answer.claims:
        statements_view(answer.claims, key, lambda cited: _cited_warning(answer, cited), novel)
    if answer.nearest and text_view([_nearest_block(answer, answer.nearest)], f"{key}-nearest"):
        open_source(answer.nearest.span)
    if answer.notice and not answer.refused:
        st.caption(plain(answer.notice))
    if answer.withheld:
        with st.expander("What the model said and no source carries", icon=":material/block:"):
            told: list[Block] = [{"parts": [{"text": one.text}], "look": "quiet", "note": one.reason} for one in answer.withheld]
            text_view(told, f"{key}-withheld")


def outcome_line(answer: Answer) -> None:
    """In a line what became of the question."""
    words = plain(told(answer))
    if answer.outcome == "answered":
        st.caption(words)
    elif answer.outcome == "partial":
        st.info(words, icon=":material/rule:")
    else:
        st.warning(words, icon=":material/help:" if answer.refused else ":material/compare_arrows:")


def _nearest_block(answer: Answer, nearest: Citation) -> Block:
    """The sentence nearest to an answer, which is none."""
    parts: list[Part] = [{"text": "Possibly, not an answer: ", "look": "label"}, {"text": shown(nearest.quote)}]
    where = place(project().shelf.document(nearest.span.document), nearest)
    button: Button = {"label": where, "value": "open", "hint": "Open this passage in its document"}
    return {"parts": parts, "buttons": [button], "look": "quiet", "warning": _cited_warning(answer, nearest)}


def _cited_warning(answer: Answer, cited: Citation) -> str:
    """The warning on a citation, or on the passage that it was taken from."""
    sources = answer.prompt.sources
    passage = sources[cited.source - 1].chunk.span if 0 < cited.source <= len(sources) else cited.span
    own, around = warning_of(cited.span), warning_of(passage)
    return own or around.replace("⚠ holds", f"⚠ source {cited.source}, from which this is cited, holds")


def show_opened(choosing: bool = False) -> None:
    """Opens the passage that was asked for in this run, over the page; `choosing` where evidence may be selected in it."""
    span = opened()
    if span is not None:
        _source(span, choosing)


def chosen_evidence() -> Span | None:
    """The words that were selected in an opened document as what answers, once."""
    found = st.session_state.pop(EVIDENCE, None)
    return Span(*found) if found else None


@st.dialog("Source", width="large")
def _source(span: Span, choosing: bool) -> None:
    document = project().shelf.document(span.document)
    if document is None:
        st.warning(f"{plain(span.document)} was removed. Upload it again to read this passage.")
        return
    page = document.page_at(span.start)
    facts = [document.title, " › ".join(document.path_at(span.start)), document.date or ""]
    facts.append(page_told(document, span.start))
    facts.append(f"characters {span.start:,} to {span.end:,}")
    st.caption(plain(" · ".join(fact for fact in facts if fact)))
    near = Span(span.document, max(0, span.start - AROUND), span.end + AROUND)
    warning = warning_of(span) or warning_of(near)
    if warning:
        place = "This passage" if warning_of(span) else "The text around this passage"
        st.warning(plain(f"{place} {warning.removeprefix('⚠ ')}. Read it as data, and do nothing that it says."))
    views = ["Page", "Text"] if page and document.format == "pdf" else ["Text"]
    view = st.segmented_control("View", views, default=views[0], key="source-view", label_visibility="collapsed", required=True)
    if view == "Page" and page:
        _page(document, page.number, document.text[span.start : span.end])
    elif choosing:
        _choice(document, span)
    else:
        marked_text(document, span, "source-text", 480)


def _choice(document: Document, span: Span) -> None:
    """The text of a passage, with a button that makes what is selected in it the evidence of a test case."""
    place = st.container(horizontal=True, vertical_alignment="center")
    parts, low = _marked(document, span)
    found = selectable_text(parts, f"source-text-{span.start}-{span.end}", 480)
    words = within(document, low, found) if found else None
    with place:
        told = f"{words.end - words.start:,} characters selected." if words else "Select the words that answer to test for them."
        st.caption(told, width="content")
        if words and st.button("Use them in a test case", icon=":material/fact_check:", key="source-evidence"):
            st.session_state[EVIDENCE] = [words.document, words.start, words.end]
            st.toast("Chosen. *Make it a test case* below the answer holds them.")
            st.rerun()


def within(document: Document, low: int, selected: tuple[int, int]) -> Span | None:
    """The characters of a document that were selected in its text drawn from `low` on, without blanks around; None if no others.

    Before a text that does not begin with the document stands the mark that says so.
    """
    drawn_from = low - len(BEFORE) if low else 0
    start, end = (min(max(drawn_from + at, low), len(document.text)) for at in selected)
    text = document.text[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    return Span(document.name, start, end) if start < end else None


def _page(document: Document, number: int, quote: str) -> None:
    data = project().shelf.original(document.name)
    if data is None:
        st.info("The file itself is not kept; read the passage under Text.")
        return
    try:
        key = fingerprint("page", document.key, str(number), quote)
        image, found = project().artifacts.remembered(key, lambda: page_image(data, number, quote), "pages", PAGES_KEPT)
    except ValueError as problem:
        st.warning(f"The page image cannot be drawn: {problem}. Read the passage under Text.")
        return
    if not found:
        st.caption("The passage could not be located on the page image; it is marked under Text.")
    st.image(image, width="stretch", alt=f"Page {number} of {document.name} with the passage marked")


def marked_text(document: Document, span: Span, key: str, height: int) -> None:
    """A document's text around a passage, which is marked and scrolled to."""
    text_view([{"parts": _marked(document, span)[0]}], key, height)


def _marked(document: Document, span: Span) -> tuple[list[Part], int]:
    """A document's text around a passage, which is marked, and the character with which it begins."""
    low, high = max(0, span.start - AROUND), min(len(document.text), span.end + AROUND)
    around = Span(document.name, low, high)
    parts: list[Part] = [
        {"text": BEFORE if low else ""},
        *drawn(document.text, low, high, [*flag_stretches(around), Stretch(span.start, span.end, "mark")]),
        {"text": " …" if high < len(document.text) else ""},
    ]
    return parts, low
