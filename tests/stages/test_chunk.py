"""Chunkers: whatever the option and its size, passages are exact slices that hold the whole text in order."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rag.clinical.sections import sections
from rag.documents.load import read_file
from rag.errors import SettingProblem
from rag.stage import options
from rag.stages.chunk import Chunker
from rag.stages.chunk.characters import Characters, aligned, numbered
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Sentences, Words
from rag.values import Chunk, Document, File, Page, Section

SIZES: dict[str, list[dict[str, Any]]] = {
    "words": [{"size": 20, "overlap": 0}, {"size": 21, "overlap": 20}],
    "sentences": [{"size": 1, "overlap": 0}, {"size": 3, "overlap": 2}],
    "characters": [{"size": 100, "overlap": 0}, {"size": 120, "overlap": 60}],
    "sections": [{"size": 20, "overlap": 0, "smallest": 0}, {"size": 30, "overlap": 29, "smallest": 200}],
    "tokens": [{"size": 32, "overlap": 0}, {"size": 33, "overlap": 32}],
    "parents": [
        {"size": 10, "overlap": 9, "parent_size": 20, "smallest": 0},
        {"size": 20, "parent": "window", "parent_size": 4000},
    ],
    "window": [{"size": 1, "around": 0}, {"size": 4, "overlap": 3, "around": 30}],
    "semantic": [{"cut": 100, "group": 1, "size": 20, "smallest": 0}, {"cut": 1, "group": 10, "size": 30, "overlap": 29}],
    "rows": [{"size": 3, "overlap": 2}, {"size": 100, "words": 20, "columns": False}],
    "criteria": [{"size": 20, "overlap": 19, "depth": 1}, {"numbers": False, "whole": True}],
}
MODEL_FREE: dict[str, dict[str, Any]] = {"semantic": {"by": "hashing"}}  # MiniLM's boundaries are tested on fewer texts.
CHUNKERS = [
    pytest.param(stage(**MODEL_FREE.get(kind, {}), **changes), id=f"{kind} {changes or 'as it comes'}")
    for kind, stage in options(Chunker).items()
    for changes in ({}, {"header": False}, *SIZES.get(kind, []))
]
LINES = [
    "FINDINGS:",
    "# Plan",
    "1. Scope",
    "no pain. ",
    "Torsemide 40 mg daily.",
    "- item",
    "",
    "  ",
    "IMPRESSION: stable",
    "word " * 30,
    "| Drug | Tier |",
    "|---|:-:|",
    "| Zalumide | 2 |",
    "A. Age is 18.",
    "- (a) no pain; or",
    "AGCT" * 40 + "-" * 40,
]
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
    st.lists(st.sampled_from(LINES), max_size=40).map("\n".join),
    st.lists(st.sampled_from(["no pain. ", "no ", "pain", " ", "\n", "\n\n"]), max_size=120).map("".join),
)


def of(text: str, **fields: Any) -> Document:
    return Document(name="a.txt", text=text, sections=sections(text), **fields)


def headed(text: str) -> tuple[Section, ...]:
    """The sections under lines that begin with # or hold a colon, without the loader's rules."""
    found = [(line[0], *line.span()) for line in re.finditer(r"^(?:#[^\n]+|[^\n:]+:)", text, re.MULTILINE)]
    ends = [*(start for _, start, _ in found), len(text)][1:]
    return tuple(Section(title, 1, start, body, end) for (title, start, body), end in zip(found, ends, strict=True))


def hold(document: Document, chunks: list[Chunk]) -> None:
    """What every chunker keeps."""
    for chunk in chunks:
        assert chunk.span.document == document.name
        assert document.text[chunk.span.start : chunk.span.end] == chunk.text
        assert chunk.text.strip()
        assert chunk.section == " › ".join(document.path_at(chunk.span.start))
        page = document.page_at(chunk.span.start)
        assert chunk.page == (page.number if page else None)
        if chunk.parent:
            assert chunk.parent != chunk.span and chunk.parent.document == document.name
            assert 0 <= chunk.parent.start <= chunk.span.start < chunk.span.end <= chunk.parent.end <= len(document.text)
    places = [(chunk.span.start, chunk.span.end) for chunk in chunks]
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(places))
    held = {at for start, end in places for at in range(start, end)}
    assert all(at in held for at, sign in enumerate(document.text) if not sign.isspace())


