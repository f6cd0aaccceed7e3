"""FHIR resources: documents with their sections and attachments, and the other resources of a bundle a line each."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

from rag.clinical.assertions import assertions
from rag.clinical.patients import PSEUDONYM, with_patient
from rag.clinical.statuses import coded_status
from rag.clinical.times import moments
from rag.documents.load.formats import Format, decode, with_facts
from rag.documents.load.guard import json_value, safe_path, xml_root
from rag.documents.load.health.attachments import Reader, attached, decoded
from rag.documents.load.health.ccda import READERS, Ccda, code_name, code_type, day
from rag.documents.load.health.fhir_check import faults_of
from rag.documents.load.health.fhir_lines import heading_of, is_told, lines_of, people, persons_of
from rag.documents.load.health.fhir_values import as_text, concept, concepts, items, word
from rag.documents.load.health.fhir_xml import from_xml
from rag.documents.load.layout import Layout
from rag.documents.load.web.html import write_html
from rag.errors import FileProblem
from rag.rules import rules
from rag.values import Aside, Document, File, Section

ATTACHED: dict[str, Reader] = {**READERS, "application/xhtml+xml": READERS["text/html"], "text/xml": Ccda(),
                               "application/xml": Ccda(), "application/hl7-cda+xml": Ccda()}  # fmt: skip
DOCUMENTS = ("Composition", "DocumentReference", "DiagnosticReport")
JSON_HEAD = re.compile(rb"\s*\{\s*\"resourceType\"\s*:")
XML_HEAD = re.compile(rb"<\w[^>]{0,300}xmlns=[\"']http://hl7\.org/fhir[\"']")
DEEPEST_SECTION = 20
NAMED = ("Medication", "Substance", "Specimen", "Device", "Media", "BodyStructure")
NOT_VALID = ("entered in error", "superseded", "cancelled")
STATUSES = {"Composition": ("status",), "DiagnosticReport": ("status",), "DocumentReference": ("docStatus", "status")}


class Fhir(Format):
    """HL7 FHIR (JSON, XML): notes, reports and compositions with their attachments; other resources a line each."""

    kind: Literal["fhir"] = "fhir"
    suffixes: ClassVar[tuple[str, ...]] = (".fhir",)
    among: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson", ".xml")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        head = data[:4096].removeprefix(b"\xef\xbb\xbf")
        return bool(JSON_HEAD.match(head) or (head.lstrip().startswith(b"<") and XML_HEAD.search(head)))

    def __call__(self, file: File) -> Iterator[Document | FileProblem]:
        if file.data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            yield from documents(file, from_xml(xml_root(file.name, file.data)), self, checked=False)
            return
        text, _ = decode(file)
        lines = text.strip().split("\n")
        if len(lines) > 1 and all(JSON_HEAD.match(line.encode()) for line in lines[:2]):
            text = "[" + ",".join(filter(str.strip, lines)) + "]"
        yield from documents(file, json_value(file.name, text), self)


def documents(file: File, value: Any, form: Format, *, checked: bool = True) -> Iterator[Document | FileProblem]:
    """The documents in a resource, a bundle or a list of resources. Raises FileProblem where there are none."""
    bundle = _Bundle(file, value, form)
    if not bundle.resources:
        raise FileProblem(f"{file.name}: no FHIR resource in it. A resource or a Bundle with entries is needed.")
    faults = faults_of(bundle.resources) if checked else ("FHIR in XML is read without validation",)
    read: list[Document | FileProblem] = []
    for resource in bundle.resources:
        if resource["resourceType"] in DOCUMENTS:
            try:
                read.append(bundle.document(resource))
            except FileProblem as problem:
                read.append(problem)
    records = bundle.records()
    read += records
    if not read:
        kinds = ", ".join(sorted({word(one["resourceType"])[:40] for one in bundle.resources})[:5])
        raise FileProblem(f"{file.name}: nothing to read in {kinds}. Notes, reports or clinical resources are needed.")
    if len(read) == 1:
        if isinstance(read[0], FileProblem):
            raise read[0]
        read = [replace(read[0], name=file.name)]
    for at, one in enumerate(read):
        if isinstance(one, Document):
            others = () if any(isinstance(record, Document) for record in records) else bundle.persons(one.asides)
            read[at] = replace(one, warnings=(*one.warnings, *faults), asides=(*one.asides, *others))
            break
    yield from read


class _Bundle:
    """The resources of a file, which refer to each other by type and id."""

    def __init__(self, file: File, value: Any, form: Format) -> None:
        self.file = file
        self.form = form
        self.resources: list[dict[str, Any]] = []
        self.by_reference: dict[str, dict[str, Any]] = {}
        self.used: set[int] = set()
        self.names: Counter[str] = Counter()
        self.replaced: set[int] = set()
        self.referred = {"/".join(one.split("/")[-2:]) for one in _references(value)}
        waiting: list[tuple[Any, str]] = [(value, "")]
        while waiting:
            here, url = waiting.pop()
            if isinstance(here, list):
                waiting += [(one, "") for one in reversed(here)]
            elif isinstance(here, dict) and here.get("resourceType") == "Bundle":
                entries = items(here.get("entry"))
                waiting += [(entry.get("resource"), word(entry.get("fullUrl"))) for entry in reversed(entries)]
            elif isinstance(here, dict) and word(here.get("resourceType")):
                self.resources.append(here)
                self._known(here, url)
        self._note_replaced()

    def _note_replaced(self) -> None:
        """Documents that another one of the bundle says that it replaces are superseded."""
        for resource in self.resources if len(self.resources) > 1 else ():
            for one in items(resource.get("relatesTo")):
                target = self.resolve(one.get("target") or one.get("targetReference") or one.get("resourceReference"), resource)
                if target is not None and concept(one.get("code") or one.get("type")) == "replaces":
                    self.replaced.add(id(target))

    def _known(self, resource: dict[str, Any], url: str) -> None:
        self.by_reference.setdefault(f"{resource['resourceType']}/{word(resource.get('id'))}", resource)
        if url:
            self.by_reference.setdefault(url, resource)

    def resolve(self, reference: Any, within: dict[str, Any]) -> dict[str, Any] | None:
        """The resource that a reference means, in the bundle or in the resource itself, or None."""
        target = word(reference.get("reference")) if isinstance(reference, dict) else ""
        if target.startswith("#"):
            return next((one for one in items(within.get("contained")) if word(one.get("id")) == target[1:]), None)
        return self.by_reference.get(target) or self.by_reference.get("/".join(target.split("/")[-2:]))

    def _name(self, resource: dict[str, Any], kind: str = "") -> str:
        name = f"{self.file.name}/{safe_path(kind or word(resource.get('resourceType')))}"
        name = f"{name}-{safe_path(word(resource.get('id'))).replace('/', '_')}" if resource.get("id") else name
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name}-{self.names[name]}"

    def document(self, resource: dict[str, Any]) -> Document:
        """The document in a Composition, DocumentReference or DiagnosticReport. Raises FileProblem."""
        self.used.add(id(resource))
        kind = resource["resourceType"]
        file = File(self._name(resource), b"")
        title = word(resource.get("title") or resource.get("description"))
        title = title or code_name(concept(resource.get("type") or resource.get("code")))
        if kind == "DocumentReference":
            found = self._rendition(file, resource, [one.get("attachment") for one in items(resource.get("content"))])
            if found is None:
                raise FileProblem(f"{file.name}: no attachment with data in it; links are not fetched. Export it with data.")
        else:
            found = self._rendition(file, resource, items(resource.get("presentedForm")))
            found = self._with_results(found, resource) if found and kind == "DiagnosticReport" else found
        found = self._with_facts(found or self._written(file, resource, title), resource, title)
        found = self._with_people(found, resource)
        return with_lines(found, "", [f"Status: {found.status}"]) if found.status in NOT_VALID else found

    def persons(self, told: tuple[Aside, ...]) -> tuple[Aside, ...]:
        """What the bundle's people are, to stand beside a document that does not tell it yet."""
        known = {aside.text for aside in told}
        lines = (line for one in self.resources for line in people(one) if line not in known)
        return tuple(Aside("metadata", line, 0) for line in dict.fromkeys(lines))

    def _with_people(self, document: Document, resource: dict[str, Any]) -> Document:
        """The document with the people and places beside it that it refers to, so that they are known where it names them."""
        referred = (self.resolve({"reference": one}, resource) for one in _references(resource))
        lines = dict.fromkeys(line for one in referred if one is not None for line in people(one))
        return replace(document, asides=(*document.asides, *(Aside("metadata", line, 0) for line in lines)))

    def _with_results(self, document: Document, resource: dict[str, Any]) -> Document:
        """A report in a form of its own, with the conclusion and the results that its text does not tell."""
        layout = Layout(document.name)
        self._results(layout, resource)
        told = " ".join(document.text.split())
        missing = [line for line in layout.text.split("\n") if line.strip() and " ".join(line.split()) not in told]
        document = replace(document, asides=(*document.asides, *(replace(one, at=0) for one in layout.asides)))
        return with_lines(document, "Results", missing)

    def _results(self, layout: Layout, resource: dict[str, Any]) -> None:
        layout.line((word(resource.get("conclusion")), ""))
        layout.line((concepts(resource.get("conclusionCode")), ""))
        self._entries(layout, items(resource.get("result")), resource)
        for name in ("specimen", "media", "composition", "note"):
            told = as_text(resource.get(name), lambda reference: self.resolve(reference, resource))
            layout.line((f"{name}: {told}" if told else "", ""))

    def _rendition(self, file: File, resource: dict[str, Any], attachments: list[Any]) -> Document | None:
        """The first of the attachments that can be read: they are the same document in several formats."""
        failed: list[FileProblem] = []
        links, there = 0, [one for one in attachments if isinstance(one, dict)]
        for at, one in enumerate(there):
            data, kind = word(one.get("data")), word(one.get("contentType"))
            binary = self.by_reference.get("/".join(word(one.get("url")).split("/")[-2:]))
            if not data and binary is not None and binary["resourceType"] == "Binary":
                data, kind = word(binary.get("data")), kind or word(binary.get("contentType"))
                self.used.add(id(binary))
            if not data:
                links += bool(one.get("url"))
                continue
            try:
                found = attached(file, decoded(file.name, data), kind or "text/plain", ATTACHED)
            except FileProblem as problem:
                failed.append(problem)
                continue
            others = len(there) - at - 1
            told = tuple(str(problem).removeprefix(f"{file.name}: ") for problem in failed)
            changes = (*found.changes, f"{others} other renditions not read") if others else found.changes
            return replace(found, warnings=(*found.warnings, *told), changes=changes)
        if failed:
            raise failed[0]
        return None

    def _written(self, file: File, resource: dict[str, Any], title: str) -> Document:
        layout = Layout(file.name)
        layout.heading(1, (title, ""))
        if resource["resourceType"] == "Composition":
            self._narrative(layout, resource, 1)
            for section in items(resource.get("section")):
                self._section(layout, section, resource, 2)
        else:
            self._results(layout, resource)
            if layout.at <= len(title) + 1:
                self._narrative(layout, resource, 1)
        return self.form.laid_out(file, layout, title=title)

    def _section(self, layout: Layout, section: dict[str, Any], resource: dict[str, Any], level: int) -> None:
        if level > DEEPEST_SECTION:
            raise FileProblem(f"{layout.name}: sections nested more than {DEEPEST_SECTION} deep. Export it again.")
        for coding in items((section.get("code") or {}).get("coding") if isinstance(section.get("code"), dict) else None):
            system = "LOINC" if "loinc" in word(coding.get("system")) else "code"
            layout.aside("metadata", f"section code: {system} {word(coding.get('code'))} {word(coding.get('display'))}")
        layout.heading(level, (word(section.get("title")) or concept(section.get("code")), ""))
        before = layout.at
        self._narrative(layout, section, level)
        told = layout.at > before
        self._entries(layout, items(section.get("entry")), resource, silent=told)
        if layout.at == before and (empty := concept(section.get("emptyReason"))):
            layout.line((empty, ""))
        for inner in items(section.get("section")):
            self._section(layout, inner, resource, level + 1)

    def _narrative(self, layout: Layout, part: dict[str, Any], level: int) -> None:
        text = part.get("text")
        if isinstance(text, dict) and (div := word(text.get("div"))):
            write_html(layout, div, level)

    def _entries(self, layout: Layout, references: list[dict[str, Any]], within: dict[str, Any], silent: bool = False) -> None:
        """The resources that are referred to, a line each, unless the narrative tells them already."""
        for reference in references:
            target = self.resolve(reference, within)
            if target is None:
                layout.line((word(reference.get("display")), "")) if not silent else None
                continue
            if target["resourceType"] in DOCUMENTS:
                continue
            if _subject(within) and _subject(target) not in ("", _subject(within)):
                layout.count("entries about another patient left out")
                continue
            self.used.add(id(target))
            if silent:
                layout.count("entries told by their section's narrative")
            else:
                self._line(layout, target)

    def _line(self, layout: Layout, resource: dict[str, Any]) -> None:
        written = lines_of(resource, lambda reference: self.resolve(reference, resource))
        for line in written:
            layout.line((line, ""))
        if not written:
            self._narrative(layout, resource, 3)
        for person in persons_of(resource):
            layout.aside("metadata", person)

    def records(self) -> list[Document | FileProblem]:
        """What is left of the bundle: a document a patient, a section a kind of resource, a line a resource."""
        left = [one for one in self.resources if id(one) not in self.used and one["resourceType"] not in DOCUMENTS]
        clinical = [one for one in left if is_told(one) and not self._is_named(one)]
        persons = [told for one in left for told in people(one)]
        found: list[Document | FileProblem] = []
        passed = Counter(word(one["resourceType"])[:40] for one in left if not is_told(one) and not people(one))
        for patient in dict.fromkeys(map(_subject, clinical)):
            own = [one for one in clinical if _subject(one) == patient]
            file = File(self._name({"id": patient}, "records"), b"")
            layout = Layout(file.name)
            kinds = {kind: 0 for kind in rules("fhir")["kinds"]} | {word(one["resourceType"]): 0 for one in own}
            for kind in kinds:
                self._kind(layout, kind, [one for one in own if one["resourceType"] == kind])
            if not layout.at:
                continue
            for told in persons:
                layout.aside("metadata", told, 0)
            for kind, count in passed.items():
                layout.count(f"resources of type {kind} not read", count)
            persons, passed = [], Counter()
            try:
                made = self.form.laid_out(file, layout, title="Records", divided=False)
                known = PSEUDONYM.fullmatch(patient)
                found.append(with_patient(made, patient, rows=True) if known else replace(made, patient=""))
            except FileProblem as problem:
                found.append(problem)
        return found

    def _kind(self, layout: Layout, kind: str, own: list[dict[str, Any]]) -> None:
        """The resources of a kind under their heading, where they say anything."""
        told = Layout(layout.name)
        for resource in own:
            self._line(told, resource)
        if not told.at:
            layout.count(f"resources of type {kind} that say nothing", len(own))
            return
        layout.heading(1, (heading_of(kind), ""))
        for resource in own:
            self._line(layout, resource)

    def _is_named(self, resource: dict[str, Any]) -> bool:
        """Whether a medication, a substance or the like is told by the resources that refer to it."""
        kind = word(resource["resourceType"])
        return kind in NAMED and f"{kind}/{word(resource.get('id'))}" in self.referred

    def _with_facts(self, document: Document, resource: dict[str, Any], title: str) -> Document:
        period = resource.get("effectivePeriod")
        times = [resource.get(name) for name in ("date", "effectiveDateTime", "issued", "created", "indexed")]
        times.append(period.get("start") if isinstance(period, dict) else None)
        patient = _subject(resource)
        concepts = [resource.get("type"), resource.get("code"), *items(resource.get("category"))]
        codings = [coding for one in concepts if isinstance(one, dict) for coding in items(one.get("coding"))]
        return with_facts(
            document,
            format=str(type(self.form).model_fields["kind"].default),
            title=title[:200],
            type=code_type(*(word(coding.get("code")) for coding in codings)),
            date=next(filter(None, (day(word(moment)) for moment in times)), None),
            patient=patient if PSEUDONYM.fullmatch(patient) else "",
            author=self._author(resource),
            status=self._status(resource),
        )

    def _status(self, resource: dict[str, Any]) -> str:
        """How far a document has got: what makes it not valid any more counts most, whichever field tells it."""
        told = [coded_status(word(resource.get(name))) for name in STATUSES[resource["resourceType"]]]
        told += ["superseded"] if id(resource) in self.replaced else []
        return next((one for one in NOT_VALID if one in told), "") or next(filter(None, told), "")

    def _author(self, resource: dict[str, Any]) -> str:
        """The role of the author; never the name."""
        for reference in [*items(resource.get("author")), *items(resource.get("performer"))]:
            target = self.resolve(reference, resource)
            if target is None:
                continue
            qualified = [one.get("code") for one in items(target.get("qualification"))]
            for one in [*items(target.get("code")), *items(target.get("specialty")), *qualified]:
                if told := concept(one):
                    return told
        return ""


