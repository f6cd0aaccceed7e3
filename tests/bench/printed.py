"""PDFs that other programs print from invented documents: columns, long tables, notes, turned pages, forms, scans.

Beside each PDF stands the text that was printed, in reading order, with what runs at the edges of every page left out.
"""

import importlib.util
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from tests.bench.figures import Skipped

PATIENCE = 120  # seconds for a program
WARDS = ("north", "south", "east", "west", "upper", "lower", "garden", "river")
SIGNS = ("pulse", "pressure", "breathing", "warmth", "pain", "thirst", "sleep", "appetite", "weight", "mood")
FINDINGS = ("steady since morning", "raised after the walk", "lower than yesterday", "not taken", "as expected for the age",
            "better with rest", "worse at night", "to be taken again")  # fmt: skip
HEADS = ("Number", "Ward", "Sign", "Finding", "Taken by")
STEPS = ("washes both hands", "reads the chart aloud", "asks for the name", "looks at the wound", "counts the pulse",
         "writes the time", "offers water", "raises the rail")  # fmt: skip


def sentences(first: int, count: int) -> list[str]:
    """Invented sentences, each unlike every other."""
    return [
        f"On round {number} the nurse of the {WARDS[number % 8]} ward {STEPS[(number * 3) % 8]}, {STEPS[(number * 5 + 1) % 8]}"
        f" and then reports that {SIGNS[number % 10]} was {FINDINGS[(number * 7) % 8]}."
        for number in range(first, first + count)
    ]


def rows(count: int) -> list[tuple[str, ...]]:
    """Invented rows of a table under `HEADS`."""
    return [
        (f"Q{number:03}", WARDS[number % 8], SIGNS[number % 10], FINDINGS[(number * 3) % 8], f"carer {number % 7 + 1}")
        for number in range(1, count + 1)
    ]


def paragraphs(first: int, count: int, each: int = 4) -> list[str]:
    """Paragraphs of so many sentences each."""
    return [" ".join(sentences(first + at * each, each)) for at in range(count)]


NOTES = "\f"
Print = Callable[[Path], str]
"""Writes a PDF to a path and returns the text that was printed."""


def made(folder: Path) -> tuple[list[Path], list[str]]:
    """Prints every PDF into a folder, each with its text beside it; returns them, and a line for each that was left out."""
    files, left = [], []
    for name, printed in PRINTED.items():
        path = folder / f"{name}.pdf"
        try:
            text = printed(path)
            if not path.is_file():
                raise Skipped("its program wrote nothing")
        except Skipped as reason:
            left.append(f"{name}.pdf not made: {reason}")
            continue
        path.with_suffix(".txt").write_text(text, "utf-8")
        files.append(path)
    return files, left


