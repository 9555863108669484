"""The patch of a pull request above GitHub's limits, put together from the list of its files.

GitHub serves no diff above 300 files, 20,000 lines or 1 MB. The list goes on to 3,000 files, with traps of its own: the
patch of a large file is missing, and past 20,000 lines in one answer the rows say nothing of that but have neither
patch nor counts (https://github.com/orgs/community/discussions/213491).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from bot.clients.github.answers import FileRow, PullAnswer, read
from bot.clients.github.connection import GitHub
from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Hunk
from bot.core.git_header import SUBMODULE_MODE
from bot.core.patch import parse
from bot.core.patch_writer import render
from bot.errors import BadPatch, Rejected

_PAGE = 100
_MOST_FILES = 3_000
# Smaller pages for the rows that a page lost; each must divide the one before.
_SMALLER_PAGES = (10, 1)
# A job's token has 1,000 requests an hour: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
_MOST_LISTINGS = 300
_MOST_REBUILT = 100
_LARGEST_FILE = 5_000_000
_RAW_TYPE = "application/vnd.github.raw+json"
_GIT_SECONDS = 60

_FILE_MODE = "100644"
_NO_BLOB = "0" * 40
_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_SUBMODULE = re.compile(r"@@ [^\n]* @@(?:\n[-+]Subproject commit [0-9a-f]{40,64}){1,2}\n?")
_COMMITS = re.compile(r"^([-+])Subproject commit ([0-9a-f]+)$", re.MULTILINE)
_STATUSES = {
    "added": FileStatus.ADDED,
    "removed": FileStatus.DELETED,
    "renamed": FileStatus.RENAMED,
    "copied": FileStatus.COPIED,
}
_DIFF = ("diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--unified=3")
# No configuration and no attributes but git's own, whoever runs it.
_NO_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CEILING_DIRECTORIES": "/",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A patch of so many files, with the paths of those that GitHub withheld: made here instead, or not to be had."""

    patch: bytes
    files: int
    rebuilt: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()


def compose(github: GitHub, pull: PullAnswer, merge_base: str) -> Composed:
    """Put the patch together, files in GitHub's order. It parses, whatever the rows hold."""
    rows, lost = _Listing(github, pull).rows()
    files: list[FileDiff] = []
    rebuilt: set[str] = set()
    withheld: set[str] = set()
    rebuilding = _Rebuilding(github, pull, merge_base)
    for index, row in enumerate(rows):
        shell = _shell(row)
        file = _given(shell, row) if row.patch else None
        if file is None and not row.patch and not row.changes and index not in lost:
            file = _without_lines(shell, row)
        if file is None:
            file = rebuilding.file(shell)
            (withheld if file is None else rebuilt).add(shell.path)
        files.append(file or shell)
    return Composed(render(Diff(tuple(files))), len(rows), frozenset(rebuilt), frozenset(withheld))


