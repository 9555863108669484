"""The fake of GitHub: what it serves, whom it refuses, and what it calls a problem."""

from __future__ import annotations

import base64
import time

import httpx
import pytest

from tests.fakes.github import FakeGitHub
from tests.fakes.github_samples import DIFF, PATCH, PULL, REPOSITORY, many_files, opened

READS = [
    "",
    "/pulls/214",
    "/pulls/214/files",
    "/pulls/214/commits",
    "/pulls/214/reviews",
    "/pulls/214/comments",
    "/issues/214/comments",
    "/contents/docs/a%20b.md?ref=main",
]


@pytest.mark.parametrize("enterprise", [False, True])
@pytest.mark.parametrize("path", READS)
def test_answers_are_as_github_describes_them(path: str, enterprise: bool) -> None:
    """Each read answers 200 with what GitHub's description demands, also under the paths of an Enterprise Server."""
    files = {"docs/a b.md": b"# A"}
    with opened(enterprise=enterprise, base_files=files, labels=["bug"]) as (github, pull, client):
        pull.comment("bob", "Nice.")
        pull.review("bob", "Well done.")
        answer = client.get(REPOSITORY + path)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining"] == "4999"
        assert github.problems == []


@pytest.mark.parametrize(
    ("state", "shown", "merged"), [("open", "open", False), ("closed", "closed", False), ("merged", "closed", True)]
)
def test_states_of_a_pull_request(state: str, shown: str, merged: bool) -> None:
    """A merged pull request is closed, and says beside it that it was merged."""
    with opened(state=state, draft=True) as (github, _, client):
        answer = client.get(PULL).json()
        assert (answer["state"], answer["merged"], answer["draft"]) == (shown, merged, True)
        assert github.problems == []


def test_a_fork_that_is_gone_is_null() -> None:
    """The head of a deleted fork has neither repository nor user."""
    with opened(head_repository="") as (github, _, client):
        head = client.get(PULL).json()["head"]
        assert (head["repo"], head["user"]) == (None, None)
        assert github.problems == []


def test_a_fork_is_named() -> None:
    """The head of a fork has the fork's name."""
    with opened(head_repository="bob/papers") as (github, _, client):
        assert client.get(PULL).json()["head"]["repo"]["full_name"] == "bob/papers"
        assert github.problems == []


def test_the_diff_is_exact() -> None:
    """With the media type of diffs the bytes of the patch come as they are."""
    with opened() as (_, _, client):
        answer = client.get(PULL, headers=DIFF)
        assert answer.content == PATCH
        assert answer.headers["content-type"] == "application/vnd.github.diff; charset=utf-8"


@pytest.mark.parametrize(
    ("patch", "what"),
    [
        (many_files(301), "files (300)"),
        (many_files(1, 20_001), "lines (20000)"),
        (many_files(1, 1).replace(b"+line", b"+" + b"x" * 1024 * 1024), "bytes (1048576)"),
    ],
    ids=["files", "lines", "bytes"],
)
def test_a_large_diff_is_refused(patch: bytes, what: str) -> None:
    """Above 300 files, 20,000 lines or 1 MB GitHub answers 406 and `too_large`."""
    with opened(patch=patch) as (github, _, client):
        answer = client.get(PULL, headers=DIFF)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (406, "too_large")
        assert what in answer.json()["message"]
        assert github.problems == []


def test_patches_are_listed_as_hunks_only() -> None:
    """A row's patch begins at `@@`; a binary file, a pure rename and a withheld file have none."""
    with opened(withheld=["app.py"]) as (_, pull, client):
        withheld = client.get(f"{PULL}/files").json()
        assert [row["changes"] for row in withheld if "patch" not in row] == [5, 0, 0]
        pull.withheld.clear()
        rows = {row["filename"]: row for row in client.get(f"{PULL}/files").json()}
        assert rows["app.py"]["patch"].startswith("@@ -1,3 +1,4 @@\n one\n-two\n")
        assert rows["app.py"]["patch"].endswith("+ELEVEN \N{REPLACEMENT CHARACTER}")
        assert rows["new.md"]["previous_filename"] == "old.md"


