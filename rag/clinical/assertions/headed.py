"""What headings say: the status of a whole section, headings that are a cue, and sentences that end where a section begins."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from rag.clinical.assertions.cues import matches
from rag.clinical.assertions.words import words_of
from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import sentences, trim
from rag.values import Assertion, Section, Status

LIST_MARK = re.compile(r"[\s\-*•,:;.)\]]*")


def by_section(text: str, sections: tuple[Section, ...]) -> Iterator[Assertion]:
    """The whole of each section whose kind gives what it holds a status: "Family history"."""
    status_of: dict[str, Status] = {rule["section"]: rule["status"] for rule in rules("assertions")["sections"]}
    for section in sections:
        kind = heading_kind(section.title)
        if kind and kind.name in status_of:
            start, end = trim(text, LIST_MARK.match(text, section.body).end(), section.end)  # type: ignore[union-attr]
            if start < end <= section.end:
                yield Assertion(start, end, status_of[kind.name], f"section {kind.name}")


@lru_cache(maxsize=1024)
def is_cue(title: str) -> bool:
    """Whether a heading is a cue of doubt or of a plan and nothing else: "Differential diagnosis"."""
    words = words_of(title)
    return any(
        found.cue.status in ("uncertain", "planned") and found.last - found.first == len(words) for found in matches(words)
    )


def stretches(text: str, sections: tuple[Section, ...]) -> Iterator[tuple[int, int]]:
    """The sentences, cut where a section begins inside one."""
    cuts = sorted({section.start for section in sections})
    for low, high in sentences(text):
        inside = cuts[bisect_left(cuts, low + 1) : bisect_left(cuts, high)]
        for pair in pairwise((low, *inside, high)):
            start, end = trim(text, *pair)
            if start < end:
                yield start, end
