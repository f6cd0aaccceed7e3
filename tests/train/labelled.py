"""Labelled statements beside their sources: what the checks and the model of support are fitted on, and what is held back."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.train.prepare import lines

FOURTH = 4
Row = dict[str, Any]


def is_held(group: str) -> bool:
    """Whether a group is of the fourth that is left out while figures are measured, and that no model is trained on."""
    return int(sha256(group.encode()).hexdigest(), 16) % FOURTH == 0


def twins(file: Path) -> Iterator[Row]:
    """The rows of a file of pairs; those without their source have it from the notes beside the file, by group."""
    beside = file.with_name(f"{file.stem}_notes.jsonl")
    notes = {row["group"]: row["source"] for row in lines(beside)} if beside.is_file() else {}
    return ({**row, "source": row["source"] if "source" in row else notes[row["group"]]} for row in lines(file))


def labelled(data: Path, pairs: Sequence[Path] = ()) -> Iterator[tuple[str, str, Row, bool]]:
    """Every set with group, row and whether the response is supported; `pairs` are further files of twins."""
    for file in (data / "reader" / "support.jsonl", *pairs):
        for row in twins(file):
            yield "pairs", row["group"], row, not row["fault"]
    for row in lines(data / "mts_dialog" / "summary_scores.jsonl"):
        yield "mts", row["source"], row, not row["hallucination_rate"]
    for row in lines(data / "expertqa" / "claims.jsonl.gz"):
        if row["has_passage"] and row["label"] in ("supported", "unsupported"):
            source = "\n".join(one["text"] for one in row["evidence"])
            yield "expertqa", row["answer_id"], {**row, "source": source}, row["label"] == "supported"
    for row in lines(data / "clapnq_human" / "responses.jsonl"):
        if not row["refused"]:
            yield "clapnq", row["task_id"], row, row["label"] == "supported"
    for row in lines(data / "kqa" / "nli.jsonl"):
        yield "kqa", row["question"], row, row["label"] == "Entailment"
    for row in lines(data / "scifact" / "evidence.jsonl.gz"):
        if row["label"] in ("SUPPORT", "CONTRADICT"):
            yield "scifact", row["doc_id"], row, row["label"] == "SUPPORT"
