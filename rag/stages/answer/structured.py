"""The structured form of an answer: sentences with the numbers of their sources, as JSON, YAML or XML, read with patience."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag.stages.answer.claims import statements_of
from rag.stages.answer.elements import elements_in
from rag.stages.answer.refusals import is_complete
from rag.stages.answer.source_marks import LIKELY, numbers_in, unmarked
from rag.stages.models.indented import yaml_in
from rag.stages.models.reply import jsons_in

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "sources": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["text", "sources"],
                "additionalProperties": False,
            },
        },
        "missing": {"type": "string"},
    },
    "required": ["sentences", "missing"],
    "additionalProperties": False,
}
INSTRUCTION = (
    'Answer with JSON alone, in this form: {"sentences": [{"text": "One sentence of the answer.", "sources": [2, 5]}], '
    '"missing": "what the sources do not answer, or empty"}. Write no source numbers into the text.'
)
LISTS = ("sentences", "statements", "claims", "answers", "items", "results", "points")
TEXTS = ("text", "sentence", "statement", "claim", "answer", "content", "value", "response")
NUMBERS = ("sources", "source", "citations", "citation", "source_numbers", "numbers", "references", "refs", "source_ids", "cites")
BORNE_OUT = ("evidence", "support", "supported_by", "based_on", "grounds")  # Where numbers alone stand; else a quotation.
NUMBER = ("source", "id", "number", "index", "source_id", "n", "document", "file", "name", "title")
BEGINS = (*LISTS, *TEXTS, "missing", "result", "data", "output")
NAMES = {*TEXTS, *NUMBERS, "missing"}
JSON = re.compile(
    r"\A(?:```|~~~)?(?:json)?\s*+\{"
    r"|^[ \t]{0,8}(?:(?:```|~~~)\w{0,8}\s{0,9}|<\w{1,20}>\s{0,9}\{[^{}\n]{0,200})?\[?\s{0,9}\{\s{0,40}"
    rf"(?:(?://|#)[^\n]{{0,200}}\n\s{{0,40}})?[\"'“‘`]?(?:{'|'.join([*BEGINS, 'name', 'arguments'])})[\"'”’`]?\s?[:：]",
    re.I | re.M,
)
FOLLOWS = re.compile(rf"\n(?:{'|'.join([*NUMBERS, 'missing'])})[ \t]*:(?=\s)", re.I)
FOUND = ("found", "answerable", "answered", "answer_found", "has_answer", "can_answer", "sufficient", "supported")
NOT_FOUND = (False, "false", "no")
DEEPEST = 3  # Objects around the one with the sentences: {"answer": {...}}, the call of a tool.


def repair(fault: str) -> str:
    """What the model is asked where its answer could not be read."""
    return f"Your answer could not be read: {fault}. Send the same answer again. {INSTRUCTION}"


@dataclass(frozen=True)
class Structured:
    """An answer as read: each sentence with the numbers that it cites, and what the model says is missing."""

    sentences: tuple[tuple[str, tuple[int, ...]], ...]
    missing: str = ""

    @property
    def text(self) -> str:
        """The sentences with their numbers in brackets behind them."""
        marked = (" ".join([plain, "".join(f"[{number}]" for number in numbers)]).strip() for plain, numbers in self.sentences)
        return "\n".join(marked)


Named = Callable[[str, str], int | None]  # The number of a source by the name of its document and what is said of it.


def is_structured(text: str) -> bool:
    """Whether a text is an answer as JSON, YAML or XML, though words or a call's tag may stand before it."""
    return bool(JSON.search(text)) or _indented(text) is not None or elements_in(text) is not None


def structured(text: str, given: int = LIKELY, cut: bool = False, named: Named | None = None) -> Structured:
    """The answer in a model's JSON, YAML or XML, of so many sources `given`; of one that was `cut` what is whole.

    Raises ValueError with what is wrong, in words that can be sent back to the model.
    """
    elements = elements_in(text, cut)
    read = elements or _indented(text, cut)
    found = [_lowered(one, 0) for one in ([read] if read is not None else jsons_in(text, cut))]
    about = _holder(found[0], 0)
    if about is None and all(isinstance(one, dict) and _text_of(one) is not None for one in found):
        about = {"sentences": found}  # A line for each sentence.
    if about is None and isinstance(found[0], dict) and found[0]:
        each = list(found[0].values())  # {"1": {...}, "2": {...}}
        about = {"sentences": each} if all(_text_of(one) is not None for one in each) else None
    if about is None:
        about = found[0] if isinstance(found[0], dict) else {"sentences": found[0]}
    missing = _missing(about.get("missing"))
    listed = _listed(about)
    if listed is None:
        whole = _text_of(about)
        if not whole and not missing and any(about.get(name) in NOT_FOUND for name in FOUND if name in about):
            missing = "the answer"
        if whole is None and not missing:
            raise ValueError('it has no list "sentences"')
        listed = _split(whole or "", about, given)
    elif elements:
        listed = [one for entry in listed for one in _split(entry["text"], entry, given)]
    if cut and listed and not _is_whole(listed[-1]):
        listed = listed[:-1]
    sentences = tuple(one for at, entry in enumerate(listed, 1) if (one := _sentence(entry, at, given, named)) is not None)
    if not sentences and not missing:
        raise ValueError('"sentences" is empty, and "missing" does not say why')
    return Structured(sentences, missing)


