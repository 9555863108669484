"""The API, the status page and the metrics, over the running service."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests import papers
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import happened, needs_sqlite, serving, until

pytestmark = needs_sqlite


def test_reviews_are_asked_for_and_looked_at(tmp_path: Path) -> None:
    """Asked for by name, shown, made again, ended; what cannot be done is said in a sentence."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS, delay=0.2)) as made:
        pull = papers.opened(made.stage.github)
        process = made.start()
        asked = process.api("POST", pull_request="acme/papers#214")
        assert asked.status_code == 202, asked.text
        id_ = asked.json()["id"]
        until(lambda: process.api("GET", f"/{id_}").json().get("state") == "done")
        shown = process.api("GET", f"/{id_}").json()
        assert {name: shown[name] for name in ("pull_request", "why", "attempt", "told")} == {
            "pull_request": "acme/papers#214",
            "why": "commanded",
            "attempt": 1,
            "told": "done",
        }
        assert len(pull.reviews) == 1
        assert process.api("POST", f"/{id_}/cancel").status_code == 409
        again = process.api("POST", f"/{id_}/retry")
        assert again.status_code == 202
        assert again.json()["id"] != id_
        until(lambda: [each["state"] for each in process.api("GET").json()] == ["done", "done"])
        assert len(pull.reviews) == 1
        for body, status, sentence in (
            ({"pull_request": "nonsense"}, 422, "'nonsense' is no pull request; write owner/repo#12"),
            ({"pull_request": "12"}, 422, "The repository is not named; write owner/repo#12."),
            ({"pull_request": "bob/shop#1"}, 422, "The App is not installed in bob/shop; install it there first."),
            ({"pull": "acme/papers#214"}, 422, "pull_request: Field required."),
        ):
            refused = process.api("POST", **body)
            assert (refused.status_code, refused.json()["message"][: len(sentence)]) == (status, sentence)
        missing = process.api("GET", "/review-1-1-head-x")
        assert (missing.status_code, missing.json()["message"]) == (
            404,
            "There is no such review; GET /api/reviews lists the latest.",
        )
        for token in ("x", "wrong"):
            refused = httpx.get(
                f"{process.url}/api/reviews", headers={"authorization": f"Bearer {token}"}, trust_env=False
            )
            assert refused.status_code == 401
            assert refused.json()["message"].startswith("The token does not fit")
        page, metrics = process.text("/"), process.text("/metrics")
        assert "Plumbline is at work" in page
        assert "acme/papers" not in page + metrics
        assert 'plumbline_reviews_total{outcome="complete",reason=""} 2.0' in metrics
        assert 'plumbline_model_requests_total{ending="answered",model="claude-opus-4-6"}' in metrics
        assert 'plumbline_queue_jobs{state="waiting"} 0.0' in metrics
        assert "plumbline_post_seconds_count 2.0" in metrics
        assert "plumbline_first_feedback_seconds_count 2.0" in metrics
        made.stop()


def test_without_a_token_the_api_is_off(tmp_path: Path) -> None:
    """It says how to switch it on."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        process = made.start(variables={"PLUMBLINE_API_TOKEN": ""})
        said = process.api("GET")
        assert (said.status_code, said.json()["message"]) == (
            404,
            "The API is off; set PLUMBLINE_API_TOKEN to switch it on.",
        )
        made.stop()


def test_two_installations_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Each pull request is read and written with a token of its own installation; no word of one reaches the other."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS), {99: ("acme/papers",), 77: ("bob/shop",)}) as made:
        github = made.stage.github
        pull = papers.opened(github)
        patch = b"diff --git a/b.py b/b.py\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-y = 1\n+y = 'bob only'\n"
        other = github.pull_request("bob/shop", 1, patch=patch, private=True, title="A secret plan of Bob's")
        github.repository("acme/papers", private=True)
        other.files[other.base_sha][".github/plumbline.yml"] = b"language: German\nbudget:\n  day: 0\n"
        made.start()
        made.deliver(happened(pull), "pull_request", "1")
        made.deliver(happened(other, installation=77), "pull_request", "2")
        until(lambda: pull.issue_comments and [run for run in other.check_runs if run.conclusion])
        # An event that names another's installation finds nothing there.
        made.deliver(happened(other, "synchronize", installation=99), "pull_request", "3")
        made.stop()
        bodies = [request.raw for request in made.stage.model.requests]
    assert bodies
    assert not [body for body in bodies if b"German" in body]
    words = [each.body for each in pull.issue_comments + pull.review_comments]
    assert not [body for body in words if "bob" in body.lower() or "German" in body]
    assert "budget of $0.00 is spent" in other.check_runs[-1].title + other.check_runs[-1].summary


@pytest.mark.parametrize("role", ["web", pytest.param("worker", marks=pytest.mark.slow)])
def test_one_file_is_for_one_process(tmp_path: Path, role: str) -> None:
    """On SQLite there are no roles, and no second process."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        apart = made.start("--role", role, ready=False)
        assert apart.running.wait(30) == 2
        made.start()
        second = made.start(ready=False)
        assert second.running.wait(30) == 2
        made.processes[1].stop()
        said = (tmp_path / "service.log").read_text()
    assert f"--role {role} needs a database that processes can share; set PLUMBLINE_DATABASE_URL." in said
    assert "stop it, or set PLUMBLINE_DATA to another folder." in said
