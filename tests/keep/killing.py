"""Kills a process at random moments of uploads, decisions and removals, and looks whether anything is missing or half done.

`python -m tests.keep.killing NUMBER [SEED]`: prints what was wrong, a line each, and how many kills there were.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag.documents.files import content_of
from rag.documents.workspace import Project, Workspace
from rag.keep.records import DATABASE
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import File

HELD = "Progress note\nDate: 2024-03-14\nMr. Quillonby{0} was seen. Phone (555) 010-{0:04}. The dose of zalumide{0}x is 5 mg.\n"
CLEAR = "Progress note\nDate: 2024-03-14\nThe dose of peritol{0}x was raised because of a rash.\n"
PIPELINE = Pipeline(embed=Hashing())
ALL = -1  # The document of an act that concerns all.
LONGEST = 2.0  # Seconds until a kill, from the first act on.


def acts(seed: int) -> Iterator[tuple[str, int, Callable[[Project], Any]]]:
    """Acts one after the other: what is done, with which document, and how."""
    dice = random.Random(seed)
    there: list[int] = []
    for number in range(10_000):
        if len(there) < 3 or dice.random() < 0.4:
            body = (HELD if number % 2 else CLEAR).format(number).encode()
            there.append(number)
            yield "upload", number, lambda project, n=number, body=body: project.shelf.add(File(f"{n}.txt", body))
            continue
        if dice.random() < 0.15:
            yield "prepare", ALL, lambda project: PIPELINE.prepare(project.shelf.documents, project.artifacts)
            continue
        at = there[dice.randrange(len(there))]
        act = dice.choice(["release", "redact", "surrogates", "reject", "remove"])
        if act in {"reject", "remove"}:
            there.remove(at)
        if act == "remove":
            yield act, at, lambda project, at=at: project.shelf.remove(f"{at}.txt")
        else:
            yield act, at, lambda project, at=at, act=act: project.decisions.make([f"{at}.txt"], act, "A B")


def worked(folder: Path, told: int, seed: int) -> None:
    """What the process does that is killed: it acts, and says of each act that it was begun and that it is done."""
    project = Workspace(folder).project()
    os.write(told, b"open\n")
    for act, number, do in acts(seed):
        os.write(told, f"{act} {number}\n".encode())
        do(project)
        os.write(told, b"done\n")


def wrong(folder: Path, said: list[str]) -> list[str]:
    """What is not as the process said it was."""
    begun = [line.split() for line in said if line not in {"open", "done"}]
    done = begun[: said.count("done")]
    last = begun[len(done)] if len(begun) > len(done) else None
    project = Workspace(folder).project()
    there = {entry.document.name: entry for entry in project.shelf.entries}
    faults: list[str] = []
    for number in {number for _, number in done} - {str(ALL)}:
        mine = [act for act, at in done if at == number]
        doubt = last is not None and last[1] == number
        entry = there.get(f"{number}.txt")
        if mine[-1] in {"remove", "reject"}:
            faults += [f"{number}: {mine[-1]} was done, and it is there"] if entry else []
            faults += [f"{number}: stands in {name}" for name in _holding(folder, f"peritol{number}x", f"zalumide{number}x")]
            continue
        if entry is None:
            faults += [] if doubt and last and last[0] in {"remove", "reject"} else [f"{number}: {mine} was done, and it is gone"]
            continue
        if not doubt:
            decided = next((act for act in reversed(mine) if act != "upload"), "")
            faults += [f"{number}: {mine} was done, and it stands as {entry.decision!r}"] if entry.decision != decided else []
            if {"redact", "surrogates"} & set(mine):
                faults += [f"{number}: an identifier stands in {name}" for name in _holding(folder, f"Quillonby{number} ")]
            elif project.shelf.original(f"{number}.txt") is None:
                faults.append(f"{number}: its original is gone")
    decided = len(project.decisions.all())
    expected = sum(act not in {"upload", "remove", "prepare"} for act, _ in done)
    faults += [f"{decided} decisions stand there, {expected} were done"] if not expected <= decided <= expected + 1 else []
    named = {project.shelf.place(name) for name in there} - {""}
    kept = {path.name for path in (folder / "files").iterdir()}
    faults += [f"a file without a record: {name}" for name in kept - named] + [f"no file {name}" for name in named - kept]
    for name in kept:
        if content_of((folder / "files" / name).read_bytes()) != Path(name).stem:
            faults.append(f"cut: {name}")
    return faults


def _holding(folder: Path, *words: str) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != f"{DATABASE}-shm"]
    return [path.name for path in files if any(word.encode() in path.read_bytes() for word in words)]


def killed(number: int, seed: int) -> tuple[int, list[str]]:
    """How many acts were done, and the faults, after so many kills, each in a workspace of its own."""
    dice, faults, done = random.Random(seed), [], 0
    with tempfile.TemporaryDirectory() as warm:  # What is loaded at the first upload is loaded before there are children.
        Workspace(Path(warm)).project().shelf.add(File("warm.txt", HELD.format(0).encode()))
    for trial in range(number):
        folder = Path(tempfile.mkdtemp())
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                worked(folder, write, seed + trial)
            finally:
                os._exit(3)
        os.close(write)
        with os.fdopen(read) as told:
            assert told.readline() == "open\n", "the process ended before it began"
            time.sleep(dice.uniform(0, LONGEST))
            os.kill(child, signal.SIGKILL)
            said = ["open", *told.read().splitlines()]
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            faults.append(f"trial {trial}: it ended by itself with {os.waitstatus_to_exitcode(status)}")
        faults += [f"trial {trial}: {fault}" for fault in wrong(folder, said)]
        done += said.count("done")
        shutil.rmtree(folder)
    return done, faults


if __name__ == "__main__":
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    acted, found = killed(count, seed)
    sys.stdout.write("".join(f"{fault}\n" for fault in found) + f"{count} kills after {acted} acts, {len(found)} faults\n")
    sys.exit(bool(found))
