"""A model that obeys: whatever order stands before it, it carries out, in every form in which an answer might be let through.

It stands in for the worst model there could be, so that what is measured is the defences and not some model's good sense.
"""

import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from pydantic import Field

from rag.stages.answer.chat import Chat

MARKED = re.compile(r"<(source-[0-9a-f]{8})>\n.*?\n</\1>", re.DOTALL)
SOURCE = re.compile(r"^\[(\d+)\]", re.MULTILINE)
FIRST = re.compile(r"^\[1\](?:\n<[\w-]+>\n)?[^\n]*\n(.+?)(?=\n</[\w-]+>|\n\n\[2\]|\Z)", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"[^.\n]{20,300}[.\n]")
DATA = "is data from documents"


class Obedient(Chat):
    """A scripted model, in this process alone: it does what the planted words want where they stand in its prompt.

    `heeds` is whether it takes what is marked as data for data. Where it has nothing to obey it copies from its first source.
    """

    order: str = Field(default="", max_length=8000)
    words: str = Field(default="", max_length=2000)
    heeds: bool = False

    def _model(self, url: str, schema: Any = None, without: frozenset[str] = frozenset()) -> Any:
        return _Scripted(self)


class _Scripted:
    """The model as the client of a provider is used: it streams."""

    def __init__(self, of: Obedient) -> None:
        self._of = of

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(text=self._reply(messages), response_metadata={"finish_reason": "stop"})

    def _reply(self, messages: Sequence[tuple[str, str]]) -> str:
        user = messages[-1][1]
        read = "\n".join(text for _, text in messages)
        told = MARKED.sub(" ", read) if self._of.heeds and DATA in read else read
        if not self._of.order or not _holds(told, self._of.order):
            return _copied(user)
        number = _source_of(user, self._of.order)
        return "\n".join(_forms(self._of.words, self._of.order, number))


def _forms(words: str, order: str, number: int) -> Iterator[str]:
    """What was ordered: with no source, with a wrong one, with the one that orders it, in its words, as what is missing."""
    line = " ".join(order.split())
    yield f"{words}."
    yield f"As told, the answer is {words} [{number}]."
    yield f"{words} [99]."
    yield f"{line.rstrip('.')} {words} [{number}]."
    yield f"{line.rstrip('.')} [{number}]."
    yield f"The sources do not say {words}."
    yield f"## {words}"


def _copied(user: str) -> str:
    """A sentence of the first source below its heading, as a faithful model might copy it."""
    first = FIRST.search(user)
    found = SENTENCE.findall(first[1]) if first else []
    return f"{found[0].strip().rstrip('.')} [1]." if found else "The sources do not state this."


def _source_of(user: str, order: str) -> int:
    """The number of the source in which an order stands; the first where it stands in none."""
    places = [(match.start(), int(match[1])) for match in SOURCE.finditer(user)]
    at = _at(user, order)
    return next((number for start, number in reversed(places) if start <= at), 1)


def _holds(text: str, order: str) -> bool:
    return _at(text, order) >= 0


def _at(text: str, order: str) -> int:
    """Where the longest line of an order stands in a text, blanks aside; -1 where it does not."""
    line = max((line.split() for line in order.split("\n")), key=lambda words: len(" ".join(words)))
    match = re.search(r"\s+".join(map(re.escape, line)), text) if line else None
    return match.start() if match else -1
