"""Settings that make no sense together, each with the mend; and the difference between two pipelines in a few words."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.titles import TITLES, setting, title
from rag.stages.embed.minilm import MiniLM
from rag.stages.index.base import Index
from rag.stages.index.local import Hnsw
from rag.stages.refuse.evidence import Evidence
from rag.stages.rerank.keep import Keep
from rag.stages.rerank.late import LateInteraction
from rag.stages.retrieve import Convex, Dense, ReciprocalRank, Terms
from rag.wordpiece import installed, token_count

Advice = tuple[str, Pipeline]
LOOKED_AT = 40  # Passages whose length stands for all.
LONG = 24


def advice(pipeline: Pipeline, index: Index | None = None) -> list[Advice]:
    """What makes no sense in these settings, each with the pipeline that mends it.

    A pipeline that was made without validation is looked at too: what keeps it from being valid comes first, and a mend is
    left out where the pipeline stays invalid for a reason not known here. With an index, its passages are looked at too.
    """
    found = [*_faults(pipeline), *_pointless(pipeline)]
    if index is not None and _is_sound(pipeline):
        found += _against(pipeline, index)
    return [(text, sound) for text, changed in found if (sound := _sound(changed)) is not None]


def _set(pipeline: Pipeline, stage: str, **changed: object) -> Pipeline:
    return pipeline.model_copy(update={stage: getattr(pipeline, stage).model_copy(update=changed)})


def _is_sound(pipeline: Pipeline) -> bool:
    try:
        Pipeline.model_validate(pipeline.model_dump(warnings=False))
    except ValidationError:
        return False
    return True


def _sound(pipeline: Pipeline) -> Pipeline | None:
    """The pipeline with all its other faults mended too, or None where one stays."""
    for _ in range(len(UNIONS)):
        if _is_sound(pipeline):
            return Pipeline.model_validate(pipeline.model_dump(warnings=False))
        fault = next(_faults(pipeline), None)
        if fault is None:
            return None
        pipeline = fault[1]
    return None


def _faults(pipeline: Pipeline) -> Iterator[Advice]:
    """What a valid pipeline cannot have."""
    chunk, retrieve, rerank = pipeline.chunk, pipeline.retrieve, pipeline.rerank
    size, overlap = getattr(chunk, "size", None), getattr(chunk, "overlap", None)
    if size is not None and overlap is not None and overlap >= size:
        yield f"The overlap {overlap} is not below the size {size}.", _set(pipeline, "chunk", overlap=size // 5)
    if rerank.top > retrieve.candidates:
        text = f"The reranker is to keep {rerank.top} passages, but only {retrieve.candidates} candidates reach it."
        yield text, _set(pipeline, "retrieve", candidates=rerank.top)
    if rerank.reads_tokens and not pipeline.embed.has_tokens:
        text = f"{title('rerank', 'late')} needs token vectors, which {title('embed', pipeline.embed.kind)} does not make."
        if installed():
            yield text, pipeline.model_copy(update={"embed": MiniLM()})
        yield text, pipeline.model_copy(update={"rerank": Keep(top=rerank.top)})


def _pointless(pipeline: Pipeline) -> Iterator[Advice]:
    """What is valid and does nothing, or nothing good."""
    retrieve, rerank, index = pipeline.retrieve, pipeline.rerank, pipeline.index
    most = _highest(pipeline)
    if most is not None and retrieve.minimum > most:
        scores = title("retrieve", retrieve.kind)
        text = f"No passage can reach the minimum score {retrieve.minimum:g}: scores of {scores} end at {most:.3g}."
        yield text, _set(pipeline, "retrieve", minimum=0.0)
    if isinstance(retrieve, Convex) and retrieve.weight in {0.0, 1.0}:
        kind: Callable[..., Terms | Dense] = Dense if retrieve.weight else Terms
        other = kind(**retrieve.model_dump(exclude={"kind", "weight"}))
        unused = "terms" if retrieve.weight else "vectors"
        text = (
            f"With a weight of {retrieve.weight:g} the {unused} are computed but never count: this is the retrieval "
            f"{title('retrieve', other.kind)} at twice the work."
        )
        yield text, pipeline.model_copy(update={"retrieve": other})
    if isinstance(retrieve, Convex) and 0 < retrieve.minimum <= 1:
        yield from _relative_minimum(pipeline, retrieve)
    if isinstance(rerank, LateInteraction) and rerank.weight == 0:
        text = "With a weight of 0 the reranker compares tokens and changes nothing."
        yield text, pipeline.model_copy(update={"rerank": Keep(top=rerank.top)})
    depth = getattr(rerank, "depth", None)
    if depth is not None and depth > retrieve.candidates:
        text = f"The reranker looks {depth} deep, but only {retrieve.candidates} candidates reach it."
        yield text, _set(pipeline, "rerank", depth=retrieve.candidates)
    elif depth is not None and depth < rerank.top:
        text = f"The reranker compares {depth} passages but keeps {rerank.top}: the last {rerank.top - depth} are not reranked."
        yield text, _set(pipeline, "rerank", depth=min(rerank.top, retrieve.candidates))
    if getattr(rerank, "balance", None) == 0:
        text = "With a balance of 0 the passages differ as much as they can, whatever the question."
        yield text, _set(pipeline, "rerank", balance=0.7)
    if isinstance(index, Hnsw) and retrieve.reads_vectors and index.effort < retrieve.candidates:
        text = f"The graph looks at {index.effort} passages for {retrieve.candidates} candidates, so neighbours are missed."
        yield text, _set(pipeline, "index", effort=min(max(128, retrieve.candidates), 1024))


def _relative_minimum(pipeline: Pipeline, retrieve: Convex) -> Iterator[Advice]:
    """A minimum score on scores that are scaled anew for each question; what does keep such questions unanswered."""
    text = (
        f"A minimum score of {retrieve.minimum:g} refuses no question: {title('retrieve', retrieve.kind)} scales the scores of "
        "each question anew, so that some passage always scores high, whatever is asked."
    )
    kept = pipeline.model_copy(update={"retrieve": retrieve.model_copy(update={"minimum": 0.0})})
    bar = pipeline.refuse if isinstance(pipeline.refuse, Evidence) else Evidence()
    bar = bar.model_copy(update={"below": max(bar.below, Evidence().below)})
    yield f"{text} What refuses is {setting('refuse', 'below')} ({bar.below:g}).", kept.model_copy(update={"refuse": bar})
    if pipeline.embed.knows_meaning:
        dense = Dense(**retrieve.model_dump(exclude={"kind", "weight"}))
        scores = title("retrieve", dense.kind)
        told = f"A minimum score on {scores} (cosines) means the same for every question: {retrieve.minimum:g} is kept there."
        yield told, pipeline.model_copy(update={"retrieve": dense})


def _highest(pipeline: Pipeline) -> float | None:
    """The highest score that a retriever can give, or None where there is none."""
    retrieve = pipeline.retrieve
    if isinstance(retrieve, ReciprocalRank):
        return 2 / (retrieve.smoothing + 1)
    return 1.0 if isinstance(retrieve, Convex | Dense) else None


def _against(pipeline: Pipeline, index: Index) -> Iterator[Advice]:
    """What makes no sense for the passages at hand."""
    prompt, top = pipeline.prompt, pipeline.rerank.top
    looked_at = index.chunks[:: max(1, len(index.chunks) // LOOKED_AT)]
    longest = max((len(chunk.text) for chunk in looked_at), default=0)
    if longest * top > 2 * prompt.budget:  # Else they fit: a token has a character at least, and mostly four.
        of = ((index.parent_of(chunk), index.documents[chunk.span.document]) for chunk in looked_at)
        mean = sum(token_count(prompt.source(1, chunk, document=document)) for chunk, document in of) / len(looked_at)
        fit = int(prompt.budget / max(mean, 1))
        if fit < top / 2:
            text = f"A budget of {prompt.budget:,} tokens holds about {fit} of the {top} passages kept."
            yield text, _set(pipeline, "prompt", budget=min(200_000, -(-int(1.2 * mean * top) // 100) * 100))
    if pipeline.retrieve.recency and not any(document.date for document in index.documents.values()):
        yield "No document has a date, so recency changes nothing.", _set(pipeline, "retrieve", recency=0.0)


def difference(before: Pipeline, after: Pipeline) -> str:
    """Every setting that differs between two pipelines, as the pages call it; "" for nothing.

    "Reranking: As found → Late interaction, Reranking · Passages kept (top): 8 → 14".
    """
    return ", ".join(words for name in UNIONS for words in _differing(name, before, after))


def _differing(name: str, before: Pipeline, after: Pipeline) -> Iterator[str]:
    """Of two options of a stage, the settings that both have; those of one alone come with it."""
    old, new = getattr(before, name).model_dump(), getattr(after, name).model_dump()
    if old["kind"] != new["kind"]:
        yield f"{TITLES[name]}: {title(name, old['kind'])} → {title(name, new['kind'])}"
    for field in new:
        if field != "kind" and field in old and old[field] != new[field]:
            words = f"{_short(old[field])} → {_short(new[field])}"
            short = len(words) <= 2 * LONG and "\n" not in words
            yield f"{setting(name, field)}: {words}" if short else f"{setting(name, field)} edited"


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value) or "none"
