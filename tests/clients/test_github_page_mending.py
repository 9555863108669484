"""What is done to our threads is done in one request, once, and what GitHub will not do stops nothing else."""

from __future__ import annotations

import pytest

from bot.clients.github.publish import PullRequestPage
from bot.core.posting import Answer, Edit, Mending
from bot.errors import Misuse, Rejected, Transient
from tests.clients.github_door import asked, opened
from tests.clients.page_stage import GRAPHQL, finding
from tests.fakes.github import LOGIN, FakeGitHub
from tests.fakes.github_posts import ReviewComment
from tests.fakes.github_pull import FakePullRequest

FIXED = "**Fixed in abc1234**\n\n" + finding()
WORDS = "<!-- plumbline-answer:1 0123456789 fixed -->\nFixed in abc1234."


@pytest.fixture
def openings(github: FakeGitHub, pull: FakePullRequest) -> list[ReviewComment]:
    """Three threads of ours, under a token that may resolve them."""
    github.add_token(github.token, contents=True)
    return [pull.remark(LOGIN, "a.py", 2, finding(f"{number:010x}")) for number in range(3)]


def edit(comment: ReviewComment, body: str = FIXED) -> Edit:
    return Edit(f"PRRC_{comment.id}", body)


def thread(comment: ReviewComment) -> str:
    return f"PRRT_{comment.thread}"


def answer(comment: ReviewComment, body: str = WORDS) -> Answer:
    return Answer(thread(comment), body)


def bodies(pull: FakePullRequest) -> list[list[str]]:
    return [each.bodies for each in pull.threads]


