"""Sections: from the headings of a text to its parts, with their levels; a table of contents and lists in capitals are none."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from rag.clinical.criteria import Item, graded_items, numbered_items
from rag.clinical.headings import (
    DASHED,
    FRAME,
    LEADERS,
    MARKDOWN,
    Heading,
    Line,
    Style,
    bare_title,
    heading_at,
    heading_kind,
    heading_of,
    inline_headings,
    numbered_title,
    titled,
)
from rag.text import BULLET, WRAPPED
from rag.values import Section

LINE = re.compile(r"^[^\n\S]*+\S[^\n]*", re.MULTILINE)
UNDERLINE = re.compile(r"={3,}|-{3,}|_{3,}|~{3,}")
RUNNING = re.compile(r"^(?!.*(?:\.[ \t]{0,3}){4}).{80,}$|^.{30,}[a-z][.;]$", re.MULTILINE)
LONGEST = 4000
REPEATED = 3
SEVERAL = 2
SHORT = 45
"""A line of so many characters was ended on purpose, whatever the width of the text."""
TITLES = {"Report title", "Contents", "Letter opening"}


def _lines(text: str) -> Iterator[Line]:
    found = [(at.start() + len(at[0]) - len(at[0].lstrip()), at[0].strip()) for at in LINE.finditer(text)]
    blanks = [text.count("\n", a + len(line), b) > 1 for (a, line), (b, _) in pairwise(found)]
    style = _style([line for _, line in found])
    sizes = [len(line) for _, line in found]
    for at, (start, line) in enumerate(found):
        before = found[at - 1][1] if at else ""
        after = found[at + 1][1] if at + 1 < len(found) else ""
        width = max(sizes[max(0, at - 6) : at + 7]) if style.alone else 0
        ended = len(before) + 1 + len(line.split(None, 1)[0]) <= max(SHORT, WRAPPED * width)
        yield Line(start, line, before, after, not at or blanks[at - 1], at + 1 == len(found) or blanks[at], ended, style)


def _style(lines: list[str]) -> Style:
    """How the document writes its titles. A numbered title counts only before any other, so an item of a plan is none."""
    short = [line for line in lines if len(line) <= LONGEST]
    alone = {kind.name for line in short if (kind := bare_title(line))}
    dashed = {kind.name for line in short if DASHED.match(line) and (kind := titled(line))}
    first = next(
        (at for at, line in enumerate(short) if (kind := titled(line) or bare_title(line)) and kind.name not in TITLES), None
    )
    numbered = {kind.name for line in short[:first] if (kind := numbered_title(line))}
    return Style(len(alone) >= SEVERAL, len(dashed) >= 2, len(numbered) >= 2)


def _headings(text: str) -> list[Heading]:
    """Every heading in order; underlined ones take their underline with them, an entry of a table of contents is none."""
    result: list[Heading] = []
    lines = list(_lines(text))
    answering = False
    for at, line in enumerate(lines):
        if len(line.text) > LONGEST or UNDERLINE.fullmatch(line.text):
            continue
        if LEADERS.search(line.text) or (line.text[0].isdigit() and LEADERS.match(line.before)):
            continue
        found = heading_of(line)
        rule = lines[at + 1] if at + 1 < len(lines) and UNDERLINE.fullmatch(line.after) else None
        if rule and (found is None or found.block) and _may_be_underlined(line):
            length = rule.start + len(rule.text) - line.start
            title = found.title if found else line.text.strip(FRAME).rstrip(":")
            found = heading_at(line, title, found.level if found else 1, length, block=True)
        if found and not (answering and _answers(found, line)):
            result.append(found)
            answering = found.kind is not None and (found.block or line.text.isupper())
        elif line.gap_before or not line.text.isupper():
            answering = False
        if found is None or not found.block:
            result += inline_headings(line, found)
    return _titled(text, _unlisted(text, _unanswered(text, _without_contents(text, result))))


def _answers(found: Heading, line: Line) -> bool:
    """Whether a line in capitals that directly follows a known heading, or its answer in capitals, belongs to that answer.

    It is a heading all the same with a colon, or where running text stands right below it.
    """
    if found.kind is not None or not found.title.isupper() or line.gap_before or line.text.endswith(":") or line.text[0] in "#*_":
        return False
    return line.gap_after or line.after.isupper() or len(line.after) <= SHORT or titled(line.after) is not None


def _unanswered(text: str, found: list[Heading]) -> list[Heading]:
    """The headings without the answer of a known heading: a line in capitals with nothing below it."""
    result: list[Heading] = []
    for at, heading in enumerate(found):
        last = result[-1] if result else None
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        empty = not text[heading.body : end].strip()
        if last and last.kind and last.kind.name not in TITLES and _shouted(heading) and empty and text[heading.body - 1] != ":":
            if not text[last.body : heading.start].strip(FRAME + "\n:"):
                continue
        result.append(heading)
    return result


def _without_contents(text: str, found: list[Heading]) -> list[Heading]:
    """The headings without the entries of a table of contents, which ends where running text begins."""
    result: list[Heading] = []
    until = 0
    entries: set[str] = set()
    for at, heading in enumerate(found):
        following = found[at + 1].start if at + 1 < len(found) else len(text)
        body = text[heading.body : following]
        if heading.kind and heading.kind.name == "Contents":
            running = RUNNING.search(text, heading.body)
            until, entries = running.start() if running else len(text), set()
        elif heading.start < until:
            again = heading.title in entries
            entries.add(heading.title)
            if not (again or (heading.start < until < following and not body[: until - heading.body].strip())):
                continue
        result.append(heading)
    return result


def _may_be_underlined(line: Line) -> bool:
    """A short line before a rule is a heading; a whole sentence, a row of a table or an item of a list is not."""
    return len(line.text) <= 70 and line.text[-1] not in ".,;|" and "|" not in line.text and not BULLET.match(line.text)


def _unlisted(text: str, found: list[Heading]) -> list[Heading]:
    """The headings without lists in capitals: four or more lines on end, and lines that come back again and again."""
    times = Counter(heading.title for heading in found if _shouted(heading))
    runs: list[list[Heading]] = []
    for heading in found:
        if runs and _shouted(heading) and _shouted(runs[-1][-1]) and _adjoins(text, runs[-1][-1], heading):
            runs[-1].append(heading)
        else:
            runs.append([heading])
    kept = [run for run in runs if len(run) <= 3]
    return [heading for run in kept for heading in run if times[heading.title] < REPEATED]


def _titled(text: str, found: list[Heading]) -> list[Heading]:
    """A title that was wrapped over two or three lines in capitals is one heading."""
    result: list[Heading] = []
    for heading in found:
        last = result[-1] if result else None
        if last and _shouted(last) and _shouted(heading) and last.level == heading.level and _adjoins(text, last, heading):
            result[-1] = replace(last, title=f"{last.title} {heading.title}", body=heading.body)
        else:
            result.append(heading)
    return result


def _shouted(heading: Heading) -> bool:
    """Whether only its capitals make this line a heading."""
    return heading.kind is None and heading.title.isupper()


def _adjoins(text: str, one: Heading, two: Heading) -> bool:
    between = text[one.body : two.start]
    return not between.strip() and between.count("\n") == 1 and text[one.body - 1] not in ":=-_~"


def _levels(found: list[Heading], text: str) -> Iterator[Heading]:
    """The headings with their levels: below Markdown's, and below the section that the rules say they belong to."""
    hashes, blocks = 0, sum(h.block and h.kind is not None and h.title.isupper() for h in found)
    top: Heading | None = None
    for heading in found:
        marked = text[heading.start] == "#" and bool(MARKDOWN.match(text, heading.start, heading.body))
        level = heading.level
        if marked:
            hashes = level
        else:
            numbered = heading.kind is None and heading.title[:1].isdigit()
            if top and _lesser(heading, top, blocks):
                level = max(level, 2)
            level += hashes if not numbered or hashes else 0
        yield replace(heading, level=level)
        if level <= max(hashes, 1):
            top = heading


