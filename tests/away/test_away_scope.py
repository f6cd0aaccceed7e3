"""A filter that goes along: what two of them let through together, how it is written, and what no document has."""

from dataclasses import replace

import pytest

from rag.away.scope import command_line, known, literal, narrowed, within
from rag.errors import SettingProblem
from rag.values import Document, Filter

DOCUMENTS = [
    Document("a.txt", "Invented.", type="policy", date="2024-03-14", patient="P-1", author="nurse"),
    Document("b.txt", "Invented.", type="discharge", date="2023-05-01", patient="P-2"),
    Document("c.txt", "Invented.", type="policy"),
]
FILTERS = [
    Filter(),
    Filter(documents=("a.txt", "b.txt")),
    Filter(documents=("b.txt", "c.txt")),
    Filter(types=("policy",)),
    Filter(patients=("P-1", "P-2")),
    Filter(patients=("P-2",), before="2023"),
    Filter(after="2023-06-01"),
    Filter(before="2023-12-31", authors=("nurse",)),
    Filter(after="2024", before="2024-03"),
    Filter(patients=("P-1",), nobody=True),
    Filter(patients=("P-1", "P-2"), nobody=True),
]


@pytest.mark.parametrize("scope", FILTERS, ids=str)
@pytest.mark.parametrize("only", FILTERS, ids=str)
def test_two_filters_let_through_what_each_of_them_does_or_say_that_nothing_is_left(scope: Filter, only: Filter) -> None:
    both = [document for document in DOCUMENTS if scope.allows(document) and only.allows(document)]
    try:
        assert within(narrowed(scope, only), DOCUMENTS) == both
    except SettingProblem as problem:
        assert both == [] and str(problem).startswith("filter")


def test_an_edition_in_force_stays_asked_for_whatever_the_request_says() -> None:
    scope = Filter(in_force=True)
    assert narrowed(scope, Filter()).in_force and narrowed(Filter(), scope).in_force
    old = replace(DOCUMENTS[2], edition="2023", effective="2023-01-01", title="An invented policy")
    new = replace(old, name="new.txt", edition="2024", effective="2024-01-01")
    later = replace(old, name="later.txt", edition="2999", effective="2999-01-01")
    assert within(scope, [old, new, later]) == [new]


def test_the_end_of_a_range_is_never_widened_by_a_shorter_date() -> None:
    assert narrowed(Filter(before="2024-03-14"), Filter(before="2024")).before == "2024-03-14"
    assert narrowed(Filter(after="2024-03-14"), Filter(after="2024")).after == "2024-03-14"


def test_a_value_that_no_document_has_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SettingProblem, match=r"^patients 'P-9' is not among the documents\. Allowed: P-1, P-2\.$"):
        known(Filter(patients=("P-9",)), DOCUMENTS)
    with pytest.raises(SettingProblem, match=r"Allowed: none, since no document has one\.$"):
        known(Filter(statuses=("final",)), DOCUMENTS)
    many = [Document(f"{number:02}.txt", "Invented.") for number in range(30)]
    with pytest.raises(SettingProblem, match=r"19\.txt and 10 more\.$"):
        known(Filter(documents=("gone.txt",)), many)


def test_a_name_that_only_looks_like_one_that_there_is_is_told_to_be_another() -> None:
    there = [Document("pla\u0301n.txt", "Invented.")]
    known(Filter(documents=("pla\u0301n.txt",)), there)
    with pytest.raises(SettingProblem, match=r"One of them looks the same and is written with other signs: copy it\.$"):
        known(Filter(documents=("pl\u00e1n.txt",)), there)


def test_every_field_is_written_as_python_and_as_options() -> None:
    only = Filter(("a b.txt",), ("policy",), "2024-01-01", "2024-12-31", ("P-1",), ("nurse",), True, ("final",), True)
    told = literal(only)
    assert len(told) == 9 and spelled(told) == only
    options = ["--document", "a b.txt", "--type", "policy", "--patient", "P-1", "--author", "nurse", "--status", "final"]
    assert command_line(only) == [*options, "--after", "2024-01-01", "--before", "2024-12-31", "--in-force", "--nobody"]
    assert (literal(Filter()), command_line(Filter())) == ([], [])


def spelled(told: list[str]) -> Filter:
    """The filter that these arguments spell."""
    import ast

    return Filter(**{name: ast.literal_eval(value) for name, _, value in (one.partition("=") for one in told)})
