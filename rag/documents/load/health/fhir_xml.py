"""FHIR in XML as the values that its JSON would have; an element that stands once is a value, several are a list."""

from typing import Any

from lxml import etree

XHTML = "{http://www.w3.org/1999/xhtml}"


def from_xml(root: Any) -> dict[str, Any]:
    """The resource whose root element this is."""
    return {"resourceType": _name(root), **_parts(root)}


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _parts(element: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": element.get("id")} if element.get("id") else {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, value = _name(child), _value(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _value(element: Any) -> Any:
    if element.tag == f"{XHTML}div":
        return etree.tostring(element, encoding="unicode", with_tail=False)
    inner = [child for child in element if isinstance(child.tag, str)]
    if _name(element) in {"resource", "contained"} and len(inner) == 1:
        return from_xml(inner[0])
    if element.get("value") is not None and not inner:
        return element.get("value")
    return _parts(element)
