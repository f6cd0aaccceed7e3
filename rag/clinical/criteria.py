"""Numbered criteria of a policy, A., 1., a. and (i) nested in each other; and the graded recommendations of a guideline."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){1,3}\.?|\(?(?:[A-Z]|[a-z]|\d{1,2}|[ivx]{2,5}|[IVX]{2,5})[.)])")
AT = re.compile(rf"^[ \t]*(?:[-*•][ \t]+)?({MARKER.pattern})[ \t]+(?=\S)", re.MULTILINE)
GRADED = re.compile(
    r"^[ \t]*(\d{1,2}(?:\.\d{1,2}){1,2}\.?|\d{1,2}\.)[ \t]+([A-Za-z])(?:(?!\n[ \t]*\n|\n[ \t]*\d{1,2}[.)]).){20,1000}?"
    r"\((?:[^()\n]{0,60}\b)?(?:recommendation|grade|strength|strong|weak|conditional|evidence|class|certainty)\b[^()]{0,60}\)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"]


@dataclass(frozen=True)
class Item:
    """A criterion: its marker from `start` to `body`, and how deep it is nested (1 is the outermost)."""

    title: str
    depth: int
    start: int
    body: int


def numbered_items(text: str, start: int, end: int) -> Iterator[Item]:
    """The criteria between two offsets. A series begins with its first value (A, 1, a, i) and goes on with the next one."""
    open_series: list[tuple[str, int]] = []
    for found in AT.finditer(text, start, end):
        marker = found[1]
        readings = list(_readings(marker))
        level = next((at for at in reversed(range(len(open_series))) for kind, value in readings
                      if open_series[at] == (kind, value - 1)), None)  # fmt: skip
        if level is not None:
            kind = open_series[level][0]
            open_series[level:] = [(kind, open_series[level][1] + 1)]
        elif first := next((kind for kind, value in readings if value == 1 and kind not in dict(open_series)), None):
            open_series.append((first, 1))
        else:
            continue
        yield Item(marker, len(open_series), found.start(1), found.end(1))


def _readings(marker: str) -> Iterator[tuple[str, int]]:
    """What a marker can mean: a kind of series and the place in it. "i." is a letter after "h." and a Roman one otherwise."""
    core = marker.strip("().")
    shape = marker.replace(core, "", 1)
    if "." in core:
        parent, _, last = core.rpartition(".")
        yield f"{parent}.", int(last)
    elif core.isdigit():
        yield f"1{shape}", int(core)
    else:
        case = "A" if core.isupper() else "a"
        if core.lower() in ROMAN:
            yield f"{case} Roman {shape}", ROMAN.index(core.lower()) + 1
        if len(core) == 1:
            yield f"{case}{shape}", ord(core.lower()) - ord("a") + 1


def graded_items(text: str) -> Iterator[Item]:
    """The numbered paragraphs with a grade in brackets: "3. Offer treatment (strong recommendation, evidence type 2)."."""
    for found in GRADED.finditer(text):
        if found[2].isupper():
            yield Item(found[1], 1, found.start(1), found.end(1))
