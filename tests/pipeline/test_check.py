"""A text that somebody else wrote is held against the documents, statement by statement."""

import pytest

from rag.errors import SettingProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.check import LONGEST_TEXT, MOST_STATEMENTS, check
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.values import Document, Filter

NOTES = (
    Document(
        "ward.txt",
        "Bisoprolol 2.5 mg once daily was begun for fast atrial fibrillation.\n\nThe left knee is swollen.",
        patient="P-1",
    ),
    Document("plan.txt", "Ramipril was stopped because of a cough.\n\nPotassium was 4.9 mmol/L on Monday.", patient="P-1"),
    Document("other.txt", "Bisoprolol 10 mg once daily was begun for fast atrial fibrillation.", patient="P-2"),
)
PIPELINE = Pipeline(embed=Hashing())
TEXT = (
    "P-1 takes bisoprolol 2.5 mg once daily. Because of a cough, ramipril was stopped. The right knee is swollen. She keeps bees."
)


@pytest.fixture(scope="module")
def index() -> Index:
    return PIPELINE.prepare(NOTES, Artifacts())


def test_every_statement_has_its_place_its_verdict_and_the_passages_of_it(index: Index) -> None:
    found = check(TEXT, PIPELINE, index)
    assert [TEXT[start:end] for start, end in found.places] == [claim.text for claim in found.claims]
    assert [claim.supported for claim in found.claims[:3]] == [True, True, False]
    assert found.claims[1].citations[0].quote == "Ramipril was stopped because of a cough."
    assert found.claims[2].verdict == "contradicted" and 0 <= found.score <= 1
    assert found.claims[3].supported is not True
    for claim in found.claims:
        for one in (*claim.citations, *claim.against):
            assert index.documents[one.span.document].text[one.span.start : one.span.end] == one.quote


def test_the_person_named_once_is_meant_in_every_statement(index: Index) -> None:
    found = check("P-1 was seen. Bisoprolol 2.5 mg once daily was begun for fast atrial fibrillation.", PIPELINE, index)
    assert found.claims[-1].supported and not found.claims[-1].against


def test_a_filter_narrows_what_is_looked_at(index: Index) -> None:
    found = check("Ramipril was stopped because of a cough.", PIPELINE, index, Filter(documents=("ward.txt",)))
    assert found.claims[0].supported is not True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n", "no statement"),
        ("...", "no statement"),
        ("x" * (LONGEST_TEXT + 1), f"at most {LONGEST_TEXT:,}"),
        ("A knee hurts. " * (MOST_STATEMENTS + 1), f"at most {MOST_STATEMENTS}"),
        ("half \ud800", "UTF-8"),
    ],
)
def test_a_text_that_cannot_be_checked_is_refused_without_being_quoted(index: Index, text: str, says: str) -> None:
    with pytest.raises(SettingProblem, match=says) as problem:
        check(text, PIPELINE, index)
    assert "knee" not in str(problem.value)
