"""Perturbations: questions and documents changed so that it is known which outcome is right, in six kinds and three strengths.

    edited      a document with other words in some places
    altering    another fact in the place of one
    ground      a case on its documents: its sentences, and where else the same is said
    change      what becomes of the documents, the perturbed case, both as JSON lines
    ways        the eighteen ways
    scored      what a pipeline makes of them, by cell

After the description of RefusalBench (arXiv 2510.10390); the cells are in `rag/rules/perturbations.json`.
"""

import random
from collections.abc import Callable, Iterator, Sequence

from rag.clinical.facts import facts
from rag.evaluate.perturb.change import KINDS, STRENGTHS, UNCHANGED, Cell, Perturbed, cells, renamed
from rag.evaluate.perturb.ground import FactsOf, Ground, Library
from rag.evaluate.perturb.ways import WAYS, right_for
from rag.values import Case, Document

__all__ = ["KINDS", "STRENGTHS", "UNCHANGED", "Cell", "Perturbed", "cells", "perturb"]


def perturb(
    cases: Sequence[Case],
    documents: Sequence[Document],
    each: int = 0,
    seed: int = 0,
    facts_of: FactsOf = facts,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Perturbed]:
    """Every case with evidence in these documents, in every cell that fits it, unchanged ones first; `each` a cell at most.

    The same cases, documents and seed give the same perturbations, and every cell draws the same cases as far as they fit. A case
    does not fit where nothing of its evidence can be turned, or where it is about nobody and another patient's is
    called for.
    """
    library = Library(documents, facts_of)
    grounds = [Ground(case, library) for case in cases if case.evidence and all(_stands(case, library))]
    order, every = random.Random(seed).sample(grounds, len(grounds)), cells()
    for number, cell in enumerate((None, *every)):
        tell(number, len(every) + 1)
        found = 0
        for ground in order:
            if each and found >= each:
                break
            draw = random.Random(f"{seed} {ground.case.id}")
            made = _unchanged(ground) if cell is None else WAYS[cell.kind](ground, cell, draw)
            if made is not None:
                found += 1
                yield made


def _stands(case: Case, library: Library) -> Iterator[bool]:
    for span in case.evidence:
        document = library.documents.get(span.document)
        yield document is not None and span.end <= len(document.text)
        yield document is not None and any(s < span.end and span.start < e for s, e in library.sentences[span.document])


def _unchanged(ground: Ground) -> Perturbed:
    case = renamed(ground.case, None)
    return Perturbed(case, ground.case.id, UNCHANGED, 0, right_for(ground, ("answered", "partial")))
