"""On the screen: what the prompt left out, texts by type of document, and passages longer than the embedder reads."""

import pytest

from rag.chunk.parents import Whole
from rag.chunk.semantic import Semantic
from rag.embed import minilm
from rag.embed.hashing import Hashing
from rag.embed.minilm import MiniLM, installed
from rag.errors import ModelProblem
from rag.pipeline import Pipeline, read_pipeline
from rag.prompt import Cited, Plain
from rag.values import File
from rag.workspace import Workspace
from tests.test_pages import NOTE, QUESTION, opened, shown, small_workspace

__all__ = ["small_workspace"]  # The fixture that every test here starts from.


def test_the_prompt_view_lists_what_was_left_out_and_why(small_workspace: Workspace) -> None:
    small_workspace.add(File("long.txt", (NOTE.replace("P-0001", "P-0003") + "Furosemide was continued. " * 100).encode()))
    settings = Pipeline(embed=Hashing(), chunk=Whole(), prompt=Plain(budget=200)).to_json()
    app = opened("ask", question=QUESTION, asked=QUESTION, pipeline=settings, applied=settings)
    app.session_state["look"] = "Prompt"
    app = app.run()
    assert not app.exception
    assert any("Left out: " in box.label for box in app.expander)
    assert "of the budget of 200 were left" in shown(app)


def test_texts_by_type_are_set_on_the_page_and_sent() -> None:
    settings = Pipeline(embed=Hashing(), prompt=Cited(by_type={"letter": "Never told."})).to_json()
    app = opened("ask", question=QUESTION, asked=QUESTION, pipeline=settings, applied=settings)
    (area,) = [area for area in app.text_area if area.label == "By type"]
    assert area.value == "letter: Never told."
    app = area.set_value("note: Notes are of one day.\nletter: Never told.").run()
    assert not app.exception
    prompt = read_pipeline(app.session_state["state"]["applied"]).prompt
    assert prompt.by_type == {"note": "Notes are of one day.", "letter": "Never told."}
    app.session_state["look"] = "Prompt"
    told = "\n".join(code.value for code in app.run().code)
    assert "Notes are of one day." in told and "Never told." not in told
    app = next(area for area in app.text_area if area.label == "By type").set_value("no colon here").run()
    assert "names no type" in shown(app) and not app.exception


@pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
def test_the_chunks_page_warns_of_passages_beyond_the_limit_of_the_embedder(small_workspace: Workspace) -> None:
    small_workspace.add(File("a_long.txt", (NOTE + "Furosemide was continued. " * 200).encode()))
    whole = Pipeline(embed=MiniLM(), chunk=Whole()).to_json()
    app = opened("chunks", pipeline=whole, chunkers=[whole, whole])
    warned = "1 of 1 passages are longer than the embedder's 256 tokens; the rest of their text is not in the vector."
    assert warned in shown(app)
    every = Pipeline(embed=Hashing(), chunk=Whole()).to_json()
    assert "are longer than" not in shown(opened("chunks", pipeline=every, chunkers=[every, every]))


def test_a_chunker_without_its_model_says_so_on_the_chunks_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelProblem(f"The MiniLM model is not installed. Install it with: {minilm.INSTALL}")

    settings = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm")).to_json()
    monkeypatch.setattr(MiniLM, "__call__", lambda *_: missing())
    app = opened("chunks", pipeline=settings, chunkers=[settings, settings])
    assert "The MiniLM model is not installed" in shown(app)
