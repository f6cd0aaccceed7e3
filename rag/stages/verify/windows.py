"""What the model of support reads: a statement, word by word, and the sentences of the source that are most like it."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from rag.stages.reader.windows import BETWEEN, FIRST, LONGEST, SENTENCE, Window, words

SAID, WHOLE = 64, 112
"""Most tokens of a statement, and of a window with all that it holds: longer ones take longer and say no more."""
FIRST_WORD, SIGN, BESIDE = 1996, 0.25, 0.35
"""The first id of BERT's vocabulary that is a word; what a sign weighs; the share of its worth that a sentence gives the next."""
WRITTEN = re.compile(r"\S+")


def window(said: str, sentences: Sequence[str], first: Sequence[int] = (), whole: int = WHOLE) -> Window:
    """A statement before the sentences of a source that fit into a window of `whole` tokens, in order; `first` come first.

    `places` are the statement's words, as `spans` gives them; those behind its first 64 tokens have none.
    """
    ids, places = [FIRST], list[tuple[int, int]]()
    for start, end in spans(said):
        own = words(said[start:end], SAID)
        if not own or len(ids) + len(own) > SAID:
            break
        places.append((len(ids), len(ids) + len(own)))
        ids += own
    asked = len(ids) + 1
    pieces = [(SENTENCE, *words(sentence, LONGEST)) for sentence in sentences]
    chosen = sorted(_chosen(frozenset(ids[1:]), pieces, first, whole - asked - 1))
    return Window((*ids, BETWEEN, *(piece for at in chosen for piece in pieces[at]), BETWEEN), asked, tuple(places))


def spans(said: str) -> list[tuple[int, int]]:
    """Where the words of a statement stand, parted by blanks."""
    return [match.span() for match in WRITTEN.finditer(said)]


def _chosen(said: frozenset[int], pieces: Sequence[tuple[int, ...]], first: Sequence[int], room: int) -> list[int]:
    """The numbers of the sentences that hold most of a statement, then those beside them, until no room is left."""
    worth = [sum(_weight(piece) for piece in said.intersection(own)) for own in pieces]
    best = sorted(range(len(pieces)), key=lambda at: (-worth[at], at))
    top = [*first, *best[:2]]
    near = [max((worth[other] * BESIDE for other in (at - 1, at + 1) if other in top), default=0.0) for at in range(len(pieces))]
    order = [*first, *sorted(range(len(pieces)), key=lambda at: (-worth[at] - near[at], at))]
    chosen: list[int] = []
    for at in dict.fromkeys(order):
        if len(pieces[at]) <= room:
            chosen.append(at)
            room -= len(pieces[at])
    return chosen


@lru_cache(maxsize=40_000)
def _weight(piece: int) -> float:
    """How much a piece tells: BERT's vocabulary stands in order of frequency."""
    return SIGN if piece < FIRST_WORD else math.log(piece - FIRST_WORD + 2) / 10
