"""What GitHub could not deliver while the service was down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import papers
from tests.fakes.github_app import FakeDelivery
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import happened, needs_sqlite, serving, until

pytestmark = needs_sqlite
PATCH = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_start_catches_up(tmp_path: Path) -> None:
    """Failed deliveries of three days come again, and pull requests that nobody told of are found: not the backlog."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        github, app = made.stage.github, made.app
        app.installed_at = ago(days=2)
        failed = papers.opened(github)
        missed = github.pull_request("acme/papers", 1, patch=PATCH)
        missed.push("c" * 40, PATCH, date=ago(hours=1))
        backlog = github.pull_request("acme/papers", 2, patch=PATCH)
        backlog.updated_at = ago(hours=1)
        app.deliveries = [
            FakeDelivery(1, "old", ago(days=4), 502),
            FakeDelivery(2, "lost", ago(hours=3), 502),
            FakeDelivery(3, "came", ago(hours=2), 502),
            FakeDelivery(4, "came", ago(hours=2), 202, again=True),
            *(FakeDelivery(5 + number, "hopeless", ago(hours=1), 502, again=number > 0) for number in range(3)),
            *(FakeDelivery(100 + number, f"fine {number}", ago(minutes=30), 202) for number in range(150)),
        ]

        def deliver(again: FakeDelivery) -> None:
            made.deliver(happened(failed), "pull_request", again.guid)

        app.on_delivery = deliver
        made.start()
        until(lambda: failed.issue_comments and missed.issue_comments)
        assert app.delivered_again == [2]
        assert backlog.check_runs == []
        made.stop()
        made.app.deliveries = []
        made.start()
        until(lambda: [line for line in made.log() if line["event"] == "service stopped"])
        made.stop()
        assert (len(missed.reviews), len(failed.reviews)) == (0, 1)
        assert len(missed.check_runs) == 1
