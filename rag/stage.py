"""Stage, the one way to do one step; `options`, what a union offers; `fingerprint`, the name of settings and inputs."""

import ast
import hashlib
import inspect
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel, ConfigDict

RULES = Path(__file__).parent / "rules"
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

    Comments, layout and docstrings do not count; this module and the errors compute nothing and do not count either.
    """
    seen: dict[str, str] = {}
    read: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen or name in {__name__, "rag.errors"}:
            continue
        tree = _parsed(inspect.getsource(sys.modules[name]))
        waiting += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and _is_ours(node.module)]
        read |= {str(node.args[0].value) for node in ast.walk(tree) if _reads_rules(node)}  # type: ignore[attr-defined]
        seen[name] = ast.dump(_without_docstrings(tree))
    for name in read:
        seen[f"{name}.json"] = RULES.joinpath(f"{name}.json").read_text("utf-8")
    return fingerprint(*(part for name in sorted(seen) for part in (name, seen[name])))


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


def _is_ours(module: str | None) -> TypeGuard[str]:
    return module is not None and module.startswith("rag.") and module in sys.modules


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree
