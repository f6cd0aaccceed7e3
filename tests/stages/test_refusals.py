"""A refusal in a model's own words is one in every language, and a finding that something is not there is none."""

from typing import Any

import pytest

from rag.stages.answer.refusals import RULES, is_complete, is_courtesy, says_nothing, sorted_out
from rag.text import sentences
from rag.values import Citation, Claim, Document, Span
from tests.spent import is_linear

CITED = (Citation(Span("a.txt", 0, 1), "A", None, 1),)
SAID = Claim("Torsemide 40 mg is taken daily.", CITED)


@pytest.mark.parametrize("language", RULES["languages"], ids=lambda one: one["language"])
def test_every_example_is_a_refusal_and_every_counterexample_none(language: dict[str, Any]) -> None:
    for example in language["examples"]:
        assert says_nothing(example), example
        assert sorted_out([Claim(example)])[0]
    for other in language["not"]:
        assert not says_nothing(other, cites=True), other


def test_a_silence_of_the_sources_is_a_refusal_though_it_cites_them() -> None:
    assert says_nothing("The sources do not mention a dose.", cites=True)
    assert not says_nothing("I don't know.", cites=True) and not says_nothing("The note does not mention a dose.", cites=True)


@pytest.mark.parametrize(
    ("claims", "refused", "kept", "missing"),
    [
        ([SAID], False, 1, ()),
        ([Claim("I'm sorry."), Claim("The sources do not state this."), Claim("Please ask the ward.")], True, 3, ()),
        ([SAID, Claim("The sources do not mention the start date.")], False, 1, ("The sources do not mention the start date",)),
        ([Claim("The sources do not mention the start date."), SAID], False, 1, ("The sources do not mention the start date",)),
        ([Claim("The sources do not state this."), Claim("It is usually 5 mg.")], True, 2, ()),
        ([Claim("It is 5 mg."), Claim("The sources do not state more.")], False, 1, ("The sources do not state more",)),
        ([Claim("The sources do not give the date, but name the dose.", CITED)], False, 1, ()),
        ([], False, 0, ()),
    ],
)
def test_a_reply_is_a_refusal_where_nothing_else_is_stated(
    claims: list[Claim], refused: bool, kept: int, missing: tuple[str, ...]
) -> None:
    told = sorted_out(claims)
    assert (told[0], len(told[1]), told[2]) == (refused, kept, missing)


def test_what_is_said_around_statements_is_a_courtesy_and_what_states_something_is_none() -> None:
    for example in RULES["courtesy"]:
        assert is_courtesy(example) and is_courtesy(f"**{example}**"), example
    for other in (*RULES["no_courtesy"], "Summary of the stay: he recovered.", "Thanks to apixaban, no stroke followed."):
        assert not is_courtesy(other), other


def test_a_silence_in_wide_words_counts_only_where_nothing_is_cited() -> None:
    for text in ("Nowhere in the documents is a dose.", "In den Unterlagen fehlen Angaben zur Dosis.", "文档中找不到剂量。"):
        assert says_nothing(text) and not says_nothing(text, cites=True), text


def test_words_for_nothing_missing_are_known() -> None:
    for word in (
        *RULES["complete"],
        "None.",
        "(none)",
        "Nothing.",
        "N/A",
        "All parts of the question are answered.",
        "No details are missing",
    ):
        assert is_complete(word), word
    for word in ("the dose", "No dose is stated.", "nothing about the dose"):
        assert not is_complete(word), word


def test_the_documents_of_the_tests_refuse_nothing(documents: tuple[Document, ...]) -> None:
    for document in documents:
        assert not [one for one in sentences(document.text) if says_nothing(document.text[slice(*one)], cites=True)]


def test_a_long_text_is_no_refusal_and_takes_no_time() -> None:
    for part in ("do not ", "no ", "a ", "non ", "is not given ", "source "):
        assert not says_nothing(part * 20_000)
        assert is_linear(says_nothing, part, 120_000)
