"""A follow-up of a few words: what it changes of the question before ("and carvedilol?"), or asks of it ("why?")."""

import re
from dataclasses import replace
from functools import cache

from rag.pipeline.follow import whom
from rag.pipeline.follow.frames import PREPOSITIONS, asking, led, pointing
from rag.pipeline.follow.leaning import Before
from rag.pipeline.follow.matters import circumstance, clause, of_topic, side, state
from rag.pipeline.follow.things import Thing, cased, noun_phrase, things
from rag.pipeline.follow.times import with_edition, with_time
from rag.pipeline.follow.told import ENDS, any_of, ended, listed, says
from rag.pipeline.follow.turn import Rewriting
from rag.stages.reader.asks import asks_for_rules
from rag.stages.scope.ids import ids

ELSE = re.compile(r"(?:what|anything|who|anyone|which) else|(?:any|which|what) (?:other one|other|more)s?", re.IGNORECASE)
BEGINS = re.compile(r"(?P<what>what|who)\b|which (?P<noun>\S)", re.IGNORECASE)
SIDE = re.compile(r"(?:(?:on|in|for|of) )?(?:(?:the|her|his) )?(?P<side>left|right)(?: (?:one|side))?", re.IGNORECASE)
LEADING = re.compile(rf"(?:(?:{PREPOSITIONS}|same for|also) )?(?:(?P<article>the|a|an|any) )?", re.IGNORECASE)
OWNED = re.compile(r"['’]s?$")
ITS = re.compile(r"its ", re.IGNORECASE)
ASKS = re.compile(r"how|(?:what|which) (?:kind|sort|type|side|part|stage|size|grade|day|time|year|date)s?\b", re.IGNORECASE)
BEHIND = re.compile(
    r", and (?:(?:for|since|until|by|on|in) )?(?:why|when|where|how|who|whom|what|which)(?: [\w-]+){0,2}$", re.IGNORECASE
)
WORDS = re.compile(r"(?:why|when|where|how|who|which|what)\b", re.IGNORECASE)
ANY = re.compile(r"(?:any|no)\b", re.IGNORECASE)
LED = re.compile(rf"(?:{PREPOSITIONS}) \S", re.IGNORECASE)
OF_THEIRS = re.compile(r"(?:for|of|with|about) (?=(?:her|his|their|the patient['’]s) \S)", re.IGNORECASE)
TO = re.compile(r"(?P<lead>to|with|from) \S", re.IGNORECASE)  # "In" and "on" may be a time or a place.
LAST = re.compile(rf" (?:(?!(?:{PREPOSITIONS})\b)[^\s,]+ ?){{1,4}}", re.IGNORECASE)
STRENGTH = re.compile(r" \d+(?:[.,]\d+)? ?(?:mg|mcg|g|units?|ml|iu|%)(?!\w)", re.IGNORECASE)
HOW_MUCH = re.compile(r"how (?:much|many)", re.IGNORECASE)
BARE = 3  # Words that are taken for a follow-up though nothing leads to them.
UNSURE = Rewriting("", "unsure", ("it is not clear which part of the question before it changes.",))
NOT_TAKEN_UP = Rewriting("", "unsure", ("the question before cannot be put with these words.",))


def fragment(words: str, before: Before, bold: bool) -> Rewriting:
    """A follow-up without a verb as a whole question. `bold` is whether words such as "and" or "what about" led to it."""
    for attempt in (clause, _further, _question_words, _relation, side, state, _patient, _side, with_edition, with_time):
        if found := attempt(words, before):
            return found
    return _named(words, before, bold)


def _further(words: str, before: Before) -> Rewriting | None:
    """What else, in the question before."""
    if not ELSE.fullmatch(words):
        return None
    begins = BEGINS.match(before.asked)
    if not begins:
        return NOT_TAKEN_UP
    if begins["what"] and before.frame and " " not in before.frame.wh:
        return Rewriting(f"{begins['what']} else{before.asked[begins.end() :]}", "rules", ("more of what was asked before",))
    if begins["noun"]:
        return Rewriting(f"Which other {before.asked[len('which ') :]}", "rules", ("more of what was asked before",))
    return NOT_TAKEN_UP


