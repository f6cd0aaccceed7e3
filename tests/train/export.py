"""Ships a trained model: its weights under BERT's names beside the module that reads with it, with their checksum.

usage: python -m tests.train.export TRAINED.safetensors… [--of support]   (several are averaged, Wortsman et al., 2022)
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from rag.keep.made import hash_of
from rag.stages.reader.model import READER
from rag.stages.verify.model import SUPPORT

Arrays = Mapping[str, NDArray[np.float32]]
OUTER = {
    "norm": "embeddings.LayerNorm",
    "positions": "embeddings.position_embeddings",
    "types": "embeddings.token_type_embeddings",
}
INNER = {
    "out": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm2": "output.LayerNorm",
}


def averaged(files: list[Path]) -> dict[str, NDArray[np.float32]]:
    """The mean of the weights of several trainings."""
    every = [load_file(path) for path in files]
    return {name: np.mean([np.asarray(one[name], np.float32) for one in every], axis=0) for name in every[0]}


def renamed(trained: Arrays) -> dict[str, NDArray[np.float16]]:
    """The weights under the names that the graph looks up, in half precision."""
    found: dict[str, NDArray[np.float32]] = {}
    for name, value in trained.items():
        first, *rest = name.split(".")
        if first != "layers":
            found[".".join([OUTER.get(first, first), *rest])] = value
            continue
        at, part, kind = rest
        if part == "qkv":
            for own, piece in zip(("query", "key", "value"), np.split(value, 3), strict=True):
                found[f"encoder.layer.{at}.attention.self.{own}.{kind}"] = piece
        else:
            found[f"encoder.layer.{at}.{INNER[part]}.{kind}"] = value
    return {name: np.ascontiguousarray(value, np.float16) for name, value in found.items()}


def trainable(shipped: Arrays) -> dict[str, NDArray[np.float32]]:
    """Shipped weights under the trainer's names, to train them further: what `renamed` undoes."""
    outer, inner = ({name: own for own, name in names.items()} for names in (OUTER, INNER))
    found: dict[str, NDArray[np.float32]] = {}
    thirds: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name, value in shipped.items():
        path, kind = name.rsplit(".", 1)
        own = np.asarray(value, np.float32)
        if not path.startswith("encoder.layer."):
            found[f"{outer.get(path, path)}.{kind}"] = own
            continue
        at, part = path.removeprefix("encoder.layer.").split(".", 1)
        if part in inner:
            found[f"layers.{at}.{inner[part]}.{kind}"] = own
        else:
            thirds.setdefault(f"layers.{at}.qkv.{kind}", {})[part.removeprefix("attention.self.")] = own
    return found | {name: np.concatenate([own[key] for key in ("query", "key", "value")]) for name, own in thirds.items()}


def main() -> None:
    """Writes the weights and their checksum; what else is known of the model stays as it is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("trained", nargs="+", type=Path)
    parser.add_argument("--of", choices=["reader", "support"], default="reader")
    a = parser.parse_args()
    model = {"reader": READER, "support": SUPPORT}[a.of]
    save_file(renamed(averaged(a.trained)), model.weights)
    known = json.loads(model.card.read_text("utf-8")) if model.card.is_file() else {}
    model.card.write_text(json.dumps({**known, "sha256": hash_of(model.weights)}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
