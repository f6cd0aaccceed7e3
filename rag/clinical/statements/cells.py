"""How well the cells of a row hold what a question asks of its columns: "tier 5" is not "5 mg"."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rag.clinical.statements.record import Column, Statement
from rag.text import terms
from rag.values import Document

WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*|[<>≤≥]=?")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
UNIT = re.compile(
    r"(?:mg|mcg|µg|g|kg|ml|l|mmol|meq|units?|iu|mm|cm|lb|lbs|mmhg|days?|weeks?|months?|years?|hours?|h|min|minutes?|%)", re.I
)
NUMBER_WORDS = {
    name: str(at) for at, name in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
YES = frozenset("need needs needed require requires required requiring must with has have having yes mandatory".split())
NO = frozenset("no not without never none unrestricted free doesn don isn aren needn".split())
MORE = frozenset("above over exceeding exceeds greater higher more least > ≥ >= minimum".split())
LESS = frozenset("below under lower less fewer most < ≤ <= maximum".split())
LINKS = frozenset("is are of a an the to at in for or and on as equal equals level number no. than by with be".split())
Numbers = tuple[tuple[str, ...], str, tuple[int, ...]]
ASKS_WHETHER = re.compile(r"\W*(?:is|are|was|were|does|do|did|has|have|can|could|will|would|should|must|may)\b", re.IGNORECASE)
"""With one row named, "does it need" and "is it tier 5" are answered by that row whatever stands in it."""
REACH = 4
"""Words between the name of a column and a value that is asked of it at most."""
SHORT_FORMS = {
    "pa": "prior authorization",
    "ql": "quantity limit",
    "st": "step therapy",
    "auth": "authorization",
    "qty": "quantity",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question asks of a column: numbers of which one must stand in it, a comparison, yes or no, or just its value."""

    column: str
    numbers: tuple[str, ...] = ()
    compare: str = ""
    answer: bool | None = None
    words: tuple[int, ...] = ()

    @property
    def is_value(self) -> bool:
        """Whether a value is asked of the column, rather than what stands in it."""
        return bool(self.numbers) or self.answer is not None


RowNames = Mapping[str, tuple[str, int]]
"""For each term by which a row can be named the first column that holds it, and in how many rows."""


def cell_matches(question: str, statement: Statement, document: Document, names: RowNames | None = None) -> float | None:
    """The share, 0 to 1, of what a question asks of the columns of this row that their own cells hold.

    Asked are values ("tier 5", "needs prior authorization") and the row itself ("the quantity limit of osimertinib": another
    cell names it). `names` are those of `row_names`, by which a question is known to name a row; without them every other word
    may. None where the question names no column of this row, or neither a value nor a row: there is nothing to say.
    """
    columns = tuple(dict.fromkeys(name for name, _, _ in statement.columns if name))
    asked = _asked(question, columns) if columns else ()
    if not asked:
        return None
    cells: dict[str, str] = {}
    for name, low, high in statement.columns:
        cells[name] = f"{cells.get(name, '')} {document.text[low:high]}".strip()
    naming = _naming(_rest(question, asked), names, columns)
    whether = bool(naming) and names is not None
    open_ones = [
        one for one in asked if not one.is_value or (whether and (one.answer is not None or ASKS_WHETHER.match(question)))
    ]
    held = [_holds(one, cells[one.column]) for one in asked if one not in open_ones]
    wanted = [one.column for one in open_ones]
    if naming and (names is not None or not held):
        named = any(term in _terms(cells, column, wanted) for term, column in naming)
        held.append(named and (not wanted or any(map(cells.get, wanted))))
    return sum(held) / len(held) if held else None


def row_names(document: Document, statements: Iterable[Statement]) -> RowNames:
    """The terms by which the rows of a document's tables can be named; counted once for a document."""
    order: dict[str, int] = {}
    counts: dict[str, Counter[str]] = {}
    for statement in statements:
        for name, low, high in statement.columns:
            order.setdefault(name, len(order))
            for term in set(terms(document.text[low:high])):
                if _names(term):
                    counts.setdefault(term, Counter())[name] += 1
    return {term: min(found.items(), key=lambda one: order[one[0]]) for term, found in counts.items()}


def cells_asked(question: str, statement: Statement) -> tuple[Column, ...]:
    """The cells of the columns that a question names, so that an answer can say which column it read."""
    names = tuple(dict.fromkeys(name for name, _, _ in statement.columns if name))
    asked = {one.column for one in _asked(question, names)} if names else set()
    return tuple(column for column in statement.columns if column[0] in asked)


@lru_cache(maxsize=1024)
def _asked(question: str, names: tuple[str, ...]) -> tuple[_Asked, ...]:
    """What the question asks of each column that it names: by half of its words, or of those that no other has."""
    words = [_plain(match[0]) for match in WORD.finditer(question)]
    stems = [_stem(word) for word in words]
    telling = {name: _telling(name, names) for name in names}
    places: dict[str, tuple[int, ...]] = {}
    taken: set[int] = set()
    for name in sorted(names, key=lambda name: -len(telling[name])):
        if there := _places(telling[name], stems, taken):
            places[name] = there
            taken |= set(there)
    after = {name: _numbers_after(there, words) for name, there in places.items()}
    used = {at for _, _, numbers in after.values() for at in numbers}
    return tuple(_value(name, there, words, after[name], used) for name, there in places.items())