def _question_words(words: str, before: Before) -> Rewriting | None:
    """The question before led by other question words."""
    if not asking(words):
        return _joined(words, before) if ASKS.match(words) and not things(words) else None
    one, drug = before.frame, before.topic(("drug",))
    home = drug and says("home", before.asked) and len(before.turn.patients) == 1
    if home and words.lower() in listed("lasting"):
        note = (f"{drug} and {before.turn.patients[0]}, from the question before",)
        return Rewriting(f"{words} is {before.turn.patients[0]} to take {drug}?", "rules", note)
    if one is None:
        return _joined(words, before)
    if HOW_MUCH.fullmatch(words) and one.kind in {"object", "subject"}:
        told = f"{words} {drug} {one.aux} {one.rest}?" if drug else ""
    else:
        told = led(words, one, _asked_for(before))
    return Rewriting(told, "rules") if told else _joined(words, before)


def _joined(words: str, before: Before) -> Rewriting:
    """The question before with the new question words behind it: "Who approves a PET/CT, and why?"."""
    asked = BEHIND.sub("", before.asked.rstrip(ENDS))
    return Rewriting(f"{asked}, and {words[:1].lower()}{words[1:]}?", "rules") if asked else NOT_TAKEN_UP


def _asked_for(before: Before) -> str:
    """What the question before asked for, by its name where the first statement tells it: "torsemide" for "which water pill"."""
    wh = before.frame.wh if before.frame else ""
    if not wh or any(one.kind == "drug" and one.end <= len(wh) for one in before.things):
        return pointing(wh)
    groups = [one for one in before.things if one.kind == "class" and one.end <= len(wh)]
    drug = before.drug_stated(groups[0].written) if groups else before.drug_stated() if says("identity", wh) else ""
    return drug or pointing(wh)


def _relation(words: str, before: Before) -> Rewriting | None:
    """What is always the dose, tier or route of something: of what was asked about."""
    if not _relations().fullmatch(words):
        return None
    topic = before.topic(("drug", "class"))
    if not topic:
        return UNSURE
    return Rewriting(ended(f"{words} of {topic}", _of_patient(words, before)), "rules", (f"{topic}, from the question before",))


@cache
def _relations() -> re.Pattern[str]:
    return any_of("relations", before="(?:which|what) ")


def _of_patient(words: str, before: Before) -> str:
    """The patient of the question before, as words to add; nothing where rules are asked about."""
    patient = before.turn.patients[0] if len(before.turn.patients) == 1 else ""
    return f" for {patient}" if patient and not asks_for_rules(words) else ""


def _patient(words: str, before: Before) -> Rewriting | None:
    """The question before about another patient."""
    found = ids(words, before.index)
    lead = LEADING.match(words)
    if len(found) != 1 or lead is None or found[0].start > lead.end() or OWNED.sub("", words[found[0].end :]):
        return None
    other = found[0].written
    told = whom.of_another(before.asked, other, before.index)
    return Rewriting(told, "rules", (f"{other} instead of the patient before",)) if told else UNSURE


def _side(words: str, before: Before) -> Rewriting | None:
    """The question before about the other side."""
    found = SIDE.fullmatch(words)
    if not found:
        return None
    new = found["side"].lower()
    old = "left" if new == "right" else "right"
    places = [one.start() for one in re.finditer(rf"\b{old}\b", before.asked, re.IGNORECASE)]
    if len(places) != 1 or re.search(rf"\b{new}\b", before.asked, re.IGNORECASE):
        return UNSURE
    told = before.asked[: places[0]] + new + before.asked[places[0] + len(old) :]
    return Rewriting(told, "rules", (f"{new} instead of {old}",))


def _named(words: str, before: Before, bold: bool) -> Rewriting:
    """The question before about another drug, value, finding or examination; else what is named, with the patient."""
    if whom.names_somebody(words, before.index):
        return Rewriting("", "alone")
    word = whom.spoken(words)
    if not (bold or word or LED.match(words)) and len(words.split()) > BARE:
        return Rewriting("", "unsure", ("it may stand alone, so nothing was taken from the question before.",))
    patient = whom.patient_before(before.turns, word.sex if word else "", before.index)
    if word and not patient:
        return Rewriting("", "unsure", (f"no patient before for “{words[word.start : word.end]}”.",))
    if ITS.match(words):
        topic = before.topic()
        note = (f"{topic} for “its”",)
        return Rewriting(f"What about {topic}'s{words[len('its') :]}?", "rules", note) if topic else UNSURE
    found = things(words)
    one = found[0] if len(found) == 1 else None
    if one and (told := _in_its_place(words, one, before, patient, word)):
        return told
    if told := _phrase(words, before):
        return told
    if word and (led := OF_THEIRS.match(words)):  # "For her potassium"
        return _of_theirs(words[led.end() :], one and replace(one, start=one.start - led.end(), end=one.end - led.end()), patient,
                          whom.spoken(words[led.end() :]), before)  # fmt: skip
    if told := circumstance(words, before):
        return told
    vague = LED.match(words) or (WORDS.match(words) and not found)
    if not patient or vague or asks_for_rules(words) or says("generic", words):
        return (_joined(words, before) if WORDS.match(words) and not found else of_topic(words, before)) or UNSURE
    return _of_theirs(words, one, patient, word, before)


