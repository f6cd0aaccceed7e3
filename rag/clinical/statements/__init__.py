"""Statements: what may be quoted of a document as an answer, where each stands, and whether a row holds what was asked."""

from rag.clinical.statements.cells import RowNames, cell_matches, cells_asked, row_names
from rag.clinical.statements.display import shown
from rag.clinical.statements.fields import asks_for
from rag.clinical.statements.reading import statements
from rag.clinical.statements.record import Column, Statement

__all__ = ["Column", "RowNames", "Statement", "asks_for", "cell_matches", "cells_asked", "row_names", "shown", "statements"]
