"""Codes of terminologies, with whether their form is right and what they stand for where that is open, by `facts_codes.json`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rag.clinical.facts.types import Code
from rag.rules import rules
from rag.values import Document

EDGE = r"(?<![\w.\-/])(?:{})(?![\w]|[-/.]\d)"
FEVER = re.compile(r"T(?:3[4-9]|4[0-3])\.\d")
"""A temperature as it is glued to its letter; the codes of this form all have seven characters."""
SEVENTH = re.compile(r"[A-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|[A-Z]\d[0-9A-Z]")
SENTENCE = re.compile(r"\n|[.!?](?=\s)")
MARK = 12
"""How many signs the mark of a list item has at most."""
LISTED = re.compile(r"[ \t]*(?:[-*•|]|\d{1,2}[.)])?[ \t|]*")


class System(NamedTuple):
    """A terminology: its name, its labels in small letters, and the patterns of its codes behind a label and anywhere."""

    name: str
    labels: frozenset[str]
    labelled: re.Pattern[str]
    bare: re.Pattern[str] | None


def codes(document: Document) -> Iterator[Code]:
    """The codes of a text, in the order of the systems; none is read as one of two systems."""
    text = document.text
    taken: set[int] = set()
    labels = list(_label().finditer(text))
    stretches = [(label[1].lower(), *_stretch(text, at, labels)) for at, label in enumerate(labels)]
    for system in _systems():
        own = [(start, end, below) for label, start, end, below in stretches if label in system.labels]
        labelled = {span for one in own for span in _labelled(text, system, *one)}
        bare = {match.span() for match in system.bare.finditer(text)} if system.bare else set()
        for start, end in sorted(labelled | bare):
            if start not in taken and (code := _code(system.name, text[start:end], start, end, (start, end) in labelled)):
                taken.update(range(start, end))
                yield code


def _stretch(text: str, at: int, labels: list[re.Match[str]]) -> tuple[int, int, int]:
    """Where the text that a label speaks of begins, ends in its line, and ends in the lines below."""
    start = labels[at].end()
    following = labels[at + 1].start() if at + 1 < len(labels) else len(text)
    stop = SENTENCE.search(text, start, following)
    below = text.find("\n\n", start, following)
    return start, stop.start() if stop else following, following if below < 0 else below


def _labelled(text: str, system: System, start: int, end: int, below: int) -> Iterator[tuple[int, int]]:
    """The codes behind a label: in its line, or where none stands there at the start of the lines or cells below."""
    found = [match.span() for match in system.labelled.finditer(text, start, end)]
    if not found and end < below:
        found = [match.span() for match in system.labelled.finditer(text, end, below) if _begins_cell(text, match.start())]
    yield from found


def _begins_cell(text: str, at: int) -> bool:
    """Whether a code begins its line, its list item or its cell."""
    begin = max(text.rfind("\n", max(0, at - MARK), at) + 1, at - MARK, 0)
    before = text[max(begin, at - 2) : at].strip()
    return before in ("|", ",", ";") or LISTED.fullmatch(text, begin, at) is not None


def _code(system: str, written: str, start: int, end: int, labelled: bool) -> Code | None:
    """A code in its own form; None where nothing labels it and it is rather something else."""
    if system == "ICD-10-CM":
        code = _icd(written, start, end)
        return code if labelled or (code.valid and not FEVER.fullmatch(written)) else None
    if system == "LOINC":
        return Code(start=start, end=end, system=system, code=written, valid=check_digit(written[:-2]) == int(written[-1]))
    if system == "NDC":
        return Code(start=start, end=end, system=system, code=_eleven(written))
    return Code(start=start, end=end, system=system, code=written)


def _icd(written: str, start: int, end: int) -> Code:
    """A code of ICD-10-CM with its dot and the title of its category; valid where there is such a category."""
    plain = written.replace(".", "")
    code = f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain
    title = rules("facts_icd10cm")["categories"].get(plain[:3], "")
    return Code(
        start=start, end=end, system="ICD-10-CM", code=code, valid=bool(title) and bool(SEVENTH.fullmatch(code)), title=title
    )


def check_digit(number: str) -> int:
    """The check digit of a LOINC number, modulo 10 (Regenstrief Institute, LOINC Users' Guide, appendix C)."""
    digits = [int(one) for one in reversed(number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return -(doubled + sum(digits[1::2])) % 10


def _eleven(written: str) -> str:
    """An NDC in the form 5-4-2."""
    parts = written.split("-") if "-" in written else [written[:5], written[5:9], written[9:]]
    return "-".join(part.zfill(size) for part, size in zip(parts, (5, 4, 2), strict=True))


@cache
def _systems() -> tuple[System, ...]:
    return tuple(
        System(
            rule["system"],
            frozenset(rule["labels"]),
            re.compile(EDGE.format(rule["labelled"])),
            re.compile(EDGE.format(rule["bare"])) if "bare" in rule else None,
        )
        for rule in rules("facts_codes")["systems"]
    )


@cache
def _label() -> re.Pattern[str]:
    """One pattern for the labels of all systems."""
    labels = sorted({label for system in _systems() for label in system.labels}, key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, labels))})\b", re.IGNORECASE)
