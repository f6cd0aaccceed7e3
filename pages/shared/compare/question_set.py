"""The choice of a question set: samples, one made from answers, an upload; without what cannot or should not be asked here."""

import streamlit as st

from pages.shared.findings import count
from pages.shared.state import workspace
from pages.shared.text_view import plain
from rag.errors import FileProblem, WorkbenchError
from rag.evaluate.made import KIND, NAME
from rag.evaluate.questions import SHAPE, misplaced, read_cases
from rag.load.encoding import plain_text
from rag.stage import fingerprint
from rag.values import Case
from rag.workspace import SAMPLES

UPLOADED = "compare-uploaded"


def chosen_cases() -> list[Case]:
    """The choice of a question set, and its cases that can be asked here; says which were left out and why."""
    sets = {"Sample questions": SAMPLES.joinpath("questions.jsonl").read_text("utf-8")}
    if made := workspace().saved(KIND, NAME):
        sets[NAME] = made
    uploaded = st.session_state.get(UPLOADED)
    if uploaded:
        sets[uploaded["name"]] = uploaded["text"]
    left, middle, right = st.columns([2, 1, 1.2], vertical_alignment="bottom")
    name = left.selectbox("Question set", list(sets), index=len(sets) - 1 if uploaded else 0, key=f"compare-set-{len(sets)}")
    with right.popover("Upload a set", icon=":material/upload:", width="stretch"):
        _upload()
    try:
        cases = read_cases(sets[name])
        absent = misplaced(sets[name], workspace().documents)
    except FileProblem as problem:
        st.error(plain(str(problem)))
        return []
    steps = [*(number for number in (10, 25, 50, 100, 250, 1000) if number < len(cases)), len(cases)]
    most = middle.selectbox(
        "How many", steps, index=len(steps) - 1, format_func=lambda n: f"all {n:,}" if n == len(cases) else f"the first {n:,}"
    )
    cases = cases[:most]
    return _without_identifiers(_without_misplaced(cases, absent))


def _upload() -> None:
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
    screen = workspace().screen

    def holds(case: Case) -> bool:
        return any(one.kind == "identifier" and one.score >= screen.threshold for one in screen.text(case.question))

    try:
        key = fingerprint("screened", screen.key(), *(case.question for case in cases))
        held = workspace().artifacts.remembered(
            key, lambda: frozenset(case.id for case in cases if holds(case)), "screened questions"
        )
    except WorkbenchError as problem:
        st.error(plain(f"The questions cannot be scanned, so none is asked. {problem}"))
        return []
    if held and not st.toggle(
        f"Also ask the {count(len(held), 'question')} that may hold an identifier", key="compare-identifiers"
    ):
        return [case for case in cases if case.id not in held]
    return cases
