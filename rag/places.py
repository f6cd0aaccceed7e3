"""Where things lie: in a checkout all in the project, as an installed package in it and in the user's own folders."""

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

NAME = "clinical-rag-workbench"
WORKSPACE, CACHE = "RAG_WORKSPACE", "RAG_CACHE"
PACKAGE = Path(__file__).parent
INSTALLED = PACKAGE.joinpath("site").is_dir()  # The wheel alone has that folder.
SITE = PACKAGE / "site" if INSTALLED else PACKAGE.parent  # Where app.py, pages/ and sample_data/ lie.
SAMPLES = SITE / "sample_data"


def workspace_folder() -> Path:
    """RAG_WORKSPACE; else `.workspace` in a checkout, and a folder among the user's data where the package is installed."""
    if given := os.environ.get(WORKSPACE):
        return Path(given)
    if not INSTALLED:
        return SITE / ".workspace"
    return user_data_path(NAME) / "workspace"


def cache_folder() -> Path:
    """Where what the set-up makes is kept: RAG_CACHE; else `.cache` in a checkout, and the user's cache where installed."""
    if given := os.environ.get(CACHE):
        return Path(given)
    if not INSTALLED:
        return SITE / ".cache"
    return user_cache_path(NAME)
