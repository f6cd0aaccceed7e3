"""What the embedders of a server share: further tries, rows checked before they are believed, and the dimension learned."""

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field

from rag.embedding import Card, Embedding, Progress, Vectors, silent
from rag.errors import ModelProblem
from rag.governance.egress import is_local, permit
from rag.stage import fingerprint

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LARGEST_DIMENSION = 65_536
_learned: dict[str, int] = {}  # The dimension of each embedder, from its first answer or from the vectors that are kept of it.


class Passing(Exception):
    """A failure that the same request may not meet a little later; `wait` are the seconds that the server asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Remote(Embedding):
    """An embedder whose vectors come from a server."""

    length: int = Field(
        default=0, ge=0, le=8192, description="Length of a vector; 0: as the model gives it. Set it anew for a changed model"
    )
    limit: int = Field(default=512, ge=16, le=131_072, description="Tokens read of a passage, as the model's page says")
    batch: int = Field(default=64, ge=1, le=2048, description="Passages sent in a request")
    timeout: float = Field(default=30.0, ge=1.0, le=600.0, description="Seconds until a silent server is given up")
    retries: int = Field(default=3, ge=0, le=10, description="Further tries of a request that failed")

    knows_meaning: ClassVar[bool] = True
    unkeyed: ClassVar[tuple[str, ...]] = ("limit", "batch", "timeout", "retries")

    def key(self) -> str:
        """A fingerprint of what decides the vectors, which come from the server: not patience, nor a new version of the code."""
        return fingerprint(type(self).__name__, self.model_dump_json(exclude=set(self.unkeyed)))

    def address(self) -> str:
        """The URL that texts would be sent to. Raises ModelProblem where none is known."""
        raise TypeError(f"{type(self).__name__} has no address")

    def ask(self, texts: list[str], question: bool) -> Any:
        """The server's vectors of these texts, not checked yet. Raises Passing or ModelProblem."""
        raise TypeError(f"{type(self).__name__} asks nobody")

    @property
    def dimension(self) -> int:
        return self.length or _learned.get(self.key()) or len(self.question("length"))

    def card(self) -> Card:
        try:
            host = (urlsplit(self.address()).hostname or "").lower()
        except ModelProblem:
            host = "the provider"
        return Card(self.length or _learned.get(self.key()), self.limit, 0, "", True, "" if is_local(host) else host)

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        parts = []
        for at in range(0, len(texts), self.batch):
            parts.append(self._asked(list(texts[at : at + self.batch]), question=False))
            progress(min(at + self.batch, len(texts)), len(texts))
        return np.concatenate(parts)

    def question(self, text: str) -> Vectors:
        vector: Vectors = self._asked([text], question=True)[0]
        return vector

    def _asked(self, texts: list[str], question: bool) -> Vectors:
        permit(self.address())
        texts = [text if text.strip() else "-" for text in texts]  # Servers refuse an empty text.
        given = patiently(lambda: self.ask(texts, question), self.retries, self.where)
        rows = unit_rows(given, len(texts), self.where)
        self._check_dimension(rows.shape[1])
        return rows

    @property
    def where(self) -> str:
        """The model and its server, as errors name them."""
        raise TypeError(f"{type(self).__name__} has no server")

    def recall(self, dimension: int) -> None:
        if 0 < dimension <= LARGEST_DIMENSION:
            _learned.setdefault(self.key(), dimension)

    def _check_dimension(self, found: int) -> None:
        self.recall(found)
        expected = self.length or _learned[self.key()]
        if found != expected:
            raise ModelProblem(
                f"{self.where} gave vectors of {found} numbers where {expected} are expected: another model may stand behind "
                f"this name now. Set length to {found}, and every passage is embedded anew."
            )


def patiently(ask: Callable[[], Any], retries: int, where: str) -> Any:
    """What `ask` gives, tried again after Passing with growing pauses. Raises ModelProblem after the last try."""
    for attempt in range(retries + 1):
        try:
            return ask()
        except Passing as failure:
            if attempt == retries:
                tries = "" if not retries else f" after {retries + 1} tries"
                raise ModelProblem(f"{where} {failure}{tries}. Try again later, or check the server.") from None
            pause = FIRST_PAUSE * 2**attempt if failure.wait is None else failure.wait
            time.sleep(min(pause, LONGEST_PAUSE))
    raise AssertionError("unreachable")


def unit_rows(given: Any, count: int, where: str) -> Vectors:
    """These vectors as float32 rows of unit length. Raises ModelProblem where they are not `count` rows of finite numbers."""
    try:
        rows = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise ModelProblem(f"{where} sent vectors that differ in length or are no numbers. Is it an embedding model?") from None
    if rows.ndim != 2 or len(rows) != count or not 0 < rows.shape[1] <= LARGEST_DIMENSION:
        raise ModelProblem(f"{where} was sent {count} texts and gave an answer of shape {rows.shape}. Is it an embedding model?")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise ModelProblem(f"{where} sent a vector without direction or with a number that is not finite. Check the model.")
    return np.asarray(rows / lengths, np.float32)
