"""Reading what chat models send, however they send it: thoughts left out, JSON found, lists without their bullets."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

OPENED, CLOSED = "<think>", "</think>"
FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.S | re.I)
START = re.compile(r"\{|\[(?!\s*\d+\s*(?:[,;]\s*\d+\s*)*\])")  # A list of numbers alone is a source mark.
TRAILING = re.compile(r",(?=\s*[\]}])")
BULLET = re.compile(r"^(?:[-*•–]+|\(?\d{1,3}[.):]|[a-z][.)])\s+|^(?:query|question|sub-?question)\s*\d*\s*:\s*", re.I)
QUOTES = "\"'“”‘’`*_ \t"


def spoken(parts: Iterable[str]) -> Iterator[str]:
    """A stream without the thoughts that a thinking model puts in front of its answer, and without blanks before it."""
    held, thinking, begun = "", False, False
    for part in parts:
        if begun:
            yield part
            continue
        held = (held + part).lstrip()
        if held.startswith(OPENED):
            thinking = True
        if thinking and CLOSED in held:
            held, thinking = held.split(CLOSED, 1)[1].lstrip(), False
        if held and not thinking and not OPENED.startswith(held):
            begun = True
            yield held
    if held and not begun and not thinking:
        yield held


def json_in(text: str) -> Any:
    """The first JSON object or list in a text, in a fence or among words, with or without trailing commas.

    Raises ValueError with what is wrong, in words that can be sent back to the model.
    """
    fenced = FENCE.search(text)
    for body in [fenced[1], text] if fenced else [text]:
        start = START.search(body)
        if not start:
            continue
        rest = body[start.start() :]
        for written in (rest, TRAILING.sub("", rest)):
            try:
                return json.JSONDecoder().raw_decode(written)[0]
            except json.JSONDecodeError as error:
                fault = f"{error.msg}, line {error.lineno}, column {error.colno}"
            except (RecursionError, ValueError):
                fault = "nested too deeply, or a number is too long"
        if body is text:
            raise ValueError(f"it is not valid JSON: {fault}")
    raise ValueError("it holds no JSON")


def texts_in(text: str, most: int, longest: int) -> list[str]:
    """The texts of a list that a model wrote as JSON or line by line: each once, without bullets and quotation marks."""
    try:
        found = json_in(text)
    except ValueError:
        found = None
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), None)
    lines = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    if not lines:
        lines = [line for line in text.splitlines() if not line.rstrip().endswith(":") and not line.startswith("```")]
    plain = (" ".join(BULLET.sub("", line.strip()).strip(QUOTES).split())[:longest].strip() for line in lines)
    once = {line.lower(): line for line in reversed([line for line in plain if any(map(str.isalnum, line))])}
    return list(reversed(once.values()))[:most]
