"""What signs say in every format: boxes and their state, text that is struck out, raised figures, fonts of signs, footnotes."""

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.documents.load import read_file
from rag.documents.load.signs import decoded, described_box, is_sign_font, private, set_as
from rag.rules import rules
from rag.values import Document, File

W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
NARRATIVE = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Visit</title><component><structuredBody><component><section>'
    "<title>Plan</title><text>{}</text></section></component></structuredBody></component></ClinicalDocument>"
)


def one(name: str, data: str | bytes) -> Document:
    (found,) = read_file(File(name, data.encode() if isinstance(data, str) else data))
    return found


def page(body: str) -> Document:
    return one("a.html", f"<html><body>{body}</body></html>")


def rich(body: str) -> Document:
    return one(
        "a.rtf", rf"{{\rtf1\ansi\deff0{{\fonttbl{{\f0 Arial;}}{{\f3\fcharset2 Symbol;}}{{\f4\fcharset2 Wingdings;}}}}{body}}}"
    )


def written(*runs: str) -> bytes:
    """A Word document with one paragraph of these runs, or other parts of a paragraph, in XML."""
    made: Any = docx.Document()
    body = "".join(runs)
    made.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')} {W14}>{body}</w:p>"))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def word(*runs: str) -> Document:
    return one("a.docx", written(*runs))


def field(form: str, result: str = "") -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{form}</w:ffData></w:fldChar></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def control(ticked: str, content: str) -> str:
    return (
        f'<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="{ticked}"/></w14:checkbox></w:sdtPr>'
        f"<w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )


def deleted(document: Document) -> list[str]:
    return [aside.text for aside in document.asides if aside.kind == "deleted"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            '<label><input type="checkbox" checked="checked"> Falls</label> <label><input type=checkbox> Tremor</label>',
            "☑ Falls ☐ Tremor",
        ),
        ('Gait: <input type="radio" name="g"> steady <input type="radio" name="g" checked> broad', "Gait: ☐ steady ☑ broad"),
        ('<span role="checkbox" aria-checked="true">Wheezes</span>', "☑ Wheezes"),
        ('<input type="checkbox" style="opacity:0" checked> Rash', "☑ Rash"),
        ('<img src="b.png" alt="unchecked"> Rash <img src="c.png" alt="Checked"> Itch', "☐ Rash ☑ Itch"),
        ("Stage <select><option>I<option selected>II</select> now", "Stage II now"),
        ("Side <select><option>left</option><option>right</option></select>", "Side left"),
        ("Due <input type=date value=2024-03-14> by <input value='A team'>", "Due 2024-03-14 by A team"),
        ("<p>Note</p><textarea>Sleeps badly\nEats well</textarea>", "Note\n\nSleeps badly\nEats well"),
        ("<input type=password value=secret1> <input type=submit value=Send> Pulse", "Pulse"),
    ],
)
def test_a_form_of_a_page_reads_as_it_is_filled_in(body: str, text: str) -> None:
    assert page(body).text.strip() == text


