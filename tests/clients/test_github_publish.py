"""What is posted on a pull request is there once, whatever became of the answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from bot.clients.github.publish import PullRequestPage
from bot.core.models import Side
from bot.core.posting import InlineComment, ReviewDraft
from bot.core.standing import OwnComment, OwnReview, Standing
from bot.errors import BadReply, Misuse, Rejected, Transient
from tests.clients.github_door import asked, opened
from tests.fakes.github import LOGIN, FakeGitHub
from tests.fakes.github_state import FakePullRequest

NAME = "acme/papers"
HEAD = "a" * 40
PATCH = b"""diff --git a/a.py b/a.py
index 1111111..2222222 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@
 import os
-x = 1
+x = 2
 y = 1
"""
RUN = "0a1b2c3d4e5f"
SUMMARY = "<!-- plumbline:1 abc -->\n## Two findings\n"
REVIEWS = r"/pulls/214/reviews$"
COMMENTS = r"/issues/214/comments$"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def pull(github: FakeGitHub) -> FakePullRequest:
    return github.pull_request(NAME, 214, patch=PATCH, head_sha=HEAD)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def page(github: FakeGitHub, pull: FakePullRequest, pauses: list[float]) -> Iterator[PullRequestPage]:
    with opened(github, sleep=pauses.append) as door:
        yield PullRequestPage(door, "acme", "papers", pull.number)


def draft(*comments: InlineComment, commit: str = HEAD) -> ReviewDraft:
    return ReviewDraft(commit, RUN, f"One comment.\n<!-- plumbline-run:{RUN} -->", comments)


ONE = InlineComment("a.py", Side.RIGHT, 2, None, "Why 2?")


def test_a_review_is_one_request_with_all_its_comments(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """Each comment stands on the very line, on either side, over several lines or one, and the review is submitted."""
    comments = (
        ONE,
        InlineComment("a.py", Side.LEFT, 2, None, "This was right."),
        InlineComment("a.py", Side.RIGHT, 3, 1, "All of it."),
        InlineComment("a.py", Side.RIGHT, 3, 3, "A run of one line."),
    )
    url = page.post_review(draft(*comments))
    assert len(github.requests) == 1
    [review] = pull.reviews
    assert url.endswith(f"/acme/papers/pull/214#pullrequestreview-{review.id}")
    assert (review.state, review.commit, review.author) == ("COMMENTED", HEAD, LOGIN)
    assert [(each.side, each.start_line, each.line, each.text) for each in review.comments] == [
        ("RIGHT", None, 2, "x = 2"),
        ("LEFT", None, 2, "x = 1"),
        ("RIGHT", 1, 3, "y = 1"),
        ("RIGHT", None, 3, "y = 1"),
    ]


def test_a_summary_is_created_and_edited_in_place(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """The second summary stands in the place of the first, at the same address."""
    first = page.post_summary(SUMMARY, None)
    [comment] = pull.issue_comments
    second = page.post_summary(SUMMARY + "More.\n", comment.id)
    assert first == second
    assert first.endswith(f"#issuecomment-{comment.id}")
    assert [each.body for each in pull.issue_comments] == [SUMMARY + "More.\n"]
    assert len(github.requests) == 2


def test_a_summary_that_was_deleted_is_written_anew(pull: FakePullRequest, page: PullRequestPage) -> None:
    """Somebody may delete the comment between looking and editing."""
    page.post_summary(SUMMARY, 5_000_000_999)
    assert [each.body for each in pull.issue_comments] == [SUMMARY]


@pytest.mark.parametrize("status", [502, 504, 0], ids=["502", "504", "closed"])
def test_a_review_that_was_stored_is_not_posted_twice(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, status: int
) -> None:
    """After an answer that was lost the review is looked for, and found."""
    github.fail_next("POST", REVIEWS, status=status, after=True)
    url = page.post_review(draft(ONE))
    [review] = pull.reviews
    assert url.endswith(f"#pullrequestreview-{review.id}")
    assert asked(github) == ["POST /repos/acme/papers/pulls/214/reviews", "POST /graphql"]


@pytest.mark.parametrize("status", [502, 504, 0], ids=["502", "504", "closed"])
def test_a_review_that_was_lost_is_posted_again(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, pauses: list[float], status: int
) -> None:
    """After a failure before anything was stored the second try brings it, once, after a pause."""
    github.fail_next("POST", REVIEWS, status=status)
    page.post_review(draft(ONE))
    assert len(pull.reviews) == 1
    assert pauses == [2.0]


@pytest.mark.parametrize("status", [502, 0], ids=["502", "closed"])
@pytest.mark.parametrize("after", [True, False], ids=["stored", "lost"])
def test_a_summary_is_there_once(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, status: int, after: bool
) -> None:
    """The same care for the summary: its first line tells it from others."""
    pull.comment(LOGIN, "<!-- plumbline:1 older -->\nAnother run.")
    github.fail_next("POST", COMMENTS, status=status, after=after)
    url = page.post_summary(SUMMARY, None)
    assert [each.body for each in pull.issue_comments if each.body == SUMMARY] == [SUMMARY]
    assert url.endswith(f"#issuecomment-{pull.issue_comments[-1].id}")


@pytest.mark.parametrize("after", [True, False], ids=["stored", "lost"])
def test_an_edit_is_repeated(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, after: bool) -> None:
    """An edit can be made twice without harm."""
    comment = pull.comment(LOGIN, "old")
    github.fail_next("PATCH", r"/issues/comments/", status=502, after=after)
    page.post_summary(SUMMARY, comment.id)
    assert [each.body for each in pull.issue_comments] == [SUMMARY]


def test_an_answer_that_is_not_githubs_leaves_it_open(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """A proxy's page with status 200 says nothing of whether the review was stored."""
    github.fail_next("POST", REVIEWS, status=200, body="<html>Sign in</html>", after=True)
    page.post_review(draft(ONE))
    assert len(pull.reviews) == 1


