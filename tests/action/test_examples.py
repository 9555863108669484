"""The README's workflow and every example: events that start them go through the entrance, to what people see."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot.core.assignment import INPUTS
from tests.action import workflows
from tests.action.runner import SAYS, SMALL, Runner, comment, pull_request
from tests.action.workflows import FOLDER, Json
from tests.fakes.github_pull import FakePullRequest
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

EXAMPLES = sorted(path.name for path in FOLDER.iterdir())
SECRETS = {"secrets": {"ANTHROPIC_API_KEY": "made-up-key"}}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A runner whose token is a workflow's."""
    with Stage(ScriptedReviewer(SAYS), tmp_path) as stage:
        stage.github.add_token(stage.github.token, login="github-actions[bot]")
        yield Runner(stage)


@pytest.fixture
def pull(runner: Runner) -> FakePullRequest:
    """The example's pull request."""
    return runner.stage.github.pull_request("acme/papers", 214, patch=SMALL)


def given(name: str, **context: Json) -> dict[str, str]:
    """What an example gives the Action."""
    return workflows.inputs(workflows.example(name), SECRETS | context)


def test_action_yml_and_the_code_agree() -> None:
    """The inputs are those that are read; the outputs those that are left."""
    action = yaml.safe_load((CHECKOUT / "action.yml").read_text())
    assert tuple(action["inputs"]) == INPUTS
    assert list(action["outputs"]) == [
        "outcome",
        "findings",
        "highest-severity",
        "cost-usd",
        "review-url",
        "sarif-file",
        "json-file",
    ]
    assert action["inputs"]["github-token"]["default"] == "${{ github.token }}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_careful(name: str) -> None:
    """No rights but those that a job names, a limit of time, a group; only the review of pushes ends the one before."""
    workflow = workflows.example(name)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"].startswith("plumbline-")
    pushes = (
        "pull_request" in workflow["on"] or "workflow_run" in workflow["on"] or "workflow_dispatch" in workflow["on"]
    )
    assert workflow["concurrency"]["cancel-in-progress"] is pushes
    for job in workflow["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        assert job["timeout-minutes"] <= 120
    assert all("checkout" not in step.get("uses", "") for step in workflows.steps(workflow))


def test_the_readme_is_right(runner: Runner, pull: FakePullRequest) -> None:
    """One file, copied literally: it is the example, and its first pull request gets its review."""
    text = workflows.readme_workflow()
    assert workflows.load(text) == workflows.example("review.yml")
    ran = runner.run("pull_request", pull_request(pull), workflows.inputs(workflows.load(text), SECRETS))
    assert ran.code == 0
    assert (len(pull.reviews), len(pull.issue_comments)) == (1, 1)


@pytest.mark.parametrize("name", ["review.yml", "code-scanning.yml"])
def test_a_push_is_reviewed(runner: Runner, pull: FakePullRequest, name: str) -> None:
    """And the findings are there as SARIF, for the step behind."""
    ran = runner.run("pull_request", pull_request(pull, "synchronize"), given(name))
    assert (ran.code, ran.outputs["findings"], len(pull.reviews)) == (0, "1", 1)
    assert (ran.workspace / ran.outputs["sarif-file"]).exists()


def test_by_hand(runner: Runner, pull: FakePullRequest) -> None:
    """By its number."""
    ran = runner.run("workflow_dispatch", {"inputs": {}}, given("by-hand.yml", inputs={"pull-request": "214"}))
    assert (ran.code, len(pull.reviews)) == (0, 1)


def test_commands(runner: Runner, pull: FakePullRequest) -> None:
    """In the conversation, and in a thread."""
    pull.repository.permissions["wendy"] = "write"
    written = pull.comment("wendy", "/review")
    ran = runner.run("issue_comment", comment(pull, written.id, "wendy", "/review"), given("commands.yml"))
    assert (ran.code, len(pull.reviews)) == (0, 1)


def test_at_night(runner: Runner, pull: FakePullRequest) -> None:
    """What has no review gets one."""
    pull.updated_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ran = runner.run("schedule", {"schedule": "17 3 * * *"}, given("nightly.yml"))
    assert (ran.code, len(pull.reviews)) == (0, 1)


def hand_over(runner: Runner, pull: FakePullRequest) -> Path:
    """Run the script of the first workflow for forks, with the token of one; give the folder that it leaves."""
    read_only = runner.stage.github.add_token("ghs_" + "readonly" * 5, login="github-actions[bot]", write=False)
    script, _ = workflows.steps(workflows.example("forks-change.yml"))
    event = {"pull_request": {"number": pull.number, "head": {"sha": pull.head_sha}}}
    context = {"github": {"event": event, "token": read_only}}
    folder = runner.stage.folder / "workspace"
    folder.mkdir(exist_ok=True)
    variables = {
        **{name: workflows.filled(value, context) for name, value in script["env"].items()},
        "PATH": os.environ["PATH"],
        "GITHUB_API_URL": runner.stage.github.api_url,
        "GITHUB_REPOSITORY": pull.repository.full_name,
        "NO_PROXY": "*",
    }
    subprocess.run(("bash", "-e", "-c", script["run"]), cwd=folder, env=variables, check=True, capture_output=True)
    return folder / "change"


def finished(pull: FakePullRequest, head: str = "", event: str = "pull_request") -> Json:
    """The event that the first workflow ended. Of a fork's pull request it names none."""
    run = {"event": event, "conclusion": "success", "head_sha": head or pull.head_sha, "pull_requests": []}
    return {"action": "completed", "workflow_run": run}


def test_a_fork_is_reviewed_in_two_stages(runner: Runner, pull: FakePullRequest) -> None:
    """The second finds the pull request by what the first left, and posts."""
    hand_over(runner, pull)
    ran = runner.run("workflow_run", finished(pull), given("forks-review.yml"))
    assert (ran.code, len(pull.reviews), ran.outputs["findings"]) == (0, 1, "1")


def test_nothing_of_a_fork_is_believed(runner: Runner, pull: FakePullRequest) -> None:
    """Another change is refused; another pull request has another head, so it cannot be named."""
    change = hand_over(runner, pull)
    inputs = given("forks-review.yml")
    victim = runner.stage.github.pull_request("acme/papers", 7, patch=SMALL)
    described, patch = (change / "change.json").read_text(), (change / "change.diff").read_bytes()
    (change / "change.diff").write_bytes(patch.replace(b"a.py", b"b.py"))
    ran = runner.run("workflow_run", finished(pull), inputs)
    assert (ran.code, ran.outputs) == (2, {})
    assert ran.said == [("error", "change.diff is not the change of #214; it is not used.")]
    (change / "change.diff").write_bytes(patch)
    (change / "change.json").write_text(described.replace("214", "7"))
    ran = runner.run("workflow_run", finished(pull), inputs)
    assert ran.said == [("notice", "Skipped: There is a newer commit; that one is reviewed.")]
    assert runner.stage.model.requests == []
    assert (pull.issue_comments, victim.issue_comments) == ([], [])


def test_without_a_change_there_is_nothing_to_do(runner: Runner, pull: FakePullRequest) -> None:
    """GitHub did not show it as one diff; or the workflow before ran for something else."""
    runner.stage.github.fail_next("GET", "/repos/acme/papers/pulls/214", status=406, accept="diff")
    assert not hand_over(runner, pull).exists()
    inputs = given("forks-review.yml")
    assert runner.run("workflow_run", finished(pull), inputs).said == [
        ("notice", "Skipped: the workflow before left no change; its log says why.")
    ]
    assert runner.run("workflow_run", finished(pull, event="push"), inputs).said == [
        ("notice", "Skipped: the workflow before ran for 'push', not for a pull request.")
    ]