def _plain(word: str) -> str:
    lower = word.lower()
    return NUMBER_WORDS.get(lower, lower)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    found = terms(SHORT_FORMS.get(word, word))
    return " ".join(found)


def _telling(name: str, names: tuple[str, ...]) -> frozenset[str]:
    """The terms by which a question names this column: its own, without those that other columns share if any are left."""
    own = frozenset(terms(re.sub(r"\([^()]*\)", " ", name)) or terms(name))
    shared = frozenset(term for other in names if other != name for term in terms(other))
    return own - shared or own


def _places(own: frozenset[str], stems: list[str], taken: set[int]) -> tuple[int, ...]:
    """Where the question says the name of a column, or () where it does not."""
    if not own:
        return ()
    places = [at for at, stem in enumerate(stems) if at not in taken and stem and set(stem.split()) & own]
    said = own & {term for at in places for term in stems[at].split()}
    return tuple(places) if 2 * len(said) >= len(own) else ()


def _value(name: str, places: tuple[int, ...], words: list[str], after: Numbers, used: set[int]) -> _Asked:
    """The value that the question gives beside the name of a column; `used` are the numbers that others have."""
    numbers, compare, at = after
    before = places[0] - 1
    if not numbers and before > 0 and before not in used and NUMBER.fullmatch(words[before]) and words[before - 1] in LINKS:
        numbers, compare, at = (words[before],), "", (before,)
    answer = None
    if not numbers:
        said, then = words[max(before + 1 - REACH, 0) : before + 1], words[places[-1] + 1 : places[-1] + 3]
        if set(said) & NO or then[:1] in (["no"], ["none"], ["not"]):
            answer = False
        elif set(said[-2:]) & YES or "yes" in then or then[:1] in (["required"], ["needed"]):
            answer = True
    return _Asked(name, numbers, compare, answer, (*places, *at))


def _numbers_after(places: tuple[int, ...], words: list[str]) -> Numbers:
    """The numbers right after the name of a column, whether they are bounds, and where they stand."""
    numbers: list[str] = []
    used: list[int] = []
    compare = ""
    at = places[-1] + 1
    while at < len(words) and at <= places[-1] + REACH + 2 * len(numbers):
        word = words[at]
        if NUMBER.fullmatch(word):
            if at + 1 < len(words) and UNIT.fullmatch(words[at + 1]) and not numbers:
                break  # "limit of apixaban 5 mg" says which tablet, not which limit.
            numbers.append(word)
            used.append(at)
        elif word in MORE or word in LESS:
            compare = "more" if word in MORE else "less"
        elif word not in LINKS:
            break
        at += 1
    return tuple(numbers), compare if numbers else "", tuple(used)


def _holds(asked: _Asked, cell: str) -> bool:
    """Whether a cell holds the value that is asked of its column."""
    if asked.numbers:
        there = [number.replace(",", "") for number in NUMBER.findall(cell)]
        wanted = [number.replace(",", "") for number in asked.numbers]
        if asked.compare and there and _is_number(there[0]) and _is_number(wanted[0]):
            value, bound = float(there[0]), float(wanted[0])
            return value >= bound if asked.compare == "more" else value <= bound
        return any(_same(one, two) for one in wanted for two in there)
    first = next(iter(WORD.findall(cell.lower())), "")
    refused = first in ("", "no", "none", "not", "n", "never", "-")
    return not refused if asked.answer else refused


def _is_number(written: str) -> bool:
    return written.count(".") <= 1


def _same(one: str, two: str) -> bool:
    return one == two or (_is_number(one) and _is_number(two) and float(one) == float(two))


def _rest(question: str, asked: tuple[_Asked, ...]) -> set[str]:
    """The terms of the question but for those that name columns and their values."""
    used = {place for one in asked for place in one.words}
    words = [match[0].lower() for match in WORD.finditer(question)]
    left = (word for at, word in enumerate(words) if at not in used and word not in YES | NO | MORE | LESS)
    return {term for word in left for term in terms(word) if _names(term)}


def _names(term: str) -> bool:
    return len(term) > 2 and not any(map(str.isdigit, term)) and not UNIT.fullmatch(term)


def _naming(rest: set[str], names: RowNames | None, columns: tuple[str, ...]) -> set[tuple[str, str]]:
    """The terms of the question that name a row, each with its column: the rarest of those that rows hold, in the first column.

    Where the rows are not known it may be any, in any column.
    """
    if names is None:
        return {(term, "") for term in rest}
    known = {term: names[term] for term in rest if term in names}
    least = min((number for _, number in known.values()), default=0)
    rarest = {(term, column) for term, (column, number) in known.items() if number == least}
    first = min((columns.index(column) for _, column in rarest if column in columns), default=-1)
    return {one for one in rarest if first < 0 or one[1] == columns[first]}


def _terms(cells: dict[str, str], column: str, but: list[str]) -> set[str]:
    """The terms of a row in this column; of all of its columns but these where none is given."""
    return set(terms(cells.get(column, "") if column else " ".join(cell for name, cell in cells.items() if name not in but)))
