"""Code frames: the lines around a finding, with secrets masked."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.diff import Diff, Hunk
from bot.core.models import Location, Side
from bot.core.visible import shown_lines

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
    file = diff.file_at(location)
    return _frame(file.hunks[file.hunk_at[location.side, location.line]], location) if file else ()


def _frame(hunk: Hunk, location: Location) -> tuple[FrameLine, ...]:
    numbers = (line.old if location.side is Side.LEFT else line.new for line in hunk.lines)
    first, last = location.start_line or location.line, location.line
    return tuple(
        FrameLine(number, _cut(text), first <= number <= last)
        for number, text in zip(numbers, shown_lines(hunk), strict=True)
        if number is not None and first - _BEFORE <= number <= last + _AFTER
    )


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
