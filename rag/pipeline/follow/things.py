"""What a question or a statement names, by kind: drugs and their classes, values, findings, conditions, examinations."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from rag.clinical.medicines import drug_classes, drug_groups
from rag.pipeline.follow.told import listed
from rag.rules import rules
from rag.stages.expand.synonyms import matches

WORD = re.compile(r"[^\W_]+(?:[/'’-][^\W_]+)*")
CODE = re.compile(r"(?<![\w-])[A-Z]{2,4}-\d{2,4}(?![\w-])")
AUTHOR = "author"
LISTED = {"labs": "lab", "findings": "finding", "conditions": "condition", "studies": "study", "drugs": "drug"}
MODIFIERS = 4  # Words between an article and what it belongs to.


@dataclass(frozen=True, slots=True)
class Thing:
    """A stretch of a text that names something: its kind, and how it is written in the text."""

    start: int
    end: int
    kind: str
    written: str

    @property
    def plain(self) -> str:
        """The name as names are compared."""
        return plain(self.written)


def things(text: str, beside: Iterable[tuple[int, int]] = ()) -> list[Thing]:
    """What a text names, from left to right; stretches `beside`, such as the ids of patients, are passed over."""
    found = [Thing(one.start, one.end, kind, text[one.start : one.end]) for one in matches(text)
             if (kind := _kind(text[one.start : one.end], one.forms))]  # fmt: skip
    words = list(WORD.finditer(text))
    for at, word in enumerate(words):
        for length in (3, 2, 1):
            stretch = text[word.start() : words[at + length - 1].end()] if at + length <= len(words) else ""
            kind = _known().get(plain(stretch), "") if stretch else ""
            kind = kind or ("drug" if length == 1 and _ends_as_drug(stretch) else "")
            if kind:
                found.append(Thing(word.start(), word.start() + len(stretch), kind, stretch))
                break
    found += [Thing(*code.span(), "document", code[0]) for code in CODE.finditer(text)]
    return _apart(found, list(beside))


def plain(name: str) -> str:
    """A name in small letters, without hyphens and the ending of number."""
    low = " ".join(name.lower().replace("-", " ").replace("’", "'").removesuffix("'s").split())
    return low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "is", "us")) else low


def in_class(drug: str, group: str) -> bool:
    """Whether a drug belongs to a class of drugs, each by any of its names."""
    members = _classes().get(plain(group), frozenset())
    return bool(members & {plain(form) for form in (drug, *(form for one in matches(drug) for form in one.forms))})


def cased(name: str) -> str:
    """The name of a drug as it stands within a sentence: a generic one in small letters."""
    low = name.lower()
    return low if name[1:] == low[1:] and low in _generics() else name


def noun_phrase(text: str, thing: Thing) -> tuple[int, int]:
    """What is named with the words that belong to it, from an article on: "the lung nodule", "a pleural effusion"."""
    words = [word for word in WORD.finditer(text) if word.end() <= thing.start]
    start = thing.start
    for word in reversed(words[-MODIFIERS - 1 :]):
        gap, low = text[word.end() : start], word[0].lower()
        if gap.strip() or low in listed("stops"):
            break
        start = word.start()
        if low in listed("articles") or low.endswith(("'s", "’s")):
            break
    return start, thing.end


def _kind(stretch: str, forms: Iterable[str]) -> str:
    if plain(stretch) in _untreating():
        return ""
    tried = (stretch, stretch.rsplit(" ", 1)[-1], *forms)
    return next((kind for form in tried if (kind := _known().get(plain(form), ""))), "")


@cache
def _known() -> dict[str, str]:
    """The kind of every name that has one."""
    found = {plain(form): "drug" for form in chain.from_iterable(drug_groups())}
    found |= {plain(member): "drug" for _, members in _treating() for member in members}
    found |= {plain(form): "class" for names, _ in _treating() for form in names}
    found |= {plain(name): kind for part, kind in LISTED.items() for name in listed(part)}  # Potassium is a laboratory value.
    return {**found, **{plain(one["phrase"]): AUTHOR for one in rules("scope")["authors"]}}


def _treating() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The classes of drugs by which somebody is treated, which contrast is not."""
    return ((names, members) for names, members in drug_classes() if plain(names[0]) not in _untreating())


@cache
def _untreating() -> frozenset[str]:
    apart = set(listed("untreating"))
    return frozenset(plain(name) for names, _ in drug_classes() if apart.intersection(names) for name in names)


@cache
def _classes() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for names, members in _treating():
        for form in map(plain, names):
            found[form] = found.get(form, frozenset()) | frozenset(map(plain, members))
    return found


@cache
def _generics() -> frozenset[str]:
    every = chain(chain.from_iterable(drug_groups()), chain.from_iterable(members for _, members in drug_classes()))
    return frozenset(form for form in (*every, *listed("drugs")) if form.islower())


@cache
def _endings() -> tuple[str, ...]:
    return tuple(rule["ending"] for rule in rules("follow")["drug_endings"])


def _ends_as_drug(word: str) -> bool:
    return len(word) > 7 and word.isalpha() and word.lower().endswith(_endings())


def _apart(found: list[Thing], beside: list[tuple[int, int]]) -> list[Thing]:
    """Those that touch no other, the longer ones first, in the order of the text."""
    kept: list[Thing] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        taken = (*((other.start, other.end) for other in kept), *beside)
        if all(one.end <= start or end <= one.start for start, end in taken):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
