"""Explain: why a passage has its rank, why another is not there, what settings make no sense together, what differs."""

from rag.explain.advice import advice as advice
from rag.explain.advice import difference as difference
from rag.explain.missing import Verdict as Verdict
from rag.explain.missing import nth as nth
from rag.explain.missing import where_lost as where_lost
from rag.explain.places import places_near as places_near
from rag.explain.places import places_of as places_of
from rag.explain.scores import Part as Part
from rag.explain.scores import Sum as Sum
from rag.explain.scores import TermWeight as TermWeight
from rag.explain.scores import fusion as fusion
from rag.explain.scores import row_behind as row_behind
from rag.explain.scores import term_weights as term_weights
