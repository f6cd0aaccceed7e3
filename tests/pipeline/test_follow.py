"""Follow-up questions: what each is asked as, what is left as it is, what a model may put, and the file that keeps them."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from rag.errors import FileProblem, ModelProblem, SettingProblem
from rag.pipeline import Pipeline
from rag.pipeline.follow import Rewriting, Turn, put, read_conversation, turn_of, write_conversation
from rag.pipeline.follow.file import LARGEST, MOST
from rag.pipeline.follow.model import rewritten_by
from rag.pipeline.follow.rewriting import rewritten
from rag.pipeline.follow.things import cased, things
from rag.rules import rules
from rag.stages.answer.chat import Chat
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.values import Answer, Citation, Claim, Prompt, Scope, Span, Usage
from tests.follow_documents import index_of_five

PAIRS = [json.loads(line) for line in Path(__file__).with_name("follow_pairs.jsonl").read_text("utf-8").splitlines()]
RULES = rules("follow")
EXAMPLES = [
    (f"{part}-{at}", rule["example"])
    for part in ("same", "open", "home", "identity", "predicates", "pleonastic", "of_patient", "generic", "wanting")
    for at, rule in enumerate(RULES[part])
]
NAMES = [(part, name) for part in ("labs", "findings", "conditions", "studies", "drugs") for name in RULES[part]]
TORSEMIDE = "Which dose of torsemide did P-0412 go home on?"


@pytest.fixture(scope="module")
def five() -> Index:
    return index_of_five()


def turn(question: str, statement: str = "", *patients: str, document: str = "") -> Turn:
    citations = (Citation(Span(document, 0, 5), "", None, 1),) if document else ()
    return Turn(question, question, "answered", statement, patients, citations)


def before() -> list[Turn]:
    return [turn(TORSEMIDE, "Torsemide 40 mg by mouth daily.", "P-0412")]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["id"])
def test_a_follow_up_is_asked_as_a_reader_would_put_it_or_left_as_it_is(pair: dict[str, Any], five: Index) -> None:
    turns = [turn(one["question"], one["statement"], *one["patients"]) for one in pair["earlier"]]
    found = rewritten(pair["follow"], turns, five)
    assert found.question.lower() == pair["expected"].lower()
    assert (found.how == "rules") == (pair["expected"] != pair["follow"])
    assert found.how != "unsure" or found.notes


def test_most_pairs_were_written_before_the_rules_and_many_are_left_alone() -> None:
    assert len(PAIRS) > 150
    assert sum(pair["follow"] == pair["expected"] for pair in PAIRS) > 40


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_of_a_rule_is_asked_as_it_says(name: str, example: list[str], five: Index) -> None:
    question, follow, expected, statement = [*example, ""][:4]
    patients = [one for one in ("P-0412", "P-0268", "P-0733", "P-0887", "P-0591") if one in question]
    assert rewritten(follow, [turn(question, statement, *patients)], five).question == expected


@pytest.mark.parametrize(("part", "name"), NAMES, ids=[name for _, name in NAMES])
def test_every_name_is_found_as_what_it_is(part: str, name: str) -> None:
    kind = {"labs": "lab", "findings": "finding", "conditions": "condition", "studies": "study", "drugs": "drug"}[part]
    assert [(one.written, one.kind) for one in things(f"What about the {name} there?")] == [(name, kind)]


@pytest.mark.parametrize("rule", RULES["drug_endings"], ids=lambda rule: str(rule["ending"]))
def test_a_drug_that_is_on_no_list_is_known_by_its_ending(rule: dict[str, str]) -> None:
    assert [one.kind for one in things(f"Is {rule['example']} taken?")] == ["drug"]


def test_a_generic_name_is_written_small_within_a_sentence_and_a_brand_is_not() -> None:
    assert (cased("Torsemide"), cased("Eliquis")) == ("torsemide", "Eliquis")


def test_a_question_without_one_before_it_and_a_long_one_are_left_as_they_are(five: Index) -> None:
    assert rewritten("and carvedilol?", [], five) == Rewriting("and carvedilol?")
    assert rewritten("why? " * 100, before(), five).how == "alone"


def test_what_was_taken_from_where_is_said(five: Index) -> None:
    found = rewritten("and carvedilol?", before(), five)
    assert found.told == f"Asked as: {found.question} (carvedilol instead of torsemide)"
    assert rewritten("and then?", before(), five).told.startswith("Asked as typed: ")
    assert rewritten("Was P-0887 transfused?", before(), five).told == ""


def test_another_sex_than_the_documents_tell_is_said(five: Index) -> None:
    found = rewritten("what about her potassium?", before(), five)
    assert "as of a man" in found.told
    assert "as of" not in rewritten("what about his potassium?", before(), five).told


def test_a_statement_whose_document_has_gone_is_not_leant_on(five: Index) -> None:
    asked = "Which water pill did P-0412 go home on?"
    here = turn(asked, "Torsemide 40 mg.", "P-0412", document="note_P-0412.txt")
    gone = turn(asked, "Torsemide 40 mg.", "P-0412", document="gone.txt")
    assert rewritten("Is it covered?", [here], five).question == "Is torsemide covered?"
    assert rewritten("Is it covered?", [gone], five).question != "Is torsemide covered?"


@pytest.mark.parametrize("piece", ["and ", "the ", "which ", "her ", "it ", "P-0412 ", "torsemide ", "?", "in March ", "x"])
def test_no_rule_takes_long_whatever_is_typed(piece: str, five: Index) -> None:
    long = (piece * 2000)[:4000]
    started = time.perf_counter()
    rewritten("and carvedilol?", [turn(long, long, "P-0412")], five)
    rewritten(long[:399], before(), five)
    rewritten(long, before(), five)
    assert time.perf_counter() - started < 5


def test_an_answer_becomes_a_turn_with_its_first_statement() -> None:
    cited = Citation(Span("a.txt", 0, 9), "Torsemide", None, 1)
    claims = (Claim("Beside.", (), role="also"), Claim("Torsemide", (cited,), label="Drugs"))
    answer = Answer("q?", "", "answered", 1.0, "", claims, (), Prompt("q?", (), (), 0), scope=Scope(patients=("P-0412",)))
    assert turn_of(answer, "typed?") == Turn("typed?", "q?", "answered", "Drugs — Torsemide", ("P-0412",), (cited,))


def says(monkeypatch: pytest.MonkeyPatch, text: str) -> list[Any]:
    """Every chat model says this; what it was sent is in the list."""
    sent: list[Any] = []

    def complete(self: ChatModel, messages: Any, schema: Any = None) -> tuple[str, Usage]:
        sent.append(messages)
        return text, Usage(1, 10, 5)

    monkeypatch.setattr(ChatModel, "complete", complete)
    return sent


def test_a_model_is_shown_the_conversation_and_its_question_is_taken(five: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = says(monkeypatch, "Which dose of carvedilol did P-0412 go home on?")
    found = put("and carvedilol?", before(), five, Pipeline(answer=Chat(model="m")), "model")
    assert (found.question, found.how, found.usage.calls) == ("Which dose of carvedilol did P-0412 go home on?", "model", 1)
    (messages,) = sent
    assert "Torsemide 40 mg by mouth daily." in messages[1].content and "Patient: P-0412" in messages[1].content


@pytest.mark.parametrize("text", ["Which dose did P-0268 go home on?", "Is torsemide 80 mg right?", "", "```\n```"])
def test_what_a_model_invents_is_not_taken(text: str, five: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, text)
    found = rewritten_by(Chat(model="m"), "and carvedilol?", before(), five)
    assert (found.question, found.how) == ("and carvedilol?", "unsure") and found.notes


def test_a_model_that_repeats_the_question_left_it_alone(five: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, "and carvedilol")
    assert rewritten_by(Chat(model="m"), "and carvedilol?", before(), five).how == "alone"


def test_a_model_elsewhere_is_asked_only_where_its_host_is_allowed(five: Index) -> None:
    elsewhere = Chat(model="m", base_url="https://api.example.com/v1")
    with pytest.raises(ModelProblem, match=r"api\.example\.com"):
        rewritten_by(elsewhere, "and carvedilol?", before(), five)


def test_a_model_is_wanted_where_none_answers(five: Index) -> None:
    with pytest.raises(SettingProblem, match="the answerer is quote"):
        put("and carvedilol?", before(), five, Pipeline(), "model")
    assert put("and carvedilol?", before(), five, Pipeline(), "never") == Rewriting("and carvedilol?")


def test_a_conversation_is_written_whole_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    assert read_conversation(file) == ()
    turns = (turn(TORSEMIDE, "Torsemide — 40 mg é", "P-0412", document="note.txt"), turn("why?"))
    write_conversation(file, turns)
    assert read_conversation(file) == turns
    assert file.stat().st_mode & 0o077 == 0 and [one.name for one in tmp_path.iterdir()] == ["talk.json"]
    write_conversation(file, turns * MOST)
    assert len(read_conversation(file)) == MOST


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "talk.json"
    write_conversation(file, [turn(TORSEMIDE)])

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileProblem, match="No space left"):
        write_conversation(file, [turn("why?")])
    assert read_conversation(file) == (turn(TORSEMIDE),)
    assert [one.name for one in tmp_path.iterdir()] == ["talk.json"]
    with pytest.raises(FileProblem, match="cannot be written"):
        write_conversation(tmp_path / "no" / "talk.json", [])


KEPT = {"question": "q?", "asked": "q?", "outcome": "answered", "statement": "", "patients": [], "citations": []}


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("", "not JSON"),
        (b"\x80\x04K\x01.", "not UTF-8"),
        ("[]", "no conversation"),
        ('{"turns": []}', "conversation"),
        ('{"conversation": 2, "turns": []}', "conversation"),
        ({"conversation": 1, "turns": [{**KEPT, "secret": 1}]}, "turns.0.secret"),
        ({"conversation": 1, "turns": [{**KEPT, "outcome": "maybe"}]}, "turns.0.outcome"),
        ({"conversation": 1, "turns": [{**KEPT, "question": ""}]}, "turns.0.question"),
        ({"conversation": 1, "turns": [{**KEPT, "patients": "P-0412"}]}, "turns.0.patients"),
        ({"conversation": 1, "turns": [KEPT] * (MOST + 1)}, "turns"),
    ],
)
def test_what_is_no_conversation_is_named_and_left_as_it_is(body: Any, part: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    file.write_bytes(data)
    with pytest.raises(FileProblem, match=part):
        read_conversation(file)
    assert file.read_bytes() == data


def test_a_huge_file_and_a_folder_are_no_conversation(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    with file.open("wb") as out:
        out.truncate(LARGEST + 1)
    for place in (file, tmp_path):
        with pytest.raises(FileProblem):
            read_conversation(place)
