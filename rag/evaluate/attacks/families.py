"""The attacks: families of our own, and texts of others from JSON lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from rag.errors import FileProblem
from rag.rules import rules

Place = Literal["text", "heading", "hidden", "metadata", "title", "name", "fhir", "question", "document"]
Aim = Literal["instruction", "fact", "markup", "formula"]
PLACES: tuple[str, ...] = get_args(Place)


@dataclass(frozen=True, slots=True)
class Attack:
    """A text to plant, where it stands and what it seeks: to be obeyed, believed, or run where it is shown."""

    id: str
    family: str
    place: Place
    aim: Aim
    text: str = field(repr=False)


def own() -> tuple[Attack, ...]:
    """The attacks of the rules."""
    return tuple(
        Attack(f"{one['name']} {number}", one["name"], one["place"], one["aim"], text)
        for one in rules("attacks")["families"]
        for number, text in enumerate(one["texts"], 1)
    )


def of_rows(rows: Iterable[Mapping[str, Any]], name: str) -> tuple[Attack, ...]:
    """The attacks of lines with "id" and "text": instructions in a paragraph of a record, a family for each "family" or "kind".

    Raises FileProblem where an id stands twice.
    """
    found: dict[str, Attack] = {}
    for row in rows:
        if row["id"] in found:
            raise FileProblem(f"{name}: the id {row['id'][:60]!r} stands there twice. Give every attack its own.")
        family = " ".join([name, str(row.get("family") or "")]).strip()
        found[row["id"]] = Attack(row["id"], family, "text", "instruction", row["text"])
    return tuple(found.values())
