"""Any LangChain document compressor as a reranker, by a name from a list that only code can lengthen."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

from pydantic import Field

from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.governance.egress import permit, permit_tracing
from rag.keep.artifacts import text_key
from rag.places import cache_folder
from rag.stage import fingerprint
from rag.stages.hub import fetched, missing
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.stages.models.providers import LOCAL
from rag.stages.rerank.keep import Reranking
from rag.values import Chunk, Hit, Message, Span

PASSAGE = "passage"
SCORE = "relevance_score"
RESULTS_KEPT = 512


@dataclass(frozen=True, slots=True)
class Kept:
    """What a compressor left of a passage: its place among those handed over, its stretches of text, and its score if any."""

    at: int
    stretches: tuple[tuple[int, int], ...]
    score: float | None


class Compressor(Reranking):
    """A LangChain document compressor orders the passages, leaves some out or shortens them to exact stretches."""

    kind: Literal["compressor"] = "compressor"
    name: str = Field(
        default="flashrank",
        max_length=60,
        description="flashrank (on this machine), cohere, jina (hosted), extract, filter (a chat model), or a registered one",
    )
    model: str = Field(default="", max_length=200, description="The model's name as the compressor knows it; empty for its own")
    base_url: str = Field(
        default=LOCAL, max_length=300, description="The OpenAI-compatible server of the chat model, for extract and filter"
    )
    depth: int = Field(default=20, ge=1, le=200, description="Candidates handed over; the rest are left out")

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        near = hits[: self.depth]
        if not near:
            return []
        key = fingerprint(self.model_dump_json(), question, *(text_key(hit.chunk.text) for hit in near))
        kept: list[Kept] = index.artifacts.remembered(
            key, lambda: self._compressed(question, [hit.chunk.text for hit in near]), "compressor", RESULTS_KEPT
        )
        found: list[Hit] = []
        for one in kept:
            hit = near[one.at]
            score = hit.score if one.score is None else one.score
            for stretch in one.stretches:
                score = min(score, found[-1].score) if found else score
                found.append(replace(hit, chunk=_cut(hit.chunk, stretch)).after(self.name, score, len(found) + 1))
        return found[: self.top]

    def _compressed(self, question: str, texts: Sequence[str]) -> list[Kept]:
        """What the compressor leaves of these texts, in its order. Raises ModelProblem."""
        from langchain_core.documents import Document

        permit_tracing()
        documents = [Document(text, metadata={PASSAGE: at}) for at, text in enumerate(texts)]
        try:
            given = list(self._made().compress_documents(documents, question))
        except WorkbenchError:
            raise
        except ImportError as error:
            package = (error.name or self.name).split(".")[0].replace("_", "-")
            raise ModelProblem(f"{self.name} needs a package. Install it with: pip install {package}") from None
        except Exception as error:  # Every compressor has its own kinds; its message may hold text.
            raise ModelProblem(f"The compressor {self.name} failed ({type(error).__name__}). Check its model and key.") from None
        kept: dict[int, Kept] = {}
        for one in given:
            if not one.page_content.strip():
                continue
            at = one.metadata.get(PASSAGE)
            if not isinstance(at, int) or not 0 <= at < len(texts):
                at = next((place for place, text in enumerate(texts) if text == one.page_content), -1)
            if at < 0:
                raise ModelProblem(
                    f"{self.name} gave a passage that it was not handed. Only passages of the documents can be quoted; "
                    "choose a compressor that orders or shortens."
                )
            score = one.metadata.get(SCORE)
            stretches = tuple(aligned(one.page_content, texts[at]))
            if not stretches:
                raise ModelProblem(
                    f"{self.name} reworded passage {at + 1}. A quotation must stand in the document word for word; "
                    "choose a compressor that orders or shortens."
                )
            kept.setdefault(at, Kept(at, stretches, None if score is None else float(score)))
        return list(kept.values())

    def _made(self) -> Any:
        if self.name not in COMPRESSORS:
            raise SettingProblem(f"No compressor {self.name!r}. Allowed: {', '.join(sorted(COMPRESSORS))}.")
        return COMPRESSORS[self.name](self)


def aligned(shortened: str, text: str) -> list[tuple[int, int]]:
    """The stretches of a text that together are a shortened version of it, in order; none where it was reworded.

    Blanks may differ. Lines may stand apart in the text; those that follow each other there are one stretch.
    """
    whole = _place(shortened, text, 0)
    if whole:
        return [whole]
    found: list[tuple[int, int]] = []
    for line in filter(str.strip, shortened.splitlines()):
        place = _place(line, text, found[-1][1] if found else 0)
        if place is None:
            return []
        if found and not text[found[-1][1] : place[0]].strip():
            found[-1] = (found[-1][0], place[1])
        else:
            found.append(place)
    return found


def _place(piece: str, text: str, start: int) -> tuple[int, int] | None:
    words = piece.split()
    match = re.compile(r"\s+".join(map(re.escape, words))).search(text, start) if words else None
    return match.span() if match else None


def _cut(chunk: Chunk, stretch: tuple[int, int]) -> Chunk:
    start, end = stretch
    if chunk.text[start:end].strip() == chunk.text.strip():
        return chunk
    span = Span(chunk.span.document, chunk.span.start + start, chunk.span.start + end)
    return replace(chunk, span=span, text=chunk.text[start:end], parent=None)


def _flashrank(stage: Compressor) -> Any:
    flashrank = import_module("flashrank")
    from langchain_community.document_compressors.flashrank_rerank import DEFAULT_MODEL_NAME, FlashrankRerank

    model = stage.model or DEFAULT_MODEL_NAME
    if not (cache_folder() / model).is_dir():
        raise missing(model)
    ranker = flashrank.Ranker(model_name=model, cache_dir=str(cache_folder()))
    return FlashrankRerank(client=ranker, model=model, top_n=stage.top)


def fetch(model: str) -> bool:
    """Fetches a model of flashrank, as the set-up does; False where it has none of that name. Raises ModelProblem."""
    try:
        known = model in import_module("flashrank.Config").model_file_map
    except ImportError:
        return False
    if known:
        fetched(model, lambda: import_module("flashrank").Ranker(model_name=model, cache_dir=str(cache_folder())))
    return known


def _cohere(stage: Compressor) -> Any:
    home = "https://api.cohere.com"
    permit(home)
    return import_module("langchain_cohere").CohereRerank(model=stage.model or "rerank-v3.5", top_n=stage.top, base_url=home)


def _jina(stage: Compressor) -> Any:
    from langchain_community.document_compressors.jina_rerank import JINA_API_URL, JinaRerank

    permit(JINA_API_URL)
    if not os.environ.get("JINA_API_KEY"):
        raise ModelProblem("jina wants an API key. Set it in the environment: JINA_API_KEY.")
    made = JinaRerank(model=stage.model or "jina-reranker-v2-base-multilingual", top_n=stage.top)
    made.session.max_redirects = 0
    return made


def _extract(stage: Compressor) -> Any:
    from langchain_classic.retrievers.document_compressors.chain_extract import LLMChainExtractor

    return LLMChainExtractor.from_llm(_chat(stage))


def _filter(stage: Compressor) -> Any:
    from langchain_classic.retrievers.document_compressors.chain_filter import LLMChainFilter

    return LLMChainFilter.from_llm(_chat(stage))


def _chat(stage: Compressor) -> Any:
    """The chat model behind the gate, with its time-out and its count of tokens, as LangChain wants it."""
    from langchain_core.runnables import RunnableLambda

    chat = ChatModel(model=stage.model or "llama3.2", base_url=stage.base_url)
    return RunnableLambda(lambda prompt: chat.complete([Message("user", prompt.to_string())])[0])


COMPRESSORS: dict[str, Callable[[Compressor], Any]] = {
    "flashrank": _flashrank,
    "cohere": _cohere,
    "jina": _jina,
    "extract": _extract,
    "filter": _filter,
}


def register(name: str, make: Callable[[Compressor], Any]) -> None:
    """Offers a LangChain `BaseDocumentCompressor` under a name. Settings can only choose among names offered by code."""
    COMPRESSORS[name] = make
