"""Tokens: the words, numbers and signs of a text with their places, and phrases of the rules found in them in one pass."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Generic, NamedTuple, TypeVar

from rag.text import abbreviations, lead_on, lowered

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:,\d{3}(?![\d,]))*(?:\.\d+)?|\n|(?<=\S)(?:\t| {3,})(?=\S)|[^\w\s]")
"""Words and numbers part where they touch ("83F", "10d"); ends of lines and of columns are tokens too."""
READS_ON = re.compile(r"\n[ \t]*(?:[a-z(]|(?<=[a-z,]\n)\d+[ /-])")
CELLS = re.compile(r",[^\s,\d]")
NEAR = 60
"""Characters before the end of a line that may show that it is a row of a table."""
STOPS = frozenset(".!?")
BREAK = "\n"
Rule = TypeVar("Rule")


class Tokens:
    """The tokens of a text: `said` in small letters, from `starts` to `ends`; a line, cell or column that ends is `BREAK`."""

    def __init__(self, text: str) -> None:
        self.text = text
        low = lowered(text)
        if not low.isascii():
            low = low.replace("’", "'").replace("–", "-").replace("—", "-").replace("−", "-")
        places = list(_whole_lines(text, ((*found.span(), found[0]) for found in TOKEN.finditer(text))))
        self.starts = [start for start, _, _ in places]
        self.ends = [end for _, end, _ in places]
        self.said = [BREAK if written.isspace() else low[start:end] for start, end, written in places]
        self.said.append(BREAK)  # So that whatever looks at the next token finds one.

    def __len__(self) -> int:
        return len(self.starts)

    def word(self, at: int) -> str:
        """The token at a place in small letters, a break outside of the text."""
        return self.said[at] if 0 <= at < len(self.starts) else BREAK

    def written(self, first: int, last: int) -> str:
        """The text from one token up to, not with, another, or to the end."""
        last = min(last, len(self.starts))
        return self.text[self.starts[first] : self.ends[last - 1]] if first < last else ""

    def glued(self, at: int) -> bool:
        """Whether nothing stands between this token and the one before it."""
        return 0 < at < len(self.starts) and self.starts[at] == self.ends[at - 1]

    def capital(self, at: int) -> bool:
        """Whether this token begins with a capital."""
        return 0 <= at < len(self.starts) and self.text[self.starts[at]].isupper()

    @cached_property
    def sentences(self) -> list[int]:
        """The first token of every sentence, in order; the last is that behind the text."""
        found = [0]
        for at in [at for at, said in enumerate(self.said) if said in STOPS or said == BREAK]:
            if self.said[at] == BREAK or self._ends(at):
                found.append(at + 1)
        return [*found, len(self.starts)]

    def _ends(self, at: int) -> bool:
        """Whether a stop ends a sentence: not inside a word, before a small letter, after an abbreviation or an initial."""
        after, stop = at + 1, self.said[at] == "."
        if self.said[after] == BREAK:
            return True
        if self.starts[after] == self.ends[at] or (stop and self.text[self.starts[after]].islower()):
            return False
        before = self.word(at - 1)
        return not stop or not (before in abbreviations() or (len(before) == 1 and before.isalpha()))

    def sentence(self, at: int) -> tuple[int, int]:
        """The first token of the sentence that holds this one, and the one behind its last."""
        place = bisect_right(self.sentences, at)
        first, last = self.sentences[place - 1], self.sentences[place] if place < len(self.sentences) else len(self.starts)
        while last > first and self.word(last - 1) in (BREAK, *STOPS):
            last -= 1
        return first, last


def _whole_lines(text: str, places: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The places without the ends of lines that read on."""
    leads, before = lead_on(), ""
    for place in places:
        if place[2] != BREAK or not (before in leads or _reads_on(text, place[0])):
            before = place[2]
            yield place


def _reads_on(text: str, at: int) -> bool:
    """Whether the line that ends here goes on in the next one, as wrapped prose does and no row of a table."""
    before = text[at - 1 : at]
    if not (before.isdecimal() or before == "," or "a" <= before <= "z") or not READS_ON.match(text, at):
        return False
    return not CELLS.search(text, max(text.rfind("\n", 0, at), at - NEAR), at)


@lru_cache(maxsize=2)
def tokens_of(text: str) -> Tokens:
    """The tokens of a text, made once for the finders that read it one after the other."""
    return Tokens(text)


class Found(NamedTuple, Generic[Rule]):
    """A phrase in a text: its tokens from the first up to, not with, the last, and its rule."""

    first: int
    last: int
    rule: Rule


class Phrases(Generic[Rule]):
    """Phrases by their words, each with a rule. A bar parts words that may stand in one place; an empty one may be left out."""

    def __init__(self, phrases: Iterable[tuple[str, Rule]]) -> None:
        self._root: dict[str, Any] = {}
        self._backward: dict[str, Any] = {}
        for written, rule in phrases:
            for said in product(*(place.split("|") for place in written.split(" "))):
                words = TOKEN.findall(" ".join(filter(None, said)))
                self._put(self._root, words, rule)
                self._put(self._backward, words[::-1], rule)

    @staticmethod
    def _put(node: dict[str, Any], words: list[str], rule: Rule) -> None:
        for word in words:
            node = node.setdefault(word, {})
        node.setdefault("", rule)

    def find(self, tokens: Tokens) -> Iterator[Found[Rule]]:
        """The phrases of a text from left to right, the longest at each place, none inside another."""
        root, behind = self._root, 0
        for at in [at for at, word in enumerate(tokens.said) if word in root]:
            if at >= behind and (found := self.at(tokens, at)):
                behind = found.last
                yield found

    def at(self, tokens: Tokens, first: int) -> Found[Rule] | None:
        """The longest phrase that begins with this token."""
        said, node, found = tokens.said, self._root, None
        place, most = first, len(tokens)
        while place < most and (following := node.get(said[place])) is not None:
            node = following
            place += 1
            if "" in node:
                found = Found(first, place, node[""])
        return found

    def before(self, tokens: Tokens, last: int) -> Found[Rule] | None:
        """The longest phrase that ends right before this token."""
        said, node, found = tokens.said, self._backward, None
        place = last - 1
        while place >= 0 and (following := node.get(said[place])) is not None:
            node = following
            if "" in node:
                found = Found(place, last, node[""])
            place -= 1
        return found
