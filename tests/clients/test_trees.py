"""The repository around a change: out of an archive, a checkout, or file by file; nothing of it reaches the disk."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clients import archive
from bot.clients.archive import Archives, tree_of
from bot.clients.github import trees
from bot.clients.github.snapshot import PullRequestSource
from bot.clients.github.trees import HeadTree
from bot.clients.source import CommitTree, LocalRange, PatchedTree, PatchText, Repository
from bot.errors import BadReply, OutsideError
from tests.clients.github_door import asked, opened
from tests.fakes.github import FakeGitHub
from tests.repository import TestRepository

PATCH = b"diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
FILES = {"a.py": b"x = 2\n", "sub/b.py": b"import a\n", "logo.png": b"\0\0"}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub with one pull request, that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        fake.pull_request("acme/papers", 214, patch=PATCH, head_files=FILES, private=True)
        yield fake
    assert fake.problems == []


def packed(*members: tarfile.TarInfo, content: bytes = b"x") -> bytes:
    """An archive of members; regular ones get the content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for member in members:
            if member.isreg():
                member.size = len(content)
            made.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """An entry of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def test_the_archive_of_the_head_is_read(github: FakeGitHub, tmp_path: Path) -> None:
    """One archive, without the token where GitHub redirects; the next review of the commit needs no request."""
    with opened(github) as connection:
        change = PullRequestSource(connection, "acme", "papers", 214).change()
        before = len(github.requests)
        tree = HeadTree(connection, None, Archives(tmp_path / "archives")).tree(change)
        assert tree.files == {"a.py": b"x = 2\n", "sub/b.py": b"import a\n"}
        assert [call.split()[1].split("/")[-2] for call in asked(github)[before:]] == ["tarball", "papers"]
        again = HeadTree(connection, None, Archives(tmp_path / "archives")).tree(change)
        assert again == tree
        assert len(github.requests) == before + 2
    (kept,) = (tmp_path / "archives").iterdir()
    assert (kept.stat().st_mode & 0o077, (tmp_path / "archives").stat().st_mode & 0o077) == (0, 0)


def test_of_a_repository_that_is_too_large_the_files_near_the_change_are_read(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen by their names, one by one."""
    monkeypatch.setattr(trees, "MOST_PACKED", 10)
    with opened(github) as connection:
        change = PullRequestSource(connection, "acme", "papers", 214).change()
        tree = HeadTree(connection).tree(change)
    assert tree.files == {"a.py": b"x = 2\n"}


def test_a_checkout_with_the_commit_costs_no_request(github: FakeGitHub, tmp_path: Path) -> None:
    """As with a checkout of the head in a workflow; one without the commit is not asked for anything else."""
    made = TestRepository(tmp_path / "made")
    made.commit({"a.py": "x = 2\n", "c.py": "c\n"})
    head = made.git("rev-parse", "HEAD")
    github.pull_request("acme/papers", 215, patch=PATCH, head_sha=head, head_files={})
    repository = Repository.find(made.root)
    with opened(github) as connection:
        change = PullRequestSource(connection, "acme", "papers", 215).change()
        before = len(github.requests)
        assert set(HeadTree(connection, repository).tree(change).files) == {"a.py", "c.py"}
        assert len(github.requests) == before
        other = PullRequestSource(connection, "acme", "papers", 214).change()
        assert set(HeadTree(connection, repository).tree(other).files) == {"a.py", "sub/b.py"}


def test_an_archive_that_is_not_there_is_an_error_of_github(github: FakeGitHub) -> None:
    """It is told in a sentence; the review goes on without."""
    github.fail_next("GET", "/_codeload/", status=404, body={"message": "Not Found"})
    with opened(github) as connection:
        change = PullRequestSource(connection, "acme", "papers", 214).change()
        with pytest.raises(OutsideError, match="acme/papers#214"):
            HeadTree(connection).tree(change)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no tar" * 400, mtime=0), packed(member("r/a"))[:-20]],
    ids=["empty", "no gzip", "no tar", "cut"],
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    """In a sentence, and not taken for an empty repository where it was cut."""
    with pytest.raises(BadReply, match="archive"):
        tree_of(content)


def test_nothing_in_an_archive_leads_out() -> None:
    """Links, devices and paths that leave the root are no files; an absolute one is a name below it."""
    hostile = packed(
        member("r/good.py"),
        member("r/../../etc/passwd"),
        member("/etc/passwd"),
        member("r/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("r/hard", tarfile.LNKTYPE, "r/good.py"),
        member("r/pipe", tarfile.FIFOTYPE),
        member("r/.git/config"),
    )
    assert set(tree_of(hostile).files) == {"good.py", "etc/passwd"}


def test_an_archive_that_unpacks_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is read up to a bound and refused."""
    monkeypatch.setattr(archive, "_MOST_UNPACKED", 50_000)
    with pytest.raises(BadReply):
        tree_of(packed(member("r/a.bin"), member("r/b.py"), content=b"0" * 300_000))


def test_archives_are_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day, and the oldest first where they take too much room."""
    kept = Archives(tmp_path)
    kept.keep("acme/papers", "1" * 40, b"old")
    (old,) = tmp_path.iterdir()
    os.utime(old, (time.time() - 100_000,) * 2)
    kept.keep("acme/papers", "2" * 40, b"new")
    assert kept.find("acme/papers", "1" * 40) is None
    assert kept.find("acme/papers", "2" * 40) == b"new"
    assert kept.find("acme/other", "2" * 40) is None
    monkeypatch.setattr(archive, "_KEPT_BYTES", 4)
    kept.keep("acme/papers", "3" * 40, b"next")
    assert kept.find("acme/papers", "2" * 40) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    """It costs another download, no review."""
    (tmp_path / "file").write_text("")
    kept = Archives(tmp_path / "file" / "archives")
    kept.keep("acme/papers", "1" * 40, b"x")
    assert kept.find("acme/papers", "1" * 40) is None


def test_local_trees(tmp_path: Path) -> None:
    """A branch, what is staged, and a patch that belongs to the checkout: each with the change applied."""
    made = TestRepository(tmp_path / "made")
    made.commit({"a.py": "x = 1\n", "b.py": "b\n"})
    made.branch("work")
    made.commit({"a.py": "x = 2\n"})
    made.write({"a.py": "x = 3\n", "b.py": "dirty\n"})
    repository = Repository.find(made.root)
    assert repository is not None
    branch = LocalRange(repository, "main")
    assert CommitTree(repository).tree(branch.change()).files == {"a.py": b"x = 2\n", "b.py": b"b\n"}
    changed = branch.change().patch
    made.git("add", "a.py")
    staged = LocalRange(repository, "", staged=True)
    assert CommitTree(repository).tree(staged.change()).files == {"a.py": b"x = 3\n", "b.py": b"b\n"}
    made.git("checkout", "--force", "main")
    patch = PatchText(changed, "a.patch", repository)
    assert PatchedTree(repository, patch).tree(patch.change()).files == {"a.py": b"x = 2\n", "b.py": b"b\n"}
    stranger = PatchText(PATCH.replace(b"a.py", b"z.py"), "z.patch", repository)
    assert PatchedTree(repository, stranger).tree(stranger.change()).files == {}
