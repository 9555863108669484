"""Above GitHub's limits the patch is put together from the list of files, and what is missing is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bot.clients.github.snapshot import PullRequestSource
from bot.core.change import Change
from bot.core.diff import Diff, FileDiff, FileKind, FileStatus
from bot.core.patch import parse
from bot.core.patch_writer import render
from tests.clients.github_door import asked, opened
from tests.core.strategies import diffs
from tests.fakes.github import FakeGitHub
from tests.repository import TestRepository

NAME = "acme/papers"
Files = Mapping[str, bytes]

SMALL = {f"many/{number:03}.txt": b"old\n" for number in range(301)}
NUMBERED = b"".join(b"line %d\n" % number for number in range(3_000))


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        yield fake
    assert fake.problems == []


def patch_of(folder: Path, base: Files, head: Files) -> bytes:
    """What git says of the change, as GitHub would."""
    local = TestRepository(folder)
    first = local.commit(dict(base))
    gone: dict[str, str | bytes | None] = {path: None for path in base if path not in head}
    second = local.commit(gone | dict(head))
    return local.git("diff", "--find-renames", "--full-index", first, second).encode("utf-8", "surrogateescape") + b"\n"


def read(fake: FakeGitHub) -> Change:
    with opened(fake) as door:
        return PullRequestSource(door, "acme", "papers", 214).change()


def by_path(diff: Diff) -> dict[str, FileDiff]:
    return {file.path: file for file in diff.files}


def bare(file: FileDiff) -> FileDiff:
    """Without what the list of files does not tell: modes, similarity, the id of the old version."""
    return replace(file, old_mode=None, new_mode=None, old_blob=None, new_blob=None, similarity=None)


def test_the_patch_is_that_of_git(github: FakeGitHub, tmp_path: Path) -> None:
    """Of any kind of change the lines, names and statuses are those that git itself would tell."""
    base = {
        **SMALL,
        "gone.txt": b"a\nb\n",
        "moved.txt": NUMBERED,
        "pure.txt": b"same\n" * 9,
        "image.png": b"\x00\x01",
        'w\xc3\xa9ird "name".txt'.encode("latin-1").decode(): b"x\n",
        "crlf.txt": b"x\r\ny\r\n",
        "cut.txt": b"no end",
    }
    head = {
        **dict.fromkeys(SMALL, b"new\n"),
        "new.txt": b"fresh\n",
        "empty.txt": b"",
        "renamed.txt": NUMBERED.replace(b"line 7\n", b"line seven\n"),
        "other.txt": b"same\n" * 9,
        "image.png": b"\x00\x02",
        'w\xc3\xa9ird "name".txt'.encode("latin-1").decode(): b"y\n",
        "crlf.txt": b"x\r\nz\r\n",
        "cut.txt": b"no end\n",
    }
    patch = patch_of(tmp_path, base, head)
    github.pull_request(NAME, 214, patch=patch)
    change = read(github)
    made, given_by_git = by_path(parse(change.patch)), by_path(parse(patch))
    assert {path: bare(file) for path, file in made.items()} == {
        path: bare(file) for path, file in given_by_git.items()
    }
    assert (change.rebuilt, change.withheld, change.unlisted) == (frozenset(), frozenset(), 0)


def test_an_ordinary_page_of_files_is_asked_for_once(github: FakeGitHub, tmp_path: Path) -> None:
    """Where no lines are missing no row is asked for twice, binary files and pure renames included."""
    base = {**SMALL, "a.png": b"\x00\x01", "pure.txt": b"same\n" * 9}
    head = {**dict.fromkeys(SMALL, b"new\n"), "a.png": b"\x00\x02", "other.txt": b"same\n" * 9}
    github.pull_request(NAME, 214, patch=patch_of(tmp_path, base, head))
    read(github)
    assert asked(github).count("GET /repos/acme/papers/pulls/214/files") == 4
    assert not any("/contents/" in request for request in asked(github))


def test_a_withheld_patch_is_made_from_both_versions(github: FakeGitHub, tmp_path: Path) -> None:
    """A patch that the list leaves out is made here, said to be so, and carries no inline comments."""
    base = {**SMALL, "large.txt": NUMBERED, "l\xe4rge? #1 100%41.txt": NUMBERED}
    head = {
        **dict.fromkeys(SMALL, b"new\n"),
        "large.txt": NUMBERED.replace(b"line 7\n", b"line \xff\r\n"),
        "big.txt": b"x\n",
    }
    patch = patch_of(tmp_path, base, head)
    paths = ["large.txt", "big.txt", "l\xe4rge? #1 100%41.txt"]
    github.pull_request(NAME, 214, patch=patch, base_files=base, head_files=head, withheld=paths)
    change = read(github)
    made, given_by_git = by_path(parse(change.patch)), by_path(parse(patch))
    assert (change.rebuilt, change.withheld) == (frozenset(paths), frozenset())
    for path in paths:
        assert (made[path].hunks, made[path].status) == (given_by_git[path].hunks, given_by_git[path].status)
        assert (made[path].old_blob, made[path].new_blob) == (given_by_git[path].old_blob, given_by_git[path].new_blob)
    told = by_path(parse(change.patch).with_origins(rebuilt=change.rebuilt, withheld=change.withheld))
    assert told["large.txt"].commentable == {}
    assert told["many/000.txt"].commentable


def test_a_renamed_file_is_compared_with_its_old_name(github: FakeGitHub, tmp_path: Path) -> None:
    """The old version of a withheld rename is found under the name that it had."""
    base, head = {**SMALL, "old.txt": NUMBERED}, {**dict.fromkeys(SMALL, b"new\n"), "new.txt": NUMBERED + b"more\n"}
    patch = patch_of(tmp_path, base, head)
    github.pull_request(NAME, 214, patch=patch, base_files=base, head_files=head, withheld=["new.txt"])
    change = read(github)
    file = by_path(parse(change.patch))["new.txt"]
    assert (file.status, file.old_path, file.added, file.removed) == (FileStatus.RENAMED, "old.txt", 1, 0)
    assert change.rebuilt == {"new.txt"}


@pytest.mark.parametrize("where", ["head", "base", "nowhere"])
def test_what_cannot_be_rebuilt_is_named(github: FakeGitHub, tmp_path: Path, where: str) -> None:
    """A version that is too large, or out of reach, leaves a file without lines that is said to be withheld."""
    base, head = {**SMALL, "large.txt": NUMBERED}, {**dict.fromkeys(SMALL, b"new\n"), "large.txt": NUMBERED + b"more\n"}
    patch = patch_of(tmp_path, base, head)
    sizes = {"base": base, "head": head}
    texts = {
        side: {**files, "large.txt": b"x" * 5_000_001} if side == where else files for side, files in sizes.items()
    }
    if where == "nowhere":
        texts = {"base": {}, "head": {}}
    github.pull_request(
        NAME, 214, patch=patch, base_files=texts["base"], head_files=texts["head"], withheld=["large.txt"]
    )
    change = read(github)
    file = by_path(parse(change.patch))["large.txt"]
    assert (change.withheld, change.rebuilt, change.unlisted) == (frozenset({"large.txt"}), frozenset(), 0)
    assert (file.hunks, file.status) == ((), FileStatus.MODIFIED)


def test_a_binary_file_that_counts_lines_is_binary(github: FakeGitHub, tmp_path: Path) -> None:
    """What git would not show as text is not shown as text."""
    base, head = {**SMALL, "data.bin": b"a\n"}, {**dict.fromkeys(SMALL, b"new\n"), "data.bin": b"b\n"}
    patch = patch_of(tmp_path, base, head)
    before, after = {"data.bin": b"\x00a\n"}, {"data.bin": b"\x00b\n"}
    github.pull_request(NAME, 214, patch=patch, withheld=["data.bin"], base_files=before, head_files=after)
    assert by_path(parse(read(github).patch))["data.bin"].kind is FileKind.BINARY


def test_rows_that_a_full_page_lost_are_asked_for_again(github: FakeGitHub, tmp_path: Path) -> None:
    """Past 20,000 lines in one answer rows come without patch and counts, unmarked: no line may be missing for that."""
    head = {f"f/{number:03}.txt": b"new\n" * 250 for number in range(130)} | {"f/050.png": b"\x00"}
    patch = patch_of(tmp_path, {}, head)
    github.pull_request(NAME, 214, patch=patch)
    change = read(github)
    assert parse(change.patch).changed == parse(patch).changed == 130 * 250
    assert (change.rebuilt, change.withheld) == (frozenset(), frozenset())
    sizes = [request.query["per_page"] for request in github.requests if request.path.endswith("/files")]
    assert (sizes.count("100"), sizes.count("10"), sizes.count("1")) == (2, 3, 0)


def test_rows_that_a_smaller_page_lost_are_asked_for_alone(github: FakeGitHub, tmp_path: Path) -> None:
    """Ten long patches can be too many for one answer, too."""
    head = {f"f/{number}.txt": b"new\n" * 3_000 for number in range(8)}
    patch = patch_of(tmp_path, {}, head)
    github.pull_request(NAME, 214, patch=patch)
    assert parse(read(github).patch).changed == 8 * 3_000
    sizes = [request.query["per_page"] for request in github.requests if request.path.endswith("/files")]
    assert (sizes.count("100"), sizes.count("10"), sizes.count("1")) == (1, 1, 2)


def one_liners(count: int) -> bytes:
    row = "diff --git a/{0}.txt b/{0}.txt\nnew file mode 100644\n--- /dev/null\n+++ b/{0}.txt\n@@ -0,0 +1 @@\n+{0}\n"
    return "".join(row.format(number) for number in range(count)).encode()


def test_files_beyond_the_list_are_counted(github: FakeGitHub) -> None:
    """GitHub names 3,000 files at most; how many more there are is said."""
    github.pull_request(NAME, 214, patch=one_liners(3_010))
    change = read(github)
    assert len(parse(change.patch).files) == 3_000
    assert change.unlisted == 10
    assert len(github.requests) == 4 + 30


def test_a_diff_that_takes_too_long_is_put_together(github: FakeGitHub) -> None:
    """GitHub's word for a diff that it does not finish is 422, of any size of change."""
    patch = one_liners(2)
    github.pull_request(NAME, 214, patch=patch)
    says = {
        "message": "Server Error: Sorry, this diff is taking too long to generate.",
        "errors": [{"resource": "PullRequest", "field": "diff", "code": "not_available"}],
    }
    github.fail_next("GET", r"/pulls/214$", accept="diff", status=422, body=says)
    assert parse(read(github).patch).changed == 2


