"""What differs between two prompts or two templates, line by line, and word by word within a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Literal

from rag.stages.prompt.base import Prompting, written_types
from rag.stages.prompt.marking import STAND_IN
from rag.values import Message, Prompt

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MARKER = re.compile(r"\bsource-[0-9a-f]{8}\b")
LONG = 6000  # Characters of a line above which its words are not compared.
ALIKE = 0.5  # Two lines share this much, or each is marked whole.
Stretches = tuple[tuple[str, bool], ...]  # A line in pieces, each with whether it differs.


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: only in the second text (+), only in the first (-), in both ( ), or lines left out (…)."""

    mark: Literal["+", "-", " ", "…"]
    text: str = ""


def changed_lines(before: str, after: str, around: int = 2) -> list[Line]:
    """The lines that differ, each with `around` lines of both on either side; empty where the texts are equal.

    Lines are compared whole, with the blanks at their ends.
    """
    old, new = (text.split("\n") if text else [] for text in (before, after))
    found: list[Line] = []
    seen = 0
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(around):
        if all(kind == "equal" for kind, *_ in group):
            continue
        if group[0][1] > seen:
            found.append(Line("…"))
        for kind, low, high, first, last in group:
            if kind == "equal":
                found += [Line(" ", text) for text in old[low:high]]
            else:
                found += [Line("-", text) for text in old[low:high]] + [Line("+", text) for text in new[first:last]]
        seen = group[-1][2]
    return [*found, Line("…")] if found and seen < len(old) else found


def changed_messages(before: Prompt, after: Prompt, around: int = 2) -> list[tuple[str, list[Line]]]:
    """For each message that differs its role and its changed lines; a message of one prompt alone is all new or all gone.

    The marker around the sources is another one in every prompt, and is no change.
    """
    found = []
    for role in dict.fromkeys(message.role for message in (*before.messages, *after.messages)):
        pairs = zip_longest(_of(before, role), _of(after, role))
        for old, new in pairs:
            if old is None or new is None:
                mark: Literal["+", "-"] = "+" if old is None else "-"
                found.append((role, [Line(mark, text) for text in (old or new or Message("", "")).content.split("\n")]))
            elif lines := changed_lines(_unmarked(old), _unmarked(new), around):
                found.append((role, lines))
    return found


def changed_texts(before: Prompting, after: Prompting, around: int = 2) -> list[tuple[str, list[Line]]]:
    """For each text that somebody writes for a prompt, and its kind, its name and its changed lines where it differs."""
    old, new = texts_of(before), texts_of(after)
    return [(name.replace("_", " "), lines) for name in old if (lines := changed_lines(old[name], new[name], around))]


def texts_of(prompt: Prompting) -> dict[str, str]:
    """The texts that make a version of a prompt. Budget, order and marking are settings, and no part of it."""
    texts = {"system": prompt.system, "template": prompt.template, "examples": prompt.examples}
    return {"kind": str(prompt.model_dump()["kind"]), **texts, "by_type": written_types(prompt.by_type)}


def counted(lines: Sequence[Line]) -> tuple[int, int]:
    """How many lines were added, and how many removed."""
    marks = [line.mark for line in lines]
    return marks.count("+"), marks.count("-")


def told(changed: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """What differs in a few words: "system 1 line added, 1 removed"; "" for nothing."""
    return "; ".join(f"{name} {_lines(lines)}" for name, lines in changed)


def _lines(lines: Sequence[Line]) -> str:
    added, removed = counted(lines)
    parts = [(added, "added"), (removed, "removed")]
    said = [f"{number:,} {what}" for number, what in parts if number]
    first, _, rest = said[0].partition(" ")
    return ", ".join([f"{first} line{'' if first == '1' else 's'} {rest}", *said[1:]])


def in_words(lines: Sequence[Line]) -> Iterator[tuple[Line, Stretches]]:
    """Each line with the stretches that differ from the line that it takes the place of; all of it where there is none."""
    for edited, run in groupby(lines, lambda line: line.mark in "+-"):
        held = list(run)
        if not edited:
            yield from ((line, ((line.text, False),)) for line in held)
            continue
        gone, new = ([line.text for line in held if line.mark == mark] for mark in "-+")
        pairs = [_pieces(old, other) for old, other in zip(gone, new, strict=False)]
        for mark, texts, side in (("-", gone, 0), ("+", new, 1)):
            for at, text in enumerate(texts):
                yield Line(mark, text), pairs[at][side] if at < len(pairs) else ((text, True),)  # type: ignore[arg-type]


def _pieces(old: str, new: str) -> tuple[Stretches, Stretches]:
    """Two lines in pieces that both have, or one has alone."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if max(len(old), len(new)) > LONG or matcher.ratio() < ALIKE:
        return ((old, True),), ((new, True),)
    parts = matcher.get_opcodes()
    return (
        tuple(("".join(before[low:high]), kind != "equal") for kind, low, high, _, _ in parts if high > low),
        tuple(("".join(after[low:high]), kind != "equal") for kind, _, _, low, high in parts if high > low),
    )


def _unmarked(message: Message) -> str:
    """What a message says, with the same marker around its sources as every other."""
    return MARKER.sub(STAND_IN["delimiters"], message.content)


def _of(prompt: Prompt, role: str) -> list[Message]:
    return [message for message in prompt.messages if message.role == role]
