"""Screen: what a person has to look at before a document is used, and whether it waits for that."""

import re
from collections.abc import Iterable

from pydantic import Field

from rag.documents.load.files import unmarked
from rag.documents.screen.fields import Known, fields, of_document, placed, sought
from rag.documents.screen.hidden import hidden
from rag.documents.screen.identifiers import identifiers, joined
from rag.documents.screen.instructions import instructions
from rag.documents.screen.recognisers import model_names, presidio
from rag.stage import Stage
from rag.values import Document, Finding, Screened

DEFAULT = 0.6
NAMED_IN_FILES = {"NAME", "SSN", "PHONE", "EMAIL", "MRN", "ACCOUNT", "HEALTH_PLAN"}
DAY = re.compile(r"(?:19|2[0-2])\d\d[01]\d[0-3]\d(?:\d{4,6})?|[0-3]\d[0-3]\d(?:19|2[0-2])\d\d|\d{4}[ .-]\d\d[ .-]\d\d")
"""A day in the name of a file, which its digits alone do not tell from a number of a person."""


class Screen(Stage):
    """Looks for identifiers, for instructions to the reader and for hidden text; what scores high enough is held back."""

    threshold: float = Field(default=DEFAULT, ge=0.0, le=1.0, description="A document with a finding of this score or more waits")
    name_model: str = Field(
        default="", max_length=200, description="A name model on this machine: spacy:NAME or gliner:FOLDER; empty for none"
    )

    def __call__(self, document: Document) -> Screened:
        """The findings in text, asides and file name, in order, and whether the document is released or quarantined."""
        known = of_document(document)
        found = [*self.text(document.text, known=known), *document.hidden]
        seen: dict[str, list[Finding]] = {}
        for at, aside in enumerate(document.asides):
            if aside.text not in seen:
                seen[aside.text] = self.text(aside.text, document.text, known)
            found += [_beside(one, at) for one in seen[aside.text]]
        found += _file_name(document.name)
        waits = any(one.score >= self.threshold for one in found)
        return Screened(document, tuple(sorted(found, key=_place)), "quarantined" if waits else "released")

    def text(self, text: str, around: str = "", known: Iterable[Known] | None = None) -> list[Finding]:
        """The findings in a text: identifiers of our rules, Presidio's and the name model's united, instructions, hidden text.

        `around` is the document that the text stands beside, `known` what stands in a person's fields of that document.
        """
        own = fields(text)
        told = [*placed(own), *sought(text, own if known is None else known)]
        people = joined([*told, *identifiers(text), *presidio(text), *model_names(text, self.name_model)])
        return sorted([*people, *instructions(text, around), *hidden(text)], key=_place)


def _place(one: Finding) -> tuple[int, int, int]:
    return (-1 if one.aside is None else one.aside, one.start, one.end)


def _beside(one: Finding, aside: int) -> Finding:
    return Finding(one.kind, one.type, one.start, one.end, one.rule, one.score, aside)


def _file_name(name: str) -> list[Finding]:
    """Names and numbers of people in the name of a file; they stand at no place of the text."""
    own = unmarked(name).rsplit(".", 1)[0]
    readings = dict.fromkeys((re.sub(r"[_\-.]+", " ", own).title(), re.sub(r"[_/]+", " ", own)))
    found = {
        (one.type, one.rule): Finding("identifier", one.type, 0, 0, f"file name: {one.rule}", one.score)
        for reading in readings
        for one in identifiers(reading)
        if one.type in NAMED_IN_FILES and not DAY.fullmatch(reading[one.start : one.end])
    }
    return list(found.values())
