"""Each event, from the runner's files to what stands on the pull request and in the run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.action.runner import FOUND, SAYS, SMALL, Ran, Runner, comment, pull_request
from tests.fakes.chat import FakeChat, call
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.messages import http_error, text
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

ACTIONS = "github-actions[bot]"
NO_OUTPUT = {
    "outcome": "skipped",
    "findings": "0",
    "cost-usd": "0.0000",
    "highest-severity": "",
    "review-url": "",
    "sarif-file": "",
    "json-file": "",
}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A runner whose token is that of a workflow which may write."""
    with Stage(ScriptedReviewer(SAYS), tmp_path) as stage:
        stage.github.add_token(stage.github.token, login=ACTIONS)
        yield Runner(stage)


@pytest.fixture
def pull(runner: Runner) -> FakePullRequest:
    """The example's pull request."""
    return runner.stage.github.pull_request("acme/papers", 214, patch=SMALL)


def skipped(ran: Ran, why: str) -> None:
    """Whether a run did nothing, and said why wherever people look."""
    sentence = f"Skipped: {why}"
    assert (ran.code, ran.outputs) == (0, NO_OUTPUT)
    assert ran.said == [("notice", sentence)]
    assert ran.summary == f"### Plumbline\n\n{sentence}\n"


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_a_pull_request_is_reviewed(runner: Runner, pull: FakePullRequest, event: str) -> None:
    """Comments and summary stand on it; the run shows the same, and no annotation doubles them."""
    ran = runner.run(event, pull_request(pull))
    assert ran.code == 0
    assert len(pull.reviews) == len(pull.issue_comments) == 1
    assert pull.issue_comments[0].author == ACTIONS
    assert pull.check_runs == []
    assert ran.annotations == []
    assert ran.said == [("notice", FOUND)]
    assert ran.summary.startswith(f"### Plumbline: {FOUND}\n")
    assert ran.outputs["outcome"] == "complete"
    assert (ran.outputs["findings"], ran.outputs["highest-severity"]) == ("1", "critical")
    assert float(ran.outputs["cost-usd"]) > 0
    assert ran.outputs["review-url"].endswith(f"/acme/papers/pull/214#issuecomment-{pull.issue_comments[0].id}")
    kept = json.loads((ran.workspace / ran.outputs["json-file"]).read_text())
    assert kept["outcome"]["ending"] == "complete"
    assert json.loads((ran.workspace / ran.outputs["sarif-file"]).read_text())["version"] == "2.1.0"


def test_secrets_are_masked_first(runner: Runner, pull: FakePullRequest) -> None:
    """Before anything else is written; and nothing of the pull request is taken for a command."""
    ran = runner.run("pull_request", pull_request(pull), PLUMBLINE_STATE_KEY="two lines of\na made-up key")
    lines = ran.log.splitlines()
    masks = ["made-up-key", runner.token, "two lines of", "a made-up key"]
    assert lines[: len(masks)] == [f"::add-mask::{each}" for each in masks]
    stops = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    (stop,) = stops
    end = lines.index(f"::{lines[stop].removeprefix('::stop-commands::')}::")
    shown = [number for number, line in enumerate(lines) if "The number is wrong" in line]
    assert shown
    assert all(stop < number < end for number in shown)
    assert lines[stop - 1] == "::group::The review"
    assert lines[end + 1] == "::endgroup::"


def test_a_token_that_may_not_write(runner: Runner, pull: FakePullRequest) -> None:
    """The review is in the run: annotations on the lines, the summary, the files; the job is green, and says it."""
    read_only = runner.stage.github.add_token("ghs_" + "readonly" * 5, login=ACTIONS, write=False)
    ran = runner.run("pull_request", pull_request(pull, fork=True), {"github-token": read_only})
    assert ran.code == 0
    assert pull.issue_comments == []
    assert len(ran.annotations) == 1
    assert "::error file=a.py,line=1,endLine=1,title=critical%3A The number is wrong" in ran.log
    ((level, sentence),) = [each for each in ran.said if "It stands in" in each[1]]
    assert level == "notice"
    assert sentence.startswith(f"{FOUND} It stands in the summary of this run")
    assert ran.outputs["review-url"] == ""
    assert "The number is wrong" in ran.summary


def test_what_is_not_to_be_posted(runner: Runner, pull: FakePullRequest) -> None:
    """With post: false nothing is written anywhere but in the run."""
    ran = runner.run("pull_request", pull_request(pull), {"post": "false"})
    assert (ran.code, pull.issue_comments, len(ran.annotations)) == (0, [], 1)
    assert [request for request in runner.stage.calls() if not request.startswith(("GET", "POST /graphql"))] == []


