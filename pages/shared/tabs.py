"""Which browser tab holds a session: a second tab of one link gets a session of its own instead of writing into the first's."""

import threading
import time
from contextlib import suppress

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag.errors import SettingProblem
from rag.keep.alive import has_ended, own_name
from rag.keep.saved import HOLDER, Saved
from rag.stage import fingerprint

BEAT = 5.0  # Seconds between two notes that a tab is open.
GONE = 15.0  # Seconds without one after which a tab of another server counts as closed, where it cannot be told that it died.
_BEATING: set[Saved] = set()
_LOCK = threading.Lock()
NAMES: dict[str, str] = {}  # Streamlit's name of each tab that this server has seen.


def hold(saved: Saved, session: str) -> None:
    """Notes that this tab holds a session from here on. Raises SettingProblem where the database does not take it."""
    saved.put(HOLDER, here(saved), session)
    _beat(saved)


def is_held_elsewhere(saved: Saved, session: str) -> bool:
    """Whether another tab holds this session, open or closed."""
    return saved.get(HOLDER, session) not in (None, here(saved))


def is_open_elsewhere(saved: Saved, session: str) -> bool:
    """Whether another tab holds this session and is open, at this server or at another one of the same workspace."""
    holder = saved.get(HOLDER, session)
    if holder in (None, here(saved)) or str(holder).partition("@")[0] == _before():
        return False
    return _is_open(str(holder)) or _is_open_at_another(saved, session, str(holder))


def is_here(saved: Saved) -> bool:
    """Whether this tab is still open; what it ran last may end after it was closed or loaded anew."""
    return _is_open(here(saved))


def here(saved: Saved) -> str:
    """What stands for this tab, at this server, in the workspace; with Streamlit's own name for it others could read along."""
    context = get_script_run_ctx()
    own = context.session_id if context else ""
    tab = f"{fingerprint('tab', own)}@{own_name(saved.folder)}"
    NAMES[tab] = own
    return tab


def _before() -> str:
    """What stood for this tab at a server that it has lost: there it is not open any more. "" where it has lost none."""
    told = (st.context.headers.get("Sec-WebSocket-Protocol") or "").split(",")  # The third is the browser's name of itself.
    return fingerprint("tab", told[2].strip()) if len(told) > 2 and told[2].strip() else ""


def _beat(saved: Saved) -> None:
    """Has other servers see which tabs of this project are open here: a thread notes it again and again."""
    with _LOCK:
        if saved not in _BEATING and runtime.exists():
            _BEATING.add(saved)
            threading.Thread(target=_go_on, args=(saved,), daemon=True, name="tabs").start()


def _go_on(saved: Saved) -> None:
    never = threading.Event()
    while not never.wait(BEAT):
        with suppress(SettingProblem):
            saved.touch(HOLDER, [tab for tab in list(NAMES) if _is_open(tab)])


def _is_open_at_another(saved: Saved, session: str, tab: str) -> bool:
    """Whether a server that is not this one, and lives, noted lately that this tab, which holds the session, is open there."""
    if tab in NAMES or has_ended(saved.folder, tab.partition("@")[2]):
        return False
    return time.time() - saved.at(HOLDER, session) < GONE


def _is_open(tab: str) -> bool:
    name = NAMES.get(tab)
    return name is not None and runtime.exists() and runtime.get_instance().is_active_session(name)
