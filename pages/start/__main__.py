"""Starts the app: `python -m pages.start`; the options of `streamlit run` may follow."""

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

# Streamlit takes a folder named pages/ for its older menu until app.py has run once, and answers "Page not found" to a first
# request for any page but the start page, as from a tab that was open while the server started again.
PagesManager.uses_pages_directory = False
cli.main(["run", str(Path(__file__).parents[2] / "app.py"), *sys.argv[1:]])
