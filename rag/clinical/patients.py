"""Whose text it is: the one patient of a document, and nobody where the ids of several patients stand in it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from rag.rules import rules
from rag.values import Document

PSEUDONYM = re.compile(r"[A-Za-z]{1,4}-?\d{2,8}")
LIKELY = re.compile(r"[A-Za-z]{1,4}(?:-\d+|\d{3,})")
HEAD = 3000
NO_PATIENT = "no-patient"
MARKS = r"[\s*_#>|•–\-]"
SIDES = re.compile(r"[\n;|,·\t]| {2,}")
OWN_LINE = re.compile(rf"{MARKS}*(?:\w+[ _-]){{0,3}}")
ASIDE = re.compile(r"\W*(?:\d[^.]{0,25}|\([^()]{0,60}\)\W*)?")
LABELLED_VALUE = re.compile(r"\W*[^\W\d][\w /.'-]{0,40}[:#][^.]{0,40}")
CLAUSE = re.compile(r"[.;!?|](?=\s)|\n\s*\n|\n(?=\s*[-*•#])")
BEFORE = 60
FARTHEST = 300
SEVERAL = (
    "{} different patient ids stand in it, so it was given to no patient and no filter by patient shows it. Split the file by "
    "patient; if it is about one person all the same, set the patient by hand"
)


@dataclass(frozen=True, slots=True)
class _Id:
    """An id after a label: how people are numbered there, the id, the stretch with its label, and how sure it is.

    `firm` says that it stands after a label rather than within a sentence.
    """

    kind: str
    value: str
    start: int
    end: int
    firm: bool

    @property
    def plain(self) -> str:
        return self.value.replace("-", "").upper()

    @property
    def series(self) -> str:
        return series_of(self.value)


def series_of(value: str) -> str:
    """What the pseudonyms of one numbering begin with ("P-"), or nothing for another id."""
    return value.rstrip("0123456789").upper() if PSEUDONYM.fullmatch(value) else ""


def patient_of(text: str, told: str = "", *, rows: bool = False, beside: Iterable[str] = ()) -> tuple[str, int]:
    """The one patient of a text, or "", and how many people its ids are of.

    `told` is the patient that the file names outside of the text, which counts more than what stands near its start. In `rows`
    of a table that belong to one patient, ids of another numbering are that patient's. `beside` are page headers and the like.
    """
    whole = "\n\n".join([text, *beside])
    found = list(_ids(whole, {series_of(told)}))
    number = _people(whole, found, told, rows)
    if number > 1:
        return "", number
    head = [one for one in found if one.end <= HEAD and one.kind != "record" and PSEUDONYM.fullmatch(one.value)]
    order = sorted(head, key=lambda one: (not one.firm, one.kind != "patient", one.start))
    return told or (order[0].value if order else ""), number


def with_patient(document: Document, told: str = "", *, rows: bool = False) -> Document:
    """The document with its patient; with a warning in place of one where the ids of several stand in it."""
    beside = [document.title, *(aside.text for aside in document.asides if aside.kind in {"header", "footer"})]
    patient, number = patient_of(document.text, told, rows=rows, beside=beside)
    return nobodys(document, number) if number > 1 else replace(document, patient=patient)


def nobodys(document: Document, number: int) -> Document:
    """The document without a patient, and with the warning that it is about several."""
    kept = tuple(warning for warning in document.warnings if not warning.endswith(SEVERAL[2:]))
    return replace(document, patient="", warnings=(*kept, SEVERAL.format(number)))


def patient_column(names: Sequence[str]) -> int | None:
    """The column of a table that says whose row it is, or None; the patient's own id counts before other numberings."""
    known = [re.sub(r"[ _-]", "", str(rule["label"])) for rule in rules("patients")["labels"]]
    plain = [re.sub(r"[^a-z]", "", name.lower()) for name in names]
    ranked = [(known.index(name), at) for at, name in enumerate(plain) if name in known]
    return min(ranked)[1] if ranked else None


def owner_of(value: str) -> str:
    """The pseudonym in a cell of a patient's column, or nothing."""
    plain = " ".join(value.split())
    return plain if PSEUDONYM.fullmatch(plain) else ""


