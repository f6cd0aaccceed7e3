"""Files that were made to harm, read one after the other as an upload is: time, memory, and whether each ends by name."""

import resource
import sys
import time

from rag.commands.common import say
from rag.documents.load import read_file
from rag.errors import FileProblem
from rag.values import File
from tests.bench.corpora import Settings
from tests.bench.figures import Figure
from tests.hostile_files import ALL

PER_MEGABYTE = 1024 if sys.platform != "darwin" else 1024 * 1024


def hostile(settings: Settings) -> list[Figure]:
    """The longest and the largest of the hostile files, in seconds of the processor and megabytes; how many are refused."""
    longest, refused, unnamed = 0.0, 0, 0
    for name, (called, make) in ALL.items():
        data = make()
        failed: list[FileProblem] = []
        before = _spent()
        started = time.perf_counter()
        try:
            read_file(File(called, data), failed)
        except FileProblem as problem:
            failed.append(problem)
            refused += 1
        taken = _spent() - before
        longest = max(longest, taken)
        unnamed += any(not str(problem).startswith(called) for problem in failed)
        told = str(failed[0])[:90] if failed else ""
        say(f"  {name}: {taken:.1f} s here, {time.perf_counter() - started:.1f} s in all {told}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / PER_MEGABYTE
    return [
        Figure("hostile files refused", refused, n=len(ALL)),
        Figure("messages that do not name their file", unnamed, n=len(ALL)),
        Figure("most seconds of the app's own process for a file", longest, "s", n=len(ALL)),
        Figure("most memory of a reading process", largest, "MB", n=len(ALL), note="those that have ended"),
    ]


def _spent() -> float:
    mine = resource.getrusage(resource.RUSAGE_SELF)
    return mine.ru_utime + mine.ru_stime
