"""The fake of GitHub: requests and answers held against GitHub's own description."""

from __future__ import annotations

import pytest

from tests.fakes.github_description import github_description
from tests.fakes.github_samples import PULL, REPOSITORY, opened


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", f"{REPOSITORY}/forks", None, "no such operation: GET /repos/acme/papers/forks"),
        ("PUT", PULL, None, f"no such operation: PUT {PULL}"),
        ("GET", f"{PULL}/files?perpage=5", None, f"GET {PULL}/files: unknown query parameter perpage"),
        ("GET", f"{PULL}/files?per_page=101", None, f"GET {PULL}/files: GitHub cuts per_page to 100"),
        ("GET", PULL, {"a": 1}, f"GET {PULL}: pulls/get takes no body"),
        ("POST", f"{PULL}/reviews", {"body": "x", "evnt": "COMMENT"}, "unknown property body/evnt"),
        (
            "POST",
            f"{PULL}/reviews",
            {"body": "x", "comments": [{"path": "a", "body": "b", "lin": 1}]},
            "body/comments/*/lin",
        ),
        ("POST", f"{REPOSITORY}/issues/214/comments", {"text": "x"}, '"body" is a required property'),
        ("POST", f"{REPOSITORY}/issues/214/comments", None, "issues/create-comment needs a body"),
    ],
)
def test_what_github_does_not_describe_is_a_problem(method: str, path: str, body: object, problem: str) -> None:
    """A call that is misspelt anywhere is remembered, even where GitHub would pass over it."""
    with opened() as (github, _, client):
        client.request(method, path, json=body)
        assert any(problem in line for line in github.problems)


def test_what_breaks_the_description_is_refused() -> None:
    """A body without what it must have is 422, and nothing is stored."""
    with opened() as (_, pull, client):
        assert client.post(f"{REPOSITORY}/issues/214/comments", json={"text": "x"}).status_code == 422
        assert pull.issue_comments == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"number": "214"}, 'pulls/get 200/number: "214" is not of type "integer"'),
        ({"merged": None}, 'pulls/get 200/merged: null is not of type "boolean"'),
        ({"html_url": "no url at all"}, 'pulls/get 200/html_url: "no url at all" is not a "uri"'),
        ({"merget": True}, "unknown property /merget"),
    ],
)
def test_answers_are_held_against_the_description(change: dict[str, object], problem: str) -> None:
    """An answer with a wrong type, format or name is found out."""
    with opened() as (_, _, client):
        answer = client.get(PULL).json()
    operation = github_description().find("GET", PULL)
    assert operation is not None
    assert github_description().answer_problems(operation, 200, answer) == []
    assert github_description().answer_problems(operation, 200, {**answer, **change}) == [problem]


def test_the_fake_checks_its_own_answers() -> None:
    """Where a test asks for a pull request that GitHub could not have, the answer is a problem."""
    with opened(association="FRIEND") as (github, _, client):
        client.get(PULL)
        assert ["author_association" in line for line in github.problems] == [True]
