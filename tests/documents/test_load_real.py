"""What printed and saved files of other programs do to a text: notes in columns, marks, scans that lie askew, nested tables."""

import io
import math
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.documents.load import read_file
from rag.errors import FileProblem
from rag.values import Document, File

SPACES = " ".join(
    f'xmlns:{name}="http://schemas.{place}"'
    for name, place in {
        "w": "openxmlformats.org/wordprocessingml/2006/main",
        "mc": "openxmlformats.org/markup-compatibility/2006",
        "wps": "microsoft.com/office/word/2010/wordprocessingShape",
        "a": "openxmlformats.org/drawingml/2006/main",
    }.items()
)
SENTENCES = [f"The porter of floor {number} brings linen, tea and two chairs at noon." for number in range(1, 25)]


def one(name: str, data: str | bytes) -> Document:
    (found,) = read_file(File(name, data.encode() if isinstance(data, str) else data))
    return found


def printed(draw: Any) -> Document:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    draw(canvas)
    canvas.save()
    return one("printed.pdf", target.getvalue())


def raised(canvas: Canvas, height: float, small: str, text: str) -> None:
    layer = canvas.beginText(72, height)
    layer.setFont("Helvetica", 6)
    layer.setRise(4)
    layer.textOut(small)
    layer.setFont("Helvetica", 9)
    layer.setRise(0)
    layer.textOut(text)
    canvas.drawText(layer)


def saved(document: Any) -> Document:
    target = io.BytesIO()
    document.save(target)
    return one("saved.docx", target.getvalue())


def asides(document: Document, kind: str) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind == kind]


@pytest.mark.parametrize("mark", ["3", "12", "118"])
def test_the_mark_of_a_note_is_no_part_of_its_first_word(mark: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 700, "The linen is counted at noon.")
        raised(canvas, 100, mark, "Lower remark.")

    assert printed(draw).text.split()[-2:] == ["Lower", "remark."]


def test_the_mass_of_an_element_stays_with_its_sign() -> None:
    def draw(canvas: Canvas) -> None:
        raised(canvas, 700, "131", "I was given.")

    assert printed(draw).text == "¹³¹I was given.\n"


@pytest.mark.parametrize(("line", "small", "shown"), [("the 4", "th", "the 4th"), ("note 4", "a", "note 4^a")])
def test_a_raised_ending_of_a_number_is_no_mark_of_a_note(line: str, small: str, shown: str) -> None:
    def draw(canvas: Canvas) -> None:
        layer = canvas.beginText(72, 700)
        layer.setFont("Helvetica", 10)
        layer.textOut(line)
        layer.setFont("Helvetica", 6)
        layer.setRise(4)
        layer.textOut(small)
        canvas.drawText(layer)

    assert printed(draw).text == f"{shown}\n"


def test_notes_under_the_left_column_do_not_break_a_sentence_that_goes_on_in_the_right_one() -> None:
    def draw(canvas: Canvas) -> None:
        for left, first in ((60, 0), (320, 12)):
            canvas.setFont("Helvetica", 7)
            for line, text in enumerate(SENTENCES[first : first + 12]):
                canvas.drawString(left, 740 - 12 * line, text)
            canvas.setFont("Helvetica", 5)
            canvas.drawString(left, 575, f"{first + 1}")
            canvas.setFont("Helvetica", 6)
            canvas.drawString(left + 10, 572, f"Remark under column {first + 1}")
            canvas.drawString(left + 10, 564, "that goes on in a second line.")

    lines = printed(draw).text.splitlines()
    assert lines[:24] == SENTENCES
    assert [line.split(" ", 1)[-1] for line in lines[24::2]] == ["Remark under column 1", "Remark under column 13"]


