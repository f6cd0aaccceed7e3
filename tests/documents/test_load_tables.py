"""Tables of every format: titles, rows of headers, several tables on end, merged cells, notes in cells."""

import io
from collections.abc import Sequence
from typing import Any

import docx
import openpyxl
import pytest

from rag.documents.load import read_file
from rag.documents.load.tables import may_name
from rag.errors import FileProblem
from rag.values import Document, File


def one(name: str, data: str | bytes) -> Document:
    (found,) = read_file(File(name, data.encode() if isinstance(data, str) else data))
    return found


def table(rows: str) -> str:
    return one("a.html", f"<html><body><table>{rows}</table></body></html>").text


def sheet(rows: Sequence[Sequence[Any]], merged: Sequence[str] = ()) -> str:
    made = openpyxl.Workbook()
    page: Any = made.active
    page.title = "S"
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                page.cell(number, column, value)
    for area in merged:
        page.merge_cells(area)
    target = io.BytesIO()
    made.save(target)
    return one("a.xlsx", target.getvalue()).text.removeprefix("S\n")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            "<tr><th>Drug</th><!-- x --><th>Dose</th><?y z?></tr><tr><!-- x --><td>Ostravan</td><td>2 mg</td></tr>",
            "Drug: Ostravan; Dose: 2 mg",
        ),
        (
            "<thead><tr><th colspan=2>Drugs stopped</th></tr><tr><th>Drug</th><th>Day</th></tr></thead>"
            "<tr><td>Ostravan</td><td>May 3</td></tr>",
            "Drugs stopped\nDrug: Ostravan; Day: May 3",
        ),
        (
            "<tr><th rowspan=2>Test</th><th colspan=2>Result</th></tr><tr><th>first</th><th>last</th></tr>"
            "<tr><td>Na</td><td>131</td><td>138</td></tr>",
            "Test: Na; Result first: 131; Result last: 138",
        ),
        ("<thead><tr><th>Drug</th><th>Dose</th></tr></thead><tbody><tr><td></td><td></td></tr></tbody>", "Drug | Dose"),
        (
            "<tr><th>Drug</th><th>Dose</th></tr><tr><td>Ostravan</td><td>2 mg</td></tr>"
            "<tr><td colspan=2>At night</td></tr><tr><td>Peritol</td><td>1 mg</td></tr>"
            "<tr><th>Allergy</th><th>Reaction</th></tr><tr><td>Latex</td><td>rash</td></tr>",
            "Drug: Ostravan; Dose: 2 mg\nAt night\nDrug: Peritol; Dose: 1 mg\nAllergy: Latex; Reaction: rash",
        ),
        (
            "<tfoot><tr><td>Sum</td><td>3 mg</td></tr></tfoot>"
            "<tr><th>Drug</th><th>Dose</th></tr><tr><td>Ostravan</td><td>3 mg</td></tr>",
            "Drug: Ostravan; Dose: 3 mg\nDrug: Sum; Dose: 3 mg",
        ),
        ("<tr><th>Pulse</th><td>72</td></tr><tr><th>Weight</th><td>80</td></tr>", "Pulse | 72\nWeight | 80"),
        (
            "<tr><td colspan=2>Shots</td></tr><tr><td><b>Shot</b></td><td><b>Given</b></td></tr>"
            "<tr><td>Tetanus<!-- toxoid --></td><td>2019</td></tr>",
            "Shots\nShot: Tetanus; Given: 2019",
        ),
        ("<tr><td>Drug</td><td>Dose</td></tr><tr><td>Ostravan</td><td>2 mg</td></tr>", "Drug: Ostravan; Dose: 2 mg"),
        ("<tr><td><b>Pulse</b></td><td>72</td></tr><tr><td><b>Name</b></td><td>Zorva</td></tr>", "Pulse | 72\nName | Zorva"),
        (
            "<tr><th>Drug</th><th>How</th></tr><tr><td>Ostravan</td><td>one<br>at night</td></tr>"
            "<tr><td><p>A</p><p>B</p></td><td>x</td></tr>",
            "Drug: Ostravan; How: one\nat night\nDrug: A\nB\nHow: x",
        ),
    ],
)
def test_rows_of_a_page_stand_beside_the_names_of_their_columns(rows: str, text: str) -> None:
    assert table(rows).strip() == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('"sep=;"\ndrug;dose\nOstravan;2,5\n', "drug: Ostravan; dose: 2,5\n"),
        ("sep=\t\ndrug\tdose\nOstravan\t2\n", "drug: Ostravan; dose: 2\n"),
        ("Drugs of March\n\ndrug,dose\nOstravan,2\n", "Drugs of March\ndrug: Ostravan; dose: 2\n"),
        ("Drugs of March,,\ndrug,dose,how\nOstravan,2,oral\n", "Drugs of March\ndrug: Ostravan; dose: 2; how: oral\n"),
        ("1,Ostravan,2.5\n2,Peritol,5\n", "1 | Ostravan | 2.5\n2 | Peritol | 5\n"),
        ("2024-03-14,Ostravan\n", "2024-03-14 | Ostravan\n"),
        ("5\n", "5\n"),
        ("drug,2023,2024\nOstravan,2,3\n", "drug: Ostravan; 2023: 2; 2024: 3\n"),
        ("drug,dose\nOstravan,2\n\nAllergy,Reaction\nLatex,rash\n", "drug: Ostravan; dose: 2\nAllergy: Latex; Reaction: rash\n"),
        ("drug,dose\nOstravan,2\n\nPeritol,3\n", "drug: Ostravan; dose: 2\ndrug: Peritol; dose: 3\n"),
        (
            "Sample,,Levels,\nTest,Unit,first,last\nNa,mmol/L,131,138\n",
            "Sample Test: Na; Sample Unit: mmol/L; Levels first: 131; Levels last: 138\n",
        ),
        ("Drugs of March\n\ndrug,dose\n", "Drugs of March\ndrug | dose\n"),
        ("drug,dose\n\nOstravan,2\n", "drug: Ostravan; dose: 2\n"),
        ("drug,dose\n\nAllergy,Reaction\nLatex,rash\n", "drug | dose\nAllergy: Latex; Reaction: rash\n"),
        ('id,note\n1,"PLAN:\nRest\n\nWalk"\n2,"none"\n', "id: 1; note:\nPLAN:\nRest\n\nWalk\nid: 2; note: none\n"),
        ('id,note,by\n1,"Rest\nWalk",Doe\n', "id: 1; note: Rest\nWalk\nby: Doe\n"),
    ],
)
def test_rows_of_a_csv_stand_beside_the_names_of_their_columns(data: str, text: str) -> None:
    assert one("a.csv", data).text == text


