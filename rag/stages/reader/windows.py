"""What the reader reads: a question, where a passage stands, and the passage's sentences, as WordPiece ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.spelling import folded
from rag.values import Document
from rag.wordpiece import pieces

FIRST, BETWEEN, SENTENCE = 101, 102, 2
"""BERT's [CLS] and [SEP]; [unused1], which stands before every sentence."""
QUESTION, HEADER, LONGEST, WHOLE = 64, 32, 80, 320
"""Most tokens of a question, of a header, of a sentence, and of a window with all of these."""


@dataclass(frozen=True)
class Window:
    """A question with a run of sentences: token ids, how many of them are the question's, and where each sentence lies.

    `places` are (start, end) into `ids`, the mark before the sentence included; `first` is the number of its first sentence.
    """

    ids: tuple[int, ...]
    asked: int
    places: tuple[tuple[int, int], ...]
    first: int = 0


def header(document: Document, start: int) -> str:
    """Where a passage stands, in words: type, patient, date, edition and section path."""
    edition = f"edition {document.edition}" if document.edition else ""
    path = " > ".join(document.path_at(start)[-2:])
    parts = (document.type.replace("_", " "), document.patient, document.date or document.effective or "", edition, path)
    return " | ".join(part for part in parts if part)


def windows(question: str, about: str, sentences: Sequence[str]) -> list[Window]:
    """The question before the sentences of one passage, in as many windows as they need, in order.

    `about` is the passage's header. A window that follows another begins with the sentence before its own, which is read again.
    """
    lead = [FIRST, *words(question, QUESTION), BETWEEN]
    begin = [*lead, *words(about, HEADER), BETWEEN]
    made: list[Window] = []
    ids, places, first = list(begin), list[tuple[int, int]](), 0
    for at, sentence in enumerate(sentences):
        own = [SENTENCE, *words(sentence, LONGEST)]
        if places and len(ids) + len(own) >= WHOLE:
            made.append(Window((*ids, BETWEEN), len(lead), tuple(places), first))
            again = ids[slice(*places[-1])]
            ids, places, first = [*begin, *again], [], at
        places.append((len(ids), len(ids) + len(own)))
        ids += own
    return [*made, Window((*ids, BETWEEN), len(lead), tuple(places), first)] if places else made


@lru_cache(maxsize=50_000)
def _pieces(text: str) -> tuple[int, ...]:
    return tuple(pieces(" ".join(folded(text).split())))


def words(text: str, most: int) -> tuple[int, ...]:
    """The first WordPiece ids of a text in its plain written form, blanks folded."""
    return _pieces(text)[:most]
