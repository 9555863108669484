"""Reads a patch, and applies one. The only importer of unidiff.

unidiff reads the hunks. What it leaves open is settled here: names are decoded (it keeps git's quoting), each line
keeps its exact bytes, errors name their line, and every line of the text must belong to something: unidiff takes lines
that no hunk claims for comments, which here would be changed lines that nobody accounts for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as ParsedHunk
from unidiff.patch import PatchedFile, PatchSet

from bot.core.change import Change
from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Hunk, Line, LineKind
from bot.core.git_header import (
    DEV_NULL,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    Header,
    ends_the_change,
    parse_header,
    strip_prefixes,
    unquote,
)
from bot.core.models import Side
from bot.errors import BadPatch

_NO_NEWLINE = "\\"
_COMMIT = re.compile(r"(From|commit) [0-9a-f]{40}\b")
# What git writes for a merge, and with diff.submodule=log: no line of it could be accounted for.
_SUMMARIES = (
    (re.compile(r"diff --(?:cc|combined) "), "this is the combined diff of a merge; use `git diff BASE...HEAD`"),
    (
        re.compile(r"Submodule .+ [0-9a-f]{7,}\.{2,3}[0-9a-f]{7,}"),
        "a submodule is summed up; use `git diff --submodule=short`",
    ),
)
_MAIL_NOTES = ("base-commit: ", "prerequisite-patch-id: ")
_COLOURED = "the patch holds colour codes; make it with `git diff --no-color`"
_PROBLEMS = {
    "Hunk is longer": "the hunk has more lines than its header says; was the patch edited by hand?",
    "Hunk is shorter": "the patch ends inside a hunk; is it cut?",
    "Hunk diff line": "a line of a hunk must begin with a space, +, - or a backslash; is the patch cut or edited?",
    "Unexpected hunk": "a hunk stands before any file name",
    "Target without": "a +++ line stands without its --- line",
    "Unexpected marker": "a 'No newline' mark stands outside a hunk",
}


def parse(patch: bytes) -> Diff:
    """Read a patch as git writes it, or a plain unified diff.

    Raises BadPatch with the line number where the text cannot be accounted for to its last line: nothing is skipped in
    silence.
    """
    lines = _decoded_lines(patch)
    starts = [index for index, line in enumerate(lines) if line.startswith("diff --git ")]
    _refuse_summaries(lines)
    if not starts:
        return Diff(tuple(_plain_files(lines)))
    _refuse_hunks_before(starts[0], lines)
    _refuse_series(starts, lines)
    files = [_git_file(lines, start, end) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return Diff(tuple(_with_type_changes(files)))


def parse_change(change: Change) -> Diff:
    """The diff of a change, told which of its files GitHub withheld the patch of. Raises BadPatch."""
    return parse(change.patch).with_origins(rebuilt=change.rebuilt, withheld=change.withheld)


def apply(file: FileDiff, old: bytes) -> bytes:
    """Give the new version of a text file from its old one. Raises ValueError where the old version does not fit."""
    return _changed(file, old, Side.LEFT)


def take_back(file: FileDiff, new: bytes) -> bytes:
    """Give the old version of a text file from its new one. Raises ValueError where the new version does not fit."""
    return _changed(file, new, Side.RIGHT)


def _changed(file: FileDiff, known: bytes, side: Side) -> bytes:
    """The other version of a file, of which the one on a side is known."""
    lines = _split_keeping_newlines(known.decode("utf-8", "surrogateescape"))
    result: list[str] = []
    position = 0
    for hunk in file.hunks:
        first, count = (hunk.old_start, hunk.old_count) if side is Side.LEFT else (hunk.new_start, hunk.new_count)
        start = first - 1 if count else first
        before = [_with_newline(line) for line in hunk.lines if line.on(side) is not None]
        if start < position or lines[start : start + len(before)] != before:
            raise ValueError(f"the known version differs near line {first}")
        result += lines[position:start]
        result += [_with_newline(line) for line in hunk.lines if line.on(_other(side)) is not None]
        position = start + len(before)
    return "".join(result + lines[position:]).encode("utf-8", "surrogateescape")


def _other(side: Side) -> Side:
    return Side.RIGHT if side is Side.LEFT else Side.LEFT


def _with_newline(line: Line) -> str:
    return line.text + "\n" if line.ends else line.text


def _split_keeping_newlines(text: str) -> list[str]:
    r"""Split at \n only: str.splitlines would also split at \\r, form feeds and U+2028, which are text to git."""
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _decoded_lines(patch: bytes) -> list[str]:
    """Split the patch in lines that keep their newline; undo what shells and editors do to a whole file."""
    if patch.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadPatch(1, "the file is UTF-16, as PowerShell's > writes it; use `git diff --output=FILE` instead")
    if patch.startswith((b"\x1b[", b"\xef\xbb\xbf\x1b[")):
        raise BadPatch(1, _COLOURED)
    lines = _split_keeping_newlines(patch.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"))
    unfinished = lines.pop() if lines and not lines[-1].endswith("\n") else ""
    if lines and all(line.endswith("\r\n") for line in lines):
        # Headers too end in CR: the whole file was converted, the change itself says nothing of it.
        lines = [line[:-2] + "\n" for line in lines]
        unfinished = unfinished.removesuffix("\r")
    return [*lines, unfinished + "\n"] if unfinished else lines


def _refuse_summaries(lines: list[str]) -> None:
    """Refuse what stands in a patch for lines that it does not hold."""
    for number, line in enumerate(lines, 1):
        for pattern, problem in _SUMMARIES:
            if pattern.match(line):
                raise BadPatch(number, problem)


def _refuse_hunks_before(first: int, lines: list[str]) -> None:
    """Refuse text that looks like changes ahead of the first file header."""
    for number, line in enumerate(lines[:first], 1):
        if line.startswith("@@ -"):
            raise BadPatch(number, "a hunk stands before any file header; is the beginning cut off?")


def _refuse_series(starts: list[int], lines: list[str]) -> None:
    """Refuse several commits in a row: their line numbers belong to different versions of the files."""
    owners = [number for number, line in enumerate(lines, 1) if _COMMIT.match(line)]
    later = [number for number in owners if number > starts[0] + 1]
    if later:
        raise BadPatch(later[0], "a second commit begins here; make one diff of the change: `git diff BASE...HEAD`")


def _git_file(lines: list[str], start: int, end: int) -> FileDiff:
    """Read the section of one file: lines[start] is its `diff --git` line."""
    body = next((index for index in range(start, end) if lines[index].startswith("@@ ")), end)
    header = parse_header([line[:-1] for line in lines[start:body]], start + 1)
    if header.source_at and (body == end or not header.target_at):
        raise BadPatch(header.target_at or header.source_at, "the patch ends inside a file header; is it cut?")
    if body < end and header.binary:
        raise BadPatch(body + 1, "a hunk stands in a file that the patch calls binary")
    if body < end and not header.source_at:
        raise BadPatch(body + 1, _PROBLEMS["Unexpected hunk"])
    hunks = _hunks(lines[body:end], body + 1) if body < end else ()
    return _file_of(header, hunks)


def _file_of(header: Header, hunks: tuple[Hunk, ...]) -> FileDiff:
    """Put header and hunks together."""
    return FileDiff(
        old_path=header.old_path,
        new_path=header.new_path,
        status=_status(header, hunks),
        kind=_kind(header),
        old_mode=header.old_mode,
        new_mode=header.new_mode,
        old_blob=header.old_blob,
        new_blob=header.new_blob,
        similarity=header.similarity,
        hunks=hunks,
    )


def _status(header: Header, hunks: tuple[Hunk, ...]) -> FileStatus:
    if header.old_path is None:
        return FileStatus.ADDED
    if header.new_path is None:
        return FileStatus.DELETED
    if header.copied:
        return FileStatus.COPIED
    if header.renamed or header.old_path != header.new_path:
        return FileStatus.RENAMED
    only_mode = header.old_mode != header.new_mode and not hunks and not header.binary
    return FileStatus.MODE_CHANGED if only_mode else FileStatus.MODIFIED


def _kind(header: Header) -> FileKind:
    modes = {header.old_mode, header.new_mode}
    if SUBMODULE_MODE in modes:
        return FileKind.SUBMODULE
    if header.binary:
        return FileKind.BINARY
    return FileKind.SYMLINK if SYMLINK_MODE in modes else FileKind.TEXT


def _with_type_changes(files: list[FileDiff]) -> Iterator[FileDiff]:
    """Name the pairs by which git writes a change of type: a deletion, then an addition of the same path."""
    for index, file in enumerate(files):
        before = files[index - 1] if index else None
        after = files[index + 1] if index + 1 < len(files) else None
        first = after is not None and file.new_path is None and after.old_path is None and after.path == file.path
        second = before is not None and before.new_path is None and file.old_path is None and before.path == file.path
        yield replace(file, status=FileStatus.TYPE_CHANGED) if first or second else file


class _Counted:
    """An iterator over lines that remembers where it stands, for messages: unidiff's errors name no line."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.taken = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += 1
        return line


