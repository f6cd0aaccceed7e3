"""Sentences, words and terms: properties on any text, and cases worked by hand."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import LONGEST_WORD, MARKS, PART, TERM, sentences, stopwords, terms, terms_at, trim, words
from rag.values import Document

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
        ("Any rash? No. Itching at night.", ["Any rash?", "No.", "Itching at night."]),
        ("Take tablet No. 5 first. No. of tablets: ten", ["Take tablet No. 5 first.", "No. of tablets: ten"]),
        ("Seen in the ED. Sent home.", ["Seen in the ED.", "Sent home."]),
        ("Chest clear.No rales.Tender.", ["Chest clear.", "No rales.", "Tender."]),
        ("See a.Bloom@b.example or file.Final.pdf today.", ["See a.Bloom@b.example or file.Final.pdf today."]),
        ("Pulse: 80\nSkin: dry", ["Pulse: 80", "Skin: dry"]),
        ("FH - gout\nSH - drinks wine", ["FH - gout", "SH - drinks wine"]),
        ("-hives\n-tremor", ["-hives", "-tremor"]),
        ("no hives\ntremor", ["no hives", "tremor"]),
        ("He was seen in the\nClinic: it rained.", ["He was seen in the Clinic: it rained."]),
        ("患者无发热。「血压正常！」好转", ["患者无发热。", "「血压正常！」", "好转"]),
        ("रोगी ठीक है। दवा ली।", ["रोगी ठीक है।", "दवा ली।"]),
        ("", []),
        (" \n\t\n ", []),
    ],
)
def test_sentences_end_where_a_clinician_would_end_them(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@given(st.text(st.characters(max_codepoint=0xDFF), max_size=LONGEST_WORD))
def test_words_are_the_runs_between_blanks(text: str) -> None:
    assert [text[start:end] for start, end in words(text)] == text.split()


@given(st.one_of(ANY_TEXT, st.text("ab患者กำ\u0301\u200d ", max_size=300)))
def test_words_hold_all_text_and_none_is_long(text: str) -> None:
    found = words(text)
    assert "".join(text[start:end] for start, end in found) == "".join(text.split())
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    assert all(end - start <= LONGEST_WORD for start, end in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("患者血压140/90mmHg，无。", ["患", "者", "血", "压", "140/90mmHg，", "无。"]),
        ("กำลัง", ["กำ", "ลั", "ง"]),
        ("x" * LONGEST_WORD, ["x" * LONGEST_WORD]),
        ("x" * (LONGEST_WORD + PART), ["x" * PART, "x" * LONGEST_WORD]),
        ("x" * 15 + "e\u0301" + "x" * 40, ["x" * 15 + "e\u0301", "x" * 40]),
    ],
)
def test_words_without_blanks_between_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == expected


@pytest.mark.parametrize("text", ["." * 100_000, ". " * 50_000, "." + " " * 100_000 + ".", "。" * 100_000, '."' * 50_000])
def test_stops_without_sentences_are_read_once(text: str) -> None:
    assert len(sentences(text)) == 1


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
        "1000",
    ]


def test_terms_match_across_endings_only_when_stemmed() -> None:
    assert len(set(terms("dose doses dosed dosing"))) == 1
    assert len(set(terms("dose doses dosed dosing", stem=False))) == 4


@pytest.mark.parametrize("word", ["no", "not", "without", "left", "right", "before", "after"])
def test_negations_and_sides_are_terms(word: str) -> None:
    assert word not in stopwords()
    assert terms(word)


@given(st.text("абвгджзклмн αβ123.,-;()\n", max_size=200))
def test_terms_of_a_script_without_rules_are_its_letters_and_numbers(text: str) -> None:
    plain = text.replace("α", " ").replace("β", " ").replace(",", ";").replace(".", ";")
    assert terms(plain, stem=False) == re.findall(r"\d+|[^\W\d_]+", plain)


WRITTEN = [
    "EGFR", "type ", "II", "-", "mutation ", "OR ", "the ", "Mg ", "1 gram ", "1,2 ", "2 000 ", "A1c ", "x", "follow", "up ",
    "non", "co-", "anti-", "b.i.d. ", "haem", "oedema ", "维", "A", "간염", "e\u0301", "µ", "β", "²", "½", "กำ", "\u00ad", "٣",
]  # fmt: skip
MIXED = st.lists(st.one_of(st.sampled_from(WRITTEN), st.characters(exclude_categories=["Cs"])), max_size=40).map("".join)


@given(st.one_of(ANY_TEXT, MIXED))
def test_every_term_that_is_not_stemmed_is_its_own_only_term(text: str) -> None:
    whole = terms(text, stem=False)
    assert [terms(term, stem=False) for term in whole] == [[term] for term in whole]
    assert [terms(term) for term in whole] == [[term] for term in terms(text)]


@given(st.one_of(ANY_TEXT, MIXED))
def test_terms_are_the_same_in_every_normal_form(text: str) -> None:
    assert terms(unicodedata.normalize("NFC", text)) == terms(unicodedata.normalize("NFD", text)) == terms(text)


@given(st.one_of(ANY_TEXT, MIXED))
def test_terms_with_their_places_are_the_terms_and_lie_in_the_text_in_order(text: str) -> None:
    for stem in (True, False):
        placed = terms_at(text, stem)
        assert [term for term, _, _ in placed] == terms(text, stem)
        assert all(0 <= start < end <= len(text) for _, start, end in placed)
        assert all(one[1:] <= other[1:] for one, other in pairwise(placed))


def test_the_place_of_a_term_is_what_it_was_read_from() -> None:
    text = "Chest x-ray, 2,000 IU; β-blocker, the OR."
    found = [text[start:end] for _, start, end in terms_at(text)]
    assert found == ["Chest", "x-ray", "2,000", "IU", "β-blocker", "β-blocker", "OR"]


def test_terms_of_clinical_documents_are_found_in_them(documents: tuple[Document, ...]) -> None:
    for document in documents:
        text = f"{document.text} Größe 5 µg – naïve β-blocker"
        assert TERM.findall(text.lower()) == re.findall(r"\d+(?:[.,]\d+)*|[^\W\d_]+", text.lower())
        own = {word for word in re.findall(r"[a-z]+", document.text.lower()) if word not in stopwords()}
        assert len(own & set(terms(text, stem=False))) > 0.93 * len(own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("रोगी ने दवा ली।", ["रोगी", "ने", "दवा", "ली"]),
        ("مريضٌ بالسُّكَّري", ["مريضٌ", "بالسُّكَّري"]),
        ("cafe\u0301 x\u0302z", ["cafe", "xz"]),
        ("❤️ 1️⃣", ["1"]),
        ("患者血压140，无", ["患者", "者血", "血压", "140", "无"]),
        ("患a 患й", ["患", "患", "й"]),
        ("CT示肺结节", ["ct", "示肺", "肺结", "结节"]),
        ("カルテ", ["カル", "ルテ"]),
        ("환자는", ["환자", "자는"]),
    ],
)
def test_terms_of_other_scripts_are_whole_words_or_pairs_of_signs(text: str, expected: list[str]) -> None:
    assert terms(text) == terms(text, stem=False) == expected


def test_every_combining_mark_of_the_first_plane_is_known() -> None:
    held = re.compile(f"[{MARKS}]")
    marks = {sign for sign in map(chr, range(0x10000)) if unicodedata.category(sign)[0] == "M"}
    assert {sign for sign in map(chr, range(0x10000)) if held.match(sign)} == marks
