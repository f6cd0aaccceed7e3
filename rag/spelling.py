"""One written form for what is written in many: signs, numbers, British words, hyphens, capitals, by `rules/spellings.json`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from rag.rules import rules

FOREIGN = re.compile(r"[^\x00-\x7f]+")
THIN = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
GROUP_BEFORE, GROUP_AFTER = re.compile(r"(?<![\d.,])\d{1,3}\Z"), re.compile(r"\d{3}(?!\d)")
SPACE = re.compile(r" 0\d\d(?!\d)")
SPACED = re.compile(r"(?<![\d.,:/-])[1-9]\d{0,2}(?: \d{3}){0,3} 0\d\d(?: \d{3}){0,3}(?![.,:/-]?\d)")
RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070-\u207b\u2080-\u208b]+")
FRACTION = re.compile("(?=[\u00bc-\u00be\u2150-\u215e\u2189])")
LETTERS = "\u0370-\u03ff"  # Greek ones.
MICRO = re.compile(f"(?<![{LETTERS}])[\u00b5\u03bc](?![{LETTERS}])")
GREEK = re.compile(f"(?<![{LETTERS}])(?:[\u0391-\u03a9\u03b1-\u03bb\u03bd-\u03c9]|\u03b1\u03b2|\u03b3\u03b4)(?![{LETTERS}])")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]+"
)
ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
BARE = ("LATIN", "GREEK")  # Scripts whose letters lose their accents; in others a mark makes another letter.
INSTEAD = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\u00b4", "'"),
    **dict.fromkeys("\u2014\u2015\u2116\u2122\u00ae\u00a9\u2120\u2117", " "),
    "\u00ba": "\u00b0", "\u2044": "/", "\u066b": ".", "\u066c": ",",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N", "ς": "σ", "ё": "е", "Ё": "Е",
}  # fmt: skip
GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,']\d{3})+(?:\.\d+)?|[1-9]\d?(?:,\d\d)+,\d{3}")
SMALL, DECIMAL = re.compile(r"0+,\d+"), re.compile(r"(\d{1,3}),(\d{1,2})")
ISE = re.compile(r"([a-z]{2,}[^aouw])is(e|ed|es|er|ers|ing|able|ation|ations|ational)")
BEFORE_ISE = re.compile("^(?:un|re|pre|post|immuno)(?=..)")
YSE = re.compile(r"([a-z]*l)ys(e|ed|es|er|ers|ing)")
DOUBLED = re.compile(r"([a-z]+l)l(ed|ing|er|ers|or|ors|able)")
PLURAL = re.compile(r"([A-Z]{2,})s")
ROMAN = re.compile(r"(xiii|xii|xi|x|ix|viii|vii|vi|v|iv|iii|ii|i)([a-e])?")
VALUES = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
    "xiii": 13,
}
CONNECTING = frozenset(("to", "or", "and", "through"))
START = "^"  # Before a part that is replaced at the start of a word alone.
LONGEST = 40  # Letters of a word that has a spelling.
LEAST, LEAST_IN_CAPITALS = 3, 5  # Letters after a prefix with a hyphen: "anti-TNF" stays, "ANTI-COAGULATION" is one word.

Read = tuple[tuple[str, ...], int]


def folded(text: str) -> str:
    """The text as its words are compared: no accents, ligatures, invisible signs, wide or raised letters, blanks in numbers.

    A Greek letter that stands alone is written as its name. Case is kept; offsets into the result are not those of the text.
    """
    if " 0" in text and SPACE.search(text):
        text = SPACED.sub(lambda number: number[0].replace(" ", ""), text)
    return text if text.isascii() else FOREIGN.sub(_plainer, text)


def _plainer(found: re.Match[str]) -> str:
    """What stands for a run of signs outside of ASCII, where it stands."""
    run, text, (start, end) = found[0], found.string, found.span()
    after = text[end : end + 4]
    if len(run) == 1 and run in THIN:
        return "" if GROUP_BEFORE.search(text[max(start - 5, 0) : start]) and GROUP_AFTER.match(after) else " "
    if run == "\u00b7":
        return "." if text[max(start - 1, 0) : start].isdigit() and after[:1].isdigit() else " "
    plain = _short_run(run) if len(run) < 9 else _run(run)
    return MICRO.sub(lambda sign: "u" if (plain + after)[sign.end() :][:1].isalpha() else " mu ", plain)


@lru_cache(maxsize=20_000)
def _short_run(run: str) -> str:
    return _run(run)


def _run(run: str) -> str:
    """A run of signs outside of ASCII by compatibility (NFKC), and plainer still; a micro sign waits for what follows it."""
    run = RAISED.sub(lambda raised: f" {unicodedata.normalize('NFKC', raised[0])}", INVISIBLE.sub("", run))
    run = unicodedata.normalize("NFKC", FRACTION.sub(" ", run.translate(_SIGNS)))
    return GREEK.sub(_name, ACCENTS.sub("", run.translate(_SIGNS)))


class _Signs(dict[int, str]):
    """What every sign is written as, filled as signs are met."""

    def __missing__(self, code: int) -> str:
        self[code] = sign = _sign(chr(code))
        return sign


_SIGNS = _Signs()


def _sign(sign: str) -> str:
    if sign in INSTEAD:
        return INSTEAD[sign]
    if unicodedata.category(sign) == "Nd":
        return str(unicodedata.decimal(sign))
    base = unicodedata.normalize("NFD", sign)[0] if unicodedata.name(sign, "").startswith(BARE) else sign
    return INSTEAD.get(base, base)


def _name(letters: re.Match[str]) -> str:
    return " ".join(("", *(unicodedata.name(letter).split()[-1].lower() for letter in letters[0]), ""))


@dataclass(frozen=True)
class _Rules:
    """The rules of `spellings.json` and `capitals.json` as they are looked up."""

    words: dict[str, str]
    parts: tuple[tuple[str, str], ...]
    ends: tuple[tuple[str, str], ...]
    apart: dict[str, tuple[str, ...]]
    pairs: dict[str, dict[str, bool]]
    capitals: dict[str, dict[str, Any]]
    listed: dict[str, frozenset[str]]


@cache
def _rules() -> _Rules:
    content = rules("spellings")
    pairs: dict[str, dict[str, bool]] = {}
    for kind in ("together", "hyphenated"):
        for first, second in map(str.split, content[kind]["pairs"]):
            pairs.setdefault(first, {})[second] = kind == "hyphenated"
    return _Rules(
        {form: one["as"] for one in content["words"] for form in one["written"]},
        tuple((one["british"], one["american"]) for one in content["parts"]),
        tuple((one["british"], one["american"]) for one in content["ends"]),
        {one.replace(" ", ""): tuple(one.split()) for one in content["apart"]["words"]},
        pairs,
        {form: one for one in rules("capitals")["capitals"] for form in (one["short"], *one.get("also", ()))},
        {name: frozenset(content[name]["words"]) for name in ("not_ise", "doubled", "not_non", "prefixes", "numbered", "after_i")}
        | {name: frozenset(content[name]["words"]) for name in ("units", "gram")},
    )


@lru_cache(maxsize=50_000)
def plain(token: str) -> tuple[str, ...]:
    """The words that a token of a folded text stands for where it stands alone: lower case, American, in full."""
    if token[-1].isdigit():
        return (token.lower(),) if token[0].isalpha() else _numbers(token)
    plural = PLURAL.fullmatch(token)
    return _spelled((plural[1] if plural else token.rstrip("-").replace(".", "")).lower())


def _spelled(word: str) -> tuple[str, ...]:
    """A lower-case word in its American spelling: "oedema" is "edema", "nonsteroidal" is "non" and "steroidal"."""
    known = _rules()
    if len(word) > LONGEST or not word.isascii():
        return (word,)
    if apart := known.apart.get(word) or known.apart.get(word.removesuffix("s")):
        return tuple(_american(part) for part in apart)
    if word.startswith("non") and len(word) > len("non") + LEAST and word not in known.listed["not_non"]:
        return ("non", *_spelled(word.removeprefix("non")))
    return (_american(word),)


def _american(word: str) -> str:
    """A word by the rules, and by them again until none changes it."""
    other = _once(word)
    return word if other == word else _american(other)


def _once(word: str) -> str:
    known = _rules()
    if word in known.words:
        return known.words[word]
    if (one := word.removesuffix("s")) in known.words:
        return f"{known.words[one]}s"
    for british, american in known.parts:
        if british in word:
            word = word.replace(british, american)
        elif british[0] == START and word.startswith(british[1:]):
            word = american + word[len(british) - 1 :]
    for british, american in known.ends:
        for ending in ("", "s", "d"):
            if word.endswith(british + ending):
                word = word.removesuffix(british + ending) + american + ("ed" if ending == "d" else ending)
    if (ise := ISE.fullmatch(word)) and not {ise[1], BEFORE_ISE.sub("", ise[1])} & known.listed["not_ise"]:
        return f"{ise[1]}iz{ise[2]}"
    if yse := YSE.fullmatch(word):
        return f"{yse[1]}yz{yse[2]}"
    if (doubled := DOUBLED.fullmatch(word)) and doubled[1] in known.listed["doubled"]:
        return f"{doubled[1]}{doubled[2]}"
    return word


def _numbers(token: str) -> tuple[str, ...]:
    """The numbers of a token such as "2,000", ".5" or "1,2" as digits with a point; a comma that groups nothing lists."""
    token = f"0{token}" if token[0] == "." else token
    if GROUPED.fullmatch(token):
        token = token.replace(",", "").replace("'", "")
    elif SMALL.fullmatch(token):
        token = token.replace(",", ".")
    elif "," in token or "'" in token:
        return tuple(number for part in re.split("[,']", token) for number in _numbers(part))
    whole, _, part = token.partition(".")
    if part and "." not in part:  # "4.2.1" is a place in a list, and "4.10" may be one.
        if not part.strip("0"):
            return (whole,)
        if not whole.strip("0"):
            return (f"0.{part.rstrip('0')}",)
    return (token,)


def depends(token: str) -> bool:
    """Whether what a token stands for may depend on those around it."""
    known = _rules()
    bare = token.rstrip("-")
    low = bare.lower()
    return (
        bare.replace(".", "") in known.capitals
        or (low in known.pairs and (token != bare or not all(known.pairs[low].values())))
        or low in known.listed["numbered"]
        or (token != bare and low in known.listed["prefixes"])
        or low in {"gram", "a1"}
        or DECIMAL.fullmatch(token) is not None
    )


def among(tokens: Sequence[str], at: int) -> Read:
    """The words that a token of a folded text stands for among those around it, and how many tokens they take together."""
    for reading in (_capital, _pair, _prefixed, _numbered, _unit):
        found = reading(tokens, at)
        if found is not None:
            return found
    return plain(tokens[at]), 1


def _capital(tokens: Sequence[str], at: int) -> Read | None:
    """An abbreviation that differs from a word in nothing but its case, where its neighbours show that it is none."""
    token = tokens[at].rstrip("-").replace(".", "")
    one = _rules().capitals.get(token)
    if one is None:
        return None
    term = ((one.get("term", one["short"]),), 1)
    before, after = _beside(tokens, at - 1), _beside(tokens, at + 1)
    if not before and not after:
        return term if token == one["short"] and "term" not in one else None
    numbers = before[:1].isdigit(), after[:1].isdigit()
    if after.lower() in one.get("unless", ()) or (numbers[1] and one.get("before_number") is False):
        return None
    if numbers[0] and one.get("after_number") is False:
        return None
    shown = before.lower() in one.get("after", ()) or after.lower() in one.get("before", ())
    if shown or (numbers[1] and one.get("before_number")):
        return term
    mixed = any(len(side) > 1 and side[0].isalpha() and not side.isupper() for side in (before, after))
    return term if mixed and token == one["short"] and one.get("among_words") else None


def _beside(tokens: Sequence[str], at: int) -> str:
    return tokens[at].rstrip("-") if 0 <= at < len(tokens) else ""


def _pair(tokens: Sequence[str], at: int) -> Read | None:
    """Two words that are also written as one: "follow-up", "x ray", "in-patient"."""
    first, second = tokens[at].rstrip("-").lower(), _beside(tokens, at + 1).lower()
    seconds = _rules().pairs.get(first, {})
    known = second if second in seconds else second.removesuffix("s")
    if known not in seconds or (seconds[known] and not tokens[at].endswith("-")):
        return None
    return _spelled(first + second), 2


def _prefixed(tokens: Sequence[str], at: int) -> Read | None:
    """A prefix with a hyphen and its word: "anti-coagulation", not "anti-TNF"."""
    prefix, word = tokens[at].rstrip("-"), _beside(tokens, at + 1)
    prefixes = _rules().listed["prefixes"]
    if prefix == tokens[at] or prefix.lower() not in prefixes or word.lower() in CONNECTING:  # "Pre- and postnatal".
        return None
    if word.lower() in prefixes and tokens[at + 1] != word:  # "Pre-, peri- and postnatal".
        return None
    capital = word.isupper()
    if (
        len(word) < (LEAST_IN_CAPITALS if capital else LEAST)
        or capital > prefix.isupper()
        or not (word.isascii() and word.isalpha())
    ):
        return None
    return _spelled((prefix + word).lower()), 2


def _numbered(tokens: Sequence[str], at: int) -> Read | None:
    """What is counted in Roman numbers, "stages II to IIIB", with the numbers in ours."""
    known = _rules().listed
    if tokens[at].rstrip("-").lower() not in known["numbered"]:
        return None
    words, end = list(plain(tokens[at])), at + 1
    while True:
        place = end + 1 if end > at + 1 and _beside(tokens, end).lower() in CONNECTING else end
        token = _beside(tokens, place).lower()
        roman = ROMAN.fullmatch(token)
        if not roman or (token == "i" and _beside(tokens, place + 1).lower() in known["after_i"]):
            break
        if roman[2] and words[0].startswith("factor"):  # "Factor Xa" is another thing than factor X.
            break
        if place == end > at + 1 and not tokens[end - 1].endswith("-") and (len(token) == 1 or token == "iv"):
            break  # "NYHA III, IV furosemide".
        words += [*(word.lower() for word in tokens[end:place]), str(VALUES[roman[1]]), *filter(None, (roman[2],))]
        end = place + 1
    return (tuple(words), end - at) if end > at + 1 else None


def _unit(tokens: Sequence[str], at: int) -> Read | None:
    """A comma in a number before its unit, "2,5 mg"; a gram that is not Gram's; the short name of glycated hemoglobin."""
    known = _rules().listed
    token, after = tokens[at].rstrip("-"), _beside(tokens, at + 1).lower()
    if (decimal := DECIMAL.fullmatch(token)) and after in known["units"]:
        return _numbers(f"{decimal[1]}.{decimal[2]}"), 1
    if token.lower() == "gram" and _beside(tokens, at - 1)[-1:].isdigit() and after not in known["gram"]:
        return ("g",), 1
    if token.lower() == "a1" and after == "c":
        return ("hba", "1", "c"), 2
    return None
