"""Omissions: drugs, allergies, pending results, follow-ups, conditions and devices of a record that its summary leaves out.

units        the statements of a record in order of time, each with the part of a note that it stands in
days         days on one line, also those without a year
said         what a summary says, looked up by words in any of their forms
base         what an omission is, with its severity
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.clinical.standing import WORKS
from rag.stages.verify.omissions.allergies import omitted_allergies
from rag.stages.verify.omissions.base import SEVERITIES, Kind, Omission, Severity
from rag.stages.verify.omissions.conditions import omitted_conditions
from rag.stages.verify.omissions.devices import omitted_devices
from rag.stages.verify.omissions.drugs import omitted_drugs
from rag.stages.verify.omissions.follow_ups import omitted_follow_ups
from rag.stages.verify.omissions.pending import omitted_results
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import record_units
from rag.values import Document

FINDERS = (omitted_drugs, omitted_allergies, omitted_results, omitted_follow_ups, omitted_conditions, omitted_devices)

__all__ = ["SEVERITIES", "Kind", "Omission", "Omissions", "Severity", "omissions"]


@dataclass(frozen=True, slots=True)
class Omissions:
    """What a summary leaves out of a record, the gravest first, and what that weighs: 3 a high one, 2 a moderate, 1 a low."""

    found: tuple[Omission, ...]

    @property
    def weight(self) -> int:
        return sum(one.weight for one in self.found)

    def within(self, budget: int | None) -> bool:
        """Whether what is left out weighs no more than a budget; None allows everything."""
        return budget is None or self.weight <= budget


def omissions(summary: Document, record: Sequence[Document]) -> Omissions:
    """What a summary leaves out of the documents of the same patient.

    The summary itself is no part of its record, nor are policies, guidelines and formularies, nor is what was written after the
    last day that its head names.
    """
    documents = [one for one in record if one.text != summary.text and one.type not in WORKS]
    told = record_units(documents, summary)
    said = Said(summary, [one.day for one in told if one.day])
    told = tuple(one for one in told if not (one.day and said.last and one.day > said.last))
    found = [one for finder in FINDERS for one in finder(told, said)] if told else []
    return Omissions(tuple(sorted(found, key=lambda one: SEVERITIES.index(one.severity))))
