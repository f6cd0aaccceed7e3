"""Names of drugs and classes as the table of the rules writes them, and as they are misspelt beside a dose."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

from rag.clinical.facts.drugs.words import ON_ONE_LINE, Phrases, Words
from rag.rules import rules

LONG = 7
"""Letters of a name from which on one wrong letter is read."""
CAPITALS = 6
"""Letters of a short form at most."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a name stands for. `exact` must be written so; `needs` says what has to be beside it: "dose", "capital" or nothing."""

    drug: str
    classes: tuple[str, ...]
    written: str
    exact: str = ""
    needs: str = ""


class Table:
    """All names, as phrases; the long ones by what is left of them without one letter."""

    def __init__(self) -> None:
        table = rules("drugs")
        self._measured = frozenset(table["measured"])
        self._words = frozenset(word.lower() for word in table["words"])
        self._people = frozenset(word.lower() for word in table["people"])
        self._capitals = frozenset(table["only_in_capitals"])
        self.not_before = frozenset(table["not_before"])
        self.levels = frozenset(table["levels"])
        self.never_before = {name: frozenset(words) for name, words in table["never_before"].items()}
        self.salts = frozenset(table["salts"])
        self.told = {name.lower(): kind for kind in ("extended", "immediate") for name in table[kind]}
        self.releases = Phrases((word, kind) for kind, words in table["releases"].items() for word in words)
        self.classes = _classes(table["classes"])
        self.alike = _alike(table["look_alikes"])
        named = dict(self._all(table["classes"]))
        self.phrases = Phrases((name[0], meaning) for name, meaning in named.items())
        self.joint = Phrases(self._combined(table["classes"]))
        self._known = {name: meaning for (name, _), meaning in named.items() if " " not in name}
        self._without: dict[str, set[str]] = {}
        for name in self._known:
            for one in _without_one(name) if len(name) >= LONG and name.isalpha() else ():
                self._without.setdefault(one, set()).add(name)

    def _all(self, classes: dict[str, dict[str, object]]) -> Iterator[tuple[tuple[str, str], Name]]:
        for own, about in classes.items():
            for also in (own, *about["also"]):  # type: ignore[misc]
                short = _is_short(also) and not also.endswith("s")
                for written in {also, f"{also}s"} if also[-1] != "s" else {also}:
                    yield self._entry(written, Name(own, self._above(own), "class"), short, also)
            for drug, others in about["drugs"].items():  # type: ignore[attr-defined]
                yield (drug, ""), self._needing(drug, Name(drug, self.classes[drug], "generic"))
                for other in filter(None, others.split(", ")):
                    yield self._entry(other, Name(drug, self.classes[drug], _written(other)), _is_short(other), other)

    def _above(self, own: str) -> tuple[str, ...]:
        return (own, *self.classes.get(f"class {own}", ()))

    def _entry(self, written: str, name: Name, short: bool, also: str) -> tuple[tuple[str, str], Name]:
        exact = also if short and (also in self._capitals or any(sign.islower() for sign in also)) else ""
        return (written.lower(), exact), self._needing(also, Name(name.drug, name.classes, name.written, exact))

    def _needing(self, written: str, name: Name) -> Name:
        word = written.lower()
        needs = "dose" if word in self._people else "capital" if word in self._words else ""
        if word in self._measured:
            needs = "taken"
        return Name(name.drug, name.classes, name.written, name.exact, needs) if needs else name

    def _combined(self, classes: dict[str, dict[str, object]]) -> Iterator[tuple[str, Name]]:
        """Two names joined by a stroke, in either order, for every known combination."""
        names: dict[str, set[str]] = {}
        for about in classes.values():
            for drug, others in about["drugs"].items():  # type: ignore[attr-defined]
                plain = {other for other in others.split(", ") if other and " " not in other and _written(other) != "brand"}
                names.setdefault(drug, set()).update({drug, *(other for other in plain if other.isalnum())})
        for drug in list(names):
            parts = drug.split("/")
            if len(parts) > 1:
                for order in permutations(parts) if len(parts) == 2 else (parts,):
                    for written in product(*(sorted(names.get(part, {part})) for part in order)):
                        yield " ".join(written), Name(drug, self.classes[drug], "generic")

    def meant(self, word: str) -> Name | None:
        """The one name that a long word is with one letter wrong, missing or too much; None where it may be another one's."""
        if len(word) < LONG or word in self._known:
            return None
        near = {name for one in (word, *_without_one(word)) for name in self._without.get(one, ()) if _one_apart(word, name)}
        near |= {name for one in _without_one(word) for name in (one,) if name in self._known and len(name) >= LONG}
        drugs = {self._known[name].drug for name in near}
        if len(drugs) != 1:
            return None
        (drug,) = drugs
        taken_for = self.alike.get(drug, frozenset())
        return None if any(_at_most_apart(word, other, 3) for other in taken_for) else self._known[min(near)]


