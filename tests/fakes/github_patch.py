"""What GitHub reads out of a patch: its files, and the lines that can carry a comment.

Written apart from `bot.core.patch` on purpose: a defect of one must not hide behind the same defect of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-7]{3})')
_ESCAPED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a hunk. `old` and `new` are its numbers from 1, None on the side where it does not stand.

    `hunk` counts the file's hunks from 0; `position` is GitHub's old way to name a line: rows below the first `@@`.
    `text` has no sign and no line feed; bytes that are not UTF-8 are surrogate escapes.
    """

    sign: str
    old: int | None
    new: int | None
    text: str
    hunk: int
    position: int


@dataclass(frozen=True, slots=True)
class PatchFile:
    """One file of a patch. `hunks` are its bytes from the first `@@` on, as they stand, without the last line feed.

    `previous` is '' unless it was renamed or copied. `blob` is its abbreviated blob id.
    """

    path: str
    previous: str
    status: str
    blob: str
    hunks: bytes
    lines: tuple[PatchLine, ...]

    @property
    def additions(self) -> int:
        return sum(line.sign == "+" for line in self.lines)

    @property
    def deletions(self) -> int:
        return sum(line.sign == "-" for line in self.lines)

    @property
    def rows(self) -> int:
        """Lines of the patch, `@@` rows included, as GitHub's limits count them."""
        return self.hunks.count(b"\n") + 1 if self.hunks else 0

    def line(self, side: str, number: int) -> PatchLine | None:
        """The line that a comment on (side, number) would hang on: context counts on both sides."""
        for line in self.lines:
            if number == (line.old if side == "LEFT" else line.new):
                return line
        return None

    def hunk_before(self, line: PatchLine) -> str:
        """The `diff_hunk` of a comment: the rows of its hunk down to the line."""
        rows = self.hunks.decode(errors="replace").split("\n")[: line.position + 1]
        start = max(index for index, row in enumerate(rows) if row.startswith("@@"))
        return "\n".join(rows[start:])


def read_patch(patch: bytes) -> tuple[PatchFile, ...]:
    """The files of a patch of git, in its order."""
    rows = patch.split(b"\n")
    if rows and rows[-1] == b"":
        rows.pop()
    starts = [index for index, row in enumerate(rows) if row.startswith(b"diff --git ")]
    return tuple(_file(rows[start:end]) for start, end in pairwise([*starts, len(rows)]))


def _file(rows: list[bytes]) -> PatchFile:
    first = next((index for index, row in enumerate(rows) if row.startswith(b"@@ ")), len(rows))
    header, hunks = rows[:first], rows[first:]
    old, new = _names(header)
    status = _status(header)
    blobs = (_value(header, b"index ") or b"..").split(b" ")[0].split(b"..")
    return PatchFile(
        path=old if status == "removed" else new,
        previous=old if status in {"renamed", "copied"} else "",
        status=status,
        blob=blobs[0 if status == "removed" else -1].decode(),
        hunks=b"\n".join(hunks),
        lines=tuple(_lines(hunks)),
    )


def _status(header: list[bytes]) -> str:
    words = (
        (b"new file mode ", "added"),
        (b"deleted file mode ", "removed"),
        (b"rename from ", "renamed"),
        (b"copy from ", "copied"),
    )
    for start, status in words:
        if _value(header, start) is not None:
            return status
    modes_only = _value(header, b"old mode ") is not None and _value(header, b"index ") is None
    return "changed" if modes_only else "modified"


def _names(header: list[bytes]) -> tuple[str, str]:
    """The old and the new path: by the lines that hold one name, else by `diff --git`, where both are the same."""
    old = _value(header, b"rename from ") or _value(header, b"copy from ") or _marked(header, b"--- ")
    new = _value(header, b"rename to ") or _value(header, b"copy to ") or _marked(header, b"+++ ")
    if old and new:
        return _unquoted(old), _unquoted(new)
    if old or new:
        return (_unquoted(old or new or b""),) * 2
    both = header[0].removeprefix(b"diff --git ")
    half = both[: len(both) // 2]
    name = _unquoted(half)[len("a/") :] if half.startswith(b'"') else half[len("a/") :].decode(errors="replace")
    return name, name


def _marked(header: list[bytes], start: bytes) -> bytes | None:
    name = _value(header, start)
    if name is None or name == b"/dev/null":
        return None
    # git ends a name that holds a space with a tab: https://git-scm.com/docs/diff-format
    name = name.removesuffix(b"\t")
    return b'"' + name[len(b'"a/') :] if name.startswith(b'"') else name[len(b"a/") :]


def _value(header: list[bytes], start: bytes) -> bytes | None:
    return next((row[len(start) :] for row in header if row.startswith(start)), None)


def _unquoted(name: bytes) -> str:
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name[1:-1])
    return name.decode(errors="replace")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes([_ESCAPED.get(escape[1]) or int(escape[1], 8)])


def _lines(hunks: list[bytes]) -> list[PatchLine]:
    lines: list[PatchLine] = []
    old = new = hunk = -1
    for position, row in enumerate(hunks):
        if head := _HUNK.match(row):
            old, new = int(head[1]), int(head[3])
            hunk += 1
            continue
        sign = row[:1].decode(errors="replace") or " "
        if sign not in " +-":  # "\ No newline at end of file"
            continue
        text = row[1:].decode(errors="surrogateescape")
        has_old, has_new = sign != "+", sign != "-"
        lines.append(PatchLine(sign, old if has_old else None, new if has_new else None, text, hunk, position))
        old += has_old
        new += has_new
    return lines
