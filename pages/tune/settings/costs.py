"""What asking chat models takes: said before it is done, and after it beside the answer, by stage in the view of the times."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from pages.shared.computed import answer_key, kept_answer
from pages.shared.findings import count
from pages.shared.state import current_filter, pipeline_of, project, state
from pages.shared.tables import table_of
from pages.shared.text_view import plain
from rag.errors import ModelProblem
from rag.pipeline import Pipeline
from rag.pipeline.explain.expense import Expense, expenses, model_of
from rag.pipeline.plan import duration
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.stages.models.providers import address
from rag.values import Answer, Usage

WHERE = {"expand": "Query", "rerank": "Reranking", "answer": "Answer"}
FREE = "free: the model runs on this machine"


def money(cost: float, price: str, stage: str, about: bool) -> str:
    """What calls cost, or why nobody knows; `about` marks an estimate."""
    if price == "set":
        return f"{'about ' if about else ''}{cost:.4f} by the prices set"
    return FREE if price == "free" else f"price unknown: set it under {WHERE[stage]}"


def told(one: Expense, asked: bool) -> str:
    """An expense in a line: calls, tokens, time and cost; of the question at hand where one is `asked`, else of any."""
    used, which = one.usage, "This question" if asked else "Each question"
    if not used.calls:
        return f"{which}: no call, what {plain(one.model.model)} said to it is kept"
    calls = f"{which}: **{count(used.calls, 'call')}** of {plain(one.model.model)}{f', {one.apart}' if one.apart else ''}"
    tokens = f"about {used.sent:,} tokens sent and {used.received:,} received" if used.sent else ""
    time = ("time not known yet" if one.seconds is None else f"roughly {duration(one.seconds)}") if tokens else ""
    known = one.model.price != "set" or used.sent
    cost = money(used.cost, one.model.price, one.stage, about=True) if known else "cost by the tokens, at the prices set"
    return ", ".join(part for part in (calls, tokens, time, cost) if part)


def costs_shown(pipeline: Pipeline, index: Index | None, places: Mapping[str, Any]) -> list[str]:
    """Draws what each model is asked into its stage's place, and the calls of a question below the settings.

    Returns, for a question that is asked already, what models would be asked anew without anybody having said so, in words.
    """
    question = state()["asked"].strip()
    found = expenses(pipeline, question, index or _index_in_force(pipeline), current_filter())
    anew = _anew(pipeline, question, found)
    waits = state()["applied"] != pipeline.to_json()
    for one in found:
        note = " It is not asked before you press *Apply* above." if waits and one in anew else ""
        with places[one.stage]:
            st.caption(f":material/payments: {told(one, bool(question) and one.stage != 'answer')}.{note}")
    if found:
        most = expenses(pipeline, "", None)
        calls = ", ".join(f"{count(one.usage.calls, 'call')} under {WHERE[one.stage]}" for one in most)
        st.caption(f":material/payments: A new question asks models: at most {calls}.")
    return [f"{WHERE[one.stage]} asks a model at {plain(_host(one.model))}. {told(one, True)}." for one in anew]


def _anew(pipeline: Pipeline, question: str, found: list[Expense]) -> list[Expense]:
    """What asks a model for a question that was sent under other settings, and so needs a word of the user.

    The same answering model on this machine is asked again at once: that costs nothing.
    """
    applied, only = pipeline_of(state()["applied"]), current_filter()
    if not question or answer_key(pipeline, question, only) == answer_key(applied, question, only):
        return []
    if kept_answer(pipeline, question, only) is not None:
        return []
    before, now = model_of(applied.answer), model_of(pipeline.answer)
    live = before is not None and now is not None and before.asked_key() == now.asked_key() and now.price == "free"
    return [one for one in found if one.usage.calls and not (live and one.stage == "answer")]


def _host(model: ChatModel) -> str:
    try:
        return urlsplit(address(model.provider, model.base_url)).netloc.rpartition("@")[2]
    except ModelProblem:
        return model.provider


def _index_in_force(pipeline: Pipeline) -> Index | None:
    """The index of the answer on the screen, whose passages stand for those of the one to come; None where it is not made."""
    if not any(model_of(getattr(pipeline, stage)) for stage in WHERE):
        return None
    documents, artifacts = project().shelf.documents, project().artifacts
    applied = pipeline_of(state()["applied"])
    return None if applied.plan(documents, artifacts).work else applied.prepare(documents, artifacts)


def usage_line(answer: Answer, pipeline: Pipeline) -> None:
    """What the models took for an answer, as a line below it; nothing where the pipeline asks none."""
    used = _used(answer, pipeline)
    if not used:
        return
    total = sum(used.values(), Usage())
    about = "" if total.counted else "about "
    asked = {stage: one for stage, one in used.items() if one.calls}
    parts = [f"{count(total.calls, 'call')} · {about}{total.sent:,} tokens in, {total.received:,} out"] if asked else []
    if any(_price(pipeline, stage) == "set" for stage in asked):
        parts.append(money(total.cost, "set", "", not total.counted))
    parts += dict.fromkeys(
        money(0.0, _price(pipeline, stage), stage, about=False) for stage in asked if _price(pipeline, stage) != "set"
    )
    idle = [WHERE[stage] for stage in used if stage not in asked]
    parts += [f"nothing new asked under {', '.join(idle)}"] if idle else []
    st.caption(f":material/payments: Models: {plain(' · '.join(parts))}")


def usage_table(answer: Answer, pipeline: Pipeline) -> None:
    """What each stage's model took for an answer."""
    used = _used(answer, pipeline)
    if not used:
        st.caption("No model is asked with these settings.")
        return
    rows = [
        {
            "Stage": WHERE[stage],
            "Model": getattr(model_of(getattr(pipeline, stage)), "model", ""),
            "Calls": one.calls,
            "Tokens in": one.sent,
            "Tokens out": one.received,
            "Cost": money(one.cost, _price(pipeline, stage), stage, not one.counted) if one.calls else "nothing new asked",
        }
        for stage, one in used.items()
    ]
    columns = {"Cost": st.column_config.Column(width=260)}
    st.dataframe(table_of(rows), hide_index=True, key="usage-table", placeholder="", column_config=columns)
    estimated = [WHERE[stage] for stage, one in used.items() if not one.counted]
    if estimated:
        st.caption(f"Tokens under {', '.join(estimated)} are estimated, since the server did not count them.")


def _used(answer: Answer, pipeline: Pipeline) -> dict[str, Usage]:
    """What each stage that may ask a model took; no calls where all that it said was kept from before."""
    models = {stage: model_of(getattr(pipeline, stage)) for stage in WHERE}
    used = {stage: answer.usage.get(stage, Usage()) for stage in WHERE if stage in answer.usage or models[stage]}
    return {stage: _priced(one, models[stage]) for stage, one in used.items()}


def _priced(used: Usage, model: ChatModel | None) -> Usage:
    """The same calls at the prices set now: an answer is kept when prices change."""
    return used if model is None else model.usage_of(used.calls, used.sent, used.received, used.counted)


def _price(pipeline: Pipeline, stage: str) -> str:
    model = model_of(getattr(pipeline, stage))
    return "unknown" if model is None else model.price