@pytest.mark.parametrize("told", [{"fork": True}, {"sender": "dependabot[bot]"}])
def test_no_secrets_is_no_failure(runner: Runner, pull: FakePullRequest, told: dict[str, Any]) -> None:
    """GitHub gives runs of forks and of Dependabot no key: they are skipped, and why is said."""
    ran = runner.run("pull_request", pull_request(pull, **told), {"anthropic-api-key": ""})
    skipped(
        ran,
        "GitHub gives no secrets to runs of forks and of Dependabot, so there is no key for the model; see the two "
        "workflows for forks in the documentation.",
    )


def test_where_secrets_are_a_missing_key_is_a_mistake(runner: Runner, pull: FakePullRequest) -> None:
    """Of the repository's own pull requests everybody would wonder why nothing happens."""
    ran = runner.run("pull_request", pull_request(pull), {"anthropic-api-key": ""})
    assert ran.code == 2
    assert ran.said == [
        ("error", "There is no key for the model; give the input anthropic-api-key, or auth-token for a gateway.")
    ]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [({"fail-on": "critical"}, 1), ({}, 0), ({"config": "fail_on: high\n"}, 1)],
)
def test_findings_fail_by_wish(runner: Runner, pull: FakePullRequest, inputs: dict[str, str], code: int) -> None:
    """By the input, by what overrides the policy file, and by nothing else."""
    assert runner.run("pull_request", pull_request(pull), inputs).code == code


@pytest.mark.parametrize(("strict", "code"), [("false", 0), ("true", 1)])
def test_what_fails_outside(tmp_path: Path, strict: str, code: int) -> None:
    """The model's endpoint or GitHub: a warning, a truthful summary, and red only where that is wished."""
    inputs = {"fail-on-incomplete": strict}
    with Stage(lambda _: http_error(401, "authentication_error", "invalid x-api-key"), tmp_path) as stage:
        runner = Runner(stage)
        pull = stage.github.pull_request("acme/papers", 214, patch=SMALL)
        ran = runner.run("pull_request", pull_request(pull), inputs)
        assert (ran.code, ran.outputs["outcome"]) == (code, "failed")
        (said,) = ran.said
        assert said[0] == "warning"
        assert said[1].startswith("not reviewed: ")
        assert ran.summary.startswith("### Plumbline: not reviewed: ")
        stage.github.fail_next("GET", "/repos/acme/papers/pulls/214", status=401)
        ran = runner.run("pull_request", pull_request(pull), inputs)
        assert (ran.code, ran.outputs["outcome"]) == (code, "failed")
        assert ran.said[-1][0] == "warning"
        assert ran.said[-1][1].startswith("Not reviewed: GitHub ")


def test_a_pull_request_by_its_number(runner: Runner, pull: FakePullRequest) -> None:
    """By hand it is reviewed whatever the gates say; without a number, or with one that is none, a sentence says it."""
    pull.draft = True
    ran = runner.run("pull_request", pull_request(pull))
    assert ran.said == [("notice", "not reviewed: draft")]
    assert ran.outputs["outcome"] == "skipped"
    assert runner.run("workflow_dispatch", {"inputs": {}}, {"pull-request": "214"}).outputs["findings"] == "1"
    assert len(pull.reviews) == 1
    none = runner.run("workflow_dispatch", {"inputs": {}})
    assert none.code == 2
    assert none.said == [("error", "No pull request is named; give the input pull-request its number.")]
    odd = runner.run("workflow_dispatch", {"inputs": {}}, {"pull-request": "the last one"})
    assert odd.code == 2
    assert "'the last one' is no pull request" in odd.said[0][1]
    pull.state = "closed"
    closed = runner.run("workflow_dispatch", {"inputs": {}}, {"pull-request": "#214"})
    assert (closed.code, closed.said[0][0]) == (2, "error")
    assert closed.said[0][1].startswith("acme/papers#214 is closed")
    skipped(
        runner.run("pull_request", pull_request(pull)),
        "acme/papers#214 is closed, and reviews are posted on open ones; review it without posting.",
    )


