"""A question set asked in all columns: what is there already, what is missing, and the run that can be stopped."""

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Any

import streamlit as st

from pages.shared.compare.comparison import letter
from pages.shared.findings import count
from pages.shared.settings.costs import money
from pages.shared.state import current_filter, prepared, workspace
from pages.shared.text_view import plain
from rag.errors import WorkbenchError
from rag.evaluate.card import Row, run, unasked
from rag.explain.expense import expenses_of_set
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.values import Case, Filter, Usage

KEPT = 20_000
HEARTBEAT = 0.25  # Seconds after which the bar moves and a press of Stop takes hold.
FAILED = "compare-failed"
Rows = list[list[Row | None]]  # For each case what each column made of it; None where it was not asked yet.


def run_through(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> Rows:
    """What every column made of every case, with the button that asks what was not asked yet."""
    keys = _keys(cases, pipelines)
    rows = _kept(cases, keys)
    failed = sum(bool(row.error) for line in rows for row in line if row)
    missing = sum(row is None for line in rows for row in line) + failed
    where = f"{count(len(cases), 'question')} in {len(pipelines)} columns"
    label = f"Run {where}" if missing == len(cases) * len(pipelines) else f"Run the {count(missing, 'answer')} still missing"
    if failed and failed == missing:
        label = f"Try the {count(failed, 'failed answer')} again"
    for at, pipeline in enumerate(pipelines):
        waiting = sum(line[at] is None or bool(line[at].error) for line in rows)  # type: ignore[union-attr]
        if waiting:
            _tell_costs(at, pipeline, waiting)
    if current_filter() != Filter():
        st.caption("The filter of the Ask page holds here too.")
    pressed = missing and st.button(label, type="primary", icon=":material/play_arrow:", key="compare-run")
    with st.container():  # Always there, so that the cards below keep their place, greyed, while a run goes on.
        if pressed:
            _ask(cases, pipelines, keys)
            st.rerun()
    if not missing:
        st.caption(f"{where}: all answered. A change to a column asks that column alone again.")
    return rows


def _tell_costs(at: int, pipeline: Pipeline, questions: int) -> None:
    """What a column would ask of chat models for so many questions, as far as it is known before."""
    documents, artifacts = workspace().documents, workspace().artifacts
    index = None
    if not pipeline.plan(documents, artifacts).work:
        index = pipeline.prepare(documents, artifacts)
    found = expenses_of_set(pipeline, questions, index)
    if not found:
        return
    total, times = sum((one.usage for one in found), Usage()), [one.seconds for one in found]
    tokens = f"about {total.sent:,} tokens sent and {total.received:,} received" if total.sent else ""
    seconds = None if None in times else sum(second for second in times if second is not None)
    time = "time not known yet" if seconds is None else f"about {_seconds(max(seconds, 1))}"
    prices = {one.stage: one.model.price for one in found}
    money_of = [money(total.cost, "set", "", about=True)] if "set" in prices.values() and total.sent else []
    money_of += dict.fromkeys(money(0.0, price, stage, about=True) for stage, price in prices.items() if price != "set")
    said = ", ".join(part for part in (tokens, time, *money_of) if part)
    st.caption(
        f":material/payments: Column {letter(at)} makes at most {count(total.calls, 'call')} of a chat model for "
        f"{count(questions, 'question')}: {plain(said)}."
    )


def _ask(cases: Sequence[Case], pipelines: Sequence[Pipeline], keys: list[list[str]]) -> None:
    """Asks case by case, the columns taking turns at being first.

    So a slow moment of the machine, and what the first column computes for the others, touches all columns alike.
    """
    artifacts, only = workspace().artifacts, current_filter()
    failed: dict[str, str] = st.session_state.setdefault(FAILED, {})
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    stop.button("Stop", icon=":material/stop:", key="compare-stop", width="stretch", help="What was answered before is kept")
    progress = bar.progress(0.0, text="Preparing the columns…")
    indexes: list[Any] = []
    for pipeline in pipelines:
        try:
            indexes.append(unasked(prepared(pipeline)))
        except WorkbenchError as problem:
            indexes.append(str(problem))
    turns = range(len(pipelines))
    order = [(number, (number + turn) % len(pipelines)) for number in range(len(cases)) for turn in turns]
    todo = [(number, at) for number, at in order if not artifacts.recall(keys[number][at])]
    started = seen = time.monotonic()
    for done, (number, at) in enumerate(todo):
        case, pipeline, index, key = cases[number], pipelines[at], indexes[at], keys[number][at]

        def show(done: int = done, at: int = at) -> None:
            spent = time.monotonic() - started
            left = f" · about {_seconds(spent / done * (len(todo) - done))} left" if done else ""
            text = f"{done:,} of {count(len(todo), 'answer')}, {_seconds(spent)}{left} · column {letter(at)} is asked"
            progress.progress(done / len(todo), text=text)

        def ask(case: Case = case, pipeline: Pipeline = pipeline, index: Any = index, key: str = key) -> Row:
            row = Row(case, error=index) if isinstance(index, str) else run(case, pipeline, index, only)
            if not row.error:
                artifacts.remembered(key, lambda: row, "scores", KEPT)
            return row

        if done == 0 or time.monotonic() - seen > HEARTBEAT:
            show()
            seen = time.monotonic()
        row = _meanwhile(ask, show)
        failed.pop(key, None)
        if row.error:
            failed[key] = row.error
    progress.empty()


def _meanwhile(ask: Callable[[], Row], show: Callable[[], None]) -> Row:
    """Asks in a thread of its own and shows again and again how far it is, so that Stop takes hold while a model writes.

    The answer that is being written then is kept once it is there.
    """
    result: Future[Row] = Future()

    def work() -> None:
        try:
            result.set_result(ask())
        except BaseException as problem:
            result.set_exception(problem)

    Thread(target=work, daemon=True).start()
    while True:
        try:
            return result.result(HEARTBEAT)
        except TimeoutError:
            show()


def _seconds(spent: float) -> str:
    return f"{spent:.0f} s" if spent < 90 else f"{spent / 60:.0f} min"


def _keys(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> list[list[str]]:
    documents, only = [document.key for document in workspace().documents], repr(current_filter())
    columns = [pipeline.key("verify", documents) for pipeline in pipelines]
    return [[fingerprint("score", column, only, repr(case)) for column in columns] for case in cases]


def _kept(cases: Sequence[Case], keys: list[list[str]]) -> Rows:
    artifacts, failed = workspace().artifacts, st.session_state.get(FAILED, {})

    def gone() -> Row:
        raise LookupError

    def row(case: Case, key: str) -> Row | None:
        if artifacts.recall(key):
            with contextlib.suppress(LookupError):
                found: Row = artifacts.remembered(key, gone, "scores", KEPT)
                return found
        return Row(case, error=failed[key]) if key in failed else None

    return [[row(case, key) for key in line] for case, line in zip(cases, keys, strict=True)]
