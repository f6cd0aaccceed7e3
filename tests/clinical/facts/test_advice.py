"""Advice: what, when, under which condition, how strongly; and sentences that advise nothing."""

from itertools import pairwise

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.advice import times_and_advice
from rag.clinical.facts.courses import courses
from rag.clinical.facts.people import people
from rag.clinical.facts.policies import criteria
from rag.clinical.facts.types import Advice
from rag.values import Document


def advised(text: str) -> list[Advice]:
    return [one for one in times_and_advice(reading(text)) if isinstance(one, Advice)]


@pytest.mark.parametrize(
    ("text", "what", "when", "condition"),
    [
        ("Recommend follow-up CT in 6 months.", "follow-up CT", "in 6 months", ""),
        ("We recommend a follow-up CT in 6 months.", "a follow-up CT", "in 6 months", ""),
        ("Follow-up CT in 6 months is recommended.", "Follow-up CT", "in 6 months", ""),
        ("Return if symptoms worsen.", "Return", "", "if symptoms worsen"),
        ("Return to clinic in 2 weeks.", "Return to clinic", "in 2 weeks", ""),
        ("She will follow up with me in 2 weeks.", "follow up with me", "in 2 weeks", ""),
        ("Follow up with the surgeon in 1-2 weeks.", "Follow up with the surgeon", "in 1-2 weeks", ""),
        ("Consider an MRI.", "an MRI", "", ""),
        ("He should wear the boot.", "wear the boot", "", ""),
        ("I advised him to rest.", "rest", "", ""),
        ("The patient was instructed to rest if it swells.", "rest", "", "if it swells"),
        ("Please send the film.", "send the film", "", ""),
        ("1. Continue the drops.\n2. Hold the tablets.\n", "Continue the drops", "", ""),
        ("Plan:\n- Repeat the film in 3 months\n", "Repeat the film", "in 3 months", ""),
        ("REPEAT FILM IN 3 MONTHS.", "REPEAT FILM", "IN 3 MONTHS", ""),
        ("If it swells, call the clinic.", "call the clinic", "", "If it swells"),
        ("Review in 10-14d if no better.", "Review", "in 10-14d", "if no better"),
        ("Take one tablet until it is gone.", "Take one tablet", "", "until it is gone"),
        ("Follow up with Dr. Vexby in 2 weeks.", "Follow up with Dr. Vexby", "in 2 weeks", ""),
    ],
)
def test_advice_has_its_parts(text: str, what: str, when: str, condition: str) -> None:
    found = advised(text)[0]
    assert (found.what, found.when, found.condition, found.negated) == (what, when, condition, False)


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("He must wear the boot.", "required"),
        ("He needs to wear the boot.", "required"),
        ("A boot is required.", "required"),
        ("He should wear the boot.", "recommended"),
        ("A boot is recommended.", "recommended"),
        ("I suggest a boot.", "suggested"),
        ("A boot could be considered.", "suggested"),
        ("He would benefit from a boot.", "suggested"),
        ("He may resume the walks.", "optional"),
        ("A boot is optional.", "optional"),
    ],
)
def test_advice_is_as_strong_as_its_words(text: str, strength: str) -> None:
    assert [(one.strength, one.negated) for one in advised(text)] == [(strength, False)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("No further imaging is needed.", "No further imaging"),
        ("Further imaging is not needed.", "Further imaging"),
        ("Further imaging not indicated.", "Further imaging"),
        ("Do not drive.", "drive"),
        ("DO NOT DRIVE.", "DRIVE"),
        ("Don't drive.", "drive"),
        ("Never drive at night.", "drive at night"),
        ("He should not drive.", "drive"),
        ("He must not drive.", "drive"),
        ("He was told not to drive.", "drive"),
        ("She does not need to fast.", "fast"),
        ("No need for a boot.", "a boot"),
        ("We do not recommend surgery.", "surgery"),
    ],
)
def test_what_is_not_to_be_done_or_not_needed_is_negated(text: str, what: str) -> None:
    assert [(one.what, one.negated) for one in advised(text)] == [(what, True)]


@pytest.mark.parametrize(
    "text",
    [
        "REVIEW OF SYSTEMS",
        "Repeat film showed no change.",
        "Change in weight was seen.",
        "Order says rest.",
        "Call record, March 14.",
        "He does not smoke.",
        "We do not know.",
        "It should be noted that he is well.",
        "He agrees with the recommended plan.",
        "Takes drops as recommended.",
        "He presents for follow-up of gout.",
        "The tests suggest gout.",
        "Should it rain, he stays.",
        "He had an increased need to use drops.",
        "It may take two weeks.",
        "He was asked to see if it fits by Dr. Vexby.",
        "",
        "Recommend",
        "should",
    ],
)
def test_findings_headings_and_habits_advise_nothing(text: str) -> None:
    assert advised(text) == []


def test_several_pieces_of_advice_stand_beside_each_other() -> None:
    text = "Rest the knee, and avoid stairs. Ice it daily and take naproxen. Call if it swells; return in 2 weeks."
    found = advised(text)
    assert len(found) >= 5
    assert all(one.end <= after.start for one, after in pairwise(found))
    assert {one.condition for one in found} == {"", "if it swells"}


def test_a_table_of_one_line_is_read_cell_by_cell() -> None:
    assert [one.what for one in advised("drug,rule,note\nacamprosate,do not use,check daily\n")] == ["use", "check daily"]


@pytest.mark.parametrize(
    "part",
    ["not needed ", "recommend ", "should ", "3 days to ", "one of the following:\n1. ", "of 3 days ", "1/2 ", "4/7 ", "12:30 ",
     "Dr. A. ", "mother's ", "is not yet ", "if he should, ", "(a)\n", "all of the following\n", "twenty-", "half ", "stop and "],
)  # fmt: skip
def test_a_hostile_text_is_read_in_time(part: str) -> None:
    document = Document("hostile.txt", part * (200_000 // len(part)), type="policy")
    for finder in (times_and_advice, people, courses, criteria):
        assert len(list(finder(document))) < 200_000
