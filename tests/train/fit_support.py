"""Fits the model of support: MiniLM-L6 reads a statement beside its source. Needs torch.

usage: python -m tests.train.fit_support OUT.safetensors DATA_FOLDER [--pairs PAIRS.jsonl…] [--start READER.safetensors]
       [--minutes 30] [--rate 1e-4]
DATA_FOLDER is what `tests.train.support` reads; further pairs are of the form of its reader/support.jsonl (`tests.train.faults`
makes some). The fourth of the groups that `tests.train.support` holds back is not trained on. A statement is supported,
contradicted, or open; its words that are wrong are known where a fault was planted; and of twins the faithful one has to stand
above the faulty one (a listwise loss over the two).
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from rag.stages.reader.windows import Window
from rag.stages.verify.texts import clauses
from rag.stages.verify.windows import WHOLE, spans, window
from rag.stages.verify.words import every_word
from rag.text import sentences
from tests.train.encoder import CrossEncoder, Steps, batch, begun
from tests.train.labelled import Row, is_held, labelled, twins
from tests.train.logistic import auroc

OPEN_FAULTS = ("invented_addition", "absent", "Neutral", "unsupported", "")
"""Faults whose source says nothing about it; all others are contradicted there."""
WORDS, TWINS, KIND, WRONG = 1.0, 1.0, 0.3, 4.0
"""Weights: of the words' loss, of the twins', of open against contradicted, and of a wrong word against a right one."""
SHARES = {"pairs": 2.0, "script": 0.8, "mts": 3.0, "expertqa": 2.0, "clapnq": 2.0, "kqa": 3.0, "scifact": 2.0}
"""How often a row of each set is drawn beside one of the pairs."""


@dataclass
class Case:
    """A response with its source: its set, the pair it belongs to, whether it is supported, and which of its words are wrong."""

    name: str
    pair: str
    row: Row
    supported: bool

    @property
    def open(self) -> bool:
        """Whether, where it is not supported, the source says nothing rather than something else."""
        return str(self.row.get("kind", self.row.get("label", ""))) in OPEN_FAULTS

    @property
    def wrong(self) -> tuple[int, int] | None:
        """Where the words of the planted fault stand."""
        words = (self.row.get("span") or "").strip()
        low = self.row["response"].lower().find(words.lower()) if words and not self.supported else -1
        return (low, low + len(words)) if low >= 0 else None


@dataclass
class Read:
    """A window of a case: its place among the batch's cases, and for each word 1.0 (wrong), 0.0 (right) or -1.0 (unknown)."""

    case: int
    window: Window
    words: list[float]


def read(number: int, case: Case, whole: int = WHOLE) -> Iterator[Read]:
    """The windows of a case, one a statement."""
    response, source = case.row["response"], case.row["source"]
    parts = [source[start:end] for start, end in sentences(source)]
    wrong = case.wrong
    for start, end in clauses(response, tuple(every_word(response))):
        made = window(response[start:end], parts, whole=whole)
        labels = []
        for low, high in spans(response[start:end])[: len(made.places)]:
            hit = wrong is not None and start + low < wrong[1] and wrong[0] < start + high
            labels.append(0.0 if case.supported else -1.0 if wrong is None else float(hit))
        if made.places:
            yield Read(number, made, labels)


def loss_of(places: torch.Tensor, wholes: torch.Tensor, group: Sequence[Read], cases: Sequence[Case]) -> torch.Tensor:
    """How wrong the logits are: each response as a whole, its words, and a faithful twin against the faulty one.

    A response is as well supported as its worst statement: the log-odds of its statements go through a soft minimum.
    """
    wholes = wholes.float()
    supported = wholes[:, 0] - F.softplus(wholes[:, 1])
    total = wholes.new_zeros(())
    by: dict[int, list[int]] = {}
    for at, one in enumerate(group):
        by.setdefault(one.case, []).append(at)
    odds: dict[int, torch.Tensor] = {}
    pairs: dict[str, dict[bool, int]] = {}
    for number, rows in by.items():
        case = cases[number]
        if case.pair:
            pairs.setdefault(case.pair, {})[case.supported] = number
        known = [at for at in rows if 1.0 in group[at].words]
        own = supported[rows]
        odds[number] = -torch.logsumexp(-own, 0)
        if case.supported:
            total = total + F.softplus(-own).sum()
            continue
        if known:  # The statements beside the one with the fault are as in the faithful twin.
            others = [at for at in rows if at not in known]
            total = total + F.softplus(supported[known]).sum() + F.softplus(-supported[others]).sum()
        else:
            total = total + F.softplus(odds[number])
        worst = known[0] if known else rows[int(own.detach().argmin())]
        sign = -1.0 if case.open else 1.0
        total = total + KIND * F.softplus(-sign * wholes[worst, 1])
    for both in pairs.values():
        if len(both) == 2:
            total = total + TWINS * F.softplus(odds[both[False]] - odds[both[True]])
    for at, one in enumerate(group):
        label = torch.tensor(one.words)
        if bool((label >= 0).any()):
            each = F.binary_cross_entropy_with_logits(places[at, : len(label)].float(), label.clamp(min=0), reduction="none")
            weight = torch.where(label == 1, WRONG, 1.0) * (label >= 0)
            total = total + WORDS * (each * weight).sum() / weight.sum()
    return total / len(cases)


