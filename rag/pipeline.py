"""Pipeline: one field a stage in running order; prepare once for a corpus, ask once for a question, plan beforehand."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.answer import Answerer
from rag.answer.quote import Quote
from rag.artifacts import Artifacts
from rag.chunk import Chunker
from rag.chunk.sections import Sections
from rag.embed import Embedder
from rag.embed.base import Embedding, Progress, silent
from rag.embed.hashing import Hashing
from rag.embed.minilm import MiniLM, installed
from rag.errors import SettingProblem
from rag.expand import Expander
from rag.expand.clinical import Clinical
from rag.index import Indexer
from rag.index.base import Index
from rag.index.local import Exact
from rag.models.usage import metered
from rag.prompt import Cited, Prompter
from rag.rerank import Reranker
from rag.rerank.keep import Keep
from rag.retrieve import Convex, Retriever
from rag.stage import fingerprint, options
from rag.values import Answer, Chunk, Document, Draft, Filter, Hit, Query, Span, Usage
from rag.verify import Quotations, Verifier

LONGEST_QUESTION = 4000
CHARACTERS = 800  # About the length of a passage, where an estimate must do.
UNIONS: dict[str, Any] = {
    "chunk": Chunker,
    "embed": Embedder,
    "index": Indexer,
    "expand": Expander,
    "retrieve": Retriever,
    "rerank": Reranker,
    "prompt": Prompter,
    "answer": Answerer,
    "verify": Verifier,
}


Watch = Callable[[str], AbstractContextManager[object]]


def unwatched(stage: str) -> AbstractContextManager[object]:
    """A watch that does nothing."""
    return nullcontext()


@dataclass(frozen=True)
class Search:
    """What a question found: the query as it was searched, the retriever's hits, and the hits that go into the prompt."""

    query: Query
    found: tuple[Hit, ...]
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Work:
    """A part of a plan: what would be done for how many, and about how many seconds, or None where it never ran."""

    stage: str
    units: int
    what: str
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """What a pipeline would compute for a corpus before it can be asked. Empty means: at once."""

    work: tuple[Work, ...] = ()

    @property
    def seconds(self) -> float | None:
        """About how long it takes in all, or None where a part never ran."""
        times = [part.seconds for part in self.work]
        return None if None in times else sum(second for second in times if second is not None)

    def __str__(self) -> str:
        if not self.work:
            return "Nothing to recompute: takes effect at once."
        about = "time not known yet" if self.seconds is None else f"about {_duration(self.seconds)}"
        return f"{', '.join(part.what for part in self.work)}: {about}."


