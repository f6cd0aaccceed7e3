"""Facts kept by content: read once for a document as it is, and again where it or the rules change."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from rag.clinical.facts import facts
from rag.clinical.facts.types import KINDS, Fact
from rag.keep.artifacts import Artifacts
from rag.stage import version
from rag.values import Document


def kept_facts(document: Document, artifacts: Artifacts) -> tuple[Fact, ...]:
    """All that a document states, in order of place; from the artifacts where they hold it, else read now and kept there."""
    return artifacts.reading(document, _key(), lambda: facts(document), _written, lambda body: _read(body, len(document.text)))


def _written(found: Sequence[Fact]) -> str:
    """Facts as JSON: each its kind and the fields that are not as they are by default."""
    return json.dumps([[one.kind, {name: _plain(value) for name, value in _told(one).items()}] for one in found])


def _told(one: Fact) -> dict[str, Any]:
    values = asdict(one)
    return {field.name: values[field.name] for field in fields(one) if values[field.name] != field.default}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _read(body: str, length: int) -> tuple[Fact, ...]:
    """The facts of a text of this length as they were written. Raises ValueError or TypeError where they cannot be."""
    rows, known = json.loads(body), _adapters()
    if not isinstance(rows, list):
        raise ValueError("no list of facts")
    found = []
    for kind, values in rows:
        if kind not in known or not isinstance(values, dict) or not values.keys() <= known[kind][0]:
            raise ValueError("no fact of a known kind")
        one = known[kind][1].validate_python(values)
        if not 0 <= one.start <= one.end <= length:
            raise ValueError("not of this text")
        found.append(one)
    return tuple(found)


@cache
def _adapters() -> dict[str, tuple[frozenset[str], TypeAdapter[Any]]]:
    """The names of the fields of every kind, and what makes one of them."""
    return {kind.kind: (frozenset(field.name for field in fields(kind)), TypeAdapter(kind)) for kind in KINDS}


@cache
def _key() -> str:
    return version("rag.clinical.facts")