@cache
def table() -> Table:
    """The names of drugs, read once."""
    return Table()


def _written(name: str) -> str:
    return "abbreviation" if _is_short(name) else "brand" if name[:1].isupper() else "generic"


def _is_short(name: str) -> bool:
    """Whether a name is a short form: "HCTZ", "NSAIDs", "tPA"."""
    letters = [sign for sign in name if sign.isalpha()]
    return len(letters) <= CAPITALS + 1 and sum(sign.isupper() for sign in letters) >= max(2, len(letters) - 2)


def _classes(classes: dict[str, dict[str, object]]) -> dict[str, tuple[str, ...]]:
    """The classes of every drug, the narrowest first, and under "class NAME" those above a class."""
    above = {own: str(about["within"]) for own, about in classes.items()}
    found: dict[str, tuple[str, ...]] = {}
    for own, about in classes.items():
        line = [own]
        while above.get(line[-1]):
            line.append(above[line[-1]])
        found[f"class {own}"] = tuple(line[1:])
        for drug in about["drugs"]:  # type: ignore[attr-defined]
            found[drug] = tuple(dict.fromkeys((*found.get(drug, ()), *line)))
    for drug in [drug for drug in found if "/" in drug and not drug.startswith("class ")]:
        parts = [one for part in drug.split("/") for one in found.get(part, ())]
        found[drug] = tuple(dict.fromkeys((*found[drug], *parts)))
    return found


def _alike(groups: list[list[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in groups:
        for name in group:
            found.setdefault(name, set()).update(other for other in group if other != name)
    return {name: frozenset(others) for name, others in found.items()}


def look_alikes(drug: str) -> frozenset[str]:
    """The generic names that a drug is taken for."""
    return table().alike.get(drug, frozenset())


def drug_names(words: Words, place: int) -> Iterator[tuple[int, Name]]:
    """The names that begin at a word, with the word behind each: combinations first, then the longest."""
    own = table()
    said = words.said[place]
    if said in own.joint.heads:
        for _, last, name in own.joint.at(words, place, ON_ONE_LINE):
            yield last, name
    if said in own.phrases.heads:
        for _, last, name in own.phrases.at(words, place):
            written = words.text[words.starts[place] : words.ends[last - 1]]
            if not name.exact or written.removesuffix("s") == name.exact.removesuffix("s"):
                yield last, name


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _one_apart(one: str, two: str) -> bool:
    """Whether one letter was left out, put in or changed, or two neighbours stand the wrong way round."""
    if abs(len(one) - len(two)) > 1 or one == two:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    if len(one) == len(two):
        return one[at + 1 :] == two[at + 1 :] or (one[at : at + 2] == two[at : at + 2][::-1] and one[at + 2 :] == two[at + 2 :])
    longer, shorter = (one, two) if len(one) > len(two) else (two, one)
    return longer[at + 1 :] == shorter[at:]


def _at_most_apart(one: str, two: str, most: int) -> bool:
    """Whether so few letters have to be changed, put in or left out to make one word of the other (Levenshtein, 1966)."""
    if abs(len(one) - len(two)) > most:
        return False
    row = list(range(len(two) + 1))
    for at, sign in enumerate(one, 1):
        previous, row[0] = row[0], at
        for place, other in enumerate(two, 1):
            previous, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, previous + (sign != other))
    return row[-1] <= most
