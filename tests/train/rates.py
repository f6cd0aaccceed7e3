"""Measures how often the checks are right on planted faults, and writes what the page *evaluate/safety* shows.

usage: python -m tests.train.rates [--each 200] [--seed 7] [FOLDER | FILE.jsonl:FIELD]…
Faults and faithful twins are planted by script (`tests.train.faults`) in the documents named, without that in the samples and in
the folders that nothing was trained on; at most so many pairs of each kind are judged.
"""

import argparse
import json
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag.commands.common import documents_at
from rag.stages.verify.judge import judged
from tests.train.faults import made, texts_of
from tests.train.prepare import HELD

ROOT = Path(__file__).parents[2]
OUT = ROOT / "rag" / "evaluate" / "rates.json"
COMMAND = "python -m tests.train.rates"
MOST = 60_000
Row = dict[str, Any]


def pairs(texts: Sequence[tuple[str, str]], each: int, seed: int) -> dict[str, list[tuple[Row, Row]]]:
    """By kind of fault at most so many pairs of a faithful statement and its faulty twin."""
    rows = list(made(texts, MOST, random.Random(seed)))
    found: dict[str, list[tuple[Row, Row]]] = {}
    for faithful, faulty in zip(rows[::2], rows[1::2], strict=True):
        found.setdefault(faulty["kind"].replace("_", " "), []).append((faithful, faulty))
    draw = random.Random(seed)
    return {kind: draw.sample(own, min(len(own), each)) for kind, own in sorted(found.items())}


def counted(kind: str, own: Sequence[tuple[Row, Row]]) -> Row:
    """How a kind's pairs are judged."""
    faulty = [judged(one["response"], one["source"]).supported for _, one in own]
    faithful = [judged(one["response"], one["source"]).supported for one, _ in own]
    return {
        "kind": kind,
        "n": len(own),
        "caught": faulty.count(False),
        "open": faulty.count(None),
        "missed": faulty.count(True),
        "alarms": faithful.count(False),
    }


def default_texts() -> list[tuple[str, str]]:
    """The samples, and the folders that the reader was not trained on."""
    own = [(one.name, one.text) for one in documents_at([ROOT / "sample_data"]) if one.format != "table"]
    folders = Path(__file__).parent / "folders"
    return own + list(texts_of([str(folders / name) for name in sorted(HELD) if (folders / name).is_dir()]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", nargs="*")
    parser.add_argument("--each", type=int, default=200, help="pairs of a kind")
    parser.add_argument("--seed", type=int, default=7)
    a = parser.parse_args()
    texts = list(texts_of(a.texts)) if a.texts else default_texts()
    kinds = [counted(kind, own) for kind, own in pairs(texts, a.each, a.seed).items()]
    for one in kinds:
        print(f"{one['kind']:20} n {one['n']:4} caught {one['caught'] / one['n']:.3f} missed {one['missed'] / one['n']:.3f} "
              f"false alarms {one['alarms'] / one['n']:.3f}")  # fmt: skip
    told = {"source": "Faults planted by script and their faithful twins, as judged; written by tests/train/rates.py.",
            "date": date.today().isoformat(), "command": COMMAND, "documents": len(texts), "kinds": kinds}  # fmt: skip
    OUT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