@pytest.mark.parametrize("chunker", CHUNKERS)
def test_passages_of_clinical_documents_are_exact_ordered_and_complete(chunker: Any, documents: tuple[Document, ...]) -> None:
    for document in documents:
        hold(document, list(chunker(document)))


@pytest.mark.parametrize("chunker", CHUNKERS)
@given(ANY_TEXT)
def test_passages_of_any_text_are_exact_ordered_and_complete(chunker: Any, text: str) -> None:
    document = Document("a.txt", text, sections=headed(text))
    hold(document, list(chunker(document)))


@pytest.mark.parametrize("chunker", CHUNKERS)
def test_passages_know_their_page(chunker: Any) -> None:
    parts = [f"Page {number} says that the patient feels well. " * 12 + "\n" for number in range(1, 4)]
    ends = [sum(map(len, parts[: at + 1])) for at in range(3)]
    pages = tuple(Page(at + 1, str(at + 1), ends[at] - len(parts[at]), ends[at]) for at in range(3))
    document = of("".join(parts), pages=pages)
    chunks = list(chunker(document))
    hold(document, chunks)
    assert chunks[0].page == 1


@pytest.mark.parametrize("chunker", CHUNKERS)
def test_text_before_the_first_heading_is_in_a_passage(chunker: Any) -> None:
    document = of("Sent by fax on a rainy day.\n\nFINDINGS:\nNo effusion.\n\nIMPRESSION:\nNormal.\n")
    assert "Sent by fax" in next(iter(chunker(document))).text


@pytest.mark.parametrize("chunker", CHUNKERS)
@pytest.mark.parametrize("text", ["", " \n\t ", "\n" * 50])
def test_a_document_of_blanks_has_no_passage(chunker: Any, text: str) -> None:
    assert list(chunker(of(text))) == []


@pytest.mark.parametrize("chunker", CHUNKERS)
def test_dividing_twice_gives_the_same_passages(chunker: Any, documents: tuple[Document, ...]) -> None:
    assert [list(chunker(document)) for document in documents] == [list(chunker(document)) for document in documents]


OVERLAPPING = [kind for kind, stage in options(Chunker).items() if "overlap" in stage.model_fields]


@pytest.mark.parametrize("kind", OVERLAPPING)
def test_an_overlap_that_does_not_move_on_is_refused(kind: str) -> None:
    stage: Any = options(Chunker)[kind]
    least = {"sentences": 5, "characters": 100, "window": 5, "tokens": 32}.get(kind, 20)
    for overlap in (least, least + 1):
        with pytest.raises(ValidationError, match=rf"overlap {overlap} must be below size {least}; lower the overlap"):
            stage(size=least, overlap=overlap)


@pytest.mark.parametrize("stage", options(Chunker).values(), ids=list(options(Chunker)))
def test_the_header_is_indexed_and_never_part_of_the_text(stage: Any, documents: tuple[Document, ...]) -> None:
    discharge = documents[0]
    assert list(stage(header=True)(discharge))
    for chunk in stage(header=True)(discharge):
        for part in (discharge.title, "P-9001", "2024-03-14", *chunk.section.split(" › ")):
            assert part and part in chunk.context
        assert chunk.indexed == f"{chunk.context}\n{chunk.text}"
    assert all(chunk.context == "" and chunk.indexed == chunk.text for chunk in stage(header=False)(discharge))


def test_windows_of_words_worked_by_hand() -> None:
    text = " ".join(f"w{at}" for at in range(45))
    chunks = list(Words(size=20, overlap=5, header=False)(of(text)))
    assert [(chunk.text.split()[0], chunk.text.split()[-1]) for chunk in chunks] == [
        ("w0", "w19"),
        ("w15", "w34"),
        ("w30", "w44"),
    ]


