"""Source marks above the line: raised numbers (¹), numbers in circles (①) and behind a caret (^1); powers and lists are none."""

import re
from collections.abc import Iterable

from rag.rules import rules

BEGIN, END = "\ue010", "\ue011"  # Around the numbers of a mark that was read.
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻˒", "0123456789-,")
SQUARES = frozenset(rules("citations")["squares"])
CIRCLES = {
    chr(start + at): at + 1
    for start, many in ((0x2460, 20), (0x2776, 10), (0x24F5, 10), (0x2780, 10), (0x278A, 10))
    for at in range(many)
}
CIRCLED = re.compile(rf"[ \t]?((?:[{''.join(CIRCLES)}]|[1-9]\ufe0f?\u20e3|⁽[¹²³⁴-⁹]⁾)+)")
COUNTED = re.compile(rf"(?:^|[:;,(：；，、])[ \t]*(?:[-*•][ \t])?(?:[{''.join(CIRCLES)}]|[1-9]\ufe0f?\u20e3)", re.M)
SUPERSCRIPT = re.compile(
    r"[¹²³⁰⁴-⁹]{1,4}(?:[,˒⁻ ]{1,2}[¹²³⁰⁴-⁹]{1,4}){0,8}"
    r"|(?P<blank>[ \t]?)(?P<dollar>\$?)\^(?P<round>\(?)(?P<caret>\d{1,2}(?:[,-]\d{1,2}){0,8})(?(round)\)?)(?(dollar)\$?)"
)
NOT_BEHIND = re.compile(r"[\w⁺⁻⁼ⁿ₀-₉ᵃ-ᶻ/·×^]")


def as_mark(numbers: Iterable[int]) -> str:
    """A mark in the one form that all are brought into."""
    return f"{BEGIN}{','.join(map(str, numbers))}{END}"


def circled(text: str, given: int) -> str:
    """Numbers in circles, on keys and in raised parentheses as marks behind a statement, where none of them numbers a list."""

    def read(found: re.Match[str]) -> str:
        numbers = [CIRCLES.get(sign) or int(sign.translate(RAISED)) for sign in found[1] if sign in CIRCLES or sign.isdigit()]
        before, behind = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 2]
        ends = not behind[:1].isalnum() and (found[0][0] not in " \t" or not behind.strip()[:1].isalnum() or behind[:1] in "\n")
        if not before.strip() or not ends or not all(1 <= number <= given for number in numbers):
            return found[0]
        return as_mark(numbers)

    return text if COUNTED.search(text) else CIRCLED.sub(read, text)


def raised(text: str, given: int) -> str:
    """Raised numbers as marks, where they are no powers, charges or isotopes."""

    def read(found: re.Match[str]) -> str:
        numbers = _raised_numbers(found["caret"] or found[0], given)
        before, behind = text[max(found.start() - 24, 0) : found.start()], text[found.end() : found.end() + 1]
        trailing = found[0][len(found[0].rstrip()) :]
        wrong = bool(found["caret"]) and any(int(number) > given for number in re.findall(r"\d+", found["caret"]))
        if not numbers or wrong or (before[-1:].isdigit() if found["blank"] else is_power(before, behind)):
            return found[0]
        return as_mark(numbers) + trailing

    return SUPERSCRIPT.sub(read, text)


def _raised_numbers(written: str, given: int) -> list[int]:
    """The numbers of raised signs; "¹²" are two where there are fewer than twelve sources. Empty where one was not given."""
    numbers: list[int] = []
    for part in re.split("[, ]+", written.translate(RAISED).strip()):
        low, dash, high = part.partition("-")
        if dash:
            numbers += range(int(low or 0), int(high or 0) + 1) if low and high else []
        elif part:
            numbers += [int(part)] if int(part) <= given else map(int, part)
    return numbers if all(1 <= number <= given for number in numbers) else []


def is_power(before: str, behind: str) -> bool:
    """Whether a raised number between these belongs to a unit, a number, a formula or an isotope."""
    if NOT_BEHIND.match(behind):
        return True
    word = re.search(r"[^\W\d_]+$", before)
    if word:
        return len(word[0]) < 3 or word[0].lower() in SQUARES or before[: word.start()][-1:] in tuple("/·×*")
    return bool(re.search(r"(?:[\d₀-₉⁺⁻]|[^\s.,;:!?)\]\"”'’*_])\Z", before))
