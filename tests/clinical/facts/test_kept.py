"""Facts kept by content: read once, read anew where the document or the kept text changed, gone with the document."""

import json
import logging
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from rag.clinical.facts import facts, reading
from rag.clinical.facts import kept as kept_module
from rag.clinical.facts.kept import kept_facts
from rag.clinical.facts.types import KINDS, Course, Fact, Interval, row_of, words_of
from rag.keep.artifacts import DATABASE, Artifacts
from rag.values import Document

TEXT = "83F, sore ears for 4 days, told by her wife. No fever since yesterday. Return in 10-14d if not resolved.\n"


@pytest.fixture
def document() -> Document:
    return replace(reading(TEXT, "2024-03-14"), name="ears.txt")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were read, in order."""
    names: list[str] = []

    def counting(document: Document) -> tuple[Fact, ...]:
        names.append(document.name)
        return facts(document)

    monkeypatch.setattr(kept_module, "facts", counting)
    return names


def test_facts_are_read_once_for_a_document_as_it_is(document: Document, asked: list[str], tmp_path: Path) -> None:
    expected = facts(document)
    assert len(expected) > 5
    for artifacts in (Artifacts(tmp_path), Artifacts(tmp_path)):
        assert kept_facts(document, artifacts) == expected
        assert [row_of(one, TEXT) for one in kept_facts(document, artifacts)] == [row_of(one, TEXT) for one in expected]
    assert asked == ["ears.txt"]
    changed = replace(document, text=TEXT.replace("4 days", "5 days"))
    assert kept_facts(changed, Artifacts(tmp_path)) != expected and len(asked) == 2


def test_facts_of_another_version_of_the_rules_are_read_anew(
    document: Document, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = Artifacts()
    kept_facts(document, artifacts)
    monkeypatch.setattr(kept_module, "_key", lambda: "another version")
    kept_facts(document, artifacts)
    assert len(asked) == 2


def test_facts_go_with_their_document(document: Document, asked: list[str], tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    kept_facts(document, artifacts)
    assert artifacts.known() == {"ears.txt"}
    artifacts.forget("ears.txt")
    assert artifacts.known() == set() and b"not resolved" not in (tmp_path / DATABASE).read_bytes()
    kept_facts(document, artifacts)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "{}", "[1]", "[[]]", '[["age", 3]]',
        '[["age"]]', '[["rain", {"start": 0, "end": 1}]]', '[["age", {"start": 0, "end": 3}]]',
        '[["age", {"start": 0, "end": 999, "years": 3}]]', '[["age", {"start": 3, "end": 1, "years": 3}]]',
        '[["age", {"start": 0, "end": 3, "years": "old"}]]', '[["age", {"start": 0, "end": 3, "years": 3, "more": 1}]]',
        '[["age", {"start": 0, "end": 3, "years": 3, "statuses": ["wet"]}]]', "[" * 100_000,
    ],
)  # fmt: skip
def test_facts_that_were_damaged_are_read_anew_and_said_so_without_a_word_of_them(
    body: str, document: Document, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = kept_facts(document, Artifacts(tmp_path))
    with sqlite3.connect(tmp_path / DATABASE) as base:
        base.execute("UPDATE readings SET body = ?", (body,))
    with caplog.at_level(logging.WARNING):
        assert kept_facts(document, Artifacts(tmp_path)) == expected
    assert caplog.messages == [f"Readings in {DATABASE} were damaged and are made anew."]
    assert kept_facts(document, Artifacts(tmp_path)) == expected and len(caplog.messages) == 1


def test_every_kind_of_fact_has_a_name_of_its_own_and_a_row_that_json_takes() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS)
    for one in facts(reading(TEXT)):
        row = json.loads(json.dumps(row_of(one, TEXT)))
        assert (row["kind"], row["text"]) == (one.kind, TEXT[one.start : one.end])


def test_a_fact_says_in_words_what_is_told_and_its_status() -> None:
    assert words_of(Interval(start=0, end=1, days=60.875, way="in")) == "days 60.875, way in"
    assert words_of(Course(start=0, end=1, state="ended", of="rain", statuses=frozenset({"family", "negated"}))) == (
        "state ended, of rain [family, negated]"
    )
