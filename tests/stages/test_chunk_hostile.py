"""Texts that no chunker was made for: no blanks, no sentence ends, other scripts, forms, one endless line."""

import unicodedata
from itertools import pairwise
from typing import Any

import pytest

from rag import wordpiece
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stage import options
from rag.stages.chunk import Chunker
from rag.stages.chunk.base import LONGEST_ROW, LONGEST_SENTENCE
from rag.stages.chunk.characters import Characters
from rag.stages.chunk.parents import Window
from rag.stages.chunk.parts import Rows
from rag.stages.chunk.tokens import Tokens, too_long
from rag.stages.chunk.windows import Sentences, Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.retrieve import Terms
from rag.text import LONGEST_WORD, PART, words
from rag.values import Document, Section
from rag.wordpiece import installed

CHINESE = "患者因胸痛入院三天血压一百四十二无发热心电图正常给予阿司匹林治疗后好转"
HINDI = "रोगी ने दो दिन से बुखार की शिकायत की और दवा ली "
ARABIC = "المريض يشكو من ألم في الصدر منذ يومين ولا توجد حمى "
FAMILY = "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468\U0001f3ff"
TEXTS = {
    "blanks": " \t\r\n\x0b\u00a0\u3000" * 10_000,
    "one word": "pyelonephritis",
    "one run": "x" * 200_000,
    "one line": "no fever seen today " * 10_000,
    "a form": "Name: " + "_" * 6_000 + "\nDate: " + "_" * 6_000,
    "stops": ". " * 20_000,
    "leaders": "Contents" + "." * 60_000 + "7",
    "bases": "ACGT" * 10_000,
    "words run together": ("responsibilities" * 5 + "-" * 16) * 200,  # One token alone, many behind another letter.
    "Chinese": CHINESE * 1_600,
    "Chinese with stops": f"{CHINESE}。" * 1_600,
    "Thai": "ผู้ป่วยมีไข้สองวันไม่มีอาการเจ็บหน้าอก" * 400,
    "Hindi": HINDI * 1_000,
    "Hindi in one run": HINDI.replace(" ", "") * 400,
    "Arabic": ARABIC * 1_000,
    "emoji": FAMILY * 2_000,
    "accents apart": unicodedata.normalize("NFD", "àéîõü") * 4_000,
    "endless accents": "a" + "\u0301" * 20_000,
    "line ends": "No fever.\r\nNo cough.\rPulse 80.\n\r" * 1_500,
    "nulls": "\x00" * 20_000 + " a\x00b " * 2_000,
    "islands": "fever" + " " * 40_000 + "cough" + "\n" * 40_000 + "pain",
}
DIVIDING = {kind: stage for kind, stage in options(Chunker).items() if kind != "whole"}
MODEL_FREE: dict[str, dict[str, Any]] = {"semantic": {"by": "hashing"}}
COUNTED = {"words", "sections", "parents", "semantic", "criteria"}


def joins(text: str, at: int) -> bool:
    """Whether the sign at this place belongs to the one before it."""
    sign, before = text[at], text[at - 1]
    return "\u200d" in (sign, before) or unicodedata.category(sign)[0] == "M" or "\U0001f3fb" <= sign <= "\U0001f3ff"


def most_words(chunker: Any) -> Any:
    if chunker.kind in COUNTED:
        return chunker.size
    return chunker.words if chunker.kind == "rows" else LONGEST_SENTENCE * chunker.size


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
@pytest.mark.parametrize("kind", list(options(Chunker)))
def test_passages_of_a_hostile_text_are_exact_and_complete(kind: str, text: str) -> None:
    document = Document("a.txt", text)
    chunks = list(options(Chunker)[kind](**MODEL_FREE.get(kind, {}))(document))  # type: ignore[operator]
    places = [(chunk.span.start, chunk.span.end) for chunk in chunks]
    assert all(text[start:end] == chunk.text and chunk.text.strip() for (start, end), chunk in zip(places, chunks, strict=True))
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(places))
    gaps = [text[one[1] : other[0]] for one, other in pairwise([(0, 0), *places, (len(text), len(text))])]
    assert all(not gap.strip() for gap in gaps), "all that is not blank is in a passage"
    if text != TEXTS["endless accents"]:
        assert not any(joins(text, at) for place in places for at in place if 0 < at < len(text))


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
@pytest.mark.parametrize("kind", [kind for kind in DIVIDING if kind not in {"characters", "tokens"}])
def test_no_passage_is_far_above_its_size(kind: str, text: str) -> None:
    chunker: Any = DIVIDING[kind](**MODEL_FREE.get(kind, {}))
    most = most_words(chunker) * (PART + 8) + LONGEST_WORD
    for chunk in chunker(Document("a.txt", text)):
        assert len("".join(chunk.text.split())) <= most
        if chunk.parent:
            wide = text[chunk.parent.start : chunk.parent.end]
            assert len(words(wide)) <= (chunker.parent_size if kind == "parents" else 7 * LONGEST_SENTENCE)


@pytest.mark.parametrize("kind", sorted(COUNTED - {"semantic"}))
def test_where_no_blanks_are_each_sign_counts_as_a_word(kind: str) -> None:
    chunker: Any = DIVIDING[kind](**MODEL_FREE.get(kind, {}))
    lengths = [len(chunk.text) for chunk in chunker(Document("a.txt", TEXTS["Chinese"]))]
    assert max(lengths) == chunker.size and lengths.count(chunker.size) > len(lengths) * 0.7


