"""Intervals, ages, days and times of day: what is read of them, whoever writes it, and what only looks like one."""

from itertools import pairwise

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.times import times
from rag.clinical.facts.times.units import units
from rag.clinical.facts.types import Age, Clock, Day, Interval, row_of

MONTH, YEAR = 30.4375, 365.25


def told(text: str, day: str | None = None) -> list[Interval | Age | Day | Clock]:
    return times(reading(text, day))


def stretches(text: str) -> list[tuple[float, float | None, str]]:
    """The days, the upper end and the way of every interval."""
    found = (one for one in told(text) if isinstance(one, Interval))
    return [(round(one.days, 4), one.most and round(one.most, 4), one.way) for one in found]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("4/7 hx of sore ears.", 4),
        ("Hx: sore ears 4/7, no discharge. Cough 3/7 hx.", 4),
        ("A 4-day history of sore ears.", 4),
        ("Her ears have been sore for four days.", 4),
        ("EARS SORE X 4 DAYS.", 4),
        ("Ears sore x4d.", 4),
        ("Ears sore ×4 days.", 4),
        ("Ears sore, four-day course of drops.", 4),
        ("Sore ears over the past 4 days.", 4),
        ("Sore ears during the last four\ndays.", 4),
        ("Ears sore for 96 hours.", 4),
        ("Ears sore for the next 4 days.", 4),
        ("Ears sore for 4 full days.", 4),
        ("Ears sore for a day and a half.", 1.5),
        ("Ears sore for one and a half days.", 1.5),
        ("Ears sore for 1 1/2 days.", 1.5),
        ("Ears sore for 1½ days.", 1.5),
        ("Ears sore for half a day.", 0.5),
        ("Ears sore for 2.5 weeks.", 17.5),
        ("Ears sore for twenty-one days.", 21),
        ("Ears sore for twenty one days.", 21),
        ("Ears sore for a fortnight.", 14),
        ("Ears sore for 3/52.", 21),
        ("Ears sore for 2/12.", 2 * MONTH),
        ("Ears sore for a full week.", 7),
        ("Ears sore for a quarter of a year.", YEAR / 4),
        ("Ears sore for 1 year and 3 months.", YEAR + 3 * MONTH),
        ("Ears sore for 2 h 30 min.", 2.5 / 24),
        ("Ears sore for several weeks.", 7),
        ("Ears sore for a couple of weeks.", 14),
        ("Ears sore for years.", YEAR),
        ("Ears sore for the past year.", YEAR),
    ],
)
def test_how_long_something_has_lasted_is_one_length_however_it_is_written(text: str, days: float) -> None:
    (first, *_) = [one for one in told(text) if isinstance(one, Interval)]
    assert first.days == pytest.approx(days, abs=1e-3)
    assert first.way == "for"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Seen 3 months ago.", (3 * MONTH, None, "ago")),
        ("Seen approx. three months ago.", (3 * MONTH, None, "ago")),
        ("Seen a week earlier.", (7, None, "ago")),
        ("Seen 6/12 ago.", (6 * MONTH, None, "ago")),
        ("Seen 17 d ago.", (17, None, "ago")),
        ("Seen last week.", (7, None, "ago")),
        ("Seen yesterday.", (1, None, "ago")),
        ("Review in 10-14d.", (10, 14, "in")),
        ("Review in 10 to 14 days.", (10, 14, "in")),
        ("Review in ten to fourteen days.", (10, 14, "in")),
        ("Review within 2 working days.", (2, None, "in")),
        ("Review in 4 weeks to 6 weeks.", (28, 42, "in")),
        ("Review next month.", (MONTH, None, "in")),
        ("Review 6 weeks from now.", (42, None, "in")),
        ("Film every 3 months.", (3 * MONTH, None, "every")),
        ("Film q3 months.", (3 * MONTH, None, "every")),
        ("Film q 2 wk.", (14, None, "every")),
        ("3-monthly film.", (3 * MONTH, None, "every")),
        ("Film yearly.", (YEAR, None, "every")),
        ("Film every other week.", (14, None, "every")),
        ("Well since 3 days.", (3, None, "since")),
        ("No running until 12 weeks.", (84, None, "until")),
        ("It settled two weeks later.", (14, None, "after")),
        ("It settled the following day.", (1, None, "after")),
    ],
)
def test_a_stretch_of_time_says_in_which_direction_it_counts(text: str, found: tuple[float, float | None, str]) -> None:
    days, most, way = found
    assert stretches(text) == [(round(days, 4), most, way)]


