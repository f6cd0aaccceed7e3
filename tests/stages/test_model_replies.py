"""What chat models send is read however they send it: thoughts left out, JSON found, lists without their bullets."""

from collections.abc import Callable
from typing import Any

import pytest

from rag.rules import rules
from rag.stages.models.lenient import DEEPEST, lenient
from rag.stages.models.reply import json_in, jsons_in, spoken, texts_in
from rag.stages.models.thoughts import Hearing
from tests.spent import is_linear

THOUGHTS = rules("thoughts")
LONG = 60_000


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("Plain.", "Plain."),
        ("\n<think>a [1]\nb</think>\n\nPlain.", "Plain."),
        ("<think>never ends", ""),
        ("<thin air>", "<thin air>"),
        ("<think", "<think"),
        ("Not <think>at the start</think>.", "Not ."),
        ("", ""),
    ],
)
def test_thoughts_before_an_answer_are_left_out(sent: str, heard: str, size: int) -> None:
    assert "".join(spoken(sent[at : at + size] for at in range(0, len(sent), size))) == heard


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("example", THOUGHTS["examples"], ids=lambda example: example["sent"][:40])
def test_every_wrapping_of_thoughts_is_heard_as_its_example_says(example: dict[str, str], size: int) -> None:
    sent, hearing = example["sent"], Hearing()
    shown = "".join(hearing.parts(sent[at : at + size] for at in range(0, len(sent), size)))
    assert hearing.text == shown.strip() == example["heard"]


@pytest.mark.parametrize("name", THOUGHTS["names"])
def test_every_name_of_a_tag_opens_and_closes_thoughts(name: str) -> None:
    for begin, end in (("<{}>", "</{}>"), ("<|{}|>", "<|/{}|>"), ("<{}>", "</{}>".upper()), ("◁{}▷", "◁/{}▷")):
        opened, closed = begin.format(name), end.format(name)
        for sent in (f"{opened}Perhaps [1].{closed}So [2].", f"Perhaps [1].{closed}So [2].", f"So [2].\n{opened}Perhaps [1]."):
            hearing = Hearing()
            list(hearing.parts(sent))
            assert hearing.text == "So [2].", sent


def test_a_reply_that_begins_like_thoughts_is_held_back_until_it_is_whole_and_no_other() -> None:
    for opening in THOUGHTS["openings"]:
        hearing = Hearing()
        assert hearing.hear(f"{opening} what follows, and more of it ") == ""
        assert hearing.hear("</think>So it is") == "So it is"
    hearing = Hearing()
    assert hearing.hear("Torsemide ") == "Torsemide " and hearing.hear("[") == "" and hearing.hear("1]") == "[1]"


@pytest.mark.parametrize(
    "read",
    [lambda text: list(Hearing().parts([text])), lambda text: list(Hearing().parts(text)), lambda text: _tried(text)],
    ids=["whole", "by signs", "JSON"],
)
@pytest.mark.parametrize(
    "part",
    ["<think>", "</think>", "[", "<details ", "`", "<|channel|>", "\n", "*", "&lt;", '{"a":', '"', '{"a":"b" c ,', "/*", "{'"],
)
def test_no_reply_takes_more_than_linear_time(part: str, read: Callable[[str], Any]) -> None:
    assert is_linear(read, part, LONG)


def _tried(text: str) -> None:
    try:
        jsons_in('{"x": [' + text)
    except ValueError:
        return


def test_json_with_small_faults_is_read() -> None:
    wanted = {"a": 'He said "stop", then left.', "b": [1, 2]}
    for text in (
        '{"a": "He said "stop", then left.", "b": [1, 2]}',
        "{'a': 'He said \"stop\", then left.', 'b': [1, 2,],}",
        '{a: “He said "stop", then left.”, // a comment\n b: [1 2]}',
        '{"a"： "He said \\"stop\\", then left."， "b": [1, 2, ...]',
        '{"a": "He said \\"stop\\", then left." "b": [1, 2]',
        '{"a": "He said \\"stop\\", then left.",, # another\n "b": [1, 2]}}',
    ):
        assert json_in(text) == wanted, text
    assert json_in('{"a": None, "b": True, "c": "x\ny", "d": "\\(z\\)"}') == {"a": None, "b": True, "c": "x\ny", "d": "(z)"}
    assert jsons_in('{"a": 1}\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert json_in('[{"a": 1}, {"a": "cut o', cut=True) == [{"a": 1}, {}]
    with pytest.raises(ValueError, match="Unterminated"):
        json_in('[{"a": 1}, {"a": "cut o')
    with pytest.raises(ValueError, match="nested"):
        lenient("{a:" * (DEEPEST + 2))


def test_json_is_found_among_words_and_what_is_wrong_is_said() -> None:
    for text in (
        '{"a": [1, 2]}',
        'Here:\n```json\n{"a": [1, 2,],}\n```\nBye {',
        'So {"a": [1, 2]} it is',
        '```\n{"a": [1, 2]}```',
    ):
        assert json_in(text) == {"a": [1, 2]}, text
    for text, said in (
        ("no", "holds no JSON"),
        ('{"a": ', "not valid JSON"),
        ("[" * 100_000, "nested"),
        ("[1" + "0" * 9999, "long"),
    ):
        with pytest.raises(ValueError, match=said):
            json_in(text)


def test_texts_are_read_from_lists_however_they_are_written() -> None:
    wanted = ["torsemide dose", "loop diuretic"]
    for text in (
        '["torsemide dose", "Torsemide Dose", "", 3, "loop diuretic"]',
        '{"queries": ["torsemide dose", "loop diuretic"]}',
        "Here they are:\n1. torsemide dose\n2) loop diuretic\n",
        "- “torsemide dose”\n* loop   diuretic\n---",
        "Query 1: torsemide dose\nQuery 2: loop diuretic",
    ):
        assert texts_in(text, 5, 100) == wanted, text
    assert texts_in("a\nb\nc", 2, 100) == ["a", "b"] and texts_in("abc def", 1, 3) == ["abc"] and texts_in("{}", 5, 9) == []
