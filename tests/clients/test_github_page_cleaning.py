"""What was posted can be taken back: ours and marked, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.clients.github.cleaning import Cleaned
from bot.clients.github.publish import PullRequestPage
from bot.core.marker import described
from bot.errors import Misuse, Transient
from tests.clients.github_door import asked, opened
from tests.clients.page_stage import HEAD, NAME, PATCH, SUMMARY, draft, finding
from tests.fakes.github import LOGIN, FakeGitHub
from tests.fakes.github_pull import FakePullRequest

SENTENCE = "Plumbline's review was removed."
WORDS = "<!-- plumbline-answer:1 0123456789 fixed -->\nFixed in abc1234."


def bodies(pull: FakePullRequest) -> list[str]:
    """All that stands there, of whomever."""
    return [
        *(each.body for each in pull.issue_comments),
        *(each.body for each in pull.reviews),
        *(each.body for each in pull.review_comments),
    ]


def test_comments_are_withdrawn(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Those that are named go, the rest stays; one that is gone already is no failure."""
    first, second, third = (pull.remark(LOGIN, "a.py", 2, finding(f"{number:010x}")) for number in range(3))
    pull.delete(second)
    page.withdraw((first.id, second.id))
    assert pull.review_comments == [third]
    assert [request.split()[0] for request in asked(github)] == ["DELETE", "DELETE"]


def test_a_summary_is_withdrawn(pull: FakePullRequest, page: PullRequestPage) -> None:
    """Twice is as good as once."""
    ours, other = pull.comment(LOGIN, SUMMARY), pull.comment("bob", "Hm.")
    page.withdraw_summary(ours.id)
    page.withdraw_summary(ours.id)
    assert pull.issue_comments == [other]


@pytest.mark.parametrize("after", [True, False], ids=["done", "lost"])
@pytest.mark.parametrize("status", [502, 0], ids=["502", "closed"])
def test_an_unclear_deletion_is_repeated(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, status: int, after: bool
) -> None:
    """What is gone the second time is what was wanted."""
    comment = pull.remark(LOGIN, "a.py", 2, finding())
    github.fail_next("DELETE", r"/pulls/comments/", status=status, after=after)
    page.withdraw((comment.id,))
    assert pull.review_comments == []


@pytest.mark.parametrize("before", [None, "", " \r\n"])
def test_an_empty_description_is_filled(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, before: str | None
) -> None:
    """Where nobody wrote what the change is for, our words stand."""
    pull.body = before
    page.describe("What it does.")
    assert pull.body == "What it does."
    assert asked(github) == ["GET /repos/acme/papers/pulls/214", "PATCH /repos/acme/papers/pulls/214"]


