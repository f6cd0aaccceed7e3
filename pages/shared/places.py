"""Where a passage stands, told alike everywhere: the page's number in the file and, where it differs, the printed one."""

from pages.shared.state import project
from rag.values import Citation, Document, Span


def page_told(document: Document | None, start: int) -> str:
    """The page of a character, such as "p. 5 (printed 3)"; "" where there are no pages."""
    page = document.page_at(start) if document else None
    return page.told if page else ""


def page_of(span: Span) -> str:
    """The same for a stretch of a document of the workspace."""
    return page_told(project().shelf.document(span.document), span.start)


def place_of(span: Span) -> str:
    """The document's name and the page."""
    return ", ".join(filter(None, (span.document, page_of(span))))


def stands(cited: Citation) -> bool:
    """Whether its document is there and still says what is cited."""
    document = project().shelf.document(cited.span.document)
    return document is not None and document.text[cited.span.start : cited.span.end] == cited.quote
