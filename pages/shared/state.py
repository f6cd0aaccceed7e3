"""The state of a browser session as plain JSON, kept in the workspace so that it survives a reload."""

import contextlib
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Literal
from weakref import WeakSet

import streamlit as st

from pages.shared import tabs
from pages.shared.text_view import plain
from rag.documents.inbox import UPLOAD
from rag.documents.shelf import SCREEN
from rag.documents.workspace import Project, Workspace, open_workspace
from rag.errors import SettingProblem, WorkbenchError
from rag.keep.jobs import Stand, Tell
from rag.keep.projects import DEFAULT
from rag.keep.quotes import Gone, without
from rag.keep.saved import Saved
from rag.keep.work import Task, Work, Worker
from rag.pipeline import Pipeline, read_pipeline
from rag.pipeline.once import PREPARE, prepared_once
from rag.pipeline.presets import PRESETS
from rag.stages.reader import model as reader
from rag.values import Filter, Span

SESSION, PROJECT = "s", "p"
ENTERED = "entered"  # Whether this tab has just gone to another project.
RUN = "set run"  # The key of the run of a question set that this session began last.
FIRST = "What apixaban dose is recommended for extended treatment after 6 months?"
"""The question that is offered to whoever has asked nothing yet."""
WARMED = 100  # Documents that are made ready unasked.
_OPEN = threading.Event()


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """The one workspace of this app, for all sessions and the service. The default pipeline is made ready meanwhile."""
    found = open_workspace()
    _OPEN.set()
    threading.Thread(target=_warm, args=(found.project(),), daemon=True).start()
    return found


def project() -> Project:
    """The project that this tab works in."""
    return workspace().project(st.session_state.get(PROJECT, DEFAULT))


@st.cache_resource(show_spinner=False)
def _worker(id: str) -> Worker:
    found = workspace().project(id)

    def screen(task: Task, tell: Tell) -> str:
        return str(found.shelf.screen_unseen(lambda done, total: tell("screen", done, total)))

    def prepare(task: Task, tell: Tell) -> str:
        pipeline = read_pipeline(task.body, "the pipeline that was being made ready")
        pipeline.prepare(found.shelf.documents, found.artifacts, partial(tell, "embed"), partial(tell, "divide"))
        return "made ready"

    return Worker(Work(workspace().records, id), {UPLOAD: found.inbox.take, SCREEN: screen, PREPARE: prepare})


def work_on() -> None:
    """Has the work of this project go on that waits, also what a server that died had begun."""
    _worker(project().id).wake()


def enter(id: str) -> None:
    """Goes to another project, with a session of its own; called before the page is drawn."""
    st.session_state.clear()
    st.session_state.update({PROJECT: id, ENTERED: True})


def _warm(found: Project) -> None:
    """Loads the model and the index for the default pipeline, so that the first question does not wait for them."""
    with contextlib.suppress(WorkbenchError):
        pipeline = PRESETS["default"][1]
        if len(found.shelf.documents) <= WARMED:
            index = prepared_once(pipeline, found.shelf.documents, found.artifacts, found.work)
            index.question_vector("warm")
        reader.warm()


def _fresh() -> dict[str, Any]:
    pipeline = PRESETS["default"][1].to_json()
    return {
        "pipeline": pipeline,
        "applied": pipeline,
        "asked": "",
        "checked": "",
        "turns": [],
        "turn": None,
        "follow": None,
        "filter": {
            "documents": [],
            "types": [],
            "after": None,
            "before": None,
            "patients": [],
            "authors": [],
            "in_force": False,
            "statuses": [],
            "nobody": False,
        },
        "columns": [PRESETS["baseline"][1].to_json(), pipeline],
        "comparison": "",
        "chunkers": [],
        "revision": 0,
        "who": "",
        "history": [],
        "shown": None,
        "before": None,
        "explain": False,
    }


