"""Headings: whether a line is one, by the rules in `rag/rules/headings.json`, whatever its case, colon, bold type or number."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from rag.rules import rules
from rag.text import BULLET

MARKDOWN = re.compile(r"(#{1,6})\s+(\S.*)")
NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}[.):]?|(?:[IVX]{1,4}|[A-H])[.)])\s+(?=[A-Z*_])")
NUMBERED = re.compile(
    r"(?:(?:Section|Recommendation|Chapter|Part|Appendix)\s+)?(\d{1,2}(?:\.\d{1,2}){0,3})[.:]?\s+([A-Z][^\n]{2,78})"
)
GRADED = re.compile(
    r"((?:Recommendation|Good practice statement|Key question|Criterion|Statement)\s+[A-Z]?\d{1,2}(?:\.\d{1,2}){0,3}[a-z]?"
    r"(?:\s*\([^()\n]{1,60}\))?)\s*([:.–-]?)(?=\s|$)",
    re.IGNORECASE,
)
CAPITALS = re.compile(r"([A-Z][A-Z0-9 &/,()'’.\-–]{2,60})(?<![.,\- ])\s*:?")
LABEL = re.compile(r"([*_]{0,3})([A-Za-z][A-Za-z0-9 &/()'’,+_\-]{0,60}?)\s?([*_]{0,3}):([*_]{0,3})(?=\s|$)")
DASHED = re.compile(r"([A-Za-z][A-Za-z &/]{0,40}?) ?[-–—] (?=\S)")
BOLD = re.compile(r"(\*\*|__)([A-Z][^*_\n]{2,70}?):?\1:?")
FRAME = "*_=~#<>|—–- \t"
LEADERS = re.compile(r"(?:\.[ \t]{0,3}){4,}|…{2,}")
WEB = re.compile(r"https?:|www\.|@")
WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Kind:
    """What the rules say of a heading: the rule's name, its level where that is not the top, whether numbered items follow."""

    name: str
    level: int = 1
    within: tuple[str, ...] = ()
    items: bool = False


@dataclass(frozen=True)
class Style:
    """How a document writes its known titles: alone on lines, before a dash, numbered; each where several do so."""

    alone: bool = False
    dashed: bool = False
    numbered: bool = False


@dataclass(frozen=True)
class Line:
    """A line with its neighbours; `ended` says that the line before was ended on purpose, not merely wrapped."""

    start: int
    text: str
    before: str
    after: str
    gap_before: bool
    gap_after: bool
    ended: bool = False
    style: "Style | None" = None

    @property
    def alone(self) -> bool:
        return self.gap_before and self.gap_after


@dataclass(frozen=True)
class Heading:
    title: str
    level: int
    start: int
    body: int
    kind: Kind | None
    block: bool


@cache
def _kinds() -> dict[str, Kind]:
    known: dict[str, Kind] = {}
    for rule in rules("headings")["headings"]:
        kind = Kind(rule["name"], rule.get("level", 1), tuple(rule.get("within", ())), bool(rule.get("items")))
        known |= {_plain(name): kind for name in (rule["name"], *rule["also"])}
    return known


@cache
def _never() -> frozenset[str]:
    return frozenset(_plain(name) for name in rules("headings")["never"])


@cache
def _around() -> tuple[frozenset[str], frozenset[str]]:
    """Words that may stand before and phrases that may stand after a known heading."""
    found = rules("headings")
    return frozenset(found["may_stand_before"]["words"]), frozenset(map(_plain, found["may_stand_after"]["phrases"]))


@cache
def _same_words() -> dict[str, str]:
    return dict(rules("headings")["same_words"])


def _plain(title: str) -> str:
    """A title as it is compared: lower case, signs as words, no plural."""
    signs = title.lower().replace("&", " and ").replace("/", " and ").replace("+", " and ").replace("'s", "").replace("’s", "")
    same = _same_words()
    found = [same.get(word, word) for word in WORDS.findall(signs)]
    found = [_singular(word) for word in found]
    return " ".join(word for at, word in enumerate(found) if word != "and" or 0 < at < len(found) - 1)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


@lru_cache(maxsize=4096)
def heading_kind(title: str) -> Kind | None:
    """The rule that knows this title, or None. A number before it and a remark in brackets after it do not matter."""
    title = re.sub(r"(?<!\s)\s*+\([^()]*\)\s*$", "", title) or title
    whole = _plain(NUMBER.sub("", title, count=1))
    found = _kinds().get(whole)
    before, after = _around()
    words = whole.split()
    while found is None and len(words) > 1 and words[0] in before:
        words = words[1:]
        found = _kinds().get(" ".join(words))
    for cut in range(1, len(words)):
        if found is None and " ".join(words[cut:]) in after:
            found = _kinds().get(" ".join(words[:cut]))
    return found