class Pipeline(BaseModel):
    """The settings of every step. Its JSON is what people save, share and compare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = Field(default=1, description="Version of this file format")
    chunk: Chunker = Sections()
    embed: Embedder = Field(default_factory=lambda: MiniLM() if installed() else Hashing())
    index: Indexer = Exact()
    expand: Expander = Clinical()
    retrieve: Retriever = Convex()
    rerank: Reranker = Keep()
    prompt: Prompter = Cited()
    answer: Answerer = Quote()
    verify: Verifier = Quotations()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.rerank.reads_tokens and not self.embed.has_tokens:
            raise ValueError("late interaction needs token vectors; choose minilm as embedder, or another reranker")
        if self.rerank.top > self.retrieve.candidates:
            raise ValueError(
                f"rerank.top {self.rerank.top} is above retrieve.candidates {self.retrieve.candidates}; "
                "lower the first or raise the second"
            )
        return self

    @property
    def reads_vectors(self) -> bool:
        """Whether any step reads passage vectors; where none does, none are computed."""
        return self.retrieve.reads_vectors or self.rerank.reads_vectors

    def key(self, stage: str, inputs: Sequence[str]) -> str:
        """A fingerprint of the settings up to a stage, its code and its inputs: equal keys, equal results."""
        upto = list(UNIONS).index(stage) + 1
        if stage not in {"chunk", "embed", "index"}:
            return fingerprint(*(getattr(self, name).key() for name in list(UNIONS)[:upto]), *inputs)
        parts = [self.chunk.key(), *([self.embed.key()] if self.reads_vectors and upto > 1 else [])]
        return fingerprint(*parts, *([self.index.key()] if stage == "index" else []), *inputs)

    def divide(self, documents: Sequence[Document], artifacts: Artifacts) -> list[Chunk]:
        """The passages of these documents, in order."""
        key = self.chunk.key()
        return [chunk for document in documents for chunk in artifacts.passages(document, key, self.chunk)]

    def plan(self, documents: Sequence[Document], artifacts: Artifacts) -> Plan:
        """What `prepare` would compute. Undivided documents are divided to count their passages exactly; that is kept.

        Where a model would have to divide them, the work is estimated from their length instead.
        """
        if artifacts.recall(self._index_key(documents)):
            return Plan()
        key = self.chunk.key()
        work = []
        undivided = [document for document in documents if not artifacts.has_passages(document, key)]
        if undivided and self.chunk.model is not None:
            return self._estimate(undivided, self.chunk.model, artifacts)
        started = time.perf_counter()
        chunks = self.divide(documents, artifacts)
        if undivided:
            seconds: float | None = time.perf_counter() - started
            work.append(Work("chunk", len(undivided), f"divides {_count(len(undivided), 'document')}", seconds))
        if self.reads_vectors:
            unseen = len(artifacts.unseen(self.embed, [chunk.indexed for chunk in chunks]))
            if unseen:
                pace = artifacts.pace(f"embed {self.embed.key()}")
                seconds = None if pace is None else pace * unseen
                work.append(Work("embed", unseen, f"embeds {_count(unseen, 'new passage')}", seconds))
        pace = artifacts.pace("index")
        seconds = None if pace is None else pace * len(chunks)
        work.append(Work("index", len(chunks), f"indexes {_count(len(chunks), 'passage')}", seconds))
        return Plan(tuple(work))

    def _estimate(self, undivided: Sequence[Document], model: Embedding, artifacts: Artifacts) -> Plan:
        """About what dividing these documents by a model and indexing them takes, from their length."""
        passages = -(-sum(len(document.text) for document in undivided) // CHARACTERS)
        work = [("chunk", len(undivided), f"divides {_count(len(undivided), 'document')} by a model", model)]
        if self.reads_vectors:
            work.append(("embed", passages, f"embeds about {_count(passages, 'new passage')}", self.embed))
        paces = [artifacts.pace(f"embed {embedder.key()}") for *_, embedder in work]
        times = [None if pace is None else pace * passages for pace in paces]
        return Plan(tuple(Work(*one[:3], seconds) for one, seconds in zip(work, times, strict=True)))

    def prepare(self, documents: Sequence[Document], artifacts: Artifacts, progress: Progress = silent) -> Index:
        """The index to ask. Only what was never computed for these settings and documents is computed now."""
        key = self._index_key(documents)

        def make() -> Index:
            chunks = self.divide(documents, artifacts)
            vectors = artifacts.vectors(self.embed, chunks, progress) if self.reads_vectors else None
            started = time.perf_counter()
            keys = self.index.keys(lambda index: self.model_copy(update={"index": index})._index_key(documents))
            index = self.index(documents, chunks, vectors, self.embed, artifacts, keys)
            artifacts.note("index", len(chunks), time.perf_counter() - started)
            return index

        return artifacts.remembered(key, make)  # type: ignore[no-any-return]

    def search(self, question: str, index: Index, only: Filter = Filter(), watch: Watch = unwatched) -> Search:
        """The passages for a question, without an answer. Raises as `ask` does."""
        question = checked(question)
        with watch("expand"):
            query = self.expand(question, index, only)
        with watch("retrieve"):
            found = self.retrieve(query, index, only)
        with watch("rerank"):
            hits = widened(self.rerank(question, found, index), index)
        return Search(query, tuple(found), tuple(hits))

    def ask(
        self,
        question: str,
        index: Index,
        only: Filter = Filter(),
        stream: Callable[[str], None] = lambda text: None,
        watch: Watch = unwatched,
    ) -> Answer:
        """The answer with its claims, hits, prompt and times. `stream` is called with the text as it comes.

        `watch` is entered with the name of each stage around its work. Raises SettingProblem for a question that is empty or
        too long, ModelProblem where a model fails.
        """
        ms: dict[str, float] = {}
        usage: dict[str, Usage] = {}
        watch = _timed(ms, usage, watch)
        search = self.search(question, index, only, watch)
        question = search.query.question
        with watch("prompt"):
            prompt = self.answer.phrased(self.prompt(question, list(search.hits), index.documents))
        with watch("answer"):
            draft = drained(self.answer(prompt, index), stream)
        with watch("verify"):
            claims = self.verify(draft.claims, index)
        return Answer(
            question,
            draft.text,
            draft.refused,
            draft.confidence,
            draft.notice,
            claims,
            search.hits,
            prompt,
            ms,
            search.query,
            search.found,
            usage,
        )

    def _index_key(self, documents: Sequence[Document]) -> str:
        return self.key("index", [document.key for document in documents])

    def to_json(self) -> str:
        """The whole pipeline as JSON, every setting with its value."""
        return self.model_dump_json(indent=2)


def read_pipeline(text: str, name: str = "the pipeline") -> Pipeline:
    """A pipeline from its JSON. Raises SettingProblem, which names every setting that does not fit and what is allowed."""
    try:
        return Pipeline.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise SettingProblem(f"{name}: not JSON ({error.msg}, line {error.lineno}). Export it again.") from None
    except ValidationError as error:
        raise SettingProblem(f"{name}: {problems(error)}") from None
    except (RecursionError, ValueError):
        raise SettingProblem(f"{name}: nested too deeply, or a number is too long. Export it again.") from None


def problems(error: ValidationError) -> str:
    """What does not fit, one part a setting: its name, the value's fault, what is allowed."""
    return "; ".join(_problem(tuple(str(part) for part in one["loc"]), dict(one)) for one in error.errors())


