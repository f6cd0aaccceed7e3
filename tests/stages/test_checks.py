"""Checks: what a statement states is compared with its source, in whatever words; a check with nothing to say says nothing."""

from dataclasses import replace
from typing import Any

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.types import Dose, Drug, Fact
from rag.rules import rules
from rag.stages.verify.checks.contrasts import Contrast
from rag.stages.verify.checks.typed import Doses, Drugs
from rag.stages.verify.judge import Judgement, judged
from rag.stages.verify.quantities import quantities
from rag.stages.verify.texts import Source, Statement, source_of, statements

NOTE = """Seen in clinic with her daughter. Warfarin 3 mg at night was stopped last week; apixaban 5 mg b.i.d. was begun.
Takes amlodipine 10 mg q24h and levothyroxine 0.05 mg every morning. No chest pain, no palpitations.
Swelling of the right ankle for 10 days, worse in the evening. Creatinine 118 umol/L, potassium 4.4. Weight 72 kg.
Her mother had a stroke at 61. Echocardiogram is booked for Thursday. Follow-up in six weeks."""
RULES = rules("checks")


def objections(response: str, source: str = NOTE) -> list[str]:
    found = judged(response, source)
    return [
        one.check for claim in found.claims if claim.supported is False for one in claim.reasons if one.verdict != "supported"
    ]


@pytest.mark.parametrize(
    "response",
    [
        "Apixaban 5 mg twice daily was begun.",
        "Apixaban is taken every 12 hours, 5 mg each.",
        "Levothyroxine 50 micrograms is taken in the morning.",
        "She takes 10 mg apixaban in all a day.",
        "The right ankle has been swollen for ten days.",
        "She has neither chest pain nor palpitations.",
        "She denies chest pain.",
        "Warfarin was stopped.",
        "Her mother had a stroke at the age of 61.",
        "Follow-up is in 42 days.",
        "The echocardiogram is on Thursday.",
        "Creatinine was 118.",
        "",
    ],
)
def test_what_the_source_says_in_other_words_is_not_objected_to(response: str) -> None:
    assert objections(response) == []


@pytest.mark.parametrize(
    "said", ["He does not drink alcohol.", "There is no rash so far.", "He has no trouble with the kidneys."]
)
def test_what_a_source_asks_is_not_stated_by_it(said: str) -> None:
    talk = "Doctor: Any trouble with the kidneys? Patient: None at all. Doctor: Do you drink alcohol? Patient: I never did. "
    assert objections(said, f"{talk}Doctor: And has a rash come up anywhere? Patient: Not so far.") == []
    assert objections("There is no rash so far.", "A rash has come up. It itches.") == ["negation"]


@pytest.mark.parametrize(
    ("response", "check"),
    [
        ("Apixaban 2.5 mg twice daily was begun.", "dose"),
        ("Apixaban 50 mg twice daily was begun.", "dose"),
        ("Levothyroxine 0.05 g is taken every morning.", "unit"),
        ("Apixaban 5 mg four times a day was begun.", "frequency"),
        ("Swelling of the right ankle for 10 weeks.", "unit"),
        ("Swelling of the right ankle for 12 days.", "duration"),
        ("Swelling of the left ankle for 10 days.", "side"),
        ("She has chest pain and palpitations.", "negation"),
        ("She has no swelling of the right ankle.", "negation"),
        ("Her father had a stroke at 61.", "person"),
        ("Her mother had a stroke at 71.", "number"),
        ("Creatinine was 181.", "number"),
        ("Weight was 72 lb.", "unit"),
        ("The swelling of the right ankle is better in the evening.", "comparison"),
        ("The echocardiogram is booked for Tuesday.", "time"),
    ],
)
def test_what_contradicts_the_source_is_named_by_its_kind(response: str, check: str) -> None:
    assert check in objections(response)


