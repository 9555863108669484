"""The fake of GitHub: files by branch, other repositories, people's permissions, limits that are near."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.fakes.github import FakeGitHub
from tests.fakes.github_asking import asked, of_pull
from tests.fakes.github_samples import PULL, REPOSITORY, opened
from tests.repository import CHECKOUT, SHARED

DESCRIPTION = SHARED / "data" / "github-openapi.json"
POLICY = ".github/plumbline.yml"


def test_the_policy_of_two_repositories_in_one_document() -> None:
    """A file of the base branch and one of another repository's default branch come in one answer."""
    with opened(base_files={POLICY: b"drafts: true\n"}, head_files={POLICY: b"drafts: false\n"}) as (
        github,
        pull,
        client,
    ):
        github.repository("acme/.github").files = {"plumbline.yml": b"language: fr\n"}
        blob = "{ ... on Blob { text } }"
        document = f"""{{
            repository(owner: "acme", name: "papers") {{
                base: object(expression: "main:{POLICY}") {blob}
                head: object(expression: "{pull.head_sha}:{POLICY}") {blob}
                branch: object(expression: "refs/heads/feature:{POLICY}") {blob}
                none: object(expression: "elsewhere:{POLICY}") {blob} }}
            organisation: repository(owner: "acme", name: ".github") {{
                object(expression: "HEAD:plumbline.yml") {blob} }} }}"""
        assert asked(github, document) == {
            "data": {
                "repository": {
                    "base": {"text": "drafts: true\n"},
                    "head": {"text": "drafts: false\n"},
                    "branch": {"text": "drafts: false\n"},
                    "none": None,
                },
                "organisation": {"object": {"text": "language: fr\n"}},
            }
        }
        raw = client.get(
            "/repos/acme/.github/contents/plumbline.yml", headers={"accept": "application/vnd.github.raw+json"}
        )
        assert raw.content == b"language: fr\n"
        assert github.problems == []


def test_a_repository_that_is_not_there_does_not_spoil_the_other() -> None:
    """Its field is null, and an error of type NOT_FOUND names its path; what else was asked for is answered.

    https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
    """
    with opened() as (github, pull, _):
        document = """{ repository(owner: "acme", name: "papers") { pullRequest(number: 214) { headRefOid } }
            organisation: repository(owner: "acme", name: ".github") { object(expression: "HEAD:x") { oid } } }"""
        answer = asked(github, document)
        assert answer["data"] == {"repository": {"pullRequest": {"headRefOid": pull.head_sha}}, "organisation": None}
        [error] = answer["errors"]
        assert (error["type"], error["path"]) == ("NOT_FOUND", ["organisation"])
        assert error["message"] == "Could not resolve to a Repository with the name 'acme/.github'."
        assert github.problems == []


def test_what_is_said_of_a_pull_request() -> None:
    """Ids, authors and their standing can be asked of the pull request, its comments and its reviews."""
    with opened(author="dependabot[bot]", association="NONE", head_repository="bob/papers") as (github, pull, _):
        pull.repository.permissions["carol"] = "write"
        comment = pull.comment("carol", "Nice.")
        review = pull.review("acme", "Fine.")
        who = "author { login __typename } authorAssociation"
        said = of_pull(
            github,
            f"""id {who} isCrossRepository comments(first: 1) {{ nodes {{ id fullDatabaseId createdAt {who} }} }}
            reviews(first: 1) {{ nodes {{ id submittedAt {who} }} }}""",
        )
        person = {"__typename": "User", "login": "carol"}
        assert said == {
            "id": f"PR_{pull.repository.id}_214",
            "author": {"login": "dependabot", "__typename": "Bot"},
            "authorAssociation": "NONE",
            "isCrossRepository": True,
            "comments": {
                "nodes": [
                    {
                        "id": f"IC_{comment.id}",
                        "fullDatabaseId": str(comment.id),
                        "createdAt": comment.created_at,
                        "author": person,
                        "authorAssociation": "COLLABORATOR",
                    }
                ]
            },
            "reviews": {
                "nodes": [
                    {
                        "id": f"PRR_{review.id}",
                        "submittedAt": review.created_at,
                        "author": {**person, "login": "acme"},
                        "authorAssociation": "OWNER",
                    }
                ]
            },
        }
        assert github.problems == []


