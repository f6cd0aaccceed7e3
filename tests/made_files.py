"""Files of every format, made by the tests: whole ones, and the parts from which broken ones are made."""

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import docx
import openpyxl
from docx.oxml import OxmlElement
from docx.shared import Pt, RGBColor
from openpyxl.comments import Comment
from openpyxl.styles import Font

NOTE = """PROGRESS NOTE
Patient: P-9001
Date: 2024-03-14

ASSESSMENT:
The cough is better. Torsemide was begun.

PLAN:
See the patient in two weeks.
"""


def zipped(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 14, 0, 0, 0)), data, method)
    return target.getvalue()


def word() -> bytes:
    """A note with headings, a list, a table, white, tiny and vanished words, a comment, a deletion, header and footer."""
    made: Any = docx.Document()
    made.core_properties.author = "Invented Author"
    made.core_properties.title = "Progress note"
    made.add_heading("Progress note", 0)
    made.add_paragraph("Patient: P-9001")
    made.add_heading("Assessment", 1)
    text = made.add_paragraph("The cough is better. ")
    text.add_run("vanished words ").font.hidden = True
    text.add_run("white words ").font.color.rgb = RGBColor(255, 255, 255)
    text.add_run("tiny words").font.size = Pt(1)
    made.add_comment(text.runs, text="A comment on the cough", author="R", initials="R")
    deleted, run, old = OxmlElement("w:del"), OxmlElement("w:r"), OxmlElement("w:delText")
    old.text = "deleted words"
    run.append(old)
    deleted.append(run)
    text._p.append(deleted)
    made.add_heading("Plan", 1)
    for step in ("Begin torsemide", "See the patient"):
        made.add_paragraph(step, style="List Number")
    table = made.add_table(rows=0, cols=3)
    for row in (("Drug", "Dose", "When"), ("Torsemide", "40 mg", "daily"), ("Apixaban", "5 mg", "twice")):
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value
    made.sections[0].header.paragraphs[0].text = "The invented hospital"
    made.sections[0].footer.paragraphs[0].text = "For the file"
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def workbook() -> bytes:
    """Two sheets and a hidden one: days, numbers, merged cells, a hidden row and column, formulas, a comment."""
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.title = "Drugs"
    sheet.append(["drug", "tier", "since", "price"])
    sheet.append(["Torsemide", 2, date(2024, 3, 14), 1234.5])
    sheet.append(["hidden drug", 3, date(2024, 3, 15), 2])
    sheet.append(["Apixaban", 0.25, date(2024, 3, 16), 3])
    sheet.append(["white drug", 1, date(2024, 3, 17), 4])
    sheet["D2"].number_format = "#,##0.00"
    sheet["B4"].number_format = "0%"
    sheet["A5"].font = Font(color="FFFFFFFF")
    sheet.row_dimensions[3].hidden = True
    sheet["A2"].comment = Comment("A comment on torsemide", "R")
    sheet["F6"] = '=HYPERLINK("http://invented.example/?"&A1,"see")'
    sheet["F7"] = "=SUM(B2:B4)"
    other: Any = made.create_sheet("Wards")
    for row in (["ward", "bed"], ["North", 1], [None, 2], ["South", 3]):
        other.append(row)
    other.merge_cells("A2:A3")
    other.column_dimensions["B"].hidden = True
    secret: Any = made.create_sheet("Secret")
    secret.append(["what nobody sees", "x"])
    secret.sheet_state = "hidden"
    made.properties.creator = "Invented Author"
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


