"""Loading a long PDF: pypdf's plain extraction beside ours."""

import statistics
import time
from pathlib import Path

import pypdf

from rag.documents.load import read
from tests.bench.corpora import Settings
from tests.bench.figures import Figure

LONG = "opioid2022draft.pdf"
ROUNDS = 3


def load(settings: Settings) -> list[Figure]:
    """Seconds for the 211 pages, in turns."""
    path = settings.folder("cdc_pdfs") / LONG
    plain, ours = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pages = _plain(path)
        plain.append(time.perf_counter() - started)
        started = time.perf_counter()
        read(path)
        ours.append(time.perf_counter() - started)
    mine, theirs = statistics.median(ours), statistics.median(plain)
    return [
        Figure(f"seconds for {pages} pages, pypdf alone", theirs, "s", n=ROUNDS),
        Figure(f"seconds for {pages} pages, ours", mine, "s", n=ROUNDS, note="with sections, line numbers and running heads"),
        Figure("ours against pypdf alone", mine / theirs, "x", n=ROUNDS),
    ]


def _plain(path: Path) -> int:
    reader = pypdf.PdfReader(path)
    return len([page.extract_text() for page in reader.pages])
