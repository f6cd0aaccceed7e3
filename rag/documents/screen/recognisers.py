"""Presidio's recognisers beside our own rules, and a name model where the user has one installed; none looks anything up."""

import re
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import Any

from rag.values import Finding

DIGITS = re.compile(r"[+(]?\d[\d\s().\-–/]{6,22}\d(?:\s?(?:x|ext\.?)\s?\d{1,5})?")
CARDLIKE = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])")
IBANLIKE = re.compile(r"\b[A-Za-z]{2}\d{2}[ A-Za-z0-9]{11}")
IPLIKE = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d|[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:")
NEAR = re.compile(r"(?i)\b(?:phone|tel|telephone|call|cell|mobile|fax|contact|reach|pager|number|text)\b")
AROUND = 40


def presidio(text: str) -> list[Finding]:
    """Phones, cards, bank accounts, e-mail and IP addresses that Presidio recognises.

    Only stretches that could hold one are shown to it: its phone recogniser is slow on long texts.
    """
    found = []
    for match in DIGITS.finditer(text):
        if NEAR.search(text, max(0, match.start() - AROUND), match.end()):
            found += [_moved(one, match.start(), "PHONE") for one in _analysed("PhoneRecognizer", match[0])]
    for match in CARDLIKE.finditer(text):
        found += [_moved(one, match.start(), "ACCOUNT") for one in _analysed("CreditCardRecognizer", match[0])]
    if "@" in text:
        found += [_moved(one, 0, "EMAIL") for one in _analysed("EmailRecognizer", text)]
    if IBANLIKE.search(text):
        found += [_moved(one, 0, "ACCOUNT") for one in _analysed("IbanRecognizer", text)]
    if IPLIKE.search(text):
        found += [_moved(one, 0, "IP") for one in _analysed("IpRecognizer", text) if one.end - one.start > 6]
    return found


def _moved(one: Any, by: int, kind: str) -> Finding:
    rule = f"Presidio {one.entity_type.lower().replace('_', ' ')}"
    return Finding("identifier", kind, one.start + by, one.end + by, rule, max(round(float(one.score), 2), 0.7))


def _analysed(name: str, text: str) -> list[Any]:
    recogniser = _recognisers()[name]
    return list(recogniser.analyze(text, recogniser.supported_entities, None))


@cache
def _recognisers() -> dict[str, Any]:
    import logging

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # Its warnings quote the text.
    from presidio_analyzer import predefined_recognizers as those

    class Email(those.EmailRecognizer):
        """Presidio's, without its look-up of the public list of domains."""

        def validate_result(self, pattern_text: str) -> bool | None:
            return None

    made = [those.PhoneRecognizer(), those.CreditCardRecognizer(), those.IbanRecognizer(), those.IpRecognizer()]
    return {"EmailRecognizer": Email(), **{type(one).__name__: one for one in made}}


PEOPLE = {"PERSON", "PER"}


def model_names(text: str, model: str) -> list[Finding]:
    """Names of people by a model that is on this machine; empty where `model` is empty.

    `model` is "spacy:NAME" for an installed spaCy pipeline or "gliner:FOLDER" for a GLiNER model in a local folder.
    Raises ModelProblem where it is not there.
    """
    if not model:
        return []
    return [
        Finding("identifier", "NAME", start, end, f"{model.split(':')[0]} name model", 0.7) for start, end in _names(text, model)
    ]


def _names(text: str, model: str) -> list[tuple[int, int]]:
    kind, _, name = model.partition(":")
    loaded = _loaded(kind, name)
    if kind == "spacy":
        return [(entity.start_char, entity.end_char) for entity in loaded(text).ents if entity.label_ in PEOPLE]
    return [(entity["start"], entity["end"]) for entity in loaded.predict_entities(text, ["person name"], threshold=0.5)]


@cache
def _loaded(kind: str, name: str) -> Any:
    from rag.errors import ModelProblem

    if kind == "spacy" and find_spec("spacy"):
        import spacy

        if name in spacy.util.get_installed_models():
            return spacy.load(name, exclude=["parser", "lemmatizer", "attribute_ruler"])
    if kind == "gliner" and find_spec("gliner"):
        from gliner import GLiNER

        with suppress(OSError, ValueError):
            return GLiNER.from_pretrained(name, local_files_only=True)
    raise ModelProblem(
        f"The name model {kind}:{name} is not on this machine. Install it, or use spacy:NAME of an installed pipeline, "
        "gliner:FOLDER of a local model, or nothing."
    )