@pytest.mark.parametrize(
    ("text", "way", "of", "days"),
    [
        ("Drops 30 minutes before surgery.", "before", "surgery", 30 / 1440),
        ("Dry 2 weeks after the hip surgery.", "after", "surgery", 14),
        ("Dry, 8 weeks postop.", "after", "surgery", 56),
        ("Dry, 8 weeks post-op.", "after", "surgery", 56),
        ("On POD 2 he walked.", "after", "surgery", 2),
        ("On POD#2 he walked.", "after", "surgery", 2),
        ("On hospital day 3 he walked.", "after", "admission", 2),
        ("Dry 3 days after he fell.", "after", "fell", 3),
        ("Dry 3 weeks prior to admission.", "before", "admission", 21),
        ("Deaf since the accident.", "since", "injury", 0),
        ("At 34w2d she felt it less.", "", "gestation", 240),
        ("He was born at 32 weeks.", "", "gestation", 224),
        ("IUP at 20+3 weeks.", "", "gestation", 143),
    ],
)
def test_a_stretch_before_or_after_an_event_names_it(text: str, way: str, of: str, days: float) -> None:
    (found,) = [one for one in told(text) if isinstance(one, Interval)]
    assert (found.way, found.of) == (way, of)
    assert found.days == pytest.approx(days, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("It took less than 3 seconds.", "<"),
        ("It took under 3 seconds.", "<"),
        ("Call if it lasts more than 3 weeks.", ">"),
        ("It has gone on for over 3 weeks.", ">"),
        ("Rest for at least 3 weeks.", ">="),
        ("Rest for 3 weeks or longer.", ">="),
        ("Rest for up to 3 weeks.", "<="),
        ("Rest for 3 weeks at the most.", "<="),
        ("It came up over 3 weeks.", ""),
        ("It came up over the last 3 weeks.", ""),
    ],
)
def test_a_limit_is_kept_beside_the_length(text: str, limit: str) -> None:
    assert [one.limit for one in told(text) if isinstance(one, Interval)] == [limit]


@pytest.mark.parametrize(
    "text",
    [
        "Two packs a day.",
        "Three beers/week.",
        "20 mg/day, 100 mL/hr, 60 mL/min.",
        "Vision 6/12 in the left eye.",
        "Cranial nerves 3/7 and strength 4/5.",
        "Pulse 72 per minute, breaths 18/min.",
        "Wound 2D scan, 3D view.",
        "Heart rate in the 60s.",
        "HD 3 times a week.",
        "A week point in the wall.",
        "He is in his second year.",
        "The day was warm.",
        "$30 a month.",
        "Tylenol #3 d",
        "Visits 3w4, 2w3.",
    ],
)
def test_rates_scores_and_shapes_are_no_stretches_of_time(text: str) -> None:
    assert [one for one in told(text) if isinstance(one, Interval | Age)] == []


@pytest.mark.parametrize("word", [word for word, unit in units().items() if not unit.glued])
def test_every_way_to_write_a_unit_counts_three_of_it(word: str) -> None:
    found = [one for one in told(f"Rest for 3 {word}.") if isinstance(one, Interval)]
    assert [one.days for one in found] == [pytest.approx(3 * units()[word].days)]


def test_a_british_note_counts_in_sevenths_throughout_and_a_note_without_that_habit_does_not() -> None:
    assert [days for days, _, _ in stretches("2/52 hx of itch. Drops 5/7 tried.")] == [14, 5]
    assert stretches("Drops 5/7 tried.") == []


