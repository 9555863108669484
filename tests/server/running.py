"""The service as a process of its own, between a GitHub and a model, and how to speak to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.events import signature_of
from tests.core.test_events import event
from tests.databases import SQLITE_IS_OLD
from tests.fakes.github_app import APP_ID, FakeApp
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import Repository
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

Json = dict[str, Any]
SECRET = "made-up secret of a webhook"
API_TOKEN = "made-up-token-of-the-api"
needs_sqlite = pytest.mark.skipif(SQLITE_IS_OLD, reason="DBOS does not start on this SQLite under this Python")


@dataclass
class Process:
    """One process of the service."""

    port: int
    running: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> int:
        """The status of an address, 0 where nobody answers."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + path, trust_env=False).status_code
        return 0

    def text(self, path: str) -> str:
        """What stands at an address."""
        return httpx.get(self.url + path, trust_env=False).text

    def api(self, method: str, path: str = "", **body: object) -> httpx.Response:
        """Ask the API, with its token."""
        headers = {"authorization": f"Bearer {API_TOKEN}"}
        url = f"{self.url}/api/reviews{path}"
        return httpx.request(method, url, headers=headers, json=body or None, trust_env=False)

    def deliver(self, body: bytes, name: str, id_: str) -> int:
        """Deliver an event as GitHub does; 0 where nobody took it."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.post(
                f"{self.url}/webhook", content=body, headers=signed(body, name, id_), trust_env=False, timeout=10
            ).status_code
        return 0

    def kill(self) -> None:
        """End it without a word."""
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()

    def stop(self) -> int:
        """Ask it to end; give its exit code."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(40)


def signed(body: bytes, name: str, id_: str) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "content-type": "application/json",
        "x-github-event": name,
        "x-github-delivery": id_,
        "x-hub-signature-256": signature_of(body, SECRET.encode()),
    }


@dataclass
class Service:
    """The fakes around the service, and its processes; what it is asked goes to the latest of them."""

    stage: Stage
    app: FakeApp
    folder: Path
    processes: list[Process] = field(default_factory=list)

    @property
    def latest(self) -> Process:
        """The process that was started last."""
        return self.processes[-1]

    def start(
        self,
        *options: str,
        ready: bool = True,
        output: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a process, and wait until it is ready."""
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
            "PLUMBLINE_API_TOKEN": API_TOKEN,
        }
        port = free_port()
        command = (sys.executable, "-m", "bot", "serve", "--port", str(port), *options)
        environment = {**known, **own, **(variables or {})}
        with (self.folder / "service.log").open("ab") as log, (output or Path(os.devnull)).open("ab") as printed:
            running = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=printed, stderr=log)
        process = Process(port, running)
        self.processes.append(process)
        if ready:
            until(lambda: process.get("/readyz") == 200)
        return process

    def log(self) -> list[Json]:
        """What all processes wrote, line by line; every line is JSON."""
        return [json.loads(line) for line in (self.folder / "service.log").read_text().splitlines()]

    def deliver(self, body: bytes, name: str, id_: str) -> int:
        """Deliver an event to the latest process."""
        return self.latest.deliver(body, name, id_)

    def command(self, pull: FakePullRequest, author: str, words: str, id_: str) -> int:
        """Somebody writes a comment under the pull request, and GitHub tells of it. Gives the comment's number."""
        written = pull.comment(author, words)
        self.deliver(commented(pull, written.id, author, words), "issue_comment", id_)
        return written.id

    def kill(self) -> None:
        """End the latest process without a word."""
        self.latest.kill()

    def stop(self) -> int:
        """Ask the latest process to end; give its exit code."""
        return self.latest.stop()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(
    tmp_path: Path, reviewer: ScriptedReviewer, installations: Mapping[int, tuple[str, ...]] | None = None
) -> Iterator[Service]:
    """The fakes, and the service that is not started yet."""
    with Stage(reviewer, tmp_path) as stage:
        app = stage.github.install(installations or {99: ("acme/papers",)})
        made = Service(stage, app, tmp_path)
        try:
            yield made
        finally:
            for process in made.processes:
                if process.running.poll() is None:
                    process.kill()


def about(repository: Repository, installation: int = 99) -> Json:
    """The parts of an event that tell where it happened."""
    named = {"id": repository.id, "full_name": repository.full_name, "private": repository.private}
    return {"repository": named, "installation": {"id": installation}}


def happened(pull: FakePullRequest, action: str = "opened", installation: int = 99, **more: object) -> bytes:
    """The event of a pull request."""
    opener = {"login": pull.author, "type": "User"}
    told = {"number": pull.number, "head": {"sha": pull.head_sha}, "user": opener}
    return event(action, **about(pull.repository, installation), pull_request=told, **more)


def commented(pull: FakePullRequest, comment: int, author: str, words: str, installation: int = 99) -> bytes:
    """The event of a comment under a pull request."""
    issue = {"number": pull.number, "user": {"login": pull.author}, "pull_request": {}}
    said = {"id": comment, "body": words, "user": {"login": author, "type": "User"}}
    return event("created", **about(pull.repository, installation), issue=issue, comment=said)
