"""Allergies and intolerances with their reactions, in sentences, in lists under their heading, and in tables."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.reaches import Reach
from rag.clinical.facts.drugs.words import Phrases, Words, words_of
from rag.clinical.facts.types import Allergy
from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import sentences
from rag.values import Document

SPEAKS = re.compile(
    r"allerg|intoleran|anaphyla|hypersensitiv|sensitiv|tolerate|nk?da|nkf?a|react|caus|gave|made|makes", re.IGNORECASE
)
STOP = re.compile(
    r"[.;](?=\s)|\b(?:but|who|because|while|although|takes|taking|is on|has a|with a history)\b|\n\s*\n", re.IGNORECASE
)
LINKS = re.compile(
    r"[\s,/&+:()\[\]-]*(?:\b(?:and|or|the|to|any|all|also|as well as|including|both|other|drugs?|of|products?|medications?"
    r"|class)\b[\s,/&+:()-]*){0,3}",
    re.IGNORECASE,
)
JOINED = re.compile(r" ?(?:and|/|&|or) ?")
ASIDE = re.compile(r"\([^()]*\)|\b(?:causes?|caused|with|reaction|severe|mild|which|gives?|gave|her|him|made|makes|feel|and)\b")
NONE = re.compile(r"\W*(?:none|nil|no\b|denies|negative|n/a|not known|unknown|nkda|nka)", re.IGNORECASE)
CAUSES = re.compile(
    r"(?:\s*\([^()\n]{0,30}\))?[ ,]*(?:which |that )?(?:has |had |have )?"
    r"(?:causes?|caused|causing|gives?|gave|makes?|made|resulted in|produced|led to|leads to)\s",
    re.IGNORECASE,
)
COLUMN = re.compile(r"\W*(?:drug |known )?(?:allergens?|allerg(?:y|ies)|substances?|culprits?)\b", re.IGNORECASE)
TOLERATED = re.compile(
    r"\W{0,3}(?:none|nil|no reaction|negative|neg\b|tolerated|tolerates|ok\b|removed|ruled out|patch test neg|delisted)",
    re.IGNORECASE,
)
VERB = re.compile(
    r"\b(?:stop|start|continue|take|takes|taking|on|off|give|given|team|plan|meds?|medications?|for|pain|level|hold|held)\b|:\s",
    re.IGNORECASE,
)
LOOSE = re.compile(r"[ \t]*[-‑–/.'’:=*()]{0,2}[ \t]*\n?[ \t]*")
NEAR = 70
LEAD = 25


class _Rules:
    def __init__(self) -> None:
        own = rules("facts_drugs")["allergies"]
        self.substances = Phrases((name, what) for what, names in own["substances"].items() for name in names)
        self.reactions = Phrases((name, what) for what, names in own["reactions"].items() for name in names)
        self.before = Phrases((cue, cue) for cue in own["before"])
        self.after = Phrases((cue, cue) for cue in own["after"])
        self.none = Phrases((cue, cue) for cue in own["none"])
        self.not_a_drug = frozenset(own["not_drug_intolerance"])


@cache
def _rules() -> _Rules:
    return _Rules()


def allergies(document: Document, drugs: Sequence[Mark], rows: Sequence[Reach]) -> Iterator[Allergy]:
    """The allergies of a document. `drugs` are its drugs in order of place, `rows` the rows of its tables."""
    text = document.text
    if not SPEAKS.search(text):
        return
    words = words_of(text)
    lists = [(one.body, one.end) for one in document.sections if (kind := heading_kind(one.title)) and kind.name == "Allergies"]
    found: list[Allergy] = []
    for one in (
        *_none(words),
        *_listed(words, drugs, lists),
        *_cued(words, drugs),
        *_caused(words, drugs),
        *_in_rows(words, drugs, rows),
    ):
        found.append(one)
    behind = -1
    for one in sorted(found, key=lambda one: (one.start, not one.reaction)):
        if one.start >= behind:
            yield one
            behind = one.end


def _places(words: Words, phrases: Phrases[str], start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, str]]:
    first = bisect_left(words.starts, start)
    last = len(words.said) if end is None else bisect_left(words.starts, end)
    at = first
    while at < last:
        if words.said[at] in phrases.heads and (matches := phrases.at(words, at, LOOSE)):
            one = matches[0]
            yield words.starts[at], words.ends[one.last - 1], one.meaning
            at = one.last
        else:
            at += 1


def _none(words: Words) -> Iterator[Allergy]:
    for start, end, _ in _places(words, _rules().none):
        if not re.match(r" (?:to|other|except)\b", words.text[end : end + 8]) or "medications" in words.text[end : end + 20]:
            yield Allergy(start=start, end=end, substance="none")


def _substances(words: Words, drugs: Sequence[Mark], start: int, end: int) -> list[tuple[int, int, str]]:
    low, high = bisect_left(drugs, start, key=lambda one: one.start), bisect_left(drugs, end, key=lambda one: one.start)
    found = [(one.start, one.last, one.name) for one in drugs[low:high]]
    taken = {at for first, last, _ in found for at in range(first, last)}
    found += [one for one in _places(words, _rules().substances, start, end) if one[0] not in taken]
    return sorted(found)


def _reaction(words: Words, start: int, end: int) -> str:
    return ", ".join(dict.fromkeys(what for _, _, what in _places(words, _rules().reactions, start, end)))


def _each(words: Words, listed: Sequence[tuple[int, int, str]], end: int) -> Iterator[Allergy]:
    """An allergy for each substance; a reaction that stands behind several joined ones is that of them all."""
    for at, (first, last, name) in enumerate(listed):
        until = listed[at + 1][0] if at + 1 < len(listed) else end
        reaction, place = _reaction(words, last, until), at
        while not reaction and place + 1 < len(listed) and JOINED.fullmatch(words.text, listed[place][1], listed[place + 1][0]):
            place += 1
            until = listed[place + 1][0] if place + 1 < len(listed) else end
            reaction = _reaction(words, listed[place][1], until)
        yield Allergy(start=first, end=last, substance=name, reaction=reaction)


def _listed(words: Words, drugs: Sequence[Mark], lists: Sequence[tuple[int, int]]) -> Iterator[Allergy]:
    for start, end in lists:
        end = min(end, start + 2000)
        if NONE.match(words.text, start):
            stop = NONE.match(words.text, start)
            if stop and not _substances(words, drugs, start, end):
                first = start + len(words.text[start : stop.end()]) - len(words.text[start : stop.end()].lstrip())
                yield Allergy(start=first, end=stop.end(), substance="none")
                continue
        for low, high in sentences(words.text, start, end):
            listed = _substances(words, drugs, low, high)
            if not listed or not _begins(words, low, listed[0][0]):
                if low > start and "\n" not in words.text[words.text.rfind("\n", start, low) + 1 : low].strip() and listed:
                    break
                continue
            yield from (one for one in _each(words, listed, high) if not TOLERATED.match(words.text, one.end))


def _begins(words: Words, start: int, end: int) -> bool:
    """Whether a sentence of a list of allergies begins with what is not tolerated, or with words that lead to it."""
    said = words.text[start:end]
    return len(said) <= LEAD and not VERB.search(said)


def _cued(words: Words, drugs: Sequence[Mark]) -> Iterator[Allergy]:
    """ "allergic to penicillin (rash)", "penicillin and sulfa allergies"."""
    text = words.text
    for start, end, cue in _places(words, _rules().before):
        high = min(len(text), end + 300)
        stop = STOP.search(text, end, high)
        high = stop.start() if stop else high
        if (line := text.find("\n", end, high)) >= 0 and not cue.startswith("allerg"):
            high = min(high, line + 80)
        listed: list[tuple[int, int, str]] = []
        for one in _substances(words, drugs, end, high):
            behind = listed[-1][1] if listed else end
            if listed and not _goes_on(words, behind, one[0]):
                break
            if not listed and not LINKS.fullmatch(text, behind, one[0]) and one[0] - behind > LEAD:
                break
            listed.append(one)
        for own in _each(words, listed, min(high, listed[-1][1] + NEAR) if listed else high):
            reaction = own.reaction or ("anaphylaxis" if "anaphyl" in text[start:end].lower() else "")
            yield Allergy(start=own.start, end=own.end, substance=own.substance, reaction=reaction)
    for start, _, _cue in _places(words, _rules().after):
        end = start + 1
        before = _substances(words, drugs, max(0, start - 80), start)
        back: list[tuple[int, int, str]] = []
        behind = start
        for one in reversed(before):
            if not re.fullmatch(r"[\s,/&-]*(?:(?:and|or|drug)[\s,]*)?", text[one[1] : behind]):
                break
            back.insert(0, one)
            behind = one[0]
        if back and not (text[start : start + 11].lower() == "intolerance" and back[-1][2] in _rules().not_a_drug):
            stop = STOP.search(text, end, min(len(text), end + NEAR))
            high = stop.start() if stop else min(len(text), end + NEAR)
            reaction = _reaction(words, start, high)
            yield from (Allergy(start=first, end=last, substance=name, reaction=reaction) for first, last, name in back)


def _goes_on(words: Words, start: int, end: int) -> bool:
    """Whether one substance follows another in a list: joining words and reactions stand between, and no verb."""
    between = words.text[start:end]
    for first, last, _ in _places(words, _rules().reactions, start, end):
        between = between.replace(words.text[first:last], ",", 1)
    return LINKS.fullmatch(ASIDE.sub(" ", between)) is not None


def _in_rows(words: Words, drugs: Sequence[Mark], rows: Sequence[Reach]) -> Iterator[Allergy]:
    """The allergies of a table that has a column for them, with what another one says of the reaction."""
    for row in rows:
        said = [cell for cell in row.cells if "reaction" in cell[0].lower()] or [("", row.start, row.end)]
        for name, start, end in row.cells:
            if COLUMN.match(name) and "reaction" not in name.lower():
                for first, last, what in _substances(words, drugs, start, end):
                    yield Allergy(start=first, end=last, substance=what, reaction=_reaction(words, said[0][1], said[0][2]))


def _caused(words: Words, drugs: Sequence[Mark]) -> Iterator[Allergy]:
    """ "Codeine makes her vomit", "he got hives from penicillin"."""
    for drug in drugs:
        verb = CAUSES.match(words.text, drug.last)
        if verb:
            reaction = _reaction(words, verb.end(), min(len(words.text), verb.end() + 40))
            if reaction:
                yield Allergy(start=drug.start, end=drug.last, substance=drug.name, reaction=reaction)
