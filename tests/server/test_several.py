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


@pytest.mark.parametrize("end", ["killed", "paused"])
def test_a_worker_that_is_gone_loses_its_jobs(tmp_path: Path, postgres_url: str, end: str) -> None:
    """Killed, or paused for longer than its lease: another worker ends the review, and it is posted once."""
    variables = {"PLUMBLINE_DATABASE_URL": postgres_url, "PLUMBLINE_REVIEWS": "2"}
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=2)) as made:
        pull = papers.opened(made.stage.github)
        first = made.start("--role", "worker", variables=variables)
        web = made.start("--role", "web", variables=variables)
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
        assert web.deliver(happened(pull), "pull_request", "one") == 200
        time.sleep(3)
        assert (len(pull.issue_comments), len(pull.reviews)) == (1, 1)
        sys.stdout.write(f"{end}: taken over after {taken:.1f} s\n")
        for process in (web, second):
            assert process.stop() == 0