def logits(model: CrossEncoder, group: list[Read]) -> tuple[torch.Tensor, torch.Tensor]:
    """The model's logits of windows, which are put in order of length first."""
    group.sort(key=lambda one: len(one.window.ids))
    with torch.autocast("cpu", torch.bfloat16):
        places, wholes = model(*batch([one.window for one in group]))
    return places, wholes


@torch.no_grad()
def scored(model: CrossEncoder, cases: Sequence[Case], size: int = 48) -> list[tuple[float, float]]:
    """For every case its log-odds of support, and the logit of its worst word."""
    model.eval()
    found = []
    for first in range(0, len(cases), size):
        part = cases[first : first + size]
        group = [one for number, case in enumerate(part) for one in read(number, case)]
        places, wholes = logits(model, group)
        support = wholes[:, 0].float() - F.softplus(wholes[:, 1].float())
        own: list[tuple[float, float]] = [(9.0, -9.0)] * len(part)
        for at, one in enumerate(group):
            worst = float(places[at, : len(one.words)].max())
            own[one.case] = min(own[one.case][0], float(support[at])), max(own[one.case][1], worst)
        found += own
    return found


def report(model: CrossEncoder, cases: Sequence[Case]) -> float:
    """Prints for every set what the model alone reaches, and returns the mean AUROC."""
    found = scored(model, cases)
    areas = []
    for name in sorted({case.name for case in cases}):
        own = [(case, score) for case, score in zip(cases, found, strict=True) if case.name == name]
        yes, no = ([score for case, score in own if case.supported is side] for side in (True, False))
        areas.append(auroc([one[0] for one in yes], [one[0] for one in no]))
        words = auroc([-one[1] for one in yes], [-one[1] for one in no])
        told = f"  {name}: n {len(own)} AUROC {areas[-1]:.3f}, of the worst word {words:.3f}"
        pairs: dict[str, dict[bool, tuple[float, float]]] = {}
        for case, score in own:
            pairs.setdefault(case.pair, {})[case.supported] = score
        both = [one for pair, one in pairs.items() if pair and len(one) == 2]
        if both:
            bar = sorted(score[0] for score in yes)[len(yes) // 20]
            right = sum(one[True][0] > one[False][0] for one in both) / len(both)
            caught = sum(score[0] < bar for score in no) / len(no)
            told += f", ranked right {right:.3f} of {len(both)}, caught {caught:.3f} at 0.05 false"
        print(told, flush=True)
    return sum(areas) / len(areas)


def cases_of(data: Path, pairs: Sequence[Path]) -> tuple[list[list[Case]], list[Case]]:
    """What is trained on, in groups that stay together (twins), and what is held back."""
    found = list(labelled(data))
    for path in pairs:
        name = "script" if path.stem.startswith("script") else "pairs"
        for row in twins(path):
            found.append((name, row["group"], {**row, "pair": f"{path} {row['pair']}"}, not row["fault"]))
    groups: dict[str, list[Case]] = {}
    held = []
    for number, (name, group, row, supported) in enumerate(found):
        pair = row.get("pair", "")
        case = Case(name, pair, row, supported)
        if is_held(str(group)):
            held += [case] if name != "script" else []
        else:
            groups.setdefault(f"{name} {pair or number}", []).append(case)
    return list(groups.values()), held


def drawn(groups: Sequence[list[Case]], size: int) -> Iterator[list[Case]]:
    """Batches of `size` responses without end; twins come together."""
    while True:
        every = [one for one in groups for _ in range(_times(SHARES[one[0].name]))]
        random.shuffle(every)
        part: list[Case] = []
        for one in every:
            part += one
            if len(part) >= size:
                yield part
                part = []


def _times(share: float) -> int:
    return int(share) + (random.random() < share % 1)


def main() -> None:
    """Trains for so many minutes, and writes the weights at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", nargs="*", type=Path, default=[])
    parser.add_argument("--start", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--drop", type=float, default=0.1)
    parser.add_argument("--size", type=int, default=32, help="responses in a step")
    parser.add_argument("--most", type=int, default=2000, help="held responses that are scored")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    begun(a.seed)
    groups, held = cases_of(a.data, a.pairs)
    few = random.Random(5).sample(held, min(a.most, len(held)))
    model = CrossEncoder.of(a.start, a.drop, wholes=2)
    learn = Steps(model, a.rate)
    started, step, running, told = time.time(), 0, 0.0, 0
    print(f"{len(groups)} groups to train on, {len(held)} responses held back", flush=True)
    for cases in drawn(groups, a.size):
        done = (time.time() - started) / (60 * a.minutes)
        if done >= 1:
            break
        model.train()
        group = [one for number, case in enumerate(cases) for one in read(number, case, random.randint(WHOLE, WHOLE + 48))]
        places, wholes = logits(model, group)
        loss = loss_of(places, wholes, group, cases)
        learn(loss, done)
        step, running = step + 1, running + loss.item()
        if step % 50 == 0:
            print(f"step {step} done {done:.2f} loss {running / 50:.3f}", flush=True)
            running = 0.0
        if done > (told + 1) / 3:
            told += 1
            report(model, few)
            model.kept(a.out)
    model.kept(a.out)
    report(model, few)


if __name__ == "__main__":
    main()