@pytest.mark.parametrize(
    ("text", "day", "part"),
    [
        ("Fever since yesterday.", "2024-03-13", ""),
        ("Fever this morning.", "2024-03-14", "morning"),
        ("Fever last night.", "2024-03-13", "night"),
        ("Scan tomorrow morning.", "2024-03-15", "morning"),
        ("Fell 3 days ago.", "2024-03-11", ""),
        ("Scan in 2 weeks.", "2024-03-28", ""),
        ("No change overnight.", "", "night"),
    ],
)
def test_an_interval_leads_to_the_day_that_the_documents_date_gives_it(text: str, day: str, part: str) -> None:
    (found,) = [one for one in told(text, "2024-03-14") if isinstance(one, Interval)]
    assert (found.day, found.part) == (day, part)


def ages(text: str) -> list[tuple[float, float | None, str]]:
    return [(one.years, one.most, one.limit) for one in told(text) if isinstance(one, Age)]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("An 83-year-old gardener.", (83, None, "")),
        ("83 year old gardener.", (83, None, "")),
        ("An eighty-three-year-old gardener.", (83, None, "")),
        ("83 y/o gardener.", (83, None, "")),
        ("83 y.o. gardener.", (83, None, "")),
        ("83yo gardener.", (83, None, "")),
        ("This is an 83yoM.", (83, None, "")),
        ("83F with sore ears.", (83, None, "")),
        ("Pt is an 83F.", (83, None, "")),
        ("Bed 4, 83 M, sore ears", (83, None, "")),
        ("83 YEAR OLD GARDENER", (83, None, "")),
        ("Gardener aged 83.", (83, None, "")),
        ("Age: 83", (83, None, "")),
        ("He is 83 years of age.", (83, None, "")),
        ("She moved at the age of eighty three.", (83, None, "")),
        ("His uncle died at 83.", (83, None, "")),
        ("His uncle died of a stroke at 83 in winter.", (83, None, "")),
        ("An infant, 6 months old.", (0.5, None, "")),
        ("His uncle died in his sixties.", (60, 69, "")),
        ("His uncle died of a stroke in his early 60s.", (60, 63, "")),
        ("Gardeners aged 18-65.", (18, 65, "")),
        ("Gardeners between the ages of 18 and 65.", (18, 65, "")),
        ("Free for gardeners 65 years and older.", (65, None, ">=")),
        ("Free over the age of 65.", (65, None, ">")),
        ("Free under age 18.", (18, None, "<")),
        ("A woman of 88 came.", (88, None, "")),
    ],
)
def test_an_age_is_read_however_it_is_written(text: str, age: tuple[float, float | None, str]) -> None:
    assert ages(text) == [age]


@pytest.mark.parametrize(
    "text",
    [
        "Temp 101F.",
        "Tmax 99F with chills.",
        "Left femoral artery, 14F, for the device.",
        "A 16F Foley catheter.",
        "Seen for 30 years.",
        "Heart rate in the mid 60s.",
        "Blood pressure in the 80s.",
        "Drawn at 40 mg.",
        "Small for gestational age 2.",
        "Policy ST-17M.",
        "The cancer at 22 cm was seen.",
    ],
)
def test_temperatures_widths_and_lengths_of_time_are_no_ages(text: str) -> None:
    assert ages(text) == []


def days(text: str, day: str | None = None) -> list[str]:
    return [one.day for one in told(text, day) if isinstance(one, Day)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Seen on March 14, 2024.", "2024-03-14"),
        ("Seen 14 March 2024.", "2024-03-14"),
        ("Seen 03/14/2024.", "2024-03-14"),
        ("Seen 14.03.2024.", "2024-03-14"),
        ("Seen in March 2024.", "2024-03"),
        ("Seen on 14 March.", "--03-14"),
        ("Seen on the 3rd of May.", "--05-03"),
        ("Seen on June 14.", "--06-14"),
        ("Seen in July.", "--07"),
        ("Seen back in late\nAugust.", "--08"),
        ("The October film.", "--10"),
        ("Roof repair (2019).", "2019"),
        ("Roof repair 2019, dry since.", "2019"),
        ("Roof and walls in 2019 and 2021.", "2019"),
        ("The roof dates from the early 1990s.", "199X"),
        ("The roof was built in the 1990's.", "199X"),
        ("On Friday it rained.", "friday"),
        ("It rained last summer.", "summer"),
        ("It rained over the weekend.", "weekend"),
        ("It rained on New Year's Day.", "new year"),
        ("Dry since 2029-06.", "2029-06"),
    ],
)
def test_a_day_is_as_exact_as_the_text(text: str, day: str) -> None:
    assert days(text)[0] == day