def heading_of(line: Line) -> Heading | None:
    """The heading at the start of a line, or None where the line is running text."""
    text = line.text
    if found := MARKDOWN.fullmatch(text):
        title = found[2].rstrip("# ").strip()
        return heading_at(line, title, len(found[1]), len(text), block=True)
    if not (text[0].isupper() or text[0] in "*_=~#<>—–-[" or text[0].isdigit() or text.endswith(":") or ":" in text[:62]):
        return None
    return _known(line) or _graded(line) or _unknown(line)


def heading_at(line: Line, title: str, level: int, length: int, block: bool, kind: Kind | None = None) -> Heading:
    return Heading(title, level, line.start, line.start + length, kind or heading_kind(title), block)


def _known(line: Line) -> Heading | None:
    """A heading that the rules know: before its text on the same line, or alone on its line."""
    text = line.text
    number = NUMBER.match(text)
    first = number.end() if number else 0
    if found := LABEL.match(text, first):
        title = found[2].strip()
        kind = heading_kind(title)
        rest = text[found.end() :].strip(FRAME)
        kind = kind or _among(line, title)
        counted = bool(number and rest) and not (line.style and line.style.numbered)
        if kind and not counted and (title[0].isupper() or _fresh(line)):
            return heading_at(line, text[:first] + title, kind.level, found.end(), block=not rest, kind=kind)
    if (found := DASHED.match(text)) and (found[1].isupper() or (line.style and line.style.dashed and found[1][0].isupper())):
        kind = heading_kind(found[1]) or _among(line, found[1])
        if kind and kind.name != "Report title":
            return heading_at(line, found[1], kind.level, found.end(1), block=False, kind=kind)
    if len(text) > 90:
        return None
    core = text.strip(FRAME).strip("[]").strip().rstrip(":").strip(FRAME)
    if not core or not (core[0].isupper() or number) or (BULLET.match(text) and not number):
        return None
    kind = heading_kind(core)
    if kind is None or (number and (kind.name == "Report title" or not _stands_out(line, text))) or text[-1] in ".,;":
        return None
    clear = core.isupper() or text.rstrip(FRAME)[-1] == ":" or _fresh(line) or _follows(line, core) or kind.name == "Contents"
    if not clear or (len(core) == 1 and ":" not in text):
        return None
    return heading_at(line, core, kind.level, len(text), block=True, kind=kind)


def _fresh(line: Line) -> bool:
    """Whether the line before has ended: what follows is neither the middle of a sentence nor the next cell of a table."""
    return line.gap_before or line.before[-1] in ".!?:;*_=#"


def _follows(line: Line, core: str) -> bool:
    """Whether the line before is a short answer without a stop: so it is where the document writes its titles alone on lines."""
    shown = (
        bool(line.style and line.style.alone) and line.ended and bare_title(core) is not None and heading_kind(line.after) is None
    )
    return shown and bool(line.after) and "|" not in line.before and not OPEN_END.search(line.before) and core[0].isupper()


OPEN_END = re.compile(
    r"(?:[,;(/–—-]|\b(?i:of|the|and|or|for|in|on|at|to|with|by|from|under|see|his|her|an?|is|was|are|were|no|as|per))$"
)


def _among(line: Line, title: str) -> Kind | None:
    """The kind of an abbreviation that is also a word ("All" for allergies), where a line beside it has a known title too."""
    named = rules("headings")["among_headings"]["titles"].get(_plain(title))
    if not named or not title[0].isupper():
        return None
    beside = any(titled(other) for other in (line.before, line.after) if other)
    return _kinds()[_plain(named)] if beside else None


def titled(text: str) -> Kind | None:
    """The kind of the known title before a colon or a dash at the start of a line, or None."""
    found = LABEL.match(text) or DASHED.match(text)
    return heading_kind(found[2] if found.re is LABEL else found[1]) if found else None


def numbered_title(text: str) -> Kind | None:
    """The kind of a known title that stands between a number and its text: "2. EXAM: lungs clear"."""
    number = NUMBER.match(text)
    found = LABEL.match(text, number.end()) if number else None
    return heading_kind(found[2]) if found and text[found.end() :].strip(FRAME) else None


def bare_title(text: str) -> Kind | None:
    """The kind of a known title that is all there is on a line, or None."""
    listed = rules("headings")["never_alone"]["titles"]
    short = text[0].isupper() and len(text) <= 60 and text[-1] not in ".,;:"
    return heading_kind(text) if short and text.lower() not in listed else None


