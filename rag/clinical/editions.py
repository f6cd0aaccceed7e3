"""Editions: which one a policy, guideline or formulary is, from when to when it counts, and what it says of itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from rag.clinical.dated import day_at, labelled
from rag.clinical.numbers import numbers_in
from rag.clinical.patients import HEAD
from rag.clinical.times import NAMES, absolute
from rag.needed import holds
from rag.rules import rules

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINAL = rf"{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th)"
ROMANS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
ROMAN = "|".join(sorted(ROMANS, key=len, reverse=True))
FRONT_LINES, FRONT = 8, 900
"""The first lines, and characters, of a text in which an edition may stand within a sentence."""
HISTORY = 200_000
"""Characters in which a table of revisions is looked for; it may stand at the end."""
TABLE = 20_000
ROW_FRONT = 80
DIGIT = re.compile(r"\d")
OTHERS = re.compile(
    r"\b(?:former|previous|earlier|prior|preceding|next|(?<!this is )(?<!is )the)(?:[ \t]\w+){0,2}?[ \t]"
    rf"(?:(?:{ORDINAL})[ \t])?(?:edition|version|revision|issue)\b[^\n.;|]*"
    r"|\b(?:edition|version|revision|issue|rev\.?)[ \t](?:no\.?[ \t])?[\w.]{1,12}"
    r"(?:[ \t](?:of|from)[ \t]\w{1,20}(?:[ \t]\w{1,9})?)?[ \t]"
    r"(?:is|was|has been)[ \t](?:now[ \t])?(?:withdrawn|retired|superseded|replaced|rescinded|obsolete|no longer)[^\n.;]*",
    re.IGNORECASE,
)
"""What is said of other editions: "the second edition allowed", "Edition 3 of 2031 is withdrawn"."""
DATED = re.compile(
    r"[\s,;:()\[\]|–—-]{0,6}"
    r"(?:(?:of|dated?|from|valid|effective|in (?:force|effect)|issued|approved|since|as of|on)\b[\s:]{0,3}){0,3}",
    re.IGNORECASE,
)
MONTH = re.compile(rf"\s(?:{NAMES})\b")
"""After a number it makes a date of it: "Date of issue: 15 January"."""
SERVICE = re.compile(r"\b(?:effective|in force|in effect|applies|valid) (?:for|to) [\w ,/]{3,40}? on (?:or|and) after\s", re.I)
"""What policies say before their day: "in effect for dates of service on or after"."""
RANGE = re.compile(r"\s{0,3}(?:to|through|until|–|—|-)\s{0,3}", re.IGNORECASE)
ITSELF = (
    r"this (?:\w+ ){0,2}(?:edition|version|revision|issue|policy|guideline|guidance|protocol|document|pathway|procedure|form"
    r"|leaflet|standard|order set|formulary|handbook|sheet|card|chart) (?:(?:is|was|has been|had been|is now|was later) )?"
)
NUMBERED = re.compile(r"\W{0,4}(\d{1,3}(?:\.\d{1,3}){0,2}|(?-i:[A-H]))(?=[\s:|,;)–-]|$)")
NUMBER_AFTER = re.compile(r"[\s|,;:–-]{1,6}v?(\d{1,2}(?:\.\d{1,2})?)(?=[\s|:,;–-]|$)")
BEYOND = re.compile(r"#|\d{1,2}\.\s+[A-Z]|[A-Z][A-Z ]{6,}$")
PLANNED = re.compile(r"\b(?:draft|planned|proposed|pending|not yet|in preparation|awaiting|to be approved)\b", re.IGNORECASE)
MARKED = re.compile(
    r"(?:^|[_\-. (\[])(?:(?P<word>(?:version|ver|revision|rev|edition|issue|iss|amendment|amd)[_\-. ]?|(?:v|r|ed)[_.]?)"
    r"(?P<number>(?:19|20)\d\d|\d{1,3}(?:[._]\d{1,2}(?!\d))?)"
    rf"|(?P<ordinal>{ORDINAL})[_\-. ]?(?P<what>edition|ed|version|issue|revision)"
    r"|(?P<day>(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?)|(?P<year>(?:19|20)\d\d))"
    r"(?=[_\-. )\]]|$)",
    re.IGNORECASE,
)
WORDS = {
    "v": "version",
    "ver": "version",
    "r": "revision",
    "rev": "revision",
    "ed": "edition",
    "iss": "issue",
    "amd": "amendment",
}


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition as a number, a letter, a year or a month ("3", "5.1", "C", "2024", "2024-03"), and what it is called."""

    number: str = ""
    word: str = "edition"
    day: str | None = None
    until: str | None = None

    @property
    def label(self) -> str:
        """The edition in words: "2021 edition", "version 3"."""
        if not self.number:
            return ""
        return f"{self.number} edition" if YEAR.match(self.number) and self.word == "edition" else f"{self.word} {self.number}"


