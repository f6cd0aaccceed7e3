"""Judging an answer: thumbs with a reason, and a test case made of it, which *compare* can run."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from pages.shared.findings import count
from pages.shared.places import place_of, stands
from pages.shared.question_set import CHOSEN as SET_CHOSEN
from pages.shared.sources import chosen_evidence
from pages.shared.state import project, state
from pages.shared.text_view import plain
from rag.clinical.statements import shown
from rag.errors import WorkbenchError
from rag.evaluate.made import KIND, NAME, cases_in, with_case
from rag.pipeline import Pipeline
from rag.pipeline.explain import places_near, places_of
from rag.stage import fingerprint
from rag.values import Answer, Span

REASONS = {
    "first": "The first statement does not answer",
    "more": "Something is missing",
    "whose": "Another patient or edition is meant",
    "refuse": "It should have been refused",
    "answer": "It should not have been refused",
}
LONGEST, MOST = 110, 8
CHANGED = "A document that this answer cites has changed or gone meanwhile. Ask again, then judge."


def judging(answer: Answer, pipeline: Pipeline) -> None:
    """Thumbs up and down, and a test case of this answer; both are kept in the workspace."""
    key = fingerprint("judged", answer.question, answer.text, pipeline.to_json())[:12]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Is this right?", width="content")
        thumb = st.feedback("thumbs", key=f"judge-{key}", width="content")
        with st.popover("Make it a test case", icon=":material/fact_check:", width="content"):
            _case(answer, key)
    if thumb is not None:
        _judged(answer, pipeline, thumb == 1, key)


def _judged(answer: Answer, pipeline: Pipeline, right: bool, key: str) -> None:
    """Keeps a judgement, with its reasons where the answer is not right."""
    reasons: list[str] = []
    words = ""
    if not right:
        name = REASONS.__getitem__
        reasons = st.pills("Why?", list(REASONS), selection_mode="multi", format_func=name, key=f"judge-why-{key}", wrap=True)
        words = st.text_input("In your words", max_chars=500, key=f"judge-words-{key}", placeholder="optional")
    told: dict[str, Any] = {"question": answer.question, "right": right, "reasons": reasons, "words": words}
    told |= {
        "statements": _statements(answer),
        "outcome": answer.outcome,
        "deferred": [one.rule for one in answer.deferred],
        "pipeline": pipeline.to_json(),
    }
    if not all(stands(cited) for claim in answer.claims for cited in claim.citations):
        st.warning(CHANGED)
        return
    if st.session_state.get(f"judged-{key}") != (now := fingerprint(json.dumps(told))):
        st.session_state[f"judged-{key}"] = now
        project().saved.put("judgement", json.dumps({**told, "at": datetime.now(UTC).isoformat(timespec="seconds")}), key)
    st.caption("Kept in the workspace." if right else "Kept in the workspace. Make it a test case to say what is right.")


def _statements(answer: Answer) -> list[dict[str, Any]]:
    """The statements with the places that they cite; where one cites none, those of all passages that it may come from."""
    sources = [hit.chunk.span for hit in answer.prompt.sources]
    cited = [[one.span for one in claim.citations] or sources for claim in answer.claims]
    return [
        {"text": claim.text, "cited": [asdict(span) for span in spans]} for claim, spans in zip(answer.claims, cited, strict=True)
    ]


def _case(answer: Answer, key: str) -> None:
    """The form of a test case: the question, what answers it, and where that stands."""
    saved = st.container()  # At the top, where it is in sight.
    question = st.text_input("Question", answer.question, key=f"case-question-{key}")
    selected = _selected(key)
    refused = answer.refused and selected is None
    none = st.toggle("The documents hold no answer", refused, key=f"case-none-{key}-{bool(selected)}")
    evidence: list[Span] = []
    expected = ""
    if not none:
        evidence, expected = _evidence(answer, key, selected)
    if st.button("Save", type="primary", key=f"case-save-{key}", disabled=not (none or evidence)):
        try:
            found = project()
            made = with_case(
                found.saved.get(KIND, NAME) or "", question, expected, evidence, {d.name: d for d in found.shelf.documents}
            )
            found.saved.put(KIND, made, NAME)
        except WorkbenchError as problem:
            st.error(plain(str(problem)))
        else:
            st.session_state[f"case-saved-{key}"] = cases_in(made)
    if held := st.session_state.get(f"case-saved-{key}"):
        saved.success(f"Saved. “{NAME}” holds {count(held, 'question')}.")
        if saved.button("Open it on Compare", icon=":material/compare:", key=f"case-open-{key}"):
            state()["compare view"] = "A set of questions"
            state()[SET_CHOSEN] = {"name": NAME}
            st.session_state.pop("compare-view", None)
            state()["revision"] += 1  # The choices there show it.
            st.switch_page("pages/tune/compare.py")


def _evidence(answer: Answer, key: str, selected: Span | None) -> tuple[list[Span], str]:
    """The passages that a person says answer, and the answer that is expected."""
    st.caption("What answers it")
    chosen: list[Span] = []
    texts: list[str] = []
    for at, claim in enumerate([one for one in answer.claims if all(map(stands, one.citations))][:MOST]):
        told = shown(claim.text)
        first = claim.role == "answer" and not (at or selected)
        if st.checkbox(_short(told), first, key=f"case-claim-{key}-{at}-{bool(selected)}"):
            chosen += [cited.span for cited in claim.citations]
            texts.append(told)
    if selected:
        text = project().shelf.document(selected.document).text[selected.start : selected.end]  # type: ignore[union-attr]
        label = f"Selected in {plain(place_of(selected))}: {_short(text)}"
        if st.checkbox(label, True, key=f"case-selected-{key}-{selected.start}"):
            chosen.append(selected)
            texts.append(shown(text))
    label, hint = "Or: words of the right passage", "Paste it from the document"
    about = "Or open a source, select them under *Text* and press *Use them in a test case*."
    words = st.text_input(label, key=f"case-words-{key}", placeholder=hint, help=about)
    if words.strip():
        documents = project().shelf.documents
        places = places_of(words, documents) or places_near(words, documents)
        if not places:
            st.warning("No document holds most of these words close together.")
        else:
            names = [f"{place_of(place)}, characters {place.start:,} to {place.end:,}" for place in places]
            at = st.selectbox("Where", range(len(names)), format_func=names.__getitem__, key=f"case-place-{key}") or 0
            place = places[min(at, len(places) - 1)]
            text = next(document.text for document in documents if document.name == place.document)
            chosen.append(place)
            texts.append(shown(text[place.start : place.end]))
    told = " ".join(texts)
    expected = st.text_area("Expected answer", told, key=f"case-expected-{key}-{fingerprint(told)[:8]}", height=80)
    return list(dict.fromkeys(chosen)), expected


def _selected(key: str) -> Span | None:
    """What was selected in a document for the answer of this key, as long as the document is there."""
    if (found := chosen_evidence()) is not None:
        st.session_state[f"case-evidence-{key}"] = found
    kept: Span | None = st.session_state.get(f"case-evidence-{key}")
    document = project().shelf.document(kept.document) if kept else None
    return kept if kept and document and kept.end <= len(document.text) else None


def _short(text: str) -> str:
    """A text on one line of the form."""
    told = " ".join(text.split())
    return plain(told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…")
