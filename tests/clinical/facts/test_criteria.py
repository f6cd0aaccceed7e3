"""Criteria of policies: printed numbers with those above them, how they are joined, and where they are cited."""

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.policies import criteria


def found(text: str) -> list[tuple[str, str]]:
    return [(one.number, one.logic) for one in criteria(reading(text))]


NESTED = """2. Coverage criteria for coats
2.1 Covered when all of the following are met:
(a) it rains; and
(b) one of the following:
    1. hail
    2. sleet
2.2 Not covered on dry days.
"""


def test_numbers_stand_behind_those_of_what_holds_them() -> None:
    numbers = dict(found(NESTED))
    assert numbers["2.1(a)"] == numbers["2.1(b)"] == "all"
    assert {"2.1", "2.2"} <= numbers.keys()


@pytest.mark.parametrize(
    ("lead", "logic"),
    [
        ("all of the following", "all"), ("ALL of the following criteria are met", "all"), ("both of the following", "all"),
        ("any of the following", "any"), ("one of the following", "any"), ("at least one of the following", "any"),
        ("any one of these", "any"), ("all of", "all"),
    ],
)  # fmt: skip
def test_the_lead_in_joins_the_criteria_below_it(lead: str, logic: str) -> None:
    assert found(f"Coats are covered if {lead}:\nA. It rains.\nB. It snows.\n") == [("A", logic), ("B", logic)]


@pytest.mark.parametrize(("joint", "logic"), [("and", "all"), ("or", "any"), ("AND", "all"), ("OR", "any")])
def test_the_word_at_the_end_of_a_criterion_joins_it_to_the_next(joint: str, logic: str) -> None:
    assert found(f"Coverage criteria\n1. It rains; {joint}\n2. It snows.\n") == [("1", logic), ("2", logic)]


def test_a_lead_in_does_not_reach_over_other_criteria() -> None:
    text = "Covered when both are met:\n a. rain\n b. snow\nNot covered:\n1. sun\n2. wind\n"
    assert [number for number, logic in found(text) if logic] == ["a", "b"]


def test_the_place_of_a_criterion_holds_its_own_text_alone() -> None:
    places = {one.number: NESTED[one.start : one.end] for one in criteria(reading(NESTED))}
    assert places["2.1(a)"] == "(a) it rains; and"
    assert places["2.2"] == "2.2 Not covered on dry days."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Denied under criterion 2.1(b).", "2.1(b)"),
        ("See section 4.2 of the policy.", "4.2"),
        ("Criterion B is met.", "B"),
        ("Meets § 3.1.", "3.1"),
        ("ITEM 3(c) is not applied.", "3(c)"),
    ],
)
def test_a_cited_criterion_is_read_by_its_number(text: str, number: str) -> None:
    assert found(text) == [(number, "")]


@pytest.mark.parametrize(
    "text",
    [
        "Plan:\n1. Gout: rest.\n2. Rain: coat.\n", "Section of the lung.",
        "The condition is stable.", "C-section 2019.", "all of the following", ""
    ],
)  # fmt: skip
def test_a_plan_of_care_and_other_numbers_are_no_criteria(text: str) -> None:
    assert found(text) == []
