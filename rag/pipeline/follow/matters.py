"""What a few words ask of the topic before: in which circumstance ("in pregnancy?"), whether it is so, or a side of it."""

import re
from functools import cache
from pathlib import PurePath

from rag.pipeline.follow import whom
from rag.pipeline.follow.frames import AUX, asks_several
from rag.pipeline.follow.leaning import Before
from rag.pipeline.follow.things import plain, things
from rag.pipeline.follow.told import ENDS, any_of, ended, listed, says
from rag.pipeline.follow.turn import Rewriting

PREPOSITION = (
    r"in|for|with|without|during|despite|before|after|under|over|above|below|among|following|prior to|on|at|by|per|around|while"
)
CLAUSE = re.compile(rf"(?:if|unless|when|once|while) (?!(?:{AUX})\b).+", re.IGNORECASE)
CIRCUMSTANCE = re.compile(rf"(?:{PREPOSITION}) \S.*", re.IGNORECASE)
MANNER = re.compile(
    r"in (?:detail|short|brief|general|full|(?:one|a few|simple) \w+)|for (?:example|instance)|with (?:references|sources)",
    re.IGNORECASE,
)
ARTICLES = re.compile(r"(?:the|any|its|their|some|known|what about the) ", re.IGNORECASE)


def clause(words: str, before: Before) -> Rewriting | None:
    """The question before under a condition: "if she bleeds", "when the clearance is 25"; None where the words are none."""
    return _under(_within(words), before) if CLAUSE.fullmatch(words) else None


def circumstance(words: str, before: Before) -> Rewriting | None:
    """The question before under another circumstance: "in renal impairment", "for children"; None where the words are none."""
    return _under(_within(words), before) if CIRCUMSTANCE.fullmatch(words) else None


def _within(words: str) -> str:
    """Words as they stand within a sentence."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def _under(words: str, before: Before) -> Rewriting | None:
    """The whole question before where it is of nobody; else its topic and its patient, of whom something else is asked now."""
    patient = of_patient(words, before)
    if before.asked and not asks_several(before.asked) and (not before.turn.patients or MANNER.fullmatch(words)):
        return _added(words, before)
    topic = before.topic()
    if not topic and not patient:
        return None
    whose = f" for {patient}" if topic and patient and patient not in topic else ""
    word = whom.spoken(words)
    if word and patient:
        words, whose = whom.with_patient(words, word, patient), ""
    notes = (f"{_listed(topic, patient)}, from the question before", misfit(word, patient, before))
    return Rewriting(f"What about {topic or patient} {words}{whose}?", "rules", tuple(filter(None, notes)))


def misfit(word: whom.Spoken | None, patient: str, before: Before) -> str:
    """In words, where a word for the patient tells another sex than the documents do."""
    return whom.misfit(patient, word.sex, before.index) if word and patient else ""


def _added(words: str, before: Before) -> Rewriting:
    """The question before with a circumstance at its end; in place of one that stands there, where its topic stays."""
    asked = before.asked.rstrip(ENDS)
    old = _ending().search(asked) if CIRCUMSTANCE.fullmatch(words) else None
    if old and (not before.things or things(asked[: old.start()])):
        return Rewriting(f"{asked[: old.start()]} {words}?", "rules", (f"{words} instead of {old[0].strip()}",))
    return Rewriting(f"{asked} {words}?", "rules", (f"{words}, added to the question before",))


@cache
def _ending() -> re.Pattern[str]:
    """A circumstance at the end of a question: "in severe renal impairment"."""
    before = rf" (?:{PREPOSITION})(?: (?!(?:{PREPOSITION})\b)[\w/'’-]+){{0,4}}? "
    return any_of("circumstances", before=before, behind="$")


def side(words: str, before: Before) -> Rewriting | None:
    """What is always of something, such as "side effects" or "the size", of the drug or the finding that was asked about."""
    bare = _within(ARTICLES.sub("", words, count=1))
    kinds = ("drug", "class") if _sides().fullmatch(bare) else ("finding",) if bare in listed("of_findings") else ()
    topic = before.topic(kinds) if kinds else ""
    if not topic:
        return None
    patient = of_patient(words, before)
    last = bare.rsplit(" ", 1)[-1].lower()
    told = f"What {'are' if plain(last) != last.replace('-', ' ') else 'is'} the {bare} of {topic}"
    return Rewriting(
        ended(told, f" for {patient}" if patient and patient not in topic else ""),
        "rules",
        (f"{topic}, from the question before",),
    )


def state(words: str, before: Before) -> Rewriting | None:
    """Whether what was asked about is as the words say: "safe in pregnancy", "covered"; None where they say no such thing."""
    topic = before.topic() if _states().match(words) else ""
    if not topic:
        return None
    patient = of_patient(words, before)
    whose = f" for {patient}" if patient and patient not in topic else ""
    return Rewriting(f"Is {topic} {_within(words)}{whose}?", "rules", (f"{topic}, from the question before",))


@cache
def _states() -> re.Pattern[str]:
    return any_of("states", behind=rf"(?= (?:{PREPOSITION}|to) |$)")


@cache
def _heads() -> re.Pattern[str]:
    return any_of("circumstances", before=r"\b", behind="$")


@cache
def _sides() -> re.Pattern[str]:
    return any_of("relations", "sides", before=r"(?:[\w-]+ ){0,2}?")


def of_topic(words: str, before: Before) -> Rewriting | None:
    """What is named, of the topic before or by the document that answered; None where there is neither."""
    if any(one.kind in {"drug", "class"} for one in things(words)):  # It is a topic itself.
        return None
    if (not before.turn.patients or says("generic", words)) and _heads().search(words):  # "Dialysis patients"
        with_it = "with" if words.lower().endswith(("food", "alcohol")) else "in"
        return _under(f"{with_it} {_within(words)}", before)
    words, topic = _within(words), before.topic()
    joined = "of" if _sides().fullmatch(ARTICLES.sub("", words, count=1)) else "for"
    if topic:
        code = next((one.written for one in before.things if one.kind == "document" and one.written != topic), "")
        told = f"What about {words} {joined} {topic}" + (f" by {code}" if code else "")
        return Rewriting(f"{told}?", "rules", (f"{_listed(topic, code)}, from the question before",))
    name = _document(before)
    return Rewriting(f"What about {words} in {name}?", "rules", (f"{name}, which answered before",)) if name else None


def _document(before: Before) -> str:
    """The document of nobody that answered the question before, by the words of its file's name."""
    for one in before.turn.citations[:1]:
        document = before.index.documents.get(one.span.document)
        return PurePath(document.name).stem.replace("_", " ") if document and not document.patient else ""
    return ""


def of_patient(words: str, before: Before) -> str:
    """The patient of the question before; "" where words are of anybody, such as children."""
    return before.turn.patients[0] if len(before.turn.patients) == 1 and not says("generic", words) else ""


def _listed(*names: str) -> str:
    return " and ".join(filter(None, names))
