"""What a server refuses of a request, by its own reply: a parameter that can be left out, its value, the length, the model."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from rag.rules import rules

RULES = rules("servers")
REFUSALS = [(rule["kind"], tuple(rule["words"])) for rule in RULES["refusals"]]
NAMES = {rule["name"]: tuple(rule["words"]) for rule in RULES["parameters"]}
VALUES = tuple(RULES["values"])
LIMITS = ("max_tokens", "max_completion_tokens")
LONGEST_REPLY = 1000  # It may repeat the prompt behind that.


@dataclass(frozen=True)
class Refused:
    """What a server does not take: a parameter, its value, the length of the prompt, the model, the content, or the bill.

    `named` is the parameter where it is one of those that were sent, else "".
    """

    kind: Literal["parameter", "value", "window", "model", "filter", "quota"]
    named: str = ""


def refused(error: BaseException | None, sent: frozenset[str]) -> Refused | None:
    """What the reply behind an error refuses, of the parameters that were `sent`; None where it does not say.

    Only names from `rag/rules/servers.json` are taken out of a reply, since it may repeat the prompt.
    """
    told, params = _told(error)
    if not told and not params:
        return None
    for kind, words in REFUSALS:
        if any(word in told for word in words):
            return Refused(kind)
    named = next((name for param in params for name in _named(param, sent)), "") or next(iter(_named(told, sent)), "")
    if not named:
        return None
    return Refused("value" if named in LIMITS and any(word in told for word in VALUES) else "parameter", named)


def _named(told: str, sent: frozenset[str]) -> list[str]:
    """The parameters named in a text, of those sent, in the order in which they stand there."""
    if told in NAMES:
        return [told] if told in sent else []
    places = {
        name: min((at for word in NAMES[name] if (at := told.find(word)) >= 0), default=-1) for name in NAMES if name in sent
    }
    return sorted((name for name, at in places.items() if at >= 0), key=lambda name: places[name])


def _told(error: BaseException | None) -> tuple[str, list[str]]:
    """What a server said of its error, in lower case, and the parameters that it named apart."""
    texts: list[str] = []
    params: list[str] = []
    while error is not None:
        for found in (body_of(error), getattr(error, "param", None), getattr(error, "code", None), getattr(error, "error", None)):
            _gather(found, texts, params, 0)
        if isinstance(getattr(error, "param", None), str):
            params.append(str(error.param).lower())  # type: ignore[attr-defined]
        error = error.__cause__
    return " ".join(texts).lower()[:LONGEST_REPLY], params


def body_of(error: BaseException) -> Any:
    """What a server's reply behind an error holds, as JSON where it is such, else as text; None where there is none."""
    body, response = getattr(error, "body", None), getattr(error, "response", None)
    if body is not None or response is None:
        return body
    try:
        text = response["Error"] if isinstance(response, dict) else response.text
    except Exception:  # A body that was not read, or of a kind that is not known.
        return None
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return text


def _gather(found: Any, texts: list[str], params: list[str], depth: int) -> None:
    """The texts in a reply of any make; what stands under "param" or "loc" names a parameter."""
    if depth > 5 or len(texts) > 100:
        return
    if isinstance(found, str):
        texts.append(found[:LONGEST_REPLY])
    elif isinstance(found, list):
        for one in found[:20]:
            _gather(one, texts, params, depth + 1)
    elif isinstance(found, dict):
        for name, value in list(found.items())[:20]:
            if name in {"param", "loc", "parameter"}:
                params += [str(one).lower() for one in (reversed(value) if isinstance(value, list) else [value]) if one]
            elif name != "input":  # Where some repeat what was sent.
                _gather(value, texts, params, depth + 1)
