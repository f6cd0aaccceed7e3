"""Clinical knowledge as data: JSON files that a clinician can read, each rule with an example that a test runs."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def rules(name: str) -> Any:
    """The content of `rag/rules/NAME.json`."""
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text("utf-8"))
