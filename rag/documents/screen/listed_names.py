"""Names of people by the lists of names, where the words around speak for a person too."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rag.clinical.medicines import drug_groups
from rag.documents.screen.topics import kind
from rag.documents.screen.words import Word, is_eponym, known, names
from rag.rules import rules

BETWEEN = re.compile(r"\.?[ \t]{1,2}|[ ]?\n[ ]?|-")
COMMA = re.compile(r",[ ]{1,2}")
NARROW_COMMA = re.compile(r",[ ]{0,2}")
AGE = re.compile(r",? (?:is |was )?(?:an? )?\(?\d{1,3}[ -]?(?:y|F\b|M\b)")
WORT = re.compile(r"['’]?s?[ -][Ww]ort\b")  # St. John's wort is a drug.
SHORTEST = 3
CUES = {"patient", "pt", "named", "mr", "ms", "mrs", "for", "with"}
STRONG_CUES = {"patient", "pt", "named", "mr", "ms", "mrs", "dr", "client", "member"}
Span = tuple[int, int, str, float]
"""Where a name stands, the rule that found it, and its score."""


def is_name(low: str) -> bool:
    """Whether a word is on the lists of names, and neither an ordinary word nor a name of medicine."""
    lists = names()
    if "-" in low:
        return all(map(is_name, filter(None, low.split("-"))))
    return (low in lists.first or low in lists.last) and low not in lists.ordinary and low not in known("people", "medicine")


def listed(text: str, found: Sequence[Word]) -> Iterator[Span]:
    """Names by the lists: "Jane Doe", "Doe, Jane", "Jane D.", and single ones where the words around speak for a person."""
    at = 0
    while at < len(found):
        span = _name_at(text, found, at) if found[at].text[0].isupper() else None
        if span:
            yield span
            at = next((place for place in range(at + 1, len(found)) if found[place].start >= span[1]), len(found))
        else:
            at += 1


def _name_at(text: str, found: Sequence[Word], at: int) -> Span | None:
    word, lists = found[at], names()
    if word.low in known("people", "adjectives") and at + 1 < len(found) and _describes(text, word, found[at + 1]):
        return None
    if word.text.isupper() and len(word.text) > 1:
        return _capitals(text, found, at)
    following = found[at + 1] if at + 1 < len(found) and _joined(text, word, found[at + 1]) else None
    surname = following
    end = at + 1
    if following and following.initial and at + 2 < len(found) and _joined(text, following, found[at + 2]):
        surname, end = found[at + 2], at + 2
    listed = word.low in lists.first or ("-" in word.low and is_name(word.low))
    given = listed and word.low not in known("people", "medicine")
    if listed and surname and surname.capital and surname.low not in known("people", "medicine"):
        sure = surname.low in lists.last and surname.low not in lists.ordinary
        plain = (given and word.low not in lists.ordinary) or (surname.low in lists.last and _acts(text, found, end))
        if (
            (plain or sure)
            and (sure or surname.low in lists.last or not in_dictionary(surname.low))
            and not is_eponym(text, found, end)
        ):
            return word.start, surname.end, "given name and surname", 0.85
    if given and following and following.initial and not is_eponym(text, found, at):
        dot = text[following.end : following.end + 1] == "."
        apart = text[: word.start].rstrip(" ")[-1:] in {",", ":", "(", "."} or (at > 0 and found[at - 1].low in CUES)
        if word.low in lists.ordinary and not (dot and apart):
            return None
        return word.start, following.end + dot, "given name and initial", 0.85
    if _turned(text, found, at):
        return word.start, found[at + 1].end, "surname, given name", 0.85
    return _single(text, found, at)


def _describes(text: str, word: Word, following: Word) -> bool:
    """Whether a given name that is also an adjective stands before a word of medicine: "Frank hematuria"."""
    beside = text[word.end : following.start] in {" ", "-"} and following.text.islower()
    return beside and following.low not in known("people", "after")


def _acts(text: str, found: Sequence[Word], at: int) -> bool:
    """Whether what follows speaks of a person: "is a", "presented", an age."""
    after = found[at + 1] if at + 1 < len(found) else None
    near = bool(after and after.low in known("people", "after") and text[found[at].end : after.start] == " ")
    return near or bool(AGE.match(text, found[at].end))


def _turned(text: str, found: Sequence[Word], at: int) -> bool:
    """ "Smith, John" and "Smith J."."""
    lists, word = names(), found[at]
    if at + 1 >= len(found) or word.low not in lists.last or not is_name(word.low) or not word.capital:
        return False
    other = found[at + 1]
    if COMMA.fullmatch(text[word.end : other.start]):
        return other.capital and other.low in lists.first and is_name(other.low)
    return other.initial and text[word.end : other.start] == " " and text[other.end : other.end + 1] in {".", ","}


def _single(text: str, found: Sequence[Word], at: int) -> Span | None:
    word, lists = found[at], names()
    if WORT.match(text, word.end):
        return None
    if len(word.text) < SHORTEST or not word.capital or not is_name(word.low) or is_eponym(text, found, at):
        return None
    before = found[at - 1] if at and re.fullmatch(r"[\s,:(]{1,3}", text[found[at - 1].end : word.start]) else None
    after = found[at + 1] if at + 1 < len(found) else None
    cue = bool(before and before.low in known("people", "cues"))
    verb = bool(after and after.low in known("people", "after")) or text[word.end : word.end + 2] in {"'s", "’s"}
    verb = verb or bool(AGE.match(text, word.end))
    if word.low in known("people", "eponyms") and not (cue and verb):
        return None
    if word.low in lists.first:
        return word.start, word.end, "given name", 0.75 if cue or verb else 0.6
    opens = at == 0 or text[found[at - 1].end : word.start].strip(" ") in {".", "\n", ".\n", ""}
    if verb and (cue or opens):
        return word.start, word.end, "surname in its context", 0.65
    return None


def _capitals(text: str, found: Sequence[Word], at: int) -> Span | None:
    """ "JANE DOE", "DOE, JANE Q": names of the lists, and behind "patient" or before a given name also one of no list."""
    word, lists = found[at], names()
    other = found[at + 1] if at + 1 < len(found) else None
    if other is None or not other.text.isupper() or len(other.text) < 2:
        return None
    if NARROW_COMMA.fullmatch(text[word.end : other.start]):
        return _capitals_turned(text, found, at)
    if not _joined(text, word, other) or len(other.text) < 3 or word.low not in lists.first or not is_name(word.low):
        return None
    cued = at > 0 and found[at - 1].low in STRONG_CUES and text[found[at - 1].end : word.start].strip(" .,:") == ""
    sure = other.low in lists.last and is_name(other.low)
    if sure or (cued and (other.low in lists.last or not in_dictionary(other.low)) and not of_care(other.low)):
        return word.start, other.end, "given name and surname in capitals", 0.75
    return None


def _capitals_turned(text: str, found: Sequence[Word], at: int) -> Span | None:
    """ "SMITH, JOHN Q": a given name of the list behind a comma, before it a surname or a word that is none of English."""
    word, other = found[at], found[at + 1]
    given = other.low in names().first and is_name(other.low)
    opens = text[: word.start].rstrip(" \t")[-1:] in {"", "\n", ":"}
    surname = word.low in names().last and (is_name(word.low) or opens)
    if len(word.text) < 2 or not given or of_care(word.low) or not (surname or not in_dictionary(word.low)):
        return None
    initial = found[at + 2] if at + 2 < len(found) else None
    more = initial is not None and initial.initial and text[other.end : initial.start] == " "
    before = found[at - 1] if at else None
    double = before and before.text.isupper() and before.low in names().last and text[before.end : word.start] in {" ", "-"}
    start = before.start if before and double and is_name(before.low) else word.start
    return start, initial.end if more and initial else other.end, "surname, given name in capitals", 0.75


def _joined(text: str, one: Word, two: Word) -> bool:
    return bool(BETWEEN.fullmatch(text[one.end : two.start]))


def of_care(low: str) -> bool:
    """Whether a word is one of medicine, which stands behind a label too: "Patient: febrile", "Mother: breast cancer"."""
    listed = low in known("people", "medicine") or low in known("people", "labels") or low in _drugs()
    coined = low.endswith(tuple(rules("people")["medical_endings"])) and low not in names().first | names().last
    return listed or kind(low)[1] == "care" or coined


@cache
def _drugs() -> frozenset[str]:
    words = frozenset(word.lower() for group in drug_groups() for name in group for word in name.split())
    return words - names().first - names().last


@cache
def in_dictionary(low: str) -> bool:
    """Whether a word is so common in English that it is no surname unless listed."""
    from rag.wordpiece import commonness

    return commonness(low) > 0.0004
