"""Times: the intervals, ages, days and times of day that a text tells.

units       how units of time are written, and their length in days
amounts     numbers as figures, words, fractions and ranges
ways        what the words around a stretch of time make of it: ago, in, every, after surgery
stretches   amounts of time: "4 days", "3/52", "34w2d", "several weeks"
ages        how old somebody is
intervals   stretches of time and ages as facts, "yesterday", "POD 2", "weekly"
days        dates, and what a month, a weekday, a season, a year tell alone
clock       times of day
"""

from rag.clinical.facts.times.clock import clock_times
from rag.clinical.facts.times.days import days
from rag.clinical.facts.times.intervals import intervals
from rag.clinical.facts.types import Age, Clock, Day, Interval
from rag.values import Document


def times(document: Document) -> list[Interval | Age | Day | Clock]:
    """The intervals, ages, days and times of day of a document, in order of place."""
    found = [*intervals(document), *days(document), *clock_times(document)]
    return sorted(found, key=lambda one: (one.start, -one.end))
