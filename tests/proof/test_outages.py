"""What the service hangs on is gone for a while: nothing that was accepted is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.databases import PostgresServer
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.messages import Answer, http_error
from tests.papers import FINDINGS
from tests.proof.test_kills import done
from tests.scripted_reviewer import Json, ScriptedReviewer
from tests.server.running import Process, Service, happened, needs_sqlite, serving, until

_PATCH = b"diff --git a/a%d.py b/a%d.py\n--- a/a%d.py\n+++ b/a%d.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
_PATIENCE = 700


@dataclass
class Outage:
    """Pull requests that are delivered while something is down, as often as GitHub was refused."""

    made: Service
    process: Process
    pulls: list[FakePullRequest] = field(default_factory=list)
    refused: list[FakePullRequest] = field(default_factory=list)

    def deliver(self, count: int) -> None:
        """Open so many."""
        for _ in range(count):
            number = len(self.pulls) + 1
            patch = _PATCH % ((number,) * 4)
            self.pulls.append(self.made.stage.github.pull_request("acme/papers", number, patch=patch))
            self._deliver(self.pulls[-1])

    def again(self) -> None:
        """What was refused is delivered again, as the sweep has GitHub do it."""
        lost, self.refused = self.refused, []
        for pull in lost:
            self._deliver(pull)
        assert self.refused == []

    def _deliver(self, pull: FakePullRequest) -> None:
        status = self.process.deliver(happened(pull), "pull_request", f"d{pull.number}")
        assert status in {0, 200, 202, 503}
        if status not in {200, 202}:
            self.refused.append(pull)

    def ended(self, name: str, began: float) -> None:
        """All are reviewed once."""
        until(lambda: all(done(pull) for pull in self.pulls), _PATIENCE)
        took = time.monotonic() - began
        time.sleep(5)
        assert {len(pull.issue_comments) for pull in self.pulls} == {1}
        assert all(len(pull.reviews) <= 1 for pull in self.pulls)
        sys.stdout.write(f"\n{name}: {len(self.pulls)} pull requests, all reviewed once, {took:.0f} s after the end\n")


@contextmanager
def started(tmp_path: Path, variables: dict[str, str], reviewer: ScriptedReviewer | None = None) -> Iterator[Outage]:
    with serving(tmp_path, reviewer or ScriptedReviewer(FINDINGS, delay=0.5)) as made:
        yield Outage(made, made.start(variables=variables))
        assert made.stop() == 0


def fill(filler: Path) -> None:
    """Write until nothing fits on the disk any more."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4_096)


def test_the_database_is_gone(tmp_path: Path, postgres_server: PostgresServer, postgres_url: str) -> None:
    """PostgreSQL is stopped for 30 seconds: deliveries are refused meanwhile, and /readyz says so."""
    with started(tmp_path, {"PLUMBLINE_DATABASE_URL": postgres_url}) as outage:
        outage.deliver(3)
        time.sleep(0.5)
        postgres_server.stop()
        try:
            until(lambda: outage.process.get("/readyz") == 503)
            assert outage.process.get("/healthz") == 200
            outage.deliver(2)
            assert len(outage.refused) == 2
            time.sleep(30)
        finally:
            postgres_server.start()
        began = time.monotonic()
        until(lambda: outage.process.get("/readyz") == 200)
        outage.again()
        outage.ended("PostgreSQL stopped for 30 s", began)


@needs_sqlite
def test_github_is_gone(tmp_path: Path) -> None:
    """All that GitHub says for a minute is 502."""
    with started(tmp_path, {}) as outage:
        outage.deliver(3)
        time.sleep(0.5)
        outage.made.stage.github.down = True
        outage.deliver(2)
        assert outage.process.get("/readyz") == 200
        time.sleep(60)
        outage.made.stage.github.down = False
        outage.ended("GitHub answering 502 for a minute", time.monotonic())


@needs_sqlite
def test_the_model_is_gone(tmp_path: Path) -> None:
    """All that the model says for a minute is 529."""
    ends: list[float] = []

    def overloaded(_body: Json) -> Answer | None:
        return http_error(529, "overloaded_error", "Overloaded") if not ends else None

    with started(tmp_path, {}, ScriptedReviewer(FINDINGS, first=overloaded)) as outage:
        outage.deliver(5)
        time.sleep(60)
        ends.append(time.monotonic())
        assert outage.process.get("/readyz") == 200
        outage.ended("The model answering 529 for a minute", ends[0])


@needs_sqlite
def test_the_disk_is_full(tmp_path: Path) -> None:
    """The disk of the SQLite file is full for a while."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        with started(tmp_path, {"PLUMBLINE_DATA": str(disk)}) as outage:
            outage.deliver(3)
            time.sleep(0.5)
            filler = disk / "filler"
            fill(filler)
            # The log of SQLite has room for a while: it is written over.
            while len(outage.pulls) < 200 and not outage.refused:
                outage.deliver(1)
            assert outage.refused
            until(lambda: outage.process.get("/readyz") == 503)
            time.sleep(20)
            filler.unlink()
            began = time.monotonic()
            until(lambda: outage.process.get("/readyz") == 200)
            outage.again()
            outage.ended("Disk full on SQLite for 20 s", began)
    finally:
        subprocess.run(("umount", str(disk)), check=True)
