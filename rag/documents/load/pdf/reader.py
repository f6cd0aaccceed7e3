"""The pages of a PDF with their words, rules and pictures, by PDFium; runs as a script in a process of its own."""

import ctypes
import json
import math
import sys
from collections import Counter
from ctypes import byref
from itertools import pairwise
from statistics import median
from typing import Any

import pypdfium2.raw as pdfium

from rag.documents.load.pdf.drawing import Box, Drawing
from rag.documents.load.pdf.style import SAME, turned
from rag.documents.load.pdf.words import page_words

SCRIPT = __file__
ASKEW = 3  # degrees: lines that differ less are those of one text
SCALE = 2.0
MOST_PIXELS = 3000
USUAL_GAP = 0.3  # of the size of the type, between two words
MOST_NARROW = 0.7  # of the size of the type, by which a recognised word may be too narrow


def _without_ink(page: Any, words: list[list[Any]], looked_at: list[int]) -> set[int]:
    """Which of these words leave no trace in the picture of the page, so that nobody can see them."""
    wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    scale = min(SCALE, MOST_PIXELS / max(wide, high, 1))
    columns, lines = max(int(wide * scale), 1), max(int(high * scale), 1)
    picture = pdfium.FPDFBitmap_CreateEx(columns, lines, pdfium.FPDFBitmap_BGRx, None, 0)
    if not picture:
        return set()
    try:
        pdfium.FPDFBitmap_FillRect(picture, 0, 0, columns, lines, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(picture, page, 0, 0, columns, lines, 0, 0)
        stride = pdfium.FPDFBitmap_GetStride(picture)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(picture), stride * lines)
    finally:
        pdfium.FPDFBitmap_Destroy(picture)
    x, y = ctypes.c_int(), ctypes.c_int()
    unseen = set()
    for at in looked_at:
        left, bottom, right, top = words[at][7]
        corners = []
        for corner in ((left, bottom), (right, top)):
            pdfium.FPDF_PageToDevice(page, 0, 0, columns, lines, 0, *corner, byref(x), byref(y))
            corners.append((min(max(x.value, 0), columns), min(max(y.value, 0), lines)))
        (x0, x1), (y0, y1) = sorted(c[0] for c in corners), sorted(c[1] for c in corners)
        region = b"".join(pixels[row * stride + 4 * x0 : row * stride + 4 * x1] for row in range(y0, y1))
        if not region or all(max(region[part::4]) - min(region[part::4]) < SAME for part in range(3)):
            unseen.add(at)
    return unseen


def _scanned(drawing: Drawing, shown: Box, words: list[list[Any]]) -> bool:
    """Whether the page is an image that fills it, with a text layer that nobody sees: what text recognition makes."""
    area = max((shown[2] - shown[0]) * (shown[3] - shown[1]), 1)
    filled = any(
        (min(r, shown[2]) - max(l, shown[0])) * (min(t, shown[3]) - max(b, shown[1])) > 0.5 * area
        for l, b, r, t in drawing.images  # noqa: E741
        if r > l and t > b
    )
    unseen = sum(word[6] in {"invisible text", "covered text"} for word in words)
    return filled and unseen >= 0.8 * len(words) > 0


def _level(words: list[list[Any]], upright: int) -> None:
    """Puts the words of a page that lies a little askew, as in a scan, on lines of one slope: the usual one of those near."""
    near = [word for word in words if abs((word[5] - upright + 180) % 360 - 180) <= ASKEW]
    if len({word[9] for word in near}) < 2:
        return
    slope = median((word[9] - upright + 180) % 360 - 180 for word in near) + upright
    for word in near:
        word[1:4] = [round(value, 2) for value in turned(word[7], word[8], slope)]
        word[5] = upright


def _widen(words: list[list[Any]]) -> None:
    """Makes the words of a scan as wide as they are in the picture: text recognition often sets them too narrow.

    The gap between neighbours in a line that is usual on the page shows by how much.
    """
    near = [
        (one, after[1] - one[2])
        for one, after in pairwise(words)
        if after[5] == one[5] and abs(after[3] - one[3]) < 0.3 * one[4] and after[1] > one[2]
    ]
    if not near:
        return
    usual = median(gap / max(one[4], 1.0) for one, gap in near)
    for one, gap in near:
        more = min(usual - USUAL_GAP, MOST_NARROW) * one[4]
        one[2] = round(max(one[2], min(one[2] + more, one[2] + gap - USUAL_GAP * one[4])), 2)


def _page(document: Any, number: int) -> dict[str, Any]:
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:
        return {"problem": "damaged"}
    page_text = pdfium.FPDFText_LoadPage(page)
    try:
        seen = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, byref(seen))
        shown = (seen.left, seen.bottom, seen.right, seen.top)
        drawing = Drawing(page)
        words, looked_at, counts = page_words(page_text, drawing, shown) if page_text else ([], [], {"unknown": 0})
        scan = _scanned(drawing, shown, words)
        unseen = _without_ink(page, words, looked_at) if looked_at and not scan else set(looked_at)
        for at in looked_at:
            if at not in unseen:
                words[at][6] = ""
        angle = Counter({0: 0})
        for word in words:
            angle[word[5]] += len(word[0])
            if scan and word[6] in {"invisible text", "covered text"}:
                word[6] = ""
        upright = angle.most_common(1)[0][0]
        _level(words, upright)
        for word in words:
            del word[7:]
        if scan:
            _widen(words)
        rules = [_frame(box, upright) for box in drawing.rules] if upright % 90 == 0 else []
        lines = [[round(value, 1) for value in line] for line in rules]
        found = {"words": words, "rules": lines, "angle": upright, "scan": scan}
        return {**found, **counts, "image": bool(drawing.images), "label": _label(document, number)}
    finally:
        if page_text:
            pdfium.FPDFText_ClosePage(page_text)
        pdfium.FPDF_ClosePage(page)


def _frame(box: Box, angle: int) -> Box:
    """A box as left, top, right, bottom (downwards) with the page turned until text at this angle is upright."""
    cos, sin = round(math.cos(math.radians(angle))), round(math.sin(math.radians(angle)))
    across = [x * cos + y * sin for x in (box[0], box[2]) for y in (box[1], box[3])]
    down = [x * sin - y * cos for x in (box[0], box[2]) for y in (box[1], box[3])]
    return (min(across), min(down), max(across), max(down))


def _label(document: Any, number: int) -> str:
    size = pdfium.FPDF_GetPageLabel(document, number, None, 0)
    if not 2 < size < 200:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_GetPageLabel(document, number, buffer, size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _main() -> None:
    first, step = int(sys.argv[1]), int(sys.argv[2])
    data = sys.stdin.buffer.read()
    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        _say({"error": pdfium.FPDF_GetLastError()})
        return
    count = pdfium.FPDF_GetPageCount(document)
    _say({"pages": count, "encrypted": pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0})
    for number in range(first, count if step > 0 else -1, step):
        _say(_page(document, number))


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