def _indented(text: str, cut: bool = False) -> Any:
    """An answer as YAML, or None; also one whose first name, "answer: ", was dropped as the label of a reply."""
    found = yaml_in(text, BEGINS, cut)
    if found is None and FOLLOWS.search(text):
        found = yaml_in(f"answer: {text}", BEGINS, cut)
        found = found if isinstance(found, dict) and {str(name).lower() for name in found} <= NAMES else None
    return found


def _lowered(found: Any, depth: int) -> Any:
    """The same with every name in small letters, and with objects where they were written as texts."""
    if isinstance(found, str) and depth and found.lstrip().startswith("{"):
        try:
            return _lowered(jsons_in(found)[0], depth + 1)
        except ValueError:
            return found
    if depth > 2 * DEEPEST:
        return found
    if isinstance(found, dict):
        return {name.strip().lower(): _lowered(value, depth + 1) for name, value in found.items()}
    return [_lowered(one, depth + 1) for one in found] if isinstance(found, list) else found


def _holder(found: Any, depth: int) -> dict[str, Any] | None:
    """The object with the list of sentences, however deep it lies in others."""
    if not isinstance(found, dict) or depth > DEEPEST:
        return None
    if any(isinstance(found.get(name), list | dict) for name in LISTS):
        return found
    inner = next((held for value in found.values() if (held := _holder(value, depth + 1)) is not None), None)
    if inner is None and isinstance(found.get("answer"), list):
        return {**found, "sentences": found["answer"]}
    return inner


def _listed(about: dict[str, Any]) -> list[Any] | None:
    listed = next((about[name] for name in LISTS if name in about), None)
    if isinstance(listed, dict):
        return [listed] if _text_of(listed) is not None else list(listed.values())
    return listed if isinstance(listed, list) else None


def _text_of(entry: Any) -> str | None:
    """What an entry states, or None."""
    if not isinstance(entry, dict):
        return None
    return next((entry[name] for name in (*TEXTS, *LISTS) if isinstance(entry.get(name), str)), None)


def _split(whole: str, about: dict[str, Any], given: int) -> list[Any]:
    """The sentences of an answer in one piece; those without a mark of their own cite what stands beside it."""
    beside: Any = next((about[name] for name in NUMBERS if name in about), [])
    return [{"text": plain, "sources": numbers or beside} for plain, numbers in statements_of(whole, given)]


def _is_whole(entry: Any) -> bool:
    """Whether the last entry of an answer that was cut off has all that an entry has."""
    return isinstance(entry, dict) and _text_of(entry) is not None and any(name in entry for name in NUMBERS)


def _missing(told: Any) -> str:
    """What a model says is missing, as a sentence; "" where it says that nothing is."""
    parts = told if isinstance(told, list) else [told]
    said = [" ".join(part.split()) for part in parts if isinstance(part, str)]
    return "; ".join(part for part in said if not is_complete(part))


def _sentence(entry: Any, at: int, given: int, named: Named | None) -> tuple[str, tuple[int, ...]] | None:
    if isinstance(entry, str):
        entry = {"text": entry}
    if isinstance(entry, list) and len(entry) == len(("text", "sources")) and isinstance(entry[0], str):
        entry = {"text": entry[0], "sources": entry[1]}
    written = _text_of(entry)
    if written is None:
        raise ValueError(f'sentence {at} has no "text"')
    cited: Any = next((entry[name] for name in (*NUMBERS, *BORNE_OUT) if name in entry and _cites(name, entry[name])), [])
    plain, marked = unmarked(" ".join(written.split()), given)
    numbers = [number for one in (cited if isinstance(cited, list) else [cited]) for number in _numbers(one, at, plain, named)]
    return (plain, tuple(dict.fromkeys([*numbers, *marked]))) if any(map(str.isalnum, plain)) else None


def _cites(name: str, value: Any) -> bool:
    """Whether what stands under a name cites sources; under one for what bears a statement out, where it holds numbers alone."""
    each = value if isinstance(value, list) else [value]
    return name in NUMBERS or (bool(each) and all(isinstance(one, int) and not isinstance(one, bool) for one in each))


def _numbers(cited: Any, at: int, said: str, named: Named | None) -> list[int]:
    """The numbers in 2, 2.0, "2", "[2]", "2, 5", "1-2", "Source 1, p. 3" or {"source": 2}, and of "discharge.pdf"."""
    if isinstance(cited, dict) and cited and all(name.isdecimal() for name in cited):
        return [int(name) for name in cited if len(name) < len("100000000")]
    if isinstance(cited, dict):
        cited = next((cited[name] for name in NUMBER if name in cited), next(iter(cited.values()), None))
    if isinstance(cited, float) and cited.is_integer():
        cited = int(cited)
    if isinstance(cited, int) and not isinstance(cited, bool):
        return [cited]
    if cited is None or (isinstance(cited, str) and is_complete(cited)):
        return []
    written = str(cited)
    by_name = named(written.strip(" []()【】"), said) if named and isinstance(cited, str) else None
    if by_name is not None:
        return [by_name]
    read = numbers_in(written.strip(" []()【】")) or unmarked(written)[1]
    if read and not isinstance(cited, bool):
        return read
    if written.strip().removeprefix("-").isdecimal() and len(written) < len("100000000"):
        return [int(written)]
    raise ValueError(f'the "sources" of sentence {at} are not numbers')
