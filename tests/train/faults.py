"""Statements with a planted fault, each beside a faithful twin, made by script from documents.

usage: python -m tests.train.faults OUT.jsonl [FOLDER | FILE.jsonl:FIELD]… [--most 20000] [--seed 1]
A line is as in the pairs that people write: id, pair, group, kind, fault, source, response, span. A fact of a sentence is
replaced by another one of its kind, or a word, a denial or a doubt is turned about; the twin is reworded in the same way and
says the same as the source. What a passage of another document says is a fault too, of the kind "absent".
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.clinical.facts import facts, reading
from rag.clinical.facts.types import Day, Dose, Drug, Fact, Frequency, Interval, Number, Value
from rag.text import sentences
from tests.train.alter import TABLES, alike, unlike
from tests.train.reword import Draw, Edit, applied, exchanged, framed, free, listed, reworded, turned

SHORT, LONG = 500, 1500
FEWEST, MOST = 4, 34
"""Words of a sentence from which statements are made."""
Row = dict[str, Any]
Twin = tuple[str, str, str, str]
"""A kind of fault, the faithful statement, the faulty one, and its words that are wrong."""


def passages(text: str, draw: Draw) -> Iterator[str]:
    """A text in stretches of whole sentences, of a length drawn anew."""
    begin, room, last = 0, draw.randint(SHORT, LONG), 0
    for start, end in sentences(text):
        if end - begin > room and last > begin:
            yield text[begin:last]
            begin, room = start, draw.randint(SHORT, LONG)
        last = end
    if last - begin > SHORT // 2:
        yield text[begin:last]


def twins(passage: str, draw: Draw) -> Iterator[Twin]:
    """Pairs of statements about a passage."""
    found = facts(reading(passage))
    for start, end in sentences(passage):
        text = passage[start:end]
        if not FEWEST <= len(text.split()) <= MOST or "\n\n" in text or text.count("|") > 6:
            continue
        own = [one for one in found if start <= one.start and one.end <= end]
        made = [*_of_facts(text, start, own, found, passage, draw), *_of_words(text, draw), *_of_drugs(own, found, passage, draw)]
        yield from draw.sample(made, min(len(made), 4))


def _of_facts(text: str, start: int, own: Sequence[Fact], every: Sequence[Fact], passage: str, draw: Draw) -> Iterator[Twin]:
    for one in own:
        written = passage[one.start : one.end]
        rivals = [passage[at.start : at.end] for at in every if type(at) is type(one) and not _same(at, one)]
        fault = unlike(one, written, rivals, draw)
        if fault is None or (isinstance(one, Number) and draw.random() < 0.4):
            continue
        kind, instead = fault
        place = (one.start - start, one.end - start)
        other = next(
            (at for at in own if at is not one and draw.random() < 0.3 and type(at) in (Drug, Dose, Frequency, Day, Interval)),
            None,
        )
        beside: list[Edit] = []
        if other and (other.end <= one.start or one.end <= other.start):
            beside = [(other.start - start, other.end - start, alike(other, passage[other.start : other.end], draw))]
        right = alike(one, written, draw) if draw.random() < 0.5 else written
        yield from _both(text, kind, (*place, instead), (*place, right), beside, draw)


def _same(one: Fact, other: Fact) -> bool:
    names = [name for name in one.__dataclass_fields__ if name not in ("start", "end", "statuses", "drug")]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _of_words(text: str, draw: Draw) -> Iterator[Twin]:
    if found := turned(text, draw):
        kind, edit = found
        yield from _both(text, kind, edit, None, [], draw)
    if swapped := exchanged(text, draw):
        kind, edit, twin = swapped
        yield from _both(text, kind, edit, twin, [], draw)
    if (named := listed(text, draw)) is not None:
        yield named


def _both(text: str, kind: str, fault: Edit, twin: Edit | None, beside: list[Edit], draw: Draw) -> Iterator[Twin]:
    """The sentence with the fault and without, reworded alike; in one of five only the half that holds the fault."""
    low, high = 0, len(text)
    cut = [match.start() for match in re.finditer(r"[;,] ", text)]
    if cut and draw.random() < 0.3 and not re.search(r"\b(?:if|unless|except|when|no|not|denies|without)\b", text, re.IGNORECASE):
        low, high = max([0, *(at + 2 for at in cut if at < fault[0])]), min([len(text), *(at for at in cut if at >= fault[1])])
    rest = [*beside, *reworded(text, [fault, *beside], draw, draw.choice([0.0, 0.3, 0.7]))]
    rest = [edit for edit in rest if free(edit, [fault]) and low <= edit[0] and edit[1] <= high]

    def made(own: Edit | None) -> tuple[str, str]:
        edits = [(a - low, b - low, instead) for a, b, instead in [*rest, *([own] if own else [])]]
        whole, places = applied(text[low:high], edits)
        at = sorted(edits).index((own[0] - low, own[1] - low, own[2])) if own else 0
        return " ".join(whole.split()), whole[slice(*places[at])].strip() if own else ""

    frame = draw.random()
    right, wrong = (framed(made(edit)[0], random.Random(frame)) for edit in (twin, fault))
    words = " ".join(made(fault)[1].split())
    if right and wrong and right.lower() != wrong.lower() and "  " not in words:
        yield kind, right, wrong, words


def _of_drugs(own: Sequence[Fact], every: Sequence[Fact], passage: str, draw: Draw) -> Iterator[Twin]:
    """Statements of a drug's dose and frequency, and of a value, in a sentence of their own."""

    def of(kind: type[Fact], drug: str) -> list[Any]:
        return [
            one
            for one in every
            if isinstance(one, kind) and getattr(one, "drug", None) == drug and not getattr(one, "former", False)
        ]

    for drug in (one for one in own if isinstance(one, Drug) and one.written != "class"):
        doses, often = of(Dose, drug.name), of(Frequency, drug.name)
        if len({(one.amount, one.unit) for one in doses}) == 1:
            rows: list[tuple[str, Fact, str]] = [("dose", doses[0], "dose")]
            if len({one.per_day for one in often}) == 1:
                rows += [
                    ("frequency", often[0], "often"),
                    ("dose and frequency", doses[0], "dose"),
                    ("dose and frequency", often[0], "often"),
                    ("dose and frequency", drug, "drug"),
                ]
            ways, one, name = draw.choice(rows)
            told: dict[str, Fact] = {"drug": drug, "dose": doses[0], **({"often": often[0]} if often else {})}
            words = {key: alike(fact, passage[fact.start : fact.end], draw) for key, fact in told.items()}
            rivals = [passage[at.start : at.end] for at in every if type(at) is type(one) and not _same(at, one)]
            if fault := unlike(one, passage[one.start : one.end], rivals, draw):
                yield _told(draw.choice(TABLES[ways]), words, name, fault)
    for value in (one for one in own if isinstance(one, Value) and one.second is None):
        same = {one.number for one in every if isinstance(one, Value) and one.analyte == value.analyte}
        written = re.search(r"\d[\d,.]*\d|\d", passage[value.start : value.end])
        if len(same) == 1 and written:
            rivals = [
                match[0]
                for at in every
                if isinstance(at, Value)
                and at.analyte != value.analyte
                and (match := re.search(r"\d[\d.]*\d|\d", passage[at.start : at.end]))
            ]
            words = {"analyte": value.analyte, "number": written[0]}
            if fault := unlike(value, written[0], [one for one in rivals if one != written[0]], draw):
                yield _told(draw.choice(TABLES["value"]), words, "number", fault)


