"""On the screen: versions of the prompt, what it left out, texts by type of document, passages beyond the embedder's limit."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag import wordpiece
from rag.documents.workspace import Project, Workspace
from rag.errors import ModelProblem
from rag.pipeline import Pipeline, read_pipeline
from rag.stages.answer.chat import Chat
from rag.stages.chunk.parents import Whole
from rag.stages.chunk.semantic import Semantic
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.prompt import Cited, Plain
from rag.stages.prompt.changes import MARKER
from rag.stages.prompt.marking import STAND_IN
from rag.values import File
from rag.wordpiece import installed
from tests.pages.test_pages import NOTE, QUESTION, opened, press, shown
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")


def test_the_prompt_view_lists_what_was_left_out_and_why(small_project: Project) -> None:
    small_project.shelf.add(File("long.txt", (NOTE.replace("P-0001", "P-0003") + "Furosemide was continued. " * 100).encode()))
    settings = Pipeline(embed=Hashing(), chunk=Whole(), prompt=Plain(budget=200)).to_json()
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
    app.session_state["look"] = "Prompt"
    app = app.run()
    assert not app.exception
    assert any("Left out: " in box.label for box in app.expander)
    assert "of the budget of 200 were left" in shown(app)


def test_texts_by_type_are_set_on_the_page_and_sent() -> None:
    settings = Pipeline(embed=Hashing(), prompt=Cited(by_type={"letter": "Never told."})).to_json()
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
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
def test_the_chunks_page_warns_of_passages_beyond_the_limit_of_the_embedder(small_project: Project) -> None:
    small_project.shelf.add(File("a_long.txt", (NOTE + "Furosemide was continued. " * 200).encode()))
    whole = Pipeline(embed=MiniLM(), chunk=Whole()).to_json()
    app = opened("chunks", pipeline=whole, chunkers=[whole, whole])
    warned = "1 of 1 passages are longer than the embedder's 256 tokens; the rest of their text is not in the vector."
    assert warned in shown(app)
    every = Pipeline(embed=Hashing(), chunk=Whole()).to_json()
    assert "are longer than" not in shown(opened("chunks", pipeline=every, chunkers=[every, every]))


def test_a_chunker_without_its_model_says_so_on_the_chunks_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelProblem(f"The MiniLM model is not installed. Install it with: {wordpiece.INSTALL}")

    settings = Pipeline(embed=Hashing(), chunk=Semantic(by="minilm")).to_json()
    monkeypatch.setattr(MiniLM, "__call__", lambda *_: missing())
    app = opened("chunks", pipeline=settings, chunkers=[settings, settings])
    assert "The MiniLM model is not installed" in shown(app)


def prompted(**changed: Any) -> AppTest:
    """The Ask page on the view of the prompt, with the first version of it in force."""
    settings = Pipeline(embed=Hashing(), prompt=Cited(system="Be brief.\nCite.", budget=900, **changed)).to_json()
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
    app.session_state["look"] = "Prompt"
    return app.run()


def edited(app: AppTest, version: int, **texts: str) -> AppTest:
    for name, text in texts.items():
        widget(app.text_area, f"versions-{version}-edit-{name}").set_value(text)
    app = press(app, "Apply as a new version")
    assert not app.exception
    return app


def difference(app: AppTest) -> list[str]:
    """The lines of the difference as they are drawn."""
    (drawn,) = (part.proto for part in app.get("bidi_component") if "versions-text" in part.proto.id)
    blocks = json.loads(drawn.json)["blocks"]
    return ["".join(part["text"] for part in block["parts"]) for block in blocks]


def in_force(app: AppTest) -> Any:
    state = app.session_state["state"]
    assert state["applied"] == state["pipeline"]
    return read_pipeline(state["applied"]).prompt


def test_each_text_that_is_applied_is_a_version_and_two_of_them_can_be_compared() -> None:
    app = prompted()
    assert "**Version 1** is in force · 1 version kept" in shown(app)
    widget(app.text_area, "ask-prompt-cited-system").set_value("Be brief.\nCite <b>all</b>.").run()
    assert "**Version 2** is in force · 2 versions kept" in shown(app)
    assert difference(app) == ["System", "  Be brief.", "− Cite.", "+ Cite <b>all</b>."]
    app = edited(app, 2, examples="Q: Why?\nA: So [1].", template="{sources}\n\nQ: {question}")
    assert "**Version 3** is in force" in shown(app) and in_force(app).budget == 900
    assert widget(app.text_area, "ask-prompt-cited-system").value == "Be brief.\nCite <b>all</b>."
    told = shown(app).replace("\\", "")
    assert "Texts, version 2 → 3: template 1 line added, 3 removed; examples 2 lines added" in told
    widget(app.selectbox, "versions-first-3").set_value(1).run()
    told = shown(app).replace("\\", "")
    assert "version 1 → 3: system 1 line added, 1 removed; template 1 line added, 3 removed; examples 2 lines added" in told
    assert [version["number"] for version in app.session_state["state"]["prompts"]] == [1, 2, 3]


def test_going_back_to_a_version_puts_its_texts_in_force_and_keeps_the_other_settings() -> None:
    app = edited(prompted(marking="delimiters"), 1, system="Cite.")
    app = press(app, "Go back to version 1")
    assert "**Version 1** is in force · 2 versions kept" in shown(app)
    prompt = in_force(app)
    assert (prompt.system, prompt.budget, prompt.marking) == ("Be brief.\nCite.", 900, "delimiters")
    widget(app.number_input, "ask-prompt-cited-budget").set_value(1200).run()
    assert "**Version 1** is in force · 2 versions kept" in shown(app), "a budget is no text"
    app = press(app, "Go back to version 2")
    assert (in_force(app).system, in_force(app).budget) == ("Cite.", 1200)


def of_no_marker(prompt: str) -> str:
    """A prompt with the marker that the differences show: another one on each sending is no change."""
    return MARKER.sub(STAND_IN["delimiters"], prompt)


@pytest.mark.parametrize("marking", ["none", "delimiters", "words"])
def test_the_difference_of_what_is_sent_ends_with_exactly_what_is_sent(marking: str, small_project: Project) -> None:
    odd = NOTE.replace("P-0001", "P-0003").replace("daily", "daily \u200bµg² “quoted” {question} <b>tab\tthere</b>")
    small_project.shelf.add(File("odd.txt", odd.encode()))
    app = prompted(marking=marking)
    before = [code.value for code in app.code][-2:]
    app = edited(app, 1, system="Answer in one sentence.", by_type="note: Notes are of one day.")
    widget(app.button_group, "versions-view").set_value("The sent prompt").run()
    sent = [code.value for code in app.code][-2:]
    assert sent != before and sent[1] == before[1] and "Notes are of one day." in sent[0]
    lines = difference(app)
    assert lines[0] == "System message" and not [line for line in lines if line == "⋯"]
    gone, new = ("\n".join(line[2:] for line in lines[1:] if line[0] in kept) for kept in ("− ", "+ "))
    assert (gone, new) == (of_no_marker(before[0]), of_no_marker(sent[0]))
    assert "Sent for this question, version 1 → 2: system message" in shown(app).replace("\\", "")


def test_texts_that_do_not_fit_are_not_applied_and_are_no_version() -> None:
    app = edited(prompted(), 1, template="Only {question}")
    assert "Not applied" in shown(app) and "lacks {sources}" in shown(app).replace("\\", "")
    assert "**Version 1** is in force · 1 version kept" in shown(app)


def test_a_version_that_todays_prompts_cannot_read_is_left_out() -> None:
    app = prompted()
    app.session_state["state"]["prompts"].append({"number": 2, "at": 0.0, "texts": {"kind": "gone", "template": "x"}})
    assert "1 version kept" in shown(app.run()) and not app.exception


def test_the_versions_come_back_with_the_session(small_project: Project) -> None:
    app = edited(prompted(), 1, system="Cite.")
    (name,) = Workspace(small_project.folder).project().saved.names("session")
    kept = json.loads(Workspace(small_project.folder).project().saved.get("session", name) or "")
    assert [version["texts"]["system"] for version in kept["prompts"]] == ["Be brief.\nCite.", "Cite."]
    assert kept["prompts"] == app.session_state["state"]["prompts"]


def test_a_text_under_which_no_answer_could_be_written_is_a_version_too() -> None:
    down = Chat(base_url="http://127.0.0.1:9/v1", retries=0, timeout=2.0)
    settings = Pipeline(embed=Hashing(), answer=down).to_json()
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
    app = widget(app.text_area, "ask-prompt-cited-system").set_value("Cite.").run()
    assert "cannot be reached" in shown(app)
    assert [version["texts"]["system"] == "Cite." for version in app.session_state["state"]["prompts"]] == [False, True]