@dataclass(eq=False)
class Own:
    """What a tab has: its session by name and as plain JSON values, what of it is kept, and whether it is a copy of another.

    It is no part of `st.session_state` for whoever has it: of that nothing can be read any more once a page was stopped.
    """

    session: str
    state: dict[str, Any]
    project: str = DEFAULT
    kept: str = ""
    holds: bool = False
    copied: str = ""  # The session that this tab's began as a copy of, until that was settled.
    taken: bool = False  # Whether this tab held that session, until another tab took it over.
    gone: list[Gone] = field(default_factory=list)  # What went from the documents since the session was last kept.

    def lose(self, gone: Sequence[Gone]) -> None:
        """Takes out of the session what it quotes of documents that are gone; told by whoever removes them, in any thread."""
        self._take_out(gone)
        self.gone += [replace(one, before="", now="") for one in gone]  # A run under way may write it again.

    def settle(self) -> None:
        """Does so once more with what went since it was last kept."""
        gone, self.gone = self.gone, []
        if gone:
            self._take_out(gone)

    def _take_out(self, gone: Sequence[Gone]) -> None:
        before = json.dumps(self.state)
        (left,) = without([before], gone)
        if left != before:
            self.state.update(json.loads(left))
        self.kept = ""

    @property
    def saved(self) -> Saved:
        """What is saved in the project that the session belongs to."""
        return workspace().project(self.project).saved

    def part(self) -> None:
        """Goes on with a session of its own, since another tab holds this one."""
        self.copied, self.session = self.session, secrets.token_urlsafe(9)
        self.kept, self.holds = "", False


@st.cache_resource(show_spinner=False)
def _tabs(id: str) -> WeakSet[Own]:
    """The tabs that work in a project. Each is told when a document goes, so that none brings back what it quoted."""
    found: WeakSet[Own] = WeakSet()

    def tell(gone: Sequence[Gone]) -> None:
        for own in list(found):
            own.lose(gone)

    workspace().project(id).shelf.watch(tell)
    return found


def restore() -> Own:
    """Brings back the session named in the address, or begins a new one; keeps the address up to date.

    A session that another tab holds is not brought back but copied: from here on this tab has one of its own.
    A workspace that cannot be used is told, and nothing else is drawn.
    """
    if "own" not in st.session_state:
        name = "" if st.session_state.pop(ENTERED, False) else st.query_params.get(SESSION, "")
        try:
            with contextlib.nullcontext() if _OPEN.is_set() else st.spinner("Opening the workspace…"):
                _find_project()
            found = project().saved
            kept = found.get("session", name) if name else None
            other = kept is not None and tabs.is_open_elsewhere(found, name)
        except SettingProblem as problem:
            st.error(plain(str(problem)))
            st.stop()
        own = Own(
            name if kept else secrets.token_urlsafe(9),
            {**_fresh(), **(json.loads(kept) if kept else {})},
            st.session_state[PROJECT],
        )
        st.session_state["own"], st.session_state["state"] = own, own.state
        if other:
            own.part()
        elif kept:
            _hold(own)
    own = st.session_state["own"]
    own.state = st.session_state["state"]
    _tabs(own.project).add(own)
    with contextlib.suppress(SettingProblem):
        project().shelf.refresh()  # Another server may have changed it.
        work_on()
        if own.holds and tabs.is_held_elsewhere(project().saved, own.session):
            own.part()
            own.taken = True
        if own.copied and not own.taken and not tabs.is_open_elsewhere(project().saved, own.copied):
            own.copied = ""  # The other tab was closed, or its server has died.
    if st.session_state[PROJECT] != DEFAULT:
        st.query_params[PROJECT] = st.session_state[PROJECT]
    else:
        st.query_params.pop(PROJECT, None)
    st.query_params[SESSION] = st.session_state["session"] = own.session
    return own


def _find_project() -> None:
    """Settles which project this tab works in: the one in the address, else the default."""
    if PROJECT not in st.session_state:
        asked = st.query_params.get(PROJECT, DEFAULT)
        found = workspace().projects.named(asked)
        if found is None or found.archived:
            st.warning("The project in the address is archived, or not in this workspace. You are in the default project.")
            asked = DEFAULT
        st.session_state[PROJECT] = asked


def keep(own: Own | None = None) -> None:
    """Writes the session to the workspace where it has changed; never into one that another tab holds."""
    own = own or st.session_state["own"]
    with contextlib.suppress(SettingProblem):
        workspace().project(own.project).shelf.refresh()
    own.settle()
    body = json.dumps(own.state)
    if own.kept == body:
        return
    try:
        if not own.holds:
            tabs.hold(own.saved, own.session)
            own.holds = True
        if not own.saved.put("session", body, own.session, tabs.here(own.saved)):
            if not tabs.is_here(own.saved):
                return
            own.part()
            own.taken = True
            keep(own)
            st.query_params[SESSION] = st.session_state["session"] = own.session
        own.kept = body
        if own.gone:  # Told while this was written.
            keep(own)
    except SettingProblem as problem:  # It goes on without, and is tried again.
        st.warning(plain(f"{problem} This session is not kept."))


