"""The structured form of an answer: sentences with the numbers of their sources, as JSON, read with patience."""

import re
from dataclasses import dataclass
from typing import Any

from rag.answer.claims import unmarked
from rag.models.reply import json_in

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
TEXTS = ("text", "sentence", "statement", "claim")
NUMBERS = ("sources", "source", "citations", "citation", "source_numbers", "numbers")


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


def structured(text: str) -> Structured:
    """The answer in a model's JSON. Raises ValueError with what is wrong, in words that can be sent back to the model."""
    found = json_in(text)
    if isinstance(found, dict) and isinstance(found.get("answer"), dict | list):
        found = found["answer"]
    about = found if isinstance(found, dict) else {"sentences": found}
    listed = next((about[name] for name in ("sentences", "statements", "claims") if name in about), None)
    if not isinstance(listed, list):
        raise ValueError('it has no list "sentences"')
    missing = about.get("missing")
    sentences = tuple(one for at, entry in enumerate(listed, 1) if (one := _sentence(entry, at)) is not None)
    if not sentences and not missing:
        raise ValueError('"sentences" is empty, and "missing" does not say why')
    return Structured(sentences, " ".join(missing.split()) if isinstance(missing, str) else "")


def _sentence(entry: Any, at: int) -> tuple[str, tuple[int, ...]] | None:
    if isinstance(entry, str):
        entry = {"text": entry}
    written = next((entry[name] for name in TEXTS if name in entry), None) if isinstance(entry, dict) else None
    if not isinstance(written, str):
        raise ValueError(f'sentence {at} has no "text"')
    cited: Any = next((entry[name] for name in NUMBERS if name in entry), [])
    plain, marked = unmarked(" ".join(written.split()))
    numbers = [number for one in (cited if isinstance(cited, list) else [cited]) for number in _numbers(one, at)]
    return (plain, tuple(dict.fromkeys([*numbers, *marked]))) if any(map(str.isalnum, plain)) else None


def _numbers(cited: Any, at: int) -> list[int]:
    """The numbers in 2, 2.0, "2", "[2]", "2, 5" or {"source": 2}."""
    if isinstance(cited, dict):
        cited = next(iter(cited.values()), None)
    if isinstance(cited, float) and cited.is_integer():
        cited = int(cited)
    if isinstance(cited, int) and not isinstance(cited, bool):
        return [cited]
    parts = [part.strip(" []()") for part in re.split("[,;]", str(cited).lower().replace("source", ""))]
    if all(part.removeprefix("-").isdecimal() and len(part) < 9 for part in parts):
        return [int(part) for part in parts]
    raise ValueError(f'the "sources" of sentence {at} are not numbers')
