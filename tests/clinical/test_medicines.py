"""One table of medicines: its names lead to each other, its classes to their members, and names with another use to nothing."""

import pytest

from rag.clinical.medicines import drug_classes, drug_groups
from rag.rules import rules

GROUPS, CLASSES = drug_groups(), drug_classes()
TABLE = rules("drugs")


def members(name: str) -> tuple[str, ...]:
    return next(inside for names, inside in CLASSES if name in names)


def test_a_drug_stands_with_its_brands_and_short_forms() -> None:
    assert any({"dabrafenib", "Tafinlar"} <= set(group) for group in GROUPS)
    assert any({"acetaminophen", "paracetamol", "Tylenol"} <= set(group) for group in GROUPS)
    assert all(len(set(group)) == len(group) > 1 for group in GROUPS)


def test_a_class_holds_its_drugs_before_combinations_and_the_narrower_classes_with_theirs() -> None:
    inside = members("antihypertensive")
    assert {"lisinopril", "beta blocker", "lisinopril/hydrochlorothiazide"} <= set(inside)
    assert inside.index("lisinopril") < inside.index("lisinopril/hydrochlorothiazide") < inside.index("beta blocker")
    assert {"furosemide", "loop diuretic"} <= set(members("water pill")) and "apixaban" in members("blood thinner")


@pytest.mark.parametrize("name", sorted(set(TABLE["words"]) - set(TABLE["searched"]["still"])))
def test_a_brand_that_is_a_word_is_sought_for_nothing(name: str) -> None:
    assert all(name not in group for group in GROUPS) and all(name not in names for names, _ in CLASSES)


def test_what_is_measured_is_no_member_of_a_class() -> None:
    listed = {member for names, inside in CLASSES for member in inside}
    own = {member for one in TABLE["searched"]["classes"] for member in one["members"]}
    assert not set(TABLE["measured"]) & (listed - own)


def test_names_that_are_never_or_still_sought_are_names_of_the_table() -> None:
    names = {
        name for about in TABLE["classes"].values() for drug in about["drugs"].items() for name in (drug[0], *drug[1].split(", "))
    }
    names |= {name for own, about in TABLE["classes"].items() for name in (own, *about["also"])}
    assert set(TABLE["searched"]["never"]) - names == set()
    assert set(TABLE["searched"]["still"]) <= {*TABLE["words"], *TABLE["people"]}
