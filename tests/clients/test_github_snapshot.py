"""A pull request is read whole, exactly, at one commit, with few requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clients.github.publish import PullRequestPage
from bot.clients.github.snapshot import PullRequestSource
from bot.clients.source import Repository
from bot.core.change import Change
from bot.core.patch import parse
from bot.core.policy import PolicyTexts
from bot.core.policy_file import read as read_policy
from bot.core.pull_request import Branch, Commit, PullRequestState
from bot.errors import BadReply, Rejected, Transient
from tests.clients.github_door import asked, opened
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakePullRequest, made_up_sha
from tests.repository import TestRepository

NAME = "acme/papers"
PATCH = b"""diff --git a/a.py b/a.py
index 1111111..2222222 100644
--- a/a.py
+++ b/a.py
@@ -1,2 +1,2 @@
 import os
-x = 1
+x = 2
"""
OTHER_PATCH = PATCH.replace(b"+x = 2", b"+x = 3")


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        yield fake
    assert fake.problems == []


def read(fake: FakeGitHub, *, token: str | None = "", name: str = NAME) -> Change:
    owner, _, repo = name.partition("/")
    with opened(fake, token=token) as door:
        return PullRequestSource(door, owner, repo, 214).change()


def test_an_ordinary_pull_request_takes_five_requests_with_what_stands_on_it(github: FakeGitHub) -> None:
    """Reading and looking at the page are five requests: pull, comparison, diff, second look, standing."""
    github.pull_request(NAME, 214, patch=PATCH)
    with opened(github) as door:
        PullRequestSource(door, "acme", "papers", 214).change()
        PullRequestPage(door, "acme", "papers", 214).standing()
    base, head = made_up_sha("acme/papers#214 base"), made_up_sha("acme/papers#214 head")
    assert asked(github) == [
        "GET /repos/acme/papers/pulls/214",
        f"GET /repos/acme/papers/compare/{base}...{head}",
        "GET /repos/acme/papers/pulls/214 diff",
        "POST /graphql",
        "POST /graphql",
    ]


def test_everything_that_github_says_becomes_a_value(github: FakeGitHub) -> None:
    """Each field of the value is the one that GitHub gave."""
    github.pull_request(
        NAME,
        214,
        patch=PATCH,
        title="Count pages",
        body="Closes #1\r\n",
        author="alice",
        association="FIRST_TIME_CONTRIBUTOR",
        draft=True,
        labels=["bug", "good first issue"],
        base_ref="main",
        base_sha="b" * 40,
        merge_base="c" * 40,
        head_ref="count",
        head_sha="a" * 40,
        head_repository="alice/papers",
        messages=["Count\n\nLong story.", "Fix"],
    )
    change = read(github)
    pull = change.pull_request
    assert pull is not None
    assert (change.title, change.base, change.head, change.unlisted) == ("acme/papers#214", "c" * 40, "a" * 40, 0)
    assert (pull.name, pull.repository_id) == ("acme/papers#214", github.repository(NAME).id)
    assert pull.url.endswith("/acme/papers/pull/214")
    assert (pull.title, pull.body, pull.author) == ("Count pages", "Closes #1\r\n", "alice")
    assert (pull.association, pull.state, pull.draft) == ("FIRST_TIME_CONTRIBUTOR", PullRequestState.OPEN, True)
    assert pull.labels == ("bug", "good first issue")
    assert pull.base == Branch("b" * 40, "main", "acme/papers")
    assert pull.head == Branch("a" * 40, "count", "alice/papers")
    assert pull.fork
    assert pull.merge_base == "c" * 40
    assert [commit.message for commit in pull.commits] == ["Count\n\nLong story.", "Fix"]
    assert pull.commits[-1] == Commit("a" * 40, "Fix")


@pytest.mark.parametrize(
    ("head_repository", "fork", "repository"),
    [(None, False, "acme/papers"), ("alice/papers", True, "alice/papers"), ("", True, "")],
)
def test_a_fork_is_told_from_a_branch(
    github: FakeGitHub, head_repository: str | None, fork: bool, repository: str
) -> None:
    """A fork is another repository, or one that is gone."""
    github.pull_request(NAME, 214, patch=PATCH, head_repository=head_repository)
    pull = read(github).pull_request
    assert pull is not None
    assert (pull.fork, pull.head.repository) == (fork, repository)


@pytest.mark.parametrize("state", ["open", "closed", "merged"])
def test_a_finished_pull_request_is_read_all_the_same(github: FakeGitHub, state: str) -> None:
    """Whether it is still open is a value; who reads it decides."""
    github.pull_request(NAME, 214, patch=PATCH, state=state, body=None)
    change = read(github)
    assert change.patch == PATCH
    assert change.pull_request is not None
    assert change.pull_request.state is PullRequestState(state)
    assert change.pull_request.body == ""


@pytest.mark.parametrize(
    "line",
    [
        b"x = '\xe9\xff'",
        b"x = 2\r",
        b"x = '\xf0\x9f\x8d\x8b'",
        b"\xef\xbb\xbfx",
        b"x\x0c\x85y",
        b"x = 2\n\\ No newline at end of file",
    ],
    ids=["latin-1", "CRLF", "emoji", "BOM", "form feed", "no newline"],
)
def test_the_patch_is_githubs_bytes(github: FakeGitHub, line: bytes) -> None:
    """No byte of the diff is decoded, whatever charset the answer claims."""
    patch = PATCH.replace(b"x = 2", line)
    github.pull_request(NAME, 214, patch=patch)
    assert read(github).patch == patch


def test_a_private_pull_request_is_read_with_the_token(github: FakeGitHub) -> None:
    """Every request carries the token, that for the exact bytes as well."""
    github.pull_request(NAME, 214, patch=PATCH, private=True)
    assert read(github).patch == PATCH


def push_during(fake: FakeGitHub, pull: FakePullRequest, sha: str, patch: bytes) -> None:
    """Let somebody push right after the next diff was served."""
    fake.after_next("GET", r"/pulls/214$", lambda: pull.push(sha, patch), accept="diff")


@pytest.mark.parametrize("token", ["", None], ids=["token", "anonymous"])
def test_a_push_while_reading_starts_it_over(github: FakeGitHub, token: str | None) -> None:
    """Patch and head are of the same commit, even if somebody pushes between the requests."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    push_during(github, pull, "d" * 40, OTHER_PATCH)
    change = read(github, token=token)
    assert (change.head, change.patch) == ("d" * 40, OTHER_PATCH)
    assert change.pull_request is not None
    assert change.pull_request.head.sha == "d" * 40


