"""Whether a question is about a patient, and what a policy's or guideline's statement loses then: it is not the patient's."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.stages.reader.asks import asks_for_a_plan, asks_for_rules
from rag.stages.reader.candidates import Candidate

NOBODY = 3.0
"""What a statement of a policy or formulary loses where a question names a patient and asks about no rules."""
SOMEBODY = 2.0
"""What a statement of a patient's record, but for the plan's own letters, loses where a question is about a plan and nobody."""
NAMED = re.compile(
    r"\b[A-Za-z]{1,4}-?\d{2,8}\b|\b(?:he|she|his|her|him|hers)\b"
    r"|(?<!\ba )(?<!\ban )(?<!\bany )(?<!\bevery )(?<!\beach )\b(?:patient|man|woman|lady)\b",
    re.IGNORECASE,
)


def about_a_patient(question: str, found: Sequence[Candidate], index: Index) -> bool:
    """Whether a question is about a patient rather than about rules: one alone is among the candidates' documents."""
    patients = {index.documents[one.span.document].patient for one in found} - {""}
    return len(patients) == 1 and bool(NAMED.search(question)) and not asks_for_rules(question)


def about_a_plan(question: str) -> bool:
    """Whether a question is about what a plan covers, and names nobody."""
    return asks_for_a_plan(question) and not NAMED.search(question)


def of_the_patient(question: str, found: Sequence[Candidate], index: Index) -> list[Candidate]:
    """The candidates, likeliest first, those of no patient behind where the question is about one."""
    if not about_a_patient(question, found, index):
        return list(found)
    return sorted((_less(one, index) for one in found), key=lambda one: -one.score)


def _less(one: Candidate, index: Index) -> Candidate:
    """A statement of no patient with less of both logits."""
    if index.documents[one.span.document].patient:
        return one
    return replace(one, score=one.score - NOBODY, logit=one.logit - NOBODY)
