"""Signs that say more than a letter: boxes and their state, fonts of signs, raised and lowered figures."""

import re
from functools import cache

from rag.rules import rules

TICKED, EMPTY = "☑", "☐"
RAISED, LOWERED = "raised", "lowered"
PICTURE = "•"
MOST_LETTERS = 2  # "(2a)" is a mark, "see note 2" is text.
BOXES = frozenset("☐☑☒□▢◻◽⬜○◯◉●✓✔✗✘🗹🗷")
SUPERSCRIPTS = str.maketrans("0123456789+-−–=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
SUBSCRIPTS = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
ORDINAL = re.compile(r"(?:st|nd|rd|th|er|e|o)\b", re.IGNORECASE)
SUBSET = re.compile(r"^[A-Z]{6}\+")
WEIGHT = re.compile(r"[\s_-]|regular$|itc$", re.IGNORECASE)


def box(ticked: bool) -> str:
    """A box as it is written in a text."""
    return TICKED if ticked else EMPTY


def described_box(words: str) -> str:
    """The box that a picture shows by its description ("unchecked"), or nothing."""
    plain = " ".join(re.sub(r"[^a-z]+", " ", words[:60].lower()).split())
    return next((box(rule["ticked"]) for rule in rules("symbols")["boxes"] if plain in rule["words"]), "")


def set_as(text: str, place: str, before: str) -> str:
    """Text as it is set: raised, lowered or on the line; `before` is the sign before it.

    A raised figure right behind another sign is written with raised signs (10⁹, m², Ca²⁺, 5.1²), so that it changes no
    number; a lowered one behind a figure with lowered signs. Everything else stays as it is (1st, HER2+, CO2).
    """
    if not text.strip() or not before.strip() or text[0].isspace():
        return text
    figure = any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) <= MOST_LETTERS
    if place == RAISED:
        if figure:
            return text.translate(SUPERSCRIPTS)
        mark = before.isdigit() and len(text.strip()) <= MOST_LETTERS and text[0].isalpha() and not ORDINAL.match(text)
        return f"^{text}" if mark else text
    return text.translate(SUBSCRIPTS) if place == LOWERED and figure and before.isdigit() else text


def is_sign_font(font: str) -> bool:
    """Whether the letters of a font are signs of another kind."""
    return bool(font) and _plain(font) in _fonts()


def decoded(text: str, font: str) -> str:
    """The signs that a text shows in a font of signs; text in any other font stays as it is."""
    signs = _fonts().get(_plain(font)) if font else None
    if signs is None:
        return text
    return "".join(_sign(letter, signs) for letter in text)


def private(text: str, font: str) -> str:
    """A text whose letters of private use are those of fonts of signs: by this font, or as pictures where it is not known."""
    if not any("\uf020" <= letter <= "\uf0ff" for letter in text):
        return text
    signs = _fonts().get(_plain(font), {})
    return "".join(_sign(letter, signs) if "\uf020" <= letter <= "\uf0ff" else letter for letter in text)


def _sign(letter: str, signs: dict[int, str]) -> str:
    code = ord(letter)
    if 0xF020 <= code <= 0xF0FF:
        return signs.get(code - 0xF000, PICTURE)
    return signs.get(code, PICTURE) if 0x20 <= code <= 0xFF else letter


@cache
def _plain(font: str) -> str:
    return WEIGHT.sub("", SUBSET.sub("", font.strip(" \"'"))).lower()[:40]


@cache
def _fonts() -> dict[str, dict[int, str]]:
    return {
        name: {int(code, 16): sign for code, sign in rule["signs"].items()}
        for rule in rules("symbols")["fonts"]
        for name in rule["names"]
    }
