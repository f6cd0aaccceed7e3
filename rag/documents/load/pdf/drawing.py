"""What is drawn on a PDF page beside its characters: the order of things, painted areas, thin lines, images, cuts."""

import ctypes
from ctypes import byref
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

MOST_OBJECTS = 50_000
MOST_RULES = 1500
FORMS_DEEP = 8

Box = tuple[float, float, float, float]  # left, bottom, right, top in the page's own points
Colour = tuple[int, int, int]


class Painted(NamedTuple):
    """An area that is painted, and in which order; no colour stands for an image or a shading."""

    order: int
    box: Box
    colour: Colour | None


class Drawing:
    """What stands on a page beside its characters: the order of its objects, painted areas, thin lines and images."""

    def __init__(self, page: Any) -> None:
        self.order: dict[int, tuple[int, bool, bool]] = {}
        self.painted: list[Painted] = []
        self.rules: list[Box] = []
        self.images: list[Box] = []
        self._count = 0
        self._walk(pdfium.FPDFPage_CountObjects(page), lambda at: pdfium.FPDFPage_GetObject(page, at), None, False, 0)

    def _walk(self, count: int, item: Any, matrix: tuple[float, ...] | None, layered: bool, depth: int) -> None:
        for at in range(count):
            self._count += 1
            if self._count > MOST_OBJECTS:
                return
            thing = item(at)
            kind = pdfium.FPDFPageObj_GetType(thing)
            inside = layered or _in_a_layer(thing)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                self.order[address(thing)] = (self._count, inside, depth > 0)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < FORMS_DEEP:
                children = pdfium.FPDFFormObj_CountObjects(thing)
                inner = _times(_matrix(thing), matrix)
                self._walk(children, lambda at, form=thing: pdfium.FPDFFormObj_GetObject(form, at), inner, inside, depth + 1)
            elif kind in {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING}:
                self._note(thing, kind, matrix)

    def _note(self, thing: Any, kind: int, matrix: tuple[float, ...] | None) -> None:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not pdfium.FPDFPageObj_GetBounds(thing, byref(left), byref(bottom), byref(right), byref(top)):
            return
        box = _moved((left.value, bottom.value, right.value, top.value), matrix)
        wide, high = box[2] - box[0], box[3] - box[1]
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            self.images.append(box)
        if kind != pdfium.FPDF_PAGEOBJ_PATH:
            self.painted.append(Painted(self._count, box, None))
            return
        filled, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(thing, byref(filled), byref(stroke))
        if (filled.value or stroke.value) and len(self.rules) < MOST_RULES:
            if min(wide, high) <= 3 < max(wide, high):
                self.rules.append(box)
            elif stroke.value and high > 3 and wide > 3:  # The frame of a cell is four lines.
                self.rules += [
                    (box[0], box[1], box[2], box[1]),
                    (box[0], box[3], box[2], box[3]),
                    (box[0], box[1], box[0], box[3]),
                    (box[2], box[1], box[2], box[3]),
                ]
        if filled.value and wide > 3 and high > 3:
            colour, opacity = fill(thing)
            if opacity > 128:
                self.painted.append(Painted(self._count, box, colour))


def address(thing: Any) -> int:
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


def _in_a_layer(thing: Any) -> bool:
    """Whether an object belongs to optional content, a layer that may be switched off."""
    for at in range(pdfium.FPDFPageObj_CountMarks(thing)):
        name, length = (ctypes.c_ushort * 8)(), ctypes.c_ulong()
        mark = pdfium.FPDFPageObj_GetMark(thing, at)
        if pdfium.FPDFPageObjMark_GetName(mark, name, ctypes.sizeof(name), byref(length)) and list(name[:3]) == [79, 67, 0]:
            return True
    return False


def _matrix(thing: Any) -> tuple[float, ...]:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(thing, byref(matrix))
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _times(one: tuple[float, ...], other: tuple[float, ...] | None) -> tuple[float, ...]:
    if other is None:
        return one
    (a, b, c, d, e, f), (p, q, r, s, t, u) = one, other
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(box: Box, matrix: tuple[float, ...] | None) -> Box:
    if matrix is None:
        return box
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
    across, up = [x for x, _ in corners], [y for _, y in corners]
    return (min(across), min(up), max(across), max(up))


def fill(thing: Any) -> tuple[Colour | None, int]:
    red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(thing, byref(red), byref(green), byref(blue), byref(opacity)):
        return None, 255
    return (red.value, green.value, blue.value), opacity.value


def clip(thing: Any) -> Box | None:
    """The rectangle to which an object is cut, or None where it is not cut or the cut has another shape."""
    path = pdfium.FPDFPageObj_GetClipPath(thing)
    count = pdfium.FPDFClipPath_CountPaths(path) if path else 0
    result: Box | None = None
    across, up = ctypes.c_float(), ctypes.c_float()
    for at in range(min(count, 8)):
        segments = pdfium.FPDFClipPath_CountPathSegments(path, at)
        if not 0 < segments <= 12:
            continue
        points = []
        for number in range(segments):
            pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(path, at, number), byref(across), byref(up))
            points.append((across.value, up.value))
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        bottom, top = min(y for _, y in points), max(y for _, y in points)
        old = result or (left, bottom, right, top)
        result = (max(old[0], left), max(old[1], bottom), min(old[2], right), min(old[3], top))
    return result
