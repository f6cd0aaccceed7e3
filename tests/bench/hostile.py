"""Files that were made to harm, read one after the other as an upload is: time, memory, and whether each ends by name."""

import math
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rag.commands.common import say
from rag.documents.load import FORMATS, apart, read_file
from rag.errors import FileProblem
from rag.values import File
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_most
from tests.hostile_files import ALL
from tests.made_files import CCDA, CSV, HTML, RESOURCES, RTF, bundle, word, workbook

PER_MEGABYTE = 1024 if sys.platform != "darwin" else 1024 * 1024
SMALL = {
    "a.docx": word(), "a.xlsx": workbook(), "a.html": HTML.encode(), "a.rtf": RTF.encode(), "a.csv": CSV.encode(),
    "a.xml": CCDA.encode(), "a.json": bundle(*RESOURCES),
}  # fmt: skip
ROUNDS = 40


def hostile(settings: Settings) -> list[Figure]:
    """The longest and the largest of the hostile files, in seconds of the processor and megabytes; how many are refused.

    And what the bounds cost: the time of small files read in processes of their own against that in one process.
    """
    longest, slowest, refused, unnamed = 0.0, (0.0, ""), 0, 0
    for name, (called, make) in ALL.items():
        data = make()
        failed: list[FileProblem] = []
        mine, all_of_them, started = time.process_time(), _worked(), time.perf_counter()
        try:
            read_file(File(called, data), failed)
        except FileProblem as problem:
            failed.append(problem)
            refused += 1
        here, worked = time.process_time() - mine, _worked() - all_of_them
        longest = max(longest, here)
        if not called.endswith(".zip"):  # Each of its members is a file of its own.
            slowest = max(slowest, (worked, name))
        unnamed += any(not str(problem).startswith(called) for problem in failed)
        told = str(failed[0])[:90] if failed else ""
        say(f"  {name}: {here:.1f} s here, {worked:.1f} s of all processes, {time.perf_counter() - started:.1f} s in all {told}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / PER_MEGABYTE
    return [
        Figure("hostile files refused", refused, n=len(ALL)),
        Figure("messages that do not name their file", unnamed, n=len(ALL)),
        Figure("most seconds of the app's own process for a file", longest, "s", n=len(ALL)),
        Figure("most seconds of all processes for a file", slowest[0], "s", at_most(10), len(ALL), note=slowest[1]),
        Figure("most memory of a reading process", largest, "MB", at_most(1024), len(ALL), note="those that have ended"),
        *_small(),
    ]


def _small() -> Iterator[Figure]:
    """Milliseconds of the processor for a small file of each format, in processes of their own and in this one."""
    for name, data in SMALL.items():
        file = File(name, data)
        bounded = _milliseconds(file)
        before = {kind: kind.apart for kind in FORMATS.values()}
        for kind in before:
            kind.apart = math.inf
        note = f"{_milliseconds(file):.1f} in one process"
        for kind, least in before.items():
            kind.apart = least
        yield Figure(f"a small file {name}", bounded, "ms", n=ROUNDS, note=note)


def _milliseconds(file: File) -> float:
    read_file(file)
    started = _worked()
    for _ in range(ROUNDS):
        read_file(file)
    return (_worked() - started) / ROUNDS * 1000


def _worked() -> float:
    """Seconds of the processor of this process, of those that it has started and of those that wait for their next file."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(_alive(process._process.pid) for process in apart._idle)


def _alive(pid: int) -> float:
    """The seconds of a process that runs, where the system tells them (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
