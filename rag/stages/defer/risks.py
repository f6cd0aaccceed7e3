"""High-risk subjects of a question and of the statements that answer it, as `deferral.json` names them."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from rag.clinical.facts import facts_in
from rag.clinical.facts.drugs.words import Phrases, Words, words_of
from rag.clinical.facts.types import Action, Age, Dose, Drug, Fact, Frequency
from rag.rules import rules
from rag.stages.index.base import Index
from rag.values import Answer, Deferral

SAID_OF = (Dose, Frequency, Action)
"""What a statement must say of a drug before it is about that drug."""


def risks(answer: Answer, index: Index) -> Iterator[Deferral]:
    """The rules of high-risk subjects that hold for an answer, in the order of the rules."""
    statements = [claim for claim in answer.claims if claim.role == "answer"]
    asked = facts_in(answer.question)
    said = [facts_in(claim.text) for claim in statements]
    cited = (index.documents.get(cited.span.document) for one in statements for cited in one.citations)
    titles = dict.fromkeys(document.title for document in cited if document)
    question, stated = [words_of(answer.question)], [words_of(claim.text) for claim in statements]
    heads = [words_of(title) for title in titles]
    drugs = [one for one in asked if isinstance(one, Drug)]
    classes = {name for one in drugs for name in (one.name, *one.classes)}
    classes |= {name for told in said for name in _classes(told)}
    ages = [one.years for told in (asked, *said) for one in told if isinstance(one, Age)]
    for rule in rules("deferral")["risk"]:
        name = rule["rule"]
        if (
            _holds(name, "words", question)
            or (drugs and _holds(name, "with_a_drug", question))
            or _holds(name, "stated", stated)
            or _holds(name, "heads", heads)
            or classes.intersection(rule.get("classes", ()))
            or any(years < rule.get("under", 0) for years in ages)
        ):
            yield Deferral(name, rule["reason"])


def _classes(told: Iterable[Fact]) -> Iterator[str]:
    """The drugs, with their classes, of which a statement says a dose, a frequency or an action."""
    told = tuple(told)
    meant = {one.drug for one in told if isinstance(one, SAID_OF)}
    for one in told:
        if isinstance(one, Drug) and one.name in meant:
            yield from (one.name, *one.classes)


def _holds(rule: str, part: str, texts: Iterable[Words]) -> bool:
    """Whether one of the phrases of a part of a rule stands in one of the texts."""
    named = _phrases()[rule].get(part)
    return named is not None and any(named.at(words, place) for words in texts for place in range(len(words.said)))


@cache
def _phrases() -> dict[str, dict[str, Phrases[Any]]]:
    return {
        rule["rule"]: {
            part: Phrases((word, word) for word in rule[part])
            for part in ("words", "stated", "heads", "with_a_drug")
            if part in rule
        }
        for rule in rules("deferral")["risk"]
    }
