"""Whatever goes wrong with GitHub is one sentence that says what to do, of the right kind, without the token."""

from __future__ import annotations

import itertools
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.clients.github.publish import PullRequestPage
from bot.clients.github.snapshot import PullRequestSource
from bot.errors import BadReply, BotError, Misuse, OutsideError, Rejected, Transient
from tests.clients.github_door import NOW, opened
from tests.fakes.github import TOKEN, FakeGitHub

NAME = "acme/papers"
PATCH = b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
SECRET = "ghp_" + "".join(random.Random(214).choices(string.ascii_letters + string.digits, k=36))
PULL, DIFF, COMPARE, GRAPHQL, POST = r"/pulls/214$", "diff", r"/compare/", r"/graphql$", r"/issues/214/comments$"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        fake.pull_request(NAME, 214, patch=PATCH)
        yield fake
    assert fake.problems == []


Arrange = Callable[[FakeGitHub], object]


def fails(method: str, path: str, **fault: Any) -> Arrange:  # noqa: ANN401 - the parts of a fault
    return lambda fake: fake.fail_next(method, path, times=9, **fault)


def graphql_error(**error: object) -> Arrange:
    return fails("POST", GRAPHQL, status=200, body={"data": None, "errors": [error]})


@dataclass(frozen=True)
class Case:
    """What is arranged, who asks for what, and the error: its kind, parts of its sentence, its status."""

    arrange: Arrange
    kind: type[OutsideError]
    says: tuple[str, ...]
    status: int
    token: str | None = ""
    number: int = 214
    posts: bool = False
    more: dict[str, object] = field(default_factory=dict)


def hidden(fake: FakeGitHub) -> None:
    fake.repository(NAME, private=True)


def out_of_reach(fake: FakeGitHub) -> None:
    fake.repository(NAME, private=True)
    fake.add_token(SECRET, repositories=())


def issue_only(_fake: FakeGitHub) -> None:
    """Number 7 is no pull request here."""


def read_only(fake: FakeGitHub) -> None:
    fake.add_token(SECRET, login="alice", write=False)