def test_commands(runner: Runner, pull: FakePullRequest) -> None:
    """Of whoever may; others get a sign, and talk gets nothing."""
    pull.repository.permissions["wendy"] = "write"
    inputs = {"commands": "true"}

    def command(author: str, words: str) -> tuple[Ran, list[str]]:
        written = pull.comment(author, words)
        ran = runner.run("issue_comment", comment(pull, written.id, author, words), inputs)
        return ran, [each.content for each in written.reactions]

    ran, signs = command("wendy", "I will have a look.")
    skipped(ran, "the comment is no command.")
    assert signs == []
    ran, signs = command("mallory", "/review")
    skipped(ran, "mallory may not give commands here.")
    assert signs == ["CONFUSED"]
    ran, signs = command("wendy", "@plumbline review")
    assert (signs, ran.outputs["findings"]) == (["EYES"], "1")
    assert "`/help`" in next(each.body for each in pull.issue_comments if each.author == ACTIONS)
    ran, signs = command("wendy", "/config")
    assert ran.said == [("notice", "Answered the command /config.")]
    assert [each.body for each in pull.issue_comments if each.author == ACTIONS][-1].count("| `") > 5


def test_a_question(tmp_path: Path) -> None:
    """Is answered in the run; nothing is posted."""
    inputs = {"mode": "ask", "question": "Who calls this?\n### Not a heading", "pull-request": "214"}
    with Stage(lambda _: text("Nobody, `revoke()` is new.\n::error::not a command"), tmp_path) as stage:
        pull = stage.github.pull_request("acme/papers", 214, patch=SMALL)
        ran = Runner(stage).run("workflow_dispatch", {"inputs": {}}, inputs)
    assert ran.code == 0
    quoted = "### Plumbline\n\n> Who calls this?\n> ### Not a heading\n\n"
    assert ran.summary.startswith(f"{quoted}Nobody, `revoke()` is new.")
    assert ran.outputs["outcome"] == "complete"
    assert pull.issue_comments == []
    stop, said, end = ran.log.partition("::error::not a command")
    assert said
    token = stop.partition("::stop-commands::")[2].partition("\n")[0]
    assert f"::{token}::" in end


def test_a_question_that_fails_is_told(tmp_path: Path) -> None:
    """The runner takes commands again before it: the warning is one."""
    inputs = {"mode": "ask", "question": "Why?", "pull-request": "214"}
    with Stage(lambda _: http_error(401, "authentication_error", "invalid x-api-key"), tmp_path) as stage:
        stage.github.pull_request("acme/papers", 214, patch=SMALL)
        ran = Runner(stage).run("workflow_dispatch", {"inputs": {}}, inputs)
    token = ran.log.partition("::stop-commands::")[2].partition("\n")[0]
    assert ran.log.index(f"::{token}::\n") < ran.log.index("::warning title=Plumbline::Not reviewed: ")
    assert (ran.code, ran.outputs["outcome"]) == (0, "failed")