def test_a_weekday_that_the_documents_date_resolves_is_that_day() -> None:
    assert days("Fell last Monday.", "2024-03-14") == ["2024-03-11"]


def test_stamps_of_month_and_day_count_in_a_text_that_writes_noughts() -> None:
    assert days("03/05 08:00 Dry.\n03/06 Rain.\n10/12 Snow.") == ["--03-05", "--03-06", "--10-12"]
    assert days("Pain 10/10, later 03/10.") == ["--03-10"]
    assert days("Strength 10/12 on both sides.") == []
    assert days("10-16 Dry.\n10-17 Rain for 10-12 days.\n12-24 Snow.\n") == ["--10-16", "--10-17", "--12-24"]
    assert days("Rest for 10-12 days.\n10-12 tablets.\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "He may march on.",
        "You may go.",
        "2000 mg a day.",
        "2010 mL of fluid.",
        "Room 2012.",
        "Call 555-2019.",
        "Platelets were 2010.",
        "He had a spring in his step.",
        "In the fall he broke a hip.",
        "Sun and rain.",
        "SAT 98 percent.",
    ],
)
def test_other_words_and_numbers_are_no_days(text: str) -> None:
    assert days(text) == []


def minutes(text: str) -> list[int | None]:
    return [one.minute for one in told(text) if isinstance(one, Clock)]


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("It began at 17:30.", 1050),
        ("It began at 5:30 pm.", 1050),
        ("It began at 5:30 p.m. at home.", 1050),
        ("Woken at 530am.", 330),
        ("Woken at 0530.", 330),
        ("Given 0820 by hand.", 500),
        ("Next dose tonight 2100.", 1260),
        ("Next dose at 2100 hours.", 1260),
        ("Next dose tonight at nine.", 1260),
        ("It began at noon.", 720),
        ("It began at eleven at night.", 1380),
        ("It began at half past five in the afternoon.", 1050),
        ("It began at quarter to nine in the morning.", 525),
        ("It began at nine o'clock.", 540),
        ("It began at 12:05 am.", 5),
    ],
)
def test_a_time_of_day_is_one_minute_however_it_is_written(text: str, minute: int) -> None:
    assert minutes(text) == [minute]


@pytest.mark.parametrize(
    "text",
    [
        "ANA titer 1:40.",
        "Diluted 1:30 in water.",
        "A 1:1 sitter.",
        "Salt under 2300 mg.",
        "I am well.",
        "Nine of ten.",
        "120/80 and 98.6.",
        "In 2014 and 2015.",
        "Call 555-0123.",
    ],
)
def test_dilutions_doses_and_years_are_no_times_of_day(text: str) -> None:
    assert minutes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "In 2014.",
        "at the age of",
        "POD #",
        "for a",
        "³ weeks ² days ① month",
        "٣ days",
        "İ 3 days ago",
        "999999999999999999999 years ago",
        "1/7/7/7/52/12",
        "-",
        "\n\n",
        "aged",
        "half past",
        "mid-",
        "4/7",
        "/7",
        "' s",
        "years old",
    ],
)
def test_a_text_that_breaks_off_or_writes_strange_figures_is_read_without_an_error(text: str) -> None:
    for one in told(text):
        assert row_of(one, text)["text"] == text[one.start : one.end] != ""


def test_places_are_offsets_into_the_text_and_none_lies_inside_another_of_its_kind() -> None:
    text = "83F, fell 3 days ago (14 March) at 17:30, POD 2 today. Review in 10-14d, then every 3 months for 2 years.\n" * 40
    found = told(text)
    for kind in (Interval | Age, Day, Clock):
        own = [one for one in found if isinstance(one, kind)]
        assert len(own) >= 40
        assert all(one.end <= after.start for one, after in pairwise(own))
