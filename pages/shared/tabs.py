"""Which browser tab holds a session: a second tab of one link gets a session of its own instead of writing into the first's."""

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag.keep.saved import HOLDER, Saved
from rag.stage import fingerprint

NAMES: dict[str, str] = {}  # Streamlit's name of each tab that this server has seen.


def hold(saved: Saved, session: str) -> None:
    """Notes that this tab holds a session from here on. Raises SettingProblem where the database does not take it."""
    saved.put(HOLDER, here(), session)


def is_held_elsewhere(saved: Saved, session: str) -> bool:
    """Whether another tab holds this session, open or closed."""
    return saved.get(HOLDER, session) not in (None, here())


def is_open_elsewhere(saved: Saved, session: str) -> bool:
    """Whether another tab holds this session and is open at this server."""
    return is_held_elsewhere(saved, session) and _is_open(str(saved.get(HOLDER, session)))


def is_here() -> bool:
    """Whether this tab is still open; what it ran last may end after it was closed or loaded anew."""
    return _is_open(here())


def here() -> str:
    """What stands for this tab in the workspace; with Streamlit's own name for it others could read along."""
    context = get_script_run_ctx()
    own = context.session_id if context else ""
    tab = fingerprint("tab", own)
    NAMES[tab] = own
    return tab


def _is_open(tab: str) -> bool:
    name = NAMES.get(tab)
    return name is not None and runtime.exists() and runtime.get_instance().is_active_session(name)
