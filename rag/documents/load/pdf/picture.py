"""Draws one page of a PDF with a quotation marked on it; a script that runs in a process of its own (see `isolated`)."""

import base64
import io
import json
import re
import sys

import pypdfium2
from PIL import Image, ImageChops, ImageDraw

SCRIPT = __file__
MARK = (255, 214, 64)
BEGINNING = 24
MOST_PIXELS = 6_000_000
LETTER = re.compile(r"[^\W_]")


def _main() -> None:
    """Reads one line of JSON (page, quote, scale) and the file behind it; writes the PNG, or the problem, as a line of JSON."""
    wanted = json.loads(sys.stdin.buffer.readline())
    try:
        png, found = _drawn(sys.stdin.buffer.read(), wanted["page"], wanted["quote"], wanted["scale"])
        told = {"png": base64.b64encode(png).decode(), "found": found}
    except (pypdfium2.PdfiumError, IndexError, ValueError) as error:
        told = {"problem": type(error).__name__}
    sys.stdout.write(json.dumps(told) + "\n")


def _drawn(data: bytes, page: int, quote: str, scale: float) -> tuple[bytes, bool]:
    document = pypdfium2.PdfDocument(data)
    drawn = document[page - 1]
    wide, height = drawn.get_size()
    scale = min(scale, (MOST_PIXELS / max(wide * height, 1)) ** 0.5)
    image = drawn.render(scale=scale).to_pil().convert("RGB")
    boxes = _boxes(drawn, quote)
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


if __name__ == "__main__":
    _main()
