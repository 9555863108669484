"""The fake of GitHub: check runs and commit statuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes.github import LOGIN
from tests.fakes.github_asking import of_pull
from tests.fakes.github_samples import REPOSITORY, opened

RUNS = f"{REPOSITORY}/check-runs"


def noted(count: int, **changes: object) -> list[dict[str, Any]]:
    row = {
        "path": "app.py",
        "start_line": 2,
        "end_line": 2,
        "annotation_level": "warning",
        "message": "Why?",
        **changes,
    }
    return [row] * count


def created(client: httpx.Client, sha: str, **changes: object) -> httpx.Response:
    return client.post(RUNS, json={"name": "Plumbline", "head_sha": sha, **changes})


def test_a_check_run_from_its_queue_to_its_end() -> None:
    """A run is created, told on and concluded; annotations are added to those that were there, the rest is replaced.

    https://docs.github.com/en/rest/checks/runs#update-a-check-run
    """
    with opened() as (github, pull, client):
        made = created(client, pull.head_sha, external_id="run 1")
        assert (made.status_code, made.json()["status"], made.json()["conclusion"]) == (201, "queued", None)
        url = made.json()["url"]
        output = {"title": "Reading", "summary": "1 of 3", "annotations": noted(50)}
        going = client.patch(url, json={"status": "in_progress", "output": output}).json()
        assert (going["status"], going["output"]["annotations_count"]) == ("in_progress", 50)
        output = {"title": "Two findings", "summary": "All read", "annotations": noted(3)}
        ended = client.patch(url, json={"conclusion": "neutral", "output": output}).json()
        assert (ended["status"], ended["conclusion"], ended["output"]["title"]) == (
            "completed",
            "neutral",
            "Two findings",
        )
        assert client.get(url).json() == ended
        [run] = pull.check_runs
        assert (run.app, run.name, run.external_id, run.head_sha) == (LOGIN, "Plumbline", "run 1", pull.head_sha)
        assert (run.conclusion, run.summary, len(run.annotations)) == ("neutral", "All read", 53)
        assert run.started_at < run.completed_at
        assert github.problems == []


def test_a_run_can_be_opened_again() -> None:
    """A status other than completed takes the conclusion away."""
    with opened() as (_, pull, client):
        made = created(client, pull.head_sha, conclusion="failure").json()
        assert (made["status"], made["completed_at"] is None) == ("completed", False)
        again = client.patch(made["url"], json={"status": "in_progress"}).json()
        assert (again["status"], again["conclusion"], again["completed_at"]) == ("in_progress", None, None)


@pytest.mark.parametrize(
    ("output", "problems"),
    [
        ({"annotations": noted(51)}, 1),
        ({"title": "x" * 256}, 0),
        ({"summary": "\N{SNOWMAN}" * 21_846}, 0),
        ({"text": "\N{SNOWMAN}" * 21_846}, 0),
        ({"summary": "x" * 65_536}, 1),
        ({"annotations": noted(1, start_line=3)}, 0),
        ({"annotations": noted(1, start_line=0)}, 0),
        ({"annotations": noted(1, end_line=3, start_column=1)}, 0),
        ({"annotations": noted(1, title="x" * 256)}, 0),
        ({"annotations": noted(1, message="x" * 65_536)}, 0),
    ],
)
def test_what_is_too_large_is_refused(output: dict[str, object], problems: int) -> None:
    """50 annotations a request, titles of 255 characters, texts of 65,535 bytes: above that it is 422, nothing stored.

    https://docs.github.com/en/rest/checks/runs#create-a-check-run , https://github.com/github/docs/issues/35252
    """
    with opened() as (github, pull, client):
        whole = {"title": "T", "summary": "S", **output}
        assert created(client, pull.head_sha, output=whole).status_code == 422
        assert pull.check_runs == []
        url = created(client, pull.head_sha).json()["url"]
        assert client.patch(url, json={"output": whole}).status_code == 422
        assert (pull.check_runs[0].title, pull.check_runs[0].annotations) == ("", [])
        assert len(github.problems) == 2 * problems


def test_what_is_just_small_enough_is_taken() -> None:
    """The limits themselves are allowed."""
    with opened() as (github, pull, client):
        text = "\N{SNOWMAN}" * 21_845
        output = {"title": "x" * 255, "summary": text, "text": text, "annotations": noted(50)}
        assert created(client, pull.head_sha, output=output).status_code == 201
        assert github.problems == []


def test_completed_needs_a_conclusion() -> None:
    """`status: completed` alone is 422: https://docs.github.com/en/rest/checks/runs#create-a-check-run ."""
    with opened() as (_, pull, client):
        assert created(client, pull.head_sha, status="completed").status_code == 422
        url = created(client, pull.head_sha).json()["url"]
        assert client.patch(url, json={"status": "completed"}).status_code == 422
        assert [run.status for run in pull.check_runs] == ["queued"]


