"""Vector indexes that FAISS holds in memory and in one file."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from rag.stages.index.indexing import Indexing
from rag.stages.index.vectors import FAISS, PRODUCT, InFaiss

Precision = Literal["float32", "float16", "int8"]
CODES = {
    "float16": FAISS.ScalarQuantizer.QT_fp16,
    "int8": FAISS.ScalarQuantizer.QT_8bit,
}
EACH = 39  # Vectors that FAISS wants for each centre it learns.
CENTRES = 256  # Values of a byte.
KEPT = "Each number of a vector: 4 bytes, 2 bytes, or 1 byte on a scale fitted to the corpus, so half or a quarter of the memory"


class Exact(Indexing):
    """Compares the question with every vector: at full precision no neighbour is missed."""

    kind: Literal["exact"] = "exact"
    precision: Precision = Field(default="float32", description=KEPT)

    def vector_index(self, dimension: int, count: int) -> Any:
        return _flat(dimension, count, self.precision)


class Hnsw(Indexing):
    """Walks a graph of neighbours (Malkov & Yashunin, 2018): fast on very many vectors, may miss a neighbour."""

    kind: Literal["hnsw"] = "hnsw"
    links: int = Field(default=32, ge=4, le=128, description="Neighbours kept for each vector")
    care: int = Field(default=200, ge=8, le=1000, description="Candidates looked at when a vector is put into the graph")
    effort: int = Field(
        default=128, ge=8, le=1024, description="Candidates looked at in a search; takes effect without rebuilding"
    )
    precision: Precision = Field(default="float32", description=KEPT)

    only_searched: ClassVar[frozenset[str]] = frozenset({"effort"})

    def vector_index(self, dimension: int, count: int) -> Any:
        if self.precision == "float32" or not count:
            made = FAISS.IndexHNSWFlat(dimension, self.links, PRODUCT)
        else:
            made = FAISS.IndexHNSWSQ(dimension, CODES[self.precision], self.links, PRODUCT)
        made.hnsw.efConstruction = self.care
        return made

    def searched(self, index: Any) -> InFaiss:
        return InFaiss(index, effort=self.effort)


class InLists(Indexing):
    """What both indexes with lists have: passages parted into lists of near ones, of which a search reads some."""

    lists: int = Field(
        default=1024,
        ge=1,
        le=16_384,
        description="Lists that the passages are parted into; about four times the root of their number",
    )
    probes: int = Field(default=256, ge=1, le=1024, description="Lists read in a search; needs no new lists")

    only_searched: ClassVar[frozenset[str]] = frozenset({"probes"})

    def lists_for(self, count: int) -> int:
        """The lists that so many vectors can fill: each centre is learnt from at least 39 of them."""
        return max(1, min(self.lists, count // EACH))

    def note(self, dimension: int, count: int) -> str:
        lists = self.lists_for(count)
        if lists == self.lists:
            return ""
        if lists == 1:
            return f"No lists, every vector is compared: {count:,} passages are too few for {self.lists:,} lists."
        return f"{lists:,} lists instead of {self.lists:,}: {count:,} passages are too few for more."

    def centres(self, dimension: int) -> Any:
        """Finds the lists nearest to a vector."""
        return FAISS.IndexFlatIP(dimension)


class Ivf(InLists):
    """Reads only the lists of passages nearest to the question (inverted file): quick to build, may miss a neighbour."""

    kind: Literal["ivf"] = "ivf"
    precision: Precision = Field(default="int8", description=KEPT)

    def vector_index(self, dimension: int, count: int) -> Any:
        lists = self.lists_for(count)
        if lists == 1:
            return _flat(dimension, count, self.precision)
        if self.precision == "float32":
            made = FAISS.IndexIVFFlat(self.centres(dimension), dimension, lists, PRODUCT)
        else:
            made = FAISS.IndexIVFScalarQuantizer(self.centres(dimension), dimension, lists, CODES[self.precision], PRODUCT)
        return _listed(made)

    def searched(self, index: Any) -> InFaiss:
        return InFaiss(index, probes=self.probes)


class IvfPq(InLists):
    """Lists of passages in which each vector is a few bytes (product quantisation; Jégou et al., 2011): for millions.

    The best candidates are compared again by a finer copy. With fewer than 9,984 passages there is too little to learn the
    bytes from, and every finer vector is compared.
    """

    kind: Literal["ivfpq"] = "ivfpq"
    code: int = Field(default=48, ge=4, le=128, description="Bytes for each vector in the lists; more, fewer mix-ups")
    refined: int = Field(default=4, ge=1, le=32, description="Candidates compared again for each passage wanted")
    precision: Precision = Field(default="int8", description=f"The finer copy. {KEPT}")

    only_searched: ClassVar[frozenset[str]] = frozenset({"probes", "refined"})

    def code_for(self, dimension: int) -> int:
        """The most bytes, up to those set, into which a vector of this length divides evenly."""
        return max(size for size in range(1, min(self.code, dimension) + 1) if dimension % size == 0)

    def note(self, dimension: int, count: int) -> str:
        if count < EACH * CENTRES:
            return f"Nothing is compressed: {count:,} passages are too few to learn from, at least {EACH * CENTRES:,} are needed."
        size = self.code_for(dimension)
        uneven = f"{size} bytes instead of {self.code}: {dimension} numbers do not divide evenly." if size != self.code else ""
        return f"{super().note(dimension, count)} {uneven}".strip()

    def vector_index(self, dimension: int, count: int) -> Any:
        fine = _flat(dimension, count, self.precision)
        if count < EACH * CENTRES:
            return fine
        coarse = FAISS.IndexIVFPQ(self.centres(dimension), dimension, self.lists_for(count), self.code_for(dimension), 8, PRODUCT)
        return FAISS.IndexRefine(_listed(coarse, direct=False), fine)

    def searched(self, index: Any) -> InFaiss:
        return InFaiss(index, probes=self.probes, refined=self.refined)


def _flat(dimension: int, count: int, precision: str) -> Any:
    if precision == "float32" or not count:
        return FAISS.IndexFlatIP(dimension)
    return FAISS.IndexScalarQuantizer(dimension, CODES[precision], PRODUCT)


def _listed(index: Any, direct: bool = True) -> Any:
    """An index with lists whose centres are learnt as unit vectors; `direct` lets it look vectors up by row."""
    index.cp.spherical = True
    if direct:
        index.make_direct_map(True)
    return index
