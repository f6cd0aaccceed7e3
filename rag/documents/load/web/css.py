"""How text of a page is shown: the few properties of CSS that hide, strike or raise it, from styles and simple rules."""

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from rag.documents.load.signs import LOWERED, RAISED

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
NAMED: dict[str, Colour] = {
    "white": WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "azure": (240, 255, 255), "mintcream": (245, 255, 250),
    "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "navy": (0, 0, 128),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192), "yellow": (255, 255, 0),
}  # fmt: skip
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
RULE = re.compile(r"(?<![^{}])([^{}]++)\{([^{}]*+)\}")
AT_RULE = re.compile(r"@[\w-]+[^{};]*+(;?)")
COMPOUND = re.compile(r"(\*|[a-zA-Z][\w-]*)?((?:[.#][\w-]+)*)")
NUMBER = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|ex|%|vw|vh|cm|in)?")
POINTS = {"px": 1.0, "pt": 4 / 3, "cm": 37.8, "in": 96.0, "vw": 10.0, "vh": 10.0, "": 1.0}
HIDING = {
    "display", "visibility", "opacity", "color", "background", "background-color", "background-image", "font-size", "font",
    "position", "left", "top", "right", "text-indent", "margin-left", "clip", "clip-path", "height", "width", "max-height",
    "max-width", "overflow", "transform", "text-decoration", "text-decoration-line", "vertical-align", "font-family",
}  # fmt: skip
STRUCK = frozenset({"del", "s", "strike"})
PLACES = {"sup": RAISED, "sub": LOWERED, "super": RAISED, "text-top": RAISED, "text-bottom": LOWERED, "baseline": ""}
TINY = 2.0
FAR = -400.0
ALIKE = 16
MOST_RULES = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """How text at a place is shown: `reason` says why it is not seen, `place` whether it is raised or lowered."""

    colour: Colour | None = (0, 0, 0)
    ground: Colour | None = WHITE
    size: float = 16.0
    gone: str = ""
    invisible: bool = False
    struck: bool = False
    place: str = ""
    font: str = ""

    @property
    def reason(self) -> str:
        """Why text here is not seen, or nothing."""
        if self.gone:
            return self.gone
        if self.invisible:
            return "invisible text"
        if self.size <= TINY:
            return "tiny text"
        if self.colour and self.ground and alike(self.colour, self.ground):
            return "text in the colour of its ground"
        return ""


