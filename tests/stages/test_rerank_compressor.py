"""LangChain compressors: their order is kept, what they shorten stays an exact slice, what they reword is refused."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor
from langchain_core.documents import Document as Passage
from pydantic import Field

from rag.errors import ModelProblem, SettingProblem
from rag.governance import egress
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline, read_pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.stages.refuse.never import Never
from rag.stages.rerank import compressor
from rag.stages.rerank.compressor import Compressor, aligned, register
from rag.values import Chunk, Document, Hit, Span, Step
from rag.wordpiece import installed

DOCUMENT = (
    "Heading\n\nZalumide was raised.\nThe rash faded  within days. Peritol was stopped.\n\nThe chest is clear. Dose as before."
)
TEXTS = ["Zalumide was raised.", "The rash faded  within days. Peritol was stopped.", "The chest is clear. Dose as before."]
PLACES = [(DOCUMENT.index(text), DOCUMENT.index(text) + len(text)) for text in TEXTS]


class Fake(BaseDocumentCompressor):
    """Does with the passages what the test wants; counts its calls."""

    does: Callable[[list[Passage]], list[Passage]]
    calls: list[str] = Field(default_factory=list)

    def compress_documents(self, documents: Sequence[Passage], query: str, callbacks: Any = None) -> Sequence[Passage]:
        self.calls.append(query)
        return self.does([Passage(one.page_content, metadata=dict(one.metadata)) for one in documents])


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    before = dict(compressor.COMPRESSORS)
    yield
    compressor.COMPRESSORS.clear()
    compressor.COMPRESSORS.update(before)


def index_of() -> Index:
    wide = Span("note.txt", 0, len(DOCUMENT))
    chunks = [Chunk(Span("note.txt", start, end), DOCUMENT[start:end], "Note", parent=wide) for start, end in PLACES]
    return Index({}, chunks, None, True, None, None, Hashing(), Artifacts())


def ranked(does: Callable[[list[Passage]], list[Passage]], index: Index | None = None, **settings: Any) -> list[Hit]:
    index = index or index_of()
    register("fake", lambda stage: Fake(does=does))
    hits = [Hit(chunk, 3.0 - at, (Step("terms", 3.0 - at, at + 1),)) for at, chunk in enumerate(index.chunks)]
    return Compressor(name="fake", **settings)("What about zalumide?", hits, index)


def spans(hits: Sequence[Hit]) -> list[tuple[int, int]]:
    return [(hit.chunk.span.start, hit.chunk.span.end) for hit in hits]


def scored(passages: list[Passage], *scores: float) -> list[Passage]:
    for passage, score in zip(passages, scores, strict=True):
        passage.metadata["relevance_score"] = score
    return sorted(passages, key=lambda one: -one.metadata["relevance_score"])


def test_the_order_and_the_scores_are_the_compressors() -> None:
    hits = ranked(lambda passages: scored(passages, 0.2, 0.9, 0.5))
    assert spans(hits) == [PLACES[1], PLACES[2], PLACES[0]]
    assert [hit.score for hit in hits] == [0.9, 0.5, 0.2]
    assert [hit.steps[-1] for hit in hits] == [Step("fake", hit.score, rank) for rank, hit in enumerate(hits, 1)]
    assert all(hit.chunk in index_of().chunks for hit in hits), "a whole passage stays as it is"


def test_what_is_left_out_is_left_out_and_scores_never_rise() -> None:
    hits = ranked(lambda passages: [passages[2], passages[0], passages[2]])
    assert spans(hits) == [PLACES[2], PLACES[0]]
    assert [hit.score for hit in hits] == [1.0, 1.0]
    assert ranked(lambda passages: []) == []
    assert spans(ranked(lambda passages: [Passage(" ", metadata={"passage": 0}), passages[1]])) == PLACES[1:2]
    assert spans(ranked(lambda passages: passages, depth=2)) == PLACES[:2]
    assert spans(ranked(lambda passages: passages, top=1)) == PLACES[:1]


@pytest.mark.parametrize(
    ("shortened", "expected"),
    [
        ("Peritol was stopped.", ["Peritol was stopped."]),
        ("The rash faded within\ndays.", ["The rash faded  within days."]),
        ("The rash faded within days.\n\nPeritol was stopped.", ["The rash faded  within days. Peritol was stopped."]),
        ("The rash\nPeritol was stopped.", ["The rash", "Peritol was stopped."]),
    ],
)
def test_a_shortened_passage_is_an_exact_slice(shortened: str, expected: list[str]) -> None:
    def cut(passages: list[Passage]) -> list[Passage]:
        passages[1].page_content = shortened
        return passages[1:2]

    hits = ranked(cut)
    assert [hit.chunk.text for hit in hits] == expected
    assert [DOCUMENT[start:end] for start, end in spans(hits)] == expected
    assert all(hit.chunk.parent is None or hit.chunk.span == Span("note.txt", *PLACES[1]) for hit in hits)


@pytest.mark.parametrize("reworded", ["The rash went away.", "Peritol was stopped. The rash faded", "rash faded in days"])
def test_a_reworded_passage_is_refused_without_its_text(reworded: str) -> None:
    def change(passages: list[Passage]) -> list[Passage]:
        passages[1].page_content = reworded
        return passages

    with pytest.raises(ModelProblem, match="reworded passage 2") as raised:
        ranked(change)
    assert "rash" not in str(raised.value)


def test_lines_are_sought_in_their_order() -> None:
    assert aligned("b\na", "a b") == []
    assert aligned("a\nb", "a x b") == [(0, 1), (4, 5)]
    assert aligned("a\nb", "a\n\nb x") == [(0, 4)]


def test_a_passage_without_its_number_is_known_by_its_text_and_a_strange_one_refused() -> None:
    assert spans(ranked(lambda passages: [Passage(passages[2].page_content)])) == [PLACES[2]]
    with pytest.raises(ModelProblem, match="was not handed"):
        ranked(lambda passages: [Passage("Something else.")])
    with pytest.raises(ModelProblem, match="was not handed"):
        ranked(lambda passages: [Passage("Something else.", metadata={"passage": 9})])


def test_the_same_question_and_passages_are_compressed_once() -> None:
    index, made = index_of(), Fake(does=lambda passages: passages, calls=[])
    register("fake", lambda stage: made)
    hits = [Hit(chunk, 1.0) for chunk in index.chunks]
    stage = Compressor(name="fake")
    assert stage("One?", hits, index) == stage("One?", hits, index)
    stage("Two?", hits, index)
    assert made.calls == ["One?", "Two?"]


def test_a_failure_names_its_kind_and_never_its_text() -> None:
    def fail(passages: list[Passage]) -> list[Passage]:
        raise RuntimeError(passages[0].page_content)

    with pytest.raises(ModelProblem, match="RuntimeError") as raised:
        ranked(fail)
    assert "Zalumide" not in str(raised.value)


def test_settings_can_only_choose_among_registered_names() -> None:
    for name in ("os.system", "langchain_core.load.loads", "rag.stages.rerank.compressor:_chat"):
        told = json.loads(Pipeline(embed=Hashing()).to_json())
        told["rerank"] = {"kind": "compressor", "name": name}
        stage = read_pipeline(json.dumps(told)).rerank
        with pytest.raises(SettingProblem, match="Allowed: cohere, extract, filter, flashrank, jina"):
            stage("What?", [Hit(chunk, 1.0) for chunk in index_of().chunks], index_of())


@pytest.mark.parametrize(("name", "host"), [("cohere", "api.cohere.com"), ("jina", "api.jina.ai")])
def test_nothing_is_handed_to_a_host_that_nobody_allowed(name: str, host: str) -> None:
    with pytest.raises(ModelProblem, match=f"{host} is not this machine"):
        Compressor(name=name)("What?", [Hit(chunk, 1.0) for chunk in index_of().chunks], index_of())


def test_a_hosted_compressor_wants_a_key_and_follows_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(egress.VARIABLE, "api.jina.ai")
    monkeypatch.delenv("JINA_API_KEY", raising=False)
    with pytest.raises(ModelProblem, match="JINA_API_KEY"):
        Compressor(name="jina")("What?", [Hit(chunk, 1.0) for chunk in index_of().chunks], index_of())
    monkeypatch.setenv("JINA_API_KEY", "invented")
    made = compressor._jina(Compressor(name="jina", top=4))
    assert made.top_n == 4 and made.session.max_redirects == 0


def test_flashrank_without_its_package_or_its_model_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    index = index_of()
    hits = [Hit(chunk, 1.0) for chunk in index.chunks]
    monkeypatch.setitem(sys.modules, "flashrank", None)
    with pytest.raises(ModelProblem, match="pip install flashrank"):
        Compressor()("What?", hits, index)
    monkeypatch.setitem(sys.modules, "flashrank", SimpleNamespace(Ranker=None, RerankRequest=None))
    monkeypatch.setenv("RAG_CACHE", str(tmp_path))
    with pytest.raises(ModelProblem, match=r"not on this machine\. Fetch it .* setup --fetch ms-marco-"):
        Compressor()("What?", hits, index)
    assert list(tmp_path.iterdir()) == []


def test_a_chat_model_extracts_and_filters_behind_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def complete(self: ChatModel, messages: Any, schema: Any = None) -> tuple[str, Any]:
        asked.append(self.base_url)
        text = messages[0].content
        if "YES / NO" in text or "YES" in text.split("\n")[0]:
            return ("YES" if "Peritol" in text else "NO"), None
        return ("Peritol was stopped." if "Peritol" in text else "NO_OUTPUT"), None

    monkeypatch.setattr(ChatModel, "complete", complete)
    index = index_of()
    hits = [Hit(chunk, 1.0) for chunk in index.chunks]
    extracted = Compressor(name="extract", base_url="http://localhost:9/v1")("Why?", hits, index)
    assert [hit.chunk.text for hit in extracted] == ["Peritol was stopped."]
    assert spans(Compressor(name="filter", base_url="http://localhost:9/v1")("Why?", hits, index)) == [PLACES[1]]
    assert asked == ["http://localhost:9/v1"] * 6
    monkeypatch.undo()
    with pytest.raises(ModelProblem, match=r"chat\.example is not this machine"):
        Compressor(name="extract", base_url="https://chat.example/v1")("Why?", hits, index)


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_a_shortened_passage_is_answered_from(documents: tuple[Document, ...]) -> None:
    def shorten(passages: list[Passage]) -> list[Passage]:
        kept = [one for one in passages if "Torsemide 40 mg" in one.page_content]
        return [Passage("Torsemide 40 mg by mouth daily.", metadata=one.metadata) for one in kept]

    register("fake", lambda stage: Fake(does=shorten))
    pipeline = Pipeline(rerank=Compressor(name="fake"), refuse=Never())
    index = pipeline.prepare(documents, Artifacts())
    answer = pipeline.ask("Which dose of torsemide was given at discharge?", index)
    assert {hit.chunk.text for hit in answer.hits} == {"Torsemide 40 mg by mouth daily."}
    assert "Torsemide 40 mg by mouth daily." in answer.text and all(claim.supported for claim in answer.claims)
    assert index.chunks[index.rows_of(answer.hits[0].chunk)[0]].text.count("Torsemide") == 1