def test_a_push_before_the_diff_is_noticed(github: FakeGitHub) -> None:
    """A diff that is newer than the head of the first look does not pass for that head's."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    github.after_next("GET", r"/compare/", lambda: pull.push("d" * 40, OTHER_PATCH))
    assert read(github).head == "d" * 40


def test_a_new_target_branch_starts_it_over(github: FakeGitHub) -> None:
    """The diff against another branch is another diff."""
    pull = github.pull_request(NAME, 214, patch=PATCH)

    def retarget() -> None:
        pull.base_ref = "release"

    github.after_next("GET", r"/pulls/214$", retarget, accept="diff")
    change = read(github)
    assert change.pull_request is not None
    assert change.pull_request.base.ref == "release"


def test_a_push_to_the_base_changes_nothing(github: FakeGitHub) -> None:
    """The merge base stays where it is while the base branch goes on."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    github.after_next("GET", r"/pulls/214$", lambda: pull.move_base("e" * 40), accept="diff")
    read(github)
    assert len(github.requests) == 4


def test_who_pushes_all_the_time_is_asked_to_wait(github: FakeGitHub) -> None:
    """After a second push while reading there is an error that passes."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    push_during(github, pull, "d" * 40, OTHER_PATCH)
    push_during(github, pull, "e" * 40, PATCH)
    with pytest.raises(Transient, match=r"acme/papers#214 is being pushed to right now; try again in a minute\."):
        read(github)


def test_without_a_token_a_public_pull_request_is_read_over_rest(github: FakeGitHub) -> None:
    """GraphQL is closed to strangers; seven requests suffice, attributes and policies included."""
    attributes = {".gitattributes": b"*.lock linguist-generated\n"}
    github.pull_request(NAME, 214, patch=PATCH, base_files=attributes)
    with opened(github, token=None) as door:
        source = PullRequestSource(door, "acme", "papers", 214)
        change = source.change()
        assert source.attributes(change) == {".gitattributes": "*.lock linguist-generated\n"}
    assert len(github.requests) == 7
    assert not any("graphql" in request for request in asked(github))


def test_without_attributes_there_are_none(github: FakeGitHub) -> None:
    """A base without the file is no error, with a token or without."""
    github.pull_request(NAME, 214, patch=PATCH)
    for token in ("", None):
        with opened(github, token=token) as door:
            source = PullRequestSource(door, "acme", "papers", 214)
            assert source.attributes(source.change()) == {}


def test_attributes_are_the_bases(github: FakeGitHub) -> None:
    """A pull request cannot hide its own lines by its own attributes."""
    base, head = {".gitattributes": b"a.py -text\n"}, {".gitattributes": b"* linguist-generated\n"}
    github.pull_request(NAME, 214, patch=PATCH, base_files=base, head_files=head, merge_base="c" * 40)
    with opened(github) as door:
        source = PullRequestSource(door, "acme", "papers", 214)
        assert source.attributes(source.change()) == {".gitattributes": "a.py -text\n"}


def test_a_checkout_tells_all_attributes(github: FakeGitHub, tmp_path: Path) -> None:
    """A clone that has the merge base knows the files of deeper folders too; one that has not changes nothing."""
    local = TestRepository(tmp_path)
    merge_base = local.commit({".gitattributes": "a -text\n", "docs/.gitattributes": "b -text\n"})
    remote = {".gitattributes": b"remote\n"}
    github.pull_request(NAME, 214, patch=PATCH, merge_base=merge_base, base_files=remote)
    github.pull_request(NAME, 215, patch=PATCH, base_files=remote)
    with opened(github) as door:
        known, unknown = (PullRequestSource(door, "acme", "papers", each, Repository(tmp_path)) for each in (214, 215))
        assert sorted(known.attributes(known.change())) == [".gitattributes", "docs/.gitattributes"]
        assert unknown.attributes(unknown.change()) == {".gitattributes": "remote\n"}


def test_contents_come_from_the_checkout_alone(github: FakeGitHub, tmp_path: Path) -> None:
    """Whole files are those of the object store under the ids of the patch; no request is made for them."""
    local = TestRepository(tmp_path)
    base = local.commit({"a.py": "x = 1\n"})
    head = local.commit({"a.py": "x = 2\n"})
    patch = local.git("diff", base, head).encode() + b"\n"
    github.pull_request(NAME, 214, patch=patch)
    with opened(github) as door:
        source = PullRequestSource(door, "acme", "papers", 214, Repository(tmp_path))
        diff = parse(source.change().patch)
        count = len(github.requests)
        contents = source.contents(diff)
        assert (contents[0].base, contents[0].head) == (b"x = 1\n", b"x = 2\n")
        assert PullRequestSource(door, "acme", "papers", 214).contents(diff)[0].head is None
        assert len(github.requests) == count


def test_a_renamed_repository_is_followed(github: FakeGitHub) -> None:
    """The old name leads to the pull request, which carries the new one; no request loses its query on the way."""
    github.pull_request("acme/papers", 214, patch=PATCH)
    github.rename("acme/papers", "acme/letters")
    change = read(github, name="acme/papers")
    assert (change.title, change.patch) == ("acme/letters#214", PATCH)
    assert asked(github).count("GET /repos/acme/papers/pulls/214") == 1


def test_github_enterprise_is_asked_below_its_own_path() -> None:
    """REST is under /api/v3 and GraphQL at /api/graphql of one's own host."""
    with FakeGitHub(enterprise=True) as github:
        github.pull_request(NAME, 214, patch=PATCH)
        assert read(github).patch == PATCH
        assert asked(github)[0] == "GET /api/v3/repos/acme/papers/pulls/214"
        assert asked(github)[-1] == "POST /api/graphql"
    assert github.problems == []


