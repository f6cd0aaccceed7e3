"""Broken and hostile files of every format: each is named, none hangs or fills the memory, and the others go through.

They are read in one process of their own, which may take 1 GiB of addresses in all and 10 seconds a file.
"""

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from rag.documents.load import read_file
from rag.documents.workspace import Project, add_all
from rag.errors import FileProblem
from rag.values import File
from tests.made_files import CCDA, COMPOSITION, HTML, NOTE, RTF, bundle, reference, word, workbook, zipped

MakePdf = Callable[..., bytes]
ROOT = Path(__file__).parents[2]
SECRET = "Quillemont"  # A word of the text that no message may carry.
WORDS = f"The patient told {SECRET} that the cough is better. "
SECONDS = 10
GIBIBYTE = 1024**3
LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12)) + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY out SYSTEM "file:///etc/passwd">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

READER = """
import json, resource, signal, sys, time
from pathlib import Path
import rag.documents.load
from rag.errors import FileProblem
from rag.documents.load import read_file
from rag.values import File

class TooLong(BaseException):
    pass

def stop(*_):
    raise TooLong

most, seconds, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
signal.signal(signal.SIGALRM, stop)
for path in sorted(folder.glob("*/*")):
    failed, documents, other, start = [], (), "", time.monotonic()
    signal.alarm(seconds)
    try:
        documents = read_file(File(path.name, path.read_bytes()), failed)
    except FileProblem as problem:
        failed.append(problem)
    except BaseException as error:
        other = type(error).__name__
    signal.alarm(0)
    print(json.dumps({
        "case": path.parent.name, "failed": list(map(str, failed)), "other": other,
        "documents": [document.name for document in documents],
        "told": [told for document in documents for told in document.warnings],
        "marks": [found.type for document in documents for found in document.hidden],
        "size": sum(len(document.text) for document in documents),
        "leak": any("root:" in document.text for document in documents),
        "seconds": time.monotonic() - start,
    }), flush=True)
"""


@dataclass(frozen=True)
class Broken:
    """A file that is broken, and what a message or a warning has to say of it; nothing where it is read without harm."""

    file: File
    says: str


