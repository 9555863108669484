"""The fake of GitHub: mutations of its GraphQL."""

from __future__ import annotations

import pytest

from tests.fakes.github import LOGIN
from tests.fakes.github_asking import asked
from tests.fakes.github_samples import opened

RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
INTEGRATION = "Resource not accessible by integration"


def test_several_are_carried_out_in_order() -> None:
    """One document edits, answers, resolves and opens again, and each field tells what stands after it.

    https://spec.graphql.org/October2021/#sec-Mutation
    """
    with opened() as (github, pull, _):
        github.add_token(github.token, contents=True)
        ours, below = pull.remark(LOGIN, "app.py", 2, "Why?"), pull.comment(LOGIN, "Summary")
        thread = pull.threads[0].node
        document = f"""mutation {{
            edit: updatePullRequestReviewComment(input: {{pullRequestReviewCommentId: "PRRC_{ours.id}", body: "Fixed"}})
                {{ pullRequestReviewComment {{ id body pullRequest {{ number }} }} }}
            answer: addPullRequestReviewThreadReply(input: {{pullRequestReviewThreadId: "{thread}", body: "Done"}})
                {{ comment {{ body replyTo {{ id }} pullRequest {{ headRefOid }} }} clientMutationId }}
            close: resolveReviewThread(input: {{threadId: "{thread}", clientMutationId: "7"}})
                {{ thread {{ id isResolved viewerCanResolve resolvedBy {{ login }} pullRequest {{ id }} }}
                   clientMutationId }}
            open: unresolveReviewThread(input: {{threadId: "{thread}"}}) {{ thread {{ isResolved }} }}
            below: updateIssueComment(input: {{id: "IC_{below.id}", body: "None"}}) {{ issueComment {{ body }} }}
        }}"""
        assert asked(github, document) == {
            "data": {
                "edit": {
                    "pullRequestReviewComment": {
                        "id": f"PRRC_{ours.id}",
                        "body": "Fixed",
                        "pullRequest": {"number": 214},
                    }
                },
                "answer": {
                    "comment": {
                        "body": "Done",
                        "replyTo": {"id": f"PRRC_{ours.id}"},
                        "pullRequest": {"headRefOid": pull.head_sha},
                    },
                    "clientMutationId": None,
                },
                "close": {
                    "thread": {
                        "id": thread,
                        "isResolved": True,
                        "viewerCanResolve": False,
                        "resolvedBy": {"login": LOGIN},
                        "pullRequest": {"id": f"PR_{pull.repository.id}_214"},
                    },
                    "clientMutationId": "7",
                },
                "open": {"thread": {"isResolved": False}},
                "below": {"issueComment": {"body": "None"}},
            }
        }
        assert (pull.threads[0].bodies, below.body) == (["Fixed", "Done"], "None")
        assert github.problems == []


def test_what_fails_is_null_and_named() -> None:
    """A field that fails is null beside an error with path and type; those around it are carried out all the same.

    The shape is that of https://github.com/github/gh-aw/issues/35726 .
    """
    with opened() as (github, pull, _):
        ours = pull.remark(LOGIN, "app.py", 2, "Why?")
        thread = pull.threads[0].node
        document = f"""mutation {{
            close: resolveReviewThread(input: {{threadId: "{thread}"}}) {{ thread {{ isResolved }} }}
            gone: resolveReviewThread(input: {{threadId: "PRRT_1"}}) {{ thread {{ isResolved }} }}
            edit: updatePullRequestReviewComment(input: {{pullRequestReviewCommentId: "PRRC_{ours.id}", body: "Fixed"}})
                {{ pullRequestReviewComment {{ body }} }}
        }}"""
        answer = asked(github, document)
        assert answer["data"] == {
            "close": None,
            "gone": None,
            "edit": {"pullRequestReviewComment": {"body": "Fixed"}},
        }
        assert [(error["type"], error["path"], error["message"]) for error in answer["errors"]] == [
            ("FORBIDDEN", ["close"], INTEGRATION),
            ("NOT_FOUND", ["gone"], "Could not resolve to a node with the global id of 'PRRT_1'."),
        ]
        assert (pull.threads[0].resolved, ours.body) == (False, "Fixed")
        assert github.problems == []


