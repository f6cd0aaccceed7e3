"""Source marks in every form are read and leave nothing behind; what only looks like one stays; references are dropped."""

from typing import Any

import pytest

from rag.rules import rules
from rag.stages.answer.claims import statements_of
from rag.stages.answer.source_marks import numbers_in, unmarked
from rag.text import sentences
from rag.values import Document
from tests.spent import is_linear

RULES = rules("citations")
SAYS = "Torsemide 40 mg is taken daily"
GIVEN = 4


@pytest.mark.parametrize("example", RULES["examples"], ids=lambda example: example["sent"])
def test_every_example_is_read_as_it_says(example: dict[str, Any]) -> None:
    assert unmarked(example["sent"], GIVEN) == (example["read"], example["numbers"])


@pytest.mark.parametrize("word", RULES["words"])
def test_every_word_for_a_source_makes_a_mark(word: str) -> None:
    for mark in (f"[{word} 2]", f"({word} 2)", f"[{word.title()} 2, p. 7]", f"({word}: 2)"):
        assert unmarked(f"{SAYS} {mark}.", GIVEN) == (f"{SAYS}.", [2]), mark


@pytest.mark.parametrize("place", RULES["places"])
def test_a_page_or_line_behind_a_number_is_no_further_source(place: str) -> None:
    for mark in (f"[2, {place} 3]", f"[2 {place}. 3-4]", f"(Source 2, {place} 3)"):
        assert unmarked(f"{SAYS} {mark}.", GIVEN) == (f"{SAYS}.", [2]), mark


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", [1]), ("[1, 2]", [1, 2]), ("[1][2]", [1, 2]), ("[1] [2]", [1, 2]), ("[1-3]", [1, 2, 3]), ("[1–3]", [1, 2, 3]),
        ("[1 to 3]", [1, 2, 3]), ("[1 and 2]", [1, 2]), ("[1] and [2]", [1, 2]), ("[1], [2] and [3]", [1, 2, 3]),
        ("[1 & 2]", [1, 2]), ("[1;3]", [1, 3]), ("【1】", [1]), ("【1†source】【2†L1-L4】", [1, 2]), ("[^1][^2]", [1, 2]),
        ("[#1, #2]", [1, 2]), ("\\[1\\]", [1]), ("[[1]]", [1]), ("[[1]](#source-1)", [1]),
        ("[1](https://example.org/a_(b))", [1]), ("**[1]**", [1]), ("***[1]***", [1]), ("*(Source 1)*", [1]), ("`[1]`", [1]),
        ("([1])", [1]), ("([1], [2])", [1, 2]), ("(see [1])", [1]), ("(cf. Source 1)", [1]), ("<sup>[1]</sup>", [1]),
        ("<sup>1,2</sup>", [1, 2]), ("<cite>1</cite>", [1]), ("^1^", [1]), ("^[1]", [1]), ("¹", [1]), ("¹˒³", [1, 3]),
        ("¹⁻³", [1, 2, 3]), ("(1)", [1]), ("(1, 3)", [1, 3]), ("[S1]", [1]), ("[source_1]", [1]), ("— Source 1", [1]),
        ("[Source 1: Discharge letter, 2024]", [1]), ("[1, p. 3; 2, pp. 4-5]", [1, 2]), ("[1] (Source 1)", [1]),
        ("[Source 2 and Source 3]", [2, 3]), ("[No. 1]", [1]), ("[nr. 2, nr. 3]", [2, 3]), ("[№ 2]", [2]), ("[id=3]", [3]),
        ("[1: Clinic letter]", [1]), ("[2 - Discharge summary, 2024]", [2]), ("[2, clinic_letter.txt]", [2]),
        ("[3: letter-2.pdf]", [3]),
    ],
)  # fmt: skip
def test_a_mark_is_read_and_leaves_nothing_behind(mark: str, numbers: list[int]) -> None:
    for text in (f"{SAYS} {mark}.", f"{SAYS}. {mark}", f"{SAYS} {mark}. Then more."):
        assert statements_of(text, GIVEN)[0] == (f"{SAYS}.", numbers), text


