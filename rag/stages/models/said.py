"""What a server says of its error in words of its own, without a word of what was sent to it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rag.rules import rules
from rag.stages.models.parameters import body_of
from rag.values import Message

RULES = rules("servers")
WORD = re.compile(r"[^\W_]+")
KNOWN = frozenset(WORD.findall(" ".join(RULES["plain"]).lower()))
MESSAGES = ("message", "detail", "msg", "error_description", "error", "errors", "description", "title")
LONGEST, LONGEST_WORD, DEEPEST = 160, 20, 5
SHORTEST_PART = 3  # Letters from which the beginning of a word that was sent is hidden too.
HIDDEN = "…"


class ErrorInReply(Exception):
    """An error that a server sent in a reply that it marked as a success."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__("an error in a reply that is marked as a success")
        self.body = body
        code = next((one for one in _codes(body) if 400 <= one < 600), 200)
        self.status_code = code


def refuse_errors(response: Any) -> None:
    """A hook of an HTTP client: raises ErrorInReply where a server sends an error as JSON with the status 200."""
    if response.status_code != 200 or response.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return
    response.read()
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return
    if isinstance(body, dict) and body.get("error") and not body.get("choices"):
        raise ErrorInReply(body)


def said(error: BaseException | None, sent: Sequence[Message]) -> str:
    """The server's message behind an error, cut, with "…" for every word that stands in what was sent; "" where it has none."""
    written = next(filter(None, _messages(error)), "")
    if not written:
        return ""
    words = {word for message in sent for word in WORD.findall(message.content.lower())}
    begun = {word[:length] for word in words for length in range(SHORTEST_PART, len(word))}

    def shown(word: re.Match[str]) -> str:
        plain = word[0].lower()
        if plain in KNOWN:
            return word[0]
        mixed = len(plain) > LONGEST_WORD or (len(plain) > 7 and not plain.isalpha() and not plain.isdecimal())  # Perhaps a key.
        return HIDDEN if mixed or plain in words or plain in begun else word[0]

    told = WORD.sub(shown, written)
    told = re.sub(rf"{HIDDEN}(?:[\W_]*{HIDDEN})+", HIDDEN, told)
    cut = told if len(told) <= LONGEST else f"{told[:LONGEST].rpartition(' ')[0]} {HIDDEN}"
    return cut if any(map(str.isalpha, cut)) else ""


def _messages(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield " ".join(_message(body_of(error) or getattr(error, "error", None), 0).split())
        error = error.__cause__


def _message(body: Any, depth: int) -> str:
    """The message in a reply of any make; a page of HTML is none."""
    if depth > DEEPEST:
        return ""
    if isinstance(body, str):
        return "" if "<" in body[:200] else body[: 4 * LONGEST]
    if isinstance(body, list):
        return next(filter(None, (_message(one, depth + 1) for one in body[:5])), "")
    if isinstance(body, dict):
        return next(filter(None, (_message(body[name], depth + 1) for name in MESSAGES if name in body)), "")
    return ""


def _codes(body: dict[str, Any]) -> Iterator[int]:
    """Statuses in an error, as numbers or digits."""
    error = body.get("error")
    for holder in (error if isinstance(error, dict) else {}, body):
        for name in ("code", "status", "status_code"):
            if (found := str(holder.get(name))).isdecimal() and len(found) == 3:
                yield int(found)
