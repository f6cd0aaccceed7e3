"""A sweep: one pipeline in every column, with one setting taking another value in each."""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pages.shared.state import pipeline_of, state
from pages.shared.text_view import plain
from pages.tune.settings.controls import carried
from rag.errors import SettingProblem
from rag.pipeline import UNIONS, Pipeline, problems
from rag.pipeline.titles import TITLES, label
from rag.pipeline.titles import title as option_title
from rag.stage import Stage, options

MOST = 4
KIND = "kind"
CHOSEN, LEFT_OUT = "sweep-chosen", "sweep-left-out"


def sweep_controls(letters: Sequence[str]) -> None:
    """The choice of a setting, which fills the columns at once with values of it; below it other values."""
    revision = state()["revision"]
    st.caption("The same pipeline in every column, with one setting changed from column to column.")
    bases = {f"Column {letter}": text for letter, text in zip(letters, state()["columns"], strict=True)}
    bases["The Ask page"] = state()["applied"]
    name = st.session_state.get(f"sweep-base-{revision}", next(iter(bases)))
    pipeline = pipeline_of(bases.get(name, state()["columns"][0]))
    fields = swept_fields(pipeline)
    held = st.session_state.get(CHOSEN)

    def choose() -> None:
        chosen = st.session_state[f"sweep-field-{revision}"]
        if chosen in fields:
            st.session_state[CHOSEN] = chosen
            stage, field = fields[chosen]
            _fill(pipeline, stage, field, proposals(getattr(pipeline, stage), stage, field)[:MOST])

    st.selectbox(
        "Setting",
        list(fields),
        index=list(fields).index(held) if held in fields else None,
        key=f"sweep-field-{revision}",
        on_change=choose,
        placeholder="Choose one: the columns are set at once",
    )
    st.selectbox("Pipeline", list(bases), key=f"sweep-base-{revision}", help="What the other settings are taken from")
    chosen = st.session_state.get(f"sweep-field-{revision}") or held
    if chosen in fields:
        _other_values(pipeline, *fields[chosen], [pipeline_of(text) for text in state()["columns"]])


def tell_left_out() -> None:
    """Says which values of the last sweep did not fit, once."""
    for problem in st.session_state.pop(LEFT_OUT, []):
        st.warning(plain(problem))


def _other_values(pipeline: Pipeline, stage: str, field: str, columns: Sequence[Pipeline]) -> None:
    """The values of a setting that the columns have, to be changed."""
    own = getattr(pipeline, stage)
    offered = {str(value): value for value in proposals(own, stage, field)}
    there = [getattr(getattr(column, stage), field, None) for column in columns]
    offered |= {str(value): value for value in there if value is not None}
    now = list(dict.fromkeys(str(value) for value in there if value is not None))
    number = isinstance(getattr(own, field), int | float) and not isinstance(getattr(own, field), bool)
    now_set = option_title(stage, own.model_dump()[KIND]) if field == KIND else getattr(own, field)
    picked = st.multiselect(
        "Values, one a column",
        list(offered),
        format_func=lambda text: option_title(stage, text) if field == KIND else text,
        default=now[:MOST],
        max_selections=MOST,
        accept_new_options=number,
        key=f"sweep-values-{state()['revision']}-{stage}-{field}",
        help=f"{_about(own, field)} Now {now_set}. {'Type a number to add another value.' if number else ''}",
    )
    if st.button("Set the columns", type="primary", key="sweep-set", disabled=len(picked) < 2, width="stretch"):
        _fill(pipeline, stage, field, [offered.get(text, text) for text in picked])
        st.rerun()
    if len(picked) < 2:
        st.caption("Choose two to four values.")


def _fill(pipeline: Pipeline, stage: str, field: str, values: Sequence[Any]) -> None:
    """Sets the columns. Values that do not fit are left out and told; with fewer than two others nothing changes."""
    found, left_out = [], []
    for value in ordered(values):
        try:
            found.append(swept(pipeline, stage, field, value).to_json())
        except SettingProblem as problem:
            left_out.append(str(problem))
    st.session_state[LEFT_OUT] = left_out
    if len(found) > 1:
        state()["columns"] = found
        state()["revision"] += 1


def swept_fields(pipeline: Pipeline) -> dict[str, tuple[str, str]]:
    """The settings that can be swept, by label: a stage's method (its kind), and each of its switches, choices and numbers."""
    found = {}
    for stage, title in TITLES.items():
        own: Stage = getattr(pipeline, stage)
        if len(options(UNIONS[stage])) > 1:
            found[f"{title}: method"] = (stage, KIND)
        for field, info in type(own).model_fields.items():
            if field != KIND and _values(info, getattr(own, field)):
                found[f"{title}: {label(field)[0].lower()}{label(field)[1:]}"] = (stage, field)
    return found


