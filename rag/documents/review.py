"""Review: what a person decides about the documents that wait, and the record of it."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from rag.documents.screen.redact import Rewritten, redacted, with_surrogates
from rag.documents.shelf import FINDINGS, Entry, Shelf
from rag.errors import SettingProblem
from rag.values import Finding

TABLES = """
CREATE TABLE IF NOT EXISTS decisions (at REAL, who TEXT, document TEXT, decision TEXT, findings TEXT, threshold REAL);
"""
Decision = Literal["release", "reject", "redact", "surrogates"]


@dataclass(frozen=True)
class Decided:
    """A line of the record of decisions. `findings` are kinds, types, rules and offsets; never text."""

    at: float
    who: str
    document: str
    decision: str
    findings: tuple[Finding, ...]
    threshold: float


class Review(Shelf):
    """The shelf with the decisions of people about it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._begin(TABLES)

    def decide(self, names: Sequence[str], decision: Decision, who: str, keep_original: bool = False) -> tuple[Entry, ...]:
        """What a person decides about documents: release, reject (remove), or replace identifiers, then screen again.

        Returns the entries as they are now, without the rejected ones. Raises SettingProblem for an unknown decision,
        a missing name of the person, or a document that is not there; then nothing is changed.
        """
        if decision not in get_args(Decision):
            raise SettingProblem(f"No decision {decision!r}. Allowed: {', '.join(get_args(Decision))}.")
        if not who.strip():
            raise SettingProblem("Nobody is named as the one who decides. Give a name or initials.")
        entries = [self.entry(name) for name in names]
        missing = [name for name, entry in zip(names, entries, strict=True) if entry is None]
        if missing:
            raise SettingProblem(f"{missing[0]} is not on the shelf. Choose among the documents that are there.")
        return tuple(
            after for entry in entries if entry and (after := self._decide_one(entry, decision, who.strip(), keep_original))
        )

    def _decide_one(self, entry: Entry, decision: Decision, who: str, keep_original: bool) -> Entry | None:
        name = entry.document.name
        self._record(entry, decision, who)
        if decision == "reject":
            self.remove(name)
            return None
        if decision == "release":
            self._release(name, decision, who)
            return self.entry(name)
        kept = self.original(name) if keep_original else None
        place = self._rows("SELECT file FROM documents WHERE name = ?", name)[0][0]
        rewritten = self._without_identifiers(entry, decision)
        changed = rewritten.document
        self.remove(name)
        if kept is not None:
            (self.folder / "files" / place).write_bytes(kept)
        elif place:  # Even where other documents of an archive lie in it.
            (self.folder / "files" / place).unlink(missing_ok=True)
        content = hashlib.sha256(changed.text.encode("utf-8", "surrogatepass")).hexdigest()
        after = self._store(changed, content, place if kept is not None else "", decision, who)
        left = [one for one in after.findings if one.score >= self._screen.threshold and not rewritten.ours(one)]
        if not left and not after.released:
            self._release(changed.name, decision, who)
        self._settle()
        return self.entry(changed.name)

    def _release(self, name: str, decision: str, who: str) -> None:
        with self._write() as base:
            query = "UPDATE screened SET status = 'released', decision = ?, who = ?, at = ? WHERE document = ?"
            base.execute(query, (decision, who, time.time(), name))
        self._changed()

    def _without_identifiers(self, entry: Entry, decision: Decision) -> Rewritten:
        document = entry.document
        if any(one.rule.startswith("file name") for one in entry.findings):
            document = replace(document, name=f"document-{document.key[:8]}{Path(document.name).suffix}")
        if decision == "redact":
            return redacted(document, entry.findings)
        return with_surrogates(document, entry.findings, self._secret())

    def _secret(self) -> bytes:
        """What decides the surrogates of this workspace; made once."""
        rows = self._rows("SELECT body FROM settings WHERE name = 'secret'")
        if not rows:
            rows = [(secrets.token_hex(32),)]
            with self._write() as base:
                base.execute("INSERT INTO settings VALUES ('secret', ?)", rows[0])
        return bytes.fromhex(rows[0][0])

    def _record(self, entry: Entry, decision: str, who: str) -> None:
        """A line that is never changed: findings by kind, type, rule and place, and no text."""
        named = any(one.rule.startswith("file name") for one in entry.findings)
        name = f"document {entry.document.key[:8]}" if named else entry.document.name
        line = (time.time(), who, name, decision, FINDINGS.dump_json(entry.findings).decode(), self._screen.threshold)
        with self._write() as base:
            base.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)", line)

    def decisions(self) -> tuple[Decided, ...]:
        """The record of decisions, the newest first."""
        rows = self._rows("SELECT * FROM decisions ORDER BY at DESC, rowid DESC")
        return tuple(Decided(at, who, name, what, FINDINGS.validate_json(found), low) for at, who, name, what, found, low in rows)
