"""How a text object of a PDF is set, and what hides its words."""

import ctypes
import math
from ctypes import byref
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from rag.documents.load.pdf.drawing import INTEGER, POINTER, Box, Colour, Drawing, called, clip, fill
from rag.documents.load.signs import LOWERED, RAISED

TINY = 2.0  # points
INVISIBLE_MODES = {3, 7}
SMALLER = 0.85  # of the size of a word's other letters: what may be raised or lowered
MOVED = 0.12  # of that size, above or below the line
NARROW = 0.5  # of a letter's height: how narrow text may be set that one can still read
SAME = 24  # of 255: colours that differ less cannot be told apart on paper.
LIGHT = 200
MATRIX_AT = called(pdfium.FPDFText_GetMatrix, INTEGER, POINTER, INTEGER, POINTER)
SIZE_AT = called(pdfium.FPDFText_GetFontSize, ctypes.c_double, POINTER, INTEGER)
RENDER_MODE = called(pdfium.FPDFTextObj_GetTextRenderMode, INTEGER, POINTER)


class Style(NamedTuple):
    """How one text object is set: `why` is what hides it for certain, `maybe` what may hide it, to be seen in the picture."""

    size: float
    rounded: float
    angle: int
    slope: float
    why: str
    maybe: str
    order: int
    colour: Colour | None
    clip: Box | None
    plain: bool  # Upright, and nothing may hide it but what is drawn over it.


def style_of(page_text: int, at: int, thing: int, drawing: Drawing) -> Style:
    """How a text object is set, as PDFium tells it of one of its characters."""
    matrix = pdfium.FS_MATRIX()
    MATRIX_AT(page_text, at, byref(matrix))
    stretch = math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))
    tall = math.hypot(matrix.c, matrix.d)  # Text may be set narrow, as text recognition does to fit the picture.
    size = abs(SIZE_AT(page_text, at)) * (tall if stretch > NARROW * tall else stretch)
    slope = math.degrees(math.atan2(matrix.b, matrix.a)) if stretch else 0.0
    angle = round(slope) % 360
    order, layered, in_form = drawing.order.get(thing, (0, False, True))
    colour, opacity = fill(thing)
    why = maybe = ""
    if RENDER_MODE(thing) in INVISIBLE_MODES or opacity < 26:
        why = "invisible text"
    elif size < TINY:
        why = "tiny text"
    elif layered:
        maybe = "hidden layer"
    elif opacity < 128 or (colour and min(colour) >= LIGHT):
        maybe = "white text"
    cut = None if in_form or why else clip(thing)
    plain = not (angle or why or maybe or cut)
    return Style(size, round(size, 2), angle, slope, why, maybe, order, colour, cut, plain)


def font_of(thing: Any) -> str:
    """The name of the font in which a text object is set."""
    name = ctypes.create_string_buffer(200)
    font = pdfium.FPDFTextObj_GetFont(thing) if thing else None
    size = pdfium.FPDFFont_GetBaseFontName(font, name, 200) if font else 0
    return name.value.decode("latin-1") if 0 < size <= 200 else ""


def raised(size: float, tall: float, across: float, up: float, baseline: tuple[float, float], angle: int) -> str:
    """Whether smaller letters within a word stand above or below its line."""
    if size >= SMALLER * tall:
        return ""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    above = (up - baseline[1]) * cos - (across - baseline[0]) * sin
    return RAISED if above > MOVED * tall else LOWERED if above < -MOVED * tall else ""


def is_mark(size: float, new: float, baseline: tuple[float, float], across: float, up: float, angle: int) -> bool:
    """Whether smaller letters above the line stand before a word, as the mark of a note does."""
    return size < SMALLER * new and raised(size, new, *baseline, (across, up), angle) == RAISED


def begins_another(old: Style, new: Style, box: Box, line: tuple[float, float], next_: Box, origin: tuple[float, float]) -> bool:
    """Whether the next text object begins another word: away from the last one, or hidden in another way."""
    if (old.why, old.maybe, old.angle) != (new.why, new.maybe, new.angle):
        return True
    if old.angle:
        return False
    gap = next_[0] - box[2]
    size = max(old.size, new.size, 0.1)
    alike = min(old.size, new.size) > 0.8 * size
    return (
        gap > (0.3 * size if alike else 0.15 * min(old.size, new.size))
        or gap < -1.0 * size
        or abs(origin[1] - line[1]) > 0.8 * size
    )


def hidden(style: Style, box: Box, drawing: Drawing, shown: Box) -> tuple[str, str]:
    """What hides the word for certain, and what may hide it."""
    if box[2] <= shown[0] or box[0] >= shown[2] or box[3] <= shown[1] or box[1] >= shown[3]:
        return "off-page text", ""
    if style.why or style.maybe:
        return style.why, style.maybe
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if style.clip and not (style.clip[0] <= x <= style.clip[2] and style.clip[1] <= y <= style.clip[3]):
        return "", "clipped text"
    for painted in reversed(drawing.painted):
        left, bottom, right, top = painted.box
        if left <= x <= right and bottom <= y <= top:
            if painted.order > style.order > 0:
                return "", "covered text"
            alike = painted.colour and style.colour and _alike(painted.colour, style.colour)
            return "", "white text" if alike else ""
    return "", ""


def _alike(one: Colour, other: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 2 * SAME


def turned(box: Box, baseline: tuple[float, float], angle: float) -> tuple[float, float, float]:
    """Left, right and the baseline (downwards) of a word as one sees it with the page turned until the word is upright."""
    if not angle:
        return box[0], box[2], -baseline[1]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along = [x * cos + y * sin for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(along), max(along), baseline[0] * sin - baseline[1] * cos
