"""Devices that a patient has by the record, and that a summary does not name."""

from collections.abc import Iterator, Sequence

from rag.stages.verify.omissions.base import Omission, first_of, holds, listed, span_of
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import Unit


def omitted_devices(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """The devices of a record that its summary leaves out; what was taken out later is none."""
    found: dict[str, Unit] = {}
    for unit in record:
        name = first_of(unit.low, sorted(listed("devices", "names", "phrases"), key=len, reverse=True))
        if not name or any("negated" in word.statuses or "family" in word.statuses for word in unit.words):
            continue
        if holds(unit.low, listed("devices", "gone")):
            found.pop(name, None)
        elif name not in listed("devices", "short-lived"):
            found.setdefault(name, unit)
    for name, unit in found.items():
        words = [word for word in unit.words if word.written.lower() in name.split()]
        if not holds(said.low, (name,)) and said.covered(words[-1:]) < 1.0:
            yield Omission("device", name, "moderate", "in place by the record", (span_of(unit),))