def with_lines(document: Document, title: str, lines: list[str]) -> Document:
    """The document with lines at its end, under a title where there is one; everything that points into it holds."""
    if not lines:
        return document
    start = len(document.text.rstrip("\n")) + 2
    head = f"{title}\n" if title else ""
    text = f"{document.text[: start - 2]}\n\n{head}" + "".join(f"{line}\n" for line in lines)
    sections = document.sections
    if title:
        sections = (
            *(replace(one, end=min(one.end, start)) for one in sections),
            Section(title, 1, start, start + len(title), len(text)),
        )
    pages = document.pages[:-1] + tuple(replace(one, end=len(text)) for one in document.pages[-1:])
    return replace(
        document,
        text=text,
        pages=pages,
        sections=sections,
        moments=moments(text, sections, document.date),
        assertions=assertions(text, sections, document.date),
    )


def _references(value: Any) -> Iterator[str]:
    """Every reference in a value."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, dict):
            if isinstance(here.get("reference"), str):
                yield here["reference"]
            waiting += here.values()


def _subject(resource: dict[str, Any]) -> str:
    """The id of the patient that a resource is about, or nothing."""
    for name in ("subject", "patient"):
        reference = resource.get(name)
        if isinstance(reference, dict):
            return word(reference.get("reference")).rpartition("/")[2].removeprefix("urn:uuid:")[:80]
    return ""
