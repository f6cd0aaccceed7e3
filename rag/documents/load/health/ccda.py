"""C-CDA by lxml: the sections of a ClinicalDocument with their codes, and their narrative row by row."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar, Literal

from rag.clinical.patients import PSEUDONYM, nobodys
from rag.clinical.statuses import coded_status
from rag.documents.load.formats import Format, Text, with_facts
from rag.documents.load.guard import xml_root
from rag.documents.load.health.attachments import Reader, attached, decoded
from rag.documents.load.layout import Layout
from rag.documents.load.office.rtf import Rtf
from rag.documents.load.pdf import Pdf
from rag.documents.load.web.html import Html
from rag.documents.load.web.markup import Walker, local
from rag.errors import FileProblem
from rag.rules import rules
from rag.values import Document, File

ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?ClinicalDocument[\s>]")
PEOPLE = ("recordTarget", "author", "dataEnterer", "informant", "custodian", "legalAuthenticator", "authenticator",
          "participant", "componentOf")  # fmt: skip
HEADER = frozenset(map(str.lower, PEOPLE))
LOINC = "2.16.840.1.113883.6.1"
READERS: dict[str, Reader] = {
    "text/plain": Text(),
    "text/html": Html(),
    "text/rtf": Rtf(),
    "application/rtf": Rtf(),
    "application/pdf": Pdf(),
}


class Ccda(Format):
    """C-CDA (XML): each section with its LOINC code, tables of the narrative row by row; type, date and author's role."""

    kind: Literal["ccda"] = "ccda"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".cda", ".ccda", ".ccd")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        head = data[:4096].replace(b"\0", b"")
        return head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and bool(ROOT.search(head))

    def __call__(self, file: File) -> Iterator[Document]:
        root = xml_root(file.name, file.data)
        if local(root.tag) != "clinicaldocument":
            yield self._part(file, root)
            return
        yield _with_facts(self._read(file, root), root)

    def _part(self, file: File, root: Any) -> Document:
        """A part cut out of a C-CDA: its sections, or else the texts of its entries. Raises FileProblem."""
        layout = Layout(file.name)
        sections = [
            one for one in _outermost(root, "section") if _child(one, "text") is not None or _child(one, "code") is not None
        ]
        for section in sections:
            _section(layout, section, 1)
        coded = any(isinstance(one.tag, str) and one.get("codeSystem") for one in root.iter())
        for text in _outermost(root, "text") if coded and not sections else ():
            Walker(layout).walk(text)
        if not layout.at:
            what = (
                "a part of a C-CDA that holds codes and no narrative, which is what is read. Upload the whole document."
                if any(local(one.tag) == "templateid" for one in root.iter()) or local(root.tag) in HEADER
                else "XML, but neither a C-CDA ClinicalDocument nor a FHIR resource. Save it as text, HTML or PDF."
            )
            raise FileProblem(f"{file.name}: {what}")
        layout.warnings.append("a part of a C-CDA without its header, so its patient, type and date are not known from it")
        return self.laid_out(file, layout)

    def _read(self, file: File, root: Any) -> Document:
        body = _down(root, "component", "nonXMLBody", "text")
        if body is not None:
            if (body.get("representation") or "").upper() != "B64":
                kind, data = "text/plain", "".join(body.itertext()).encode("utf-8", "replace")
            else:
                kind, data = body.get("mediaType") or "", decoded(file.name, "".join(body.itertext()))
            return replace(attached(file, data, kind or "text/plain", READERS), format="ccda")
        layout = Layout(file.name)
        title = " ".join(_text(_child(root, "title")).split())
        layout.heading(1, (title, ""))
        for section in _sections(_down(root, "component", "structuredBody")):
            _section(layout, section, 2 if title else 1)
        _people(layout, root)
        return self.laid_out(file, layout, title=title)


def _outermost(root: Any, name: str) -> list[Any]:
    """The elements of this name that lie in no other of it."""
    found = [one for one in root.iter() if local(one.tag) == name]
    inner = {id(one) for outer in found for one in outer.iterdescendants() if local(one.tag) == name}
    return [one for one in found if id(one) not in inner]


def _section(layout: Layout, section: Any, level: int) -> None:
    code = _child(section, "code")
    title = _text(_child(section, "title")) or ((code.get("displayName") or "") if code is not None else "")
    if code is not None and code.get("code"):
        system = "LOINC" if code.get("codeSystem") == LOINC else code.get("codeSystemName") or "code"
        layout.aside("metadata", f"section code: {system} {code.get('code')} {code.get('displayName') or ''}")
    layout.heading(level, (title, ""))
    if section.get("nullFlavor"):
        layout.count("sections without information (nullFlavor)")
    narrative = _child(section, "text")
    if narrative is not None:
        Walker(layout, deeper=level).walk(narrative)
    if entries := sum(local(child.tag) == "entry" for child in section):
        if _text(narrative):
            layout.count("coded entries left out: the narrative is what a person reads", entries)
        else:
            layout.warnings.append(
                f"{entries} coded entries of a section without narrative are not read; see them in their source"
            )
    for inner in _sections(section):
        _section(layout, inner, level + 1)


