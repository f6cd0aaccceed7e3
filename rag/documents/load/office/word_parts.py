"""The parts of a Word document, and the paragraphs in them."""

from collections.abc import Iterator
from typing import Any

from rag.documents.load.office.word_styles import W


def related(part: Any, *kinds: str) -> list[Any]:
    """The parts of these kinds that a part refers to within the file, each once, by their names."""
    endings = tuple(f"/{kind}" for kind in kinds)
    parts = {
        str(relation.target_part.partname): relation.target_part
        for relation in part.rels.values()
        if not relation.is_external and relation.reltype.endswith(endings)
    }
    return [parts[name] for name in sorted(parts)]


def root(part: Any) -> Any:
    """The element that a part consists of."""
    if hasattr(part, "element"):
        return part.element
    from docx.oxml.parser import parse_xml

    return parse_xml(part.blob)


def lines_of(part: Any) -> list[str]:
    """The lines of a header or a footer."""
    return [line for at in paragraphs(root(part)) if (line := own_text(at)).strip()]


def paragraphs(parent: Any) -> Iterator[Any]:
    """The paragraphs in an element, those in its tables and text boxes included, each once."""
    return (at for at in parent.iter(f"{W}p") if next(at.iterancestors("{*}Fallback"), None) is None)


def own_text(paragraph: Any) -> str:
    """The text of a paragraph without that of boxes in it, which are paragraphs of their own."""
    return "".join(leaf.text or "" for leaf in paragraph.iter(f"{W}t") if next(leaf.iterancestors(f"{W}p")) is paragraph)
