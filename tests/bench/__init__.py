"""Measurements on public data and on this machine: `python -m tests.bench`."""