def test_what_is_not_chosen_stands_beside_the_text() -> None:
    found = page("Pain <select><option>none<option selected>strong</select>")
    assert [aside.text for aside in found.asides if aside.kind == "choice"] == ["not chosen: none"]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([field('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>'), run(" Falls ")], "☑ Falls"),
        ([field('<w:checkBox><w:checked w:val="0"/><w:default w:val="1"/></w:checkBox>'), run(" Falls ")], "☐ Falls"),
        ([field('<w:checkBox><w:default w:val="1"/></w:checkBox>'), run(" Falls ")], "☑ Falls"),
        (
            [
                run("Pain "),
                field('<w:ddList><w:result w:val="1"/><w:listEntry w:val="none"/><w:listEntry w:val="dull"/></w:ddList>'),
            ],
            "Pain dull",
        ),
        ([run("Pain "), field('<w:ddList><w:listEntry w:val="none"/></w:ddList>', run("sharp"))], "Pain sharp"),
        ([control("1", run("X")), run(" Falls "), control("0", run(" ")), run(" Tremor")], "☑ Falls ☐ Tremor"),
        ([control("1", run("☒")), run(" Falls")], "☒ Falls"),
        (['<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>', run(" Falls")], "☑ Falls"),
        ([run("\uf0a8", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), run(" Falls")], "☐ Falls"),
        ([run("þ", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), run(" Falls")], "☑ Falls"),
        (["<w:r><w:t>K </w:t></w:r>", '<w:r><w:sym w:font="Symbol" w:char="F0A3"/></w:r>', run(" 3.5")], "K ≤ 3.5"),
        ([run("TGF-"), run("b", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>')], "TGF-β"),
        (
            [
                '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> SYMBOL 177 \\f "Symbol" </w:instrText></w:r>'
                '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
                run(" 2 mm"),
            ],
            "± 2 mm",
        ),
        ([run("Seen by \uf0d8 Segoe", '<w:rFonts w:ascii="Segoe UI Symbol"/>')], "Seen by • Segoe"),
    ],
)
def test_boxes_lists_and_signs_of_word_read_as_they_are_shown(runs: list[str], text: str) -> None:
    assert word(*runs).text.strip() == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres1}}}{\fldrslt }} Falls", "☑ Falls"),
        (r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres0\ffdefres1}}}{\fldrslt }} Falls", "☐ Falls"),
        (
            r"Pain {\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres0{\*\ffl dull}{\*\ffl sharp}}}}{\fldrslt }} now",
            "Pain dull now",
        ),
        (
            r"Pain {\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres1{\*\ffl dull}{\*\ffl sharp}}}}{\fldrslt sharp}}.",
            "Pain sharp.",
        ),
        (r"{\f4\'fe} Falls {\f4\'a8} Tremor", "☑ Falls ☐ Tremor"),
        (r"{\f4\u-3842\'3f} Falls {\f4\uc2\u-3928 ??} Tremor", "☑ Falls ☐ Tremor"),
        (r"K {\f3\'b3} 5.5 and {\f3 m}g, Na {\f3\'a3\plain} 150", "K ≥ 5.5 and μg, Na ≤ 150"),
        (r'{\field{\*\fldinst SYMBOL 179 \\f "Symbol" \\s 12}{\fldrslt }} 5', "≥ 5"),
        (r'{\field{\*\fldinst SYMBOL 179 \\f "Symbol" \\s 12}{\fldrslt\f3\'b3}} 5', "≥ 5"),
        (r"\u9746? Falls \u9744? Tremor", "☒ Falls ☐ Tremor"),
    ],
)
def test_boxes_lists_and_signs_of_rich_text_read_as_they_are_shown(body: str, text: str) -> None:
    assert rich(body).text.strip() == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<span style='font-family:Wingdings'>þ</span> Falls", "☑ Falls"),
        ("<font face='Symbol'>³</font> 5.5", "≥ 5.5"),
        ("<span style='font-family:\"Segoe UI Symbol\"'>a</span> 5", "a 5"),
    ],
)
def test_signs_of_a_page_read_as_they_are_shown(body: str, text: str) -> None:
    assert page(body).text.strip() == text


@pytest.mark.parametrize(
    "style", ["<s>{}</s>", "<strike>{}</strike>", "<del>{}</del>", '<span style="text-decoration: line-through">{}</span>']
)
def test_text_that_a_page_strikes_out_stands_beside_it(style: str) -> None:
    found = page(f"<p>Peritol {style.format('<b>30 mg</b>')} 20 mg daily</p>")
    assert found.text.strip() == "Peritol 20 mg daily"
    assert deleted(found) == ["30 mg"]


def test_a_rule_that_strikes_items_of_a_list_leaves_no_empty_item() -> None:
    found = page(
        "<style>.off{text-decoration:line-through red}</style><ul><li class=off>Peritol</li><li><p>Ostravan</p></li></ul>"
    )
    assert found.text.strip() == "- Ostravan"
    assert deleted(found) == ["Peritol"]


def test_text_that_is_deleted_in_a_ccda_stands_beside_it() -> None:
    table = '<table><tbody><tr><td><content revised="delete">Peritol</content>Ostravan</td><td>5 mg</td></tr></tbody></table>'
    found = one("a.xml", NARRATIVE.format(table))
    assert "Ostravan | 5 mg" in found.text and "Peritol" not in found.text
    assert deleted(found) == ["Peritol"]


@pytest.mark.parametrize("properties", ["<w:strike/>", "<w:dstrike/>", '<w:strike w:val="1"/>'])
def test_text_that_word_strikes_out_stands_beside_it(properties: str) -> None:
    found = word(run("Peritol "), run("30", properties), run(" mg ", properties), run("20 mg", '<w:strike w:val="0"/>'))
    assert found.text.strip() == "Peritol 20 mg"
    assert deleted(found) == ["30 mg"]


@pytest.mark.parametrize("on", [r"\strike ", r"\striked1 "])
def test_text_that_rich_text_strikes_out_stands_beside_it(on: str) -> None:
    found = rich(rf"Peritol {{{on}30 mg}} 20 mg{{{on}\plain  daily}}\par Rest")
    assert found.text.split("\n")[:2] == ["Peritol 20 mg daily", "Rest"]
    assert deleted(found) == ["30 mg"]


