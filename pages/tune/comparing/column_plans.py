"""What the columns would compute before they can be asked: confirmed once for all of them, with its progress and a way back."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.computed import kept_answer, prepared, stop_preparing
from pages.shared.state import current_filter, pipeline_of, project, state
from pages.shared.text_view import plain
from pages.tune.comparing.comparison import letter
from pages.tune.settings.controls import WAIT
from pages.tune.settings.costs import told
from rag.errors import WorkbenchError
from rag.pipeline import Pipeline, Plan
from rag.pipeline.explain.expense import expenses, model_of
from rag.pipeline.plan import duration

GOOD = "compared"  # The columns whose results were shown last.
CONFIRMED = "compare-confirmed"
FAILED = "compare-unprepared"


def columns_in_force(edited: Sequence[Pipeline], asks: bool) -> list[Pipeline]:
    """The columns whose results are to be shown: those just edited, or the last good ones while a dear change is not applied.

    Draws what waits for Apply, or how far the applying is; empty where nothing can be shown yet. `asks`: the question goes to
    every column now, so that one which asks a chat model waits too.
    """
    texts, good = [one.to_json() for one in edited], state().get(GOOD)
    plans = [_plan(one) for one in edited]
    changed = [asks and text not in (good or []) for text in texts]
    costs = [_costs(*one, good or []) if new else [] for *one, new in zip(edited, plans, changed, strict=True)]
    if _whole(edited, plans).is_dear(WAIT) or any(costs):
        if st.session_state.get(CONFIRMED) != texts:
            _asked_to_apply(edited, plans, costs, good)
            return _last_good(good)
        _prepare(edited, plans)
    elif any(plan.work for plan in plans):
        _prepare(edited, plans, quietly=True)
    state()[GOOD] = texts
    if any(plan.work for plan in plans):
        st.rerun()  # What the columns say of their work is done now.
    return list(edited)


def _plan(pipeline: Pipeline) -> Plan:
    """The plan of a column; nothing more is planned for one that could not be made ready, which its column tells."""
    if pipeline.to_json() in st.session_state.get(FAILED, []):
        return Plan()
    return pipeline.plan(project().shelf.documents, project().artifacts)


def _costs(pipeline: Pipeline, plan: Plan, good: list[str]) -> list[str]:
    """What a column would ask of chat models for the question at hand, in words.

    Left out is an answering model on this machine that a column asks already: it costs nothing, so it is asked again at once.
    """
    question = state()["asked"].strip()
    if not question or kept_answer(pipeline, question, current_filter()) is not None:
        return []
    index = None if plan.work else pipeline.prepare(project().shelf.documents, project().artifacts)
    answering = [model_of(pipeline_of(text).answer) for text in good]
    live = {model.asked_key() for model in answering if model is not None and model.price == "free"}
    found = [one for one in expenses(pipeline, question, index, current_filter()) if one.usage.calls]
    return [told(one, True) for one in found if not (one.stage == "answer" and one.model.asked_key() in live)]


def _whole(pipelines: Sequence[Pipeline], plans: Sequence[Plan]) -> Plan:
    """The plans as one; what two columns need both is done once."""
    apart = {pipeline.key("index", []): plan for pipeline, plan in zip(pipelines, plans, strict=True)}
    asked = [part for plan in plans for part in plan.asking]
    return Plan(tuple(part for plan in apart.values() for part in plan.work), asking=tuple(asked))


def _asked_to_apply(
    edited: Sequence[Pipeline], plans: Sequence[Plan], costs: Sequence[Sequence[str]], good: list[str] | None
) -> None:
    texts = [one.to_json() for one in edited]
    with st.container(border=True):
        st.markdown(":material/hourglass_top: **Not applied yet**")
        for at, (plan, asked) in enumerate(zip(plans, costs, strict=True)):
            if plan.work or plan.asking or asked:
                said = [str(plan)] if plan.work or not asked else []
                st.caption(f"**{letter(at)}**: {plain(' '.join([*said, *(f'{one}.' for one in asked)]))}")
        if sum(bool(plan.work) for plan in plans) > 1:
            times = [part.seconds for part in _whole(edited, plans).work]
            more = ", and a part that never ran before" if None in times else ""
            st.caption(f"In all roughly {duration(sum(second for second in times if second is not None))}{more}.")
        if good is not None:
            st.caption("Until then the results below are those of the columns before.")
        with st.container(horizontal=True):
            st.button("Apply to all columns", type="primary", key="compare-apply", on_click=_confirm, args=(texts,))
            if good is not None and good != texts:
                st.button("Undo", icon=":material/undo:", key="compare-undo", on_click=_back, help="Back to the columns before")


def _confirm(texts: list[str]) -> None:
    st.session_state[CONFIRMED] = texts
    st.session_state.pop(FAILED, None)


def _back() -> None:
    """The last good columns again; the work for those at hand ends, and what it finished is kept."""
    for text in state()["columns"]:
        stop_preparing(pipeline_of(text))
    st.session_state.pop(CONFIRMED, None)
    good = state().get(GOOD)
    if good is not None:
        state()["columns"] = list(good)
        state()["revision"] += 1


def _last_good(good: list[str] | None) -> list[Pipeline]:
    """The last good columns, where they can still be shown without computing much."""
    if good is not None:
        found = [pipeline_of(text) for text in good]
        if not _whole(found, [_plan(one) for one in found]).is_dear(WAIT):
            return found
    st.info("Press *Apply to all columns* to compute what these settings need; then the results are shown here.")
    return []


def _prepare(edited: Sequence[Pipeline], plans: Sequence[Plan], quietly: bool = False) -> None:
    """Makes the columns ready, one after the other, with a bar and a button that cancels. What is below stays until then."""
    waiting = [(at, one) for at, (one, plan) in enumerate(zip(edited, plans, strict=True)) if plan.work]
    place = st.empty()
    with place.container(border=not quietly):
        if waiting and not quietly:
            st.button("Cancel", icon=":material/close:", key="compare-cancel", on_click=_back)
            st.caption("The results below stay until all columns are ready. What is embedded until you cancel is kept.")
        for at, pipeline in waiting:
            if not quietly:
                st.caption(f"Column {letter(at)}, {waiting.index((at, pipeline)) + 1} of {len(waiting)}")
            try:
                prepared(pipeline)
            except WorkbenchError:
                st.session_state.setdefault(FAILED, []).append(pipeline.to_json())
    place.empty()
