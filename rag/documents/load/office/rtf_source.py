"""The source of an RTF taken apart: headers, fields, pictures and notes from the text, and marks where it is hidden or raised."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from striprtf.striprtf import destinations

from rag.documents.load.signs import LOWERED, RAISED, box, decoded, is_sign_font, private
from rag.documents.load.web.css import WHITE, Colour, alike
from rag.errors import FileProblem

TOKEN = re.compile(r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+|\\")
COLOUR = re.compile(r"\\red(\d{1,3})\D{0,9}\\green(\d{1,3})\D{0,9}\\blue(\d{1,3})")
FONT_CHARSET = re.compile(r"(?<=\\fcharset)(\d{1,3})")
CHARSETS = {"78": "128", "79": "136", "80": "129", "81": "178", "82": "177", "83": "161", "84": "204", "85": "134",
            "86": "238", "87": "204", "88": "222", "89": "238"}  # fmt: skip
ASIDES = {"header": "header", "headerl": "header", "headerr": "header", "headerf": "header", "footer": "footer",
          "footerl": "footer", "footerr": "footer", "footerf": "footer", "annotation": "comment", "fldinst": "link",
          "info": "metadata", "deleted": "deleted", "footnote": "footnote", "shptxt": "text box"}  # fmt: skip
LEFT_OUT = {"pict": "pictures left out", "object": "embedded objects left out", "objdata": "", "themedata": "", "datastore": "",
            "nonshppict": "", "shprslt": ""}  # fmt: skip
TOLD = frozenset("title subject author operator keywords doccomm company manager category".split())
STRUCK = "deleted"
REASONS = ("hidden text", "text in the colour of its ground", "tiny text", STRUCK, RAISED, LOWERED)
OPEN, CLOSE = 0xE000, 0xE010  # Private signs that carry the marks through striprtf.
FORM_RESULT = re.compile(r"\\ffres(\d{1,3})")
FORM_DEFAULT = re.compile(r"\\ffdefres(\d{1,3})")
CHOICE = re.compile(r"\{\\\*\\ffl ?([^{}]{0,200})\}")
SYMBOL = re.compile(r"SYMBOL\s+(0x[0-9A-Fa-f]{1,5}|\d{1,6})\s")
SYMBOL_FONT = re.compile(r"\\\\f\s*\"?([^\"\\{}]{1,40})")
FONT = re.compile(r"\\f(\d{1,5})")
FONT_NAME = re.compile(r"\{\\\*[^{}]{0,200}\}|\\[a-zA-Z]{1,32}-?\d{0,9} ?|\\'..|[{}]")
WRITTEN = re.compile(r"\{\\uc1\\u(\d{1,6})\?")
BY_DEFAULT = 25  # The result of a form's field that was never set.
TINY = 7
DEEPEST = 5_000
DEEPEST_FIELD = 50
LONGEST_FONTS = 50_000


def escaped(data: bytes) -> str:
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
    struck: bool = False
    place: str = ""
    font: int = 0
    fallback: int = 1


class Taken:
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
        self.notes: list[str] = []
        self._fonts: dict[int, str] = {}
        self._skipped = 0
        self._row_ended = False
        self._fields: list[tuple[int, int, str]] = []

    def read(self, source: str) -> None:
        fonts = source.find("{\\fonttbl")
        if fonts >= 0 and source.find("}}", fonts) - fonts > LONGEST_FONTS:
            raise FileProblem(f"{self.name}: the RTF has a damaged table of fonts. Save it again from its source.")
        self._fonts = _sign_fonts(source[fonts : source.find("}}", fonts)]) if fonts >= 0 else {}
        default = re.search(r"\\deff(\d{1,5})", source[:2000])
        self._shaded = "\\clcbpat" in source
        self.tables = "\\cell" in source
        table = source.find("{\\colortbl")
        if table >= 0:
            entries = source[table : source.find("}", table)][:20_000].split(";")[:-1]
            self._colours = [_colour(COLOUR.search(entry)) for entry in entries]
        self._plain = _State(font=int(default[1]) if default else 0)
        state, stack = self._plain, list[_State]()
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
                if self._fields and self._fields[-1][0] == len(stack):
                    self._end_field()
                if not stack:
                    break
            elif word:
                if word == "field" and len(self._fields) < DEEPEST_FIELD:
                    self._fields.append((len(stack) - 1, len(self.main), ""))
                state = self._word(found, state)
            elif token[0] != "\\" or token[1:2] == "'":
                self._text(token, state)
            else:
                self._mark(token, state)
                self._put(token, state)
        self.depth = len(stack)
        if self._beside and state.sink == "footnote":
            self.notes.append("".join([*self._beside, "}"]))
        elif self._beside:
            self.asides.append((state.sink, "".join([*self._beside, "}"])))
        self._mark("x", _State())

    def _closed(self, state: _State, outer: _State) -> _State:
        if state.sink == outer.sink:
            self._put("}", state)
            if self._row_ended and not outer.ignored:
                self._put("\\row ", outer)
                self._row_ended = False
            return outer
        self._put("}", outer)
        if state.sink != "-":
            source = "".join([*self._beside, "}"])
            self._beside = []
            if state.sink == "footnote":
                self.notes.append(source)
            elif state.sink != "link" or not self._instructed(source):
                self.asides.append((state.sink, source))
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
        self._row_ended = self._row_ended or word == "nestrow"  # It stands among properties, which striprtf leaves out.
        if word == "chftn":
            if state.sink == "":
                self._mark("x", self._plain)
                self.main.append(f"[{len(self.notes) + 1}]")
            return state
        if word == "u" and number and (self._font(state) or 0xF020 <= int(number) % 0x10000 <= 0xF0FF):
            self._sign(chr(int(number) % 0x10000), state)
            self._skipped = state.fallback
            return state
        if word == "fcharset":
            token = FONT_CHARSET.sub(lambda one: CHARSETS.get(one[1], one[1]), token)
        if word == "u":
            self._mark(token, state)
        if word in {"field", "fldinst"} or (word in {"uc", "ansicpg"} and number is None):
            return state  # What striprtf makes of fields takes for ever where they do not end.
        self._put(token, state)
        return replace(self._plain, sink=state.sink, ignored=state.ignored) if word == "plain" else _after(word, number, state)

    def _font(self, state: _State) -> str:
        """The name of the font of signs that text stands in, or nothing."""
        return "" if state.ignored else self._fonts.get(state.font, "")

    def _text(self, token: str, state: _State) -> None:
        """Text as its font shows it, without what stands in place of a sign for readers that do not know it."""
        if self._skipped:
            token, self._skipped = ("", self._skipped - 1) if token[0] == "\\" else (token[self._skipped :], 0)
            if not token:
                return
        if not self._font(state):
            self._mark(token, state)
            self._put(token, state)
            return
        for letter in chr(int(token[2:], 16)) if token[0] == "\\" else token:
            self._sign(letter, state)

    def _sign(self, letter: str, state: _State) -> None:
        font = self._font(state)
        shown = private(decoded(letter, font), font)
        self._mark(shown, state)
        self._put(_written(ord(shown)) if ord(shown) > 126 else shown, state)

    def _instructed(self, source: str) -> bool:
        """Whether an instruction is that of a field of a form or a sign: then what it shows is put in its place."""
        shown = ""
        if "FORMCHECKBOX" in source:
            self.main.append(_written(ord(box(_result(source) == 1))))
            self._fields[-1:] = []
        elif "FORMDROPDOWN" in source:
            choices, at = CHOICE.findall(source), _result(source)
            shown = choices[at] if at < len(choices) else ""
        elif sign := SYMBOL.search(source):
            font = SYMBOL_FONT.search(source)
            shown = decoded(chr(int(sign[1], 0) % 0xD800), font[1].strip() if font else "symbol")
            shown = "".join(_written(ord(letter)) for letter in shown)
        else:
            return "FORMTEXT" in source
        if self._fields and shown:
            depth, at, _ = self._fields[-1]
            self._fields[-1] = (depth, len(self.main), shown)
        return True

    def _end_field(self) -> None:
        """Ends a field; what it shows is put there where no text tells it."""
        _, start, shown = self._fields.pop()
        if shown and not any(map(_is_text, self.main[start:])):
            self.main.append(shown)

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
        if 0 <= state.size < TINY:
            return 2
        return 3 if state.struck else REASONS.index(state.place) if state.place else None


def _after(word: str, number: str | None, state: _State) -> _State:
    """The state after a control word."""
    value = int(number) if number else 0
    if word == "v":
        return replace(state, hidden=number != "0")
    if word in {"strike", "striked"}:
        return replace(state, struck=number != "0")
    if word in {"super", "sub", "nosupersub"}:
        return replace(state, place={"super": RAISED, "sub": LOWERED}.get(word, "") if number != "0" else "")
    if word in {"up", "dn"}:
        return replace(state, place=(RAISED if word == "up" else LOWERED) if number != "0" else "")
    if word == "f":
        return replace(state, font=value)
    if word == "uc":
        return replace(state, fallback=min(value, 9))
    if word == "cf":
        return replace(state, colour=value)
    if word in {"cb", "highlight", "chcbpat", "cbpat"}:
        return replace(state, ground=value)
    if word == "fs":
        return replace(state, size=value)
    if word in {"intbl", "pard"}:
        return replace(state, table=word == "intbl")
    return replace(state, ignored=True) if word in destinations or word == "colortbl" else state


def _is_text(token: str) -> bool:
    """Whether a token of the source is text, and no control word or mark of ours."""
    if written := WRITTEN.match(token):
        return int(written[1]) < OPEN
    return token[:2] == "\\'" or (token[:1] not in "{}\\" and bool(token.strip()))


def _result(source: str) -> int:
    """What is chosen of a form's field, by number; 1 is a ticked box."""
    found = FORM_RESULT.search(source)
    if found is None or int(found[1]) == BY_DEFAULT:
        found = FORM_DEFAULT.search(source)
    return int(found[1]) if found else 0


def _sign_fonts(table: str) -> dict[int, str]:
    """The fonts of signs of a table of fonts, by their numbers."""
    found = {}
    for entry in table.removeprefix("{\\fonttbl").split(";"):
        number, name = FONT.search(entry), FONT_NAME.sub("", entry).strip()
        if number and is_sign_font(name):
            found[int(number[1])] = name
    return found


def _colour(found: re.Match[str] | None) -> Colour | None:
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
