"""What people saved, without what it quotes of a document that is gone or says something else now."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, select, update

from rag.keep.tables import saved, work

RUN = 8
"""Words in a row that are a quotation wherever they stand in a saved text."""
SHORT = 4
"""Words of a whole text that are one where the text holds no more than these."""
REMOVED = "[removed]"
GONE = "gone"
"""Marks in a saved entry that what it pointed at was taken out."""
PUT = ("rules", "model")  # How a follow-up was put where its words may come from an answer.
WORD = re.compile(r"\w+")
Words = tuple[str, ...]


@dataclass(frozen=True)
class Gone:
    """A document that is not what it was: its name, what it is called now, what stood in it and what stands there now.

    `moved` says that places in it are void. `values` are what was understood of it (patient, author, status) with what it is now.
    """

    name: str
    called: str
    before: str = field(default="", repr=False)
    now: str = field(default="", repr=False)
    moved: bool = True
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


def take_out(base: Connection, project: str, gone: Sequence[Gone]) -> None:
    """Takes out of everything that is saved in a project, and of what is told of work that is done, what it quotes of these."""
    if not gone:
        return
    rows = base.execute(select(saved.c.kind, saved.c.name, saved.c.body).where(saved.c.project == project)).all()
    for (kind, name, body), left in zip(rows, without([body for _, _, body in rows], gone), strict=True):
        if left != body:
            mine = and_(saved.c.project == project, saved.c.kind == kind, saved.c.name == name)
            base.execute(update(saved).where(mine).values(body=left))
    done = and_(work.c.project == project, work.c.result.is_not(None))
    for kind, key, *told in base.execute(select(work.c.kind, work.c.key, work.c.body, work.c.result).where(done)).all():
        if (now := without(told, gone)) != told:
            mine = and_(done, work.c.kind == kind, work.c.key == key)
            base.execute(update(work).where(mine).values(body=now[0], result=now[1]))


def without(bodies: Sequence[str], gone: Sequence[Gone]) -> list[str]:
    """Saved texts (JSON, or lines of JSON) without what they quote of these documents; one that quotes nothing stays as it is.

    A place in a document is dropped, and with it what was said from there: the text of a statement, the evidence and the expected
    answer of a case. A stretch of at least `RUN` words that stood in a document, and stands there no more, becomes `REMOVED`.
    Questions stay. A follow-up that was put with words of an answer that lost its place goes back to what was typed.
    """
    read = [[_read(line) for line in _lines(body)] for body in bodies]
    taking = _Taking(gone, _quoted(gone, read))
    left = [[taking(value) for value in lines] for lines in read]
    left = [[taking.as_typed(value) for value in lines] for lines in left]
    return [
        body if now == before else "\n".join(map(_written, now)) for body, before, now in zip(bodies, read, left, strict=True)
    ]


class _Taking:
    """Takes out of a saved value what it quotes."""

    def __init__(self, gone: Sequence[Gone], quoted: frozenset[Words]) -> None:
        self._void = {one.name for one in gone if one.moved}
        self._called = {one.name: one.called for one in gone if one.called != one.name}
        self._values = {old: new for one in gone for old, new in one.values.items()}
        self._quoted = quoted
        self._typed: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self(one) for one in value]
        if not isinstance(value, dict):
            return value
        left = {name: self(one) for name, one in value.items()}
        for name in ("patients", "authors", "statuses"):
            if isinstance(left.get(name), list):
                left[name] = [self._values.get(one, one) if isinstance(one, str) else one for one in left[name]]
        if self._points(value.get("evidence")):
            return {**{name: one for name, one in left.items() if name not in {"evidence", "answer"}}, GONE: True}
        if self._points(value.get("cited")):
            left["cited"] = [one for one, place in zip(left["cited"], value["cited"], strict=True) if not self._is_void(place)]
            left |= {"text": ""} if "text" in left else {}
            left |= {"patients": [], GONE: True} if not left["cited"] else {}
        if isinstance(value.get("turns"), list):
            self._lean(value, left)
            if left != value:
                left["revision"] = int(left.get("revision") or 0) + 1  # Controls that a browser still shows hold the old values.
        return left

    def as_typed(self, value: Any) -> Any:
        """The value with the follow-ups that went back to what was typed, wherever they stand whole."""
        if isinstance(value, str):
            return self._typed.get(value, value)
        if isinstance(value, list):
            return [self.as_typed(one) for one in value] if self._typed else value
        return {name: self.as_typed(one) for name, one in value.items()} if isinstance(value, dict) and self._typed else value

    def _lean(self, session: dict[str, Any], left: dict[str, Any]) -> None:
        """Notes the follow-ups after an answer that lost a place, and takes from them what they were put with."""
        leans = False
        turns = zip(session["turns"], left["turns"], strict=True)
        for turn, after in [*turns, (session, left)]:
            follow = after.get("follow") if isinstance(after, dict) else None
            if leans and isinstance(follow, dict) and follow.get("how") in PUT:
                self._typed[after["asked"]] = follow["typed"]
                after["follow"] = None
            leans = leans or (isinstance(turn, dict) and self._points(turn.get("cited")))

    def _points(self, places: Any) -> bool:
        return isinstance(places, list) and any(map(self._is_void, places))

    def _is_void(self, place: Any) -> bool:
        """Whether a place, written as an object or as a list that begins with the document, is in one that is gone."""
        named = place.get("document") if isinstance(place, dict) else place[0] if isinstance(place, list) and place else None
        return isinstance(named, str) and named in self._void

    def _text(self, text: str) -> str:
        inner = _read(text) if text.startswith(("{", "[")) else text
        if not isinstance(inner, str):
            left = self(inner)
            return text if left == inner else _written(left)
        for name, called in self._called.items():
            text = text.replace(name, called)
        found = list(WORD.finditer(text))
        words = tuple(one.group().casefold() for one in found)
        runs = [(at, at + len(run)) for at, run in _runs(words) if run in self._quoted]
        parts, last = list[str](), 0
        for start, end in _joined(runs):
            parts += [text[last : found[start].start()], REMOVED]
            last = found[end - 1].end()
        return "".join([*parts, text[last:]])


def _quoted(gone: Iterable[Gone], values: Any) -> frozenset[Words]:
    """Those runs of words of saved values that stood in one of these documents and do not stand there now."""
    wanted = {run for text in _strings(values) for _, run in _runs(_words(text))}
    quoted: set[Words] = set()
    for one in gone:
        if one.before != one.now and (held := _held(one.before, wanted)):
            quoted |= held - _held(one.now, held)
    return frozenset(quoted)


def _held(text: str, wanted: set[Words]) -> set[Words]:
    """Those of the runs of words that stand in a text."""
    words, sizes = _words(text) if wanted else (), {len(run) for run in wanted}
    return {run for size in sizes for at in range(len(words) - size + 1) if (run := words[at : at + size]) in wanted}


def _runs(words: Words) -> Iterator[tuple[int, Words]]:
    """The runs of words by which a saved text could be a quotation, each with where it begins."""
    size = min(RUN, len(words))
    if size >= SHORT:
        yield from ((at, words[at : at + size]) for at in range(len(words) - size + 1))


def _words(text: str) -> Words:
    return tuple(word.casefold() for word in WORD.findall(text))


def _joined(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs that touch as one; they come in order."""
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _strings(value: Any) -> Iterator[str]:
    """All texts in a value, those in JSON within a text too."""
    if isinstance(value, str):
        inner = _read(value) if value.startswith(("{", "[")) else value
        if isinstance(inner, str):
            yield inner
        else:
            yield from _strings(inner)
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _lines(body: str) -> list[str]:
    """A saved text as one where it is JSON, else its lines."""
    return [body] if not isinstance(_read(body), str) else body.split("\n")


def _read(text: str) -> Any:
    """What a text holds where it is a JSON object or list, else the text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict | list) else text


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
