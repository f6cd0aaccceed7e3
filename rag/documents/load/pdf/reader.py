"""The words of every page with place, size and what hides them, by PDFium; runs as a script in a process of its own."""

import ctypes
import json
import math
import sys
from collections import Counter
from ctypes import byref
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from rag.documents.load.pdf.drawing import Box, Colour, Drawing, address, clip, fill
from rag.documents.load.signs import LOWERED, RAISED, is_sign_font, private, set_as

SCRIPT = __file__
TINY = 2.0  # points
MOST_CHARACTERS = 200_000
BLANKS = {9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
HYPHENS = {0x2, 0xFFFE}  # How PDFium writes a hyphen at the end of a line.
INVISIBLE_MODES = {3, 7}
SMALLER = 0.85  # of the size of a word's other letters: what may be raised or lowered
MOVED = 0.12  # of that size, above or below the line
SAME = 24  # of 255: colours that differ less cannot be told apart on paper.
LIGHT = 200
SCALE = 2.0
OBJECT_AT = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(address(pdfium.FPDFText_GetTextObject))
"""The address of the object to which a character belongs, without an object of Python for each."""
MOST_PIXELS = 3000


class Style(NamedTuple):
    """How one text object is set: `why` is what hides it for certain, `maybe` what may hide it, to be seen in the picture."""

    size: float
    angle: int
    why: str
    maybe: str
    order: int
    colour: Colour | None
    clip: Box | None


def _style(page_text: Any, at: int, thing: Any, drawing: Drawing) -> Style:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(page_text, at, byref(matrix))
    stretch = math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))
    size = abs(pdfium.FPDFText_GetFontSize(page_text, at)) * stretch
    angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360 if stretch else 0
    order, layered, in_form = drawing.order.get(address(thing), (0, False, True))
    colour, opacity = fill(thing)
    why = maybe = ""
    if pdfium.FPDFTextObj_GetTextRenderMode(thing) in INVISIBLE_MODES or opacity < 26:
        why = "invisible text"
    elif size < TINY:
        why = "tiny text"
    elif layered:
        maybe = "hidden layer"
    elif opacity < 128 or (colour and min(colour) >= LIGHT):
        maybe = "white text"
    return Style(size, angle, why, maybe, order, colour, None if in_form or why else clip(thing))


def _words(page: Any, page_text: Any, drawing: Drawing, shown: Box) -> tuple[list[list[Any]], list[int], dict[str, int]]:
    """The words as [text, left, right, baseline, size, angle, why, box], those to look at, and what was counted."""
    words: list[list[Any]] = []
    looked_at: list[int] = []
    styles: dict[int, Style] = {}
    rectangle = pdfium.FS_RECTF()
    across, up = ctypes.c_double(), ctypes.c_double()
    letters: list[str] = []
    box: list[float] = []
    style: Style | None = None
    baseline = (0.0, 0.0)
    place = ""
    tall = 0.0
    unknown = here = 0

    def close() -> None:
        nonlocal letters
        if letters and style:
            place = (box[0], box[1], box[2], box[3])
            why, maybe = _hidden(style, place, drawing, shown)
            left, right, line = _turned(place, baseline, style.angle)
            text = "".join(letters)
            if not text.isascii():
                text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            if maybe:
                looked_at.append(len(words))
            rounded = [round(value, 2) for value in (left, right, line, style.size)]
            words.append([text, *rounded, style.angle, why or maybe, place])
        letters = []

    count = pdfium.FPDFText_CountChars(page_text)
    unicode_at, box_at = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    page_of, filled = address(page_text), byref(rectangle)
    for at in range(min(count, MOST_CHARACTERS)):
        code = unicode_at(page_text, at)
        if code in BLANKS:
            close()
            continue
        place_of = OBJECT_AT(page_of, at) or 0
        box_at(page_text, at, filled)
        if place_of != here and place_of:
            thing = pdfium.FPDFText_GetTextObject(page_text, at)
            if place_of not in styles:
                styles[place_of] = _style(page_text, at, thing, drawing)
            new = styles[place_of]
            pdfium.FPDFText_GetCharOrigin(page_text, at, byref(across), byref(up))
            if letters and style and _apart(style, new, box, baseline, rectangle, (across.value, up.value)):
                close()
            style, here = new, place_of
            tall = max(tall, new.size) if letters else 0.0
            place = _raised(new.size, tall, across.value, up.value, baseline, new.angle) if letters else ""
        if style is None:
            continue
        if not letters:
            pdfium.FPDFText_GetCharOrigin(page_text, at, byref(across), byref(up))
            baseline = (across.value, up.value)
            place, tall = "", style.size
            box = [rectangle.left, rectangle.bottom, rectangle.right, rectangle.top]
        else:
            left, bottom, right, top = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
            if left < box[0]:
                box[0] = left
            if bottom < box[1]:
                box[1] = bottom
            if right > box[2]:
                box[2] = right
            if top > box[3]:
                box[3] = top
        letter = "-" if code in HYPHENS else chr(code) if code >= 32 else "\ufffd" if code == 0 else " "
        if 0xF020 <= code <= 0xF0FF and is_sign_font(font := _font(pdfium.FPDFText_GetTextObject(page_text, at))):
            letter = private(letter, font)
        elif code == 0 or 0xE000 <= code < 0xF900:
            unknown += 1
        letters.append(set_as(letter, place, letters[-1]) if place and letters else letter)
    close()
    return words, looked_at, {"unknown": unknown, "cut": count > MOST_CHARACTERS}


