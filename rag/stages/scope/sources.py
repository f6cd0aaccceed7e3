"""Where a question says that it is to be looked up: a kind of document, who wrote it, its date or its edition."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from rag.rules import rules
from rag.stages.scope.dates import Calendar, dates, editions
from rag.values import Document

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
NAMED = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", re.ASCII)
APART = re.compile(r"[.;:?!,()\n]")
CLAIM = re.compile(
    r"\b(?:(?P<authors>according to|as per|per)|(?P<documents>in|from)|(?P<studies>at|during|on))[ -]*$", re.IGNORECASE
)
BEFORE = 4
STATED = {"discharge", "denial", "formulary", "policy", "guideline", "pathology", "radiology"}


class Word(NamedTuple):
    start: int
    end: int
    text: str


class Told(NamedTuple):
    """A date or an edition in a question: the documents that have it, its year, and whether they state it themselves."""

    start: int
    end: int
    documents: frozenset[str]
    year: int | None
    theirs: bool


class Phrase(NamedTuple):
    words: tuple[str, ...]
    kind: str
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What a question says of where to look: the stretch, the documents that fit, and the stretches that tell nothing else.

    `kind` is "documents", "studies", "authors" or "date". `claimed` says that the question looks for its answer there; `type`
    and `year` are what a filter would ask for.
    """

    start: int
    end: int
    kind: str
    documents: frozenset[str]
    cuts: tuple[tuple[int, int], ...] = ()
    claimed: bool = False
    type: str = ""
    year: int | None = None


