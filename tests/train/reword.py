"""Statements about what a sentence says, in other words, and the same with a word or a denial turned about."""

import re
from functools import cache

from rag.rules import rules
from rag.stages.expand.synonyms import is_class, matches
from tests.train.alter import TABLES, Draw

Edit = tuple[int, int, str]
"""A stretch of a sentence, and what stands in its place."""
CUES = "denies|denied|no|negative for|without|reports?|complains of|endorses|positive for|presents? with|admits to"
ITEM = r"[a-z][a-z -]{2,28}"
LISTED = re.compile(rf"\b({CUES})\s+((?:{ITEM}, ?){{1,8}}(?:and |or )?{ITEM})[.;]", re.IGNORECASE)


def applied(text: str, edits: list[Edit]) -> tuple[str, list[tuple[int, int]]]:
    """A text with stretches replaced, and where each of the replacements now stands, in order of place."""
    parts, places, at, length = [], [], 0, 0
    for start, end, instead in sorted(edits):
        parts += [text[at:start], instead]
        length += start - at
        places.append((length, length + len(instead)))
        length += len(instead)
        at = end
    return "".join([*parts, text[at:]]), places


def free(edit: Edit, taken: list[Edit]) -> bool:
    """Whether a stretch touches none that is already replaced."""
    return all(edit[1] <= start or end <= edit[0] for start, end, _ in taken)


def reworded(text: str, taken: list[Edit], draw: Draw, share: float = 0.5) -> list[Edit]:
    """Edits that leave the meaning: abbreviations written out, other names, plainer verbs."""
    found: list[Edit] = []
    for pattern, ways in TABLES["plain"]:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            edit = (match.start(), match.end(), _as(draw.choice(ways), match[0]))
            if draw.random() < share and free(edit, [*taken, *found]):
                found.append(edit)
    for one in matches(text):
        forms = [form for form in one.forms if not is_class(form)]
        if not forms or len(forms) > 4 or is_class(text[one.start : one.end]) or draw.random() > share:
            continue
        edit = (one.start, one.end, draw.choice(forms))
        if free(edit, [*taken, *found]):
            found.append(edit)
    return found


def turned(text: str, draw: Draw) -> tuple[str, Edit] | None:
    """A denial left out or put in, or what is doubtful made sure, and the kind of fault."""
    ways_of = [("turned", ""), ("doubted", "certainty")]
    for table, kind in draw.sample(ways_of, 2):
        hits = [(match, ways) for pattern, ways in TABLES[table] for match in re.finditer(pattern, text, re.IGNORECASE)]
        if hits:
            match, ways = hits[0] if draw.random() < 0.5 else draw.choice(hits)
            instead = match.expand(draw.choice(ways))
            added = bool(re.search(r"\b(?:no|not|denie[sd]|without|never|absent|negative|refuses|abnormal)\b", instead))
            return kind or ("negation_added" if added else "negation_dropped"), (
                match.start(),
                match.end(),
                _as(instead, match[0]),
            )
    return None


def exchanged(text: str, draw: Draw) -> tuple[str, Edit, Edit | None] | None:
    """A word in the place of its opposite, and one that means about the same, from the tables of contrasts."""
    hits = [
        (match, *_contrasts()[match[0].lower()])
        for match in re.finditer(r"[A-Za-z]{3,}", text)
        if match[0].lower() in _contrasts()
    ]
    if not hits:
        return None
    match, check, mine, others = draw.choice(hits)
    word = match[0].lower()
    fitting = [one for one in others if _ending(one) == _ending(word)] or list(others)
    same = [one for one in mine if one != word and _ending(one) == _ending(word)]
    kind = {"comparison": "comparison_reversed", "severity": "comparison_reversed", "person": "person", "site": "body_site"}
    kind |= {
        "side": "laterality",
        "time": "temporality",
        "certainty": "certainty",
        "route": "frequency_route",
        "action": "temporality",
    }
    place = (match.start(), match.end())
    twin: Edit | None = (*place, _as(draw.choice(same), match[0])) if same and check != "time" and draw.random() < 0.4 else None
    return kind.get(check, "negation_added"), (*place, _as(draw.choice(fitting), match[0])), twin


def listed(text: str, draw: Draw) -> tuple[str, str, str, str] | None:
    """One thing of a list that is denied or reported: kind, what is right, what is wrong, the words that are wrong."""
    match = LISTED.search(text)
    if not match:
        return None
    items = [re.sub(r"^(?:and|or|any)\s+", "", one.strip()) for one in re.split(r",|\band\b|\bor\b", match[2])]
    items = [one for one in items if 2 < len(one) < 30]
    if not items:
        return None
    item = draw.choice(items)
    denied = match[1].lower() in ("denies", "denied", "no", "negative for", "without")
    right, wrong = ("lacks", "has") if denied else ("has", "lacks")
    told = draw.choice(TABLES[wrong]).format(item, item.capitalize())
    kind = "negation_dropped" if denied else "negation_added"
    return kind, draw.choice(TABLES[right]).format(item, item.capitalize()), told, told


def framed(text: str, draw: Draw) -> str:
    """A sentence as a statement of its own."""
    plain = re.sub(r"[*#|_`]+", " ", text).strip(" \t\n-•.:;")
    plain = re.sub(r"^\d+(?:\.\d+)*[.)]\s+", "", " ".join(plain.split()))
    if not plain:
        return ""
    small = plain if len(plain) > 1 and plain[1].isupper() else plain[0].lower() + plain[1:]
    return draw.choice(TABLES["frames"]).format(plain[0].upper() + plain[1:], small) + draw.choice([".", ".", ".", ""])


def _as(instead: str, written: str) -> str:
    return instead[:1].upper() + instead[1:] if written[:1].isupper() and not written.isupper() else instead


def _ending(word: str) -> str:
    return next((ending for ending in ("ing", "ed", "ly", "ment", "s") if word.endswith(ending)), "")


@cache
def _contrasts() -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Every word of the tables: its check, those that mean the same, those that exclude it."""
    found: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
    for one in rules("checks")["contrasts"]:
        for side in one["sides"]:
            others = tuple(
                word for other in one["sides"] if other is not side for word in other if len(word) > 2 and "_" not in word
            )
            for word in side:
                if len(word) > 2 and "_" not in word and others:
                    found[word] = one["check"], tuple(w for w in side if len(w) > 2), others
    return found
