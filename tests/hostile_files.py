"""Files that were made to harm, each well formed enough to be begun: they ask for time, memory or output without end."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.made_files import CCDA, word, workbook, zipped

SHEET_SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
WORD_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SENTENCE = "The patient told that the cough is better. "
Make = Callable[[], bytes]


def changed(data: bytes, parts: dict[str, str | bytes]) -> bytes:
    """An Office file with other content in some parts, or with more of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members: dict[str, str | bytes] = {one.filename: archive.read(one) for one in archive.infolist()}
    return zipped(members | parts, zipfile.ZIP_STORED)  # Packed, what repeats so would be refused as a bomb.


def part_of(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def sheet(cells: str, extra: str = "", before: str = "") -> bytes:
    return changed(
        workbook(),
        {"xl/worksheets/sheet1.xml": f"<worksheet {SHEET_SPACE}>{before}<sheetData>{cells}</sheetData>{extra}</worksheet>"},
    )


def with_strings(data: bytes, strings: str) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = part_of(data, "[Content_Types].xml").replace("</Types>", override)
    return changed(data, {"[Content_Types].xml": types, "xl/sharedStrings.xml": f"<sst {SHEET_SPACE}>{strings}</sst>"})


def inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def document(body: str, more: dict[str, str | bytes] | None = None) -> bytes:
    return changed(
        word(), {"word/document.xml": f"<w:document {WORD_SPACE}><w:body>{body}</w:body></w:document>", **(more or {})}
    )


def paragraph(text: str, style: str = "") -> str:
    told = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{told}<w:r><w:t>{text}</w:t></w:r></w:p>"


def moved_sheet() -> bytes:
    """A workbook whose sheet is named like a picture and merges more cells than any memory holds."""
    good = workbook()
    links = part_of(good, "xl/_rels/workbook.xml.rels").replace("worksheets/sheet1.xml", "media/picture.png")
    types = part_of(good, "[Content_Types].xml").replace("worksheets/sheet1.xml", "media/picture.png")
    cells = '<mergeCells><mergeCell ref="A1:ZZ90000"/></mergeCells>'
    body = f"<worksheet {SHEET_SPACE}><sheetData><row r='1'>{inline('A1', 'near')}</row></sheetData>{cells}</worksheet>"
    return changed(good, {"xl/_rels/workbook.xml.rels": links, "[Content_Types].xml": types, "xl/media/picture.png": body})


def many_strings(cells: int, length: int) -> bytes:
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(1, cells + 1))
    return with_strings(sheet(rows), f"<si><t>{SENTENCE * (length // len(SENTENCE))}</t></si>")


def many_sheets(count: int) -> bytes:
    good = workbook()
    book = part_of(good, "xl/workbook.xml")
    head, tail = book.split("<sheets>")[0], book.split("</sheets>")[1]
    told = "".join(f'<sheet name="s{at}" sheetId="{at}" r:id="rId1"/>' for at in range(1, count + 1))
    space = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    sheets = f"<sheets {space}>{told}</sheets>"
    return changed(good, {"xl/workbook.xml": f"{head}{sheets}{tail}"})


def nested_tables(depth: int) -> str:
    body = paragraph("innermost")
    for _ in range(depth):
        body = f"<w:tbl><w:tr><w:tc>{body}<w:p/></w:tc><w:tc>{paragraph('beside')}</w:tc></w:tr></w:tbl>"
    return body


def many_styles(count: int) -> bytes:
    """Styles that are each based on the one before."""
    good = word()
    told = "".join(
        f'<w:style w:type="paragraph" w:styleId="s{at}"><w:name w:val="s{at}"/><w:basedOn w:val="s{at - 1}"/></w:style>'
        for at in range(count)
    )
    styles = part_of(good, "word/styles.xml").replace("</w:styles>", f"{told}</w:styles>")
    body = "".join(paragraph("x", f"s{at}") for at in range(count))
    return document(body, {"word/styles.xml": styles})


def office_of_many(good: bytes, count: int) -> bytes:
    """An Office file with so many parts more, each of which points to the next."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml"
    space = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    parts: dict[str, str | bytes] = {}
    for at in range(count // 2):
        parts[f"x/{at}.xml"] = "<x/>"
        link = f'<Relationship Id="r" Type="{kind}" Target="{at + 1}.xml"/>' if at + 1 < count // 2 else ""
        parts[f"x/_rels/{at}.xml.rels"] = f"<Relationships {space}>{link}</Relationships>"
    name = "word/_rels/document.xml.rels"
    links = part_of(good, name).replace(
        "</Relationships>", f'<Relationship Id="rX" Type="{kind}" Target="/x/0.xml"/></Relationships>'
    )
    return changed(good, {**parts, name: links})


def office() -> Iterator[tuple[str, str, Make]]:
    row = f"<row r='1'>{inline('A1', 'near')}</row>"
    yield (
        "merged by an entity",
        "a.xlsx",
        lambda: sheet(row, '<mergeCells><mergeCell ref="&#65;1:ZZ20000"/></mergeCells>'),
    )
    yield (
        "linked by an entity",
        "a.xlsx",
        lambda: sheet(row, '<hyperlinks><hyperlink ref="&#x41;1:XFD&#49;048576" location="x"/></hyperlinks>'),
    )
    yield "a sheet named like a picture", "a.xlsx", moved_sheet
    yield "a dimension that lies", "a.xlsx", lambda: sheet(row, before='<dimension ref="A1:XFD1048576"/>')
    yield "strings repeated", "a.xlsx", lambda: many_strings(200_000, 30_000)
    yield "wide headers over many rows", "a.xlsx", lambda: wide_sheet(60, 8_000)
    yield "one sheet a thousand times", "a.xlsx", lambda: many_sheets(5_000)
    yield (
        "columns hidden without end",
        "a.xlsx",
        lambda: sheet(row, before="<cols>" + '<col min="1" max="16384" hidden="1" width="9"/>' * 20_000 + "</cols>"),
    )
    yield (
        "cells merged down many rows",
        "a.xlsx",
        lambda: sheet(
            "".join(f"<row r='{at}'>{inline(f'A{at}', 'x')}</row>" for at in range(1, 20_000)),
            "<mergeCells>" + "".join(f'<mergeCell ref="{name}1:{name}19000"/>' for name in columns(50)) + "</mergeCells>",
        ),
    )
    yield "conditions without end", "a.xlsx", lambda: sheet(row, validations(100_000))
    yield "a million paragraphs", "a.docx", lambda: document("<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 480_000)
    yield "one long paragraph", "a.docx", lambda: document(f"<w:p>{'<w:r><w:t>x </w:t></w:r>' * 480_000}</w:p>")
    yield "tables within tables", "a.docx", lambda: document(nested_tables(60))
    yield "styles based on each other", "a.docx", lambda: many_styles(8_000)
    yield "files within", "a.docx", lambda: document(paragraph("x") + '<w:altChunk r:id="rId1" xmlns:r="r"/>' * 200_000)
    yield (
        "tables of empty cells",
        "a.docx",
        lambda: document(f"<w:tbl>{'<w:tr>' + '<w:tc><w:p/></w:tc>' * 60 + '</w:tr>'}</w:tbl>" * 5_000),
    )
    yield (
        "cells over many columns",
        "a.docx",
        lambda: document(
            "<w:tbl>"
            + (
                "<w:tr>"
                + '<w:tc><w:tcPr><w:gridSpan w:val="9999999"/></w:tcPr><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc>' * 30
                + "</w:tr>"
            )
            * 300
            + "</w:tbl>"
        ),
    )
    yield "9,999 parts", "a.docx", lambda: office_of_many(word(), 9_900)


def columns(count: int) -> list[str]:
    from openpyxl.utils import get_column_letter

    return [get_column_letter(at + 2) for at in range(count)]


def wide_sheet(wide: int, rows: int) -> bytes:
    names = columns(wide)
    head = "<row r='1'>" + "".join(inline(f"{name}1", f"{name} {'n' * 140}") for name in names) + "</row>"
    body = "".join(
        f"<row r='{at}'>" + "".join(f'<c r="{name}{at}"><v>1</v></c>' for name in names) + "</row>" for at in range(2, rows)
    )
    return sheet(head + body)


def validations(count: int) -> str:
    rule = '<cfRule type="expression" priority="1"><formula>A1</formula></cfRule>'
    one = f'<conditionalFormatting sqref="A1:XFD9999 A1 B2 C3">{rule}</conditionalFormatting>'
    return one * count


def markup() -> Iterator[tuple[str, str, Make]]:
    yield "1.9 million tags", "a.html", lambda: b"<html>" + b"<b>x" * 1_900_000
    yield "1.9 million tags closed", "a.html", lambda: b"<html>" + b"<i>x</i>" * 950_000
    yield "1.9 million line ends", "a.html", lambda: b"<html>x" + b"<br>x" * 1_900_000
    yield "1.9 million cells", "a.html", lambda: b"<html><table>" + (b"<tr>" + b"<td>x" * 10) * 170_000
    yield "100,000 tags nested", "a.html", lambda: b"<html>" + b"<div>" * 100_000 + b"x"
    yield "tags nested just short enough", "a.html", lambda: b"<html>" + (b"<div>" * 150 + b"x" + b"</div>" * 150) * 6_000
    yield "an attribute of 50 MB", "a.html", lambda: b"<html><p title='" + b"word " * 10_000_000 + b"'>x"
    yield "a style of 50 MB", "a.html", lambda: b"<html><p style='" + b"color:red;" * 5_000_000 + b"'>x"
    yield "many selectors on many elements", "a.html", selectors
    yield (
        "classes without end",
        "a.html",
        lambda: b"<html><style>.a b{color:red}</style>" + (b"<p class='" + b"a " * 2_000 + b"'>x</p>") * 4_000,
    )
    yield (
        "ancestors without end",
        "a.html",
        lambda: (
            b"<html><style>"
            + b"i b b b b b b b b b b b {color:red}" * 2_000
            + b"</style>"
            + (b"<div>" * 150 + b"<b>x</b>" * 50 + b"</div>" * 150) * 20
        ),
    )
    yield (
        "cells over many rows and columns",
        "a.html",
        lambda: b"<html><table>" + (b"<tr>" + b"<td colspan=999 rowspan=999>x</td>" * 20 + b"</tr>") * 5_000 + b"</table>",
    )
    yield "tables within tables", "a.html", lambda: b"<html>" + b"<table><tr><td>x" * 66 + b"<p>y" * 20_000
    yield (
        "wide headers over many rows",
        "a.html",
        lambda: b"<html><table><tr>" + (b"<th>" + b"n" * 140) * 100 + b"<tr>" + (b"<td>1" * 100 + b"<tr>") * 15_000,
    )
    yield (
        "media within media",
        "a.html",
        lambda: b"<html><style>" + b"@media screen {" * 200_000 + b"}" * 200_000 + b"</style><p>x",
    )
    yield "numbered items", "a.html", lambda: b"<html><ol>" + b"<li>x</li>" * 200_000 + b"</ol>"
    yield "options without end", "a.html", lambda: b"<html><select multiple>" + b"<option>x</option>" * 300_000 + b"</select><p>x"
    yield "links without end", "a.html", lambda: b"<html>" + b"<a href='http://x.example/" + b"y" * 20 + b"'>x</a>" * 400_000
    yield "comments without end", "a.html", lambda: b"<html>x" + b"<!--x-->y" * 600_000
    yield (
        "tables of a C-CDA",
        "a.xml",
        lambda: ccda(
            "<table><thead><tr>"
            + ("<th>" + "n" * 140 + "</th>") * 50
            + "</tr></thead><tbody>"
            + ("<tr>" + "<td>1</td>" * 50 + "</tr>") * 15_000
            + "</tbody></table>"
        ),
    )
    yield "a C-CDA of 1.9 million tags", "a.xml", lambda: ccda("<content>x</content>" * 900_000)
    yield "sections within sections", "a.xml", lambda: ccda_sections(60, 200)
    yield "other XML of 1.9 million tags", "a.xml", lambda: b"<invoice>" + b"<a/>" * 1_900_000 + b"</invoice>"
    yield (
        "FHIR of 1.9 million tags",
        "a.xml",
        lambda: b'<Patient xmlns="http://hl7.org/fhir">' + b'<name><family value="x"/></name>' * 600_000 + b"</Patient>",
    )


def selectors() -> bytes:
    rules = b"".join(b"p .a%d b { color: red } " % at for at in range(10_000)) + b"b { color: blue } " * 10_000
    return b"<html><style>" + rules + b"</style>" + b"<p><b>x</b></p>" * 20_000


def ccda(inner: str) -> bytes:
    return CCDA.replace("<paragraph>The cough is better.</paragraph>", inner).encode()


def ccda_sections(depth: int, wide: int) -> bytes:
    inner = "<component><section><title>x</title><text>Words.</text></section></component>" * wide
    for _ in range(depth):
        inner = f"<component><section><title>x</title><text>Words.</text>{inner}</section></component>"
    return CCDA.replace("<component><section><title>Inner</title><text>Inner words.</text></section></component>", inner).encode()


def plain() -> Iterator[tuple[str, str, Make]]:
    yield "long headers over many rows", "a.csv", lambda: (b"h" * 20_000 + b",b\n") + b"1,2\n" * 20_000
    yield (
        "many long headers over many rows",
        "a.csv",
        lambda: b",".join([b"n" * 140] * 200) + b"\n" + (b"1," * 199 + b"1\n") * 20_000,
    )
    yield "one line of 100 MB", "a.csv", lambda: b"a,b\n" + b"word " * 20_000_000
    yield "one row of many values", "a.csv", lambda: b"a,b\n" + b"1," * 5_000_000
    yield "quotes never closed", "a.csv", lambda: b'a,b\n1,"' + b"word, word\n" * 500_000
    yield "a million empty rows", "a.csv", lambda: b"a,b\n" + b"x,1\n\n" * 400_000
    yield "a patient a row", "a.csv", lambda: b"patient,note\n" + b"".join(b"P-%06d,x\n" % at for at in range(4_900)) * 20
    yield "nulls in a table", "a.csv", lambda: b"a,b\n" + b"x,\0\n" * 400_000
    yield "text of 30 MB", "a.txt", lambda: SENTENCE.encode() * 700_000
    yield "text of one letter", "a.txt", lambda: b"a" * 50_000_000
    yield "text of line ends", "a.txt", lambda: b"a" + b"\n" * 50_000_000
    yield "Markdown of headings", "a.md", lambda: b"# A\n" * 500_000
    yield "groups without end", "a.rtf", lambda: b"{\\rtf1 " + b"{x}" * 1_000_000 + b"}"
    yield "groups nested", "a.rtf", lambda: b"{\\rtf1 " + b"{" * 4_900 + b"x" + b"}" * 4_900 + b"}"
    yield "lengths that lie", "a.rtf", lambda: b"{\\rtf1 x " + b"\\bin9 " * 500_000 + b"}"
    yield "lengths beyond the end", "a.rtf", lambda: b"{\\rtf1 x " + b"\\bin999999999 " * 200_000 + b"}"
    yield "letters by number", "a.rtf", lambda: b"{\\rtf1 " + b"\\u8364?" * 550_000 + b"}"
    yield "letters by number, none to skip", "a.rtf", lambda: b"{\\rtf1\\uc99999 " + b"\\u8364 " * 550_000 + b"}"
    yield (
        "fields within fields",
        "a.rtf",
        lambda: b"{\\rtf1 x " + b'{\\field{\\*\\fldinst{HYPERLINK "a"}}{\\fldrslt x}}' * 60_000 + b"}",
    )
    yield "footnotes without end", "a.rtf", lambda: b"{\\rtf1 x " + b"{\\footnote x}" * 200_000 + b"}"
    yield "comments without end", "a.rtf", lambda: b"{\\rtf1 x " + b"{\\annotation x}" * 200_000 + b"}"
    yield "rows without end", "a.rtf", lambda: b"{\\rtf1 " + b"\\trowd\\cellx1 x\\cell\\row" * 150_000 + b"}"
    yield "letters beyond ASCII", "a.rtf", lambda: b"{\\rtf1 " + "é".encode() * 3_000_000 + b"}"
    yield (
        "fields of HL7",
        "a.txt",
        lambda: (
            b"MSH|^~\\&|A|B|C|D|20240101||ORU^R01|1|P|2.5\r"
            + b"OBX|1|TX|x||"
            + b"word^" * 200_000
            + b"\r"
            + b"PID|1||P-1\r" * 50_000
        ),
    )


def nested(kind: str, depth: int) -> bytes:
    inner = f'{{"{kind}":[' * depth + '{"text":"x"}' + "]}" * depth  # Deeper than the writer of JSON goes.
    return f'{{"resourceType":"Condition","code":{inner},"id":"x"}}'.encode()


def questionnaire(depth: int) -> bytes:
    inner: Any = {"linkId": "x", "text": "x", "answer": [{"valueString": "y"}]}
    for _ in range(depth):
        inner = {"linkId": "x", "text": "x", "item": [inner, {"linkId": "y", "text": "y"}]}
    return json.dumps({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [inner]}).encode()


def fans(count: int) -> bytes:
    """Compositions whose entries all refer to each other."""
    entries = [{"reference": f"Condition/c{at}"} for at in range(count)]
    made = [{"resource": {"resourceType": "Condition", "id": f"c{at}", "code": {"text": "x"}}} for at in range(count)]
    made += [
        {
            "resource": {
                "resourceType": "Composition", "id": f"k{at}", "status": "final", "type": {"text": "note"}, "title": "note",
                "date": "2024-03-14", "section": [{"title": "All", "entry": entries}],
            }
        }
        for at in range(count)
    ]  # fmt: skip
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": made}).encode()


def members(depth: int, wide: int) -> bytes:
    """Reports each of which is made of so many of the next."""
    made = []
    for at in range(depth):
        result = [{"reference": f"Observation/o{at + 1}"}] * wide if at + 1 < depth else []
        made.append(
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": f"o{at}",
                    "status": "final",
                    "code": {"text": "x"},
                    "hasMember": result,
                }
            }
        )
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d",
        "status": "final",
        "code": {"text": "CT"},
        "result": [{"reference": "Observation/o0"}] * wide,
    }
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [*made, {"resource": report}]}).encode()


def values() -> Iterator[tuple[str, str, Make]]:
    yield "data nested", "a.json", lambda: b'{"a":' * 45 + b"[" + b"1," * 1_900_000 + b"1]" + b"}" * 45
    yield "long paths", "a.json", lambda: json.dumps({"k" * 10_000: [{"x": 1}] * 50_000}).encode()
    yield "a number of 4,000 digits a hundred times", "a.json", lambda: b"[" + b",".join([b"1" * 4_000] * 5_000) + b"]"
    yield "a number beyond all", "a.json", lambda: b'{"a": 1e999999, "b": ' + b"-1." + b"3" * 1_000_000 + b"}"
    yield "lines without end", "a.jsonl", lambda: b'{"text":"a"}\n' * 60_000
    yield "lines that fail", "a.jsonl", lambda: b'{"text":"a"}\n' + b"{}\n" * 500_000
    yield "four million empty objects", "a.json", lambda: b"[" + b"{}," * 1_900_000 + b"{}]"
    yield "FHIR nested", "a.json", lambda: nested("coding", 900)
    yield "FHIR extensions nested", "a.json", lambda: nested("extension", 200)
    yield "questions within questions", "a.json", lambda: questionnaire(150)
    yield "entries that all refer to all", "a.json", lambda: fans(700)
    yield "results of results", "a.json", lambda: members(12, 8)
    yield (
        "one resource without end",
        "a.json",
        lambda: json.dumps(
            {"resourceType": "Condition", "id": "x", "code": {"text": "x"}, "note": [{"text": SENTENCE}] * 100_000}
        ).encode(),
    )
    yield (
        "resources without end",
        "a.json",
        lambda: json.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Condition", "id": "x", "code": {"text": "x"}}}] * 100_000,
            }
        ).encode(),
    )
    yield (
        "quantities without end",
        "a.json",
        lambda: (
            b'{"resourceType":"Observation","id":"x","status":"final","code":{"text":"x"},"valueQuantity":{"value":1e400,"unit":"g"}}'
        ),
    )


def archives() -> Iterator[tuple[str, str, Make]]:
    yield (
        "9,999 tiny files",
        "a.zip",
        lambda: zipped({f"{at}.txt": "The cough is better.\n" for at in range(9_999)}, zipfile.ZIP_STORED),
    )
    yield (
        "9,999 tiny pages",
        "a.zip",
        lambda: zipped({f"{at}.html": "<p>The cough is better.\n" for at in range(9_999)}, zipfile.ZIP_STORED),
    )
    yield "9,999 files of no kind", "a.zip", lambda: zipped({f"{at}.bin": "x" for at in range(9_999)})
    yield (
        "archives in an archive",
        "a.zip",
        lambda: zipped({f"{at}.zip": zipped({f"{n}.txt": "x" for n in range(90)}) for at in range(100)}),
    )


ALL: dict[str, tuple[str, Make]] = {
    f"{name} ({called})": (called, make) for part in (office, markup, plain, values, archives) for name, called, make in part()
}