def alike(one: Colour, other: Colour) -> bool:
    """Whether two colours cannot be told apart by eye."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= ALIKE


def colour_of(written: str) -> tuple[Colour | None, bool]:
    """The colour that CSS or HTML writes, or None where it is not known, and whether it is transparent."""
    written = written.strip().lower().removesuffix("!important").strip()
    if written == "transparent":
        return None, True
    if found := re.fullmatch(r"#?([0-9a-f]{6})(?:([0-9a-f]{2}))?", written):
        return tuple(bytes.fromhex(found[1])), found[2] == "00"  # type: ignore[return-value]
    if found := re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])([0-9a-f])?", written):
        return (int(found[1] * 2, 16), int(found[2] * 2, 16), int(found[3] * 2, 16)), found[4] == "0"
    if found := re.fullmatch(r"rgba?\(([^)]{3,60})\)", written):
        parts = re.findall(r"[\d.]+%?", found[1])[:4]
        values = [float(part.rstrip("%")) * (255 if part[-1] == "%" else 100) / 100 for part in parts if part.strip(".%")]
        if len(values) >= 3:
            red, green, blue = (min(int(value), 255) for value in values[:3])
            return (red, green, blue), len(values) == 4 and values[3] < 0.03
    return NAMED.get(written), False


def declarations(style: str) -> dict[str, str]:
    """The declarations of a style attribute or a rule that can hide text or change what it says."""
    found = {}
    for part in style.split(";")[:200]:
        name, colon, value = part.partition(":")
        if colon and name.strip().lower() in HIDING:
            found[name.strip().lower()] = value.strip().lower().removesuffix("!important").strip()
    return found


@dataclass
class Styles:
    """The simple rules of a page's style sheets, found by the last part of their selector."""

    rules: dict[str, list[tuple[int, list[str], dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, sheet: str) -> None:
        """Takes in the rules of a sheet; those for print and other media, and those with states, are passed over."""
        sheet = COMMENT.sub(" ", sheet)
        for found in RULE.finditer(_screen_only(sheet)):
            told = declarations(found[2])
            for selector in found[1].split(",") if told else ():
                parts = re.sub(r"[>+~]", " ", selector).split()
                if not parts or self.count >= MOST_RULES or not all(COMPOUND.fullmatch(part) for part in parts):
                    continue
                self.count += 1
                self.rules[_key(parts[-1])].append((self.count, parts, told))

    def of(self, element: Any, tag: str) -> dict[str, str]:
        """What the rules and the style attribute of an element declare together."""
        found: dict[str, str] = {}
        if self.rules:
            names = [tag, "*", *(f".{name}" for name in (element.get("class") or "").split()), f"#{element.get('id') or ''}"]
            rules = [rule for name in names for rule in self.rules.get(name, ())]
            for _, parts, told in sorted(rules, key=lambda rule: rule[0]):
                if _matches(parts, element):
                    found |= told
        if style := element.get("style"):
            found |= declarations(style)
        return found


def _screen_only(sheet: str) -> str:
    """The sheet with media blocks for the screen opened and all others removed."""
    out, at = [], 0
    for found in re.finditer(r"@(media|supports|layer|container)\b([^{};@]*)\{", sheet):
        if found.start() < at:
            continue
        depth, end = 1, found.end()
        for brace in re.finditer(r"[{}]", sheet[found.end() :]):
            depth += 1 if brace[0] == "{" else -1
            end = found.end() + brace.end()
            if not depth:
                break
        out.append(sheet[at : found.start()])
        if "print" not in found[2] and "-width" not in found[2]:
            out.append(sheet[found.end() : end - 1])
        at = end
    # What is read ends with the semicolon or stays: another "@" within it could find none either.
    return AT_RULE.sub(lambda one: " " if one[1] else one[0], "".join([*out, sheet[at:]]))


def _key(compound: str) -> str:
    """The name by which rules with this last compound are found: its id, class or tag."""
    found = COMPOUND.fullmatch(compound)
    marks = re.findall(r"[.#][\w-]+", found[2]) if found else []
    ids = [mark for mark in marks if mark[0] == "#"]
    return str((ids or marks or [(found[1] if found else "*") or "*"])[0])


def _fits(compound: str, element: Any) -> bool:
    found = COMPOUND.fullmatch(compound)
    if found is None or not isinstance(element.tag, str):
        return False
    classes = (element.get("class") or "").split()
    if found[1] and found[1] != "*" and found[1].lower() != element.tag.lower():
        return False
    return all(
        mark[1:] in classes if mark[0] == "." else mark[1:] == element.get("id") for mark in re.findall(r"[.#][\w-]+", found[2])
    )


def _matches(parts: list[str], element: Any) -> bool:
    """Whether an element fits the last compound and its ancestors those before, in order."""
    if not _fits(parts[-1], element):
        return False
    waiting = parts[:-1]
    above = element.getparent()
    while waiting and above is not None:
        if _fits(waiting[-1], above):
            waiting = waiting[:-1]
        above = above.getparent()
    return not waiting


def shown(element: Any, tag: str, told: dict[str, str], before: Seen) -> Seen:
    """How the text of an element is shown, after that of its parent."""
    gone = before.gone or _gone(element, told)
    colour, ground, size, invisible = before.colour, before.ground, before.size, before.invisible
    background = told.get("background-color") or told.get("background") or element.get("bgcolor") or ""
    if background or told.get("background-image"):
        ground = _ground(background, told, ground)
    if written := told.get("color") or (element.get("color") if tag == "font" else element.get("text") if tag == "body" else ""):
        colour, transparent = colour_of(written)
        gone = gone or ("transparent text" if transparent else "")
    if "visibility" in told:
        invisible = told["visibility"] in {"hidden", "collapse"}
    if written := told.get("font-size") or told.get("font", ""):
        size = _size(written, size)
    lines = told.get("text-decoration", "") + told.get("text-decoration-line", "")
    struck = before.struck or tag in STRUCK or "line-through" in lines or element.get("revised") == "delete"
    place = PLACES.get(told.get("vertical-align") or tag, before.place)
    family = told.get("font-family") or (element.get("face") if tag == "font" else "") or before.font
    font = family.partition(",")[0].strip(" \"'")
    return replace(
        before,
        colour=colour,
        ground=ground,
        size=size,
        gone=gone,
        invisible=invisible,
        struck=struck,
        place=place,
        font=font,
    )


def _ground(background: str, told: dict[str, str], before: Colour | None) -> Colour | None:
    if "url(" in background or "gradient" in background or told.get("background-image", "none") != "none":
        return None  # A picture: what stands on it may well be seen.
    for word in [background, *background.split()]:
        known, transparent = colour_of(word)
        if transparent or word in {"none", "inherit", "initial", "unset"}:
            return before
        if known:
            return known
    return None


def _size(written: str, before: float) -> float:
    """A font size in pixels; words such as "small" leave it as it was."""
    found = NUMBER.search(written)
    if not found:
        return before
    value, unit = float(found[1]), found[2] or ""
    if not unit and value:
        return before
    if unit in {"em", "ex", "%"}:
        return before * value / (100 if unit == "%" else 1)
    return value * (16 if unit == "rem" else POINTS[unit])


def _length(written: str) -> float | None:
    found = NUMBER.match(written.strip())
    if not found:
        return None
    unit = found[2] or ""
    return float(found[1]) * (16 if unit in {"em", "rem", "ex"} else 10 if unit == "%" else POINTS[unit])


def _gone(element: Any, told: dict[str, str]) -> str:
    """Why nothing of an element is seen, whatever its parts say, or nothing."""
    if element.get("hidden") is not None or told.get("display") == "none":
        return "text that is not displayed"
    if (element.get("aria-hidden") or "").lower() == "true":
        return "text hidden from readers (aria-hidden)"
    opacity = NUMBER.match(told.get("opacity", ""))
    if opacity and float(opacity[1]) <= 0.03 * (100 if opacity[2] == "%" else 1):
        return "transparent text"
    if _off_screen(told):
        return "text off the screen"
    return "clipped text" if _clipped(told) else ""


def _off_screen(told: dict[str, str]) -> bool:
    moved = ["left", "top", "margin-left"] if told.get("position") in {"absolute", "fixed"} else ["text-indent", "margin-left"]
    lengths = [_length(told[name]) for name in moved if name in told]
    if told.get("position") in {"absolute", "fixed"} and (right := _length(told.get("right", ""))) is not None:
        lengths.append(right)
    return any(length is not None and length <= FAR for length in lengths)


def _clipped(told: dict[str, str]) -> bool:
    if re.fullmatch(r"rect\((?:[01](?:px)?[\s,]*){4}\)", told.get("clip", "")):
        return True
    if re.match(r"inset\((?:50|100)%|circle\(0", told.get("clip-path", "")) or "scale(0)" in told.get("transform", ""):
        return True
    if told.get("overflow") not in {"hidden", "clip"}:
        return False
    lengths = [_length(told[name]) for name in ("height", "width", "max-height", "max-width") if name in told]
    return any(length is not None and length <= 1 for length in lengths)
