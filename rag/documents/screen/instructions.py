"""Instructions planted in clinical text: sentences that give orders to whatever reads them, not care to a patient.

Two kinds of sign are added up for each sentence (noisy-or: 1 minus the product of what every sign leaves open).

- Wording (`rules/instructions.json`): role markers, dropped orders, talk to a machine, orders about the answer, links, code.
- Form and topic (`rules/topics.json`): a sentence that asks or orders, whose words have nothing to do with care. "Take one
  tablet", "Return if the pain is worse" and "How do I file an appeal?" have the form and the topic of care, so they pass.
  "Which river flows through Vienna?" has the form and a foreign topic.

An order or a question is an intrusion only inside a record: a text that is a question as a whole, such as a prompt that
somebody typed, has no record around it. So the second kind, and every rule marked `record`, needs clinical prose outside the
sentence. Rules without that mark, such as "ignore all previous instructions", count in any text.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod

from rag.documents.screen.topics import QUESTION, Topic, foreign, form, topic
from rag.rules import rules
from rag.starts import matches
from rag.text import sentences
from rag.values import Finding

REPORT = 0.6
FORMS = {"request": 0.5, "order": 0.45, "question": 0.4}
USUAL_QUESTION = 0.2
MANY_QUESTIONS, MANY_TURNS = 3, 3
OWN_PARAGRAPH = 0.15
RECORD_WORDS, RECORD_SHARE = 6, 0.12

AROUND = " \t\n.:;,!?\"”'’()]"
SPEAKER = re.compile(
    r"^\s*\[?(?:doctor|dr|patient|pt|nurse|clinician|physician|guest\w*|mother|father|speaker \d+|[dp])\b[^:\n\]]{0,20}[:\]]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A wording that gives an order to the reader."""

    name: str
    type: str
    weight: float
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    record: bool
    care: bool


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason to take a sentence for a planted instruction."""

    weight: float
    rule: str
    type: str


@dataclass(frozen=True)
class Sentences:
    """The sentences of a text, what each speaks of, and whether there is a record around each."""

    text: str
    spans: list[tuple[int, int]]
    topics: list[Topic]
    in_record: list[bool]


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of `rules/instructions.json`: <NAME> is a set of words, a blank is any run of blanks and line ends.

    <BEGIN> is the place where an order may begin.
    """
    for name, words in rules("instructions")["sets"].items():
        pattern = pattern.replace(f"<{name}>", words)
    pattern = pattern.replace("<BEGIN>", _begin())
    spaced = re.sub(r" ([?*]?)", lambda blank: r"\s{0,40}" if blank[1] else r"\s{1,40}", pattern)
    return re.compile(spaced, re.IGNORECASE | re.MULTILINE)


@cache
def _begin() -> str:
    """The start of a line, what is behind a sign or behind a word such as "please"; `re` looks back over one width at a time."""
    known = rules("instructions")["before_an_order"]
    signs, words = re.escape(known["signs"]), [re.escape(word) for word in known["words"]]
    alike = ["|".join(word for word in words if len(word) == size) for size in sorted({len(word) for word in words})]
    behind = [
        *(rf"^[^\S\n]{{{count}}}" for count in range(21)),
        *(rf"[{signs}]\s{{{count}}}" for count in range(4)),
        *(rf"\b(?:{those})\s{{{count}}}" for those in alike for count in range(1, 6)),
    ]
    return rf"(?:{'|'.join(f'(?<={one})' for one in behind)})\b"


@cache
def wordings() -> tuple[Rule, ...]:
    """The rules of `rules/instructions.json`."""
    return tuple(
        Rule(
            rule["name"],
            rule["type"],
            rule["weight"],
            compiled(rule["pattern"]),
            compiled(rule["unless"]) if "unless" in rule else None,
            rule.get("record", False),
            rule.get("care", False),
        )
        for rule in rules("instructions")["rules"]
    )


def instructions(text: str, around: str = "") -> list[Finding]:
    """Sentences that give orders to the reader, in order; neighbours are joined.

    `around` is the document that a short text such as a comment belongs to: it decides whether there is a record around it.
    """
    spans = sentences(text)
    topics = [topic(text[low:high]) for low, high in spans]
    read = Sentences(text, spans, topics, list(_in_record(topics, _around(around))))
    signs: dict[int, list[Sign]] = {}
    for at, sign in _worded(read):
        signs.setdefault(at, []).append(sign)
    worded = frozenset(at for at, found in signs.items() if any(sign.type != "link" for sign in found))
    for at, sign in _formed(read, worded):
        signs.setdefault(at, []).append(sign)
    return _joined(read, signs)


