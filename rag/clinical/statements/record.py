"""The record of a stretch of a document that may be quoted as an answer."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["sentence", "row", "field", "item", "header"]
Column = tuple[str, int, int]
"""The name of a column, and the start and end of the cell in it; a cell of several lines has an entry for each."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The characters `start` to `end` of a document, and where they stand in words: under which title, lead-in or label.

    `kind` tells a sentence, a row of a table, a label with its value, an item of a list, and a header line, which says whose
    and from when a document is and answers only a question for that very label. `columns` are the cells of a row.
    """

    start: int
    end: int
    kind: Kind
    label: str = ""
    columns: tuple[Column, ...] = ()
