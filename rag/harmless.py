"""What documents and models say, as text and nothing else: in Markdown, and in the cells of a spreadsheet."""

import re

LINKED = re.compile(r"(?i)(?<=www)(?=\.)|(?<=http)(?=s?://)|(?=@[\w-]+\.[\w-])")
JOINER = "\u2060"  # A sign that nobody sees.
FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula, or cuts off before it looks; full-width signs as well."""
LIVE = re.compile(r"(?<!\\)(?:!?\[[^\]\n]{0,200}\]\(|<[a-zA-Z/!])|(?:https?://|www\.)\w|\w@[\w-]+\.\w")


def plain(text: str) -> str:
    """Text as Markdown that shows just this text: every mark of Markdown's is escaped.

    What looks like an address would be made a link all the same, since that is looked for after the marks were read: a sign that
    nobody sees parts it.
    """
    parted = LINKED.sub(JOINER, text)
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-.!|<>~$:@&" else character for character in parted)


def cell(value: object) -> object:
    """A value for a cell of a file: what a spreadsheet would take for a formula has a sign before it that keeps it a text."""
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def shown_cell(value: object) -> object:
    """The same for a table that is shown and may be saved from there; nobody sees the sign."""
    return f"{JOINER}{value}" if isinstance(value, str) and _is_formula(value) else value


def is_live(shown: str, exported: object) -> bool:
    """Whether something in a text would act where it is shown as Markdown or exported as a cell: a link, markup, a formula."""
    return bool(LIVE.search(shown)) or (isinstance(exported, str) and _is_formula(exported))


def _is_formula(text: str) -> bool:
    """Whether a text begins as a formula does, blanks aside; a number with its sign is none, nor is a sign alone."""
    begun = text.lstrip(" \u00a0\u2060\ufeff")
    return begun[:1] in FORMULA and begun[1:].strip() != "" and not NUMBER.fullmatch(text.strip())


NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?")