def _problem(place: tuple[str, ...], one: dict[str, Any]) -> str:
    where, given = _short(".".join(place) or "settings"), _short(json.dumps(one["input"], default=str))
    if one["type"] == "extra_forbidden":
        return f"unknown field {where}; allowed: {', '.join(_fields(place))}"
    if one["type"].startswith("union_tag"):
        return f"{where}: kind must be one of {', '.join(options(UNIONS[place[0]]))}"
    if one["type"] == "model_type":
        return f"{where}: {given} is not an object of settings; export a pipeline and edit it"
    fault = "" if one["type"] == "value_error" else f"{given} does not fit: "
    return f"{where}: {fault}{one['msg'].removeprefix('Value error, ').lower()}"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _fields(place: tuple[str, ...]) -> list[str]:
    if len(place) > 2 and place[0] in UNIONS:
        return list(options(UNIONS[place[0]])[place[1]].model_fields)
    return list(Pipeline.model_fields)


def checked(question: str) -> str:
    """The question without surrounding blanks. Raises SettingProblem where it is empty or too long."""
    question = question.strip()
    if not question:
        raise SettingProblem("The question is empty. Type a question.")
    if len(question) > LONGEST_QUESTION:
        raise SettingProblem(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} are allowed. Shorten it."
        )
    return question


def widened(hits: Sequence[Hit], index: Index) -> list[Hit]:
    """The hits with every passage that has a parent replaced by it, each parent once, where its best child stood."""
    wide: dict[Span, Hit] = {}
    for hit in hits:
        span = hit.chunk.parent or hit.chunk.span
        if span not in wide:
            wide[span] = replace(hit, chunk=index.parent_of(hit.chunk)) if hit.chunk.parent else hit
    return list(wide.values())


def drained(steps: Any, stream: Callable[[str], None] = lambda text: None) -> Draft:
    """What an answerer leaves when it has finished; `stream` is called with every piece."""
    while True:
        try:
            stream(next(steps))
        except StopIteration as done:
            draft: Draft = done.value
            return draft


def _timed(ms: dict[str, float], usage: dict[str, Usage], watch: Watch) -> Watch:
    """The same watch, which also writes down the milliseconds of each stage and what the models that it asked took."""

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        with watch(stage), metered() as meter:
            started = time.perf_counter()
            yield
            ms[stage] = 1000 * (time.perf_counter() - started)
        if meter.total.calls:
            usage[stage] = meter.total

    return timed


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