@pytest.mark.parametrize("data", ["drug,dose\n", "drug,dose\n\n", "drug\n"])
def test_a_header_alone_is_told(data: str) -> None:
    with pytest.raises(FileProblem, match="no row below its header"):
        one("a.csv", data)


def test_a_note_in_a_cell_has_its_sections_which_end_with_the_row() -> None:
    data = 'id,note\n1,"ASSESSMENT:\nGout\nPLAN:\nColchicine"\n2,"PLAN:\nIce the knee."\n'
    for found in (one("a.csv", data), one("a.tsv", data.replace(",", "\t"))):
        assert [(part.title, found.text[part.body : part.end].strip(": \n")) for part in found.sections] == [
            ("ASSESSMENT", "Gout"),
            ("PLAN", "Colchicine"),
            ("PLAN", "Ice the knee."),
        ]


def test_a_note_of_each_patient_keeps_its_lines() -> None:
    data = 'patient_id,note\nP-0001,"PLAN:\nIce"\nP-0002,"Well\nHome"\n'
    found = read_file(File("a.csv", data.encode()))
    assert [one.text for one in found] == ["patient_id: P-0001; note:\nPLAN:\nIce\n", "patient_id: P-0002; note: Well\nHome\n"]


def test_a_workbook_of_notes_by_patient_keeps_their_lines() -> None:
    made = openpyxl.Workbook()
    page: Any = made.active
    page.title = "S"
    for row in (["patient_id", "note", "by"], ["P-0001", "PLAN:\nIce\n\nRest", "A"], ["P-0002", "Well\nHome", "B"]):
        page.append(row)
    target = io.BytesIO()
    made.save(target)
    first, second = read_file(File("a.xlsx", target.getvalue()))
    assert first.text == "S\npatient_id: P-0001; note:\nPLAN:\nIce\n\nRest\nby: A\n"
    assert second.text == "S\npatient_id: P-0002; note: Well\nHome\nby: B\n"
    assert "PLAN" in [part.title for part in first.sections]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([["Drug", "Dose"], ["Ostravan", 2], [], ["Allergy", "Reaction"], ["Latex", "rash"]],
         "Drug: Ostravan; Dose: 2\nAllergy: Latex; Reaction: rash\n"),
        ([["Drug", "Route"], ["Ostravan", "oral"], [], ["Peritol", "nasal"], ["Belsor", "oral"]],
         "Drug: Ostravan; Route: oral\nDrug: Peritol; Route: nasal\nDrug: Belsor; Route: oral\n"),
        ([["Drugs of March"], ["Drug", "Dose"], ["Ostravan", 2]], "Drugs of March\nDrug: Ostravan; Dose: 2\n"),
        ([["Drug", "Dose"], ["Ostravan", 2], ["Allergies"], ["Allergy", "Reaction"], ["Latex", "rash"]],
         "Drug: Ostravan; Dose: 2\nAllergies\nAllergy: Latex; Reaction: rash\n"),
        ([["Drug", "Dose"], ["Ostravan", 2], ["Peritol"], ["Belsor", 3]],
         "Drug: Ostravan; Dose: 2\nDrug: Peritol\nDrug: Belsor; Dose: 3\n"),
        ([["Test", 2023, 2024], ["Na", 131, 138]], "Test: Na; 2023: 131; 2024: 138\n"),
        ([["Note", "By"], ["Rest\nWalk", "A"]], "Note: Rest\nWalk\nBy: A\n"),
    ],
)  # fmt: skip
def test_tables_of_a_sheet_have_their_own_names(rows: list[list[Any]], text: str) -> None:
    assert sheet(rows) == text


