"""The service as a process of its own, between a GitHub and a model: each push is reviewed once, whatever is killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.events import signature_of
from tests import papers
from tests.core.test_events import comment, event
from tests.fakes.github_app import APP_ID, SLUG, FakeApp
from tests.jobs.conftest import SQLITE_IS_OLD
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

Json = dict[str, Any]
# With HYPOTHESIS_PROFILE=proof (`make proof`) it is killed more often.
_KILLS = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "proof" else 3
SECRET = "made-up secret of a webhook"
pytestmark = pytest.mark.skipif(SQLITE_IS_OLD, reason="DBOS does not start on this SQLite under this Python")


@dataclass
class Service:
    """The process, and how to speak to it."""

    stage: Stage
    app: FakeApp
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, **variables: str) -> None:
        """Start it, and wait until it is ready."""
        known = {name: value for name, value in self.stage.variables.items() if name != "GITHUB_TOKEN"}
        own = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "HOME": str(self.folder),
            "GITHUB_APP_ID": APP_ID,
            "GITHUB_APP_PRIVATE_KEY": self.app.private_key,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "PLUMBLINE_DATA": str(self.folder / "data"),
            "PLUMBLINE_DEBOUNCE": "0",
        }
        command = (sys.executable, "-m", "bot", "serve", "--port", str(self.port))
        environment = {**known, **own, **variables}
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stderr=log)
        until(lambda: self.get("/readyz") == 200)

    def get(self, path: str) -> int:
        """The status of an address, 0 where nobody answers."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + path, trust_env=False).status_code
        return 0

    def deliver(self, body: bytes, name: str, id_: str) -> int:
        """Deliver an event as GitHub does; 0 where nobody took it."""
        headers = {
            "content-type": "application/json",
            "x-github-event": name,
            "x-github-delivery": id_,
            "x-hub-signature-256": signature_of(body, SECRET.encode()),
        }
        with contextlib.suppress(httpx.HTTPError):
            return httpx.post(f"{self.url}/webhook", content=body, headers=headers, trust_env=False).status_code
        return 0

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; give its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(tmp_path: Path, reviewer: ScriptedReviewer) -> Iterator[Service]:
    """The fakes, and the service that is not started yet."""
    with Stage(reviewer, tmp_path) as stage, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        app = stage.github.install({99: ("acme/papers",)})
        made = Service(stage, app, tmp_path, port)
        try:
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.kill()


def opened(head: str, action: str = "opened") -> bytes:
    """The event of the pull request."""
    about: Json = {"id": 1, "full_name": "acme/papers", "private": False}
    return event(action, repository=about, pull_request={"number": 214, "head": {"sha": head}, "user": {"login": "a"}})


def test_a_push_is_reviewed_once(tmp_path: Path) -> None:
    """From the webhook to the posted review, as the App; delivered again nothing more is said. It stops when asked."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        made.start()
        body = opened(pull.head_sha)
        assert made.deliver(body, "pull_request", "one") == 202
        assert made.deliver(body, "pull_request", "one") == 200
        until(lambda: pull.issue_comments)
        assert made.deliver(opened(pull.head_sha, "synchronize"), "pull_request", "two") == 202
        assert made.deliver(comment("Thanks!"), "issue_comment", "three") == 200
        time.sleep(1)
        (summary,) = pull.issue_comments
        assert summary.author == f"{SLUG}[bot]"
        assert len(pull.reviews) == 1
        assert made.app.given == 1
        assert made.stop() == 0
    log = (tmp_path / "service.log").read_text()
    assert "Traceback" not in log
    assert "ghs_" not in log


def test_kills_double_nothing(tmp_path: Path) -> None:
    """Killed at any moment, and started again: one summary, one review, and hardly a request to the model twice."""
    chance = random.Random(7)
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=0.3)) as made:
        pull = papers.opened(made.stage.github)
        limits = {"PLUMBLINE_CHUNK_TOKENS": "2000", "PLUMBLINE_CONCURRENCY": "2"}
        made.start(**limits)
        assert made.deliver(opened(pull.head_sha), "pull_request", "one") == 202
        for _ in range(_KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            made.kill()
            made.start(**limits)
        until(lambda: pull.issue_comments)
        assert made.deliver(opened(pull.head_sha), "pull_request", "one") == 200
        time.sleep(1)
        bodies = [received.raw for received in made.stage.model.requests]
        made.stop()
    assert len(pull.issue_comments) == 1
    assert len(pull.reviews) == 1
    assert len({comment.body for comment in pull.review_comments}) == len(pull.review_comments)
    # Two are under way at a time: so many may be lost with each kill.
    assert len(bodies) - len({*bodies}) <= _KILLS * 2


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "The service runs as a GitHub App; set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"),
        ({"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "x"}, "The App's private key cannot be used; give the RSA"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "Without a secret anybody could give orders; set GITHUB_WEBHOOK_SECRET"),
        ({"PLUMBLINE_DATABASE_URL": "mysql://x/y"}, "PLUMBLINE_DATABASE_URL names neither SQLite nor PostgreSQL"),
        ({"PLUMBLINE_REVIEWS": "0"}, "PLUMBLINE_REVIEWS cannot be used: "),
    ],
)
def test_what_is_missing_is_told_at_the_start(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    """In one sentence, before anything is listened to."""
    app = FakeApp({}, {})
    known = {"GITHUB_WEBHOOK_SECRET": SECRET}
    if variables and "GITHUB_APP_ID" not in variables:
        known |= {"GITHUB_APP_ID": APP_ID, "GITHUB_APP_PRIVATE_KEY": app.private_key}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "HOME": str(tmp_path), **known, **variables}
    command = (sys.executable, "-m", "bot", "serve", "--port", "0")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"plumbline: {sentence}")
    assert done.stderr.count(b"\n") == 1
