"""Versions of the prompt: each text that was applied, what differs between two of them, and the way back to one."""

import time
from typing import Any

import streamlit as st
from pydantic import ValidationError

from pages.prepare.reading.document_view import day_of
from pages.shared.computed import prepared
from pages.shared.findings import count
from pages.shared.state import keyed, open_pipeline, pipeline_of, state
from pages.shared.text_view import plain, text_view
from pages.tune.answering.changes import line_blocks
from rag.pipeline import UNIONS, Pipeline, problems
from rag.stage import options
from rag.stages.prompt import Prompter
from rag.stages.prompt.base import written_types
from rag.stages.prompt.changes import changed_messages, changed_texts, texts_of, told
from rag.values import Answer, Prompt

KEPT = "prompts"
MOST = 40
FIELDS = {"system": 150, "template": 150, "examples": 90, "by_type": 90}  # The height of each box.
TEXTS, SENT = "The texts", "The sent prompt"


def note(prompt: Prompter) -> None:
    """Remembers the texts of the prompt in force as a version, unless they are one already."""
    kept = state().setdefault(KEPT, [])
    texts = texts_of(prompt)
    if not any(version["texts"] == texts for version in kept):
        number = kept[-1]["number"] + 1 if kept else 1
        state()[KEPT] = [*kept, {"number": number, "at": time.time(), "texts": texts}][-MOST:]


def with_texts(prompt: Prompter, texts: dict[str, str]) -> Prompter:
    """The prompt with other texts; budget, order and marking stay. Raises ValidationError."""
    values = {**prompt.model_dump(), **texts}
    found: Any = options(UNIONS["prompt"])[values["kind"]].model_validate(values)
    return found


def use(texts: dict[str, str]) -> None:
    """Puts these texts in force. Other settings that were changed and not applied yet stay as they are."""
    for field in ("applied", "pipeline"):
        pipeline = pipeline_of(state()[field])
        open_pipeline(pipeline.model_copy(update={"prompt": with_texts(pipeline.prompt, texts)}), field)


def sent(pipeline: Pipeline, texts: dict[str, str], answer: Answer) -> Prompt:
    """What would be sent with these texts, for the passages of an answer."""
    prompt = with_texts(pipeline.prompt, texts)
    return pipeline.answer.phrased(prompt(answer.question, list(answer.hits), prepared(pipeline).documents))


def versions_view(answer: Answer, pipeline: Pipeline, key: str = "versions") -> None:
    """The version in force, a form that makes the next one, and the difference of any two with the way back."""
    note(pipeline.prompt)
    versions = {version["number"]: version for version in state()[KEPT] if _readable(pipeline.prompt, version["texts"])}
    texts = texts_of(pipeline.prompt)
    now = next(number for number, version in versions.items() if version["texts"] == texts)
    st.markdown(f"**Version {now}** is in force · {count(len(versions), 'version')} kept")
    _form(pipeline.prompt, f"{key}-{now}")
    if len(versions) == 1:
        st.caption("Each text that is applied, here or under *Settings*, is kept as a version that can be compared.")
        return
    numbers = list(versions)
    before = numbers[max(numbers.index(now) - 1, 0)] if now != numbers[0] else numbers[1]
    label = {number: _label(version, versions, now) for number, version in versions.items()}
    left, right = st.columns(2)
    first = left.selectbox("Version", numbers, numbers.index(before), format_func=label.__getitem__, key=f"{key}-first-{now}")
    second = right.selectbox("against", numbers, numbers.index(now), format_func=label.__getitem__, key=f"{key}-second-{now}")
    with st.container(horizontal=True):
        shown = st.segmented_control(
            "Difference of", [TEXTS, SENT], default=TEXTS, required=True, key=f"{key}-view", label_visibility="collapsed"
        )
        for number in dict.fromkeys((first, second)):
            if number != now:
                back = f"Go back to version {number}"
                st.button(
                    back, icon=":material/undo:", key=f"{key}-back-{number}", on_click=use, args=(versions[number]["texts"],)
                )
    one, other = versions[first]["texts"], versions[second]["texts"]
    if shown == TEXTS:
        changed = changed_texts(with_texts(pipeline.prompt, one), with_texts(pipeline.prompt, other))
        size = ""
    else:
        old, new = sent(pipeline, one, answer), sent(pipeline, other, answer)
        changed = [(f"{role} message", lines) for role, lines in changed_messages(old, new)]
        size = f" · {old.tokens:,} → {new.tokens:,} tokens · {len(old.sources)} → {len(new.sources)} sources"
    what = "Sent for this question" if shown == SENT else "Texts"
    st.caption(f"{what}, version {first} → {second}: {plain(told(changed)) or 'the same'}{size}")
    if changed:
        text_view(line_blocks(changed), f"{key}-text", 420)


def _readable(prompt: Prompter, texts: dict[str, str]) -> bool:
    """Whether a version fits the prompts of today; a session may be older than they are."""
    try:
        with_texts(prompt, texts)
    except (ValidationError, KeyError):
        return False
    return True


def _label(version: dict[str, Any], versions: dict[int, dict[str, Any]], now: int) -> str:
    """A version in a menu: its number, when it was applied first, what it changed against the one before."""
    number = version["number"]
    before = versions.get(number - 1)
    edited = [name.replace("_", " ") for name, text in version["texts"].items() if before and before["texts"][name] != text]
    words = f"{', '.join(edited)} edited" if edited else "the first" if number == 1 else "the oldest kept"
    return f"{number}{' · in force' if number == now else ''} · {day_of(version['at'])} · {words}"


def _form(prompt: Prompter, key: str) -> None:
    """The texts in wide boxes; what is applied here becomes the next version."""
    with st.expander("Edit the texts", icon=":material/edit:"), st.form(f"{key}-form", border=False):
        values = {**prompt.model_dump(), "by_type": written_types(prompt.by_type)}
        edited = {
            name: st.text_area(
                name.replace("_", " ").capitalize(),
                values[name],
                height=height,
                key=keyed(f"{key}-edit-{name}"),
                help=type(prompt).model_fields[name].description,
            )
            for name, height in FIELDS.items()
        }
        if not st.form_submit_button("Apply as a new version", type="primary"):
            return
    texts = {"kind": prompt.kind, **edited}
    try:
        with_texts(prompt, texts)
    except ValidationError as error:
        st.error(plain(f"Not applied: {problems(error)}"))
        return
    use(texts)
    st.rerun()
