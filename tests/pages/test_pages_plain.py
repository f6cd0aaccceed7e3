"""Names, titles and words of documents are shown as they are: nothing in them becomes a link or a mark of Markdown."""

import re

import pytest

from pages.shared.text_view import plain
from rag.harmless import JOINER
from rag.pipeline.titles import MENU, line

# What Streamlit's reader of Markdown makes links of, after it has read the marks (mdast-util-gfm-autolink-literal).
ADDRESS = re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE)
MAIL = re.compile(r"(?<!\w)([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)")
UNESCAPED = re.compile(r"(?<!\\)[`*_{}\[\]()#+\-.!|<>~$:@&]")


@pytest.mark.parametrize(
    "name",
    [
        "www.x.org.txt",
        "WWW.x.org",
        "see www.x.org and https://x.org",
        "http://x.org/a.txt",
        "HTTPS://x.org",
        "[a](http://x.org)",
        "![a](https://x.org/a.png)",
        "<http://x.org>",
        "<a href='http://x.org'>",
        "ward@x.org.txt",
        "a.b+c@mail.x.org",
        "mailto:ward@x.org",
        "xmpp:a@x.org/y",
        ":material/home: $x$ :red[x] `code` **bold** ~~gone~~",
        "# title",
        "1. item",
        "wwww.x.org www.www.x.org",
        "hhttps://x",
    ],
)
def test_no_name_becomes_a_link_or_a_mark(name: str) -> None:
    told = plain(name)
    assert not UNESCAPED.search(told.replace("\\\\", ""))
    shown = re.sub(r"\\(.)", r"\1", told)
    assert shown.replace(JOINER, "") == name
    assert not ADDRESS.search(shown) and not MAIL.search(shown)


@pytest.mark.parametrize(("stage", "kind"), [(stage, kind) for stage in MENU for kind in MENU[stage]])
def test_every_line_of_a_menu_is_short_enough_to_be_read_whole_beside_an_answer(stage: str, kind: str) -> None:
    assert len(line(stage, kind)) <= 40  # At 1280 pixels; the menu cuts what is longer.
