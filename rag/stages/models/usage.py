"""What the models asked were sent and gave back, gathered where an answer is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rag.values import Usage

_METERS: ContextVar[tuple["Meter", ...]] = ContextVar("meters", default=())


class Meter:
    """The usage of all models asked while it runs."""

    def __init__(self) -> None:
        self.total = Usage()

    def add(self, usage: Usage) -> None:
        self.total += usage


@contextmanager
def metered() -> Iterator[Meter]:
    """A meter for everything asked within, also in meters further out. A thread needs a copy of the context."""
    meter = Meter()
    token = _METERS.set((*_METERS.get(), meter))
    try:
        yield meter
    finally:
        _METERS.reset(token)


def record(usage: Usage) -> None:
    """Counts a call in every meter that is running."""
    for meter in _METERS.get():
        meter.add(usage)
