"""An answer that a model wrote as XML: which element states something, and which names its sources."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from rag.rules import rules
from rag.stages.answer.refusals import is_courtesy

RULES = rules("citations")["elements"]
STATES, CITES, QUOTES, HTML = (frozenset(RULES[name]) for name in ("states", "cites", "quotes", "html"))
NAMING, COUNTING = RULES["naming"], RULES["counting"]
PLAIN = re.compile(
    r"<\?xml[^<>]{0,200}\?>|<!--[^<>]{0,400}-->|<!\[CDATA\[|\]\]>|</?(?:b|strong|i|em|u)>"
    r"|(?m:^[ \t]{0,8}(?:```|~~~)\w{0,8}[ \t]*$)"
)
BESIDE = re.compile(rf"<({'|'.join(RULES['beside'])})>[^<>\n]{{0,80}}</\1>", re.I)  # <confidence>high</confidence>
TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z_][\w.-]{0,30})(?P<rest>(?:\s[^<>]{0,400})?/?)>")
ATTRIBUTE = re.compile(r"([\w.:-]{1,30})\s?=\s?(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'/]+))")
DEEPEST = 12


@dataclass
class Element:
    """An element with what lies in it; one that never ends is not `whole`."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    within: list["Element | str"] = field(default_factory=list)
    whole: bool = False

    @property
    def text(self) -> str:
        """Its own text, without that of the elements in it."""
        return " ".join(unescape(" ".join(part for part in self.within if isinstance(part, str))).split())

    @property
    def elements(self) -> list["Element"]:
        return [part for part in self.within if isinstance(part, Element)]


class _Mixed(Exception):
    """Running text with elements in it: no answer in elements."""


def elements_in(text: str, cut: bool = False) -> dict[str, Any] | None:
    """The answer as JSON would have it, {"sentences": [{"text", "sources"}], "missing"}; None where it is not made of elements.

    Of one that was `cut` what is whole is read.
    """
    text = BESIDE.sub("", PLAIN.sub("", unescape(text) if "<" not in text else text))
    first = TAG.search(text)
    read = _read(text[first.start() :]) if first and _is_aside(text[: first.start()]) else None
    if read is None or not any(one.name in STATES for one in _each(read)):
        return None
    if all(one.name in HTML for one in _each(read)):
        return None
    if isinstance(read.within[-1], str) and _is_aside(read.within[-1]):
        read.within.pop()
    missing: list[str] = []
    try:
        stated = _stated(read, missing, cut)
    except _Mixed:
        return None
    return {"sentences": stated, "missing": missing} if stated or missing else None


def _is_aside(text: str) -> bool:
    """Whether what stands around the elements states nothing."""
    return all(is_courtesy(line) for line in text.splitlines() if any(map(str.isalnum, line)))


def _read(text: str) -> Element | None:
    """The elements of a text in one around them all; None where they lie too deep."""
    around = Element("")
    open_yet = [around]
    at = 0
    for tag in TAG.finditer(text):
        open_yet[-1].within.append(text[at : tag.start()])
        at = tag.end()
        name = tag["name"].lower()
        if tag["end"]:
            if name in (one.name for one in open_yet):
                while open_yet[-1].name != name:
                    open_yet.pop()
                open_yet.pop().whole = True
            continue
        if len(open_yet) > DEEPEST:
            return None
        made = Element(name, {one[1].lower(): one[2] or one[3] or one[4] or "" for one in ATTRIBUTE.finditer(tag["rest"])})
        open_yet[-1].within.append(made)
        if tag["rest"].rstrip().endswith("/"):
            made.whole = True
        else:
            open_yet.append(made)
    open_yet[-1].within.append(text[at:])
    around.whole = True
    return around


def _each(element: Element) -> Iterator[Element]:
    for one in element.elements:
        yield one
        yield from _each(one)


def _stated(parent: Element, missing: list[str], cut: bool) -> list[dict[str, Any]]:
    """What the elements in one state, each with its sources, which stand in its tag, in it, before it or behind it."""
    if parent.text:
        raise _Mixed
    found: list[dict[str, Any]] = []
    ahead: list[str] = []
    for one in parent.elements:
        if one.name == "missing":
            missing.append(one.text)
        elif one.name in CITES or one.name in QUOTES:
            numbers = _cited(one)
            if not found:
                ahead += numbers
            elif sum(not entry["sources"] for entry in found) == 1 and not found[-1]["sources"]:
                found[-1]["sources"] = numbers
        elif not cut or one.whole or one.elements:
            entries = _of(one, missing, cut)
            if ahead and entries and not entries[0]["sources"]:
                entries[0]["sources"], ahead = ahead, []
            found += entries
    return found


def _of(element: Element, missing: list[str], cut: bool) -> list[dict[str, Any]]:
    """What one element states: its text, or what those in it state."""
    numbers = _named(element, NAMING)
    if not element.text:
        entries = _stated(element, missing, cut)
        return [{**entry, "sources": entry["sources"] or numbers} for entry in entries]
    if any(one.name not in CITES | QUOTES for one in element.elements) or _goes_on(element):
        raise _Mixed
    if element.name not in STATES and " " not in element.text:
        return []  # <part>2</part>
    return [{"text": element.text, "sources": [*numbers, *(number for one in element.elements for number in _cited(one))]}]


def _goes_on(element: Element) -> bool:
    """Whether text follows an element in it, so that the place of that matters."""
    first = next((at for at, part in enumerate(element.within) if isinstance(part, Element)), len(element.within))
    return any(part.strip() for part in element.within[first:] if isinstance(part, str))


def _cited(element: Element) -> list[str]:
    """The sources that an element names: in its tag, in those within it, or in its text."""
    numbers = _named(element, [*NAMING, *COUNTING])
    if numbers or element.name in QUOTES:
        return numbers
    inner = [number for one in element.elements if one.name in CITES or one.name in COUNTING for number in _cited(one)]
    return inner or ([element.text] if element.text else [])


def _named(element: Element, names: Sequence[str]) -> list[str]:
    return next(([element.attributes[name]] for name in names if element.attributes.get(name, "").strip()), [])
