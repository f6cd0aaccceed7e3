"""Starts the app: `python -m pages.start`; the options of `streamlit run` may follow."""

import sys

from pages.start.server import run
from rag.errors import WorkbenchError

try:
    run(sys.argv[1:])
except WorkbenchError as problem:
    sys.exit(f"error: {problem}")
