"""Notes of ten invented patients in one collection: a question that names one of them gets statements of no other."""

import random

import pytest

from rag.commands.common import documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.refuse.never import Never
from tests.train.notes import folder

PIPELINE = Pipeline(embed=Hashing(), refuse=Never())
WAYS = ["{question} in {patient}?", "{patient}: {question}", "For patient {patient}: {question}?", "{question} ({patient})"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, list[tuple[str, str]]]:
    place = tmp_path_factory.mktemp("mixed")
    found = []
    for number in range(10):
        rows = folder(random.Random(number), f"patient{number}", place)
        patient = next((place / "folders" / f"patient{number}").iterdir()).stem.rsplit("_", 1)[1]
        plain = [row["question"].rstrip("?") for row in rows if "P-" not in row["question"]][:4]
        found += [(way.format(question=question, patient=patient), patient) for way, question in zip(WAYS, plain, strict=True)]
    return PIPELINE.prepare(documents_at([place / "folders"]), Artifacts()), found


def test_a_question_that_names_a_patient_gets_nothing_of_the_others(asked: tuple[Index, list[tuple[str, str]]]) -> None:
    index, questions = asked
    assert len(questions) == 40
    for question, patient in questions:
        answer = PIPELINE.ask(question, index)
        assert answer.claims and answer.scope.patients == (patient,)
        stated = {index.documents[one.span.document].patient for claim in answer.claims for one in claim.citations}
        assert stated == {patient}, question


def test_of_an_id_that_no_note_has_nothing_is_stated(asked: tuple[Index, list[tuple[str, str]]]) -> None:
    index, _ = asked
    answer = Pipeline(embed=Hashing()).ask("Which dose of metoprolol is P-0001 on?", index)
    assert answer.refused and not answer.claims and answer.scope.unknown == ("P-0001",)
