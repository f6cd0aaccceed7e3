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


def address(thing: Any) -> int:
    """The address of what PDFium hands out."""
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


def called(function: Any, result: Any, *arguments: Any) -> Any:
    """A function of PDFium for very many calls: handles are addresses, and no other thread runs meanwhile."""
    return ctypes.PYFUNCTYPE(result, *arguments)(address(function))


POINTER, INTEGER = ctypes.c_void_p, ctypes.c_int
OBJECT_OF_PAGE = called(pdfium.FPDFPage_GetObject, POINTER, POINTER, INTEGER)
OBJECT_OF_FORM = called(pdfium.FPDFFormObj_GetObject, POINTER, POINTER, INTEGER)
OBJECTS_OF_FORM = called(pdfium.FPDFFormObj_CountObjects, INTEGER, POINTER)
KIND = called(pdfium.FPDFPageObj_GetType, INTEGER, POINTER)
MARKS = called(pdfium.FPDFPageObj_CountMarks, INTEGER, POINTER)
MARK = called(pdfium.FPDFPageObj_GetMark, POINTER, POINTER, INTEGER)
MARK_NAME = called(pdfium.FPDFPageObjMark_GetName, INTEGER, POINTER, POINTER, ctypes.c_ulong, POINTER)
MATRIX = called(pdfium.FPDFPageObj_GetMatrix, INTEGER, POINTER, POINTER)
BOUNDS = called(pdfium.FPDFPageObj_GetBounds, INTEGER, POINTER, *(POINTER,) * 4)
DRAW_MODE = called(pdfium.FPDFPath_GetDrawMode, INTEGER, POINTER, POINTER, POINTER)
FILL = called(pdfium.FPDFPageObj_GetFillColor, INTEGER, POINTER, *(POINTER,) * 4)
CLIP = called(pdfium.FPDFPageObj_GetClipPath, POINTER, POINTER)
PATHS = called(pdfium.FPDFClipPath_CountPaths, INTEGER, POINTER)
SEGMENTS = called(pdfium.FPDFClipPath_CountPathSegments, INTEGER, POINTER, INTEGER)
SEGMENT = called(pdfium.FPDFClipPath_GetPathSegment, POINTER, POINTER, INTEGER, INTEGER)
POINT = called(pdfium.FPDFPathSegment_GetPoint, INTEGER, POINTER, POINTER, POINTER)
LAYER = [79, 67, 0]  # "OC"


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
        self._walk(pdfium.FPDFPage_CountObjects(page), OBJECT_OF_PAGE, address(page), None, False, 0)

    def _walk(self, count: int, item: Any, of: int, matrix: tuple[float, ...] | None, layered: bool, depth: int) -> None:
        for at in range(count):
            self._count += 1
            if self._count > MOST_OBJECTS:
                return
            thing = item(of, at)
            kind = KIND(thing)
            inside = layered or _in_a_layer(thing)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                self.order[thing] = (self._count, inside, depth > 0)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < FORMS_DEEP:
                inner = _times(_matrix(thing), matrix)
                self._walk(OBJECTS_OF_FORM(thing), OBJECT_OF_FORM, thing, inner, inside, depth + 1)
            elif kind in {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING}:
                self._note(thing, kind, matrix)

    def _note(self, thing: int, kind: int, matrix: tuple[float, ...] | None) -> None:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not BOUNDS(thing, byref(left), byref(bottom), byref(right), byref(top)):
            return
        box = _moved((left.value, bottom.value, right.value, top.value), matrix)
        wide, high = box[2] - box[0], box[3] - box[1]
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            self.images.append(box)
        if kind != pdfium.FPDF_PAGEOBJ_PATH:
            self.painted.append(Painted(self._count, box, None))
            return
        filled, stroke = ctypes.c_int(), ctypes.c_int()
        DRAW_MODE(thing, byref(filled), byref(stroke))
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


def _in_a_layer(thing: int) -> bool:
    """Whether an object belongs to optional content, a layer that may be switched off."""
    for at in range(MARKS(thing)):
        name, length = (ctypes.c_ushort * 8)(), ctypes.c_ulong()
        if MARK_NAME(MARK(thing, at), name, ctypes.sizeof(name), byref(length)) and name[:3] == LAYER:
            return True
    return False


def _matrix(thing: int) -> tuple[float, ...]:
    matrix = pdfium.FS_MATRIX()
    MATRIX(thing, byref(matrix))
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


def fill(thing: int) -> tuple[Colour | None, int]:
    """The colour that an object is filled with, and how opaque it is, to 255."""
    red, green, blue, opacity = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    if not FILL(thing, byref(red), byref(green), byref(blue), byref(opacity)):
        return None, 255
    return (red.value, green.value, blue.value), opacity.value


def clip(thing: int) -> Box | None:
    """The rectangle to which an object is cut, or None where it is not cut or the cut has another shape."""
    path = CLIP(thing)
    count = PATHS(path) if path else 0
    result: Box | None = None
    across, up = ctypes.c_float(), ctypes.c_float()
    for at in range(min(count, 8)):
        segments = SEGMENTS(path, at)
        if not 0 < segments <= 12:
            continue
        points = []
        for number in range(segments):
            POINT(SEGMENT(path, at, number), byref(across), byref(up))
            points.append((across.value, up.value))
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        bottom, top = min(y for _, y in points), max(y for _, y in points)
        old = result or (left, bottom, right, top)
        result = (max(old[0], left), max(old[1], bottom), min(old[2], right), min(old[3], top))
    return result
