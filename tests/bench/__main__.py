"""Runs the measurements, prints them as a table and writes them as JSON: `python -m tests.bench --list`."""

import argparse
import json
import multiprocessing
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rag.commands.common import say
from rag.documents.many import processors
from tests.bench.answers import cdc, quoted, refusal
from tests.bench.asked import asked
from tests.bench.assertions import statuses
from tests.bench.changes import changes
from tests.bench.conflicts import conflict
from tests.bench.corpora import DATA, Settings
from tests.bench.embedding import embedding
from tests.bench.facts import facts_speed
from tests.bench.figures import Figure, Skipped, table
from tests.bench.fitted import fitted_reranker
from tests.bench.hostile import hostile
from tests.bench.index import index
from tests.bench.latency import latency
from tests.bench.launch import launch
from tests.bench.loading import load
from tests.bench.omissions import omitted
from tests.bench.options import offline
from tests.bench.paired import paired
from tests.bench.real import real
from tests.bench.redteam import perturbed, redteam
from tests.bench.retrieval import covidqa, scifact
from tests.bench.risk import risk
from tests.bench.screening import identifiers, injection, names, screening_speed, sections
from tests.bench.sessions import sessions
from tests.bench.static import static

PARTS: dict[str, Callable[[Settings], list[Figure]]] = {
    "scifact": scifact,
    "covidqa": covidqa,
    "asked": asked,
    "quoted": quoted,
    "cdc": cdc,
    "options": offline,
    "fitted": fitted_reranker,
    "refusal": refusal,
    "embedding": embedding,
    "static": static,
    "latency": latency,
    "index": index,
    "changes": changes,
    "launch": launch,
    "sessions": sessions,
    "load": load,
    "real": real,
    "hostile": hostile,
    "identifiers": identifiers,
    "names": names,
    "injection": injection,
    "sections": sections,
    "assertions": statuses,
    "screening": screening_speed,
    "facts": facts_speed,
    "conflicts": conflict,
    "omissions": omitted,
    "paired": paired,
    "risk": risk,
    "redteam": redteam,
    "perturbed": perturbed,
}


def main() -> None:
    """Runs every part, or those named; each in its own process, so that neither memory nor caches pass between them."""
    arguments = _arguments()
    if arguments.list:
        for name, part in PARTS.items():
            print(f"{name:10} {(part.__doc__ or '').strip()}")
        return
    found: list[tuple[str, Figure]] = []
    left: dict[str, str] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(arguments.data, arguments.cache or Path(temporary), arguments.torch_python, arguments.labels)
        for name in arguments.only or PARTS:
            say(f"{name} …")
            started = time.perf_counter()
            try:
                found += [(name, figure) for figure in _alone(PARTS[name], settings)]
            except Skipped as reason:
                left[name] = f"skipped: {reason}"
            except Exception as error:  # One part that breaks must not cost the others.
                left[name] = f"failed: {type(error).__name__}: {error}"
            seconds[name] = time.perf_counter() - started
    if found:
        print(table(found))
    for name, why in left.items():
        print(f"{name}: {why}")
    missed = [f"{name}: {figure.name}" for name, figure in found if figure.met is False]
    print(f"{sum(figure.met is True for _, figure in found)} targets met, {len(missed)} not met")
    _write(arguments.out, found, left, seconds)


def _alone(part: Callable[[Settings], list[Figure]], settings: Settings) -> list[Figure]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(part, settings).result()


def _write(out: Path, found: list[tuple[str, Figure]], left: dict[str, str], seconds: dict[str, float]) -> None:
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": processors(),
        "seconds": {name: round(taken, 1) for name, taken in seconds.items()},
        "not measured": left,
        "figures": [{"part": name, **asdict(figure), "met": figure.met} for name, figure in found],
    }
    out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")
    say(f"written to {out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME", help="parts to run; without it all of them")
    parser.add_argument("--list", action="store_true", help="say which parts there are")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public data sets")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors between runs; without it nothing is kept")
    parser.add_argument("--torch-python", type=Path, help="interpreter that has sentence-transformers")
    parser.add_argument("--labels", type=Path, help="folder of two readers' labels of mentions, for the part assertions")
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="the JSON file that is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
