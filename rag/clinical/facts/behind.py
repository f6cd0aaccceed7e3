"""The values behind the names of their analytes: one, a series of them, or those of names that are listed together."""

from collections.abc import Iterator

from rag.clinical.facts.analytes import Analyte, Named, flags, listed
from rag.clinical.facts.phrases import Match
from rag.clinical.facts.readings import CLASSES, DASHES, ROMAN, Reading
from rag.clinical.facts.scan import Scan
from rag.clinical.facts.stream import Stream
from rag.clinical.facts.types import Value

BRIDGE, CLOSE = 10, 3
"""How many words may stand between a name and its number; fewer for names that mean something else as well."""
EXACT = frozenset("is was are were of at to from low high elevated up down today now".split())
"""What may stand behind a name of a letter or two."""
CLOSE_SIGNS = frozenset(":=()[]~-–—><≥≤→*\"'/+#\t@•")
SIGNS = CLOSE_SIGNS | {",", "|"}
JOINTS = (["/"], ["and"], ["&"], ["over"], [","], [",", "and"])
WRAPPED = 50
"""The length of a line that is taken to go on in the next one."""
LISTED = 8
"""How many names are listed together at most."""
TOGETHER = 5
"""How many tokens may stand between names that are listed together and their numbers."""


def behind_names(scan: Scan) -> Iterator[Value]:
    """The values that stand behind the name of their analyte."""
    grouped = -1
    for at, match in enumerate(scan.named):
        if at <= grouped or not match.meaning.analytes:
            continue
        group = _group(scan, at)
        found = list(_together(scan, group)) if len(group) > 1 or match.meaning.panel else []
        if found:
            grouped = at + len(group) - 1
            yield from found
        elif not match.meaning.panel:
            yield from _Series(scan, match).values()


def _group(scan: Scan, at: int) -> list[Match[Named]]:
    """The names that are listed together: "AST/ALT", "BUN and creatinine"."""
    group = [scan.named[at]]
    for match in scan.named[at + 1 : at + LISTED]:
        if scan.words.said[group[-1].last : match.first] not in JOINTS or not match.meaning.analytes:
            break
        group.append(match)
    return group


def _together(scan: Scan, group: list[Match[Named]]) -> Iterator[Value]:
    """The values of names that are listed together, or of a panel, where as many numbers follow: "AST/ALT 45/60"."""
    words, panel = scan.words, group[0].meaning.panel
    analytes = list(group[0].meaning.analytes) if panel else [match.meaning.analytes[0] for match in group]
    place = group[-1].last
    while place < len(words.said) and place not in words.amounts and place < group[-1].last + TOGETHER:
        if words.said[place] not in listed("between") and words.said[place] not in CLOSE_SIGNS:
            return
        place += 1
    found: list[tuple[Analyte, Reading]] = []
    for analyte in analytes:
        if found:
            if words.word(place) not in ("/", "and", "&", ",", "over"):
                break
            place += 1 + (words.word(place + 1) == "and")
        reading = scan.one(place, analyte)
        if reading is None:
            break
        found.append((analyte, reading))
        place = reading.last
    if len(found) == len(analytes) or (panel and len(found) >= 2):
        scan.used.update(match.first for match in group)
        for at, (analyte, reading) in enumerate(found):
            yield scan.value(analyte, reading, group[0] if at == 0 else None)[0]


