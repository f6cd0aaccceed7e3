"""Reading what chat models send, however they send it: thoughts left out, JSON found, lists without their bullets."""

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
from typing import Any

from rag.stages.models.lenient import Fault, lenient
from rag.stages.models.thoughts import Hearing

FENCE = re.compile(r"(?P<fence>```|~~~)[a-z0-9]{0,12}\s*(.*?)(?:(?P=fence)|\Z)", re.S | re.I)
MOST_TRIED = 4  # Fences, and places in a text where JSON may begin.
START = re.compile(r"\{|\[(?!\s*\d+\s*(?:[,;]\s*\d+\s*)*\])")  # A list of numbers alone is a source mark.
ESCAPED = re.compile(r"[\[{]\s*(?:\\n\s*)?\\\"")
NEXT = re.compile(r"\s*+(?:,\s*+)?\{")
BULLET = re.compile(r"^(?:[-*•–]+|\(?\d{1,3}[.):]|[a-z][.)])\s+|^(?:query|question|sub-?question)\s*+(?:\d{1,3}\s*+)?:\s*", re.I)
QUOTES = "\"'“”‘’`*_ \t"


def spoken(parts: Iterable[str]) -> Iterator[str]:
    """A stream without the thoughts of a thinking model, and without blanks before the answer."""
    return Hearing().parts(parts)


def json_in(text: str, cut: bool = False) -> Any:
    """The first JSON object or list in a text, in a fence or among words, also with the small faults that models make.

    Of a text that was `cut` what is whole is read. Raises ValueError with what is wrong, in words that can be sent back to the
    model.
    """
    return jsons_in(text, cut)[0]


def jsons_in(text: str, cut: bool = False) -> list[Any]:
    """All of them that stand one after the other, as in JSON lines. Raises as `json_in` does."""
    text = text.strip().removeprefix("\ufeff")
    faults: list[str] = []
    for body in [*(fenced[2] for fenced in islice(FENCE.finditer(text), MOST_TRIED)), _unwritten(text)]:
        for start in islice(START.finditer(body), MOST_TRIED):
            try:
                return _values(body, start.start(), cut)
            except Fault as fault:
                faults.append(str(fault))
                if ":" in body[start.start() : start.start() + fault.at]:
                    break  # What follows lies within it, and would be a part taken for the whole.
    raise ValueError(f"it is not valid JSON: {faults[0]}" if faults else "it holds no JSON")


def _unwritten(text: str) -> str:
    """JSON without a second writing: as a JSON string, with every quote escaped, or as HTML."""
    if ESCAPED.match(text):
        return text.replace("\\n", "\n").replace('\\"', '"')
    if "&quot;" in text and '"' not in text:
        return unescape(text)
    if text.startswith('"{') or text.startswith('"['):
        try:
            return str(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            pass
    return text


def _values(body: str, start: int, cut: bool) -> list[Any]:
    """The value that begins there and those that follow it with blanks or commas alone between. Raises Fault."""
    decoder = json.JSONDecoder(strict=False)
    found: list[Any] = []
    said = ""
    try:
        while True:
            value, end = decoder.raw_decode(body, start)
            found.append(value)
            following = NEXT.match(body, end)
            if not following:
                return found
            start = following.end() - 1
    except json.JSONDecodeError as error:
        said = f"{error.msg}, line {error.lineno}, column {error.colno}"
    except (RecursionError, ValueError):
        said = "nested too deeply, or a number is too long"
    if found:
        return found
    try:
        return [lenient(body[start:], cut)]
    except Fault as fault:
        raise Fault(said, fault.at) from None


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