def _phrase(words: str, before: Before) -> Rewriting | None:
    """The question before with its last words exchanged where both begin with the same preposition: "to penicillin"."""
    led = TO.match(words)
    asked = before.asked.rstrip(ENDS)
    places = [one.end() for one in re.finditer(rf"\b{led['lead']}\b", asked, re.IGNORECASE)] if led else []
    if led is None or len(places) != 1 or not LAST.fullmatch(asked, places[0]):
        return None
    if any(one.end > places[0] for one in before.ids):  # It would take the patient away.
        return None
    new, old = words[len(led["lead"]) + 1 :], asked[places[0] + 1 :]
    return Rewriting(f"{asked[: places[0] + 1]}{new}?", "rules", (f"{new} instead of {old}",))


def _in_its_place(words: str, one: Thing, before: Before, patient: str, word: whom.Spoken | None) -> Rewriting | None:
    """The question before with another thing of its kind; None where it names none, or several."""
    there = {other.plain: other for other in before.of_kind(one.kind)}
    start, end = noun_phrase(words, one)
    lead = LEADING.match(words)
    stands_alone = lead is not None and start <= max(lead.end(), word.end + 1 if word else 0) and end == len(words)
    if len(there) != 1 or not stands_alone or (word and (patient,) != before.turn.patients):
        return None
    (old,) = there.values()
    if old.plain == one.plain or (old.kind == "class" and one.kind == "drug"):
        return None
    low, high = before.phrase(old)
    name = cased(words[one.start : one.end]) if one.kind == "drug" else words[one.start : one.end]
    new = words[_first(words, word) : one.start] + name
    patient_within = high > old.end
    article = before.asked[low : old.start].split(" ", 1)[0].lower()
    if word and patient_within:
        new = f"{patient}'s {new}"
    elif lead and lead["article"] and article in listed("articles"):
        new, high = f"{lead['article'].lower()} {new}", old.end
    elif article in listed("articles"):
        low, high = low + len(article) + 1, old.end
    else:
        new = f"the {new}" if lead and lead["article"] and one.kind == "class" else new
        high = old.end
        low = old.start if one.kind in {"drug", "class", "lab", "condition"} else low
    strength = STRENGTH.match(before.asked, high) if one.kind in {"drug", "class"} else None
    told = before.asked[:low] + new + before.asked[strength.end() if strength else high :]
    return Rewriting(told, "rules", (f"{name} instead of {before.asked[old.start : old.end]}",))


def _first(words: str, word: whom.Spoken | None) -> int:
    """Where what is named begins behind an article, a preposition and a word for the patient."""
    lead = LEADING.match(words)
    return max(lead.end() if lead else 0, word.end + 1 if word else 0)


def _of_theirs(words: str, one: Thing | None, patient: str, word: whom.Spoken | None, before: Before) -> Rewriting:
    """What is named, of the patient of the questions before; their own question is not taken up."""
    notes = tuple(filter(None, (f"{patient}, from before", whom.misfit(patient, word.sex, before.index) if word else "")))
    named = whom.with_patient(words, word, patient) if word else words
    if (
        one
        and one.kind == "lab"
        and (one.end == len(words) or LED.match(words, one.end + 1))
        and (word or not asks_for_rules(words))
    ):
        return Rewriting(f"What is {patient}'s {words[_first(words, word) :]}?", "rules", notes)
    lead = "" if WORDS.match(named) or ANY.match(named) else "What about "
    return Rewriting(ended(f"{lead}{named}", "" if word else f" for {patient}"), "rules", notes)
