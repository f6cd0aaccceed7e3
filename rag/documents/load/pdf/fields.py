"""What is filled into the form of a PDF, put into its text below the line at which each field stands."""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import NamedTuple

from rag.documents.load.pdf.running import Text
from rag.documents.load.signs import EMPTY, TICKED

MOST_FIELDS = 5_000
NEAR = 3.0  # Points by which a line may stand below the place of its field.


class Field(NamedTuple):
    """A field with its label, "" where it has none, its value, page (from 0), baseline above the page's foot, and left end."""

    label: str
    value: str
    page: int
    base: float
    left: float

    @property
    def line(self) -> str:
        """The field as a line of the text."""
        value = " ".join(self.value.split()) if "\n" not in self.value else self.value.strip()
        if self.label:
            return f"{self.label.rstrip(' :')}: {value}"
        return {"Yes": TICKED, "not ticked": EMPTY}.get(value, value)


def fill_in(text: Text, fields: list[Field]) -> None:
    """Puts the fields into the text in the order of their places; all that points into the text is moved along."""
    placed: list[tuple[int, str]] = []
    for field in sorted(fields[:MOST_FIELDS], key=lambda one: (one.page, -one.base, one.left)):
        placed.append((_place(text, field), field.line + "\n"))
    if not placed:
        return
    placed.sort(key=lambda one: one[0])
    offsets = [at for at, _ in placed]
    parts: list[str] = []
    moved = [0]
    last = 0
    for at, line in placed:
        parts += [text.text[last:at], line]
        moved.append(moved[-1] + len(line))
        last = at
    text.text = "".join([*parts, text.text[last:]])

    def behind(at: int) -> int:
        """Where a place is now that stood at an offset; what was put there stands before it."""
        return at + moved[bisect_right(offsets, at)]

    def before(at: int) -> int:
        """The same for the end of a stretch, which what was put there does not belong to."""
        return at + moved[bisect_left(offsets, at)]

    ends = [behind(page.end) for page in text.pages]
    starts = [0, *ends]
    text.pages = [replace(page, start=starts[number], end=ends[number]) for number, page in enumerate(text.pages)]
    text.asides = [replace(one, at=behind(one.at)) for one in text.asides]
    text.hidden = [replace(one, start=behind(one.start), end=before(one.end)) for one in text.hidden]
    text.heights = [[(base, behind(at)) for base, at in lines] for lines in text.heights]
    text.sets = [one._replace(start=behind(one.start), end=before(one.end)) for one in text.sets]


def _place(text: Text, field: Field) -> int:
    """Where a field belongs: behind the last line that stands at its place or above it, on its own page."""
    if not text.pages:
        return len(text.text)
    page = text.pages[min(field.page, len(text.pages) - 1)]
    lines = text.heights[min(field.page, len(text.pages) - 1)]
    above = [at for base, at in lines if base <= -field.base + NEAR]
    if not lines:
        return page.end
    if not above:
        return page.start
    end = text.text.find("\n", above[-1])
    return page.end if end < 0 else min(end + 1, page.end)
