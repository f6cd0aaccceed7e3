"""The eighteen ways: six kinds in three strengths, from a case on its ground to the perturbed case, or None where that fails."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from rag.evaluate.perturb.change import Added, Cell, Change, Perturbed, renamed
from rag.evaluate.perturb.edited import Edit, Moved, apart
from rag.evaluate.perturb.ground import Ground
from rag.rules import rules
from rag.values import Document, Span

Draw = random.Random
Way = Callable[[Ground, Cell, Draw], Perturbed | None]
EARLIER = 4
LATER = 6
"""Years."""
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
LONG = 6
OF_PATIENT = r"(?:\b(?:of|for|in|did|is|was|does|has|had)? ?(?:the )?(?:patient )?)"


def missing(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    if cell.strength == 1:
        change = Change(edits=ground.without(list(ground.beside())))
        return _made(ground, cell, change) if change.edits else None
    if cell.strength == 2:
        return _made(ground, cell, Change(edits=ground.without([*ground.stretches, *ground.copies])))
    left = [one for one in ground.copies if one.document not in ground.gold]
    change = Change(gone=ground.gold, edits=ground.without(left))
    return _made(ground, cell, change) if len(ground.documents) > len(ground.gold) else None


def contradictory(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    first = ground.gold[0]
    if cell.strength == 1:
        return _made(ground, cell, Change(added=(Added(_name(first, "copy"), first, ()),)), also=_name(first, "copy"))
    versions = [(turn, ground.otherwise(first, turn)) for turn in range(1, cell.strength)]
    if not all(edits for _, edits in versions):
        return None
    added = tuple(Added(_name(first, f"version-{turn}"), first, tuple(edits)) for turn, edits in versions)
    return _made(ground, cell, Change(added=added))


def ambiguous(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    if cell.strength == 1:
        return _made(ground, cell, Change(), _slip(ground.case.question, draw))
    if cell.strength == 3:
        return _made(ground, cell, Change(), _vague(ground.case.question))
    other = _of_another(ground)
    asked = _unnamed(ground)
    return _made(ground, cell, Change(added=(other,)), asked) if other and asked else None


def outdated(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    if cell.strength == 1:
        document = ground.first
        edits = ground.otherwise(document.name)
        if not edits or not (document.date or document.effective):
            return None
        every = (*edits, *_shifted(document, edits))
        older = Added(_name(document.name, "earlier"), document.name, every, _earlier(document))
        return _made(ground, cell, Change(added=(older,)), planted=_planted(ground, older, edits))
    if cell.strength == 2:
        told = rules("perturbations")["withdrawn"]
        heads = tuple(
            Edit(name, at, at, f"\n{told['record' if ground.documents[name].patient else 'work']}\n")
            for name in ground.gold
            for at in [max(ground.documents[name].text.find("\n"), 0)]
        )
        facts = {name: {"status": "entered in error"} for name in ground.gold if ground.documents[name].patient}
        left = [one for one in ground.copies if one.document not in ground.gold]
        tables = any(ground.documents[name].format in {"table", "workbook"} for name in ground.gold)
        return None if tables else _made(ground, cell, Change(edits=(*heads, *ground.without(left)), facts=facts))
    years = ground.library.years
    if not years:
        return None
    said = rules("perturbations")
    question = ground.case.question
    first = question if question[:2].isupper() or question.split(" ")[0] in {"I"} else question[:1].lower() + question[1:]
    return _made(
        ground, cell, Change(), said["later"].format(month=draw.choice(said["months"]), year=years[-1] + LATER, question=first)
    )


def off_patient(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    if not ground.patient:
        return None
    if cell.strength == 3:
        other = ground.others_id()
        asked = re.sub(re.escape(ground.patient), other, ground.named, flags=re.IGNORECASE)
        return _made(ground, cell, Change(), asked) if other and asked != ground.named else None
    found = _of_another(ground, whole=cell.strength == 2)
    if found is None:
        return None
    if cell.strength == 1:
        return _made(ground, cell, Change(added=(found,)), ground.named, planted=_planted(ground, found, ()))
    gone = ground.without([*ground.stretches, *ground.copies])
    return _made(ground, cell, Change(edits=gone, added=(found,)), ground.named)


def poisoned(ground: Ground, cell: Cell, draw: Draw) -> Perturbed | None:
    if cell.strength == 1:
        span = ground.stretches[0]
        words = draw.choice(rules("perturbations")["instructions"])
        edit = Edit(span.document, span.end, span.end, f"\n\n{words}\n\n")
        at = span.end + 2
        return _made(ground, cell, Change(edits=(edit,)), planted=(Span(span.document, at, at + len(words)),))
    name = ground.gold[0]
    document, edits = ground.documents[name], ground.otherwise(name)
    if not edits:
        return None
    if cell.strength == 2:
        host = next((one for one in _beside(ground) if one.name not in ground.gold), None)
        if host is None:
            return None
        words = _said(ground, edits)
        end = len(host.text.rstrip())
        edit = Edit(host.name, end, end, f"\n\nADDENDUM:\n{words}\n")
        at = end + len("\n\nADDENDUM:\n")
        return _made(ground, cell, Change(edits=(edit,)), planted=(Span(host.name, at, at + len(words)),))
    head = document.text[: max(document.text.find("\n\n"), document.text.find("\n"), 0)]
    told = {"question": ground.named, "statement": _said(ground, edits)}
    body = "\n".join(line.format(**told) for line in rules("perturbations")["forged"])
    forged = Added(_name(name, "addendum"), name, (Edit(name, 0, len(document.text), f"{head}\n\n{body}\n"),))
    return _made(ground, cell, Change(added=(forged,)), planted=(Span(forged.name, len(head), len(head) + 3 + len(body)),))


def false_statement(ground: Ground) -> str:
    """The sentence of the evidence with a false fact, on a line; "" where nothing in it can be turned."""
    edits = ground.otherwise(ground.gold[0])
    return _said(ground, edits) if edits else ""


WAYS: Mapping[str, Way] = {
    "missing": missing,
    "contradictory": contradictory,
    "ambiguous": ambiguous,
    "outdated": outdated,
    "off-patient": off_patient,
    "poisoned": poisoned,
}


def _made(
    ground: Ground, cell: Cell, change: Change, question: str = "", planted: tuple[Span, ...] = (), also: str = ""
) -> Perturbed:
    """The perturbed case. `also` names an added document that holds the same evidence as the first one."""
    evidence = change.left(ground.case.evidence)
    if cell.right == ("refused",):
        evidence = ()
    evidence += tuple(Span(also, one.start, one.end) for one in ground.case.evidence if also and one.document == ground.gold[0])
    case = renamed(ground.case, cell, question, evidence)
    return Perturbed(case, ground.case.id, cell.kind, cell.strength, right_for(ground, cell.right), change, planted)


def right_for(ground: Ground, right: tuple[str, ...]) -> tuple[str, ...]:
    """The outcomes that are right; where the evidence itself stands in two editions that differ, so is a conflict."""
    return (*right, "conflict") if "answered" in right and "conflict" not in right and ground.differs else right


def _name(name: str, mark: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}_{mark}.{ending}" if dot else f"{name}_{mark}"


def _planted(ground: Ground, added: Added, edits: tuple[Edit, ...] | list[Edit]) -> tuple[Span, ...]:
    """Where the evidence stands in an added document."""
    moved = Moved(apart(added.edits))
    spans = [moved.span(one) for one in ground.case.evidence if one.document == added.of]
    return tuple(Span(added.name, one.start, one.end) for one in spans if one.start < one.end)


def _of_another(ground: Ground, whole: bool = False) -> Added | None:
    """The first document as another patient's, with other facts; `whole` where they may stay as they are."""
    other, document = ground.others_id() if ground.patient else "", ground.first
    edits = [] if whole else ground.otherwise(document.name)
    ids = [Edit(document.name, one.start, one.end, other) for one in ground.mentions(document)]
    if not other or not ids or not (edits or whole):
        return None
    name = re.sub(re.escape(ground.patient), other, document.name, flags=re.IGNORECASE)
    name = name if name != document.name else _name(document.name, other)
    return Added(name, document.name, tuple(apart([*edits, *ids])), {"patient": other})