SUBMODULE = b"""diff --git a/lib b/lib
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 160000
--- a/lib
+++ b/lib
@@ -1 +1 @@
-Subproject commit 1111111111111111111111111111111111111111
+Subproject commit 2222222222222222222222222222222222222222
"""


def test_a_submodule_stays_one(github: FakeGitHub) -> None:
    """The list does not tell modes, but git's words for a submodule do."""
    github.pull_request(NAME, 214, patch=SUBMODULE + one_liners(301))
    assert by_path(parse(read(github).patch))["lib"] == parse(SUBMODULE).files[0]


def test_hunks_that_are_not_all_are_not_believed(github: FakeGitHub) -> None:
    """A row whose patch does not hold the lines that it counts is made anew, or named."""
    github.pull_request(NAME, 214, patch=one_liners(301))
    row = {"filename": "0.txt", "status": "added", "additions": 2, "deletions": 0, "changes": 2}
    texts = ("@@ -0,0 +1 @@\n+0", "@@ -0,0 +1,2 @@\n+0", "no hunk")
    for text in texts:
        github.fail_next("GET", r"/files$", status=200, body=json.dumps([{**row, "patch": text}]))
        change = read(github)
        assert (change.withheld, change.unlisted) == (frozenset({"0.txt"}), 300)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(diff=diffs)
def test_any_change_can_be_put_together(github: FakeGitHub, diff: Diff) -> None:
    """Whatever files and lines there are, the patch is read, and its lines are all there or their file is named."""
    for pull in list(github.state.pulls):
        github.state.pulls.remove(pull)
    patch = render(diff)
    github.pull_request(NAME, 214, patch=patch)
    github.fail_next("GET", r"/pulls/214$", accept="diff", status=406)
    change = read(github)
    kept = [file for file in parse(change.patch).files if file.path not in change.withheld]
    named = {_decoded(file.path) for file in parse(patch).files if file.changed_lines}
    assert named <= {file.path for file in parse(change.patch).files}
    assert sum(len(file.changed_lines) for file in kept) <= diff.changed
    if not change.withheld:
        assert sum(len(file.changed_lines) for file in kept) == diff.changed


def _decoded(path: str) -> str:
    """JSON holds no bytes: what is not UTF-8 comes as a replacement character."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
