"""How long a medicine is to be taken: "x 7 days", "for two weeks", "5/7", "a 10-day course", where it stands with a dose."""

import re
from functools import cache

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.numerals import NUMBER, value_of
from rag.clinical.facts.types import Interval

DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "f": 14.0, "m": 30.4375, "y": 365.25}
SHARES = {"7": 1.0, "52": 7.0, "12": 30.4375}


@cache
def _course() -> re.Pattern[str]:
    number = rf"(?P<n>{NUMBER}|an?\b)(?:[ ]?(?:-|–|\bto\b|\bor\b)[ ]?(?P<most>{NUMBER}))?"
    unit = r"(?P<unit>hours?|hrs?|days?|d|weeks?|wks?|w|fortnight|months?|mos?|mths?|years?|yrs?)(?![^\W_])"
    return re.compile(
        rf"(?:(?:x|×|for|times)[ ]?(?:the next |a further |another |a total of |up to |at least )?)"
        rf"{number}[ ]?(?:more |full |total )?[ -]?{unit}"
        rf"|{number.replace('<n>', '<n2>').replace('<most>', '<most2>')}[ -]{unit.replace('<unit>', '<unit2>')} (?:course|supply)"
        r"|(?:x ?|for )?(?P<share>\d{1,2})/(?P<of>7|52|12)(?![\d/])",
        re.IGNORECASE,
    )


def course_at(text: str, start: int) -> Mark | None:
    """The course that begins at this place."""
    found = _course().match(text, start)
    if not found:
        return None
    if found["share"]:
        days, most = int(found["share"]) * SHARES[found["of"]], None
    else:
        unit = DAYS[(found["unit"] or found["unit2"])[0].lower()]
        number, upper = found["n"] or found["n2"], found["most"] or found["most2"]
        days = (1.0 if number.lower() in ("a", "an") else value_of(number)) * unit
        most = value_of(upper) * unit if upper else None
    end = found.end()
    fact = Interval(start=found.start(), end=end, days=round(days, 4), most=None if most is None else round(most, 4), way="for")
    return Mark("course", found.start(), end, fact, needs="tight", last=end)