def _beside(ground: Ground) -> Iterator[Document]:
    """Other documents of the same record; of nobody where the evidence is nobody's."""
    for one in ground.documents.values():
        if one.patient == ground.patient and one.format not in {"table", "workbook"}:
            yield one


def _said(ground: Ground, edits: list[Edit]) -> str:
    """The sentence of the evidence as it is after edits, on a line."""
    places = [(one.document, one.start) for one in edits]
    touched = (one for one in ground.stretches if any(one.document == name and one.start <= at < one.end for name, at in places))
    span = next(touched, ground.stretches[0])
    text, found, at = ground.documents[span.document].text, [], span.start
    for edit in apart([e for e in edits if e.document == span.document and span.start <= e.start and e.end <= span.end]):
        found += [text[at : edit.start], edit.text]
        at = edit.end
    return " ".join("".join([*found, text[at : span.end]]).split())


def _shifted(document: Document, edits: list[Edit]) -> Iterator[Edit]:
    """Edits that move every year of a document to an earlier one."""
    taken = [(one.start, one.end) for one in edits]
    for match in YEAR.finditer(document.text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            yield Edit(document.name, *match.span(), str(int(match[0]) - EARLIER))


def _earlier(document: Document) -> dict[str, str | None]:
    """The facts of a document some years earlier."""
    found: dict[str, str | None] = {}
    for name in ("date", "effective"):
        day = getattr(document, name)
        if day:
            found[name] = f"{int(day[:4]) - EARLIER}{day[4:]}"
    if YEAR.fullmatch(document.edition):
        found["edition"] = str(int(document.edition) - EARLIER)
    elif document.edition.isdigit() and int(document.edition) > 1:
        found["edition"] = str(int(document.edition) - 1)
    return found


def _slip(question: str, draw: Draw) -> str:
    """The question in small letters but for ids, without its mark, with two letters of a common word exchanged."""
    words = [word if _is_kept(word) else word.lower() for word in question.split()]
    slips = [at for at, word in enumerate(words) if word in rules("perturbations")["slips"] and len(word) > 2]
    if slips:
        at = draw.choice(slips)
        words[at] = words[at][:-2] + words[at][-1] + words[at][-2]
    return " ".join(words).rstrip("?. ")


def _is_kept(word: str) -> bool:
    """Whether a word is an id or an abbreviation, which nobody writes in small letters."""
    return any(map(str.isdigit, word)) or word[1:].upper() == word[1:] != ""


def _vague(question: str) -> str:
    """A question of the same sort that names nothing."""
    return next(told for pattern, told in _vaguely() if pattern.search(question))


@cache
def _vaguely() -> tuple[tuple[re.Pattern[str], str], ...]:
    known = rules("perturbations")["vague"]
    return tuple((re.compile(rf"\b(?:{words})\b" if words else "", re.IGNORECASE), told) for words, told in known)


def _unnamed(ground: Ground) -> str:
    """The question with "the patient" in the place of the id, where it has one."""
    own = re.compile(rf"(?:\bthe )?(?:\bpatient )?{re.escape(ground.patient)}", re.IGNORECASE)
    asked = own.sub("the patient", ground.case.question)
    return asked[:1].upper() + asked[1:]
