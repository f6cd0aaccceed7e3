"""The project menu in the sidebar: go to another project, make one, rename it, put it away or take one back."""

from collections.abc import Callable

import streamlit as st

from pages.shared.state import enter, project, workspace
from pages.shared.text_view import plain
from rag.errors import SettingProblem
from rag.keep.projects import DEFAULT, LONGEST, Named
from rag.stage import fingerprint

PROBLEM = "project problem"


def project_menu() -> None:
    """The name of the project that this tab works in; behind it all that can be done with projects."""
    projects = workspace().projects
    here = projects.named(project().id)
    if here is None:
        return
    with st.popover(f"Project: {plain(here.name)}", icon=":material/folder:", width="stretch", key="project-menu"):
        st.caption("A project has documents, decisions, saved pipelines and question sets of its own.")
        if problem := st.session_state.pop(PROBLEM, ""):
            st.error(plain(problem))
        for one in projects.all():
            if one.id != here.id:
                about = f"Go to {plain(one.name)}"
                st.button(about, key=f"project-enter-{one.id}", icon=":material/arrow_forward:", on_click=enter, args=(one.id,))
        _named("New project", "Create", "", lambda name: enter(projects.create(name).id))
        _named("Rename this project", "Rename", here.name, lambda name: projects.rename(here.id, name))
        if here.id != DEFAULT:
            about = "Nothing of it is lost: take it back here from another project"
            st.button(
                "Archive this project",
                key="project-archive",
                icon=":material/archive:",
                help=about,
                on_click=_archive,
                args=(here,),
            )
        for one in projects.all(archived=True):
            label = f"Take back {plain(one.name)}"
            st.button(
                label, key=f"project-back-{one.id}", icon=":material/unarchive:", on_click=projects.archive, args=(one.id, False)
            )


def _named(label: str, act: str, name: str, do: Callable[[str], object]) -> None:
    """A name and what is done with it."""
    key = f"project-{act.lower()}"
    typed = st.text_input(label, name, max_chars=LONGEST, key=f"{key}-{fingerprint(name)}")
    st.button(act, key=f"{key}-do", on_click=_tried, args=(do, typed))


def _tried(do: Callable[[str], object], typed: str) -> None:
    try:
        do(typed)
    except SettingProblem as problem:
        st.session_state[PROBLEM] = str(problem)


def _archive(here: Named) -> None:
    workspace().projects.archive(here.id)
    enter(DEFAULT)
