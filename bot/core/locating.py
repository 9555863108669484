"""Where the code of known findings stands in the present change, wherever it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.anchors import REACH
from bot.core.diff import FileStatus
from bot.core.known import Known, Trace
from bot.core.models import Location
from bot.core.pairing import in_order
from bot.core.places import NEAR, Spot, beside_of, is_near, places_of, tells
from bot.core.visible import Shown

FAR = 50
"""How many lines from its old place a line whose neighbours are all others counts as moved."""


class How(StrEnum):
    """In what way the code of a finding is still there.

    Same: in its file, renamed or not, and lines beside it are the same. Changed around: there, but nothing beside it
    is. Moved: far from where it was, or in another file.
    """

    SAME = "same"
    CHANGED_AROUND = "changed around"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Located:
    """Where the code of a known finding stands in the present change, in present numbers."""

    location: Location
    how: How


def locate_all(shown: Shown, known: Sequence[Known]) -> tuple[Located | None, ...]:
    """Where the code of each known finding stands in the present change; None where it does not, or nobody can tell.

    Looked for in its file, and in what the change calls that now. Among equal lines it is the one whose neighbours
    agree best, then the one nearest to its old number; of several whose neighbours are all others it is none. Then, in
    any other file, the only line that agrees with its neighbours, too.

    Of lines that nothing tells apart each one's is another, in their former order. Where there are fewer of them than
    there were, those that are nearest to the former numbers stand still; what stood in the last review comes before
    what was gone then.
    """
    return tuple(found.located if found else None for found in Locator(shown).locate(known))


def near_of(shown: Shown, known: Known) -> Location | None:
    """Where the known finding's code would stand: where most of its neighbours still do. None where they are gone."""
    locator = Locator(shown)
    spot = locator.vacated(known)
    return locator.location(spot, known) if spot else None


def _regardless(trace: Trace) -> Trace:
    """What of a trace tells where it stands: no category, and of a run of lines the nearest."""
    return Trace(trace.path, trace.side, trace.code, trace.above[:NEAR], trace.below)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a known finding's code stands, and at which other lines nothing tells it from."""

    spot: Spot
    located: Located
    twins: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stand:
    """The lines that a trace may stand on, and how; `alone` where none of its neighbours is beside them."""

    spots: tuple[Spot, ...]
    how: How
    alone: bool = False


_NOWHERE = _Stand((), How.SAME)


