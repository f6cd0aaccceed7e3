"""A page whose printed number is another than its place in the file is told alike wherever it is told."""

import json
from pathlib import Path

import pytest

from rag.away.script import to_script
from rag.documents.workspace import Project
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.follow import read_conversation
from rag.stages.chunk.windows import Sentences
from rag.stages.embed.hashing import Hashing
from rag.values import File, Page, page_words
from tests.commands.test_command_line import Run, run  # noqa: F401
from tests.conftest import MakePdf
from tests.pages.test_pages import opened, shown
from tests.widgets import widget

TOLD = "policy.pdf, p. 3 (printed 2)"
QUESTION = "How long may the wheeled walker of zinc be rented?"
PIPELINE = Pipeline(embed=Hashing(), chunk=Sentences(size=1, overlap=0))
LINES = [
    ["Contents of an invented policy."],
    ["Who is covered: members."],
    ["The wheeled walker of zinc may be rented for a year."],
]


@pytest.fixture
def policy(make_pdf: MakePdf) -> bytes:
    return make_pdf(LINES, roman=1)


def test_a_page_in_words() -> None:
    assert [Page(4, label, 0, 1).told for label in ("4", "", "2", "iv")] == [
        "p. 4",
        "p. 4",
        "p. 4 (printed 2)",
        "p. 4 (printed iv)",
    ]
    assert page_words(None) == ""


@pytest.mark.usefixtures("small_project")
def test_the_pages_tell_it_in_citations_passages_and_the_source(small_project: Project, policy: bytes) -> None:
    small_project.shelf.add(File("policy.pdf", policy))
    settings = PIPELINE.to_json()
    app = opened("ask", asked=QUESTION, pipeline=settings, applied=settings)
    parts = [json.loads(one.proto.json)["blocks"] for one in app.get("bidi_component") if one.proto.json]
    labels = [button["label"] for blocks in parts for block in blocks for button in block.get("buttons", ())]
    assert any(TOLD in label for label in labels)
    app = widget(app.button_group, "look").set_value("Passages").run()
    assert any(TOLD in set(frame.value.get("Document", ())) for frame in app.dataframe)
    app = widget(app.button_group, "look").set_value("Prompt").run()
    assert "p. 3 (printed 2)" in json.dumps([one.proto.json for one in app.get("bidi_component")]) + shown(app)


def test_the_command_line_and_what_is_written_tell_it(run: Run, policy: bytes, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "policy.pdf").write_bytes(policy)
    (tmp_path / "p.json").write_text(PIPELINE.to_json(), "utf-8")
    asked = ("ask", QUESTION, "--docs", tmp_path / "policy.pdf", "--pipeline", tmp_path / "p.json")
    _, out, _ = run(*asked)
    assert f"] {TOLD}" in out
    _, out, _ = run(*asked, "--json", "--follow", tmp_path / "talk.json")
    row = json.loads(out)
    cited = row["claims"][0]["citations"][0]
    assert (cited["page"], cited["printed"]) == (3, "2") == (row["hits"][0]["page"], row["hits"][0]["printed"])
    (turn,) = read_conversation(tmp_path / "talk.json")
    assert turn.citations[0].printed == "2"
    assert "place_words" in to_script(PIPELINE)


def test_passages_that_were_kept_know_it_too(tmp_path: Path, policy: bytes) -> None:
    from rag.documents.load import read_file

    documents = tuple(read_file(File("policy.pdf", policy)))
    pages = []
    for _ in range(2):
        artifacts = Artifacts(tmp_path)
        pages.append([(chunk.page, chunk.printed) for chunk in PIPELINE.divide(documents, artifacts)])
    assert pages[0] == pages[1] == [(1, "i"), (2, "1"), (3, "2")]
