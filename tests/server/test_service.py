"""The service as a process of its own, between a GitHub and a model: each push is reviewed once, whatever is killed."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import papers
from tests.core.test_events import comment
from tests.fakes.github_app import APP_ID, SLUG, FakeApp
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import SECRET, happened, needs_sqlite, serving, until

# With HYPOTHESIS_PROFILE=proof (`make proof`) it is killed more often.
_KILLS = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "proof" else 3
pytestmark = needs_sqlite


def test_a_push_is_reviewed_once(tmp_path: Path) -> None:
    """From the webhook to the posted review, as the App; delivered again nothing more is said. It stops when asked."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        made.start()
        body = happened(pull)
        assert made.deliver(body, "pull_request", "one") == 202
        assert made.deliver(body, "pull_request", "one") == 200
        until(lambda: pull.issue_comments)
        assert made.deliver(happened(pull, "synchronize"), "pull_request", "two") == 202
        assert made.deliver(comment("Thanks!"), "issue_comment", "three") == 200
        time.sleep(1)
        (summary,) = pull.issue_comments
        assert summary.author == f"{SLUG}[bot]"
        assert len(pull.reviews) == 1
        assert made.app.given == 1
        assert made.stop() == 0
        told = made.log()
    (begun,) = [line for line in told if line["event"] == "review begun"]
    assert {name: begun[name] for name in ("delivery", "installation", "repository", "pull", "why")} == {
        "delivery": "one",
        "installation": 99,
        "repository": "acme/papers",
        "pull": 214,
        "why": "opened",
    }
    assert begun["job"].startswith("review-")
    log = (tmp_path / "service.log").read_text()
    assert "Traceback" not in log
    assert "ghs_" not in log
    assert not [line for line in log.splitlines() if "def " in line]


@pytest.mark.parametrize("drain", ["20", pytest.param("0", marks=pytest.mark.slow)])
def test_what_is_under_way_at_a_stop_is_not_lost(tmp_path: Path, drain: str) -> None:
    """It gets the time to end that --drain gives, or goes on at the next start."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=2)) as made:
        pull = papers.opened(made.stage.github)
        made.start("--drain", drain)
        # An event that names no installation is as good: GitHub tells whose the repository is.
        assert made.deliver(happened(pull, installation=0), "pull_request", "one") == 202
        until(lambda: made.stage.model.requests)
        assert made.stop() == 0
        assert bool(pull.issue_comments) == (drain == "20")
        if drain == "0":
            made.start()
            until(lambda: pull.issue_comments)
            assert made.stop() == 0
        assert len(pull.reviews) == 1


@pytest.mark.slow
def test_kills_double_nothing(tmp_path: Path) -> None:
    """Killed at any moment, and started again: one summary, one review, and hardly a request to the model twice."""
    chance = random.Random(7)
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=0.3)) as made:
        pull = papers.opened(made.stage.github)
        limits = {"PLUMBLINE_CHUNK_TOKENS": "2000", "PLUMBLINE_CONCURRENCY": "2"}
        made.start(variables=limits)
        assert made.deliver(happened(pull), "pull_request", "one") == 202
        for _ in range(_KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            made.kill()
            made.start(variables=limits)
        until(lambda: pull.issue_comments)
        assert made.deliver(happened(pull), "pull_request", "one") == 200
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
        ({"GITHUB_APP_ID": "1"}, "The service runs as a GitHub App; set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"),
        ({"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "x"}, "The App's private key cannot be used; give the RSA"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "Without a secret anybody could give orders; set GITHUB_WEBHOOK_SECRET"),
        ({"PLUMBLINE_DATABASE_URL": "mysql://x/y"}, "PLUMBLINE_DATABASE_URL names neither SQLite nor PostgreSQL"),
        ({"PORT": "taken"}, "Nobody can listen at 127.0.0.1, port "),
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
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if "PORT" in variables else "0"
        command = (sys.executable, "-m", "bot", "serve", "--port", port)
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"plumbline: {sentence}")
    assert done.stderr.count(b"\n") == 1
