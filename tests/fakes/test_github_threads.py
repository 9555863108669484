"""The fake of GitHub: threads, and what becomes of comments."""

from __future__ import annotations

import pytest

from tests.fakes.github import LOGIN
from tests.fakes.github_asking import of_pull
from tests.fakes.github_samples import PULL, REPOSITORY, opened

COMMENTS = f"{REPOSITORY}/pulls/comments"
THREADS = """reviewThreads(first: 9) { nodes { id path isResolved isOutdated viewerCanReply viewerCanResolve
    viewerCanUnresolve resolvedBy { login __typename } subjectType line comments(first: 9) { nodes {
    id body viewerDidAuthor authorAssociation author { login __typename } replyTo { id } url } } } }"""


def test_a_thread_is_what_was_said_on_a_line() -> None:
    """A comment opens a thread, replies stand in it in order, and each names the comment that opened it."""
    with opened() as (github, pull, _):
        ours = pull.remark(LOGIN, "app.py", 2, "Why?")
        pull.remark("bob", "logo.png", None, "Large.")
        reply = pull.reply(ours, "alice", "Because.")
        first, second = of_pull(github, THREADS)["reviewThreads"]["nodes"]
        assert (first["path"], first["line"], first["subjectType"]) == ("app.py", 2, "LINE")
        assert (second["path"], second["line"], second["subjectType"]) == ("logo.png", None, "FILE")
        assert first["comments"]["nodes"] == [
            {
                "id": f"PRRC_{ours.id}",
                "body": "Why?",
                "viewerDidAuthor": True,
                "authorAssociation": "NONE",
                "author": {"login": "plumbline", "__typename": "Bot"},
                "replyTo": None,
                "url": f"{github.url}/acme/papers/pull/214#discussion_r{ours.id}",
            },
            {
                "id": f"PRRC_{reply.id}",
                "body": "Because.",
                "viewerDidAuthor": False,
                "authorAssociation": "CONTRIBUTOR",
                "author": {"login": "alice", "__typename": "User"},
                "replyTo": {"id": f"PRRC_{ours.id}"},
                "url": f"{github.url}/acme/papers/pull/214#discussion_r{reply.id}",
            },
        ]
        assert [thread.bodies for thread in pull.threads] == [["Why?", "Because."], ["Large."]]
        assert github.problems == []


def test_first_and_last_comment_in_one_document() -> None:
    """A connection may be asked for twice under two names, as a client does that wants both ends of a thread."""
    with opened() as (github, pull, _):
        ours = pull.remark(LOGIN, "app.py", 2, "Why?")
        for word in ("One", "Two"):
            pull.reply(ours, "bob", word)
        both = "opening: comments(first: 1) { nodes { body } } latest: comments(last: 1) { nodes { body } totalCount }"
        [node] = of_pull(github, f"reviewThreads(last: 5) {{ nodes {{ {both} }} }}")["reviewThreads"]["nodes"]
        assert node == {
            "opening": {"nodes": [{"body": "Why?"}]},
            "latest": {"nodes": [{"body": "Two"}], "totalCount": 3},
        }


def test_who_resolved_a_thread_is_told() -> None:
    """A resolved thread names who resolved it, an open one nobody."""
    with opened() as (github, pull, _):
        comment = pull.remark(LOGIN, "app.py", 2, "Why?")
        pull.resolve(comment, "alice")
        assert of_pull(github, THREADS)["reviewThreads"]["nodes"][0]["resolvedBy"] == {
            "login": "alice",
            "__typename": "User",
        }
        assert (pull.threads[0].resolved, pull.threads[0].resolved_by) == (True, "alice")
        pull.unresolve(comment)
        assert of_pull(github, THREADS)["reviewThreads"]["nodes"][0]["resolvedBy"] is None
        assert not pull.threads[0].resolved


@pytest.mark.parametrize(
    ("login", "contents", "expected"),
    [
        ("plumbline[bot]", False, False),
        ("plumbline[bot]", True, True),
        ("alice", False, True),
        ("bob", False, False),
        ("bob", True, True),
        ("alice[bot]", False, False),
    ],
)
def test_who_may_resolve(login: str, contents: bool, expected: bool) -> None:
    """Who may push may resolve, and the author; an App only with contents: write (github/gh-aw#35726)."""
    with opened(author="alice[bot]" if login == "alice[bot]" else "alice") as (github, pull, _):
        comment = pull.remark("carol", "app.py", 2, "Why?")
        token = github.add_token("other", login=login, contents=contents)
        [node] = of_pull(github, THREADS, token=token)["reviewThreads"]["nodes"]
        assert (node["viewerCanResolve"], node["viewerCanUnresolve"]) == (expected, False)
        pull.resolve(comment, "carol")
        [node] = of_pull(github, THREADS, token=token)["reviewThreads"]["nodes"]
        assert (node["viewerCanResolve"], node["viewerCanUnresolve"]) == (False, expected)