def _read(lines: list[str], first: int) -> list[PatchedFile]:
    """Let unidiff read the lines, the first of which is line `first` of the patch; errors name the line."""
    counted = _Counted(lines)
    try:
        return list(PatchSet(counted))
    except UnidiffParseError as error:
        words = str(error)
        problem = next((said for start, said in _PROBLEMS.items() if words.startswith(start)), words[:100])
        raise BadPatch(first + counted.taken - 1, problem) from error
    except ValueError as error:  # numbers of thousands of digits
        raise BadPatch(first + counted.taken - 1, "a hunk header holds no usable numbers") from error


_NAMES = ["--- a/file\n", "+++ b/file\n"]


def _hunks(lines: list[str], first: int) -> tuple[Hunk, ...]:
    """Read hunks, the first header of which stands at line `first` of the patch."""
    offset = first - len(_NAMES)
    files = _read(_NAMES + lines, offset)
    if len(files) != 1:
        second = offset + (files[1].diff_line_no or 0) - 2  # unidiff gives its +++ line
        raise BadPatch(max(second, first), "the names of a second file stand amid the hunks of this one")
    _refuse_strays(files, _NAMES + lines, offset, strictly=True)
    return _converted(files[0], offset)


def _converted(file: PatchedFile, offset: int) -> tuple[Hunk, ...]:
    """Turn unidiff's hunks into ours; `offset` is the number in the patch of the first line unidiff was given."""
    hunks: list[Hunk] = []
    old_end = new_end = 0
    for parsed in file:
        hunk = _hunk(parsed)
        old_first = hunk.old_start + (hunk.old_count == 0)
        new_first = hunk.new_start + (hunk.new_count == 0)
        if old_first < max(old_end, 1) or new_first < max(new_end, 1):
            raise BadPatch(offset + _first_line(parsed) - 2, "the hunks of a file overlap or are out of order")
        old_end, new_end = old_first + hunk.old_count, new_first + hunk.new_count
        hunks.append(hunk)
    return tuple(hunks)


