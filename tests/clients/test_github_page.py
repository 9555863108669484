"""What stands on a pull request is read in one request: our own words, what people made of them, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clients.github.publish import PullRequestPage
from bot.core.standing import How, Objection, OwnComment, OwnReview, Standing, Thread
from bot.errors import BadReply, Transient
from tests.clients.github_door import asked, opened
from tests.clients.page_stage import GRAPHQL, HEAD, ID, NAME, PATCH, SUMMARY, draft, finding
from tests.fakes.github import LOGIN, FakeGitHub
from tests.fakes.github_pull import FakePullRequest

FIXED = "<!-- plumbline-fixed:1 0123456789 abc1234 -->\nFixed in abc1234."


def test_what_stands_is_our_own(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """One request tells the head and what this account wrote as Plumbline, in order; nobody else is believed."""
    pull.comment("mallory", SUMMARY)
    pull.comment(LOGIN, "Just a word.")
    pull.comment(LOGIN, "> <!-- plumbline:2 quoted -->\n\nA quotation.")
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
            OwnComment(first.id, f"{web}#issuecomment-{first.id}", SUMMARY, f"IC_{first.id}"),
            OwnComment(second.id, f"{web}#issuecomment-{second.id}", "<!-- plumbline:2 new -->", f"IC_{second.id}"),
        ),
        reviews=(OwnReview(f"{web}#pullrequestreview-{review.id}", draft().body, "b" * 40),),
        description="What it does and why.",
        heard=page.standing().heard,
    )
    assert len(github.requests) == 2


def test_our_threads_are_told(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A thread is ours where our comment with a finding's mark opened it, by its ids in both of GitHub's interfaces."""
    pull.remark("mallory", "a.py", 2, finding())
    pull.remark(LOGIN, "a.py", 2, "A remark by hand.")
    pull.remark(LOGIN, "a.py", 2, "<!-- plumbline-answer:1 x -->\nAn answer.")
    on_line = pull.remark(LOGIN, "a.py", 2, finding())
    on_file = pull.remark(LOGIN, "a.py", None, finding("fedcba9876"))
    web = f"{github.url}/acme/papers/pull/214"
    assert page.standing().threads == tuple(
        Thread(
            id=f"PRRT_{comment.id}",
            comment=OwnComment(comment.id, f"{web}#discussion_r{comment.id}", comment.body, f"PRRC_{comment.id}"),
            path="a.py",
        )
        for comment in (on_line, on_file)
    )
    assert page.standing().marks == {ID, "fedcba9876"}
    assert asked(github) == ["POST /graphql"] * 2


def test_what_may_be_a_comment_of_ours_is_told(pull: FakePullRequest, page: PullRequestPage) -> None:
    """A mark that stands in anybody's thread, and a file on which a comment of ours has none: nothing was deleted."""
    pull.remark("mallory", "a.py", 2, finding("f" * 10))
    pull.remark("mallory", "a.py", 2, "Really?")
    quoted = pull.remark("bob", "a.py", 2, f"> {finding('e' * 10, '')}".replace("\n", "\n> "))
    pull.reply(quoted, "bob", finding("d" * 10))
    standing = page.standing()
    assert (standing.threads, set(standing.marks), set(standing.unmarked)) == ((), {"f" * 10}, set())
    pull.remark(LOGIN, "a.py", 2, finding()).body = "(off-topic, removed by wendy)"
    assert page.standing().unmarked == {"a.py"}


def test_a_finding_in_a_reply_opens_no_thread(pull: FakePullRequest, page: PullRequestPage) -> None:
    """A thread belongs to whoever opened it, whatever we wrote in it later."""
    theirs = pull.remark("bob", "a.py", 2, "Is that right?")
    pull.reply(theirs, LOGIN, finding())
    assert page.standing().threads == ()


@pytest.mark.parametrize(
    ("voices", "spoken", "last_word"),
    [
        ((), False, False),
        (("bob",), True, True),
        (("bob", LOGIN), True, False),
        (("coderabbitai[bot]",), False, False),
        (("bob", "coderabbitai[bot]"), True, False),
        (("ghost",), True, True),
        ((LOGIN,), False, False),
        (("bob", FIXED), True, True),
        (("bob", FIXED, LOGIN), True, False),
        ((FIXED,), False, False),
    ],
)
def test_who_spoke_last_is_told(
    pull: FakePullRequest, page: PullRequestPage, voices: tuple[str, ...], spoken: bool, last_word: bool
) -> None:
    """A thread where a person had the last word is theirs; Apps are no persons, and who is gone may have been one.

    That it is fixed is told in a thread, not answered: who spoke before has the last word still.
    """
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    for voice in voices:
        pull.reply(opening, LOGIN if voice == FIXED else voice, FIXED if voice == FIXED else "Hm.")
    [thread] = page.standing().threads
    assert (thread.spoken, thread.last_word, thread.answered) == (spoken, last_word, FIXED in voices)