def test_after_three_tries_it_is_over(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A server that fails all the time gets three tries, each looked for."""
    github.fail_next("POST", REVIEWS, status=502, times=3)
    with pytest.raises(Transient, match="GitHub failed with status 502 on acme/papers#214") as raised:
        page.post_review(draft(ONE))
    assert raised.value.attempts == 3
    assert pull.reviews == []
    assert asked(github) == ["POST /repos/acme/papers/pulls/214/reviews", "POST /graphql"] * 3


def test_the_third_try_is_looked_for_too(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A review that was stored by the last try is no failure."""
    github.fail_next("POST", REVIEWS, status=502, times=2)
    github.fail_next("POST", REVIEWS, status=502, after=True)
    assert page.post_review(draft(ONE)).endswith(f"#pullrequestreview-{pull.reviews[0].id}")


def test_a_review_of_somebody_else_is_not_ours(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """Our run id in another account's words is not believed: it would keep our review from being posted."""
    pull.review("mallory", draft().body)
    github.fail_next("POST", REVIEWS, status=502)
    page.post_review(draft(ONE))
    assert [review.author for review in pull.reviews] == ["mallory", LOGIN]


def test_a_bad_line_posts_nothing(pull: FakePullRequest, page: PullRequestPage) -> None:
    """GitHub takes all comments or none; its own words are passed on."""
    beside = InlineComment("a.py", Side.RIGHT, 9, None, "Where?")
    with pytest.raises(Rejected, match=r"line must be part of the diff.*") as raised:
        page.post_review(draft(ONE, beside))
    assert raised.value.status == 422
    assert pull.reviews == []


def test_a_read_only_token_is_told_what_it_lacks(github: FakeGitHub, pull: FakePullRequest) -> None:
    """A workflow that a fork started may not write; the error names the permissions, and nothing is tried twice."""
    token = github.add_token("ghs_" + "read" * 9, write=False)
    with opened(github, token=token) as door:
        page = PullRequestPage(door, "acme", "papers", 214)
        posts: list[Callable[[], str]] = [
            lambda: page.post_review(draft(ONE)),
            lambda: page.post_summary(SUMMARY, None),
        ]
        for post in posts:
            with pytest.raises(Rejected, match=r"pull requests: write and issues: write, which .* fork") as raised:
                post()
            assert (raised.value.status, raised.value.stops_all) == (403, True)
    assert len(github.requests) == 2
    assert (pull.reviews, pull.issue_comments) == ([], [])


def test_without_a_token_nothing_is_asked(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Strangers cannot post; that is said without a request."""
    with opened(github, token=None) as door:
        page = PullRequestPage(door, "acme", "papers", pull.number)
        for call in (page.standing, lambda: page.post_review(draft()), lambda: page.post_summary(SUMMARY, None)):
            with pytest.raises(Misuse, match="set GITHUB_TOKEN"):
                call()
    assert github.requests == []


def test_a_limit_is_waited_for(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, pauses: list[float]
) -> None:
    """A limit says clearly that nothing was stored: the time that GitHub names is waited, and nothing looked for."""
    says = {"message": "You have exceeded a secondary rate limit."}
    github.fail_next("POST", REVIEWS, status=403, headers={"retry-after": "7"}, body=says)
    page.post_review(draft(ONE))
    assert pauses == [7]
    assert asked(github) == ["POST /repos/acme/papers/pulls/214/reviews"] * 2
    assert len(pull.reviews) == 1


def test_a_long_limit_is_not_waited_for(github: FakeGitHub, page: PullRequestPage, pauses: list[float]) -> None:
    """More than a minute is for the caller to decide, who is told how long."""
    says = {"message": "You have exceeded a secondary rate limit."}
    github.fail_next("POST", REVIEWS, status=403, headers={"retry-after": "600"}, body=says)
    with pytest.raises(Transient, match="try again in 600 seconds") as raised:
        page.post_review(draft(ONE))
    assert (raised.value.retry_after, pauses) == (600, [])


def test_what_stands_is_our_own(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """One request tells the head and what this account wrote as Plumbline, in order; nobody else is believed."""
    pull.comment("mallory", SUMMARY)
    pull.comment(LOGIN, "Just a word.")
    first = pull.comment(LOGIN, SUMMARY)
    second = pull.comment(LOGIN, "<!-- plumbline:2 new -->")
    pull.review("mallory", draft().body)
    pull.review(LOGIN, "A review by hand.")
    pull.review(LOGIN, draft().body, state="PENDING")
    review = pull.review(LOGIN, draft().body, commit="b" * 40)
    web = f"{github.url}/acme/papers/pull/214"
    assert page.standing() == Standing(
        head=HEAD,
        open=True,
        comments=(
            OwnComment(first.id, f"{web}#issuecomment-{first.id}", SUMMARY),
            OwnComment(second.id, f"{web}#issuecomment-{second.id}", "<!-- plumbline:2 new -->"),
        ),
        reviews=(OwnReview(f"{web}#pullrequestreview-{review.id}", draft().body, "b" * 40),),
    )
    assert len(github.requests) == 1


@pytest.mark.parametrize(("comments", "reviews", "requests"), [(100, 100, 1), (101, 0, 2), (1, 250, 3), (230, 101, 3)])
def test_long_pages_are_read_to_their_end(github: FakeGitHub, comments: int, reviews: int, requests: int) -> None:
    """A summary that was written long ago is found below hundreds of words; short pages take one request."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    ours = pull.comment(LOGIN, SUMMARY)
    for number in range(comments - 1):
        pull.comment("bob", f"Word {number}")
    for number in range(reviews):
        pull.review(LOGIN, f"<!-- plumbline-run:{number} -->")
    with opened(github) as door:
        standing = PullRequestPage(door, "acme", "papers", 214).standing()
    assert [comment.id for comment in standing.comments] == [ours.id]
    assert [review.body for review in standing.reviews] == [f"<!-- plumbline-run:{n} -->" for n in range(reviews)]
    assert len(github.requests) == requests


@pytest.mark.parametrize(("state", "is_open"), [("open", True), ("closed", False), ("merged", False)])
def test_whether_it_is_open_is_told(pull: FakePullRequest, page: PullRequestPage, state: str, is_open: bool) -> None:
    """A pull request that was closed or merged meanwhile is not open."""
    pull.state = state
    assert page.standing().open is is_open


def test_a_renamed_repository_is_posted_on_under_its_new_name(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """Writes are not sent on; the new name is known from looking at the page, and asked for without it."""
    github.rename(NAME, "acme/letters")
    with pytest.raises(Rejected, match=r"acme/papers#214 has moved .* use the repository's new name"):
        page.post_summary(SUMMARY, None)
    page.standing()
    assert "/acme/letters/pull/214" in page.post_summary(SUMMARY, None)
    assert len(pull.issue_comments) == 1


def test_github_enterprise_is_posted_on() -> None:
    """The same under /api/v3 and /api/graphql."""
    with FakeGitHub(enterprise=True) as github:
        pull = github.pull_request(NAME, 214, patch=PATCH, head_sha=HEAD)
        github.fail_next("POST", REVIEWS, status=502, after=True)
        with opened(github) as door:
            page = PullRequestPage(door, "acme", "papers", 214)
            page.post_review(draft(ONE))
            page.post_summary(SUMMARY, None)
            assert len(page.standing().reviews) == 1
        assert (len(pull.reviews), len(pull.issue_comments)) == (1, 1)
    assert github.problems == []


class WithDeletion(FakeGitHub):
    """The fake with one operation more: it deletes pending reviews.

    https://docs.github.com/en/rest/pulls/reviews#delete-a-pending-review-for-a-pull-request
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = re.search(r"/pulls/214/reviews/(\d+)$", scope.get("path", ""))
        if match is None or scope["method"] != "DELETE":
            await super().__call__(scope, receive, send)
            return
        [pull] = self.state.pulls
        pull.reviews = [each for each in pull.reviews if (each.id, each.state) != (int(match[1]), "PENDING")]
        await JSONResponse({"id": int(match[1]), "state": "PENDING"})(scope, receive, send)


def test_no_pending_review_is_left_behind() -> None:
    """A review that got stuck half-way is thrown away and posted anew; one of another run or account is left alone."""
    with WithDeletion() as github:
        pull = github.pull_request(NAME, 214, patch=PATCH, head_sha=HEAD)
        pull.review("mallory", draft().body, state="PENDING")
        github.fail_next("POST", REVIEWS, status=502)

        def get_stuck(_seconds: float) -> None:
            pull.review(LOGIN, draft().body, state="PENDING")

        with opened(github, sleep=get_stuck) as door:
            PullRequestPage(door, "acme", "papers", 214).post_review(draft(ONE))
        assert [(each.author, each.state) for each in pull.reviews] == [("mallory", "PENDING"), (LOGIN, "COMMENTED")]
    assert github.problems == []


def test_what_could_not_be_found_again_is_not_posted(page: PullRequestPage) -> None:
    """A body without its mark is a fault of the caller."""
    with pytest.raises(ValueError, match="run id"):
        page.post_review(ReviewDraft(HEAD, RUN, "No mark.", ()))
    with pytest.raises(ValueError, match="marker"):
        page.post_summary("No mark.", None)


def test_an_answer_without_an_address_is_no_success(github: FakeGitHub, page: PullRequestPage) -> None:
    """JSON that is not GitHub's comes from somebody else; after three of them it is said so."""
    github.fail_next("POST", COMMENTS, status=201, body={"ok": "true"}, times=3)
    with pytest.raises(BadReply, match="not in its own format"):
        page.post_summary(SUMMARY, None)
