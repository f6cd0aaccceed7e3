"""What differs between two prompts or two templates, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from rag.values import Message, Prompt


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: only in the second text (+), only in the first (-), in both ( ), or lines left out (…)."""

    mark: Literal["+", "-", " ", "…"]
    text: str = ""


def changed_lines(before: str, after: str, around: int = 2) -> list[Line]:
    """The lines that differ, each with `around` lines of both on either side; empty where the texts are equal.

    Lines are compared whole, with the blanks at their ends.
    """
    old, new = before.split("\n"), after.split("\n")
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
    """For each message that differs its role and its changed lines; a message of one prompt alone is all new or all gone."""
    found = []
    for role in dict.fromkeys(message.role for message in (*before.messages, *after.messages)):
        pairs = zip_longest(_of(before, role), _of(after, role))
        for old, new in pairs:
            if old is None or new is None:
                mark: Literal["+", "-"] = "+" if old is None else "-"
                found.append((role, [Line(mark, text) for text in (old or new or Message("", "")).content.split("\n")]))
            elif lines := changed_lines(old.content, new.content, around):
                found.append((role, lines))
    return found


def _of(prompt: Prompt, role: str) -> list[Message]:
    return [message for message in prompt.messages if message.role == role]
