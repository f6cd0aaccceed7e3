"""Fits the reader: MiniLM-L6 becomes a cross-encoder that scores every sentence of a passage at once. Needs torch.

usage: python -m tests.train.fit OUT.safetensors --train ROWS.jsonl… --held ROWS.jsonl… [--epochs 2] [--rate 1e-4]
The rows are what `tests.train.prepare` writes. The word embeddings stay MiniLM's; what is trained is written in half precision.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from rag.stages.reader.windows import Window, windows
from tests.train.encoder import CrossEncoder, Steps, batch, begun
from tests.train.logistic import auroc

EVIDENCE_SHARE = 0.5
TAKEN_AWAY = 0.12
"""How often the passages that answer are left out, so that the question has no answer in what is read."""
Row = dict[str, Any]


def read(row: Row, chosen: Sequence[Row]) -> list[tuple[Window, list[int], Row]]:
    """The windows of some of a question's passages, each with its sentences' labels and its passage."""
    found = []
    for passage in chosen:
        sentences = passage["sentences"]
        for one in windows(row["question"], passage["header"], [sentence[2] for sentence in sentences]):
            found.append((one, [sentences[one.first + at][3] for at in range(len(one.places))], passage))
    return found


def drawn(row: Row, most: int) -> list[Row]:
    """Passages to learn from: those that answer, near misses, the first found, and some of the rest."""
    labels = [{sentence[3] for sentence in passage["sentences"]} for passage in row["windows"]]
    right = [at for at, found in enumerate(labels) if found & {1, 2}]
    near = [at for at, found in enumerate(labels) if -1 in found and at not in right]
    rest = [at for at in range(len(labels)) if at not in right and at not in near]
    random.shuffle(right)
    random.shuffle(near)
    heat = [passage.get("heat", -100.0 - passage["rank"]) for passage in row["windows"]]
    rest.sort(key=lambda at: -heat[at])
    hard, far = rest[:4], rest[4:]
    random.shuffle(hard)
    random.shuffle(far)
    if near + rest and random.random() < TAKEN_AWAY:
        right = []
    chosen = [*right[: 1 + (random.random() < 0.3)], *near[: 1 if right else 2]]
    while len(chosen) < most and (hard or far):
        chosen.append((hard or far).pop() if random.random() < 0.7 or not far else far.pop())
    return [row["windows"][at] for at in chosen]


def loss_of(sentence: torch.Tensor, whole: torch.Tensor, group: list[tuple[int, list[int]]]) -> torch.Tensor:
    """How wrong the logits are: each sentence alone, each window alone, and a question's sentences against "none of these"."""
    total = sentence.new_zeros(())
    by: dict[int, list[tuple[torch.Tensor, list[int]]]] = {}
    holds = []
    for at, (question, labels) in enumerate(group):
        by.setdefault(question, []).append((sentence[at, : len(labels)], labels))
        holds.append(float(any(label > 0 for label in labels)))
    for parts in by.values():
        logits = torch.cat([part for part, _ in parts])
        label = torch.tensor([one for _, labels in parts for one in labels])
        every = torch.cat([logits.new_zeros(1), logits])
        right = torch.cat([torch.tensor([not bool((label > 0).any())]), label > 0])
        total = total + torch.logsumexp(every, 0) - torch.logsumexp(every[right], 0)
        known = label < 2
        if bool(known.any()):
            each = F.binary_cross_entropy_with_logits(logits[known], (label[known] == 1).float(), reduction="none")
            weight = torch.where(label[known] == -1, 2.0, 1.0) * torch.where(label[known] == 1, 3.0, 1.0)
            total = total + EVIDENCE_SHARE * (each * weight).sum() / max(1.0, float((label[known] == 1).sum()) + 1)
    held = F.binary_cross_entropy_with_logits(whole[:, 0], torch.tensor(holds), reduction="sum")
    return (total + 0.3 * held) / len(by)


@torch.no_grad()
def scored(model: CrossEncoder, rows: Sequence[Row], most: int = 8) -> list[list[tuple[float, int, int]]]:
    """For each question (logit, label, rank) of every sentence of its first passages."""
    model.eval()
    results = []
    for row in rows:
        found = sorted(read(row, row["windows"][:most]), key=lambda one: len(one[0].ids))
        seen: dict[tuple[str, int], tuple[float, int, int]] = {}
        if found:
            with torch.autocast("cpu", torch.bfloat16):
                logits, _ = model(*batch([one for one, *_ in found]))
        for at, (one, labels, passage) in enumerate(found):
            for number, label in enumerate(labels):
                key = (passage["document"], passage["sentences"][one.first + number][0])
                seen[key] = max(seen.get(key, (-99.0, 0, 0)), (float(logits[at, number]), label, -passage["rank"]))
        results.append(list(seen.values()))
    return results


