"""Places smaller than a state: facilities, cities, and what stands around them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from rag.documents.screen.listed_names import of_care
from rag.documents.screen.people import unlisted
from rag.documents.screen.words import Word, is_eponym, known, names, words
from rag.rules import rules
from rag.starts import matches
from rag.values import Finding

TAILS = {"clinic", "hospital", "office", "hosp", "med", "er", "ed", "icu", "emergency", "department", "psychiatry", "pediatrics"}
LINKS = {"of", "and", "the", "de", "la", "at", "for"}
TAIL = re.compile(
    r"(?:['’]s)?[ ](?:clinic|hospital|office|campus|ER|ED|emergency department|center|branch|facility|practice|area|"
    r"metro|med center|medical center|med|hosp)\b\.?",
    re.I,
)
AFTER = re.compile(r"[ ](?:at|of|in|-)[ ](?:the[ ])?(?=[A-Z])|,[ ]?(?=[A-Z])|[ ](?=[A-Z])")
BARE = re.compile(r"\b(?:at|to|from|by)[ ](?:the[ ])?$")
FIRST = re.compile(r"[^\W\d_]+\.?")
OF = re.compile(r"[ ](?:of|at)[ ](?:[A-Z][\w'’.-]+)(?:[ ](?:of[ ])?[A-Z][\w'’-]+){0,3}")
CODE = re.compile(r",?[ ]([A-Z]{2})\b")
PLACED = re.compile(r"(?i:\b(?:in|at|from|near|to|our|the|outside|around|of))[ ](?:the[ ])?$")
NO_PLACE = re.compile(r"[ ](?:Heart Association|Naming|Coma|Outcome|Bleeding|Prognostic|Sleep|Knee|Ankle|Univ)")
MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
VISITED = re.compile(
    r"\b(?:seen|admitted|treated|evaluated|followed|hospitalized|diagnosed|discharged|presented|transferred|visited|visit|care|"
    r"appointment|check-?up|surgery|operated|reviewed|monitored)\b[\w .]{0,30}?[ ](?:at|to|from|in|by)[ ](?:the[ ]|our[ ])?"
    rf"(?P<place>(?!(?:{MONTH})\w*\b)[A-Z][\w'’.&-]+(?:[ ](?:of[ ]|the[ ]|&[ ])?(?!(?:{MONTH})\w*\b)[A-Z][\w'’.&-]*){{0,4}}"
    r"(?:[ ](?:clinic|hospital|office|hosp|med center|medical center|health center)\b\.?)?)"
    rf"(?=[ ,]+(?:(?:on|in|last|this|since|during)[ ]|(?:{MONTH})|\d|\(|with\b|for\b)|[?.]?$|[ ]?\()"
)
NAME = rf"(?!(?:{MONTH})\w*\b)[A-Z][\w'’.&-]*[\w'’](?:[ ](?:of[ ]|the[ ]|&[ ])?(?!(?:{MONTH})\w*\b)[A-Z][\w'’&-]*){{0,4}}"
DATED = re.compile(
    rf"\b(?:at|from|by|near)[ ](?:the[ ]|our[ ])?(?P<place>{NAME})"
    rf"(?=,?[ ](?:(?:on|in|last|since|dated|around)[ ])?(?:(?:{MONTH})\w*\.?[ ]\d|\d{{1,4}}[/-]\d))"
)
LIVES = re.compile(
    r"\b(?:lives|lived|living|resides|resided|residing|resident|native|born|raised|moved|relocated|home|house|hometown)"
    rf"[ ](?:(?:here|back)[ ])?(?:in|of|from|to|at|near|is)[ ](?:the[ ])?(?P<place>{NAME})"
)
EMPLOYED = re.compile(
    r"(?i:\b(?:works?|worked|working|employed|employee|volunteers?|volunteered|interns?|teaches|taught|enrolled|student|studies|studied|attends"
    r"|attended|attending|graduated|stationed|deployed|incarcerated|retired|foreman|manager|driver|clerk|cashier))"
    rf"[ ](?:(?:school|college|classes|church)[ ])?(?:(?:at|for|by|from|with|in)[ ])?(?:the[ ]|an?[ ])?(?P<place>{NAME})"
)
TRAVELLED = re.compile(
    r"(?i:\b(?:camp(?:ing|ed)|hik(?:ing|ed)|vacation(?:ing|ed)?|travel+(?:ing|ed)?|trip|visit(?:ing|ed)|flew|flight|returned|drove|commutes|arrived"
    r"|transferred|transfer|referred|relocated|immigrated|emigrated|moved|swam|swimming|fishing|hunting|farm|ranch|cabin|work))"
    rf"[ ](?:back[ ])?(?:to|from|in|near|at|outside|around|by)[ ](?:the[ ])?(?P<place>{NAME})"
)
SCORE = re.compile(r"[ ](?i:scores?|scale|criteria|classification|index|risk calculator|questionnaire|nomogram|model)\b")
SMALL = re.compile(
    rf"\b(?:at|from|to|near)[ ](?:the[ ]|our[ ])?(?P<place>{NAME}"
    r"[ ](?:(?:med|medical|health|cancer)[ ]center|hosp(?:ital)?|clinic))\b"
)
PROPER = re.compile(rf"\b(?:at|near|outside)[ ](?:the[ ]|our[ ])?(?P<place>{NAME})")
STATED = re.compile(r"\b(?:in|at|from|near|of|to)[ ](?P<place>[A-Z][a-z]+(?:[ ][A-Z][a-z]+){0,2},[ ](?P<code>[A-Z]{2}))\b")
SAINT = re.compile(r"\b(?:St|Saint|Mt|Mount|Ft|Fort)\.?[ ][A-Z][\w'’-]+(?:[ ][A-Z][\w'’-]+)?(?:['’]s)?")


def places(text: str) -> list[Finding]:
    """Facilities and cities in a text, each with the rule that found it."""
    found = words(text)
    return [*_facilities(text, found), *_well_known(text), *_saints(text), *_cities(text, found), *_visited(text)]


def _place(start: int, end: int, rule: str, score: float) -> Finding:
    return Finding("identifier", "PLACE", start, end, rule, score)


@cache
def _nouns() -> re.Pattern[str]:
    listed = sorted(rules("places")["nouns"], key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, listed))})(?![\w-])")


def _facilities(text: str, found: Sequence[Word]) -> list[Finding]:
    """ "Green Valley Clinic", "Huntington Hospital": a proper name before a word for a facility; not "Heart Failure Clinic"."""
    by_end = {word.end: at for at, word in enumerate(found)}
    ends = sorted(by_end)
    spans = []
    for noun in matches(_nouns(), text):
        if SCORE.match(text, noun.end()):
            continue
        before = _last_before(ends, noun.start())
        at = by_end[before] if before is not None else -1
        first, proper, reach = noun.start(), False, noun.start()
        while at >= 0 and re.fullmatch(r"(?:['’]s)?[ &.,-]{1,3}", text[found[at].end : reach]) and reach - found[at].end < 4:
            word = found[at]
            capital = word.text[0].isupper()
            if not capital and word.low not in LINKS:
                break
            between = text[word.end : reach]
            if "," in between or (". " in between and word.low not in {"st", "mt", "ft"}):
                break
            if capital and word.low not in known("places", "generic"):
                proper, first = True, word.start
            elif capital and not proper and word.low in known("places", "bare"):
                first = word.start
            reach = word.start
            at -= 1
        placed = bool(BARE.search(text, max(0, first - 16), first)) and noun[0].lower() in known("places", "bare_nouns")
        if proper or placed or (first < noun.start() and BARE.search(text, max(0, first - 16), first)):
            strong = noun[0].lower() in known("places", "strong_nouns")
            spans.append(_place(first, _reaching(text, noun.end()), "facility", 0.8 if strong else 0.65))
    return spans


def _last_before(ends: list[int], place: int) -> int | None:
    at = bisect_right(ends, place)
    return ends[at - 1] if at else None


def _reaching(text: str, end: int) -> int:
    """The end of a place with what belongs to it: a word such as "clinic", a campus, a city, a state's code."""
    tail = TAIL.match(text, end)
    end = tail.end() if tail else end
    more = AFTER.match(text, end)
    if more:
        city = _city_at(text, more.end())
        if city:
            end = city
        elif match := OF.match(text, end):
            end = match.end()
    code = CODE.match(text, end)
    return code.end() if code and code[1] in rules("places")["state_codes"] else end