def _raised(size: float, tall: float, across: float, up: float, baseline: tuple[float, float], angle: int) -> str:
    """Whether smaller letters within a word stand above or below its line."""
    if size >= SMALLER * tall:
        return ""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    above = (up - baseline[1]) * cos - (across - baseline[0]) * sin
    return RAISED if above > MOVED * tall else LOWERED if above < -MOVED * tall else ""


def _font(thing: Any) -> str:
    """The name of the font in which a text object is set."""
    name = ctypes.create_string_buffer(200)
    font = pdfium.FPDFTextObj_GetFont(thing) if thing else None
    size = pdfium.FPDFFont_GetBaseFontName(font, name, 200) if font else 0
    return name.value.decode("latin-1") if 0 < size <= 200 else ""


def _apart(old: Style, new: Style, box: list[float], line: tuple[float, float], next_: Any, origin: tuple[float, float]) -> bool:
    """Whether the next text object begins another word: away from the last one, or hidden in another way."""
    if (old.why, old.maybe, old.angle) != (new.why, new.maybe, new.angle):
        return True
    if old.angle:
        return False
    gap = next_.left - box[2]
    size = max(old.size, new.size, 0.1)
    alike = min(old.size, new.size) > 0.8 * size
    return (
        gap > (0.3 * size if alike else 0.15 * min(old.size, new.size))
        or gap < -1.0 * size
        or abs(origin[1] - line[1]) > 0.8 * size
    )


