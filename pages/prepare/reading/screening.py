"""The settings of the screen: from which score a document waits, the name model, and what the scores mean."""

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from pages.shared.findings import count, holding
from pages.shared.state import project
from pages.shared.tables import table_of
from pages.shared.text_view import plain
from rag.documents.entry import waiting
from rag.documents.screen import DEFAULT, Screen
from rag.errors import WorkbenchError
from rag.pipeline import problems
from rag.rules import rules

TOLD = "screened again"
BANDS = (
    (
        "from\u00a00.90",
        "Says itself what it is",
        "A number behind its label, a name behind a title, an order to drop instructions",
    ),
    (
        "from\u00a00.70",
        "Its form is telling",
        "A telephone number, an e-mail address, a given name with a surname, hidden characters",
    ),
    ("from\u00a00.60", "Its surroundings speak for it", "A facility by its ending, a single sign of an instruction"),
    ("0.50", "A date of care", "Any date with a day or a month; a bare year is no finding"),
    ("below", "A weak sign", "Shown in the document; of little weight alone"),
)


def screening() -> None:
    """Controls with what they would do, and the tables that explain the scores."""
    if TOLD in st.session_state:
        st.success(st.session_state.pop(TOLD))
    current = project().shelf.screen
    controls, meaning = st.columns([1, 1.7], gap="large")
    with controls:
        st.subheader("When a document waits", anchor=False)
        threshold = st.slider(
            "Threshold", 0.0, 1.0, current.threshold, step=0.05, key="screen-threshold",
            help="A document with a finding of this score or more waits for a person",
        )  # fmt: skip
        undecided = [entry for entry in project().shelf.entries if not entry.decision]
        held = sum(bool(holding(entry.findings, threshold)) for entry in undecided)
        st.caption(
            f"At {threshold:.2f}, {held:,} of the {count(len(undecided), 'document')} that nobody has decided about would "
            f"wait. The default is {DEFAULT:.2f}."
        )
        model = st.text_input(
            "Name model", current.name_model, placeholder="none", key="screen-model",
            help="A model on this machine that finds names beside the rules: spacy:NAME (installed) or gliner:FOLDER",
        )  # fmt: skip
        changed = (threshold, model.strip()) != (current.threshold, current.name_model)
        if st.button("Apply", type="primary", key="screen-apply", disabled=not changed):
            _apply(threshold, model.strip())
        st.caption("Applying screens the documents again that the change concerns. What a person released stays released, "
                   "unless something new is found in it.")  # fmt: skip
    with meaning:
        st.subheader("What a score means", anchor=False)
        st.table(table_of(BANDS, columns=["Score", "Meaning", "For example"]).set_index("Score"))
        st.markdown(
            "**Dates of care score 0.50**, below the default threshold: de-identified collections often keep dates, "
            "shifted by some days, and clinical questions need them. Where your dates are real, set the threshold to 0.50 "
            "or lower: then documents with dates wait, too."
        )
    if st.toggle("Show all rules with their scores", key="screen-rules"):
        st.dataframe(
            _rules(), hide_index=True, key="screen-rules-table", height=420, placeholder="",
            column_config={"Score": st.column_config.NumberColumn(format="%.2f", width="small")},
        )  # fmt: skip


def _apply(threshold: float, model: str) -> None:
    bar = st.progress(0.0, text="Screening again")
    try:
        screen = Screen(threshold=threshold, name_model=model)
        screen.text("")  # A name model that is not there is named before anything is kept.
        done = project().shelf.set_screen(
            screen, lambda done, total: bar.progress(done / max(total, 1), text=f"Screening again: {done:,} of {total:,}")
        )
    except ValidationError as error:
        st.error(plain(problems(error)))
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
    else:
        still = len(waiting(project().shelf.entries))
        st.session_state[TOLD] = f"{count(done, 'document')} screened again. {still:,} {'waits' if still == 1 else 'wait'} now."
        st.rerun()
    finally:
        bar.empty()


def _rules() -> pd.DataFrame:
    """Every rule that is kept as data, with its example."""
    patterns = [("identifier", r["type"], r["name"], r["score"], r["example"]) for r in rules("identifiers")["patterns"]]
    orders = [("instruction", r["type"], r["name"], r["weight"], r["example"]) for r in rules("instructions")["rules"]]
    return table_of([*patterns, *orders], columns=["Kind", "Type", "Rule", "Score", "Example"])
