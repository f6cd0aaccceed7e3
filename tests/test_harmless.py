"""What documents say is text wherever it is shown or saved: no link, no markup, no formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.harmless import JOINER, cell, is_live, plain, shown_cell

DEAD = [
    "[dose](https://x.example/a)", "![p](https://x.example/a.png)", "<img src=x onerror=alert(1)>", "https://x.example/a",
    "<a href='javascript:1'>x</a>", "www.x.example", "a@x.example", "<https://x.example>", "[a]: https://x.example", "# title",
    "`code` **bold** $x$", "| a | b |\n|---|---|", ":material/home: :red[x]", "- item", "&lt;b&gt;", "http://x.example?q=[1](2)",
]  # fmt: skip
ACTIVE = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "strong_open",
    "em_open",
    "code_inline",
    "fence",
    "heading_open",
    "table_open",
}


def tokens(text: str) -> set[str]:
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(plain(text))
    return {token.type for block in parsed for token in (block, *(block.children or ()))}


@pytest.mark.parametrize("text", DEAD)
def test_nothing_in_a_text_is_markup_or_a_link_once_it_is_plain(text: str) -> None:
    assert not tokens(text) & ACTIVE
    assert not is_live(plain(text), cell(text))


@given(st.text(alphabet="[]()<>!*_`#&:/@.\\wh tps\n-=|", max_size=40))
def test_no_text_at_all_becomes_markup(text: str) -> None:
    assert not tokens(text) & (ACTIVE - {"heading_open"})


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\t=1", " =cmd|'/C calc'!A0", "＝1", "|x", "%0A=1", "\r=1"])
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}" and shown_cell(text) == f"{JOINER}{text}"
    assert is_live("", text) and not is_live("", cell(text))


@pytest.mark.parametrize("value", ["5 mg", "-5", "+3.5", "-1,200", "-5 %".replace(" ", ""), "", "=", "+ ", "a=b", 7, -7.5, None])
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert cell(value) is value and shown_cell(value) is value


@pytest.mark.parametrize("text", ["a dose of 5 mg", "ratio 1:2", "see page 3", "e-mail was sent"])
def test_plain_words_are_not_live(text: str) -> None:
    assert not is_live(text, text)
