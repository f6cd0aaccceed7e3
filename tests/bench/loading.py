"""Loading a long PDF: pypdf's plain extraction beside ours."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pypdf

from rag.documents.load import read
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_most

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LONG = "opioid2022draft.pdf"
ROUNDS = 5
AIM = round(2 / 6, 3)  # 2 seconds where pypdf takes 6, on two cores


def load(settings: Settings) -> list[Figure]:
    """Seconds for the 211 pages, in turns; the ratios are those within each turn, since other programs slow both alike."""
    path = settings.folder("cdc_pdfs") / LONG
    pages = len(pypdf.PdfReader(path).pages)
    turns = [(_taken(_plain, path), _taken(read, path)) for _ in range(ROUNDS)]
    (plain, plain_work), (ours, our_work) = (
        [list(column) for column in zip(*side, strict=True)] for side in zip(*turns, strict=True)
    )
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, plain, strict=True))
    work = statistics.median(mine / theirs for mine, theirs in zip(our_work, plain_work, strict=True))
    said = "with sections, line numbers and running heads"
    figures = [
        Figure(f"seconds for {pages} pages, pypdf alone", statistics.median(plain), "s", n=ROUNDS),
        Figure(f"seconds for {pages} pages, ours", statistics.median(ours), "s", n=ROUNDS, note=said),
        Figure("ours against pypdf alone", ratio, "x", target=at_most(AIM), n=ROUNDS, note="elapsed, in turns"),
    ]
    if resource:
        note = "of all processes together"
        figures.append(Figure("ours against pypdf alone, time of the processor", work, "x", n=ROUNDS, note=note))
    return figures


def _taken(run: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """The seconds that elapse, and those that the processor works, the processes that it starts among them."""
    started, worked = time.perf_counter(), _worked()
    run(path)
    return time.perf_counter() - started, _worked() - worked


def _worked() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN) if resource else None
    return time.process_time() + (children.ru_utime + children.ru_stime if children else 0.0)


def _plain(path: Path) -> None:
    for page in pypdf.PdfReader(path).pages:
        page.extract_text()