def test_who_may_resolve_is_told(github: FakeGitHub, pull: FakePullRequest) -> None:
    """GitHub says it itself: an App needs a permission for it that default installations lack."""
    pull.remark(LOGIN, "a.py", 2, finding())
    for contents in (False, True):
        token = github.add_token("ghs_" + "contents" * 5, contents=contents)
        with opened(github, token=token) as door:
            [thread] = PullRequestPage(door, "acme", "papers", 214).standing().threads
        assert thread.resolvable is contents


@pytest.mark.parametrize(
    ("by", "counts"), [("bob", True), (LOGIN, False), ("plumbline", False), ("other[bot]", False), ("ghost", False)]
)
def test_a_person_who_resolves_objects(pull: FakePullRequest, page: PullRequestPage, by: str, counts: bool) -> None:
    """Who resolves may write, but for the author; ourselves and Apps object to nothing."""
    pull.resolve(pull.remark(LOGIN, "a.py", 2, finding()), by)
    [thread] = page.standing().threads
    wanted = (Objection(How.RESOLVED, by, writes=True),) if counts else ()
    assert (thread.resolved, thread.objections) == (True, wanted)


@pytest.mark.parametrize(
    ("association", "permission", "writes"),
    [
        ("CONTRIBUTOR", "read", False),
        ("CONTRIBUTOR", "write", True),
        ("COLLABORATOR", "read", False),
        ("COLLABORATOR", "write", True),
        ("MEMBER", "read", False),
        ("OWNER", "read", True),
    ],
)
def test_an_author_who_resolves_may_not_write_for_that(
    pull: FakePullRequest, page: PullRequestPage, association: str, permission: str, writes: bool
) -> None:
    """GitHub lets authors resolve: whether they may write is asked, whatever they are to the organisation."""
    pull.association = association
    pull.repository.permissions["alice"] = permission
    pull.resolve(pull.remark(LOGIN, "a.py", 2, finding()), "alice")
    [thread] = page.standing().threads
    assert thread.objections == (Objection(How.RESOLVED, "alice", writes=writes),)


def test_a_thread_that_was_opened_again_is_no_objection(pull: FakePullRequest, page: PullRequestPage) -> None:
    """What was resolved once and is open now is to be dealt with."""
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    pull.resolve(opening, "bob")
    pull.unresolve(opening)
    [thread] = page.standing().threads
    assert (thread.resolved, thread.objections) == (False, ())


@pytest.mark.parametrize(
    ("permission", "counts"), [("admin", True), ("maintain", True), ("write", True), ("read", False), ("none", False)]
)
def test_a_thumbs_down_counts_from_writers(
    pull: FakePullRequest, page: PullRequestPage, permission: str, counts: bool
) -> None:
    """Anybody can give one on a public pull request: that of somebody who may not write is no objection at all."""
    pull.repository.permissions["bob"] = permission
    pull.react(pull.remark(LOGIN, "a.py", 2, finding()), "bob", "THUMBS_DOWN")
    [thread] = page.standing().threads
    assert thread.objections == ((Objection(How.DISLIKED, "bob", writes=True),) if counts else ())


def test_other_signs_are_no_objection(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """A thumbs-up, a thumbs-down on what was said later, and one of an App or ourselves mean nothing."""
    pull.repository.permissions["bob"] = "admin"
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    answer = pull.reply(opening, "alice", "Sure?")
    pull.react(opening, "bob", "THUMBS_UP")
    pull.react(answer, "bob", "THUMBS_DOWN")
    pull.react(opening, "other[bot]", "THUMBS_DOWN")
    pull.react(opening, LOGIN, "THUMBS_DOWN")
    [thread] = page.standing().threads
    assert thread.objections == ()
    assert asked(github) == ["POST /graphql"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("/dismiss", ""),
        ("/dismiss it is generated code", "it is generated code"),
        ("/dismiss\tfor now \r\nWe will see.", "for now"),
        ("  /Dismiss  by design\nSee the design.", "by design"),
        ("Please /dismiss this", None),
        ("/dismissed already", None),
        ("> /dismiss\n\nNo.", None),
        ("Well,\n/dismiss", None),
    ],
)
def test_a_command_is_the_first_line(
    pull: FakePullRequest, page: PullRequestPage, words: str, reason: str | None
) -> None:
    """`/dismiss` at the head of a comment dismisses, with the rest of the line as its reason."""
    pull.repository.permissions["bob"] = "write"
    pull.reply(pull.remark(LOGIN, "a.py", 2, finding()), "bob", words)
    [thread] = page.standing().threads
    wanted = () if reason is None else (Objection(How.COMMANDED, "bob", writes=True, reason=reason),)
    assert thread.objections == wanted


