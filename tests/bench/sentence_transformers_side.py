"""Runs in an interpreter that has sentence-transformers: embeds the texts once for every line that it is sent."""

import json
import os
import sys
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"


def main(model_folder: str, folder: str, threads: str) -> None:
    """Writes the seconds of each run to standard output, and the vectors to `vectors.npy`."""
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(int(threads))
    model = SentenceTransformer(model_folder, device="cpu")
    texts = json.loads((Path(folder) / "texts.json").read_text("utf-8"))
    model.encode(texts[:16])
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        seconds = time.perf_counter() - started
        np.save(Path(folder) / "vectors.npy", vectors.astype(np.float32), allow_pickle=False)
        print(seconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