YEAR = re.compile(r"(?:19|20)\d\d(?![\d.])")


def document_edition(kind: str, title: str, text: str) -> str:
    """The edition as a number, a letter, a year or a month ("3", "5.1", "C", "2024", "2024-03"); "" where none is named."""
    return edition_of(kind, title, text).number


def document_effective(kind: str, text: str) -> str | None:
    """The day from which a policy, guideline or formulary is in force, or None. What it replaces is passed over."""
    return effective_of(kind, text, edition_of(kind, "", text))


def edition_of(kind: str, title: str, text: str, name: str = "", beside: Sequence[str] = ()) -> Edition:
    """The edition of a document, what it is called, and the days that stand right behind it.

    Types other than policies, guidelines and formularies have none, except "other", which may be one of them. `name` is the
    file's name, `beside` are the running headers and footers.
    """
    if kind not in rules("editions")["types"] and kind != "other":
        return Edition()
    series = _words_of(_series(), f"{plain_name(name)} {title}")
    if series - {"bulletin"} and not _words_of(_works(), f"{plain_name(name)} {title}") - {"edition", "bulletin"}:
        return Edition()
    known = kind != "other" or is_work(title, text, name)
    marked = _of_name(name)
    history, rest = _history(text[:HISTORY])
    head = without_others(rest[:HEAD])
    for place, anywhere in (
        (without_others(title), True),
        (front(head), True),
        (head, False),
        *((aside[:200], True) for aside in beside),
    ):
        for best in _found(place, anywhere, issues=not series):
            if known or best.number == marked.number or _is_sure(place, best):
                return best
        if history.number and place is head:
            return history
    if marked.number and not series and (known or not YEAR.match(marked.number)):
        return marked
    year = _year_at_end(title, known)
    return Edition(year) if year else Edition(day=history.day)


def _words_of(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match[0].lower() for match in pattern.finditer(text)}


def _year_at_end(title: str, known: bool) -> str:
    """The year at the end of a title, where it is not that of a day; of an unknown sort of document where no other figure is."""
    year = next((match[1] for _, pattern, at_end in _editions() if at_end and (match := pattern.search(title))), "")
    end = len(title.rstrip(" )"))
    day = any(one.end >= end and len(one.day or "") > len("2024-03" if known else "2024") for one in absolute(title))
    return "" if day or (not known and DIGIT.search(title.replace(year, ""))) else year


def _is_sure(place: str, edition: Edition) -> bool:
    """Whether an edition counts in a document that does not call itself a policy or the like.

    It does where it is called one or dated, or stands on a line with a document's number or at the end of the first line.
    """
    lines = place.split("\n")
    ends = lines[0].rstrip(" .)*_").endswith(edition.number)
    return (
        edition.word == "edition"
        or edition.day is not None
        or ends
        or any(edition.number in line and any(numbers_in(line)) for line in lines)
    )


def effective_of(kind: str, text: str, edition: Edition) -> str | None:
    """The day of effect after a label, behind the edition, or of the newest row of a revision history."""
    head = without_others(_history(text[:HISTORY])[1][:HEAD])
    sure, lesser = _labels()
    within = kind in rules("editions")["types"]
    service = SERVICE.search(head) if holds(SERVICE, head) else None
    if found := labelled(head, sure, inside=within, months=True) or (service and day_at(head, service.end(), months=True)):
        return found
    if not (within or kind == "other"):
        return None
    lines = front(head).split("\n")
    numbered = edition.number or any(numbers_in("\n".join(lines[:3])))
    near = labelled("\n".join(lines if numbered else lines[:1]), sure, months=True)
    return near or edition.day or labelled(head, lesser, inside=False, months=True)


