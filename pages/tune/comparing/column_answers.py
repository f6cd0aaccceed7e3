"""The answer of each column, with what stands in it alone marked; one that failed or was stopped says so in its place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import streamlit as st

from pages.shared.computed import answering, kept_answer, retrieved
from pages.shared.findings import count
from pages.shared.sources import answer_view
from pages.shared.state import current_filter, project
from pages.shared.text_view import plain
from pages.tune.answering.asking import SWIFT, listened
from pages.tune.answering.changes import same
from pages.tune.comparing.comparison import GAP
from pages.tune.settings.costs import usage_line
from rag.errors import ModelProblem, WorkbenchError
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.stages.verify import tally
from rag.values import Answer, Hit, Span

FAILED = "compare-failures"
STOPPED = "Stopped before the answer was there."


@dataclass(frozen=True)
class Marks:
    """What one column has that no other has: statements by their text, passages by their place."""

    statements: frozenset[str]
    passages: frozenset[Span]


def column_answers(
    pipelines: Sequence[Pipeline], question: str, only_different: bool
) -> tuple[list[Answer | None], list[tuple[Hit, ...]]]:
    """Draws every column's answer, with what differs marked; returns the answers and the passages of each column."""
    columns = st.columns(len(pipelines), gap=GAP)
    answers: list[Answer | None] = []
    hits: list[tuple[Hit, ...]] = []
    early = []
    for at, (column, pipeline) in enumerate(zip(columns, pipelines, strict=True)):
        with column:
            early.append(st.empty())
            answer, found = column_answer(at, pipeline, question)
            answers.append(answer)
            hits.append(found)
            if answer is not None and any(map(_asks_a_model, pipelines[at + 1 :])):
                early[at].text(answer.text)  # Something to read while the next column waits for its model.
    for place in early:
        place.empty()
    marks = differences(answers)
    common = common_statements(answers) if only_different else frozenset()
    for at, (column, answer) in enumerate(zip(columns, answers, strict=True)):
        if answer is not None:
            with column:
                result_column(at, answer, marks[at], common)
                usage_line(answer, pipelines[at])
    return answers, hits


def column_answer(at: int, pipeline: Pipeline, question: str) -> tuple[Answer | None, tuple[Hit, ...]]:
    """A column's answer and its passages. Where there is no answer, the reason is drawn and the passages found are returned.

    A failure is kept until it is tried again: otherwise every look at the page would wait for a dead model.
    """
    failed: dict[str, list[str]] = st.session_state.setdefault(FAILED, {})
    key = fingerprint(pipeline.to_json(), question, repr(current_filter()))
    if key not in failed:
        try:
            answer = kept_answer(pipeline, question, current_filter()) or _waited(at, pipeline, question, key)
            return answer, answer.hits
        except WorkbenchError as problem:
            failed[key] = [str(problem), uuid4().hex if isinstance(problem, ModelProblem) else ""]
    why, attempt = failed[key]
    st.error(plain(why))
    st.button("Try again", key=f"compare-again-{at}", on_click=lambda: failed.pop(key, None))
    found: tuple[Hit, ...] = ()
    if attempt:
        found = project().artifacts.remembered(attempt, lambda: retrieved(pipeline, question), "failed", 32)
    if found:
        st.caption(f"{count(len(found), 'passage')} found; no answer was written.")
    return None, found


def _asks_a_model(pipeline: Pipeline) -> bool:
    return any(getattr(pipeline, stage).kind not in SWIFT for stage in ("expand", "rerank", "answer"))


def _waited(at: int, pipeline: Pipeline, question: str, key: str) -> Answer:
    """Asks, shows what is written so far and, where a model is asked, a button that stops this column alone."""
    place = st.empty()
    failed: dict[str, list[str]] = st.session_state[FAILED]
    try:
        with place.container():
            if _asks_a_model(pipeline):
                stop = ":material/stop:"
                st.button("Stop", icon=stop, key=f"compare-stop-{at}", on_click=lambda: failed.update({key: [STOPPED, ""]}))
            with st.spinner("Waiting for the answer…", show_time=True):
                return listened(answering(pipeline, question), st.empty().text)
    finally:
        place.empty()


def differences(answers: Sequence[Answer | None]) -> list[Marks]:
    """For each answer what stands in it alone; a passage counts as the same where it overlaps one of another column."""
    marks = []
    for at, answer in enumerate(answers):
        others = [other for place, other in enumerate(answers) if other is not None and place != at]
        if answer is None or not others:
            marks.append(Marks(frozenset(), frozenset()))
            continue
        said = {claim.text for other in others for claim in other.claims}
        found = [hit.chunk.span for other in others for hit in other.hits]
        marks.append(
            Marks(
                frozenset(claim.text for claim in answer.claims) - said,
                frozenset(h.chunk.span for h in answer.hits if not any(same(h.chunk.span, span) for span in found)),
            )
        )
    return marks


def result_column(at: int, answer: Answer, marks: Marks, common: frozenset[str]) -> None:
    """A column's answer with its citation check; statements in `common` are left out."""
    shown = replace(answer, claims=tuple(claim for claim in answer.claims if claim.text not in common))
    hidden = len(answer.claims) - len(shown.claims)
    if answer.scope.notes:
        st.caption(f":material/person_search: {plain(' · '.join(answer.scope.notes))}")
    answer_view(shown, f"compare-answer-{at}", marks.statements)
    if hidden:
        st.caption(f"{count(hidden, 'statement')} that every column makes {'is' if hidden == 1 else 'are'} hidden.")
    about = [
        "" if answer.refused else tally(answer.claims),
        f"confidence {answer.confidence:.2f}",
        f"only here: {count(len(marks.statements), 'statement')} (tinted), {count(len(marks.passages), 'passage')}",
        f"{sum(answer.ms.values()):.0f} ms",
    ]
    st.caption(" · ".join(filter(None, about)))


def common_statements(answers: Sequence[Answer | None]) -> frozenset[str]:
    """The statements that every column with an answer makes, where there are two such columns or more."""
    said = [frozenset(claim.text for claim in answer.claims) for answer in answers if answer is not None]
    return frozenset.intersection(*said) if len(said) > 1 else frozenset()
