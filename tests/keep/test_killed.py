"""A process that is killed at any moment leaves nothing half done, and nothing missing that it said was done."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_eight_kills_at_random_moments_leave_nothing_missing_and_nothing_half_done() -> None:
    """The same with 200 kills: `python -m tests.keep.killing 200`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.keep.killing", "8"], cwd=ROOT, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("8 kills after ") and done.stdout.endswith(" acts, 0 faults\n")