INLINE = re.compile(r"(?<![\w;|/-])(?<!; )((?:[A-Z][\w&/'’.-]{0,24})(?:[ ][\w&/'’-]{1,24}){0,5})[ ]?:(?=[ ])")
SOAP = re.compile(r"(?<![\w/.-])([SOAP])[ ]?:(?=[ ])")
ROW = re.compile(r"; [A-Z][\w ()/%-]{0,40}:[ ]")


def inline_headings(line: Line, first: Heading | None) -> list[Heading]:
    """The known titles with a colon inside a line, where two at least stand on it ("Meds: aspirin Allergies: none").

    A row of a table ("Drug: aspirin; Dose: 75 mg") has none. `first` is the heading at the start of the line.
    """
    text = line.text
    if text.count(": ") < 2 or ROW.search(text) or MARKDOWN.match(text):
        return []
    letters = len({found[1] for found in SOAP.finditer(text)}) >= 3
    begin = first.body - line.start if first else 0
    found: list[Heading] = []
    at = begin
    while match := INLINE.search(text, at):
        at = match.end()
        named = _longest(match[1], 1 if letters else 2)
        if named is None:
            continue
        title, kind = named
        start = match.end(1) - len(title)
        if start >= begin and kind.name != "Report title":
            found.append(Heading(title, kind.level, line.start + start, line.start + match.end(), kind, False))
    kinds = {one.kind for one in found if one.kind} | ({first.kind} if first and first.kind else set())
    stopped = all(text[: one.start - line.start].rstrip()[-1:] in ("", ".", "!", "?") for one in found)
    known = first is not None and first.kind is not None
    return found if len(kinds) >= 2 and (known or stopped) else []


def _longest(words: str, least: int) -> tuple[str, Kind] | None:
    """The longest end of these words that is a known title of so many letters and begins with a capital, with its kind."""
    parts = words.split(" ")
    for cut in range(len(parts)):
        title = " ".join(parts[cut:])
        if title[:1].isupper() and len(title) >= least and (kind := heading_kind(title)):
            return title, kind
    return None


def _stands_out(line: Line, text: str) -> bool:
    """Whether a numbered line that holds only a known title is a heading rather than an item of a list."""
    return text.isupper() or text.endswith(":") or not (BULLET.match(line.before) or BULLET.match(line.after))


def _graded(line: Line) -> Heading | None:
    """A recommendation or criterion with its number, and its grade where that follows in brackets."""
    found = GRADED.match(line.text)
    if not found or not line.text[0].isupper() or not _fresh(line):
        return None
    rest = line.text[found.end() :].strip()
    if rest and not found[2] and not (rest[0].isupper() and found[1].endswith(")")):
        return None  # "Recommendation 3 applies to" is a sentence.
    return heading_at(line, found[1], 1, found.end(), block=not rest)


def _unknown(line: Line) -> Heading | None:
    """A heading that no rule names: numbered, in capitals, or in bold type alone on its line."""
    text = line.text
    if len(text) > 90 or WEB.search(text) or LEADERS.search(text) or _plain(text) in _never():
        return None
    if (found := NUMBERED.fullmatch(text)) and _numbered(line, found):
        return heading_at(line, text, 1 + found[1].count("."), len(text), block=True)
    core = text.strip("*_=~ \t")
    if (found := CAPITALS.fullmatch(core)) and not BULLET.match(text) and _plain(core) not in _never():
        letters = sum(map(str.isalpha, core))
        if letters >= 4 or (letters >= 3 and (text.endswith(":") or line.alone)):
            return heading_at(line, found[1].strip(), 1, len(text), block=True)
    if line.alone and (found := BOLD.fullmatch(text)) and found[2][-1] not in ".,;" and len(found[2].split()) <= 9:
        return heading_at(line, found[2].strip(), 2, len(text), block=True)
    return None


def _numbered(line: Line, found: re.Match[str]) -> bool:
    """Whether a numbered line is a heading and neither an item of a list nor the first line of a paragraph."""
    text, after = line.text, line.after
    if text[-1] in ".;,:" or len(text.split()) > 10 or not after or after[:1].islower() or re.search(r"[.;] +[A-Z]", found[2]):
        return False
    if re.match(rf"{re.escape(found[1])}\.\d", after):
        return True
    if "." in found[1]:
        return True
    around = [other for other in (line.before, after) if other and "." not in other.split()[0][:-1]]
    if any(BULLET.match(other) or NUMBERED.match(other) for other in around):
        return False
    long = [word for word in found[2].split() if len(word) > 3 and word[0].isalpha()]
    return bool(long) and sum(word[0].isupper() for word in long) >= len(long) / 2
