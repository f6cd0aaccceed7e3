"""Labels with their values ("Code status: full"), and the header lines among them, which only a question for them may quote."""

import re
from collections.abc import Iterator
from functools import cache

from rag.clinical.statements.record import Statement
from rag.rules import rules

LABEL = re.compile(
    r"[*_>#\s]{0,8}(?:[-•●▪]\s{1,3})?(?:\(?(?:\d{1,2}|[A-Za-z])[.)]\s{1,3})?[*_\[]{0,3}"
    r"([A-Za-z][^:\n|?!;]{0,60}?)[*_\]]{0,3}\s?:[*_]{0,3}(?=\s|$)[*_\s]{0,8}"
)
DASHED = re.compile(r"[*_\s]{0,4}([A-Z][A-Z &/]{2,30}?)[*_]{0,3} [-–—] (?=\S)")
COLUMN = re.compile(r"([A-Z][^\n:|.;?!]{0,30}?)(?: {3,40}|\t[ \t]{0,9})(?=\S)")
"""A label that its value stands beside, in a column of its own."""
MOST_WORDS = 7
SENTENCE = re.compile(r"[.,] |\b(?:is|are|was|were|has|have|had|should|must|may|can|will|if|when|that|which)\b")
"""What a label does not hold: the end of a clause, or a verb or conjunction of a sentence."""
LONGEST = 120
"""Characters of a line in which a label is looked for."""
BESIDE = re.compile(r"[|\t;] ?|(?<! ) {2,}")
PLAIN = re.compile(r"[^a-z]+")


def label_of(content: str) -> tuple[str, int]:
    """The label at the start of a line, and where its value begins; ("", 0) where none is there."""
    content = content[:LONGEST]
    for pattern in (COLUMN, LABEL, DASHED):
        found = pattern.match(content)
        label = found[1].strip(" *_") if found else ""
        if found and label and len(label.split()) <= MOST_WORDS and "  " not in label and not SENTENCE.search(label):
            return label, found.end()
    return "", 0


def beside(content: str) -> Iterator[int]:
    """Where further labels with values begin on a line that holds several, parted by bars, tabs, wide blanks or semicolons.

    Behind a header anything that stands far off is of its own ("Date: 7 June     Weight 81 kg").
    """
    header = bool(header_of(label_of(content)[0]))
    for gap in BESIDE.finditer(content, label_of(content)[1]):
        far = header and len(gap[0]) > 2 and gap[0].isspace()
        if gap.end() < len(content) and (far or label_of(content[gap.end() : gap.end() + 80])[0]):
            yield gap.end()


@cache
def _headers() -> tuple[dict[str, str], dict[str, re.Pattern[str]], frozenset[str]]:
    known = rules("statements")
    of = {_plain(label): rule["header"] for rule in known["headers"] for label in rule["labels"]}
    asked = {
        rule["header"]: re.compile(rf"\b(?:{'|'.join(map(re.escape, rule['asked']))})\b", re.IGNORECASE)
        for rule in known["headers"]
    }
    return of, asked, frozenset(_plain(closing) for closing in known["closings"])


def _plain(written: str) -> str:
    return PLAIN.sub(" ", written.lower()).strip()


def header_of(label: str) -> str:
    """What a label of a header line says about the document ("patient", "author"), or "" for any other label."""
    return "" if any(map(str.isdigit, label)) else _headers()[0].get(_plain(label), "")


def is_closing(content: str) -> bool:
    """Whether a line is a salutation or the end of a letter and says nothing else."""
    return len(content) <= 60 and _plain(content) in _headers()[2]


@cache
def _role() -> re.Pattern[str]:
    cues = sorted((cue for rule in rules("authors")["roles"] for cue in rule["cues"]), key=len, reverse=True)
    return re.compile(
        rf"\W{{0,4}}(?:electronically signed by |signed by |/s/ )?(?:{'|'.join(map(re.escape, cues))})\b", re.IGNORECASE
    )


def is_signature(content: str) -> bool:
    """Whether a short line is the role of whoever signed, and no sentence about that person."""
    words = len(content.split())
    begun = not content.lstrip("*_/-• ")[:1].islower()
    return begun and words <= 8 and len(content) <= 80 and content[-1] not in ".:;?!)" and _role().match(content) is not None


def asks_for(question: str, statement: Statement) -> bool:
    """Whether a question asks for the very label of a header line, which answers no other; True for any other statement."""
    if statement.kind != "header":
        return True
    pattern = _headers()[1].get(header_of(statement.label))
    return pattern is not None and pattern.search(question) is not None
