"""JSON as models write it, with its small faults: other quotes, names without any, commas and brackets left out, comments."""

import re
from typing import Any

DEEPEST = 40
LONGEST_NUMBER = 40
BLANK = re.compile(r"(?:[\s\ufeff\u200b…]|\.{3}|#[^\n]*|//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*\*/)*")
NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
WORD = re.compile(r"[A-Za-z_$][\w$-]*")
BARE = re.compile(r"[A-Za-z][\w .#^-]{0,40}(?=\s*[,\]}])")
WORDS = {"true": True, "false": False, "null": None, "none": None, "undefined": None, "nan": None}
QUOTES = {'"': '"', "'": "'", "“": '”“"', "”": '”"', "„": '“”"', "‘": "’'", "`": "`"}
TRIPLE = '"""'
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
NAME = r"(?:[\"'“‘`][\w $-]{1,60}[\"'“”‘’`]|[A-Za-z_$][\w$-]{0,60})\s*[:：=]"
ENDS = {
    "name": re.compile(r"\s*[:=：]"),
    "field": re.compile(rf"\s*(?:[,，][\s,]*(?:{NAME}|[}}\]]|//|/\*|#|$)|[}}\]]|$|//|/\*|#|{NAME})"),
    "item": re.compile(r"\s*(?:[,，][\s,]*(?:[\"'“‘`{\[\d-]|true|false|null|[\]}]|//|/\*|$)|[\]}]|$|//|/\*)"),
}


def lenient(text: str, cut: bool = False) -> Any:
    """The first value of a text that begins with one. Raises Fault with what is wrong and where.

    Of a text that was `cut` what is whole is read, and the unfinished end is left out; else only brackets may be missing there.
    """
    return _Reader(text, cut).value(0, "item")


class Fault(ValueError):
    """What is wrong with a text, and after how many characters it shows."""

    def __init__(self, said: str, at: int) -> None:
        super().__init__(said)
        self.at = at


class _Unfinished(Fault):
    """The text ended in the middle of something."""


class _Reader:
    """A place in the text, and what is read from there. Every character is read a bounded number of times."""

    def __init__(self, text: str, cut: bool) -> None:
        self.text, self.cut, self.at = text, cut, 0

    def value(self, depth: int, role: str) -> Any:
        if depth > DEEPEST:
            raise self._fault("nested too deeply")
        self._skip()
        sign = self.text[self.at : self.at + 1]
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        if self.text.startswith(TRIPLE, self.at) and (end := self.text.find(TRIPLE, self.at + 3)) >= 0:
            written, self.at = self.text[self.at + 3 : end], end + 3
            return written
        if sign in QUOTES and sign:
            return self._string(role)
        if role == "field" and sign and sign in ",}]":
            return None
        if number := NUMBER.match(self.text, self.at):
            if len(number[0]) > LONGEST_NUMBER:
                raise self._fault("a number is too long")
            self.at = number.end()
            return int(number[0]) if number[0].lstrip("+-").isdecimal() else float(number[0])
        if (word := WORD.match(self.text, self.at)) and word[0].lower() in WORDS:
            self.at = word.end()
            return WORDS[word[0].lower()]
        if depth > 1 and (bare := BARE.match(self.text, self.at)):
            self.at = bare.end()
            return bare[0]
        raise self._fault("Expecting value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        while not self._closes("}", bool(found)):
            try:
                name = self._name()
                found[name] = self.value(depth + 1, "field")
            except _Unfinished:
                if self.cut:
                    return found
                raise
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while not self._closes("]", bool(found)):
            try:
                found.append(self.value(depth + 1, "item"))
            except _Unfinished:
                if self.cut:
                    return found
                raise
        return found

    def _closes(self, sign: str, begun: bool) -> bool:
        """Whether the list or object ends here; a comma before that may be there or not."""
        self._skip()
        comma = False
        while self.text.startswith((",", ";", "，"), self.at):
            comma = True
            self.at += 1
            self._skip()
        following = self.text[self.at : self.at + 1]
        if following == sign:
            self.at += 1
            return True
        if not following:
            if self.cut or (begun and not comma):
                return True
            raise self._fault("Expecting more")
        return following in "}]"  # The bracket of the one around it: this one's is missing.

    def _name(self) -> str:
        self._skip()
        if self.text[self.at : self.at + 1] in QUOTES:
            name = self._string("name")
        elif word := WORD.match(self.text, self.at):
            name, self.at = word[0], word.end()
        else:
            raise self._fault("Expecting a name in quotes")
        self._skip()
        if not self.text.startswith((":", "=", "："), self.at):
            raise self._fault("Expecting ':'")
        self.at += 1
        return name

    def _string(self, role: str) -> str:
        """A string up to the quote that what follows shows to be its end, so that others may stand in it."""
        if role == "field" and self.at + 1 >= len(self.text):
            self.at += 1
            return ""
        closing, parts = QUOTES[self.text[self.at]], []
        self.at += 1
        stops = re.compile(rf"[\\{closing}]")
        while stop := stops.search(self.text, self.at):
            parts.append(self.text[self.at : stop.start()])
            self.at = stop.end()
            if stop[0] != "\\":
                if ENDS[role].match(self.text, self.at):
                    return "".join(parts)
                parts.append(stop[0])
                continue
            escaped = self.text[self.at : self.at + 1]
            code = self.text[self.at + 1 : self.at + 5]
            if escaped == "u" and re.fullmatch("[0-9a-fA-F]{4}", code):
                parts.append(chr(int(code, 16)))
                self.at += 5
            elif escaped == "x" and re.fullmatch("[0-9a-fA-F]{2}", code[:2]):
                parts.append(chr(int(code[:2], 16)))
                self.at += 3
            else:
                parts.append(ESCAPES.get(escaped, escaped))
                self.at += 1
        self.at = len(self.text)
        raise self._fault("Unterminated string")

    def _skip(self) -> None:
        blank = BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at

    def _fault(self, what: str) -> Fault:
        before = self.text[: self.at]
        said = f"{what}, line {before.count(chr(10)) + 1}, column {self.at - before.rfind(chr(10))}"
        return _Unfinished(said, len(self.text)) if self.at >= len(self.text) else Fault(said, self.at)