def _run(folder: Path, *command: str) -> None:
    if not shutil.which(command[0]):
        raise Skipped(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise Skipped(f"{command[0]} ended with {done.returncode}")


def _chromium(path: Path, page: str) -> None:
    program = next(filter(shutil.which, ("chromium", "chromium-browser", "google-chrome")), "chromium")
    source = path.with_suffix(".html")
    source.write_text(f"<!DOCTYPE html><meta charset=utf-8>{page}", "utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={path}")
    _run(path.parent, program, *flags, source.as_uri())


def _office(path: Path, ending: str, source: str) -> None:
    start = path.with_suffix(ending)
    start.write_text(source, "utf-8")
    profile = f"-env:UserInstallation={(path.parent / 'office').as_uri()}"
    _run(path.parent, "soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(path.parent), str(start))


def _lines(*parts: Any) -> str:
    return "\n".join(" ".join(part) if isinstance(part, tuple) else str(part) for part in parts) + "\n"


def _with_notes(text: str, notes: list[str]) -> str:
    """The text, and behind a form feed the notes, which stand at the feet of pages."""
    return text + NOTES + _lines(*notes)


def chromium_columns(path: Path) -> str:
    """Two columns under a title across both, by a browser."""
    texts = paragraphs(1, 12)
    inside = "".join(f"<h2>Part {at}</h2><p>{text}</p>" for at, text in enumerate(texts, 1))
    style = "<style>main{columns:2;column-gap:8mm} body{font:11pt serif} p{text-align:justify;hyphens:auto}</style>"
    _chromium(path, f"<html lang=en>{style}<h1>Rounds of the invented ward</h1><main>{inside}</main>")
    return _lines("Rounds of the invented ward", *(line for at, text in enumerate(texts, 1) for line in (f"Part {at}", text)))


def chromium_table(path: Path) -> str:
    """A table over several pages whose header is repeated, by a browser."""
    found = rows(110)
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in found)
    style = "<style>td,th{border:1px solid #999;padding:2mm} table{border-collapse:collapse}</style>"
    _chromium(path, f"{style}<h1>Signs of a day</h1><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>End.")
    return _lines("Signs of a day", HEADS, *found, "End.")


OFFICE = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:mimetype="application/vnd.oasis.opendocument.text"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"><office:automatic-styles>
 <style:style style:name="Two" style:family="section"><style:section-properties><style:columns fo:column-count="2"
 fo:column-gap="0.8cm"/></style:section-properties></style:style></office:automatic-styles>
<office:body><office:text>%s</office:text></office:body></office:document>"""


def office_notes(path: Path) -> str:
    """Footnotes on every page, by a word processor; each is read at the foot of its page."""
    texts = paragraphs(101, 14)
    inside = ""
    for at, text in enumerate(texts, 1):
        note = (f'<text:note text:note-class="footnote"><text:note-citation>{at}</text:note-citation><text:note-body><text:p>'
                f"Remark {at} belongs to the {WARDS[at % 8]} ward only.</text:p></text:note-body></text:note>")  # fmt: skip
        inside += f"<text:p>{text}{note}</text:p>"
    _office(path, ".fodt", OFFICE % f'<text:h text:outline-level="1">Remarks of the invented ward</text:h>{inside}')
    remarks = [f"Remark {at} belongs to the {WARDS[at % 8]} ward only." for at in range(1, 15)]
    return _with_notes(_lines("Remarks of the invented ward", *texts), remarks)


def office_columns(path: Path) -> str:
    """Two columns and a table over pages below them, by a word processor."""
    texts, found = paragraphs(201, 10), rows(60)
    cells = ["".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in (HEADS, *found)]
    lines = [f"<table:table-row>{row}</table:table-row>" for row in cells]
    table = (f'<table:table><table:table-column table:number-columns-repeated="5"/><table:table-header-rows>{lines[0]}'
             f"</table:table-header-rows>{''.join(lines[1:])}</table:table>")  # fmt: skip
    inside = "".join(f"<text:p>{text}</text:p>" for text in texts)
    _office(path, ".fodt", OFFICE % f'<text:section text:style-name="Two" text:name="a">{inside}</text:section>{table}')
    return _lines(*texts, HEADS, *found)


def office_sheet(path: Path) -> str:
    """A sheet without lines between its cells, by a spreadsheet program."""
    found = rows(70)
    _office(path, ".csv", "\n".join(",".join(row) for row in (HEADS, *found)) + "\n")
    return _lines(HEADS, *found)


def form(path: Path) -> str:
    """A form that is filled in: texts, boxes, a choice and a list."""
    canvas = Canvas(str(path), pagesize=A4)
    canvas.drawString(72, 790, "Admission of the invented ward")
    form: Any = canvas.acroForm
    told = [("Reason for coming", "short breath since Tuesday"), ("Weight", "81 kg"), ("Next of kin", "a neighbour")]
    for at, (label, value) in enumerate(told):
        canvas.drawString(72, 750 - 40 * at, label)
        form.textfield(name=label.lower().replace(" ", "_"), tooltip=label, value=value, x=220, y=742 - 40 * at, width=240)
    canvas.drawString(72, 620, "Smoker")
    form.checkbox(name="smoker", tooltip="Smoker", checked=True, x=220, y=616)
    canvas.drawString(72, 580, "Diabetes")
    form.checkbox(name="diabetes", tooltip="Diabetes", checked=False, x=220, y=576)
    canvas.drawString(72, 540, "Diet")
    form.choice(name="diet", tooltip="Diet", value="low salt", options=["normal", "low salt", "soft"], x=220, y=530, width=120)
    canvas.drawString(72, 480, "Signed by the ward clerk.")
    canvas.save()
    return _lines("Admission of the invented ward", *told, "Smoker", "Diabetes", "Diet low salt", "Signed by the ward clerk.")


def turned(path: Path) -> str:
    """Pages that are turned: by the page's own angle, by the text's, upside down, and landscape."""
    canvas = Canvas(str(path), pagesize=A4)
    groups = [sentences(300 + 12 * at, 12) for at in range(4)]
    for at, group in enumerate(groups):
        wide = at in (1, 3)
        canvas.setPageSize(landscape(A4) if at == 3 else A4)
        canvas.saveState()
        if wide and at == 1:
            canvas.translate(A4[0], 0)
            canvas.rotate(90)
        elif at == 2:
            canvas.translate(*A4)
            canvas.rotate(180)
        canvas.setFont("Helvetica", 9)
        for line, text in enumerate(_wrapped(group, 90)):
            canvas.drawString(60, (500 if wide else 760) - 14 * line, text)
        canvas.restoreState()
        canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=path)
    writer.pages[0].rotate(90)
    writer.pages[3].rotate(270)
    writer.write(path)
    return _lines(*(text for group in groups for text in group))


def _wrapped(texts: list[str], width: int) -> list[str]:
    lines = [""]
    for word in " ".join(texts).split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def report(path: Path) -> str:
    """A table whose cells have several lines, over pages, with its header on each."""
    styles = getSampleStyleSheet()
    found = [(f"R{number:02}", WARDS[number % 8], sentences(400 + number, 1)[0]) for number in range(1, 31)]
    heads = ("Row", "Place", "What was seen")
    cells = [[Paragraph(cell, styles["BodyText"]) for cell in row] for row in (heads, *found)]
    lines = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    table = Table(cells, colWidths=[40, 70, 330], repeatRows=1, style=lines)
    SimpleDocTemplate(str(path), pagesize=A4).build([Paragraph("Seen on rounds", styles["Heading1"]), table])
    return _lines("Seen on rounds", heads, *found)


def scan(path: Path) -> str:
    """A picture of a printed page with the text that text recognition put behind it."""
    texts = paragraphs(501, 6, 3)
    plain = io.BytesIO()
    styles = getSampleStyleSheet()
    story = [Paragraph(text, styles["BodyText"]) for text in texts]
    SimpleDocTemplate(plain, pagesize=A4).build([Paragraph("Letter of the invented ward", styles["Heading1"]), *story])
    picture = path.with_suffix(".png")
    pypdfium2.PdfDocument(plain.getvalue())[0].render(scale=3).to_pil().save(picture, dpi=(216, 216))
    _run(path.parent, "tesseract", str(picture), str(path.with_suffix("")), "pdf")
    return _lines("Letter of the invented ward", *texts)


def typst(path: Path) -> str:
    """Two columns, footnotes and a table over pages, by Typst."""
    texts, found = paragraphs(601, 8), rows(40)
    noted = "\n\n".join(f"{text} #footnote[Side remark {at} of the {WARDS[at % 8]} ward.]" for at, text in enumerate(texts, 1))
    cells = ", ".join(f"[{cell}]" for row in found for cell in row)
    head = ", ".join(f"[{cell}]" for cell in HEADS)
    source = (f"#set page(columns: 2)\n#set text(size: 10pt)\n#set par(justify: true)\n= Notes in columns\n{noted}\n"
              f"#pagebreak()\n#set page(columns: 1)\n#table(columns: 5, table.header({head}), {cells})\n")  # fmt: skip
    start = path.with_suffix(".typ")
    start.write_text(source, "utf-8")
    if shutil.which("typst"):
        _run(path.parent, "typst", "compile", str(start), str(path))
    elif importlib.util.find_spec("typst"):
        _run(path.parent, sys.executable, "-c", f"import typst; typst.compile({str(start)!r}, output={str(path)!r})")
    else:
        raise Skipped("typst is not installed")
    remarks = [f"Side remark {at} of the {WARDS[at % 8]} ward." for at in range(1, 9)]
    return _with_notes(_lines("Notes in columns", *texts, HEADS, *found), remarks)


def latex(path: Path) -> str:
    """Two columns with words cut at line ends, ligatures and footnotes, by LaTeX."""
    texts = [f"The first official finding of office {at} was an insufficient, difficult flow. {text}"
             for at, text in enumerate(paragraphs(701, 14), 1)]  # fmt: skip
    noted = "\n\n".join(f"{text}\\footnote{{Lower remark {at}.}}" for at, text in enumerate(texts, 1))
    source = f"\\documentclass[twocolumn]{{article}}\\begin{{document}}\\section{{Flow}}\n{noted}\n\\end{{document}}\n"
    path.with_suffix(".tex").write_text(source, "utf-8")
    _run(path.parent, "pdflatex", "-interaction=batchmode", "-halt-on-error", path.with_suffix(".tex").name)
    return _with_notes(_lines("Flow", *texts), [f"Lower remark {at}." for at in range(1, 15)])


PRINTED: dict[str, Print] = {
    "chromium_columns": chromium_columns,
    "chromium_table": chromium_table,
    "office_notes": office_notes,
    "office_columns": office_columns,
    "office_sheet": office_sheet,
    "form": form,
    "turned": turned,
    "report": report,
    "scan": scan,
    "typst": typst,
    "latex": latex,
}
