"""Text made safe to look at: everything invisible or active is shown as an escape, secrets as asterisks."""

from __future__ import annotations

import re

from bot.core.diff import Diff, Hunk, Line
from bot.core.models import Side
from bot.core.secrets import mask

Row = tuple[Line, str]
"""A line and its text as it is shown."""

# Control characters would act on a terminal, bidirectional ones would show other text than there is, and what has no
# width hides text from people that a model reads: https://www.unicode.org/reports/tr36/#Non_Visual_Security_Issues
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_STAND_IN = re.compile(r"(\*){3,}|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")


def printable(text: str) -> str:
    """The text as one line, everything invisible or active made visible as an escape; tabs stay, a final CR goes.

    Line breaks too: a file's name must not begin a line of its own, where an Actions log would read a command.
    """
    return _UNPRINTABLE.sub(_escaped, text.removesuffix("\r"))


def printable_text(text: str) -> str:
    """The same for what may have several lines."""
    return "\n".join(map(printable, text.split("\n")))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - a byte that is not UTF-8, see bot.core.diff
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:  # noqa: PLR2004
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004


def stand_ins(text: str) -> frozenset[str]:
    """What may stand for something else in a text that is shown: escapes, and `*` for any run of at least three."""
    return frozenset(match[1] or match[0] for match in _STAND_IN.finditer(text))


def masked_lines(hunk: Hunk) -> tuple[str, ...]:
    """The lines of a hunk with secrets masked. The hunk is masked as one text: a line out of a key looks harmless."""
    return tuple(mask("\n".join(line.text for line in hunk.lines)).split("\n"))


def shown_lines(hunk: Hunk) -> tuple[str, ...]:
    """The lines of a hunk as anybody outside may see them: secrets masked, then made printable."""
    return tuple(map(printable, masked_lines(hunk)))


class Shown:
    """A change as the model sees it, line for line. Each hunk is masked once, however many requests show parts of it.

    Quotes are resolved against the same text, so what the model read is what it can quote.
    """

    def __init__(self, diff: Diff) -> None:
        self.diff = diff
        self._lines: dict[tuple[int, int], tuple[str, ...]] = {}
        self._rows: dict[tuple[int, int, Side], tuple[Row, ...]] = {}
        self._stand_ins: dict[int, frozenset[str]] = {}

    def lines(self, file: int, hunk: int) -> tuple[str, ...]:
        """The lines of a hunk, by the positions of its file and of itself."""
        key = (file, hunk)
        if key not in self._lines:
            self._lines[key] = shown_lines(self.diff.files[file].hunks[hunk])
        return self._lines[key]

    def rows(self, file: int, hunk: int, side: Side) -> tuple[Row, ...]:
        """The lines of a hunk that are on a side, context included: their numbers there follow without a gap."""
        key = (file, hunk, side)
        if key not in self._rows:
            rows = zip(self.diff.files[file].hunks[hunk].lines, self.lines(file, hunk), strict=True)
            self._rows[key] = tuple(row for row in rows if row[0].on(side) is not None)
        return self._rows[key]

    def stand_ins(self, file: int) -> frozenset[str]:
        """The stand-ins in those lines of a file that were not shown as they are."""
        if file not in self._stand_ins:
            hunks = enumerate(self.diff.files[file].hunks)
            rows = (row for at, hunk in hunks for row in zip(hunk.lines, self.lines(file, at), strict=True))
            self._stand_ins[file] = frozenset().union(*(stand_ins(text) for line, text in rows if text != line.text))
        return self._stand_ins[file]

    def path(self, file: int) -> str:
        """The name of a file."""
        return shown_path(self.diff.files[file].path)


def shown_path(path: str) -> str:
    """A path on one line, without a secret that somebody put into a name."""
    return printable(mask(path))
