"""Ages: how old somebody is or was, as notes write it."""

from collections.abc import Callable, Iterator
from functools import cache

from rag.clinical.facts.times.amounts import Amount, amount_before, number_at
from rag.clinical.facts.times.stretches import Stretch
from rag.clinical.facts.times.units import units
from rag.clinical.facts.times.ways import limits_after, way_before
from rag.clinical.facts.tokens import BREAK, Tokens
from rag.clinical.facts.types import Age
from rag.rules import rules

YEAR, OLDEST = 365.25, 130
WHOLE = frozenset({"year", "month", "week", "day"})
DECADES = dict(
    zip("twenties thirties forties fifties sixties seventies eighties nineties".split(), range(20, 100, 10), strict=True)
)
PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
OWNERS = frozenset("his her their my your our".split())
WHO = frozenset("with who and in has had on was is saw came".split())
ENDS = frozenset({BREAK, ",", ";", ")", ".", "-", "|"})
OPENS = frozenset({BREAK, ",", ";", "(", "|", ":", "-"})
NO_YEARS = frozenset("% / : am pm a p mg kg lb lbs pounds ° degrees cm mm ml mmhg bpm".split())


def age_of(tokens: Tokens, stretch: Stretch) -> Age | None:
    """The age that a stretch of time is where "old" or "of age" stands behind it: "39-year-old", "6 months of age"."""
    if stretch.unit not in WHOLE:
        return None
    at = stretch.last + (tokens.word(stretch.last) == "-")
    older = limits_after().at(tokens, stretch.last)
    limit = ""
    if tokens.word(at) in ("old", "olds"):
        last = at + 1
    elif tokens.said[stretch.last : stretch.last + 2] == ["of", "age"]:
        last = stretch.last + 2
    elif (
        older
        and stretch.unit in ("year", "month")
        and not {"more", "longer", "less", "fewer"} & set(tokens.said[older.first : older.last])
    ):
        limit, last = older.rule, older.last
        last += 2 * (tokens.said[last : last + 2] == ["of", "age"])
    else:
        return None
    _, before, begins = way_before(tokens, stretch.first)
    most = round(stretch.most / YEAR, 4) if stretch.most is not None else None
    return _age(tokens, begins if before else stretch.first, last, round(stretch.days / YEAR, 4), most, limit or before)


def ages(tokens: Tokens) -> Iterator[Age]:
    """The ages of a text that name no unit, or have "aged" before it."""
    readers: dict[str, Callable[[Tokens, int], Age | None]] = {
        **dict.fromkeys(("aged", "age", "ages"), _aged), **dict.fromkeys(("yo", "yof", "yom", "y"), _yo),
        **dict.fromkeys("fm", _sex), **dict.fromkeys(("at", "turned", "turning"), _died),
        **dict.fromkeys((*DECADES, "s"), _decade), **dict.fromkeys(rules("facts_times")["people"], _person),
    }  # fmt: skip
    for at in [at for at, word in enumerate(tokens.said) if word in readers]:
        if found := readers[tokens.said[at]](tokens, at):
            yield found


def _age(tokens: Tokens, first: int, last: int, years: float, most: float | None = None, limit: str = "") -> Age | None:
    if years > OLDEST:
        return None
    return Age(start=tokens.starts[first], end=tokens.ends[last - 1], years=years, most=most, limit=limit)


def _yo(tokens: Tokens, at: int) -> Age | None:
    """ "83yo", "83 y/o", "83 y.o.", "83 yoF"."""
    last = at + 1
    if tokens.said[at] == "y":
        if tokens.word(at + 1) not in ("/", ".") or tokens.word(at + 2) != "o":
            return None
        last = at + 3
    found = amount_before(tokens, at - (tokens.word(at - 1) == "-"))
    return _age(tokens, found.first, last, found.number, found.most) if found else None


def _sex(tokens: Tokens, at: int) -> Age | None:
    """ "83F", "54 M", "F 70" where they stand as a person does, and are no temperature and no width of a tube."""
    if not tokens.capital(at):
        return None
    near = tokens.said[max(0, at - 8) : at + 8]
    if not (_known("hot") | _known("bores")).isdisjoint(near):
        return None
    before, after = tokens.word(at - 1), tokens.word(at + 1)
    if _is_age(after) and before in OPENS and tokens.word(at + 2) in ENDS:
        return _age(tokens, at, at + 2, float(after))
    if not _is_age(before) or (tokens.glued(at + 1) and after not in ENDS):
        return None
    led = tokens.word(at - 2)
    if tokens.glued(at):
        stands = (
            tokens.sentence(at)[0] == at - 1
            or after in _known("presenting")
            or led in ("a", "an", "pt", "patient", "is", "the", "this")
        )
    else:
        stands = led in OPENS and (after in ENDS or after in _known("presenting"))
    return _age(tokens, at - 1, at + 1, float(before)) if stands and not (tokens.glued(at - 1) and led in "-/.") else None


