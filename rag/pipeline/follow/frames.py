"""The question before taken apart, so that another question word can lead it: "why?", "for how long?", "in which arm?"."""

import re
from dataclasses import dataclass
from typing import Literal

from rag.pipeline.follow.things import plain
from rag.pipeline.follow.told import listed
from rag.stages.reader.asks import parts

AUX = "is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|may|might|must"
PREPOSITIONS = "for|since|until|till|by|in|on|at|with|to|from|of|after|before|under|through"
WHICH = rf"(?:{PREPOSITIONS}) (?:what|which|whom|how many)(?: [\w-]+){{0,2}}?"
YES_NO = re.compile(rf"(?P<wh>)(?P<aux>{AUX}) (?P<rest>.+)", re.IGNORECASE)
HOW = rf"(?:(?:{PREPOSITIONS}) )?how(?: (?!many\b|much [a-z]+ [a-z])[a-z]+)?"
ADVERB = re.compile(rf"(?P<wh>why|when|where|{HOW}|{WHICH}) (?P<aux>{AUX}) (?P<rest>.+)", re.IGNORECASE)
WHICH_NOUN = re.compile(
    rf"(?P<wh>(?:which|what|how many|how much)(?: [\w/'’-]+){{0,6}}?) (?P<aux>{AUX}) (?P<rest>.+)", re.IGNORECASE
)
ASKING = re.compile(
    rf"(?:(?:{PREPOSITIONS}) )?(?:why|when|where|how(?: (?P<scale>[a-z]+))?|whom)|(?P<not>why not)|{WHICH}", re.IGNORECASE
)
SUBJECT = re.compile(
    r"(?:[A-Za-z]{1,5}-?\d{1,8}|he|she|they|we|you|i)(?: (?:already|still|ever|actually|also|really))?(?= )", re.I
)
PARTICIPLE = re.compile(
    r"[a-z]+(?:ed|en)|given|held|put|begun|done|made|seen|found|kept|sent|left|cut|lost|told|shown|known", re.I
)
FURTHER = re.compile(r"\b(?:and|or) (?:[a-z]+ )?(?:what|how|why|when|where|who|whom|which)\b", re.IGNORECASE)
LAST = re.compile(r" (?:on|with|for|to|of|from|at|in|by|through)$", re.IGNORECASE)
NEGATED = {"can": "can't", "will": "won't", "may": "may {} not", "might": "might {} not", "must": "must {} not"}
DO = {"do", "does", "did"}


@dataclass(frozen=True, slots=True)
class Frame:
    """A question in parts: its question words ("" of one that is answered by yes or no), its auxiliary verb, and the rest."""

    kind: Literal["yes", "adverb", "object", "subject"]
    wh: str
    aux: str
    rest: str


def asks_several(question: str) -> bool:
    """Whether a question asks more than one thing, so that nobody can tell to which a follow-up belongs."""
    return "?" in question.rstrip("?.! ") or len(parts(question)) > 1 or FURTHER.search(question) is not None


def frame(question: str) -> Frame | None:
    """The parts of a question that asks one thing; None where it cannot be taken apart."""
    plainly = question.strip().rstrip("?.! ")
    if asks_several(question):
        return None
    for pattern, kind in ((YES_NO, "yes"), (ADVERB, "adverb"), (WHICH_NOUN, "noun")):
        found = pattern.fullmatch(plainly)
        if found:
            wh, aux, rest = found["wh"], found["aux"].lower(), found["rest"]
            settled = _kind(wh, aux, rest) if kind == "noun" else kind
            return Frame(settled, wh, aux, rest) if settled else None  # type: ignore[arg-type]
    return None


def _kind(wh: str, aux: str, rest: str) -> str:
    """Whether question words with a noun ask for the object or the subject; "" where that is not sure."""
    if aux in DO:
        return "object"
    if SUBJECT.match(f"{rest} "):
        return "object" if " " in wh else ""
    first = rest.split(" ", 1)[0]
    return "subject" if aux in {"is", "are", "was", "were"} and PARTICIPLE.fullmatch(first) else ""


def asking(words: str) -> bool:
    """Whether a follow-up is no more than question words that can lead another question."""
    found = ASKING.fullmatch(words)
    return found is not None and (not found["scale"] or found["scale"].lower() in listed("scales"))


def led(words: str, one: Frame, named: str) -> str:
    """The question of a frame led by other question words; "" where it cannot be put. `named` is what the frame asks for."""
    if words.lower() == "why not":
        return _why_not(one)
    lead = words[:1].upper() + words[1:].lower()
    if one.kind in {"yes", "adverb"}:
        return f"{lead} {one.aux} {one.rest}?"
    filler = named or pointing(one.wh)
    if one.kind == "subject":
        return f"{lead} {one.aux} {filler} {one.rest}?" if filler else ""
    rest = filled(one.rest, filler or "that")
    return f"{lead} {one.aux} {rest}?" if rest else ""


def _why_not(one: Frame) -> str:
    if one.kind != "yes" or one.aux in {"may", "might", "must"}:
        return ""
    return f"Why {NEGATED.get(one.aux, f'{one.aux}n' + chr(39) + 't')} {one.rest}?"


def pointing(wh: str) -> str:
    """What question words ask for, as something known: "which dose of torsemide" as "that dose of torsemide"."""
    low = wh.lower()
    for asked, instead in (("how many ", "that many "), ("how much ", "that much ")):
        if low.startswith(asked):
            return instead + wh[len(asked) :]
    _, _, noun = wh.partition(" ")
    head = re.split(r" (?:of|for|in|on|at) ", noun)[0].rsplit(" ", 1)[-1].lower()
    return f"{'those' if plain(head) != head else 'that'} {noun}" if noun else ""


def plural(wh: str) -> str:
    """What question words ask for where it is several: "which labs" as "the labs"; else ""."""
    told = pointing(wh)
    return f"the {told.removeprefix('those ')}" if told.startswith("those ") else ""


def filled(rest: str, filler: str) -> str:
    """The rest of a question with its object put in, behind a preposition at the end, else behind the verb; "" without one."""
    if LAST.search(rest):
        return f"{rest} {filler}"
    subject = SUBJECT.match(f"{rest} ")
    words = rest.split(" ")
    at = (
        len(subject[0].split(" "))
        if subject
        else next((n for n, word in enumerate(words) if n and word.lower() in listed("verbs")), 0)
    )
    return " ".join((*words[: at + 1], filler, *words[at + 1 :])) if 0 < at < len(words) else ""
