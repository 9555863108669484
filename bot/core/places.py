"""The lines of a change by what they say: where a line stands, and which lines stand beside it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.core.diff import Line
from bot.core.known import Trace
from bot.core.models import Location, Side
from bot.core.visible import Shown

NEAR = 3
"""How many lines beside a line tell it from its equals, and how far two findings of one problem may lie apart."""

# Six neighbours prove together what one line has to prove alone, and a summary has little room: 24 bits each will do.
SHORT = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """A line on a side: the positions of its file, of its hunk, and of itself among the hunk's lines on that side."""

    file: int
    hunk: int
    row: int


@dataclass(frozen=True, slots=True, order=True)
class Agreement:
    """How many lines beside a line are those that were: at their places, and anywhere beside it.

    `proves` is False where there is none, or all are blank lines and brackets: such stand everywhere.
    """

    at_place: int
    anywhere: int
    proves: bool


class Places:
    """The lines of a change by their digests. A file is read when it is first asked for."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self._codes: dict[tuple[int, int, Side], tuple[str, ...]] = {}
        self._spots: dict[tuple[int, Side], dict[str, list[Spot]]] = {}

    def codes(self, file: int, hunk: int, side: Side) -> tuple[str, ...]:
        """The digests of a hunk's lines on a side."""
        key = file, hunk, side
        if key not in self._codes:
            self._codes[key] = tuple(code_of(text) for _, text in self.shown.rows(file, hunk, side))
        return self._codes[key]

    def stands(self, spot: Spot, trace: Trace) -> bool:
        """Whether the line is the trace's code: as it is shown, or as it is, see `trace_of`."""
        line, text = self.shown.rows(spot.file, spot.hunk, trace.side)[spot.row]
        shown = self.codes(spot.file, spot.hunk, trace.side)[spot.row]
        return trace.code in {shown, whole_code(line, text)}

    def spots(self, file: int, side: Side, code: str) -> Sequence[Spot]:
        """Where a line stands on a side, as a context line too, by the digest of a neighbour or that of the line."""
        key = file, side
        if key not in self._spots:
            made: dict[str, list[Spot]] = {}
            for hunk in range(len(self.shown.diff.files[file].hunks)):
                rows = self.shown.rows(file, hunk, side)
                for row, (shown, (line, text)) in enumerate(zip(self.codes(file, hunk, side), rows, strict=True)):
                    for each in {shown} if text == line.text else {shown, whole_code(line, text)}:
                        made.setdefault(each[:SHORT], []).append(Spot(file, hunk, row))
            self._spots[key] = made
        return self._spots[key].get(code, ())

    def own(self, file: int, trace: Trace) -> Iterator[Spot]:
        """Where the code of a trace stands in a file, on a line that can be commented on its side."""
        for spot in self.spots(file, trace.side, trace.code[:SHORT]):
            line, _ = self.shown.rows(spot.file, spot.hunk, trace.side)[spot.row]
            if line.side is trace.side and self.stands(spot, trace):
                yield spot

    def beside(self, spot: Spot, side: Side) -> tuple[list[str], list[str]]:
        """The digests of the neighbours above and below, the nearest first."""
        codes = self.codes(spot.file, spot.hunk, side)
        above, below = codes[max(0, spot.row - NEAR) : spot.row][::-1], codes[spot.row + 1 : spot.row + 1 + NEAR]
        return [code[:SHORT] for code in above], [code[:SHORT] for code in below]

    def text(self, spot: Spot, side: Side) -> str:
        """The line as it is shown."""
        return self.shown.rows(spot.file, spot.hunk, side)[spot.row][1]

    def line(self, spot: Spot, side: Side) -> int:
        """The line's number on the side."""
        return self.shown.rows(spot.file, spot.hunk, side)[spot.row][0].on(side) or 0

    def at(self, location: Location) -> Spot | None:
        """The line that a location ends on; None where the change does not show it."""
        file = self.shown.diff.file_at(location)
        if file is None:
            return None
        hunk = self.shown.diff.files[file].hunk_at[location.side, location.line]
        first = self.line(Spot(file, hunk, 0), location.side)
        return Spot(file, hunk, location.line - first)

    def stood_beside(self, file: int, trace: Trace) -> dict[Spot, int]:
        """The lines of a file that stood beside the trace's code before, and how many lines beside.

        What has equals, or says nothing by itself, is told by a line beside it that stood there, too.
        """
        above = trace.above[:NEAR]
        run = [*above[::-1], trace.code[:SHORT], *trace.below]
        found: dict[Spot, int] = {}
        for at in sorted(range(len(run)), key=lambda at: abs(at - len(above)))[1:]:
            for spot in self.spots(file, trace.side, run[at]):
                if self._is_of_run(spot, trace.side, run, at):
                    found.setdefault(spot, abs(at - len(above)))
        for code in trace.also:
            for spot in self._only(file, trace.side, code):
                found.setdefault(spot, NEAR)
        return found

    def _only(self, file: int, side: Side, code: str) -> Sequence[Spot]:
        """The line, where it stands once and says something."""
        spots = self.spots(file, side, code)
        return spots if len(spots) == 1 and tells(self.text(spots[0], side)) else ()

    def _is_of_run(self, spot: Spot, side: Side, run: Sequence[str], at: int) -> bool:
        """Whether of all lines that say what stood at a position of a run this is the one that stood there."""
        equals = self.spots(spot.file, side, run[at])
        if self._only(spot.file, side, run[at]):
            return True
        beside = [(other - at, run[other]) for other in (at - 1, at + 1) if 0 <= other < len(run)]
        return any([each for each in equals if self._has_beside(each, side, *line)] == [spot] for line in beside)

    def _has_beside(self, spot: Spot, side: Side, offset: int, code: str) -> bool:
        """Whether the line so many rows below is that line, and says anything."""
        codes = self.codes(spot.file, spot.hunk, side)
        row = spot.row + offset
        return 0 <= row < len(codes) and codes[row][:SHORT] == code and tells(self.text(replace(spot, row=row), side))

    def agreement(self, trace: Trace, spot: Spot) -> Agreement:
        """How far the lines beside a line are those of the trace."""
        above, below = self.beside(spot, trace.side)
        at_place = sum(map(str.__eq__, trace.above, above)) + sum(map(str.__eq__, trace.below, below))
        shared = Counter(beside_of(trace)) & Counter((*above, *below))
        rows = self.shown.rows(spot.file, spot.hunk, trace.side)[max(0, spot.row - NEAR) : spot.row + 1 + NEAR]
        proves = 0 < at_place == len(beside_of(trace)) or any(
            code_of(text)[:SHORT] in shared for _, text in rows if tells(text)
        )
        return Agreement(at_place, shared.total(), proves)


