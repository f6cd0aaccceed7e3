"""Lines that all pages share: which of them state a fact of the patient and so belong to the text."""

import re
from functools import cache

from rag.rules import rules

PAGE = re.compile(r"\b(?:page|p\.)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?", re.IGNORECASE)
LABEL = re.compile(r"(?:^|[;|,]|(?<!\s)\s{2,}+|\s(?=[A-Z]))([A-Za-z][A-Za-z \-/.]{0,40}?)\s?:(?=\s*\S)(?!//)")
SENTENCE = re.compile(r"[A-Z][^.!?]{0,300}[.!]")
FEWEST_WORDS = 5
LONGEST = 400


def without_page(line: str) -> str:
    """The line without the number of its page."""
    return " ".join(PAGE.sub(" ", line[:LONGEST]).split()).strip(" |·•-–—")


def states_fact(line: str) -> bool:
    """Whether a line that pages share states a fact: a label that is none of a document's own, a sentence or an alert."""
    plain = without_page(line)
    furniture, facts, labels = _patterns()
    if not plain or furniture.search(plain):
        return False
    if facts.search(plain):
        return True
    named = [" ".join(found[1].lower().replace(".", "").split()) for found in LABEL.finditer(plain)]
    if named:
        return not all(any(" ".join(words[at:]) in labels for at in range(len(words))) for words in map(str.split, named))
    return bool(SENTENCE.fullmatch(plain)) and len(plain.split()) >= FEWEST_WORDS


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    known = rules("running")
    furniture, facts = ("|".join(map(re.escape, sorted(known[name], key=len, reverse=True))) for name in ("furniture", "facts"))
    return (
        re.compile(rf"©|\b(?:{furniture})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{facts})\b", re.IGNORECASE),
        frozenset(known["labels"]),
    )