@lru_cache(maxsize=2)
def _around(text: str) -> Topic:
    """What a document speaks of, once for all the short texts that stand beside it."""
    return topic(text)


def _in_record(topics: list[Topic], around: Topic) -> Iterator[bool]:
    """For each sentence, whether what stands around it is clinical prose."""
    care = around.care + sum(spoken.care for spoken in topics)
    size = len(around.stems) + sum(len(spoken.stems) for spoken in topics)
    for spoken in topics:
        rest = care - spoken.care
        yield rest >= RECORD_WORDS and rest >= RECORD_SHARE * (size - len(spoken.stems))


def _worded(read: Sentences) -> Iterator[tuple[int, Sign]]:
    """The signs that wording gives, with the number of the sentence."""
    starts, ends = [low for low, _ in read.spans], [high for _, high in read.spans]
    any_record = any(read.in_record)
    for rule in wordings():
        if rule.record and not any_record:
            continue
        for match in matches(rule.pattern, read.text):
            start = match.start() + len(match.group()) - len(match.group().lstrip(AROUND))  # Not the stop of the sentence before.
            held = range(bisect_right(ends, start), bisect_left(starts, match.end()))
            if not held or (rule.record and not read.in_record[held[0]]):
                continue
            if rule.unless and rule.unless.search(read.text, read.spans[held[0]][0], read.spans[held[-1]][1]):
                continue
            if rule.care and _countermands(read.text[read.spans[held[0]][0] : read.spans[held[-1]][1]]):
                continue
            for at in held:
                yield at, Sign(rule.weight, rule.name, rule.type)


@cache
def _care_orders() -> tuple[tuple[re.Pattern[str], ...], re.Pattern[str]]:
    known = rules("instructions")["countermands"]
    return tuple(compiled(known[name]) for name in ("about", "new_order", "kind")), compiled(known["never"])


def _countermands(sentence: str) -> bool:
    """Whether a sentence drops an order of care: its object is a drug, a dose or the like, and no machine is spoken to."""
    patterns, never = _care_orders()
    if never.search(sentence):
        return False
    return any(topic(found["object"]).care > 0 for pattern in patterns for found in pattern.finditer(sentence))


def _formed(read: Sentences, worded: frozenset[int]) -> Iterator[tuple[int, Sign]]:
    """The signs that form and topic give together, with the number of the sentence; form speaks too where wording did."""
    pieces = [read.text[low:high] for low, high in read.spans]
    if sum(bool(SPEAKER.match(piece)) for piece in pieces) >= MANY_TURNS:
        return
    document = Counter(stem for spoken in read.topics for stem in spoken.stems)
    asked = sum(bool(spoken.care and QUESTION.search(piece)) for piece, spoken in zip(pieces, read.topics, strict=True))
    for at, (piece, spoken) in enumerate(zip(pieces, read.topics, strict=True)):
        shape = form(piece) if read.in_record[at] else ""
        strange = foreign(spoken, document) if shape else 0.0
        if not strange and not (shape and at in worded):
            continue
        usual = shape == "question" and asked >= MANY_QUESTIONS
        yield at, Sign(USUAL_QUESTION if usual else FORMS[shape], shape, "task")
        if strange:
            yield at, Sign(strange, "foreign topic", "task")
        if _alone(read.text, *read.spans[at]):
            yield at, Sign(OWN_PARAGRAPH, "paragraph of its own", "task")


def _alone(text: str, start: int, end: int) -> bool:
    """Whether blank lines, or the ends of the text, stand on both sides."""
    before, after = text[max(0, start - 200) : start].rstrip(" \t"), text[end : end + 200].lstrip(" \t")
    return (not before or before.endswith("\n\n")) and (not after or after.startswith("\n\n"))


def _score(signs: Iterable[Sign]) -> float:
    """Noisy-or over the rules, each counted once."""
    weights = {sign.rule: sign.weight for sign in signs}
    return round(1 - prod(1 - weight for weight in weights.values()), 3)


def _joined(read: Sentences, signs: dict[int, list[Sign]]) -> list[Finding]:
    """One finding for each run of sentences of a paragraph that score enough; the best of them names it."""
    findings: list[Finding] = []
    last = -2
    for at in sorted(signs):
        score = _score(signs[at])
        if score < REPORT:
            continue
        best = max(signs[at], key=lambda sign: sign.weight)
        found = Finding("instruction", best.type, *read.spans[at], best.rule, score)
        if last == at - 1 and "\n\n" not in read.text[findings[-1].end : found.start]:
            before = findings.pop()
            named = before if before.score >= found.score else found
            found = Finding("instruction", named.type, before.start, found.end, named.rule, named.score)
        findings.append(found)
        last = at
    return findings
