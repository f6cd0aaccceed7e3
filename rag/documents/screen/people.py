"""Names of people, by title, label, credentials, lists of names and the words around them."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from rag.documents.screen.listed_names import Span, in_dictionary, is_name, listed, of_care
from rag.documents.screen.words import Word, is_eponym, known, names, words
from rag.rules import rules
from rag.starts import matches
from rag.values import Finding

PART = r"[A-ZÀ-Þ](?:[\w'’]*[a-zß-ÿA-Z])?(?:-[A-Z][a-zß-ÿ]+)?"
FULL = rf"{PART}\.?(?:[ ]{{1,2}}(?:(?:de|la|van|von|der|da|del|bin|al)[ ])?{PART}\.?){{0,3}}"
PARTICLES = set("de la van von der den da del los las dos di bin ibn al el y e zu".split())
LEADING = (
    r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]el?|[Dd]ella|[Dd]i|[Dd]a|[LlDd][ao]s|[Ll]a|[Ll]e|[Tt]er|[Tt]en|[Bb]in|[Ii]bn|[AaEe]l|[Ss]t\.?)"
    r"[ ]){0,3}"
)


def people(text: str) -> list[Finding]:
    """Names of people in a text, each with the rule that found it."""
    found = words(text)
    spans = [
        *_titled(text),
        *_labelled(text),
        *_with_credentials(text),
        *_named(text),
        *_small(text),
        *_placed(text),
        *listed(text, found),
    ]
    return [*(_finding(*span) for span in spans), *_again(text, found, spans)]


def _finding(start: int, end: int, rule: str, score: float) -> Finding:
    return Finding("identifier", "NAME", start, end, rule, score)


WEAK_TITLES = frozenset("father sister nurse doctor miss sir madam rn lpn np crna aprn fnp dnp pa pa-c cna lvn".split())


@cache
def _title() -> re.Pattern[str]:
    listed = "|".join(re.escape(title) for title in sorted(rules("people")["titles"], key=len, reverse=True))
    return re.compile(rf"\b(?P<title>{listed}|{listed.upper()}|dr|mr|mrs|ms)\b\.?[ ]{{1,2}}(?P<name>{LEADING}{FULL})")


def _titled(text: str) -> Iterator[Span]:
    """ "Dr. Anna Smith", "Mrs. Jones". A title that is also a word needs a name behind it: not "Father Hypertension"."""
    for match in matches(_title(), text):
        parts = list(re.finditer(r"[^\W\d_][\w-]*", match["name"]))
        while len(parts) > 1 and len(parts[0][0]) > 1 and parts[0][0].lower() in PARTICLES:
            parts.pop(0)
        weak = match["title"].islower() or match["title"].lower() in WEAK_TITLES
        low = parts[0][0].lower()
        if weak and not (is_name(low) or (unlisted([parts[0][0]]) and low not in known("people", "eponyms"))):
            continue
        if parts[0][0].lower() in known("people", "labels"):
            continue
        last = parts[0].end()
        for part in parts[1:]:
            if not (is_name(part[0].lower()) or len(part[0]) == 1 or part[0].lower() in names().last):
                break
            last = part.end()
        yield match.start("title"), match.start("name") + last, "title", 0.95
        if match["title"].lower() == "drs":
            yield from _more(text, match.start("name") + last)


MORE = re.compile(rf"(?:,[ ]|,?[ ](?:and|&)[ ])(?P<name>{LEADING}{PART})")
MOST_MORE = 6
OF_DEPARTMENTS = ("logy", "iatry", "iatrics", "surgery")


def _more(text: str, at: int) -> Iterator[Span]:
    """The further names behind a title of several people: "Drs. Smith, Jones and Vexby"."""
    for _ in range(MOST_MORE):
        match = MORE.match(text, at)
        last = match["name"].split()[-1] if match else ""
        if match is None or last.lower().endswith(OF_DEPARTMENTS) or not (is_name(last.lower()) or unlisted([last])):
            return
        yield match.start("name"), match.end("name"), "title", 0.95
        at = match.end()


@cache
def _label() -> re.Pattern[str]:
    listed = "|".join(re.escape(label) for label in sorted(rules("people")["labels"], key=len, reverse=True))
    return re.compile(rf"(?im:(?<![\w-])(?P<label>{listed})\b)[ ]?[:#,][ \t]{{0,4}}(?P<name>(?-i:{FULL}(?:,[ ]{FULL})?))")


def _labelled(text: str) -> Iterator[Span]:
    """ "Patient name: Jane Doe", "Signed by: R. Brown"; behind a label of a person alone also words that no list knows."""
    for match in matches(_label(), text):
        parts = [part[0].lower() for part in re.finditer(PART, match["name"])]
        sure = [part for part in parts if is_name(part)]
        if sure and all(is_name(part) or len(part) == 1 or part in names().ordinary for part in parts[:2]):
            yield match.start("name"), match.end("name"), "label", 0.9
    for match in matches(_sure_label(), text):
        said = match["label"].lower()
        alone = said != "name" and said.endswith(("name", "kin", "nok", "alias"))
        found = _name_behind(text, match.end(), 1 if alone or said in known("people", "roles") else 2, alone)
        if found and ("\n" not in match[0] or END.match(text, found[-1].end())):
            yield found[0].start(), found[-1].end() - found[-1][0].endswith("."), "label", 0.9


@cache
def _sure_label() -> re.Pattern[str]:
    people = rules("people")
    listed, leading = (
        "|".join(sorted(map(re.escape, people[part]), key=len, reverse=True)) for part in ("sure_labels", "done_by")
    )
    label = (
        rf"(?<!\w )name|(?:{listed})(?:(?:['’]?s['’]?)? (?:full )?name)?|(?P<by>{leading})"  # Not the name of a drug or a trial.
    )
    marks = r"[*_]{0,2}[ ]?[:#=|\t][*_]{0,2}[ \t|]{0,4}\n?[ \t]{0,4}|[ \t]+[-–—][ \t]+|(?(by)[ ]|(?!))"
    return re.compile(rf"(?i:(?<![\w-])(?<!\bthe )(?P<label>{label})(?:\(s\))?(?:{marks}))")


END = re.compile(r"[ \t]*(?:\n|$)")
LABELLED_WORD = re.compile(r"[^\W\d_][\w'’-]*\.?")
NEXT_LABEL = re.compile(r"[ ]?[:=]")
APART = re.compile(r",?[ ]{1,2}|-")
MOST_PARTS = 5
LONGEST_ACRONYM = 4


def _name_behind(text: str, at: int, least: int, small: bool) -> list[re.Match[str]]:
    """The words of a name that no list knows, from here on: all there are, or those before the first comma; else nothing."""
    found = _like_names(text, at, small)
    comma = next((n for n, word in enumerate(found, 1) if text[word.end() : word.end() + 1] == ","), len(found))
    tries = (found, found[:comma])
    return next((one for one in tries if len(one) >= least and unlisted([word[0].rstrip(".") for word in one])), [])


def _like_names(text: str, at: int, small: bool) -> list[re.Match[str]]:
    """The words from here on that may be a name: each with a capital unless `small`, or a particle between."""
    found: list[re.Match[str]] = []
    while len(found) < MOST_PARTS and (word := LABELLED_WORD.match(text, at)):
        particle = bool(found) and word[0].lower() in PARTICLES
        if any(map(str.isdigit, word[0])) or (word[0][0].islower() and not (small or particle)):
            break
        found.append(word)
        gap = APART.match(text, word.end())
        if gap is None:
            break
        at = gap.end()
    while found and (found[-1][0].lower() in PARTICLES or NEXT_LABEL.match(text, found[-1].end())):
        found.pop()
    return found


def unlisted(parts: list[str]) -> bool:
    """Whether words behind a label of a person are a name: one at least that English does not know, none of medicine."""
    low = [part.lower() for part in parts]
    if any(len(part) > 1 and of_care(part) for part in low) or low[-1] in known("people", "organisations"):
        return False
    return any(
        len(part) > 2 and not (part.isupper() and len(part) <= LONGEST_ACRONYM) and not in_dictionary(plain)
        for part, plain in zip(parts, low, strict=True)
    )


NAMED = re.compile(
    r"(?i:\b(?:(?:my|his|her|their|whose|patient'?s?|the) (?:full |last |first )?name(?: is|:)|named|by the name of|goes by|"
    rf"i am|i'm))[ ](?P<name>{FULL})"
)


def _named(text: str) -> Iterator[Span]:
    """ "my name is Siiri", "a man named Tran Le": a capital after such words is a name, listed or not."""
    for match in matches(NAMED, text):
        first = re.match(r"[^\W\d_]+", match["name"])
        if first and (is_name(first[0].lower()) or not in_dictionary(first[0].lower())):
            yield match.start("name"), match.end("name"), "named", 0.8


SMALL = re.compile(
    r"(?<![\w-])(?i:(?P<cue>pt|patient|dr|mr|mrs|ms|nurse|mom|mum|mother|dad|father|wife|husband|son|daughter|sister|brother))\.?"
    r"[ ](?P<one>[a-z][a-z'’-]{2,24})(?:[ ](?P<two>[a-z][a-z'’-]{2,24}))?(?![\w-])"
)
MY_NAME = re.compile(
    r"(?i:\b(?:my|his|her) name(?:['’]s| is))[ ](?P<one>[a-z][a-z'’-]{2,24})(?:[ ](?P<two>[a-z][a-z'’-]{2,24}))?(?![\w-])"
)


def _small(text: str) -> Iterator[Span]:
    """ "pt john smith here", "dr patel aware", "my name is zora abt": by the lists and the word before."""
    for match in matches(SMALL, text):
        cue, one, two = match["cue"].lower(), match["one"], match["two"]
        full = two is not None and two in names().last and is_name(two)
        if not is_name(one) or one in known("people", "after") or (cue in {"pt", "patient"} and not full):
            continue
        if cue not in {"dr", "mr", "mrs", "ms"} and one not in names().first:
            continue
        yield match.start("one"), match.end("two" if full else "one"), "name in small letters", 0.75 if full else 0.65
    for match in matches(MY_NAME, text):
        one, two = match["one"], match["two"]
        if is_name(one) or unlisted([one]):
            more = two is not None and (is_name(two) or unlisted([two]))
            yield match.start("one"), match.end("two" if more else "one"), "named", 0.8


MIXED = r"[A-ZÀ-Þ][a-zß-ÿ]+(?:['’][A-Z][a-z]+)?(?:-[A-ZÀ-Þ][a-zß-ÿ]+)?"
CAPITAL_WORDS = r"[A-ZÀ-Þ][A-ZÀ-Þ'’-]{2,20}"
PLACED_NAME = (
    rf"(?P<name>(?:{MIXED}|O['’]{MIXED}|[A-Z]\.)"
    rf"(?:[ ](?:(?:de|la|van|von|der|da|del|bin|al)[ ])?(?:{MIXED}|O['’]{MIXED}|[A-Z]\b\.?)){{0,2}}"
    rf"|{CAPITAL_WORDS}[ ]{CAPITAL_WORDS})"
)


@cache
def _placed_rules() -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    return tuple(
        (re.compile(rule["pattern"].replace("<NAME>", PLACED_NAME), re.MULTILINE), rule) for rule in rules("people")["placed"]
    )


def _placed(text: str) -> Iterator[Span]:
    """Names that no list needs to know, by the words around them: "Patient Qworla Vexby was seen", "her brother Vexby"."""
    for pattern, rule in _placed_rules():
        for match in matches(pattern, text):
            parts = re.findall(r"[^\W\d_][\w'’-]*", match["name"])
            if sum(part.lower() not in PARTICLES for part in parts) >= rule["least"] and _may_be_placed(parts):
                yield match.start("name"), match.end("name"), rule["name"], rule["score"]


def _may_be_placed(parts: list[str]) -> bool:
    """Whether words with capitals are a name: none of medicine or of a company, one at least that English does not know."""
    low = [part.lower() for part in parts]
    if any(
        part in known("people", kind) for part in low for kind in ("eponyms", "labels", "organisations", "eponym_nouns", "cues")
    ):
        return False
    return unlisted(parts) or (not any(map(of_care, low)) and all(is_name(part) or len(part) == 1 for part in low))


@cache
def _credentials() -> re.Pattern[str]:
    listed = "|".join(re.escape(one) for one in sorted(rules("people")["credentials"], key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?P<name>{PART}\.?(?:[ ](?:{PART}\.?)){{1,3}}),?[ ](?:{listed})(?![\w-])")


def _with_credentials(text: str) -> Iterator[Span]:
    """ "Jane Doe, MD"."""
    for match in matches(_credentials(), text):
        parts = [part[0].lower() for part in re.finditer(PART, match["name"])]
        if any(is_name(part) for part in parts):
            yield match.start("name"), match.end("name"), "credentials", 0.9


def _again(text: str, found: Sequence[Word], spans: list[Span]) -> Iterator[Finding]:
    """Every further mention of a name that stands in the text with more evidence elsewhere."""
    titles = known("people", "titles")
    parts = {
        part[0].lower()
        for start, end, _, score in spans
        if score >= 0.75
        for part in re.finditer(r"[^\W\d_]{3,}", text[start:end])
        if part[0].lower() not in titles
    }
    parts -= names().ordinary | known("people", "medicine")
    taken = [(start, end) for start, end, _, _ in spans]
    for at, word in enumerate(found):
        if word.low in parts and word.text[0].isupper() and not is_eponym(text, found, at):
            if not any(start <= word.start < end for start, end in taken):
                yield Finding("identifier", "NAME", word.start, word.end, "name again", 0.7)
