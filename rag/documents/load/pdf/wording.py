"""The text of a page's lines: ligatures written out, words divided at line ends joined, characters in one form; all counted."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from rag.documents.load.formats import CONTROL
from rag.documents.load.pdf.layout import Line, Word
from rag.rules import rules

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
LIGATURE = re.compile("[" + "".join(LIGATURES) + "]")
SOFT = "\u00ad"
ENOUGH = 5
DIVIDED = re.compile(rf"(?<![^\W\d_])([^\W\d_]++)[-\u2010{SOFT}]$")
REST = re.compile(r"[^\W\d_]+")
HYPHENATED = re.compile(r"(?<!\w)[^\W\d_]+(?:[-\u2010][^\W\d_]+)+")
PLAIN = re.compile(r"(?<![\w\u2010-])[^\W\d_]+(?![\w\u2010-])")

LINE_END = re.compile(r"(?<![\w-])([^\W\d_]{2,})[-\u2010] ([^\W\d_]+)")


class Token(NamedTuple):
    """A word, what hides it, and the column of the table in which it stands."""

    text: str
    why: str
    column: int = 0


class Wording:
    """Writes the lines of a whole document; `counts` holds what was changed, by its name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._whole: set[str] = set()
        self._hyphenated: set[str] = set()
        self._divided: list[tuple[str, str]] = []

    def learn(self, words: Iterable[Word]) -> None:
        """Notes how the document itself writes its words away from line ends: with a hyphen, or without."""
        text = _written_out(" ".join(word.text for word in words)).lower()
        self._whole.update(PLAIN.findall(text))
        self._hyphenated.update(word.replace("\u2010", "-") for word in HYPHENATED.findall(text))
        self._divided += LINE_END.findall(text)

    def written(self, lines: Sequence[Line]) -> Iterator[list[Token]]:
        """The words of every line, where a word that was divided stands whole at the end of the line where it began."""
        written: list[list[Token]] = []
        for line in lines:
            tokens: list[Token] = []
            written.append(tokens)
            for number, piece in enumerate(line):
                fresh = [Token(text, word.why, piece.column) for word in piece.words if (text := self._clean(word))]
                before = tokens if number else (written[-2] if len(written) > 1 else [])
                near = before and fresh and (before[-1].why, before[-1].column) == (fresh[0].why, fresh[0].column)
                if near and (joined := self._joined(before[-1].text, fresh[0].text)):
                    before[-1] = before[-1]._replace(text=joined)
                    del fresh[0]
                tokens += fresh
        for tokens in written:
            plain = [self._plain(token.text) for token in tokens]
            yield [token if token.text == text else token._replace(text=text) for token, text in zip(tokens, plain, strict=True)]

    def _clean(self, word: Word) -> str:
        if word.text.isascii() and word.text.isprintable():
            return word.text.strip()
        text = CONTROL.sub("", word.text)
        written = _written_out(text)
        self.counts["ligatures written out"] += len(LIGATURE.findall(text))
        composed = unicodedata.normalize("NFC", written)
        self.counts["words brought to one Unicode form (NFC)"] += composed != written
        return composed.strip()

    def _plain(self, text: str) -> str:
        """The word without soft hyphens that nothing follows on."""
        if SOFT not in text:
            return text or "-"
        self.counts["soft hyphens left out"] += text.count(SOFT)
        return text.replace(SOFT, "") or "-"

    def _joined(self, first: str, second: str) -> str:
        """The word that was divided at the end of a line, with or without its hyphen; nothing where none was divided.

        A soft hyphen always goes. Any other stays after a digit, a single letter, an abbreviation or a word with a hyphen
        before it, and before anything but a small letter ("COVID-19"); else the document's own spelling decides.
        """
        if len(first) < 2 or first[-1] not in f"-\u2010{SOFT}" or not first[-2].isalnum() or not second[:1].isalnum():
            return ""
        rest = REST.match(second)
        if rest and rest[0].lower() in _parts()[2] and first[-1] != SOFT:
            return ""
        divided = DIVIDED.search(first)
        if first[-1] == SOFT or (divided and rest and second[0].islower() and not self._keeps(divided[1], rest[0], first)):
            self.counts["words divided at line ends joined"] += 1
            return first[:-1] + second
        self.counts["words joined at line ends with their hyphen"] += 1
        return first + second

    def _keeps(self, beginning: str, rest: str, first: str) -> bool:
        """Whether the hyphen belongs to the word: by the document's own spelling, then the lists of parts, then the form."""
        one, other = beginning.lower(), rest.lower()
        if "/" in first or "www." in first:  # A web address.
            return True
        if f"{one}-{other}" in self._hyphenated:
            return True
        if one + other in self._whole:
            return False
        known_first, known_second, _ = _parts()
        if one in known_first or other in known_second or len(beginning) == 1 or beginning.isupper():
            return True
        before = first[: -len(beginning) - 1]
        if any(sign.isdigit() or sign == "-" for sign in before) or (one in self._whole and other in self._whole):
            return True
        return not self._divides

    @cached_property
    def _divides(self) -> bool:
        """Whether this document divides words at line ends. Most do not: then nearly all hyphens there belong to their words."""
        known_first, known_second, _ = _parts()
        hard = sum(
            f"{one}-{other}" in self._hyphenated or one in known_first or other in known_second for one, other in self._divided
        )
        soft = sum(one + other in self._whole for one, other in self._divided)
        return soft >= hard or hard < ENOUGH


@cache
def _parts() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """First and second parts of words that are written with a hyphen, and words after a hyphen that stands for an omission."""
    known = rules("hyphens")
    first, second = (frozenset(rule["part"] for rule in known[name]) for name in ("first", "second"))
    return first, second, frozenset(known["suspended"]["words"])


def _written_out(text: str) -> str:
    return LIGATURE.sub(lambda found: LIGATURES[found[0]], text)


def changes(counts: Counter[str]) -> tuple[str, ...]:
    """What was changed, in words with counts."""
    return tuple(f"{count} {name}" for name, count in sorted(counts.items()) if count)
