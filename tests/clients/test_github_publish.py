"""What is posted on a pull request is there once, whatever became of the answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.clients.github.publish import PullRequestPage
from bot.core.models import Side
from bot.core.posting import FileComment, InlineComment, ReviewDraft
from bot.errors import BadReply, Misuse, Rejected, Transient
from tests.clients.github_door import asked, opened
from tests.clients.page_stage import (
    COMMENTS,
    GRAPHQL,
    HEAD,
    ID,
    NAME,
    ONE,
    PATCH,
    REVIEWS,
    RUN,
    SUMMARY,
    draft,
    finding,
)
from tests.fakes.github import LOGIN, FakeGitHub
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import FIRST_ID

FILE_COMMENTS = r"/pulls/214/comments$"


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


def test_no_pending_review_is_left_behind(github: FakeGitHub, pull: FakePullRequest) -> None:
    """A review that got stuck half-way is thrown away and posted anew; one of another account is left alone."""
    pull.review("mallory", draft().body, state="PENDING")
    github.fail_next("POST", REVIEWS, status=502)
    with opened(github, sleep=lambda _: leave_pending(pull)) as door:
        PullRequestPage(door, "acme", "papers", 214).post_review(draft(ONE))
    assert [(each.author, each.state) for each in pull.reviews] == [("mallory", "PENDING"), (LOGIN, "COMMENTED")]


def test_a_pending_review_of_an_earlier_run_is_out_of_the_way(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """GitHub refuses any review while one is pending: what a killed run left is thrown away, then the post goes on."""
    pull.review(LOGIN, "Half.\n<!-- plumbline-run:ffffffffffff -->", state="PENDING")
    page.post_review(draft(ONE))
    assert [each.state for each in pull.reviews] == ["COMMENTED"]
    assert len(github.requests) == 4


def test_an_empty_pending_review_is_out_of_the_way(pull: FakePullRequest, page: PullRequestPage) -> None:
    """GitHub may have stored a review before its body and its comments: nobody loses a word with it."""
    pull.review(LOGIN, "", state="PENDING")
    page.post_review(draft(ONE))
    assert [each.state for each in pull.reviews] == ["COMMENTED"]


def test_a_pending_review_with_our_comments_is_out_of_the_way(pull: FakePullRequest, page: PullRequestPage) -> None:
    """The comments tell whose it is where the body is not there yet."""
    comment = pull.new_comment(LOGIN, finding(), commit=HEAD, path="a.py", side="RIGHT", line=2)
    pull.review(LOGIN, "", state="PENDING", comments=(comment,))
    page.post_review(draft(ONE))
    assert [each.state for each in pull.reviews] == ["COMMENTED"]


@pytest.mark.parametrize(("body", "comments"), [("", 1), ("To be continued.", 0)], ids=["comment", "body"])
def test_a_review_that_a_person_began_is_left_alone(
    github: FakeGitHub, pull: FakePullRequest, body: str, comments: int
) -> None:
    """Under a personal token the pending review may be that person's: their words stay, and the refusal is told."""
    token = github.add_token("ghp_" + "own" * 12, login="alice")
    words = pull.new_comment("alice", "Why?", commit=HEAD, path="a.py", side="RIGHT", line=2)
    pull.review("alice", body, state="PENDING", comments=(words,) * comments)
    with opened(github, token=token) as door, pytest.raises(Rejected, match="one pending review"):
        PullRequestPage(door, "acme", "papers", 214).post_review(draft(ONE))
    assert [(each.state, each.body, len(each.comments)) for each in pull.reviews] == [("PENDING", body, comments)]


def test_a_refused_review_leaves_none_pending(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A pending review that stands after a refusal is thrown away, whatever was refused."""
    beside = InlineComment("a.py", Side.RIGHT, 9, None, "Where?")
    for _ in range(2):
        github.after_next("POST", REVIEWS, lambda: leave_pending(pull))
    with pytest.raises(Rejected, match="must be part of the diff"):
        page.post_review(draft(beside))
    assert pull.reviews == []


def test_a_pending_review_that_is_gone_already_is_no_failure(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """Another run of ours may throw the same one away."""
    leave_pending(pull)
    github.after_next("POST", GRAPHQL, pull.reviews.clear)
    with pytest.raises(Rejected, match="one pending review"):
        page.post_review(draft(ONE))
    assert asked(github)[-1] == f"DELETE /repos/acme/papers/pulls/214/reviews/{FIRST_ID}"


def leave_pending(pull: FakePullRequest) -> None:
    """GitHub stores a review and does not submit it."""
    pull.review(LOGIN, draft().body, state="PENDING")


def on_file(name: str = ID) -> FileComment:
    return FileComment(HEAD, "a.py", name, finding(name))


def test_a_file_comment_is_one_request(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """It stands on the file as a whole, and has an address."""
    url = page.post_file_comment(on_file())
    [comment] = pull.review_comments
    assert url.endswith(f"/acme/papers/pull/214#discussion_r{comment.id}")
    assert (comment.path, comment.line, comment.body) == ("a.py", None, finding())
    assert asked(github) == ["POST /repos/acme/papers/pulls/214/comments"]


@pytest.mark.parametrize("status", [502, 504, 0], ids=["502", "504", "closed"])
@pytest.mark.parametrize("after", [True, False], ids=["stored", "lost"])
def test_a_file_comment_is_there_once(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, status: int, after: bool
) -> None:
    """After an unclear answer it is looked for by its finding's name, in threads that we opened ourselves."""
    pull.remark("mallory", "a.py", None, finding())
    pull.remark(LOGIN, "a.py", 2, finding("fedcba9876"))
    github.fail_next("POST", FILE_COMMENTS, status=status, after=after)
    url = page.post_file_comment(on_file())
    ours = [each for each in pull.review_comments if each.author == LOGIN and each.body == finding()]
    assert [f"#discussion_r{each.id}" for each in ours] == [url[url.index("#") :]]


def test_a_file_comment_gets_past_a_pending_review(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage
) -> None:
    """A comment of its own is refused while a review is pending, too: namanshergill/diohub#18 has the words."""
    leave_pending(pull)
    says = "user_id can only have one pending review per pull request"
    error = {"resource": "PullRequestReview", "code": "custom", "field": "user_id", "message": says}
    github.fail_next("POST", FILE_COMMENTS, status=422, body={"message": "Validation Failed", "errors": [error]})
    page.post_file_comment(on_file())
    assert [each.state for each in pull.reviews] == ["COMMENTED"]


def test_what_could_not_be_found_again_is_not_posted(page: PullRequestPage) -> None:
    """A body without its mark is a fault of the caller."""
    with pytest.raises(ValueError, match="run id"):
        page.post_review(ReviewDraft(HEAD, RUN, "No mark.", ()))
    with pytest.raises(ValueError, match="marker"):
        page.post_summary("No mark.", None)
    with pytest.raises(ValueError, match="finding's mark"):
        page.post_file_comment(FileComment(HEAD, "a.py", ID, finding("fedcba9876")))


def test_an_answer_without_an_address_is_no_success(github: FakeGitHub, page: PullRequestPage) -> None:
    """JSON that is not GitHub's comes from somebody else; after three of them it is said so."""
    github.fail_next("POST", COMMENTS, status=201, body={"ok": "true"}, times=3)
    with pytest.raises(BadReply, match="not in its own format"):
        page.post_summary(SUMMARY, None)
