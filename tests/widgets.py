"""Finds a page's widgets in its tests."""

import re
from collections.abc import Iterable
from typing import Any


def widget(drawn: Iterable[Any], key: str) -> Any:
    """The one widget of this key, however often a pipeline was opened since the session began."""
    (found,) = (one for one in drawn if re.fullmatch(rf"{re.escape(key)}(-\d+)?", str(one.key)))
    return found