@pytest.mark.parametrize("kind", ["sections", "parents"])
def test_sections_without_blanks_are_not_taken_for_short_ones(kind: str) -> None:
    sections = tuple(Section(title, 1, at, at + 3, at + 40) for title, at in (("主诉", 0), ("诊断", 40)))
    text = f"主诉\n{CHINESE}\n"[:39] + "\n" + f"诊断\n{CHINESE}\n"[:40]
    chunks = list(DIVIDING[kind](size=100)(Document("a.txt", text, sections=sections)))  # type: ignore[operator]
    assert [chunk.section for chunk in chunks] == ["主诉", "诊断"]


def test_passages_end_at_chinese_sentence_ends_where_there_are_any() -> None:
    document = Document("a.txt", "患者无发热。血压正常！「心电图正常。」给予治疗？好转" * 40)
    assert [chunk.text for chunk in Sentences(size=1, overlap=0)(document)][:5] == [
        "患者无发热。",
        "血压正常！",
        "「心电图正常。」",
        "给予治疗？",
        "好转患者无发热。",
    ]
    for chunker in (Characters(size=100, overlap=0), DIVIDING["sections"](size=60, overlap=0)):
        texts = [chunk.text for chunk in chunker(document)]  # type: ignore[operator]
        assert len(texts) > 5 and all(text.endswith(("。", "！", "？", "。」")) for text in texts[:-1])


@pytest.mark.parametrize("size", [100, 900])
def test_a_letter_with_its_accents_counts_as_one_character(size: int) -> None:
    for name, length in (("accents apart", 2), ("emoji", len(FAMILY))):
        chunks = list(Characters(size=size, overlap=0)(Document("a.txt", TEXTS[name])))
        assert {len(chunk.text) for chunk in chunks[:-1]} == {size * length}


@pytest.mark.parametrize("wheel", [pytest.param(True, marks=pytest.mark.skipif(not installed(), reason="no wheel")), False])
def test_no_passage_of_tokens_is_above_its_size(wheel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = Tokens.__call__.__globals__["_tokens"]
    cached.cache_clear()
    if not wheel:
        monkeypatch.setattr(wordpiece, "installed", lambda: False)
    for size, overlap in ((32, 31), (256, 48)):
        for text in TEXTS.values():
            part = text[:1_500] + "\n" + text[-1_500:]
            document = Document("a.txt", part if wheel else " ".join(part.split()), title="A title")
            assert too_long(list(Tokens(size=size, overlap=overlap)(document)), MiniLM(limit=size)) == 0
    cached.cache_clear()


def test_tokens_keep_no_long_text_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setitem(Tokens.__call__.__globals__, "token_count", lambda text: asked.append(len(text)) or len(text))
    cached = Tokens.__call__.__globals__["_tokens"]
    cached.cache_clear()
    for text in TEXTS.values():
        list(Tokens()(Document("a.txt", text[:20_000])))
    cached.cache_clear()
    assert asked and max(asked) <= LONGEST_WORD + 8


def test_an_endless_sentence_or_row_is_divided_whoever_counts_them() -> None:
    line = "no fever seen today " * 1_000
    for chunker in (Sentences(size=1, overlap=0), Window(), Rows()):
        counts = [len(chunk.text.split()) for chunk in chunker(Document("a.csv", line, format="table"))]
        assert sum(counts) == 4_000 and max(counts) == LONGEST_ROW
    for chunker in (Sentences(size=1, overlap=0), Window()):
        assert {len(chunk.text.split()) for chunk in chunker(Document("a.txt", line))} == {LONGEST_SENTENCE}
    table = f"| Drug | Note |\n|---|---|\n| Zalumide | two |\n| Peritol | {line}|\n"
    parts = [chunk for chunk in Rows(header=False)(Document("a.md", table)) if "fever" in chunk.text]
    assert len(parts) > 10 and {chunk.context for chunk in parts} == {"Drug · Note"}


def test_rows_of_a_table_count_as_sentences() -> None:
    rows = "drug: zalumide; tier: 2\ndrug: peritol; tier: 3\ndrug: ostravan; tier: 4"
    chunks = Sentences(size=1, overlap=0)(Document("a.csv", rows, format="table"))
    assert [chunk.text for chunk in chunks] == rows.split("\n")


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("患者因胸痛入院。血压正常。给予治疗。", "血压", "血压正常。"),
        ("रोगी को बुखार है। छाती में दर्द नहीं। दवा ली।", "दर्द", "छाती में दर्द नहीं।"),
        ("환자는 흉통으로 입원했다. 1. 혈압은 정상이었다. 2. 열은 없다.", "혈압", "1. 혈압은 정상이었다."),
    ],
    ids=["Chinese", "Hindi", "Korean"],
)
def test_a_word_is_found_inside_a_text_of_another_script(text: str, question: str, expected: str) -> None:
    pipeline = Pipeline(embed=Hashing(), chunk=Sentences(size=1, overlap=0, header=False), retrieve=Terms())
    hits = pipeline.search(question, pipeline.prepare([Document("a.txt", text)], Artifacts())).hits
    assert [hit.chunk.text for hit in hits] == [expected]


def test_words_of_a_long_run_are_windows_of_it() -> None:
    chunks = list(Words(size=20, overlap=0)(Document("a.txt", "x" * 1_000)))
    assert {len(chunk.text) for chunk in chunks[:-1]} == {20 * PART}
