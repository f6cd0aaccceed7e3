"""Characters and markup that a person does not see but a machine reads, found in plain text."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from rag.starts import matches
from rag.values import Finding

REPORT = 0.6

ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060-\u2064\u180e\ufeff]+")
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]+")
TAGS = re.compile("[\U000e0000-\U000e007f]+")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
PRIVATE = re.compile("[\ue000-\uefff\uf100-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]+")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
CYRILLIC = re.compile("[\u0400-\u052f]")
LATIN = re.compile("[A-Za-z]")
LETTERS = re.compile(r"[^\W\d_]{3,}")
TWINS = re.compile("[\u0370-\u03ff\u0400-\u052f\u13a0-\u13f4]")
# Greek letters that pass for Latin ones. α β γ δ κ λ μ and the like are names in medicine (TNFα, NFκB, µg).
GREEK_TWINS = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧορυινχ")
STYLED_LETTERS = "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a5\u24b6-\u24e9\U0001f130-\U0001f189]+"
STYLED = re.compile(f"{STYLED_LETTERS}(?:[ \u3000]?{STYLED_LETTERS})*")
SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-_*]{1,3}[^\W\d_]){11,}(?![^\W_])")
BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9+/_-]{4}\s?){6,}[A-Za-z0-9+/_-]{0,4}={0,2}")
HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :]?){20,}(?![0-9A-Za-z])")
ESCAPED = re.compile(r"(?:&#x?[0-9A-Fa-f]{2,5};|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}){8,}")
BLANK_LINES = re.compile(r"\S[^\S\n]*(?:\n[^\S\n]*){25,}\S")
BLANKS = re.compile(r"\S[^\S\n]{150,}\S")
COMMENT = re.compile(
    r"<!--(.{1,5000}?)-->|^\[(?://|comment)\]: ?# ?(?:\((.{1,1000}?)\)|\"(.{1,1000}?)\")", re.DOTALL | re.MULTILINE
)
UNSEEN = re.compile(
    r"<(\w+)\b[^<>]{0,300}?(?:\bhidden\b|aria-hidden=[\"']true|display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*[01](?:px|pt|em|%)?\s*[;\"']|color\s*:\s*(?:white|#fff(?:fff)?|transparent)\b|left\s*:\s*-\d{3,})[^<>]{0,300}>(.{1,3000}?)</\1\s*>",
    re.DOTALL | re.IGNORECASE,
)
JOINED_SCRIPTS = (
    "ARABIC",
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "ORIYA",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
    "SINHALA",
    "MONGOLIAN",
    "SYRIAC",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "THAI",
    "LAO",
)


def _name(letter: str) -> str:
    return unicodedata.name(letter, "") if letter else ""


def _pictorial(letter: str) -> bool:
    return bool(letter) and (
        unicodedata.category(letter) in {"So", "Sk", "Me"}
        or letter in "\ufe0f0123456789#*"
        or "\U0001f000" <= letter <= "\U0001faff"
    )


def _zero_width(text: str) -> Iterator[tuple[str, int, int, float]]:
    runs = []
    for run in ZERO_WIDTH.finditer(text):
        start, end = run.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if start == 0 and run.group() == "\ufeff":
            continue
        joins = any(_name(side).startswith(JOINED_SCRIPTS) for side in (before, after))
        emoji = "\u200d" in run.group() and _pictorial(before) and _pictorial(after)
        if len(run.group()) == 1 and (joins or emoji):
            continue
        runs.append((start, end, before.isalpha() and after.isalpha()))
    for start, end, inside in runs:
        long = end - start >= 4
        if long or inside or len(runs) >= 8:
            yield "zero-width characters", start, end, 0.9 if long else 0.7


def _direction(text: str) -> Iterator[tuple[str, int, int, float]]:
    foreign = RIGHT_TO_LEFT.search(text)
    for run in DIRECTION.finditer(text):
        if re.search("[\u202d\u202e]", run.group()) and not (foreign and "\u202d" in run.group()):
            yield "text direction", *run.span(), 0.9
        elif not foreign and re.search("[\u202b\u2067]", run.group()):
            yield "text direction", *run.span(), 0.7


def _tags(text: str) -> Iterator[tuple[str, int, int, float]]:
    for run in matches(TAGS, text):
        flag = (
            text[run.start() - 1 : run.start()] == "\U0001f3f4" and run.group().endswith("\U000e007f") and len(run.group()) <= 7
        )
        if not flag:
            yield "tag characters", *run.span(), 1.0


def _selectors(text: str) -> Iterator[tuple[str, int, int, float]]:
    for run in SELECTORS.finditer(text):
        if len(run.group()) > 1:
            yield "variation selectors", *run.span(), 0.9


def _private(text: str) -> Iterator[tuple[str, int, int, float]]:
    """Symbol fonts put bullets at F000 to F0FF, and PDF fonts a letter here and there; a long run is a message."""
    for run in PRIVATE.finditer(text):
        if len(run.group()) >= 6:
            yield "private characters", *run.span(), 0.7


def _mixed(text: str) -> Iterator[tuple[str, int, int, float]]:
    if not TWINS.search(text) or len(CYRILLIC.findall(text)) * 3 > len(LATIN.findall(text)):
        return
    for word in LETTERS.finditer(text):
        letters = word.group()
        if letters.isascii() or not TWINS.search(letters) or not LATIN.search(letters):
            continue
        greek = [at for at, letter in enumerate(letters) if letter in GREEK_TWINS]
        inside = any(0 < at < len(letters) - 1 and (letters[at - 1] + letters[at + 1]).isascii() for at in greek)
        if (
            CYRILLIC.search(letters)
            or re.search("[\u13a0-\u13f4]", letters)
            or (inside and letters[1:].islower() and len(letters) > 4)
        ):
            yield "mixed alphabets", *word.span(), 0.75


def _styled(text: str) -> Iterator[tuple[str, int, int, float]]:
    if EAST_ASIAN.search(text):
        return
    for run in matches(STYLED, text):
        if len(run.group()) >= 8:
            yield "styled letters", *run.span(), 0.7


def _spaced(text: str) -> Iterator[tuple[str, int, int, float]]:
    for run in matches(SPACED, text):
        letters = re.sub(r"[\W_]", "", run.group()).lower()
        if (
            len(set(letters)) > 4
            and re.search("[aeiou]", letters)
            and re.search(r"ignor|instruc|system|disreg|forget|prompt|answer|respon", letters)
        ):
            yield "spaced letters", *run.span(), 0.8


def _reads(data: bytes) -> bool:
    """Whether bytes are a text of words."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    plain = sum(letter.isalpha() or letter in " .,;:!?'\n" for letter in text)
    return len(text) >= 12 and " " in text.strip() and plain >= 0.9 * len(text)


