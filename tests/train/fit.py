"""Fits the reader: MiniLM-L6 becomes a cross-encoder that scores every sentence of a passage at once. Needs torch.

usage: python -m tests.train.fit OUT.safetensors --train ROWS.jsonl… --held ROWS.jsonl… [--epochs 2] [--rate 1e-4]
The rows are what `tests.train.prepare` writes. The word embeddings stay MiniLM's; what is trained is written in half precision.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from rag.stages.embed.minilm import weights
from rag.stages.reader.windows import Window, windows
from tests.train.export import trainable

HEADS, LAYERS, HIDDEN, INNER = 12, 6, 384, 1536
EVIDENCE_SHARE = 0.5
TAKEN_AWAY = 0.12
"""How often the passages that answer are left out, so that the question has no answer in what is read."""
STRIDE = 64
"""Windows are padded to multiples of so many tokens."""
Row = dict[str, Any]


class Dropout(nn.Module):
    """Dropout whose noise is drawn once and read from another place each time: drawing it anew costs a tenth of a step."""

    noise: torch.Tensor | None = None

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.rate:
            return x
        if Dropout.noise is None or Dropout.noise.numel() < 2 * x.numel():
            Dropout.noise = (torch.rand(4 * x.numel() + 4_000_000) >= self.rate).to(torch.bfloat16) / (1 - self.rate)
        first = random.randrange(Dropout.noise.numel() - x.numel())
        return x * Dropout.noise[first : first + x.numel()].view(x.shape).to(x.dtype)


@dataclass
class Part:
    """A run of windows of like length: its tokens `start` to `end` among all, and where each stands in the padded rows."""

    start: int
    end: int
    mask: torch.Tensor
    at: torch.Tensor
    bias: torch.Tensor


def parts_of(mask: torch.Tensor) -> list[Part]:
    """The windows in runs that are padded together; they stand in order of length."""
    lengths = mask.sum(1).tolist()
    parts, row, start = list[Part](), 0, 0
    while row < len(lengths):
        room = -(-lengths[row] // STRIDE) * STRIDE
        stop = next((at for at in range(row, len(lengths)) if lengths[at] > room), len(lengths))
        own = mask[row:stop, : min(room, mask.shape[1])]
        end = start + sum(lengths[row:stop])
        bias = torch.zeros(own.shape).masked_fill(~own, -1e4)[:, None, None, :]
        parts.append(Part(start, end, own, own.flatten().nonzero()[:, 0], bias))
        row, start = stop, end
    return parts


class Layer(nn.Module):
    """One layer of BERT."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(HIDDEN, 3 * HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.inner, self.outer = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN, 1e-12), nn.LayerNorm(HIDDEN, 1e-12)
        self.drop = Dropout(drop)

    def forward(self, x: torch.Tensor, parts: Sequence[Part]) -> torch.Tensor:
        """`x` holds the tokens of all windows without padding; `parts` are runs of windows of like length."""
        qkv = self.qkv(x)
        seen = torch.cat([self.attended(qkv[part.start : part.end], part) for part in parts])
        x = self.norm1(x + self.drop(self.out(seen)))
        return self.norm2(x + self.drop(self.outer(F.gelu(self.inner(x)))))

    def attended(self, qkv: torch.Tensor, part: Part) -> torch.Tensor:
        """What the tokens of some windows see of each other."""
        rows, length = part.mask.shape
        padded = qkv.new_zeros(rows * length, 3 * HIDDEN).index_copy(0, part.at, qkv)
        q, k, v = padded.view(rows, length, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
        near = torch.matmul(q * (HIDDEN // HEADS) ** -0.5, k.transpose(-1, -2))
        near = torch.softmax(near + part.bias.to(near.dtype), -1)
        return torch.matmul(near, v).transpose(1, 2).reshape(rows * length, HIDDEN)[part.at]


class Reader(nn.Module):
    """Gives every sentence of every window a logit, and every window one."""

    def __init__(self, drop: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, HIDDEN)
        self.words.weight.requires_grad_(False)
        self.positions, self.types = nn.Embedding(512, HIDDEN), nn.Embedding(2, HIDDEN)
        self.norm, self.drop = nn.LayerNorm(HIDDEN, 1e-12), Dropout(drop)
        self.layers = nn.ModuleList(Layer(drop) for _ in range(LAYERS))
        self.hidden, self.answers = nn.Linear(3 * HIDDEN, HIDDEN), nn.Linear(HIDDEN, 1)
        self.holds = nn.Linear(HIDDEN, 1)
        self._begin()

    @classmethod
    def of(cls, start: Path | None, drop: float = 0.1) -> "Reader":
        """MiniLM as it is, or what was trained before, in the trainer's file or as it is shipped."""
        model = cls(drop)
        if start:
            known = load_file(start)
            known = known if "words.weight" in known or "layers.0.qkv.weight" in known else trainable(known)
            tensors = {name: torch.from_numpy(np.array(value)) for name, value in known.items()}
            missing = model.load_state_dict(tensors, strict=False)
            assert set(missing.missing_keys) <= {"words.weight"} and not missing.unexpected_keys
        return model

    def _begin(self) -> None:
        known = {name: torch.from_numpy(np.array(value)) for name, value in weights().items()}
        with torch.no_grad():
            self.words.weight.copy_(known["embeddings.word_embeddings.weight"])
            self.positions.weight.copy_(known["embeddings.position_embeddings.weight"])
            self.types.weight.copy_(known["embeddings.token_type_embeddings.weight"])
            pairs = [(self.norm, "embeddings.LayerNorm")]
            for at, layer in enumerate(self.layers):
                name = f"encoder.layer.{at}"
                parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
                layer.qkv.weight.copy_(torch.cat([known[f"{part}.weight"] for part in parts]))
                layer.qkv.bias.copy_(torch.cat([known[f"{part}.bias"] for part in parts]))
                pairs += [(layer.out, f"{name}.attention.output.dense"), (layer.norm1, f"{name}.attention.output.LayerNorm")]
                pairs += [(layer.inner, f"{name}.intermediate.dense"), (layer.outer, f"{name}.output.dense")]
                pairs += [(layer.norm2, f"{name}.output.LayerNorm")]
            for module, name in pairs:
                module.weight.copy_(known[f"{name}.weight"])
                module.bias.copy_(known[f"{name}.bias"])

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor, pool: torch.Tensor) -> Any:
        """`pool` (windows, sentences, length) holds one over a sentence's length at its tokens. Two tensors of logits."""
        at = mask.flatten().nonzero()[:, 0]
        places = torch.arange(ids.shape[1]).expand(ids.shape).flatten()[at]
        x = self.words(ids.flatten()[at]) + self.positions(places) + self.types(types.flatten()[at])
        x = self.drop(self.norm(x))
        parts = parts_of(mask)
        for layer in self.layers:
            x = layer(x, parts)
        x = x.new_zeros(mask.numel(), HIDDEN).float().index_copy(0, at, x.float()).view(*mask.shape, HIDDEN)
        mean = pool @ x
        mark = (pool > 0).float().argmax(2)
        first = torch.gather(x, 1, mark[..., None].expand(-1, -1, HIDDEN))
        whole = x[:, :1].expand(-1, mean.shape[1], -1)
        sentence = self.answers(self.drop(torch.tanh(self.hidden(torch.cat([mean, first, whole], -1)))))
        return sentence[..., 0], self.holds(x[:, 0])[..., 0]


def batch(group: Sequence[Window]) -> tuple[torch.Tensor, ...]:
    """Windows, which stand in order of length, as padded tensors: ids, types, mask, pool."""
    length, most = max(len(one.ids) for one in group), max(len(one.places) for one in group)
    ids, types = torch.zeros(len(group), length, dtype=torch.long), torch.zeros(len(group), length, dtype=torch.long)
    mask, pool = torch.zeros(len(group), length, dtype=torch.bool), torch.zeros(len(group), most, length)
    for row, one in enumerate(group):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        types[row, one.asked : len(one.ids)] = 1
        mask[row, : len(one.ids)] = True
        for at, (start, end) in enumerate(one.places):
            pool[row, at, start:end] = 1 / (end - start)
    return ids, types, mask, pool


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
    held = F.binary_cross_entropy_with_logits(whole, torch.tensor(holds), reduction="sum")
    return (total + 0.3 * held) / len(by)


@torch.no_grad()
def scored(model: Reader, rows: Sequence[Row], most: int = 8) -> list[list[tuple[float, int, int]]]:
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


def auroc(yes: Sequence[float], no: Sequence[float]) -> float:
    """How often an answerable question's best logit is above an unanswerable one's."""
    if not yes or not no:
        return math.nan
    a, b = np.array(yes)[:, None], np.array(no)[None]
    return float((a > b).mean() + 0.5 * (a == b).mean())


def report(name: str, rows: Sequence[Row], found: Sequence[list[tuple[float, int, int]]]) -> float:
    """Prints what the reader reaches, and returns the share right at the best threshold."""
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
    return top


def main() -> None:
    """Trains and writes the weights after every epoch in which they became better."""
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
    torch.set_flush_denormal(True)
    torch.manual_seed(a.seed)
    random.seed(a.seed)
    files = [[json.loads(line) for line in path.open()] for path in a.train]
    files = [[row for row in rows if usable(row)] for rows in files]
    shares = a.share or [1.0] * len(files)
    held = [
        (path.stem, random.Random(5).sample(rows, min(a.most, len(rows))))
        for path in a.held
        if (rows := [json.loads(x) for x in path.open()])
    ]
    model = Reader.of(a.start, a.drop)
    trained = [value for value in model.parameters() if value.requires_grad]
    head = {id(value) for part in (model.hidden, model.answers, model.holds) for value in part.parameters()}
    groups = [
        {"params": [value for value in trained if id(value) not in head], "lr": a.rate},
        {"params": [value for value in trained if id(value) in head], "lr": 5 * a.rate},
    ]
    rates = [group["lr"] for group in groups]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, foreach=True)
    epoch_size = sum(int(share * len(rows)) for share, rows in zip(shares, files, strict=True)) // a.questions
    steps, step, started, running, best = int(a.epochs * epoch_size), 0, time.time(), 0.0, 0.0
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
            now = min(1.0, (step + 1) / (0.06 * steps)) * max(0.0, 1 - step / steps)
            for part, rate in zip(optimizer.param_groups, rates, strict=True):
                part["lr"] = rate * now
            with torch.autocast("cpu", torch.bfloat16):
                sentence, whole = model(*batch([one for *_, one in group]))
            loss = loss_of(sentence, whole, [one[:2] for one in group])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            step, running = step + 1, running + loss.item()
            if step % 50 == 0:
                print(f"step {step} loss {running / 50:.3f} {time.time() - started:.0f} s", flush=True)
                running = 0.0
            if step % max(1, epoch_size // 2) == 0 or step == steps:
                tops = [report(name, part, scored(model, part)) for name, part in held]
                if not tops or sum(tops) > best:
                    best = sum(tops)
                    kept = {name: value.half() for name, value in model.state_dict().items() if name != "words.weight"}
                    save_file(kept, a.out)
                    print("  kept", flush=True)
            if step == steps:
                break


def usable(row: Row) -> bool:
    """Whether there is something to learn: an unanswerable question, or one with its answer among the passages."""
    labels = [sentence[3] for passage in row["windows"] for sentence in passage["sentences"]]
    return bool(labels) and (row["unanswerable"] or 0 < sum(label == 1 for label in labels) <= 8 or 2 in labels)


if __name__ == "__main__":
    main()
