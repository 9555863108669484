"""A change as frozen values: files, hunks, lines. `bot.core.patch` reads and writes their text form.

Text is decoded as UTF-8 with surrogate escapes: `text.encode("utf-8", "surrogateescape")` gives the exact bytes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from bot.core.models import Location, Side


class LineKind(StrEnum):
    """What a line of a hunk does; the value is its mark in a patch."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


class FileStatus(StrEnum):
    """What the change does to a file as a whole."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    MODE_CHANGED = "mode changed"
    TYPE_CHANGED = "type changed"


class FileKind(StrEnum):
    """What a file is: only text and symbolic links have lines that can be read."""

    TEXT = "text"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symlink"


class Origin(StrEnum):
    """Who made the hunks of a file. Only those that GitHub made itself tell where it lets a comment stand."""

    GIVEN = "given"
    REBUILT = "rebuilt"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk: its number in the old and new file (None where it is not in it), its text without newline.

    `ends` is False for a file's last line that has no newline at its end.
    """

    kind: LineKind
    old: int | None
    new: int | None
    text: str
    ends: bool = True

    @property
    def changed(self) -> bool:
        """Whether the line was added or removed: the lines that the ledger accounts for."""
        return self.kind is not LineKind.CONTEXT

    @property
    def side(self) -> Side:
        """The side on which GitHub lets the line be commented: removed lines LEFT, all others RIGHT.

        Source: https://docs.github.com/rest/pulls/comments#create-a-review-comment-for-a-pull-request
        """
        return Side.LEFT if self.kind is LineKind.REMOVED else Side.RIGHT

    def on(self, side: Side) -> int | None:
        """The line's number on a side, None where it is not there; a context line is on both."""
        return self.old if side is Side.LEFT else self.new

    @property
    def number(self) -> int:
        """The line's number on its own side."""
        number = self.old if self.kind is LineKind.REMOVED else self.new
        return number or 0


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines with their context. Starts count from 1; with a count of 0 the start is the line before."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[Line, ...]

    @property
    def changed(self) -> int:
        """How many lines the hunk adds and removes."""
        return sum(line.changed for line in self.lines)


@dataclass(frozen=True)
class FileDiff:
    """What the change does to one file. A path is None where the side has no file; blobs may be abbreviated.

    A change of type (a submodule that becomes a file, say) is two of these, as in a patch: one deletes, one adds.
    """

    old_path: str | None
    new_path: str | None
    status: FileStatus
    kind: FileKind = FileKind.TEXT
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    similarity: int | None = None
    hunks: tuple[Hunk, ...] = ()
    origin: Origin = Origin.GIVEN

    @property
    def path(self) -> str:
        """The name that GitHub files comments under: the new one, or the old one of a deleted file."""
        return self.new_path or self.old_path or ""

    @cached_property
    def changed_lines(self) -> tuple[Line, ...]:
        """Every added and removed line, in the patch's order. Their positions are the ledger's ordinals."""
        return tuple(line for hunk in self.hunks for line in hunk.lines if line.changed)

    @property
    def added(self) -> int:
        """How many lines were added."""
        return sum(line.kind is LineKind.ADDED for line in self.changed_lines)

    @property
    def removed(self) -> int:
        """How many lines were removed."""
        return sum(line.kind is LineKind.REMOVED for line in self.changed_lines)

    @cached_property
    def hunk_at(self) -> dict[tuple[Side, int], int]:
        """The hunk in which each (side, line) stands: removed lines LEFT, the others RIGHT."""
        return {(line.side, line.number): index for index, hunk in enumerate(self.hunks) for line in hunk.lines}

    @property
    def commentable(self) -> dict[tuple[Side, int], int]:
        """The hunk of each (side, line) that GitHub lets a comment stand on.

        None where GitHub shows no hunks, nor in a file whose name is not UTF-8: no request can name it.
        """
        return self.hunk_at if self.origin is Origin.GIVEN and is_utf8(self.path) else {}

    def in_one_hunk(self, side: Side, start_line: int, line: int) -> bool:
        """Whether both lines can carry the two ends of one comment."""
        hunk = self.commentable.get((side, start_line))
        return hunk is not None and hunk == self.commentable.get((side, line))


def is_utf8(path: str) -> bool:
    """Whether a path decoded with surrogate escapes was UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


@dataclass(frozen=True)
class Diff:
    """A whole change, files in the patch's order."""

    files: tuple[FileDiff, ...]

    def with_origins(self, *, rebuilt: frozenset[str], withheld: frozenset[str]) -> Diff:
        """The same change, told which of its paths GitHub withheld the patch of."""
        if not rebuilt and not withheld:
            return self
        origins = dict.fromkeys(rebuilt, Origin.REBUILT) | dict.fromkeys(withheld, Origin.WITHHELD)
        return Diff(tuple(replace(file, origin=origins.get(file.path, Origin.GIVEN)) for file in self.files))

    @cached_property
    def _by_path(self) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, file in enumerate(self.files):
            positions.setdefault(file.path, []).append(position)
        return positions

    def file_at(self, location: Location) -> int | None:
        """The position of the file whose hunks hold the location's last line. A change of type has two of one path."""
        key, positions = (location.side, location.line), self._by_path.get(location.path, ())
        return next((position for position in positions if key in self.files[position].hunk_at), None)

    def carries(self, location: Location) -> bool:
        """Whether GitHub lets a comment stand there: on lines that it shows, both ends in one hunk.

        Of a change of type, two files under one path, nobody knows which of them GitHub would look in.
        """
        position = self.file_at(location)
        if position is None or len(self._by_path[location.path]) > 1:
            return False
        file = self.files[position]
        if (location.side, location.line) not in file.commentable:
            return False
        return location.start_line is None or (
            location.start_line < location.line and file.in_one_hunk(location.side, location.start_line, location.line)
        )

    @cached_property
    def changed(self) -> int:
        """How many lines the change adds and removes: the sum that the ledger must reach."""
        return sum(len(file.changed_lines) for file in self.files)
