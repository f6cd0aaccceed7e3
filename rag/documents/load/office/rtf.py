"""RTF by striprtf, after headers, fields, pictures and hidden stretches have been taken apart from the text."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from striprtf.striprtf import destinations, rtf_to_text

from rag.documents.load.formats import Format
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.web.css import WHITE, Colour, alike
from rag.errors import FileProblem
from rag.values import Document, File

TOKEN = re.compile(r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+|\\")
PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
COLOUR = re.compile(r"\\red(\d{1,3})\D{0,9}\\green(\d{1,3})\D{0,9}\\blue(\d{1,3})")
FONT_CHARSET = re.compile(r"(?<=\\fcharset)(\d{1,3})")
CHARSETS = {"78": "128", "79": "136", "80": "129", "81": "178", "82": "177", "83": "161", "84": "204", "85": "134",
            "86": "238", "87": "204", "88": "222", "89": "238"}  # fmt: skip
ASIDES = {"header": "header", "headerl": "header", "headerr": "header", "headerf": "header", "footer": "footer",
          "footerl": "footer", "footerr": "footer", "footerf": "footer", "annotation": "comment", "fldinst": "link",
          "info": "metadata", "deleted": "deleted"}  # fmt: skip
LEFT_OUT = {"pict": "pictures left out", "object": "embedded objects left out", "objdata": "", "themedata": "", "datastore": "",
            "nonshppict": ""}  # fmt: skip
TOLD = frozenset("title subject author operator keywords doccomm company manager category".split())
REASONS = ("hidden text", "text in the colour of its ground", "tiny text")
OPEN, CLOSE = 0xE000, 0xE010  # Private signs that carry the marks through striprtf.
MARKS = re.compile("([\ue000-\ue002\ue010-\ue012])")
TINY = 7
DEEPEST = 5_000
LONGEST_RTF = 4_000_000
LONGEST_FONTS = 50_000


class Rtf(Format):
    """Rich text (RTF): the text with its tables; headers, comments and hidden text are pointed out."""

    kind: Literal["rtf"] = "rtf"
    suffixes: ClassVar[tuple[str, ...]] = (".rtf",)
    signed: ClassVar[str] = "RTF"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf")

    def __call__(self, file: File) -> Iterator[Document]:
        page = PAGE.search(file.data[:4096])
        layout = Layout(file.name)
        taken = _Taken(file.name, page[1].decode() if page else "1252")
        taken.read(_escaped(file.data))
        _write(layout, _text(file.name, "".join(taken.main)), taken.tables)
        for kind, group in taken.asides:
            for line in filter(str.strip, MARKS.sub("", _text(file.name, group)).split("\n")):
                layout.aside(kind, line, 0)
        for what, count in taken.counts.items():
            layout.count(what, count)
        if taken.depth > 0:
            layout.warnings.append("the RTF ends before all its groups are closed; it may be cut off")
        yield self.laid_out(file, layout)


def _escaped(data: bytes) -> str:
    r"""The source in ASCII alone, a byte a letter where it is not UTF-8; RTF is meant to be so, not all of it is.

    Pictures may hold any byte: \bin is followed by so many of them.
    """
    data = re.sub(rb"\\bin(\d{1,9}) ?", b"\\\\bin\\1 ", data) if b"\\bin" in data else data
    out, at = [], 0
    for found in re.finditer(rb"\\bin(\d{1,9}) ", data):
        if found.start() >= at:
            out.append(data[at : found.start()])
            at = found.end() + int(found[1])
    joined = b"".join([*out, data[at:]]) if out else data
    joined = joined.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
    try:
        text, wide = joined.decode("utf-8"), True
    except UnicodeDecodeError:
        text, wide = joined.decode("latin-1"), False
    if text.isascii():
        return text
    return re.sub("[^\x00-\x7f]", lambda one: _written(ord(one[0])) if wide else f"\\'{ord(one[0]):02x}", text)


def _written(code: int) -> str:
    """A letter as RTF writes it: as one or two 16-bit numbers."""
    if code > 0xFFFF:
        code -= 0x10000
        return f"{{\\uc1\\u{0xD800 + (code >> 10)}?\\u{0xDC00 + (code & 0x3FF)}?}}"
    return f"{{\\uc1\\u{code}?}}"


@dataclass(frozen=True, slots=True)
class _State:
    """How text in a group is written, and where it goes: "" is the text, "-" nowhere."""

    sink: str = ""
    ignored: bool = False
    hidden: bool = False
    colour: int = 0
    ground: int = 0
    size: int = 24
    table: bool = False


class _Taken:
    """A source taken apart: the text with marks in `main`, what stands beside it in `asides`."""

    def __init__(self, name: str, page: str) -> None:
        self.name = name
        self.head = f"{{\\rtf1\\ansi\\ansicpg{page} "
        self.main: list[str] = []
        self.asides: list[tuple[str, str]] = []
        self.counts: Counter[str] = Counter()
        self.depth = 0
        self.tables = False
        self._colours: list[Colour | None] = []
        self._shaded = False
        self._beside: list[str] = []
        self._marked: int | None = None

    def read(self, source: str) -> None:
        fonts = source.find("{\\fonttbl")
        if fonts >= 0 and source.find("}}", fonts) - fonts > LONGEST_FONTS:
            raise FileProblem(f"{self.name}: the RTF has a damaged table of fonts. Save it again from its source.")
        self._shaded = "\\clcbpat" in source
        self.tables = "\\cell" in source
        table = source.find("{\\colortbl")
        if table >= 0:
            entries = source[table : source.find("}", table)][:20_000].split(";")[:-1]
            self._colours = [_colour(COLOUR.search(entry)) for entry in entries]
        state, stack = _State(), list[_State]()
        for found in TOKEN.finditer(source):
            token, word = found[0], found[1]
            if token == "{":
                stack.append(state)
                if len(stack) > DEEPEST:
                    raise FileProblem(f"{self.name}: RTF groups nested more than {DEEPEST:,} deep. Save it again.")
                self._put(token, state)
            elif token == "}":
                if not stack:
                    continue
                state = self._closed(state, stack.pop())
                if not stack:
                    break
            elif word:
                state = self._word(found, state)
            else:
                self._mark(token, state)
                self._put(token, state)
        self.depth = len(stack)
        if self._beside:
            self.asides.append((state.sink, "".join([*self._beside, "}"])))
        self._mark("x", _State())

    def _closed(self, state: _State, outer: _State) -> _State:
        if state.sink == outer.sink:
            self._put("}", state)
            return outer
        if state.sink != "-":
            self.asides.append((state.sink, "".join([*self._beside, "}"])))
            self._beside = []
        self._put("}", outer)
        return outer

    def _word(self, found: re.Match[str], state: _State) -> _State:
        word, number = found[1], found[2]
        if word in LEFT_OUT and state.sink == "":
            self.counts[LEFT_OUT[word]] += bool(LEFT_OUT[word])
            return replace(state, sink="-")
        if word in ASIDES and state.sink == "" and number != "0":
            self._beside = [self.head]
            return replace(state, sink=ASIDES[word], ignored=False)
        if state.sink == "metadata" and word in TOLD:
            self._put(f"\\par {word}: ", state)
            return state
        token = found[0]
        if word == "fcharset":
            token = FONT_CHARSET.sub(lambda one: CHARSETS.get(one[1], one[1]), token)
        if word == "u":
            self._mark(token, state)
        if word in {"field", "fldinst"} or (word in {"uc", "ansicpg"} and number is None):
            return state  # What striprtf makes of fields takes for ever where they do not end.
        self._put(token, state)
        return _after(word, number, state)

    def _put(self, token: str, state: _State) -> None:
        if state.sink == "":
            self.main.append(token)
        elif state.sink != "-":
            self._beside.append(token)

    def _mark(self, token: str, state: _State) -> None:
        """Puts a sign before text that begins or ends to be hidden."""
        if state.sink or state.ignored or not token.strip() or (token[0] == "\\" and token[1:2] in "*"):
            return
        reason = self._reason(state)
        if reason == self._marked:
            return
        for sign, number in ((CLOSE, self._marked), (OPEN, reason)):
            if number is not None:
                self.main.append(f"{{\\uc1\\u{sign + number}?}}")
        self._marked = reason

    def _reason(self, state: _State) -> int | None:
        if state.hidden:
            return 0
        colour = self._colours[state.colour] if 0 < state.colour < len(self._colours) else None
        ground: Colour | None = WHITE
        if state.ground:
            ground = self._colours[state.ground] if state.ground < len(self._colours) else None
        elif state.table and self._shaded:
            ground = None
        if colour and ground and alike(colour, ground):
            return 1
        return 2 if 0 <= state.size < TINY else None


def _after(word: str, number: str | None, state: _State) -> _State:
    """The state after a control word."""
    value = int(number) if number else 0
    if word == "v":
        return replace(state, hidden=number != "0")
    if word == "plain":
        return replace(state, hidden=False, colour=0, ground=0, size=24)
    if word == "cf":
        return replace(state, colour=value)
    if word in {"cb", "highlight", "chcbpat", "cbpat"}:
        return replace(state, ground=value)
    if word == "fs":
        return replace(state, size=value)
    if word in {"intbl", "pard"}:
        return replace(state, table=word == "intbl")
    return replace(state, ignored=True) if word in destinations or word == "colortbl" else state


def _colour(found: re.Match[str] | None) -> Colour | None:
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _text(name: str, source: str) -> str:
    if len(source) > LONGEST_RTF:
        raise FileProblem(f"{name}: {len(source):,} characters of RTF; at most {LONGEST_RTF:,} are read. Split the file.")
    try:
        return str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    except Exception as error:  # striprtf raises many built-in kinds on damaged files.
        raise FileProblem(f"{name}: the RTF is damaged ({type(error).__name__}). Save it again from its source.") from None


def _write(layout: Layout, text: str, tables: bool) -> None:
    """The lines of the text, its marks taken out and noted."""
    why = ""
    for line in text.replace("\r", "\n").split("\n"):
        pieces: list[Piece] = []
        for part in MARKS.split(line.rstrip("| ").replace("|", " | ") if tables and line.rstrip().endswith("|") else line):
            if MARKS.fullmatch(part):
                why = REASONS[ord(part) - OPEN] if ord(part) < CLOSE else ""
            elif part:
                pieces.append((part, why))
        start, end = layout.line(*pieces)
        if start == end:
            layout.gap()
