"""BM25 and nDCG against references written out from their formulas; filters and a chat endpoint that misbehaves."""

import json
import math
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from rag.answer.chat import Chat
from rag.artifacts import Artifacts
from rag.embed.hashing import Hashing
from rag.errors import ModelProblem
from rag.evaluate.measures import evidence_recall, ndcg, recall
from rag.governance.egress import permit
from rag.pipeline import Pipeline
from rag.retrieve import Retriever
from rag.stage import options
from rag.text import terms
from rag.values import Document, Filter, Span

TEXTS = ["dose dose of torsemide", "torsemide stopped for the kidney injury", "kidney injury and dose and kidney", "chest clear"]
DOCUMENTS = [
    Document(f"{at}.txt", text, type="note" if at % 2 else "letter", date=f"2024-0{at + 1}-01") for at, text in enumerate(TEXTS)
]


def test_bm25_agrees_with_the_formula() -> None:
    pipeline = Pipeline(embed=Hashing())
    index = pipeline.prepare(DOCUMENTS, Artifacts())
    bags = [Counter(terms(chunk.indexed)) for chunk in index.chunks]
    average = sum(bag.total() for bag in bags) / len(bags)
    k1, b = pipeline.index.k1, pipeline.index.b
    for question in ("torsemide dose", "kidney injury", "clear chest kidney"):
        expected = []
        for bag in bags:
            score = 0.0
            for term in terms(question):
                holds = sum(term in other for other in bags)
                rarity = math.log(1 + (len(bags) - holds + 0.5) / (holds + 0.5))
                score += rarity * bag[term] / (bag[term] + k1 * (1 - b + b * bag.total() / average))
            expected.append(score)
        assert np.allclose(index.term_scores(question), expected, atol=1e-5)


def test_ndcg_and_recall_agree_with_the_formula() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        names = [str(name) for name in generator.permutation(20)]
        gains = {str(at): float(gain) for at, gain in enumerate(generator.integers(0, 4, 20))}
        found = np.array([gains[name] for name in names[:10]]) / np.log2(np.arange(2, 12))
        best = np.array(sorted(gains.values(), reverse=True)[:10]) / np.log2(np.arange(2, 12))
        assert ndcg(names, gains) == pytest.approx(found.sum() / best.sum())
        wanted = [name for name, gain in gains.items() if gain]
        assert recall(names, gains, 5) == pytest.approx(sum(name in names[:5] for name in wanted) / len(wanted))
    assert ndcg(["a"], {}) is None and recall(["a"], {}, 5) is None
    assert evidence_recall([Span("a", 0, 5)], [Span("a", 0, 10)]) == 0.5
    assert evidence_recall([], []) is None


@pytest.mark.parametrize("kind", options(Retriever))
@pytest.mark.parametrize(
    "only", [Filter(documents=("1.txt",)), Filter(types=("letter",)), Filter(after="2024-02-01", before="2024-03-01")], ids=str
)
def test_nothing_outside_a_filter_comes_back(kind: str, only: Filter) -> None:
    index = Pipeline(embed=Hashing()).prepare(DOCUMENTS, Artifacts())
    hits = options(Retriever)[kind]()("torsemide dose kidney injury", index, only)  # type: ignore[operator]
    assert hits and all(only.allows(index.documents[hit.chunk.span.document]) for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


class Endpoint(BaseHTTPRequestHandler):
    """An OpenAI-compatible server whose model name says how it behaves."""

    def do_POST(self) -> None:
        behaviour = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        status = int(behaviour) if behaviour.isdigit() else 200
        self.send_response(status)
        self.send_header("Content-Type", "text/event-stream" if status == 200 else "application/json")
        self.end_headers()
        if status != 200:
            self.wfile.write(b'{"error": {"message": "no"}}')
        elif behaviour == "rubbish":
            self.wfile.write(b"data: {not json\n\n")
        else:
            for text in ("Torsemide was stopped [1]. ", "It rained [9]."):
                part = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x"}
                choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
                self.wfile.write(f"data: {json.dumps({**part, 'choices': [choice]})}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_a_chat_model_streams_and_a_source_that_was_not_given_is_a_wrong_citation(url: str) -> None:
    pipeline = Pipeline(embed=Hashing(), answer=Chat(model="good", base_url=url, retries=0))
    parts: list[str] = []
    answer = pipeline.ask("Why was torsemide stopped?", pipeline.prepare(DOCUMENTS, Artifacts()), stream=parts.append)
    assert len([part for part in parts if part]) == 2
    assert answer.claims[0].citations and answer.claims[0].supported is not False
    assert answer.claims[1].supported is False and "source 9" in answer.claims[1].reason


@pytest.mark.parametrize(
    ("model", "said"), [("401", "API key"), ("404", "404"), ("429", "429"), ("500", "500"), ("rubbish", "not a chat")]
)
def test_an_endpoint_that_fails_is_named_with_its_reason_and_no_document_text(url: str, model: str, said: str) -> None:
    pipeline = Pipeline(embed=Hashing(), answer=Chat(model=model, base_url=url, retries=0))
    with pytest.raises(ModelProblem, match=said) as problem:
        pipeline.ask("Why was torsemide stopped?", pipeline.prepare(DOCUMENTS, Artifacts()))
    assert url in str(problem.value) and "kidney" not in str(problem.value)


def test_a_server_that_is_down_says_so() -> None:
    pipeline = Pipeline(embed=Hashing(), answer=Chat(base_url="http://127.0.0.1:9/v1", retries=0))
    with pytest.raises(ModelProblem, match="cannot be reached"):
        pipeline.ask("Why was torsemide stopped?", pipeline.prepare(DOCUMENTS, Artifacts()))


def test_only_this_machine_and_hosts_allowed_by_name_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAG_ALLOWED_HOSTS", raising=False)
    permit("http://localhost:11434/v1")
    with pytest.raises(ModelProblem, match="RAG_ALLOWED_HOSTS"):
        permit("https://api.example.com/v1")
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "api.example.com")
    permit("https://api.example.com/v1")
