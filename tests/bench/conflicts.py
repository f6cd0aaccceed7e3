"""Conflicts of records: how many are told of folders that plan none, how many planted ones are found, and what is deferred."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rag.clinical.conflicts import conflicts
from rag.clinical.conflicts.findings import findings
from rag.clinical.conflicts.medicines import medicines
from rag.clinical.conflicts.reading import Reading, Said
from rag.clinical.conflicts.states import code_status, steady
from rag.clinical.facts import facts
from rag.clinical.facts.types import Fact
from rag.commands.common import documents_at
from rag.evaluate.questions import read_cases
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.values import Document
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_least, share

ROOT = Path(__file__).parents[2]
SAMPLES, FOLDERS = ROOT / "sample_data", ROOT / "tests" / "train" / "folders"
SIDES = {"left": "right", "right": "left"}
SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
DOSE = re.compile(r"(?<![\d.,/])\d[\d,]*(?:\.\d+)?(?= ?(?:mg|mcg|g|units|mL)\b)")
SIZE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?=(?: ?[x×] ?\d+(?:\.\d+)?){0,2} ?(?:mm|cm)\b)")
SHARE = re.compile(r"\d+(?= ?%)")
FULL, LIMITED = re.compile(r"full code", re.IGNORECASE), re.compile(r"dnr/dni|dnr|dnar", re.IGNORECASE)
READERS = (medicines, findings, code_status, steady)


def conflict(settings: Settings) -> list[Figure]:
    """False conflicts of the samples and the training folders, planted ones that are found, and questions that are deferred."""
    folders = [SAMPLES, *sorted(one for one in FOLDERS.iterdir() if one.is_dir())]
    records = [documents_at([folder]) for folder in folders]
    known = {document.key: facts(document) for record in records for document in record}
    told = [len(conflicts(record, lambda one: known[one.key])) for record in records]
    count = sum(map(len, records))
    figures = [Figure("conflicts told of folders that plan none, in 100 documents", 100 * sum(told) / count, n=count)]
    return [*figures, *_planted(records, known), *_deferred()]


def _planted(records: Sequence[Sequence[Document]], known: dict[str, tuple[Fact, ...]]) -> Iterator[Figure]:
    """Beside a record stands a copy of one of its documents with one thing altered: how often that is told."""
    found: dict[str, list[bool]] = {}
    for record in records:
        for document in record:
            done: set[str] = set()
            for said in (said for reader in READERS for said in reader(Reading(document, known[document.key]))):
                alter = ALTER.get(said.kind)
                text = document.text[said.start : said.end]
                if alter is None or said.kind in done or not document.patient or (other := alter(text, said)) == text:
                    continue
                done.add(said.kind)
                body = document.text[: said.start] + other + document.text[said.end :]
                copy = replace(document, name=f"copy of {document.name}", text=body)
                own = {**known, copy.key: facts(copy)}
                both = conflicts([document, copy], lambda one, own=own: own[one.key])  # type: ignore[misc]
                told = any(copy.name == place.span.document for one in both for place in one.positions)
                found.setdefault(said.kind, []).append(told)
    for kind, outcomes in sorted(found.items()):
        yield share(f"planted in a copy and told: {kind}", outcomes, at_least(0.9))


def _doubled(pattern: re.Pattern[str], every: bool = False) -> Callable[[str, Said], str]:
    return lambda text, _: pattern.sub(lambda at: f"{2 * float(at[0].replace(',', '')):g}", text, count=0 if every else 1)


def _other_side(text: str, _: Said) -> str:
    return SIDE.sub(lambda at: SIDES[at[0].lower()], text)


def _other_code(text: str, said: Said) -> str:
    return FULL.sub("DNR", text) if said.value == "full" else LIMITED.sub("full code", text)


ALTER: dict[str, Callable[[str, Said], str]] = {
    "dose": _doubled(DOSE),
    "side": _other_side,
    "size": _doubled(SIZE, every=True),
    "value": _doubled(SHARE),
    "code status": _other_code,
}


def _deferred() -> list[Figure]:
    """The shares of the sample questions that are deferred, by any rule and by each."""
    documents = documents_at([SAMPLES])
    pipeline = Pipeline()
    index = pipeline.prepare(documents, Artifacts())
    answers = [pipeline.ask(case.question, index) for case in read_cases(SAMPLES / "questions.jsonl")]
    rules_of = [{one.rule for one in answer.deferred} for answer in answers]
    every = [rule["rule"] for part in ("found", "risk") for rule in rules("deferral")[part]]
    by_rule = [share(f"deferred by {rule}", [rule in found for found in rules_of]) for rule in every]
    return [share("sample questions that a person must look at", map(bool, rules_of)), *by_rule]
