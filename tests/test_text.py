"""Sentences, words and terms: properties on any text, and cases worked by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import sentences, stopwords, terms, trim, words

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
PIECES = [
    "ECG? ",
    "a",
    " ",
    "e.g. ",
    "\t",
    '." ',
    "X",
    "Dr. ",
    "2.5 mg",
    " daily. ",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "Plan:",
    "no pain. ",
    "St. ",
    "ECG? ",
    "a",
    " ",
    "e.g. ",
    "\t",
    '." ',
    "X",
]
CLINICAL_TEXT = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def told(text: str) -> list[str]:
    return [" ".join(text[start:end].split()) for start, end in sentences(text)]


@given(st.one_of(ANY_TEXT, CLINICAL_TEXT))
def test_sentences_hold_all_text_in_order_and_never_overlap(text: str) -> None:
    found = sentences(text)
    assert all(start < end for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    held = {at for start, end in found for at in range(start, end)}
    assert all(at in held for at, sign in enumerate(text) if not sign.isspace())
    assert all(not text[start].isspace() and not text[end - 1].isspace() for start, end in found)


@given(CLINICAL_TEXT, st.integers(0, 200), st.integers(0, 200))
def test_sentences_between_two_offsets_stay_between_them(text: str, one: int, other: int) -> None:
    low, high = sorted((min(one, len(text)), min(other, len(text))))
    found = sentences(text, low, high)
    assert all(low <= start < end <= high for start, end in found)
    held = {at for start, end in found for at in range(start, end)}
    assert all(at in held for at in range(low, high) if not text[at].isspace())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Attending today. Stable.", ["Seen by Dr. Attending today.", "Stable."]),
        ("Creatinine 1.9 mg/dL. Potassium 4.1.", ["Creatinine 1.9 mg/dL.", "Potassium 4.1."]),
        ("Take 5 mg p.o. Daily dose rises later. Then stop.", ["Take 5 mg p.o. Daily dose rises later.", "Then stop."]),
        ("Plan:\n1. Stop lisinopril.\n2. Start torsemide.", ["Plan:", "1. Stop lisinopril.", "2. Start torsemide."]),
        ("- No fever\n- No cough", ["- No fever", "- No cough"]),
        (
            "The patient was admitted with shortness of breath and was\ntreated with furosemide for three days. Then sent home.",
            [
                "The patient was admitted with shortness of breath and was treated with furosemide for three days.",
                "Then sent home.",
            ],
        ),
        ("First paragraph without a stop\n\nSecond paragraph", ["First paragraph without a stop", "Second paragraph"]),
        ("Is there an effusion? No.", ["Is there an effusion?", "No."]),
        ("", []),
        (" \n\t\n ", []),
    ],
)
def test_sentences_end_where_a_clinician_would_end_them(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@given(ANY_TEXT)
def test_words_are_the_runs_between_blanks(text: str) -> None:
    assert [text[start:end] for start, end in words(text)] == text.split()


@given(ANY_TEXT, st.integers(0, 300), st.integers(0, 300))
def test_trim_takes_blanks_off_both_ends(text: str, one: int, other: int) -> None:
    low, high = sorted((min(one, len(text)), min(other, len(text))))
    start, end = trim(text, low, high)
    assert text[start:end] == text[low:high].strip()


def test_terms_keep_numbers_whole_and_letters_apart_from_digits() -> None:
    found = terms("Apixaban 2.5mg BID; CHA2DS2 1,000", stem=False)
    assert found == [
        "apixaban",
        "2.5",
        "mg",
        "bid",
        "cha",
        "2",
        "ds",
        "2",
        "1,000",
    ]


def test_terms_match_across_endings_only_when_stemmed() -> None:
    assert len(set(terms("dose doses dosed dosing"))) == 1
    assert len(set(terms("dose doses dosed dosing", stem=False))) == 4


@pytest.mark.parametrize("word", ["no", "not", "without", "left", "right", "before", "after"])
def test_negations_and_sides_are_terms(word: str) -> None:
    assert word not in stopwords()
    assert terms(word)