@pytest.mark.parametrize(
    ("by", "permission", "writes"),
    [("bob", "read", None), ("bob", "write", True), ("alice", "read", False), ("alice", "write", True)],
)
def test_a_command_counts_from_writers_and_the_author(
    pull: FakePullRequest, page: PullRequestPage, by: str, permission: str, writes: bool | None
) -> None:
    """The author is heard, but does not bind; whoever else may not write is not heard."""
    pull.repository.permissions[by] = permission
    pull.reply(pull.remark(LOGIN, "a.py", 2, finding()), by, "/dismiss")
    [thread] = page.standing().threads
    wanted = () if writes is None else (Objection(How.COMMANDED, by, writes=writes),)
    assert thread.objections == wanted


def test_a_permission_is_asked_for_once(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """However many objections somebody makes, and however often the page is read."""
    pull.repository.permissions["bob"] = "write"
    for line in (2, 3):
        opening = pull.remark(LOGIN, "a.py", line, finding())
        pull.react(opening, "bob", "THUMBS_DOWN")
        pull.reply(opening, "Bob", "/dismiss")
    for _ in range(2):
        assert [len(thread.objections) for thread in page.standing().threads] == [2, 2]
    permission = "GET /repos/acme/papers/collaborators/bob/permission"
    assert asked(github) == ["POST /graphql", permission, "POST /graphql"]


@pytest.mark.parametrize("status", [403, 404])
def test_who_is_not_told_of_may_not_write(
    github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage, status: int
) -> None:
    """A token that may not ask for permissions believes nobody's thumbs-down."""
    pull.repository.permissions["bob"] = "admin"
    pull.react(pull.remark(LOGIN, "a.py", 2, finding()), "bob", "THUMBS_DOWN")
    github.fail_next("GET", r"/permission$", status=status, body={"message": "Must have push access."})
    [thread] = page.standing().threads
    assert thread.objections == ()


def test_no_crowd_is_asked_about(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Whatever strangers do on a public pull request, the number of requests is bounded."""
    for number in range(6):
        opening = pull.remark(LOGIN, "a.py", 2, finding(f"{number:010x}"))
        for voice in range(10):
            pull.react(opening, f"sock{number}-{voice}", "THUMBS_DOWN")
    page.standing()
    assert len(github.requests) == 1 + 50


def test_signs_are_told_be_they_heard_or_not(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Who dismissed something once may write no more, or GitHub does not say so now: their sign stands there still."""
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    pull.react(opening, "bob", "THUMBS_DOWN")
    pull.reply(opening, "carol", "/dismiss")
    github.fail_next("GET", r"/permission$", status=403, body={"message": "Must have push access."})
    [thread] = page.standing().threads
    assert (thread.objections, set(thread.signs), thread.whole) == ((), {"bob", "carol"}, True)


@pytest.mark.parametrize(("words", "voices", "whole"), [(29, 0, True), (30, 0, False), (0, 100, True), (0, 101, False)])
def test_what_was_not_read_of_a_thread_is_told(
    pull: FakePullRequest, page: PullRequestPage, words: int, voices: int, whole: bool
) -> None:
    """Of many words and thumbs-down only some are read: a sign that is not among them may stand there all the same."""
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    for number in range(words):
        pull.reply(opening, "mallory", f"Why? {number}")
    for number in range(voices):
        pull.react(opening, f"sock{number}", "THUMBS_DOWN")
    assert [thread.whole for thread in page.standing().threads] == [whole]


def test_a_person_may_lend_us_their_account(github: FakeGitHub, pull: FakePullRequest) -> None:
    """With a person's own token their unmarked words, their thumbs-down and what they resolve are theirs."""
    pull.repository.permissions["wendy"] = "write"
    token = github.add_token("ghp_" + "wendy" * 7, login="wendy")
    openings = [pull.remark("wendy", "a.py", 2, finding(name * 10)) for name in "0123"]
    pull.comment("wendy", SUMMARY)
    pull.reply(openings[3], "wendy", FIXED)
    with opened(github, token=token) as door:
        standing = PullRequestPage(door, "acme", "papers", 214).standing()
    assert (standing.heard, {thread.spoken for thread in standing.threads}) == ("", {False})
    pull.reply(openings[0], "wendy", "/dismiss we only print one")
    pull.react(openings[1], "wendy", "THUMBS_DOWN")
    pull.resolve(openings[2], "wendy")
    openings[3].body = f"**Fixed in abc1234**\n{openings[3].body}"
    pull.resolve(openings[3], "wendy")
    with opened(github, token=token) as door:
        standing = PullRequestPage(door, "acme", "papers", 214).standing()
    assert [[each.how for each in thread.objections] for thread in standing.threads] == [
        [How.COMMANDED],
        [How.DISLIKED],
        [How.RESOLVED],
        [],
    ]
    assert [thread.last_word for thread in standing.threads] == [True, False, False, False]
    assert standing.heard


def test_trusted_accounts_are_believed(github: FakeGitHub, pull: FakePullRequest) -> None:
    """What a trusted account wrote stands like our own, but is not ours; it is no person, and objects to nothing."""
    pull.comment("Review-Action[bot]", SUMMARY)
    pull.comment("rhea", SUMMARY)
    stranger = pull.comment("mallory", SUMMARY)
    pull.review("review-action[bot]", draft().body)
    opening = pull.remark("review-action[bot]", "a.py", 2, finding())
    pull.reply(opening, "rhea", "/dismiss")
    pull.resolve(opening, "review-action")
    trusted = frozenset({"review-action[bot]", "Rhea"})
    with opened(github) as door:
        standing = PullRequestPage(door, "acme", "papers", 214, trusted=trusted).standing()
    assert [comment.ours for comment in standing.comments] == [False, False]
    assert len(standing.reviews) == 1
    [thread] = standing.threads
    assert (thread.comment.ours, thread.spoken, thread.objections) == (False, False, ())
    assert standing.heard == stranger.created_at


def test_a_user_cannot_pass_for_an_app(github: FakeGitHub, pull: FakePullRequest) -> None:
    """GraphQL gives an App's name without `[bot]`, and a user may have that name: the kind of account decides."""
    pull.comment("github-actions", SUMMARY)
    pull.remark("github-actions", "a.py", 2, finding())
    ours = pull.comment("github-actions[bot]", SUMMARY)
    with opened(github) as door:
        standing = PullRequestPage(door, "acme", "papers", 214, trusted=frozenset({"github-actions[bot]"})).standing()
    assert [comment.id for comment in standing.comments] == [ours.id]
    assert standing.threads == ()


def test_a_persons_latest_sign_is_told(pull: FakePullRequest, page: PullRequestPage) -> None:
    """Comments, reviews, words in any thread and thumbs-down count; what we and Apps do does not."""
    opening = pull.remark(LOGIN, "a.py", 2, finding())
    pull.comment(LOGIN, SUMMARY)
    pull.comment("dependabot[bot]", "Bump.")
    assert page.standing().heard == ""
    comment = pull.comment("alice", "Thanks.")
    assert page.standing().heard == comment.created_at
    review = pull.review("bob", "Fine.", state="APPROVED")
    assert page.standing().heard == review.created_at
    theirs = pull.remark("carol", "a.py", 3, "And this?")
    assert page.standing().heard == pull.reviews[-1].created_at > theirs.created_at
    reply = pull.reply(opening, "bob", "No.")
    assert page.standing().heard >= reply.created_at
    before = page.standing().heard
    sign = pull.react(opening, "dave", "THUMBS_DOWN")
    assert page.standing().heard == sign.created_at > before
    pull.comment(LOGIN, SUMMARY)
    assert page.standing().heard == sign.created_at


@pytest.mark.parametrize(
    ("comments", "reviews", "threads", "requests"),
    [(100, 100, 100, 1), (101, 0, 0, 2), (1, 250, 0, 3), (230, 101, 0, 3), (1, 101, 101, 2), (101, 250, 201, 3)],
)
def test_long_pages_are_read_to_their_end(
    github: FakeGitHub, comments: int, reviews: int, threads: int, requests: int
) -> None:
    """A summary that was written long ago is found below hundreds of words; short pages take one request."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    ours = pull.comment(LOGIN, SUMMARY)
    for number in range(comments - 1):
        pull.comment("bob", f"Word {number}")
    for number in range(reviews - threads):
        pull.review(LOGIN, f"<!-- plumbline-run:{number} -->")
    for number in range(threads):
        pull.remark(LOGIN, "a.py", 2, finding(f"{number:010x}"))
    with opened(github) as door:
        standing = PullRequestPage(door, "acme", "papers", 214).standing()
    assert [comment.id for comment in standing.comments] == [ours.id]
    assert len(standing.reviews) == reviews - threads
    assert [thread.comment.body for thread in standing.threads] == [finding(f"{n:010x}") for n in range(threads)]
    assert len(github.requests) == requests


def test_endless_pages_are_not_read_for_ever(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """The newest two thousand of a kind are read, and no more."""
    for number in range(2_150):
        pull.comment(LOGIN, f"<!-- plumbline:2 {number} -->")
    assert len(page.standing().comments) == 2_000
    assert len(github.requests) == 20


@pytest.mark.parametrize(("state", "is_open"), [("open", True), ("closed", False), ("merged", False)])
def test_whether_it_is_open_is_told(pull: FakePullRequest, page: PullRequestPage, state: str, is_open: bool) -> None:
    """A pull request that was closed or merged meanwhile is not open."""
    pull.state = state
    assert page.standing().open is is_open


def thread_node(number: int, state: str) -> dict[str, Any]:
    """A thread in GraphQL's words; `state` is that of the review that brought it."""
    comment = {
        "id": f"PRRC_{number}",
        "url": f"https://github.test/acme/papers/pull/214#discussion_r{number}",
        "body": finding(),
        "createdAt": "2026-11-02T09:00:00Z",
        "viewerDidAuthor": True,
        "author": {"__typename": "Bot", "login": "plumbline"},
    }
    opening = {**comment, "pullRequestReview": {"state": state}, "reactions": {"nodes": [], "totalCount": 0}}
    return {
        "id": f"PRRT_{number}",
        "path": "a.py",
        "isResolved": False,
        "viewerCanResolve": False,
        "resolvedBy": None,
        "opening": {"nodes": [opening]},
        "latest": {"nodes": [comment], "totalCount": 1},
    }


def look(threads: list[dict[str, Any]]) -> dict[str, Any]:
    """GitHub's answer, with nothing but these threads."""
    info = {"hasPreviousPage": False, "startCursor": None}
    pull = {
        "headRefOid": HEAD,
        "state": "OPEN",
        "body": "",
        "author": None,
        "authorAssociation": "NONE",
        "comments": {"nodes": [], "pageInfo": info},
        "reviews": {"nodes": [], "pageInfo": info},
        "reviewThreads": {"nodes": threads, "pageInfo": info},
    }
    repository = {"nameWithOwner": NAME, "pullRequest": pull}
    return {"data": {"viewer": {"login": LOGIN}, "repository": repository}}


def test_what_a_pending_review_says_is_not_said_yet(github: FakeGitHub, page: PullRequestPage) -> None:
    """GitHub shows its author the threads of a pending review; nobody else sees them, and they may be thrown away."""
    seen = [thread_node(1, "COMMENTED"), thread_node(2, "PENDING")]
    github.fail_next("POST", GRAPHQL, status=200, body=look(seen))
    assert [thread.comment.id for thread in page.standing().threads] == [1]


def test_threads_are_told_in_the_order_of_writing(github: FakeGitHub, page: PullRequestPage) -> None:
    """GitHub does not say in which order it lists threads."""
    seen = [thread_node(3, "COMMENTED"), thread_node(1, "COMMENTED"), thread_node(2, "COMMENTED")]
    github.fail_next("POST", GRAPHQL, status=200, body=look(seen))
    assert [thread.comment.id for thread in page.standing().threads] == [1, 2, 3]


def test_an_address_without_an_id_is_no_answer(github: FakeGitHub, page: PullRequestPage) -> None:
    """The address of a comment in a thread holds the id by which it could be deleted."""
    node = thread_node(1, "COMMENTED")
    node["opening"]["nodes"][0]["url"] = "https://github.test/acme/papers/pull/214"
    github.fail_next("POST", GRAPHQL, status=200, body=look([node]))
    with pytest.raises(BadReply, match="not in its own format"):
        page.standing()


def test_what_cannot_be_asked_for_is_told(github: FakeGitHub, pull: FakePullRequest, page: PullRequestPage) -> None:
    """Where GitHub does not answer at all, nobody can say who objects."""
    pull.react(pull.remark(LOGIN, "a.py", 2, finding()), "bob", "THUMBS_DOWN")
    github.fail_next("GET", r"/permission$", status=502, times=4)
    with pytest.raises(Transient):
        page.standing()
