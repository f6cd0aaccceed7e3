"""Stage, the one way to do one step; `options`, what a union offers; `fingerprint`, the name of settings and inputs."""

import ast
import hashlib
import inspect
import sys
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict


class Stage(BaseModel):
    """One way to do one step. Its fields are its settings; calling it does the work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def help(cls) -> str:
        """The sentence that a user reads beside this option."""
        return inspect.cleandoc(cls.__doc__ or "")

    def key(self) -> str:
        """A fingerprint of these settings and of the code that computes them."""
        return fingerprint(self.model_dump_json(), _code(type(self).__module__))


def options(union: Any) -> dict[str, type[Stage]]:
    """The stages that a union such as `Chunker` offers, by kind, the baseline first."""
    return {stage.model_fields["kind"].default: stage for stage in get_args(get_args(union)[0])}


def fingerprint(*parts: str) -> str:
    """A short name (24 hexadecimal digits) for these parts, in this order."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@cache
def _code(module: str) -> str:
    """The version of a module's code: its syntax tree, so that comments and layout do not count."""
    return fingerprint(ast.dump(ast.parse(inspect.getsource(sys.modules[module]))))