def encrypted(data: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("only the sender knows it", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def changed(data: bytes, parts: dict[str, str | bytes | None]) -> bytes:
    """An Office file with other content in some parts; None leaves a part out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members: dict[str, str | bytes | None] = {one.filename: archive.read(one) for one in archive.infolist()}
    return zipped({name: content for name, content in (members | parts).items() if content is not None})


def part_of(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def flagged(data: bytes) -> bytes:
    """The archive with every member marked as encrypted."""
    out = bytearray(data)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(sign)
        while at >= 0:
            out[at + place] |= 1
            at = data.find(sign, at + 4)
    return bytes(out)


def corrupted(data: bytes) -> bytes:
    """The archive with damage in the packed bytes of its first member."""
    name, extra = struct.unpack("<HH", data[26:30])
    start = 30 + name + extra + 4
    return data[:start] + bytes(255 - byte for byte in data[start : start + 12]) + data[start + 12 :]


def linked() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return target.getvalue()


def repeated_names() -> bytes:
    target = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "The first note.")
        archive.writestr("a.txt", "The second note.")
    return target.getvalue()


def many_members(count: int) -> bytes:
    return zipped({f"{number}.txt": "" for number in range(count)}, zipfile.ZIP_STORED)


def far_cell() -> bytes:
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet["A1"], sheet["XFD1048576"] = "near", "far"
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def sheet_with(extra: str, cells: str = '<row r="1"><c r="A1" t="inlineStr"><is><t>near</t></is></c></row>') -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return changed(
        workbook(), {"xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{cells}</sheetData>{extra}</worksheet>"}
    )


def giant_strings() -> bytes:
    """A thousand cells that all show one string of a million letters."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(1, 1001))
    return with_strings(sheet_with("", cells), f'<sst {space} count="1"><si><t>{"word " * 200_000}</t></si></sst>')


def with_strings(data: bytes, strings: str) -> bytes:
    """A workbook with this part of shared strings."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = part_of(data, "[Content_Types].xml").replace("</Types>", override)
    return changed(data, {"[Content_Types].xml": types, "xl/sharedStrings.xml": strings})


def document_with(body: str, head: str = "") -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    written = f'<?xml version="1.0"?>{head}<w:document {space}><w:body>{body}</w:body></w:document>'
    return changed(word(), {"word/document.xml": written})


def sections_within(depth: int) -> dict[str, Any]:
    section: dict[str, Any] = {"title": "innermost"}
    for _ in range(depth):
        section = {"title": "outer", "section": [section]}
    return {**COMPOSITION, "section": [section]}


def texts() -> Iterator[tuple[str, str, bytes, str]]:
    yield "empty", "a.txt", b"", "empty"
    yield "blanks", "a.txt", b" \n\t\n", "no text"
    yield "binary", "a.txt", bytes(range(256)) * 20, "binary"
    yield "picture as Markdown", "a.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(500), "binary"
    yield "gzip as text", "a.txt", b"\x1f\x8b\x08" + zlib.compress(WORDS.encode() * 99) + bytes(40), "binary"
    yield "cut in the middle of a letter", "a.txt", WORDS.encode("utf-16")[:-1], "not valid in the encoding"
    yield "two encodings in one", "a.txt", "39 °C".encode() + b" and 39 \xb0C", "not valid UTF-8 from byte"
    yield "control characters", "a.txt", (WORDS + "\x07" + WORDS).encode(), "control characters"
    yield "no ending", "README", WORDS.encode(), "without ending"
    yield "a program", "a.exe", b"MZ" + bytes(100), "no reader for .exe"
    yield "a packed bomb", "a.gz", zlib.compress(bytes(10_000_000)), "no reader for .gz"
    yield "header alone", "a.csv", f"drug,{SECRET}\n".encode(), "header"
    yield "giant cell", "a.csv", f'drug,note\nx,"{WORDS * 4000}"\n'.encode(), ""
    yield "open quote", "a.csv", f'drug,note\nx,"{WORDS * 4000}'.encode(), "never closed"
    yield "ragged rows", "a.csv", b"drug,tier\nZalumide\nPeritol,2,x\n", "2 of 2 rows"
    yield "empty table", "a.tsv", b"\t\t\n\t\n", "no row"


def pages() -> Iterator[tuple[str, str, bytes, str]]:
    yield "page without text", "a.html", b"<html><body><script>x</script></body></html>", "no text"
    yield "page of hidden text alone", "a.html", f"<html><p hidden>{WORDS}</p></html>".encode(), "no text"
    yield "page nested without end", "a.html", b"<html>" + b"<div>" * 50_000 + WORDS.encode(), "deep"
    yield "page of too many tags", "a.html", b"<html>" + b"<b>x" * 2_100_000, "tags"
    yield "binary page", "a.html", b"<html>" + bytes(range(256)) * 20, "binary"
    yield "page named text", "a.txt", HTML.encode(), "content is HTML"
    yield "page cut off", "a.html", HTML[: HTML.index("</style>") + 40].encode() + b"<body><p>seen <b style='", ""
    yield "cells over a million columns", "a.html", b"<table><tr><td colspan=9999999 rowspan=9999999>x<td>y</table>", ""
    yield "rules without end", "a.html", b"<html><style>" + b"p b, i u { color: red } " * 40_000 + b"</style><p>seen", ""
    yield "media without end", "a.html", b"<html><style>" + b"@media screen {" * 20_000 + b"</style><p>seen", ""


def richs() -> Iterator[tuple[str, str, bytes, str]]:
    yield "RTF cut off", "a.rtf", RTF[: RTF.index("Torsemide")].encode(), "cut off"
    yield "text named RTF", "a.rtf", WORDS.encode(), "not RTF"
    yield "RTF named text", "a.txt", RTF.encode(), "content is RTF"
    yield "RTF nested without end", "a.rtf", b"{\\rtf1 " + b"{" * 200_000 + WORDS.encode(), "deep"
    yield "RTF too long", "a.rtf", b"{\\rtf1 " + b"word " * 1_000_000 + b"}", "at most"
    yield "RTF of impossible letters", "a.rtf", b"{\\rtf1 x \\u99999999? y}", "damaged"
    yield "RTF of pictures alone", "a.rtf", b"{\\rtf1 {\\pict 0102}{\\object 03}}", "no text"
    yield "RTF with fonts without end", "a.rtf", b"{\\rtf1{\\fonttbl" + b"{\\f0\\fcharset0 " * 9000 + WORDS.encode(), "deep|fonts"
    yield "RTF fields without end", "a.rtf", b"{\\rtf1 " + b'{\\field{\\*\\fldinst{HYPERLINK "a" ' * 1500 + b"}", "no text"
    yield "RTF picture longer than the file", "a.rtf", b"{\\rtf1 seen {\\pict\\bin999999999 x", "cut off"


def words() -> Iterator[tuple[str, str, bytes, str]]:
    good = word()
    yield "Word cut off", "a.docx", good[: len(good) // 2], "damaged or cut off"
    yield "Word of rubbish", "a.docx", b"PK\x03\x04" + WORDS.encode(), "not a Word document"
    yield "text named Word", "a.docx", WORDS.encode(), "not a Word document"
    yield "ZIP named Word", "a.docx", zipped({"a.txt": WORDS}), "not a Word document|content is a whole ZIP"
    yield "Word with a password", "a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"
    yield "old Word", "a.docx", OLE, "old format"
    yield "Word with laughs", "a.docx", document_with("<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>", LAUGHS), "entities"
    yield "Word that reaches out", "a.docx", document_with("<w:p><w:r><w:t>&out;</w:t></w:r></w:p>", OUTSIDE), "entities"
    yield "Word that swells", "a.docx", changed(good, {"word/document.xml": " " * 70_000_000}), "unpacks to"
    yield "Word without a table of contents", "a.docx", changed(good, {"[Content_Types].xml": None}), "damaged"
    yield "Word not well formed", "a.docx", changed(good, {"word/document.xml": f"<w:document>{WORDS}"}), "damaged"
    yield "Word of something else", "a.docx", changed(good, {"word/document.xml": "<x/>"}), "damaged"
    yield "Word without text", "a.docx", document_with("<w:p/>"), "no text"
    yield "Word nested without end", "a.docx", document_with("<w:sdt>" * 5000 + "</w:sdt>" * 5000), "damaged|deep"
    yield "Word damaged inside", "a.docx", corrupted(good), "damaged"
    yield "Word with encrypted parts", "a.docx", flagged(good), "encrypted"
    yield "Word with a file inside", "a.docx", document_with("<w:p><w:r><w:t>x</w:t></w:r></w:p><w:altChunk/>"), "embedded"
    yield "Word with damaged properties", "a.docx", changed(good, {"docProps/core.xml": "<x>"}), "damaged|properties"
    circle = '<w:style w:type="paragraph" w:styleId="A"><w:basedOn w:val="B"/></w:style>'
    circle += '<w:style w:type="paragraph" w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>'
    styles = part_of(good, "word/styles.xml").replace("</w:styles>", circle).replace('w:val="Heading1"', 'w:val="A"')
    yield "Word with styles in a circle", "a.docx", changed(good, {"word/styles.xml": styles}), ""


def sheets() -> Iterator[tuple[str, str, bytes, str]]:
    good = workbook()
    yield "workbook cut off", "a.xlsx", good[: len(good) // 2], "cut off"
    yield "table named workbook", "a.xlsx", b"drug,tier\nx,1\n", "not an Excel workbook"
    yield "workbook named table", "a.csv", good, "content is an Excel workbook"
    yield "cells merged without end", "a.xlsx", sheet_with('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), "merged"
    yield (
        "links without end",
        "a.xlsx",
        sheet_with('<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>'),
        "merged or linked",
    )
    yield "a cell at the end of the world", "a.xlsx", far_cell(), ""
    yield "giant cells", "a.xlsx", giant_strings(), "cut there|characters of text"
    laughing = LAUGHS + "<sst><si><t>&a11;</t></si></sst>"
    yield "workbook with laughs", "a.xlsx", with_strings(sheet_with(""), laughing), "entities"
    yield "workbook that swells", "a.xlsx", changed(good, {"xl/worksheets/sheet1.xml": "<x>" + " " * 50_000_000}), "unpacks to"
    yield "sheet not well formed", "a.xlsx", changed(good, {"xl/worksheets/sheet1.xml": f"<worksheet>{WORDS}"}), "damaged"
    yield "workbook with a password", "a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"
    yield "workbook damaged inside", "a.xlsx", corrupted(good), "damaged"


def jsons() -> Iterator[tuple[str, str, bytes, str]]:
    yield "JSON cut off", "a.json", f'{{"text": "{WORDS}'.encode(), "not JSON"
    yield "JSON nested without end", "a.json", b"[" * 200_000, "nested"
    yield "data nested too deep", "a.json", b'{"a":' * 100 + b"1" + b"}" * 100, "nested"
    yield "a number without end", "a.json", b'{"a": ' + b"1" * 5000 + b"}", "number"
    yield "too many values", "a.json", b"[" + b"[]," * 2_100_000 + b"[]]", "values"
    yield "null", "a.json", b"null", "no text"
    yield "lines of questions", "a.jsonl", f'{{"question": "{WORDS}"}}\n'.encode() * 3, "none of its 3 lines"
    yield "a broken line", "a.jsonl", b'{"id": "a", "text": "A note."}\n{"id": "b", "te\n', "line 2"
    yield "an id twice", "a.jsonl", b'{"id": "a", "text": "One."}\n{"id": "a", "text": "Two."}\n', "stands 2 times"
    yield "a day that is none", "a.jsonl", b'{"id": "a", "text": "A note.", "date": "31.02.2024"}\n', "not a day"
    yield "half a letter", "a.jsonl", b'{"id": "a\\ud800", "text": "A note \\ud83d."}\n', ""


def fhirs(make_pdf: MakePdf) -> Iterator[tuple[str, str, bytes, str]]:
    rubbish = reference("x")
    rubbish["content"][0]["attachment"]["data"] = f"!!! {SECRET} !!!"
    link = reference("x")
    link["content"][0]["attachment"] = {"contentType": "text/plain", "url": "http://invented.example/a"}
    pdf = make_pdf([[WORDS] * 3] * 3)
    yield "base64 of rubbish", "a.json", json.dumps(rubbish).encode(), "not valid base64"
    yield "an attachment elsewhere", "a.json", json.dumps(link).encode(), "links are not fetched"
    yield "an empty attachment", "a.json", json.dumps(reference("")).encode(), "no attachment with data"
    yield "an attachment of pictures", "a.json", json.dumps(reference("x", "image/png")).encode(), "image/png"
    yield "an attachment cut off", "a.json", json.dumps(reference(pdf[:400], "application/pdf")).encode(), "damaged"
    yield "an empty bundle", "a.json", b'{"resourceType": "Bundle", "type": "collection"}', "no FHIR resource"
    yield "a resource of no kind", "a.json", b'{"resourceType": "Nothing", "id": "x"}', "nothing to read"
    yield (
        "a resource not valid",
        "a.json",
        json.dumps({"resourceType": "Condition", "code": {"text": "Cough"}}).encode(),
        "not valid",
    )
    yield "sections without end", "a.json", json.dumps(sections_within(60)).encode(), "deep"
    yield (
        "bundle nested without end",
        "a.fhir",
        b'{"resourceType":"Bundle","entry":[{"resource":' * 3000 + b"1",
        "nested|not JSON",
    )
    yield "FHIR with laughs", "a.xml", (LAUGHS + '<Patient xmlns="http://hl7.org/fhir"/>').encode(), "entities"
    circle = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "CT"}, "conclusion": "None."}
    circle["result"] = [{"reference": "DiagnosticReport/d"}]  # type: ignore[assignment]
    yield "a report that refers to itself", "a.json", bundle(circle), ""


def xmls() -> Iterator[tuple[str, str, bytes, str]]:
    head, body = '<?xml version="1.0"?>', CCDA[CCDA.index("<ClinicalDocument") :]
    yield "C-CDA with laughs", "a.xml", (head + LAUGHS + body.replace("better", "&a11;")).encode(), "entities"
    yield "C-CDA that reaches out", "a.xml", (head + OUTSIDE + body.replace("better", "&out;")).encode(), "entities"
    yield "C-CDA in UTF-16 with laughs", "a.xml", (LAUGHS + body).encode("utf-16"), "entities"
    yield (
        "C-CDA with a DTD elsewhere",
        "a.xml",
        (head + '<!DOCTYPE x SYSTEM "http://invented.example/x.dtd">' + body).encode(),
        "DTD",
    )
    yield "C-CDA cut off", "a.xml", CCDA[: len(CCDA) // 2].encode(), "not well formed"
    yield "C-CDA nested without end", "a.xml", b"<ClinicalDocument>" + b"<a>" * 100_000, "not well formed"
    yield "C-CDA nested too deep", "a.xml", b"<ClinicalDocument>" + b"<a>" * 240 + b"</a>" * 240 + b"</ClinicalDocument>", "deep"
    yield "other XML", "a.xml", f"<invoice>{WORDS}</invoice>".encode(), "neither a C-CDA"
    nothing = '<nonXMLBody><text mediaType="application/pdf" representation="B64">!!!</text></nonXMLBody></component>'
    yield (
        "C-CDA around rubbish",
        "a.xml",
        (CCDA[: CCDA.index("<structuredBody>")] + nothing + "</ClinicalDocument>").encode(),
        "base64",
    )
    yield "C-CDA in an unknown encoding", "a.xml", CCDA.replace("UTF-8", "EBCDIC-XX").encode(), "not well formed"
    yield "XML of too many tags", "a.xml", b"<ClinicalDocument>" + b"<a/>" * 2_100_000, "tags"


def zips() -> Iterator[tuple[str, str, bytes, str]]:
    good = zipped({"a.txt": WORDS, "b.txt": NOTE})
    yield "archive cut off", "a.zip", good[: len(good) // 2], "whole ZIP|damaged"
    yield "text named archive", "a.zip", WORDS.encode(), "not a whole ZIP"
    yield "empty archive", "a.zip", zipped({}), "no files"
    yield "path that leads out", "a.zip", zipped({"../../../etc/x.txt": WORDS, "C:\\y.txt": WORDS}), "leads out"
    yield "member with a password", "a.zip", flagged(good), "encrypted in the archive"
    yield "member that is a link", "a.zip", linked(), "a link"
    yield "member damaged", "a.zip", corrupted(good), "damaged in the archive"
    yield "member twice", "a.zip", repeated_names(), "stands 2 times"
    yield "member empty", "a.zip", zipped({"a.txt": "", "b.txt": NOTE}), "empty"
    yield "member of an unknown kind", "a.zip", zipped({"a.bin": "x", "b.txt": NOTE}), "no reader for .bin"
    yield "bomb of one member", "a.zip", zipped({"a.txt": bytes(15_000_000), "b.txt": NOTE}), "bomb"
    yield "bomb of many members", "a.zip", zipped({f"{at}.txt": bytes(3_900_000) for at in range(80)}), "bomb"
    inner = zipped({"a.txt": NOTE})
    for _ in range(3):
        inner = zipped({"inner.zip": inner})
    yield "archives without end", "a.zip", inner, "more than 2 deep"
    bomb = zipped({f"{at}.txt": bytes(990_000) for at in range(19)})
    many = zipped({f"{at}.zip": bomb + bytes([at]) for at in range(20)}, zipfile.ZIP_STORED)
    yield "bombs in an archive", "a.zip", many, "more than 10,000 files or 300 MB|binary"
    yield "too many members", "a.zip", many_members(10_001), "at most 10,000"
    yield "far too many members", "a.zip", zipped({"x.txt": b"PK\x01\x02" * 210_000}, zipfile.ZIP_STORED), "more than 10,000"


def pdfs(make_pdf: MakePdf) -> Iterator[tuple[str, str, bytes, str]]:
    pdf = make_pdf([[WORDS] * 3] * 3)
    yield "PDF cut off", "a.pdf", pdf[: len(pdf) // 4], "damaged"
    yield "PDF with a password", "a.pdf", encrypted(pdf), "encrypted"
    yield "head of a PDF", "a.pdf", b"%PDF-1.7\n", "damaged"
    yield "text named PDF", "a.pdf", WORDS.encode(), "not a PDF"
    yield "PDF named text", "a.txt", pdf, "PDF"
    yield "scan", "a.pdf", make_pdf([[]]), "OCR"


@pytest.fixture(scope="module")
def broken(make_pdf: MakePdf) -> dict[str, Broken]:
    parts = (texts(), pages(), richs(), words(), sheets(), jsons(), fhirs(make_pdf), xmls(), zips(), pdfs(make_pdf))
    return {name: Broken(File(called, data), says) for part in parts for name, called, data, says in part}


@pytest.fixture(scope="module")
def read(broken: dict[str, Broken], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What one process with little memory made of every file."""
    folder = tmp_path_factory.mktemp("broken")
    for at, one in enumerate(broken.values()):
        (folder / f"{at:03}").mkdir()
        (folder / f"{at:03}" / one.file.name).write_bytes(one.file.data)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(GIBIBYTE), str(SECONDS), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert SECRET not in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    names = list(broken)
    return {names[int(row["case"])]: row for row in rows}


def test_there_are_many_and_each_was_read(broken: dict[str, Broken], read: dict[str, dict[str, Any]]) -> None:
    assert sum(bool(one.says) for one in broken.values()) >= 60
    assert list(read) == list(broken)


def test_each_ends_in_a_named_error_or_warning(broken: dict[str, Broken], read: dict[str, dict[str, Any]]) -> None:
    wrong = {}
    for name, one in broken.items():
        row = read[name]
        messages = [*row["failed"], *row["told"]]
        fit = any(re.search(one.says, message) for message in messages) if one.says else bool(row["documents"])
        named = all(message.startswith(one.file.name) and message.endswith((".", "�")) for message in row["failed"])
        if row["other"] or not fit or not named or any("\n" in message for message in messages):
            wrong[name] = (row["other"], messages[:3])
    assert wrong == {}


def test_none_takes_longer_than_ten_seconds_or_reads_what_is_not_its_own(read: dict[str, dict[str, Any]]) -> None:
    assert {name: row["seconds"] for name, row in read.items() if row["seconds"] >= SECONDS or row["leak"]} == {}


def test_no_message_carries_the_text(read: dict[str, dict[str, Any]]) -> None:
    assert [name for name, row in read.items() if any(SECRET in message for message in (*row["failed"], *row["told"]))] == []


def test_the_other_files_of_an_upload_go_through(
    broken: dict[str, Broken], read: dict[str, dict[str, Any]], project: Project, tmp_path: Path
) -> None:
    small = [one.file for name, one in broken.items() if len(one.file.data) < 100_000 and read[name]["seconds"] < 0.5]
    places = []
    for at, file in enumerate(small):
        for name, data in ((f"{at:03}{file.name}", file.data), (f"{at:03}good.txt", f"Note {at} of the ward.".encode())):
            (tmp_path / name).write_bytes(data)
            places.append(tmp_path / name)
    failed = add_all(project.shelf, places)
    good = [entry for entry in project.shelf.entries if entry.document.name.endswith("good.txt")]
    assert len(small) >= 60 and len(good) == len(small)
    assert len(failed) >= 50


def test_broken_members_of_an_archive_stop_no_other(broken: dict[str, Broken], read: dict[str, dict[str, Any]]) -> None:
    small = {name: one.file for name, one in broken.items() if len(one.file.data) < 100_000 and read[name]["seconds"] < 0.5}
    members: dict[str, str | bytes] = {f"{at}/{file.name}": file.data for at, file in enumerate(small.values())}
    members |= {f"good/{at}.txt": f"Note {at} of the ward." for at in range(20)}
    failed: list[FileProblem] = []
    found = read_file(File("all.zip", zipped(members)), failed)
    assert sum(document.name.startswith("all.zip/good/") for document in found) == 20
    assert len(failed) >= 50 and all(str(problem).startswith("all.zip/") for problem in failed)