class Shelf:
    """Documents by the words of their names and titles, by type, by author and by date."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.calendar = Calendar(documents)
        self._by: dict[tuple[str, str], set[str]] = {}
        for name, document in documents.items():
            for word in {one.lower() for one in NAMED.findall(f"{name.rpartition('.')[0] or name} {document.title}")}:
                self._by.setdefault(("word", word.removesuffix("s")), set()).add(name)
            self._by.setdefault(("type", document.type), set()).add(name)
            self._by.setdefault(("author", document.author), set()).add(name)

    def called(self, word: str) -> frozenset[str]:
        """The documents in whose name or title a word stands."""
        return frozenset(self._by.get(("word", word.lower().removesuffix("s")), ()))

    def of_type(self, kind: str) -> frozenset[str]:
        """The documents of a type."""
        return frozenset(self._by.get(("type", kind), ()) if kind else ())

    def fitting(self, rule: dict[str, Any]) -> frozenset[str]:
        """The documents of the type or the author of a rule, and those in whose name or title one of its words stands."""
        by_author = (self._by.get(("author", role), ()) for role in rule.get("roles", ()))
        return self.of_type(rule.get("type", "")).union(*by_author, *(self.called(word) for word in rule["words"]))


def sources(question: str, shelf: Shelf) -> list[Source]:
    """What a question says of where to look, from left to right, as far as any document fits."""
    told = [Told(one.start, one.end, *_of(shelf, one.parts)) for one in dates(question)]
    told += [
        Told(start, end, shelf.calendar.editions.get(number, frozenset()), None, True)
        for start, end, number in editions(question)
    ]
    told = sorted(one for one in told if one.documents)
    words = [Word(*match.span(), match[0].lower().replace("’", "'").removesuffix("'s")) for match in WORD.finditer(question)]
    found, at = list[Source](), 0
    while at < len(words):
        phrase = _phrase(words, at)
        source = _source(question, words, at, phrase, told, shelf) if phrase else None
        if source:
            found = [one for one in found if one.end <= source.start]
            found.append(source)
        at += len(phrase.words) if phrase else 1
    taken = [(source.start, source.end) for source in found]
    loose = (one for one in told if not any(low < one.end and one.start < high for low, high in taken))
    found += [Source(one.start, one.end, "date", one.documents, _cuts([one]), year=one.year) for one in loose]
    return sorted(found, key=lambda source: source.start)


def _of(shelf: Shelf, parts: tuple[int | None, int | None, int | None]) -> tuple[frozenset[str], int | None, bool]:
    documents, theirs = shelf.calendar.of(parts)
    return documents, parts[0], theirs


@cache
def _phrases() -> dict[str, list[Phrase]]:
    """By its first word every phrase for a kind of document, a study or an author; the longest first."""
    found: dict[str, list[Phrase]] = {}
    for kind in ("documents", "studies", "authors"):
        for rule in rules("scope")[kind]:
            words = tuple(rule["phrase"].split())
            found.setdefault(words[0], []).append(Phrase(words, kind, rule))
    for phrases in found.values():
        phrases.sort(key=lambda phrase: -len(phrase.words))
    return found


def _phrase(words: Sequence[Word], at: int) -> Phrase | None:
    """The longest phrase that begins with a word, in the singular or the plural."""
    first = words[at].text
    phrases: list[Phrase] = [*_phrases().get(first, ()), *_phrases().get(first.removesuffix("s"), ())]
    for phrase in phrases:
        here = [word.text for word in words[at : at + len(phrase.words)]]
        if len(here) == len(phrase.words) and all(own in {one, f"{one}s"} for own, one in zip(here, phrase.words, strict=True)):
            return phrase
    return None


def _source(question: str, words: Sequence[Word], at: int, phrase: Phrase, told: Sequence[Told], shelf: Shelf) -> Source | None:
    """What a phrase says of where to look with the words before it and a date beside it, or None where it does not."""
    known, rule = rules("scope"), phrase.rule
    first = at
    while first > max(at - BEFORE, 0) and words[first - 1].text not in known["stops"] and not _apart(question, words, first):
        first -= 1
    start, end = words[first].start, words[at + len(phrase.words) - 1].end
    before = words[first - 1] if first and not _apart(question, words, first) else None
    if before and before.text in known["any"]:
        return None
    pointed = before is not None and before.text in known["pointing"]
    start = before.start if before and pointed else start
    dated = [one for one in told if one.start <= end + 1 and start <= one.end + 1]
    claim = CLAIM.search(question, max(start - 16, 0), start)
    if claim and not _claims(claim, phrase, first == at, bool(dated)):
        claim = None
    asking = words[first - pointed - 1] if first - pointed > 0 and words[first - pointed - 1].text in known["asking"] else None
    if not {"documents": claim or dated or pointed, "studies": dated, "authors": claim or asking}[phrase.kind]:
        return None
    fits = shelf.fitting(rule)
    for word in words[first:at]:
        fits = fits & shelf.called(word.text) or fits
    for one in dated:
        fits = fits & one.documents or (fits if phrase.kind == "documents" and fits else one.documents)
        start, end = min(start, one.start), max(end, one.end)
    if not fits:
        return None
    said = next((word for word in words if word.start > end), None)
    cuts = _cuts(dated)
    if claim and all(one.theirs for one in dated):
        cuts = ((claim.start(), end),)
    elif asking and phrase.kind == "authors" and said and said.text in known["said"]:
        cuts = ((asking.start, said.end),)
    years = {one.year for one in dated if one.theirs} - {None}
    year = next(iter(years)) if len(years) == 1 else None
    return Source(start, end, phrase.kind, fits, cuts, bool(claim), rule.get("type", ""), year)


def _claims(claim: re.Match[str], phrase: Phrase, alone: bool, dated: bool) -> bool:
    """Whether what stands before a phrase says that the answer is looked for there, as in "in the discharge summary"."""
    if phrase.kind == "authors":
        return bool(claim["authors"]) and (alone or claim["authors"].lower() != "per")
    if phrase.kind == "studies":
        return dated
    return not claim["studies"] or (claim["studies"].lower() == "on" and phrase.rule.get("type") in STATED)


def _apart(question: str, words: Sequence[Word], at: int) -> bool:
    """Whether a comma or a stop parts a word from the one before it."""
    return bool(APART.search(question, words[at - 1].end, words[at].start))


def _cuts(told: Sequence[Told]) -> tuple[tuple[int, int], ...]:
    return tuple((one.start, one.end) for one in told if one.theirs)
