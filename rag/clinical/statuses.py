"""How far a report has got: final, preliminary, amended, draft."""

import re
from collections.abc import Iterable
from functools import cache

from rag.rules import rules

FRONT = 1500
"""The characters in which a status is looked for: further down, a status is rather that of an order or a problem."""
LINES = 6


def document_status(title: str, text: str) -> str:
    """The status that a labelled line near the start names, or that the title is; "" where none is said."""
    labelled, titles, known = _patterns()
    front = text[:FRONT]
    first = [line for line in front.split("\n") if line.strip()][:LINES]
    found = labelled.search(front) or next(filter(None, map(titles.fullmatch, [title, *first])), None)
    return known[" ".join(found[1].lower().split())] if found else ""


def coded_status(*codes: str) -> str:
    """The status that the first known of these codes stands for, or ""."""
    known = {code: str(rule["status"]) for rule in rules("statuses")["statuses"] for code in rule["codes"]}
    return next((known[code.lower()] for code in codes if code.lower() in known), "")


def named_status(written: str) -> str:
    """The status that a word or a code stands for, or ""."""
    return coded_status(written) or _patterns()[2].get(" ".join(written.lower().split()), "")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """A pattern for a labelled line, one for a line that is a title of a status, and the status of each cue."""
    known = rules("statuses")
    status_of = {cue: rule["status"] for rule in known["statuses"] for cue in (*rule["cues"], *rule["titles"])}
    cues = _either(cue for rule in known["statuses"] for cue in rule["cues"])
    titles = _either(cue for rule in known["statuses"] for cue in rule["titles"])
    marks, stop = r"[ \t*_#>|\-]*", r"[*_|]*(?=\s*(?:$|[;,|(.]| on | by |  ))"
    labelled = rf"(?:^|[|]|  ){marks}(?:{_either(known['labels'])})[ *_]*[:|=][ *_|]*({cues}){stop}"
    alone = rf"{marks}\W*({titles})\W*(?:(?:to|#|no\.?|date)?[\d\s/:.\-]*)"
    return re.compile(labelled, re.IGNORECASE | re.MULTILINE), re.compile(alone, re.IGNORECASE), status_of


def _either(words: Iterable[str]) -> str:
    ordered = sorted(words, key=lambda word: -len(word))
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered)
