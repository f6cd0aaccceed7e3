"""Tables as they are shown: a reader can save one from its corner, so no cell of it is a formula."""

from textwrap import shorten
from typing import Any

import pandas as pd

from rag.harmless import shown_cell

ROW = 66  # Pixels of a row whose cells hold texts: from 65 on they are wrapped, so that three lines are seen.


def begun(text: str, most: int) -> str:
    """The beginning of a text on one line, of at most so many characters, for a cell."""
    return shorten(text[: 4 * most], most, placeholder=" …")


def table_of(rows: Any, **more: Any) -> pd.DataFrame:
    """A table of these rows whose texts are texts wherever it is opened."""
    found = pd.DataFrame(rows, **more)
    for name in found.columns:
        shown = [shown_cell(value) for value in found[name]]
        if any(new is not old for new, old in zip(shown, found[name], strict=True)):
            found[name] = shown
    return found