def test_at_most_250_commits_are_told(github: FakeGitHub) -> None:
    """One comparison tells as many commits as GitHub tells at all."""
    github.pull_request(NAME, 214, patch=PATCH, messages=[f"Commit {number}" for number in range(260)])
    pull = read(github).pull_request
    assert pull is not None
    assert len(pull.commits) == 250
    assert len(github.requests) == 4


def test_files_that_the_diff_does_not_name_are_counted(github: FakeGitHub) -> None:
    """What GitHub counts but does not show is not passed over."""
    second = PATCH.replace(b"a.py", b"b.py")
    github.pull_request(NAME, 214, patch=PATCH + second)
    github.fail_next("GET", r"/pulls/214$", accept="diff", status=200, body=PATCH)
    assert read(github).unlisted == 1


def test_a_diff_that_cannot_be_read_is_an_error(github: FakeGitHub) -> None:
    """What is no patch to its last line does not become a review of a part of it."""
    github.pull_request(NAME, 214, patch=PATCH)
    github.fail_next("GET", r"/pulls/214$", accept="diff", status=200, body=PATCH[:-8])
    github.fail_next("GET", r"/pulls/214$", accept="diff", status=200, body="<html>Sign in</html>")
    for expected in (r"GitHub's diff of acme/papers#214 cannot be read \(line \d+ of the patch", "cannot be read"):
        with pytest.raises(BadReply, match=expected):
            read(github)