def _sections(parent: Any) -> Iterator[Any]:
    for component in parent if parent is not None else ():
        if local(component.tag) == "component":
            yield from (section for section in component if local(section.tag) == "section")


def _child(element: Any, name: str) -> Any:
    if element is None:
        return None
    return next((child for child in element if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name), None)


def _down(element: Any, *names: str) -> Any:
    """The first element under these names, one within the other, or None."""
    for name in names:
        element = _child(element, name)
    return element


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _people(layout: Layout, root: Any) -> None:
    """Names and addresses in the header stand beside the text, so that they are screened."""
    for name in PEOPLE:
        for element in root:
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name:
                layout.aside("metadata", f"{name}: {'; '.join(_told(element))}", 0)


FIELDS = {
    "given": "given name", "family": "family name", "streetaddressline": "street", "city": "city", "state": "state",
    "postalcode": "ZIP", "country": "country",
}  # fmt: skip
VALUES = {"id": ("extension", "provider id"), "telecom": ("value", "phone"), "birthtime": ("value", "date of birth")}
NATIONAL = "2.16.840.1.113883.4.1"
"""The register of social security numbers."""


def _told(element: Any) -> Iterator[str]:
    """What the header says of a person, each as "field: value", so that the screen takes it for what it is."""
    for one in element.iter():
        tag = local(one.tag) if isinstance(one.tag, str) else ""
        attribute, field = VALUES.get(tag, ("", FIELDS.get(tag, "")))
        if tag == "id" and local(one.getparent().tag) == "patientrole":
            field = "SSN" if one.get("root") == NATIONAL else "patient id"
        value = one.get(attribute) if attribute else one.text
        plain = " ".join((value or "").split()).replace(";", ",")
        if tag == "name" and plain:
            field = "organization" if "organization" in local(one.getparent().tag) else "full name"
        if plain:
            yield f"{field}: {plain}" if field else plain
        if tail := " ".join((one.tail or "").split()):
            yield tail.replace(";", ",")


def _with_facts(document: Document, root: Any) -> Document:
    """The document with type, date, patient, author's role and status from the header."""
    code = _child(root, "code")
    patients = [_down(one, "patientRole", "id") for one in root if local(one.tag) == "recordtarget"]
    pseudonyms = list(dict.fromkeys((one.get("extension") or "") if one is not None else "" for one in patients)) or [""]
    author = _child(root, "author")
    role = _down(author, "assignedAuthor", "code")
    function = _child(author, "functionCode")
    roles = [one.get("displayName") or "" for one in (role, function) if one is not None]
    moment = _child(root, "effectiveTime")
    known = code_type((code.get("code") or "") if code is not None else "")
    found = with_facts(
        document,
        type=known,
        date=day((moment.get("value") or "") if moment is not None else ""),
        patient=pseudonyms[0] if PSEUDONYM.fullmatch(pseudonyms[0]) else "",
        author=next(filter(None, roles), ""),
        status=_status(root),
    )
    return nobodys(found, len(pseudonyms)) if len(pseudonyms) > 1 else found


def _status(root: Any) -> str:
    """What the header says of its status: amended where it replaces or adds to another document, else by code or signature."""
    if any(local(one.tag) == "relateddocument" and one.get("typeCode") in {"RPLC", "APND"} for one in root):
        return "amended"
    code = _child(root, "statusCode")
    signed = _down(root, "legalAuthenticator", "signatureCode")
    told = coded_status((code.get("code") or "") if code is not None else "")
    return told or ("final" if signed is not None and signed.get("code") == "S" else "")


def code_type(*codes: str) -> str:
    """The document type that one of these codes stands for, or nothing."""
    known = {rule["code"]: str(rule["type"]) for rule in rules("loinc")["types"]}
    return next((known[code] for code in codes if code in known), "")


def code_name(told: str) -> str:
    """What a document is called, its name in place of its code where only that is known."""
    return next((str(rule["name"]) for rule in rules("loinc")["types"] if rule["code"] == told), told)


def day(written: str) -> str | None:
    """The ISO day of an HL7 time ("20240314083000-0500", "2024-03-14T08:30:00Z"), or None."""
    digits = written[:10] if "-" in written[:8] else f"{written[:4]}-{written[4:6]}-{written[6:8]}"
    try:
        return date.fromisoformat(digits).isoformat()
    except ValueError:
        return None