def test_reactions_are_chosen_by_content() -> None:
    """GraphQL gives those of one kind with their times, REST counts them under names of its own."""
    with opened() as (github, pull, client):
        comment, below = pull.remark(LOGIN, "app.py", 2, "Why?"), pull.comment(LOGIN, "Summary")
        for login, content in (("bob", "THUMBS_DOWN"), ("bob", "HEART"), ("alice", "THUMBS_DOWN")):
            pull.react(comment, login, content)
        down = pull.react(below, "bob", "THUMBS_DOWN")
        assert pull.react(below, "bob", "THUMBS_DOWN") is down
        asked = "reactions(content: THUMBS_DOWN, first: 5) { nodes { content user { login } createdAt } totalCount }"
        fields = f"reviewThreads(first: 1) {{ nodes {{ comments(first: 1) {{ nodes {{ {asked} }} }} }} }}"
        [thread] = of_pull(github, fields)["reviewThreads"]["nodes"]
        found = thread["comments"]["nodes"][0]["reactions"]
        assert [node["user"]["login"] for node in found["nodes"]] == ["bob", "alice"]
        assert [node["createdAt"] for node in found["nodes"]] == [
            each.created_at for each in comment.reactions if each.content == "THUMBS_DOWN"
        ]
        [node] = of_pull(github, f"comments(first: 1) {{ nodes {{ {asked} }} }}")["comments"]["nodes"]
        assert node["reactions"]["totalCount"] == 1
        counts = client.get(f"{COMMENTS}/{comment.id}").json()["reactions"]
        assert (counts["-1"], counts["heart"], counts["total_count"]) == (2, 1, 3)
        assert github.problems == []


def test_a_thread_lives_on_in_its_next_comment() -> None:
    """With its first comment deleted the next one opens the thread; with the last one it is gone everywhere."""
    with opened() as (github, pull, client):
        first = pull.remark(LOGIN, "app.py", 2, "Why?")
        pull.resolve(first, "alice")
        reply, second = pull.reply(first, LOGIN, "Because."), pull.reply(first, LOGIN, "Indeed.")
        number = pull.threads[0].number
        assert client.delete(f"{COMMENTS}/{first.id}").status_code == 204
        assert (pull.threads[0].number, pull.threads[0].comments, pull.threads[0].resolved_by) == (
            number,
            (reply, second),
            "alice",
        )
        assert "in_reply_to_id" not in client.get(f"{COMMENTS}/{reply.id}").json()
        assert client.get(f"{COMMENTS}/{second.id}").json()["in_reply_to_id"] == reply.id
        for comment in (reply, second):
            client.delete(f"{COMMENTS}/{comment.id}")
        assert pull.threads == []
        assert client.get(f"{PULL}/comments").json() == []
        assert client.get(f"{COMMENTS}/{reply.id}").status_code == 404
        assert of_pull(github, THREADS)["reviewThreads"]["nodes"] == []
        assert github.problems == []


def test_a_review_without_words_goes_with_its_last_comment() -> None:
    """A review that said something by itself stays when its comments are deleted."""
    with opened() as (_, pull, client):
        comment = {"path": "app.py", "line": 2, "body": "Why?"}
        client.post(f"{PULL}/reviews", json={"event": "COMMENT", "body": "Look.", "comments": [comment]})
        client.post(f"{PULL}/comments", json={**comment, "commit_id": pull.head_sha})
        for posted in list(pull.review_comments):
            client.delete(f"{COMMENTS}/{posted.id}")
        assert [(review.body, review.comments) for review in pull.reviews] == [("Look.", [])]


def test_a_reply_over_rest() -> None:
    """It comes in a review of its own, and can answer only the comment that opened the thread.

    https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
    """
    with opened() as (github, pull, client):
        ours = pull.remark("bob", "app.py", 2, "Why?")
        made = client.post(f"{PULL}/comments/{ours.id}/replies", json={"body": "Because."})
        assert (made.status_code, made.json()["in_reply_to_id"]) == (201, ours.id)
        assert made.headers["location"] == made.json()["url"]
        assert [review.author for review in pull.reviews] == ["bob", LOGIN]
        again = client.post(f"{PULL}/comments/{made.json()['id']}/replies", json={"body": "Indeed."})
        empty = client.post(f"{PULL}/comments/{ours.id}/replies", json={"body": " "})
        assert (again.status_code, empty.status_code) == (404, 422)
        assert [thread.bodies for thread in pull.threads] == [["Why?", "Because."]]
        assert github.problems == []


