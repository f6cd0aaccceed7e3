"""Statements: what may be quoted of a document, where it stands, which column a value stands in, and how a quotation is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clinical.statements import Statement, asks_for, cell_matches, cells_asked, row_names, shown, statements
from rag.documents.load import read_file
from rag.rules import rules
from rag.values import Document, File

HEADERS = rules("statements")["headers"]
CLOSINGS = rules("statements")["closings"]


def loaded(text: str, name: str = "note.txt") -> Document:
    (document,) = read_file(File(name, text.encode()))
    return document


def read(text: str, name: str = "note.txt") -> list[tuple[str, str, str]]:
    """Kind, label and quotation of every statement."""
    document = loaded(text, name)
    return [(one.kind, one.label, document.text[one.start : one.end]) for one in statements(document)]


def quotable(text: str, name: str = "note.txt") -> list[str]:
    return [quote for kind, _, quote in read(text, name) if kind != "header"]


NOTE = """WARD NOTE

Patient: P-0001
Age / sex: 71 / M
MRN: 44-5521-A
Date of discharge: 2024-05-02
Dictated by: Resident, Medicine

DIAGNOSIS:
Rain fever

CODE STATUS: DNR/DNI
Allergies: penicillin (hives)
Discharge weight: 84 kg

HOSPITAL COURSE:
He came with rain fever. The fever
went down on day 3.

Call the clinic if:
- the fever comes back
- the weight rises by
  more than 2 kg

