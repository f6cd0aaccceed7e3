"""A filter lets through what it says and no more; what cannot be understood is refused, never taken as "everything"."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from rag.errors import SettingProblem
from rag.values import Document, Filter

LISTS = ("documents", "types", "patients", "authors", "statuses")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "given", ["P-0412", None, {"P-0412": 1}, {"P-0412"}, 412, b"P-0412", ("P-0412", 7), ("",), (" ",), (None,), [["a"]]]
)
def test_a_field_that_is_no_list_of_texts_is_refused_by_name_and_value(name: str, given: Any) -> None:
    with pytest.raises(SettingProblem, match=rf'^Filter: {name} (is|holds) .*{name}=\("P-0412",\)'):
        Filter(**{name: given})


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize(
    "given",
    [
        "01/02/2024",
        "2024-3-1",
        "2024-02-30",
        "2024-13",
        "24",
        "",
        "20240314",
        "2024-03-14T08:00",
        "yesterday",
        "2024-03-14 ",
        2024,
        date(2024, 3, 14),
    ],
)
def test_a_date_that_is_not_iso_is_refused_by_name_and_value(name: str, given: Any) -> None:
    with pytest.raises(SettingProblem, match=rf"^Filter: {name} is .*2024-03-14") as told:
        Filter(**{name: given})
    assert repr(given) in str(told.value)


@pytest.mark.parametrize(
    ("after", "before"), [("2024-03-15", "2024-03-14"), ("2024-04", "2024-03"), ("2025", "2024"), ("2025", "2024-12-31")]
)
def test_a_range_that_ends_before_it_begins_is_refused(after: str, before: str) -> None:
    with pytest.raises(SettingProblem, match=f"after {after} is later than before {before}"):
        Filter(after=after, before=before)


def test_whether_editions_in_force_is_yes_or_no() -> None:
    with pytest.raises(SettingProblem, match="in_force is 'no'"):
        Filter(in_force="no")  # type: ignore[arg-type]


def test_lists_are_taken_as_tuples_so_that_equal_filters_are_equal() -> None:
    listed = Filter(patients=["P-1"], types=["note"])  # type: ignore[arg-type]
    assert listed == Filter(patients=("P-1",), types=("note",)) and hash(listed) == hash(
        Filter(patients=("P-1",), types=("note",))
    )
    assert Filter() == Filter((), (), None, None, (), (), False, ())


def test_only_the_whole_name_of_a_patient_is_let_through() -> None:
    only = Filter(patients=("P-0412",))
    assert [only.allows(Document("a", "x", patient=one)) for one in ("P-0412", "P-04", "P-04123", "p-0412", "")] == [
        True,
        *[False] * 4,
    ]


@pytest.mark.parametrize(
    ("after", "before", "day", "allowed"),
    [
        ("2024-03-14", None, "2024-03", True),
        ("2024-03-31", None, "2024-03", True),
        ("2024-04-01", None, "2024-03", False),
        ("2024-03", None, "2024-03-01", True),
        ("2024-03", None, "2024-02-29", False),
        ("2024", None, "2024-01-01", True),
        ("2024", None, "2023-12", False),
        (None, "2024-03-01", "2024-03", True),
        (None, "2024-02-29", "2024-03", False),
        (None, "2024-03", "2024-03-31", True),
        (None, "2024-03", "2024-04-01", False),
        (None, "2024", "2024-12-31", True),
        (None, "2023-12-31", "2024", False),
        ("2024-03-10", "2024-03-20", "2024-03", True),
        ("2024-03-10", "2024-03-20", "2024", True),
        ("2024-03-14", "2024-03-14", "2024-03-14", True),
        ("2024-03-14", "2024-03-14", "2024-03-15", False),
        ("2024-02-29", "2024-02-29", "2024-02", True),
        ("2024", None, None, False),
        (None, "2024", None, False),
        ("2024", None, "spring of 2024", False),
        (None, "2024", "spring of 2024", False),
        (None, "2024", "", False),
    ],
)
def test_a_month_or_year_lies_in_a_range_where_one_of_its_days_may(
    after: str | None, before: str | None, day: str | None, allowed: bool
) -> None:
    only = Filter(after=after, before=before)
    assert only.allows(Document("a", "x", date=day)) is allowed
    assert (list(only.failing(Document("a", "x", date=day))) == []) is allowed


def test_the_fields_that_keep_a_document_out_are_named() -> None:
    only = Filter(("b",), ("note",), "2024", "2025", ("P-1",), ("nurse",), True, ("final",))
    assert list(only.failing(Document("a", "x"))) == ["documents", "types", "patients", "authors", "statuses", "after", "before"]
    fitting = Document("b", "x", type="note", date="2024-03-14", patient="P-1", author="nurse", status="final")
    assert list(only.failing(fitting)) == [] and only.allows(fitting)


def test_a_status_is_a_filter_and_part_of_the_key_only_where_there_is_one() -> None:
    plain, final = Document("a", "x"), Document("a", "x", status="final")
    only = Filter(statuses=("final", "amended"))
    assert (only.allows(final), only.allows(plain), only.allows(Document("a", "x", status="preliminary"))) == (True, False, False)
    assert plain.key != final.key and plain.key == "d37ea5d1672cbd958fc9a338"


def test_a_document_kept_before_there_was_a_status_is_still_read() -> None:
    kept = TypeAdapter(Document).validate_json('{"name": "a", "text": "x", "type": "note"}')
    assert kept.status == "" and Filter(types=("note",)).allows(kept)
