"""The words of every page with place, size and what hides them, by PDFium; runs as a script in a process of its own."""

import ctypes
import json
import math
import re
import sys
from array import array
from collections import Counter, deque
from ctypes import byref
from itertools import pairwise, repeat
from statistics import median
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from rag.documents.load.pdf.drawing import INTEGER, POINTER, Box, Colour, Drawing, address, called, clip, fill
from rag.documents.load.signs import LOWERED, RAISED, SUPERSCRIPTS, is_sign_font, private, set_as

SCRIPT = __file__
TINY = 2.0  # points
MOST_CHARACTERS = 200_000
BLANKS = {9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
HYPHENS = {0x2, 0xFFFE}  # How PDFium writes a hyphen at the end of a line.
INVISIBLE_MODES = {3, 7}
SMALLER = 0.85  # of the size of a word's other letters: what may be raised or lowered
MOVED = 0.12  # of that size, above or below the line
NARROW = 0.5  # of a letter's height: how narrow text may be set that one can still read
SAME = 24  # of 255: colours that differ less cannot be told apart on paper.
LIGHT = 200
HIGH = 0.2  # of the size of the type, above the line: where raised figures stand
SIDES = [ctypes.c_double() for _ in range(4)]
BOTTOM = SIDES[2]
EDGES = tuple(map(ctypes.addressof, SIDES))
HIGH_FIGURES = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
FIGURE = re.compile("[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]")
TOUCH = 0.3  # points by which text may run into what follows
COLUMN_GAP = 1.0  # of the size of the type, before a word that begins a cell
MOST_JOINED = 0.2  # of the words of a page; where more are put together of several objects, its producer sets letters singly
FEWEST_ALIKE = 6  # words that begin at one place, where a column is
ASKEW = 3  # degrees: lines that differ less are those of one text
SCALE = 2.0
BOX = ctypes.sizeof(pdfium.FS_RECTF)
RUN = re.compile("[^" + "".join(map(chr, sorted(BLANKS))) + "]+")
OTHER_SIGNS = re.compile("[\x00-\x1f\ue000-\uf8ff\ufffe]")
"""What a character may be that is not shown as it is written: hyphens, signs of private use, unknown letters."""
TO_THE_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ud800-\udfff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Letters written from right to left, which PDFium puts in another order; it keeps the characters of an object together else."""
UNICODE_AT = called(pdfium.FPDFText_GetUnicode, ctypes.c_uint, POINTER, INTEGER)
OBJECT_AT = called(pdfium.FPDFText_GetTextObject, POINTER, POINTER, INTEGER)
BOX_AT = called(pdfium.FPDFText_GetLooseCharBox, INTEGER, POINTER, INTEGER, POINTER)
ORIGIN_AT = called(pdfium.FPDFText_GetCharOrigin, INTEGER, POINTER, INTEGER, POINTER, POINTER)
MATRIX_AT = called(pdfium.FPDFText_GetMatrix, INTEGER, POINTER, INTEGER, POINTER)
SIZE_AT = called(pdfium.FPDFText_GetFontSize, ctypes.c_double, POINTER, INTEGER)
RENDER_MODE = called(pdfium.FPDFTextObj_GetTextRenderMode, INTEGER, POINTER)
TIGHT_BOX_AT = called(pdfium.FPDFText_GetCharBox, INTEGER, POINTER, INTEGER, *(POINTER,) * 4)
MOST_PIXELS = 3000
USUAL_GAP = 0.3  # of the size of the type, between two words
MOST_NARROW = 0.7  # of the size of the type, by which a recognised word may be too narrow
ELEMENT = re.compile(r"[A-Z][a-z]?(?![^\W\d_])")


Seam = tuple[int, float, float]
"""Where another text object goes on with a word: behind how many letters, and from where to where across the page."""


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


def _style(page_text: int, at: int, thing: int, drawing: Drawing) -> Style:
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


def _words(page_text: Any, drawing: Drawing, shown: Box) -> tuple[list[list[Any]], list[int], dict[str, int]]:
    """The words as [text, left, right, baseline, size, angle, why, box, origin, slope], those to look at, and the counts."""
    words = _Words(page_text, drawing, shown)
    for run in RUN.finditer(words.text):
        words.add(*run.span())
    _part(words.words, words.looked_at, words.joints)
    return words.words, words.looked_at, {"unknown": words.unknown, "cut": words.cut}


class _Words:
    """Makes words of the characters of a page. PDFium is asked once for all letters and, in one go, for all boxes."""

    def __init__(self, page_text: Any, drawing: Drawing, shown: Box) -> None:
        self.words: list[list[Any]] = []
        self.looked_at: list[int] = []
        self.joints: list[tuple[int, list[Seam]]] = []
        self.unknown = 0
        count = pdfium.FPDFText_CountChars(page_text)
        self.cut = count > MOST_CHARACTERS
        self._page_text, self._page = page_text, address(page_text)
        self._drawing, self._shown = drawing, shown
        self.text = _signs(page_text, min(count, MOST_CHARACTERS))
        self._left, self._top, self._right, self._bottom = _boxes(self._page, len(self.text))
        self._open = not drawing.painted and bool(self.text) and self._all_inside()
        self._styles: dict[int, Style] = {}
        self._style: Style | None = None
        self._here = 0
        self._across, self._up = ctypes.c_double(), ctypes.c_double()
        self._origin = ctypes.addressof(self._across), ctypes.addressof(self._up)
        self._in_order = not TO_THE_LEFT.search(self.text)
        self._plain = not OTHER_SIGNS.search(self.text)

    def _all_inside(self) -> bool:
        """Whether no character stands beside the page."""
        left, bottom, right, top = self._shown
        across = min(self._right) > left and max(self._left) < right
        return across and min(self._top) > bottom and max(self._bottom) < top

    def add(self, start: int, end: int) -> None:
        """Adds what stands between two blanks: nearly always a word of one text object, set on one line."""
        thing = OBJECT_AT(self._page, start)
        whole = thing and self._in_order and (end == start + 1 or OBJECT_AT(self._page, end - 1) == thing)
        if not whole or not (self._plain or not OTHER_SIGNS.search(self.text, start, end)):
            self._add_each(start, end)
            return
        new = self._style_of(thing, start)
        if any(self._is_figure_apart(figure.start(), new) for figure in FIGURE.finditer(self.text, start, end)):
            self._add_each(start, end)
            return
        self._style, self._here = new, thing
        left, right = min(self._left[start:end]), max(self._right[start:end])
        box = (left, min(self._bottom[start:end]), right, max(self._top[start:end]))
        self._close(self.text[start:end], [], box, self._place_of(start))

    def _is_figure_apart(self, at: int, style: Style) -> bool:
        """Whether a figure is a raised one, as a sign or by where it is drawn."""
        return self.text[at] in HIGH_FIGURES or self._is_high(at, style)

    def _is_high(self, at: int, style: Style) -> bool:
        """Whether a figure is drawn above its line, as fonts do that have raised figures of their own."""
        if style.angle or not TIGHT_BOX_AT(self._page, at, *EDGES):
            return False
        return BOTTOM.value - self._place_of(at)[1] > HIGH * style.size

    def _add_each(self, start: int, end: int) -> None:
        """Adds the words between two blanks character by character, each with its object."""
        letters: list[str] = []
        seams: list[Seam] = []
        box = (0.0, 0.0, 0.0, 0.0)
        baseline = (0.0, 0.0)
        place, tall = "", 0.0

        def close() -> None:
            nonlocal letters, seams
            if letters:
                self._close("".join(letters), seams, box, baseline)
            letters, seams = [], []

        for at in range(start, end):
            code = ord(self.text[at])
            thing = OBJECT_AT(self._page, at) or 0
            one = (self._left[at], self._bottom[at], self._right[at], self._top[at])
            style = self._style
            if thing != self._here and thing:
                new, origin = self._style_of(thing, at), self._place_of(at)
                if letters and style and _apart(style, new, box, baseline, one, origin):
                    close()
                elif letters and style and _is_mark(style.size, new.size, baseline, *origin, new.angle):
                    letters = [letter.translate(SUPERSCRIPTS) for letter in letters]
                    if self._leads(letters, at):
                        close()
                if letters and one[0] >= box[2] - TOUCH:
                    seams.append((sum(map(len, letters)), box[2], one[0]))
                if letters and style and new.size * SMALLER > style.size:
                    baseline = origin  # The line is that of the large letters.
                style = self._style = new
                self._here = thing
                tall = max(tall, new.size) if letters else 0.0
                place = _raised(new.size, tall, *origin, baseline, new.angle) if letters else ""
            if style is None:
                continue
            high = 48 <= code <= 57 and self._is_high(at, style)
            if high and not letters and self._next_sign(at) in "/\u2044":
                high = False  # The upper part of a fraction.
            elif letters and letters[-1] in HIGH_FIGURES and not high and self._leads(letters, at):
                close()
            if letters:
                box = (min(box[0], one[0]), min(box[1], one[1]), max(box[2], one[2]), max(box[3], one[3]))
            else:
                baseline = self._place_of(at)
                place, tall, box = "", style.size, one
            letter = self._letter(at)
            if high:
                letter = letter.translate(SUPERSCRIPTS)
            elif place and letters and (not letter.isalpha() or set_as(self._run(at), place, letters[-1])[:1] == "^"):
                letter = set_as(letter, place, letters[-1])
            letters.append(letter)
        close()

    def _letter(self, at: int) -> str:
        """The character as it is shown, as far as its font says it."""
        letter = self.text[at]
        code = ord(letter)
        letter = "-" if code in HYPHENS else letter if code >= 32 else "\ufffd" if code == 0 else " "
        if 0xF020 <= code <= 0xF0FF and is_sign_font(font := _font(pdfium.FPDFText_GetTextObject(self._page_text, at))):
            return private(letter, font)
        if code == 0 or 0xE000 <= code < 0xF900:
            self.unknown += 1
        return letter

    def _run(self, at: int) -> str:
        """The letters from here on, at most four: "th" is raised in another way than "a"."""
        signs = self.text[at : at + 4]
        return next((signs[:end] for end, sign in enumerate(signs) if not sign.isalpha()), signs)

    def _next_sign(self, at: int) -> str:
        """The first sign behind some figures, or a blank."""
        return next((sign for sign in self.text[at + 1 : at + 4] if not "0" <= sign <= "9"), " ")

    def _leads(self, letters: list[str], at: int) -> bool:
        """Whether raised signs are the mark of a note before a word, and no power or mass of a chemical element (99mTc)."""
        if not all(letter in HIGH_FIGURES for letter in letters):
            return False
        following = self.text[at : at + 3]
        return following[:1].isalpha() and not ELEMENT.match(following)

    def _style_of(self, thing: int, at: int) -> Style:
        if thing not in self._styles:
            self._styles[thing] = _style(self._page, at, thing, self._drawing)
        return self._styles[thing]

    def _place_of(self, at: int) -> tuple[float, float]:
        """Where a character begins on its baseline."""
        ORIGIN_AT(self._page, at, *self._origin)
        return self._across.value, self._up.value

    def _close(self, text: str, seams: list[Seam], box: Box, baseline: tuple[float, float]) -> None:
        """Adds a word."""
        style = self._style
        assert style
        why = maybe = ""
        if not (self._open and style.plain):
            why, maybe = _hidden(style, box, self._drawing, self._shown)
        left, right, line = _turned(box, baseline, style.angle) if style.angle else (box[0], box[2], -baseline[1])
        if seams and not style.angle:
            self.joints.append((len(self.words), seams))
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if maybe:
            self.looked_at.append(len(self.words))
        rounded = (round(left, 2), round(right, 2), round(line, 2), style.rounded)
        self.words.append([text, *rounded, style.angle, why or maybe, box, baseline, style.slope])


def _signs(page_text: Any, count: int) -> str:
    """A sign for each of the characters.

    Their text in one piece leaves out those that are no letters for PDFium; where it does, each is asked for by itself.
    """
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(page_text, 0, count, buffer)
    text = bytes(buffer)[: 2 * max(written - 1, 0)].decode("utf-16-le", "surrogatepass")
    return text if len(text) == count else "".join(map(chr, map(UNICODE_AT, repeat(address(page_text)), range(count))))


def _boxes(page_text: int, count: int) -> list[list[float]]:
    """The left, top, right and bottom ends of the characters, each as a list."""
    sides = array("f", bytes(BOX * count))
    start = sides.buffer_info()[0]
    deque(map(BOX_AT, repeat(page_text), range(count), range(start, start + BOX * count, BOX)), maxlen=0)
    return [sides[side::4].tolist() for side in range(4)]


def _part(words: list[list[Any]], looked_at: list[int], joints: list[tuple[int, list[Seam]]]) -> None:
    """Parts words that touch where a column begins: where other lines begin a word at the very same place behind a gap."""
    if not joints or len(joints) > MOST_JOINED * len(words):
        return
    begins: Counter[int] = Counter()
    for before, word in pairwise(words):
        apart = word[1] - before[2]
        if not word[5] and (apart > COLUMN_GAP * word[4] or apart < 0 or abs(word[3] - before[3]) > word[4]):
            begins[round(4 * word[1])] += 1
    for number, seams in reversed(joints):
        for cut, end, start in reversed(seams):
            if sum(begins[round(4 * start) + step] for step in (-1, 0, 1)) >= FEWEST_ALIKE and min(
                cut, len(words[number][0]) - cut
            ):
                word = words[number]
                left, bottom, right, top = word[7]
                rest = [word[0][cut:], round(start, 2), *word[2:7], (start, bottom, right, top), (start, word[8][1]), word[9]]
                words[number] = [word[0][:cut], word[1], round(end, 2), *word[3:7], (left, bottom, end, top), *word[8:]]
                words.insert(number + 1, rest)
                looked_at[:] = [at + (at > number) for at in looked_at] + [number + 1] * (number in looked_at)


def _raised(size: float, tall: float, across: float, up: float, baseline: tuple[float, float], angle: int) -> str:
    """Whether smaller letters within a word stand above or below its line."""
    if size >= SMALLER * tall:
        return ""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    above = (up - baseline[1]) * cos - (across - baseline[0]) * sin
    return RAISED if above > MOVED * tall else LOWERED if above < -MOVED * tall else ""


def _is_mark(size: float, new: float, baseline: tuple[float, float], across: float, up: float, angle: int) -> bool:
    """Whether smaller letters above the line stand before a word, as the mark of a note does."""
    return size < SMALLER * new and _raised(size, new, *baseline, (across, up), angle) == RAISED


def _font(thing: Any) -> str:
    """The name of the font in which a text object is set."""
    name = ctypes.create_string_buffer(200)
    font = pdfium.FPDFTextObj_GetFont(thing) if thing else None
    size = pdfium.FPDFFont_GetBaseFontName(font, name, 200) if font else 0
    return name.value.decode("latin-1") if 0 < size <= 200 else ""


def _apart(old: Style, new: Style, box: Box, line: tuple[float, float], next_: Box, origin: tuple[float, float]) -> bool:
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


def _turned(box: Box, baseline: tuple[float, float], angle: float) -> tuple[float, float, float]:
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


def _level(words: list[list[Any]], upright: int) -> None:
    """Puts the words of a page that lies a little askew, as in a scan, on lines of one slope: the usual one of those near."""
    near = [word for word in words if abs((word[5] - upright + 180) % 360 - 180) <= ASKEW]
    if len({word[9] for word in near}) < 2:
        return
    slope = median((word[9] - upright + 180) % 360 - 180 for word in near) + upright
    for word in near:
        word[1:4] = [round(value, 2) for value in _turned(word[7], word[8], slope)]
        word[5] = upright


def _widen(words: list[list[Any]]) -> None:
    """Makes the words of a scan as wide as they are in the picture: text recognition often sets them too narrow.

    The gap between neighbours in a line that is usual on the page shows by how much.
    """
    near = [
        (one, after[1] - one[2])
        for one, after in pairwise(words)
        if after[5] == one[5] and abs(after[3] - one[3]) < 0.3 * one[4] and after[1] > one[2]
    ]
    if not near:
        return
    usual = median(gap / max(one[4], 1.0) for one, gap in near)
    for one, gap in near:
        more = min(usual - USUAL_GAP, MOST_NARROW) * one[4]
        one[2] = round(max(one[2], min(one[2] + more, one[2] + gap - USUAL_GAP * one[4])), 2)


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
        words, looked_at, counts = _words(page_text, drawing, shown) if page_text else ([], [], {"unknown": 0})
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
        upright = angle.most_common(1)[0][0]
        _level(words, upright)
        for word in words:
            del word[7:]
        if scan:
            _widen(words)
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
    first, step = int(sys.argv[1]), int(sys.argv[2])
    data = sys.stdin.buffer.read()
    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        _say({"error": pdfium.FPDF_GetLastError()})
        return
    count = pdfium.FPDF_GetPageCount(document)
    _say({"pages": count, "encrypted": pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0})
    for number in range(first, count if step > 0 else -1, step):
        _say(_page(document, number))


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