MESSAGE = {"message": "Something", "documentation_url": "https://docs.github.com"}
CASES = {
    "private, without a token": Case(
        hidden, Rejected, ("no pull request acme/papers#214 that is public", "set GITHUB_TOKEN"), 404, token=None
    ),
    "private, out of the token's reach": Case(
        out_of_reach,
        Rejected,
        ("no pull request acme/papers#214 that this token can see", "GITHUB_TOKEN may read"),
        404,
        token=SECRET,
    ),
    "no such number": Case(
        issue_only, Rejected, ("acme/papers#7", "check the name (it may be an issue)"), 404, number=7
    ),
    "bad token": Case(
        issue_only, Rejected, ("(Bad credentials); check GITHUB_TOKEN, it may be expired",), 401, token=SECRET,
        more={"stops_all": True},
    ),
    "blocked for legal reasons": Case(
        fails("GET", PULL, status=451, body={"message": "Repository access blocked"}),
        Rejected, ("status 451 (Repository access blocked)",), 451,
    ),
    "gone": Case(fails("GET", PULL, status=410, body=MESSAGE), Rejected, ("no pull request acme/papers#214",), 410),
    "may not read": Case(
        fails("GET", PULL, status=403, body={"message": "Resource not accessible by integration"}),
        Rejected, ("not read acme/papers#214 (Resource not accessible", "contents: read and pull requests: read"), 403,
    ),
    "single sign-on": Case(
        fails("GET", PULL, status=403, body={"message": "Resource protected by organization SAML enforcement."}),
        Rejected, ("single sign-on (Resource protected", "authorize GITHUB_TOKEN"), 403,
    ),
    "primary limit": Case(
        lambda fake: fake.exhaust(NOW + 11_100), Transient, ("rate limit", "until 13:05 UTC; try again then."), 403,
        more={"retry_after": 11_101, "kind": "rate_limit", "attempts": 1},
    ),
    "primary limit, without a token": Case(
        lambda fake: fake.exhaust(NOW + 3600), Transient, ("11:00 UTC", "or set GITHUB_TOKEN for a higher limit"), 403,
        token=None,
    ),
    "primary limit that ends at once": Case(
        lambda fake: fake.exhaust(NOW - 5), Transient, ("09:59 UTC",), 403, more={"retry_after": 1, "attempts": 1}
    ),
    "secondary limit": Case(
        lambda fake: fake.slow_down(90), Transient, ("secondary rate limit", "in 90 seconds"), 403,
        more={"retry_after": 90, "attempts": 1},
    ),
    "secondary limit without a time": Case(
        fails("GET", PULL, status=403, body={"message": "You have exceeded a secondary rate limit."}),
        Transient, ("in 60 seconds",), 403, more={"retry_after": 60, "attempts": 4},
    ),
    "429": Case(
        fails("GET", PULL, status=429, headers={"retry-after": "soon"}, body=MESSAGE),
        Transient, ("in 60 seconds",), 429,
    ),
    "the diff is limited": Case(
        fails("GET", PULL, accept=DIFF, status=429, headers={"retry-after": "3600"}, body=MESSAGE),
        Transient, ("in 3600 seconds",), 429, more={"retry_after": 3600},
    ),
    "server error": Case(
        fails("GET", PULL, status=500, body=MESSAGE),
        Transient, ("failed with status 500 on acme/papers#214 (Something)",), 500, more={"attempts": 4},
    ),
    "a unicorn": Case(
        fails("GET", COMPARE, status=504), Transient, ("failed with status 504", "in a few minutes"), 504
    ),
    "connection closed": Case(
        fails("GET", PULL, status=0),
        Transient, ("connection to 127.0.0.1:", "was lost"), 0, more={"kind": "connection"},
    ),
    "connection closed on the diff": Case(
        fails("GET", PULL, accept=DIFF, status=0), Transient, ("connection to 127.0.0.1:", "was lost"), 0
    ),
    "a page of somebody else": Case(
        fails("GET", PULL, status=200), BadReply, ("did not answer as GitHub does", "/api/v3"), 0
    ),
    "JSON of somebody else": Case(
        fails("GET", PULL, status=200, body={"status": "ok"}),
        BadReply, ("not in its own format (number: field required)",), 0,
    ),
    "a head that is no commit": Case(
        fails("GET", COMPARE, status=200, body={"merge_base_commit": {"sha": "../x"}, "commits": []}),
        BadReply, ("merge_base_commit.sha",), 0,
    ),
    "no common history": Case(
        fails("GET", COMPARE, status=404, body={"message": "No common ancestor between main and x."}),
        Rejected, ("no merge base of acme/papers#214", "rebase"), 404,
    ),
    "moved elsewhere": Case(
        fails("GET", PULL, status=301, headers={"location": "https://elsewhere.example/x"}, body=MESSAGE),
        BadReply, ("redirects elsewhere",), 0,
    ),
    "moved without saying where": Case(
        fails("GET", PULL, status=302, body=MESSAGE), Rejected, ("has moved", "new name"), 302
    ),
    "odd headers": Case(
        fails("GET", PULL, status=200, headers={"x-ratelimit-remaining": "many", "x-ratelimit-limit": "1"}),
        BadReply, ("odd headers",), 0,
    ),
    "GraphQL: not found": Case(
        graphql_error(type="NOT_FOUND", message="Could not resolve"), Rejected, ("no pull request",), 404
    ),
    "GraphQL: forbidden": Case(
        graphql_error(type="FORBIDDEN", message="Resource not accessible by integration"),
        Rejected, ("contents: read and pull requests: read",), 403,
    ),
    "GraphQL: scopes": Case(
        graphql_error(type="INSUFFICIENT_SCOPES", message="Your token has not been granted"),
        Rejected, ("Your token has not been granted",), 403,
    ),
    "GraphQL: limited": Case(
        graphql_error(type="RATE_LIMITED", message="API rate limit exceeded"), Transient, ("in 60 seconds",), 429
    ),
    "GraphQL: took too long": Case(
        graphql_error(message="Something went wrong while executing your query."),
        Transient, ("Something went wrong",), 502, more={"attempts": 4},
    ),
    "GraphQL: not understood": Case(
        graphql_error(message="Field 'x' doesn't exist", locations=[], extensions={}), Rejected, ("Field 'x'",), 400
    ),
    "GraphQL: a list": Case(fails("POST", GRAPHQL, status=200, body="[]"), BadReply, ("not answer as GitHub",), 0),
    "GraphQL: no data": Case(fails("POST", GRAPHQL, status=200, body={}), BadReply, ("not answer as GitHub",), 0),
    "read-only token": Case(
        read_only, Rejected, ("may not post on acme/papers#214 (Resource not accessible by personal acc", "fork"), 403,
        token=SECRET, posts=True,
    ),
    "locked": Case(
        fails("POST", POST, status=403, body={"message": "Unable to create comment because issue is locked."}),
        Rejected, ("issue is locked",), 403, posts=True,
    ),
    "not taken": Case(
        fails("POST", POST, status=422, body={"message": "Validation Failed", "errors": [{"message": "Too long"}]}),
        Rejected, ("(Validation Failed: Too long).",), 422, posts=True,
    ),
    "posting on what is gone": Case(issue_only, Rejected, ("acme/papers#7",), 404, number=7, posts=True),
}  # fmt: skip


def raised(fake: FakeGitHub, case: Case) -> OutsideError:
    with opened(fake, token=case.token) as door:
        source = PullRequestSource(door, "acme", "papers", case.number)
        page = PullRequestPage(door, "acme", "papers", case.number)
        act = (lambda: page.post_summary("<!-- plumbline:1 x -->", None)) if case.posts else source.change
        with pytest.raises(OutsideError) as caught:
            act()
    return caught.value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_failure_has_its_sentence(github: FakeGitHub, case: Case) -> None:
    """The kind says whether to try again, the sentence what is wrong and what to do; no token is in it."""
    case.arrange(github)
    error = raised(github, case)
    sentence = str(error)
    assert (type(error), error.status) == (case.kind, case.status)
    assert all(part in sentence for part in case.says), sentence
    assert {name: getattr(error, name) for name in case.more} == case.more
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not any(secret in f"{sentence}{error!r}" for secret in (TOKEN, SECRET))


