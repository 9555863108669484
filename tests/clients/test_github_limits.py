"""GitHub's limits are kept: what is left is known, a short wait is waited out, an hour never, and nobody else waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.clients.github.refusals import PRIMARY, SECONDARY
from bot.clients.github.snapshot import PullRequestSource
from bot.errors import Transient
from tests.clients.github_door import NOW, opened
from tests.fakes.github import FakeGitHub

ABOUT = "acme/papers#214"
PATCH = b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
PULL, COMMENTS = "/repos/acme/papers/pulls/214", "/repos/acme/papers/issues/214/comments"
SLOW = {"message": "You have exceeded a secondary rate limit."}
WAIT = 20
"""Seconds after which a thread that should have gone on is given up."""


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        fake.pull_request("acme/papers", 214, patch=PATCH)
        fake.pull_request("acme/papers", 215, patch=PATCH)
        yield fake
    assert fake.problems == []


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def door(github: FakeGitHub, pauses: list[float]) -> Iterator[GitHub]:
    with opened(github, sleep=pauses.append) as made:
        yield made


def said(github: FakeGitHub, *, resource: str, remaining: int, reset: int = NOW + 600) -> None:
    """Let the next look at the pull request tell what is left."""
    headers = {
        "x-ratelimit-resource": resource,
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-limit": "5000",
    }
    github.fail_next("GET", r"/pulls/214$", status=200, headers=headers, body={})


def asked_to_slow_down(github: FakeGitHub, method: str, path: str, seconds: int, times: int = 1) -> None:
    github.fail_next(method, path, status=403, headers={"retry-after": str(seconds)}, body=SLOW, times=times)


def test_a_review_that_would_not_get_through_is_postponed(github: FakeGitHub, door: GitHub) -> None:
    """With fewer requests left than it takes there is one sentence with the time, and how long to wait."""
    said(github, resource="core", remaining=7)
    door.get(PULL, ABOUT)
    door.spare(ABOUT, 7)
    with pytest.raises(Transient) as raised:
        door.spare(ABOUT, 8)
    assert str(raised.value) == (
        "GitHub allows only 7 more requests until 10:10 UTC; the review of acme/papers#214 is postponed, try again "
        "then."
    )
    assert (raised.value.kind, raised.value.retry_after) == (PRIMARY, 601)
    assert len(github.requests) == 1


@pytest.mark.parametrize(("left", "words"), [(0, "no more requests"), (1, "only 1 more request ")])
def test_the_sentence_counts(github: FakeGitHub, door: GitHub, left: int, words: str) -> None:
    """None and one are said as people say them."""
    said(github, resource="core", remaining=left)
    door.get(PULL, ABOUT)
    with pytest.raises(Transient, match=f"GitHub allows {words}"):
        door.spare(ABOUT, 2)


def test_rest_and_graphql_are_counted_apart(github: FakeGitHub, door: GitHub) -> None:
    """The one that has least left decides; what else GitHub counts does not matter."""
    for resource, left in (("core", 100), ("graphql", 5), ("search", 1)):
        said(github, resource=resource, remaining=left)
        door.get(PULL, ABOUT)
    door.spare(ABOUT, 5)
    with pytest.raises(Transient, match="only 5 more"):
        door.spare(ABOUT, 6)
    said(github, resource="graphql", remaining=200)
    door.get(PULL, ABOUT)
    with pytest.raises(Transient, match="only 100 more"):
        door.spare(ABOUT, 101)


def test_exact_bytes_count_as_well(github: FakeGitHub, door: GitHub) -> None:
    """What goes over the other library tells what is left, too."""
    github.remaining = 3
    door.get_bytes(PULL, ABOUT, "application/vnd.github.diff", 9_000)
    with pytest.raises(Transient, match="only 3 more"):
        door.spare(ABOUT, 4)


def test_a_refusal_tells_what_is_left(github: FakeGitHub, door: GitHub) -> None:
    """The answer that turns a request away is an answer."""
    github.exhaust(NOW + 600)
    with pytest.raises(Transient):
        door.get(PULL, ABOUT)
    with pytest.raises(Transient, match=r"no more requests until 10:10 UTC"):
        door.spare(ABOUT, 1)


def test_nothing_is_said_of_what_is_not_known(github: FakeGitHub, door: GitHub) -> None:
    """Before the first answer, and from a server without limits, there is no reason to wait."""
    door.spare(ABOUT, 10_000)
    headers = dict.fromkeys(("x-ratelimit-remaining", "x-ratelimit-reset"), "")
    github.fail_next("GET", r"/pulls/214$", status=200, headers=headers, body={})
    door.get_bytes(PULL, ABOUT, "application/json", 9_000)
    door.spare(ABOUT, 10_000)


def test_an_hour_that_is_over_does_not_count(github: FakeGitHub) -> None:
    """From the reset on the old number says nothing."""
    clock = [float(NOW)]
    access = Access(github.api_url, SecretStr(github.token))
    with GitHub(access, sleep=lambda _: None, now=lambda: clock[0]) as door:
        said(github, resource="core", remaining=0, reset=NOW + 60)
        door.get(PULL, ABOUT)
        with pytest.raises(Transient):
            door.spare(ABOUT, 1)
        clock[0] += 60
        door.spare(ABOUT, 1)


Act = Callable[[GitHub], object]
ACTS: dict[str, Act] = {
    "read": lambda door: door.get(PULL, ABOUT),
    "bytes": lambda door: door.get_bytes(PULL, ABOUT, "application/vnd.github.diff", 9_000),
    "query": lambda door: door.query("{ viewer { login } }", ABOUT),
    "write": lambda door: door.write("POST", COMMENTS, ABOUT, {"body": "x"}),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("reset", [NOW + 3_000, NOW + 30, NOW - 5])
def test_nothing_sleeps_for_the_primary_limit(
    github: FakeGitHub, door: GitHub, pauses: list[float], act: Act, reset: int
) -> None:
    """However near its end is, it is an error at once: whoever runs the review decides when to come back."""
    github.exhaust(reset)
    with pytest.raises(Transient) as raised:
        act(door)
    assert (raised.value.kind, raised.value.attempts, pauses) == (PRIMARY, 1, [])
    assert raised.value.retry_after == max(reset - NOW, 0) + 1


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_short_secondary_limit_is_waited_out(github: FakeGitHub, door: GitHub, pauses: list[float], act: Act) -> None:
    """As long as GitHub asks for, and then the same request goes out again: nothing of it was done."""
    for method in ("GET", "POST"):
        asked_to_slow_down(github, method, "", 25)
    act(door)
    assert pauses == [25]
    assert len(github.requests) == 2


def test_in_the_middle_of_posting_what_was_posted_is_not_repeated(
    github: FakeGitHub, door: GitHub, pauses: list[float]
) -> None:
    """Of three comments the second is turned away once: three stand there, in order."""
    pull = github.state.pulls[0]
    github.after_next("POST", COMMENTS, lambda: asked_to_slow_down(github, "POST", COMMENTS, 60))
    for body in ("one", "two", "three"):
        door.write("POST", COMMENTS, ABOUT, {"body": body})
    assert [comment.body for comment in pull.issue_comments] == ["one", "two", "three"]
    assert pauses == [60]


def test_a_long_secondary_limit_postpones_the_posting(github: FakeGitHub, door: GitHub, pauses: list[float]) -> None:
    """More than a minute is not waited for: the sentence says what is postponed, and for how long."""
    asked_to_slow_down(github, "POST", COMMENTS, 61)
    with pytest.raises(Transient) as raised:
        door.write("POST", COMMENTS, ABOUT, {"body": "x"})
    assert str(raised.value) == (
        "GitHub asks to slow down (its secondary rate limit), so posting on acme/papers#214 is postponed; try again in "
        "61 seconds."
    )
    assert (raised.value.kind, raised.value.retry_after, pauses) == (SECONDARY, 61, [])


@pytest.mark.parametrize(("seconds", "waits"), [(60, [60]), (25, [25, 25]), (1, [1, 1, 1]), (0, [1, 1, 1])])
def test_a_limit_that_stays_is_not_waited_for_again_and_again(
    github: FakeGitHub, door: GitHub, pauses: list[float], seconds: int, waits: list[float]
) -> None:
    """A write waits for a minute in all, and three times at most."""
    asked_to_slow_down(github, "POST", COMMENTS, seconds, times=9)
    with pytest.raises(Transient):
        door.write("POST", COMMENTS, ABOUT, {"body": "x"})
    assert pauses == waits


@pytest.mark.parametrize("status", [0, 502])
def test_a_write_with_an_unclear_answer_is_not_repeated(
    github: FakeGitHub, door: GitHub, pauses: list[float], status: int
) -> None:
    """Only a limit is a clear no: whoever posts has to look first."""
    github.fail_next("POST", COMMENTS, status=status, after=True)
    with pytest.raises(Transient):
        door.write("POST", COMMENTS, ABOUT, {"body": "x"})
    assert (len(github.state.pulls[0].issue_comments), pauses) == (1, [])


def test_a_named_wait_holds_whatever_is_left_of_the_hour(github: FakeGitHub, door: GitHub, pauses: list[float]) -> None:
    """`retry-after` goes before `x-ratelimit-remaining`, as GitHub's own advice has it."""
    headers = {"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 3_000)}
    github.fail_next("GET", r"/pulls/214$", status=403, headers=headers, body=SLOW)
    door.get(PULL, ABOUT)
    assert pauses == [5]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_pull_request_does_not_wait_for_another(github: FakeGitHub, method: str) -> None:
    """While one thread waits for a limit, another reads a whole pull request over the same connection."""
    asleep, wake = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        asleep.set()
        wake.wait(WAIT)

    asked_to_slow_down(github, method, r"/(pulls/214|issues/214/comments)$", 30)
    with opened(github, sleep=sleep) as door:
        act = ACTS["read" if method == "GET" else "write"]
        waiting = threading.Thread(target=act, args=(door,))
        waiting.start()
        try:
            assert asleep.wait(WAIT)
            assert PullRequestSource(door, "acme", "papers", 215).change().patch == PATCH
            door.write("POST", COMMENTS.replace("214", "215"), ABOUT, {"body": "x"})
            assert waiting.is_alive()
        finally:
            wake.set()
            waiting.join(WAIT)
    assert not waiting.is_alive()