@pytest.mark.parametrize(
    ("text", "place", "before", "expected"),
    [
        ("12", "raised", "0", "¹²"),
        ("-3", "raised", "0", "⁻³"),
        ("2", "raised", "m", "²"),
        ("2+", "raised", "a", "²⁺"),
        ("+", "raised", "2", "+"),
        ("th", "raised", "4", "th"),
        ("a", "raised", "4", "^a"),
        ("99m", "raised", " ", "99m"),
        ("see page 2", "raised", "4", "see page 2"),
        ("2", "lowered", "O", "2"),
        ("2", "lowered", "5", "₂"),
    ],
)
def test_a_raised_figure_changes_no_number(text: str, place: str, before: str, expected: str) -> None:
    assert set_as(text, place, before) == expected


def test_raised_and_lowered_text_reads_alike_in_every_format() -> None:
    assert page(
        "<p>WBC 4 x 10<sup>9</sup>/L, SpO<sub>2</sub> 97, 30 kg/m<span style='vertical-align:super'>2</span></p>"
    ).text == ("WBC 4 x 10⁹/L, SpO2 97, 30 kg/m²\n")
    up, down = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    assert word(run("WBC 4 x 10"), run("9", up), run("/L, SpO"), run("2", down), run(" 97")).text == "WBC 4 x 10⁹/L, SpO2 97\n"
    assert word(run("30 kg/m"), run("2", '<w:position w:val="6"/>')).text == "30 kg/m²\n"
    assert rich(r"WBC 4 x 10\super 9\nosupersub /L, SpO{\sub 2} 97, 30 kg/m{\up6 2}").text == "WBC 4 x 10⁹/L, SpO2 97, 30 kg/m²\n"
    assert one("a.xml", NARRATIVE.format("4 x 10<sup>9</sup>/L")).text.endswith("4 x 10⁹/L\n")


def test_footnotes_of_rich_text_are_placed_after_the_text_with_their_marks() -> None:
    found = rich(
        r"Sodium 128{\super\chftn}{\footnote\pard{\super\chftn} Drawn twice.} low.\par Rest{\chftn}{\footnote {\chftn} At home.}"
    )
    assert found.text == "Sodium 128[1] low.\nRest[2]\nFootnote 1: Drawn twice.\nFootnote 2: At home.\n"


def test_a_text_box_of_rich_text_stands_beside_the_text() -> None:
    found = rich(r"Rest.{\shp{\*\shpinst{\shptxt \pard Pacemaker since May\par}}{\shprslt{\*\do Pacemaker since May}}}\par")
    assert found.text == "Rest.\n"
    assert [(aside.kind, aside.text) for aside in found.asides] == [("text box", "Pacemaker since May")]


def test_a_fact_in_a_header_stands_in_the_text_once_and_a_name_does_not() -> None:
    made: Any = docx.Document()
    made.sections[0].header.paragraphs[0].text = "ALLERGIES: SULFA (RASH)"
    made.sections[0].footer.paragraphs[0].text = "Patient: Invented Person"
    made.add_paragraph("Rests at home")
    target = io.BytesIO()
    made.save(target)
    assert one("a.docx", target.getvalue()).text == "ALLERGIES: SULFA (RASH)\nRests at home\n"
    found = rich(r"{\header Do not resuscitate\par}{\footer The invented hospital\par}Rests at home\par")
    assert found.text == "Do not resuscitate\nRests at home\n"


def test_a_word_document_in_strict_open_xml_is_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written(run("Rests at home")))) as source, zipfile.ZipFile(target, "w") as strict:
        for member in source.infolist():
            data = source.read(member)
            if member.filename.endswith((".xml", ".rels")):
                data = data.replace(
                    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                    b"http://purl.oclc.org/ooxml/wordprocessingml/main",
                ).replace(
                    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                    b"http://purl.oclc.org/ooxml/officeDocument/relationships",
                )
            strict.writestr(member.filename, data)
    assert one("a.docx", target.getvalue()).text == "Rests at home\n"


@pytest.mark.parametrize("rule", rules("symbols")["fonts"], ids=lambda rule: rule["font"])
def test_the_example_of_a_font_of_signs_shows_its_sign(rule: dict[str, Any]) -> None:
    for name in rule["names"]:
        assert is_sign_font(name) and is_sign_font(f"ABCDEF+{name.upper()}-Regular")
        assert decoded(chr(int(rule["code"], 16)), name) == rule["sign"]
        assert private(chr(0xF000 + int(rule["code"], 16)), name) == rule["sign"]
    assert all(len(sign) == 1 and 0x20 <= int(code, 16) <= 0xFF for code, sign in rule["signs"].items())


@pytest.mark.parametrize("rule", rules("symbols")["boxes"], ids=lambda rule: rule["example"])
def test_a_picture_of_a_box_is_told_by_its_description(rule: dict[str, Any]) -> None:
    assert {described_box(words.title()) for words in rule["words"]} == {"☑" if rule["ticked"] else "☐"}
    assert described_box("a chest film") == ""
