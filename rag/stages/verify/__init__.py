"""Verify: is each statement carried by the passage that it cites?

quotations   looks a quotation up at its place; other words by numbers and terms
facts        the option that compares what a statement and its source state
judge        a response beside a source: its statements, each with the verdicts of the checks, and one score
checks       one class a check
omissions    what a summary leaves out of the record that it summarises
risk         the score below which statements are flagged, for a share of wrong ones that may pass
support      the score: how likely all of a response is supported, fitted
texts        source and statement as the checks read them; words, quantities, novelty and meaning serve it
"""

from typing import Annotated

from pydantic import Field

from rag.stages.verify.facts import Facts
from rag.stages.verify.quotations import MEANT, NEGATION, NUMBER, VERBATIM, Overlap, Quotations, tally

Verifier = Annotated[Quotations | Overlap | Facts, Field(discriminator="kind")]

__all__ = ["MEANT", "NEGATION", "NUMBER", "VERBATIM", "Facts", "Overlap", "Quotations", "Verifier", "tally"]
