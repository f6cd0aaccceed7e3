"""The words of drawings in Word: diagrams (SmartArt), charts and shapes, as one reads them in the picture."""

from collections.abc import Iterator
from typing import Any

from rag.documents.load.office.word_tables import name_of

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MOST_POINTS = 2_000
"""Values of a chart that are written."""


def drawn_lines(drawing: Any, part: Any) -> Iterator[str]:
    """The lines of the diagrams, charts and shapes in a drawing; `part` is the part of the file that holds it."""
    for leaf in drawing.iter():
        if name_of(leaf) == "relIds":
            yield from _paragraphs(_root(part, leaf.get(f"{R}dm")))
        elif name_of(leaf) == "chart" and leaf.get(f"{R}id"):
            yield from _chart(_root(part, leaf.get(f"{R}id")))
    yield from _paragraphs(drawing)


def _root(part: Any, identifier: str | None) -> Any:
    """The root of a related part, or None where it is not there or lies outside of the file."""
    from docx.oxml.parser import parse_xml

    relation = part.rels.get(identifier)
    if relation is None or relation.is_external:
        return None
    return parse_xml(relation.target_part.blob)


def _paragraphs(root: Any) -> Iterator[str]:
    for paragraph in root.iter(f"{DRAWN}p") if root is not None else ():
        if text := "".join(leaf.text or "" for leaf in paragraph.iter(f"{DRAWN}t")).strip():
            yield text


def _chart(root: Any) -> Iterator[str]:
    """Titles, and a line for each point: the series, the category and the value."""
    yield from _paragraphs(root)
    if root is None:
        return
    left = MOST_POINTS
    for series in (one for one in root.iter() if name_of(one) == "ser"):
        parts = {name_of(one): one for one in series}
        name = " ".join(_points(parts.get("tx")).values())
        categories = _points(parts.get("cat", parts.get("xVal")))
        for at, value in _points(parts.get("val", parts.get("yVal"))).items():
            if left := max(left - 1, 0):
                yield ": ".join(filter(None, (name, categories.get(at, ""), value)))


def _points(part: Any) -> dict[str, str]:
    """The values that a chart keeps of a series, by their number."""
    found = {}
    for point in part.iter() if part is not None else ():
        if name_of(point) in {"pt", "tx"} or (name_of(point) == "v" and name_of(point.getparent()) != "pt"):
            value = next((leaf.text or "" for leaf in point.iter() if name_of(leaf) == "v"), "")
            if value.strip():
                found[point.get("idx") or "0"] = value.strip()
    return found
