"""Pipelines worth starting from, by name."""

from rag.pipeline import Pipeline
from rag.stages.answer.quote import Quote
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Sentences, Words
from rag.stages.expand.asked import AsAsked
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Convex, Terms

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
