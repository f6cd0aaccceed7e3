"""Formulas of spreadsheets that reach outside of the sheet, or that a CSV brings to whoever opens it in one."""

import re

from rag.values import Finding

REACHING = re.compile(
    r"\b(?:HYPERLINK|WEBSERVICE|FILTERXML|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|IMAGE|RTD|DDE|CALL|REGISTER(?:\.ID)?|EXEC|SHELL|"
    r"QUERY|ENCODEURL)\s*\(|\|\s*'|\bcmd\s*\||\[https?:|'\\\\\\\\|https?://",
    re.IGNORECASE,
)
CELL = re.compile(
    r"\s*(?:=\s*[A-Za-z][\w.]*\s*\(|=\s*[\w.]+\|"
    r"|[=+\-@]{1,3}(?:SUM|IF|IFERROR|CONCATENATE|CONCAT|CHAR|INDIRECT|INDEX|LOOKUP|VLOOKUP|HLOOKUP|EXEC|CALL|DDE|RTD|SHELL|"
    r"HYPERLINK|WEBSERVICE|FILTERXML|IMAGE|QUERY|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|ENCODEURL|REGISTER)\s*\("
    r"|[=+\-@]{1,3}(?:cmd|powershell|mshta|rundll32|msexcel)\b)",
    re.IGNORECASE,
)
REACHING_SCORE = 0.9
SCORE = 0.7
TYPE = "spreadsheet formula"


def formula_finding(formula: str) -> Finding | None:
    """The finding for a formula of a workbook that reaches outside of it, or None. Its place is still to be set."""
    if not REACHING.search(formula):
        return None
    return Finding("instruction", TYPE, 0, len(formula), "file: formula that reaches outside", REACHING_SCORE)


def cell_finding(value: str) -> Finding | None:
    """The finding for a value of a CSV that a spreadsheet would run, or None. Its place is still to be set."""
    if not CELL.match(value):
        return None
    score = REACHING_SCORE if REACHING.search(value) else SCORE
    return Finding("instruction", TYPE, 0, len(value), "file: value that runs as a formula", score)