@pytest.mark.parametrize(
    ("login", "contents", "write", "says"),
    [
        ("plumbline[bot]", True, True, None),
        ("plumbline[bot]", False, True, INTEGRATION),
        ("plumbline[bot]", True, False, INTEGRATION),
        ("alice", False, True, None),
        ("bob", True, True, None),
        ("bob", False, True, "bob does not have the correct permissions to execute `ResolveReviewThread`"),
    ],
)
def test_resolving_takes_a_right(login: str, contents: bool, write: bool, says: str | None) -> None:
    """An App needs contents: write, a person the right to push or to be the author; else it is FORBIDDEN.

    https://github.com/github/gh-aw/issues/35726 , https://github.com/learningequality/.github/issues/84
    """
    with opened() as (github, pull, _):
        pull.remark("carol", "app.py", 2, "Why?")
        token = github.add_token("other", login=login, contents=contents, write=write)
        answer = asked(github, RESOLVE, token=token, id=pull.threads[0].node)
        assert [error["message"] for error in answer.get("errors", [])] == ([says] if says else [])
        assert pull.threads[0].resolved_by == ("" if says else login)


def test_the_words_of_others_are_not_edited() -> None:
    """Comments of others are FORBIDDEN to a bot, on lines and below the pull request, whatever it may else."""
    with opened() as (github, pull, _):
        github.add_token(github.token, contents=True)
        theirs, below = pull.remark("bob", "app.py", 2, "Why?"), pull.comment("bob", "Nice.")
        document = f"""mutation {{
            a: updatePullRequestReviewComment(input: {{pullRequestReviewCommentId: "PRRC_{theirs.id}", body: "Ours"}})
                {{ pullRequestReviewComment {{ body }} }}
            b: updateIssueComment(input: {{id: "IC_{below.id}", body: "Ours"}}) {{ issueComment {{ body }} }} }}"""
        answer = asked(github, document)
        assert answer["data"] == {"a": None, "b": None}
        assert [error["type"] for error in answer["errors"]] == ["FORBIDDEN", "FORBIDDEN"]
        assert (theirs.body, below.body) == ("Why?", "Nice.")


@pytest.mark.parametrize(
    ("body", "kind"), [("", "UNPROCESSABLE"), ("x" * 65_537, "UNPROCESSABLE"), ("x" * 65_536, None)]
)
def test_bodies_have_the_limits_of_rest(body: str, kind: str | None) -> None:
    """An empty or overlong body changes nothing."""
    with opened() as (github, pull, _):
        pull.remark(LOGIN, "app.py", 2, "Why?")
        document = """mutation($id: ID!, $body: String!) {
            addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $id, body: $body})
                { comment { id } } }"""
        answer = asked(github, document, id=pull.threads[0].node, body=body)
        assert [error["type"] for error in answer.get("errors", [])] == ([kind] if kind else [])
        assert len(pull.threads[0].comments) == (1 if kind else 2)


def test_private_threads_are_not_found_by_strangers() -> None:
    """A node of a repository that the viewer does not see is not there."""
    with opened(private=True) as (github, pull, _):
        pull.remark("carol", "app.py", 2, "Why?")
        token = github.add_token("stranger", login="bob", repositories=[])
        answer = asked(github, RESOLVE, token=token, id=pull.threads[0].node)
        assert [error["type"] for error in answer["errors"]] == ["NOT_FOUND"]
        assert not pull.threads[0].resolved


def test_a_deleted_comment_is_not_edited() -> None:
    """Once a comment is deleted its id leads nowhere."""
    with opened() as (github, pull, _):
        comment = pull.comment(LOGIN, "Summary")
        pull.delete(comment)
        document = (
            f'mutation {{ updateIssueComment(input: {{id: "IC_{comment.id}", body: "x"}}) {{ clientMutationId }} }}'
        )
        answer = asked(github, document)
        assert answer["data"] == {"updateIssueComment": None}
        assert [error["type"] for error in answer["errors"]] == ["NOT_FOUND"]


def test_a_mutation_that_is_misspelt_is_a_problem() -> None:
    """What GitHub's schema does not have is refused as a whole, and remembered."""
    with opened() as (github, _, _):
        answer = asked(github, 'mutation { resolveThread(input: {threadId: "x"}) { clientMutationId } }')
        assert "data" not in answer
        assert ["resolveThread" in problem for problem in github.problems] == [True]
