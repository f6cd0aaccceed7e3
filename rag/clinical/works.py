"""Works: which documents are editions of one another, by number, title and file name, and which of two is the later."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rag.clinical.editions import FRONT, ORDINAL, ROMAN, YEAR, document_edition, order_of, replaced, replacing, without_others
from rag.clinical.numbers import NUMBER, numbers_in
from rag.clinical.patients import HEAD
from rag.clinical.stamps import stamped, state_of
from rag.rules import rules
from rag.text import BULLET, terms
from rag.values import Document

ALIKE = 0.75
"""Share of title words that two editions have in common at least (Jaccard, without years and edition words)."""
HALF = 0.5
MARK = re.compile(
    rf"\b(?:(?:{ORDINAL})[ ]?(?:edition|ed|version|issue|revision)"
    rf"|(?:version|revision|rev|edition|issue|amendment)\.?[ :]{{1,2}}(?-i:[A-H]|{ROMAN})(?![\w'])"
    r"|(?:v|ver|version|rev|revision|r|ed|edition|issue|iss|amendment|amd)\.?[ :]{0,2}\d{1,4}(?:[. ]\d{1,2})?"
    r"|(?:19|20)\d\d(?:[ ]?\d\d){0,2})\b",
    re.IGNORECASE,
)
LABELLED = re.compile(r"\W*[A-Za-z][\w /]{1,30}:\s")
SENTENCE = re.compile(r"[\w)]{2}[.;](?:\s|$)|[,;]\s*$")
LONG = 16
COMMON = 40
"""Documents whose titles share a word from which that word alone makes no two of them worth comparing."""


@dataclass(frozen=True)
class Work:
    """What a document is called, without its edition: numbers, words of its title and of the line below, words of its file."""

    document: Document
    numbers: frozenset[str]
    filed: frozenset[str]
    title: frozenset[str]
    below: frozenset[str]
    stem: frozenset[str]
    marked: bool


def work(document: Document) -> Work:
    """The names of a document by which its other editions are known."""
    lines = [line.strip(" #*_|\t") for line in document.text[:FRONT].split("\n")]
    front = [document.title, *(line for line in lines if line and line not in document.title)][:4]
    named = [(line, found) for line in front if (found := _name_words(line))]
    whole = [(line, words) for line, (words, made) in named if not made] or [(line, words) for line, (words, _) in named]
    below = next((words for line, words in whole[1:] if _is_title(line)), frozenset[str]())
    numbers = (frozenset(numbers_in(without_others(line))) for line in front[:3] if len(line.split()) <= LONG + 4)
    stem = re.sub(r"[_\-.()]+", " ", document.name.rpartition("/")[2].rpartition(".")[0] or document.name)
    return Work(
        document,
        next(filter(None, numbers), frozenset[str]()),
        frozenset(numbers_in(re.sub(r"_", " ", document.name).upper())),
        whole[0][1] if whole else frozenset(),
        below,
        _content(MARK.sub(" ", stem)),
        MARK.search(stem) is not None,
    )


def _is_title(line: str) -> bool:
    """Whether a line is written as a title: every longer word with a capital, or short and without stop or figure."""
    words = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > 3]
    short = len(line.split()) <= LONG / 2 and line[0].isupper() and not re.search(r"[\d.,;:]", line)
    return bool(words) and (short or all(word[0].isupper() for word in words))


def _name_words(line: str) -> tuple[frozenset[str], bool] | None:
    """The words of a line that names a work, and whether it is rather the name of whoever made it; None for another line."""
    first = without_others(re.split(r" {3,}|\t", line.strip())[0])
    plain = _before_mark(first)
    if not plain or plain[0].islower() or plain[0] in "([" or stamped(plain) or BULLET.match(plain) or len(plain.split()) > LONG:
        return None
    label = LABELLED.match(plain)
    if label and not plain.isupper() and not set(re.findall(r"[a-z]+", label[0].lower())) & _sets()[2]:
        return None
    if plain == first and SENTENCE.search(plain) and len(plain.split()) > 3:
        return None
    words = _content(MARK.sub(" ", NUMBER.sub(" ", plain)))
    if not words:
        return None
    lower = set(re.findall(r"[a-z]+", line.lower()))
    made = bool(lower & _sets()[1]) and not lower & _sets()[2] and len(lower) <= 6
    return words, made


def _before_mark(line: str) -> str:
    """What stands before the edition in a line, if that is a name: "Handbook of rain, second edition (2032), extract"."""
    found = MARK.search(line)
    before = line[: found.start()] if found else line
    return before if len(before.split()) > 1 else line


@cache
def _sets() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The terms that say nothing of a topic, the words of organisations, and those of works."""
    known = rules("editions")
    generic = frozenset(term for word in known["generic"] for term in terms(word))
    return generic, frozenset(known["organisations"]), frozenset(word for word in known["works"] if " " not in word)


