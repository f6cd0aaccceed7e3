"""Words, sentences and terms of clinical text, as offsets into it."""

import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain

import Stemmer

from rag.rules import rules
from rag.spelling import among, depends, folded, plain

_PLACES = map(chr, chain(range(0x300, 0x3100), range(0xA600, 0xAC00), range(0xFB00, 0xFF00)))
MARKS = "".join(sign for sign in _PLACES if unicodedata.category(sign).startswith("M")) + "\U000e0100-\U000e01ef"
JOINED = rf"(?:[{MARKS}\u0e33\u0eb3\u200d\U0001f3fb-\U0001f3ff]|(?<=\u200d)\S|(?<=[\ud800-\udbff])[\udc00-\udfff])"
KANA = "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HAN = rf"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff{KANA}"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
UNSPACED = f"{HAN}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Chinese, Japanese, Thai, Lao, Burmese, Khmer.
ENDS = "。！？｡।॥؟۔"
CLOSING = "\"'”’)\\]」』》）】"
LONGEST_WORD, PART = 50, 16
WORD = re.compile(
    rf"[{UNSPACED}]{JOINED}{{0,8}}[{ENDS}{CLOSING}、，：；]{{0,4}}"
    rf"|[^\s{UNSPACED}]{{1,{LONGEST_WORD}}}(?![^\s{UNSPACED}])|[^\s{UNSPACED}]{{1,{PART}}}{JOINED}{{0,8}}"
)
TERM = re.compile(rf"[a-z]++(?![^\x00-\x7f])|\d+(?:[.,]\d+)*|[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*")
NUMBER = r"\d+(?:[.,]\d+|'\d{3}(?!\d))*|\.(?<![\w.)].)\d+"
LETTER = r"(?<=[AaIiSsTt])\d++(?![.,]\d)|(?:\.[A-Za-z])++(?![A-Za-z])"  # After one: "T4", "b.i.d."
PLAIN_TOKEN = re.compile(rf"[A-Za-z]{{2,}}+-?|[A-Za-z](?:{LETTER}|-?)|{NUMBER}")
TOKEN = re.compile(
    rf"[A-Za-z]{{2,}}+(?:-|(?![^\x00-\x7f]))|[A-Za-z](?![A-Za-z])(?:{LETTER}|-|(?![^\x00-\x7f]))"
    rf"|{NUMBER}|[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*"
)
THIN = "\u00a0\u2000-\u200a\u202f\u205f"
STRETCH = re.compile(rf"(?:[^\s]|(?<=\d)[{THIN}](?=\d\d\d)|(?<=\d) (?=\d\d\d(?!\d)))+")
EDGES = re.compile(r"\W*+(\w.*\w|\w)", re.DOTALL)
BIGRAMS = re.compile(rf"[{HAN}{HANGUL}]+")
BULLET = re.compile(
    r"[ \t]*(?:[-*•●○▪◦‣–☐□✓]\s|[-•●○▪◦‣–☐□✓](?!ve\b)(?=[A-Za-z])"
    r"|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\d{1,2}[.)](?=[A-Z][a-z])"
    r"|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+[A-Z(]|#{1,6}\s|\|)"
)
LABELLED = re.compile(
    r"[ \t]*[A-Z][\w/&'’()+\-]{0,24}"
    r"(?:(?: [\w/&'’()+\-]{1,24}){0,3}:(?=[\sA-Za-z]|$)|(?: [A-Z][\w/&]{0,24}){0,2} [-–—] (?=\S))"
)
ASIDE = re.compile(r"\s+[(\[][^()\[\]]{1,90}[)\]]\.?[ \t]*(?=\n|$)")
GLUED = (  # "clear.No rales"
    r"(?:(?<=[a-z]{2}[.!?])|(?<=[A-Z]{2}[.!?])|(?<=[\d)%][.!?]))(?=[A-Z][a-z]{0,20}(?:[\s,;:)]|[.?!](?=[A-Z\s]|$)|$))"
)
STOP = re.compile(
    rf"[.!?{ENDS}](?:(?<![.!?][.!?])(?<=[.!?])[.!?]*[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9•\-*]|\s*$)|{GLUED}"
    rf"|(?<=[{ENDS}])[{ENDS}]*[{CLOSING}]*)"
)
WRAPPED = 0.72  # A line that would have held the next word within this share of the block's width was ended on purpose.
NARROW = (
    45  # Where no line is wider than this, capitals and small letters at the start of each line are a list, not a wrapped text.
)


