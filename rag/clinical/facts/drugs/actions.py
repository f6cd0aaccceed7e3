"""What was done with which drug: the verb's object, its subject, the two sides of a switch, the head of a list."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from rag.clinical.facts.drugs.marks import Action, Dose, Mark
from rag.clinical.facts.drugs.owners import BREAK, WORD, only
from rag.clinical.facts.drugs.reaches import Reach
from rag.rules import rules

OBJECT = re.compile(r"(?:\d[).] |[\w\s'’:*/&@~+–—-]|\.(?=\w))*")
LIST = re.compile(r"(?:[\w\s'’,:()\[\]*/&+@~–—-]|\.(?=\w))*")
SUBJECT = re.compile(r"[\w\s'’,:()*/–—-]*")
BARE = re.compile(r"[\s:(\[*–—-]*")
BE = re.compile(r"\b(?:is|was|were|are|be|been|being|has|have|had)\b", re.IGNORECASE)
AUXILIARY = re.compile(r"\b(?:to|will|should|can|may|must|would|could|is|was|now|currently|please)\b", re.IGNORECASE)
PLURAL = re.compile(r"\b(?:were|are|have|both)\b", re.IGNORECASE)
PAST = re.compile(r"(?:ed|en|un|gan|ld|'d|ut|ept|drew|drawn|ght|changed|hold|ing)$", re.IGNORECASE)
FOLLOWING = re.compile(
    r"\s*(?:[.,;:)\]\n]|$|(?:until|till|for|on|at|to|by|with|per|if|now|as|once|today|tomorrow|in|and|or|due|pending|after|before|from"
    r"|last|this|yesterday|recently|because|since|when|while|given|during|prior|ago|but|back|up|down|every|twice|daily|again|unless"
    r"|secondary|earlier|over|slowly|gradually|only|then|at this time|post|pre|unchanged|without)\b|\d)",
    re.IGNORECASE,
)
END_OF_LINE = re.compile(r"[ \t]*\n")
PRONOUN = re.compile(
    r"\b(?:it|this|that|which|dose|dosage|medication|medicine|drug|these|they|them)(?:\s+(?:then|also|now|later|subsequently))?"
    r"\s+(?:is|was|were|are|has been|had been|have been|will be|should be|can be|to be|be|being|is being|was being)"
    r"(?:\s+(?:then|also|now|later|subsequently|temporarily|just|recently|only))?\s*$",
    re.IGNORECASE,
)
PRONOUN_AFTER = re.compile(
    r"\s+(?:taking |using |on )?(?:it|this|that|them|the (?:dose|medication|medicine|drug))\b", re.IGNORECASE
)
SIDE = re.compile(r"\b(to|with|by|for|from|off|instead of|over to|into)\s*$", re.IGNORECASE)
OF_NONE = re.compile(
    r"(?:\s+(?:the|all|his|her|their|your|any|these|those|this|that|home|other|current|usual|regular|taking|of|on|same|with|to|take)){0,4}"
    r"\s+(?:medications?|medicines?|meds|drugs?|inhalers?|pills?)\b",
    re.IGNORECASE,
)


@cache
def _light() -> frozenset[str]:
    return frozenset(rules("facts_drugs")["light"])


@cache
def _listing() -> frozenset[str]:
    return _light() | {"and", "or", "plus", "as", "well"}


def acted(text: str, reach: Reach, marks: Sequence[Mark], heading: str, carried: Mark | None) -> list[Mark]:
    """The marks of a stretch with an action for every drug that it is done with, in place of the verbs alone."""
    result: list[Mark] = []
    for at, mark in enumerate(marks):
        if mark.kind != "action":
            result.append(mark)
            continue
        result += _switched(text, marks, at) if _is(mark, "switched") else _done(text, reach, marks, at, carried)
    told = {id(mark.drug) for mark in result if mark.kind == "action"}
    result += _stepped(marks, told)
    if heading:
        for drug in [one for one in marks if one.kind == "drug" and id(one) not in told]:
            result.append(_act(drug, heading, drug))
    return sorted(result, key=lambda mark: (mark.start, mark.end))


def _is(mark: Mark, action: str) -> bool:
    return isinstance(mark.fact, Action) and mark.fact.action == action


def _act(mark: Mark, action: str, drug: Mark | None) -> Mark:
    fact = Action(start=mark.start, end=mark.end, action=action)
    return Mark("action", mark.start, mark.end, fact, last=mark.end, drug=drug, bound=True)


def _done(text: str, reach: Reach, marks: Sequence[Mark], at: int, carried: Mark | None) -> list[Mark]:
    mark = marks[at]
    assert isinstance(mark.fact, Action)
    action = mark.fact.action
    whose = _objects(text, marks, at) or _subjects(text, marks, at) or _referred(text, marks, at, carried)
    if not whose:
        whose = _dosed(text, marks, at)
    if not whose and reach.cells:
        cell = next((start for _, start, end in reach.cells if start <= mark.start < end), mark.start)
        if mark.start - cell <= 2 or PAST.search(text, mark.start, mark.end):
            whose = [one for one in marks if one.kind == "drug"][:1]
    if not whose and OF_NONE.match(text, mark.end):
        return [_act(mark, action, None)]
    return [_act(mark, action, drug) for drug in whose]


def _dosed(text: str, marks: Sequence[Mark], at: int) -> list[Mark]:
    """The drug of the dose behind a verb: "skip warfarin tonight, restart at 2 mg"."""
    after = marks[at + 1] if at + 1 < len(marks) else None
    if after and after.kind == "dose" and after.drug and only(text, marks[at].end, after.start, _light(), OBJECT):
        return [after.drug]
    return []


def _objects(text: str, marks: Sequence[Mark], at: int) -> list[Mark]:
    """The drugs that follow a verb with nothing but light words between, and those listed with the first."""
    found: list[Mark] = []
    verb, end = marks[at], marks[at].end
    line = text[text.rfind("\n", 0, verb.start) + 1 : verb.start]
    if line.strip() and PAST.search(text, verb.start, end) and END_OF_LINE.match(text, end):
        return []  # The next line begins something else.
    for mark in marks[at + 1 :]:
        if mark.start >= end:
            words, signs = (_listing(), LIST) if found else (_light(), OBJECT)
            if not only(text, end, mark.start, words, signs) or "\n\n" in text[end : mark.start]:
                break
        if mark.kind == "action":
            break
        if mark.kind == "drug":
            if found and _another_item(text, marks, found[-1], mark, marks[at]):
                break
            found.append(mark)
        end = max(end, mark.last if mark.kind == "drug" else mark.end)
    return [] if found and _an_effect(text, marks, at) else found


def _an_effect(text: str, marks: Sequence[Mark], at: int) -> bool:
    """Whether "increases" says what one drug does to the other: "clarithromycin increases digoxin"."""
    verb = marks[at]
    before = marks[at - 1] if at else None
    bare = not PAST.search(text, verb.start, verb.end)
    return bool(
        before and before.kind == "drug" and bare and (_is(verb, "increased") or _is(verb, "decreased"))
        and only(text, before.last, verb.start, frozenset({"may", "can", "also", "will"}), SUBJECT)
        and "," not in text[before.last : verb.start] and ":" not in text[before.last : verb.start]
    )  # fmt: skip


def _another_item(text: str, marks: Sequence[Mark], one: Mark, two: Mark, verb: Mark) -> bool:
    """Whether a drug with a dose behind a comma begins something else: "stop morphine, oxycodone 5 mg at night"."""
    ended = _is(verb, "stopped") or _is(verb, "held") or _is(verb, "avoided")
    if not ended or not text[one.last : two.start].rstrip().endswith(","):
        return False
    dosed = {id(mark.drug) for mark in marks if mark.kind == "dose"}
    return id(two) in dosed and id(one) not in dosed


def _subjects(text: str, marks: Sequence[Mark], at: int) -> list[Mark]:
    """The drug that stands before a verb: "metoprolol was increased", "metformin - held", "aspirin and Plavix were stopped"."""
    verb, start = marks[at], marks[at].start
    found: list[Mark] = []
    said = ""
    for mark in reversed(marks[:at]):
        if mark.kind == "action":
            break
        behind = mark.last if mark.kind == "drug" else mark.end
        if behind < start:
            words, signs = (_listing(), LIST) if found else (_light(), SUBJECT)
            if not only(text, behind, start, words, signs) or (found and not PLURAL.search(said)):
                break
        said = text[behind:start] + said if not found else said
        if mark.kind == "drug":
            if not found and not _predicates(text, verb, said):
                break
            found.append(mark)
        start = min(start, mark.start)
    return found


def _predicates(text: str, verb: Mark, before: str) -> bool:
    """Whether a verb behind a drug says what was done with it: a participle, or a bare word behind a dash or an auxiliary."""
    follows = bool(FOLLOWING.match(text, verb.end))
    if PAST.search(text, verb.start, verb.end):
        return bool(BE.search(before)) or follows
    return follows and ((bool(BARE.fullmatch(before)) and bool(before.strip())) or bool(AUXILIARY.search(before)))


def _referred(text: str, marks: Sequence[Mark], at: int, carried: Mark | None) -> list[Mark]:
    """The one drug of the sentence, or of the one before, that "it" or "the dose" means."""
    verb = marks[at]
    stepped = _is(verb, "increased") or _is(verb, "decreased")
    if not PRONOUN.search(text, max(0, verb.start - 60), verb.start) and (stepped or not PRONOUN_AFTER.match(text, verb.end)):
        return []
    before = [one for one in marks[:at] if one.kind == "drug"]
    names = {one.name for one in before}
    if len(names) == 1:
        return before[-1:]
    return [carried] if not any(one.kind == "drug" for one in marks) and carried else []


def _switched(text: str, marks: Sequence[Mark], at: int) -> list[Mark]:
    """A switch is a start of what is taken from then on and a stop of what is not, wherever each of them stands."""
    verb = marks[at]
    sides: list[tuple[str, Mark]] = []
    end = verb.end
    for mark in marks[at + 1 :]:
        if mark.kind == "action" or BREAK.search(text[end : mark.start]):
            break
        if mark.kind == "drug":
            sides.append((_side(text, end, mark.start), mark))
        end = max(end, mark.end)
    onto = [mark for side, mark in sides if side in ("to", "with", "by", "over to", "into")]
    away = [mark for side, mark in sides if side in ("from", "off", "for", "instead of")]
    plain = [mark for side, mark in sides if not side and only(text, verb.end, mark.start, _light(), OBJECT)][:1]
    subjects = _subjects(text, marks, at)[:1]
    if onto:
        return [_act(verb, "started", onto[0]), *(_act(verb, "stopped", one) for one in away or plain or subjects)]
    if away and subjects:
        return [_act(verb, "stopped", away[0]), _act(verb, "started", subjects[0])]
    if away:
        return [_act(verb, "stopped", away[0])]
    if text[verb.start : verb.end].lower().startswith(("replac", "substitut")) and plain:
        return [_act(verb, "stopped", plain[0]), *(_act(verb, "started", one) for one in subjects)]
    return [_act(verb, "switched", one) for one in plain or subjects]


def _side(text: str, start: int, end: int) -> str:
    words = list(WORD.finditer(text, start, end))
    while words and words[-1][0].lower() in _light() - {"to", "with", "by", "for", "from", "off", "of"}:
        end = words.pop().start()
    found = SIDE.search(text, start, end)
    return found[1].lower() if found else ""


def _stepped(marks: Sequence[Mark], told: set[int]) -> list[Mark]:
    """A dose that another takes the place of is increased or decreased, also where no verb says so."""
    found = []
    for one, two in pairwise([mark for mark in marks if mark.kind == "dose"]):
        if one.former == two.former or id(two.drug) in told or one.drug is not two.drug:
            continue
        if isinstance(one.fact, Dose) and isinstance(two.fact, Dose) and one.fact.unit in (two.fact.unit, ""):
            before, after = (one.fact, two.fact) if one.former else (two.fact, one.fact)
            if before.amount != after.amount:
                action = "increased" if after.amount > before.amount else "decreased"
                found.append(_act(replace(one, end=two.end), action, two.drug))
    return found
