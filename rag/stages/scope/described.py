"""The patient whom a question describes, as far as documents tell who that is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.rules import rules
from rag.stages.expand.synonyms import matches
from rag.stages.index.base import Index
from rag.stages.scope.people import NOBODY, People
from rag.text import terms

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
AGE = re.compile(r"(\d{1,3})(?:[ -]?(?:years?|yrs?|y)[ -]?(?:old|o)\b|[ -]?y/?o\b|(?-i:[MF])\b)", re.IGNORECASE)
WHETHER = re.compile(r"\W*(?:is|are|was|were|am)\b", re.IGNORECASE)
PARTS = re.compile(r"[.;:?!,()\n]")
BEFORE, AFTER, GROWN, OLDEST = 5, 7, 18, 150
MOST, FORMS = 40, 12  # Things that a question names, and other forms of each, that are looked up.
ASIDE = 0.4  # What the rest of a question tells of the patient against the words that describe them.
HELD, AHEAD = 0.45, 0.6  # A patient who is pointed at: share of the words held; most that the next one may have of the best.
TELLING, FAR_AHEAD = 2.0, 0.25  # The same for a mere "she": what the question's words must come to, and the next one's share.
NOWHERE = 0.2  # Weight of a word that stands at no patient: it may be another name for what does.
SHARE = 0.7  # What the best document of a patient who is pointed at must hold of a question against the best one of nobody.
CLOSE, SHOWN = 0.6, 6  # Of the best, what makes another patient a choice; and most choices.


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question, in small letters and without the possessive."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a question says of a patient: where, the sex, the ages that fit, and the words that describe them.

    `heads` are the mere words for the patient, as far as no document has to hold them ("the lady"). `pointed` says that the
    question points at somebody ("the hip lady"); a mere "she" does not.
    """

    spans: tuple[tuple[int, int], ...] = ()
    heads: tuple[tuple[int, int], ...] = ()
    sex: str = ""
    ages: tuple[int, int] = (0, OLDEST)
    words: str = ""
    pointed: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    people: dict[str, dict[str, Any]]
    grown: dict[str, tuple[int, int]]
    pronouns: dict[str, str]
    meant: frozenset[str]
    anybody: frozenset[str]
    relatives: frozenset[str]
    ends: frozenset[str]
    links: frozenset[str]


@cache
def _rules() -> Rules:
    known = rules("scope")
    return Rules(
        {rule["word"]: rule for rule in known["people"]},
        {rule["word"]: tuple(rule["ages"]) for rule in known["grown"]},
        {rule["word"]: rule["sex"] for rule in known["pronouns"]},
        *(frozenset(known[name]) for name in ("meant", "any", "relatives", "ends", "links")),
    )


def description(question: str) -> Description | None:
    """What a question says of a patient, or None where it describes nobody, or several."""
    words = [
        Word(match.start(), match.end(), match[0].lower().replace("’", "'").removesuffix("'s"))
        for match in WORD.finditer(question)
    ]
    heads = (at for at, word in enumerate(words) if word.text in _rules().people or AGE.match(question, word.start))
    places = list(heads)
    nouns = [noun for at in places if (noun := _noun(question, words, at))]
    if nouns and WHETHER.match(question) and not terms(_outside(question, [span for noun in nouns for span in noun.spans])):
        nouns = [noun for at in places if (noun := _noun(question, words, at, asks=True))]  # "Is the hip lady on warfarin?"
    told = {noun.sex for noun in nouns} - {""} or _spoken(words)
    if len(told) > 1 or not (nouns or told):
        return None
    low, high = max((noun.ages[0] for noun in nouns), default=0), min((noun.ages[1] for noun in nouns), default=OLDEST)
    return Description(
        tuple(span for noun in nouns for span in noun.spans),
        tuple(span for noun in nouns for span in noun.heads),
        "".join(told),
        (low, high),
        " ".join(noun.words for noun in nouns),
        bool(nouns),
    )


def _spoken(words: Sequence[Word]) -> set[str]:
    """The sexes that pronouns tell of a patient; beside a relative only what stands right before it ("her husband") does."""
    known = _rules()
    related = {at for at, word in enumerate(words) if word.text in known.relatives}
    told = (at for at, word in enumerate(words) if word.text in known.pronouns and (not related or at + 1 in related))
    return {known.pronouns[words[at].text] for at in told}


def _noun(question: str, words: Sequence[Word], at: int, asks: bool = False) -> Description | None:
    """What stands around a word for a patient, or None where that is nobody in particular.

    `asks` says that the last of what stands behind it is what is asked.
    """
    known = _rules()
    rule = known.people.get(words[at].text, {})
    if at + 1 < len(words) and words[at + 1].text in rule.get("unless", ()):
        return None
    first, stops = at, known.ends | known.links | known.meant | known.anybody | known.pronouns.keys()
    while first > max(at - BEFORE, 0) and words[first - 1].text not in stops and _joined(question, words, first):
        first -= 1
    article = words[first - 1] if first and _joined(question, words, first) else None
    if article is None or article.text not in known.meant:
        if first == at or "sex" not in rule or (article and article.text in (known.anybody | known.pronouns.keys())):
            return None
        article = None
    last = _after(question, words, at)
    if asks:
        last = max((link for link in range(at + 1, last) if words[link].text in known.links), default=last)
    exact = [int(age[1]) for word in words[first : at + 1] if (age := AGE.match(question, word.start))]
    ages = [(age, age + 1) for age in exact] or [known.grown[word.text] for word in words[first:at] if word.text in known.grown]
    ages += [(0, OLDEST), *([rule["ages"]] if "ages" in rule else [])]
    kept = [
        question[word.start : word.end]
        for word in (*words[first:at], *words[at + 1 : last])
        if word.text not in {"year", "years", "yr", *known.grown} and not AGE.match(question, word.start)
    ]
    low, high = max(low for low, _ in ages), min(high for _, high in ages)
    if not (kept or "sex" in rule or (low, high) != (0, OLDEST)):
        return None
    bare = (article or words[at]).start if first == at else words[at].start
    heads = ((bare, words[at].end),) if "sex" in rule and "ages" not in rule else ()
    span = ((article or words[first]).start, words[last - 1].end)
    return Description((span,), heads, rule.get("sex", ""), (low, high), " ".join(kept), True)