@cache
def _known_facilities() -> re.Pattern[str]:
    listed = sorted(rules("places")["facilities"], key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, listed))})(?![\w-])")


def _well_known(text: str) -> list[Finding]:
    """Well-known hospitals by name; a name that means other things too needs "at", "in" or a word for a facility."""
    weak = set(rules("places")["weak_facilities"])
    spans = []
    for match in matches(_known_facilities(), text):
        end = _reaching(text, match.end())
        placed = PLACED.search(text, max(0, match.start() - 16), match.start())
        if (match[0] not in weak or placed or end > match.end()) and not SCORE.match(text, end):
            spans.append(_place(match.start(), end, "well-known facility", 0.7))
    return spans


def _saints(text: str) -> list[Finding]:
    """ "St. Mary's", "Mount Carmel": with a facility's word after it, or a possessive, or a preposition before it."""
    spans = []
    for match in matches(SAINT, text):
        placed = PLACED.search(text, max(0, match.start() - 16), match.start())
        if re.match(r"[ -][Ww]ort\b", text[match.end() :]):
            continue  # St. John's wort is a drug.
        if placed or match[0].endswith(("'s", "’s")) or TAIL.match(text, match.end()):
            spans.append(_place(match.start(), _reaching(text, match.end()), "saint's or mount's name", 0.65))
    return spans


