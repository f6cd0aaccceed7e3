"""Provenance: type, date, title, patient, author's role, edition and effective date; and which edition replaces which."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from rag.load.structure.patients import HEAD, with_patient
from rag.load.structure.statuses import document_status
from rag.load.structure.times import absolute
from rag.rules import rules
from rag.values import Document

TAIL = 600
TABLES = ("table", "workbook")
"""In a row of these, "status: final" is said of the row."""
NUMBER = re.compile(r"\b[A-Z]{2,5}[- ]?\d{2,5}\b")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINAL = rf"{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th)"
ALIKE = 0.75
"""Share of title words that two editions have in common at least (Jaccard, without years and edition words)."""


def document_date(text: str) -> str | None:
    """The date that stands for the whole document: the best labelled one near its start, or None.

    A label at the start of a line counts before one inside a sentence ("the policy effective January 1, 2024").
    """
    return _labelled(text[:HEAD], tuple(rule["label"] for rule in rules("dates")["labels"]))


def _labelled(head: str, labels: tuple[str, ...], inside: bool = True) -> str | None:
    for pattern in _openings(labels)[: 2 if inside else 1]:
        found: dict[str, str] = {}
        for label in pattern.finditer(head):
            name = " ".join(label[1].lower().split())
            moment = next(absolute(head[label.end() : label.end() + 24]), None)
            if name not in found and moment and moment.start == 0 and moment.day and len(moment.day) == 10:
                found[name] = moment.day
        for name in labels:
            if name in found:
                return found[name]
    return None


@cache
def _openings(labels: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where a label may stand before its date: at the start of a line, or anywhere. Bold type and table bars are passed over."""
    longest = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    after = rf"({longest})[\s:.\-–*_|]{{1,8}}(?=(?:[A-Z][a-z]+\.? )?\d)"
    return (
        re.compile(rf"^[^\w\n]*{after}", re.IGNORECASE | re.MULTILINE),
        re.compile(rf"\b{after}", re.IGNORECASE | re.MULTILINE),
    )


def document_type(name: str, title: str, text: str) -> str:
    """The type that the cues in file name, title and first page speak for, or "other"."""
    known = rules("types")["types"]
    front = re.sub(r"[_\-]+", " ", f"{name} {title}").lower()
    for kind, pattern in _fronts():
        if pattern.search(front):
            return kind
    head = text[:HEAD].lower()
    counts = {str(rule["type"]): sum(min(head.count(cue), 2) for cue in rule["cues"]) for rule in known}
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] >= 2 else "other"


@cache
def _fronts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (rule["type"], re.compile("|".join(rf"\b{re.escape(re.sub('[_-]+', ' ', cue))}" for cue in cues)))
        for rule in rules("types")["types"]
        if (cues := (*rule["cues"], *rule.get("titles", ())))
    )


def document_title(text: str) -> str:
    """The first line with letters, without its Markdown marks, at most 160 characters."""
    for line in text[:HEAD].split("\n"):
        plain = line.strip().lstrip("#").strip()
        if sum(map(str.isalpha, plain)) >= 3:
            return plain[:160]
    return ""


@cache
def _roles() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """A pattern for a labelled author, one for a role, and the role of each cue."""
    known = rules("authors")
    role_of = {cue: rule["role"] for rule in known["roles"] for cue in rule["cues"]}
    labels = "|".join(re.escape(label) for label in sorted(known["labels"], key=len, reverse=True))
    cues = "|".join(re.escape(cue) for cue in sorted(role_of, key=len, reverse=True))
    labelled = re.compile(rf"^[ \t*_|#>-]*({labels})[\s*_]*[:|][\s*_]*([^\n]{{2,120}})", re.IGNORECASE | re.MULTILINE)
    return labelled, re.compile(rf"(?<![\w-])(?:{cues})(?![\w-])", re.IGNORECASE), role_of


def document_author(text: str) -> str:
    """The role of whoever wrote the document ("resident", "payer medical director"), never a name; "" where it is not said."""
    labelled, role, role_of = _roles()
    end = max(HEAD, len(text) - TAIL)
    for part in (text[:HEAD], text[end:]):
        for line in labelled.finditer(part):
            found = role.search(line[2]) or role.search(line[1])
            if found:
                return role_of[found[0].lower()]
    for stripped in reversed([line.strip(" *_-") for line in text[-TAIL:].split("\n")]):
        found = role.match(stripped)
        if found and len(stripped) <= 80 and not stripped.endswith("."):
            return role_of[found[0].lower()]
    return ""


@cache
def _editions() -> tuple[tuple[bool, re.Pattern[str]], ...]:
    return tuple(
        (bool(rule.get("title")), re.compile(rule["pattern"].replace("{ordinal}", ORDINAL), re.IGNORECASE))
        for rule in rules("editions")["editions"]
    )


