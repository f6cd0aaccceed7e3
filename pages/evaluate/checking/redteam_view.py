"""The red team's table: attacks that got so far, by family and defence, against each pipeline."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from pages.evaluate.checking.runs import Rows, key_of, measured
from pages.shared.findings import count
from pages.shared.state import held, project
from pages.shared.tables import table_of
from rag.clinical.facts.kept import kept_facts
from rag.evaluate.attacks.defences import DEFENCES
from rag.evaluate.attacks.families import own
from rag.evaluate.attacks.run import (
    CONTENDERS,
    MEASURES,
    Contender,
    Result,
    Share,
    attacked,
    grounds,
    own_model,
    planted,
    shares,
    successful,
)
from rag.evaluate.card import wilson
from rag.keep.jobs import Tell
from rag.pipeline import Pipeline
from rag.stages.answer.chat import Chat
from rag.values import Case

ABOUT = {
    "ranked": "The planted words are among the passages, or reach the prompt",
    "cited": "A statement of the answer cites them",
    "obeyed": "What they order is said, or their false fact is stated with no mark and no conflict",
    "live": "A link, markup or a formula of theirs would act where it is shown or exported",
}
EMPTY = (
    "Press *Attack*: instructions, false facts, markup and formulas are planted near the evidence of the questions, in texts, "
    "titles, names, fields and questions, and the table shows how far they get with and without each defence. No model is asked "
    "but a scripted one that obeys, unless you add your own."
)


def redteam_view(cases: Sequence[Case], pipeline: Pipeline) -> None:
    """The table with the button that measures it."""
    model = isinstance(pipeline.answer, Chat) and st.toggle(
        f"Also attack {pipeline.answer.model}, which is asked for this", key="safety-own-model"
    )
    contenders = (*CONTENDERS, *([own_model(pipeline)] if model else []))
    if not any(case.evidence for case in cases):
        st.info("No question of this set has gold evidence, near which an attack could be planted.")
        return
    attacks = own()
    key = key_of("redteam", pipeline, cases, attacks, tuple(one.name for one in contenders))
    rows = measured("redteam", key, f"Attack {count(len(attacks), 'time')}", "attack", EMPTY, _work(cases, pipeline, contenders))
    if rows:
        _told([Result(**row) for row in rows], contenders)


def _work(cases: Sequence[Case], pipeline: Pipeline, contenders: Sequence[Contender]):  # type: ignore[no-untyped-def]
    found = project()
    documents, artifacts, screen = found.shelf.documents, found.artifacts, found.shelf.screen

    def work(tell: Tell) -> Rows:
        tell("prepare", 0, len(own()))
        on = grounds(cases, documents, lambda one: kept_facts(one, artifacts))
        rows: Rows = []
        for number, one in enumerate(planted(own(), on) if on else ()):
            tell("attack", number, len(own()))
            rows += [asdict(result) for result in attacked(one, pipeline, artifacts, contenders, screen=screen)]
        return rows

    return work


def _told(results: Sequence[Result], contenders: Sequence[Contender]) -> None:
    ordered = [one for one in results if one.aim == "instruction" and one.contender == CONTENDERS[1].name and not one.error]
    before, after = ([one.obeyed for one in ordered if one.defence == name] for name in ("none", "all"))
    through = [one for one in successful(results) if one.defence == "all"]
    if before and after:
        st.caption(
            f"A model that obeys everything carries out **{_share(before)}** of the planted instructions without a defence, and "
            f"**{_share(after)}** with all of them. "
            + ("Nothing gets through all defences." if not through else f"**{count(len(through), 'attack')} got through.**")
        )
    names = [one.name for one in contenders if any(result.contender == one.name for result in results)]
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        first = held("safety-contender", CONTENDERS[1].name)
        about = "; ".join(f"{one.name}: {one.about}" for one in contenders)
        chosen = st.segmented_control("Pipeline", names, default=first, required=True, key="safety-contender", help=about)
    with right:
        about = "; ".join(f"{name}: {told}" for name, told in ABOUT.items())
        measure = st.segmented_control(
            "Attacks that are",
            MEASURES,
            default=held("safety-measure", "obeyed"),
            required=True,
            key="safety-measure",
            help=about,
        )
    found = [one for one in shares(results, str(measure)) if one.contender == chosen]
    defences = [one for one in DEFENCES if any(share.defence == one.name for share in found)]
    families = dict.fromkeys(one.family for one in found)
    rows = [{"Family": name, **{one.name: _cell(found, name, one.name) for one in defences}} for name in families]
    config = {one.name: st.column_config.Column(help=one.about) for one in defences}
    st.dataframe(table_of(rows), hide_index=True, key="safety-redteam", height="content", column_config=config, placeholder="")
    failed = [one for one in results if one.error]
    if failed:
        st.caption(f"{count(len(failed), 'attack')} failed and count nowhere.")


def _cell(found: Sequence[Share], family: str, defence: str) -> str:
    own_share = next((one for one in found if (one.family, one.defence) == (family, defence)), None)
    return "" if own_share is None else f"{own_share.count} of {own_share.n}"


def _share(held_ones: Sequence[bool]) -> str:
    low, high = wilson(sum(held_ones), len(held_ones))
    return f"{sum(held_ones)} of {len(held_ones)} ({100 * low:.0f} to {100 * high:.0f} %)"
