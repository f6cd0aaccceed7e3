"""What chat models send is read however they send it: thoughts left out, JSON found, lists without their bullets."""

import pytest

from rag.models.reply import json_in, spoken, texts_in


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
