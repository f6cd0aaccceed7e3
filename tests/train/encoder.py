"""The cross-encoder that both models are: MiniLM's layers in torch, its tensors, its steps, and the file it is kept in."""

import random
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
from rag.stages.reader.windows import Window
from tests.train.export import trainable

HEADS, LAYERS, HIDDEN, INNER = 12, 6, 384, 1536
STRIDE = 64
"""Windows are padded to multiples of so many tokens."""


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


class CrossEncoder(nn.Module):
    """Gives every place of every window a logit, and every window `wholes`."""

    def __init__(self, drop: float = 0.1, wholes: int = 1) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, HIDDEN)
        self.words.weight.requires_grad_(False)
        self.positions, self.types = nn.Embedding(512, HIDDEN), nn.Embedding(2, HIDDEN)
        self.norm, self.drop = nn.LayerNorm(HIDDEN, 1e-12), Dropout(drop)
        self.layers = nn.ModuleList(Layer(drop) for _ in range(LAYERS))
        self.hidden, self.answers = nn.Linear(3 * HIDDEN, HIDDEN), nn.Linear(HIDDEN, 1)
        self.holds = nn.Linear(HIDDEN, wholes)
        self._begin()

    @classmethod
    def of(cls, start: Path | None, drop: float = 0.1, wholes: int = 1) -> "CrossEncoder":
        """MiniLM as it is, or what was trained before, in the trainer's file or as it is shipped.

        The head of the whole is begun anew where it had another number of outputs.
        """
        model = cls(drop, wholes)
        if start:
            known = load_file(start)
            known = known if "words.weight" in known or "layers.0.qkv.weight" in known else trainable(known)
            same = {name for name, value in known.items() if not name.startswith("holds.") or len(value) == wholes}
            tensors = {name: torch.from_numpy(np.array(known[name])) for name in same}
            missing = model.load_state_dict(tensors, strict=False)
            assert set(missing.missing_keys) <= {"words.weight", "holds.weight", "holds.bias"} and not missing.unexpected_keys
        return model

    def kept(self, path: Path) -> None:
        """Writes what is trained, in half precision."""
        save_file({name: value.half() for name, value in self.state_dict().items() if name != "words.weight"}, path)

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
        """`pool` (windows, places, length) holds one over a place's length at its tokens.

        Logits of shape (windows, places) and (windows, wholes).
        """
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
        place = self.answers(self.drop(torch.tanh(self.hidden(torch.cat([mean, first, whole], -1)))))
        return place[..., 0], self.holds(x[:, 0])


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


class Steps:
    """Steps of AdamW (Loshchilov & Hutter, 2019): the rate rises over the first 6 % of all and then falls to nought."""

    def __init__(self, model: CrossEncoder, rate: float) -> None:
        self.trained = [value for value in model.parameters() if value.requires_grad]
        head = {id(value) for part in (model.hidden, model.answers, model.holds) for value in part.parameters()}
        groups = [
            {"params": [value for value in self.trained if id(value) not in head], "lr": rate},
            {"params": [value for value in self.trained if id(value) in head], "lr": 5 * rate},
        ]
        self.rates = [rate, 5 * rate]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, foreach=True)

    def __call__(self, loss: torch.Tensor, done: float) -> None:
        """One step; `done` is the share of all, 0 to 1."""
        now = min(1.0, done / 0.06 + 1e-3) * max(0.0, 1 - done)
        for part, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            part["lr"] = rate * now
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()


def begun(seed: int) -> None:
    """Torch and the draws of this training, begun alike each time."""
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    random.seed(seed)
