"""What asking needs besides the stages: a question that can be asked, sources, watches, what an answerer leaves, digests."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from rag.errors import SettingProblem
from rag.stages.answer.base import citation
from rag.stages.index.base import Index
from rag.stages.index.copies import merged
from rag.stages.index.wider import widened
from rag.stages.models.usage import metered
from rag.strict import SURROGATE
from rag.values import Citation, Claim, Draft, Hit, Prompt, Span, Usage

LONGEST_QUESTION = 4000
MOST_RANKED = 200  # Passages that a reranker can keep.

Watch = Callable[[str], AbstractContextManager[object]]


def unwatched(stage: str) -> AbstractContextManager[object]:
    """A watch that does nothing."""
    return nullcontext()


def digests_of(hits: Sequence[Hit], claims: Sequence[Claim], index: Index) -> dict[str, str]:
    """The digests of the documents that passages and citations stand in, by name."""
    cited = (one.span.document for claim in claims for one in claim.citations)
    named = dict.fromkeys((*(hit.chunk.span.document for hit in hits), *cited))
    return {name: index.documents[name].digest for name in named if name in index.documents}


def sources_of(ranked: list[Hit], index: Index, top: int) -> list[Hit]:
    """At most `top` sources, none a copy of another."""
    sources = widened(ranked, index, top)
    kept = merged(sources, index, top)
    return kept if len(kept) == len(sources) else merged(widened(ranked, index, MOST_RANKED), index, top)


def checked(question: str) -> str:
    """The question without surrounding blanks. Raises SettingProblem where it is empty, too long or no text."""
    question = question.strip()
    if not question.isascii() and SURROGATE.search(question):
        raise SettingProblem("The question is not valid UTF-8: half of a character stands in it. Type it again.")
    if not question:
        raise SettingProblem("The question is empty. Type a question.")
    if len(question) > LONGEST_QUESTION:
        raise SettingProblem(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} are allowed. Shorten it."
        )
    return question


def drained(steps: Any, stream: Callable[[str], None] = lambda text: None) -> Draft:
    """What an answerer leaves when it has finished; `stream` is called with every piece."""
    while True:
        try:
            stream(next(steps))
        except StopIteration as done:
            draft: Draft = done.value
            return draft


def nearest(span: Span | None, hits: Sequence[Hit], prompt: Prompt, index: Index) -> Citation | None:
    """The citation of the sentence nearest to an answer, with the number of its source; 0 where that is not in the prompt."""
    hit = next((hit for hit in hits if span is not None and hit.chunk.span.holds(span)), None)
    if span is None or hit is None:
        return None
    return citation(hit, prompt.sources.index(hit) + 1 if hit in prompt.sources else 0, index, span.start, span.end)


def timed(ms: dict[str, float], usage: dict[str, Usage], watch: Watch) -> Watch:
    """The same watch, which also writes down the milliseconds of each stage and what the models that it asked took."""

    @contextmanager
    def around(stage: str) -> Iterator[None]:
        with watch(stage), metered() as meter:
            started = time.perf_counter()
            yield
            ms[stage] = 1000 * (time.perf_counter() - started)
        if meter.total.calls:
            usage[stage] = meter.total

    return around
