"""Test cases made of answers: a question with the evidence that a person chose, as a line of a question set."""

import json
from collections.abc import Mapping, Sequence

from rag.errors import SettingProblem
from rag.evaluate.questions import read_cases
from rag.stage import fingerprint
from rag.values import Document, Span

KIND, NAME = "questions", "From answers"
"""Under which kind and name the set is kept in a workspace."""


def with_case(text: str, question: str, answer: str, evidence: Sequence[Span], documents: Mapping[str, Document]) -> str:
    """The question set (JSON lines) with this case at its end; one with the same question makes way for it.

    No evidence means that the documents hold no answer. Raises SettingProblem for a question without text, and for evidence
    that does not stand in the documents.
    """
    if not question.strip():
        raise SettingProblem("The test case has no question. Write one.")
    for span in evidence:
        document = documents.get(span.document)
        if document is None or not 0 <= span.start < span.end <= len(document.text):
            raise SettingProblem(f"{span.document}: the evidence does not stand in a document of the workspace. Choose it again.")
    golds = [
        {"document": one.document, "start": one.start, "end": one.end, "quote": documents[one.document].text[one.start : one.end]}
        for one in evidence
    ]
    row = {
        "id": fingerprint("made", question.strip())[:12],
        "question": question.strip(),
        "answer": answer.strip() if golds else "",
        "evidence": golds,
        "tags": [] if golds else ["unanswerable"],
    }
    kept = [line for line in text.split("\n") if line.strip() and json.loads(line)["id"] != row["id"]]
    found = "\n".join([*kept, json.dumps(row, ensure_ascii=False)]) + "\n"
    read_cases(found)
    return found


def cases_in(text: str) -> int:
    """How many cases a question set holds."""
    return sum(bool(line.strip()) for line in text.split("\n"))