def proposals(own: Stage, stage: str, field: str) -> list[Any]:
    """The values that are offered for a setting, its own among the first four."""
    value = getattr(own, field)
    if field == KIND:
        kinds = list(options(UNIONS[stage]))
        return [value, *(kind for kind in kinds if kind != value)]
    return _values(type(own).model_fields[field], value)


def swept(pipeline: Pipeline, stage: str, field: str, value: Any) -> Pipeline:
    """The pipeline with one setting changed. Another kind keeps the settings that mean the same there. Raises SettingProblem."""
    whole = pipeline.model_dump()
    own: Stage = getattr(pipeline, stage)
    trials = [{**whole[stage], field: value}]
    if field == KIND and value != whole[stage][KIND]:
        trials = [{KIND: value, **carried(own, options(UNIONS[stage])[value])}, {KIND: value}]
    fault = ""
    for trial in trials:
        try:
            return Pipeline.model_validate({**whole, stage: trial})
        except ValidationError as error:
            fault = fault or problems(error)
    raise SettingProblem(f"{TITLES[stage]}, {field} {value}: {fault}. Leave this value out, or change what it does not fit.")


def ordered(values: Sequence[Any]) -> list[Any]:
    """Numbers by size, also those that were typed; anything else as chosen."""
    try:
        return sorted(values, key=lambda value: float(value))
    except (TypeError, ValueError):
        return list(values)


def told_apart(pipelines: Sequence[Pipeline]) -> list[str]:
    """For each pipeline the settings in which it is not like the others, in a few words.

    Where the options of a stage differ, their settings are told too where two of the same option differ in them.
    """
    whole = [pipeline.model_dump() for pipeline in pipelines]
    told: list[list[str]] = [[] for _ in pipelines]
    for stage, title in TITLES.items():
        kinds = [one[stage][KIND] for one in whole]
        several = len(set(kinds)) > 1
        for at, kind in enumerate(kinds):
            alike = [one[stage] for one in whole if one[stage][KIND] == kind]
            fields = [field for field in alike[0] if any(one[field] != alike[0][field] for one in alike)]
            words = [f"{field.replace('_', ' ')} {_short(whole[at][stage][field], field, alike)}" for field in fields]
            if several:
                told[at].append(", ".join([f"{title}: {option_title(stage, kind)}", *words]))
            else:
                told[at] += [f"{title} {one}" for one in words]
    return [" · ".join(parts) for parts in told]


def _short(value: Any, field: str, alike: Sequence[dict[str, Any]]) -> str:
    """A value in a few words; a long text is called by its number."""
    texts = list(dict.fromkeys(str(one[field]) for one in alike))
    return str(value) if len(str(value)) <= 24 else f"text {texts.index(str(value)) + 1}"


def _values(info: FieldInfo, value: Any) -> list[Any]:
    if info.annotation is bool:
        return [False, True]
    if get_origin(info.annotation) is Literal:
        choices = list(get_args(info.annotation))
        return choices if len(choices) > 1 else []
    low = next((part.ge for part in info.metadata if isinstance(part, Ge)), None)
    high = next((part.le for part in info.metadata if isinstance(part, Le)), None)
    if info.annotation is int and isinstance(low, int) and isinstance(high, int):
        return _spread(value, low, high, whole=True)
    if info.annotation is float and isinstance(low, int | float) and isinstance(high, int | float):
        return _spread(value, low, high, whole=False)
    return []


def _spread(value: float, low: float, high: float, whole: bool) -> list[Any]:
    """Four values of a range with the present one among them: even steps of a short range, halves and doubles of a long one."""
    if value <= 0 and high - low > 4:
        steps = [value + (high - low) * at / (20 if whole else 200) for at in range(4)]
    elif high - low <= 4:
        steps = [low + (high - low) * at / 5 for at in range(1, 5)]  # Not the ends, where a setting is often another option.
        nearest = min(range(4), key=lambda at: abs(steps[at] - value))
        steps[nearest] = value
    else:
        steps = [value * factor for factor in (0.5, 1, 2, 4) if low <= value * factor <= high]
        steps = [low, *steps] if len(steps) < 4 else steps
    return sorted({int(step) if whole else float(f"{step:.2g}") if step != value else value for step in steps})


def _about(own: Stage, field: str) -> str:
    text = "Another way to do this step" if field == KIND else type(own).model_fields[field].description or ""
    return f"{text.rstrip('.')}."
