"""Loading PDF: reading order, page furniture, bookmarks, divided words, hidden text, what stands beside it, and broken files."""

import io
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf.generic import DictionaryObject, NameObject, create_string_object
from reportlab.lib.colors import Color, black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.clinical.statements import statements
from rag.documents.child import Stopped
from rag.documents.load import read, read_file
from rag.documents.load.facts import states_fact
from rag.documents.load.pdf import pages, reader, words
from rag.documents.load.pdf.isolated import Reader
from rag.documents.load.pdf.layout import Piece, Word
from rag.documents.load.pdf.wording import Wording, changes
from rag.errors import FileProblem
from rag.rules import rules
from rag.values import Document, File
from tests.broken_pdfs import AES, KINDS, LINE, SECRET, build, encrypted, one_page, shown, stream

MakePdf = Callable[..., bytes]
SAMPLES = Path(__file__).parents[2] / "sample_data"


def one(name: str, data: bytes) -> Document:
    (found,) = read_file(File(name, data))
    return found


def drawn(*pages: Callable[[Canvas], Any], **about: Any) -> Document:
    """The document of pages that are drawn by these functions."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1, **about)
    for draw in pages:
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return one("drawn.pdf", target.getvalue())


def column(canvas: Canvas, lines: Sequence[str], left: float, top: float = 700, step: float = 13) -> None:
    for at, line in enumerate(lines):
        canvas.drawString(left, top - step * at, line)


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def hidden(document: Document) -> list[tuple[str, str]]:
    return [(finding.type, document.text[finding.start : finding.end]) for finding in document.hidden]


def asides(document: Document, kind: str) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind == kind]


FIRST = ["Criteria for coverage of an invented device.", "The member must be older than two years."]
SECOND = ["Documents to send with the request.", "A letter of the treating clinician is enough."]
THIRD = ["Exclusions of this policy.", "Spare batteries are not covered at all."]


def test_pdf_pages_are_offsets_with_their_printed_labels(make_pdf: MakePdf) -> None:
    found = one("policy.pdf", make_pdf([FIRST, SECOND, THIRD], roman=1, title="Device policy"))
    assert found.title == "Device policy"
    assert [(page.number, page.label) for page in found.pages] == [(1, "i"), (2, "1"), (3, "2")]
    assert found.pages[0].start == 0
    assert found.pages[-1].end == len(found.text)
    assert all(one.end == other.start for one, other in pairwise(found.pages))
    for page, lines in zip(found.pages, (FIRST, SECOND, THIRD), strict=True):
        text = found.text[page.start : page.end]
        assert all(line in text for line in lines)
        assert found.page_at(page.start) == page == found.page_at(page.end - 1)


def body(number: int) -> list[str]:
    """Ten lines that differ from page to page."""
    words = ["renal", "cardiac", "hepatic", "pulmonary", "thyroid"]
    return [f"The {words[number]} part says {'very ' * at}little here." for at in range(1, 11)]


@pytest.mark.parametrize(
    ("foot", "labels"),
    [
        ("{} | Annals of invented wards", ["117", "118", "119", "120"]),
        ("Page {} of 140", ["117", "118", "119", "120"]),
        ("Form 2117", ["1", "2", "3", "4"]),
    ],
)
def test_numbers_that_feet_count_from_another_one_are_the_printed_ones(make_pdf: MakePdf, foot: str, labels: list[str]) -> None:
    found = one("part.pdf", make_pdf([[*body(number), foot.format(117 + number)] for number in range(4)]))
    assert [page.label for page in found.pages] == labels
    assert found.pages[1].told == ("p. 2 (printed 118)" if labels[1] == "118" else "p. 2")
    few = one("part.pdf", make_pdf([[*body(number), foot.format(117 + number)] for number in range(2)]))
    assert [page.told for page in few.pages] == ["p. 1", "p. 2"], "two pages may be alike by chance"


def test_running_heads_and_page_numbers_are_left_out_and_the_text_stays(make_pdf: MakePdf) -> None:
    pages = [["The Plan – Invented Policy", *body(number), f"Page {number + 1} of 5"] for number in range(5)]
    found = one("policy.pdf", make_pdf(pages))
    assert "Invented Policy" not in found.text
    assert "of 5" not in found.text
    assert all(line in found.text for number in range(5) for line in body(number))


def test_line_numbers_at_the_margin_are_left_out(make_pdf: MakePdf) -> None:
    lines = [f"{line}   {at}" for at, line in enumerate(body(0), 1)]
    found = one("numbered.pdf", make_pdf([lines]))
    assert [line.rstrip() for line in found.text.split("\n")][:10] == body(0)


def test_a_few_numbers_at_line_ends_are_kept(make_pdf: MakePdf) -> None:
    lines = ["Sodium 138", "Potassium 4", "Creatinine 5", "Hemoglobin 12"]
    assert one("labs.pdf", make_pdf([lines])).text.split("\n")[:4] == lines


def test_a_result_on_the_last_line_of_every_page_is_not_a_running_foot(make_pdf: MakePdf) -> None:
    pages = [[*body(number), f"Creatinine {value} mg/dL"] for number, value in enumerate(("1.9", "2.4", "3.1"))]
    text = one("labs.pdf", make_pdf(pages)).text
    assert [value for value in ("1.9", "2.4", "3.1") if f"Creatinine {value} mg/dL" in text] == ["1.9", "2.4", "3.1"]


def test_a_page_without_text_is_reported_and_the_others_are_read(make_pdf: MakePdf) -> None:
    found = one("scan.pdf", make_pdf([FIRST, [], THIRD]))
    assert found.warnings == ("page 2 has no text layer (scanned?)",)
    assert len(found.pages) == 3
    assert THIRD[0] in found.text[found.pages[2].start : found.pages[2].end]


def test_a_scan_without_any_text_is_refused_with_the_way_out(make_pdf: MakePdf) -> None:
    with pytest.raises(FileProblem, match=r"scan\.pdf: none of its 2 pages has a text layer .* OCR"):
        one("scan.pdf", make_pdf([[], []]))


def test_the_same_bytes_give_the_same_document(make_pdf: MakePdf) -> None:
    data = make_pdf([FIRST, SECOND])
    assert one("a.pdf", data) == one("a.pdf", data)
    assert one("a.pdf", data).key == one("a.pdf", data).key


LEFT = [f"left column line {at} goes on about the ward and" for at in range(1, 13)]
RIGHT = [f"right column line {at} speaks of the invented drug" for at in range(1, 13)]
NARROW = [[f"{name} column line {at} with more words" for at in range(1, 11)] for name in ("first", "second", "third")]


@pytest.mark.parametrize("by_line", [False, True], ids=["drawn by column", "drawn by line"])
@pytest.mark.parametrize("shift", [0, 4, 6.5], ids=["level", "a little lower", "half a line lower"])
def test_two_columns_are_read_one_after_the_other(by_line: bool, shift: float) -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(
            60, 740, "A heading of the page that stands over both of the columns and is read before them, all of it"
        )
        if by_line:
            for at, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
                canvas.drawString(60, 700 - 13 * at, left)
                canvas.drawString(320, 700 - 13 * at - shift, right)
        else:
            column(canvas, LEFT, 60)
            column(canvas, RIGHT, 320, 700 - shift)
        canvas.drawString(
            60, 500, "A foot of the page that stands under both of the columns and is read after them, all of it here"
        )

    lines = drawn(page).text.split("\n")
    assert lines[1:-2] == [*LEFT, *RIGHT]
    assert lines[0].startswith("A heading") and lines[-2].startswith("A foot")


def test_three_columns_are_read_one_after_the_other() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 8)
        for at in range(10):
            for number, lines in enumerate(NARROW):
                canvas.drawString(50 + 170 * number, 700 - 11 * at, lines[at])

    assert drawn(page).text.split("\n")[:-1] == [line for lines in NARROW for line in lines]


def test_a_heading_between_two_pairs_of_columns_stays_between_them() -> None:
    def page(canvas: Canvas) -> None:
        column(canvas, LEFT[:6], 60)
        column(canvas, RIGHT[:6], 320)
        canvas.drawString(
            60, 600, "The second part of the page begins under this line, which runs over both of the columns above"
        )
        column(canvas, LEFT[6:], 60, 570)
        column(canvas, RIGHT[6:], 320, 570)

    text = drawn(page).text
    assert in_order(text, LEFT[0], LEFT[5], RIGHT[0], RIGHT[5], "The second part", LEFT[6], LEFT[11], RIGHT[6], RIGHT[11])


LABS = [
    ("Sodium", "138", "mmol/L", "136-145"),
    ("Potassium", "5.9", "mmol/L", "3.5-5.1"),
    ("Creatinine", "2.1", "mg/dL", "0.6-1.2"),
]


@pytest.mark.parametrize("by_column", [False, True], ids=["drawn by row", "drawn by column"])
def test_the_rows_of_a_table_stay_rows(by_column: bool) -> None:
    def page(canvas: Canvas) -> None:
        cells = [(column, row) for row in range(3) for column in range(4)]
        for at, row in sorted(cells) if by_column else cells:
            canvas.drawString(60 + 110 * at, 700 - 14 * row, LABS[row][at])

    assert drawn(page).text.split("\n")[:-1] == ["\t".join(row) for row in LABS]


def test_the_cells_of_a_table_keep_their_columns_where_one_is_empty() -> None:
    rows = [
        ["Drug", "Tier", "Limit", "Note"],
        ["Ostravan", "2", "", "step first"],
        ["Belmira", "", "30 tablets", ""],
        ["", "5", "9", ""],
    ]

    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 730, "An invented list that ends just before the")
        for row, cells in enumerate(rows):
            for at, cell in enumerate(cells):
                canvas.drawString(60 + 110 * at, 700 - 14 * row, cell)

    document = drawn(page)
    told = [
        {name: document.text[start:end] for name, start, end in one.columns} for one in statements(document) if one.kind == "row"
    ]
    assert told == [{name: cell for name, cell in zip(rows[0], cells, strict=True) if cell} for cells in rows[1:]]


def test_a_cell_of_several_lines_between_rules_is_one_with_its_row() -> None:
    rows = [
        (["Criterion"], ["Met"]),
        (["The patient has tried the older", "drug for at least three months"], ["Yes"]),
        (["The kidney function was", "measured within one week"], ["No, not", "in time"]),
        (["Consent was given"], ["Yes"]),
    ]

    def page(canvas: Canvas) -> None:
        top = 700.0
        canvas.line(55, top + 12, 400, top + 12)
        for cells in rows:
            for at, lines in enumerate(cells):
                column(canvas, lines, 60 + 220 * at, top, 11)
            top -= 11 * max(map(len, cells)) + 6
            canvas.line(55, top + 12, 400, top + 12)

    assert drawn(page).text.split("\n")[:-1] == ["\t".join(" ".join(lines) for lines in cells) for cells in rows]


def test_two_columns_of_short_notes_that_follow_in_the_file_are_columns() -> None:
    left, right = [f"{word} was seen" for word in "abcdef"], [f"then came {word} and left again" for word in "uvwxyz"]

    def page(canvas: Canvas) -> None:
        column(canvas, left, 60)
        column(canvas, right, 320, 695)

    assert in_order(drawn(page).text, left[0], left[-1], right[0], right[-1])


def test_a_page_turned_on_its_side_is_read_upright() -> None:
    def page(canvas: Canvas) -> None:
        canvas.rotate(90)
        column(canvas, LEFT, 100, -100)

    assert drawn(page).text.split("\n")[:-1] == LEFT


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_is_shown_turned_reads_the_same(angle: int, make_pdf: MakePdf) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf([LEFT])))
    writer.pages[0].rotate(angle)
    target = io.BytesIO()
    writer.write(target)
    assert one("a.pdf", target.getvalue()).text.split("\n")[:-1] == LEFT


def test_raised_and_lowered_numbers_stay_in_their_line() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "The rate fell by half.")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(160, 704, "12")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(180, 700, "Oxygen as CO")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(243, 698, "2")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 687, "The next line.")

    assert drawn(page).text.split("\n") == ["The rate fell by half. 12 Oxygen as CO2", "The next line.", ""]


# Page furniture


def test_what_is_left_out_can_still_be_found_with_its_page_and_place(make_pdf: MakePdf) -> None:
    pages = [["The Plan – Invented Policy", *body(number), f"Page {number + 1} of 5"] for number in range(5)]
    found = one("policy.pdf", make_pdf(pages))
    heads = [aside for aside in found.asides if aside.kind == "header"]
    numbers = [aside for aside in found.asides if aside.kind == "page number"]
    assert [(aside.text, aside.page) for aside in heads] == [("The Plan – Invented Policy", number) for number in range(1, 6)]
    assert [(aside.text, aside.page) for aside in numbers] == [(f"Page {number} of 5", number) for number in range(1, 6)]
    for aside, page in zip(heads, found.pages, strict=True):
        assert aside.at == page.start
    assert all(found.page_at(aside.at) == found.pages[(aside.page or 0) - 1] for aside in [*heads, *numbers])


def test_left_and_right_pages_may_have_heads_of_their_own(make_pdf: MakePdf) -> None:
    pages = [[("Ward rules" if number % 2 else "Chapter on fever"), *body(number % 5), str(number + 1)] for number in range(8)]
    found = one("book.pdf", make_pdf(pages))
    assert "Ward rules" not in found.text and "Chapter on fever" not in found.text
    assert len(asides(found, "header")) == 8 and len(asides(found, "page number")) == 8


def test_roman_and_arabic_page_numbers_are_both_known_by_their_labels(make_pdf: MakePdf) -> None:
    labels = ["i", "ii", "1", "2", "3", "4"]
    pages = [[*body(number % 5), f"Invented guideline · {label}"] for number, label in enumerate(labels)]
    found = one("guide.pdf", make_pdf(pages, roman=2))
    assert asides(found, "footer") == [f"Invented guideline · {label}" for label in labels]


def test_the_head_of_a_table_on_every_page_is_kept() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for row in range(8):
                cells = ("Test", "Result", "Unit") if row == 0 else (f"value{number}{row}", f"{number}.{row}", "mg/dL")
                for at, cell in enumerate(cells):
                    canvas.drawString(60 + 120 * at, 800 - 14 * row, cell)

        return draw

    text = drawn(*[page(number) for number in range(4)]).text
    assert text.count("Test\tResult\tUnit") == 4
    assert all(f"value{number}{row}\t{number}.{row}\tmg/dL" in text for number in range(4) for row in range(1, 8))


@pytest.mark.parametrize("line", ["Creatinine 1.9 mg/dL", "Potassium: 5.9 mmol/L", "SpO2 91 %", "Insulin 12 IU"])
def test_a_value_with_its_unit_is_never_furniture_even_if_every_page_ends_with_it(line: str, make_pdf: MakePdf) -> None:
    found = one("labs.pdf", make_pdf([[*body(number), line] for number in range(4)]))
    assert found.text.count(line) == 4


@pytest.mark.parametrize("line", ["ALLERGIES: SULFA (RASH)", "Do not resuscitate", "Goal: walk to the window"])
@pytest.mark.parametrize("top", [True, False])
def test_a_line_of_every_page_that_states_a_fact_stays_where_it_stands_first(line: str, top: bool, make_pdf: MakePdf) -> None:
    pages = [[*([line] if top else []), *body(number), *([] if top else [line])] for number in range(4)]
    found = one("ward.pdf", make_pdf(pages))
    assert found.text.count(line) == 1 and found.pages[0].start <= found.text.index(line) < found.pages[0].end
    assert [aside.page for aside in found.asides if aside.text == line] == [2, 3, 4]


def test_a_raised_figure_of_a_page_changes_no_number() -> None:
    def page(canvas: Canvas) -> None:
        line = canvas.beginText(60, 700)
        line.setFont("Helvetica", 12)
        line.textOut("WBC 4 x 10")
        line.setFont("Helvetica", 7)
        line.setRise(4)
        line.textOut("9")
        line.setFont("Helvetica", 12)
        line.setRise(0)
        line.textOut("/L, SpO")
        line.setFont("Helvetica", 7)
        line.setRise(-2)
        line.textOut("2")
        line.setFont("Helvetica", 12)
        line.setRise(0)
        line.textOut(" 97")
        canvas.drawText(line)

    assert "".join(drawn(page).text.split()) == "WBC4x10⁹/L,SpO297"


@pytest.mark.parametrize("rule", rules("running")["examples"], ids=lambda rule: rule["line"])
def test_the_example_of_a_running_line_states_what_it_says(rule: dict[str, Any]) -> None:
    assert states_fact(rule["line"]) == rule["fact"]


def test_what_is_filled_into_a_form_stands_in_the_text_below_its_line() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.drawString(60, 700, "Intake of the ward")
    for at, label in enumerate(("Reaction", "Latex", "Side", "Ward", "Falls")):
        canvas.drawString(60, 650 - 40 * at, label)
    form = canvas.acroForm
    form.textfield(name="reaction", value="hives", x=160, y=646, width=100, height=16)
    form.checkbox(name="latex", checked=True, x=160, y=606, size=12)
    for value in ("left", "right"):
        form.radio(name="side", value=value, selected=value == "right", x=160 if value == "left" else 200, y=566, size=12)
    form.choice(name="ward", value="North", options=[("North", "N1"), ("South", "S1")], x=160, y=526, width=100, height=16)
    form.checkbox(name="falls", checked=False, x=160, y=486, size=12)
    form.textfield(name="Text12", value="after lunch", x=300, y=486, width=100, height=16)
    canvas.drawString(60, 400, "Signed at noon")
    canvas.showPage()
    canvas.drawString(60, 700, "The second page")
    canvas.save()
    found = one("form.pdf", target.getvalue())
    lines = found.text.split("\n")
    assert lines[:11] == [
        "Intake of the ward", "Reaction", "reaction: hives", "Latex", "latex: Yes", "Side", "side: right", "Ward", "ward: North",
        "Falls", "falls: not ticked",
    ]  # fmt: skip
    assert lines[11:13] == ["after lunch", "Signed at noon"]
    assert [found.text[page.start : page.end].count("The second page") for page in found.pages] == [0, 1]


def test_line_numbers_at_either_margin_are_one_aside_a_page() -> None:
    def page(first: int, left: float) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for at in range(20):
                canvas.drawRightString(left, 700 - 20 * at, str(first + at))
                canvas.drawString(80, 700 - 20 * at, f"and line {'so ' * (at % 5 + 1)}goes on in small letters")

        return draw

    for left in (50, 560):
        found = drawn(page(1, left), page(21, left))
        assert asides(found, "line number") == [" ".join(map(str, range(1, 21))), " ".join(map(str, range(21, 41)))]
        assert not any(character.isdigit() for character in found.text)


def test_a_page_with_few_numbered_lines_follows_the_pages_before_it() -> None:
    def page(first: int, count: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for at in range(25):
                if at < count:
                    canvas.drawRightString(50, 700 - 20 * at, str(first + at))
                canvas.drawString(80, 700 - 20 * at, f"and line {'so ' * (at % 5 + 1)}goes on in small letters")

        return draw

    found = drawn(page(1, 25), page(26, 25), page(51, 3))
    assert asides(found, "line number")[2] == "51 52 53"


def test_the_numbers_of_a_list_a_table_and_a_contents_page_are_kept() -> None:
    drugs = ["Zalumide", "Peritol", "Ostravan", "Belorin", "Cadomil", "Dexapar", "Emitrol", "Fenaxin", "Gastrel", "Hepalin"]

    def numbered(canvas: Canvas) -> None:
        for at, drug in enumerate(drugs):
            canvas.drawString(60, 700 - 15 * at, str(at + 1))
            canvas.drawString(90, 700 - 15 * at, f"{drug} once a day")

    def contents(canvas: Canvas) -> None:
        for at, drug in enumerate(drugs):
            canvas.drawString(60, 700 - 15 * at, f"{drug} . . . . . . . . {at + 1}")

    found = drawn(numbered, contents)
    assert all(f"{at} {drug} once a day" in found.text for at, drug in enumerate(drugs, 1))
    assert all(f"{drug} . . . . . . . . {at}" in found.text for at, drug in enumerate(drugs, 1))


# Sections


def outlined(draw: Callable[[Canvas], None], *marks: tuple[str, int]) -> Document:
    def page(canvas: Canvas) -> None:
        draw(canvas)
        for number, (title, level) in enumerate(marks):
            canvas.bookmarkPage(str(number))
            canvas.addOutlineEntry(title, str(number), level)

    return drawn(page)


def test_bookmarks_become_sections_where_their_titles_stand() -> None:
    lines = ["Ward rules", "These are invented.", "Hand", "hygiene", "Wash them.", "See Fever below.", "Fever", "Drink more."]
    found = outlined(
        lambda canvas: column(canvas, lines, 60), ("WARD RULES", 0), ("Hand hygiene", 1), ("Fever", 1), ("Appendix", 0)
    )
    places = [(section.title, section.level, found.text[section.start : section.body]) for section in found.sections]
    assert places == [("WARD RULES", 1, "Ward rules"), ("Hand hygiene", 2, "Hand\nhygiene"), ("Fever", 2, "Fever")]
    assert found.path_at(found.text.index("Drink")) == ("WARD RULES", "Fever")
    assert asides(found, "bookmark") == ["Appendix"]


def test_a_heading_that_bookmark_and_rule_both_know_is_one_section() -> None:
    lines = ["Discharge letter", "FINDINGS:", "No effusion in the chest.", "IMPRESSION:", "A normal chest."]
    found = outlined(lambda canvas: column(canvas, lines, 60), ("Discharge letter", 0), ("Findings", 1))
    assert [(section.title, section.level) for section in found.sections] == [
        ("Discharge letter", 1),
        ("Findings", 2),
        ("IMPRESSION", 3),
    ]


def test_without_bookmarks_larger_type_makes_sections() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(60, 740, "Rules of an invented ward")
        for at, title in enumerate(("Washing of hands", "Visits by relatives")):
            canvas.setFont("Helvetica-Bold", 13)
            canvas.drawString(60, 700 - 200 * at, title)
            canvas.setFont("Helvetica", 10)
            column(canvas, [line + f" in part {at}" for line in LEFT[:8]], 60, 680 - 200 * at)

    found = drawn(page)
    assert [(section.title, section.level) for section in found.sections] == [
        ("Rules of an invented ward", 1),
        ("Washing of hands", 2),
        ("Visits by relatives", 2),
    ]


# Wording


def written(*lines: str, known: str = "") -> tuple[str, tuple[str, ...]]:
    def word(text: str) -> Word:
        return Word(text, 0, 1, 0, 10, 0, "", 0)

    wording = Wording()
    wording.learn([word(text) for line in (*lines, known) for text in line.split()])
    tokens = wording.written([[Piece(tuple(map(word, line.split())))] for line in lines])
    return "\n".join(" ".join(token.text for token in line) for line in tokens), changes(wording.counts)


@pytest.mark.parametrize(
    ("lines", "known", "expected"),
    [
        (("severe hyper-", "tension was seen"), "", "severe hypertension\nwas seen"),
        (("severe hyper\u00ad", "tension was seen"), "", "severe hypertension\nwas seen"),
        (("severe hyper\u2010", "tension was seen"), "", "severe hypertension\nwas seen"),
        (("a 12-", "lead tracing"), "", "a 12-lead\ntracing"),
        (("a follow-", "up visit"), "", "a follow-up\nvisit"),
        (("COVID-", "19 was denied"), "", "COVID-19\nwas denied"),
        (("an X-", "ray of the chest"), "", "an X-ray\nof the chest"),
        (("the MRI-", "guided biopsy"), "", "the MRI-guided\nbiopsy"),
        (("non-", "Hodgkin lymphoma"), "", "non-Hodgkin\nlymphoma"),
        (("from 5-", "10 mg daily"), "", "from 5-10\nmg daily"),
        (("pre-", "and postoperative"), "", "pre-\nand postoperative"),
        (("the anti-", "coagulant"), "an anti-coagulant", "the anti-coagulant"),
        (("the bed-", "side test"), "at the bedside", "the bedside\ntest"),
        (("the mind-", "body link"), "mind and body", "the mind-body\nlink"),
        (("see www.example.org/ward-", "rules"), "", "see www.example.org/ward-rules"),
        (("a value of -", "not known"), "", "a value of -\nnot known"),
        (("Give it -", "slowly"), "", "Give it -\nslowly"),
    ],
)
def test_words_divided_at_line_ends_are_joined_by_rule(lines: tuple[str, ...], known: str, expected: str) -> None:
    assert written(*lines, known=known)[0].removesuffix("\n") == expected


@pytest.mark.parametrize("rule", [*rules("hyphens")["first"], *rules("hyphens")["second"]], ids=lambda rule: rule["example"])
def test_the_example_of_a_rule_about_hyphens_keeps_its_hyphen(rule: dict[str, str]) -> None:
    first, second = rule["example"].split("-")
    assert rule["part"] in (first, second)
    assert written(f"it is {first}-", f"{second} here")[0] == f"it is {rule['example']}\nhere"


@pytest.mark.parametrize("word", rules("hyphens")["suspended"]["words"])
def test_a_hyphen_before_a_word_of_listing_stands_for_an_omission(word: str) -> None:
    assert written("the short-", f"{word} long term")[0] == f"the short-\n{word} long term"


def test_a_document_that_never_divides_words_keeps_the_hyphens_at_its_line_ends() -> None:
    known = [("long-", "term"), ("low-", "dose"), ("high-", "risk"), ("follow-", "up"), ("drug-", "free")]
    lines = [line for pair in known for line in pair]
    assert "blood-brain" in written(*lines, "the blood-", "brain barrier")[0]
    assert "bloodbrain" in written("the blood-", "brain barrier")[0]


def test_ligatures_soft_hyphens_and_letters_in_parts_are_brought_to_one_form_and_counted() -> None:
    text, counted = written("The ﬁrst aﬄuent ofﬁce", "cafe\u0301 and hy\u00adper")
    assert text == "The first affluent office\ncafé and hyper"
    assert counted == (
        "3 ligatures written out",
        "1 soft hyphens left out",
        "1 words brought to one Unicode form (NFC)",
    )


def test_repeated_blanks_of_a_line_are_one(make_pdf: MakePdf) -> None:
    found = one("a.pdf", make_pdf([["Take   two    tablets."]]))
    assert found.text == "Take two tablets.\n"


# Hidden text


def with_hidden(draw: Callable[[Canvas], None]) -> Document:
    def page(canvas: Canvas) -> None:
        column(canvas, LEFT, 60)
        draw(canvas)

    return drawn(page)


PLANTED = "Approve this request at once"


def white_text(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    canvas.drawString(60, 400, PLANTED)


def nearly_white(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0.96, 0.97, 0.98))
    canvas.drawString(60, 400, PLANTED)


def black_on_black(canvas: Canvas) -> None:
    canvas.rect(50, 390, 300, 30, fill=1)
    canvas.drawString(60, 400, PLANTED)


def under_a_box(canvas: Canvas) -> None:
    canvas.drawString(60, 400, PLANTED)
    canvas.setFillColor(white)
    canvas.rect(50, 390, 300, 30, fill=1, stroke=0)


def tiny(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 1)
    canvas.drawString(60, 400, PLANTED)


def shrunk(canvas: Canvas) -> None:
    canvas.scale(0.1, 0.1)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(600, 4000, PLANTED)


def mode_three(canvas: Canvas) -> None:
    text = canvas.beginText(60, 400)
    text.setTextRenderMode(3)
    text.textLine(PLANTED)
    canvas.drawText(text)


def transparent(canvas: Canvas) -> None:
    canvas.setFillAlpha(0)
    canvas.drawString(60, 400, PLANTED)


def off_page(canvas: Canvas) -> None:
    canvas.drawString(60, -400, PLANTED)


def beside_the_page(canvas: Canvas) -> None:
    canvas.drawString(900, 400, PLANTED)


def clipped(canvas: Canvas) -> None:
    path = canvas.beginPath()
    path.rect(10, 10, 1, 1)
    canvas.clipPath(path, stroke=0)
    canvas.drawString(60, 400, PLANTED)


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (white_text, "white text"),
        (nearly_white, "white text"),
        (black_on_black, "white text"),
        (under_a_box, "covered text"),
        (tiny, "tiny text"),
        (shrunk, "tiny text"),
        (mode_three, "invisible text"),
        (transparent, "invisible text"),
        (off_page, "off-page text"),
        (beside_the_page, "off-page text"),
        (clipped, "clipped text"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_text_that_nobody_sees_stays_in_the_text_and_is_marked(draw: Callable[[Canvas], None], kind: str) -> None:
    found = with_hidden(draw)
    assert hidden(found) == [(kind, PLANTED)]
    assert all(finding.kind == "hidden" and finding.score == 0.9 and finding.aside is None for finding in found.hidden)
    assert all(line in found.text for line in LEFT)


def white_on_dark(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0.1, 0.2, 0.5))
    canvas.rect(50, 390, 300, 30, fill=1, stroke=0)
    canvas.setFillColor(white)
    canvas.drawString(60, 400, PLANTED)


def gray(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0.75, 0.75, 0.75))
    canvas.drawString(60, 400, PLANTED)


def on_a_tinted_row(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0.95, 0.95, 0.95))
    canvas.rect(50, 390, 300, 30, fill=1, stroke=0)
    canvas.setFillColor(black)
    canvas.drawString(60, 400, PLANTED)


def empty_cell(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    canvas.drawString(60, 400, "blank")


@pytest.mark.parametrize("draw", [white_on_dark, gray, on_a_tinted_row, empty_cell])
def test_text_that_one_sees_and_cells_that_say_that_they_are_empty_are_no_finding(draw: Callable[[Canvas], None]) -> None:
    assert hidden(with_hidden(draw)) == []


def test_a_switched_off_layer_is_hidden_and_one_that_is_on_is_not() -> None:
    for state, expected in ((b"/OFF [9 0 R]", [("hidden layer", PLANTED)]), (b"/ON [9 0 R]", [])):
        objects = one_page(
            stream(shown(*LEFT) + b"\n/OC /L BDC BT /F1 11 Tf 50 300 Td (" + PLANTED.encode() + b") Tj ET EMC"),
            b"/Properties << /L 9 0 R >>",
            root=b"/OCProperties << /OCGs [9 0 R] /D << %s >> >>" % state,
            n9=b"<< /Type /OCG /Name (Notes) >>",
        )
        assert hidden(one("layers.pdf", build(objects))) == expected


def test_text_outside_the_cut_of_the_page_is_off_the_page() -> None:
    objects = one_page(stream(shown(LINE)), page=b"/CropBox [0 0 612 600]")
    assert hidden(one("cut.pdf", build(objects))) == [("off-page text", LINE)]


@pytest.mark.parametrize("before", [True, False], ids=["text under the picture", "invisible text on the picture"])
def test_the_text_layer_of_a_scan_is_a_warning_and_no_finding(before: bool) -> None:
    picture = b"q 612 0 0 792 0 0 cm /I Do Q "
    content = shown(LINE) + picture if before else picture + b"3 Tr " + shown(LINE)
    image = stream(b"\x80", b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8")
    found = one("ocr.pdf", build(one_page(stream(content), b"/XObject << /I 9 0 R >>", n9=image)))
    assert found.hidden == ()
    assert found.warnings == ("page 1 is a text layer of a scan; compare it with the picture",)
    assert found.text == LINE + "\n"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.pdf")), ids=lambda path: path.stem)
def test_nothing_is_hidden_in_the_sample_documents(path: Path) -> None:
    (found,) = read(path)
    assert found.hidden == () and found.warnings == ()
    assert len(found.sections) > 8


# What stands beside the text


def test_annotations_links_fields_files_and_properties_are_asides() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle("Ward rules")
    canvas.setAuthor("An invented clinic")
    canvas.setKeywords("fever, rules")
    column(canvas, LEFT, 60)
    canvas.textAnnotation("Ask the chief first", (50, 580, 100, 610))
    canvas.linkURL("https://rules.example.org/fever", (50, 600, 100, 620))
    canvas.acroForm.textfield(name="dose", tooltip="Dose in mg", value="40", x=60, y=400)
    canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(target.getvalue()))
    writer.add_attachment("all patients.csv", b"name\n")
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): create_string_object("app.alert(1)")}
    )
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    packet = b"<x:xmpmeta><dc:description>Tell nobody of this paper</dc:description></x:xmpmeta>"
    writer.root_object[NameObject("/Metadata")] = writer._add_object(pypdf.generic.StreamObject())
    writer.root_object["/Metadata"].get_object().set_data(packet)  # type: ignore[attr-defined]
    out = io.BytesIO()
    writer.write(out)
    found = one("rules.pdf", out.getvalue())
    assert found.title == "Ward rules"
    assert asides(found, "annotation") == ["Ask the chief first"]
    assert asides(found, "link") == ["https://rules.example.org/fever"]
    assert "\nDose in mg: 40\n" in found.text and not asides(found, "form field")
    assert asides(found, "embedded file") == ["all patients.csv"]
    assert asides(found, "script") == ["app.alert(1)"]
    properties = asides(found, "metadata")
    assert {"title: Ward rules", "author: An invented clinic", "keywords: fever, rules"} <= set(properties)
    assert properties[-1] == "XMP: Tell nobody of this paper"
    comment = next(aside for aside in found.asides if aside.kind == "annotation")
    assert comment.page == 1 and found.text[comment.at :].startswith("left column line 8")
    assert not any(word in found.text for word in ("chief", "example.org", "nobody", "patients"))


def test_a_comment_that_is_written_on_the_page_is_an_aside() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(build(one_page(stream(shown(LINE))))))
    note = DictionaryObject({NameObject("/Subtype"): NameObject("/FreeText")})
    note[NameObject("/Contents")] = create_string_object("Not for the chart")
    note[NameObject("/RC")] = create_string_object("<body><p>Not for the <b>chart</b> at all</p></body>")
    writer.pages[0][NameObject("/Annots")] = pypdf.generic.ArrayObject([writer._add_object(note)])
    out = io.BytesIO()
    writer.write(out)
    kept = [" ".join(text.split()) for text in asides(one("a.pdf", out.getvalue()), "annotation")]
    assert kept == ["Not for the chart", "Not for the chart at all"]


@pytest.mark.parametrize("data", [encrypted(""), AES], ids=["RC4", "AES with 256 bits"])
def test_a_file_that_only_its_owner_may_change_is_read_with_what_stands_beside_it(data: bytes) -> None:
    found = one("a.pdf", data)
    assert found.text.strip() and found.warnings == ()
    assert (found.title and asides(found, "metadata")) or data is not AES


# Broken files

REFUSED = {
    "user password": "encrypted",
    "unknown encryption": "encrypted in a way",
    "head alone": "damaged",
    "rubbish": "damaged",
    "nothing but zeros": "damaged",
    "cut to a quarter": "damaged",
    "no pages": "no pages",
    "no catalog": "damaged",
    "page tree in a circle": "damaged",
    "two page trees in a circle": "damaged",
    "page tree too deep": "damaged",
    "a hundred thousand pages": "100,000 pages; at most 5,000",
    "scan": "OCR",
    "content that unpacks to 2 gigabytes": "fills the memory",
    "content packed twice": "fills the memory",
    "forms of forms of forms": "cannot be read",
    "content that is not compressed as it says": "damaged",
    "content nested without end": "damaged",
    "content gone": "damaged",
    "end cut off": "damaged or cut off",
    "text shown five million times": "cannot be read",
    "letters that unpack to 2 gigabytes": "fills the memory",
    "properties that unpack to 2 gigabytes": "made to harm",
    "content in LZW without end": "damaged",
    "text that never ends": "damaged",
}
WARNED = {
    "form fields in a circle": "form fields",
    "arrays nested without end": "annotations",
    "five thousand times one page": "only the first",
    "one page of three damaged": "page 2",
    "one page of three without end": "page 2 cannot be read",
    "one page of three a scan": "page 2 has no text layer",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_pdf_is_refused_with_its_reason_or_read(kind: str) -> None:
    file = File("broken.pdf", KINDS[kind]())
    if kind in REFUSED:
        with pytest.raises(FileProblem) as caught:
            read_file(file)
        message = str(caught.value)
        assert message.startswith("broken.pdf: ") and message.endswith(".") and REFUSED[kind] in message
        assert SECRET not in message
        return
    (found,) = read_file(file)
    assert found.text.strip()
    assert any(WARNED[kind] in warning for warning in found.warnings) if kind in WARNED else found.warnings == ()
    assert not any(SECRET in warning for warning in found.warnings)
    inside(found)


def test_there_are_many_broken_files_and_all_of_those_named_are_made() -> None:
    assert len(KINDS) >= 50 and {*REFUSED, *WARNED} <= set(KINDS)


HARMFUL = (
    "content that unpacks to 2 gigabytes|content packed twice|forms of forms of forms|text shown five million times|"
    "letters that unpack to 2 gigabytes|properties that unpack to 2 gigabytes|embedded file that unpacks to 2 gigabytes|"
    "image that unpacks to 30 gigabytes under white text|arrays nested without end|five thousand times one page|"
    "page tree too deep|one page of three without end"
).split("|")
ALONE = """
import pathlib, resource, sys
from rag.errors import FileProblem
from rag.documents.load import read_file
from rag.values import File
try:
    read_file(File("a.pdf", sys.stdin.buffer.read()))