def test_a_persons_description_stays(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Somebody may have written one since we looked."""
    page.describe("What it does.")
    assert pull.body == "What it does and why."
    assert asked(github) == ["GET /repos/acme/papers/pulls/214"]


def test_a_description_is_not_written_over_after_an_unclear_answer(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Before the second try it is looked again: a person may have been faster."""
    pull.body = ""
    github.fail_next("PATCH", r"/pulls/214$", status=502)

    def be_faster(_seconds: float) -> None:
        pull.body = "My own words."

    with opened(github, sleep=be_faster) as door:
        PullRequestPage(door, "acme", "papers", 214).describe("What it does.")
    assert pull.body == "My own words."


def test_cleaning_removes_all_that_is_ours(pull: FakePullRequest, page: PullRequestPage) -> None:
    """Summaries, comments, answers and what is pending go; the words of reviews make room for a sentence."""
    pull.comment(LOGIN, SUMMARY)
    pull.comment(LOGIN, "<!-- plumbline:2 second -->")
    comment = pull.new_comment(LOGIN, finding(), commit=HEAD, path="a.py", side="RIGHT", line=2)
    review = pull.review(LOGIN, draft().body, comments=(comment,))
    on_file = pull.remark(LOGIN, "a.py", None, finding("fedcba9876"))
    reply = pull.reply(on_file, "bob", "No.")
    pull.reply(on_file, LOGIN, WORDS)
    theirs = pull.remark("bob", "a.py", 2, "And this?")
    pull.reply(theirs, LOGIN, WORDS)
    pull.review(LOGIN, draft().body, state="PENDING")
    cleaned = page.clean(SENTENCE)
    assert cleaned == Cleaned(summaries=2, comments=4, reviews=1, replies=1)
    assert pull.issue_comments == []
    assert pull.review_comments == [reply, theirs]
    assert (review.body, review in pull.reviews) == (SENTENCE, True)
    assert [each.author for each in pull.reviews] == [LOGIN, "bob", "bob"]


def test_cleaning_leaves_everything_else(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Our account's words without a mark stay, words about marks stay, and so do all words of other accounts."""
    pull.comment(LOGIN, "A word by hand.")
    pull.comment(LOGIN, "> <!-- plumbline:2 quoted -->\n\nWhat does that mean?")
    pull.comment("mallory", SUMMARY)
    pull.comment("plumbline", SUMMARY)
    pull.review(LOGIN, "A review by hand.")
    pull.review("mallory", draft().body)
    pull.remark(LOGIN, "a.py", 2, "A remark by hand.")
    pull.remark("mallory", "a.py", 2, finding())
    pull.remark("plumbline", "a.py", 2, finding())
    before = bodies(pull)
    assert page.clean(SENTENCE) == Cleaned()
    assert bodies(pull) == before
    assert {request.split()[0] for request in asked(github)} == {"POST", "GET"}


def test_cleaning_goes_to_the_end_of_long_pages(github: FakeGitHub) -> None:
    """Hundreds of words between ours hide nothing."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    pull.reply(opening, LOGIN, WORDS)
    for number in range(120):
        pull.reply(opening, "bob", f"Word {number}")
    pull.comment(LOGIN, SUMMARY)
    for number in range(120):
        pull.comment("bob", f"Word {number}")
    with opened(github) as door:
        cleaned = PullRequestPage(door, "acme", "papers", 214).clean(SENTENCE)
    assert cleaned == Cleaned(summaries=1, comments=2, replies=120)
    assert {each.author for each in pull.issue_comments} | {each.author for each in pull.review_comments} == {"bob"}


def test_cleaning_can_be_done_again(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """What was interrupted is finished the next time; a third time finds nothing."""
    pull.comment(LOGIN, SUMMARY)
    pull.remark(LOGIN, "a.py", 2, finding())
    pull.review(LOGIN, draft().body)
    github.fail_next("DELETE", r"/pulls/comments/", status=502, times=3)
    with pytest.raises(Transient):
        page.clean(SENTENCE)
    assert page.clean(SENTENCE) == Cleaned(summaries=0, comments=1, reviews=1)
    assert page.clean(SENTENCE) == Cleaned()


def test_taking_back_takes_a_token(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Strangers can change nothing; that is said without a request."""
    with opened(github, token=None) as door:
        page = PullRequestPage(door, "acme", "papers", pull.number)
        calls: list[Callable[[], object]] = [
            lambda: page.withdraw((1,)),
            lambda: page.withdraw_summary(1),
            lambda: page.describe("What it does."),
            lambda: page.clean(SENTENCE),
        ]
        for call in calls:
            with pytest.raises(Misuse, match="set GITHUB_TOKEN"):
                call()
    assert github.requests == []


@pytest.mark.parametrize(("more", "left"), [("", ""), ("\n\nAnd a word of mine.", "ours\n\nAnd a word of mine.")])
def test_cleaning_takes_back_a_description(pull: FakePullRequest, page: PullRequestPage, more: str, left: str) -> None:
    """A description of ours goes, unless a person has touched it."""
    pull.body = described("ours") + more
    assert page.clean(SENTENCE).description is (more == "")
    assert (pull.body or "").replace(described("ours"), "ours") == left