@pytest.mark.parametrize("rule", RULES["contrasts"], ids=lambda rule: rule["name"])
def test_the_example_of_a_contrast_is_contradicted_and_its_source_is_not(rule: dict[str, Any]) -> None:
    source = source_of(rule["source"])
    for text, contradicted in ((rule["said"], True), (rule["source"], False)):
        found = [Contrast(rule["check"])(said, source) for said in statements(text, source)]
        assert any(one and one.verdict == "contradicted" for one in found) is contradicted


@pytest.mark.parametrize("rule", [*RULES["units"], *RULES["frequencies"]], ids=lambda rule: rule["example"])
def test_the_example_of_a_unit_or_a_rate_is_read(rule: dict[str, Any]) -> None:
    (found, *_) = quantities(rule["example"])
    if "per_day" in rule:
        assert (found.of, found.base) == ("rate", pytest.approx(rule["per_day"]))
    else:
        assert (found.of, found.base / found.number) == (rule["of"], pytest.approx(rule["factor"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4/7 of cough", [("time", 4)]),
        ("3/52", [("time", 21)]),
        ("twenty-five mg", [("mass", 25)]),
        ("10-12 days", [("time", 10), ("time", 12)]),
        ("one and a half days", [("time", 1.5)]),
        ("q6h", [("rate", 4)]),
        ("three times a week", [("rate", 3 / 7)]),
        ("half an hour", [("time", 1 / 48)]),
        ("a month and a half", [("time", 45.6)]),
        ("half a dozen", [("", 6)]),
        ("4 M G I M", [("mass", 4)]),
        ("five M C G", [("mass", 0.005)]),
        ("two hundred fifty m g", [("mass", 250)]),
        ("2 L L", [("volume", 2000)]),
        ("in nineteen ninety two", [("", 1992)]),
        ("in two thousand five", [("", 2005)]),
        ("sixteen, thirty", [("", 16), ("", 30)]),
        ("no number", []),
    ],
)
def test_quantities_are_read_in_words_digits_and_the_short_forms_of_notes(text: str, expected: list[tuple[str, float]]) -> None:
    assert [(one.of, pytest.approx(one.base)) for one in quantities(text)] == expected


def test_statements_stand_where_they_say_and_reasons_too() -> None:
    response = "Apixaban 50 mg was begun. She has no chest pain, and the echocardiogram was done."
    found = judged(response, NOTE)
    assert isinstance(found, Judgement) and 0 <= found.score <= 1 and len(found.claims) == 3
    for claim in found.claims:
        assert response[claim.start : claim.end] == claim.text
        for one in claim.reasons:
            assert claim.start <= one.said[0] < one.said[1] <= claim.end
            assert one.source is None or NOTE[slice(*one.source)]
    (dose,) = [one for one in found.claims[0].reasons if one.check == "dose"]
    assert NOTE[slice(*dose.source or (0, 0))] == "5 mg"


@pytest.mark.parametrize("text", ["", " \n ", "…", "1", "🙂", "a" * 3000, "no " * 500, "1/2/3 " * 300, "（１２３）"])
def test_any_text_is_judged_against_any_other(text: str) -> None:
    for found in (judged(text, NOTE), judged(NOTE, text), judged(text, text)):
        assert 0 <= found.score <= 1


VISIT = """Doctor: Any fever or chills?
Patient: No, none. The knee has been sore for six weeks, and my brother has gout.
Ejection fraction improved from 28% to 41%. Films of the chest: no fractures were noted. A radial pulse was felt.
Tender over the left scapula and the right middle finger. Hydroxyzine 25 mg at bedtime for itching.
Platelets 142, last month 96. Infection is unlikely. The toxin result is awaited. Topiramate was stopped because of a rash."""


@pytest.mark.parametrize(
    ("response", "check"),
    [
        ("The patient has fever and chills.", "negation"),
        ("The chest film shows fractures.", "negation"),
        ("No radial pulse was felt.", "negation"),
        ("The ejection fraction is now 28%.", "value"),
        ("Tender over the right ring finger.", "site"),
        ("Topiramate will be stopped because of a rash.", "course"),
    ],
)
def test_what_a_visit_says_once_is_not_told_otherwise(response: str, check: str) -> None:
    assert check in objections(response, VISIT)


@pytest.mark.parametrize(
    "response",
    [
        "She has neither fever nor chills.",
        "The knee has been sore for a month and a half.",
        "A sibling has gout.",
        "The ejection fraction is now 41%.",
        "A radial pulse was felt.",
        "Tender over the back on the left.",
        "Infection is thought unlikely.",
        "The toxin result is still awaited.",
    ],
)
def test_what_a_visit_says_in_other_words_is_not_objected_to(response: str) -> None:
    assert objections(response, VISIT) == []


def beside(said: Statement, source: Source, own: tuple[Fact, ...], there: tuple[Fact, ...]) -> tuple[Statement, Source]:
    """A statement and a source with these facts and no others."""
    source.facts = there
    return replace(said, facts=own), source


@pytest.mark.parametrize(
    ("name", "classes", "verdict", "says"),
    [
        ("hydralazine", (), "supported", ""),
        ("hydroxyzine", (), "contradicted", "look-alike"),
        ("metoprolol", ("beta blocker",), "contradicted", "where the source has"),
    ],
)
def test_a_drug_is_compared_by_its_generic_name(name: str, classes: tuple[str, ...], verdict: str, says: str) -> None:
    text, note = "Apresoline was begun.", f"Begun: {name} at night."
    source = Source(reading(note))
    (said,) = statements(text, source)
    own = Drug(start=0, end=10, name="hydralazine", written="brand")
    found = Drugs()(*beside(said, source, (own,), (Drug(start=7, end=7 + len(name), name=name, classes=classes),)))
    assert found and (found.check, found.verdict) == ("drug", verdict) and says in found.detail


def test_a_class_is_borne_out_by_a_member_and_no_member_by_its_class() -> None:
    member = Drug(start=0, end=10, name="bisoprolol", classes=("beta blocker",))
    named = Drug(start=0, end=12, name="beta blocker", written="class")
    assert Drugs().same(named, member) and not Drugs().same(member, named)


def test_a_dose_of_another_drug_bears_nothing_out() -> None:
    one = Dose(start=0, end=5, amount=50.0, unit="mg", drug="lisinopril")
    assert Doses().same(one, replace(one, drug="")) and not Doses().same(one, replace(one, drug="metoprolol"))
    assert Doses().same(one, replace(one, amount=25.0, most=50.0)) and not Doses().same(one, replace(one, unit="mL"))


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("amlodipine", "Lisinopril was raised to 40 mg daily."),
        ("ciprofloxacin", "Cephalexin 500 mg was raised."),
        ("oxycodone", "He takes hydrocodone for pain, raised today."),
        ("warfarin", "The blood thinner was raised."),
    ],
)
def test_a_drug_is_not_borne_out_by_another_of_its_class_or_by_the_class(name: str, note: str) -> None:
    (said,) = statements(f"The {name} was raised.", source_of(note))
    assert {word.written: places for word, places in zip(said.words, said.held, strict=True)}[name] == ()
    assert judged(said.text, note).supported is not True
    assert judged("A blood thinner was raised.", "Warfarin was raised.").supported is True


@pytest.mark.parametrize(
    ("response", "wrong"),
    [
        ("Torsemide 20 mg daily.", "dose"), ("He went home on torsemide 25 mg daily.", "dose"), ("Torsemide 40 mg daily.", ""),
        ("Hydralazine 40 mg three times a day.", "dose"), ("Isosorbide dinitrate 25 mg TID.", "dose"),
        ("Isosorbide dinitrate 20 mg TID.", ""), ("Torsemide 40 mg PO TID.", "frequency"),
    ],
)  # fmt: skip
def test_what_a_list_gives_to_another_drug_bears_out_nothing(response: str, wrong: str) -> None:
    listed = "STARTED: hydralazine 25 mg PO TID; isosorbide dinitrate 20 mg PO TID; torsemide 40 mg PO daily (was furosemide)."
    found = judged(response, listed)
    if wrong:
        assert found.supported is False and wrong in objections(response, listed)
    else:
        assert found.supported is not False
