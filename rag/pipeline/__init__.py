"""Pipeline: one field a stage in running order; prepare once for a corpus, ask once for a question, plan beforehand."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.embedding import Embedding, Progress, silent
from rag.errors import SettingProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline.divide import Divider
from rag.pipeline.plan import Plan as Plan
from rag.pipeline.plan import Work as Work
from rag.pipeline.plan import amount, asking, note_asked
from rag.pipeline.steps import MOST_RANKED, Watch, checked, digests_of, drained, nearest, sources_of, timed, unwatched
from rag.stage import fingerprint, options
from rag.stages.answer import Answerer
from rag.stages.answer.base import whole
from rag.stages.answer.differing import differing
from rag.stages.answer.marks import marked
from rag.stages.answer.outcome import ON_WEAK, concluded, notice, outcome, unknown
from rag.stages.answer.quote import Quote
from rag.stages.chunk import Chunker
from rag.stages.chunk.sections import Sections
from rag.stages.defer import Deferrer
from rag.stages.defer.by_rules import ByRules
from rag.stages.embed import Embedder
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.expand import Expander
from rag.stages.expand.clinical import Clinical
from rag.stages.index import Indexer
from rag.stages.index.base import Index
from rag.stages.index.local import Exact
from rag.stages.prompt import Cited, Prompter
from rag.stages.reader.asks import asks_for_rules
from rag.stages.reader.rows import with_rows
from rag.stages.refuse import Refuser
from rag.stages.refuse.evidence import Evidence
from rag.stages.rerank import Reranker
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Convex, Retriever
from rag.stages.scope import Scoper
from rag.stages.scope.named import Named
from rag.stages.scope.preferred import found_for
from rag.stages.verify import Facts, Verifier
from rag.stages.verify.withheld import without_withheld
from rag.strict import read_json, short
from rag.values import Answer, Chunk, Document, Draft, Filter, Hit, Query, Scope, Usage
from rag.wordpiece import installed

CHARACTERS = 800  # About the length of a passage, where an estimate must do.
BUILD, OPEN = "index", "open index"
UNIONS: dict[str, Any] = {
    "chunk": Chunker,
    "embed": Embedder,
    "index": Indexer,
    "scope": Scoper,
    "expand": Expander,
    "retrieve": Retriever,
    "rerank": Reranker,
    "refuse": Refuser,
    "prompt": Prompter,
    "answer": Answerer,
    "verify": Verifier,
    "defer": Deferrer,
}


@dataclass(frozen=True)
class Search:
    """What a question found: the query as it was searched, the retriever's hits, and the hits that go into the prompt.

    `scope` says whose documents the question was taken to be about; what is searched for is its topic.
    """

    question: str
    query: Query
    found: tuple[Hit, ...]
    hits: tuple[Hit, ...]
    scope: Scope = field(default_factory=Scope)


class Pipeline(BaseModel):
    """The settings of every step. Its JSON is what people save, share and compare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = Field(default=1, description="Version of this file format")
    chunk: Chunker = Sections()
    embed: Embedder = Field(default_factory=lambda: MiniLM() if installed() else Hashing())
    index: Indexer = Exact()
    scope: Scoper = Named()
    expand: Expander = Clinical()
    retrieve: Retriever = Convex()
    rerank: Reranker = Keep()
    refuse: Refuser = Evidence()
    prompt: Prompter = Cited()
    answer: Answerer = Quote()
    verify: Verifier = Facts()
    defer: Deferrer = ByRules()

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, settings: Any) -> Any:
        """Settings of a version in which the extractive answerer refused: its bar becomes that of the refusal."""
        answer = settings.get("answer") if isinstance(settings, dict) else None
        if not isinstance(answer, dict) or answer.get("kind") != "quote" or "refuse_below" not in answer or "refuse" in settings:
            return settings
        below = answer["refuse_below"]
        never = below == 0 and not isinstance(below, bool)
        bar = {"kind": "never"} if never else {"kind": "evidence", "below": below}
        return {**settings, "refuse": bar, "answer": {name: value for name, value in answer.items() if name != "refuse_below"}}

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

    def divider(self, artifacts: Artifacts) -> Divider:
        """What divides documents for this pipeline, and counts the passages that its embedder cuts off."""
        return Divider(self.chunk, self.embed if self.reads_vectors else None, artifacts)

    def divide(self, documents: Sequence[Document], artifacts: Artifacts) -> list[Chunk]:
        """The passages of these documents, in order."""
        return self.divider(artifacts)(documents)

    def plan(self, documents: Sequence[Document], artifacts: Artifacts) -> Plan:
        """What `prepare` would compute. Undivided documents are divided to count their passages exactly; that is kept.

        Where a model would have to divide them, the work is estimated from their length instead.
        """
        keys = self._built_keys(documents)
        made = artifacts.held(self._index_key(documents)) or artifacts.held(keys[0])
        if made is not None:
            return Plan(asking=self._asking(made.chunks, artifacts))
        divider, work = self.divider(artifacts), []
        undivided = divider.undivided(documents)
        if undivided and self.chunk.model is not None:
            return self._estimate(undivided, self.chunk.model, artifacts)
        started = time.perf_counter()
        chunks = divider(documents)
        if undivided:
            seconds: float | None = time.perf_counter() - started
            work.append(Work("chunk", len(undivided), f"divides {amount(len(undivided), 'document')}", seconds))
        if self.reads_vectors:
            unseen = len(artifacts.unseen(self.embed, [chunk.indexed for chunk in chunks]))
            if unseen:
                pace = artifacts.pace(f"embed {self.embed.key()}")
                seconds = None if pace is None else pace * unseen
                work.append(Work("embed", unseen, f"embeds {amount(unseen, 'new passage')}", seconds))
        kept = self.index.is_kept(keys, artifacts, self.reads_vectors)
        pace = artifacts.pace(OPEN if kept else BUILD)
        seconds = None if pace is None else pace * len(chunks)
        what = f"{'opens the index of' if kept else 'indexes'} {amount(len(chunks), 'passage')}"
        work.append(Work("index", len(chunks), what, seconds))
        return Plan(tuple(work), divider.expected(documents, chunks), self._asking(chunks, artifacts))

    def _estimate(self, undivided: Sequence[Document], model: Embedding, artifacts: Artifacts) -> Plan:
        """About what dividing these documents by a model and indexing them takes, from their length."""
        passages = -(-sum(len(document.text) for document in undivided) // CHARACTERS)
        work = [("chunk", len(undivided), f"divides {amount(len(undivided), 'document')} by a model", model)]
        if self.reads_vectors:
            work.append(("embed", passages, f"embeds about {amount(passages, 'new passage')}", self.embed))
        paces = [artifacts.pace(f"embed {embedder.key()}") for *_, embedder in work]
        times = [None if pace is None else pace * passages for pace in paces]
        parts = tuple(Work(*one[:3], seconds) for one, seconds in zip(work, times, strict=True))
        return Plan(parts, asking=self._asking((), artifacts))

    def _asking(self, chunks: Sequence[Chunk], artifacts: Artifacts) -> tuple[Work, ...]:
        return asking(self._stages, chunks, self.embed, self.retrieve.candidates, artifacts)

    @property
    def _stages(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in UNIONS}

    def prepare(
        self,
        documents: Sequence[Document],
        artifacts: Artifacts,
        progress: Progress = silent,
        dividing: Progress = silent,
    ) -> Index:
        """The index to ask. Only what was never computed for these settings and documents is computed now.

        `progress` is called with the passages embedded so far and in all, `dividing` before that with the characters divided
        and looked through. What either raises stops the work, and what was finished before is kept.
        """
        key, keys = self._index_key(documents), self._built_keys(documents)
        made = False

        def make() -> Index:
            nonlocal made
            made = True
            chunks = self.divider(artifacts).measured(documents, dividing)
            vectors = artifacts.vectors(self.embed, chunks, progress) if self.reads_vectors else None
            kept = self.index.is_kept(keys, artifacts, self.reads_vectors)
            started = time.perf_counter()
            index = self.index(documents, chunks, vectors, self.embed, artifacts, keys)
            artifacts.note(OPEN if kept else BUILD, len(chunks), time.perf_counter() - started)
            return index

        def search() -> Index:
            return self.index.searching(artifacts.remembered(keys[0], make))

        try:
            return artifacts.remembered(key, make if key == keys[0] else search)  # type: ignore[no-any-return]
        finally:
            if made:
                artifacts.settle(documents)

    def is_ready(self, documents: Sequence[Document], artifacts: Artifacts) -> bool:
        """Whether the index to ask is in memory, so that `prepare` has nothing to do."""
        return artifacts.recall(self._index_key(documents))

    def search(self, question: str, index: Index, only: Filter = Filter(), watch: Watch = unwatched) -> Search:
        """The passages for a question, without an answer. Raises as `ask` does."""
        question = checked(question)
        with watch("scope"):
            scope = self.scope(question, index, only)
        with watch("expand"):
            query = self.expand(scope.topic or question, index, scope.only)
        with watch("retrieve"):
            rules = asks_for_rules(question)
            found = found_for(scope, lambda narrow: self.retrieve(query, index, narrow), index, rules)
            found = with_rows(scope.topic or question, found, index, scope.only)
        with watch("rerank"):
            # Passages become one source with their neighbours or copies, and those behind take the free places.
            ranked = self.rerank.model_copy(update={"top": min(max(len(found), self.rerank.top), MOST_RANKED)})
            hits = sources_of(ranked(question, found, index), index, self.rerank.top)
        return Search(question, query, tuple(found), tuple(hits), scope)

    def ask(
        self,
        question: str,
        index: Index,
        only: Filter = Filter(),
        stream: Callable[[str], None] = lambda text: None,
        watch: Watch = unwatched,
    ) -> Answer:
        """The answer with its outcome, claims, hits, prompt and times. `stream` is called with the text as it comes.

        Where the evidence is refused no answerer is asked.

        `watch` is entered with the name of each stage around its work. Raises SettingProblem for a question that is empty or
        too long, ModelProblem where a model fails.
        """
        ms: dict[str, float] = {}
        usage: dict[str, Usage] = {}
        watch = timed(ms, usage, watch)
        search = self.search(question, index, only, watch)
        question, hits, asks_model = search.question, list(search.hits), self.answer.asks_model
        with watch("refuse"):
            none = unknown(search.scope)
            sure = none or self.refuse(question, hits, index, search.scope.topic)
            asked = none is None and not self.refuse.withholds(sure, asks_model)
        asked_anyway = asked and sure.refused
        with watch("prompt"):
            prompt = replace(self.prompt(question, hits, index.documents), topic=search.scope.topic)
            prompt = self.answer.phrased(prompt)
        with watch("answer"):
            draft = drained(self.answer(prompt, index), stream) if asked else Draft()
        with watch("verify"):
            how = self.verify.withhold if asks_model else "nothing"
            draft, withheld = without_withheld(draft, prompt, index, how)
            claims = self.verify(draft.claims, index, whole(prompt.sources, index))
            differ = differing(question, claims, search.found, index)
        note_asked(self._stages, len(search.found), ms, usage, index.artifacts)
        if asked_anyway:
            claims = tuple(replace(claim, marks=(*claim.marks, ON_WEAK)) for claim in claims)
        claims = marked(claims, search.scope, index)
        sure = concluded(sure, draft, asks_model, asked)
        became = outcome(claims, sure, differ)
        answer = Answer(
            question,
            draft.text,
            became,
            sure.value,
            notice(sure, draft, asked_anyway),
            claims,
            search.hits,
            prompt,
            ms,
            search.query,
            search.found,
            usage,
            sure.missing,
            nearest(sure.nearest, hits, prompt, index) if became == "refused" else None,
            search.scope,
            asked,
            differ if became == "conflict" else (),
            digests=digests_of(search.hits, claims, index),
            withheld=withheld,
        )
        with watch("defer"):
            return replace(answer, deferred=self.defer(answer, index))

    def _built_keys(self, documents: Sequence[Document]) -> tuple[str, str]:
        """The keys of what has to be built: the index but for the settings of its search, and its vectors."""
        return self.index.keys(lambda index: self.model_copy(update={"index": index})._index_key(documents))

    def _index_key(self, documents: Sequence[Document]) -> str:
        return self.key("index", [document.key for document in documents])

    def to_json(self) -> str:
        """The whole pipeline as JSON, every setting with its value."""
        return self.model_dump_json(indent=2)


def read_pipeline(text: str, name: str = "the pipeline") -> Pipeline:
    """A pipeline from its JSON. Raises SettingProblem, which names every setting that does not fit and what is allowed."""
    settings = read_json(text, name, "Export it again.")
    if isinstance(settings, dict) and isinstance(settings.get("version"), bool | float):  # Equal to 1, and yet no version.
        raise SettingProblem(f"{name}: version: {json.dumps(settings['version'])} does not fit: allowed is 1")
    try:
        return Pipeline.model_validate_json(json.dumps(settings), strict=True)
    except ValidationError as error:
        raise SettingProblem(f"{name}: {problems(error)}") from None


def problems(error: ValidationError) -> str:
    """What does not fit, one part a setting: its name, the value's fault, what is allowed."""
    return "; ".join(_problem(tuple(str(part) for part in one["loc"]), dict(one)) for one in error.errors())


def _problem(place: tuple[str, ...], one: dict[str, Any]) -> str:
    where, given = short(".".join(place) or "settings"), short(json.dumps(one["input"], default=str))
    if one["type"] == "extra_forbidden":
        return f"unknown field {where}; allowed: {', '.join(_fields(place))}"
    if one["type"].startswith("union_tag"):
        return f"{where}: kind must be one of {', '.join(options(UNIONS[place[0]]))}"
    if one["type"] in {"model_type", "dict_type"} and len(place) < 2:
        return f"{where}: {given} is not an object of settings; export a pipeline and edit it"
    fault = "" if one["type"] == "value_error" else f"{given} does not fit: "
    message = one["msg"].removeprefix("Value error, ")
    return f"{where}: {fault}{message[:1].lower()}{message[1:]}"


def _fields(place: tuple[str, ...]) -> list[str]:
    if len(place) > 2 and place[0] in UNIONS:
        return list(options(UNIONS[place[0]])[place[1]].model_fields)
    return list(Pipeline.model_fields)
