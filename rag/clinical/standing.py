"""Standing: which editions are in force, since when, and what replaces the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rag.clinical.editions import edition_of, is_work
from rag.clinical.stamps import State, state_of
from rag.clinical.works import Work, alike, followed_by, later, named_by, pairs, same_work, work
from rag.values import Document

STATUSES = {"draft": "draft", "superseded": "superseded", "cancelled": "withdrawn", "entered in error": "entered in error"}
TABLES = ("table", "workbook")
WORKS = ("policy", "guideline", "formulary")
OF_PATIENTS = ("superseded", "cancelled", "entered in error")
AHEAD = 3
"""Years; who dates a policy later than that has shifted the dates."""
GONE = ("withdrawn", "retired", "archived", "expired")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an edition is in force, and if not, why.

    `by` is the name of the document that replaces it, `since` the day from which this edition counts, `label` what it is called
    ("2021 edition", "version 3"); `reason` says it in words.
    """

    in_force: bool
    by: str = ""
    since: str | None = None
    reason: str = ""
    label: str = ""


def standing(documents: Iterable[Document], today: str | None = None) -> dict[str, Standing]:
    """The standing of every document that has an edition or a day of effect, or says that it is a draft or no longer counts.

    Without `today` it is the day of the calendar, or the newest date of a document that is no edition where that lies later:
    dates of de-identified documents are shifted. Documents of a patient have no editions; their status may take them out.
    """
    every = tuple(documents)
    states = {one.name: _state(one) for one in every}
    works = _known(every, states)
    followers = _followers(works, states)
    now = today or max([date.today().isoformat(), *(one.date for one in every if one.date and not one.effective)])
    days = {one.document.name: now for one in works} if today else _days(works, states, followers, now)
    found = {one.document.name: _standing(one.document, states, followers, days[one.document.name]) for one in works}
    for one in every:
        if one.name not in found and states[one.name].state:
            found[one.name] = Standing(False, reason=states[one.name].state)
    return found


def _days(works: Sequence[Work], states: dict[str, State], followers: dict[str, list[Document]], now: str) -> dict[str, str]:
    """The day on which each edition is looked at: this one, unless the dates of its work are shifted.

    They are where every edition begins years ahead, for nobody publishes a policy so early; then the newest one counts. Where
    an edition says that it no longer counts, the next one has begun.
    """
    effective = {one.document.name: one.document.effective for one in works if one.document.effective}
    limit = f"{int(now[:4]) + AHEAD}{now[4:]}"
    family: dict[str, set[str]] = {}
    begun: dict[str, str] = {}
    for name in (one.document.name for one in works):
        state, own = states[name], {name, *(new.name for new in followers.get(name, []))}
        for member in own:
            family.setdefault(member, set()).update(own)
        if state.state in ("superseded", *GONE) and (not state.since or state.since > limit):
            first = effective.get(followers[name][0].name, now) if name in followers else now
            begun |= {member: max(begun.get(member, now), first, state.since or now) for member in own}
    result: dict[str, str] = {}
    for name, members in family.items():
        begins = [effective[member] for member in members if member in effective]
        result[name] = max(begins) if begins and min(begins) > limit else begun.get(name, now)
    return result


def superseded(documents: Iterable[Document]) -> dict[str, str]:
    """Each document that a later edition replaces, with the name of that edition.

    Editions belong together where they have the same type and the same title but for year and edition, or the same file name
    but for these (and the same document number, where both carry one); the next later effective date or edition replaces, but
    no draft does. A line such as "Replaces: AB-001" or "Superseded by AB-002" links titles that differ. Documents of a patient
    have no editions.
    """
    every = tuple(documents)
    states = {one.name: _state(one) for one in every}
    return {old: new[0].name for old, new in _followers(_known(every, states), states).items()}


def in_force(documents: Iterable[Document], today: str) -> set[str]:
    """The names of the documents that count on that day: in force by then, and not replaced by an edition in force by then.

    A document without an effective date counts as in force, unless it says of itself that it does not.
    """
    every = tuple(documents)
    found = standing(every, today)
    return {one.name for one in every if one.name not in found or found[one.name].in_force}


def is_rule(document: Document) -> bool:
    """Whether a document that is of no patient states rules for everybody: a policy, a guideline, an edition of a work."""
    return document.type in WORKS or bool(document.edition) or is_work(document.title, document.text, document.name)