def document_edition(kind: str, title: str, text: str) -> str:
    """The edition as a number or a year ("3", "5.1", "2024"); "" where none is named or the type has no editions."""
    if kind in rules("editions")["types"]:
        head = _without_replaced(text[:HEAD])
        for place in (title, head):
            found = [m for whole, pattern in _editions() if not whole for m in pattern.finditer(place)]
            if found:
                return _number(min(found, key=lambda match: match.start())[1])
    elif kind != "other":
        return ""
    for whole, pattern in _editions():
        if whole and (match := pattern.search(title)):
            return match[1]
    return ""


def _number(name: str) -> str:
    """An edition as a number: "Third" and "3rd" are "3"."""
    lower = name.lower()
    if lower in ORDINALS:
        return str(ORDINALS.index(lower) + 1)
    return re.sub(r"(?:st|nd|rd|th)$", "", lower)


def document_effective(kind: str, text: str) -> str | None:
    """The day from which a policy, guideline or formulary is in force, or None. What it replaces is passed over."""
    head = _without_replaced(text[:HEAD])
    labels = tuple(rule["label"] for rule in rules("editions")["effective"])
    return _labelled(head, labels, inside=kind in rules("editions")["types"])


@cache
def _replacing() -> re.Pattern[str]:
    cues = "|".join(re.escape(rule["cue"]) for rule in rules("editions")["supersedes"])
    return re.compile(rf"\b(?:{cues})\b[\s:|*_]*([^\n]{{2,160}})", re.IGNORECASE)


def _without_replaced(text: str) -> str:
    """The text with blanks in place of what it says about the document that it replaces."""
    return _replacing().sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def superseded(documents: Iterable[Document]) -> dict[str, str]:
    """Each document that a later edition replaces, with the name of that edition.

    Editions belong together where they have the same type and the same title but for year and edition (and the same
    document number, where both carry one); the next later effective date or edition replaces. A line such as "Replaces: AB-001"
    links titles that differ. Documents of a patient have no editions.
    """
    known = [d for d in documents if not d.patient and (d.edition or d.effective)]
    result: dict[str, str] = {}
    for old in known:
        later = [new for new in known if new.name != old.name and _same_work(old, new) and _rank(new, old) > _rank(old, new)]
        if later:
            result[old.name] = min(later, key=lambda new: (_rank(new, old), new.name)).name
    for new in known:
        for old in _named_by(new, known):
            result.setdefault(old.name, new.name)
    return result


def _same_work(one: Document, two: Document) -> bool:
    if one.type != two.type:
        return False
    numbers, others = set(NUMBER.findall(one.title)), set(NUMBER.findall(two.title))
    if numbers and others:
        return bool(numbers & others)
    words, more = _work(one.title), _work(two.title)
    return bool(words and more) and len(words & more) >= ALIKE * len(words | more)


@cache
def _work(title: str) -> frozenset[str]:
    """The words of a title that stay from edition to edition."""
    plain = re.sub(rf"\b(?:{ORDINAL}|edition|version|revision|update|updated|draft|v?\d+(?:\.\d+)?)\b", " ", title.lower())
    return frozenset(re.findall(r"[a-z]{2,}", YEAR.sub(" ", plain)))


def _rank(one: Document, other: Document) -> tuple[int, ...]:
    """What orders two editions: their days of effect where both have one, else their numbers."""
    if one.effective and other.effective and one.effective != other.effective:
        return tuple(map(int, one.effective.split("-")))
    return tuple(int(part) for part in re.findall(r"\d{1,9}", one.edition))


def _named_by(new: Document, known: list[Document]) -> Iterator[Document]:
    """The documents that this one says it replaces: by number, and by edition where it names one."""
    for match in _replacing().finditer(new.text[:HEAD]):
        numbers = {number.replace(" ", "-") for number in NUMBER.findall(match[1])}
        edition = document_edition("policy", "", match[1])
        for old in known:
            carried = {number.replace(" ", "-") for number in NUMBER.findall(old.title)}
            later = not (old.effective and new.effective and old.effective >= new.effective)
            if old.name != new.name and later and numbers & carried and edition in ("", old.edition):
                yield old


def in_force(documents: Iterable[Document], today: str) -> set[str]:
    """The names of the documents that count on that day: in force by then, and not replaced by an edition in force by then.

    A document without an effective date counts as in force.
    """
    begun = [d for d in documents if not d.effective or d.effective <= today]
    return {d.name for d in begun} - superseded(begun).keys()


def described(document: Document) -> Document:
    """The document with type, date, patient, author, edition, effective date and status read off its name, title and text."""
    text, title = document.text, document.title or document_title(document.text)
    kind = document_type(document.name, title, text)
    found = replace(
        document,
        title=title,
        type=kind,
        date=document_date(text),
        author=document_author(text),
        edition=document_edition(kind, title, text),
        effective=document_effective(kind, text),
        status="" if document.format in TABLES else document_status(title, text),
    )
    return with_patient(found)
