"""Code frames: the lines around a finding, with secrets masked."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.models import Location
from bot.core.visible import Shown

_BEFORE = 2
_AFTER = 1
_WIDTH = 160


@dataclass(frozen=True, slots=True)
class FrameLine:
    """One line of a frame; `marked` are those that the finding is about."""

    number: int
    text: str
    marked: bool


def frame(shown: Shown, location: Location) -> tuple[FrameLine, ...]:
    """The commented lines with a little of what stands around them on the same side of the same hunk."""
    position = shown.diff.file_at(location)
    if position is None:
        return ()
    file = shown.diff.files[position]
    index = file.hunk_at[location.side, location.line]
    first, last = location.start_line or location.line, location.line
    numbers = (line.on(location.side) for line in file.hunks[index].lines)
    texts = shown.lines(position, index)
    return tuple(
        FrameLine(number, _cut(text), first <= number <= last)
        for number, text in zip(numbers, texts, strict=True)
        if number is not None and first - _BEFORE <= number <= last + _AFTER
    )


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
