"""The lines of a text, and which of them are no running text: rules, page numbers, contents, captions, items."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.text import BULLET

RULE = re.compile(r"[\s\-=_*~#+|:.·•—–<>]*")
LEADERS = re.compile(
    r"(?:(?<!\.)(?<!\.[ \t])(?:\.[ \t]?){4,}+|(?<!…)…{2,}+)[ \t]*(?:\d{1,4}|[ivxlc]{1,7})\s*$|(?<!_)_{6,}+\s*+$", re.IGNORECASE
)
FURNITURE = re.compile(
    r"\W*(?:(?:page|p\.)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?|\(?continued\)?|end of (?:report|document|note|summary)"
    r"|continued on next page)\W*",
    re.IGNORECASE,
)
CAPTION = re.compile(
    r"\W{0,3}(?:table|figure|fig\.|exhibit|chart|box)\s+[A-Z]?\d{1,3}[a-z]?\s*(?:[.:–—-]|\s{2,}|$)", re.IGNORECASE
)
SIGN = re.compile(r"[○■◆◇▶►▸➢➤❖✔✗·∙]\s|#\d{1,2}\s")
LONGEST_CAPTION = 15
"""Words; a longer one says something of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: its content from `start` to `end`, how far it is indented, and whether a blank line precedes."""

    start: int
    end: int
    indent: int
    gap: bool


def lines(text: str) -> list[Line]:
    """The lines that are not blank, without the blanks around them."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    at, gap = 0, True
    for whole in text.split("\n"):
        content = whole.strip()
        if content:
            left = len(whole) - len(whole.lstrip())
            yield Line(at + left, at + left + len(content), len(whole[:left].expandtabs(4)), gap)
        gap = not content
        at += len(whole) + 1


def is_rule(content: str) -> bool:
    """Whether a line holds only marks that part others ("----", "|---|---|")."""
    return len(content) >= 2 and RULE.fullmatch(content) is not None


def is_furniture(content: str) -> bool:
    """Whether a line is a page number or the like, or an entry of a table of contents."""
    return (len(content) <= 60 and FURNITURE.fullmatch(content) is not None) or LEADERS.search(content) is not None


def is_caption(content: str) -> bool:
    """Whether a line is the caption of a table or a figure and says nothing besides."""
    return CAPTION.match(content) is not None and len(content.split()) <= LONGEST_CAPTION and not content.rstrip().endswith(";")


def is_item(content: str) -> bool:
    """Whether a line begins an item of a list."""
    return (BULLET.match(content) is not None or SIGN.match(content) is not None) and content[:1] not in "#|"