def test_the_request_id_is_kept(github: FakeGitHub) -> None:
    """GitHub's operators ask for it."""
    github.fail_next("GET", PULL, status=410, headers={"x-github-request-id": "AB:12"})
    assert raised(github, CASES["gone"]).request_id == "AB:12"


def test_what_github_says_is_masked_and_cut(github: FakeGitHub) -> None:
    """Other people's words are one line of at most 200 characters, and give no secret away."""
    says = f"Bad\n\x07\u202e token {SECRET}" + " and so on" * 50
    github.fail_next("GET", PULL, status=451, body={"message": says})
    sentence = str(raised(github, CASES["gone"]))
    assert "(Bad token ***" in sentence
    assert SECRET not in sentence
    assert len(sentence) < 320
    assert sentence.isprintable()


def test_a_token_of_any_shape_is_hidden(github: FakeGitHub) -> None:
    """A proxy that repeats the request gives the token away; it is known here, whatever it looks like."""
    github.add_token("plain-word")
    github.fail_next("GET", PULL, status=451, body={"message": "You sent: token plain-word"})
    sentence = str(raised(github, replace(CASES["gone"], token="plain-word")))
    assert "You sent: token ***" in sentence
    assert "plain-word" not in sentence


BAD_ADDRESSES = [
    ("github.example", "no http(s) address"),
    ("ftp://github.example/api/v3", "no http(s) address"),
    ("https://", "no http(s) address"),
    ("https://[::1/api/v3", "no address"),
    ("https://github.example:seven/api/v3", "no address"),
    ("https://github.example/api/v3?x=1", "no http(s) address"),
    ("https://me:" + SECRET + "@github.example/api/v3", "user name or password"),
    ("https://github.com", "https://api.github.com"),
    ("https://github.example/api/v4", "/api/v3"),
    ("https://github.example/api/graphql", "/api/v3"),
    ("https://api.github.com/api/v3", "has no path there"),
    ("https://api.github.com/graphql", "has no path there"),
]


@pytest.mark.parametrize(("url", "says"), BAD_ADDRESSES)
def test_an_address_that_cannot_be_is_refused(url: str, says: str) -> None:
    """GITHUB_API_URL is checked before anything is sent there."""
    with pytest.raises(Misuse) as caught:
        GitHub(Access(url, SecretStr(SECRET)))
    assert says in str(caught.value)
    assert "GITHUB_API_URL" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://api.github.com/", "https://github.example/api/v3/", "https://api.acme.ghe.com", "http://127.0.0.1:1"],
)
def test_an_address_may_end_in_a_slash(url: str) -> None:
    """GitHub's own address, that of an enterprise server and one with data residency are all taken."""
    with GitHub(Access(url)) as door:
        assert repr(door) == f"GitHub({url.rstrip('/')!r}, without a token)"


@pytest.mark.parametrize("token", ["ghp_ab cd", "ghp_ab\ncd", "ghp_\u00e4", "\u201cghp_abcd\u201d"])
def test_a_token_with_odd_characters_is_refused(token: str) -> None:
    """What was copied with a line's end within or a quotation mark would fail in strange ways later."""
    with pytest.raises(Misuse, match="GITHUB_TOKEN holds a blank or a character that no token has") as caught:
        GitHub(Access(token=SecretStr(token)))
    assert "abcd" not in str(caught.value)


def test_a_ca_bundle_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A wrong path is said at once, not at the first request."""
    with pytest.raises(Misuse, match=r"missing\.pem"):
        GitHub(Access(ca_bundle=str(tmp_path / "missing.pem")))


def test_no_token_in_any_text(github: FakeGitHub) -> None:
    """Neither the access nor the connection shows the token."""
    access = Access(github.api_url, SecretStr(SECRET))
    with GitHub(access) as door:
        shown = f"{access!r} {access} {door!r} {door}"
    assert SECRET not in shown
    assert "with a token" in shown


def test_an_empty_token_is_none(github: FakeGitHub) -> None:
    """An empty variable of a workflow asks as a stranger, not with a bad token."""
    with opened(github, token=None) as stranger, GitHub(Access(github.api_url, SecretStr(""))) as door:
        assert (door.known, stranger.known) == (False, False)
        assert PullRequestSource(door, "acme", "papers", 214).change().patch == PATCH


def test_every_error_is_one_of_ours(github: FakeGitHub) -> None:
    """Bytes that are no text, JSON without an end, numbers for names: no library's exception comes out."""
    bodies: list[bytes] = [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b"null",
        b"7",
        b'"x"',
        b"[]",
        b'{"number": {}}',
        b"\x1f\x8b\x00",
    ]
    with opened(github) as door:
        for body, status in itertools.product(bodies, (200, 422)):
            github.fail_next("GET", PULL, status=status, body=body)
            with pytest.raises(BotError):
                PullRequestSource(door, "acme", "papers", 214).change()
