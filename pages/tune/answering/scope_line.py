"""Whose documents a question was taken to be about, above its answer, with what else it may mean."""

from dataclasses import replace

import streamlit as st

from pages.shared.state import current_filter, open_filter, open_pipeline
from pages.shared.text_view import plain
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.stages.scope.base import Everything
from rag.stages.scope.named import Named
from rag.values import Answer

MOST = 8  # Patients offered.


def scope_line(answer: Answer, pipeline: Pipeline) -> None:
    """What the question was taken to be about and from which words, and a menu to change it."""
    only, scope = current_filter(), answer.scope
    told = " · ".join(scope.notes)
    chosen = f"only {', '.join(only.patients)}, by your filter" if only.patients else ""
    told = " · ".join(filter(None, [chosen, told]))
    reads = isinstance(pipeline.scope, Named)
    if not told and reads:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/person_search: {plain(told or 'All documents, whatever patient the question names')}", width="content"
        )
        with st.popover("change", type="tertiary"):
            st.caption("Answer this question from the documents of")
            others = [name for name in dict.fromkeys([*scope.patients, *scope.choices]) if (name,) != only.patients]
            for name in others[:MOST]:
                st.button(
                    f"only {plain(name)}",
                    key=f"scope-{fingerprint(name)}",
                    on_click=open_filter,
                    args=(replace(only, patients=(name,), nobody=True),),
                )
            if only.patients:
                st.button(
                    "as the question says",
                    key="scope-asked",
                    on_click=open_filter,
                    args=(replace(only, patients=(), nobody=False),),
                )
            other = Everything() if reads else Named()
            label = "everybody, whoever is named" if reads else "whom the question names"
            st.button(label, key="scope-kind", on_click=open_pipeline, args=(pipeline.model_copy(update={"scope": other}),))
