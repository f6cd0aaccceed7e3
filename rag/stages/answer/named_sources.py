"""Sources that a model marks by the name of a file, not by a number: [discharge.pdf], (discharge.pdf, p. 2), [Source: letter]."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from rag.stages.answer.source_marks import RULES, WORD
from rag.stages.index.base import Index
from rag.text import terms
from rag.values import Hit, Prompt

BEFORE = 300  # Characters before a mark in which its statement stands.
OPEN, CLOSE = r"\[【［(（`<", r"\]】］)）`>"
MARKED = re.compile(rf"[{OPEN}]{{1,2}}([^{OPEN}{CLOSE}\n]{{3,200}})[{CLOSE}]{{1,2}}(?:\([^()\s]{{1,300}}\))?")
PARTS = re.compile(r"(?<!\s)\s*+(?:[;,|&]|\band\b|\bund\b)\s*", re.I)
LED = re.compile(rf"(?:{WORD}|see |from |per |siehe |vgl\.? )", re.I)
PLACES = "|".join(map(re.escape, sorted(RULES["places"], key=len, reverse=True)))
PLACE = re.compile(rf"(?:(?<![\s:#])[\s:#]*+(?:{PLACES})\.?\s?\d[\w.]{{0,6}}(?:\s?[-–]\s?\d{{1,4}})?|#?\d{{1,4}})\Z", re.I)
LISTED = re.compile(rf"^((?:[^\w\n]|_)*(?:{'|'.join(map(re.escape, RULES['headings']))})[\W_]*[:：][ \t*_]*)(.+)$", re.I | re.M)
STOP = re.compile(r"[.!?]\s|\n")


class NamedSources:
    """The sources of a prompt by the names of their documents: as the file is called, without its ending, and by its title."""

    def __init__(self, prompt: Prompt, index: Index) -> None:
        self.found: dict[str, list[tuple[int, Hit]]] = {}
        for number, hit in enumerate(prompt.sources, 1):
            document = index.documents.get(hit.chunk.span.document)
            name = hit.chunk.span.document
            called = {_plain(name), _plain(PurePath(name).stem), _plain(document.title if document else "")}
            for one in called - {""}:
                if LED.sub("", one, count=1).isdecimal():  # Such as that of "1.txt": [1] is the first source all the same.
                    continue
                self.found.setdefault(one, []).append((number, hit))

    def number(self, name: str, said: str = "") -> int | None:
        """The number of the source of that name; of several of one document that which shares most words with what is said."""
        hits = self._of(name)
        if not hits:
            return None
        wanted = set(terms(said))
        return max(hits, key=lambda one: (len(wanted.intersection(terms(one[1].chunk.text))), -one[0]))[0]

    def in_numbers(self, text: str) -> str:
        """The text with its marks by name as marks by number; what is no mark by name stays as it is."""

        def listed(line: re.Match[str]) -> str:
            numbers = self._numbers(line[2], "")
            return f"{line[1]}{_marks(numbers)}" if numbers else line[0]

        def marked(mark: re.Match[str]) -> str:
            before = text[max(mark.start() - BEFORE, 0) : mark.start()].rstrip(" .!?")
            numbers = self._numbers(mark[1], STOP.split(before)[-1])
            return _marks(numbers) if numbers else mark[0]

        text = LISTED.sub(listed, text)
        return MARKED.sub(marked, text)

    def _numbers(self, written: str, said: str) -> list[int]:
        """The sources that words name, where they name nothing else."""
        if (whole := self.number(written, said)) is not None:
            return [whole]
        numbers: list[int] = []
        for part in filter(None, PARTS.split(written.strip(" .*_"))):
            number = self.number(part, said)
            if number is not None:
                numbers.append(number)
            elif not (numbers and PLACE.match(part)):
                return []
        return list(dict.fromkeys(numbers))

    def _of(self, name: str) -> Sequence[tuple[int, Hit]]:
        bare = LED.sub("", name.strip(), count=1) if LED.match(name.strip()) else name
        for tried in (name, bare, PLACE.sub("", bare), bare.rpartition("#")[0], name.rpartition("†")[2]):
            if hits := self.found.get(_plain(tried)):
                return hits
        return ()


def _plain(name: str) -> str:
    """A name as names are compared: without folder, quotation marks, case and the signs between its words."""
    name = re.sub(r"^.*[/\\]", "", name.strip(" \t\"'“”„*_`^†:"))
    return " ".join(re.split(r"[\s_]+", name.lower())).strip()


def _marks(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
