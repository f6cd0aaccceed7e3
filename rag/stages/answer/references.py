"""A list of references at the end of a reply, which is no statement: "Sources: [1], [2]", footnotes, titles under a heading."""

import re
from itertools import pairwise

from rag.stages.answer.raised_marks import BEGIN, END, as_mark
from rag.stages.answer.source_marks import RULES, numbers_in

HEADINGS = frozenset(RULES["headings"])
MARKUP = " \t*_#>:：\ufeff"
FILE = re.compile(r"\w\.(?:txt|pdf|md|csv|docx?|xlsx?|html?|json|xml|rtf)\b", re.I)
LED = re.compile(rf"[ \t]*(?:[-*•–][ \t]*)?[*_]{{0,3}}(?:{BEGIN}[\d,]*{END}|\[?\^?\d{{1,3}}[.)\]:][ \t]|[¹²³⁰⁴-⁹]{{1,3}})")
BULLET = re.compile(r"[ \t]*(?:[-*•–][ \t]|\d{1,3}[.)][ \t])")
DEFINITION = re.compile(rf"[ \t]*{BEGIN}[\d,]*{END}[*_]{{0,2}}:[*_]{{0,2}}[ \t]")
ELEMENT = re.compile(
    r"<(references|sources|citations|bibliography|footnotes|source_list|reference_list|cited_sources)\b[^<>\n]{0,80}>(.*?)(?:</\1>|\Z)",
    re.S | re.I,
)
RULE = re.compile(r"[ \t]*[-*_=]{3,}[ \t]*")
MARK = re.compile(rf"{BEGIN}([\d,]*){END}")


def without_references(text: str) -> tuple[str, list[int]]:
    """A text, with its marks in one form, without lists of references, and the numbers of the sources that these name."""
    elements = [number for element in ELEMENT.finditer(text) for number in _numbers(f":{element[2]}")]
    lines = _beside(ELEMENT.sub("", text).split("\n"))
    dropped = _definitions(lines) | _under_headings(lines)
    dropped |= _at_the_end([line if at not in dropped else "" for at, line in enumerate(lines)])
    named = [number for at in sorted(dropped) for number in _numbers(lines[at])]
    return "\n".join(line for at, line in enumerate(lines) if at not in dropped), list(dict.fromkeys([*elements, *named]))


def _beside(lines: list[str]) -> list[str]:
    """The lines with each "Source: [1]" as a mark of the statement above it, where several statements have such a line."""
    named = [at for at, line in enumerate(lines) if _is_headed(line)]
    if not any(_states(lines[before + 1 : at]) for before, at in pairwise(named)):
        return lines
    laid = list(lines)
    for at in named:
        above = next((place for place in range(at - 1, -1, -1) if laid[place].strip()), None)
        if above is not None and (numbers := _numbers(lines[at])):
            laid[above], laid[at] = f"{laid[above]}{as_mark(numbers)}", ""
    return laid


def _is_headed(line: str) -> bool:
    """Whether a line is a heading of references with its sources behind it."""
    head, colon, rest = line.partition(":") if ":" in line else line.partition("：")
    return bool(colon) and head.strip(f"{MARKUP}-•–").lower() in HEADINGS and _names_sources(rest)


def _states(lines: list[str]) -> bool:
    """Whether lines between two such headings hold a statement."""
    return any(any(map(str.isalpha, line)) and not (DEFINITION.match(line) or FILE.search(line)) for line in lines)


def _definitions(lines: list[str]) -> set[int]:
    """Lines such as "[^1]: Discharge summary" and "[1]: #source-1"."""
    return {at for at, line in enumerate(lines) if DEFINITION.match(line)}


def _under_headings(lines: list[str]) -> set[int]:
    """A heading of references with the lines of its list, or all of it on one line."""
    dropped: set[int] = set()
    within = False
    for at, line in enumerate(lines):
        head, colon, rest = line.partition(":") if ":" in line else line.partition("：")
        begins = head.strip(MARKUP).lower() in HEADINGS
        if begins and not rest.strip(MARKUP) and (colon or within or _lists(lines, at + 1)):
            within = True
        elif _is_headed(line):
            within = True
        elif not within or (line.strip() and not (LED.match(line) or BULLET.match(line) or FILE.search(line))):
            within = False
            continue
        dropped.add(at)
    return dropped


def _lists(lines: list[str], start: int) -> bool:
    """Whether the next line that is not empty is one of a list."""
    line = next((line for line in lines[start:] if line.strip()), "")
    return bool(LED.match(line) or BULLET.match(line) or FILE.search(line))


def _names_sources(rest: str) -> bool:
    """Whether what follows "Sources:" names sources rather than saying something."""
    rest = rest.strip(f"{MARKUP}.")
    return bool(rest) and (rest.startswith(BEGIN) or numbers_in(rest) is not None or bool(FILE.search(rest)))


def _at_the_end(lines: list[str]) -> set[int]:
    """The last lines, where each begins with a mark and the statements before them have theirs at the end."""
    found: set[int] = set()
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        led = re.match(rf"[ \t]*(?:[-*•–][ \t]*)?[*_]{{0,3}}{BEGIN}[\d,]*{END}[*_]{{0,3}}[ \t]*[^\s]", line)
        if led and BEGIN not in line[led.end() :]:
            found.add(at)
        elif line.strip() and not RULE.fullmatch(line):
            break
    before = lines[: min(found)] if found else []
    return found if any(MARK.search(line, 1 if LED.match(line) else 0) for line in before) else set()


def _numbers(line: str) -> list[int]:
    marked = [int(number) for marks in MARK.findall(line) for number in marks.split(",") if number]
    return marked or numbers_in(line.partition(":")[2].strip(f"{MARKUP}.")) or []
