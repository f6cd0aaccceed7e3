"""Clinical synonyms: what the question calls by one name is searched for by its other names too."""

from math import sqrt
from typing import Literal

import numpy as np
from pydantic import Field

from rag.stages.expand.asked import Expanding
from rag.stages.expand.synonyms import matches
from rag.stages.index.base import Index
from rag.text import terms
from rag.values import Filter, Query


class Clinical(Expanding):
    """Adds abbreviations and their long forms, generic and brand names, and clinical for lay words, both ways."""

    kind: Literal["clinical"] = "clinical"
    weight: float = Field(default=0.4, ge=0.0, le=1.0, description="Weight of an added word against one of the question")
    most: int = Field(default=5, ge=1, le=20, description="Other forms that one name may bring; those in the documents first")

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Query:
        own = set(terms(question))
        rows = index.allowed(only)

        def held(form: str) -> bool:
            wanted = terms(form, index.stem)
            return bool(wanted) and all(np.isin(index.postings(term)[0], rows).any() for term in wanted)

        added: dict[str, float] = {}
        notes = []
        for match in matches(question):
            forms = (form for form in match.forms if not own.issuperset(terms(form)))
            there = [form for form in forms if held(form)][: self.most]
            if there:
                notes.append(f"{question[match.start : match.end]}: {', '.join(there)}")
            for form in there:
                stems = terms(form)
                for word, stem in zip(terms(form, stem=False), stems, strict=True):
                    if stem not in own:
                        added[word] = max(added.get(word, 0.0), round(self.weight / sqrt(len(stems)), 3))
        return Query(question, tuple(added.items()), notes=tuple(notes))
