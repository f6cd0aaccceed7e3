"""The command that prints what records state differently, and what `ask` tells of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.pipeline import Pipeline
from rag.stages.defer.never import Never
from rag.stages.embed.hashing import Hashing
from rag.stages.refuse.never import Never as NeverRefuse

HEAD = "CLINIC NOTE\nPatient: P-0901\nDate: 2031-05-06\nAuthor: {}\n\n"
LIST = "CURRENT MEDICATIONS:\n- torsemide {} mg daily\n- aspirin 81 mg daily\n"
QUESTION = "Which dose of torsemide does P-0901 take?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes = tmp_path / "notes"
    notes.mkdir()
    for name, author, dose in (("doctor", "Attending, Cardiology", 40), ("nurse", "Nurse", 20)):
        (notes / f"{name}.txt").write_text(HEAD.format(author) + LIST.format(dose))
    return notes


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def pipeline_file(tmp_path: Path, **stages: object) -> str:
    file = tmp_path / "pipeline.json"
    file.write_text(Pipeline(embed=Hashing(), refuse=NeverRefuse(), **stages).to_json())  # type: ignore[arg-type]
    return str(file)


def test_both_passages_are_printed_with_date_author_and_words(folder: Path) -> None:
    told = run("conflicts", str(folder))
    assert "dose of torsemide: 40 mg" in told and "or 20 mg" in told
    assert "doctor.txt, 2031-05-06, attending" in told and "nurse.txt, 2031-05-06" in told and "aspirin" not in told


def test_json_holds_both_passages_whole_with_their_places(folder: Path) -> None:
    (row,) = json.loads(run("conflicts", str(folder), "--json"))
    assert (row["kind"], row["subject"]) == ("dose", "torsemide") and len(row["positions"]) == 2
    for place in row["positions"]:
        text = (folder / place["document"]).read_text()
        assert text[place["start"] : place["end"]] == place["quote"] and place["counts"] is True
        assert place["date"] == "2031-05-06"


def test_a_record_that_agrees_has_no_conflicts(folder: Path) -> None:
    (folder / "nurse.txt").unlink()
    assert json.loads(run("conflicts", str(folder), "--json")) == []


def test_an_answer_about_the_drug_is_a_conflict_that_a_person_must_look_at(folder: Path, tmp_path: Path) -> None:
    row = json.loads(run("ask", QUESTION, "--docs", str(folder), "--pipeline", pipeline_file(tmp_path), "--json"))
    assert row["outcome"] == "conflict"
    (conflict,) = row["conflicts"]
    assert conflict["subject"] == "torsemide" and {one["document"] for one in conflict["positions"]} == {
        "doctor.txt",
        "nurse.txt",
    }
    assert {"rule": "conflict", "reason": "the documents differ"} in row["deferred"]
    assert "dose" in [one["rule"] for one in row["deferred"]]
    told = run("ask", QUESTION, "--docs", str(folder), "--pipeline", pipeline_file(tmp_path))
    assert (
        "The documents differ" in told and "A person must look: the documents differ; " in told and "a dose is asked for" in told
    )
    assert "nurse.txt, 2031-05-06" in told


def test_another_drug_on_the_same_list_is_no_conflict(folder: Path, tmp_path: Path) -> None:
    asked = "Which dose of aspirin does P-0901 take?"
    row = json.loads(run("ask", asked, "--docs", str(folder), "--pipeline", pipeline_file(tmp_path), "--json"))
    assert row["outcome"] in ("answered", "partial") and row["conflicts"] == []
    assert [one["rule"] for one in row["deferred"] if one["rule"] != "below"] == ["dose"]


def test_a_filter_that_leaves_out_one_of_the_two_leaves_out_the_conflict(folder: Path, tmp_path: Path) -> None:
    only = ["--document", "doctor.txt"]
    row = json.loads(run("ask", QUESTION, "--docs", str(folder), "--pipeline", pipeline_file(tmp_path), "--json", *only))
    assert row["outcome"] != "conflict" and row["conflicts"] == [] and row["claims"]


def test_batch_holds_the_same_and_never_marks_nothing(folder: Path, tmp_path: Path) -> None:
    asked, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    asked.write_text(json.dumps({"id": "q", "question": QUESTION}))
    common = ["batch", "--docs", str(folder), "--questions", str(asked), "--out", str(out)]
    run(*common, "--pipeline", pipeline_file(tmp_path))
    row = json.loads(out.read_text())
    assert row["outcome"] == "conflict" and row["deferred"][0]["rule"] == "conflict"
    run(*common, "--pipeline", pipeline_file(tmp_path, defer=Never()))
    row = json.loads(out.read_text())
    assert row["outcome"] == "conflict" and row["conflicts"] and row["deferred"] == []
