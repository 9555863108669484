"""Code frames: the lines around a finding, with secrets masked."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.diff import Diff, Hunk
from bot.core.models import Location, Side
from bot.core.rendering.words import printable
from bot.core.secrets import mask

_BEFORE = 2
_AFTER = 1
_WIDTH = 160


@dataclass(frozen=True, slots=True)
class FrameLine:
    """One line of a frame; `marked` are those that the finding is about."""

    number: int
    text: str
    marked: bool


def frame(diff: Diff, location: Location) -> tuple[FrameLine, ...]:
    """The commented lines with a little of what stands around them on the same side of the same hunk."""
    for file in diff.files:
        if file.path != location.path:
            continue
        index = file.hunk_at.get((location.side, location.line))
        if index is not None:
            return _frame(file.hunks[index], location)
    return ()


def _frame(hunk: Hunk, location: Location) -> tuple[FrameLine, ...]:
    # Masked as one text: a private key is known by its first line.
    texts = mask("\n".join(line.text for line in hunk.lines)).split("\n")
    numbers = (line.old if location.side is Side.LEFT else line.new for line in hunk.lines)
    first, last = location.start_line or location.line, location.line
    return tuple(
        FrameLine(number, _cut(printable(text)), first <= number <= last)
        for number, text in zip(numbers, texts, strict=True)
        if number is not None and first - _BEFORE <= number <= last + _AFTER
    )


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
