"""Faults that are planted by script: twins differ, the wrong words stand where they are said to, and draws repeat."""

import random
from pathlib import Path

from tests.train.faults import made, passages

TEXTS = [(path.name, path.read_text("utf-8")) for path in sorted(Path("sample_data").glob("*_P-0*.txt"))[:4]]


def test_twins_differ_in_the_words_that_are_named_and_share_their_source() -> None:
    rows = list(made(TEXTS, 60, random.Random(3)))
    assert len(rows) >= 60 and len({row["kind"] for row in rows}) > 6
    for right, wrong in zip(rows[::2], rows[1::2], strict=True):
        assert (right["fault"], wrong["fault"]) == (False, True) and right["pair"] == wrong["pair"]
        assert right["source"] == wrong["source"] and right["response"].lower() != wrong["response"].lower()
        assert wrong["span"] is None or wrong["span"].lower() in wrong["response"].lower()
    assert rows == list(made(TEXTS, 60, random.Random(3)))


def test_passages_hold_a_text_in_order_without_overlap() -> None:
    for _, text in TEXTS:
        at = 0
        for passage in passages(text, random.Random(5)):
            at = text.index(passage, at) + len(passage)
