"""Pipelines worth starting from, by name."""

from rag.answer.quote import Quote
from rag.chunk.sections import Sections
from rag.chunk.windows import Sentences, Words
from rag.expand.asked import AsAsked
from rag.pipeline import Pipeline
from rag.rerank.diversity import Diverse
from rag.rerank.keep import Keep
from rag.retrieve import Convex, Terms

PRESETS: dict[str, tuple[str, Pipeline]] = {
    "default": ("Sections, terms and vectors together: a fair start for any documents", Pipeline()),
    "baseline": (
        "Words and BM25 alone: the floor that every setting has to beat",
        Pipeline(chunk=Words(header=False), expand=AsAsked(), retrieve=Terms(), rerank=Keep()),
    ),
    "notes": (
        "Short sections, spread over many notes: discharge summaries, progress and consult notes",
        Pipeline(chunk=Sections(size=120, overlap=24, smallest=16), rerank=Diverse(top=10, balance=0.8)),
    ),
    "policies": (
        "Longer passages and more statements, so that no criterion is missed: policies and guidelines",
        Pipeline(chunk=Sections(size=220, overlap=48), retrieve=Convex(weight=0.5), rerank=Keep(top=10), answer=Quote(most=8)),
    ),
    "reports": (
        "A few sentences each, so that a finding stands alone: radiology and pathology",
        Pipeline(chunk=Sentences(size=4, overlap=1), rerank=Keep(top=10)),
    ),
}
