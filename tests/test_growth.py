"""No pattern takes more than linear time, whatever the text: twice the text takes about twice the work, in CPU time."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rag.documents.load.formats import Text
from rag.documents.load.web.html import Html
from rag.documents.screen import Screen
from rag.stages.chunk.sections import Sections
from rag.text import sentences
from rag.values import Document, File
from tests.patterns import REPEATED, collected
from tests.spent import spent

SHORT, LONGEST = 2_000, 32_000
QUICK = 0.002  # seconds for the short text: what takes more than linear time takes longer
MEASURED = 0.01  # seconds from which a ratio is worth something
MOST_GROWTH = 2.5
TRIES = 4
UNITS = (
    "a", "\n", " ", "AaAa", "1", ".", "(", "[", "{", "<", "a@", "1.", "1/", "-", ":", '"', "/*", "@a", "A ", "a ", "a\n", " \n",
)  # fmt: skip
WORD = re.compile(r"(?<![\\\w])[A-Za-z]{2,}")
AFTER = (" ", "", "\n")


def source(pattern: re.Pattern[Any]) -> str:
    return pattern.pattern if isinstance(pattern.pattern, str) else str(pattern.pattern, "latin-1")


def units(pattern: re.Pattern[Any]) -> Iterator[str]:
    """What texts are made of by repetition: signs that any pattern may stumble over, and the first words of this one."""
    yield from UNITS
    for word in list(dict.fromkeys(WORD.findall(source(pattern))))[:1]:
        yield from (word + after for after in AFTER)


def seconds(pattern: re.Pattern[Any], unit: str, length: int) -> float:
    """The time that the pattern takes over a text of this length."""
    text: Any = unit * (length // len(unit))
    if isinstance(pattern.pattern, bytes):
        text = text.encode()
    return spent(lambda whole: deque(pattern.finditer(whole), maxlen=0), text)


def grows(pattern: re.Pattern[Any], unit: str) -> float:
    """How many times as long the pattern takes for twice the text; 0 where it is too quick to tell. The least of some tries."""
    if seconds(pattern, unit, SHORT) < QUICK:
        return 0.0
    length = SHORT
    while length < LONGEST and seconds(pattern, unit, length) < MEASURED:
        length *= 2
    if seconds(pattern, unit, length) < MEASURED:
        return 0.0
    found = []
    for _ in range(TRIES):
        found.append(seconds(pattern, unit, 2 * length) / max(seconds(pattern, unit, length), 1e-9))
        if found[-1] <= MOST_GROWTH:
            break
    return min(found)


@pytest.fixture(scope="module")
def patterns() -> dict[str, re.Pattern[Any]]:
    return {place: pattern for place, pattern in collected().items() if REPEATED.search(source(pattern))}


def test_patterns_of_modules_sources_and_rules_are_found(patterns: dict[str, re.Pattern[Any]]) -> None:
    assert len(patterns) > 600
    for part in ("rag.clinical", "rag.documents.screen", "rag.stages.answer", "documents/load", ".json"):
        assert any(part in place for place in patterns), part


def test_the_measure_tells_linear_from_quadratic() -> None:
    assert grows(re.compile(r"[^\n]*\S"), " ") > MOST_GROWTH
    assert grows(re.compile(r"\s+$"), " ") <= MOST_GROWTH and grows(re.compile(r"(?<!\s)\s+x"), " ") <= MOST_GROWTH


def test_no_pattern_takes_more_than_linear_time(patterns: dict[str, re.Pattern[Any]]) -> None:
    found = {
        f"{place} over {unit!r}": round(growth, 1)
        for place, pattern in patterns.items()
        for unit in units(pattern)
        if (growth := grows(pattern, unit)) > MOST_GROWTH
    }
    assert found == {}


def read(text: str) -> Document:
    return next(iter(Text()(File("a.txt", f"Note\n{text}".encode()))))


PATH: dict[str, Callable[[str], object]] = {
    "load": read,
    "page": lambda text: list(Html()(File("a.html", f"<p>Note\n{text}".encode()))),
    "screen": Screen().text,
    "sentences": lambda text: sentences(text),
    "chunks": lambda text: list(Sections()(Document("a.txt", text))),
}


@pytest.mark.parametrize("unit", ["a", "\n", " ", "AaAa", "1.", "[", "a@a@ "])
@pytest.mark.parametrize("step", PATH)
def test_no_step_on_the_way_of_a_text_takes_more_than_linear_time(step: str, unit: str) -> None:
    def takes(length: int) -> float:
        return spent(PATH[step], unit * (length // len(unit)))

    takes(1_000)
    ratios = (takes(2 * length) / max(takes(length), 0.02) for length in [20_000] * TRIES)
    assert any(ratio <= MOST_GROWTH for ratio in ratios)