@lru_cache(maxsize=1)
def places_of(shown: Shown) -> Places:
    """The lines of the change at hand: it is asked about one finding after another, and digesting it takes longest."""
    return Places(shown)


def code_of(text: str) -> str:
    """The digest of a line, white space folded: 8 characters for 48 bits."""
    said = " ".join(text.split()).encode("utf-8", "surrogateescape")
    return base64.urlsafe_b64encode(hashlib.sha256(said).digest()[:6]).decode()


def whole_code(line: Line, text: str) -> str:
    """The digest of a line as it is, where it is shown otherwise: two secrets are shown alike. No shown line has it."""
    return code_of(text if text == line.text else f"as it is\0{line.text}")


def beside_of(trace: Trace) -> tuple[str, ...]:
    """The lines beside the code that tell it from its equals."""
    return (*trace.above[:NEAR], *trace.below)


def tells(text: str) -> bool:
    """Whether a line says anything by itself: a bracket stands anywhere."""
    return any(character.isalnum() for character in text)


def in_one_hunk(one: Spot, other: Spot) -> bool:
    """Whether two lines of one side are in the same hunk."""
    return (one.file, one.hunk) == (other.file, other.hunk)


def is_near(one: Spot, other: Spot) -> bool:
    """Whether at most NEAR lines lie between two of one hunk."""
    return in_one_hunk(one, other) and abs(one.row - other.row) <= NEAR