Page 1 of 2
"""


def test_header_lines_are_marked_and_labels_with_values_may_answer() -> None:
    found = read(NOTE)
    headers = {label: quote for kind, label, quote in found if kind == "header"}
    assert headers == {
        "Title": "WARD NOTE",
        "Patient": "Patient: P-0001",
        "Age / sex": "Age / sex: 71 / M",
        "MRN": "MRN: 44-5521-A",
        "Dictated by": "Dictated by: Resident, Medicine",
    }
    fields = {label: quote for kind, label, quote in found if kind == "field"}
    assert fields["CODE STATUS"] == "CODE STATUS: DNR/DNI"
    assert fields["Allergies"] == "Allergies: penicillin (hives)"
    assert fields["Discharge weight"] == "Discharge weight: 84 kg"
    assert fields["Date of discharge"] == "Date of discharge: 2024-05-02"


def test_a_heading_with_one_short_line_is_one_statement() -> None:
    assert ("field", "DIAGNOSIS", "DIAGNOSIS:\nRain fever") in read(NOTE)
    assert ("field", "Allergies", "Allergies:\n\nPenicillin (hives)") in read(
        "It rained.\n\nAllergies:\n\nPenicillin (hives)\n\nIt snowed.\n"
    )


def test_sentences_carry_the_title_of_their_section_and_items_their_lead_in() -> None:
    found = read(NOTE)
    assert ("sentence", "HOSPITAL COURSE", "The fever\nwent down on day 3.") in found
    assert ("item", "Call the clinic if", "- the fever comes back") in found
    assert ("item", "Call the clinic if", "- the weight rises by\n  more than 2 kg") in found


def test_bare_headings_lead_ins_and_page_numbers_are_left_out() -> None:
    quotes = [quote for _, _, quote in read(NOTE)]
    assert not {"HOSPITAL COURSE:", "Call the clinic if:", "Page 1 of 2"} & set(quotes)


@pytest.mark.parametrize(
    "line",
    [
        "Table 2. Doses by weight",
        "Figure 1: Rain by month",
        "-----------------",
        "=====================",
        "Scope . . . . . . . . . 12",
        "Dear colleague,",
        "Page 3/12",
        "(continued)",
    ],
)
def test_furniture_is_left_out(line: str) -> None:
    assert quotable(f"It rained.\n\n{line}\n\nIt snowed.\n") == ["It rained.", "It snowed."]


@pytest.mark.parametrize(
    "line",
    [
        "NO KNOWN DRUG ALLERGIES",
        "FULL CODE",
        "POTASSIUM 2.9, CALLED TO THE WARD",
        "NPO AFTER MIDNIGHT",
        "2 Cutibacterium acnes day 5",
        "Score . . . . . . . . . mild",
        "Acute kidney injury",
    ],
)
def test_what_says_something_is_kept_whatever_it_looks_like(line: str) -> None:
    assert any(line in quote for quote in quotable(f"It rained all day long on the hills.\n\n{line}\n\nIt snowed.\n"))


def test_a_text_in_capitals_loses_no_line() -> None:
    text = "PATIENT SEEN ON ROUNDS\nCHEST CLEAR\nWOUND DRY\nDRAIN OUT TODAY\nHOME TOMORROW IF EATING\n"
    found = " ".join(quote for _, _, quote in read(text))
    assert all(line in found for line in text.splitlines())


def test_a_header_label_with_something_else_to_say_is_a_field() -> None:
    found = read("It rained.\n\nClinic: 20 June and 6 July.\n\n0.2 to 0.3: no change\n")
    assert ("field", "Clinic", "Clinic: 20 June and 6 July.") in found
    assert "header" not in [kind for kind, _, _ in found]


def test_several_labels_on_a_line_are_several_statements() -> None:
    found = read("# School plan\n\n**Student:** P-0001 | **Grade:** 2 | **Valid until:** last day of June\n")
    assert [(kind, label) for kind, label, _ in found[1:]] == [
        ("header", "Student"),
        ("field", "Grade"),
        ("field", "Valid until"),
    ]
    assert found[2][2] == "**Grade:** 2"


def test_a_wrapped_line_with_a_colon_is_no_label() -> None:
    text = (
        "The scan is not needed for the following nodules because the yield is too low to\nchange care:\n"
        "(a) tiny nodules;\n(b) old ones.\n"
    )
    found = read(text)
    assert found[0][2] == text.split("\n(a)")[0]
    assert {label for kind, label, _ in found if kind == "item"} == {" ".join(found[0][2].split()).rstrip(":")}


def test_items_under_items_carry_both_and_the_next_number_is_beside_the_first() -> None:
    text = (
        "A request is approved for 6 months when:\n\n2.1 The member is an adult.\n2.2 One of the following:\n"
        "(a) the first drug failed; or\n(b) it may not be given.\n2.3 The weight is known.\n"
    )
    labels = {quote: label for _, label, quote in read(text)}
    lead = "A request is approved for 6 months when"
    assert labels["2.1 The member is an adult."] == labels["2.3 The weight is known."] == lead
    assert labels["(b) it may not be given."] == f"{lead} > 2.2 One of the following"


def test_a_question_is_the_label_of_its_answer_and_one_with_a_short_answer_is_quoted_with_it() -> None:
    found = read(
        "Can I swim?\nYou may swim after 3 weeks.\n\nIs the drain out? Yes.\n\nIs there a leak? It was looked for with dye.\n"
    )
    assert ("sentence", "Can I swim?", "You may swim after 3 weeks.") in found
    assert ("sentence", "", "Is the drain out? Yes.") in found
    assert ("sentence", "Is there a leak?", "It was looked for with dye.") in found
    assert "Can I swim?" not in [quote for _, _, quote in found]


def test_what_stands_far_off_behind_a_header_is_of_its_own() -> None:
    found = read("WARD NOTE\n\nDate: 7 June 2024      Weight 81 kg\nFrom: the ward\nTo: the clinic\n1 July 2024\nIt rained.\n")
    assert ("header", "Date", "Date: 7 June 2024") in found
    assert "Weight 81 kg" in [quote for kind, _, quote in found if kind == "field"]
    assert ("header", "To", "To: the clinic") in found


def test_a_numbered_line_that_states_something_is_no_heading() -> None:
    text = (
        "7. TREATMENT\n7.1 Give the first drug. (B)\n7.2 Salt and the second drug are no longer recommended. (C)\n7.3 Rest. (C)\n"
    )
    assert "7.2 Salt and the second drug are no longer recommended. (C)" in quotable(text)


def test_a_first_line_that_tells_facts_may_be_quoted_and_a_plain_title_not() -> None:
    assert quotable("CT liver, four phases, 26 Nov 2030 (MRI slot not free)\n\nIt rained.\n")[0].startswith("CT liver")
    assert quotable("CT of the liver\n\nIt rained.\n") == ["It rained."]


def test_cited_works_are_quoted_only_where_they_are_asked_for() -> None:
    found = read(
        "PLAN:\nRest for a day or two at home.\n\nREFERENCES\n1. Rain and snow. Weather 2019;3:1.\n2. Hail. Weather 2020;4:2.\n"
    )
    assert {label for kind, label, _ in found if kind == "header"} == {"References"}
    assert asks_for("Which studies were cited?", Statement(0, 1, "header", "References"))


# Tables


def columns(text: str, name: str = "note.txt") -> list[list[tuple[str, str]]]:
    document = loaded(text, name)
    found = [one for one in statements(document) if one.kind == "row"]
    return [[(column, document.text[low:high]) for column, low, high in one.columns] for one in found]


DRUGS = """drug,strength,tier,prior_authorization,quantity_limit,notes
alpha,5 mg,1,no,none,
beta,"10 mg, 20 mg",5,yes,30 per 30 days,see policy; level 5 reviewers only
gamma,1 g,3,yes,5 per week,take with beta
"""


def test_rows_of_a_loaded_table_have_their_cells_under_the_names_of_the_columns() -> None:
    (alpha, beta, _) = columns(DRUGS, "drugs.csv")
    assert alpha == [
        ("drug", "alpha"),
        ("strength", "5 mg"),
        ("tier", "1"),
        ("prior_authorization", "no"),
        ("quantity_limit", "none"),
    ]
    assert beta[-1] == ("notes", "see policy; level 5 reviewers only")


@pytest.mark.parametrize(
    "text",
    [
        "| Test | 2024-01-02 | 2024-02-03 |\n|---|---|---|\n| Sodium | 131 | 138 |\n| Potassium | 4.1 | 4.4 |\n",
        "Test | 2024-01-02 | 2024-02-03\nSodium | 131 | 138\nPotassium | 4.1 | 4.4\n",
        "Test\t2024-01-02\t2024-02-03\nSodium\t131\t138\nPotassium\t4.1\t4.4\n",
        "Test       2024-01-02  2024-02-03\nSodium     131         138\nPotassium  4.1         4.4\nChloride   101         99\n",
        "Test      | 2024-01-02 | 2024-02-03\n----------+------------+----\nSodium    | 131 | 138\nPotassium | 4.1 | 4.4\n",
    ],
    ids=["Markdown", "bars", "tabs", "blanks", "ruled"],
)
def test_a_table_in_a_text_has_a_statement_a_row_however_it_is_drawn(text: str) -> None:
    found = columns(f"It rained.\n\n{text}\nIt snowed.\n")
    assert found[:2] == [
        [("Test", "Sodium"), ("2024-01-02", "131"), ("2024-02-03", "138")],
        [("Test", "Potassium"), ("2024-01-02", "4.1"), ("2024-02-03", "4.4")],
    ]
    assert not any("2024-02-03" in quote for quote in quotable(f"It rained.\n\n{text}\nIt snowed.\n"))


def test_a_row_without_a_head_loses_nothing() -> None:
    text = "It rained.\n\n| | |\n|---|---|\n| alpha | stop |\n| beta | go on |\n"
    assert [[cell for _, cell in row] for row in columns(text)] == [["alpha", "stop"], ["beta", "go on"]]
    pairs = (
        "Thickness        1.3 mm\nUlceration       not seen\nMargin, deep     clear by 2.8 mm\n                 on two levels\n"
    )
    assert [(label, quote.split()[-1]) for kind, label, quote in read(f"It rained.\n\n{pairs}") if kind == "field"] == [
        ("Thickness", "mm"),
        ("Ulceration", "seen"),
        ("Margin, deep", "levels"),
    ]


def test_a_cell_of_several_lines_belongs_to_its_row() -> None:
    text = (
        "Drug        Before        Now\nalpha       5 mg          stopped, as the\n                          potassium rose\n"
        "beta        10 mg         20 mg\ngamma       1 g           1 g\n"
    )
    (alpha, *_) = columns(f"It rained.\n\n{text}")
    assert [cell for name, cell in alpha if name == "Now"] == ["stopped, as the", "potassium rose"]


def test_the_label_of_a_row_names_its_section_and_columns() -> None:
    text = "# Visit\n\n## Labs\n\n| Test | Value |\n|---|---|\n| Sodium | 131 |\n"
    assert ("row", "Labs: Test | Value", "| Sodium | 131 |") in read(text, "note.md")


def test_a_value_that_comes_again_below_names_no_column() -> None:
    text = "It rained.\n\nalpha      stop     too low\nbeta       stop     to be measured\ngamma      paused   note 1\n"
    assert sum(word in " ".join(quotable(text)) for word in ("alpha", "beta", "gamma")) == 3


def test_rows_of_a_pdf_without_marks_between_their_cells_are_a_statement_each() -> None:
    text = (
        "The codes are listed here.\nCode Type Description\n1001 Scan Rain gauge, small\n1002 Scan Rain gauge, large\n"
        "1003 Visit Walk in the rain\nThe list ends with a sentence that goes on in the next\nline of the text.\n"
    )
    document = Document("codes.pdf", text, format="pdf")
    rows = [document.text[one.start : one.end] for one in statements(document) if one.kind == "row"]
    assert rows == ["1001 Scan Rain gauge, small", "1002 Scan Rain gauge, large", "1003 Visit Walk in the rain"]


def test_two_blanks_after_a_sentence_make_no_table() -> None:
    text = "It rained.  Then it snowed.\nIt stopped.  Then it rained.\nIt went on.  Then it ended.\n"
    assert [kind for kind, _, _ in read(text)] == ["sentence"] * 6


def matched(question: str) -> dict[str, float | None]:
    document = loaded(DRUGS, "drugs.csv")
    rows = statements(document)
    names = row_names(document, rows)
    return {document.text[one.columns[0][1] : one.columns[0][2]]: cell_matches(question, one, document, names) for one in rows}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("Which drugs are tier 5?", {"beta"}),
        ("tier five drugs", {"beta"}),
        ("Which drugs are in tier 1 or 3?", {"alpha", "gamma"}),
        ("Everything of tier 3 or higher", {"beta", "gamma"}),
        ("Which drugs need prior authorization?", {"beta", "gamma"}),
        ("Which drugs do not need prior auth?", {"alpha"}),
        ("drugs without PA", {"alpha"}),
        ("tier 3 with prior authorization", {"gamma"}),
        ("What is the quantity limit of gamma?", {"gamma"}),
        ("Does alpha need prior authorization?", {"alpha"}),
        ("Is beta tier 1?", {"beta"}),
        ("What is the tier of beta?", {"beta"}),
    ],
)
def test_a_row_answers_by_the_column_that_was_asked(question: str, best: set[str]) -> None:
    found = matched(question)
    assert {name for name, held in found.items() if held == 1.0} == best


def test_nothing_is_said_of_a_row_whose_columns_nobody_asked_for() -> None:
    assert set(matched("When did the rain stop?").values()) == {None}
    document = loaded("It rained in tier 5.\n")
    assert cell_matches("tier 5", statements(document)[0], document) is None


def test_without_the_names_of_rows_values_still_stand_in_their_columns() -> None:
    document = loaded(DRUGS, "drugs.csv")
    assert [cell_matches("tier 5", one, document) for one in statements(document)] == [0.0, 1.0, 0.0]


def test_the_cells_that_a_question_asks_for_are_named() -> None:
    document = loaded(DRUGS, "drugs.csv")
    beta = statements(document)[1]
    (found,) = cells_asked("quantity limit of beta", beta)
    assert found[0] == "quantity_limit" and document.text[found[1] : found[2]] == "30 per 30 days"


# Header lines


@pytest.mark.parametrize("rule", HEADERS, ids=lambda rule: rule["header"])
def test_the_example_of_a_header_is_one_and_is_quoted_where_it_is_asked_for(rule: dict[str, Any]) -> None:
    label = rule["example"].split(":")[0]
    assert label.lower() in [known.replace(" sex", " / sex") if known == "age sex" else known for known in rule["labels"]]
    statement = Statement(0, 1, "header", label)
    assert all(asks_for(f"Say {cue}, please", statement) for cue in rule["asked"])
    assert not asks_for("Which dose of the first drug does he take?", statement)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_a_salutation_or_closing_is_left_out(closing: str) -> None:
    assert quotable(f"It rained.\n\n{closing.capitalize()},\n") == ["It rained."]


def test_what_is_no_header_is_always_asked_for() -> None:
    assert asks_for("Anything", Statement(0, 1, "field", "Patient"))


# How it is shown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Weight:** 84 kg", "Weight: 84 kg"),
        ("| Sodium | 131 |", "Sodium · 131"),
        ("Sodium\t131\t\tlow", "Sodium · 131 · low"),
        ("1.\tRest", "1. Rest"),
        ("Weight:\t84 kg", "Weight: 84 kg"),
        ("## Plan ##", "Plan"),
        ("- item **bold** and `code`", "item bold and code"),
        ("- one\n- two", "• one • two"),
        ("4.3 Extended treatment", "4.3 Extended treatment"),
        ("1. Rest", "1. Rest"),
        ("2 * 3 and 5_6_7, grade A*", "2 * 3 and 5_6_7, grade A*"),
        ("~~stop~~ **start**", "~~stop~~ start"),
        ("[the policy](https://example.org/p) and [1] (see)", "the policy and [1] (see)"),
        ("The fever\nwent   down.", "The fever went down."),
        ("C\\. diff", "C. diff"),
        ("*yes*, _no_", "yes, no"),
        ("", ""),
    ],
)
def test_a_quotation_is_shown_without_the_marks_of_markdown(text: str, plain: str) -> None:
    assert shown(text) == plain


# Any text

LINES = st.sampled_from(
    ["It rained. It snowed.", "| a | b |", "|---|---|", "a\tb\tc", "Name     1     2", "- item", "  (a) more:", "Label: value",
     "PLAN", "Patient: P-0001", "a: 1; b: 2; c: 3", "", "   ", "wrapped line without an end", "Is it?", "1.2 Deep", "# Head",
     "* * *", "____"]
)  # fmt: skip
ANY_TEXT = st.one_of(st.text(max_size=300), st.lists(LINES, max_size=25).map("\n".join))


@given(ANY_TEXT, st.sampled_from(["text", "markdown", "pdf", "table"]))
def test_statements_of_any_text_are_in_order_apart_and_not_blank(text: str, kind: str) -> None:
    document = Document("any.txt", text, format=kind)
    last = 0
    for one in statements(document):
        assert last <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == text[one.start : one.end].strip()
        assert all(one.start <= low <= high <= one.end for _, low, high in one.columns)
        cell_matches("name 1 item", one, document)
        last = one.end


@given(st.text(max_size=300))
def test_any_text_can_be_shown_and_is_shown_the_same_twice(text: str) -> None:
    assert shown(text) == shown(text)


@pytest.mark.parametrize(
    "text",
    [" " * 300_000 + "x", "*" * 300_000 + "a", "a " * 150_000, "|" * 300_000, "_" * 200_000 + " x", "a: b; " * 50_000,
     ". " * 150_000,
     "- \n" * 100_000, "a  b  " * 50_000, "\t" * 200_000 + "x", "x" * 300_000, "(a) x:\n" * 40_000, "# " * 100_000, "[" * 200_000]
)  # fmt: skip
def test_hostile_text_is_read_in_time(text: str) -> None:
    statements(Document("hostile.txt", text))
    shown(text)
