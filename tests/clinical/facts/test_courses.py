"""Courses, the order of events and certainty: what goes on, what is over, what comes first, and how sure it is."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.courses import courses
from rag.clinical.facts.types import Certainty, Course, Fact, Order
from rag.rules import rules

RULES = rules("facts_courses")
PARTS = (("courses", "state"), ("orders", "order"), ("levels", "level"))


def read(text: str) -> list[Fact]:
    return list(courses(reading(text)))


def states(text: str) -> list[tuple[str, str]]:
    return [(one.state, one.of) for one in read(text) if isinstance(one, Course)]


def wordings() -> Iterator[tuple[str, str, str]]:
    """Every way to write every phrase, with the rules' value; those beside a capital or a date are tested below."""
    for part, field in PARTS:
        for rule in RULES[part]:
            for phrase in rule["phrases"]:
                for said in product(*(place.split("|") for place in phrase.split(" "))):
                    yield " ".join(filter(None, said)), rule[field], part


def test_no_wording_of_a_rule_is_hidden_by_another_rule() -> None:
    values: dict[str, set[Any]] = {}
    for written, value, _ in wordings():
        values.setdefault(written, set()).add(value)
    assert {written: found for written, found in values.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cough has cleared up.", ("ended", "cough")),
        ("The cough has completely resolved.", ("ended", "cough")),
        ("Cough: resolved.", ("ended", "cough")),
        ("The swelling of the left leg has gone.", ("ended", "swelling")),
        ("The rash went away.", ("ended", "rash")),
        ("The rash is no longer there.", ("ended", "rash")),
        ("He no longer takes the drops.", ("ended", "drops")),
        ("She quit smoking.", ("ended", "")),
        ("The cough persists.", ("ongoing", "cough")),
        ("The cough is still there.", ("ongoing", "cough")),
        ("He is still on the drops.", ("ongoing", "drops")),
        ("She continues taking the drops.", ("ongoing", "drops")),
        ("The cough never really resolved.", ("ongoing", "cough")),
        ("The cough has not resolved.", ("ongoing", "cough")),
        ("A current smoker.", ("ongoing", "smoker")),
        ("A former smoker.", ("past", "smoker")),
        ("She used to work at night.", ("past", "night")),
        ("The cough began then.", ("begun", "cough")),
        ("Newly diagnosed gout.", ("begun", "gout")),
        ("Sudden onset of cough.", ("sudden", "cough")),
        ("It came on gradually.", ("begun", "gradually")),
        ("An MRI is planned.", ("planned", "mri")),
        ("The polyp is to be removed.", ("planned", "polyp")),
        ("The culture is pending.", ("pending", "culture")),
        ("The polyp was removed.", ("done", "polyp")),
        ("She underwent an appendectomy.", ("done", "appendectomy")),
        ("Status post appendectomy.", ("done", "appendectomy")),
        ("The scan was not done.", ("not done", "scan")),
        ("She declined the scan.", ("not done", "scan")),
        ("The relief was temporary.", ("temporary", "relief")),
        ("The pain comes and goes.", ("intermittent", "pain")),
    ],
)
def test_a_course_says_its_state_and_of_what(text: str, found: tuple[str, str]) -> None:
    assert found in states(text)


@pytest.mark.parametrize(
    ("text", "order", "of"),
    [
        ("Therapy starts after the scan.", "after", "scan"),
        ("Therapy starts before the scan.", "before", "scan"),
        ("Her third stone.", "third", "stone"),
        ("The first dose was given.", "first", "dose"),
        ("The last scan was clear.", "last", "scan"),
        ("It hurt during the scan.", "during", "scan"),
        ("Seven spots appeared before 2020.", "before", ""),
        ("Seven spots appeared since 2020.", "since", ""),
        ("Back in play this season.", "this", "season"),
        ("Back in play next season.", "next", "season"),
    ],
)
def test_an_order_says_the_place_and_of_what(text: str, order: str, of: str) -> None:
    assert (order, of) in {(one.order, one.of) for one in read(text) if isinstance(one, Order)}


@pytest.mark.parametrize(
    ("text", "level", "of"),
    [
        ("Gout was confirmed.", "certain", "gout"),
        ("Definitely gout.", "certain", "gout"),
        ("Diagnosed with gout.", "certain", "gout"),
        ("Probable gout.", "likely", "gout"),
        ("Consistent with gout.", "likely", "gout"),
        ("Possible gout.", "possible", "gout"),
        ("This may represent gout.", "possible", "gout"),
        ("Gout cannot be excluded.", "possible", "gout"),
        ("Gout has not been ruled out.", "possible", "gout"),
        ("Gout is unlikely.", "unlikely", "gout"),
        ("Gout was ruled out.", "excluded", "gout"),
        ("No evidence of gout.", "excluded", "gout"),
        ("The crystals are equivocal.", "unknown", "crystals"),
    ],
)
def test_a_certainty_says_how_sure_and_of_what(text: str, level: str, of: str) -> None:
    assert (level, of) in {(one.level, one.of) for one in read(text) if isinstance(one, Certainty)}


@pytest.mark.parametrize(
    "text",
    [
        "HISTORY OF PRESENT ILLNESS",
        "PAST MEDICAL HISTORY",
        "No apparent distress.",
        "Seen last week, for the past year, in the first 3 days.",
        "Seen in May 2024 and on 14 May.",
        "A 30 second walk.",
        "Three pulses a second.",
        "Wet since it rained.",
        "He had gone home.",
        "Call at once.",
        "First name, last name, next of kin.",
    ],
)
def test_headings_times_and_idioms_tell_no_course_order_or_certainty(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("text", ["He has been well since", "He has been well since then", "Well since x", "Well since."])
def test_a_text_may_end_behind_a_cue(text: str) -> None:
    assert all(one.end <= len(text) for one in read(text))
