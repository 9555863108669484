"""Databases for the tests: a SQLite file, and PostgreSQL where its binaries are."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# DBOS does not start on a SQLite before 3.42 under Python 3.12 and later.
SQLITE_IS_OLD = sqlite3.sqlite_version_info < (3, 42) and sys.version_info >= (3, 12)
PROOF = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
"""Whether `make proof` runs: then more is tried, for longer."""

_USERS = ("postgres", "nobody")


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_somebody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return command
    user = next(
        name for name in _USERS if subprocess.run(("id", name), capture_output=True, check=False).returncode == 0
    )
    return ["setpriv", f"--reuid={user}", f"--regid={_group_of(user)}", "--clear-groups", *command]


def _group_of(user: str) -> str:
    return subprocess.run(("id", "-g", user), capture_output=True, check=True, text=True).stdout.strip()


class PostgresServer:
    """A server of our own on 127.0.0.1; `url` is its address, without a database's name."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        data = folder / "data"
        folder.chmod(0o777)  # the server is somebody else
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "plumbline", "-A", "trust", "-N"]
        subprocess.run(_as_somebody(initdb), cwd=folder, capture_output=True, check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"postgresql://plumbline@127.0.0.1:{port}"
        self._folder = folder
        self._options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200 -k {folder}"
        self._control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self._run("-o", self._options, "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._run("-m", "immediate", "stop")

    def _run(self, *words: str) -> None:
        subprocess.run(_as_somebody([*self._control, *words]), cwd=self._folder, capture_output=True, check=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server of our own; skips where there is none to start."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not here")
    with tempfile.TemporaryDirectory(prefix="plumbline-pg-", dir="/tmp") as folder:
        server = PostgresServer(binaries, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> str:
    """The address of a server of our own, without a database's name."""
    return postgres_server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of either kind."""
    return _empty(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"] if PROOF else ["sqlite"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same for what both do in the same way: on PostgreSQL in the proof only."""
    return _empty(request, tmp_path)


def _empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        if SQLITE_IS_OLD:
            pytest.skip("DBOS does not start on this SQLite under this Python")
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_url(postgres: str, tmp_path: Path) -> str:
    """The address of an empty database on PostgreSQL."""
    name = f"db_{tmp_path.name.lower().replace('-', '_')}_{os.getpid()}"[-60:]
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{postgres.replace('postgresql', 'postgresql+psycopg')}/{name}"
