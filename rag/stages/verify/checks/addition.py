"""Addition: what a statement says beyond its source."""

import numpy as np

from rag.stages.verify.checks.base import Verdict, against
from rag.stages.verify.meaning import vectors_of
from rag.stages.verify.texts import Source, Statement

TELLING, LIKE, MOST_NAMED = 0.5, 0.5, 4


class Addition:
    """Words that tell something and have neither themselves nor their like in the source."""

    name = "addition"

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        lacking = [word for word, places in zip(said.words, said.held, strict=True) if not places and word.weight >= TELLING]
        lacking = [word for word in lacking if not word.written[0].isdigit()]
        if not lacking:
            return None
        found = source.vectors
        like = (vectors_of([word.written for word in lacking]) @ found.T).max(axis=1) if len(found) else np.zeros(len(lacking))
        new = [word for word, near in zip(lacking, like, strict=True) if near < LIKE]
        if not new:
            return None
        lead = sum(word.weight for word in new) / (said.weight or 1.0)
        named = ", ".join(said.text[word.start - said.start : word.end - said.start] for word in new[:MOST_NAMED])
        place = (new[0].start, new[-1].end)
        sure = against(self.name, "missing", lead)
        return Verdict(self.name, "missing", f"nothing in the source carries “{named}”", place, None, sure, "missing", lead)
