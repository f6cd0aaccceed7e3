"""How far the assertion statuses agree with two readers' labels of mentions in notes, and the readers with each other."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

from rag.clinical.assertions import assertions
from rag.clinical.provenance import document_date
from rag.clinical.sections import sections, within
from rag.values import Assertion, Status
from tests.bench.corpora import Settings, rows
from tests.bench.figures import Figure, Skipped, at_least

FILES = ("mentions.jsonl", "labelsA.jsonl", "labelsB.jsonl")
TARGETS: dict[Status, float] = {"negated": 0.93, "uncertain": 0.85, "historical": 0.85, "planned": 0.85, "family": 0.85}
KEY = "id"
"""The field of a row that a mention's "row" names."""

Pair = tuple[bool, bool]
"""Whether a status was said of a mention, by the one and by the other."""


def statuses(settings: Settings) -> list[Figure]:
    """Precision, recall and F1 of each assertion status on labelled mentions, and the readers' kappa; needs `--labels`."""
    folder = settings.labels
    if folder is None or not all((folder / name).is_file() for name in FILES):
        raise Skipped(f"no {', '.join(FILES)} in the folder that --labels names")
    mentions, first, second = (rows(folder / name) for name in FILES)
    found = dict(_found(mentions, settings.data))
    one, other = ({row["id"]: set(row["labels"]) for row in labels} for labels in (first, second))
    figures = []
    for status in get_args(Status):
        both = [(status in one[name], status in other[name]) for name in found if name in one and name in other]
        agreed = [
            (status in one[name], status in found[name])
            for name in found
            if name in one and name in other and (status in one[name]) == (status in other[name])
        ]
        alone = [(status in one[name], status in found[name]) for name in found if name in one]
        figures += _scores(f"{status}, both readers", agreed, TARGETS[status])
        figures += _scores(f"{status}, reader A", alone)
        figures.append(Figure(f"{status}: the readers' kappa", kappa(both), n=len(both)))
    return figures


def _found(mentions: Sequence[dict[str, Any]], data: Path) -> Iterator[tuple[str, set[str]]]:
    """Each mention's id with the statuses of the assertions that overlap it."""

    @cache
    def texts(file: str) -> dict[str, dict[str, Any]]:
        return {row[KEY]: row for row in rows(data / file)}

    @cache
    def said(file: str, row: str, field: str) -> tuple[Assertion, ...]:
        held = texts(file)[row]
        text = held[field]
        return assertions(text, within(text, held.get("section", ""), sections(text)), document_date(text))

    for one in mentions:
        inside = said(one["file"], one["row"], one["field"])
        yield one["id"], {found.status for found in inside if found.start < one["end"] and one["start"] < found.end}


def _scores(name: str, pairs: Sequence[Pair], target: float | None = None) -> Iterator[Figure]:
    """Precision, recall and F1 of what was found against what was labelled; n counts the labels, then what was found."""
    right = sum(labelled and found for labelled, found in pairs)
    labels, findings = sum(labelled for labelled, _ in pairs), sum(found for _, found in pairs)
    yield Figure(f"{name}: precision", _share(right, findings), n=findings)
    yield Figure(f"{name}: recall", _share(right, labels), n=labels)
    bound = at_least(target) if target is not None and labels else None
    yield Figure(f"{name}: F1", _share(2 * right, labels + findings), target=bound, n=labels, note=f"{len(pairs)} mentions")


def kappa(pairs: Iterable[Pair]) -> float:
    """Cohen's kappa (1960) of two readers' yes or no; not a number where chance alone would make them agree."""
    held = list(pairs)
    if not held:
        return math.nan
    agreed = sum(one == other for one, other in held) / len(held)
    first, second = (sum(pair[place] for pair in held) / len(held) for place in (0, 1))
    chance = first * second + (1 - first) * (1 - second)
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
