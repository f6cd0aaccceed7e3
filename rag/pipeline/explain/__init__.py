"""Explain: why a passage has its rank, why another is not there, what settings make no sense together, what differs."""

from rag.pipeline.explain.advice import advice as advice
from rag.pipeline.explain.advice import difference as difference
from rag.pipeline.explain.missing import Verdict as Verdict
from rag.pipeline.explain.missing import nth as nth
from rag.pipeline.explain.missing import where_lost as where_lost
from rag.pipeline.explain.places import places_near as places_near
from rag.pipeline.explain.places import places_of as places_of
from rag.pipeline.explain.scores import Part as Part
from rag.pipeline.explain.scores import Sum as Sum
from rag.pipeline.explain.scores import TermWeight as TermWeight
from rag.pipeline.explain.scores import fusion as fusion
from rag.pipeline.explain.scores import row_behind as row_behind
from rag.pipeline.explain.scores import term_weights as term_weights