def _lesser(heading: Heading, top: Heading, blocks: int) -> bool:
    """Whether a heading is a label inside the section above it, by the rules or by the style of the document."""
    if heading.kind is None or top.kind is None:
        return False
    plainer = top.title.isupper() and not heading.title.isupper()
    if top.kind.name in heading.kind.within and (plainer or not heading.block):
        return True
    return plainer and not heading.block and top.block and blocks >= 4


def _counts_on(text: str, heading: Heading, end: int) -> bool:
    """Whether the paragraphs under a numbered heading go on counting: 2.1 under 2."""
    number = re.match(r"(?:Section\s+)?(\d{1,2}(?:\.\d{1,2})*)[.:]?\s", heading.title)
    return bool(number and re.compile(rf"^\s*{re.escape(number[1])}\.1\.?\s", re.MULTILINE).search(text, heading.body, end))


def sections(text: str) -> tuple[Section, ...]:
    """The sections under clinical, Markdown, numbered and capital headings; each lasts to the next of its level or above.

    Text before the first heading belongs to no section; it is still part of the document.
    """
    found = _with_recommendations(text, _with_criteria(text, list(_levels(_headings(text), text))))
    ends = [len(text)] * len(found)
    above: list[int] = []
    for at, heading in enumerate(found):
        while above and found[above[-1]].level >= heading.level:
            ends[above.pop()] = heading.start
        above.append(at)
    return tuple(Section(h.title, h.level, h.start, h.body, end) for h, end in zip(found, ends, strict=True))


def within(text: str, title: str, found: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections of a text that is itself a section of a longer note, under the title or code that its source has for it.

    It reaches to the first heading of the text that the rules know. A title that they do not know is none.
    """
    kind = heading_kind(title) if title and len(title) <= SHORT and "(" not in title else None
    if kind is None:
        return found
    end = next((one.start for one in found if heading_kind(one.title)), len(text))
    return (Section(title, kind.level, 0, 0, end), *found) if end else found


def _with_criteria(text: str, found: list[Heading]) -> list[Heading]:
    """The headings with the numbered items under those that the rules or their own numbers say count on."""
    result: list[Heading] = []
    for at, heading in enumerate(found):
        result.append(heading)
        high = found[at + 1].start if at + 1 < len(found) else len(text)
        if (heading.kind and heading.kind.items) or _counts_on(text, heading, high):
            items = numbered_items(text, heading.body, high)
            result += [Heading(i.title, heading.level + i.depth, i.start, i.body, None, True) for i in items]
    return result


def _with_recommendations(text: str, found: list[Heading]) -> list[Heading]:
    """The headings with the numbered recommendations that carry their grade in brackets, each inside the section it stands in."""
    taken = {heading.start for heading in found}
    graded = [item for item in graded_items(text) if item.start not in taken]
    if not graded:
        return found
    result: list[Heading] = []
    level = 0
    places: list[Heading | Item] = [*found, *graded]
    for place in sorted(places, key=lambda place: place.start):
        if isinstance(place, Heading):
            result.append(place)
            level = place.level if place.kind is None or place.kind.level == 1 else level
        elif not result or place.start >= result[-1].body:
            result.append(Heading(place.title, level + 1, place.start, place.body, None, True))
    return result
