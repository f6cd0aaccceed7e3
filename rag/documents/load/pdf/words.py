"""The words of a page of a PDF, made of its characters: each with place, size and what hides it."""

import ctypes
import re
from array import array
from collections import Counter, deque
from itertools import pairwise, repeat
from typing import Any

import pypdfium2.raw as pdfium

from rag.documents.load.pdf.drawing import INTEGER, POINTER, Box, Drawing, address, called
from rag.documents.load.pdf.style import SMALLER, Style, begins_another, font_of, hidden, is_mark, raised, style_of, turned
from rag.documents.load.signs import SUPERSCRIPTS, is_sign_font, private, set_as

MOST_CHARACTERS = 200_000
BLANKS = {9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
HYPHENS = {0x2, 0xFFFE}  # How PDFium writes a hyphen at the end of a line.
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
TIGHT_BOX_AT = called(pdfium.FPDFText_GetCharBox, INTEGER, POINTER, INTEGER, *(POINTER,) * 4)
ELEMENT = re.compile(r"[A-Z][a-z]?(?![^\W\d_])")
Seam = tuple[int, float, float]
"""Where another text object goes on with a word: behind how many letters, and from where to where across the page."""


def page_words(page_text: Any, drawing: Drawing, shown: Box) -> tuple[list[list[Any]], list[int], dict[str, int]]:
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
                if letters and style and begins_another(style, new, box, baseline, one, origin):
                    close()
                elif letters and style and is_mark(style.size, new.size, baseline, *origin, new.angle):
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
                place = raised(new.size, tall, *origin, baseline, new.angle) if letters else ""
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
        if 0xF020 <= code <= 0xF0FF and is_sign_font(font := font_of(pdfium.FPDFText_GetTextObject(self._page_text, at))):
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
            self._styles[thing] = style_of(self._page, at, thing, self._drawing)
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
            why, maybe = hidden(style, box, self._drawing, self._shown)
        left, right, line = turned(box, baseline, style.angle) if style.angle else (box[0], box[2], -baseline[1])
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