def _content(words: str) -> frozenset[str]:
    return frozenset(term for term in terms(words) if len(term) > 1 or term.isdigit()) - _sets()[0]


def same_work(one: Work, two: Work) -> bool:
    """Whether two documents are editions of one work. Different numbers, titles or types speak against it."""
    if one.numbers and two.numbers and not one.numbers & two.numbers:
        return False
    numbers = (one.numbers | one.filed) & (two.numbers | two.filed)
    types = {one.document.type, two.document.type}
    if len(types) > 1 and "other" not in types and not numbers:
        return False
    words, others = one.title | one.below | one.stem, two.title | two.below | two.stem
    if numbers:
        return bool(words & others) or not (words and others)
    stems = bool(one.stem) and one.stem == two.stem and (one.marked or two.marked)
    if not one.title or not two.title:
        return stems
    if stems and _share(one.title, two.title) >= HALF:
        return True
    if one.below and two.below and not one.below & two.below:
        return False
    return _alike(one.title, two.title) >= ALIKE or _alike(one.title | one.below, two.title | two.below) >= ALIKE


def alike(one: Work, two: Work) -> float:
    """How much the names of two documents have in common, 0 to 1."""
    return _alike(one.title | one.below | one.stem, two.title | two.below | two.stem)


def _alike(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / max(len(one | two), 1)


def _share(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / max(min(len(one), len(two)), 1)


def later(new: Document, old: Document) -> bool:
    """Whether one edition follows another: by the days of effect where both have one, else by number, letter or year."""
    if new.effective and old.effective and new.effective != old.effective:
        return new.effective > old.effective
    if new.edition and old.edition and _sort(new.edition) == _sort(old.edition):
        return order_of(new.edition) > order_of(old.edition)
    years = _year(new), _year(old)
    return bool(years[0] and years[1]) and years[0] > years[1]


def _sort(edition: str) -> str:
    return "letter" if edition.isalpha() else "year" if YEAR.match(edition) else "number"


def _year(document: Document) -> str:
    found = YEAR.match(document.edition)
    return found[0] if found else (document.effective or "")[:4]


def pairs(works: Sequence[Work]) -> Iterator[tuple[Work, Work]]:
    """The pairs worth comparing: those that share a number, a file's name or a word of the title that few have."""
    held: dict[tuple[str, object], list[int]] = {}
    for at, one in enumerate(works):
        for number in one.numbers | one.filed:
            held.setdefault(("number", number), []).append(at)
        if one.stem:
            held.setdefault(("file", one.stem), []).append(at)
        for word in one.title | one.below:
            held.setdefault(("word", word), []).append(at)
        if one.title:
            held.setdefault(("title", one.title), []).append(at)
    seen: set[tuple[int, int]] = set()
    for (sort, _), places in held.items():
        if sort == "word" and len(places) > COMMON:
            continue
        for first, at in enumerate(places):
            for other in places[first + 1 :]:
                if (at, other) not in seen:
                    seen.add((at, other))
                    yield works[at], works[other]


def named_by(new: Work, known: Iterable[Work]) -> Iterator[Document]:
    """The documents that this one says it replaces: by number, title or file, and by edition where it names one."""
    for match in replacing().finditer(new.document.text[:HEAD]):
        yield from _meant(match[1], new, known, older=True)


def followed_by(old: Work, known: Iterable[Work]) -> Iterator[Document]:
    """The documents that this one says stand in its place."""
    said = state_of(old.document.title, old.document.text, old.document.name).by
    places = [said, *(match[1] for match in replaced().finditer(old.document.text[:FRONT]))]
    for place in filter(None, places):
        yield from _meant(place, old, known, older=False)


def _meant(clause: str, one: Work, known: Iterable[Work], older: bool) -> Iterator[Document]:
    numbers, words = set(numbers_in(clause)), _content(MARK.sub(" ", clause))
    edition = document_edition("policy", "", clause)
    for other in known:
        if other.document.name == one.document.name:
            continue
        new, old = (one.document, other.document) if older else (other.document, one.document)
        if new.effective and old.effective and old.effective >= new.effective:
            continue
        by_number = numbers & (other.numbers | other.filed)
        by_title = len(other.title) > 1 and other.title <= words
        by_file = other.document.name in clause
        if (by_number or by_title or by_file) and edition in ("", other.document.edition):
            yield other.document
