"""The perturbations' table: the share of right outcomes by kind and strength."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from pages.evaluate.checking.faults_view import share
from pages.evaluate.checking.runs import Rows, key_of, measured
from pages.shared.findings import count
from pages.shared.state import current_filter, project
from pages.shared.tables import table_of
from rag.clinical.facts.kept import kept_facts
from rag.evaluate.perturb import KINDS, STRENGTHS, UNCHANGED, cells, perturb
from rag.evaluate.perturb.scored import Outcome, Share, over_cells, scored, shares
from rag.keep.jobs import Tell
from rag.pipeline import Pipeline
from rag.values import Case

EACH = (5, 10, 20, 0)
EMPTY = (
    "Press *Perturb and ask*: evidence is taken away, contradicted, made ambiguous, outdated, another patient's or poisoned, in "
    "three strengths; for each it is known which outcome is right, and the table shows how often the pipeline comes to it."
)


def perturbed_view(cases: Sequence[Case], pipeline: Pipeline) -> None:
    """The table with the button that measures it."""
    usable = [case for case in cases if case.evidence]
    if not usable:
        st.info("No question of this set has gold evidence that could be perturbed.")
        return
    each = st.segmented_control(
        "Questions of each cell", EACH, default=5, required=True, key="safety-each", format_func=lambda n: f"{n}" if n else "all"
    )
    key = key_of("perturbed", pipeline, usable, each)
    rows = measured("perturbed", key, "Perturb and ask", "question", EMPTY, _work(usable, pipeline, int(each or 0)))
    if rows:
        _told([Outcome(**row) for row in rows])


def _work(cases: Sequence[Case], pipeline: Pipeline, each: int):  # type: ignore[no-untyped-def]
    found, only = project(), current_filter()
    documents, artifacts = found.shelf.documents, found.artifacts

    def work(tell: Tell) -> Rows:
        tell("perturb", 0, 1)
        made = list(perturb(cases, documents, each, 0, lambda one: kept_facts(one, artifacts)))
        rows: Rows = []
        for number, one in enumerate(made):
            tell("ask", number, len(made))
            rows.append(asdict(scored(one, pipeline, documents, artifacts, only)))
        return rows

    return work


def _told(outcomes: Sequence[Outcome]) -> None:
    found = shares(outcomes)
    mean, before = over_cells(found), next((one for one in found if one.kind == UNCHANGED), None)
    as_it_is = (
        f" Of the same questions unchanged **{share(before.right, before.n, before.interval)}** are answered." if before else ""
    )
    if mean is not None:
        st.caption(f"Right outcomes, the mean over the cells: **{mean:.0%}**.{as_it_is}")
    by = {(one.kind, one.strength): one for one in found}
    rows = [{"Evidence": kind, **{_level(at): _cell(by.get((kind, at))) for at in STRENGTHS}} for kind in KINDS]
    config = {_level(at): st.column_config.Column(help="Share of right outcomes, 95 % interval, questions") for at in STRENGTHS}
    st.dataframe(table_of(rows), hide_index=True, key="safety-perturbed", column_config=config, placeholder="")
    with st.expander("What each cell does, and which outcome is right"):
        about = [
            {
                "Evidence": f"{one.kind}, {_level(one.strength)}",
                "What is done": one.about,
                "Right": ", ".join(one.right),
                "Came": _came(by.get((one.kind, one.strength))),
            }
            for one in cells()
        ]
        st.dataframe(table_of(about), hide_index=True, key="safety-cells", height="content")
    wrong = [one for one in outcomes if not one.right]
    with st.expander(f"{count(len(wrong), 'wrong outcome')}"):
        told = [{"Question": one.of, "Evidence": f"{one.kind} {one.strength}", "Why": one.error or one.why} for one in wrong]
        st.dataframe(table_of(told), hide_index=True, key="safety-wrong", placeholder="")


def _level(strength: int) -> str:
    return ("mild", "medium", "severe")[strength - 1]


def _cell(one: Share | None) -> str:
    return "" if one is None else f"{share(one.right, one.n, one.interval)} · n {one.n}"


def _came(one: Share | None) -> str:
    return "" if one is None else ", ".join(f"{name} {number}" for name, number in sorted(one.outcomes.items()))
