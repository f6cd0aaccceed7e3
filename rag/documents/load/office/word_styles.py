"""What the styles of a Word document say of its text: headings, numbers of lists, whether it can be seen, struck or raised."""

import re
from dataclasses import dataclass, replace
from typing import Any

from rag.documents.load.signs import LOWERED, RAISED
from rag.documents.load.web.css import alike, colour_of

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TINY = 7  # Half points: below 3.5 points nobody reads.
ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
MOST_LEVELS = 9
MOVED = 4  # Half points above or below the line.


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks: hidden, its colour (six hexadecimal digits, "" for automatic), half points, its own ground.

    `place` is whether it is raised or lowered, `font` the font that it names.
    """

    hidden: bool = False
    colour: str = ""
    size: int = 22
    ground: str = ""
    struck: bool = False
    place: str = ""
    font: str = ""

    def unseen(self, ground: str) -> str:
        """Why text cannot be seen on this ground ("" for a ground that is not known), or nothing."""
        if self.hidden:
            return "hidden text"
        if self.size < TINY:
            return "tiny text"
        colour, below = colour_of(self.colour)[0], colour_of(self.ground or ground)[0]
        return "text in the colour of its ground" if colour and below and alike(colour, below) else ""


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style tells; `heading` is its level, 0 for running text."""

    look: Look = Look()
    heading: int = 0
    number: tuple[str, int] | None = None


def is_on(element: Any) -> bool:
    """Whether a switch such as `w:vanish` is there and on."""
    return element is not None and (element.get(f"{W}val") or "1") not in {"0", "false", "off"}


def fill_of(element: Any, name: str) -> str:
    """The colour of a ground, or nothing where it is automatic or not there."""
    written = (element.get(f"{W}{name}") or "") if element is not None else ""
    return "" if written.lower() == "auto" else written


def _looks(properties: Any, before: Look) -> Look:
    """The look after run properties."""
    if properties is None:
        return before
    changes: dict[str, Any] = {}
    if (hidden := properties.find(f"{W}vanish")) is not None:
        changes["hidden"] = is_on(hidden)
    if (colour := properties.find(f"{W}color")) is not None:
        theme = colour.get(f"{W}themeColor") or ""
        written = colour.get(f"{W}val") or ""
        white = theme in {"background1", "light1"} and not colour.get(f"{W}themeShade")
        changes["colour"] = "FFFFFF" if white else "" if written == "auto" or theme else written
    if (size := properties.find(f"{W}sz")) is not None and (size.get(f"{W}val") or "").isdecimal():
        changes["size"] = int(size.get(f"{W}val"))
    for strike in (properties.find(f"{W}strike"), properties.find(f"{W}dstrike")):
        if strike is not None:
            changes["struck"] = changes.get("struck", False) or is_on(strike)
    if (place := _place(properties)) is not None:
        changes["place"] = place
    if (fonts := properties.find(f"{W}rFonts")) is not None:
        changes["font"] = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
    if ground := fill_of(properties.find(f"{W}shd"), "fill"):
        changes["ground"] = ground
    mark = properties.find(f"{W}highlight")
    if mark is not None and mark.get(f"{W}val") not in {None, "none"}:
        changes["ground"] = {"white": "FFFFFF"}.get(mark.get(f"{W}val"), "FFFF00")
    return replace(before, **changes)


def _place(properties: Any) -> str | None:
    """Whether run properties raise or lower text; None where they say nothing of it."""
    align = _value(properties.find(f"{W}vertAlign"))
    if align:
        return {"superscript": RAISED, "subscript": LOWERED}.get(align, "")
    written = _value(properties.find(f"{W}position"))
    moved = int(written) if re.fullmatch(r"-?\d{1,4}", written) else 0
    return RAISED if moved >= MOVED else LOWERED if moved <= -MOVED else None


class Styles:
    """The styles of a document, each with what it takes over from the one that it is based on."""

    def __init__(self, opened: Any) -> None:
        try:
            root = opened.styles.element
        except MemoryError:
            raise
        except Exception:  # A damaged part of styles must not cost the document.
            root = ()
        self._elements = {style.get(f"{W}styleId") or "": style for style in root if style.tag == f"{W}style"}
        self._known: dict[str, Style] = {}
        self._default = next((id for id, one in self._elements.items() if _is_default(one)), "")

    def _style(self, name: str, seen: frozenset[str] = frozenset()) -> Style:
        if name in self._known:
            return self._known[name]
        element = self._elements.get(name)
        if element is None or name in seen or len(seen) > 20:
            return Style()
        based = element.find(f"{W}basedOn")
        below = self._style(based.get(f"{W}val") or "", seen | {name}) if based is not None else Style()
        style = _paragraph_style(element.find(f"{W}pPr"), below)
        called = element.find(f"{W}name")
        heading = _heading((called.get(f"{W}val") or "") if called is not None else "") or style.heading
        self._known[name] = replace(style, look=_looks(element.find(f"{W}rPr"), below.look), heading=heading)
        return self._known[name]

    def of_paragraph(self, paragraph: Any) -> Style:
        """The style of a paragraph with what it says itself."""
        properties = paragraph.find(f"{W}pPr")
        named = properties.find(f"{W}pStyle") if properties is not None else None
        style = self._style((named.get(f"{W}val") or "") if named is not None else self._default)
        return _paragraph_style(properties, style)

    def of_run(self, run: Any, look: Look) -> Look:
        """How a run looks, after its paragraph's style, its own style and its own properties."""
        properties = run.find(f"{W}rPr")
        if properties is None:
            return look
        named = properties.find(f"{W}rStyle")
        if named is not None:
            element = self._elements.get(named.get(f"{W}val") or "")
            look = _looks(element.find(f"{W}rPr"), look) if element is not None else look
        return _looks(properties, look)

    def shades(self, table: Any) -> bool:
        """Whether a table's style gives some of its cells a ground of their own."""
        named = table.find(f"{W}tblPr/{W}tblStyle")
        element = self._elements.get((named.get(f"{W}val") or "") if named is not None else "")
        if element is None:
            return False
        return any(fill_of(shade, "fill").upper() not in {"", "FFFFFF"} for shade in element.iter(f"{W}shd"))


