"""Distils MiniLM into a table of token vectors: once, in under a minute, from the model and the sample documents alone."""

from functools import cache
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors
from rag.places import SAMPLES
from rag.stages.embed.graphs import is_stored, keep_file, stored
from rag.stages.embed.minilm import GRAPH, SHA256, sentence_vectors, weights
from rag.wordpiece import FIRST_WORD, tokenizer

RECIPE = "1"  # Raised when the recipe changes, so that a kept table is made anew.
SEED = 20240314
SMOOTHING = 1e-4  # The a of smooth inverse frequency (Arora et al., 2017).
INPUT_WEIGHT = 3.0  # Of the input embeddings beside the output vectors.
WINDOWS, LENGTHS = 1500, (12, 40, 100)  # Stretches of the sample documents, and their lengths in words.
SCATTERED, LONGEST, SHARE = 3000, 48, 0.9  # Stretches whose words are mostly drawn anew, their pieces, the share drawn.
RIDGE = 1e-2
Ids = NDArray[np.int64]


def table_name() -> str:
    """The name of the table's file: recipe, graph, weights and reading matter."""
    return f"static-{RECIPE}-{GRAPH}-{SHA256[:12]}-{_reading_hash()[:12]}"


def kept() -> bool:
    """Whether the table lies on this machine already."""
    return is_stored(_file())


@cache
def distilled() -> tuple[Vectors, Vectors]:
    """The table, shape (vocabulary, 384), and the rotation (384, 384) that takes MiniLM's vectors to it, strongest axis first.

    Where the set-up has not kept it, it is made, which takes about half a minute. Raises ModelProblem.
    """
    from safetensors.numpy import load

    found = load(stored(_file(), lambda path: path.write_bytes(_saved())) or _saved())
    return found["table"].astype(np.float32), found["rotation"]


def keep() -> None:
    """Makes the table, unless it lies on this machine already, and keeps it, as the set-up does. Raises ModelProblem."""
    keep_file(_file(), lambda path: path.write_bytes(_saved()))


def _file() -> str:
    return f"{table_name()}.safetensors"


@cache
def _saved() -> bytes:
    from safetensors.numpy import save

    table, rotation = _made()
    return save({"table": table.astype(np.float16), "rotation": rotation.astype(np.float32)})


def _made() -> tuple[Vectors, Vectors]:
    """A linear map from means of token vectors to MiniLM's sentence vectors, by ridge regression (Hoerl & Kennard, 1970).

    A piece's vector is its output of MiniLM when it stands alone, beside its input embedding (as Model2Vec, Tulkens & van
    Dongen, 2024, without the latter), weighed by smooth inverse frequency, its rank giving the frequency (Zipf, 1935).
    The stretches that the map is fitted on come from the sample documents, in most of which words are drawn anew, so that
    the map sees the whole vocabulary in sentences of natural form.
    """
    random = np.random.default_rng(SEED)
    size = tokenizer(None).get_vocab_size()
    inputs = weights()["embeddings.word_embeddings.weight"]
    alone = sentence_vectors([[piece] for piece in range(size)], output="tokens")
    frequency = 1.0 / (np.maximum(np.arange(size) - FIRST_WORD, 0) + 2.7)
    rarity = SMOOTHING / (SMOOTHING + frequency / frequency.sum())
    features = np.hstack([alone, INPUT_WEIGHT * inputs]) * rarity[:, None].astype(np.float32)

    likely = np.where(np.arange(size) < FIRST_WORD, 0.0, frequency**0.4)
    stretches = _windows(random)
    stretches += _scattered(stretches, likely / likely.sum(), random)
    means = np.array([features[ids].mean(axis=0) for ids in stretches], np.float64)
    wanted = sentence_vectors([list(ids) for ids in stretches]).astype(np.float64)

    design = np.hstack([means, np.ones((len(means), 1))])
    gram = design.T @ design
    penalty = np.full(len(gram), RIDGE * np.trace(gram) / len(gram))
    penalty[-1] = 1e-9
    mapping = np.linalg.solve(gram + np.diag(penalty), design.T @ wanted)
    _, axes = np.linalg.eigh(wanted.T @ wanted)
    rotation = axes[:, ::-1]
    turned = (mapping @ rotation).astype(np.float32)
    return features @ turned[:-1] + turned[-1], rotation


def _windows(random: "np.random.Generator") -> list[Ids]:
    """Stretches of the sample documents as pieces, overlapping by a quarter, drawn at random."""
    words = [text.split() for text in _reading()]
    found = [
        " ".join(text[at : at + length]) for text in words for length in LENGTHS for at in range(0, len(text), 3 * length // 4)
    ]
    chosen = [found[at] for at in random.permutation(len(found))[:WINDOWS]]
    return [np.array(one.ids, np.int64) for one in tokenizer(None).encode_batch(chosen, add_special_tokens=False) if one.ids]


def _scattered(stretches: list[Ids], likely: NDArray[np.float64], random: "np.random.Generator") -> list[Ids]:
    """Stretches whose words, but for the most frequent, are mostly drawn anew; all drawn where there are no documents."""
    patterns = stretches or [np.full(LONGEST, len(likely) - 1)]
    total = np.cumsum(likely)
    found = []
    for at in random.integers(len(patterns), size=SCATTERED):
        start = random.integers(max(len(patterns[at]) - LONGEST, 0) + 1)
        ids = patterns[at][start : start + LONGEST].copy()
        drawn = (ids > FIRST_WORD + 300) & (random.random(len(ids)) < SHARE)
        ids[drawn] = np.searchsorted(total, random.random(int(drawn.sum())) * total[-1])
        found.append(ids)
    return found


@cache
def _reading() -> tuple[str, ...]:
    files = sorted(path for path in SAMPLES.rglob("*") if path.suffix in {".txt", ".md", ".source", ".csv"})
    return tuple(path.read_text("utf-8") for path in files if path.name != "README.md")


@cache
def _reading_hash() -> str:
    return sha256("\0".join(_reading()).encode()).hexdigest()
