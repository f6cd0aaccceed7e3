"""A PostgreSQL server that the tests start on this machine, with the programs that the package pgserver brings."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "an invented password, with @ and / in it"
WRITTEN = "an%20invented%20password%2C%20with%20%40%20and%20%2F%20in%20it"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running() -> Iterator[str]:
    """The address of a server that runs until the end; the test is skipped where none can."""
    found = importlib.util.find_spec("pgserver")
    if found is None or found.origin is None:
        pytest.skip("pgserver is not installed")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root.
    port = free_port()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "password").write_text(PASSWORD, "utf-8")
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        how: dict[str, Any] = {"user": user, "cwd": folder, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        data = folder / "data"
        made = ["-U", "rag", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8", "--no-sync", "-D", str(data)]
        try:
            subprocess.run([programs / "initdb", *made], check=True, timeout=120, **how)
        except (PermissionError, subprocess.CalledProcessError) as error:
            pytest.skip(f"PostgreSQL cannot be set up here as {user or 'this user'}: {type(error).__name__}")
        told = ["-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        server = subprocess.Popen([programs / "postgres", *told], **how)
        try:
            for _ in range(300):
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert server.poll() is None, "PostgreSQL ended"
                time.sleep(0.1)
            time.sleep(0.5)
            yield f"postgresql://rag:{WRITTEN}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGQUIT)  # At once: nothing of it is needed any more.
            server.wait(30)


def fresh(server: str, name: str) -> str:
    """The address of a new, empty database of that name on a server."""
    from pg8000 import dbapi

    from rag.keep.postgres import told

    base = dbapi.connect(**told(server, 60.0))
    base.autocommit = True
    base.cursor().execute(f"CREATE DATABASE {name}")
    base.close()
    return server.rpartition("/")[0] + f"/{name}"