def _is_default(style: Any) -> bool:
    return style.get(f"{W}type") == "paragraph" and (style.get(f"{W}default") or "") in {"1", "true"}


def _paragraph_style(properties: Any, below: Style) -> Style:
    """The style after paragraph properties."""
    if properties is None:
        return below
    changes: dict[str, Any] = {}
    outline = properties.find(f"{W}outlineLvl")
    if outline is not None and (outline.get(f"{W}val") or "").isdecimal():
        level = int(outline.get(f"{W}val")) + 1
        changes["heading"] = level if level <= MOST_LEVELS else 0
    if ground := fill_of(properties.find(f"{W}shd"), "fill"):
        changes["look"] = replace(below.look, ground=ground)
    number = properties.find(f"{W}numPr/{W}numId")
    if number is not None:
        level = properties.find(f"{W}numPr/{W}ilvl")
        written = (level.get(f"{W}val") or "0") if level is not None else "0"
        changes["number"] = (number.get(f"{W}val") or "0", min(int(written), MOST_LEVELS) if written.isdecimal() else 0)
    return replace(below, **changes)


def _heading(name: str) -> int:
    """The level of a style named as a heading ("heading 2", "Title"), or 0."""
    first, _, number = name.lower().partition(" ")
    if first == "heading" and number.isdecimal() and 1 <= int(number) <= MOST_LEVELS:
        return int(number)
    return 1 if name.lower() == "title" else 0


class Numbers:
    """Counts the items of numbered lists as Word shows them."""

    def __init__(self, opened: Any) -> None:
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[tuple[str, int], int] = {}
        part = next((one.target_part for one in opened.part.rels.values() if _is_numbering(one)), None)
        root = getattr(part, "element", None)
        for element in root if root is not None else ():
            if element.tag == f"{W}abstractNum":
                self._add(element)
            elif element.tag == f"{W}num":
                target = element.find(f"{W}abstractNumId")
                self._abstract[element.get(f"{W}numId") or ""] = (target.get(f"{W}val") or "") if target is not None else ""

    def _add(self, abstract: Any) -> None:
        for level in abstract.iter(f"{W}lvl"):
            told = {name: _value(level.find(f"{W}{name}")) for name in ("numFmt", "lvlText", "start")}
            depth = level.get(f"{W}ilvl") or ""
            if depth.isdecimal():
                start = int(told["start"]) if told["start"].isdecimal() and len(told["start"]) < 7 else 1
                self._levels[abstract.get(f"{W}abstractNumId") or "", int(depth)] = (told["numFmt"], told["lvlText"], start)

    def next(self, paragraph: Any, style: Style) -> str:
        """The sign before this paragraph ("2.1 ", "- ", "") in its list."""
        if style.number is None or style.number[0] == "0":
            return ""
        name, depth = self._abstract.get(style.number[0], ""), style.number[1]
        form, pattern, start = self._levels.get((name, depth), ("bullet", "", 1))
        if form in {"bullet", "none"}:
            return "- " if form == "bullet" and not style.heading else ""
        self._counts[name, depth] = self._counts.get((name, depth), start - 1) + 1
        for deeper in range(depth + 1, MOST_LEVELS + 1):
            self._counts.pop((name, deeper), None)
        for level in range(depth + 1):
            form, _, first = self._levels.get((name, level), ("decimal", "", 1))
            pattern = pattern.replace(f"%{level + 1}", _written(self._counts.get((name, level), first), form))
        return f"{pattern} " if pattern else ""


def _value(element: Any) -> str:
    return (element.get(f"{W}val") or "") if element is not None else ""


def _is_numbering(relation: Any) -> bool:
    return not relation.is_external and str(relation.reltype).endswith("/numbering")


def _written(number: int, form: str) -> str:
    if form in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 % 5 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in {"lowerRoman", "upperRoman"} and number < 40:
        roman, left = "", number
        for value, sign in ROMAN:
            roman += sign * (left // value)
            left %= value
        return roman.upper() if form == "upperRoman" else roman
    return str(number)