def test_rows_past_20_000_lines_of_a_page_are_emptied() -> None:
    """They come with no changes and no patch, and nothing says so; a page of their own shows them."""
    with opened(patch=many_files(3, 9_000)) as (_, _, client):
        page = client.get(f"{PULL}/files").json()
        assert [(row["changes"], "patch" in row) for row in page] == [(9_000, True), (9_000, True), (0, False)]
        alone = client.get(f"{PULL}/files", params={"per_page": 1, "page": 3}).json()
        assert [(row["changes"], "patch" in row) for row in alone] == [(9_000, True)]


def test_a_file_of_more_than_20_000_lines_has_no_patch() -> None:
    """Even on a page of its own: its changes are counted, and its patch is not shown."""
    with opened(patch=many_files(1, 20_000)) as (_, _, client):
        rows = client.get(f"{PULL}/files").json()
        assert [(row["changes"], "patch" in row) for row in rows] == [(20_000, False)]


def test_at_most_3_000_files_are_listed() -> None:
    """The pull request counts all its files, the list ends at 3,000."""
    with opened(patch=many_files(3_001)) as (_, _, client):
        last = client.get(f"{PULL}/files", params={"per_page": 100, "page": 30})
        assert "next" not in last.links
        assert last.json()[-1]["filename"] == "f2999"
        assert client.get(PULL).json()["changed_files"] == 3_001


def test_pages_are_linked() -> None:
    """The Link header leads through all pages and back; the first and the last say that they are."""
    with opened(patch=many_files(5)) as (github, _, client):
        first = client.get(f"{PULL}/files", params={"per_page": 2})
        assert first.links.keys() == {"next", "last"}
        second = client.get(first.links["next"]["url"])
        assert second.links.keys() == {"prev", "next", "last", "first"}
        assert [row["filename"] for row in second.json()] == ["f2", "f3"]
        assert client.get(second.links["last"]["url"]).links.keys() == {"prev", "first"}
        assert github.problems == []


def test_a_comparison_has_commits_in_pages_and_files_on_the_first() -> None:
    """Three dots compare from the merge base; commits are paged, files stand on the first page."""
    messages = [f"Commit {index}" for index in range(120)]
    with opened(messages=messages, merge_base="b" * 40) as (github, pull, client):
        path = f"{REPOSITORY}/compare/{pull.base_sha}...{pull.head_sha}"
        first = client.get(path, params={"per_page": 100}).json()
        second = client.get(path, params={"per_page": 100, "page": 2}).json()
        assert (first["merge_base_commit"]["sha"], first["status"]) == ("b" * 40, "diverged")
        assert [len(first["commits"]), len(second["commits"]), second["total_commits"]] == [100, 20, 120]
        assert [len(first["files"]), len(second["files"])] == [3, 0]
        assert client.get(path).json()["commits"][-1]["sha"] == pull.head_sha
        assert github.problems == []


def test_contents_of_a_commit() -> None:
    """A file comes as base64 in JSON, or raw; what a commit lacks, and a commit that is not there, are 404."""
    with opened(base_files={"a.txt": b"old\r\n"}, head_files={"a.txt": b"\xffnew"}) as (github, pull, client):
        path = f"{REPOSITORY}/contents/a.txt"
        head = client.get(path, params={"ref": pull.head_sha}).json()
        assert base64.b64decode(head["content"]) == b"\xffnew"
        raw = {"accept": "application/vnd.github.raw+json"}
        assert client.get(path, params={"ref": pull.merge_base}, headers=raw).content == b"old\r\n"
        assert client.get(f"{REPOSITORY}/contents/b.txt", params={"ref": pull.head_sha}).status_code == 404
        assert client.get(path, params={"ref": "f" * 40}).json()["message"].startswith("No commit found")
        assert github.problems == []


@pytest.mark.parametrize(
    ("header", "method", "private", "status", "message"),
    [
        (None, "GET", False, 200, None),
        (None, "GET", True, 404, "Not Found"),
        (None, "POST", False, 401, "Requires authentication"),
        ("token wrong", "GET", False, 401, "Bad credentials"),
        ("Basic reader", "GET", False, 401, "Bad credentials"),
        ("token reader", "GET", True, 200, None),
        ("Bearer reader", "POST", False, 403, "Resource not accessible by integration"),
        ("Bearer stranger", "GET", True, 404, "Not Found"),
        ("Bearer stranger", "POST", False, 201, None),
    ],
)
def test_who_may_do_what(header: str | None, method: str, private: bool, status: int, message: str | None) -> None:
    """Anonymous callers read what is public; a token reads and writes what it was given, and nothing tells why not."""
    with opened(private=private) as (github, _, _):
        github.add_token("reader", write=False)
        github.add_token("stranger", repositories=[])
        with httpx.Client(base_url=github.api_url, headers={"authorization": header} if header else {}) as client:
            body = {"body": "Hello"} if method == "POST" else None
            answer = client.request(method, f"{REPOSITORY}/issues/214/comments", json=body)
        assert answer.status_code == status
        assert message is None or answer.json()["message"] == message
        assert github.problems == []