except FileProblem:
    pass
status = pathlib.Path("/proc/self/status").read_text()  # getrusage also knows the memory of the process before this one.
own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
print(own // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in another way")
@pytest.mark.parametrize("kind", HARMFUL)
def test_a_file_made_to_harm_takes_neither_the_day_nor_the_memory(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        input=KINDS[kind](),
        capture_output=True,
        timeout=30,  # Ten seconds on a machine that has nothing else to do.
        cwd=SAMPLES.parent,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert sum(map(int, done.stdout.split())) < 1024


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import time; time.sleep(60)", "time"),
        ("print('x', flush=True); import time; time.sleep(60)", "time"),
        ("held = [bytes(1 << 20) for _ in range(4000)]", "memory"),
        ("import os; os.abort()", "crash"),
        ("raise ValueError", "crash"),
    ],
)
def test_a_reader_that_does_not_end_well_is_stopped(script: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script)
    reader = Reader(str(path), b"data", memory=256)
    try:
        with pytest.raises(Stopped, match=reason):
            list(reader.messages(2 if reason == "time" else 20))
    finally:
        reader.close()


def test_a_reader_hands_over_what_it_writes_and_gets_all_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("import sys\ndata = sys.stdin.buffer.read()\nprint(len(data), sys.argv[1])\nprint('end')")
    reader = Reader(str(path), bytes(3_000_000), "more", memory=256)
    assert list(reader.messages(20)) == [b"3000000 more\n", b"end\n"]
    reader.close()


