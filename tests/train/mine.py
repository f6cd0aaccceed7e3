"""Notes in prepared rows how much each passage that does not answer looks to a trained reader as if it did. Needs torch.

usage: python -m tests.train.mine WEIGHTS.safetensors ROWS.jsonl…
Writes into every passage "heat", the highest logit of its sentences that do not answer; `tests.train.fit` learns most from the
hottest (hard negatives, Xiong et al., 2021).
"""

import json
import sys
import time
from pathlib import Path

import torch

from tests.train.fit import Reader, Row, batch, read


@torch.no_grad()
def heats(model: Reader, row: Row) -> list[float]:
    """For each passage of a question the highest logit among its sentences that do not answer; -99 where all do."""
    found = sorted(read(row, row["windows"]), key=lambda one: len(one[0].ids))
    heat = {id(passage): -99.0 for passage in row["windows"]}
    if found:
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = model(*batch([one for one, *_ in found]))
        for at, (_, labels, passage) in enumerate(found):
            wrong = [float(logits[at, number]) for number, label in enumerate(labels) if label <= 0]
            heat[id(passage)] = max([heat[id(passage)], *wrong])
    return [round(heat[id(passage)], 2) for passage in row["windows"]]


def main() -> None:
    """Rewrites the files."""
    model = Reader.of(Path(sys.argv[1])).eval()
    torch.set_flush_denormal(True)
    for path in map(Path, sys.argv[2:]):
        started, rows = time.time(), [json.loads(line) for line in path.open()]
        for row in rows:
            for passage, heat in zip(row["windows"], heats(model, row), strict=True):
                passage["heat"] = heat
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        print(f"{path.name}: {len(rows)} questions in {time.time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
