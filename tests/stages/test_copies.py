"""Copies take one place among the hits and are kept with it; what differs in what it says never does."""

from dataclasses import replace
from typing import Any

import pytest

from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.index.copies import merged
from rag.stages.index.wider import widened
from rag.stages.retrieve import Terms
from rag.values import Document, Hit, Step

RULES = rules("copies")
HANDOUT = "Ask before you change the zalumide dose. Keep a list of your medicines with you."
LONG = RULES["example"]["text"]


def index_of(*documents: Document) -> Index:
    return Pipeline(embed=Hashing(), chunk=Words(size=400, overlap=0)).prepare(documents, Artifacts())


def hits_of(index: Index) -> list[Hit]:
    """A hit on every passage, in order."""
    return [Hit(chunk, 1 - row / 100, (Step("terms", 9.0 - row, row + 1),)) for row, chunk in enumerate(index.chunks)]


def handout(name: str, text: str = HANDOUT, **about: Any) -> Document:
    return Document(name, text, type="other", **about)


def places(*documents: Document, top: int = 8) -> list[tuple[str, list[str]]]:
    """The document of every hit that keeps a place, with the documents of its copies."""
    index = index_of(*documents)
    found = merged(hits_of(index), index, top)
    return [(hit.chunk.span.document, [copy.span.document for copy in hit.copies]) for hit in found]


def test_copies_of_a_handout_take_one_place_and_the_note_behind_them_is_found() -> None:
    copies = [handout(f"handout_{at:02}.txt") for at in range(12)]
    note = Document("note.txt", "Zalumide dose: 40 mg at night.", type="note", patient="P-0101")
    index = index_of(*copies, note)
    hits = Terms(candidates=50)("zalumide dose", index)
    assert len([hit for hit in hits if hit.chunk.span.document != "note.txt"]) == 12
    found = merged(hits, index, 8)
    assert {hit.chunk.span.document for hit in found} >= {"note.txt"} and len(found) == 2
    first = next(hit for hit in found if hit.copies)
    assert len(first.copies) == 11
    documents = {document.name: document for document in copies}
    for copy in first.copies:
        assert documents[copy.span.document].text[copy.span.start : copy.span.end] == copy.text


@pytest.mark.parametrize(
    "other",
    [
        HANDOUT, HANDOUT.upper(), HANDOUT.replace(". ", ".\n"), HANDOUT.replace(".", " !"), HANDOUT.replace("dose", "do\u00adse"),
        HANDOUT.replace(" ", "  "), HANDOUT.replace("medicines", "ｍedicines"),
    ],
)  # fmt: skip
def test_the_same_words_are_a_copy_whatever_the_case_marks_and_line_ends(other: str) -> None:
    assert places(handout("a.txt"), handout("b.txt", other)) == [("a.txt", ["b.txt"])]


def test_the_same_words_in_british_spelling_are_a_copy() -> None:
    one, other = "Anemia and edema of the esophagus, 2000 mL.", "Anaemia and oedema of the oesophagus, 2,000 mL."
    assert places(handout("a.txt", one), handout("b.txt", other)) == [("a.txt", ["b.txt"])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Take 5 mg at night.", "Take 2.5 mg at night."), ("Take 5 mg at night.", "Take 2 mg at night."),
        ("No fever was seen.", "Fever was seen."), ("Left arm.", "Right arm."),
        ("Do take it with food.", "Do not take it with food."), ("Change 5 to 10 mg.", "Change 10 to 5 mg."),
        ("It may be given.", "It must be given."), ("From 5 to 10 mg.", "To 5 from 10 mg."),
        ("Zalumide daily.", "Zalumab daily."), ("EGFR was found.", "eGFR was found."),
    ],
)  # fmt: skip
def test_what_says_something_else_keeps_its_place(one: str, other: str) -> None:
    assert places(handout("a.txt", one), handout("b.txt", other)) == [("a.txt", []), ("b.txt", [])]


def test_long_texts_that_differ_in_an_article_are_copies_and_in_a_word_that_tells_are_not() -> None:
    same, other = RULES["example"]["same"], RULES["example"]["other"]
    assert places(handout("a.txt", LONG), handout("b.txt", LONG.replace(*same))) == [("a.txt", ["b.txt"])]
    for pair in (other, ("do not sit", "do sit"), ("look at", "wash"), ("the nurse", "the surgeon")):
        assert pair[0] in LONG
        assert len(places(handout("a.txt", LONG), handout("b.txt", LONG.replace(*pair)))) == 2


