"""Builds the three sample PDFs from `source/` and writes the offsets of the gold evidence into `questions.jsonl`."""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

FOLDER = Path(__file__).resolve().parent
QUESTIONS = FOLDER / "questions.jsonl"
FRONT_PAGES = 2
ROMAN = ("", "i", "ii")
WIDTH = letter[0] - 2 * inch
BLUE = colors.HexColor("#1f3a5f")

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10.5, leading=14.5, spaceBefore=7, spaceAfter=7)
CELL = ParagraphStyle("cell", BODY, fontSize=9.5, leading=12, spaceAfter=0)
HEAD_CELL = ParagraphStyle("head cell", CELL, fontName="Helvetica-Bold")
ITEM = ParagraphStyle("item", BODY, leftIndent=26, spaceBefore=4, spaceAfter=4)
HEADING = ParagraphStyle(
    "heading", BODY, fontName="Helvetica-Bold", fontSize=13, leading=17, spaceBefore=12, textColor=BLUE, keepWithNext=1
)
FRONT_HEADING = ParagraphStyle("front heading", HEADING)
KICKER = ParagraphStyle("kicker", BODY, fontSize=11, textColor=colors.HexColor("#555555"), spaceBefore=18)
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=22, leading=27, textColor=BLUE, spaceAfter=8)
CONTENTS = ParagraphStyle("contents", BODY, leading=20)
LINES = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#9aa5b1")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e4e9f0")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)


class Paged(BaseDocTemplate):
    """A document with running head and foot, roman then arabic page labels, contents and bookmarks."""

    def __init__(self, path: Path, about: dict[str, str]) -> None:
        title = f"{about['kicker']}, {about['title']}"
        super().__init__(str(path), pagesize=letter, title=title, author="Invented sample document", invariant=1)
        frame = Frame(inch, inch, WIDTH, letter[1] - 2 * inch, id="text", leftPadding=0, rightPadding=0)
        self.about = about
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self.furniture)])

    def furniture(self, canvas: Canvas, document: BaseDocTemplate) -> None:
        page = document.page
        if page == 1:
            canvas.addPageLabel(0, style="ROMAN_LOWER", start=1)
            canvas.addPageLabel(FRONT_PAGES, style="ARABIC", start=1)
        label = ROMAN[page] if page <= FRONT_PAGES else str(page - FRONT_PAGES)
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(colors.HexColor("#555555"))
        canvas.drawString(inch, letter[1] - 0.62 * inch, self.about["header"])
        canvas.drawString(inch, 0.6 * inch, self.about["footer"])
        canvas.drawRightString(letter[0] - inch, 0.6 * inch, f"Page {label}")
        canvas.line(inch, letter[1] - 0.7 * inch, letter[0] - inch, letter[1] - 0.7 * inch)

    def afterFlowable(self, flowable: Flowable) -> None:
        if isinstance(flowable, Paragraph) and flowable.style is HEADING:
            text = flowable.getPlainText()
            key = f"section-{text.split('.')[0]}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(text, key)
            self.notify("TOCEntry", (0, text, self.page - FRONT_PAGES, key))


def build(source: Path) -> Path:
    """The PDF beside this script for a source of `name: value` lines, a blank line and marked-up paragraphs."""
    front, _, body = source.read_text(encoding="utf-8").partition("\n\n")
    about = dict(line.split(": ", 1) for line in front.splitlines())
    path = FOLDER / f"{source.stem}.pdf"
    story = [Paragraph(escape(about["kicker"]), KICKER), Paragraph(escape(about["title"]), TITLE)]
    story += [Paragraph(escape(about["subtitle"]), BODY), *flowables(body)]
    Paged(path, about).multiBuild(story)
    return path


def flowables(body: str) -> Iterator[Flowable]:
    """One flowable a line: `# heading`, `! heading left out of the contents`, `| table |`, `\\toc` or a paragraph."""
    rows: list[list[str]] = []
    for line in [*body.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("| ").split(" | ")])
            continue
        if rows:
            yield table(rows)
            yield Spacer(1, 9)
            rows = []
        if line == "\\toc":
            contents = TableOfContents(dotsMinLevel=0, levelStyles=[CONTENTS])
            yield from (PageBreak(), Paragraph("Contents", FRONT_HEADING), contents, PageBreak())
        elif line.startswith("# "):
            yield Paragraph(escape(line[2:]), HEADING)
        elif line.startswith("! "):
            yield Paragraph(escape(line[2:]), FRONT_HEADING)
        elif line:
            text = re.sub(r"^(\d+\.\d+) ", r"<b>\1</b> ", escape(line))
            yield Paragraph(text, ITEM if line.startswith("(") else BODY)


def table(rows: list[list[str]]) -> Table:
    """A ruled table whose first row is the header and whose columns share the width by their longest cell."""
    longest = [min(max(len(row[at]) for row in rows) + 8, 60) for at in range(len(rows[0]))]
    widths = [WIDTH * length / sum(longest) for length in longest]
    cells = [[Paragraph(escape(cell), CELL if at else HEAD_CELL) for cell in row] for at, row in enumerate(rows)]
    return Table(cells, colWidths=widths, repeatRows=1, style=LINES)


@cache
def loaded(name: str) -> str:
    """The text of a sample document as the workbench loads it."""
    from rag.documents.load import read

    return "\n".join(document.text for document in read(FOLDER / name))


def place(case: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """The evidence with the offsets of its quote, where any run of blanks equals any other."""
    text = loaded(evidence["document"])
    pattern = r"\s+".join(map(re.escape, evidence["quote"].split()))
    found = list(re.finditer(pattern, text))
    if not found:
        raise ValueError(f"{case}: not in {evidence['document']}: {evidence['quote']!r}")
    if len(found) > 1 and "occurrence" not in evidence:
        raise ValueError(f"{case}: {len(found)} times in {evidence['document']}: {evidence['quote']!r}")
    match = found[evidence.get("occurrence", 1) - 1]
    return evidence | {"start": match.start(), "end": match.end(), "quote": match[0]}


def place_evidence() -> None:
    """Rewrites `questions.jsonl` with the offsets of every quote; names all cases whose quotes cannot be placed."""
    lines, problems = [], []
    for line in QUESTIONS.read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        case = json.loads(line)
        placed = []
        for evidence in case["evidence"]:
            try:
                placed.append(place(case["id"], evidence))
            except (ValueError, IndexError) as error:
                problems.append(str(error))
        lines.append(json.dumps(case | {"evidence": placed}, ensure_ascii=False))
    if problems:
        raise SystemExit("\n".join(problems))
    QUESTIONS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for source in sorted((FOLDER / "source").glob("*.source")):
        sys.stdout.write(f"{build(source).name}\n")
    place_evidence()