def test_a_sweep_reviews_what_was_not(runner: Runner, pull: FakePullRequest) -> None:
    """What is open, touched lately and not reviewed at this commit; the next night there is nothing to do."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    other = runner.stage.github.pull_request("acme/papers", 7, patch=SMALL)
    old = runner.stage.github.pull_request("acme/papers", 8, patch=SMALL)
    pull.updated_at = other.updated_at = now
    old.updated_at = "2026-01-01T00:00:00Z"
    runner.run("pull_request", pull_request(pull))
    asked = len(runner.stage.model.requests)
    ran = runner.run("schedule", {"schedule": "0 3 * * *"})
    assert ran.code == 0
    assert (len(other.issue_comments), len(old.issue_comments), len(pull.issue_comments)) == (1, 0, 1)
    assert len(runner.stage.model.requests) == asked + 1
    assert f"- acme/papers#214: {pull.head_sha[:7]} has been reviewed" in ran.summary
    assert f"- acme/papers#7: {FOUND} posted: " in ran.summary
    assert (ran.outputs["outcome"], ran.outputs["findings"]) == ("complete", "1")
    assert float(ran.outputs["cost-usd"]) > 0
    again = runner.run("schedule", {"schedule": "0 3 * * *"})
    assert again.outputs == NO_OUTPUT
    assert len(runner.stage.model.requests) == asked + 1


def test_a_description_is_filled_in(runner: Runner) -> None:
    """Where there is none, with mode: describe; that of a person stays."""
    bare = runner.stage.github.pull_request("acme/papers", 9, patch=SMALL, body="")
    runner.run("pull_request", pull_request(bare), {"mode": "describe"})
    assert "Written by Plumbline, as there was no description." in (bare.body or "")


def test_how_far_it_is_stands_in_the_log(runner: Runner, pull: FakePullRequest) -> None:
    """What is read, each answer, then the review."""
    lines = runner.run("pull_request", pull_request(pull)).log.splitlines()
    assert "  reading acme/papers#214: 1 file, 2 changed lines, 1 request ..." in lines
    assert any(line.startswith("  [1/1 answered, 0 running] ") for line in lines)


def test_a_job_that_is_cancelled_ends(tmp_path: Path) -> None:
    """Docker asks with SIGTERM: it ends at once, and a third of a review is posted nowhere."""
    with Stage(ScriptedReviewer(SAYS, delay=30), tmp_path) as stage:
        pull = stage.github.pull_request("acme/papers", 214, patch=SMALL)

        def stop() -> None:
            deadline = time.monotonic() + 20
            while not stage.model.requests and time.monotonic() < deadline:
                time.sleep(0.05)

        ran = Runner(stage, stop=stop).run("pull_request", pull_request(pull))
        assert ran.code == 130
        assert ran.said == [("notice", "Stopped before its end; the next run begins anew.")]
        assert pull.issue_comments == []


def test_another_api(tmp_path: Path) -> None:
    """With api: chat the bearer token is its key, and the address its endpoint."""
    answer = {"files": [{"path": "a.py", "summary": "counts"}], "findings": [], "standing": [], "overview": None}
    with Stage(ScriptedReviewer(()), tmp_path) as stage, FakeChat(lambda _: call("report_review", answer)) as chat:
        pull = stage.github.pull_request("acme/papers", 7, patch=SMALL)
        inputs = {"api": "chat", "anthropic-api-key": "", "auth-token": "made-up", "base-url": chat.url}
        ran = Runner(stage).run("pull_request", pull_request(pull), inputs)
        assert chat.requests[0].headers["authorization"] == "Bearer made-up"
        assert chat.problems == []
    assert (ran.code, ran.outputs["outcome"], len(pull.issue_comments)) == (0, "complete", 1)


def test_other_events_are_left_alone(runner: Runner) -> None:
    """With the reason."""
    skipped(runner.run("push", {}), "nothing follows from the event 'push' without the input pull-request.")


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"modle": "review"}, "There is no input 'modle'; it is called mode."),
        ({"mode": "reviews"}, "The input mode is 'reviews'; it can be review, describe, ask."),
        ({"post": "yes"}, "The input post is 'yes'; it can be true, false."),
        ({"auth-token": "x"}, "The inputs anthropic-api-key and auth-token exclude each other; give one of them."),
        ({"mode": "ask"}, "The inputs mode and question belong together; give mode: ask and a question, or neither."),
        ({"max-cost-usd": "cheap"}, "The input max-cost-usd cannot be used: input should be a valid number"),
        ({"api": "chat"}, "With api: chat the key is the input auth-token; leave anthropic-api-key out."),
        ({"config": "fail_onn: high"}, "The input config, line 1: "),
        ({"pull-request": "12"}, "The event is about #214, the input pull-request names another; leave the input out."),
    ],
)
def test_inputs_that_cannot_be_used(
    runner: Runner, pull: FakePullRequest, inputs: dict[str, str], sentence: str
) -> None:
    """One sentence, as an error of the workflow, before anybody is asked for anything that costs."""
    ran = runner.run("pull_request", pull_request(pull), inputs)
    assert ran.code == 2
    ((level, said),) = ran.said
    assert (level, said[: len(sentence)]) == ("error", sentence)
    assert runner.stage.model.requests == []


def test_a_command_in_a_thread(runner: Runner, pull: FakePullRequest) -> None:
    """`/dismiss` below a finding: it is dismissed, the summary follows, and no model is asked."""
    pull.repository.permissions["wendy"] = "write"
    runner.run("pull_request", pull_request(pull))
    asked, first = len(runner.stage.model.requests), pull.review_comments[0]
    answer = pull.reply(first, "wendy", "/dismiss it is meant so")
    event = pull_request(pull, "created") | {
        "comment": {
            "id": answer.id,
            "body": answer.body,
            "user": {"login": "wendy", "type": "User"},
            "in_reply_to_id": first.id,
        }
    }
    ran = runner.run("pull_request_review_comment", event)
    assert ran.code == 0
    assert [each.content for each in answer.reactions] == ["EYES", "THUMBS_UP"]
    assert "Dismissed: 1" in next(each.body for each in pull.issue_comments if each.author == ACTIONS)
    assert len(runner.stage.model.requests) == asked
