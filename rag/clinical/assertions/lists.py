"""Lists below a lead-in: the line that gives its items a status, what is an item, and which items speak for themselves."""

from rag.clinical.assertions.cues import cue_name, matches
from rag.clinical.assertions.words import Word, listed
from rag.text import LABELLED
from rag.values import Status


def lead_in(words: list[Word]) -> tuple[Status, str] | None:
    """The status of a list, and its cue, where the line above it ends with a cue and words such as "the following"."""
    last = len(words)
    while last and words[last - 1].said in listed("lead-in"):
        last -= 1
    cue = next((found for found in matches(words) if found.last >= last and found.cue.status), None)
    if cue is None or cue.cue.status is None or cue.cue.direction not in ("forward", "either", "label"):
        return None
    return cue.cue.status, cue_name(words, cue)


def is_item(text: str, low: int, high: int, marked: bool) -> bool:
    """Whether a line is an item of the list above it: with a list mark, or short and without a label."""
    line = text[low:high]
    return marked or (len(line) <= 60 and not LABELLED.match(line) and line[-1] not in ".:")


def says_itself(words: list[Word], status: Status) -> bool:
    """Whether an item says by itself that something is there or not, or begins with what ends this status ("continue")."""
    if any(word.said in listed("values") for word in words):
        return True
    return any(f.cue.status == "negated" or (f.first == 0 and not f.cue.status and status in f.cue.stops) for f in matches(words))
