"""Decisions: what a person decides about the documents that wait, and the record of it."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from sqlalchemy import select

from rag.documents.change import Change
from rag.documents.entry import FINDINGS, Entry
from rag.documents.files import content_of
from rag.documents.screen.redact import Rewritten, redacted, with_surrogates
from rag.documents.shelf import Shelf
from rag.errors import SettingProblem
from rag.keep.records import Records
from rag.keep.tables import decisions
from rag.values import Document, Finding

Decision = Literal["release", "reject", "redact", "surrogates"]
SECRET = "secret"
SHORTEST = 3  # Letters of a word that say nobody's name.
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Decided:
    """A line of the record of decisions. `findings` are kinds, types, rules and offsets; never text."""

    at: float
    who: str
    document: str
    decision: str
    findings: tuple[Finding, ...]
    threshold: float


class Decisions:
    """The decisions about the documents of a shelf."""

    def __init__(self, shelf: Shelf, records: Records, project: str) -> None:
        self._shelf, self._records, self._project = shelf, records, project

    def make(self, names: Sequence[str], decision: Decision, who: str, keep_original: bool = False) -> tuple[Entry, ...]:
        """What a person decides about documents: release, reject (remove), or replace identifiers, then screen again.

        All of it is done or, where something fails, nothing. Returns the entries as they are now, without the rejected ones.
        Raises SettingProblem for an unknown decision, a missing name of the person, or a document that is not there.
        """
        if decision not in get_args(Decision):
            raise SettingProblem(f"No decision {decision!r}. Allowed: {', '.join(get_args(Decision))}.")
        if not who.strip():
            raise SettingProblem("Nobody is named as the one who decides. Give a name or initials.")
        found = [(name, self._shelf.entry(name)) for name in dict.fromkeys(names)]
        missing = [name for name, entry in found if entry is None]
        if missing:
            raise SettingProblem(f"{missing[0]} is not on the shelf. Choose among the documents that are there.")
        entries = [entry for _, entry in found if entry]
        if decision != "release":
            self._shelf.forget(*(entry.document.name for entry in entries))  # First, since it may fail: then all is as it was.
        with self._shelf.changing(decision, *(entry.known_as for entry in entries), who=who.strip()) as change:
            gone = [entry.document.name for entry in entries if not change.is_still(entry)]
            if gone:
                raise SettingProblem(f"{gone[0]}: somebody else changed it or decided about it meanwhile. Look at it again.")
            after = [self._decided(entry, decision, who.strip(), keep_original, change) for entry in entries]
        return tuple(entry for name in after if name and (entry := self._shelf.entry(name)))

    def all(self) -> tuple[Decided, ...]:
        """The record of decisions, the newest first."""
        made = decisions.c
        query = select(made.at, made.who, made.document, made.decision, made.findings, made.threshold)
        rows = self._records.rows(query.where(made.project == self._project).order_by(made.at.desc(), made.id.desc()))
        return tuple(Decided(at, who, name, what, FINDINGS.validate_json(found), low) for at, who, name, what, found, low in rows)

    def _decided(self, entry: Entry, decision: Decision, who: str, keep_original: bool, change: Change) -> str:
        """Writes one decision; returns the name of the document from here on, "" where it is gone."""
        name, screen = entry.document.name, self._shelf.screen
        change.record(entry, decision, screen.threshold)
        if decision == "reject":
            change.remove(name, entry.known_as)
            return ""
        if decision == "release":
            change.release(name, decision)
            return name
        rewritten = self._without_identifiers(entry, decision, change)
        place = self._shelf.place(name) if keep_original else ""
        if not keep_original:  # Even where other documents of an archive lie in it.
            change.part(name)
        change.remove(name, entry.known_as, rewritten.document)
        after = replace(self._shelf.screened(rewritten.document), decision=decision, who=who, at=change.at)
        content = content_of(after.document.text.encode("utf-8", "surrogatepass"))
        change.store(after, content, place, screen.key())
        left = [one for one in after.findings if one.score >= screen.threshold and not rewritten.ours(one)]
        if not left and not after.released:
            change.release(after.document.name, decision)
        return after.document.name

    def _without_identifiers(self, entry: Entry, decision: Decision, change: Change) -> Rewritten:
        document = entry.document
        if entry.is_named_by_identifier:
            document = _renamed(document)
        if decision == "redact":
            return redacted(document, entry.findings)
        return with_surrogates(document, entry.findings, _secret(change))


def _renamed(document: Document) -> Document:
    """The document under a name that says nothing, without what its title and warnings took from the name it had."""
    old, new = Path(document.name), f"document-{document.key[:8]}"
    words = WORD.findall(old.stem)
    title = new if document.title and set(WORD.findall(document.title)) <= set(words) else document.title
    told = tuple(one for one in document.warnings if not any(word in one for word in words if len(word) > SHORTEST))
    return replace(document, name=f"{new}{old.suffix}", title=title, warnings=told)


def _secret(change: Change) -> bytes:
    """What decides the surrogates of this project; made once."""
    kept = change.setting(SECRET)
    if kept is None:
        kept = secrets.token_hex(32)
        change.set(SECRET, kept)
    return bytes.fromhex(kept)