@pytest.mark.parametrize(
    ("private", "login", "permission", "role"),
    [
        (False, "acme", "admin", "admin"),
        (False, "carol", "write", "write"),
        (False, "mia", "write", "maintain"),
        (False, "tom", "read", "triage"),
        (False, "somebody", "read", "read"),
        (True, "somebody", "none", "none"),
        (True, "nobody", "none", "none"),
    ],
)
def test_what_people_may_do(private: bool, login: str, permission: str, role: str) -> None:
    """What a test gave them; else anybody reads what is public, and nobody what is private.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    with opened(private=private) as (github, pull, client):
        pull.repository.permissions |= {"carol": "write", "mia": "maintain", "tom": "triage", "nobody": "none"}
        said = client.get(f"{REPOSITORY}/collaborators/{login}/permission").json()
        assert (said["permission"], said["role_name"]) == (permission, role)
        assert said["user"]["permissions"]["push"] == (permission in {"write", "admin"})
        assert github.problems == []


def test_who_may_ask_what_people_may_do() -> None:
    """A person needs the right to push, an App nothing; and Apps are no users.

    https://github.com/yegor256/rultor/issues/1407 , https://github.com/chdsbd/kodiak/pull/231
    """
    with opened() as (github, _, client):
        path = f"{REPOSITORY}/collaborators/carol/permission"
        weak = {"authorization": f"token {github.add_token('weak', login='bob', contents=False)}"}
        able = {"authorization": f"token {github.add_token('able', login='bob')}"}
        assert [client.get(path, headers=headers).status_code for headers in (weak, able, {})] == [403, 200, 200]
        assert client.get(f"{REPOSITORY}/collaborators/lint[bot]/permission").status_code == 404
        with httpx.Client(base_url=github.api_url) as stranger:
            assert stranger.get(path).status_code == 401
        assert github.problems == []


def test_a_document_asks_for_half_a_million_nodes_at_most() -> None:
    """GitHub counts each window as if it were full: a hundred of a hundred of a hundred is too much.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
    """
    with opened() as (github, _, _):
        document = """query($most: Int!) { repository(owner: "acme", name: "papers") { pullRequest(number: 214) {
            reviewThreads(first: 100) { nodes { ...Said } } } } }
            fragment Said on PullRequestReviewThread { comments(first: 100) { nodes {
            reactions(first: $most) { totalCount } } } }"""
        assert "errors" not in asked(github, document, most=48)
        assert github.problems == []
        answer = asked(github, document, most=49)
        assert [error["type"] for error in answer["errors"]] == ["MAX_NODE_LIMIT_EXCEEDED"]
        assert "up to 500,100 possible nodes" in github.problems[0]


def test_a_limit_in_the_middle_of_a_batch() -> None:
    """One request of several meets the secondary limit and is told how long to wait; the others are carried out."""
    with opened() as (github, pull, client):
        comments = f"{REPOSITORY}/issues/214/comments"
        assert client.post(comments, json={"body": "One"}).status_code == 201
        says = {"message": "You have exceeded a secondary rate limit."}
        github.fail_next("POST", "/comments$", status=403, headers={"retry-after": "1"}, body=says)
        limited = client.post(comments, json={"body": "Two"})
        assert (limited.status_code, limited.headers["retry-after"], limited.json()) == (403, "1", says)
        assert limited.headers["content-type"].startswith("application/json")
        assert client.post(comments, json={"body": "Two"}).status_code == 201
        assert [comment.body for comment in pull.issue_comments] == ["One", "Two"]


def test_what_is_left_of_the_hour_can_be_set() -> None:
    """Answers say how many requests are left and when there will be more, and are given all the same."""
    with opened() as (github, _, client):
        github.remaining = 12
        answer = client.get(PULL)
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "12")
        assert int(answer.headers["x-ratelimit-reset"]) > time.time()
        github.remaining = None
        assert client.get(PULL).headers["x-ratelimit-remaining"] == "4998"


def test_other_rights_for_the_same_token() -> None:
    """A token that is added again has its new rights from then on."""
    with FakeGitHub() as github, httpx.Client(base_url=github.api_url) as client:
        github.pull_request("acme/papers", 214)
        client.headers["authorization"] = f"token {github.token}"
        github.add_token(github.token, write=False)
        assert client.post(f"{REPOSITORY}/issues/214/comments", json={"body": "x"}).status_code == 403


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's whole description is not here")
def test_the_description_is_githubs() -> None:
    """Every operation of the reduced description stands in GitHub's, with the same statuses and parameters."""
    ours = json.loads((CHECKOUT / "tests" / "samples" / "github" / "openapi.json").read_bytes())
    theirs = json.loads(DESCRIPTION.read_bytes())
    for path, methods in ours["paths"].items():
        for method, operation in methods.items():
            other = theirs["paths"][path][method]
            assert operation["operationId"] == other["operationId"]
            assert operation["responses"].keys() == other["responses"].keys()
            assert len(operation.get("parameters", [])) == len(other.get("parameters", []))