def _turned(box: Box, baseline: tuple[float, float], angle: int) -> tuple[float, float, float]:
    """Left, right and the baseline (downwards) of a word as one sees it with the page turned until the word is upright."""
    if not angle:
        return box[0], box[2], -baseline[1]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along = [x * cos + y * sin for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(along), max(along), baseline[0] * sin - baseline[1] * cos


def _hidden(style: Style, box: Box, drawing: Drawing, shown: Box) -> tuple[str, str]:
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


def _without_ink(page: Any, words: list[list[Any]], looked_at: list[int]) -> set[int]:
    """Which of these words leave no trace in the picture of the page, so that nobody can see them."""
    wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    scale = min(SCALE, MOST_PIXELS / max(wide, high, 1))
    columns, lines = max(int(wide * scale), 1), max(int(high * scale), 1)
    picture = pdfium.FPDFBitmap_CreateEx(columns, lines, pdfium.FPDFBitmap_BGRx, None, 0)
    if not picture:
        return set()
    try:
        pdfium.FPDFBitmap_FillRect(picture, 0, 0, columns, lines, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(picture, page, 0, 0, columns, lines, 0, 0)
        stride = pdfium.FPDFBitmap_GetStride(picture)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(picture), stride * lines)
    finally:
        pdfium.FPDFBitmap_Destroy(picture)
    x, y = ctypes.c_int(), ctypes.c_int()
    unseen = set()
    for at in looked_at:
        left, bottom, right, top = words[at][7]
        corners = []
        for corner in ((left, bottom), (right, top)):
            pdfium.FPDF_PageToDevice(page, 0, 0, columns, lines, 0, *corner, byref(x), byref(y))
            corners.append((min(max(x.value, 0), columns), min(max(y.value, 0), lines)))
        (x0, x1), (y0, y1) = sorted(c[0] for c in corners), sorted(c[1] for c in corners)
        region = b"".join(pixels[row * stride + 4 * x0 : row * stride + 4 * x1] for row in range(y0, y1))
        if not region or all(max(region[part::4]) - min(region[part::4]) < SAME for part in range(3)):
            unseen.add(at)
    return unseen


def _scanned(drawing: Drawing, shown: Box, words: list[list[Any]]) -> bool:
    """Whether the page is an image that fills it, with a text layer that nobody sees: what text recognition makes."""
    area = max((shown[2] - shown[0]) * (shown[3] - shown[1]), 1)
    filled = any(
        (min(r, shown[2]) - max(l, shown[0])) * (min(t, shown[3]) - max(b, shown[1])) > 0.5 * area
        for l, b, r, t in drawing.images  # noqa: E741
        if r > l and t > b
    )
    unseen = sum(word[6] in {"invisible text", "covered text"} for word in words)
    return filled and unseen >= 0.8 * len(words) > 0


def _page(document: Any, number: int) -> dict[str, Any]:
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:
        return {"problem": "damaged"}
    page_text = pdfium.FPDFText_LoadPage(page)
    try:
        seen = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, byref(seen))
        shown = (seen.left, seen.bottom, seen.right, seen.top)
        drawing = Drawing(page)
        words, looked_at, counts = _words(page, page_text, drawing, shown) if page_text else ([], [], {"unknown": 0})
        scan = _scanned(drawing, shown, words)
        unseen = _without_ink(page, words, looked_at) if looked_at and not scan else set(looked_at)
        for at in looked_at:
            if at not in unseen:
                words[at][6] = ""
        angle = Counter({0: 0})
        for word in words:
            angle[word[5]] += len(word[0])
            if scan and word[6] in {"invisible text", "covered text"}:
                word[6] = ""
            del word[7]
        upright = angle.most_common(1)[0][0]
        turned = [_frame(box, upright) for box in drawing.rules] if upright % 90 == 0 else []
        lines = [[round(value, 1) for value in line] for line in turned]
        found = {"words": words, "rules": lines, "angle": upright, "scan": scan}
        return {**found, **counts, "image": bool(drawing.images), "label": _label(document, number)}
    finally:
        if page_text:
            pdfium.FPDFText_ClosePage(page_text)
        pdfium.FPDF_ClosePage(page)


def _frame(box: Box, angle: int) -> Box:
    """A box as left, top, right, bottom (downwards) with the page turned until text at this angle is upright."""
    cos, sin = round(math.cos(math.radians(angle))), round(math.sin(math.radians(angle)))
    across = [x * cos + y * sin for x in (box[0], box[2]) for y in (box[1], box[3])]
    down = [x * sin - y * cos for x in (box[0], box[2]) for y in (box[1], box[3])]
    return (min(across), min(down), max(across), max(down))


def _label(document: Any, number: int) -> str:
    size = pdfium.FPDF_GetPageLabel(document, number, None, 0)
    if not 2 < size < 200:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_GetPageLabel(document, number, buffer, size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _main() -> None:
    first = int(sys.argv[1])
    data = sys.stdin.buffer.read()
    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        _say({"error": pdfium.FPDF_GetLastError()})
        return
    count = pdfium.FPDF_GetPageCount(document)
    _say({"pages": count, "encrypted": pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0})
    for number in range(first, count):
        _say(_page(document, number))


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
