"""The fake of GitHub: comments and reviews, and what it refuses of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes.github_samples import PATCH, PULL, REPOSITORY, opened

COMMENTS = f"{REPOSITORY}/issues/214/comments"
HUNK = "Pull request review thread diff hunk can't be blank"
LINE = "Pull request review thread line must be part of the diff"
START = "Pull request review thread start line must be part of the same hunk as the line."


def draft(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    comment = {"path": "app.py", "side": "RIGHT", "line": 2, "body": "Why?", **changes}
    return {name: value for name, value in comment.items() if value is not None}


def review(client: httpx.Client, *comments: dict[str, Any], **changes: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
    asked = {"event": "COMMENT", "body": "A few things.", "comments": list(comments), **changes}
    return client.post(f"{PULL}/reviews", json={name: value for name, value in asked.items() if value is not None})


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (draft(), "TWO"),
        (draft(side=None), "TWO"),
        (draft(side="LEFT"), "two"),
        (draft(line=1), "one"),
        (draft(side="LEFT", line=1), "one"),
        (draft(side="LEFT", line=3), "three"),
        (draft(line=4), "three"),
        (draft(line=12), "ELEVEN \udcff"),
        (draft(start_line=2, line=3), "two and a half"),
        (draft(start_line=2, start_side="LEFT", line=2), "TWO"),
    ],
)
def test_a_comment_hangs_on_a_line_of_the_diff(comment: dict[str, Any], text: str) -> None:
    """Removed lines carry comments LEFT, added ones RIGHT, context both; the fake tells which line it was."""
    with opened() as (github, pull, client):
        answer = review(client, comment, commit_id=pull.head_sha)
        assert answer.status_code == 200
        [posted] = pull.reviews[0].comments
        assert (posted.path, posted.text, posted.body) == ("app.py", text, "Why?")
        assert client.get(f"{PULL}/reviews/{answer.json()['id']}/comments").json()[0]["line"] == comment["line"]
        assert client.get(f"{PULL}/comments").json()[0]["body"] == "Why?"
        assert github.problems == []


@pytest.mark.parametrize(
    ("comment", "error"),
    [
        (draft(line=3, side="LEFT", start_line=3), "Pull request review thread start line must precede the end line."),
        (draft(line=5), f"{LINE} and {HUNK}"),
        (draft(line=None), f"{LINE} and {HUNK}"),
        (draft(line=11, side="LEFT", start_line=1), START),
        (draft(start_line=9, line=5), f"{LINE}, {START}, and {HUNK}"),
        (draft(start_line=3), "Pull request review thread start line must precede the end line."),
        (draft(path="logo.png", line=1), f"{LINE} and {HUNK}"),
        (draft(path="new.md", line=1), f"{LINE} and {HUNK}"),
        (draft(path="other.py"), f"Pull request review thread path is invalid and {HUNK}"),
        (draft(path="old.md"), f"Pull request review thread path is invalid and {HUNK}"),
        (draft(side="right"), "Pull request review thread side is not included in the list"),
        (draft(start_line=1, start_side="side"), "Pull request review thread side is not included in the list"),
        (draft(body=" "), "Body can't be blank"),
        (draft(body="x" * 65_537), "Body is too long (maximum is 65536 characters)"),
    ],
)
def test_one_bad_comment_sinks_the_review(comment: dict[str, Any], error: str) -> None:
    """A comment that GitHub cannot place is 422 for the whole review, and nothing is stored."""
    with opened() as (github, pull, client):
        answer = review(client, draft(), comment)
        assert (answer.status_code, answer.json()["message"]) == (422, "Unprocessable Entity")
        assert answer.json()["errors"] == [error]
        assert pull.reviews == []
        assert github.problems == []


def test_a_withheld_patch_carries_no_comments() -> None:
    """A file whose patch GitHub does not show has no line to comment on."""
    with opened(withheld=["app.py"]) as (_, pull, client):
        assert review(client, draft()).json()["errors"] == [f"{LINE} and {HUNK}"]
        assert pull.reviews == []


def test_lines_are_those_of_the_commit() -> None:
    """A review of an older commit is held against the diff of that commit, and is outdated at once."""
    with opened() as (github, pull, client):
        old = pull.head_sha
        pull.push("c" * 40, PATCH.replace(b"+two and a half\n", b"").replace(b"+1,4 @@", b"+1,3 @@"))
        assert review(client, draft(line=4), commit_id="c" * 40).status_code == 422
        assert review(client, draft(line=4), commit_id=old).status_code == 200
        assert client.get(f"{PULL}/comments").json()[0]["line"] is None
        assert github.problems == []


def test_a_commit_of_somewhere_else_is_refused() -> None:
    """A review names a commit of the pull request, or none."""
    with opened() as (_, pull, client):
        answer = review(client, commit_id="d" * 40)
        assert answer.json()["errors"] == ["Pull request review thread end commit oid is not part of the pull request"]
        assert pull.reviews == []


@pytest.mark.parametrize("body", ["", "  ", "x" * 65_537, None])
def test_a_review_has_a_body_of_65_536_characters_at_most(body: str | None) -> None:
    """COMMENT needs a body, and it has a limit in characters."""
    with opened() as (_, pull, client):
        assert review(client, draft(), body=body).status_code == 422
        assert pull.reviews == []
        assert review(client, body="\N{SNOWMAN}" * 65_536).status_code == 200


def test_without_an_event_a_review_stays_pending() -> None:
    """A pending review is its author's alone, and keeps them from any other review."""
    with opened() as (github, pull, client):
        assert review(client, draft(), event=None).json()["state"] == "PENDING"
        assert len(client.get(f"{PULL}/reviews").json()) == 1
        assert client.get(f"{PULL}/comments").json() == []
        answer = review(client)
        assert answer.json()["errors"] == ["User can only have one pending review per pull request"]
        others = {"authorization": f"token {github.add_token('other', login='bob')}"}
        assert client.get(f"{PULL}/reviews", headers=others).json() == []
        assert client.post(f"{PULL}/reviews", json={"event": "COMMENT", "body": "x"}, headers=others).status_code == 200
        assert [posted.author for posted in pull.reviews] == ["plumbline[bot]", "bob"]
        assert github.problems == []


