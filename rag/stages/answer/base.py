"""What every answerer shares: the call that streams, and the step from sources to citations."""

from collections.abc import Generator, Sequence
from typing import ClassVar

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Citation, Draft, Hit, Prompt, Span


class Answering(Stage):
    """A way to answer from a prompt."""

    asks_model: ClassVar[bool] = False

    def phrased(self, prompt: Prompt) -> Prompt:
        """The prompt with what this answerer asks for besides: byte for byte what is sent. Done twice it is the same."""
        return prompt

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        """Yields the answer's text as it comes, and returns the draft with its claims."""
        raise TypeError(f"{type(self).__name__} does not answer")


def citation(hit: Hit, number: int, index: Index, start: int, end: int) -> Citation:
    """The citation of these characters of the document behind source `number`."""
    document = index.documents[hit.chunk.span.document]
    page = document.page_at(start)
    span = Span(document.name, start, end)
    return Citation(span, document.text[start:end], page.number if page else None, number, page.printed if page else "")


def whole(sources: Sequence[Hit], index: Index) -> tuple[Citation, ...]:
    """The sources of a prompt, all of each, as citations with their numbers."""
    return tuple(citation(hit, number, index, hit.chunk.span.start, hit.chunk.span.end) for number, hit in enumerate(sources, 1))
