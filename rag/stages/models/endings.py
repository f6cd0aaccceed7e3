"""How servers say that an answer ended: whole, at its longest, stopped by a filter, or early for another reason."""

import re
from typing import Literal

from rag.rules import rules

Ending = Literal["whole", "cut", "filtered", "early", "unsaid"]
MEANINGS: dict[str, Ending] = {word: rule["means"] for rule in rules("servers")["endings"] for word in rule["words"]}


def ending(told: str) -> Ending:
    """What a server's word for the end of an answer means: "early" for any that is not known, "unsaid" for none."""
    word = told.lower().rsplit(".", 1)[-1].replace("-", "_").strip()
    return MEANINGS.get(word, "early") if word else "unsaid"


def repeatable(told: str) -> str:
    """The word as a notice can repeat it: a server might put anything there."""
    return f'"{told}"' if re.fullmatch(r"[\w.-]{1,30}", told) else "a word that is not known here"
