"""Versions: two documents of one title and day of which most is the same, sentence by sentence; what is not, was changed."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from rag.clinical.conflicts.reading import Reading, Said
from rag.clinical.standing import TABLES
from rag.text import lines
from rag.values import Document

SHARED, FEWEST = 0.6, 3
"""The share of the smaller document's sentences, and how many at least, that both have."""
ALIKE = 0.6
MOST = 60
"""Sentences that one version has alone, above which the two are no versions."""
Sentence = tuple[int, int, tuple[str, ...]]


def versions(record: Sequence[Reading]) -> Iterator[tuple[Said, Said]]:
    """The sentences that stand in one version of a document and otherwise in another; the documents are of one owner."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for one in record:
        if one.document.title:
            groups.setdefault((one.document.title, one.document.date or ""), []).append(one)
    for group in groups.values():
        for one, other in combinations(group, 2):
            yield from _changed(one, other)


def _changed(one: Reading, other: Reading) -> Iterator[tuple[Said, Said]]:
    mine, theirs = list(_sentences(one)), list(_sentences(other))
    said, told = ({words for *_, words in every} for every in (mine, theirs))
    same = len(said & told)
    if same < max(FEWEST, SHARED * min(len(said), len(told))):
        return
    alone, apart = ([at for at in every if at[2] not in shared] for every, shared in ((mine, told), (theirs, said)))
    if not alone or not apart or max(len(alone), len(apart)) > MOST:
        return
    for sentence in alone:
        ratios = [SequenceMatcher(None, sentence[2], rival[2], autojunk=False).ratio() for rival in apart]
        nearest = max(range(len(apart)), key=ratios.__getitem__)
        if ratios[nearest] >= ALIKE:
            yield _stated(one.document, sentence, apart[nearest]), _stated(other.document, apart[nearest], sentence)


def _sentences(reading: Reading) -> Iterator[Sentence]:
    """The sentences of a document, the rows of a table, each with its words in small letters."""
    every = lines(reading.text) if reading.document.format in TABLES else reading.sentences
    for start, end in every:
        words = tuple(reading.text[start:end].lower().split())
        if len(words) >= FEWEST:
            yield start, end, words


def _stated(document: Document, sentence: Sentence, rival: Sentence) -> Said:
    """A sentence as one side: what it says that the other does not."""
    parts = SequenceMatcher(None, sentence[2], rival[2], autojunk=False).get_opcodes()
    own = " ".join(" ".join(sentence[2][low:high]) for kind, low, high, _, _ in parts if kind != "equal") or "no more"
    return Said("statement", "", own, own, document, sentence[0], sentence[1], document.date or "")