class Locator:
    """Finds known findings in one change."""

    def __init__(self, shown: Shown) -> None:
        self.places = places_of(shown)
        self._files = shown.diff.files

    def locate(self, known: Sequence[Known]) -> list[Found | None]:
        """The code of each in its own file, else where it was moved to; equals are given a line each."""
        equals: dict[Trace, list[Known]] = {}
        for each in known:
            equals.setdefault(_regardless(each.trace), []).append(each)
        found = {trace: self._paired(trace, group) for trace, group in equals.items()}
        return [self._found(each, *found[_regardless(each.trace)]) for each in known]

    def _paired(self, trace: Trace, equals: Sequence[Known]) -> tuple[_Stand, Mapping[int, Spot]]:
        """Where a trace stands, and which of these lines is whose, by its former number."""
        placed = {each.finding.location.line for each in equals if each.placed}
        gone = {each.finding.location.line for each in equals} - placed
        stand = self._at_home(trace) or self._moved(trace, len(placed | gone)) or _NOWHERE
        numbers = [self.places.line(spot, trace.side) for spot in stand.spots]
        if len(placed | gone) == 1:
            apart = [abs(number - line) for line in placed | gone for number in numbers]
            if apart and apart.count(min(apart)) > 1:
                return stand, {}
        pairs = in_order(sorted(placed), numbers)
        left = [at for at in range(len(numbers)) if at not in pairs.values()]
        later = in_order(sorted(gone), [numbers[at] for at in left])
        pairs |= {line: left[at] for line, at in later.items()}
        return stand, {line: stand.spots[at] for line, at in pairs.items()}

    def _found(self, known: Known, stand: _Stand, pairs: Mapping[int, Spot]) -> Found | None:
        spot = pairs.get(known.finding.location.line)
        if spot is None:
            return None
        how = self._how(known, spot) if stand.alone else stand.how
        return Found(spot, Located(self.location(spot, known), how), stand.spots)

    def path(self, file: int) -> str:
        """The present name of a file."""
        return self._files[file].path

    def location(self, spot: Spot, known: Known) -> Location:
        """The line in present numbers. What stands above it is still meant, as long as it is in the hunk."""
        side, place, file = known.trace.side, known.finding.location, self._files[spot.file]
        line = self.places.line(spot, side)
        start = line - (place.line - place.start_line) if place.start_line else line
        inside = start < line and file.hunk_at.get((side, start)) == file.hunk_at.get((side, line))
        return Location(file.path, side, line, start if inside else None)

    def home(self, trace: Trace) -> list[int]:
        """The files that are the trace's own: of its name, or that had it before."""
        return [
            index
            for index, file in enumerate(self._files)
            if file.path == trace.path or (file.status is FileStatus.RENAMED and file.old_path == trace.path)
        ]

    def own(self, trace: Trace) -> tuple[Spot, ...]:
        """All lines of its own file that are its code."""
        return tuple(spot for file in self.home(trace) for spot in self.places.own(file, trace))

    def equals(self, known: Known) -> tuple[Spot, ...]:
        """The lines of its code that a finding may be about which nobody can place: those in REACH of its number."""
        line, side = known.finding.location.line, known.trace.side
        return tuple(each for each in self.own(known.trace) if abs(self.places.line(each, side) - line) <= REACH)

    def _at_home(self, trace: Trace) -> _Stand | None:
        """The lines of its own file that agree best with its neighbours; none where nobody can tell."""
        agreed = {
            spot: self.places.agreement(trace, spot)
            for file in self.home(trace)
            for spot in self.places.own(file, trace)
        }
        if not agreed:
            return None
        best = max(agreed.values())
        spots = tuple(spot for spot, agreement in agreed.items() if agreement == best)
        if not best.proves and (len(agreed) > 1 or not tells(self.places.text(spots[0], trace.side))):
            return None
        return _Stand(spots, How.SAME, alone=not best.proves and bool(beside_of(trace)))

    def _how(self, known: Known, spot: Spot) -> How:
        """What became of a line that none of its neighbours is beside: they may still stand where it was."""
        apart = abs(self.places.line(spot, known.trace.side) - known.finding.location.line)
        vacated = self.vacated(known)
        moved = apart > FAR or (vacated is not None and not is_near(vacated, spot))
        return How.MOVED if moved else How.CHANGED_AROUND

    def _moved(self, trace: Trace, most: int) -> _Stand | None:
        """The only lines of all other files that agree with most of its neighbours: a single line proves little."""
        home = set(self.home(trace))
        least = max(len(beside_of(trace)) // 2 + 1, 2 if home else 1)
        others = (file for file in range(len(self._files)) if file not in home)
        agreed = {spot: self.places.agreement(trace, spot) for file in others for spot in self.places.own(file, trace)}
        best = max(agreed.values(), default=None)
        if best is None or best.at_place < least:
            return None
        spots = tuple(spot for spot, agreement in agreed.items() if agreement == best)
        return _Stand(spots, How.MOVED) if len(spots) <= most else None

    def vacated(self, known: Known) -> Spot | None:
        """Where the code stood, by its neighbours: each votes for the place that it was beside.

        Where the same code stands there still, it is that of an equal.
        """
        trace = known.trace
        votes: dict[Spot, set[int]] = {}
        above = trace.above[:NEAR]
        offsets = [*(at + 1 for at in range(len(above))), *(-at - 1 for at in range(len(trace.below)))]
        for voter, (code, offset) in enumerate(zip(beside_of(trace), offsets, strict=True)):
            for spot in (spot for file in self.home(trace) for spot in self.places.spots(file, trace.side, code)):
                last = len(self.places.codes(spot.file, spot.hunk, trace.side)) - 1
                place = replace(spot, row=min(max(spot.row + offset, 0), last))
                if not self.places.stands(place, trace):
                    votes.setdefault(place, set()).add(voter)
        support = {spot: (len(_around(votes, spot)), len(voters)) for spot, voters in votes.items()}
        best = max(support.values(), default=(0, 0))
        # Half of them: all that stands on one side of it, where the code changed together with the other.
        if best[0] * 2 < len(offsets) or best[0] < min(2, len(offsets)) or not offsets:
            return None
        tops = [spot for spot, count in support.items() if count == best]
        return tops[0] if all(is_near(tops[0], spot) for spot in tops) else None


def _around(votes: Mapping[Spot, set[int]], spot: Spot) -> set[int]:
    """All that vote for a place or one near it: lines that came or went between them set their votes apart."""
    rows = range(spot.row - NEAR, spot.row + NEAR + 1)
    return set().union(*(votes.get(Spot(spot.file, spot.hunk, row), ()) for row in rows))
