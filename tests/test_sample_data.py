"""The sample documents and their questions hold what their README says."""

import json
from collections import Counter
from pathlib import Path

from rag.documents.load import read
from rag.documents.workspace import sample_files
from rag.places import SAMPLES

CASES = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines() if line.strip()]
KINDS = {"answerable", "unanswerable", "same-topic", "conflicting", "two-documents"}
TEXTS = {document.name: document.text for path in sample_files() for document in read(Path(path))}


def test_there_are_enough_documents_and_questions_of_every_kind() -> None:
    kinds = Counter(case["tags"][1] for case in CASES)
    assert len(TEXTS) >= 18 and len(CASES) >= 60
    assert set(kinds) == KINDS and min(kinds.values()) >= 5
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_every_gold_span_slices_to_its_quotation() -> None:
    for case in CASES:
        for gold in case["evidence"]:
            assert TEXTS[gold["document"]][gold["start"] : gold["end"]] == gold["quote"], case["id"]


def test_only_questions_without_an_answer_lack_evidence() -> None:
    for case in CASES:
        assert bool(case["evidence"]) == (case["tags"][1] not in {"unanswerable", "same-topic"}), case["id"]
