"""On the screen, for every chunker: a warning with the count of passages that are cut off, and how far dividing is."""

import time
from typing import Any

import pytest
import streamlit as st

from rag.documents.workspace import Project
from rag.embedding import silent
from rag.pipeline import Pipeline
from rag.stage import options
from rag.stages.chunk import Chunker
from rag.stages.chunk.semantic import Semantic
from rag.stages.chunk.tokens import told, too_long
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.retrieve import Terms
from rag.values import File
from tests.pages.test_pages import NOTE, QUESTION, opened, shown

pytestmark = pytest.mark.usefixtures("small_project")


LIMIT = 24
KINDS = [kind for kind in options(Chunker) if kind != "tokens"]  # That one cuts nothing off.


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing reads only so many words of a passage, so that no model is needed."""
    monkeypatch.setattr(Hashing, "limit", LIMIT, raising=False)
    monkeypatch.setattr(Hashing, "count", lambda _, text: len(text.split()))


@pytest.mark.parametrize("kind", KINDS)
def test_both_pages_tell_of_passages_that_are_cut_off(kind: str, short: None, small_project: Project) -> None:
    by: dict[str, Any] = {"by": "hashing"} if kind == "semantic" else {}
    stage: Any = options(Chunker)[kind](**by)
    long = "Furosemide was continued by the ward team of the night, which weighed the patient every morning and every evening "
    small_project.shelf.add(
        File("a_long.txt", (NOTE + (long + "without any change of the dose until the day of discharge. ") * 9).encode())
    )
    settings = Pipeline(embed=Hashing(), chunk=stage).to_json()
    documents = small_project.shelf.documents
    first = list(stage(documents[0]))
    here = told(too_long(first, Hashing()), len(first), LIMIT)
    assert documents[0].name == "a_long.txt" and here
    app = opened("chunks", pipeline=settings, chunkers=[settings, settings])
    assert here in shown(app).replace("\\", "")
    every = [chunk for document in documents for chunk in stage(document)]
    warned = told(too_long(every, Hashing()), len(every), LIMIT)
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
    (line,) = [caption for caption in app.caption if "longer than" in caption.value]
    assert line.value.replace("\\", "") == f":material/content_cut: {warned.split('; ')[0]}"
    assert line.help.replace("\\", "") == warned.split("; ")[1].capitalize() and not app.warning


def test_nothing_is_said_where_nothing_is_cut_off_or_no_vector_is_read(short: None, small_project: Project) -> None:
    for pipeline in (
        Pipeline(embed=Hashing(), chunk=Words(size=20, overlap=0, header=False)),
        Pipeline(embed=Hashing(), retrieve=Terms()),
    ):
        settings = pipeline.to_json()
        app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
        assert "are longer than" not in shown(app)


@pytest.mark.parametrize("page", ["chunks", "ask"])
def test_a_chunker_that_asks_a_model_shows_how_far_it_is(
    page: str, small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def slowly(_: MiniLM, texts: list[str], progress: Any = silent) -> Any:
        for done in range(1, len(texts) + 1):
            progress(done, len(texts))
            time.sleep(0.05)  # The page looks now and then how far it is.
        return Hashing()(texts)

    monkeypatch.setattr(MiniLM, "__call__", slowly)
    real = st.delta_generator.DeltaGenerator.progress

    def seen(place: Any, value: float, text: str = "") -> Any:
        said.append(text)
        return real(place, value, text)

    monkeypatch.setattr(st.delta_generator.DeltaGenerator, "progress", seen)
    settings = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm", group=7)).to_json()
    opened(page, asked=QUESTION, pipeline=settings, applied=settings, chunkers=[settings, settings])
    assert any(
        "Sentences compared: 2 of" in text if page == "chunks" else "Dividing and counting tokens: " in text for text in said
    )
