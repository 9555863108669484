"""The fake of GitHub: its GraphQL, held against GitHub's own schema."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema

from tests.fakes.github import FakeGitHub
from tests.fakes.github_graphql import github_schema
from tests.fakes.github_samples import opened
from tests.repository import SHARED

FULL_SCHEMA = SHARED / "data" / "github-graphql.graphql"


def ask(github: FakeGitHub, query: str, *, token: str | None = None) -> httpx.Response:
    path = "/api/graphql" if github.api_url.endswith("/api/v3") else "/graphql"
    headers = {"authorization": f"bearer {token or github.token}"}
    with httpx.Client(headers=headers) as client:
        return client.post(github.url + path, json={"query": query, "variables": {}})


def of_pull(github: FakeGitHub, fields: str, *, token: str | None = None) -> dict[str, Any]:
    query = f'{{ repository(owner: "acme", name: "papers") {{ pullRequest(number: 214) {{ {fields} }} }} }}'
    answer: dict[str, Any] = ask(github, query, token=token).json()["data"]["repository"]["pullRequest"]
    return answer


@pytest.mark.parametrize("enterprise", [False, True])
def test_state_and_files_in_one_request(enterprise: bool) -> None:
    """Head, state and the text of a file at a commit come in one answer."""
    with opened(enterprise=enterprise, base_files={".gitattributes": b"*.lock binary\n", "b": b"\0"}, draft=True) as (
        github,
        pull,
        _,
    ):
        blob = "... on Blob { text isBinary byteSize }"
        query = f"""{{ viewer {{ login }} repository(owner: "Acme", name: "papers") {{
            text: object(expression: "{pull.base_sha}:.gitattributes") {{ {blob} }}
            binary: object(expression: "{pull.base_sha}:b") {{ {blob} }}
            none: object(expression: "{pull.base_sha}:c") {{ {blob} }}
            pullRequest(number: 214) {{ headRefOid state isDraft }} }} }}"""
        assert ask(github, query).json()["data"] == {
            "viewer": {"login": "plumbline[bot]"},
            "repository": {
                "text": {"text": "*.lock binary\n", "isBinary": False, "byteSize": 14},
                "binary": {"text": None, "isBinary": True, "byteSize": 1},
                "none": None,
                "pullRequest": {"headRefOid": pull.head_sha, "state": "OPEN", "isDraft": True},
            },
        }
        assert github.problems == []


def test_an_app_has_two_names() -> None:
    """An App's comments are by `name` without `[bot]`; `viewerDidAuthor` is what tells them apart."""
    with opened() as (github, pull, _):
        pull.comment("plumbline[bot]", "Ours.")
        pull.comment("plumbline", "Somebody's.")
        nodes = of_pull(github, "comments(first: 5) { nodes { viewerDidAuthor author { login } } }")["comments"][
            "nodes"
        ]
        assert nodes == [
            {"viewerDidAuthor": True, "author": {"login": "plumbline"}},
            {"viewerDidAuthor": False, "author": {"login": "plumbline"}},
        ]


def test_pages_go_both_ways() -> None:
    """`last` and `before` walk back from the newest, `first` and `after` on from the oldest."""
    with opened() as (github, pull, _):
        for index in range(5):
            pull.comment("bob", str(index))
        fields = "nodes { body } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        newest = of_pull(github, f"comments(last: 2) {{ {fields} }}")["comments"]
        start = newest["pageInfo"]["startCursor"]
        older = of_pull(github, f'comments(last: 2, before: "{start}") {{ {fields} }}')["comments"]
        oldest = of_pull(github, f"comments(first: 4) {{ {fields} }}")["comments"]
        end = oldest["pageInfo"]["endCursor"]
        rest = of_pull(github, f'comments(first: 4, after: "{end}") {{ {fields} }}')["comments"]
        pages = [newest, older, oldest, rest]
        assert ["".join(node["body"] for node in page["nodes"]) for page in pages] == ["34", "12", "0123", "4"]
        assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [True, True, False, True]
        assert [page["pageInfo"]["hasNextPage"] for page in pages] == [False, True, True, False]