def _encoded(text: str) -> Iterator[tuple[str, int, int, float]]:
    for run in matches(BASE64, text):
        body = re.sub(r"[\s=]", "", run.group()).replace("-", "+").replace("_", "/")
        try:
            data = base64.b64decode(body[: len(body) - (len(body) % 4 == 1)] + "=" * (-len(body) % 4))
        except (binascii.Error, ValueError):
            continue
        if _reads(data):
            yield "encoded text", run.start(), run.start() + len(run.group().rstrip()), 0.9
    for run in matches(HEX, text):
        digits = re.sub(r"0x|\\x|[ :]", "", run.group())
        if len(digits) % 2 == 0 and _reads(bytes.fromhex(digits)):
            yield "encoded text", *run.span(), 0.9
    for run in matches(ESCAPED, text):
        yield (
            "escaped text",
            *run.span(),
            0.8 if _reads(unquote(run.group()).encode("utf-8", "replace")) or run.group()[0] in "&\\" else 0.5,
        )


def _padding(text: str) -> Iterator[tuple[str, int, int, float]]:
    for pattern in (BLANK_LINES, BLANKS):
        for run in pattern.finditer(text):
            yield "blank padding", run.start() + 1, run.end() - 1, 0.6


def _markup(text: str) -> Iterator[tuple[str, int, int, float]]:
    for comment in matches(COMMENT, text):
        if len(next(group for group in comment.groups() if group).split()) >= 4:
            yield "comment in markup", *comment.span(), 0.7
    for element in matches(UNSEEN, text):
        if re.search(r"\w\w\W+\w\w", re.sub(r"<[^<>]*>", "", element.group(2))):
            yield "markup that is not displayed", *element.span(), 0.85


Check = Callable[[str], Iterator[tuple[str, int, int, float]]]
OF_ODD_SIGNS: tuple[Check, ...] = (_zero_width, _direction, _tags, _selectors, _private, _mixed, _styled)
"""What only a text beyond ASCII can hold."""
OF_ANY: tuple[Check, ...] = (_spaced, _encoded, _padding, _markup)


def hidden(text: str) -> list[Finding]:
    """Stretches that a reader does not see or cannot read, in order. The rule of each finding is its type."""
    checks = OF_ANY if text.isascii() else (*OF_ODD_SIGNS, *OF_ANY)
    found = [item for check in checks for item in check(text) if item[3] >= REPORT]
    return [
        Finding("hidden", kind, start, end, kind, score) for kind, start, end, score in sorted(found, key=lambda item: item[1:3])
    ]
