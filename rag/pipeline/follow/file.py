"""A conversation as a file of JSON: what was asked, how it was put, and what became of it."""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import FileProblem, SettingProblem
from rag.pipeline.follow.turn import Turn
from rag.pipeline.steps import LONGEST_QUESTION
from rag.strict import read_json
from rag.values import Citation, Outcome, Span

LARGEST = 8_000_000  # Bytes.
MOST = 200  # Turns; the first ones fall out.
LONGEST_TEXT = 20_000
REMEDY = "Give a file that --follow wrote, or the name of one that is not there yet."
Question = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Kept(BaseModel):
    """A part of the file; a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class KeptCitation(Kept):
    """A place of the first statement."""

    document: Text
    page: int | None
    printed: Text = ""
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    quote: Text
    source: int


class KeptTurn(Kept):
    """A question of the conversation."""

    question: Question
    asked: Question
    outcome: Outcome
    statement: Text
    patients: Annotated[list[Text], Field(max_length=1000)]
    citations: Annotated[list[KeptCitation], Field(max_length=1000)]


class KeptConversation(Kept):
    """The whole file."""

    conversation: Literal[1]
    turns: Annotated[list[KeptTurn], Field(max_length=MOST)]


def read_conversation(file: Path) -> tuple[Turn, ...]:
    """The turns in a file, none where it is not there yet. Raises FileProblem, which says what is wrong with it."""
    try:
        if not file.exists():
            return ()
        if file.stat().st_size > LARGEST:
            raise FileProblem(f"{file.name}: larger than {LARGEST:,} bytes, so it is no conversation. {REMEDY}")
        kept = KeptConversation.model_validate_json(json.dumps(read_json(file.read_bytes(), file.name, REMEDY)), strict=True)
    except OSError as error:
        raise FileProblem(f"{file}: cannot be read ({error.strerror}). Check the path.") from None
    except SettingProblem as problem:
        raise FileProblem(str(problem)) from None
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "the whole"
        raise FileProblem(f"{file.name}: no conversation: {place}: {error.errors()[0]['msg']}. {REMEDY}") from None
    return tuple(_turn(one) for one in kept.turns)


def write_conversation(file: Path, turns: Sequence[Turn]) -> None:
    """Puts the last turns into a file, all of it or nothing; only its owner may read a new one. Raises FileProblem."""
    body = {"conversation": 1, "turns": [turn_row(turn) for turn in turns[-MOST:]]}
    made = ""
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        handle, made = tempfile.mkstemp(dir=file.resolve().parent, prefix=f".{file.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(json.dumps(body, ensure_ascii=False, indent=1) + "\n")
            out.flush()
            os.fsync(out.fileno())
        os.chmod(made, mode)
        os.replace(made, file.resolve())
    except OSError as error:
        with suppress(OSError):
            os.unlink(made)
        raise FileProblem(f"{file}: cannot be written ({error.strerror}). Choose another place.") from None


def turn_row(turn: Turn) -> dict[str, Any]:
    """A turn as JSON."""
    return {
        "question": turn.typed,
        "asked": turn.asked,
        "outcome": turn.outcome,
        "statement": turn.statement[:LONGEST_TEXT],
        "patients": list(turn.patients),
        "citations": [
            {
                "document": one.span.document,
                "page": one.page,
                "printed": one.printed,
                "start": one.span.start,
                "end": one.span.end,
                "quote": one.quote[:LONGEST_TEXT],
                "source": one.source,
            }
            for one in turn.citations
        ],
    }


def _turn(kept: KeptTurn) -> Turn:
    citations = tuple(
        Citation(Span(one.document, one.start, one.end), one.quote, one.page, one.source, one.printed) for one in kept.citations
    )
    return Turn(kept.question, kept.asked, kept.outcome, kept.statement, tuple(kept.patients), citations)
