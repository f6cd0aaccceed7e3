"""What headings say: the status of a whole section, headings that are a cue, and sentences that end where a section begins."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from rag.clinical.assertions.cues import matches
from rag.clinical.assertions.words import listed, words_of
from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import sentences, trim
from rag.values import Assertion, Section

LONG = 120
"""The characters of an item that are looked at."""
LIST_MARK = re.compile(r"[\s\-*•,:;.)\]]*")


def by_section(text: str, sections: tuple[Section, ...]) -> Iterator[Assertion]:
    """The whole of each section whose kind gives what it holds a status: "Family history"."""
    known = {rule["section"]: rule for rule in rules("assertions")["sections"]}
    for section in sections:
        kind = heading_kind(section.title)
        if kind and kind.name in known:
            rule, name = known[kind.name], f"section {kind.name}"
            for low, high in sentences(text, section.body, section.end) if "items" in rule else [(section.body, section.end)]:
                start, end = trim(text, LIST_MARK.match(text, low).end(), high)  # type: ignore[union-attr]
                if start < end <= section.end and ("items" not in rule or _is_bare(text[start:end], listed(rule["items"]))):
                    yield Assertion(start, end, rule["status"], name)


def _is_bare(item: str, openers: frozenset[str]) -> bool:
    """Whether an item of a plan is only what is ordered ("MRI brain"): it begins with such a word and has no verb or value."""
    said = [word.said for word in words_of(item[:LONG])]
    return bool(said) and said[0] in openers and not any(word in listed("verbs") or word in listed("values") for word in said)


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
