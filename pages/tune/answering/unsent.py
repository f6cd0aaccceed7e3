"""Where no answer came: why, what would mend it, the passages found and the prompt as it would have been sent."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from pages.shared.computed import unsent
from pages.shared.state import open_pipeline, pipeline_of, project, state
from pages.shared.text_view import plain
from pages.tune.answering.answers import hits_table, prompt_view
from pages.tune.answering.asking import NOT_SENT, Failure, forget_failures
from rag.pipeline import Pipeline
from rag.pipeline.titles import setting
from rag.stages.models.chat import ChatModel, prompt_tokens
from rag.values import Hit, Prompt

KEPT = 32
LEAST_ANSWER = 256  # Tokens below which no answer is worth its prompt.
VIEWS = ["Passages found", "Prompt not sent"]
Mend = tuple[str, str, dict[str, Any]]


def failure_view(failure: Failure, pipeline: Pipeline, alone: bool) -> None:
    """The error with its mends, and below it what is there without an answer; at once where it stands `alone`."""
    st.error(plain(failure.why))
    hits, prompt = project().artifacts.remembered(failure.attempt, lambda: unsent(pipeline, state()["asked"]), "failed", KEPT)
    with st.container(horizontal=True):
        if prompt is not None and failure.why.startswith(NOT_SENT):
            for at, (label, stage, changed) in enumerate(rooms(pipeline, prompt, hits)):
                build = ":material/build:"
                st.button(label, icon=build, key=f"room-{at}", on_click=_mend, args=(stage, changed), help="Then it is sent.")
        st.button("Try again", icon=":material/refresh:", key="ask-again", on_click=forget_failures)
    if prompt is None:
        return
    first = VIEWS[0] if alone else None
    view = st.segmented_control("What there is", VIEWS, default=first, key="unsent-view", label_visibility="collapsed")
    if view == VIEWS[0]:
        hits_table(hits, "unsent-hits")
    elif view == VIEWS[1]:
        prompt_view(prompt)


def rooms(pipeline: Pipeline, prompt: Prompt, hits: tuple[Hit, ...]) -> Iterator[Mend]:
    """Changes of one setting after which prompt and answer fit into the model's window: a label, the stage, its settings."""
    model = pipeline.answer
    if not isinstance(model, ChatModel) or not model.context:
        return
    tokens = prompt_tokens(prompt.messages)
    over = tokens + model.max_tokens - model.context
    budget = _budget(pipeline, hits, prompt, min(pipeline.prompt.budget, tokens) - over)
    if budget is not None:
        yield f"Lower {setting('prompt', 'budget')} to {budget:,}", "prompt", {"budget": budget}
    if model.context - tokens >= LEAST_ANSWER:
        yield (
            f"Lower {setting('answer', 'max_tokens')} to {model.context - tokens:,}",
            "answer",
            {"max_tokens": model.context - tokens},
        )
    window = 2 ** (tokens + model.max_tokens - 1).bit_length()
    yield f"Raise {setting('answer', 'context')} to {window:,}", "answer", {"context": window}


def _budget(pipeline: Pipeline, hits: tuple[Hit, ...], prompt: Prompt, first: int) -> int | None:
    """The highest budget of sources, about, with which the prompt fits; None where none of them does."""
    model, documents = pipeline.answer, {document.name: document for document in project().shelf.documents}
    assert isinstance(model, ChatModel)
    budget = first // 100 * 100
    while budget >= 200:
        smaller = pipeline.prompt.model_copy(update={"budget": budget})
        made = model.phrased(smaller(prompt.question, list(hits), documents))
        if made.sources and prompt_tokens(made.messages) + model.max_tokens <= model.context:
            return budget
        budget = min(budget - 100, int(budget * 0.9) // 100 * 100)
    return None


def _mend(stage: str, changed: dict[str, Any]) -> None:
    """Puts a mend in force, which sends the question. Other settings that were changed and not applied yet stay as they are."""
    for field in ("applied", "pipeline"):
        pipeline = pipeline_of(state()[field])
        own = getattr(pipeline, stage)
        values = {name: value for name, value in changed.items() if name in type(own).model_fields}
        open_pipeline(pipeline.model_copy(update={stage: own.model_copy(update=values)}), field)
