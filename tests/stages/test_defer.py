"""Which answers a person must look at, by which rule, and that each rule can be switched off."""

from dataclasses import replace
from typing import Any

import pytest

from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stage import options
from rag.stages.answer.outcome import looked_at
from rag.stages.defer import Deferrer
from rag.stages.defer.by_rules import ByRules
from rag.stages.defer.never import Never
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.values import Answer, Citation, Claim, Document, Prompt, Span

RISKS = rules("deferral")["risk"]
FOUND = rules("deferral")["found"]
NOTE = Document("note.txt", "Plain words about nothing in particular.", title="Clinic note")
CHILD = Document("child.txt", "Plain words about nothing in particular.", title="Pediatric clinic: letter")


@pytest.fixture(scope="module")
def index() -> Index:
    return Pipeline(embed=Hashing()).prepare([NOTE, CHILD], Artifacts())


def answered(question: str, *statements: str, **about: Any) -> Answer:
    document = about.pop("document", NOTE)
    span = Span(document.name, 0, 5)
    claims = tuple(Claim(text, (Citation(span, document.text[:5], None, 1),), True) for text in statements or ("Yes.",))
    return replace(Answer(question, "", "answered", 0.9, "", claims, (), Prompt(question, (), (), 0)), **about)


def marked(answer: Answer, index: Index, **settings: Any) -> list[str]:
    return [one.rule for one in ByRules(**settings)(answer, index)]


@pytest.mark.parametrize("rule", RISKS, ids=lambda rule: rule["rule"])
def test_the_example_of_a_risk_is_marked_with_it_and_its_counterpart_is_not(rule: dict[str, Any], index: Index) -> None:
    name = rule["rule"]
    found = ByRules()(answered(rule["example"]), index)
    assert name in [one.rule for one in found] and rule["reason"] in [one.reason for one in found]
    assert name not in marked(answered(rule["not"]), index)
    assert name not in marked(answered(rule["example"]), index, **{name: False})


@pytest.mark.parametrize(
    ("question", "statement", "rule"),
    [
        ("What was she sent home on?", "Apixaban 5 mg twice daily.", "anticoagulant"),
        ("What was she sent home on?", "Eliquis was started.", "anticoagulant"),
        ("What was she sent home on?", "Lantus 12 units at bedtime.", "insulin"),
        ("What helps her at night?", "Oxycodone 5 mg every 6 hours.", "opioid"),
        ("Who came to the clinic?", "A 7-year-old with a cough.", "pediatric"),
        ("What should the nurse know?", "She is allergic to latex.", "allergy"),
        ("May enoxaparin be given at 34 weeks of gestation?", "Yes.", "pregnancy"),
        ("Is Coumadin held?", "Yes.", "anticoagulant"),
        ("How much furosemide does he take?", "Yes.", "dose"),
    ],
)
def test_what_a_statement_says_counts_beside_the_question(question: str, statement: str, rule: str, index: Index) -> None:
    assert rule in marked(answered(question, statement), index)


def test_a_drug_that_a_statement_only_names_and_a_statement_beside_the_answer_do_not_count(index: Index) -> None:
    assert marked(answered("Why was he seen?", "He has never heard of apixaban."), index) == []
    beside = answered("Why was he seen?", "For a cough.")
    beside = replace(beside, claims=(*beside.claims, Claim("Apixaban 5 mg twice daily.", role="also")))
    assert marked(beside, index) == []


def test_how_much_of_what_is_no_drug_is_no_question_of_a_dose(index: Index) -> None:
    assert marked(answered("By how much did the nodule grow?", "By 5 mm."), index) == []


def test_a_document_of_a_childrens_clinic_makes_an_answer_one_about_a_child(index: Index) -> None:
    assert marked(answered("Why was P-0001 seen?", "For a cough.", document=CHILD), index) == ["pediatric"]


def test_conflict_unsupported_and_weak_evidence_are_marked_and_can_be_switched_off(index: Index) -> None:
    bad = replace(answered("Why was he seen?"), outcome="conflict", confidence=0.4)
    bad = replace(bad, claims=(replace(bad.claims[0], supported=False),))
    assert marked(bad, index) == ["conflict", "unsupported", "below"]
    assert marked(bad, index, conflict=False, below=0.3) == ["unsupported"]
    assert marked(bad, index, unsupported=False, below=0.0) == ["conflict"]
    assert marked(replace(bad, confidence=0.55), index, conflict=False, unsupported=False) == []


def test_what_states_nothing_is_not_marked(index: Index) -> None:
    refused = replace(answered("Which dose of warfarin?"), outcome="refused", claims=(), confidence=0.1)
    assert marked(refused, index) == []


def test_never_marks_nothing(index: Index) -> None:
    assert Never()(replace(answered("Which dose of warfarin?"), outcome="conflict"), index) == ()


def test_every_rule_of_the_data_is_a_setting_and_every_setting_a_rule() -> None:
    names = [rule["rule"] for rule in (*FOUND, *RISKS)]
    assert sorted(names) == sorted(set(ByRules.model_fields) - {"kind"}) and len(names) == len(set(names))
    assert list(options(Deferrer)) == ["never", "rules"]


def test_the_reasons_are_told_on_a_line(index: Index) -> None:
    answer = answered("Which dose of warfarin does she take?")
    answer = replace(answer, deferred=ByRules()(answer, index))
    assert looked_at(answer) == "A person must look: a dose is asked for; it is about an anticoagulant."
    assert looked_at(answered("Why was he seen?")) == ""
