"""The text of a paragraph in Word as it is shown: runs, signs, fields, marks of notes; what was struck out stands beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.word_drawings import drawn_lines
from rag.documents.load.office.word_parts import own_text, paragraphs, related, root
from rag.documents.load.office.word_styles import Look, Styles, W, is_on
from rag.documents.load.office.word_tables import WITHIN, name_of
from rag.documents.load.signs import BOXES, box, decoded, private, set_as

SIGNS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad", "ptab": " "}
SYMBOL = re.compile(r"^\s*SYMBOL\s+(0x[0-9A-Fa-f]{1,5}|[1-9]\d{0,5})\s[^\\]*\\f\s*\"?([^\"\\]{1,40})", re.IGNORECASE)
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
         (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class Runs:
    """Reads the runs of paragraphs; `boxes` and `drawn` are the text boxes and drawings that were met in them."""

    def __init__(self, layout: Layout, part: Any, styles: Styles) -> None:
        self.layout, self.part, self.styles = layout, part, styles
        self.boxes: list[Any] = []
        self.drawn: list[str] = []
        self.noted: dict[tuple[str, str], str] = {}
        self._comments = _comments(part)
        self._before = ""
        self._struck: list[str] = []
        self._fields: list[_Field] = []

    def pieces(self, paragraph: Any, look: Look, ground: str) -> Iterator[Piece]:
        """The text of a paragraph; what is struck out of it stands beside it."""
        self._before = ""
        for text, mark in self._inside(paragraph, look, ground):
            if text:
                self._before = text[-1]
            yield text, mark
        self._put_struck()

    def _inside(self, parent: Any, look: Look, ground: str) -> Iterator[Piece]:
        for child in parent:
            name = name_of(child)
            if name == "r":
                yield from self._run(child, self.styles.of_run(child, look), ground)
            elif name in {"del", "moveFrom"}:
                self.deleted(child)
            elif name == "commentReference":
                self._comment(child)
            elif name == "sdt" and (state := _ticked(child)) is not None:
                read = list(self._inside(child, look, ground))
                shown = "".join(text for text, _ in read).strip()
                yield from read if shown in BOXES else [(box(state), read[0][1] if read else "")]
            elif name in WITHIN:
                yield from self._inside(child, look, ground)
            elif name in {"oMath", "oMathPara"}:
                yield "".join(leaf.text or "" for leaf in child.iter() if name_of(leaf) == "t"), ""
            elif name == "AlternateContent":
                yield from self._inside(next(iter(child), ()), look, ground)

    def _put_struck(self) -> None:
        self.layout.aside("deleted", "".join(self._struck))
        self._struck = []

    def _run(self, run: Any, look: Look, ground: str) -> Iterator[Piece]:
        mark = look.unseen(ground)
        for text in self._shown(run, look):
            if look.struck and not mark:
                self._struck.append(text)
            else:
                self._put_struck() if self._struck and text.strip() else None
                yield set_as(text, look.place, self._before) if look.place else text, mark

    def _shown(self, run: Any, look: Look) -> Iterator[str]:
        """The texts and signs of a run as its font shows them."""
        for child in run:
            name = name_of(child)
            if name == "t":
                yield self._told(private(decoded(child.text or "", look.font), look.font))
            elif name in SIGNS:
                yield SIGNS[name] if child.get(f"{W}type") != "page" else " "
            elif name == "sym":
                yield self._told(_symbol(child))
            elif name in {"footnoteReference", "endnoteReference"}:
                self._before = ""
                yield f"[{self._number(name.removesuffix('Reference'), child)}]"
            elif name == "ruby":
                yield self._told(_with_reading(child))
            elif name == "fldChar":
                yield self._field(child)
            elif name == "instrText":
                self._instruction(child.text or "")
            elif name == "delText":
                self.layout.aside("deleted", child.text or "")
            elif name == "commentReference":
                self._comment(child)
            elif name in {"drawing", "pict", "AlternateContent", "object"}:
                self._drawing(child)

    def _number(self, kind: str, reference: Any) -> str:
        """The number of a note as it is shown: in the order in which the text refers to them, those at the end in Roman."""
        known = self.noted.setdefault((kind, reference.get(f"{W}id") or ""), "")
        if not known:
            count = sum(other == kind for other, _ in self.noted)
            known = self.noted[kind, reference.get(f"{W}id") or ""] = str(count) if kind == "footnote" else _roman(count)
        return known

    def _told(self, text: str) -> str:
        if self._fields and text.strip():
            self._fields[-1].told = self._fields[-1].told or self._fields[-1].parted
        return text

    def _instruction(self, text: str) -> None:
        if "http" in text.lower():
            self.layout.aside("link", text)
        if self._fields:
            self._fields[-1].instruction += text[:200]

    def _field(self, sign: Any) -> str:
        """What a field of a form shows: a box at once, a choice or a sign at its end where no text told it."""
        kind = sign.get(f"{W}fldCharType")
        if kind == "begin":
            self._fields.append(_Field(sign.find(f"{W}ffData")))
            return self._fields[-1].box
        if self._fields and kind == "separate":
            self._fields[-1].parted = True
        elif self._fields and kind == "end":
            field = self._fields.pop()
            if field.told and self._fields:
                self._fields[-1].told = self._fields[-1].told or self._fields[-1].parted
            return "" if field.told else self._told(field.shown)
        return ""

    def _drawing(self, drawing: Any) -> None:
        """Text boxes are read after their paragraph; what describes a picture stands beside the text."""
        chosen = next(iter(drawing), drawing) if name_of(drawing) == "AlternateContent" else drawing
        for leaf in chosen.iter():
            if name_of(leaf) == "txbxContent":
                self.boxes.append(leaf)
            elif name_of(leaf) in {"docPr", "shape"}:
                for attribute in ("descr", "title", "alt"):
                    text = leaf.get(attribute) or ""
                    if len(text) >= 20 or len(text.split()) >= 3:
                        self.layout.aside("attribute", f"{attribute}: {text}")
            elif name_of(leaf) in {"blip", "imagedata"}:
                self.layout.count("pictures left out")
        try:
            self.drawn += drawn_lines(chosen, self.part)
        except MemoryError:
            raise
        except Exception:  # A damaged diagram must not cost the document.
            self.layout.warnings.append("a diagram or chart cannot be read")

    def taken_drawn(self) -> list[str]:
        """The lines of the drawings that were met, each once."""
        lines, self.drawn = self.drawn, []
        return lines

    def deleted(self, deleted: Any) -> None:
        text = "".join(leaf.text or "" for leaf in deleted.iter() if name_of(leaf) in {"delText", "t"})
        self.layout.aside("deleted", text)

    def _comment(self, reference: Any) -> None:
        self.layout.aside("comment", self._comments.get(reference.get(f"{W}id") or "", ""))


def _comments(part: Any) -> dict[str, str]:
    """The comments of a document by their ids."""
    found = {}
    for one in related(part, "comments"):
        for comment in root(one).iter(f"{W}comment"):
            found[comment.get(f"{W}id") or ""] = "\n".join(map(own_text, paragraphs(comment)))
    return found


@dataclass
class _Field:
    """A field that is being read: the data of its form, its instruction, and whether a text told its result."""

    form: Any = None
    instruction: str = ""
    parted: bool = False
    told: bool = False

    @property
    def box(self) -> str:
        """The box that it is, or nothing."""
        check = self.form.find(f"{W}checkBox") if self.form is not None else None
        if check is None:
            return ""
        state = check.find(f"{W}checked")
        return box(is_on(state if state is not None else check.find(f"{W}default")))

    @property
    def shown(self) -> str:
        """The entry that is chosen of its list, or the sign that its instruction names."""
        if found := SYMBOL.search(self.instruction):
            return decoded(chr(int(found[1], 0) % 0x110000), found[2]) if int(found[1], 0) else ""
        choices = self.form.find(f"{W}ddList") if self.form is not None else None
        if choices is None:
            return ""
        entries = [entry.get(f"{W}val") or "" for entry in choices.iter(f"{W}listEntry")]
        at = choices.find(f"{W}result")
        at = at if at is not None else choices.find(f"{W}default")
        written = (at.get(f"{W}val") or "0") if at is not None else "0"
        return entries[int(written)] if written.isdecimal() and int(written) < len(entries) else ""


def _ticked(control: Any) -> bool | None:
    """Whether a content control that is a box is ticked; None for any other."""
    properties = control.find(f"{W}sdtPr")
    check = next((one for one in properties if name_of(one) == "checkbox"), None) if properties is not None else None
    if check is None:
        return None
    state = next((one for one in check if name_of(one) == "checked"), None)
    written = next((value for name, value in state.attrib.items() if name.endswith("}val")), "1") if state is not None else "0"
    return written not in {"0", "false", "off"}


def _symbol(sign: Any) -> str:
    written = sign.get(f"{W}char") or ""
    try:
        number = int(written, 16)
    except ValueError:
        return ""
    if not 0 < number < 0x110000:
        return ""
    font = sign.get(f"{W}font") or ""
    return private(decoded(chr(number), font), font)


def _with_reading(ruby: Any) -> str:
    """Text with the reading that is set small above it."""
    base, reading = ("".join(leaf.text or "" for at in ruby.iter(f"{W}{name}") for leaf in at.iter(f"{W}t"))
                     for name in ("rubyBase", "rt"))  # fmt: skip
    return f"{base} ({reading})" if reading.strip() else base


def _roman(number: int) -> str:
    """A number in small Roman figures."""
    out = ""
    for value, sign in ROMAN:
        times, number = divmod(number, value)
        out += sign * times
    return out
