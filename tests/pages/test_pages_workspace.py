"""The app with a workspace that cannot be used, or takes nothing more: that is said on the page, in words."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.documents.workspace import Workspace
from rag.errors import SettingProblem
from rag.keep.saved import Saved
from rag.values import File

APP = Path(__file__).parents[2] / "app.py"
NOTE = b"Progress note\nDate: 2024-03-14\nThe dose of zalumide is 5 mg.\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a note, which nobody has open."""
    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    made = Workspace(tmp_path).project()
    made.saved.put("state", "added", "samples")
    made.shelf.add(File("note.txt", NOTE))
    del made
    gc.collect()
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


def test_a_damaged_workspace_is_told_and_not_made_anew(folder: Path) -> None:
    data = b"\xa5" * 4096
    (folder / "workspace.sqlite").write_bytes(data)
    page = AppTest.from_file(str(APP), default_timeout=120).run()
    assert not page.exception
    (said,) = [one.value for one in page.error]
    assert said.replace("\\", "").startswith("workspace.sqlite of the workspace cannot be used: it is damaged. Restore it")
    assert (folder / "workspace.sqlite").read_bytes() == data


def test_a_session_that_the_workspace_does_not_take_goes_on_without_being_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Saved.put

    def full(self: Saved, kind: str, *told: Any) -> str:
        if kind == "session":
            raise SettingProblem("The invented disk is full. Make room.")
        return save(self, kind, *told)

    monkeypatch.setattr(Saved, "put", full)
    page = AppTest.from_file(str(APP), default_timeout=120).run()
    for _ in range(2):
        said = [one.value.replace("\\", "") for one in page.warning]
        assert said == ["The invented disk is full. Make room. This session is not kept."]
        assert not page.exception and not page.error and page.title
        page.run()
    monkeypatch.setattr(Saved, "put", save)
    assert [one.value for one in page.run().warning] == [] and Workspace(folder).project().saved.names("session")