def test_a_read_is_tried_again(github: FakeGitHub) -> None:
    """A server that fails for a moment is asked again, whatever the request goes over."""
    github.pull_request(NAME, 214, patch=PATCH)
    for path, accept in ((r"/pulls/214$", ""), (r"/pulls/214$", "diff"), (r"/compare/", "")):
        github.fail_next("GET", path, accept=accept, status=502)
        github.fail_next("GET", path, accept=accept, status=0)
    github.fail_next("POST", r"/graphql$", status=503)
    pauses: list[float] = []
    with opened(github, sleep=pauses.append) as door:
        assert PullRequestSource(door, "acme", "papers", 214).change().patch == PATCH
    assert pauses == [0.5, 1.0] * 3 + [0.5]


POLICY = ".github/plumbline.yml"
TOUCHING = b"""diff --git a/.github/plumbline.yml b/.github/plumbline.yml
index 1111111..2222222 100644
--- a/.github/plumbline.yml
+++ b/.github/plumbline.yml
@@ -1 +1 @@
-drafts: true
+drafts: false
"""
DELETING = b"""diff --git a/.github/plumbline.yml b/.github/plumbline.yml
deleted file mode 100644
index 1111111..0000000
--- a/.github/plumbline.yml
+++ /dev/null
@@ -1 +0,0 @@
-drafts: true
"""
QUOTING = PATCH.replace(b"+x = 2", b"+x = '.github/plumbline.yml'")
WAYS = pytest.mark.parametrize("token", ["", None], ids=["token", "anonymous"])


def on_base(pull: FakePullRequest, content: bytes) -> None:
    """Let the base branch go on to a commit that holds the policy; the merge base stays without."""
    pull.move_base("e" * 40)
    pull.files["e" * 40] = {POLICY: content}


