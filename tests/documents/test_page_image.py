"""The image of a PDF page: the passage is marked, and a file that is made to harm ends in a named problem."""

import io
import os
import time

import pytest
from PIL import Image

from rag.documents.load.pdf.picture import MARK, MOST_PIXELS
from rag.documents.page_image import SECONDS, page_image
from tests.broken_pdfs import KINDS, LINE, pages


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def marked(png: bytes) -> tuple[int, int]:
    """The first and the last row that carry the colour of the mark; (-1, -1) where none does."""
    shown = picture(png)
    wide = shown.width
    rows = [at // wide for at, colour in enumerate(shown.get_flattened_data()) if colour == MARK]
    return (rows[0], rows[-1]) if rows else (-1, -1)


def test_the_passage_and_nothing_else_is_marked() -> None:
    data = pages(2, ("Start zalumide in the evening.", "Stop peritol at once.", "Come back in May."))
    png, found = page_image(data, 2, "Stop  peritol\nat once.")
    assert found
    first, last = marked(png)
    # The second line stands 765 points above the foot of an A4 page, drawn at 1.6 pixels a point.
    baseline = (842 - 765) * 1.6
    assert baseline - 20 < first < last < baseline + 8


def test_a_passage_that_is_not_on_the_page_is_not_marked() -> None:
    png, found = page_image(pages(1), 1, "Nothing of this is there.")
    assert not found and marked(png) == (-1, -1)


@pytest.mark.parametrize("page", [0, -1, 2, 10**6])
def test_a_page_that_is_not_there_is_named(page: int) -> None:
    with pytest.raises(ValueError, match=f"page {page} cannot be drawn"):
        page_image(pages(1), page, LINE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_harmful_file_is_drawn_or_named_in_time(kind: str) -> None:
    begun = time.monotonic()
    try:
        png, _ = page_image(KINDS[kind](), 1, LINE)
    except ValueError as problem:
        assert "page 1 cannot be drawn" in str(problem) and LINE not in str(problem)
    else:
        shown = picture(png)
        assert shown.width * shown.height <= MOST_PIXELS * 1.01
    slack = 20  # Building the file takes time, too, and other tests run beside this one.
    assert time.monotonic() - begun < SECONDS + slack


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads the list of processes")
def test_no_process_is_left_behind() -> None:
    before = children()
    with pytest.raises(ValueError):
        page_image(KINDS["content that unpacks to 2 gigabytes"](), 5, LINE)
    assert children() <= before


def children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children") as listed:
        return set(listed.read().split())