def test_cells_that_touch_are_words_of_their_own() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for row in range(8):
            cell = "quite full" if row == 5 else "short"
            canvas.drawString(72, 700 - 14 * row, f"Row {row}")
            canvas.drawString(250 - canvas.stringWidth("quite full", "Helvetica", 10), 700 - 14 * row, cell)
            canvas.drawString(250, 700 - 14 * row, f"Porter {row}")

    text = printed(draw).text
    assert "fullPorter" not in text
    assert text.split().count("full") == 1


@pytest.mark.parametrize("degrees", [(0.0, 0.0), (1.4, 1.6), (-1.4, -1.6), (2.3, 2.6)])
@pytest.mark.parametrize("narrow", [100, 70])
def test_the_recognised_text_of_a_scan_is_read_line_by_line(degrees: tuple[float, float], narrow: int) -> None:
    """The lines of a page that lay askew have slopes that differ a little, and words that are set too narrow or too wide."""
    picture = io.BytesIO()
    Image.new("L", (60, 85), 200).save(picture, "PNG")

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(picture), 0, 0, *A4)
        for line, text in enumerate(SENTENCES):
            slope = math.radians(degrees[line % 2])
            middle = math.radians(sum(degrees) / 2)
            across = 72.0
            for word in text.split():
                away = across - 72
                layer = canvas.beginText()
                layer.setTextRenderMode(3)
                layer.setFont("Helvetica", 10)
                layer.setHorizScale(narrow)
                height = 740 - 14 * line + away * math.sin(middle)
                layer.setTextTransform(math.cos(slope), math.sin(slope), -math.sin(slope), math.cos(slope), across, height)
                layer.textOut(word)
                canvas.drawText(layer)
                across += canvas.stringWidth(word, "Helvetica", 10) + 3

    assert printed(draw).text.splitlines() == SENTENCES


def test_a_table_within_a_table_of_rich_text_keeps_its_rows() -> None:
    inner = "".join(
        rf"\pard\intbl\itap2 {name}\nestcell {value}\nestcell{{\*\nesttableprops\trowd\cellx1\nestrow}}{{\nonesttables\par }}"
        for name, value in (("Trunk", "0"), ("Branch", "12"))
    )
    found = one(
        "nested.rtf",
        rf"{{\rtf1\ansi Before.\par \trowd\cellx1\cellx2 {inner}\pard\intbl Outer\cell 7\cell\row\pard After.\par }}",
    )
    assert found.text.split("\n") == ["Before.", "Trunk | 0", "Branch | 12", "Outer | 7", "After.", ""]