def test_the_hourly_limit() -> None:
    """Used up, every call is 403 with nothing remaining and the second at which it is reset."""
    with opened() as (github, _, client):
        reset = int(time.time()) + 600
        github.exhaust(reset)
        answer = client.get(PULL)
        limits = (answer.headers["x-ratelimit-remaining"], answer.headers["x-ratelimit-reset"])
        assert (answer.status_code, *limits) == (403, "0", str(reset))


def test_the_secondary_limit() -> None:
    """Hit, every call is 403 and told how long to wait."""
    with opened() as (github, _, client):
        github.slow_down(30)
        answer = client.get(PULL)
        assert (answer.status_code, answer.headers["retry-after"]) == (403, "30")
        assert "secondary rate limit" in answer.json()["message"]


def test_a_renamed_repository_sends_its_callers_on() -> None:
    """The old name answers 301 to the repository's number; a write 307."""
    with opened() as (github, _, client):
        github.rename("acme/papers", "acme/essays")
        moved = client.get(PULL)
        assert moved.status_code == 301
        assert client.get(moved.headers["location"]).json()["base"]["repo"]["full_name"] == "acme/essays"
        assert client.post(f"{REPOSITORY}/issues/214/comments", json={"body": "x"}).status_code == 307
        assert github.problems == []


def test_a_fault_before_and_after() -> None:
    """A failing request may have been carried out or not; the next one fits no fault any more."""
    with opened() as (github, pull, client):
        comments = f"{REPOSITORY}/issues/214/comments"
        github.fail_next("POST", "/comments$", status=502)
        assert client.post(comments, json={"body": "lost"}).status_code == 502
        assert pull.issue_comments == []
        github.fail_next("POST", "/comments$", status=502, after=True)
        assert client.post(comments, json={"body": "kept"}).status_code == 502
        assert [comment.body for comment in pull.issue_comments] == ["kept"]
        assert client.post(comments, json={"body": "fine"}).status_code == 201


def test_a_connection_can_close_without_an_answer() -> None:
    """Status 0 closes the connection, before or after the request was carried out."""
    with opened() as (github, pull, client):
        github.fail_next("POST", "/comments$", status=0, after=True)
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{REPOSITORY}/issues/214/comments", json={"body": "kept"})
        assert [comment.body for comment in pull.issue_comments] == ["kept"]


def test_a_push_between_two_requests() -> None:
    """What happens after a request is seen by the next: here a push after the diff was read."""
    with opened() as (github, pull, client):
        github.after_next("GET", "/pulls/214$", lambda: pull.push("c" * 40, PATCH), accept="diff")
        assert client.get(PULL).json()["head"]["sha"] != "c" * 40
        assert client.get(PULL, headers=DIFF).status_code == 200
        assert client.get(PULL).json()["head"]["sha"] == "c" * 40


def test_requests_are_remembered() -> None:
    """Method, path, query, Accept header and JSON of each request can be read back in order."""
    with opened() as (github, _, client):
        client.get(f"{PULL}/files", params={"page": 2}, headers=DIFF)
        client.post(f"{REPOSITORY}/issues/214/comments", json={"body": "x"})
        seen = [(request.method, request.path, dict(request.query), request.body) for request in github.requests]
        assert seen == [
            ("GET", f"{PULL}/files", {"page": "2"}, None),
            ("POST", f"{REPOSITORY}/issues/214/comments", {}, {"body": "x"}),
        ]
        assert github.requests[0].accept == DIFF["accept"]


def test_unknown_numbers_are_not_found() -> None:
    """A pull request or repository that is not there is 404."""
    with FakeGitHub() as github, httpx.Client(base_url=github.api_url) as client:
        github.repository("acme/papers")
        assert client.get(f"{REPOSITORY}/pulls/7").status_code == 404
        assert client.get("/repos/acme/other/pulls/7").status_code == 404
        assert github.problems == []
