"""A quotation as it is shown: without the marks of Markdown, on one line; the span that is cited stays what it is."""

import re

PAIRS = (
    re.compile(r"(\*\*\*|\*\*|__)(?=\S)([^\n]{1,400}?)(?<=\S)\1"),
    re.compile(r"(?<![\w*])(\*)(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w_])(_)(?=[^\s_])([^_\n]{1,400}?)(?<=[^\s_])_(?![\w_])"),
    re.compile(r"(`{1,3})([^`\n]{1,400}?)\1"),
)
LINK = re.compile(r"!?\[([^\]\n]{1,300})\]\((?:https?://|#|/|mailto:)[^)\s]{0,500}\)")
HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+|[ \t]+#{1,6}$", re.MULTILINE)
QUOTED = re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE)
BULLET = re.compile(r"^[ \t]*[-*+•●▪◦‣○■][ \t]+", re.MULTILINE)
BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
RULE = re.compile(r"^[ \t]*(?:[|:\-= \t]{3,}|[*_]{3,})$", re.MULTILINE)
BAR = re.compile(r"(?<!\\)\|")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def shown(text: str) -> str:
    """A quotation without raw Markdown marks, for display only: cells are parted by " · ", items by " • ", numbers stay.

    What is crossed out keeps its tildes: without them it would say the opposite.
    """
    plain = BREAK.sub(" ", RULE.sub("", text))
    plain = BULLET.sub("• ", QUOTED.sub("", HEADING.sub("", plain)))
    plain = "\n".join(_cells(line) if "|" in line else line for line in plain.split("\n"))
    plain = LINK.sub(r"\1", plain)
    for pattern in PAIRS:
        plain = pattern.sub(r"\2", plain)
    plain = " ".join(ESCAPED.sub(r"\1", plain).split())
    return plain.removeprefix("• ") if plain.count("• ") == 1 else plain


def _cells(line: str) -> str:
    cells = [cell.strip() for cell in BAR.split(line.strip())]
    return " · ".join(cell for cell in cells if cell)
