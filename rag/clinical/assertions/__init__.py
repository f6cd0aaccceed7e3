"""Assertion status: what the text denies, doubts, plans, or says of the past or of a relative, by ConText's design.

A scope never leaves its clause: it ends at its line or cell, at the next label, at a semicolon, at a terminator, and where a
part of the sentence behind a comma or an "and" has a subject and a verb of its own. A cue with nothing behind it speaks of the
label, question or bracket before it ("Smoking: no"); one that ends a line with a colon speaks of the list below.

What a sentence goes through, from below:

    words      its tokens, what stands between them, and the named lists of the rules
    cues       the longest cues, pseudo-cues and terminators that the rules name
    clauses    where a part of it begins and ends for a scope
    reach      how far a cue speaks forward and backward
    scopes     which way each cue speaks, and what it says: the assertions of one sentence

Around the sentence: `headed` reads what headings say, and `lists` what a lead-in says of the items below it.
"""

from bisect import bisect_left

from rag.clinical.assertions.headed import by_section, is_cue, stretches, undenied
from rag.clinical.assertions.lists import is_item, lead_in, says_itself
from rag.clinical.assertions.scopes import QUESTION, in_sentence
from rag.clinical.assertions.words import Word, words_of
from rag.text import BULLET
from rag.values import Assertion, Section, Status


def assertions(text: str, sections: tuple[Section, ...] = (), date: str | None = None) -> tuple[Assertion, ...]:
    """The stretches that a cue or their section makes negated, uncertain, historical, planned or of the family, in order.

    `date` is the document's (ISO 8601): what is told of its own year is not yet past.
    """
    year = int(date[:4]) if date else None
    found = [*by_section(text, sections)]
    words = words_of(text)
    starts = [word.start for word in words]
    heads = {section.start: section.body for section in sections if not is_cue(section.title)}
    asked: list[Word] = []
    above: tuple[Status, str] | None = None
    behind = 0
    for low, high in stretches(text, sections):
        marker = BULLET.match(text, low, high)
        body = max(heads.get(low, low), marker.end() if marker else low)
        inside = words[bisect_left(starts, body) : bisect_left(starts, high)]
        gap = text[behind:low]
        if above and (gap.count("\n") > 1 or not is_item(text, low, high, marker is not None)):
            above = None
        behind = high
        title = words[bisect_left(starts, low) : bisect_left(starts, heads[low])] if low in heads else []
        if not inside:
            asked = title  # "COMPLICATIONS" above "None."
            continue
        asked = asked or title
        inside[0] = inside[0]._replace(gap="")
        if above and not says_itself(inside, above[0]):
            found.append(Assertion(inside[0].start, inside[-1].end, *above))
        found.extend(in_sentence(inside, asked, text[high - 1] if high else "", year))
        lead = lead_in(inside) if text[low:high].endswith(":") else None
        above = lead or above
        asked = inside[-QUESTION:] if text[high - 1] == "?" else []
    found = list(undenied(found, text))
    kin = [one for one in found if one.cue.startswith("section ") and one.status == "family"]
    found = [one for one in found if one.status != "historical" or not any(k.start <= one.start < k.end for k in kin)]
    return tuple(sorted(set(found), key=lambda a: (a.start, a.end, a.status, a.cue)))