HTML = """<!DOCTYPE html><html><head><title>Progress note</title><meta name="description" content="what the head says">
<style>.gone {display: none} p.far {position: absolute; left: -9999px} .dark {background: #000; color: #fff}</style></head><body>
<h1>Progress note</h1><!-- a comment for the reader --><p>Patient: P-9001</p><h2>Assessment</h2>
<p>The&nbsp;cough is <b>better</b>.<span style="color:#fff">white words</span></p><p class="gone">gone words</p>
<p class="far">far words</p><p class="dark">light words on dark</p><div hidden>attribute words</div>
<p>after <span style="font-size:1px">tiny words</span> that</p>
<script>var ignored = "script words";</script>
<h2>Plan</h2><ol><li>Begin torsemide</li><li>See the patient</li></ol>
<table><tr><th>Drug</th><th>Dose</th></tr><tr><td rowspan="2">Torsemide</td><td>40 mg</td></tr><tr><td>20 mg</td></tr></table>
<a href="https://invented.example/a" title="press here for more words">more</a></body></html>"""
RTF = r"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}}{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}
{\info{\title Progress note}{\author Invented Author}}{\header The invented hospital\par}
\pard\f0\fs24 PROGRESS NOTE\par Patient: P-9001\par ASSESSMENT:\par The cough is b\'e9tter.
\v vanished words\v0  {\cf1 white words} {\fs2 tiny words} shown.\par {\deleted deleted words}PLAN:\par
\trowd\cellx1000\cellx2000\intbl Drug\cell Dose\cell\row\intbl Torsemide\cell 40 mg\cell\row\pard End.\par }"""
CSV = 'drug,note\nTorsemide,"40 mg, daily"\nApixaban,"=HYPERLINK(""http://invented.example"")"\n'
CCDA = """<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3">
<code code="11506-3" codeSystem="2.16.840.1.113883.6.1" displayName="Progress note"/><title>Progress note</title>
<effectiveTime value="20240314083000-0500"/><recordTarget><patientRole><id root="1.2" extension="P-9001"/><patient>
<name><given>Invented</given><family>Person</family></name></patient></patientRole></recordTarget>
<author><assignedAuthor><code displayName="Cardiologist"/></assignedAuthor></author><component><structuredBody>
<component><section><code code="51848-0" codeSystem="2.16.840.1.113883.6.1" displayName="Assessment"/><title>Assessment</title>
<text><!-- a comment --><paragraph>The cough is better.</paragraph></text>
<component><section><title>Inner</title><text>Inner words.</text></section></component></section></component>
<component><section><title>Plan</title><text><list listType="ordered"><item>Begin torsemide</item><item>See the patient</item>
</list><table><thead><tr><th>Drug</th><th>Dose</th></tr></thead><tbody><tr><td>Torsemide</td><td>40 mg</td></tr></tbody></table>
</text></section></component></structuredBody></component></ClinicalDocument>"""


def base64_of(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def loinc(code: str, text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}], **({"text": text} if text else {})}


def reference(data: str | bytes, kind: str = "text/plain", **more: Any) -> dict[str, Any]:
    """A DocumentReference with one attachment."""
    attachment = {"contentType": kind, "data": base64_of(data)}
    about = {"resourceType": "DocumentReference", "id": "d1", "status": "current", "type": loinc("11506-3", "Progress note")}
    return {**about, "subject": {"reference": "Patient/P-9001"}, "content": [{"attachment": attachment}], **more}


def bundle(*resources: Any) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


PATIENT = {"reference": "Patient/P-9001"}
COMPOSITION: dict[str, Any] = {
    "resourceType": "Composition", "id": "c1", "status": "final", "type": loinc("18842-5", "Discharge summary"),
    "date": "2024-03-14T08:30:00Z", "title": "Discharge summary", "subject": PATIENT,
    "author": [{"reference": "PractitionerRole/r1"}],
    "section": [
        {"title": "Hospital course", "code": loinc("8648-8"), "text": {"status": "generated", "div":
            '<div xmlns="http://www.w3.org/1999/xhtml"><p>The cough is better.</p>'
            '<p style="display:none">gone words</p><table><tr><th>Test</th><th>Value</th></tr><tr><td>Sodium</td>'
            "<td>138</td></tr></table></div>"}},
        {"title": "Problems", "entry": [{"reference": "Condition/k1"}]},
    ],
}  # fmt: skip
RESOURCES: tuple[dict[str, Any], ...] = (
    COMPOSITION,
    {"resourceType": "PractitionerRole", "id": "r1", "code": [{"text": "Cardiologist"}]},
    {"resourceType": "Patient", "id": "P-9001", "name": [{"family": "Person", "given": ["Invented"]}]},
    {"resourceType": "Condition", "id": "k1", "code": {"text": "Heart failure"}, "subject": PATIENT,
     "verificationStatus": {"coding": [{"code": "refuted"}]}},
    {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Hemoglobin"}, "subject": PATIENT,
     "valueQuantity": {"value": 10.2, "unit": "g/dL"}, "effectiveDateTime": "2024-03-13T08:00:00Z",
     "interpretation": [{"text": "low"}], "referenceRange": [{"low": {"value": 12, "unit": "g/dL"}}]},
    {"resourceType": "AllergyIntolerance", "id": "a1", "code": {"text": "Penicillin"}, "patient": PATIENT,
     "reaction": [{"manifestation": [{"text": "hives"}], "severity": "severe"}]},
    {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": PATIENT,
     "medicationCodeableConcept": {"text": "Torsemide 40 mg"}, "dosageInstruction": [{"text": "one tablet daily"}]},
    {"resourceType": "DiagnosticReport", "id": "dr1", "status": "final", "code": {"text": "CT of the chest"},
     "category": [{"coding": [{"code": "RAD"}]}], "conclusion": "No nodule.", "effectiveDateTime": "2024-03-01",
     "subject": PATIENT},
    reference(NOTE, date="2024-03-14T00:00:00Z"),
)  # fmt: skip
