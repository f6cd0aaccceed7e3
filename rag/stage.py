"""Stage, the one way to do one step; `options`, what a union offers; `fingerprint`, the name of settings and inputs."""

import ast
import hashlib
import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict

PACKAGE = Path(__file__).parent
RULES = PACKAGE / "rules"
MOST_PARSES = 5
_PARSING = threading.Lock()


class Stage(BaseModel):
    """One way to do one step. Its fields are its settings; calling it does the work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def help(cls) -> str:
        """The sentence that a user reads beside this option."""
        return inspect.cleandoc(cls.__doc__ or "")

    def key(self) -> str:
        """A fingerprint of these settings and of the code that computes them."""
        return fingerprint(self.model_dump_json(), version(type(self).__module__))


def options(union: Any) -> dict[str, type[Stage]]:
    """The stages that a union such as `Chunker` offers, by kind, the baseline first."""
    return {stage.model_fields["kind"].default: stage for stage in get_args(get_args(union)[0])}


def fingerprint(*parts: str) -> str:
    """A short name (24 hexadecimal digits) for these parts, in this order."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def version(module: str) -> str:
    """The version of a module's code, made once. One thread at a time: CPython 3.11 miscounts where several parse at once."""
    with _PARSING:
        return _version(module)


@cache
def _version(module: str) -> str:
    """The version of a module's code with all of `rag` that it imports, and of the files of rules that it reads by name.

    What it imports within a function counts too, whether that has run in this process or not: a key is the same in all.
    Comments, layout and docstrings do not count; this module and the errors compute nothing and do not count either.
    """
    seen: dict[str, str] = {}
    read: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen or name in {__name__, "rag.errors"}:
            continue
        seen[name], imports, rules = _told(name)
        waiting += imports
        read |= rules
    for name in read:
        seen[f"{name}.json"] = RULES.joinpath(f"{name}.json").read_text("utf-8")
    return fingerprint(*(part for name in sorted(seen) for part in (name, seen[name])))


@cache
def _told(module: str) -> tuple[str, tuple[str, ...], frozenset[str]]:
    """A fingerprint of a module's code, what it imports of `rag`, and the files of rules that it reads by name."""
    tree = _parsed(_source(module))
    imports = tuple(_imports(tree))
    read = frozenset(str(node.args[0].value) for node in ast.walk(tree) if _reads_rules(node))  # type: ignore[attr-defined]
    return fingerprint(ast.dump(_without_docstrings(tree))), imports, read


def _source(module: str) -> str:
    if not module.startswith("rag."):  # A stage of somebody's own.
        return inspect.getsource(sys.modules[module])
    place = PACKAGE.joinpath(*module.split(".")[1:])
    return (place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text("utf-8")


def _parsed(code: str) -> ast.Module:
    """The tree of some code. Parsed once more where CPython 3.11 miscounted, since code of others parsed in another thread."""
    for _ in range(MOST_PARSES - 1):
        with suppress(SystemError):
            return ast.parse(code)
    return ast.parse(code)


def _reads_rules(node: ast.AST) -> bool:
    """Whether a node is a call such as `rules("headings")`."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rules"
    return named and bool(node.args) and isinstance(node.args[0], ast.Constant)  # type: ignore[attr-defined]


def _imports(tree: ast.Module) -> Iterator[str]:
    """The modules of `rag` that some code imports, but those for its types alone."""
    for_types = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = {one for node in for_types for part in node.body for one in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rag.") and node not in left_out:
            yield str(node.module)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree
