"""Dates of a document and in it: whole labels alone, the order of its own numbers, years far ahead, weekdays."""

import pytest

from rag.clinical.provenance import document_date
from rag.clinical.times import absolute, moments
from rag.rules import rules


@pytest.mark.parametrize(
    "text",
    [
        "Birth date: 03/14/1957\nSlipped 2 days ago.",
        "Surgery date: 2023-01-04\nDoing well today.",
        "Next clinic visit date: 05/06/2024\nSeen today.",
        "Discharge date: to be set. Admission date: 02/03/2024",
        "Injury date: 1/2/2022\nLast updated date: 3/4/2025",
        "Planned discharge date: 2024-05-01",
        "Previous visit date: 2024-05-01",
        "Expiry date 2024-05-01",
        rules("dates")["alone"]["not"],
        rules("dates")["of_another_day"]["not"],
    ],
)
def test_a_date_of_something_else_is_not_the_documents_date(text: str) -> None:
    assert document_date(text) is None


@pytest.mark.parametrize(
    "head",
    [
        "Date: Tuesday, February 6, 2024",
        "Date: Tues. 6 February 2024",
        "Visit date: the 6th of February 2024",
        "Patient: P-0001   Date: 06 Feb 2024",
        "MRN 0001 | Date: 2024-02-06",
        "DATE OF SERVICE: TUESDAY, FEBRUARY 6, 2024",
        "Date: 20240206",
        "Date: 2024.02.06",
    ],
)
def test_a_weekday_or_another_field_before_it_does_not_hide_the_documents_date(head: str) -> None:
    assert document_date(f"{head}\nIt rained.") == "2024-02-06"


def test_numbers_are_read_in_the_order_that_the_document_shows() -> None:
    def days(text: str) -> list[str | None]:
        return [one.day for one in absolute(text)]

    assert days("Seen 02/03/2024, 25/03/2024.") == ["2024-03-02", "2024-03-25"]
    assert days("Seen 2024.02.03, version 2024.02.03.1, room 20240203.") == ["2024-02-03"]
    assert days("Seen 02/03/2024, 03/25/2024.") == ["2024-02-03", "2024-03-25"]
    assert days("Seen 02/03/2024, 25/03/2024 and 03/25/2024.") == ["2024-02-03", "2024-03-25", "2024-03-25"]
    assert document_date("Date: 02/03/2024\nReviewed 25/03/2024.") == "2024-03-02"


def test_years_of_shifted_collections_are_read() -> None:
    text = "Date of admission: 2187-01-02\nDate: January 9, 2187\nFell yesterday, CABG in 2172, back on 02/11/2187."
    found = {text[one.start : one.end]: one.day for one in moments(text, (), document_date(text))}
    assert found == {
        "2187-01-02": "2187-01-02",
        "January 9, 2187": "2187-01-09",
        "yesterday": "2187-01-08",
        "2172": "2172",
        "02/11/2187": "2187-02-11",
    }


@pytest.mark.parametrize("text", ["Seen in 2134 patients.", "Given since 2200 mg were too much.", "A row of 2250 names."])
def test_a_count_is_no_year(text: str) -> None:
    assert list(absolute(text)) == []


def test_a_label_of_admission_is_a_whole_one() -> None:
    text = "Planned admission date: 2024-05-01\nFell two days before admission."
    assert [one.day for one in moments(text, (), None)] == ["2024-05-01", None]
