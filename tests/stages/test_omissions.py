"""Omissions: what a record owes the reader of its summary is told where it is missing, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.documents.load import read_file
from rag.rules import rules
from rag.stages.verify.omissions import Omissions, omissions
from rag.stages.verify.omissions.days import ordinal
from rag.stages.verify.omissions.units import place_of, units
from rag.values import Document, File
from tests.bench.omissions import labelled

SUMMARY = "Discharge summary 2041-03-09\nDiagnosis: pneumonia.\n"


def document(name: str, text: str) -> Document:
    return read_file(File(name, text.encode()))[0]


def left_out(record: str, summary: str = SUMMARY, kind: str = "") -> list[str]:
    found = omissions(document("summary.txt", summary), [document("note.txt", "Ward note 2041-03-08\n" + record)]).found
    return [one.text for one in found if one.kind == kind or not kind]


DRUGS = [
    ("Home medications: zoledronic acid yearly, apixaban 5 mg twice daily", "", ["apixaban", "zoledronic acid"]),
    ("Meds: warfarin 3 mg daily", "Medications: Coumadin 3 mg daily", []),
    ("Meds: metoprolol succinate 50 mg daily\nMetoprolol stopped.", "", ["metoprolol"]),
    ("Meds: metformin 500 mg daily\nMetformin held for contrast.", "", ["metformin"]),
    ("Dapagliflozin 10 mg daily started.", "", ["dapagliflozin"]),
    ("Haloperidol 0.5 mg once.", "", []),
    ("Norepinephrine started, stopped at noon.", "", []),
    ("Ceftriaxone 1 g IV daily.", "", []),
    ("Her sister takes warfarin.", "", []),
    ("Amiodarone was discussed, not started.", "", []),
    ("Meds: apixaban 5 mg twice daily", "Medications: all other medications unchanged", ["apixaban"]),
    ("Tacrolimus level 7.1.", "", []),
    ("Plan: Start propranolol? No, given the asthma.", "", []),
    ("Plan: start duloxetine 30 mg daily if no better.", "", []),
    ("Latanoprost drops.", "", ["latanoprost"]),
]


@pytest.mark.parametrize(("record", "said", "expected"), DRUGS)
def test_drugs_that_are_owed_and_not_named(record: str, said: str, expected: list[str]) -> None:
    assert sorted(left_out(record, SUMMARY + said, "drug")) == expected


ALLERGIES = [
    ("Allergies: penicillin (hives), latex", "Allergies: penicillin (hives)", ["latex"]),
    ("Allergies: penicillin (hives)", "Treated with penicillin V.", ["penicillin"]),
    ("Allergies: NKDA\nMeds: apixaban 5 mg", "", []),
    ("Peanut allergy (anaphylaxis).", "", ["peanut"]),
    ("Allergies: penicillin (rash)\nPenicillin label removed after a negative test.", "", []),
    ("Allergies: oxycodone (itching); hydromorphone tolerated", "Allergic to oxycodone.", []),
    ("Allergies: bees (anaphylaxis)", "Allergies: none known", ["bee sting"]),
]


@pytest.mark.parametrize(("record", "said", "expected"), ALLERGIES)
def test_allergies_that_are_not_named_as_such(record: str, said: str, expected: list[str]) -> None:
    assert left_out(record, SUMMARY + said, "allergy") == expected


PENDING = [
    ("SPEP sent, result pending.", "", 1),
    ("SPEP sent, result pending.", "SPEP is pending.", 0),
    ("Vitamin D level sent, not back yet.", "Takes vitamin D daily.", 1),
    ("Urine culture pending.\n2041-03-09 Urine culture: no growth, final.", "", 0),
    ("Discharge pending placement.", "", 0),
    ("Authorization pending.", "", 0),
    ("I have sent a serum electrophoresis, which is outstanding.", "", 1),
]


@pytest.mark.parametrize(("record", "said", "count"), PENDING)
def test_results_that_are_to_come_and_not_named(record: str, said: str, count: int) -> None:
    assert len(left_out(record, SUMMARY + said, "pending")) == count


FOLLOW_UPS = [
    ("CT chest in 3 months is recommended.", "", 1),
    ("CT chest in 3 months is recommended.", "CT of the chest in three months.", 0),
    ("Hematology referral for anemia.", "To see the hematologist.", 0),
    ("Colonoscopy in 2030 was normal.", "", 0),
    ("Echo tomorrow.", "", 0),
    ("Repeat film in 2 weeks not needed.", "", 0),
    ("Cardiology clinic 03/20.", "", 1),
    ("Cardiology clinic 02/20.", "", 0),
    ("Plan:\nWound clinic on Friday.", "", 1),
    ("I suggest a dietitian.", "", 1),
    ("Here for follow-up of an abnormal film.", "", 0),
    ("Plan: MRI of the shoulder in a month.", "An MRI of the shoulder is ordered.", 0),
]


@pytest.mark.parametrize(("record", "said", "count"), FOLLOW_UPS)
def test_what_is_to_be_done_later_and_not_named(record: str, said: str, count: int) -> None:
    assert len(left_out(record, SUMMARY + said, "follow-up")) == count


CONDITIONS = [
    ("PMH: COPD, gout", "Known: COPD.", ["gout"]),
    ("PMH: HTN", "Hypertension.", []),
    ("PMH: HFrEF", "Systolic heart failure.", []),
    ("PMH: osteopenia", "", ["osteopenia"]),
    ("PMH: chronic kidney disease", "Diabetic nephropathy.", []),
    ("No pulmonary embolism.", "", []),
    ("Father had colon cancer.", "", []),
    ("Enoxaparin is for a pulmonary embolism in May.", "", ["pulmonary embolism"]),
]


@pytest.mark.parametrize(("record", "said", "expected"), CONDITIONS)
def test_conditions_that_are_not_named(record: str, said: str, expected: list[str]) -> None:
    assert left_out(record, SUMMARY + said, "diagnosis") == expected


def test_devices_that_are_in_place() -> None:
    assert left_out("A pacemaker was implanted in 2038.", kind="device") == ["pacemaker"]
    assert left_out("Foley out, nephrostomy tube removed.", kind="device") == []


def test_what_is_of_another_patient_or_written_later_is_not_owed() -> None:
    summary = document("summary.txt", "Discharge summary P-1001 2041-03-09\nPatient: P-1001\nPneumonia.")
    other = document("other.txt", "Patient: P-1002, 2041-03-08\nMeds: apixaban 5 mg twice daily")
    later = document("later.txt", "Patient: P-1001, 2041-04-20\nApixaban 5 mg twice daily started.")
    assert omissions(summary, [other]).found == ()
    assert omissions(summary, [later]).found == ()
    assert omissions(summary, [replace(other, patient="P-1001")]).found


def test_the_summary_is_no_part_of_its_record() -> None:
    summary = document("summary.txt", SUMMARY + "Meds: apixaban 5 mg twice daily")
    assert omissions(summary, [summary]).found == ()


def test_severities_weigh_against_a_budget() -> None:
    record = "Meds: apixaban 5 mg twice daily, omeprazole 20 mg daily, docusate 100 mg daily"
    found = omissions(document("s.txt", SUMMARY), [document("n.txt", record)])
    assert [(one.text, one.severity) for one in found.found] == [
        ("apixaban", "high"),
        ("omeprazole", "moderate"),
        ("docusate", "low"),
    ]
    assert found.weight == 6
    assert found.within(None) and found.within(6) and not found.within(5)
    assert Omissions(()).within(0)


def test_every_span_is_a_stretch_of_its_document() -> None:
    for case in labelled("development"):
        lengths = {one.name: len(one.text) for one in case.record}
        for one in omissions(case.summary, case.record).found:
            assert all(0 <= span.start < span.end <= lengths[span.document] for span in one.spans)


def test_most_of_what_the_labelled_summaries_leave_out_is_found_and_little_else() -> None:
    from tests.bench.omissions import judged

    results = [judged(case) for case in labelled("development")]
    found = [hit for labels, _ in results for hit in labels.values()]
    told = [right for _, one in results for _, right in one]
    assert sum(found) / len(found) >= 0.95
    assert sum(not right for right in told) / len(told) <= 0.05


@pytest.mark.parametrize("rule", rules("omissions")["places"], ids=lambda rule: str(rule["place"]))
def test_the_example_of_a_place_stands_in_it(rule: dict[str, Any]) -> None:
    (unit,) = units(document("note.txt", rule["example"]))
    assert unit.place == rule["place"]


@pytest.mark.parametrize(
    ("title", "place"), [("Discharge medicines", "Medications"), ("ALLERGIES", "Allergies"), ("Antibiotics", ""), ("A walk", "")]
)
def test_what_titles_name(title: str, place: str) -> None:
    assert place_of(title) == place


def test_a_day_without_a_year_is_the_nearest_one() -> None:
    near = ordinal("2041-12-28")
    assert ordinal("--01-03", near) == ordinal("2042-01-03")
    assert ordinal("--12-03", near) == ordinal("2041-12-03")
    assert ordinal("2041") is None and ordinal("--02-30") is None and ordinal("christmas") is None


def run(folder: Path, *options: str) -> Any:
    (folder / "summary.txt").write_text(SUMMARY, "utf-8")
    (folder / "note.txt").write_text("Ward note 2041-03-08\nMeds: apixaban 5 mg twice daily\nAllergies: latex", "utf-8")
    return CliRunner().invoke(app, ["omissions", str(folder / "summary.txt"), "--record", str(folder / "note.txt"), *options])


def test_the_command_prints_what_is_left_out_with_its_place(tmp_path: Path) -> None:
    told = run(tmp_path, "--json")
    assert told.exit_code == 0
    row = json.loads(told.stdout)
    assert {one["text"] for one in row["omissions"]} == {"apixaban", "latex"}
    text = (tmp_path / "note.txt").read_text("utf-8")
    for one in row["omissions"]:
        for cited in one["citations"]:
            assert text[cited["start"] : cited["end"]] == cited["quote"]


def test_what_weighs_more_than_the_budget_ends_with_exit_code_1(tmp_path: Path) -> None:
    assert run(tmp_path, "--budget", "6").exit_code == 0
    assert run(tmp_path, "--budget", "5").exit_code == 1


def test_verification_tells_what_a_response_leaves_out_of_its_source(tmp_path: Path) -> None:
    row = {"id": "a", "response": "She has pneumonia.", "source": "Pneumonia. Allergies: penicillin (hives)."}
    (tmp_path / "in.jsonl").write_text(json.dumps(row), "utf-8")
    out = tmp_path / "out.jsonl"
    told = CliRunner().invoke(app, ["verify", str(tmp_path / "in.jsonl"), "--out", str(out), "--omissions", "--budget", "1"])
    assert told.exit_code == 0, told.output
    (found,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert [one["text"] for one in found["omissions"]] == ["penicillin"]
    assert found["within"] is False
