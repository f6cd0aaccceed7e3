"""Days: the dates of a document, and days that are told by a month, a weekday, a season, a feast, a year or a decade alone."""

import re
from collections.abc import Iterator
from functools import cache

from rag.clinical.facts.times.units import units
from rag.clinical.facts.tokens import BREAK, Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Day
from rag.clinical.times import MONTHS
from rag.rules import rules
from rag.values import Document, Moment

NAMES = (
    "january february march april may june july august september october november december "
    "jan feb mar apr may jun jul aug sep oct nov dec sept"
).split()
MONTH = {name: MONTHS.index(name[:3]) + 1 for name in NAMES}
WORDS = frozenset({"may", "march", "mar", "jan", "dec", "sep", "sun", "sat", "wed", "mon"})
"""Names that are other words as well; they count in capitals and behind a cue."""
YEARS = range(1930, 2300)
STAMPS = 3
"""Lines that begin with a month and a day in a text that stamps its entries so."""
SURE = 2035
"""Later ones, of shifted collections, need a word before them that says that they are years."""
FIGURES = re.compile(r"\d+")


def days(document: Document) -> Iterator[Day]:
    """The days of a document, in order, none inside another."""
    tokens = tokens_of(document.text)
    found = [
        *_written(document),
        *_months(tokens),
        *_figures(tokens),
        *_weekdays(tokens, document.moments),
        *_seasons(tokens),
        *_feasts(tokens),
    ]
    behind = 0
    for one in sorted([*found, *_years(tokens)], key=lambda day: (day.start, -day.end)):
        if one.start >= behind:
            behind = one.end
            yield one


def _written(document: Document) -> Iterator[Day]:
    """The dates that the document's times read; where they leave the year open, what is told."""
    for moment in document.moments:
        if moment.rule not in _relative():
            told = moment.day or _without_year(document.text[moment.start : moment.end].lower(), moment)
            if told:
                yield Day(start=moment.start, end=moment.end, day=told)


def _without_year(written: str, moment: Moment) -> str:
    figures = [int(one) for one in FIGURES.findall(written)]
    name = next((word for word in re.findall(r"[a-z]+", written) if word in MONTH), "")
    if name and figures:
        return f"--{MONTH[name]:02d}-{figures[0]:02d}"
    if len(figures) == 2:
        month, day = figures[::-1] if moment.rule.startswith("day/") else figures
        return f"--{month:02d}-{day:02d}"
    return ""


def _months(tokens: Tokens) -> Iterator[Day]:
    """ "14 June", "the 3rd of May", "in July", "late August", "June of this year"."""
    for at in [at for at, word in enumerate(tokens.said) if word in MONTH]:
        month = MONTH[tokens.said[at]]
        if tokens.said[at] in WORDS and not tokens.capital(at):
            continue
        day = _day_before(tokens, at)
        if day is not None:
            yield Day(start=tokens.starts[day], end=tokens.ends[at], day=f"--{month:02d}-{int(tokens.said[day]):02d}")
        elif _is_month(tokens, at):
            yield Day(start=tokens.starts[at], end=tokens.ends[at], day=f"--{month:02d}")


def _day_before(tokens: Tokens, at: int) -> int | None:
    """The token of the day before a month: that of "14 June", "the 3rd of May"."""
    day = at - 1 - (tokens.word(at - 1) in ("of", BREAK))
    day -= tokens.word(day) in ("st", "nd", "rd", "th")
    figures, before = tokens.word(day), tokens.word(day - 1)
    if not figures.isdecimal() or len(figures) > 2 or not 1 <= int(figures) <= 31 or (tokens.glued(day) and before in "/:.-"):
        return None
    return day


def _is_month(tokens: Tokens, at: int) -> bool:
    """Whether the words around say that this is a month; "may" and "march" need more of that than others."""
    before, cues = tokens.word(at - 1 - (tokens.word(at - 1) == BREAK)), _month_cues()
    if tokens.said[at] in WORDS:
        return before in cues and before not in ("to", "and", "or", "for", "this", "on")
    joined = len(tokens.said[at]) > 4 and (tokens.word(at + 2) in MONTH or tokens.word(at - 2) in MONTH)
    return before in cues or joined or tokens.word(at + 1) == "of" or (before == "-" and tokens.word(at - 2) == "mid")


def _figures(tokens: Tokens) -> Iterator[Day]:
    """ "03/05", "10-16" in a text that stamps its entries so, month before day: at the start of lines, or with noughts."""
    said = tokens.said
    found = [at for at, word in enumerate(said) if word in ("/", "-") and _is_stamp(tokens, at)]
    first = [at for at in found if at < 2 or said[at - 2] in (BREAK, "*") or (said[at - 2] == "[" and said[at - 3] == BREAK)]
    noughts = any("0" in (said[at - 1][0], said[at + 1][0]) for at in found if said[at] == "/")
    for at in found if len(first) >= STAMPS or noughts else ():
        if at in first or said[at] == "/":
            yield Day(start=tokens.starts[at - 1], end=tokens.ends[at + 1], day=f"--{said[at - 1]}-{said[at + 1]}")


