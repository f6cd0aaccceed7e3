"""The image of a PDF page with a quotation marked on it, by pypdfium2."""

import io
import re
import threading

import pypdfium2
from PIL import Image, ImageChops, ImageDraw

MARK = (255, 214, 64)
BEGINNING = 24
LETTER = re.compile(r"[^\W_]")
_ONE_AT_A_TIME = threading.Lock()  # PDFium is not made for several threads.


def page_image(data: bytes, page: int, quote: str, scale: float = 1.6) -> tuple[bytes, bool]:
    """A PNG of a page (1-based) and whether the quotation was found on it; then it is marked.

    The quotation is found by its letters and digits alone, because two readers of a PDF rarely agree on its blanks.
    Raises ValueError for a page that is not there or cannot be drawn.
    """
    with _ONE_AT_A_TIME:
        return _drawn(data, page, quote, scale)


def _drawn(data: bytes, page: int, quote: str, scale: float) -> tuple[bytes, bool]:
    try:
        document = pypdfium2.PdfDocument(data)
        try:
            drawn = document[page - 1]
            image = drawn.render(scale=scale).to_pil().convert("RGB")
            boxes = _boxes(drawn, quote)
            height = drawn.get_height()
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ValueError(f"page {page} cannot be drawn ({type(error).__name__})") from None
    if boxes:
        marks = Image.new("RGB", image.size, (255, 255, 255))
        pencil = ImageDraw.Draw(marks)
        for left, bottom, right, top in boxes:
            pencil.rectangle(
                [scale * left - 1, scale * (height - top) - 1, scale * right + 1, scale * (height - bottom) + 1], fill=MARK
            )
        image = ImageChops.multiply(image, marks)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue(), bool(boxes)


def _boxes(drawn: pypdfium2.PdfPage, quote: str) -> list[tuple[float, float, float, float]]:
    """The rectangles (left, bottom, right, top, in points) under a quotation, or none where it is not on the page."""
    reader = drawn.get_textpage()
    try:
        text = reader.get_text_range()
        letters = [at for at, character in enumerate(text) if LETTER.match(character)]
        flat = "".join(text[at] for at in letters).lower()
        wanted = "".join(LETTER.findall(quote)).lower()
        found = flat.find(wanted)
        if found < 0:  # It may run over to the next page: then its beginning ends this one.
            found = flat.rfind(wanted[:BEGINNING])
            if found < 0 or not wanted.startswith(flat[found:]):
                return []
        if not wanted:
            return []
        first, last = letters[found], letters[min(found + len(wanted), len(letters)) - 1]
        return [reader.get_rect(at) for at in range(reader.count_rects(first, last - first + 1))]
    finally:
        reader.close()
