"""Notes in prepared rows how much each passage looks to the shipped reader as if a wrong sentence of it answered.

usage: python -m tests.train.mine ROWS.jsonl… [--most 8]
Writes into the first passages of every question "heat", the highest logit of their sentences that do not answer;
`tests.train.fit` learns most from the hottest (hard negatives; Xiong et al., 2021).
"""

import argparse
import json
import time
from pathlib import Path

from rag.stages.reader.model import logits
from tests.train.prepare import Row

NONE = -99.0


def heats(row: Row, most: int) -> list[float]:
    """For each of the first passages of a question the highest logit among its sentences that do not answer."""
    passages = row["windows"][:most]
    found = logits(row["question"], [(one["header"], tuple(said[2] for said in one["sentences"])) for one in passages])
    wrong = [
        [logit for logit, said in zip(own, one["sentences"], strict=True) if said[3] <= 0]
        for own, one in zip(found, passages, strict=True)
    ]
    return [round(max(own, default=NONE), 2) for own in wrong]


def main() -> None:
    """Rewrites the files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=8, help="passages of a question that are read")
    a = parser.parse_args()
    for path in a.files:
        started, rows = time.time(), [json.loads(line) for line in path.open(encoding="utf-8")]
        for row in rows:
            for passage, heat in zip(row["windows"], heats(row, a.most), strict=False):
                passage["heat"] = heat
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        print(f"{path.name}: {len(rows)} questions in {time.time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