def texts(fake: FakeGitHub, *, token: str | None = "") -> PolicyTexts:
    with opened(fake, token=token) as door:
        source = PullRequestSource(door, "acme", "papers", 214)
        change = source.change()
        asked_before = len(fake.requests)
        found = source.policy_texts(change)
        assert len(fake.requests) == asked_before
        return found


@WAYS
def test_the_policy_is_that_of_the_base_branch_and_the_organisation(github: FakeGitHub, token: str | None) -> None:
    """Neither the merge base nor the head decides: the tip of the base branch does, above the owner's default."""
    old, new = {POLICY: b"enabled: false\n"}, {POLICY: b"max_comments: 0\n"}
    pull = github.pull_request(NAME, 214, patch=PATCH, merge_base="c" * 40, base_files=old, head_files=new)
    on_base(pull, b"drafts: true\n")
    github.repository("acme/.github").files = {POLICY: b"language: de\n"}
    assert texts(github, token=token) == PolicyTexts(organisation="language: de\n", base="drafts: true\n")


@WAYS
def test_without_any_policy_there_is_none(github: FakeGitHub, token: str | None) -> None:
    """An owner without a `.github` repository is as good as one with an empty one."""
    github.pull_request(NAME, 214, patch=PATCH)
    assert texts(github, token=token) == PolicyTexts()
    github.repository("acme/.github").files = {"README.md": b"Hello"}
    assert texts(github, token=token) == PolicyTexts()


def test_reading_the_policy_takes_no_request_more(github: FakeGitHub) -> None:
    """It comes with the second look, whether the organisation has one or not."""
    pull = github.pull_request(NAME, 214, patch=TOUCHING)
    on_base(pull, b"drafts: true\n")
    texts(github)
    assert len(github.requests) == 4


@WAYS
@pytest.mark.parametrize(
    ("patch", "proposed"),
    [(TOUCHING, "drafts: false\n"), (QUOTING, None), (PATCH, None)],
    ids=["changed", "quoted", "no"],
)
def test_a_policy_is_proposed_by_who_changes_it(
    github: FakeGitHub, token: str | None, patch: bytes, proposed: str | None
) -> None:
    """The head's file is told only where the change touches it, and never takes the base's place."""
    pull = github.pull_request(NAME, 214, patch=patch, head_files={POLICY: b"drafts: false\n"})
    on_base(pull, b"drafts: true\n")
    assert texts(github, token=token) == PolicyTexts(base="drafts: true\n", proposed=proposed)


@WAYS
def test_a_policy_that_goes_is_not_proposed(github: FakeGitHub, token: str | None) -> None:
    """A change that deletes it brings none in; the base's holds until then."""
    pull = github.pull_request(NAME, 214, patch=DELETING)
    on_base(pull, b"drafts: true\n")
    assert texts(github, token=token) == PolicyTexts(base="drafts: true\n")


@WAYS
def test_a_policy_out_of_a_fork_is_only_proposed(github: FakeGitHub, token: str | None) -> None:
    """What somebody writes in a repository of their own is checked, never applied."""
    github.pull_request(
        NAME, 214, patch=TOUCHING, head_repository="alice/papers", head_files={POLICY: b"drafts: false\n"}
    )
    assert texts(github, token=token) == PolicyTexts(proposed="drafts: false\n")


@WAYS
def test_a_repository_that_was_given_away_sets_no_policy(github: FakeGitHub, token: str | None) -> None:
    """The owner's `.github` is read by its name alone: where it went, others may write."""
    github.pull_request(NAME, 214, patch=PATCH)
    github.repository("acme/.github").files = {POLICY: b"language: de\n"}
    github.rename("acme/.github", "mallory/.github")
    assert texts(github, token=token) == PolicyTexts()