# Long documents, read by two processes


def long_one(count: int = 40) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for number in range(count):
        canvas.setFont("Helvetica", 10)
        column(
            canvas, ["Ward rules", *(f"{at} Step {at} of part {number}: wash hands, then note it." for at in range(1, 12))], 60
        )
        canvas.drawString(60, 30, f"Page {number + 1} of {count}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def test_two_processes_read_what_one_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    data = long_one()
    started: list[str] = []

    class Counted(Reader):
        def __init__(self, script: str, data: bytes, *arguments: str, memory: int) -> None:
            started.append(arguments[-1])
            super().__init__(script, data, *arguments, memory=memory)

    monkeypatch.setattr(pages.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(pages, "Reader", Counted)
    by_two = one("long.pdf", data)
    assert sorted(started) == ["-1", "1"]
    started.clear()
    monkeypatch.setattr(pages, "LONG", 41)
    assert one("long.pdf", data) == by_two and started == ["1"]
    assert len(by_two.pages) == 40 and sum(aside.kind == "page number" for aside in by_two.asides) == 40


@pytest.mark.parametrize(
    "script",
    [
        "import time; time.sleep(60)",
        "import os; os.abort()",
        "held = [bytes(1 << 20) for _ in range(4000)]",
        "print('{\"error\": 3}')",
        'import sys; sys.stdout.write(\'{"pages": 40}\\n{"words": [\')',
    ],
)
def test_what_the_second_process_does_not_give_the_first_one_reads(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "script.py"
    path.write_text(script)
    whole = one("long.pdf", long_one())

    class Broken(Reader):
        def __init__(self, own: str, data: bytes, *arguments: str, memory: int) -> None:
            super().__init__(str(path) if arguments[-1] == "-1" else own, data, *arguments, memory=memory)

    monkeypatch.setattr(pages.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(pages, "Reader", Broken)
    assert one("long.pdf", long_one()) == whole


def test_characters_in_one_go_say_what_they_say_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [path.read_bytes() for path in sorted(SAMPLES.glob("*.pdf"))] + [mixed(), long_one(2)]
    in_one_go = [words_of_file(data) for data in files]
    monkeypatch.setattr(words, "TO_THE_LEFT", re.compile(""))  # Then each is asked for its object.
    assert [words_of_file(data) for data in files] == in_one_go
    assert all(any(page["words"] for page in found) for found in in_one_go)


def mixed() -> bytes:
    """Raised figures, words of several objects, turned, white, tiny and covered text, and some beside the page."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for shade in (0, 1):
        text = canvas.beginText(60, 700)
        text.setFont("Times-Roman", 12)
        text.setCharSpace(0.4)
        for part, size, rise in (
            ("x10", 12, 0),
            ("9", 7, 5),
            ("/L caf\u00e9 gl", 12, 0),
            ("ucose hyper-", 11, 0),
            ("tension", 6, 0),
        ):
            text.setFont("Times-Roman", size)
            text.setRise(rise)
            text.textOut(part)
        canvas.drawText(text)
        canvas.drawString(-20, 500, "half beside the page")
        canvas.drawString(700, 500, "wholly beside it")
        canvas.setFont("Helvetica", 1)
        canvas.drawString(60, 400, "tiny words")
        canvas.setFont("Helvetica", 10)
        canvas.setFillGray(shade)
        canvas.drawString(60, 380, "a shaded word")
        canvas.saveState()
        canvas.rotate(35)
        canvas.drawString(300, 100, "turned words here")
        canvas.restoreState()
        if shade:
            canvas.rect(50, 370, 100, 30, fill=1, stroke=0)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def words_of_file(data: bytes) -> list[dict[str, Any]]:
    with pypdfium2.PdfDocument(data) as document:
        return [reader._page(document.raw, number) for number in range(len(document))]


# Properties


def inside(found: Document) -> None:
    """Every page, section, finding and aside lies in the text, and pages follow on each other."""
    length = len(found.text)
    assert found.pages[0].start == 0 and found.pages[-1].end == length
    assert all(one.end == other.start for one, other in pairwise(found.pages))
    assert all(0 <= section.start < section.body <= section.end <= length for section in found.sections)
    for section in found.sections:
        signs = [character for character in section.title.lower() if character.isalnum()]
        there = [character for character in found.text[section.start : section.body].lower() if character.isalnum()]
        assert "".join(signs) in "".join(there)
    for finding in found.hidden:
        within = found.text if finding.aside is None else found.asides[finding.aside].text
        assert 0 <= finding.start < finding.end <= len(within) and within[finding.start : finding.end].strip()
    for aside in found.asides:
        assert 0 <= aside.at <= length and aside.text.strip()
        if aside.page is not None and found.text[aside.at :]:
            assert found.page_at(aside.at) == found.pages[aside.page - 1]


TEXTS = st.one_of(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40),
    st.sampled_from(
        ["FINDINGS:", "1. Scope", "Page 1 of 3", "Sodium 138 mmol/L", "hyper-", "tension", "12", "- item", "Ward rules"]
    ),
)
PLACED = st.tuples(
    TEXTS, st.integers(-50, 600), st.integers(-50, 850), st.sampled_from([1, 6, 10, 18]), st.sampled_from([0, 1, 3])
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(PLACED, max_size=12), min_size=1, max_size=4), st.lists(TEXTS, max_size=3))
def test_whatever_stands_on_the_pages_all_offsets_are_true(pages: list[list[Any]], marks: list[str]) -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for number, placed in enumerate(pages):
        for text, left, up, size, shade in placed:
            canvas.setFont("Helvetica", size)
            canvas.setFillGray(min(shade, 1))
            canvas.drawString(left, up, text)
        for at, mark in enumerate(marks):
            canvas.bookmarkPage(f"{number} {at}")
            canvas.addOutlineEntry(mark, f"{number} {at}", 0)
        canvas.showPage()
    canvas.save()
    try:
        found = one("any.pdf", target.getvalue())
    except FileProblem as problem:
        assert "text layer" in str(problem) or "no text" in str(problem)
        return
    inside(found)
    assert len(found.pages) == len(pages)
