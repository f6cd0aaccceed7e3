"""Another fact in the place of one: the stretch of evidence that answers, made to say something else."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rag.clinical.facts.types import Age, Clock, Day, Dose, Fact, Frequency, Interval, Number, Size, Value
from rag.evaluate.perturb.edited import Edit
from rag.rules import rules
from rag.values import Document, Span

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
COUNTED = (Dose, Value, Size, Interval, Frequency, Age, Clock, Number)
LONGEST_DAY = 28


def altered(document: Document, spans: Sequence[Span], answer: str, facts: Sequence[Fact], turn: int = 1) -> list[Edit]:
    """Edits after which these stretches say something else than the expected answer; none where nothing can be turned.

    Numbers of the answer are changed wherever they stand in the stretches; where it has none the first number that states a
    fact, else the first word that has an opposite. Another `turn` gives other numbers.
    """
    text = document.text
    told = {match[0] for match in NUMBER.finditer(answer)}
    stated = [one for one in facts if any(span.start <= one.start and one.end <= span.end for span in spans)]
    numbers = [*_numbers(text, [one for one in stated if isinstance(one, COUNTED)])]
    days = [*_days(text, [one for one in stated if isinstance(one, Day)])]
    wanted = [match for match in numbers if match[0] in told]
    of_days = [one for one in days if one[0][0] in told or one[1] in told]
    if wanted or of_days:
        return [
            *(_other(document, match, turn) for match in wanted),
            *(_later(document, match, turn) for match, _ in of_days),
        ]
    if turned := list(_turned(document, spans, answer)):
        return turned[:1]
    if numbers or days:
        return [_other(document, numbers[0], turn)] if numbers else [_later(document, days[0][0], turn)]
    return list(_turned(document, spans, ""))[:1]


def _numbers(text: str, stated: Sequence[Fact]) -> Iterator[re.Match[str]]:
    """The numbers that state facts, each once; no number of a list or of a criterion before its text."""
    seen = set()
    for one in stated:
        for match in NUMBER.finditer(text, one.start, one.end):
            line = text.rfind("\n", 0, match.start()) + 1
            if match.start() not in seen and (text[line : match.start()].strip(" \t*#-•(") or "." in match[0]):
                seen.add(match.start())
                yield match


def _days(text: str, stated: Sequence[Fact]) -> Iterator[tuple[re.Match[str], str]]:
    """The numbers that name the day of a month, each with the whole date as written."""
    for one in stated:
        days = [match for match in NUMBER.finditer(text, one.start, one.end) if match[0].isdigit() and 0 < int(match[0]) <= 31]
        if days:
            yield days[-1], text[one.start : one.end]


def _other(document: Document, match: re.Match[str], turn: int) -> Edit:
    """A number that is twice as large, or three times; of a share above a half what is left of it."""
    value, places = float(match[0].replace(",", "")), len(match[0].partition(".")[2])
    percent = document.text[match.end() : match.end() + 2].strip().startswith("%")
    found = (100 - value) / turn if percent and 50 < value < 100 else value * (turn + 1) if value else float(turn)
    written = f"{found:,.{places}f}" if "," in match[0] else f"{found:.{places}f}"
    written = written if float(written.replace(",", "")) != value else f"{value + turn:.{places}f}"
    return Edit(document.name, match.start(), match.end(), written)


def _later(document: Document, match: re.Match[str], turn: int) -> Edit:
    """Another day of the month."""
    day = (int(match[0]) + 8 * turn - 1) % LONGEST_DAY + 1
    return Edit(document.name, match.start(), match.end(), f"{day:0{len(match[0])}d}")


def _turned(document: Document, spans: Sequence[Span], answer: str) -> Iterator[Edit]:
    """Words with their opposites; only words that the expected answer has, where it is given."""
    for pattern, opposites in _opposites():
        if answer and not pattern.search(answer):
            continue
        for span in spans:
            for match in pattern.finditer(document.text, span.start, span.end):
                other = opposites[match[0].lower()]
                yield Edit(document.name, match.start(), match.end(), other.capitalize() if match[0][0].isupper() else other)


@cache
def _opposites() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    """Patterns of pairs of words, with what stands in the place of each; a word of function only becomes its denial."""
    found = []
    for one, other in rules("perturbations")["turned"]:
        pairs = {one: other} if other.startswith(f"{one} ") else {one: other, other: one}
        found.append((re.compile(rf"\b(?:{'|'.join(map(re.escape, pairs))})\b", re.IGNORECASE), pairs))
    return tuple(found)