def test_headers_of_two_rows_are_joined_by_column() -> None:
    rows = [["Test", "Result", None], [None, "first", "last"], ["Na", 131, 138]]
    assert sheet(rows, ["A1:A2", "B1:C1"]) == "Test: Na; Result first: 131; Result last: 138\n"


def made_table(rows: list[list[str]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]] = (), heads: int = 0) -> str:
    made: Any = docx.Document()
    filled = made.add_table(rows=len(rows), cols=len(rows[0]))
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            filled.cell(at, column).text = value
    for (top, left), (bottom, right) in merged:
        text = filled.cell(top, left).text
        filled.cell(top, left).merge(filled.cell(bottom, right)).text = text
    for row in filled.rows[:heads]:
        row._tr.get_or_add_trPr().append(row._tr.makeelement(docx.oxml.ns.qn("w:tblHeader"), {}))
    target = io.BytesIO()
    made.save(target)
    return one("a.docx", target.getvalue()).text


def test_tables_of_word_have_titles_headers_of_two_rows_and_merged_cells() -> None:
    rows = [["Drugs stopped", "", ""], ["Drug", "Dose", "When"], ["Ostravan", "2 mg", "noon"]]
    assert made_table(rows, [((0, 0), (0, 2))]) == "Drugs stopped\nDrug: Ostravan; Dose: 2 mg; When: noon\n"
    rows = [["Test", "Result", ""], ["", "first", "last"], ["Na", "131", "138"]]
    merged = [((0, 1), (0, 2)), ((0, 0), (1, 0))]
    assert made_table(rows, merged, heads=2) == "Test: Na; Result first: 131; Result last: 138\n"
    rows = [["Drugs at home", ""], ["Drug", "Dose"], ["Ostravan", "2 mg"]]
    assert made_table(rows, [((0, 0), (0, 1))]) == "Drugs at home\nDrug: Ostravan; Dose: 2 mg\n"
    rows = [["Drug", "Dose", "When"], ["Ostravan", "2 mg", "noon"], ["", "1 mg", "night"]]
    assert made_table(rows, [((1, 0), (2, 0))]) == (
        "Drug: Ostravan; Dose: 2 mg; When: noon\nDrug: Ostravan; Dose: 1 mg; When: night\n"
    )
    assert made_table([["Drug", "Note", "By"], ["Ostravan", "PLAN:\nrest", "A"]]) == "Drug: Ostravan; Note:\nPLAN:\nrest\nBy: A\n"


@pytest.mark.parametrize(
    ("cells", "may"),
    [
        (["Drug", "Dose"], True),
        (["Drug", "5"], False),
        (["Drug", "2024-03-14"], False),
        (["Test", "1", "2", "3"], True),
        (["Test", "2023", "2024"], True),
        (["5.5", "6.5"], False),
        (["x" * 101, "Dose"], False),
    ],
)
def test_names_of_columns_are_no_figures(cells: list[str], may: bool) -> None:
    assert may_name(cells) == may


LONG = "Has the person of whom this form speaks " + "ever been given ostravan, peritol or zalumide, " * 5 + "and for how long"


@pytest.mark.parametrize(
    "text",
    [
        one("a.csv", f'Drug,"{LONG}"\nOstravan,no\nPeritol,yes\n').text,
        table(f"<tr><th>Drug</th><th>{LONG}</th></tr><tr><td>Ostravan</td><td>no</td></tr><tr><td>Peritol</td><td>yes</td></tr>"),
    ],
)
def test_a_long_name_of_a_column_stands_cut_beside_its_values_and_whole_above(text: str) -> None:
    assert LONG in text and f"Ostravan; {LONG[:150]}…: no" in text
