"""What headings say: the status of a whole section, headings that are a cue, and sentences that end where a section begins."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from rag.clinical.assertions.cues import matches
from rag.clinical.assertions.words import listed, words_of
from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import lowered, sentences, trim
from rag.values import Assertion, Section

LONG = 120
"""The characters of an item that are looked at."""
BETWEEN = " \t\n,;"
LIST_MARK = re.compile(r"[\s\-*•,:;.)\]]*")


def by_section(text: str, sections: tuple[Section, ...]) -> Iterator[Assertion]:
    """The whole of each section whose kind gives what it holds a status: "Family history"."""
    known = {rule["section"]: rule for rule in rules("assertions")["sections"]}
    for section in sections:
        kind = heading_kind(section.title)
        if kind and kind.name in known:
            rule, name = known[kind.name], f"section {kind.name}"
            if "not_titled" in rule and any(word.said in listed(rule["not_titled"]) for word in words_of(section.title)):
                continue
            whole = "items" not in rule and "but" not in rule
            for low, high in [(section.body, section.end)] if whole else sentences(text, section.body, section.end):
                start, end = trim(text, LIST_MARK.match(text, low).end(), high)  # type: ignore[union-attr]
                if start < end <= section.end and _is_of_section(text[start:end], rule):
                    yield Assertion(start, end, rule["status"], name)


def _is_of_section(sentence: str, rule: dict[str, str]) -> bool:
    """Whether a sentence of a section has the section's status."""
    if "items" in rule:
        return _is_bare(sentence, listed(rule["items"]))
    return "but" not in rule or not any(word.said in listed(rule["but"]) for word in words_of(sentence))


def undenied(found: list[Assertion], text: str) -> Iterator[Assertion]:
    """The assertions, those that a section makes past without what is denied in it: "Past medical history: gout, no stroke"."""
    denied = sorted((one.start, one.end, one.cue) for one in found if one.status == "negated")
    ends = [end for _, end, _ in denied]
    for one in found:
        if one.status != "historical" or not one.cue.startswith("section "):
            yield one
            continue
        at = one.start
        for start, end, cue in [*denied[bisect_left(ends, at + 1) :], (one.end, one.end, "")]:
            piece = lowered(text[at : min(start, one.end)]).rstrip()
            until = at + len(piece.removesuffix(cue).rstrip(BETWEEN))
            low, high = trim(text, LIST_MARK.match(text, at).end(), until)  # type: ignore[union-attr]
            if low < high:
                yield replace(one, start=low, end=high)
            at = max(at, end)
            if start >= one.end:
                break


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