def _visited(text: str) -> list[Finding]:
    """ "seen at Cedar Crest on November 22nd": a proper name between "at" and a date, or after a verb of visiting."""
    generic = known("places", "generic") | TAILS
    wide = known("places", "states") | known("places", "countries")
    sure = {"where one works or learns": EMPLOYED, "where one went": TRAVELLED, "at a proper name": PROPER}
    forms = sure | {
        "where one was seen": VISITED,
        "place before a date": DATED,
        "where one lives": LIVES,
        "place in a state": STATED,
    }
    return [
        _place(*match.span("place"), rule, 0.6)
        for rule, form in forms.items()
        for match in matches(form, text)
        if match["place"].lower() not in wide
        and (rule not in sure or _proper(match))
        and any(word.low not in generic for word in words(match["place"]))
        and (rule != "place in a state" or match["code"] in rules("places")["state_codes"])
    ]


def _proper(match: re.Match[str]) -> bool:
    """Whether words behind "at" or "works for" are a proper name: a name of a list or no English word; none of medicine."""
    found = [word for word in words(match["place"]) if word.low not in LINKS and word.low not in known("places", "generic")]
    if not found or any(word.low in known("people", "eponyms") or word.text.isupper() for word in found):
        return False
    lists = names()
    listed = [word for word in found if word.low in lists.first | lists.last and word.low not in lists.ordinary]
    several = len(words(match["place"])) > 1 and bool(listed)
    return unlisted([word.text for word in found]) or (several and not any(of_care(word.low) for word in found))


@cache
def _state() -> re.Pattern[str]:
    return re.compile(rf",?[ ](?:{'|'.join((*rules('places')['state_codes'], *rules('places')['states']))})\b")


@cache
def _by_first_word() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for city in sorted(rules("places")["cities"], key=len, reverse=True):
        found.setdefault(city.split()[0].split("-")[0], []).append(city)
    return found


def _city_at(text: str, start: int) -> int | None:
    """Where the city that begins here ends, or None."""
    first = FIRST.match(text, start)
    for city in _by_first_word().get(first[0], []) if first else []:
        if text.startswith(city, start) and not text[start + len(city) : start + len(city) + 1].isalnum():
            return start + len(city)
    return None


def _cities(text: str, found: Sequence[Word]) -> list[Finding]:
    """Cities by the list; one whose name is also a word or a given name needs "in", "from" or a state after it."""
    spans = []
    for at, word in enumerate(found):
        end = _city_at(text, word.start) if word.text[0].isupper() else None
        if end is None or NO_PLACE.match(text, end) or is_eponym(text, found, at):
            continue
        reach = _reaching(text, end)
        last = next((more for more in range(at, min(at + 8, len(found))) if found[more].end >= reach), at)
        if is_eponym(text, found, last):
            continue
        single = end == word.end
        lists = names()
        other = single and any(
            word.low in those for those in (lists.ordinary, lists.first, lists.last, known("people", "eponyms"))
        )
        placed = bool(PLACED.search(text, max(0, word.start - 16), word.start))
        stated = bool(_state().match(text, end))
        if (single and word.low in lists.ordinary and not stated) or (other and not placed and reach == end):
            continue
        spans.append(_place(word.start, reach, "city", 0.6))
    return spans
