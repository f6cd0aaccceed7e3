"""A quotation as it is shown: without the marks of Markdown, on one line; the span that is cited stays what it is."""

import re

PAIRS = (
    re.compile(r"(\*\*\*|\*\*|__)(?=\S)([^\n]{1,400}?)(?<=\S)\1"),
    re.compile(r"(?<![\w*])(\*)(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w_])(_)(?=[^\s_])([^_\n]{1,400}?)(?<=[^\s_])_(?![\w_])"),
    re.compile(r"(`{1,3})([^`\n]{1,400}?)\1"),
)
LINK = re.compile(r"!?\[([^\]\n]{1,300})\]\((?:https?://|#|/|mailto:)[^)\s]{0,500}\)")
HEADING = re.compile(r"#{1,6}(?=\s)")
BULLET = re.compile(r"[-*+•●▪◦‣○■](?=\s)")
RULE = re.compile(r"[|:\-=*_ \t]{3,}")
BAR = re.compile(r"(?<!\\)\|")
TAB = re.compile(r"(?<=[^\s.:)•])[ ]?\t\s*(?=\S)")
"""A tab between two cells; after a number or a label it is but a blank."""
BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def shown(text: str) -> str:
    """A quotation without raw Markdown marks, for display only: cells are parted by " · ", items by " • ", numbers stay.

    What is crossed out keeps its tildes: without them it would say the opposite.
    """
    plain = "\n".join(filter(None, map(_line, BREAK.sub(" ", text).split("\n"))))
    plain = LINK.sub(r"\1", plain)
    for pattern in PAIRS:
        plain = pattern.sub(r"\2", plain)
    plain = " ".join(ESCAPED.sub(r"\1", plain).split())
    return plain.removeprefix("• ") if plain.count("• ") == 1 else plain


def _line(line: str) -> str:
    """A line without the marks at its start and end, and with its cells side by side."""
    plain = line.strip().removeprefix("> ")
    if RULE.fullmatch(plain):
        return ""
    if heading := HEADING.match(plain):
        plain = plain[heading.end() :].strip().rstrip("#").strip()
    elif bullet := BULLET.match(plain):
        plain = f"• {plain[bullet.end() :].strip()}"
    if "|" in plain:
        plain = " · ".join(cell for part in BAR.split(plain) if (cell := part.strip()))
    return TAB.sub(" · ", plain)
