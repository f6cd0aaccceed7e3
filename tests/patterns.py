"""Every pattern of the package: those that its modules hold, those that stand in its source, and those of its rules."""

import ast
import functools
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import rag
from rag.rules import rules

ROOT = Path(rag.__file__).parent
FUNCTIONS = {"compile", "search", "finditer", "findall", "sub", "subn", "split"}
DEEPEST = 6
FITTED = {  # Kept by functions, and asked of a word, a sentence or a place alone.
    "rag.clinical.stamps._stamps": "match of a sentence, which is short where it is more",
    "rag.clinical.statuses._patterns": "search in the first 1,500 characters, fullmatch of a title",
    "rag.pipeline.follow.matters._sides": "fullmatch of a question's words",
    "rag.text.BULLET": "match at the head of a line",
    "rag.stages.models.thoughts.DROPPED": "match at the head of a reply",
    "rag.stages.models.lenient.ENDS": "match at a place",
}
HEAVY = ("rag.stages.embed", "rag.stages.reader.model", "rag.away", "rag.commands", "rag.keep")  # Models and servers.
REPEATED = re.compile(r"[*+]|\{\d*,")  # Without it a pattern takes no more than a fixed time at a place.


def collected() -> dict[str, re.Pattern[Any]]:
    """All patterns that are sought in texts, by where they stand, each once; those that whole words have to fit are left out."""
    found: dict[tuple[Any, int], tuple[str, re.Pattern[Any]]] = {}
    fitted = fitted_names()
    of_words = set(texts(rules("assertions")["patterns"]))
    modules = list(in_modules())
    known = [(_name(place), pattern) for place, pattern in modules if place in FITTED]
    for place, pattern in (*modules, *in_sources(), *in_rules()):
        imported = any(_name(place) == name and pattern is one for name, one in known)  # The same, under its name in a module.
        if place not in fitted and not imported and pattern.pattern not in of_words:
            found.setdefault((pattern.pattern, pattern.flags), (place, pattern))
    return {f"{place} {number}": pattern for number, (place, pattern) in enumerate(found.values())}


def _name(place: str) -> str:
    return place.rpartition(".")[2]


def fitted_names() -> set[str]:
    """The patterns of modules that are only ever asked whether a whole text, or its beginning, fits them."""
    sources = {
        f"rag.{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}".removesuffix(".__init__"): path.read_text("utf-8")
        for path in sorted(ROOT.rglob("*.py"))
    }
    found: dict[tuple[str, str], set[str]] = {}
    for module, text in sources.items():
        for name in set(re.findall(r"^([A-Z][A-Z_0-9]+)(?:: [^=\n]+)? = ", text, re.MULTILINE)):
            users = [
                other
                for other in sources.values()
                if other is text or re.search(rf"from {module} import\b[^)]*?\b{name}\b", other)
            ]
            found[module, name] = {
                way for user in users for way in re.findall(rf"(?<![\w.]){name}\b(?!(?:: [^=\n]+)? = )(\.\w+)?", user)
            }
    whole = {key for key, ways in found.items() if ways - {""} and ways - {""} <= {".fullmatch", ".match", ".pattern"}}
    return {f"{module}.{name}" for module in sources for defined, name in whole if defined == module or name in sources[module]}


def in_modules() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Patterns among the values of modules, of what they hold, and of what their functions without arguments keep."""
    for name in modules():
        try:
            module = importlib.import_module(name)
        except ImportError:  # A package that it needs is not installed.
            continue
        for key, value in list(vars(module).items()):
            if callable(value) and getattr(value, "__module__", name) != name:
                continue
            for pattern in within(value, DEEPEST):
                yield f"{name}.{key}", pattern


def modules() -> list[str]:
    found = (one.name for one in pkgutil.walk_packages([str(ROOT)], "rag."))
    return sorted(name for name in found if not name.startswith(HEAVY) and not name.endswith(("__main__", "apart_reader")))


def within(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from within(one, depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from within(one, depth - 1)
    elif depth and isinstance(value, functools.partial):
        yield from within((*value.args, *value.keywords.values(), getattr(value.func, "__self__", None)), depth - 1)
    elif isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__
    elif depth and hasattr(value, "cache_info") and not inspect.signature(value).parameters:
        try:
            kept = value()
        except Exception:  # What it reads is not on this machine.
            return
        yield from within(kept, depth - 1)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        yield from within([getattr(value, one.name) for one in fields(value)], depth - 1)
    elif depth and type(value).__module__.startswith("rag.") and hasattr(value, "__dict__"):
        yield from within(list(vars(value).values()), depth - 1)


def in_sources() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Patterns that stand as literals in calls of `re`."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        values = [node.value for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None]
        named = {id(node) for value in values for node in ast.walk(value)}  # Found in their modules.
        for node in ast.walk(tree):
            if id(node) in named:
                continue
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS and node.args
            ):
                continue
            first = node.args[0]
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if of_re and isinstance(first, ast.Constant) and isinstance(first.value, (str, bytes)):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", re.compile(first.value, flags_of(node))


def flags_of(call: ast.Call) -> int:
    """The flags that a call of `re` names."""
    told = [node.attr for one in (*call.args[1:], *(word.value for word in call.keywords)) for node in ast.walk(one)
            if isinstance(node, ast.Attribute)]  # fmt: skip
    return functools.reduce(lambda before, name: before | getattr(re, name, 0), filter(str.isupper, told), 0)


def in_rules() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Texts of the rules that can be read as patterns; examples and explanations are none, whatever signs stand in them."""
    for path in sorted((ROOT / "rules").glob("*.json")):
        for text in texts(json.loads(path.read_text("utf-8")), but=("example", "about")):
            if REPEATED.search(text):
                try:
                    yield path.name, re.compile(text, re.IGNORECASE)
                except re.error:  # A part of a pattern, or no pattern.
                    continue


def texts(value: Any, but: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in but:
                yield from texts(one, but)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, but)
