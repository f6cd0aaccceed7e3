"""Sections, type, date and title of a document, read off its text by the rules in `rag/rules`."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from rag.rules import rules
from rag.text import BULLET
from rag.values import Section

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DATE = re.compile(
    r"(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})"
    r"|(?P<month2>[A-Z][a-z]{2,8})\.? (?P<d2>\d{1,2}),? (?P<y2>\d{4})"
    r"|(?P<d3>\d{1,2}) (?P<month3>[A-Z][a-z]{2,8})\.? (?P<y3>\d{4})"
    r"|(?P<m4>\d{1,2})/(?P<d4>\d{1,2})/(?P<y4>\d{4})"
)
MARKDOWN = re.compile(r"(#{1,6})\s+(\S.*)")
NUMBERED = re.compile(r"(?:(?:Section|Recommendation)\s+)?(\d{1,2}(?:\.\d{1,2}){0,3})[.:]?\s+([A-Z][^\n]{2,78})")
CAPITALS = re.compile(r"([A-Z][A-Z0-9 &/,()'’\-]{3,60}):?")
LABEL = re.compile(r"([A-Za-z][A-Za-z0-9 &/()'’\-]{1,48}):(?=\s|$)")
PATIENT = re.compile(r"\b(?:patient|member|pseudonym)(?: id)?\W{1,6}(?:patient )?([A-Z]{1,4}-?\d{2,8})\b", re.IGNORECASE)
HEAD = 3000
LONGEST = 4000


@cache
def _headings() -> frozenset[str]:
    return frozenset(name.lower() for rule in rules("headings")["headings"] for name in (rule["name"], *rule["also"]))


def _heading(line: str, before: str, after: str) -> tuple[str, int, int] | None:
    """Title, level and length of the heading at the start of a line, or None where the line is running text."""
    if found := MARKDOWN.fullmatch(line):
        return found[2].rstrip("# ").strip(), len(found[1]), len(line)
    if (found := LABEL.match(line)) and line[0].isupper() and found[1].strip().lower() in _headings():
        return found[1].strip(), 1, found.end()
    if line.rstrip(":").strip().lower() in _headings() and line[0].isupper():
        return line.rstrip(":").strip(), 1, len(line)
    if (found := NUMBERED.fullmatch(line)) and _numbered(line, found, before, after):
        return line, 1 + found[1].count("."), len(line)
    if (found := CAPITALS.fullmatch(line)) and sum(map(str.isalpha, line)) >= 4 and not BULLET.match(line):
        return found[1].strip(), 1, len(line)
    return None


def _numbered(line: str, found: re.Match[str], before: str, after: str) -> bool:
    """Whether a numbered line is a heading and neither an item of a list nor the first line of a paragraph."""
    if line[-1] in ".;,:" or len(line.split()) > 10 or not after or after[:1].islower():
        return False
    if "." in found[1]:
        return True
    around = [other for other in (before, after) if other and "." not in other.split()[0][:-1]]
    if any(BULLET.match(other) or NUMBERED.match(other) for other in around):
        return False
    long = [word for word in found[2].split() if len(word) > 3 and word[0].isalpha()]
    return bool(long) and sum(word[0].isupper() for word in long) >= len(long) / 2


def _found(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Title, level, start and body of every heading, in order."""
    lines = [(at.start(), at[0].strip()) for at in re.finditer(r"[^\n]*\S[^\n]*", text)]
    for at, (start, line) in enumerate(lines):
        before = lines[at - 1][1] if at else ""
        after = lines[at + 1][1] if at + 1 < len(lines) else ""
        if len(line) <= LONGEST and (found := _heading(line, before, after)):
            title, level, length = found
            first = text.index(line, start)
            yield title, level, first, first + length


def sections(text: str) -> tuple[Section, ...]:
    """The sections under clinical, Markdown, numbered and capital headings; each lasts to the next of its level or above.

    Text before the first heading belongs to no section; it is still part of the document.
    """
    found = list(_found(text))
    result = []
    for at, (title, level, start, body) in enumerate(found):
        end = next((later[2] for later in found[at + 1 :] if later[1] <= level), len(text))
        result.append(Section(title, level, start, body, end))
    return tuple(result)


def dates(text: str) -> Iterator[tuple[str, int, int]]:
    """Every date of the text that the calendar knows, as ISO, with its start and end. 03/04/2024 is read as March 4."""
    for match in DATE.finditer(text):
        for form in "1234":
            year = match[f"y{form}"]
            if year is None:
                continue
            month = match[f"m{form}"] if form in "14" else match[f"month{form}"][:3].lower()
            try:
                number = int(month) if month.isdigit() else MONTHS.index(month) + 1
                yield date(int(year), number, int(match[f"d{form}"])).isoformat(), *match.span()
            except ValueError:
                continue


def document_date(text: str) -> str | None:
    """The date that stands for the whole document: the best labelled one near its start, or None.

    A label at the start of a line counts before one inside a sentence ("the policy effective January 1, 2024").
    """
    head = text[:HEAD]
    for opening in (r"^\W*", r"\b"):
        for rule in rules("dates")["labels"]:
            pattern = rf"{opening}{re.escape(rule['label'])}[\s:.\-–]{{1,8}}(?=(?:[A-Z][a-z]+\.? )?\d)"
            for label in re.finditer(pattern, head, re.IGNORECASE | re.MULTILINE):
                found = next(dates(head[label.end() : label.end() + 24]), None)
                if found and found[1] == 0:
                    return found[0]
    return None


def document_patient(text: str) -> str:
    """The pseudonym after a "Patient:" label near the start ("P-0412"), or nothing."""
    found = PATIENT.search(text[:HEAD])
    return found[1] if found else ""


def document_type(name: str, title: str, text: str) -> str:
    """The type that the cues in file name, title and first page speak for, or "other"."""
    known = rules("types")["types"]
    front = _plain(f"{name} {title}")
    for rule in known:
        if any(
            re.search(rf"\b{re.escape(re.sub(r'[_-]+', ' ', cue))}", front) for cue in (*rule["cues"], *rule.get("titles", ()))
        ):
            return str(rule["type"])
    head = text[:HEAD].lower()
    counts = {str(rule["type"]): sum(min(head.count(cue), 2) for cue in rule["cues"]) for rule in known}
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] >= 2 else "other"


def _plain(text: str) -> str:
    return re.sub(r"[_\-]+", " ", text).lower()


def document_title(text: str) -> str:
    """The first line with letters, without its Markdown marks, at most 160 characters."""
    for line in text[:HEAD].split("\n"):
        plain = line.strip().lstrip("#").strip()
        if sum(map(str.isalpha, plain)) >= 3:
            return plain[:160]
    return ""
