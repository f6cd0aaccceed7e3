"""What only lays a reply out is no statement: fences, HTML, quotations, heads of tables; a row's source is its mark."""

import pytest

from rag.stages.answer.claims import statements_of
from rag.stages.answer.layout import laid_out

GIVEN = 3
BOTH = [("Torsemide is taken daily.", [1]), ("Lisinopril was stopped.", [2])]


@pytest.mark.parametrize(
    "text",
    [
        "<p>Torsemide is taken daily [1].</p><p>Lisinopril was stopped [2].</p>",
        "Torsemide is taken daily [1].<br/><br />Lisinopril was stopped [2].",
        "<div class='answer'><b>Torsemide</b> is taken daily [1].</div><div>Lisinopril <em>was</em> stopped&nbsp;[2].</div>",
        "> Torsemide is taken daily [1].\n>\n> Lisinopril was stopped [2].",
        "```markdown\nTorsemide is taken daily [1].\nLisinopril was stopped [2].\n```",
        "~~~\nTorsemide is taken daily [1].\n\nLisinopril was stopped [2].\n~~~",
        "\\boxed{Torsemide is taken daily [1].}\n\nLisinopril was stopped [2].",
        "**Drugs**\n\nTorsemide is taken daily [1].\n\n__Kidneys:__\nLisinopril was stopped [2].",
        "<h2>Drugs</h2><p>Torsemide is taken daily [1].</p>Lisinopril was stopped [2].",
        "Sure!\n\nTorsemide is taken daily [1]. Lisinopril was stopped [2].\n\nI hope this helps!",
    ],
)
def test_the_same_statements_are_read_in_every_layout(text: str) -> None:
    assert statements_of(text, GIVEN) == BOTH


@pytest.mark.parametrize(
    "table",
    [
        "| Drug | Dose | Source |\n|---|---|---|\n| Torsemide | 40 mg | 1 |\n| Apixaban | 2.5 mg | 2, 3 |",
        "Drug | Dose | Ref.\n:-- | :-: | --:\nTorsemide | 40 mg | [1]\nApixaban | 2.5 mg | [2][3]",
        "| Source | Drug | Dose |\n|-|-|-|\n| [1] | Torsemide | 40 mg |\n| Source 2, Source 3 | Apixaban | 2.5 mg |",
        "| Drug | Dose |\n|---|---|\n| Torsemide | 40 mg [1] |\n| Apixaban | 2.5 mg [2, 3] |",
        "| Quelle | Drug | Dose |\n|---|---|---|\n| 1 | Torsemide | 40 mg |\n| 2 und 3 | Apixaban | 2.5 mg |",
    ],
)
def test_a_row_of_a_table_is_a_statement_and_its_head_is_none(table: str) -> None:
    assert statements_of(table, GIVEN) == [("| Torsemide | 40 mg |", [1]), ("| Apixaban | 2.5 mg |", [2, 3])]


def test_a_table_of_sources_is_a_list_of_references() -> None:
    text = "Torsemide is taken daily [1].\n\n| # | Source | Page |\n|---|---|---|\n| 1 | Discharge summary | 2 |"
    assert statements_of(text, GIVEN) == BOTH[:1]
    assert len(statements_of("| Document | Date |\n|---|---|\n| CT report | 2 March |", GIVEN)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "> 5 mg is too much.",
        ">= 3 days of fever.",
        "INR <2 and p <0.05 were found.",
        "K 3.4 | Na 138",
        "a <b and c> d",
        "Stop | go",
    ],
)
def test_values_and_comparisons_are_no_layout(text: str) -> None:
    assert laid_out(text) == text


def test_a_heading_in_bold_that_turns_what_stands_below_stays_a_statement() -> None:
    assert statements_of("**Stopped:**\n- Lisinopril [2]", GIVEN)[0] == ("Stopped:", [])
    assert statements_of("**Torsemide**", GIVEN) == [("Torsemide", [])]
