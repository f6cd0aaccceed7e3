"""What a question asks, without what it says of whose and which documents it is about."""

import re
from collections.abc import Iterable
from functools import cache

from rag.rules import rules
from rag.text import terms

LEADING = re.compile(
    r"(?:\b(?:of|for|in|into|from|on|by|with|about|regarding|concerning|to|at|re)[ :]+)?(?:\bthe +)?"
    r"(?:\b(?:patient|pt|member|case|client)[ :#]*)?[(\[]?$",
    re.IGNORECASE,
)
TRAILING = re.compile(r"['’]s?\b|[)\]]")
EMPTY = re.compile(r"[(\[]\s*[)\]]|,\s*(?=[,;:.?!])")
LAST_WORD = re.compile(r"(?<![\w'’])([A-Za-z]+(?:['’]t)?)\s{1,3}\Z")
POSSESSIVE = re.compile(r"['’]s?\Z")
GOES_ON = re.compile(r"\s{1,3}[A-Za-z]")
OPENING = re.compile(r"^[\s,;:.!?)–-]+")
BLANKS = re.compile(r"\s+")
BEFORE_STOP = re.compile(r"(?<!\s)\s++(?=[?.!,;:)])")


def _is_subject(question: str, start: int, end: int) -> bool:
    """Whether a stretch is the subject of the helping verb before it, with more words of the clause behind it."""
    before = LAST_WORD.search(question, max(start - 20, 0), start)
    helped = before is not None and before[1].lower() in rules("scope")["helping"]["words"]
    return helped and not POSSESSIVE.search(question[start:end]) and bool(GOES_ON.match(question, end))


@cache
def _filler() -> re.Pattern[str]:
    known = sorted(rules("scope")["filler"], key=lambda rule: -len(rule["phrase"]))
    phrases = [re.escape(rule["phrase"]).replace("'", "['’]") + _leads(rule) for rule in known if "edge" not in rule]
    edges = "(?:" + "|".join(re.escape(rule["phrase"]) for rule in known if "edge" in rule) + ")"
    return re.compile(
        rf"(?<![\w'-])(?:{'|'.join(phrases)})(?![\w'-])[,:!]?|(?:^|(?<=[.!?] )){edges}[,:!.]|, ?{edges}[.!?]*$",
        re.IGNORECASE,
    )


def _leads(rule: dict[str, str]) -> str:
    return "(?: about| that| if| whether)?" if "leads" in rule else ""


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch with the words that lead to it and its possessive: "of P-0412", "patient P-0412", "P-0412's"."""
    leading = LEADING.search(text, max(start - 30, 0), start)
    trailing = TRAILING.match(text, end)
    return (leading.start() if leading else start), (trailing.end() if trailing else end)


def topic(question: str, cuts: Iterable[tuple[int, int]], subject: str = "") -> str:
    """The question without these stretches and without filler, its wording kept; all of it where nothing would be left.

    `subject` is the pronoun that stands in for a stretch without which a helping verb has no subject ("did P-0412 get").
    """
    kept, at = [], 0
    for start, end in sorted([*cuts, *(match.span() for match in _filler().finditer(question))]):
        kept.append(question[at : max(start, at)])
        if subject and start >= at and _is_subject(question, start, end):
            kept.append(subject)
        at = max(at, end)
    left = BLANKS.sub(" ", " ".join((*kept, question[at:])))
    left = OPENING.sub("", EMPTY.sub("", BEFORE_STOP.sub("", left))).strip()
    return left if terms(left) else question