def _first_line(parsed: ParsedHunk) -> int:
    """The number of a hunk's first line in what unidiff was given, from 1; 1 for an empty hunk."""
    return next((line.diff_line_no for line in parsed if line.diff_line_no), 1)


_KINDS = {kind.value: kind for kind in LineKind}


def _hunk(parsed: ParsedHunk) -> Hunk:
    lines: list[Line] = []
    for line in parsed:
        kind = _KINDS.get(line.line_type)
        if kind is not None:
            lines.append(Line(kind, line.source_line_no, line.target_line_no, line.value[:-1]))
        elif line.line_type == _NO_NEWLINE and lines:
            lines[-1] = replace(lines[-1], ends=False)
    return Hunk(
        parsed.source_start,
        parsed.source_length,
        parsed.target_start,
        parsed.target_length,
        parsed.section_header,
        tuple(lines),
    )


def _refuse_strays(files: list[PatchedFile], lines: list[str], offset: int, *, strictly: bool) -> None:
    """Refuse lines after a hunk that look like part of it: its header's counts would hide them.

    Between the hunks of git there is nothing else; other tools write lines of their own, so those are let pass.
    """
    inside = {number for file in files for hunk in file for number in _span(hunk)}
    if len(inside) == len(lines):
        return
    names = _name_lines(lines)
    for number, line in enumerate(lines, 1):
        if number in inside or number in names:
            continue
        if ends_the_change(lines, number - 1):
            return
        foreign = strictly and line.strip() and not line.startswith((_NO_NEWLINE, *_MAIL_NOTES))
        if foreign or line.startswith(("+", "-", " ", "@@")):
            raise BadPatch(offset + number - 1, "this line belongs to no hunk; was the patch edited by hand?")


def _name_lines(lines: list[str]) -> set[int]:
    """The numbers of `---` and `+++` lines that stand together."""
    firsts = [
        number
        for number, (line, after) in enumerate(itertools.pairwise(lines), 1)
        if line.startswith("--- ") and after.startswith("+++ ")
    ]
    return {number + step for number in firsts for step in (0, 1)}


def _span(hunk: ParsedHunk) -> range:
    """The lines that a hunk takes up, its header included, in what unidiff was given."""
    numbers = [line.diff_line_no for line in hunk if line.diff_line_no]
    return range(numbers[0] - 1, numbers[-1] + 1) if numbers else range(0)


def _plain_files(lines: list[str]) -> Iterator[FileDiff]:
    """Read a unified diff without git's headers, as `diff -u` writes it."""
    files = _read(lines, 1)
    if not files and any(line.strip() for line in lines):
        coloured = next((number for number, line in enumerate(lines, 1) if line.startswith("\x1b[")), None)
        raise BadPatch(coloured or 1, _COLOURED if coloured else "no file header was found; is this a diff?")
    _refuse_strays(files, lines, 1, strictly=False)
    for file in files:
        if not file and not file.is_binary_file:
            raise BadPatch(
                file.diff_line_no or 1, "the names of a file stand without a hunk; is the patch cut or edited?"
            )
        old, new = _plain_names(file)
        yield _file_of(Header(old, new, binary=file.is_binary_file), _converted(file, 1))


def _plain_names(file: PatchedFile) -> tuple[str | None, str | None]:
    """The paths of a plain section; `x.orig` against `x` is a change of x, not a rename."""
    old, new = unquote(file.source_file), unquote(file.target_file)
    if old == new == DEV_NULL:
        raise BadPatch(file.diff_line_no or 1, "the file header names no file on either side")
    if old == DEV_NULL:
        return None, strip_prefixes("a/", new)[1]
    if new == DEV_NULL:
        return strip_prefixes(old, "b/")[0], None
    path = strip_prefixes(old, new)[1]
    return path, path
