"""Processor time of reading made-up texts, and whether it grows with their length alone."""

import time
from collections.abc import Callable
from typing import Any

TRIES = 3
MOST_GROWTH = 30.0  # For eight times the text.


def spent(work: Callable[[Any], Any], text: str | bytes) -> float:
    """Seconds of processor time for one reading."""
    started = time.process_time()
    work(text)
    return time.process_time() - started


def is_linear(work: Callable[[str], Any], part: str, longest: int, begin: str = "") -> bool:
    """Whether eight times as many of these parts take, on any of some tries, no more than some factor and half a second."""
    short, long = (begin + part * (length // len(part)) for length in (longest // 8, longest))
    return any(spent(work, long) < MOST_GROWTH * spent(work, short) + 0.5 for _ in range(TRIES))
