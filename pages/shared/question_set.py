"""The choice of a question set: samples, one made from answers, an upload; without what cannot or should not be asked here."""

from typing import Any

import streamlit as st

from pages.shared.findings import count
from pages.shared.state import keyed, project, state
from pages.shared.text_view import plain
from rag.documents.load.encoding import plain_text
from rag.errors import FileProblem, WorkbenchError
from rag.evaluate.made import KIND, NAME
from rag.evaluate.questions import SHAPE, misplaced, read_cases
from rag.places import SAMPLES
from rag.stage import fingerprint
from rag.values import Case

UPLOADED = "compare-uploaded"
CHOSEN = "question set"  # What was chosen: the name of a set, the key of one that was uploaded, how many, whose identifiers.
SETS_KEPT = 16


def chosen_cases() -> list[Case]:
    """The choice of a question set, and its cases that can be asked here; says which were left out and why."""
    sets = {"Sample questions": SAMPLES.joinpath("questions.jsonl").read_text("utf-8")}
    if made := project().saved.get(KIND, NAME):
        sets[NAME] = made
    chosen = state().setdefault(CHOSEN, {})
    uploaded = _uploaded(chosen)
    if uploaded:
        sets[uploaded["name"]] = uploaded["text"]
    left, middle, right = st.columns([2, 1, 1.2], vertical_alignment="bottom")
    names, first = list(sets), chosen.get("name")
    at = names.index(first) if first in sets else len(names) - 1 if uploaded else 0
    name = left.selectbox("Question set", names, index=at, key=keyed(f"compare-set-{len(sets)}"))
    with right.popover("Upload a set", icon=":material/upload:", width="stretch"):
        _upload(chosen)
    try:
        cases = read_cases(sets[name])
        absent = misplaced(sets[name], project().shelf.documents)
    except FileProblem as problem:
        st.error(plain(str(problem)))
        return []
    steps = [*(number for number in (10, 25, 50, 100, 250, 1000) if number < len(cases)), len(cases)]
    most = middle.selectbox(
        "How many",
        steps,
        index=steps.index(chosen["most"]) if chosen.get("most") in steps else len(steps) - 1,
        format_func=lambda n: f"all {n:,}" if n == len(cases) else f"the first {n:,}",
        key=keyed(f"compare-most-{fingerprint(name)}-{len(cases)}"),
    )
    chosen.update(name=name, most=None if most == len(cases) else most)
    cases = cases[:most]
    return _without_identifiers(_without_misplaced(cases, absent))


def _uploaded(chosen: dict[str, Any]) -> dict[str, str] | None:
    """The set that was uploaded. Its text stays in the memory of this process, where a page loaded anew finds it."""
    found: dict[str, str] | None = st.session_state.get(UPLOADED)
    artifacts = project().artifacts
    if found is None:
        if not chosen.get("uploaded"):
            return None
        found = artifacts.held(chosen["uploaded"])
        if found is None:
            st.caption("The set that you uploaded is not in memory any more. Upload it again to go on with it.")
            chosen["uploaded"] = None
            return None
        st.session_state[UPLOADED] = found
    key = fingerprint(CHOSEN, found["name"], found["text"])
    artifacts.remembered(key, lambda: found, "uploaded sets", SETS_KEPT)
    chosen["uploaded"] = key
    return found


def _upload(chosen: dict[str, Any]) -> None:
    st.caption(plain(SHAPE))
    file = st.file_uploader("JSON lines", type=["jsonl", "json"], max_upload_size=20, key="compare-set-file")
    if file is None or file.file_id == (st.session_state.get(UPLOADED) or {}).get("id"):
        return
    try:
        text = plain_text(file.name, file.getvalue(), "JSON lines")
        read_cases(text)
    except FileProblem as problem:
        st.error(plain(str(problem)))
    else:
        st.session_state[UPLOADED] = {"id": file.file_id, "name": file.name, "text": text}
        chosen["name"] = file.name
        state()["revision"] += 1  # The choice shows it.
        st.rerun()


def _without_misplaced(cases: list[Case], absent: dict[str, str]) -> list[Case]:
    left_out = [absent[case.id] for case in cases if case.id in absent]
    if left_out:
        st.warning(
            f"{count(len(left_out), 'question')} left out, since the gold evidence does not stand in these documents: "
            f"{plain(left_out[0])}{'' if len(set(left_out)) == 1 else ', and others'}."
        )
    return [case for case in cases if case.id not in absent]


def _without_identifiers(cases: list[Case]) -> list[Case]:
    """Questions that may hold an identifier are asked only where that is wanted."""
    screen = project().shelf.screen

    def holds(case: Case) -> bool:
        return any(one.kind == "identifier" and one.score >= screen.threshold for one in screen.text(case.question))

    try:
        key = fingerprint("screened", screen.key(), *(case.question for case in cases))
        held = project().artifacts.remembered(
            key, lambda: frozenset(case.id for case in cases if holds(case)), "screened questions"
        )
    except WorkbenchError as problem:
        st.error(plain(f"The questions cannot be scanned, so none is asked. {problem}"))
        return []
    if not held:
        return cases
    label, chosen = f"Also ask the {count(len(held), 'question')} that may hold an identifier", state()[CHOSEN]
    also = st.toggle(label, chosen.get("identifiers") == key, key=keyed("compare-identifiers"))
    chosen["identifiers"] = key if also else None
    return cases if also else [case for case in cases if case.id not in held]
