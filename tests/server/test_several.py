"""Several processes on PostgreSQL: what one leaves behind another takes over, and nothing is posted twice."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests import papers
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import happened, serving, until


@pytest.mark.slow
def test_the_limit_holds_for_all_together(tmp_path: Path, postgres_url: str) -> None:
    """Two workers make two reviews at a time, not four."""
    variables = {"PLUMBLINE_DATABASE_URL": postgres_url, "PLUMBLINE_REVIEWS": "2"}
    with serving(tmp_path, ScriptedReviewer((), delay=1)) as made:
        workers = [made.start("--role", "worker", variables=variables) for _ in range(2)]
        web = made.start("--role", "web", variables=variables)
        patch = b"diff --git a/a%d b/a%d\n--- a/a%d\n+++ b/a%d\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
        pulls = [
            made.stage.github.pull_request("acme/papers", number, patch=patch % ((number,) * 4))
            for number in range(1, 9)
        ]
        for pull in pulls:
            assert web.deliver(happened(pull), "pull_request", f"d{pull.number}") == 202
        until(lambda: all(pull.issue_comments for pull in pulls), 120)
        sys.stdout.write(f"two reviews allowed: at most {made.stage.model.in_flight_most} requests at one time\n")
        assert made.stage.model.in_flight_most <= 2
        assert [process.stop() for process in (web, *workers)] == [0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("end", ["killed", "paused"])
def test_a_worker_that_is_gone_loses_its_jobs(tmp_path: Path, postgres_url: str, end: str) -> None:
    """Killed, or paused for longer than its lease: another worker ends the review, and it is posted once."""
    variables = {"PLUMBLINE_DATABASE_URL": postgres_url, "PLUMBLINE_REVIEWS": "2"}
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=2)) as made:
        pull = papers.opened(made.stage.github)
        first = made.start("--role", "worker", variables=variables)
        web, other = (made.start("--role", "web", variables=variables) for _ in range(2))
        assert web.deliver(happened(pull), "pull_request", "one") == 202
        until(lambda: made.stage.model.requests)
        second = made.start("--role", "worker", variables=variables)
        first.running.send_signal(signal.SIGKILL if end == "killed" else signal.SIGSTOP)
        gone = time.monotonic()
        until(lambda: [line for line in made.log() if line["event"] == "jobs taken over"], 15)
        taken = time.monotonic() - gone
        until(lambda: pull.issue_comments)
        if end == "paused":
            first.running.send_signal(signal.SIGCONT)
            until(lambda: [line for line in made.log() if line["event"] == "lease lost"])
        assert other.deliver(happened(pull), "pull_request", "one") == 200
        time.sleep(3)
        assert (len(pull.issue_comments), len(pull.reviews)) == (1, 1)
        sys.stdout.write(f"{end}: taken over after {taken:.1f} s\n")
        for process in (web, other, second):
            assert process.stop() == 0