@cache
def _labels() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels of a day of effect, and those that count at the start of a line only, where nothing else is said."""
    known = rules("editions")["effective"]
    starts = tuple(rule["label"] for rule in known if rule.get("starts"))
    return tuple(rule["label"] for rule in known if not rule.get("starts")), starts


@cache
def _editions() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    """The word, the pattern, and whether it stands for the end of a title."""
    return tuple(
        (
            str(rule["word"]),
            re.compile(rule["pattern"].replace("{ordinal}", ORDINAL).replace("{roman}", ROMAN), re.IGNORECASE),
            bool(rule.get("title")),
        )
        for rule in rules("editions")["editions"]
    )


def _found(text: str, anywhere: bool, issues: bool = True) -> Iterator[Edition]:
    """The editions that a place names, the first in the text first; at the start of a line or a cell unless `anywhere`.

    `issues` says whether an issue is an edition: that of a newsletter is not.
    """
    found: list[tuple[int, int, Edition]] = []
    for order, (word, pattern, at_end) in enumerate(_editions()):
        for match in () if at_end or (word == "issue" and not issues) else pattern.finditer(text):
            if (anywhere or _leads(text, match.start())) and not MONTH.match(text, match.end()):
                found.append((match.start(), order, _dated(text, match, word)))
    several = _compared(text, found)
    yield from (edition for at, _, edition in sorted(found, key=lambda one: one[:2]) if text.count("\n", 0, at) not in several)


def _compared(text: str, found: list[tuple[int, int, Edition]]) -> set[int]:
    """The lines that name several editions of one sort, of which none can be said to be the document's own."""
    named: dict[tuple[int, str], set[str]] = {}
    for at, _, edition in found:
        if not YEAR.match(edition.number):
            named.setdefault((text.count("\n", 0, at), edition.word), set()).add(edition.number)
    return {line for (line, _), numbers in named.items() if len(numbers) > 1}


def _leads(text: str, at: int) -> bool:
    """Whether a place begins a line or a cell of a table, and with a capital."""
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at].rpartition("|")[2].rpartition("\t")[2].rpartition("   ")[2]
    return not before.strip(" *_#>-•") and (text[at].isupper() or text[at].isdigit() or "|" in text[start:at])


def _dated(text: str, match: re.Match[str], word: str) -> Edition:
    """The edition of a match, with the day, or the days from and until, that stand right behind it."""
    number = _number(match[1])
    gap = DATED.match(text, match.end())
    at = gap.end() if gap else match.end()
    day, end = _day_and_end(text, at)
    until = None
    if day and (to := RANGE.match(text, end)):
        until, _ = _day_and_end(text, to.end())
    return Edition(number, "revision" if match[0].lower().startswith("rev") else word, day, until)


def _day_and_end(text: str, at: int) -> tuple[str | None, int]:
    day = day_at(text, at, months=True)
    moment = next(absolute(text[at : at + 24]), None) if day else None
    return day, at + moment.end if moment else at


def _number(name: str) -> str:
    """An edition as a number: "Third" and "3rd" and "III" are "3", "03/2024" is "2024-03"."""
    lower = name.lower()
    if lower in ORDINALS:
        return str(ORDINALS.index(lower) + 1)
    if name in ROMANS:
        return str(ROMANS.index(name) + 1)
    if month := re.fullmatch(r"(\d{1,2})[/-](\d{4})", name):
        return f"{month[2]}-{int(month[1]):02d}"
    if month := re.fullmatch(r"(\d{4})[/-](\d\d)", name):
        return f"{month[1]}-{month[2]}"
    if name.isalpha():
        return name.upper()
    return re.sub(r"(?:st|nd|rd|th)$", "", lower)


def front(text: str) -> str:
    """The first lines of a text, in which it says what it is."""
    lines = [line for line in text[:FRONT].split("\n") if line.strip()]
    return "\n".join(lines[:FRONT_LINES])


def without_others(text: str) -> str:
    """The text with blanks in place of what it says about other documents and other editions of its own."""
    for pattern in (replacing(), replaced(), OTHERS):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


@cache
def replacing() -> re.Pattern[str]:
    """What a text says about the document that it replaces."""
    cues = "|".join(re.escape(rule["cue"]) for rule in rules("editions")["supersedes"])
    return re.compile(rf"\b(?:{cues})\b[\s:|*_]{{0,8}}([^\n]{{2,160}})", re.IGNORECASE)


@cache
def replaced() -> re.Pattern[str]:
    """What a text says about the document that stands in its place."""
    cues = "|".join(re.escape(rule["cue"]) for rule in rules("editions")["superseded_by"])
    return re.compile(rf"\b(?:{cues})\b[\s:|*_]{{0,8}}([^\n]{{2,120}})", re.IGNORECASE)


