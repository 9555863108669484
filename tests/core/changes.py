"""Changes for tests, written as a patch shows them, with numbers that agree."""

from __future__ import annotations

from itertools import pairwise

from bot.core.anchors import Anchors
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.visible import Shown


def hunk(old: int, new: int, *rows: str) -> Hunk:
    """A hunk that begins at the given lines; each row is a mark and a text."""
    lines, first = [], (old, new)
    for row in rows:
        kind = LineKind(row[0])
        in_old, in_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
        lines.append(Line(kind, old if in_old else None, new if in_new else None, row[1:]))
        old, new = old + in_old, new + in_new
    counts = old - first[0], new - first[1]
    starts = (start if count else start - 1 for start, count in zip(first, counts, strict=True))
    old_start, new_start = starts
    return Hunk(old_start, counts[0], new_start, counts[1], "", tuple(lines))


def edited(path: str, *hunks: Hunk, old_path: str | None = None) -> FileDiff:
    """A file that is changed, or renamed where its old name is another."""
    assert all(one.new_start + one.new_count <= other.new_start for one, other in pairwise(hunks))
    status = FileStatus.MODIFIED if old_path is None else FileStatus.RENAMED
    return FileDiff(old_path or path, path, status, hunks=hunks)


def added(path: str, *texts: str) -> FileDiff:
    """A new file with these lines."""
    return FileDiff(None, path, FileStatus.ADDED, hunks=(hunk(1, 1, *(f"+{text}" for text in texts)),))


def deleted(path: str, *texts: str) -> FileDiff:
    """A file that goes, with these lines."""
    return FileDiff(path, None, FileStatus.DELETED, hunks=(hunk(1, 1, *(f"-{text}" for text in texts)),))


def anchors_of(*files: FileDiff) -> Anchors:
    """What finds the places in a change of these files."""
    return Anchors(Shown(Diff(files)))
