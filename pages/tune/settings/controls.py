"""A stage's widgets, drawn from its schema: the union is the menu, each field a control with its description."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Le
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pages.shared.state import keep, keyed, open_pipeline, pipeline_of, project, state
from pages.shared.text_view import plain
from pages.tune.settings.costs import costs_shown
from pages.tune.settings.fit_view import fit_button, fit_where_asked, weights_in_force
from pages.tune.settings.index_view import index_facts
from pages.tune.settings.takeaway import take_away
from rag.away.yaml import from_file
from rag.documents.load.encoding import plain_text
from rag.errors import ModelProblem, WorkbenchError
from rag.pipeline import UNIONS, Pipeline, problems
from rag.pipeline.explain import advice, difference
from rag.pipeline.presets import PRESETS
from rag.pipeline.titles import MENU, TITLES, line
from rag.pipeline.titles import label as label_of
from rag.pipeline.titles import title as option_title
from rag.stage import Stage, options
from rag.stages.answer.quote import Quote
from rag.stages.index.base import Index
from rag.stages.prompt.base import written_types
from rag.stages.reader import model as reader
from rag.stages.refuse.evidence import Evidence
from rag.stages.rerank.fitted import Fitted
from rag.stages.rerank.reader import BestSentence
from rag.stages.verify import Facts
from rag.stages.verify import model as support

BESIDE = (1, 1.95)  # The settings and what stands beside them.
BEFORE = "the answer on the right is by the settings before."
EXACT = "%.6g"  # A number as it is set, also between two steps.
LONG_TEXT = 200
LENGTH = "length"  # The place below the embedding for the passages that it cannot read whole.
WAIT = 4.0  # Seconds of computing that a change may cost without being confirmed.


def stage_controls(name: str, stage: Stage, key: str) -> tuple[Stage, str]:
    """The controls of one stage; returns the stage as set, and what does not fit, in which case the old one is returned."""
    chosen, values, _ = _drawn(name, stage, key)
    try:
        return chosen.model_validate(values), ""
    except ValidationError as error:
        return stage, problems(error)


def _drawn(name: str, stage: Stage, key: str) -> tuple[type[Stage], dict[str, Any], Any]:
    """The controls of one stage; returns the option chosen, its values, which may not fit, and a place above them."""
    kinds = options(UNIONS[name])
    current = str(stage.model_dump()["kind"])
    menu = list(MENU[name])
    kind = st.selectbox(
        TITLES[name],
        menu,
        menu.index(current),
        key=keyed(f"{key}-kind"),
        label_visibility="collapsed",
        format_func=lambda kind: line(name, kind),
    )
    chosen = kinds[kind]
    st.caption(chosen.help())
    place = st.container()
    values = {field: info.get_default(call_default_factory=True) for field, info in chosen.model_fields.items()}
    values |= carried(stage, chosen)
    for field, info in chosen.model_fields.items():
        if field != "kind":
            values[field] = _control(field, info, values[field], f"{key}-{kind}-{field}")
    if name == "embed":
        _model_card(chosen, values)
    if chosen in (Quote, Evidence, BestSentence) and not reader.installed():
        st.caption(f":orange[{plain(reader.MISSING)}]")
    elif chosen is Facts and support.absent():
        st.caption(f":orange[{plain(support.MISSING)}]")
    elif chosen is Evidence:
        st.caption(plain(reader.operating()))
    if chosen is Fitted:
        with place:
            weights_in_force(values, key)
    return chosen, {**values, "kind": kind}, place


def carried(stage: Stage, other: type[Stage]) -> dict[str, Any]:
    """The settings of a stage that mean the same in another option, or in the same one, and whose values it allows."""
    kept, own = {}, type(stage).model_fields
    for name, info in other.model_fields.items():
        alike = name in own and (own[name].annotation, own[name].description) == (info.annotation, info.description)
        if alike and (type(stage) is other or (name != "kind" and _allowed(info, getattr(stage, name)))):
            kept[name] = getattr(stage, name)
    return kept


def _allowed(info: FieldInfo, value: Any) -> bool:
    try:
        TypeAdapter(Annotated[info.annotation, info]).validate_python(value)
    except ValidationError:
        return False
    return True


def _model_card(chosen: type[Stage], values: dict[str, Any]) -> None:
    """What a reader should know of an embedder before choosing it, as one line."""
    try:
        told = str(chosen.model_validate(values).card())  # type: ignore[attr-defined]
    except (ValidationError, ModelProblem) as problem:
        told = str(problem) if isinstance(problem, ModelProblem) else ""
    if told:
        st.caption(plain(told))


def _control(field: str, info: FieldInfo, value: Any, key: str) -> Any:
    label = label_of(field)
    help_text = info.description
    low = next((part.ge for part in info.metadata if isinstance(part, Ge)), None)
    high = next((part.le for part in info.metadata if isinstance(part, Le)), None)
    if info.annotation is bool:
        return st.toggle(label, value, key=keyed(key), help=help_text)
    if get_origin(info.annotation) is Literal:
        choices = list(get_args(info.annotation))
        return st.segmented_control(label, choices, default=value, key=keyed(key), help=help_text, required=True)
    if info.annotation is int and isinstance(low, int) and isinstance(high, int):
        if high - low <= 1000:
            return st.slider(label, low, high, value, key=keyed(key), help=help_text)
        return st.number_input(label, low, high, value, key=keyed(key), help=help_text)
    if info.annotation is float and isinstance(low, float) and isinstance(high, float):
        if high <= 10:
            return st.slider(label, low, high, float(value), 0.05, EXACT, key=keyed(key), help=help_text)
        return st.number_input(label, low, high, float(value), format=EXACT, key=keyed(key), help=help_text)
    if isinstance(value, dict):
        return st.text_area(label, written_types(value), key=keyed(key), help=help_text, height=100)
    if len(str(value)) > LONG_TEXT or field in {"system", "template", "examples"}:
        return st.text_area(label, value, key=keyed(key), help=help_text, height=140)
    return st.text_input(label, value, key=keyed(key), help=help_text)


def pipeline_controls(pipeline: Pipeline, key: str) -> tuple[Pipeline, list[str], Pipeline]:
    """The controls of a whole pipeline, an expander a stage; returns it as set, everything that does not fit, and as drawn."""
    edited, faults, drawn, _ = _every_control(pipeline, key)
    return edited, faults, drawn


def _every_control(pipeline: Pipeline, key: str) -> tuple[Pipeline, list[str], Pipeline, dict[str, Any]]:
    """As `pipeline_controls`; with the pipeline just as it is drawn, which may not be valid, and a place in each stage."""
    stages: dict[str, Stage] = {}
    drawn: dict[str, Stage] = {}
    places: dict[str, Any] = {}
    faults = []
    for name, title in TITLES.items():
        current: Stage = getattr(pipeline, name)
        kind = st.session_state.get(keyed(f"{key}-{name}-kind"), current.model_dump()["kind"])  # The menu inside moves first.
        with st.expander(f"**{title}** · {plain(option_title(name, kind))}", key=f"{key}-{name}"):
            chosen, values, places[name] = _drawn(name, current, f"{key}-{name}")
            try:
                stages[name] = drawn[name] = chosen.model_validate(values)
            except ValidationError as error:
                stages[name], drawn[name] = current, chosen.model_construct(**values)
                st.error(plain(problems(error)))
                faults.append(f"{title}: {problems(error)}")
        if name == "embed":
            places[LENGTH] = st.empty()
    as_drawn = Pipeline.model_construct(version=1, **drawn)  # type: ignore[arg-type]
    try:
        return Pipeline.model_validate({name: stage.model_dump() for name, stage in stages.items()}), faults, as_drawn, places
    except ValidationError as error:
        return pipeline, [*faults, problems(error)], as_drawn, places


def mends(pipeline: Pipeline, index: Index | None, told: bool, key: str, *where: Any) -> None:
    """What makes no sense in these settings, unless that is told already, each with a button that mends it `where` they are."""
    before = ""
    for at, (text, mended) in enumerate(advice(pipeline, index)):
        if not told and text != before:
            st.warning(plain(text))
        before = text
        st.caption(f"Mend: {plain(difference(pipeline, mended))}")
        build = ":material/build:"
        st.button("Mend it", icon=build, key=f"{key}-mend-{at}", on_click=open_pipeline, args=(mended, *where), width="stretch")


def edited_pipeline(key: str = "ask") -> tuple[Pipeline, Any]:
    """The controls of this session's pipeline with its plan; returns the pipeline in force, and the place in the controls

    for what is to be said of its index once that is built, or None where it is said already.

    A cheap change takes effect at once. A dear one, or one that asks a chat model before the answer, shows what it costs and
    waits for a click, while the one before stays.
    """
    notices = st.container()  # Above the settings, so that what waits for a click is in sight.
    _starting_points(key)
    before = pipeline_of(state()["pipeline"])
    edited, faults, drawn, places = _every_control(before, key)
    if edited != before:
        state()["pipeline"] = edited.to_json()
        keep()  # A reload may come while the rest of the page is still being drawn.
    plan = edited.plan(project().shelf.documents, project().artifacts)
    index = None if faults or plan.work else edited.prepare(project().shelf.documents, project().artifacts)
    with notices:
        for fault in faults:
            st.error(plain(fault))
        mends(drawn, index, bool(faults), key)
        if faults:
            st.caption(f"Until that is mended {BEFORE}")
    cut_off = plan.warning if index is None else edited.divider(index.artifacts).cut_off(index)
    if cut_off:
        told, _, more = cut_off.partition("; ")
        places[LENGTH].caption(f":material/content_cut: {plain(told)}", help=plain(more.capitalize()))
    costs = costs_shown(edited, index, places)
    with places["index"]:
        facts = st.empty()
        index_facts(edited, index, facts, key)
    if isinstance(edited.rerank, Fitted):
        with places["rerank"]:
            fit_button(key)
        fit_where_asked(edited)
    if state()["applied"] != edited.to_json():
        told = " ".join([*([str(plan)] if plan.work or not costs else []), *costs])
        st.session_state["last plan"] = told
        place = notices.empty()
        if not (costs or plan.is_dear(WAIT)) or _asked_to_apply(place, told, key):
            state()["applied"] = edited.to_json()
            place.empty()
    if state()["applied"] == edited.to_json() and "last plan" in st.session_state and not faults:
        notices.caption(f":material/update: Last change: {st.session_state['last plan']}")
    applied = pipeline_of(state()["applied"])
    return applied, facts if index is None and applied == edited else None


def _asked_to_apply(place: Any, told: str, key: str) -> bool:
    with place.container(border=True):
        st.markdown(":material/hourglass_top: **Not applied yet**")
        st.caption(told)
        st.caption(f"Until then {BEFORE}")
        return bool(st.button("Apply", type="primary", key=f"{key}-apply", width="stretch"))


def _starting_points(key: str) -> None:
    """Presets and saved pipelines to open; save, download and upload of the one at hand."""
    saved = project().saved.names("pipeline")
    with st.popover("Open, save or take away", icon=":material/tune:", width="stretch"):
        st.caption("Presets")
        for name, (about, preset) in PRESETS.items():
            choose = f"{key}-preset-{name}"
            st.button(name.capitalize(), help=about, key=choose, width="stretch", on_click=open_pipeline, args=(preset,))
        if saved:
            chosen = st.selectbox("Saved", saved, index=None, placeholder="Open a saved one", key=f"{key}-saved")
            if chosen and st.button("Open", key=f"{key}-open"):
                load_text(project().saved.get("pipeline", chosen) or "", chosen)
        save_box(state()["pipeline"], key)
        st.download_button("Download as JSON", state()["pipeline"], "pipeline.json", "application/json", key=f"{key}-download")
        take_away(pipeline_of(state()["pipeline"]), key)
        file = st.file_uploader("Open a JSON or YAML file", type=["json", "yaml", "yml"], key=f"{key}-file-{state()['revision']}")
        if file is not None:
            load_text(file.getvalue(), file.name)


def save_box(pipeline: str, key: str) -> None:
    """Saves a pipeline in one click, under the name that was typed or else under the time."""
    with st.form(f"{key}-saving", border=False):
        typed = st.text_input("Save under a name", max_chars=60, key=f"{key}-name", placeholder="else the time is its name")
        sent = st.form_submit_button("Save", icon=":material/save:", key=f"{key}-save")
    if sent:
        name = typed.strip() or f"Settings of {datetime.now():%Y-%m-%d %H:%M:%S}"
        project().saved.put("pipeline", pipeline, name)
        st.toast(f"Saved as {plain(name)}")


def load_text(written: str | bytes, name: str) -> None:
    """Opens a pipeline from its JSON or YAML; says which field does not fit where it cannot be read."""
    try:
        text = plain_text(name, written, "JSON or YAML") if isinstance(written, bytes) else written
        open_pipeline(from_file(text, name))
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
    else:
        st.rerun()
