"""The record of decisions: who decided what about which document, and what had been found; never any text."""

from collections.abc import Sequence

import streamlit as st

from pages.prepare.reading.document_view import day_of
from pages.shared.tables import table_of
from rag.documents.decisions import Decided
from rag.documents.entry import counted


def decisions_table(decided: Sequence[Decided]) -> None:
    """A row a decision, the newest first."""
    if not decided:
        st.info("Nothing was decided yet. What is released, redacted or rejected under Waiting is recorded here.")
        return
    st.caption("The newest first. A record is never changed; it holds types and places of findings, no text.")
    table = table_of(
        {
            "When": [day_of(one.at) for one in decided],
            "Who": [one.who for one in decided],
            "Decision": [one.decision for one in decided],
            "Document": [one.document for one in decided],
            "Findings by type": [_types(one) for one in decided],
            "Threshold": [one.threshold for one in decided],
        }
    )
    columns = {
        "Document": st.column_config.Column(width="medium"),
        "Findings by type": st.column_config.Column(width="medium", help="All, also those below the threshold"),
        "Threshold": st.column_config.NumberColumn(format="%.2f", width="small"),
    }
    st.dataframe(table, hide_index=True, key="decisions", placeholder="", column_config=columns)


def _types(one: Decided) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in counted(one.findings, one.threshold).items())
