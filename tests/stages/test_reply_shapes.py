"""Every shape of a reply in `reply_shapes.jsonl` is read as it is meant, whole or in small pieces."""

import json
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ModelProblem
from rag.stages.answer.chat import Chat
from rag.stages.index.base import Index
from rag.values import Chunk, Draft, Hit, Message, Prompt, Span
from tests.fake_server import Script, Server

# Invented replies: pieces of text or deltas, how they end, and the statements, sources, refusal, notice or problem read of them.
SHAPES = [json.loads(line) for line in Path(__file__).with_name("reply_shapes.jsonl").read_text("utf-8").splitlines()]
THOUGHT = "could be 40 mg"
SMALL, WHOLE = 3, 10_000
CASES = [(shape, SMALL) for shape in SHAPES] + [(shape, WHOLE) for shape in SHAPES if THOUGHT in json.dumps(shape)]


def pieces(reply: str | list[Any], size: int) -> list[Any]:
    """A reply in pieces of so many characters; what is no plain text stays as it is."""
    parts = [reply] if isinstance(reply, str) else reply
    return [
        cut
        for part in parts
        for cut in ([part[at : at + size] for at in range(0, len(part), size)] if isinstance(part, str) else [part])
    ]


def three_sources(index: Index) -> Prompt:
    document = next(iter(index.documents.values()))
    spans = [Span(document.name, at, at + 60) for at in (0, 60, 120)]
    hits = tuple(Hit(Chunk(span, document.text[span.start : span.end]), 1.0) for span in spans)
    return Prompt("?", (Message("user", "?"),), hits, 1)


def drafted(shape: dict[str, Any], size: int, server: Server, index: Index) -> tuple[Draft, str]:
    server.script = Script(pieces(shape["reply"], size), shape.get("ending", "stop"))
    answering = Chat(model="scripted", base_url=server.url, retries=0, timeout=30.0, form=shape.get("form", "text"))
    asking, streamed = answering(three_sources(index), index), ""
    while True:
        try:
            streamed += next(asking)
        except StopIteration as done:
            return done.value, streamed


@pytest.mark.parametrize(("shape", "size"), CASES, ids=lambda one: one["name"] if isinstance(one, dict) else str(one))
def test_a_reply_of_any_shape_is_read_as_it_is_meant(shape: dict[str, Any], size: int, server: Server, index: Index) -> None:
    if "problem" in shape:
        with pytest.raises(ModelProblem, match=shape["problem"]):
            drafted(shape, size, server, index)
        return
    draft, streamed = drafted(shape, size, server, index)
    assert draft.refused == shape.get("refused", False)
    if "statements" in shape:
        assert [[claim.text, [one.source for one in claim.citations]] for claim in draft.claims] == shape["statements"]
    assert shape.get("notice", "") in draft.notice
    assert draft.notice == "" or draft.refused or shape.get("notice")
    assert draft.missing == () or "nothing missing" not in shape["name"]
    assert THOUGHT not in streamed and THOUGHT not in draft.text and THOUGHT not in draft.notice
