"""What every prompt shares: texts for the model, a template with two places, order, budget and marking of the sources."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from rag.stage import Stage
from rag.stages.prompt.marking import STAND_IN, TOLD, Marking, marked, marker_for
from rag.values import Chunk, Document, Hit, Message, Omitted, Prompt
from rag.wordpiece import token_count

PLACES = re.compile(r"\{(sources|question)\}")
LONGEST = 8000
INDENT = "  "
LEFT_OUT = "[left out: {kind}]"
FLAGGED = {"instruction": "it reads like an instruction", "hidden": "a reader does not see it"}
NO_DOCUMENTS: Mapping[str, Document] = MappingProxyType({})


def marking_field(default: Marking) -> Any:
    """The setting of how sources are marked."""
    return Field(
        default=default,
        description=(
            "Sets sources apart from instructions. delimiters: a tag no source can know; words: a marker for every blank, three "
            "times the tokens; base64: encoded, for the largest models only"
        ),
    )


class Prompting(Stage):
    """A way to put passages and question to a model."""

    system: str = Field(default="", max_length=LONGEST, description="What the model is told about its task")
    template: str = Field(default="{sources}\n\n{question}", max_length=LONGEST, description="Holds {sources} and {question}")
    budget: int = Field(
        default=6000,
        ge=200,
        le=200_000,
        description="Most tokens of sources; the last are left out, never the first",
    )
    order: Literal["best first", "best at both ends"] = Field(
        default="best first",
        description="How sources stand; models overlook the middle of a long prompt (Liu et al., 2024). Numbers stay the ranks",
    )
    marking: Marking = marking_field("none")
    examples: str = Field(default="", max_length=LONGEST, description="Examples of questions with good answers, if any")
    by_type: dict[str, str] = Field(
        default={},
        description="Told as well where a source is of this type of document; one a line, like policy: Name its number.",
    )

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        missing = {"sources", "question"} - set(PLACES.findall(self.template))
        if missing:
            wanted = " and ".join(f"{{{name}}}" for name in sorted(missing))
            raise ValueError(f"the template lacks {wanted}; add it where it belongs")
        return self

    @field_validator("by_type", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return read_types(given) if isinstance(given, str) else given

    @field_validator("by_type")
    @classmethod
    def _tidied(cls, given: dict[str, str]) -> dict[str, str]:
        size = sum(map(len, given.values()))
        if size > LONGEST:
            raise ValueError(f"the texts by type have {size:,} characters; at most {LONGEST:,} are allowed, shorten them")
        return {name.strip().lower(): text.strip() for name, text in given.items() if text.strip()}

    def passage(self, chunk: Chunk, document: Document | None = None) -> str:
        """What the model reads of a passage, and of its document where that is known."""
        raise TypeError(f"{type(self).__name__} does not write sources")

    def label(self, number: int) -> str:
        """What stands before a source, outside of its marking."""
        return ""

    def source(self, number: int, chunk: Chunk, marker: str = "", document: Document | None = None) -> str:
        """One passage as it stands in the prompt. Without the prompt's own marker one of the same length stands in for it."""
        text = marked(self.marking, self.passage(chunk, document), marker or STAND_IN[self.marking])
        label = self.label(number)
        between = "\n" if self.marking == "delimiters" else " "
        return f"{label}{between}{text}" if label else text

    def __call__(self, question: str, hits: list[Hit], documents: Mapping[str, Document] = NO_DOCUMENTS) -> Prompt:
        """The messages for a question. Tokens are WordPiece tokens; a chat model's own count differs by some per cent.

        `documents` by name tell titles, dates, editions and types of the sources.
        """
        of = [documents.get(hit.chunk.span.document) for hit in hits]
        texts = [self.passage(hit.chunk, document) for hit, document in zip(hits, of, strict=True)]
        marker = marker_for(self.marking, question, texts)
        parts: list[str] = []
        used = needed = 0
        for number, (hit, document) in enumerate(zip(hits, of, strict=True), 1):
            part = self.source(number, hit.chunk, marker, document)
            needed = token_count(part)
            if parts and used + needed > self.budget:
                break
            parts.append(part)
            used += needed
        sources = tuple(hits[: len(parts)])
        filled = {"sources": "\n\n".join(self._ordered(parts)), "question": question}
        user = PLACES.sub(lambda place: filled[place[1]], self.template)
        system = "\n\n".join(self._told(sources, documents, marker))
        messages = (*([Message("system", system)] if system else []), Message("user", user))
        size = sum(token_count(message.content) for message in messages)
        omitted = tuple(self._omitted(hits[len(parts) :], len(parts) + 1, needed, used))
        return Prompt(question, messages, sources, size, len(omitted), omitted)

    def _ordered(self, parts: list[str]) -> list[str]:
        """The sources as they stand: from the best on, or the best at the beginning, the next at the end, and so on."""
        return parts if self.order == "best first" else [*parts[::2], *reversed(parts[1::2])]

    def _told(self, sources: tuple[Hit, ...], documents: Mapping[str, Document], marker: str) -> Iterator[str]:
        """The parts of the system text."""
        if self.system:
            yield self.system
        named = (documents.get(hit.chunk.span.document) for hit in sources)
        types = dict.fromkeys(document.type for document in named if document)
        yield from (self.by_type[kind] for kind in types if self.by_type.get(kind))
        if self.examples.strip():
            yield f"Examples:\n\n{self.examples}"
        if sources and self.marking != "none":
            yield TOLD[self.marking].format(marker=marker)

    def _omitted(self, hits: list[Hit], first: int, needed: int, used: int) -> Iterator[Omitted]:
        for number, hit in enumerate(hits, first):
            left = f"needs {needed:,} tokens; {self.budget - used:,} of the budget of {self.budget:,} were left"
            yield Omitted(hit, left if number == first else f"stands after passage {first}, which did not fit")


def readable(chunk: Chunk, document: Document | None) -> str:
    """The text of a passage as a model may read it: without what the screen took for an instruction or hidden text."""
    pieces, at = [], chunk.span.start
    for flag in sorted(document.flags if document else (), key=lambda one: one.start):
        low, high = max(flag.start, at), min(flag.end, chunk.span.end)
        if low < high:
            left = LEFT_OUT.format(kind=FLAGGED.get(flag.kind, flag.kind))
            pieces += [chunk.text[at - chunk.span.start : low - chunk.span.start], left]
            at = high
    return "".join([*pieces, chunk.text[at - chunk.span.start :]])


def read_types(text: str) -> dict[str, str]:
    """Texts by type from lines like "policy: Name its number."; a line that begins with a blank goes on with the one above.

    Raises ValueError for a line that does neither.
    """
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, rest = line.partition(":")
        if not line.strip() or (found and line[0].isspace()):
            last.append(line.removeprefix(INDENT))
        elif colon and name.strip() and len(name) <= 40:
            last = found.setdefault(name, [])
            last.append(rest.lstrip())
        else:
            raise ValueError(f"line {number} names no type; write it like policy: Name its number, or begin it with a blank")
    return {name: "\n".join(lines) for name, lines in found.items()}


def written_types(by_type: Mapping[str, str]) -> str:
    """The lines that `read_types` reads."""
    texts = {name: text.replace("\n", f"\n{INDENT}") for name, text in by_type.items()}
    return "\n".join(f"{name}: {text}" for name, text in texts.items())