@pytest.mark.parametrize(
    "text",
    [
        "Leukocytes were 4.2 × 10⁹/L.", "The area is 20 m² and 3 cm³.", "Ca²⁺ was low.", "R² was 0.4.",
        "The ¹³¹I uptake was low.", "It is kg/m².", "It ran at 5 mL·min⁻¹.", "Lorazepam [1-2 mg] at night.",
        "Lorazepam [1] mg at night.", "The target is [1-3] mmol/L.", "The ratio was 2 (95% CI [1, 3]).",
        "The IQR [1-3] was wide.", "The guideline [2023] says so.", "The scan (2023) was clear.", "Give (1) water, (2) bread.",
        "It was of grade (2).", "Two falls (2) were seen.", "Both were seen (2).", "The INR (2).", "It was 1.2 (1-3).",
        "Gleason (3+4) was found.", "The patient [P-9001] left.", "He [sic] left.", "Smoking: [x] no.", "See [Table 1] there.",
        "It is 10^9 per litre.", "Of them [2 of 3] left.", "The pH [7.35, 7.45] is normal.", "Vitamin B (12).",
        "A ratio of (2:1) was kept.", "Factor [VIII] was low.", "Pain was rated [2: moderate].",
        "A dilution of [1: 40] was read.", "The rhinoplasty (No. 2) was done.",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_mark_stays(text: str) -> None:
    assert unmarked(text, GIVEN) == (text, [])


def test_beside_another_kind_of_mark_raised_and_round_numbers_are_none() -> None:
    assert unmarked("The result² was kept (1) [3].", GIVEN) == ("The result² was kept (1).", [3])


@pytest.mark.parametrize(
    "text",
    [
        f"{SAYS} [2].\n\nReferences:\n[1] a.txt\n[2] b.txt",
        f"{SAYS} [2].\n\n## Sources\n\n- **[1]** A letter\n- **[2]** A report", f"{SAYS} [2].\n\nSources: [1], [2]",
        f"{SAYS} [2].\nSource: 2", f"{SAYS}.²\n\n---\n¹ A letter\n² A report", f"{SAYS} [^2].\n\n[^2]: A report",
        f"{SAYS} [2].\n\n[1]: #one\n[2]: #two", f"{SAYS} [2].\n\nSources: letter.pdf, report.pdf",
        f"{SAYS} [2].\n\nQuellen:\n1. Ein Brief\n2. Ein Bericht", f"# Answer\n\n{SAYS} [2].", f"{SAYS}.\n[2]",
        f"{SAYS}.\n\nSource: [2]", f"{SAYS} [2", f"[2] {SAYS}.", f"Source 2: {SAYS}.",
    ],
)  # fmt: skip
def test_headings_and_lists_of_references_are_no_statements(text: str) -> None:
    found = statements_of(text, GIVEN)
    assert [(plain.rstrip("."), numbers) for plain, numbers in found] == [(SAYS, [2] if not text.endswith("[2") else [])]


@pytest.mark.parametrize("heading", RULES["headings"])
def test_every_heading_of_references_begins_a_list_that_is_dropped(heading: str) -> None:
    assert statements_of(f"{SAYS} [2].\n\n**{heading.title()}:**\n- [1] A letter\n- [2] A report", GIVEN) == [(f"{SAYS}.", [2])]
    assert statements_of(f"{heading.title()} of it were not seen [2].", GIVEN) == [
        (f"{heading.title()} of it were not seen.", [2])
    ]


def test_each_statement_has_its_own_marks_wherever_they_stand() -> None:
    one, two = (f"{SAYS}.", [1]), ("Apixaban is taken twice.", [2])
    for text in (
        f"{SAYS} [1]. Apixaban is taken twice [2].",
        f"{SAYS}. [1] Apixaban is taken twice. [2]",
        f"{SAYS}.[1] Apixaban is taken twice.[2]",
        f"{SAYS}.¹ Apixaban is taken twice.²",
        f"[1] {SAYS}.\n[2] Apixaban is taken twice.",
        f"{SAYS}.\n[1]\nApixaban is taken twice.\n[2]",
    ):
        assert statements_of(text, GIVEN) == [one, two], text
    assert statements_of(f"{SAYS}, [1].", GIVEN) == [one]
    assert statements_of("Both [1] and [2] agree.", GIVEN) == [("Both sources 1 and 2 agree.", [1, 2])]


def test_numbers_are_read_from_any_list() -> None:
    assert numbers_in("1, 2") == [1, 2] and numbers_in("¹⁻³") == [1, 2, 3] and numbers_in("Source 1 and Source 2") == [1, 2]
    assert numbers_in("12 mg") is None and numbers_in("3-1") is None and numbers_in("p. 3") is None and numbers_in("1-99") is None


def test_the_documents_of_the_tests_hold_no_mark(documents: tuple[Document, ...]) -> None:
    for document in documents:
        for start, end in sentences(document.text):
            assert unmarked(document.text[start:end], 8)[1] == []


@pytest.mark.parametrize(
    "part",
    [
        "[1", "(1)", "[1]", "¹", "(", "[", "[1, p. 3; ", "*", "**[1]**", "source 1 ", "[[1]](a", "<sup>1", "^1^", "see ",
        "Source 1: \n", "\n", " ", "[1]\n", "– source ", "1,", "【1†", " \n", "a [Source 1: x] ", "according to ", "Sources:\n",
        "- [1] a\n", "<co: 1>", "<cite source=", "</co>", "<sources>", "<p ", "</td>", "| a ", "|---",
        "①", "<<1", "> ", "```", "\\cite",
        "**a**\n", "<tool_call>", "a. (1) ", "<1>", "^1", "$^", " ^(1", "Source: [1]\na\n", "<confidence>", "a <1> ",
    ],
)  # fmt: skip
def test_marks_of_any_text_are_read_in_linear_time(part: str) -> None:
    assert is_linear(lambda text: statements_of(text, GIVEN), part, 16_000)
