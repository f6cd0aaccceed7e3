"""The measure of assertion statuses: what a mention has, who is believed, and what is left out."""

import json
import math
from pathlib import Path

import pytest

from tests.bench.assertions import kappa, statuses
from tests.bench.corpora import Settings
from tests.bench.figures import Skipped

NOTE = "No hives. Father had gout. Query lupus. Tremor."
SAID = {"hives": ["negated"], "gout": ["family"], "lupus": ["uncertain"], "Tremor": []}


def written(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    written(tmp_path / "notes.jsonl", [{"id": "n1", "note": NOTE}])
    places = {name: NOTE.index(name) for name in SAID}
    mentions = [
        {"id": name, "file": "notes.jsonl", "row": "n1", "field": "note", "start": at, "end": at + len(name)}
        for name, at in places.items()
    ]
    written(tmp_path / "mentions.jsonl", list(mentions))
    written(tmp_path / "labelsA.jsonl", [{"id": name, "labels": labels} for name, labels in SAID.items()])
    second = {**SAID, "lupus": [], "Tremor": ["negated"]}
    written(tmp_path / "labelsB.jsonl", [{"id": name, "labels": labels} for name, labels in second.items()])
    return Settings(tmp_path, tmp_path, labels=tmp_path)


def test_a_mention_has_the_status_of_what_overlaps_it_and_a_disagreement_is_left_out(settings: Settings) -> None:
    figures = {figure.name: figure for figure in statuses(settings)}
    assert figures["family, both readers: F1"].value == 1 and figures["family, both readers: F1"].n == 1
    assert figures["negated, both readers: F1"].note == "3 mentions"
    assert figures["uncertain, reader A: recall"].value == 1
    assert math.isnan(figures["uncertain, both readers: recall"].value)


def test_kappa_is_the_agreement_beyond_chance() -> None:
    assert kappa([(True, True), (False, False)]) == 1
    assert kappa([(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15) == pytest.approx(0.4)
    assert math.isnan(kappa([(False, False)])) and math.isnan(kappa([]))


def test_without_labels_it_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(Skipped, match="--labels"):
        statuses(Settings(tmp_path, tmp_path))
