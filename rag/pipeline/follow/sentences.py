"""A follow-up that is a whole question: what "it", "they", "the dose" and "she" stand for, and whose it is."""

import re
from dataclasses import replace
from functools import cache

from rag.pipeline.follow import whom
from rag.pipeline.follow.frames import AUX
from rag.pipeline.follow.leaning import Before
from rag.pipeline.follow.things import noun_phrase, things
from rag.pipeline.follow.told import ENDS, any_of, ended, kinds_said, says
from rag.pipeline.follow.turn import Rewriting
from rag.rules import rules
from rag.stages.reader.asks import asks_for_editions, asks_for_rules
from rag.stages.scope.ids import ids

IT = re.compile(r"\b(?P<whose>its)\b|\bit(?P<is>['’]s)?\b", re.IGNORECASE)
THAT = re.compile(
    r"(?<=^is )(?:that|this)(?= )|(?<=^was )(?:that|this)(?= )|(?<=^does )(?:that|this)(?= )|(?<=^did )(?:that|this)(?= )"
    r"|(?<= of )(?:that|this)(?=[?.! ]*$)|(?<= about )(?:that|this)(?=[?.! ]*$)",
    re.IGNORECASE,
)
IS_IT = re.compile(r"(?:is|was|isn't|wasn't) (?:it|that|this) (?:the )?", re.IGNORECASE)
ABOUT = re.compile(r" (?:of|about) (?:that|this)[?.! ]*$", re.IGNORECASE)
THEY = re.compile(r"\b(?:they|them|these|those)\b(?! [a-z]+s\b)", re.IGNORECASE)
NOUN = re.compile(
    r"\b(?:the|this|that) (?:same )?(?P<noun>drug|medication|medicine|med|pill|tablet|agent|antibiotic|diuretic|water pill)\b"
)
SAYING = re.compile(
    r"\b(?:say|said|recommend|recommended|advise|advised|suggest|suggested|think|write|state|conclude|find)$", re.IGNORECASE
)
LEFT = re.compile(r"\b(?:that|this|those|these|such|there|then|the former|the latter|the other one)\b", re.IGNORECASE)
UNSURE = Rewriting("", "unsure")


def sentence(question: str, before: Before) -> Rewriting:
    """A whole question with what it leans on put in; alone where it leans on nothing."""
    if told := _same_of_another(question, before):
        return told
    text, notes = question, list[str]()
    for attempt in (_thing, _several, _dose, _wanting):
        found = attempt(text, before)
        if found is None:
            continue
        if found.how == "unsure":
            return found
        text, notes = found.question, [*notes, *found.notes]
        break
    return _whose(question, text, notes, before)


def _same_of_another(question: str, before: Before) -> Rewriting | None:
    """A question by yes or no that stops after whom it is about: "does his mother?"."""
    found, one = _stopping().fullmatch(question.strip(ENDS)), before.frame
    patient = next((p for p in before.ids if one and one.kind == "yes" and one.rest.startswith(p.written)), None)
    if not found or not one or not patient or found["aux"].lower() != one.aux:
        return None
    word = whom.spoken(found["who"])
    if word is None or before.turn.patients != (patient.written,):
        return None
    who = whom.with_patient(found["who"], word, patient.written)
    told = f"{found['aux']} {who}{one.rest[len(patient.written) :]}?"
    return Rewriting(told, "rules", (f"the same of {who}",))


@cache
def _stopping() -> re.Pattern[str]:
    relatives = "|".join(rules("scope")["relatives"])
    return re.compile(rf"(?P<aux>{AUX}) (?P<who>(?:her|his) (?:{relatives})|he|she|the patient)", re.IGNORECASE)


def _thing(question: str, before: Before) -> Rewriting | None:
    """The one thing that "it", "that" or "the drug" stands for."""
    noun = NOUN.search(question)
    word = IT.search(question) or (THAT.search(question) if kinds_said(question) or ABOUT.search(question) else None) or noun
    if word is None or (not noun and says("pleonastic", question)) or (noun is word and _names(question, before)):
        return None
    kinds = ("drug",) if word is noun else kinds_said(question)
    topic = before.topic(kinds) if kinds else before.topic()
    written = word[0]
    is_it = IS_IT.match(question)
    if not topic or (is_it and any(one.start == is_it.end() for one in things(question) if one.kind in {"drug", "class"})):
        return replace(UNSURE, notes=(f"it is not clear what “{written}” stands for.",))
    groups = word.groupdict()
    instead = f"{topic}'s" if groups.get("whose") else f"{topic} is" if groups.get("is") else topic
    text = question[: word.start()] + instead + question[word.end() :]
    return Rewriting(text, "rules", (f"{topic} for “{written.lower()}”",))