def _state(document: Document) -> State:
    """What a document says of itself, by its text or the status that was read off it."""
    status = STATUSES.get(document.status, "")
    if document.patient:
        return State(status if document.status in OF_PATIENTS else "")
    if document.format in TABLES or not (document.effective or is_rule(document)):
        return State(status)
    said = state_of(document.title, document.text, document.name, _beside(document))
    return said if said.state else State(status)


def _beside(document: Document) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind in ("header", "footer")]


def _known(documents: Iterable[Document], states: dict[str, State]) -> list[Work]:
    return [work(one) for one in documents if not one.patient and (one.edition or one.effective or states[one.name].state)]


def _followers(works: Sequence[Work], states: dict[str, State]) -> dict[str, list[Document]]:
    """For each document the later editions of its work, the next one first; drafts follow nothing."""
    found: dict[str, dict[str, Document]] = {}
    for one, two in pairs(works):
        for new, old in ((one.document, two.document), (two.document, one.document)):
            if states[new.name].state != "draft" and same_work(one, two) and (later(new, old) or _gives_way(old, new, states)):
                found.setdefault(old.name, {})[new.name] = new
    for one in works:
        for old in named_by(one, works) if states[one.document.name].state != "draft" else ():
            found.setdefault(old.name, {}).setdefault(one.document.name, one.document)
        for new in followed_by(one, works):
            found.setdefault(one.document.name, {}).setdefault(new.name, new)
    named = {one.document.name: one.document for one in works}
    for name, new_ones in found.items():
        for other in [other for other in new_ones if name in found.get(other, {})]:
            if not later(named[other], named[name]):
                del new_ones[other]  # Of two that each claim to replace the other the later one does.
    by_name = {one.document.name: one for one in works}
    return {name: _in_order(by_name[name], [by_name[new] for new in new_ones]) for name, new_ones in found.items() if new_ones}


def _gives_way(old: Document, new: Document, states: dict[str, State]) -> bool:
    """Whether a document that says it no longer counts gives way to one of the same work that does not say when it began."""
    return bool(states[old.name].state in ("superseded", *GONE)) and not states[new.name].state and not later(old, new)


def _in_order(old: Work, works: list[Work]) -> list[Document]:
    """Editions from the first to the last; of those that cannot be compared the one last whose names are most like the old."""
    ordered: list[Document] = []
    for one in sorted(works, key=lambda one: (alike(old, one), one.document.name)):
        at = next((place for place, other in enumerate(ordered) if later(other, one.document)), len(ordered))
        ordered.insert(at, one.document)
    return ordered


def _standing(document: Document, states: dict[str, State], followers: dict[str, list[Document]], day: str) -> Standing:
    kind = "policy" if document.type != "other" else "other"
    text = "" if document.format in TABLES else document.text
    edition = edition_of(kind, document.title, text, document.name, _beside(document))
    label = edition.label if edition.number == document.edition else _label(document.edition)
    label = label or (f"edition of {document.effective}" if document.effective else "")
    state, since = states[document.name], document.effective
    later_ones = followers.get(document.name, [])
    begun = [new for new in later_ones if not new.effective or new.effective <= day]
    counting = [new for new in begun if states[new.name].state not in ("draft", "superseded", *GONE)] or begun
    coming = next((new for new in later_ones if new.effective and new.effective > day), None)
    over = bool(state.state) and (not state.since or state.since <= day)
    if state.state == "draft":
        return Standing(False, "", since, "draft", label)
    if counting:
        by = counting[-1]
        own = f"{_ended(state)}; " if over and state.state != "superseded" else ""
        said = f"superseded by {by.name}" + (f", in force since {by.effective}" if by.effective else "")
        return Standing(False, by.name, since, own + said, label)
    if over and coming:
        return Standing(False, coming.name, since, f"{_ended(state)}; {coming.name} in force from {coming.effective}", label)
    if over:
        said = f" by {state.by}" if state.by and state.state == "superseded" else ""
        return Standing(False, "", since, _ended(state) + said, label)
    if edition.until and edition.until < day:
        return Standing(False, "", since, f"expired on {edition.until}", label)
    if since and since > day:
        return Standing(False, "", since, f"not in force before {since}", label)
    reason = f"in force since {since}" if since else "in force"
    return Standing(True, "", since, f"{reason}, until {coming.name} on {coming.effective}" if coming else reason, label)


def _ended(state: State) -> str:
    return f"{state.state} on {state.since}" if state.since else state.state


def _label(edition: str) -> str:
    return f"{edition} edition" if edition.isdigit() and len(edition) == len("2024") else f"edition {edition}" if edition else ""