def _told(way: str, words: dict[str, str], name: str, fault: tuple[str, str]) -> Twin:
    kind, instead = fault
    right, wrong = way.format(**words), way.format(**{**words, name: instead})
    return kind, right[:1].upper() + right[1:], wrong[:1].upper() + wrong[1:], instead


def added(right: str, aside: str, within: str, draw: Draw) -> Twin | None:
    """A statement with a second one behind it: of the same passage, or from elsewhere."""
    joint = draw.choice([", and ", "; ", ". ", " and ", ", with "])
    wrong, good = aside.strip(" .;:-*|#"), within.strip(" .;:-*|#")
    base = right.rstrip(".")
    if not (base and wrong and good) or len(wrong.split()) > 14 or len(good.split()) > 20:
        return None
    return "invented_addition", f"{base}{joint}{good}.", f"{base}{joint}{wrong}.", wrong


def made(texts: Sequence[tuple[str, str]], most: int, draw: Draw) -> Iterator[Row]:
    """Rows of all texts, named by group; every text has its share."""
    share = max(2, most // max(1, len(texts)) * 2)
    elsewhere: list[str] = []
    number = 0
    for group, text in draw.sample(list(texts), len(texts)):
        mine: list[tuple[str, Twin]] = []
        for passage in passages(text, draw):
            own = [twin for twin in twins(passage, draw) if twin[1].lower() not in passage.lower() or draw.random() < 0.6]
            own = draw.sample(own, min(len(own), 8))
            inside = [" ".join(passage[a:b].split()) for a, b in sentences(passage)]
            for kind, right, wrong, words in own:
                mine.append((passage, (kind, right, wrong, words)))
                if (
                    elsewhere
                    and draw.random() < 0.12
                    and (twin := added(right, draw.choice(elsewhere), draw.choice(inside), draw))
                ):
                    mine.append((passage, twin))
                if elsewhere and draw.random() < 0.12:
                    mine.append((passage, ("absent", right, draw.choice(elsewhere), "")))
            elsewhere += [right for _, right, _, _ in own]
            elsewhere = elsewhere[-400:]
        for passage, (kind, right, wrong, words) in draw.sample(mine, min(share, len(mine))):
            number += 1
            about = {"pair": f"script:{number}", "group": group, "kind": kind, "source": passage}
            yield {"id": f"script:{number}:t", **about, "fault": False, "response": right, "span": None}
            yield {"id": f"script:{number}:f", **about, "fault": True, "response": wrong, "span": words or None}
            if number >= most:
                return


def texts_of(named: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts of folders and of fields of JSON lines, with the name of their group."""
    for name in named:
        path, _, field = name.partition(":")
        if field:
            for line in Path(path).open(encoding="utf-8"):
                row = json.loads(line)
                if len(row[field]) > SHORT // 2:
                    yield str(row["id"]), row[field]
            continue
        for file in sorted(Path(path).rglob("*")):
            if file.suffix in (".txt", ".md"):
                yield f"{file.parent.name}/{file.name}", file.read_text("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--most", type=int, default=20_000, help="pairs")
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    with a.out.open("w", encoding="utf-8") as out:
        for row in made(list(texts_of(a.texts)), a.most, random.Random(a.seed)):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