@cache
def _works() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, rules('editions')['works']))})\b", re.IGNORECASE)


@cache
def _series() -> re.Pattern[str]:
    """What names one of a series, each of which stands on its own: minutes, a newsletter, an incident."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, rules('editions')['series']))})\b", re.IGNORECASE)


def is_work(title: str, text: str, name: str) -> bool:
    """Whether a document calls itself something that has editions."""
    head = "\n".join(front(text).split("\n")[:3])
    return _works().search(f"{plain_name(name)} {title} {head}") is not None


def plain_name(name: str) -> str:
    """The name of a file with blanks between its words."""
    return re.sub(r"[_\-.]+", " ", name)


def _of_name(name: str) -> Edition:
    """The edition in the name of a file: "policy_v3.txt", "mp-027_2023.pdf", "sop 2nd ed.docx", "rules_2024-03-01.txt"."""
    stem = name.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    found: dict[str, Edition] = {}
    for match in MARKED.finditer(stem):
        if match["number"]:
            word = match["word"].lower().rstrip("_-. ")
            found.setdefault("number", Edition(match["number"].replace("_", "."), WORDS.get(word, word)))
        elif match["ordinal"]:
            found.setdefault(
                "number", Edition(_number(match["ordinal"]), WORDS.get(match["what"].lower(), match["what"].lower()))
            )
        elif match["day"]:
            plain = re.sub(r"\D", "", match["day"])
            parts = [plain[:4], plain[4:6], plain[6:8]]
            day = _calendar(*parts)
            found.setdefault("day", Edition("-".join(part for part in parts[:2] if part), "edition", day))
        else:
            found.setdefault("year", Edition(match["year"]))
    number, day_, year = found.get("number"), found.get("day"), found.get("year")
    if number and day_:
        return Edition(number.number, number.word, day_.day)
    return number or day_ or year or Edition()


def _calendar(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day or 1)).isoformat()
    except ValueError:
        return None


@cache
def _titles_of_history() -> re.Pattern[str]:
    titles = "|".join(re.escape(rule["title"]) for rule in rules("editions")["history"])
    number = r"(?:\d{1,2}(?:\.\d{1,2}){0,2}[.)]?\s{1,3}|[IVX]{1,5}\.\s{1,3})?"
    return re.compile(rf"^[ \t*_#|>]{{0,8}}{number}(?:document )?(?:{titles})\W*$", re.IGNORECASE | re.MULTILINE)


def _history(text: str) -> tuple[Edition, str]:
    """The newest row in force of the table of revisions, and the text without that table."""
    title = _titles_of_history().search(text) if holds(_titles_of_history(), text) else None
    if title is None:
        return Edition(), text
    rows: list[Edition] = []
    end = title.end()
    for line in text[title.end() + 1 : title.end() + TABLE].split("\n"):
        if rows and BEYOND.match(line):
            break
        end += len(line) + 1
        row = _row(line.strip(" \t*_|-•"))
        if row is not None and not PLANNED.search(line):
            rows.append(row)
    today = date.today().isoformat()
    begun = [row for row in rows if (row.day or "") <= today] or rows
    newest = max(begun, key=lambda row: (row.day or "", order_of(row.number)), default=Edition())
    return newest, text[: title.start()] + re.sub(r"[^\n]", " ", text[title.start() : end]) + text[end:]


def _row(line: str) -> Edition | None:
    """A row of a table of revisions: its edition and its day, whichever stands first; None for any other line."""
    line = line[:ROW_FRONT]
    moment = next((one for one in absolute(line) if one.day and len(one.day) >= len("2024-03")), None)
    day = f"{moment.day}-01" if moment and len(moment.day or "") == len("2024-03") else moment.day if moment else None
    if named := next(_found(line, anywhere=True), None):
        return Edition(named.number, named.word, day or named.day)
    before = NUMBERED.match(line, 0, moment.start if moment else len(line))
    after = NUMBER_AFTER.match(line, moment.end) if moment else None
    number = before[1] if before and (moment or "|" in line or "\t" in line) else after[1] if after else ""
    return Edition(number, "version", day) if number or day else None


def order_of(number: str) -> tuple[int, ...]:
    """What orders editions of one sort: their numbers, or the place of a letter in the alphabet."""
    return (ord(number),) if number.isalpha() and len(number) == 1 else tuple(map(int, re.findall(r"\d{1,9}", number)))
