"""HTML by lxml: what a browser would show becomes the text; comments, links and what it would not show stand beside it."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

import lxml.html
from lxml import etree

from rag.documents.load.formats import Format, decode
from rag.documents.load.guard import check_depth, check_tags
from rag.documents.load.layout import Layout
from rag.documents.load.web.css import Styles
from rag.documents.load.web.markup import Walker, local
from rag.errors import FileProblem
from rag.values import Document, File

CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
DECLARATION = re.compile(r"\A\s*+<\?xml[^>]{0,300}\?>")
LATIN = {"iso8859-1", "ascii"}
USUAL = ("utf-8", "utf-16", "cp", "iso8859", "iso2022", "koi8", "mac", "shift", "euc", "gb", "big5", "ascii")


class Html(Format):
    """HTML as a browser shows it: headings become sections, tables row by row; text that is not displayed is pointed out."""

    kind: Literal["html"] = "html"
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return head.startswith((b"<!doctype html", b"<html"))

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = _decoded(file)
        layout = Layout(file.name)
        layout.warnings += warnings
        title = write_html(layout, text)
        yield self.laid_out(file, layout, title=title)


def write_html(layout: Layout, text: str, deeper: int = 0) -> str:
    """Writes a page or a piece of HTML into a layout and returns its title. Raises FileProblem."""
    root = _root(layout.name, text)
    if root is None:
        return ""
    check_depth(layout.name, root)
    styles = Styles()
    for style in root.iter("style"):
        if "print" not in (style.get("media") or "").lower():
            styles.add(style.text or "")
    title = _head(layout, root)
    Walker(layout, styles, deeper).walk(root)
    return title


def _root(name: str, text: str) -> Any:
    text = DECLARATION.sub("", text, count=1)
    check_tags(name, text)
    if not text.strip():
        return None
    parser = lxml.html.HTMLParser(no_network=True, huge_tree=True, remove_comments=False, remove_pis=False)
    try:
        return lxml.html.document_fromstring(text, parser=parser)
    except etree.ParserError:  # What it says of a page without any element.
        return None
    except (etree.LxmlError, ValueError) as error:
        raise FileProblem(f"{name}: the HTML cannot be read ({type(error).__name__}). Save it again from its source.") from None


def _head(layout: Layout, root: Any) -> str:
    """The page's title; what its head tells besides is kept beside the text."""
    title = ""
    for element in root.iter("title", "meta"):
        if local(element.tag) == "title" and not title:
            title = " ".join("".join(element.itertext()).split())[:200]
        elif element.get("content") and (name := element.get("name") or element.get("property")):
            if name.lower() not in {"viewport", "robots", "generator", "theme-color", "format-detection"}:
                layout.aside("metadata", f"{name}: {element.get('content')}")
    return title


def _decoded(file: File) -> tuple[str, tuple[str, ...]]:
    """The text in the encoding that the page declares, where it does and no mark says otherwise."""
    declared = CHARSET.search(file.data[:4096])
    if declared and not file.data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
            if name.startswith(USUAL):
                text = file.data.decode("cp1252" if name in LATIN else name)
                file = replace(file, data=text.encode("utf-8", "replace"))
        except (LookupError, UnicodeError):
            pass  # Then it is found out like that of any text.
    return decode(file)
