"""Copies take one place: passages that say the same, of the same patient and in the same edition, are one hit."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from rag.rules import rules
from rag.stages.index.base import Index
from rag.text import terms_at
from rag.values import Chunk, Hit

ALIKE = 0.95  # Share of the runs of words that near copies have in common (Broder, 1997).
RUN = 3
NEAR, SHORT = 0.8, 300  # Share of the longer text's signs that a copy has at least where it has few; spelling takes some.
FEW = 0.3  # Share of the words as written that copies have in common at least, whatever the spelling.
NO_DIGITS = re.compile(r"\D+")
OF_A_PATIENT = frozenset(("denial", "discharge", "letter", "note", "pathology", "radiology"))


def merged(hits: Sequence[Hit], index: Index, top: int) -> list[Hit]:
    """At most `top` hits, in their order, of which no two say the same: the first of them holds the others as its copies.

    Two passages are copies where their words and numbers are the same, whatever the case, marks, line ends and spelling; long
    ones also where hardly anything but an article differs. Passages of different patients, editions, effective dates or
    statuses never are, nor those of reports whose patient is not known. Copies are taken from all hits, so give more than
    `top` for their places to be filled. Hits that overlap in one document are left as they are.
    """
    kept: list[_Kept] = []
    alike: dict[tuple[object, ...], list[_Kept]] = {}
    for hit in hits:
        near = alike.setdefault(_class(hit.chunk, index), [])
        new = _Kept(hit, [])
        same = next((one for one in near if one.says_the_same(new)), None)
        if same is None:
            near.append(new)
            kept.append(new)
        else:
            same.copies += [hit.chunk, *hit.copies]
    return [replace(one.hit, copies=(*one.hit.copies, *one.copies)) if one.copies else one.hit for one in kept[:top]]


@dataclass
class _Kept:
    """A hit that has its place, and the passages found to say the same."""

    hit: Hit
    copies: list[Chunk]

    @cached_property
    def size(self) -> int:
        """The signs that are no blanks, and one."""
        text = self.hit.chunk.text
        return 1 + len(text) - sum(map(text.count, " \n\t"))

    @cached_property
    def seen(self) -> frozenset[str]:
        """The words as they are written, which is enough to tell most passages apart."""
        return frozenset(self.hit.chunk.text.lower().split())

    @cached_property
    def words(self) -> list[str]:
        return [word for word, _, _ in terms_at(self.hit.chunk.text, every=True)]

    @cached_property
    def runs(self) -> Counter[tuple[str, ...]]:
        return Counter(zip(*(self.words[at:] for at in range(RUN)), strict=False))

    def says_the_same(self, other: "_Kept") -> bool:
        """Whether two passages of one class are copies."""
        one, two = self.hit.chunk, other.hit.chunk
        if one.span.document == two.span.document and one.span.start < two.span.end and two.span.start < one.span.end:
            return False
        if one.text == two.text:
            return True
        if min(self.size, other.size) < (NEAR if self.size < SHORT else ALIKE) * max(self.size, other.size):
            return False
        if len(self.seen & other.seen) < FEW * max(len(self.seen), len(other.seen)):
            return False
        return self.words == other.words or self._nearly(other)

    def _nearly(self, other: "_Kept") -> bool:
        numbers = [[word for word in words if word[0].isdigit()] for words in (self.words, other.words)]
        mine, theirs = Counter(self.words), Counter(other.words)
        if numbers[0] != numbers[1] or not _harmless().issuperset([*(mine - theirs), *(theirs - mine)]):
            return False
        common = (self.runs & other.runs).total()
        return common >= ALIKE * (self.runs | other.runs).total() > 0


def _class(chunk: Chunk, index: Index) -> tuple[object, ...]:
    """What copies have in common before their words are compared: whose they are, edition, status, digits."""
    document = index.documents[chunk.span.document]
    whose: object = document.patient
    if not whose and document.name in index.owners.regions:
        regions = index.owners.regions[document.name]
        whose = frozenset(p for one in regions if one.start < chunk.span.end and chunk.span.start < one.end for p in one.patients)
    if not whose and document.type in OF_A_PATIENT:
        whose = (document.text,)
    digits = NO_DIGITS.sub("", chunk.text)
    return whose, document.edition, document.effective, document.status, digits


@cache
def _harmless() -> frozenset[str]:
    return frozenset(word for one in rules("copies")["words"] for word, _, _ in terms_at(one, every=True))