def test_a_single_comment_on_a_file() -> None:
    """A comment on a whole file needs no line, and comes in a review of its own."""
    with opened() as (github, pull, client):
        asked = {"commit_id": pull.head_sha, "path": "logo.png", "subject_type": "file", "body": "Large."}
        answer = client.post(f"{PULL}/comments", json=asked)
        assert (answer.status_code, answer.json()["subject_type"]) == (201, "file")
        assert [comment.line for comment in pull.reviews[0].comments] == [None]
        assert client.post(f"{PULL}/comments", json={**asked, "path": "none"}).status_code == 422
        assert github.problems == []


def test_a_single_comment_is_refused_with_objects() -> None:
    """For a single comment the errors name resource, field and code."""
    with opened() as (github, pull, client):
        answer = client.post(f"{PULL}/comments", json=draft(line=99, commit_id=pull.head_sha))
        field = "pull_request_review_thread"
        assert answer.json()["errors"] == [
            {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": f"{field}.line",
                "message": f"{field}.line must be part of the diff",
            },
            {"resource": "PullRequestReviewComment", "code": "missing_field", "field": f"{field}.diff_hunk"},
        ]
        assert pull.reviews == []
        assert github.problems == []


def test_issue_comments_are_created_edited_and_deleted() -> None:
    """A comment under the pull request can be edited in place, and is gone once it is deleted."""
    with opened() as (github, pull, client):
        made = client.post(COMMENTS, json={"body": "First"})
        assert made.headers["location"] == made.json()["url"]
        assert client.patch(made.json()["url"], json={"body": "Second"}).json()["body"] == "Second"
        assert [(comment.author, comment.body) for comment in pull.issue_comments] == [("plumbline[bot]", "Second")]
        assert client.get(made.json()["url"]).status_code == 200
        assert client.delete(made.json()["url"]).status_code == 204
        assert client.patch(made.json()["url"], json={"body": "Third"}).status_code == 404
        assert github.problems == []


@pytest.mark.parametrize("body", ["", "x" * 65_537])
def test_issue_comments_have_a_body_of_65_536_characters_at_most(body: str) -> None:
    """Created or edited, an empty or overlong body is 422 and changes nothing."""
    with opened() as (github, pull, client):
        assert client.post(COMMENTS, json={"body": body}).json()["errors"][0]["code"] == "unprocessable"
        made = client.post(COMMENTS, json={"body": "x" * 65_536})
        assert client.patch(made.json()["url"], json={"body": body}).status_code == 422
        assert [len(comment.body) for comment in pull.issue_comments] == [65_536]
        assert github.problems == []


def test_the_words_of_others_are_not_touched() -> None:
    """GitHub lets a writer edit the comments of others; for a bot that is a problem."""
    with opened() as (github, pull, client):
        comment = pull.comment("bob", "Mine.")
        client.patch(f"{REPOSITORY}/issues/comments/{comment.id}", json={"body": "Ours."})
        assert github.problems == ["plumbline[bot] changed a comment that bob wrote"]
