"""A question set asked in all columns: what is there, what is missing, and the run, which goes on in the background."""

import contextlib
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.shared.computed import index_made
from pages.shared.findings import count
from pages.shared.state import RUN, current_filter, keep, project, running, state
from pages.shared.text_view import plain
from pages.tune.comparing.comparison import letter
from pages.tune.settings.costs import money
from rag.errors import Cancelled, WorkbenchError
from rag.evaluate.card import Row, run, unasked
from rag.keep.artifacts import Artifacts
from rag.keep.jobs import Stand, Tell
from rag.pipeline import Pipeline
from rag.pipeline.explain.expense import expenses_of_set, time_of_set
from rag.pipeline.plan import duration
from rag.pipeline.titles import TITLES, title
from rag.stage import fingerprint
from rag.stages.index.base import Index
from rag.values import Case, Filter, Usage

KEPT = 20_000
FAILED = "failed scores"
PREPARING, ASKED = "Preparing the columns…", "ask: "
Rows = list[list[Row | None]]  # For each case what each column made of it; None where it was not asked yet.


def run_through(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> Rows:
    """What every column made of every case, with the button that asks what was not asked yet."""
    keys = _keys(cases, pipelines)
    here, jobs = fingerprint("set run", *itertools.chain(*keys)), project().artifacts.jobs
    runs = jobs.stand(here) is not None  # Before the answers are read: a run that ends in between has left them all.
    rows = _kept(cases, keys)
    failed = sum(bool(row.error) for line in rows for row in line if row)
    missing = sum(row is None for line in rows for row in line) + failed
    where = f"{count(len(cases), 'question')} in {len(pipelines)} columns"
    label = f"Run {where}" if missing == len(cases) * len(pipelines) else f"Run the {count(missing, 'answer')} still missing"
    if failed and failed == missing:
        label = f"Try the {count(failed, 'failed answer')} again"
    waiting = [sum(line[at] is None or bool(line[at].error) for line in rows) for at in range(len(pipelines))]  # type: ignore[union-attr]
    indexes = [_index_of(pipeline) if number else None for pipeline, number in zip(pipelines, waiting, strict=True)]
    if missing:
        st.caption(f":material/schedule: {plain(told_time(pipelines, waiting, indexes))}")
    for at, (pipeline, number) in enumerate(zip(pipelines, waiting, strict=True)):
        if number:
            _tell_costs(at, pipeline, number, indexes[at])
    if current_filter() != Filter():
        st.caption("The filter of the Ask page holds here too.")
    icon = ":material/play_arrow:"
    if missing and st.button(label, type="primary", icon=icon, key="compare-run", disabled=runs):
        if state().get(RUN) != here:
            _stop()
        state()[RUN] = here
        keep()  # The run is found again after a reload.
        runs = True
    with st.container():  # Always there, so that the cards below keep their place, greyed, while a run goes on.
        if runs:
            _asked(cases, pipelines, keys, here)
            st.rerun()
        if all(row is None for line in rows for row in line):  # In the place of the bar, so that it goes when a run begins.
            st.info("Press *Run*: every column answers every question, and gets a score card against the gold evidence.")
        _tell_other(here)
    if not missing:
        st.caption(f"{where}: all answered. A change to a column asks that column alone again.")
    return rows


def _tell_other(here: str) -> None:
    """Says that a run begun before the columns, the set or the filter were changed goes on, with a way to stop it."""
    stand = running()
    if stand is None or state()[RUN] == here:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        told = "The run that you began before the last changes goes on; its answers are kept"
        st.caption(f":material/hourglass_top: {told}: {_told(stand)}.", width="content")
        st.button("Stop it", icon=":material/stop:", type="tertiary", key="compare-stop-other", on_click=_stop)


def _stop() -> None:
    project().artifacts.jobs.stop(state().get(RUN, ""))


def _index_of(pipeline: Pipeline) -> Index | None:
    """The index that a column asks; None where it is not made yet."""
    documents, artifacts = project().shelf.documents, project().artifacts
    return None if pipeline.plan(documents, artifacts).work else pipeline.prepare(documents, artifacts)


def told_time(pipelines: Sequence[Pipeline], questions: Sequence[int], indexes: Sequence[Index | None]) -> str:
    """About how long a run takes that asks each column so many questions, by what its stages took before."""
    asked = [pipeline for pipeline, number in zip(pipelines, questions, strict=True) if number]
    found = [
        (letter(at), *(time_of_set(pipeline, number, index) if index else (None, ())))
        for at, (pipeline, number, index) in enumerate(zip(pipelines, questions, indexes, strict=True))
        if number
    ]
    known = {name: seconds for name, seconds, _ in found if seconds is not None}
    if not known:
        return "The run: time not known yet, since nothing was asked here before. It is told once the first answers are there."
    parts = [f"{name} {duration(known[name]) if name in known else 'not known yet'}" for name, *_ in found]
    whole = f"The run takes roughly {duration(sum(known.values()))}" + (f": {', '.join(parts)}" if len(parts) > 1 else "")
    apart = [
        f"{TITLES[stage]} of {name} ({title(stage, getattr(pipeline, stage).kind)})"
        for (name, seconds, stages), pipeline in zip(found, asked, strict=True)
        for stage in (stages if seconds is not None else ())
    ]
    return f"{whole}. Not counted, since never run here: {'; '.join(apart)}." if apart else f"{whole}."


def _tell_costs(at: int, pipeline: Pipeline, questions: int, index: Index | None) -> None:
    """What a column would ask of chat models for so many questions, as far as it is known before."""
    found = expenses_of_set(pipeline, questions, index)
    if not found:
        return
    total, times = sum((one.usage for one in found), Usage()), [one.seconds for one in found]
    tokens = f"about {total.sent:,} tokens sent and {total.received:,} received" if total.sent else ""
    seconds = None if None in times else sum(second for second in times if second is not None)
    time = "time not known yet" if seconds is None else f"roughly {duration(seconds)}"
    prices = {one.stage: one.model.price for one in found}
    money_of = [money(total.cost, "set", "", about=True)] if "set" in prices.values() and total.sent else []
    money_of += dict.fromkeys(money(0.0, price, stage, about=True) for stage, price in prices.items() if price != "set")
    said = ", ".join(part for part in (tokens, time, *money_of) if part)
    st.caption(
        f":material/payments: Column {letter(at)} makes at most {count(total.calls, 'call')} of a chat model for "
        f"{count(questions, 'question')}: {plain(said)}."
    )


def _asked(cases: Sequence[Case], pipelines: Sequence[Pipeline], keys: list[list[str]], run: str) -> None:
    """Waits for the run, begun now or under way; it goes on though the page is left, loaded anew or changed meanwhile."""
    jobs = project().artifacts.jobs
    line, stop = st.columns([6, 1], vertical_alignment="center")
    help = "What was answered before is kept. Without a press of Stop the run goes on, also while you are on another page."
    stop.button("Stop", icon=":material/stop:", key="compare-stop", width="stretch", help=help, on_click=jobs.stop, args=(run,))
    progress = line.progress(0.0, text=PREPARING)

    def show(step: str, done: int, total: int) -> None:
        stand = jobs.stand(run)
        if stand:
            progress.progress(done / max(total, 1), text=_told(stand))

    jobs.followed(run, _asking(cases, pipelines, keys), show, math.inf)
    progress.empty()


def _told(stand: Stand) -> str:
    """How far a run is, and about how long it will take."""
    if not stand.step.startswith(ASKED):
        return f"{PREPARING} {stand.step}".rstrip()
    left = f" · about {duration(stand.spent / stand.done * (stand.total - stand.done))} left" if stand.done else ""
    return f"{stand.done:,} of {count(stand.total, 'answer')}, {duration(stand.spent)}{left} · {stand.step.removeprefix(ASKED)}"


def _asking(cases: Sequence[Case], pipelines: Sequence[Pipeline], keys: list[list[str]]) -> Callable[[Tell], None]:
    """The run: case by case, the columns taking turns at being first; it ends early where the documents change.

    So a slow moment of the machine, and what the first column computes for the others, touches all columns alike.
    """
    found, only = project(), current_filter()
    artifacts, documents = found.artifacts, found.shelf.documents
    turns = range(len(pipelines))
    order = [(number, (number + turn) % len(pipelines)) for number in range(len(cases)) for turn in turns]

    def index_of(at: int, tell: Tell) -> Any:
        def show(step: str, done: int, total: int) -> None:
            tell(f"Column {letter(at)}: {done:,} of {total:,}" if step == "embed" else f"Column {letter(at)}", done, total)

        try:
            return unasked(index_made(pipelines[at], documents, artifacts, show))
        except Cancelled:
            raise
        except WorkbenchError as problem:
            return str(problem)

    def work(tell: Tell) -> None:
        indexes = [index_of(at, tell) for at in turns]
        todo = [(number, at) for number, at in order if not artifacts.recall(keys[number][at])]
        for done, (number, at) in enumerate(todo):
            tell(f"{ASKED}column {letter(at)} is asked", done, len(todo))
            case, index, key = cases[number], indexes[at], keys[number][at]
            row = Row(case, error=index) if isinstance(index, str) else run(case, pipelines[at], index, only)
            if found.shelf.documents != documents:
                return
            failed = _failed(artifacts)
            failed.pop(key, None)
            if row.error:
                failed[key] = row.error
            else:
                artifacts.remembered(key, lambda row=row: row, "scores", KEPT)  # type: ignore[misc]

    return work


def _failed(artifacts: Artifacts) -> dict[str, str]:
    """Why an answer could not be had, by its key, as long as the process runs."""
    found: dict[str, str] = artifacts.remembered(FAILED, dict, FAILED)
    while len(found) > KEPT:
        found.pop(next(iter(found)))
    return found


def _keys(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> list[list[str]]:
    documents, only = [document.key for document in project().shelf.documents], repr(current_filter())
    columns = [pipeline.key("defer", documents) for pipeline in pipelines]
    return [[fingerprint("score", column, only, repr(case)) for column in columns] for case in cases]


def _kept(cases: Sequence[Case], keys: list[list[str]]) -> Rows:
    artifacts = project().artifacts
    failed = _failed(artifacts)

    def gone() -> Row:
        raise LookupError

    def row(case: Case, key: str) -> Row | None:
        if artifacts.recall(key):
            with contextlib.suppress(LookupError):
                found: Row = artifacts.remembered(key, gone, "scores", KEPT)
                return found
        error = failed.get(key)
        return Row(case, error=error) if error else None

    return [[row(case, key) for key in line] for case, line in zip(cases, keys, strict=True)]