def _hold(own: Own) -> None:
    with contextlib.suppress(SettingProblem):  # It is tried again when the session is kept.
        tabs.hold(project().saved, own.session)
        own.holds = True


def copied() -> Literal["", "opened", "taken"]:
    """Whether this tab's session is a copy: of one that was open in another tab, or of one that another tab took over."""
    own: Own = st.session_state["own"]
    return "" if not own.copied else "taken" if own.taken else "opened"


def keep_copy() -> None:
    """Settles that this tab goes on with its own session."""
    st.session_state["own"].copied = ""


def take_over() -> None:
    """Goes on with the session that this tab began as a copy of; called before the page is drawn.

    The other tab is told when it is used next, and what this tab had of its own stays kept under its own address.
    """
    own: Own = st.session_state["own"]
    name, own.copied, own.taken = own.copied, "", False
    kept = project().saved.get("session", name)
    if kept is None:
        return
    revision = own.state["revision"]
    own.session, own.state, own.kept, own.holds = name, {**_fresh(), **json.loads(kept)}, kept, False
    own.state["revision"] = max(revision, own.state["revision"]) + 1
    st.session_state["state"] = own.state
    for key in list(st.session_state):
        if str(key).endswith(("-view", "-question", "-held", "-uploaded")):
            del st.session_state[key]
    _hold(own)


def state() -> dict[str, Any]:
    """The session's state: plain JSON values only."""
    if "own" not in st.session_state:
        restore()
    found: dict[str, Any] = st.session_state["state"]
    return found


def pipeline_of(text: str) -> Pipeline:
    """A kept pipeline; the default where it cannot be read any more, with the reason on the screen."""
    try:
        return read_pipeline(text, "the kept pipeline")
    except SettingProblem as problem:
        st.warning(plain(f"{problem} The default is used instead."))
        return PRESETS["default"][1]


def open_pipeline(pipeline: Pipeline, field: str = "pipeline", at: int | None = None) -> None:
    """Puts a whole pipeline into the state; every control is drawn anew from it."""
    if at is None:
        state()[field] = pipeline.to_json()
    else:
        state()[field][at] = pipeline.to_json()
    state()["revision"] += 1


def open_filter(only: Filter) -> None:
    """Puts a whole filter into the state; its controls are drawn anew from it."""
    state()["filter"] = json.loads(json.dumps(asdict(only)))
    state()["revision"] += 1


def keyed(key: str) -> str:
    """The key of a widget that is drawn from the state: another one once a whole pipeline or filter was opened.

    Under the old key a browser may still send what the widget held before. Such a widget is given its value when it is drawn:
    one put into `st.session_state` is lost where the first run that draws the widget is broken off.
    """
    return f"{key}-{state()['revision']}"


def held(key: str, first: Any) -> Any:
    """What the control of this key holds, or `first`: given to it as its default, so that a browser which draws the control anew

    after a run without it shows what it holds.
    """
    return st.session_state.get(key, first)


def current_filter() -> Filter:
    """The filter of this session. What is chosen and has gone from the documents since stays chosen, and finds nothing."""
    kept = state()["filter"]
    days = sorted(day for day in (kept["after"], kept["before"]) if day)
    return Filter(
        documents=tuple(kept["documents"]),
        types=tuple(kept["types"]),
        after=days[0] if kept["after"] else None,
        before=days[-1] if kept["before"] else None,
        patients=tuple(kept.get("patients", ())),
        authors=tuple(kept.get("authors", ())),
        in_force=bool(kept.get("in_force")),
        statuses=tuple(kept.get("statuses", ())),
        nobody=bool(kept.get("nobody")),
    )


def running() -> Stand | None:
    """How far the run of a question set is that this session began; None where none is under way."""
    return project().artifacts.jobs.stand(state().get(RUN, ""))


def opened() -> Span | None:
    """The passage that a citation asked to open, once."""
    found = st.session_state.pop("open", None)
    return Span(*found) if found else None


def open_source(span: Span) -> None:
    """Asks for a passage to be opened in its document at the end of this run."""
    st.session_state["open"] = [span.document, span.start, span.end]