@cache
def _labels() -> tuple[re.Pattern[str], dict[str, str], re.Pattern[str]]:
    """A pattern for ids after labels, the kind of each label, and a pattern for people other than the patient."""
    known = rules("patients")
    ordered = sorted(known["labels"], key=lambda rule: -len(rule["label"]))
    numbered, plain = (
        "|".join(_written(rule["label"]) for rule in ordered if bool(rule.get("number")) is yes) for yes in (True, False)
    )
    after = r"(?![A-Z0-9])(?P<gap{0}>[\W_]{{1,6}}(?:(?:patient|no\.?|number) )?)"
    pattern = (
        rf"(?<![A-Z0-9])(?:(?P<label1>{numbered}){after.format(1)}(?P<id1>(?=[A-Z-]*\d[A-Z-]*\d)[A-Z0-9][A-Z0-9-]{{1,38}}[A-Z0-9])"
        rf"|(?P<label2>{plain}){after.format(2)}(?P<id2>[A-Z]{{1,4}}-?\d{{2,8}}|\d{{5,10}}))\b(?!\.\d)"
    )
    others = "|".join(re.escape(rule["cue"]) for rule in known["others"])
    kinds = {re.sub(r"[ _-]", "", rule["label"]): rule["kind"] for rule in ordered}
    return re.compile(pattern, re.IGNORECASE), kinds, re.compile(rf"(?<![a-z])(?:{others})(?![a-z])", re.IGNORECASE)


def _written(label: str) -> str:
    return label.replace(" ", "[ _-]?")


def _ids(text: str, known: set[str]) -> Iterator[_Id]:
    """The ids of patients, in order, but for those of other people that a sentence mentions; `known` are series looked for."""
    pattern, kinds, _ = _labels()
    found: list[_Id] = []
    for match in pattern.finditer(text):
        numbered = match["label1"] is not None
        label, gap, value = match.group(*(("label1", "gap1", "id1") if numbered else ("label2", "gap2", "id2")))
        line = text[max(match.start() - FARTHEST, 0) : match.start()].rpartition("\n")[2]
        begins, marked = not line.strip(" \t*_#>|•–-"), any(sign in gap for sign in ":#=|\t")
        firm = numbered or marked or begins
        heads = begins or (":" in gap and OWN_LINE.fullmatch(line))
        sure = numbered or marked or LIKELY.fullmatch(value)  # "Patient B12 was low" names nobody.
        if sure and (heads or not _of_another(text, match.start())):
            found.append(_Id(kinds[re.sub(r"[ _-]", "", label.lower())], value, match.start(), match.end(), firm))
    firm_ones = [one for one in found if one.firm]
    series = ({one.series for one in firm_ones or found if one.kind != "record"} | known) - {""}
    found = [one for one in found if one.firm or one.series in series]
    yield from sorted([*found, *_bare(text, series, {one.end for one in found})], key=lambda one: one.end)


def _bare(text: str, series: set[str], taken: set[int]) -> Iterator[_Id]:
    """Ids like those after labels that begin a line or fill a cell of a table without a label of their own."""
    if series:
        like = "|".join(map(re.escape, sorted(series)))
        for match in re.finditer(
            rf"(?:^{MARKS}{{0,6}}|\|[ *]*)((?:{like})\d{{2,8}})\b(?!\.\d)", text, re.IGNORECASE | re.MULTILINE
        ):
            if match.end() not in taken and not _of_another(text, match.start(1)):
                yield _Id("patient", match[1], match.start(1), match.end(), True)


def _of_another(text: str, start: int) -> bool:
    """Whether the sentence says just before this place that somebody else than the patient is meant."""
    return bool(_labels()[2].search(CLAUSE.split(text[max(start - BEFORE, 0) : start])[-1]))


def _people(text: str, found: Sequence[_Id], told: str, rows: bool) -> int:
    """How many people the ids are of at least. Two numberings are of one person where they stand in one header."""
    named = _Id("patient", told, 0, 0, True)
    everybody = [*([named] if told else []), *found]
    by_kind: dict[str, set[str]] = {"patient": set()}
    for one in everybody:
        by_kind.setdefault(one.kind, set()).add(one.plain)
    if rows:
        return len(by_kind["patient"] | {one.plain for one in found if one.series and one.series == named.series})
    person = {one.plain: one.plain for one in everybody if one.kind != "record"}

    def root(plain: str) -> str:
        while person[plain] != plain:
            plain = person[plain]
        return plain

    pairs = [(one, two) for one, two in pairwise(found) if _one_header(text, one, two)]
    if told and not any(one.kind == "patient" for one in found):
        pairs += [(named, one) for one in found if len(by_kind[one.kind]) == 1 and one.end <= HEAD]
    for one, two in pairs:
        if one.kind != two.kind and one.series != two.series and one.plain in person and two.plain in person:
            person[root(two.plain)] = root(one.plain)
    return max(len({root(plain) for plain in person}), *map(len, by_kind.values()))


def _one_header(text: str, one: _Id, two: _Id) -> bool:
    """Whether only labels with short values stand between two ids, and no blank line."""
    between = text[one.end : two.start]
    if len(between) > FARTHEST or re.search(r"\n\s*\n", between):
        return False
    *others, last = SIDES.split(between)
    plain = (ASIDE.fullmatch(part) or LABELLED_VALUE.fullmatch(part) for part in others)
    return all(plain) and bool(ASIDE.fullmatch(last) or (others and OWN_LINE.fullmatch(last)))
