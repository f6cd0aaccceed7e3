"""Document numbers, such as "RX-202": what is one, whatever signs stand in it."""

import re
from collections.abc import Iterator

from rag.rules import rules

NUMBER = re.compile(
    r"\b(?:[A-Z]{2,6}(?:[-/][A-Z]{1,6}){0,2}(?:[-/]?\d{2,5}| \d{3,5})|[A-Z]{1,3}[-/]\d{1,5})"
    r"(?:[-.]\d{1,3})?(?:[-/][A-Z]{1,2}\b)?(?!\w)"
)
COUNTED = re.compile(
    r"\b(guideline|policy|protocol|procedure|sop|standing order|bulletin|circular)\s+(?:no\.?\s*|number\s+|#\s*)?"
    r"(?!(?:19|20)\d\d\b)(\d{1,4}(?:\.\d{1,4})?)(?![\w/%-])",
    re.IGNORECASE,
)
"""A work that is known by its number alone: "Standing order 12"."""
NO_LABEL = re.compile(
    r"\b(?:in|of|to|on|by|at|from|and|or|page|section|chapter|part|year|edition|version|rev|revision|issue|form|tier|level|step|stage"
    r"|phase|grade|type|class|table|ed|ct|mri|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[-/ ]",
    re.IGNORECASE,
)


def numbers_in(text: str) -> Iterator[str]:
    """The document numbers of a text in one form: "RX-202", "RX 202" and "RX202" are one."""
    known = frozenset(rules("editions")["no_numbers"])
    for match in NUMBER.finditer(text):
        plain = re.sub(r"[-/ .]", "", match[0])
        if not NO_LABEL.match(match[0]) and plain not in known and not re.search(r" (?:19|20)\d\d$", match[0]):
            yield plain
    for match in COUNTED.finditer(text):
        yield f"{match[1].upper()} {match[2]}"