def _joined(question: str, words: Sequence[Word], at: int) -> bool:
    """Whether no comma or stop parts a word from the one before it."""
    return not PARTS.search(question, words[at - 1].end, words[at].start)


def _after(question: str, words: Sequence[Word], at: int) -> int:
    """Where what is said of a patient after the word for them ends: "with HFrEF and AKI", "in bed 34"."""
    known, last = _rules(), at + 1
    if last >= len(words) or words[last].text not in known.links or not _joined(question, words, last):
        return last
    clause = words[last].text in {"who", "whose"}
    last += 1
    while last < min(len(words), at + AFTER) and _joined(question, words, last):
        if words[last].text in known.ends and not clause:
            break
        last += 1
    return last


@dataclass(frozen=True, slots=True)
class Resolved:
    """The patient of a description, by number, or None where that is not clear; and others that it may mean, likeliest first."""

    patient: int | None
    choices: tuple[int, ...]


def resolved(question: str, told: Description, index: Index, people: People, among: NDArray[np.bool_]) -> Resolved:
    """Who of these patients a question describes."""
    certain, possible = _fitting(told, people, among)
    own, held, most, by_words = _sums(told.words, index, people, among)
    rest, told_by_rest, _, by_rest = _sums(_outside(question, told.spans), index, people, among)
    scores = (own + ASIDE * rest) * possible
    order = [int(at) for at in np.argsort(-scores, kind="stable") if possible[at]]
    if not order:
        return Resolved(None, ())
    best, second = order[0], scores[order[1]] if len(order) > 1 else 0.0
    theirs, nobodys = (people.best_document(by_words + by_rest, whose) for whose in (best, NOBODY))
    if most and held[best]:
        clear = held[best] >= HELD * most and second <= AHEAD * scores[best]
    elif possible.sum() == 1:
        clear = bool(certain[best]) or (told.pointed and told.ages[1] >= GROWN)  # "The boy" may be somebody's son.
    else:
        clear = told_by_rest[best] >= TELLING and second <= FAR_AHEAD * scores[best]
    clear = clear and (theirs >= SHARE * nobodys if told.pointed else theirs > nobodys)
    near = tuple(at for at in order if scores[at] >= CLOSE * scores[best])
    return Resolved(best, near[1:SHOWN]) if clear else Resolved(None, near[:SHOWN] if len(near) > 1 else tuple(order[:SHOWN]))


def _fitting(told: Description, people: People, among: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The patients whose sex and age, as far as they are asked for, are known to be so; and those of whom they may be."""
    low, high = told.ages
    asked = (low, high) != (0, OLDEST)
    certain = [
        (not told.sex or sex == told.sex) and (not asked or any(low <= a <= high for a in ages)) for sex, ages in people.looks
    ]
    possible = [
        sex in {told.sex or sex, ""} and (not asked or not ages or any(low <= a <= high for a in ages))
        for sex, ages in people.looks
    ]
    return among & np.array(certain, np.bool_), among & np.array(possible, np.bool_)


def _sums(
    text: str, index: Index, people: People, among: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, NDArray[np.float64]]:
    """For each patient how much of what a text names they hold, with and without regard to how often; most; for each document."""
    often, held, most = np.zeros(len(people.patients)), np.zeros(len(people.patients)), 0.0
    of_documents = np.zeros(len(index.documents))
    total = int(among.sum())
    for forms in _named(text)[:MOST]:
        passages, documents = people.holding(forms[:FORMS], index)
        passages = passages * among
        holders = np.count_nonzero(passages)
        weight = float(np.log((total + 1) / (holders + 0.5))) * (1.0 if holders else NOWHERE)
        often += weight * passages / (passages + 1.0)
        held += weight * (passages > 0)
        most += weight
        of_documents += np.log((len(documents) + 1) / (np.count_nonzero(documents) + 0.5)) * (documents > 0)
    return often, held, most, of_documents


def _named(text: str) -> list[tuple[str, ...]]:
    """What a text names, each thing with its other forms."""
    found = [(match.start, match.end, (text[match.start : match.end], *match.forms)) for match in matches(text)]
    taken = {at for start, end, _ in found for at in range(start, end)}
    named = [forms for *_, forms in found]
    named += [(word[0],) for word in WORD.finditer(text) if word.start() not in taken and terms(word[0])]
    return list(dict.fromkeys(named))


def _outside(question: str, spans: Sequence[tuple[int, int]]) -> str:
    """The question without these stretches."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(question[at : max(start, at)])
        at = max(at, end)
    return " ".join((*kept, question[at:]))
