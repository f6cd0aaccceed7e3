"""What happened: the door through which every write to the records goes, with who acted and what was done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

LOCAL = "local user"
"""Who acts where nobody signed in."""
_actor: ContextVar[str] = ContextVar("actor", default=LOCAL)


def actor() -> str:
    """Who acts now."""
    return _actor.get()


@dataclass(frozen=True)
class Event:
    """An act: who did what, in which project, about which things. `about` are names, never text."""

    act: str
    project: str
    about: tuple[str, ...] = ()
    who: str = field(default_factory=actor)
    at: float = field(default_factory=time.time)


@contextmanager
def acting(who: str) -> Iterator[None]:
    """Within this, `who` is the one who acts."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


def note(event: Event) -> None:
    """Takes an event before its transaction ends. Nothing keeps it yet."""