def report(name: str, rows: Sequence[Row], found: Sequence[list[tuple[float, int, int]]]) -> None:
    """Prints what the reader reaches."""
    best = [max(one, default=(-99.0, 0, 0)) for one in found]
    known = [any(label > 0 for _, label, _ in one) for one in found]
    yes = [at for at, row in enumerate(rows) if not row["unanswerable"]]
    no = [at for at, row in enumerate(rows) if row["unanswerable"]]
    first = sum(best[at][1] > 0 for at in yes) / max(1, len(yes))
    three = sum(any(label > 0 for _, label, _ in sorted(found[at], reverse=True)[:3]) for at in yes) / max(1, len(yes))
    area = auroc([best[at][0] for at in yes], [best[at][0] for at in no])

    def right(line: float) -> float:
        hit = sum(best[at][1] > 0 and best[at][0] >= line for at in yes) + sum(best[at][0] < line for at in no)
        return hit / len(rows)

    top, line = max((right(line / 4), line / 4) for line in range(-24, 25))
    held = sum(known[at] for at in yes) / max(1, len(yes))
    print(
        f"  {name}: first {first:.3f} three {three:.3f} of {len(yes)} (held {held:.3f}); "
        f"AUROC {area:.3f}; right at 0 {right(0):.3f}, best {top:.3f} at {line:+.2f}",
        flush=True,
    )


def main() -> None:
    """Trains, and writes the weights after every half epoch with the step in the name; which to ship, more questions tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", nargs="+", type=Path, required=True)
    parser.add_argument("--held", nargs="*", type=Path, default=[])
    parser.add_argument("--share", nargs="*", type=float, default=[], help="share of each training file used in an epoch")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--drop", type=float, default=0.1)
    parser.add_argument("--passages", type=int, default=5)
    parser.add_argument("--questions", type=int, default=4)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=300, help="questions of each held file that are scored")
    a = parser.parse_args()
    begun(a.seed)
    files = [[json.loads(line) for line in path.open()] for path in a.train]
    files = [[row for row in rows if usable(row)] for rows in files]
    shares = a.share or [1.0] * len(files)
    held = [
        (path.stem, random.Random(5).sample(rows, min(a.most, len(rows))))
        for path in a.held
        if (rows := [json.loads(x) for x in path.open()])
    ]
    model = CrossEncoder.of(a.start, a.drop)
    learn = Steps(model, a.rate)
    epoch_size = sum(int(share * len(rows)) for share, rows in zip(shares, files, strict=True)) // a.questions
    steps, step, started, running = int(a.epochs * epoch_size), 0, time.time(), 0.0
    print(f"{[len(rows) for rows in files]} questions, {steps} steps", flush=True)
    while step < steps:
        rows = [row for share, part in zip(shares, files, strict=True) for row in random.sample(part, int(share * len(part)))]
        random.shuffle(rows)
        for first in range(0, len(rows) - a.questions + 1, a.questions):
            model.train()
            group: list[tuple[int, list[int], Window]] = []
            for question, row in enumerate(rows[first : first + a.questions]):
                group += [(question, labels, window) for window, labels, _ in read(row, drawn(row, a.passages))]
            group.sort(key=lambda one: len(one[2].ids))
            with torch.autocast("cpu", torch.bfloat16):
                sentence, whole = model(*batch([one for *_, one in group]))
            loss = loss_of(sentence, whole, [one[:2] for one in group])
            learn(loss, step / steps)
            step, running = step + 1, running + loss.item()
            if step % 50 == 0:
                print(f"step {step} loss {running / 50:.3f} {time.time() - started:.0f} s", flush=True)
                running = 0.0
            if step % max(1, epoch_size // 2) == 0 or step == steps:
                for name, part in held:
                    report(name, part, scored(model, part))
                model.kept(a.out.with_stem(f"{a.out.stem}-{step}"))
            if step == steps:
                break


def usable(row: Row) -> bool:
    """Whether there is something to learn: an unanswerable question, or one with its answer among the passages."""
    labels = [sentence[3] for passage in row["windows"] for sentence in passage["sentences"]]
    return bool(labels) and (row["unanswerable"] or 0 < sum(label == 1 for label in labels) <= 8 or 2 in labels)


if __name__ == "__main__":
    main()
