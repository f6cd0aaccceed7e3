"""Whom a follow-up means: the patient of a question before it, and the words that stand for the patient."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.clinical.owners import plain
from rag.pipeline.follow.turn import Turn
from rag.rules import rules
from rag.stages.index.base import Index
from rag.stages.scope.described import description
from rag.stages.scope.ids import ids
from rag.stages.scope.named import sex_of
from rag.text import stopwords

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
PATIENT = re.compile(r"\b(?:the|this|that|our|my) (?:same )?(?:patient|pt)(?P<whose>['’]s)?\b", re.IGNORECASE)
POSSESSIVE = {"her", "his", "hers", "their"}
NEUTRAL = {"he": "they", "she": "they", "him": "them", "his": "their", "hers": "theirs"}
WHOSE = {"F": "a woman", "M": "a man"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word for the patient: where, the sex that it tells, and whether something is said to be the patient's."""

    start: int
    end: int
    sex: str
    owns: bool


@cache
def _sexes() -> dict[str, str]:
    return {rule["word"]: rule["sex"] for rule in rules("scope")["pronouns"]}


def spoken(question: str) -> Spoken | None:
    """The first word of a question that stands for a patient ("she", "his", "the patient"), or None."""
    for word in WORD.finditer(question):
        low = word[0].lower().replace("’", "'")
        sex = _sexes().get(low.removesuffix("'s"), "")
        if sex and low not in {"herself", "himself"}:
            length = len(low) - (2 if low.endswith("'s") else 0)  # "She's" leaves its verb.
            return Spoken(word.start(), word.start() + length, sex, _owns(question, word))
    found = PATIENT.search(question)
    return Spoken(found.start(), found.end(), "", bool(found["whose"])) if found else None


def _owns(question: str, word: re.Match[str]) -> bool:
    """Whether "her" is followed by what is hers; "his" always is."""
    low = word[0].lower()
    if low not in POSSESSIVE or low in {"his", "hers"}:
        return low in POSSESSIVE
    following = WORD.match(question, word.end() + 1)
    return following is not None and following[0].lower() not in stopwords() and question[word.end()] == " "


def names_somebody(question: str, index: Index) -> bool:
    """Whether a question names or describes a patient itself."""
    told = description(question)
    return bool(ids(question, index)) or (told is not None and told.pointed)


def patient_before(turns: Sequence[Turn], sex: str, index: Index) -> str:
    """The last patient of a conversation whose sex may be this one, else the last; "" where there is none or several."""
    every = [turn.patients for turn in turns if turn.patients]
    alone = [patients[0] for patients in reversed(every) if len(patients) == 1]
    if not every or len(every[-1]) > 1:
        return ""
    fitting = (one for one in alone if not sex or sex_of(one, index) in {sex, ""})
    return next(fitting, alone[0])


def misfit(patient: str, sex: str, index: Index) -> str:
    """In words, where the documents tell of a patient as of another sex than a question does."""
    told = sex_of(patient, index)
    return f"the documents tell of {patient} as of {WHOSE[told]}" if sex and told and sex != told else ""


def with_patient(question: str, word: Spoken, patient: str) -> str:
    """The question with the patient in place of a word for them."""
    return question[: word.start] + (f"{patient}'s" if word.owns else patient) + question[word.end :]


def of_another(question: str, patient: str, index: Index) -> str:
    """A question that names or describes one patient, with another in their place; "" where it names none or several."""
    found = ids(question, index)
    if found and len({plain(one.patient or one.written) for one in found}) > 1:
        return ""
    told = description(question)
    spans = [(one.start, one.start + len(one.written)) if question.startswith(one.written, one.start) else (one.start, one.end)
             for one in found] or (list(told.spans) if told and len(told.spans) == 1 else [])  # fmt: skip
    if not spans:
        return ""
    for start, end in reversed(spans):
        question = question[:start] + patient + question[end:]
    return _neutral(question)


def _neutral(question: str) -> str:
    """The question without words that tell the sex of the patient before."""
    kept, at = [], 0
    for word in WORD.finditer(question):
        low = word[0].lower()
        instead = ("their" if _owns(question, word) else "them") if low == "her" else NEUTRAL.get(low, "")
        if instead:
            kept += [question[at : word.start()], instead]
            at = word.end()
    return "".join((*kept, question[at:]))
