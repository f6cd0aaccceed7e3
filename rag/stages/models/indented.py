"""YAML as models write an answer in place of JSON: every scalar as its text, with colons and quotation marks left unquoted."""

import json
import re
from typing import Any

LONGEST = 60_000
DEEPEST = 12
UNFINISHED = 4  # Lines of a reply that was cut off that may be left out at its end.
FENCE = re.compile(r"(?P<fence>```|~~~)[ \t]*(?:ya?ml)?[ \t]*\n(?P<body>.*?)(?:\n[ \t]*(?P=fence)|\Z)", re.S | re.I)
NOTHING = {"", "null", "~", "none"}
UNQUOTED = re.compile(
    r"^(?P<lead>[ \t]*(?:- )?[\"']?[A-Za-z_ ]{1,40}[\"']?:[ \t]+|[ \t]*- )(?P<value>[^\s\"'\[{|>#&*!-].*)$", re.M
)
NAMED = re.compile(r"[\"']?[A-Za-z_ ]{1,40}[\"']?:(?:\s|$)")


def yaml_in(text: str, names: tuple[str, ...], cut: bool = False) -> Any:
    """The YAML of a text that is, or fences, a mapping or a list of mappings that begins with one of these names; else None."""
    body = _body(text, names)
    if body is None or len(body) > LONGEST:
        return None
    lines = body.split("\n")
    for shorter in range(UNFINISHED + 1 if cut else 1):
        tried = "\n".join(lines[: len(lines) - shorter])
        for written in (tried, UNQUOTED.sub(_quoted, tried)):
            found = _loaded(written)
            if isinstance(found, dict | list):
                return found
    return None


def _body(text: str, names: tuple[str, ...]) -> str | None:
    begins = re.compile(rf"(?:---[ \t]*\n)?\s*(?:-[ \t]+)?[\"']?(?:{'|'.join(names)})[\"']?[ \t]*:(?=\s)", re.I)
    bodies = [*(fenced["body"] for fenced in FENCE.finditer(text[:LONGEST])), text.strip().removeprefix("\ufeff")]
    return next((body.expandtabs(2) for body in bodies if begins.match(body)), None)


def _quoted(line: re.Match[str]) -> str:
    """A value as a quoted one, where it is no value in a list of its own ("- text: …")."""
    if line["lead"].strip() == "-" and NAMED.match(line["value"]):
        return line[0]
    return line["lead"] + json.dumps(line["value"].rstrip(), ensure_ascii=False)


def _loaded(written: str) -> Any:
    """Plain YAML without references, tags and deep nesting; None where it is none."""
    import yaml

    depth = 0
    try:
        for event in yaml.parse(written, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
                return None
        return _plain(yaml.load(written, Loader=yaml.BaseLoader))
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        return None


def _plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {str(name): _plain(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_plain(one) for one in found]
    return None if str(found).strip().lower() in NOTHING else found