def words(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The start and end of every word between two offsets: a run of non-blank characters.

    Where a script has no blanks between words each sign is one; a run above `LONGEST_WORD` is one every `PART` characters.
    """
    return [match.span() for match in WORD.finditer(text, start, len(text) if end is None else end)]


@cache
def _known(name: str) -> frozenset[str]:
    return frozenset(rules("abbreviations")[name])


def abbreviations() -> frozenset[str]:
    """Words in small letters after which a stop ends no sentence."""
    return _known("never_end_a_sentence")


def lead_on() -> frozenset[str]:
    """Words in small letters after which a line always goes on."""
    return _known("lead_on")


def lines(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The start and end of every non-blank line between two offsets, without line ends."""
    spans = []
    end = len(text) if end is None else end
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if not text[start:stop].isspace() and stop > start:
            spans.append((start, stop))
        start = stop + 1
    return spans


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines that read on: a line that was ended on purpose (a list, a heading, a label, a short line) ends its block."""
    found = lines(text, start, end)
    begin = None
    for at, (low, high) in enumerate(found):
        begin = low if begin is None else begin
        if at + 1 < len(found) and text.count("\n", high, found[at + 1][0]) == 1:
            width = max(stop - first for first, stop in found[max(0, at - 6) : at + 7])
            if _reads_on(text[low:high], text[slice(*found[at + 1])], width, text[begin:low].lstrip()[:1].islower()):
                continue
        yield begin, high
        begin = None


def _reads_on(line: str, following: str, width: int, small: bool) -> bool:
    """Whether a line goes on in the following one, in a block that is so wide and begins with a small letter or not."""
    last = line.rsplit(None, 1)[-1].lower()
    if BULLET.match(following) or last[-1] == ":":
        return False
    if last in lead_on():
        return True
    if LABELLED.match(following):
        return False
    if following.lstrip()[:1].islower() and (width >= NARROW or not (small or line.lstrip()[:1].islower())):
        return True
    return last[-1] == "," or (width >= NARROW and len(line) + 1 + len(following.split(None, 1)[0]) > WRAPPED * width)


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The start and end of every sentence between two offsets, without surrounding blanks.

    Sentences end at a stop before a capital, a digit or a bullet, also where the blank is missing (not after an abbreviation
    or inside a number), at any full stop of Chinese, Japanese, Hindi or Urdu, at blank lines, before list items and lines
    with a label, and at lines that were not merely wrapped. Together they hold all non-blank text.
    """
    return list(_sentences(text, start, len(text) if end is None else end))


@lru_cache(maxsize=4)
def _sentences(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Kept for a moment, since what reads a document asks for its sentences more than once."""
    found: list[tuple[int, int]] = []
    for low, high in _blocks(text, start, end):
        begin = low
        for stop in STOP.finditer(text, low, high):
            if text[stop.start()] in ENDS:
                found.append((begin, stop.end()))
                begin = stop.end()
                continue
            before = text[max(begin, stop.start() - 24) : stop.start()]
            last = re.split(r"[\s(\[/]", before)[-1].lower()
            if _goes_on(last, text[max(begin, stop.start() - 2) : stop.start()], text[stop.end() : stop.end() + 4]):
                continue
            if last.isdigit() and begin == stop.start() - len(last):
                continue
            aside = ASIDE.match(text, stop.end(), high)
            if aside and aside.end() < high:  # "(Strong, grade A)" belongs to what stands before it.
                found.append((begin, aside.end()))
                begin = aside.end()
            elif not aside:
                found.append((begin, stop.end()))
                begin = stop.end()
        found.append((begin, high))
    return tuple(span for span in (trim(text, *pair) for pair in found) if span[0] < span[1])


def _goes_on(last: str, written: str, after: str) -> bool:
    """Whether the stop after this word ends no sentence: that of an abbreviation, of an initial, of a number's "No."."""
    if last in _known("end_none_before_a_number"):
        return after.lstrip()[:1].isdigit() or after.split()[:1] == ["of"]
    if written.isupper() and last in _known("words_in_capitals"):
        return False
    return last in abbreviations() or (len(last) == 1 and last.isalpha() and last != "i")


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The same stretch without blanks at either end; empty stretches collapse."""
    piece = text[start:end]
    if not piece or not (piece[0].isspace() or piece[-1].isspace()):
        return start, max(start, end)
    left = len(piece) - len(piece.lstrip())
    return start + left, max(start + left, start + len(piece.rstrip()))


def lowered(text: str) -> str:
    """A text in small letters, each where it stood: a capital that is two letters when small stays one."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


@cache
def stopwords() -> frozenset[str]:
    """English function words that carry no clinical meaning; negations and laterality are not among them."""
    return frozenset(rules("stopwords")["words"])


def terms(text: str, stem: bool = True) -> list[str]:
    """The index terms of a text: lower case, numbers whole ("2.5"), letters apart from digits, stemmed (Porter, 1980).

    What is written in several ways has one term (`rag.spelling`): "oedema" and "edema", "2,000" and "2000", "x-ray" and "xray".
    An abbreviation that is another one or a word in small letters is a term in capitals ("EGFR", "OR"). Every term that is not
    stemmed is its own only term. Chinese, Japanese and Korean are indexed by overlapping pairs of signs, as in Lucene's
    CJKAnalyzer.
    """
    known = _STEMMED if stem else _WHOLE
    text = folded(text)
    tokens = (PLAIN_TOKEN if text.isascii() else TOKEN).findall(text)
    found = [known[token] for token in tokens]
    return _settled(tokens, found, known) if SEVERAL in found else [term for term in found if term]


def terms_at(text: str, stem: bool = True, every: bool = False) -> list[tuple[str, int, int]]:
    """The terms of a text, each with the start and end of what it stands for there; function words too where `every` is set."""
    known = (_EVERY if stem else _EVERY_WHOLE) if every else _STEMMED if stem else _WHOLE
    tokens: list[str] = []
    spans: list[tuple[int, int]] = []
    for stretch in STRETCH.finditer(text):
        written = stretch[0]
        same = written.isascii() and " " not in written
        whole = EDGES.match(written)
        for token in TOKEN.finditer(written if same else folded(written)):
            low, high = token.span() if same or not whole else whole.span(1)
            tokens.append(token[0])
            spans.append((stretch.start() + low, stretch.start() + high - (same and token[0].endswith("-"))))
    found = [known[token] for token in tokens]
    return [(term, spans[start][0], spans[end - 1][1]) for group, start, end in _read(tokens, found, known) for term in group]


def _settled(tokens: list[str], found: list[str], known: "_Terms") -> list[str]:
    """The terms of the tokens in order, where some hang on their neighbours."""
    settled: list[str] = []
    at = 0
    try:
        while True:
            place = found.index(SEVERAL, at)
            group, used = _group(tokens, place, known)
            settled += found[at:place]
            settled += group
            at = place + used
    except ValueError:
        settled += found[at:]
    return [term for term in settled if term]


def _read(tokens: list[str], found: list[str], known: "_Terms") -> Iterator[tuple[list[str], int, int]]:
    """The terms of the tokens in order, each group with the first token that it is read from and the one behind the last."""
    at = 0
    while at < len(tokens):
        group, used = _group(tokens, at, known) if found[at] == SEVERAL else ([found[at]], 1)
        yield list(filter(None, group)), at, at + used
        at += used


def _group(tokens: list[str], at: int, known: "_Terms") -> tuple[list[str], int]:
    """The terms of a token that hang on its neighbours or are several, and how many tokens it takes for them."""
    if tokens[at].isascii():
        words, used = among(tokens, at)
        return [known.term(word) for word in words], used
    parts = (among([part], 0)[0] if part.isascii() else (part,) for part in _paired(tokens[at].lower()))
    return [known.term(word) for part in parts for word in part], 1


class _Terms(dict[str, str]):
    """The term of every token that was met; "" for one without, `SEVERAL` for one whose terms hang on others or are several."""

    def __init__(self, stem: bool, every: bool = False) -> None:
        self._stem = Stemmer.Stemmer("english") if stem else None
        self._every = every

    def __missing__(self, token: str) -> str:
        if len(self) > MOST_TOKENS:
            self.clear()
        if not token.isascii():
            low = token.lower()
            value = low if list(_paired(low)) == [low] else SEVERAL
        elif depends(token) or len(words := plain(token)) > 1:
            value = SEVERAL
        else:
            value = self.term(words[0])
        if len(token) <= LONGEST_WORD:
            self[token] = value
        return value

    def term(self, word: str) -> str:
        """The term of a word as it is spelled, "" for a function word."""
        if not self._every and word in stopwords():
            return ""
        return word if self._stem is None or word.isupper() or not word.isascii() else str(self._stem.stemWord(word))


SEVERAL = "\0"
MOST_TOKENS = 300_000
_STEMMED, _WHOLE, _EVERY, _EVERY_WHOLE = _Terms(True), _Terms(False), _Terms(True, True), _Terms(False, True)


def _paired(term: str) -> Iterator[str]:
    """Runs of Chinese, Japanese or Korean in a term as overlapping pairs, a lone sign as it is; other runs as words."""
    at = 0
    for run in BIGRAMS.finditer(term):
        yield from TERM.findall(term[at : run.start()])
        yield from (term[low : min(low + 2, run.end())] for low in range(run.start(), max(run.end() - 1, run.start() + 1)))
        at = run.end()
    yield from TERM.findall(term[at:])


def telling(held: int, texts: int) -> float:
    """How well a term that `held` of so many texts hold tells them apart (Spärck Jones, 1972); nought where none does."""
    return math.log((texts + 1) / (held + 0.5)) if held else 0.0
