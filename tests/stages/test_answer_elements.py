"""Answers as XML: what states, what cites, what stands beside it; running text with tags in it is none; linear over any text."""

import pytest

from rag.rules import rules
from rag.stages.answer.elements import DEEPEST, elements_in
from rag.stages.answer.structured import structured
from tests.spent import is_linear

NAMES = rules("citations")["elements"]
SAYS = "Torsemide 40 mg is taken daily."


@pytest.mark.parametrize("name", NAMES["states"])
def test_every_name_of_what_states_something_is_read(name: str) -> None:
    read = structured(f"<{name}><{name}>{SAYS}</{name}><source>2</source></{name}>", 3)
    assert read.sentences == ((SAYS, (2,)),)


@pytest.mark.parametrize("name", NAMES["cites"])
def test_every_name_of_a_source_is_read_in_behind_and_before_what_it_is_the_source_of(name: str) -> None:
    for written in (
        f"<fact>{SAYS}<{name}>2</{name}></fact>",
        f"<fact>{SAYS}</fact><{name}>2</{name}>",
        f"<fact><{name}>2</{name}><text>{SAYS}</text></fact>",
        f'<fact>{SAYS}<{name} id="2"/></fact>',
        f"<fact><text>{SAYS}</text><{name}><number>2</number></{name}></fact>",
    ):
        assert structured(written, 3).sentences == ((SAYS, (2,)),), written


@pytest.mark.parametrize("name", NAMES["naming"])
def test_every_attribute_that_names_a_source_is_read(name: str) -> None:
    for quote in ("'", '"', ""):
        assert structured(f"<claim id=7 {name}={quote}2{quote}>{SAYS}</claim>", 3).sentences == ((SAYS, (2,)),)


@pytest.mark.parametrize("name", NAMES["quotes"])
def test_what_quotes_a_source_is_no_statement(name: str) -> None:
    read = structured(f'<point>{SAYS}<{name} source="3">Torsemide forty</{name}></point>', 3)
    assert read.sentences == ((SAYS, (3,)),)


@pytest.mark.parametrize("name", NAMES["beside"])
def test_what_stands_beside_an_answer_is_left_out(name: str) -> None:
    assert structured(f'<claim source="1">{SAYS}</claim><{name}>rather high</{name}>', 3).sentences == ((SAYS, (1,)),)


def test_a_list_of_sources_behind_several_statements_is_none_of_theirs() -> None:
    read = structured(f"<fact>{SAYS}</fact><fact>It is so.</fact><sources><source>1</source><source>2</source></sources>", 3)
    assert read.sentences == ((SAYS, ()), ("It is so.", ()))


def test_what_is_missing_is_told_and_of_a_reply_that_was_cut_what_is_whole_is_read() -> None:
    written = f'<facts><fact source="1">{SAYS}</fact><missing>the route</missing></facts>'
    assert structured(written, 3).missing == "the route"
    cut = f'<facts><fact source="1">{SAYS}</fact><fact source="2">It is stop'
    assert structured(cut, 3, cut=True).sentences == ((SAYS, (1,)),)
    assert structured(cut, 3).sentences == ((SAYS, (1,)), ("It is stop", (2,)))


@pytest.mark.parametrize(
    "text",
    [
        f"{SAYS} <fact>It is so.</fact>",
        "<p>Torsemide 40 mg [1].</p><p>It is so [2].</p>",
        f"<fact>{SAYS} <source>1</source> It is so <source>2</source>.</fact>",
        "Platelets <100 and >50 were seen.",
        "<think twice> before it is given",
        "<fact>" * (DEEPEST + 2),
        "",
        "<",
        "</fact>",
    ],
)
def test_running_text_with_tags_in_it_is_no_answer_in_elements(text: str) -> None:
    assert elements_in(text) is None


@pytest.mark.parametrize(
    "part", ["<fact>", "</fact>", "<fact ", "<fact a=", "<", "<fact a='", "<fact/>", "<!--", "a ", "<fact>a</fact>"]
)
def test_elements_of_any_text_are_read_in_linear_time(part: str) -> None:
    assert is_linear(elements_in, part, 64_000, begin="<fact>")