class _Listing:
    """The list of the files, read in pages that become smaller where rows were lost."""

    def __init__(self, github: GitHub, pull: PullAnswer) -> None:
        self._github = github
        self._pull = pull
        self._asked = 0

    def rows(self) -> tuple[list[FileRow], set[int]]:
        """All rows, and the positions of those that may be lost still."""
        rows = self._all()
        settled: set[int] = set()
        for size in _SMALLER_PAGES:
            for number in sorted({index // size for index in self._doubtful(rows)}):
                if self._asked < _MOST_LISTINGS:
                    self._replace(rows, self._page(number + 1, size), number * size)
                    settled |= {number} if size == 1 else set()
        return rows, self._doubtful(rows) - settled

    def _all(self) -> list[FileRow]:
        rows: list[FileRow] = []
        while len(rows) < min(self._pull.changed_files, _MOST_FILES):
            page = self._page(len(rows) // _PAGE + 1, _PAGE)
            rows += page
            if len(page) < _PAGE:
                break
        return rows[:_MOST_FILES]

    def _page(self, number: int, size: int) -> list[FileRow]:
        self._asked += 1
        path = f"/repos/{self._pull.base.repo.full_name}/pulls/{self._pull.number}/files"
        said = self._github.get(path, self._pull.about, per_page=size, page=number)
        return read(list[FileRow], said, self._pull.about)

    def _doubtful(self, rows: list[FileRow]) -> set[int]:
        """Rows without patch and counts, if lines are missing from the sum that the pull request names."""
        if sum(row.changes for row in rows) >= self._pull.additions + self._pull.deletions:
            return set()
        return {index for index, row in enumerate(rows) if not row.changes and not row.patch}

    @staticmethod
    def _replace(rows: list[FileRow], page: list[FileRow], start: int) -> None:
        for index, row in enumerate(page, start):
            if index < len(rows) and rows[index].filename == row.filename:
                rows[index] = row


def _shell(row: FileRow) -> FileDiff:
    """The file without its lines. Modes are not told: a plain file is the guess that changes nothing."""
    status = _STATUSES.get(row.status, FileStatus.MODIFIED)
    added, deleted = status is FileStatus.ADDED, status is FileStatus.DELETED
    moved = status in {FileStatus.RENAMED, FileStatus.COPIED}
    blob = row.sha if row.sha and (added or deleted) else None
    return FileDiff(
        old_path=None if added else (row.previous_filename or row.filename) if moved else row.filename,
        new_path=None if deleted else row.filename,
        status=status,
        old_mode=_FILE_MODE if deleted else None,
        new_mode=_FILE_MODE if added else None,
        old_blob=blob and (_NO_BLOB if added else blob),
        new_blob=blob and (blob if added else _NO_BLOB),
    )


def _given(shell: FileDiff, row: FileRow) -> FileDiff | None:
    """The file with the hunks that GitHub gives; None where they are no hunks, or not all that it counts."""
    patch = row.patch or ""
    try:
        hunks = _hunks(patch)
    except BadPatch:
        return None
    if sum(hunk.changed for hunk in hunks) != row.changes:
        return None
    given = replace(shell, hunks=hunks)
    return _as_submodule(given, patch) if _SUBMODULE.fullmatch(patch) else given


def _as_submodule(file: FileDiff, patch: str) -> FileDiff:
    """A row does not tell modes, but this is how git writes a submodule."""
    commits = dict(_COMMITS.findall(patch))
    return replace(
        file,
        kind=FileKind.SUBMODULE,
        old_mode=file.old_path and SUBMODULE_MODE,
        new_mode=file.new_path and SUBMODULE_MODE,
        old_blob=commits.get("-", _NO_BLOB),
        new_blob=commits.get("+", _NO_BLOB),
    )


def _hunks(patch: str) -> tuple[Hunk, ...]:
    """Read bare hunks. Raises BadPatch."""
    header = "diff --git a/file b/file\n--- a/file\n+++ b/file\n"
    text = header + patch + ("" if patch.endswith("\n") else "\n")
    files = parse(text.encode("utf-8", "surrogateescape")).files
    return files[0].hunks


def _without_lines(shell: FileDiff, row: FileRow) -> FileDiff:
    """A file that changes no lines: renamed as it is, empty, or binary; a change of mode alone looks like the last."""
    plain = row.previous_filename or row.sha == _EMPTY_BLOB or row.status in {"changed", "unchanged"}
    return shell if plain else replace(shell, kind=FileKind.BINARY)


class _Rebuilding:
    """Makes patches from both versions of a file, as far as sizes and the number of requests allow."""

    def __init__(self, github: GitHub, pull: PullAnswer, merge_base: str) -> None:
        self._github = github
        self._pull = pull
        self._merge_base = merge_base
        self._left = _MOST_REBUILT

    def file(self, shell: FileDiff) -> FileDiff | None:
        """The file with its hunks, or known to be binary; None where it cannot be rebuilt."""
        if not self._left:
            return None
        self._left -= 1
        versions = tuple(self._versions(shell))
        if None in versions:
            return None
        return _compared(shell, *(version or b"" for version in versions))

    def _versions(self, shell: FileDiff) -> Iterator[bytes | None]:
        """Before and after; the second is not asked for in vain."""
        before = self._content(shell.old_path, self._merge_base)
        yield before
        yield None if before is None else self._content(shell.new_path, self._pull.head.sha)

    def _content(self, path: str | None, commit: str) -> bytes | None:
        """A file's bytes: b'' where the side has none, None where it is too large or out of reach."""
        if path is None:
            return b""
        url = f"/repos/{self._pull.base.repo.full_name}/contents/{quote(path)}?ref={commit}"
        try:
            return self._github.get_bytes(url, self._pull.about, _RAW_TYPE, _LARGEST_FILE)
        except Rejected:
            return None


def _compared(shell: FileDiff, old: bytes, new: bytes) -> FileDiff | None:
    """Compare two versions with git, under names of our own; None where that fails."""
    program = shutil.which("git")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        for name, content in (("old", old), ("new", new)):
            (Path(folder) / name).write_bytes(content)
        command = (program, *_DIFF, "--", "old", "new")
        try:
            done = subprocess.run(  # noqa: S603
                command, cwd=folder, env=_NO_ENVIRONMENT, capture_output=True, check=False, timeout=_GIT_SECONDS
            )
            files = parse(done.stdout).files
        except (OSError, subprocess.TimeoutExpired, BadPatch):
            return None
    # 1 says that they differ: https://git-scm.com/docs/git-diff#Documentation/git-diff.txt---exit-code
    if done.returncode != 1 or len(files) != 1:
        return None
    made = files[0]
    return replace(
        shell,
        kind=made.kind,
        hunks=made.hunks,
        old_blob=made.old_blob if shell.old_path else _NO_BLOB,
        new_blob=made.new_blob if shell.new_path else _NO_BLOB,
    )