@pytest.mark.parametrize("body", ["", "x" * 65_537])
def test_own_comments_on_lines_are_edited(body: str) -> None:
    """An edit changes words and time, and has the limits of a new comment."""
    with opened() as (github, pull, client):
        comment = pull.remark(LOGIN, "app.py", 2, "Why?")
        before = comment.updated_at
        said = client.patch(f"{COMMENTS}/{comment.id}", json={"body": "Fixed."}).json()
        assert (said["body"], comment.body) == ("Fixed.", "Fixed.")
        assert said["created_at"] == before < said["updated_at"]
        assert client.patch(f"{COMMENTS}/{comment.id}", json={"body": body}).status_code == 422
        assert comment.body == "Fixed."
        assert github.problems == []


def test_comments_of_others_are_refused() -> None:
    """To change or delete what others wrote on a line is 403, and a fault of the client that tried."""
    with opened() as (github, pull, client):
        comment = pull.remark("bob", "app.py", 2, "Why?")
        review = pull.review("bob", "Look.")
        answers = (
            client.patch(f"{COMMENTS}/{comment.id}", json={"body": "Ours."}),
            client.delete(f"{COMMENTS}/{comment.id}"),
            client.put(f"{PULL}/reviews/{review.id}", json={"body": "Ours."}),
        )
        assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert ([each.body for each in pull.review_comments], review.body) == (["Why?"], "Look.")
        assert github.problems == [f"{LOGIN} tried to change a comment that bob wrote"] * 3


def test_pending_reviews_are_deleted_others_are_not() -> None:
    """Deleting a submitted review is 422, one of somebody else's that is pending is not there at all.

    https://docs.github.com/en/rest/pulls/reviews#delete-a-pending-review-for-a-pull-request
    """
    with opened() as (github, pull, client):
        foreign = pull.review("bob", "Later.", state="PENDING")
        said = pull.review(LOGIN, "Now.")
        comment = {"path": "app.py", "line": 2, "body": "Why?"}
        pending = client.post(f"{PULL}/reviews", json={"body": "Soon.", "comments": [comment]}).json()
        pending_thread = of_pull(github, THREADS)["reviewThreads"]["nodes"]
        assert ([thread["path"] for thread in pending_thread], pull.threads) == (["app.py"], [])
        answers = [
            client.delete(f"{PULL}/reviews/{number}").status_code for number in (pending["id"], said.id, foreign.id)
        ]
        assert answers == [200, 422, 404]
        assert pull.reviews == [foreign, said]
        assert of_pull(github, THREADS)["reviewThreads"]["nodes"] == []
        assert github.problems == []


def test_the_words_of_a_review_are_edited() -> None:
    """Our own review gets another body, never an empty one; its comments stay."""
    with opened() as (github, pull, client):
        comment = {"path": "app.py", "line": 2, "body": "Why?"}
        client.post(f"{PULL}/reviews", json={"event": "COMMENT", "body": "Three findings.", "comments": [comment]})
        [review] = pull.reviews
        assert client.put(f"{PULL}/reviews/{review.id}", json={"body": "Two."}).json()["body"] == "Two."
        assert client.put(f"{PULL}/reviews/{review.id}", json={"body": ""}).status_code == 422
        assert (review.body, len(review.comments)) == ("Two.", 1)
        assert github.problems == []


def test_title_and_text_of_a_pull_request_are_edited() -> None:
    """What is not given stays; an empty title is 422."""
    with opened(title="Old", body=None) as (github, pull, client):
        assert client.patch(PULL, json={"body": "What it does."}).json()["body"] == "What it does."
        assert (pull.title, pull.body) == ("Old", "What it does.")
        assert client.patch(PULL, json={"title": "New"}).status_code == 200
        assert client.patch(PULL, json={"title": ""}).status_code == 422
        assert client.patch(PULL, json={"body": "x" * 65_537}).status_code == 422
        assert (pull.title, pull.body, of_pull(github, "body")["body"]) == ("New", "What it does.", "What it does.")
        assert github.problems == []


def test_the_same_twice_is_there_twice() -> None:
    """GitHub keeps what is posted twice, so that a test can count it."""
    with opened() as (github, pull, client):
        comment = {"path": "app.py", "line": 2, "body": "Why?"}
        for _ in range(2):
            client.post(f"{REPOSITORY}/issues/214/comments", json={"body": "Summary"})
            client.post(f"{PULL}/reviews", json={"event": "COMMENT", "body": "Look.", "comments": [comment]})
        assert [each.body for each in pull.issue_comments] == ["Summary"] * 2
        assert [thread.bodies for thread in pull.threads] == [["Why?"]] * 2
        assert github.problems == []


def test_whoever_is_gone_has_no_name() -> None:
    """The author of a comment is null where the account was deleted: https://github.com/ghost ."""
    with opened() as (github, pull, _):
        pull.comment("ghost", "I was here.")
        [node] = of_pull(github, "comments(first: 1) { nodes { author { login } viewerDidAuthor } }")["comments"][
            "nodes"
        ]
        assert node == {"author": None, "viewerDidAuthor": False}
