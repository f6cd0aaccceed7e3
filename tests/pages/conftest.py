"""The project that the tests of pages begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from rag.documents.workspace import Project, Workspace
from rag.values import File


@pytest.fixture
def small_project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with the module's `SMALL_NOTES`, or else those of `test_pages`, instead of the samples: pages open quickly."""
    from tests.pages import test_pages

    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    project = Workspace(tmp_path).project()
    project.saved.put("state", "added", "samples")
    for name, text in getattr(request.module, "SMALL_NOTES", test_pages.SMALL_NOTES).items():
        project.shelf.add(File(name, text.encode()))
    st.cache_resource.clear()
    yield project
    st.cache_resource.clear()