def _several(question: str, before: Before) -> Rewriting | None:
    """The things that "they" stands for; where nothing is several, they are those who treat the patient."""
    word = THEY.search(question)
    topic = before.several() if word and not _names(question, before) and not IT.search(question) else ""
    if word is None or not topic:
        return None
    text = question[: word.start()] + topic + question[word.end() :]
    return Rewriting(text, "rules", (f"{topic} for “{word[0].lower()}”",))


def _dose(question: str, before: Before) -> Rewriting | None:
    """The thing whose dose, tier or route is asked, where the question does not say it."""
    word = _relations().search(question)
    if word is None or _names(question, before):
        return None
    topic = before.topic(("drug", "class"))
    if not topic:
        return None
    text = f"{question[: word.end()]} of {topic}{question[word.end() :]}"
    return Rewriting(text, "rules", (f"{topic}, from the question before",))


def _wanting(question: str, before: Before) -> Rewriting | None:
    """A question that nobody can answer without a drug, and that names none: of the drug that was asked about."""
    if not says("wanting", question) or _names(question, before) or whom.names_somebody(question, before.index):
        return None
    topic = before.topic(("drug", "class"))
    return Rewriting(ended(question, f" for {topic}"), "rules", (f"{topic}, from the question before",)) if topic else None


@cache
def _relations() -> re.Pattern[str]:
    behind = r"\b(?! (?:of|for|adjust|limit|change)\b)"
    return any_of("relations", before=r"\b(?:the|that|this|which|what|same) ", behind=behind)


def _names(question: str, before: Before) -> bool:
    """Whether a question names a drug, a value or a finding itself."""
    there = ids(question, before.index)
    return any(one.kind not in {"document", "author"} for one in things(question, [(one.start, one.end) for one in there]))


def _points(question: str) -> bool:
    """Whether a question points at a finding that is known, as "the nodule" does."""
    findings = [one for one in things(question) if one.kind == "finding"]
    return any(question[noun_phrase(question, one)[0] :].lower().startswith("the ") for one in findings)


def _asks_for_rules(question: str) -> bool:
    """Whether a plan, policy or guideline is asked about, rather than what somebody who treats the patient recommended."""
    by_somebody = SAYING.search(question.rstrip(ENDS)) and any(one.kind == "author" for one in things(question))
    return asks_for_editions(question) or (asks_for_rules(question) and not by_somebody)


def _whose(question: str, text: str, notes: list[str], before: Before) -> Rewriting:
    """The question with the patient in place of "she" or "the patient", or added where it asks of a patient and names none."""
    resolved = text != question
    if whom.names_somebody(question, before.index):
        return Rewriting(text, "rules" if resolved else "alone", tuple(notes))
    word = whom.spoken(text)
    patient = whom.patient_before(before.turns, word.sex if word else "", before.index)
    if word and patient:
        kept = (*notes, f"{patient} for “{text[word.start : word.end].lower()}”", whom.misfit(patient, word.sex, before.index))
        return Rewriting(whom.with_patient(text, word, patient), "rules", tuple(filter(None, kept)))
    if word or not patient or _asks_for_rules(text) or says("generic", text) or whom.names_somebody(text, before.index):
        return Rewriting(text, "rules" if resolved else "alone", tuple(notes))
    if (
        not resolved
        and LEFT.search(question)
        and not question.lower().startswith(("is there", "are there", "was there", "were there"))
    ):
        return replace(UNSURE, notes=("it is not clear what of the question before it means.",))
    if not (says("of_patient", text) or _points(text) or (resolved and before.turn.patients)):
        return replace(UNSURE, notes=(f"it may be about anybody, so {patient} was not added.",))
    added = " about " if SAYING.search(text.rstrip(ENDS)) else " for "
    return Rewriting(ended(text, f"{added}{patient}"), "rules", (*notes, f"{patient}, from before"))
