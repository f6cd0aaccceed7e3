"""Provenance: type, date, title, patient, author's role, edition and effective date of a document."""

import re
from dataclasses import replace
from functools import cache

from rag.clinical.dated import labelled
from rag.clinical.editions import document_edition as document_edition
from rag.clinical.editions import document_effective as document_effective
from rag.clinical.editions import edition_of, effective_of, is_work
from rag.clinical.patients import HEAD, with_patient
from rag.clinical.standing import in_force as in_force
from rag.clinical.standing import superseded as superseded
from rag.clinical.statuses import document_status
from rag.rules import rules
from rag.values import Document

TAIL = 600
TABLES = ("table", "workbook")
"""In a row of these, "status: final" is said of the row."""


def document_date(text: str) -> str | None:
    """The date that stands for the whole document: the best labelled one near its start, or None.

    A label at the start of a line counts before one inside a sentence ("the policy effective January 1, 2024"), and none
    that is part of a longer one ("birth date", "next appointment date").
    """
    return labelled(text[:HEAD], tuple(rule["label"] for rule in rules("dates")["labels"]))


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


def described(document: Document) -> Document:
    """The document with type, date, patient, author, edition, effective date and status read off its name, title and text."""
    text, title = document.text, document.title or document_title(document.text)
    kind = document_type(document.name, title, text)
    rows = document.format in TABLES
    found = with_patient(replace(document, title=title, type=kind))
    own = document.name.rpartition("/")[2] if "/" in document.name else document.name
    beside = [aside.text for aside in document.asides if aside.kind in ("header", "footer")]
    sort = "other" if not found.patient and kind not in rules("editions")["types"] and is_work(title, "", own) else kind
    edition = edition_of(sort, title, "" if rows else text, own, beside)
    return replace(
        found,
        date=document_date(text),
        author=document_author(text),
        edition=edition.number,
        effective=effective_of(sort, "" if rows else text, edition),
        status="" if rows else document_status(title, text),
    )
