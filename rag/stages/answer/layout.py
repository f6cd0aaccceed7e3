"""A reply's text without what only lays it out: fences, HTML, quoted lines, heads of tables; each row's source as a mark."""

import re
from html import unescape

from rag.stages.answer.elements import BESIDE
from rag.stages.answer.source_marks import RULES, numbers_in

FENCE = re.compile(r"[ \t]{0,8}(?:`{3,}|~{3,})[ \t]?[\w+-]{0,16}[ \t]*")
QUOTED = re.compile(r"[ \t]{0,8}(?:>[ \t]?){1,6}(?=[^\s\d>=])|[ \t]{0,8}>[ \t]*$")
DEFINES = re.compile(r"[ \t]{0,4}:[ \t]{1,4}(?=\w)")  # Below the line with the word that it is about.
ENDED = r"(?:\s+[a-z-]{1,20}=[^<>]{0,200}|\s?/)?>"
BLOCKS = re.compile(
    rf"</?(?:p|br|div|ul|ol|tr|table|thead|tbody|section|article|hr|blockquote|body|html|main|pre|dl|dt|details|caption){ENDED}|</summary>",
    re.I,
)
ITEMS = re.compile(rf"<(?:li|dd){ENDED}", re.I)
TITLES = re.compile(rf"<(?:h[1-6]|summary){ENDED}", re.I)
CELLS = re.compile(rf"</t[dh]{ENDED}(?=\s*<t[dh])", re.I)
LOOKS = re.compile(rf"</?(?:b|strong|i|em|u|font|small|big|code|kbd|mark|li|dd|td|th|h[1-6]|center|tt|s(?=>)){ENDED}", re.I)
CALL = re.compile(
    r"<(tool_call|tool_calls|function_call|function_calls|tool_response|tool_use|function)\b[^<>\n]{0,80}>.*?(?:</\1>|\Z)",
    re.S | re.I,
)
ANSWER = re.compile(r"\[/?(?:ANSWER|FINAL[_ ]ANSWER|RESPONSE|OUTPUT|FINAL)\](?!\()")
BOXED = re.compile(r"\\(?:boxed|text|textbf|textit|mathrm)\{([^{}\n]{1,2000})\}")
ENTITY = re.compile(r"&(?:nbsp|lt|gt|amp|quot|#39|ndash|mdash|micro|deg);")
BOLD = re.compile(r"[ \t]{0,8}(\*\*\*|\*\*|__)[ \t]?([^*_\n\d\[\]]{1,60}[^*_\n\d.!?\[\]])\1[ \t]?[:：]?[ \t]*")
CITES = re.compile(r"[\[【［(（^¹²³⁴-⁹]|</")
BRACKETS = re.compile(r"[\[\]()*_【】［］]+")
TURNING = frozenset(RULES["turning"])
BAR = re.compile(r"(?<!\\)\|")
LINE = re.compile(r":?-{1,200}:?")
NO_NUMBER = re.compile(r"\(s\)|[^\w]|\d")
SQUARED = re.compile(r"[\[【［(（].{1,80}[\])）】］]|[¹²³⁰⁴-⁹,˒ ]{1,12}")
ABOUT = frozenset(RULES["about_sources"])
NAMES = frozenset(re.sub(r"\W", "", word) for word in (*RULES["words"], *RULES["headings"]))


def laid_out(text: str) -> str:
    """The text with a statement's words alone: every row and every item on its own line, without fences and tags."""
    text = ANSWER.sub("", text)
    if "<" in text:
        text = TITLES.sub("\n\n# ", ITEMS.sub("\n\n- ", CELLS.sub(" | ", BESIDE.sub("", CALL.sub("", text)))))
        text = LOOKS.sub("", BLOCKS.sub("\n\n", text))
    if "\\" in text:
        text = BOXED.sub(r"\1", text)
    if "&" in text:
        text = ENTITY.sub(lambda entity: unescape(entity[0]).replace("\xa0", " "), text)
    lines = ["" if FENCE.fullmatch(line) else _unquoted(line) for line in text.split("\n")]
    lines = _headed(lines)
    return "\n".join(_rows(lines)) if "|" in text else "\n".join(lines)


def _unquoted(line: str) -> str:
    """A line without the signs of a quotation or a definition before it; "> 5 mg" and ">= 5 mg" are values."""
    quoted = QUOTED.match(line) or DEFINES.match(line)
    return line[quoted.end() :] if quoted else line


def _headed(lines: list[str]) -> list[str]:
    """The lines with headings in bold as those of Markdown, before what is cited; one that turns what follows stays as it is."""
    last = max((at for at, line in enumerate(lines) if CITES.search(line)), default=-1)
    return [
        f"\n# {bold[2]}\n"
        if at < last and (bold := BOLD.fullmatch(line)) and TURNING.isdisjoint(bold[2].lower().rstrip(":").split())
        else line
        for at, line in enumerate(lines)
    ]


def _rows(lines: list[str]) -> list[str]:
    """The lines with the rows of tables apart, their heads left out and their source beside what it is the source of."""
    laid: list[str] = []
    at = 0
    while at < len(lines):
        if at + 1 < len(lines) and _is_head(lines[at], lines[at + 1]):
            names = [NO_NUMBER.sub("", cell).lower() for cell in _cells(lines[at])]
            sources = [place for place, name in enumerate(names) if name in NAMES]
            lists = (
                bool(sources)
                and any(any(map(str.isalnum, line)) for line in laid)
                and all(name in NAMES or name in ABOUT for name in names)
            )
            at += 2
            while at < len(lines) and "|" in lines[at]:
                laid += [] if lists and not CITES.search(lines[at]) else ["", _row(_cells(lines[at]), sources)]
                at += 1
            laid.append("")
        else:
            laid.append(lines[at])
            at += 1
    return laid


def _is_head(line: str, below: str) -> bool:
    """Whether a line is the head of a table: below it stands a line of dashes for as many columns."""
    dashes = _cells(below)
    return "|" in line and len(dashes) == len(_cells(line)) and all(LINE.fullmatch(cell) for cell in dashes)


def _cells(line: str) -> list[str]:
    """The cells of a row, with or without bars at its ends."""
    cells = [cell.strip() for cell in BAR.split(line.strip())]
    return cells[cells[0] == "" and len(cells) > 1 : len(cells) - (cells[-1] == "" and len(cells) > 1)]


def _row(cells: list[str], sources: list[int]) -> str:
    """A row whose cells of sources alone stand as a mark behind the last of the others."""
    marks: list[str] = []
    kept: list[str] = []
    for place, cell in enumerate(cells):
        numbers = numbers_in(BRACKETS.sub(",", cell).strip(", "))
        if numbers and (place in sources or (SQUARED.fullmatch(cell) and cell.strip("[【［⁰¹²³⁴⁵⁶⁷⁸⁹") != cell)):
            marks += [f"[{number}]" for number in numbers]
        elif not (place in sources and not any(map(str.isalnum, cell))):
            kept.append(cell)
    if marks and kept:
        kept[-1] = f"{kept[-1]} {''.join(marks)}".strip()
    return f"| {' | '.join(kept)} |" if kept else ""