class _Series:
    """The way from one name along the numbers behind it: "1.2 -> 2.3", "from 94/60 to 104/66", the cells of a row."""

    def __init__(self, scan: Scan, match: Match[Named]) -> None:
        self.scan, self.match, self.words = scan, match, scan.words
        self.place = match.last
        self.passed, self.flag, self.tied = 0, "", True
        self.since: list[str] = []
        self.kept: Analyte | None = None
        self.earlier: Reading | None = None

    def values(self) -> Iterator[Value]:
        words = self.words
        while self.place < len(words.said) and not self._begins_another():
            if self._passes_a_date():
                continue
            if self._may_be_read():
                if value := self._value():
                    yield value
                    continue
                if self.place in words.amounts:
                    if words.word(self.place - 1) not in listed("numbered") and not _is_clock(words, self.place):
                        return
                    self._pass_clock()
                    continue
            if not self._bridges():
                return
            self._step()

    def _begins_another(self) -> bool:
        """Whether the name of another analyte begins here, and no word that may stand between a name and its number."""
        other = self.scan.name_at.get(self.place)
        if other is None or set(other.meaning.analytes) & set(self.match.meaning.analytes):
            return False
        return self.words.said[self.place] not in listed("between") or self.place + 1 != other.last

    def _passes_a_date(self) -> bool:
        """Go behind a date that begins here: "creatinine on 3/14 was 2.3", "94.6 (10/5)"."""
        if self.match.meaning.exact and self.earlier is None:
            return False
        behind = self.scan.skipped.get(self.place, 0)
        if behind and self._is_score(behind):
            behind = 0
        if not behind and self._is_date():
            amount = self.words.amounts[self.place]
            behind = amount.last if amount.form else self.words.amounts[self.place + 2].last
        if behind:
            self.place, self.tied = behind, False
            self.since.append("then")
        return bool(behind)

    def _is_score(self, behind: int) -> bool:
        """Whether what looks like a date is a score of the analyte: "pain from 8/10"."""
        amounts = self.words.amounts
        whole = {one.out_of for one in self.match.meaning.analytes if one.form == "score"}
        first = next((at for at in range(self.place, behind) if at in amounts), self.place)
        return self.words.word(first + 1) == "/" and first + 2 in amounts and amounts[first + 2].number in whole

    def _is_date(self) -> bool:
        """Whether two numbers with a slash stand here where the analyte has none such."""
        words, first = self.words, self.place
        one, two = words.amounts.get(first), words.amounts.get(first + 2)
        if one is None or words.word(first + 1) != "/" or words.gap(first + 1):
            return False
        if any(analyte.form not in ("", "height", "titer") for analyte in self.match.meaning.analytes):
            return False
        return one.form == "fraction" or (two is not None and one.number <= 31 and two.number <= 31)

    def _may_be_read(self) -> bool:
        """Whether a number or the figure of a class begins here; "third" in "after the third dose" is none."""
        amount = self.words.amounts.get(self.place)
        word = self.words.said[self.place]
        return (amount is not None and amount.form != "ordinal") or word in ROMAN or word in CLASSES

    def _value(self) -> Value | None:
        """The value whose number begins here, None where none of the name's analytes has such a number."""
        found = self.scan.read(self.place, (self.kept,) if self.kept else self.match.meaning.analytes)
        if found is None or not (self._goes_on(self.earlier, found[1]) if self.earlier else self._follows(found[1])):
            return None
        self.kept, self.earlier = found
        self.scan.used.add(self.match.first)
        value, self.place = self.scan.value(self.kept, self.earlier, self.match if self.tied else None, self.flag)
        self.passed, self.since, self.flag, self.tied = 0, [], "", False
        return value

    def _follows(self, reading: Reading) -> bool:
        """Whether a number belongs to the name before it and not to one behind it: "lymphocytes, 2 red cells"."""
        if self.match.meaning.exact and "-" in self.since and not self.words.gap(self.match.last):
            return False
        said = self.words.said
        if said[self.match.first] == "r" and "l" in said[reading.last : reading.last + 2]:  # The sides of "R 48, L 51".
            return False
        after = self.scan.name_at.get(reading.last)
        if after is None or not self.scan.is_bare(reading) or after.last in self.words.amounts:
            return True
        return not {",", ")", "and", "with"} & set(self.since)

    def _goes_on(self, earlier: Reading, reading: Reading) -> bool:
        """Whether a number goes on from an earlier one of the same name, by what stands between them."""
        words, since = self.words, set(self.since)
        if not since:
            return words.gap(reading.first) > 1
        if since == {"("} and reading.most is not None:  # "9.2 (10-12 in May)".
            return False
        if "|" in since or since & listed("goes_on"):
            return True
        behind = words.word(reading.last)
        if behind.isalpha() and behind not in listed("between"):
            return False
        same = words.word(earlier.first).count(".") == words.word(reading.first).count(".")
        return since <= {",", "\t"} and same and earlier.number / 3 <= reading.number <= earlier.number * 3

    def _pass_clock(self) -> None:
        words = self.words
        self.place, self.tied = words.amounts[self.place].last, False
        while words.word(self.place) == ":" or (words.word(self.place - 1) == ":" and self.place in words.amounts):
            self.place += 1

    def _bridges(self) -> bool:
        """Whether the token here may stand between a name and its number."""
        words, place = self.words, self.place
        word = words.said[place]
        if word == "\n":
            return self._wraps()
        if word == ".":
            short = words.word(place - 1) in listed("abbreviated") and not words.gap(place)
            return short and self.passed == 0 and place + 1 in words.amounts
        if word == ";":
            return words.word(place + 1) in ("result", "value", "level", "reading") and words.word(place + 2) in (":", "=")
        close = all(one.close for one in self.match.meaning.analytes)
        if self.match.meaning.exact:
            return word in CLOSE_SIGNS or word in EXACT
        most = CLOSE if close else BRIDGE
        return word in (CLOSE_SIGNS if close else SIGNS) or (word in listed("between") and self.passed < most)

    def _wraps(self) -> bool:
        """Whether a line that ends here goes on: it is a full one, or the name stands on it alone above its number."""
        words, place = self.words, self.place
        if place + 1 not in words.amounts and words.word(place + 1) not in listed("between"):
            return False
        begin = words.text.rfind("\n", 0, words.starts[place]) + 1
        alone = words.starts[self.match.first] == begin and self.match.last >= place - 1
        return words.starts[place] - begin >= WRAPPED or (alone and place + 1 in words.amounts)

    def _step(self) -> None:
        """Go one token on, and keep what it says of the number behind it."""
        words, place = self.words, self.place
        word = words.said[place]
        if self.earlier is None and len(word) > 2 and word in flags():
            self.flag = flags()[word]
        self.passed += word[:1].isalpha()
        apart = word in DASHES and words.gap(place + 1) > 0  # "94.6 - 92.8".
        self.since.append("\t" if words.gap(place) > 1 else "then" if apart else word)
        self.place += 1


def _is_clock(words: Stream, place: int) -> bool:
    """Whether a number is a time of day: "0815", "8:15", "1400"."""
    written = words.said[place]
    if words.word(place + 1) == ":" and place + 2 in words.amounts:
        return not words.gap(place + 1) and not words.gap(place + 2)
    return len(written) == 4 and written.isdigit() and int(written) < 2400 and int(written[2:]) < 60