def test_boxes_in_cells_and_headers_are_read_once_and_readings_stand_behind_their_words() -> None:
    content = "<w:txbxContent><w:p><w:r><w:t>boxed words</w:t></w:r></w:p></w:txbxContent>"
    run = (
        f"<w:r {SPACES}><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict>{content}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    ruby = (
        f"<w:r {SPACES}><w:ruby><w:rt><w:r><w:t>said so</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>written</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    )
    made: Any = docx.Document()
    table = made.add_table(rows=1, cols=2)
    table.cell(0, 0).paragraphs[0]._p.append(parse_xml(run))
    table.cell(0, 1).text = "beside"
    made.add_paragraph("It is ")._p.append(parse_xml(ruby))
    made.sections[0].header.paragraphs[0]._p.append(parse_xml(run))
    found = saved(made)
    assert found.text.count("boxed words") == 1
    assert found.text.endswith("It is written (said so)\n")
    assert asides(found, "header") == ["boxed words"]


def test_shapes_and_charts_of_word_are_read() -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    chart = (
        '<c:chartSpace xmlns:c="urn:chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart><c:title>'
        "<a:p><a:r><a:t>Falls by floor</a:t></a:r></a:p></c:title><c:ser><c:tx><c:v>Falls</c:v></c:tx><c:cat><c:pt idx='0'>"
        "<c:v>North</c:v></c:pt><c:pt idx='1'><c:v>South</c:v></c:pt></c:cat><c:val><c:pt idx='0'><c:v>3</c:v></c:pt>"
        "<c:pt idx='1'><c:v>0</c:v></c:pt></c:val></c:ser></c:chart></c:chartSpace>"
    )
    made: Any = docx.Document()
    part = Part(PackURI("/word/charts/chart1.xml"), "application/xml", chart.encode(), made.part.package)
    relation = made.part.relate_to(part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart")
    drawing = (
        f'<w:r {SPACES} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:drawing>'
        f'<c:chart xmlns:c="urn:chart" r:id="{relation}"/><a:p><a:r><a:t>A shape</a:t></a:r></a:p></w:drawing></w:r>'
    )
    made.add_paragraph("See:")._p.append(parse_xml(drawing))
    assert saved(made).text.split("\n") == ["See:", "Falls by floor", "Falls: North: 3", "Falls: South: 0", "A shape", ""]


def test_notes_of_word_have_the_numbers_that_are_shown() -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    made: Any = docx.Document()
    for kind, notes in (
        ("footnote", {9: ["Second."], 4: ["First", "goes on."], 5: ["Nobody refers to it."]}),
        ("endnote", {2: ["Last."]}),
    ):
        inside = "".join(
            f"<w:{kind} w:id='{at}'>{''.join(f'<w:p><w:r><w:t>{text}</w:t></w:r></w:p>' for text in texts)}</w:{kind}>"
            for at, texts in notes.items()
        )
        name = PackURI(f"/word/{kind}s.xml")
        part = Part(name, "application/xml", f"<w:{kind}s {SPACES}>{inside}</w:{kind}s>".encode(), made.part.package)
        made.part.relate_to(part, f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}s")
    paragraph = made.add_paragraph("One")
    for kind, at, text in (("footnote", 4, " two"), ("footnote", 9, " three"), ("endnote", 2, " end")):
        paragraph._p.append(parse_xml(f"<w:r {SPACES}><w:{kind}Reference w:id='{at}'/></w:r>"))
        paragraph.add_run(text)
    found = saved(made)
    assert found.text.split("\n") == [
        "One[1] two[2] three[i] end", "Footnote 1: First", "goes on.", "Footnote 2: Second.", "Endnote i: Last.", "",
    ]  # fmt: skip
    assert asides(found, "footnote") == ["Nobody refers to it."]


def test_named_columns_without_a_value_stand_beside_the_text() -> None:
    rows = (("Drug", "Dose", "Stopped on"), ("Senna", "7.5 mg", ""), ("Zinc", "20 mg", ""))
    cells = "".join(
        f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in row)}</tr>" for tag, row in zip(("th", "td", "td"), rows, strict=True)
    )
    made: Any = docx.Document()
    table = made.add_table(rows=0, cols=3)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    import openpyxl

    book, target = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([cell or None for cell in row])
    book.save(target)
    found = [
        one("drugs.html", f"<table>{cells}</table>"),
        one("drugs.csv", "\n".join(map(",".join, rows))),
        one("drugs.xlsx", target.getvalue()),
        saved(made),
    ]
    assert [asides(document, "table") for document in found] == [["columns without a value: Stopped on"]] * len(found)


def test_codes_without_narrative_are_counted_or_refused_by_name() -> None:
    entry = '<entry><observation><templateId root="1.2"/><code code="1" codeSystem="1.2"/></observation></entry>'
    section = '<section xmlns="urn:hl7-org:v3"><code code="1" codeSystem="1.2"/><title>Weight</title>%s' + entry + "</section>"
    told = one("part.xml", section % "<text>Weighs 81 kg.</text>")
    assert any(change.startswith("1 coded entries left out") for change in told.changes)
    silent = one("part.xml", section % "")
    assert any("without narrative" in warning for warning in silent.warnings)
    with pytest.raises(FileProblem, match=r"holds codes and no narrative.*Upload the whole document"):
        one("part.xml", entry)