def _is_stamp(tokens: Tokens, at: int) -> bool:
    """Whether two figures stand on either side of this sign that may be a month and a day, and no score or part of a date."""
    month, day = tokens.word(at - 1), tokens.word(at + 1)
    if not (
        len(month) == len(day) == 2 and month.isdecimal() and day.isdecimal() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31
    ):
        return False
    after = tokens.word(at + 2)
    longer = after in ("/", "-", "%") and tokens.glued(at + 2) and tokens.word(at + 3)[:1].isdecimal()
    before = tokens.glued(at - 1) and tokens.word(at - 2) in "/.-"
    scored = not _scores().isdisjoint(tokens.said[max(0, at - 5) : at + 4])
    return tokens.glued(at) and tokens.glued(at + 1) and not (longer or before or scored or after in units())


def _weekdays(tokens: Tokens, moments: tuple[Moment, ...]) -> Iterator[Day]:
    known, said = _weekday_names(), tokens.said
    resolved = {moment.end: moment.day for moment in moments if moment.day and moment.rule.startswith("weekday")}
    for at in [at for at, word in enumerate(said) if word in known]:
        if len(said[at]) > 5 or (tokens.capital(at) and said[at - 1] in _month_cues() and said[at + 1] not in "/-"):
            yield Day(start=tokens.starts[at], end=tokens.ends[at], day=resolved.get(tokens.ends[at]) or known[said[at]])


def _seasons(tokens: Tokens) -> Iterator[Day]:
    known, said, cues = _season_names(), tokens.said, rules("facts_times")["season_cues"]
    for at in [at for at, word in enumerate(said) if word in known]:
        before = said[at - 1] if said[at - 1] != "-" else said[at - 2]
        if said[at] in cues["words_too"]:
            sure = before in cues["words"] and (said[at] == "spring" or said[at + 1] in (".", ",", ";", "of", "and", BREAK))
        else:
            sure = before in cues["words"] or before in cues["plainly"]
        if sure:
            yield Day(start=tokens.starts[at], end=tokens.ends[at], day=known[said[at]])


def _feasts(tokens: Tokens) -> Iterator[Day]:
    for found in _feast_names().find(tokens):
        yield Day(start=tokens.starts[found.first], end=tokens.ends[found.last - 1], day=found.rule)


def _years(tokens: Tokens) -> Iterator[Day]:
    """ "(2021)", "CABG 2012", "between 2018 and 2020", "the early 1990s"."""
    said = tokens.said
    for at in [at for at, word in enumerate(said) if len(word) == 4 and word.isdecimal() and int(word) in YEARS]:
        plural = at + 1 + (said[at + 1] == "'")
        if said[plural] == "s" and tokens.glued(plural) and said[at][3] == "0":
            yield Day(start=tokens.starts[at], end=tokens.ends[plural], day=f"{said[at][:3]}X")
        elif said[at + 1] == "-" and tokens.glued(at + 2) and _is_number_of_month(said[at + 2]) and said[at + 3] not in "-/":
            yield Day(start=tokens.starts[at], end=tokens.ends[at + 2], day=f"{said[at]}-{said[at + 2]}")
        elif _is_year(tokens, at):
            yield Day(start=tokens.starts[at], end=tokens.ends[at], day=said[at])


def _is_number_of_month(word: str) -> bool:
    return len(word) == 2 and word.isdecimal() and 1 <= int(word) <= 12


def _is_year(tokens: Tokens, at: int) -> bool:
    """Whether four figures that may be a year are neither a part of something longer nor counted in something."""
    before, after = tokens.word(at - 1), tokens.word(at + 1)
    counted = tokens.word(at - 2) if before == "of" else before
    if counted in _blockers() or before[:1].isdecimal() or after in units() or after in _measures():
        return False
    if tokens.glued(at + 1) and (after[:1].isalpha() or (after == ":" and tokens.word(at + 2)[:1].isdecimal())):
        return False
    if int(tokens.said[at]) > SURE and before not in _month_cues() and before != "(":
        return False
    if after in ("/", "-") and tokens.glued(at + 1) and tokens.glued(at + 2) and len(tokens.word(at + 2)) < 4:
        return not tokens.word(at + 2).isdecimal()
    if not tokens.glued(at):
        return True
    other = tokens.word(at - 2)
    return before in "('" or (before in "-/" and len(other) == 4 and other.isdecimal() and int(other) in YEARS)


@cache
def _measures() -> frozenset[str]:
    return frozenset(rules("facts_times")["measures"])


@cache
def _scores() -> frozenset[str]:
    return frozenset(rules("facts_times")["scores"])


@cache
def _blockers() -> frozenset[str]:
    return frozenset(rules("facts_times")["year_blockers"])


@cache
def _relative() -> frozenset[str]:
    return frozenset(rule["rule"] for rule in rules("times")["relative"])


@cache
def _month_cues() -> frozenset[str]:
    return frozenset(rules("facts_times")["month_cues"])


@cache
def _weekday_names() -> dict[str, str]:
    return {word: rule["day"] for rule in rules("facts_times")["weekdays"] for word in (*rule["words"], *rule["short"])}


@cache
def _season_names() -> dict[str, str]:
    return {word: rule["day"] for rule in rules("facts_times")["seasons"] for word in rule["words"]}


@cache
def _feast_names() -> Phrases[str]:
    return Phrases((phrase, rule["day"]) for rule in rules("facts_times")["feasts"] for phrase in rule["phrases"])