@pytest.mark.parametrize(
    ("login", "checks", "message"),
    [
        ("plumbline[bot]", False, "Resource not accessible by integration"),
        ("alice", None, "You must authenticate via a GitHub App."),
        ("alice", True, "You must authenticate via a GitHub App."),
    ],
)
def test_check_runs_are_for_apps(login: str, checks: bool | None, message: str) -> None:
    """Without the permission it is 403, and for people always.

    https://github.com/EnricoMi/publish-unit-test-result-action/issues/53
    """
    with opened() as (github, pull, client):
        other = {"authorization": f"token {github.add_token('other', login=login, checks=checks)}"}
        url = created(client, pull.head_sha).json()["url"]
        row = {"name": "Plumbline", "head_sha": pull.head_sha}
        answers = (client.post(RUNS, json=row, headers=other), client.patch(url, json={"name": "x"}, headers=other))
        assert [(answer.status_code, answer.json()["message"]) for answer in answers] == [(403, message)] * 2
        assert [run.name for run in pull.check_runs] == ["Plumbline"]
        assert github.problems == []


def test_the_run_of_another_app_is_not_touched() -> None:
    """Only the App that made a run may change it: https://github.com/int128/argocd-commenter/pull/631 ."""
    with opened() as (github, pull, client):
        other = {"authorization": f"token {github.add_token('other', login='lint[bot]')}"}
        url = created(client, pull.head_sha).json()["url"]
        answer = client.patch(url, json={"conclusion": "success"}, headers=other)
        assert answer.status_code == 403
        assert "can only be modified by the GitHub App that created it" in answer.json()["message"]
        assert pull.check_runs[0].conclusion == ""


def test_runs_of_a_commit_are_listed() -> None:
    """By name and status; `latest` shows the newest of each App and name, `all` every one.

    https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
    """
    with opened() as (github, pull, client):
        other = {"authorization": f"token {github.add_token('other', login='lint[bot]')}"}
        first = created(client, pull.head_sha, conclusion="failure").json()["id"]
        second = created(client, pull.head_sha).json()["id"]
        foreign = client.post(RUNS, json={"name": "Lint", "head_sha": pull.head_sha}, headers=other).json()["id"]
        path = f"{REPOSITORY}/commits/{pull.head_sha}/check-runs"

        def listed(**query: str) -> list[int]:
            answer = client.get(path, params={"per_page": 100, **query}).json()
            assert answer["total_count"] == len(answer["check_runs"])
            return sorted(run["id"] for run in answer["check_runs"])

        assert listed() == [second, foreign]
        assert listed(filter="all") == [first, second, foreign]
        assert listed(filter="all", check_name="Plumbline") == [first, second]
        assert listed(filter="all", check_name="Plumbline", status="completed") == [first]
        branch = f"{REPOSITORY}/commits/feature/check-runs"
        [run] = client.get(branch, params={"check_name": "Lint"}).json()["check_runs"]
        assert (run["app"]["slug"], listed(app_id=str(run["app"]["id"]))) == ("lint", [foreign])
        assert github.problems == []


