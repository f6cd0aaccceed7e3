"""What documents say of each patient: sex, ages, and in how many of their passages a term stands."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.clinical.owners import UNKNOWN, plain
from rag.stages.index.base import Index, Rows
from rag.text import terms

NOUN = r"(?P<noun{0}>woman|lady|female|girl|(?-i:F)|man|gentleman|male|boy|(?-i:M))\b"
YEARS = r"(?:years?|yrs?|y)[ -]?(?:old|o)\b|y/?o\b"
TOLD = re.compile(
    rf"\b(?:sex|gender)\b[ /a-z]{{0,8}}:?\W{{1,3}}(?:\d{{1,3}} ?/ ?)?(?:{NOUN.format(1)}|(?P<noun2>[fm])\b)"
    rf"|(?<![\w.,-])(?P<age1>\d{{1,3}})(?:[ -]?(?:{YEARS}|years?|y),?\s(?:[a-z]+ )?{NOUN.format(3)}| ?/? ?{NOUN.format(4)})"
    rf"|\b(?P<noun5>woman|lady|girl|man|gentleman|boy)(?:,| of| aged) ?(?P<age2>\d{{1,3}})\b"
    rf"|(?<!\w)(?P<noun6>[mf]) ?/ ?(?P<age3>\d{{1,3}})(?![\w.])"
    rf"|\bage[ d]?(?: ?/ ?sex)?:?\W{{1,3}}(?P<age4>\d{{1,3}})(?![\w.])"
    rf"|(?<![\w.,-])(?P<age5>\d{{1,3}})[ -]?(?:{YEARS})",
    re.IGNORECASE,
)
PRONOUN = re.compile(r"\b(?:(?P<her>she|hers?|herself)|(?:he|him|his|himself))\b", re.IGNORECASE)
FEMALE = {"woman", "lady", "female", "girl", "f"}
HEAD, OLDEST = 3000, 110
NOBODY, SEVERAL = -1, -2
Counts = NDArray[np.int64]


class People:
    """The patients whose documents, or parts of documents, an index holds. Patients are counted as in `patients`."""

    def __init__(self, index: Index) -> None:
        parts = [
            (name, region.start, region.end, next(iter(region.patients)))
            for name, regions in index.owners.regions.items()
            for region in regions
            if len(region.patients) == 1 and UNKNOWN not in region.patients
        ]
        self.patients: list[str] = sorted({*index.owners.patients, *(patient for *_, patient in parts)})
        number = {patient: at for at, patient in enumerate(self.patients)}
        own = {name: number[plain(one.patient)] for name, one in index.documents.items() if one.patient}
        self._texts: list[list[str]] = [[] for _ in self.patients]
        for name, at in own.items():
            self._texts[at].append(index.documents[name].text[:HEAD])
        names = {name: at for at, name in enumerate(index.documents)}
        units = [(own.get(chunk.span.document, NOBODY), names[chunk.span.document]) for chunk in index.chunks]
        self._in_parts: dict[str, list[int]] = {}
        for name, start, end, patient in parts:
            text = index.documents[name].text[start:end]
            self._texts[number[patient]].append(text[:HEAD])
            for term in set(terms(text, index.stem)):
                self._in_parts.setdefault(term, []).append(len(units))
            units.append((number[patient], names[name]))
        self._patient_of, self._document_of = np.array(units, np.int64).reshape(-1, 2).T
        whose = {name: own.get(name, NOBODY) for name in names}
        for name, *_, patient in parts:
            whose[name] = number[patient] if whose[name] in {NOBODY, number[patient]} else SEVERAL
        self._whose = np.array([whose[name] for name in names], np.int64)

    def holding(self, forms: Sequence[str], index: Index) -> tuple[Counts, Counts]:
        """In how many passages of each patient, and of each document, all terms of one of these forms stand."""
        found = np.unique(np.concatenate([self._rows(form, index) for form in forms]))
        of = self._patient_of[found]
        return (
            np.bincount(of[of >= 0], minlength=len(self.patients)),
            np.bincount(self._document_of[found], minlength=len(self._whose)),
        )

    def _rows(self, form: str, index: Index) -> Rows:
        found: Rows | None = None
        for term in terms(form, index.stem):
            rows = np.concatenate([index.postings(term)[0], np.array(self._in_parts.get(term, []), np.int64)])
            found = rows if found is None else np.intersect1d(found, rows)
        return np.zeros(0, np.int64) if found is None else found

    def best_document(self, sums: NDArray[np.float64], patient: int) -> float:
        """The most that a document of a patient has of some sum a document; of those of nobody for `NOBODY`."""
        mine = sums[self._whose == patient]
        return float(mine.max()) if len(mine) else 0.0

    @cached_property
    def looks(self) -> list[tuple[str, frozenset[int]]]:
        """The sex ("F", "M" or "") and the ages of each patient, as the beginnings of their documents tell them."""
        return [_look(texts) for texts in self._texts]


def _look(texts: list[str]) -> tuple[str, frozenset[int]]:
    """Sex and ages as the first place of each text that tells them; without such a place the pronouns tell the sex."""
    told: Counter[bool] = Counter()
    spoken: Counter[bool] = Counter()
    ages: set[int] = set()
    for text in texts:
        sex, age = "", 0
        for match in TOLD.finditer(text):
            said = {name.rstrip("123456"): value for name, value in match.groupdict().items() if value}
            age = age if 0 < age <= OLDEST else int(said.get("age", 0))
            sex = sex or (said.get("noun", "") if age <= OLDEST else "")
            if sex and age:
                break
        if sex:
            told[sex.lower() in FEMALE] += 1
        if 0 < age <= OLDEST:
            ages.add(age)
        spoken.update(bool(match["her"]) for match in PRONOUN.finditer(text))
    count = told or spoken
    return ("F" if count[True] > 2 * count[False] else "M" if count[False] > 2 * count[True] else ""), frozenset(ages)