@pytest.mark.parametrize("word", RULES["words"])
def test_every_word_by_which_copies_may_differ_is_let_pass_once(word: str) -> None:
    text = f"{LONG} {word}"
    assert places(handout("a.txt", LONG), handout("b.txt", text)) == [("a.txt", ["b.txt"])]


@pytest.mark.parametrize(
    "about",
    [
        ({"patient": "P-0101"}, {"patient": "P-0102"}), ({"patient": "P-0101"}, {}), ({"edition": "2021"}, {"edition": "2024"}),
        ({"effective": "2021-01-01"}, {"effective": "2024-01-01"}), ({"status": "preliminary"}, {"status": "final"}),
    ],
)  # fmt: skip
def test_passages_of_two_patients_editions_or_statuses_are_never_one(about: tuple[dict[str, str], dict[str, str]]) -> None:
    assert len(places(handout("a.txt", **about[0]), handout("b.txt", **about[1]))) == 2


def test_reports_whose_patient_is_not_known_are_one_only_where_the_whole_report_is_there_twice() -> None:
    one = Document("a.txt", "Lungs are clear. No effusion.", type="radiology")
    twice = replace(one, name="b.txt")
    assert places(one, twice) == [("a.txt", ["b.txt"])]
    index = index_of(replace(one, text=f"Chest film. {one.text}"), replace(twice, text=f"Chest CT. {one.text}"))
    cut = [Hit(replace(chunk, text=one.text, span=replace(chunk.span, start=chunk.span.end - len(one.text))), 1.0)
           for chunk in index.chunks]  # fmt: skip
    assert len(merged(cut, index, 8)) == 2


def test_stretches_of_two_patients_in_one_file_are_never_one() -> None:
    text = "Patient: P-0101\nFever was seen.\n\nPatient: P-0102\nFever was seen.\n\nPatient: P-0101\nFever was seen.\n"
    document = Document("rounds.txt", text, type="other")
    index = index_of(document)
    said = "Fever was seen."
    starts = [at for at in range(len(text)) if text.startswith(said, at)]
    chunk = index.chunks[0]
    hits = [Hit(replace(chunk, text=said, span=replace(chunk.span, start=at, end=at + len(said))), 1.0) for at in starts]
    found = merged(hits, index, 8)
    assert [(hit.chunk.span.start, [copy.span.start for copy in hit.copies]) for hit in found] == [
        (starts[0], [starts[2]]),
        (starts[1], []),
    ]


def test_hits_that_overlap_are_left_and_paragraphs_that_stand_twice_are_one() -> None:
    text = f"{HANDOUT}\n\nSomething else stands here.\n\n{HANDOUT}"
    index = index_of(handout("a.txt", text))
    chunk = index.chunks[0]
    again = text.index(HANDOUT, 5)
    one = Hit(replace(chunk, text=HANDOUT, span=replace(chunk.span, end=len(HANDOUT))), 1.0)
    far = Hit(replace(chunk, text=HANDOUT, span=replace(chunk.span, start=again)), 0.9)
    assert [hit.copies for hit in merged([one, far], index, 8)] == [(far.chunk,)]
    wide = Hit(replace(chunk, text=text[: len(HANDOUT)], span=replace(chunk.span, end=len(HANDOUT) + 1)), 0.9)
    assert len(merged([one, wide], index, 8)) == 2


def test_the_first_keeps_its_place_score_and_steps_and_no_passage_is_lost() -> None:
    documents = [
        handout("a.txt"),
        handout("b.txt", "Another text of zalumide."),
        handout("c.txt"),
        handout("d.txt", "A third text."),
    ]
    index = index_of(*documents)
    hits = hits_of(index)
    found = merged(hits, index, 8)
    assert [replace(hit, copies=()) for hit in found] == [hits[0], hits[1], hits[3]]
    assert sorted([hit.chunk.span.document for hit in found] + [copy.span.document for hit in found for copy in hit.copies]) == [
        "a.txt", "b.txt", "c.txt", "d.txt",
    ]  # fmt: skip
    assert merged(found, index, 8) == found
    assert [hit.chunk.span.document for hit in merged(hits, index, 1)] == ["a.txt"] and merged([], index, 8) == []


def test_copies_survive_where_hits_become_sources() -> None:
    pipeline = Pipeline(embed=Hashing(), chunk=Sections())
    index = pipeline.prepare([handout("a.txt"), handout("b.txt")], Artifacts())
    found = widened(merged(hits_of(index), index, 8), index, 8)
    assert [len(hit.copies) for hit in found] == [1]