@WAYS
def test_a_private_policy_of_the_organisation_is_for_who_sees_it(github: FakeGitHub, token: str | None) -> None:
    """Out of the token's reach it is as if it were not there; the look goes on."""
    github.pull_request(NAME, 214, patch=PATCH)
    github.repository("acme/.github", private=True).files = {POLICY: b"language: de\n"}
    assert texts(github, token=token) == PolicyTexts(organisation=None if token is None else "language: de\n")
    github.add_token("ghs_" + "short" * 8, repositories=())
    assert texts(github, token="ghs_" + "short" * 8) == PolicyTexts()


def graphql_error(github: FakeGitHub, kind: str, path: list[str], **data: object) -> None:
    error = {"type": kind, "path": path, "message": "No."}
    github.fail_next("POST", r"/graphql$", status=200, body={"data": data or None, "errors": [error]})


SEEN = {"object": None, "base": None, "pullRequest": {"headRefOid": "a" * 40, "baseRefName": "main"}}


def test_an_organisation_that_refuses_fails_no_look(github: FakeGitHub) -> None:
    """Single sign-on for the organisation's repository alone is no reason to read nothing."""
    github.pull_request(NAME, 214, patch=PATCH, head_sha="a" * 40)
    graphql_error(github, "FORBIDDEN", ["organisation"], repository=SEEN, organisation=None)
    assert texts(github) == PolicyTexts()


@pytest.mark.parametrize(
    ("kind", "path"), [("FORBIDDEN", ["repository"]), ("NOT_FOUND", ["repository", "pullRequest"]), ("NOT_FOUND", [])]
)
def test_what_else_is_missing_is_an_error(github: FakeGitHub, kind: str, path: list[str]) -> None:
    """Only the organisation may be missing."""
    github.pull_request(NAME, 214, patch=PATCH, head_sha="a" * 40)
    graphql_error(github, kind, path, repository=SEEN, organisation=None)
    with pytest.raises(Rejected):
        texts(github)


def test_without_a_token_a_base_that_cannot_be_read_is_an_error(github: FakeGitHub) -> None:
    """A review under rules that nobody could read would be one under the wrong rules."""
    github.pull_request(NAME, 214, patch=PATCH)
    github.fail_next("GET", r"papers/contents/\.github", status=403, body={"message": "Blocked"})
    with pytest.raises(Rejected, match="Blocked"):
        texts(github, token=None)


@WAYS
@pytest.mark.parametrize("size", [65_536, 65_537, 600_000, 1_000_001])
def test_a_policy_that_is_too_long_stays_too_long(github: FakeGitHub, token: str | None, size: int) -> None:
    """A file above the limit is cut, but never to a length at which a part of it would pass for the whole."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    on_base(pull, b"#" * size)
    base = texts(github, token=token).base
    assert base is not None
    assert len(base) == min(size, 65_537)
    assert bool(read_policy(base, "here").problems) is (size > 65_536)


@WAYS
def test_a_policy_that_is_no_text_is_a_problem(github: FakeGitHub, token: str | None) -> None:
    """What cannot be read is told, not passed over."""
    pull = github.pull_request(NAME, 214, patch=PATCH)
    on_base(pull, b"drafts: true\n\0")
    base = texts(github, token=token).base
    assert base is not None
    assert read_policy(base, "here").problems


@WAYS
def test_a_base_branch_may_have_any_name(github: FakeGitHub, token: str | None) -> None:
    """A name with signs that mean something in an address is sent as it is."""
    pull = github.pull_request(NAME, 214, patch=PATCH, base_ref="release/1.x&ref=evil#é+")
    on_base(pull, b"drafts: true\n")
    assert texts(github, token=token).base == "drafts: true\n"


def test_before_it_is_read_there_is_no_policy(github: FakeGitHub) -> None:
    """Nothing is asked, and nothing known, of a pull request that nobody looked at."""
    change = Change(PATCH, "acme/papers#214")
    with opened(github) as door:
        source = PullRequestSource(door, "acme", "papers", 214)
        assert source.policy_texts(change) == PolicyTexts()
        assert source.attributes(change) == {}
    assert github.requests == []
