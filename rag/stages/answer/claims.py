"""From a model's words to statements with citations: a source number that was not given is a wrong citation."""

import re
from collections.abc import Iterator, Sequence

from rag.stages.answer.base import whole
from rag.stages.answer.layout import TURNING, laid_out
from rag.stages.answer.named_sources import NamedSources
from rag.stages.answer.references import without_references
from rag.stages.answer.refusals import is_courtesy
from rag.stages.answer.source_marks import in_one_form, settled, taken_out
from rag.stages.index.base import Index
from rag.stages.verify.weighed import nearest
from rag.text import sentences
from rag.values import Claim, Prompt, Reason

HEADING = re.compile(r"#{1,6}\s")
LABEL = re.compile(r"[^\d\n]{1,80}[:：]")  # "Medicines:", before a list.


def claims_of(text: str, prompt: Prompt, index: Index) -> Iterator[Claim]:
    """The sentences of a model's answer with their citations; headings, courtesies and lists of references are none."""
    for plain, numbers in statements_of(NamedSources(prompt, index).in_numbers(text), len(prompt.sources)):
        yield claim_of(plain, numbers, prompt, index)


def statements_of(text: str, given: int) -> list[tuple[str, list[int]]]:
    """The sentences of a text without their marks, each with the numbers of the sources that it cites, of so many given.

    Where a single statement has no mark, the list of references at the end of the text is its.
    """
    body, listed = without_references(in_one_form(laid_out(text), given))
    body = settled(body, given)
    found = [taken_out(body[start:end]) for start, end in sentences(body) if not HEADING.match(body, start)]
    found = [(plain, numbers) for plain, numbers in found if any(map(str.isalnum, plain)) and (numbers or _states(plain))]
    return [(found[0][0], listed)] if len(found) == 1 and not found[0][1] else found


def _states(plain: str) -> bool:
    """Whether a sentence without a mark may state something: a courtesy, or a label that turns nothing below it, does not."""
    names = LABEL.fullmatch(plain) and TURNING.isdisjoint(re.findall(r"[^\W\d_]+", plain.lower()))
    return not names and not is_courtesy(plain)


def claim_of(plain: str, numbers: Sequence[int], prompt: Prompt, index: Index) -> Claim:
    """A statement that cites the sources of these numbers."""
    each = list(dict.fromkeys(numbers))
    given = [number for number in each if 1 <= number <= len(prompt.sources)]
    wrong = [number for number in each if number not in given]
    sources = whole(prompt.sources, index)
    citations = tuple(nearest(plain, sources[number - 1], index) for number in given)
    if wrong:
        cited = ", ".join(str(number)[:8] for number in wrong[:5])
        reason = f"cites source {cited}, but {len(prompt.sources)} were given"
        return Claim(plain, citations, False, reason, reasons=(Reason("citation", "missing", reason, (0, len(plain))),))
    return Claim(plain, citations) if citations else Claim(plain, (), False, "cites no source")