def _is_age(word: str) -> bool:
    return word.isdecimal() and len(word) < 4 and 0 < int(word) <= 110


def _person(tokens: Tokens, at: int) -> Age | None:
    """ "a woman of 88", "woman, 71"."""
    found = number_at(tokens, at + 2) if tokens.word(at + 1) in ("of", ",") else None
    if found is None or not 0 < found.number <= 110 or found.number % 1 or tokens.word(found.last) not in (*ENDS, *WHO):
        return None
    if tokens.word(at + 1) == "," and not tokens.word(at + 2).isdecimal():
        return None
    return _age(tokens, at, found.last, found.number)


def _aged(tokens: Tokens, at: int) -> Age | None:
    """ "aged 72", "at the age of seventy two", "Age: 72", "ages 18 to 65 years", "over age 65"."""
    place = at + 1
    while place < at + 4 and tokens.word(place) in _known("age_joints"):
        place += 1
    found = number_at(tokens, place)
    if (
        found is None
        or (tokens.word(found.last) in ("/", ":", "%") and tokens.glued(found.last))
        or tokens.word(at - 1) in _known("ages_not", "words")
    ):
        return None
    number, most, last = _to(tokens, found)
    unit = units().get(tokens.word(last + (tokens.word(last) == "-")))
    scale = 1.0
    if unit and unit.name in WHOLE:
        scale, last = unit.days / YEAR, last + 1 + (tokens.word(last) == "-")
    limit, first = _limit_before(tokens, at)
    if after := limits_after().at(tokens, last):
        limit, last = after.rule, after.last
    return _age(tokens, first, last, round(number * scale, 4), round(most * scale, 4) if most is not None else None, limit)


def _to(tokens: Tokens, found: Amount) -> tuple[float, float | None, int]:
    """A number, the upper end of its range, and the token behind."""
    if tokens.word(found.last) in ("-", "to", "and", "through"):
        high = number_at(tokens, found.last + 1)
        if high and high.number > found.number:
            return found.number, high.number, high.last
    return found.number, None, found.last


def _limit_before(tokens: Tokens, at: int) -> tuple[str, int]:
    """What the words before "age" make of it ("over the age of", "at age"), and the first of them."""
    led = at - 1 - (tokens.word(at - 1) == "the")
    if limit := _links().get(tokens.word(led)):
        return limit, led
    if tokens.word(led) == "at":
        return "", led
    _, limit, begins = way_before(tokens, at)
    return limit, begins if limit else at


def _died(tokens: Tokens, at: int) -> Age | None:
    """ "died of a stroke at 69", "turned 40"."""
    found = number_at(tokens, at + 1)
    if found is None or not 10 <= found.number <= 110 or found.number % 1:
        return None
    if tokens.said[at] == "at" and _known("age_events").isdisjoint(tokens.said[max(0, at - 2) : at]):
        return None
    after = tokens.word(found.last)
    if after in units() or after in NO_YEARS or after[:1].isdecimal() or (tokens.glued(found.last) and after not in ENDS):
        return None
    return _age(tokens, at, found.last, found.number)


def _decade(tokens: Tokens, at: int) -> Age | None:
    """ "in his sixties", "early 60s" of somebody who died."""
    word, first = tokens.said[at], at
    if word == "s":
        first = at - 1 - (tokens.word(at - 1) == "'")
        figures = tokens.word(first)
        if not (tokens.glued(at) and figures.isdecimal() and len(figures) == 2 and figures[1] == "0"):
            return None
        decade = int(figures)
    else:
        decade = DECADES[word]
    before = first - 1 - (tokens.word(first - 1) == "-")
    part = PARTS.get(tokens.word(before))
    begin = before if part else first
    owned = tokens.word(begin - 1) in OWNERS
    told = not _known("age_events").isdisjoint(tokens.said[max(0, begin - 5) : begin])
    if decade < 20 or not (owned or told or (part and word != "s")):
        return None
    begin -= owned
    begin -= tokens.word(begin - 1) == "in"
    low, high = part or (0, 9)
    return _age(tokens, begin, at + 1, float(decade + low), float(decade + high))


@cache
def _known(name: str, part: str = "") -> frozenset[str]:
    known = rules("facts_times")[name]
    return frozenset(known[part] if part else known)


@cache
def _links() -> dict[str, str]:
    return {word: rule["limit"] for rule in rules("facts_times")["age_links"] for word in rule["words"]}