def test_a_mending_is_one_request(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Comments edited, threads resolved and opened again, words said: all in one document."""
    first, second, third = openings
    pull.resolve(third, LOGIN)
    mending = Mending((edit(first), edit(second)), (thread(first),), (thread(third),), (answer(second),))
    assert page.mend(mending) == ()
    assert [each.resolved_by for each in pull.threads] == [LOGIN, "", ""]
    assert bodies(pull) == [[FIXED], [FIXED, WORDS], [finding(f"{2:010x}")]]
    assert asked(github) == ["POST /graphql"]


def test_nothing_to_mend_is_no_request(github: FakeGitHub, page: PullRequestPage) -> None:
    """An empty mending asks GitHub nothing."""
    assert page.mend(Mending()) == ()
    assert github.requests == []


@pytest.mark.parametrize(("edits", "requests"), [(1, 1), (25, 1), (26, 2), (60, 3)])
def test_a_long_mending_takes_several_requests(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, edits: int, requests: int
) -> None:
    """At most 25 mutations go into a document, which GitHub has to finish within ten seconds."""
    comments = [pull.remark(LOGIN, "a.py", 2, finding()) for _ in range(edits)]
    assert page.mend(Mending(tuple(map(edit, comments)))) == ()
    assert bodies(pull) == [[FIXED]] * edits
    assert len(github.requests) == requests


def test_bodies_are_never_part_of_the_document(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Whatever a text says, it is a value: it can neither end the document nor add to it."""
    hostile = '"}) { x } m9: deleteIssueComment(input: {id: "IC_1"}) { } #\n\\"""' + finding()
    assert page.mend(Mending((edit(openings[0], hostile),), answers=(answer(openings[0], hostile),))) == ()
    assert bodies(pull)[0] == [hostile, hostile]
    body = github.requests[0].body
    assert isinstance(body, dict)
    assert "deleteIssueComment" not in body["query"]


def test_what_fails_stops_nothing_else(
    pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """A comment that somebody deleted, and one of somebody else, are told; the rest is mended."""
    first, second, third = openings
    theirs = pull.remark("bob", "a.py", 3, "Mine.")
    pull.delete(second)
    mending = Mending((edit(first), edit(second), edit(theirs)), answers=(answer(second), answer(third)))
    problems = page.mend(mending)
    assert [problem[: problem.index(" on acme")] for problem in problems] == [
        "GitHub did not let our comment be edited",
        "GitHub did not let our comment be edited",
        "GitHub did not take an answer in a thread",
    ]
    assert "Could not resolve to a node" in problems[0]
    assert bodies(pull) == [[FIXED], [finding(f"{2:010x}"), WORDS], ["Mine."]]


def test_resolving_may_be_forbidden(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A default installation may not resolve threads: that is no problem worth a word, and the edit is made."""
    opening, other = (pull.remark(LOGIN, "a.py", 2, finding()) for _ in range(2))
    pull.resolve(other, "bob")
    assert page.mend(Mending((edit(opening),), (thread(opening),), (thread(other),))) == ()
    assert [(each.bodies, each.resolved_by) for each in pull.threads] == [([FIXED], ""), ([finding()], "bob")]
    assert len(github.requests) == 1


@pytest.mark.parametrize("status", [502, 504, 0], ids=["502", "504", "closed"])
@pytest.mark.parametrize("after", [True, False], ids=["done", "lost"])
def test_an_unclear_answer_says_nothing_twice(  # noqa: PLR0913, PLR0917 - a row of the table, and what it is tried on
    github: FakeGitHub,
    pull: FakePullRequest,
    page: PullRequestPage,
    openings: list[ReviewComment],
    status: int,
    after: bool,
) -> None:
    """Edits and resolves are made again; words are said again only where they do not stand."""
    first, second, _ = openings
    github.fail_next("POST", GRAPHQL, status=status, after=after)
    assert page.mend(Mending((edit(first),), (thread(first),), (), (answer(first), answer(second)))) == ()
    assert bodies(pull)[:2] == [[FIXED, WORDS], [finding(f"{1:010x}"), WORDS]]
    assert pull.threads[0].resolved_by == LOGIN
    assert asked(github) == ["POST /graphql"] * 3


def test_somebody_elses_words_are_not_our_answer(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Our mark in another account's mouth does not keep us from answering; nor does our answer in another thread."""
    first, second, _ = openings
    pull.reply(first, "mallory", WORDS)
    pull.reply(second, LOGIN, WORDS)
    github.fail_next("POST", GRAPHQL, status=502)
    assert page.mend(Mending(answers=(answer(first),))) == ()
    assert [len(each.comments) for each in pull.threads] == [3, 2, 1]


def test_answers_that_stand_are_not_sent_again(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Where nothing is left to do, looking is all."""
    github.fail_next("POST", GRAPHQL, status=502, after=True)
    assert page.mend(Mending(answers=(answer(openings[0]),))) == ()
    assert len(pull.threads[0].comments) == 2
    assert len(github.requests) == 2


def test_after_three_tries_mending_is_over(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """A server that fails all the time gets three tries."""
    github.fail_next("POST", GRAPHQL, status=502, times=3)
    with pytest.raises(Transient, match="status 502") as raised:
        page.mend(Mending((edit(openings[0]),)))
    assert raised.value.attempts == 3
    assert bodies(pull)[0] == [finding(f"{0:010x}")]


def test_what_github_did_not_finish_is_tried_again(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment], pauses: list[float]
) -> None:
    """A field that failed without a name may pass the next time; what was carried out beside it is not repeated."""
    first, second, _ = openings
    unfinished = {
        "data": {"m0": {"pullRequestReviewComment": {"id": f"PRRC_{first.id}"}}, "m1": None},
        "errors": [{"path": ["m1"], "message": "Something went wrong while executing your query."}],
    }
    github.fail_next("POST", GRAPHQL, status=200, body=unfinished)
    assert page.mend(Mending((edit(first), edit(second)))) == ()
    assert bodies(pull)[:2] == [[finding(f"{0:010x}")], [FIXED]]
    assert pauses == [2.0]


def test_a_limit_between_two_fields_is_waited_for(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment], pauses: list[float]
) -> None:
    """GraphQL names no time: a minute is waited, and the rest is sent."""
    limited = {"path": ["m1"], "type": "RATE_LIMITED", "message": "API rate limit exceeded."}
    done = {"comment": {"id": "PRRC_1"}}
    github.fail_next("POST", GRAPHQL, status=200, body={"data": {"m0": done, "m1": None}, "errors": [limited]})
    assert page.mend(Mending(answers=(answer(openings[0]), answer(openings[1])))) == ()
    assert [len(each.comments) for each in pull.threads] == [1, 2, 1]
    assert pauses == [60]
    assert len(github.requests) == 2


def test_a_document_that_is_refused_as_a_whole_is_an_error(
    github: FakeGitHub, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Errors without a field are those of the whole document, and no retry changes them."""
    said = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}
    github.fail_next("POST", GRAPHQL, status=200, body=said)
    with pytest.raises(Rejected, match="may not post on acme/papers#214"):
        page.mend(Mending((edit(openings[0]),)))
    assert len(github.requests) == 1


def test_an_error_without_a_field_outweighs_those_with_one(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """Nobody knows then what was carried out: the document is sent again."""
    errors = [{"path": ["m0"], "type": "NOT_FOUND", "message": "Gone."}, {"message": "Something went wrong."}]
    github.fail_next("POST", GRAPHQL, status=200, body={"data": {"m0": None}, "errors": errors})
    assert page.mend(Mending((edit(openings[0]),))) == ()
    assert bodies(pull)[0] == [FIXED]


def test_mending_takes_a_token(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Strangers can mend nothing; that is said without a request."""
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    with opened(github, token=None) as door, pytest.raises(Misuse, match="set GITHUB_TOKEN"):
        PullRequestPage(door, "acme", "papers", 214).mend(Mending((edit(opening),)))
    assert github.requests == []


def test_the_summary_is_written_in_the_same_request(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """A summary that goes with it costs no request of its own."""
    told = pull.comment(LOGIN, "<!-- plumbline:2 old -->")
    page.mend(Mending((edit(openings[0]),), summary=Edit(f"IC_{told.id}", "<!-- plumbline:2 new -->")))
    assert pull.issue_comments[0].body == "<!-- plumbline:2 new -->"
    assert asked(github) == ["POST /graphql"]


def test_a_summary_that_is_not_written_is_an_error(
    pull: FakePullRequest, page: PullRequestPage, openings: list[ReviewComment]
) -> None:
    """The caller has to know, for it has another way to write it; what goes with it is done all the same."""
    theirs = pull.comment("alice", "not ours")
    with pytest.raises(Rejected, match="did not let our summary be edited"):
        page.mend(Mending((edit(openings[0]),), summary=Edit(f"IC_{theirs.id}", "new")))
    assert bodies(pull)[0] == [FIXED]
    assert theirs.body == "not ours"