def test_threads_tell_where_they_stand() -> None:
    """A thread is resolved when a test says so, and outdated once the head moved on."""
    with opened() as (github, pull, client):
        comment = {"path": "app.py", "line": 2, "body": "Why?"}
        client.post(
            "/repos/acme/papers/pulls/214/reviews", json={"event": "COMMENT", "body": "x", "comments": [comment]}
        )
        fields = "reviewThreads(first: 9) { nodes { isResolved isOutdated viewerCanResolve path line } }"
        expected = {"isResolved": False, "isOutdated": False, "viewerCanResolve": True, "path": "app.py", "line": 2}
        github.add_token(github.token, contents=True)
        assert of_pull(github, fields)["reviewThreads"]["nodes"] == [expected]
        pull.resolve(pull.review_comments[0], "alice")
        pull.push("c" * 40, pull.patch)
        changed = {"isResolved": True, "isOutdated": True, "viewerCanResolve": False, "line": None}
        assert of_pull(github, fields)["reviewThreads"]["nodes"] == [{**expected, **changed}]
        assert github.problems == []


def test_pending_reviews_are_their_authors() -> None:
    """Reviews are chosen by author and state; a pending one is shown to its author only."""
    with opened() as (github, pull, _):
        pull.review("bob", "Later.", state="PENDING")
        pull.review("plumbline[bot]", "Now.")
        bob = github.add_token("bob", login="bob")
        fields = "reviews(first: 5) { nodes { body commit { oid } viewerDidAuthor } }"
        ours = {"body": "Now.", "commit": {"oid": pull.head_sha}, "viewerDidAuthor": True}
        assert of_pull(github, fields)["reviews"]["nodes"] == [ours]
        assert len(of_pull(github, fields, token=bob)["reviews"]["nodes"]) == 2
        of_bob = of_pull(github, 'reviews(first: 5, author: "bob") { nodes { body } }', token=bob)
        assert of_bob["reviews"]["nodes"] == [{"body": "Later."}]


@pytest.mark.parametrize(
    ("owner", "number", "private", "message"),
    [
        ("nobody", 214, False, "Could not resolve to a Repository with the name 'nobody/papers'."),
        ("acme", 214, True, "Could not resolve to a Repository with the name 'acme/papers'."),
        ("acme", 7, False, "Could not resolve to a PullRequest with the number of 7."),
    ],
)
def test_what_is_not_there_is_not_found(owner: str, number: int, private: bool, message: str) -> None:
    """What the viewer may not see is not there either: NOT_FOUND beside the message, and no problem."""
    with opened(private=private) as (github, _, _):
        query = f'{{ repository(owner: "{owner}", name: "papers") {{ pullRequest(number: {number}) {{ state }} }} }}'
        answer = ask(github, query, token=github.add_token("stranger", repositories=[])).json()
        assert [(error["type"], error["message"]) for error in answer["errors"]] == [("NOT_FOUND", message)]
        assert github.problems == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("comments { nodes { body } }", "You must provide a `first` or `last` value"),
        ("comments(first: 101) { nodes { body } }", "Requesting 101 records on the `comments` connection"),
        ("reviews(last: 0) { nodes { body } }", "Requesting 0 records"),
        ("headSha", "Cannot query field 'headSha'"),
        ("comments(first: 1) { nodes { databaseId } }", "ask for fullDatabaseId"),
        ("state", ""),
    ],
)
def test_careless_queries_are_problems(fields: str, problem: str) -> None:
    """A window that GitHub refuses, a field that it lacks and an id that does not fit are remembered."""
    with opened() as (github, pull, _):
        pull.comment("bob", "Hello.")
        query = f'{{ repository(owner: "acme", name: "papers") {{ pullRequest(number: 214) {{ {fields} }} }} }}'
        ask(github, query)
        assert bool(github.problems) == bool(problem)
        assert all(problem in line for line in github.problems)


def test_graphql_is_closed_to_strangers() -> None:
    """Without a token GraphQL answers 401, also about what is public."""
    with opened() as (github, _, _), httpx.Client() as client:
        answer = client.post(f"{github.url}/graphql", json={"query": "{ viewer { login } }"})
        assert answer.status_code == 401


@pytest.mark.skipif(not FULL_SCHEMA.exists(), reason="GitHub's whole schema is not here")
def test_the_schema_is_githubs() -> None:
    """Every type, field and argument of the reduced schema stands in GitHub's with the same type."""
    full = build_schema(FULL_SCHEMA.read_text(encoding="utf-8"), assume_valid=True).type_map
    for name, ours in github_schema().type_map.items():
        if name.startswith("__") or not isinstance(ours, (GraphQLObjectType, GraphQLInterfaceType)):
            continue
        theirs = full[name]
        assert isinstance(theirs, (GraphQLObjectType, GraphQLInterfaceType))
        for field_name, field in ours.fields.items():
            other = theirs.fields[field_name]
            assert str(field.type) == str(other.type)
            assert all(str(field.args[key].type) == str(other.args[key].type) for key in field.args)