def test_windows_of_sentences_worked_by_hand() -> None:
    chunks = list(Sentences(size=3, overlap=1, header=False)(of("One. Two. Three. Four. Five. Six.")))
    assert [chunk.text for chunk in chunks] == ["One. Two. Three.", "Three. Four. Five.", "Five. Six."]


def test_sections_stay_whole_and_are_never_mixed_when_long_enough() -> None:
    text = "FINDINGS:\n" + "The lung is clear. " * 10 + "\n\nIMPRESSION:\n" + "Normal chest. " * 10
    chunks = list(Sections(size=60, overlap=0, smallest=5)(of(text)))
    assert [chunk.section for chunk in chunks] == ["FINDINGS", "IMPRESSION"]


@pytest.mark.parametrize("size", [20, 40, 160])
def test_no_section_passage_has_more_words_than_allowed(size: int, documents: tuple[Document, ...]) -> None:
    for document in (*documents, of("word " * 500)):
        assert all(len(chunk.text.split()) <= size for chunk in Sections(size=size, overlap=0)(document))


TABLES = {
    "capital names": "Drug,Tier\nZalumide,2\nPeritol,3\nOstravan,4\n",
    "small names": "drug,tier\nZalumide,2\nPeritol,3\nOstravan,4\n",
    "sentences in a value": "Drug,Note\nZalumide,Take with food. Stop.\nPeritol,Once daily. Not at night.\nOstravan,Weekly.\n",
    "many columns": "drug,form,strength,note\n" + "".join(f"D{at},tablet,{at} mg,once daily after the meal\n" for at in range(3)),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
@pytest.mark.parametrize("smallest", [0, 24])
def test_a_table_row_is_one_passage(table: str, smallest: int) -> None:
    (document,) = read_file(File("drugs.csv", table.encode()))
    rows = [line for line in document.text.split("\n") if line]
    assert len(rows) == 3
    assert [chunk.text for chunk in Sections(smallest=smallest)(document)] == rows


@pytest.mark.parametrize("overlap", [0, 20, 90])
@pytest.mark.parametrize("phrase", ["no pain. ", "no pain. no ", "aaaa ", "0. 0. 1. "])
def test_repeated_phrases_are_aligned(phrase: str, overlap: int) -> None:
    document = of(phrase * 50)
    hold(document, list(Characters(size=100, overlap=overlap)(document)))


@pytest.mark.parametrize("size", [100, 300, 8000])
def test_passages_are_the_pieces_of_the_plain_splitter(size: int, documents: tuple[Document, ...]) -> None:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    for document in documents:
        for overlap in (0, size // 3, size - 1):
            splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap)
            found = [chunk.text for chunk in Characters(size=size, overlap=min(overlap, 4000))(document)]
            assert found == [piece for piece in splitter.split_text(document.text) if piece.strip()]


def test_repeated_words_stand_where_they_were_found() -> None:
    shown, starts, ends = numbered("no pain. no pain.")
    assert aligned(of("no pain. no pain."), starts, ends, [shown[:8], shown[3:]]) == [(0, 8), (3, 17)]
    assert aligned(of("no pain. no pain."), starts, ends, [shown[:2], shown[:8], shown[3:8], shown[9:]]) == [(0, 8), (9, 17)]


@pytest.mark.parametrize(
    "pieces",
    [[(0, 8), (12, 18)], [(9, 18)], [(0, 8)], [(9, 18), (0, 8)], [(0, 18), (0, 19)], []],
    ids=["a word is missing", "the start is missing", "the end is missing", "the wrong order", "too much", "nothing"],
)
def test_pieces_that_are_not_the_text_are_an_error_and_not_a_guess(pieces: list[tuple[int, int]]) -> None:
    shown, _, _ = numbered("The lung is clear.!")
    _, starts, ends = numbered("The lung is clear.")
    with pytest.raises(SettingProblem, match=r"^a\.txt: .*cannot be aligned.*another chunker") as caught:
        aligned(of("The lung is clear."), starts, ends, [shown[start:end] for start, end in pieces])
    assert "lung" not in str(caught.value)


def test_a_very_long_line_without_blanks_is_divided() -> None:
    document = of("x" * 1500)
    hold(document, list(Characters(size=100, overlap=10)(document)))