def test_a_commit_that_is_not_there_carries_nothing() -> None:
    """Check runs and statuses hang on commits of the repository; on others it is 422."""
    with opened() as (github, pull, client):
        answers = (
            created(client, "e" * 40),
            client.post(f"{REPOSITORY}/statuses/{'e' * 40}", json={"state": "success"}),
            client.get(f"{REPOSITORY}/commits/{'e' * 40}/check-runs"),
        )
        assert [answer.status_code for answer in answers] == [422, 422, 422]
        assert (pull.check_runs, pull.statuses) == ([], [])
        assert github.problems == []


def test_check_runs_in_the_document_of_a_pull_request() -> None:
    """The runs of the last commit come with the pull request, in a suite for each App."""
    with opened(messages=["One", "Two"]) as (github, pull, client):
        run = created(client, pull.head_sha, status="in_progress", external_id="x").json()["id"]
        fields = """commits(last: 1) { nodes { commit { oid checkSuites(filterBy: {checkName: "Plumbline"}, first: 5) {
            nodes { app { slug } checkRuns(filterBy: {checkName: "Plumbline", checkType: LATEST}, first: 5) {
            nodes { id name status conclusion externalId url } } } } } } }"""
        [node] = of_pull(github, fields)["commits"]["nodes"]
        assert node["commit"]["oid"] == pull.head_sha
        assert node["commit"]["checkSuites"]["nodes"] == [
            {
                "app": {"slug": "plumbline"},
                "checkRuns": {
                    "nodes": [
                        {
                            "id": f"CR_{run}",
                            "name": "Plumbline",
                            "status": "IN_PROGRESS",
                            "conclusion": None,
                            "externalId": "x",
                            "url": f"{github.url}/acme/papers/runs/{run}",
                        }
                    ]
                },
            }
        ]
        other = fields.replace("Plumbline", "Lint")
        assert of_pull(github, other)["commits"]["nodes"][0]["commit"]["checkSuites"]["nodes"] == []
        assert github.problems == []


def test_statuses_are_combined() -> None:
    """Of each context the newest counts, and one that failed fails all.

    https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
    """
    with opened() as (github, pull, client):
        path, combined = f"{REPOSITORY}/statuses/{pull.head_sha}", f"{REPOSITORY}/commits/{pull.head_sha}/status"
        assert client.get(combined).json()["state"] == "pending"
        for state, context in (("pending", "Plumbline"), ("success", "Lint"), ("success", "Plumbline")):
            assert client.post(path, json={"state": state, "context": context}).status_code == 201
        said = client.get(combined).json()
        assert (said["state"], said["total_count"], said["sha"]) == ("success", 2, pull.head_sha)
        client.post(path, json={"state": "error", "context": "Lint", "description": "x" * 140})
        assert client.get(combined).json()["state"] == "failure"
        assert [(status.author, status.state) for status in pull.statuses][-1] == (LOGIN, "error")
        assert github.problems == []


def test_a_status_has_140_characters() -> None:
    """A longer description is 422, and nothing is stored: https://github.com/zalando/zappr/issues/378 ."""
    with opened() as (github, pull, client):
        path = f"{REPOSITORY}/statuses/{pull.head_sha}"
        answer = client.post(path, json={"state": "success", "description": "x" * 141})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "description")
        assert pull.statuses == []
        assert github.problems == []


def test_statuses_take_a_right_of_their_own() -> None:
    """A token may write on pull requests and not make statuses, or the other way round."""
    with opened() as (github, pull, client):
        body, path = {"state": "success"}, f"{REPOSITORY}/statuses/{pull.head_sha}"
        without = {"authorization": f"token {github.add_token('without', statuses=False)}"}
        alone = {"authorization": f"token {github.add_token('alone', write=False, statuses=True)}"}
        assert client.post(path, json=body, headers=without).status_code == 403
        assert client.post(path, json=body, headers=alone).status_code == 201
        comments = f"{REPOSITORY}/issues/214/comments"
        assert client.post(comments, json={"body": "x"}, headers=alone).status_code == 403
        assert client.post(comments, json={"body": "x"}, headers=without).status_code == 201
        assert len(pull.statuses) == 1
