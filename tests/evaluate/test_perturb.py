"""Perturbed questions: what is right is so by construction, by seed always the same, and read back as it was written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import FileProblem
from rag.evaluate.asked import question_sets
from rag.evaluate.perturb import KINDS, STRENGTHS, UNCHANGED, cells, perturb
from rag.evaluate.perturb.change import Perturbed, perturbed, row_of
from rag.evaluate.perturb.edited import Edit, edited
from rag.evaluate.perturb.scored import Outcome, fault, over_cells, scored, shares
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stages.refuse.never import Never
from rag.values import Answer, Case, Citation, Claim, Document, Prompt, Span

DISCHARGE = "discharge_P-9001.txt"
SECOND = "A second monitor in the same year is not covered."
GOLD = "Torsemide 40 mg by mouth daily."


def gold(documents: Sequence[Document], name: str = DISCHARGE, words: str = GOLD) -> Span:
    at = next(one for one in documents if one.name == name).text.index(words)
    return Span(name, at, at + len(words))


@pytest.fixture
def cases(documents: tuple[Document, ...]) -> list[Case]:
    return [
        Case("q1", "Which dose of torsemide does P-9001 take?", "40 mg daily", (gold(documents),)),
        Case("q2", "When is a second monitor covered?", "", (gold(documents, "policy_cgm.md", SECOND),)),
        Case("q3", "Who won?", "", ()),
    ]  # fmt: skip


@pytest.fixture
def made(cases: list[Case], documents: tuple[Document, ...]) -> dict[tuple[str, str, int], Perturbed]:
    return {(one.of, one.kind, one.strength): one for one in perturb(cases, documents)}


def text_of(one: Perturbed, documents: Sequence[Document]) -> str:
    return "\n".join(document.text for document in one.change(documents))


def test_there_are_six_kinds_in_three_strengths_each_with_what_is_right() -> None:
    assert [(one.kind, one.strength) for one in cells()] == [(kind, strength) for kind in KINDS for strength in STRENGTHS]
    assert all(set(one.right) <= {"answered", "partial", "conflict", "refused", "warned"} for one in cells())
    assert all(one["example"] and one["about"] for one in rules("perturbations")["cells"])


def test_a_case_of_a_patient_fits_every_cell_and_one_without_evidence_none(made: dict[tuple[str, str, int], Perturbed]) -> None:
    of = {(kind, strength) for id, kind, strength in made if id == "q1"}
    assert of == {(UNCHANGED, 0), *((kind, strength) for kind in KINDS for strength in STRENGTHS)}
    assert not [id for id, *_ in made if id == "q3"]
    assert not [kind for id, kind, _ in made if id == "q2" and kind == "off-patient"]


def test_the_same_seed_gives_the_same_and_another_one_others(cases: list[Case], documents: tuple[Document, ...]) -> None:
    own, same = (list(perturb(cases, documents, 1, seed)) for seed in (1, 1))
    assert own == same and any(list(perturb(cases, documents, 1, seed)) != own for seed in range(2, 9))
    assert len(own) == len({(one.kind, one.strength) for one in own}) == 19


def test_what_is_missing_is_gone(made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]) -> None:
    mild, medium, severe = (made["q1", "missing", strength] for strength in STRENGTHS)
    assert GOLD in text_of(mild, documents) and "Metoprolol" not in text_of(mild, documents)
    assert GOLD not in text_of(medium, documents) and "Metoprolol" in text_of(medium, documents)
    assert DISCHARGE not in {one.name for one in severe.change(documents)}
    assert medium.case.evidence == severe.case.evidence == () and medium.right == ("refused",)


def test_copies_of_the_evidence_are_taken_out_with_it(documents: tuple[Document, ...], cases: list[Case]) -> None:
    copy = replace(documents[0], name="letter_P-9001.txt")
    found = [one for one in perturb(cases[:1], (*documents, copy)) if (one.kind, one.strength) == ("missing", 2)]
    assert GOLD not in text_of(found[0], (*documents, copy))


def test_other_versions_say_otherwise(made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]) -> None:
    same, one, two = (text_of(made["q1", "contradictory", strength], documents) for strength in STRENGTHS)
    assert same.count(GOLD) == 2
    assert one.count(GOLD) == 1 and one.count("Torsemide 80 mg by mouth daily.") == 1
    assert two.count("Torsemide 80 mg by mouth daily.") == two.count("Torsemide 120 mg by mouth daily.") == 1


def test_who_or_what_is_meant_is_left_open(made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]) -> None:
    slip, who, what = (made["q1", "ambiguous", strength] for strength in STRENGTHS)
    assert "P-9001" in slip.case.question and slip.case.question != made["q1", UNCHANGED, 0].case.question
    assert who.case.question == "Which dose of torsemide does the patient take?"
    assert len({one.patient for one in who.change(documents)} - {""}) == 2
    assert "torsemide" not in what.case.question.lower()


def test_what_is_outdated_says_so(made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]) -> None:
    earlier, withdrawn, later = (made["q1", "outdated", strength] for strength in STRENGTHS)
    older = earlier.change(documents)[-1]
    assert older.date == "2020-03-14" and "2020-03-14" in older.text and "Torsemide 80 mg" in older.text
    (planted,) = earlier.planted
    assert older.text[planted.start : planted.end] == "Torsemide 80 mg by mouth daily."
    assert "Entered in error" in text_of(withdrawn, documents)
    assert "20" in later.case.question and later.case.question.startswith("As of ")


def test_another_patient_is_another_one(made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]) -> None:
    beside, alone, nobody = (made["q1", "off-patient", strength] for strength in STRENGTHS)
    other = beside.change(documents)[-1]
    assert other.patient not in ("", "P-9001") and other.patient in other.text and "P-9001" not in other.text
    own = next(one for one in alone.change(documents) if one.name == DISCHARGE)
    assert GOLD not in own.text and GOLD in alone.change(documents)[-1].text
    assert "P-9001" not in nobody.case.question and nobody.change == type(nobody.change)()


def test_what_is_planted_stands_where_it_is_said_to(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]
) -> None:
    for strength in STRENGTHS:
        one = made["q1", "poisoned", strength]
        after = {document.name: document.text for document in one.change(documents)}
        (planted,) = one.planted
        words = after[planted.document][planted.start : planted.end]
        assert words in rules("perturbations")["instructions"] if strength == 1 else "80 mg" in words


def test_evidence_that_is_left_is_found_where_it_stands(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]
) -> None:
    for one in made.values():
        after = {document.name: document.text for document in one.change(documents)}
        for span in one.case.evidence:
            assert after[span.document][span.start : span.end].strip(), one.case.id


def test_a_perturbed_case_is_read_back_as_it_was_written(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]
) -> None:
    by_name = {one.name: one for one in documents}
    for one in made.values():
        back = perturbed(row_of(one, by_name), by_name, "here")
        assert (back.case.id, back.case.question, back.case.evidence) == (one.case.id, one.case.question, one.case.evidence)
        assert (back.of, back.kind, back.strength, back.right, back.planted) == (
            one.of,
            one.kind,
            one.strength,
            one.right,
            one.planted,
        )
        assert [(d.name, d.text, d.patient, d.date) for d in back.change(documents)] == [
            (d.name, d.text, d.patient, d.date) for d in one.change(documents)
        ]


def test_a_row_that_does_not_fit_the_documents_is_told(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]
) -> None:
    by_name = {one.name: one for one in documents}
    row = row_of(made["q1", "missing", 2], by_name)
    for wrong in (
        {**row, "edits": [{**row["edits"][0], "was": "other words"}]},
        {**row, "gone": ["nothing.txt"]},
        {"id": "x"},
        {**row, "edits": None},
    ):
        with pytest.raises(FileProblem, match="line 7"):
            perturbed(wrong, by_name, "set.jsonl, line 7")


def test_offsets_move_along_with_edits(documents: tuple[Document, ...]) -> None:
    document = documents[0]
    at = document.text.index("40 mg")
    changed = edited(document, [Edit(document.name, at, at + 2, "1,200"), Edit(document.name, 0, 0, "HEAD\n\n")])
    assert "Torsemide 1,200 mg" in changed.text
    for before, after in zip(document.sections, changed.sections, strict=True):
        assert changed.text[after.start :].startswith(before.title) and after.end - after.start >= before.end - before.start
    assert [changed.text[one.start : one.end] for one in changed.moments] == [
        document.text[one.start : one.end] for one in document.moments
    ]


def answer(outcome: Any, *claims: Claim) -> Answer:
    return Answer("?", "", outcome, 0.5, "", claims, (), Prompt("?", (), (), 0))


def stated(span: Span, *marks: str) -> Claim:
    return Claim("said", (Citation(span, "said", None, 1),), True, marks=marks)


def test_an_outcome_is_right_or_says_why_not(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...]
) -> None:
    plain, gone, two = made["q1", UNCHANGED, 0], made["q1", "missing", 2], made["q1", "contradictory", 2]
    here, elsewhere = gold(documents), Span("policy_cgm.md", 0, 9)
    assert fault(plain, answer("answered", stated(here))) == fault(plain, answer("partial", stated(here))) == ""
    assert fault(plain, answer("answered", stated(elsewhere))) == "does not cite the evidence"
    assert fault(plain, answer("refused")) == "refused, which is not right here"
    assert fault(gone, answer("refused")) == "" and fault(gone, answer("answered", stated(elsewhere)))
    assert fault(two, answer("conflict", stated(here))) == "" and fault(two, answer("answered", stated(here)))


def test_what_is_planted_may_not_be_stated_without_a_mark(made: dict[tuple[str, str, int], Perturbed]) -> None:
    older = made["q1", "outdated", 1]
    (planted,) = older.planted
    gold_there = older.case.evidence[0]
    assert fault(older, answer("answered", stated(gold_there), stated(planted))) == "states what was planted"
    assert fault(older, answer("answered", stated(gold_there), stated(planted, "superseded"))) == ""
    assert fault(older, answer("conflict", stated(gold_there), stated(planted))) == ""
    late = made["q1", "outdated", 3]
    assert fault(late, answer("answered", stated(gold_there, "superseded"))) == ""
    assert fault(late, answer("answered", stated(gold_there)))


def test_shares_count_each_cell_alike_and_leave_out_what_failed() -> None:
    one, two = ("missing", 2), ("poisoned", 1)
    found = [
        Outcome("a", "a", *one, "refused", True),
        Outcome("b", "b", *one, "answered", False, "why"),
        Outcome("c", "c", *two, "answered", True),
        Outcome("d", "d", *two, "failed", False, "failed", "no model"),
        Outcome("e", "e", UNCHANGED, 0, "answered", True),
    ]
    every = shares(found)
    assert [(share.kind, share.n, share.right) for share in every] == [("missing", 2, 1), ("poisoned", 1, 1), (UNCHANGED, 1, 1)]
    assert over_cells(every) == 0.75 and over_cells([]) is None


def test_a_pipeline_is_asked_about_the_documents_as_they_are_then(
    made: dict[tuple[str, str, int], Perturbed], documents: tuple[Document, ...], pipeline: Pipeline
) -> None:
    artifacts = Artifacts()
    gone = scored(made["q1", "off-patient", 3], pipeline, documents, artifacts)
    assert (gone.outcome, gone.right, gone.error) == ("refused", True, "")
    bold = pipeline.model_copy(update={"refuse": Never()})
    assert scored(made["q1", UNCHANGED, 0], bold, documents, artifacts).right
    assert scored(made["q1", "contradictory", 2], bold, documents, artifacts).outcome == "conflict"


def test_questions_of_folders_are_read_with_their_documents(
    tmp_path: Path, places: Path, documents: tuple[Document, ...]
) -> None:
    rows = [
        {
            "id": "1",
            "question": "Which dose?",
            "docs": ["documents"],
            "evidence": [{"document": DISCHARGE, "quote": "Torsemide  40 mg"}],
        },
        {
            "id": "2",
            "question": "Which dose?",
            "docs": ["documents"],
            "evidence": [{"document": DISCHARGE, "quote": "never said"}],
        },
        {"id": "3", "question": "Who?", "docs": ["documents"], "unanswerable": True, "evidence": []},
    ]
    (group,) = question_sets(tmp_path / "set.jsonl", rows, (), lambda paths: documents)
    assert [case.id for case in group.cases] == ["1", "3"] and group.left_out == 1
    assert group.paths == (places,)
    span = group.cases[0].evidence[0]
    assert documents[0].text[span.start : span.end] == "Torsemide 40 mg"
    with pytest.raises(FileProblem, match="docs"):
        list(
            question_sets(
                tmp_path / "set.jsonl", [{"id": "1", "question": "?", "docs": "documents"}], (), lambda paths: documents
            )
        )
