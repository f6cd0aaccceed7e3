"""Taking a pipeline away from the app, and opening one that was taken away."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.tune.settings.takeaway import AS_SERVICE, IN_LANGCHAIN, as_service, in_langchain, told
from rag.away.yaml import to_yaml
from rag.documents.workspace import Workspace
from rag.pipeline import Pipeline, read_pipeline
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Terms
from rag.values import File, Filter
from tests.widgets import widget

ROOT = Path(__file__).parents[2]
NOTE = "PROGRESS NOTE\nPatient: P-0001\nDate: 2024-03-14\n\nPLAN:\nFurosemide 40 mg daily was continued at discharge.\n"
TUNED = Pipeline(chunk=Words(size=60, overlap=12), embed=Hashing(), retrieve=Terms(), rerank=Keep(top=3))


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page Ask over one invented note."""
    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    project = Workspace(tmp_path).project()
    project.saved.put("state", "added", "samples")
    project.shelf.add(File("note.txt", NOTE.encode()))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    yield app.switch_page("pages/tune/ask.py").run()
    st.cache_resource.clear()


def opened(app: AppTest, name: str, text: str) -> AppTest:
    (box,) = [one for one in app.file_uploader if one.label == "Open a JSON or YAML file"]
    box.set_value((name, text.encode(), "text/plain")).run()
    assert not app.exception
    return app


def test_a_yaml_file_is_opened_and_every_control_shows_it(app: AppTest) -> None:
    opened(app, "mine.yaml", to_yaml(TUNED))
    assert read_pipeline(app.session_state["state"]["pipeline"]) == TUNED
    assert widget(app.slider, "ask-chunk-words-size").value == 60


def test_a_yaml_file_that_does_not_fit_says_why_and_changes_nothing(app: AppTest) -> None:
    before = app.session_state["state"]["pipeline"]
    opened(app, "mine.yml", "chunk: {kind: words, sizes: 3}")
    assert [one.value for one in app.error if "mine" in one.value and "sizes" in one.value], list(app.error)
    assert app.session_state["state"]["pipeline"] == before


def test_the_ways_out_are_offered(app: AppTest) -> None:
    assert not app.exception
    labels = [one.label for one in app.get("download_button")]
    assert [one for one in ("Download as JSON", "Download as YAML", "Download as a script") if one not in labels] == []
    assert {IN_LANGCHAIN, AS_SERVICE} <= {one.value for one in app.code}


def test_the_filter_goes_along_and_where_it_does_not_is_said(app: AppTest) -> None:
    assert not [one for one in app.caption if "JSON and YAML hold" in one.value]
    widget(app.multiselect, "ask-patients").set_value(["P-0001"]).run()
    assert not app.exception
    (said,) = [one.value for one in app.caption if "JSON and YAML hold" in one.value]
    assert "P\\-0001) goes along in the script" in said and "the pipeline's settings only" in said
    only = Filter(patients=("P-0001",))
    assert {in_langchain(only), as_service(only)} <= {one.value for one in app.code}
    assert told(Filter(types=("a", "b"), before="2024-03-01", in_force=True)) == "types: a, b; before: 2024-03-01; in force"
    assert as_service(only) == f"{AS_SERVICE} --patient P-0001"
    assert as_service(Filter(documents=("a b'c.txt",))).endswith(""" --document 'a b'"'"'c.txt'""")


def _surroundings(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "RAG_WORKSPACE": str(folder / ".workspace")}


def test_what_is_written_for_langchain_runs_with_its_filter(tmp_path: Path) -> None:
    project = Workspace(tmp_path / ".workspace").project()
    project.shelf.add(File("note.txt", NOTE.encode()))
    project.shelf.add(File("other.txt", NOTE.replace("P-0001", "P-0002").encode()))
    (tmp_path / "pipeline.yaml").write_text(to_yaml(TUNED), "utf-8")
    asked = "print({one.metadata['document'] for one in retriever.invoke('Was furosemide 40 mg continued?')})"
    started = [sys.executable, "-c", f"{in_langchain(Filter(patients=('P-0002',)))}\n{asked}"]
    done = subprocess.run(started, cwd=tmp_path, env=_surroundings(tmp_path), capture_output=True, text=True, timeout=120)
    assert done.stdout == "{'other.txt'}\n", done.stderr


def test_what_is_written_for_langchain_runs(tmp_path: Path) -> None:
    Workspace(tmp_path / ".workspace").project().shelf.add(File("note.txt", NOTE.encode()))
    (tmp_path / "pipeline.yaml").write_text(to_yaml(TUNED), "utf-8")
    asked = "print([one.page_content for one in retriever.invoke('Was furosemide 40 mg continued?')])"
    started = [sys.executable, "-c", f"{IN_LANGCHAIN}\n{asked}"]
    done = subprocess.run(started, cwd=tmp_path, env=_surroundings(tmp_path), capture_output=True, text=True, timeout=120)
    assert "Furosemide 40 mg daily was continued at discharge." in done.stdout, done.stderr
