"""Is this finding that finding? Told by the code that it is about, never by its words or its line number alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import cached_property, lru_cache
from types import MappingProxyType

from bot.core.diff import FileStatus, Line
from bot.core.known import Fate, Known, Trace
from bot.core.models import Category, Finding, Location, Side
from bot.core.pairing import in_order
from bot.core.visible import Shown

NEAR = 3
"""How many lines beside a line tell it from its equals, and how far two findings of one problem may lie apart."""

FAR = 50
"""How many lines from its old place a line whose neighbours are all others counts as moved."""

MOST_ABOVE = 12
"""How many lines above its last one are remembered of a finding on a run of lines, to tell that one of them changed."""

MUCH_WORSE = 2
"""By how many grades of severity another word on one line has to differ to be of another problem: one is a mood."""

LIKE = 0.6
"""The share of words that two titles have in common where nothing but the words can tell, as in `core.ranking`."""

# Six neighbours prove together what one line has to prove alone, and a summary has little room: 24 bits each will do.
_SHORT = 4
_MODEL = "model"
_SECRETS = "secrets"
_NO_RENAMES: Mapping[str, str] = MappingProxyType({})
_WORD = re.compile(r"\w+")
# The model calls one and the same harm by any name of its group.
_GROUPS = (
    frozenset({Category.SECURITY}),
    frozenset({Category.CORRECTNESS, Category.DATA, Category.CONCURRENCY}),
    frozenset({Category.PERFORMANCE}),
    frozenset({Category.COMPATIBILITY, Category.TESTS, Category.MAINTENANCE}),
)


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


class Tier(IntEnum):
    """What makes a finding a known one, the surest first.

    Its very line, a line beside it, code that moved; where neither has a line, its words.
    """

    PLACE = 1
    NEAR = 2
    MOVED = 3
    WORDS = 4


@dataclass(frozen=True, slots=True)
class Match:
    """A finding that is a known one."""

    finding: Finding
    known: Known
    tier: Tier


@dataclass(frozen=True)
class Matches:
    """Which findings are known ones, the surest matches first, and which are `fresh`, in their order."""

    pairs: tuple[Match, ...]
    fresh: tuple[Finding, ...]

    @cached_property
    def of_known(self) -> Mapping[str, Finding]:
        """The finding that each known one was found again as, by its id."""
        return {pair.known.id: pair.finding for pair in reversed(self.pairs)}


@dataclass(frozen=True, slots=True)
class _Spot:
    """A line on a side: the positions of its file, of its hunk, and of itself among the hunk's lines on that side."""

    file: int
    hunk: int
    row: int


@dataclass(frozen=True, slots=True, order=True)
class _Agreement:
    """How many lines beside a line are those that were: at their places, and anywhere beside it.

    `proves` is False where there is none, or all are blank lines and brackets: such stand everywhere.
    """

    at_place: int
    anywhere: int
    proves: bool


class _Places:
    """The lines of a change by their digests. A file is read when it is first asked for."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self._codes: dict[tuple[int, int, Side], tuple[str, ...]] = {}
        self._spots: dict[tuple[int, Side], dict[str, list[_Spot]]] = {}

    def codes(self, file: int, hunk: int, side: Side) -> tuple[str, ...]:
        """The digests of a hunk's lines on a side."""
        key = file, hunk, side
        if key not in self._codes:
            self._codes[key] = tuple(_code(text) for _, text in self.shown.rows(file, hunk, side))
        return self._codes[key]

    def stands(self, spot: _Spot, trace: Trace) -> bool:
        """Whether the line is the trace's code: as it is shown, or as it is, see `trace_of`."""
        line, text = self.shown.rows(spot.file, spot.hunk, trace.side)[spot.row]
        shown = self.codes(spot.file, spot.hunk, trace.side)[spot.row]
        return trace.code in {shown, _whole_code(line, text)}

    def spots(self, file: int, side: Side, code: str) -> Sequence[_Spot]:
        """Where a line stands on a side, as a context line too, by the digest of a neighbour or that of the line."""
        key = file, side
        if key not in self._spots:
            made: dict[str, list[_Spot]] = {}
            for hunk in range(len(self.shown.diff.files[file].hunks)):
                rows = self.shown.rows(file, hunk, side)
                for row, (shown, (line, text)) in enumerate(zip(self.codes(file, hunk, side), rows, strict=True)):
                    for each in {shown} if text == line.text else {shown, _whole_code(line, text)}:
                        made.setdefault(each[:_SHORT], []).append(_Spot(file, hunk, row))
            self._spots[key] = made
        return self._spots[key].get(code, ())

    def own(self, file: int, trace: Trace) -> Iterator[_Spot]:
        """Where the code of a trace stands in a file, on a line that can be commented on its side."""
        for spot in self.spots(file, trace.side, trace.code[:_SHORT]):
            line, _ = self.shown.rows(spot.file, spot.hunk, trace.side)[spot.row]
            if line.side is trace.side and self.stands(spot, trace):
                yield spot

    def beside(self, spot: _Spot, side: Side) -> tuple[list[str], list[str]]:
        """The digests of the neighbours above and below, the nearest first."""
        codes = self.codes(spot.file, spot.hunk, side)
        above, below = codes[max(0, spot.row - NEAR) : spot.row][::-1], codes[spot.row + 1 : spot.row + 1 + NEAR]
        return [code[:_SHORT] for code in above], [code[:_SHORT] for code in below]

    def text(self, spot: _Spot, side: Side) -> str:
        """The line as it is shown."""
        return self.shown.rows(spot.file, spot.hunk, side)[spot.row][1]

    def line(self, spot: _Spot, side: Side) -> int:
        """The line's number on the side."""
        return self.shown.rows(spot.file, spot.hunk, side)[spot.row][0].on(side) or 0

    def at(self, location: Location) -> _Spot | None:
        """The line that a location ends on; None where the change does not show it."""
        file = self.shown.diff.file_at(location)
        if file is None:
            return None
        hunk = self.shown.diff.files[file].hunk_at[location.side, location.line]
        first = self.line(_Spot(file, hunk, 0), location.side)
        return _Spot(file, hunk, location.line - first)

    def agreement(self, trace: Trace, spot: _Spot) -> _Agreement:
        """How far the lines beside a line are those of the trace."""
        above, below = self.beside(spot, trace.side)
        at_place = sum(map(str.__eq__, trace.above, above)) + sum(map(str.__eq__, trace.below, below))
        shared = Counter(_beside(trace)) & Counter((*above, *below))
        rows = self.shown.rows(spot.file, spot.hunk, trace.side)[max(0, spot.row - NEAR) : spot.row + 1 + NEAR]
        proves = 0 < at_place == len(_beside(trace)) or any(
            _code(text)[:_SHORT] in shared for _, text in rows if _tells(text)
        )
        return _Agreement(at_place, shared.total(), proves)


@lru_cache(maxsize=1)
def _places(shown: Shown) -> _Places:
    """The lines of the change at hand: it is asked about one finding after another, and digesting it takes longest."""
    return _Places(shown)


def _code(text: str) -> str:
    """The digest of a line, white space folded: 8 characters for 48 bits."""
    said = " ".join(text.split()).encode("utf-8", "surrogateescape")
    return base64.urlsafe_b64encode(hashlib.sha256(said).digest()[:6]).decode()


def _whole_code(line: Line, text: str) -> str:
    """The digest of a line as it is, where it is shown otherwise: two secrets are shown alike. No shown line has it."""
    return _code(text if text == line.text else f"as it is\0{line.text}")


def _beside(trace: Trace) -> tuple[str, ...]:
    return (*trace.above[:NEAR], *trace.below)


def trace_of(shown: Shown, finding: Finding) -> Trace:
    """By what the finding is known again. One without a line in the change leaves its quote, and no neighbours.

    Of a run of lines all are remembered, up to MOST_ABOVE; only the nearest of them tell where it stands. A secret is
    known by its line as it is, since any two are shown alike.
    """
    place, kind = finding.location, finding.category
    spot = _places(shown).at(place)
    if spot is None:
        return Trace(place.path, place.side, _quoted(finding), category=kind)
    rows = shown.rows(spot.file, spot.hunk, place.side)
    reach = min(max(NEAR, place.line - (place.start_line or place.line)), MOST_ABOVE)
    above, below = rows[max(0, spot.row - reach) : spot.row][::-1], rows[spot.row + 1 : spot.row + 1 + NEAR]
    before, after = (tuple(_code(text)[:_SHORT] for _, text in lines) for lines in (above, below))
    line, text = rows[spot.row]
    code = _whole_code(line, text) if finding.source == _SECRETS else _code(text)
    return Trace(place.path, place.side, code, before, after, kind)


def came_beside(then: Trace, now: Trace) -> frozenset[str]:
    """The digests of the lines that stand beside the code, or above it in its run, and did not before."""
    return frozenset((*now.above, *now.below)) - {*then.above, *then.below}


def is_among(text: str, digests: Collection[str]) -> bool:
    """Whether one of the lines of a text is among neighbours."""
    return any(_code(line)[:_SHORT] in digests for line in text.split("\n") if line.strip())


def only_lost(then: Trace, now: Trace) -> bool:
    """Whether lines beside the code went, and none came between: what stands farther off has only come nearer.

    That the farthest one is another now does not show whether it went.
    """
    sides = ((then.above, now.above), (then.below, now.below))
    went = any(code not in after for before, after in sides for code in before[:-1])
    kept = ((tuple(code for code in before if code in after), after) for before, after in sides)
    return went and all(after[: len(left)] == left for left, after in kept)


def _quoted(finding: Finding) -> str:
    """The digest of the line that the quote ends on, '' without a quote."""
    lines = [line for line in finding.quote.split("\n") if line.strip()]
    return _code(lines[-1]) if lines else ""


def name_of(finding: Finding, trace: Trace) -> str:
    """A name of 10 hexadecimal digits for the problem: of its code and its kind, whatever its words and its number."""
    kind = finding.category if finding.source == _MODEL else finding.rule
    said = [trace.path, trace.side, trace.code, trace.above[:NEAR], trace.below, finding.source, kind]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]


def names(findings: Sequence[Finding], traces: Sequence[Trace], taken: Collection[str] = ()) -> tuple[str, ...]:
    """A name for each finding, none twice and none that is taken: equals are counted in their order."""
    used = set(taken)
    made = []
    for finding, trace in zip(findings, traces, strict=True):
        first = name = name_of(finding, trace)
        count = 1
        while name in used:
            count += 1
            name = hashlib.sha256(f"{first}#{count}".encode()).hexdigest()[:10]
        used.add(name)
        made.append(name)
    return tuple(made)


def locate(shown: Shown, known: Known, renames: Mapping[str, str] = _NO_RENAMES) -> Located | None:
    """Where the known finding's code stands in the present change; None where it does not, or nobody can tell.

    Looked for in its file, and in what the file is called now: by `renames` (former path to present path) or by the
    change itself. Among equal lines it is the one whose neighbours agree best, then the one nearest to its old number;
    of several whose neighbours are all others it is none. Then, in any other file, the only line that agrees with its
    neighbours, too.
    """
    return locate_all(shown, [known], renames)[0]


def locate_all(
    shown: Shown, known: Sequence[Known], renames: Mapping[str, str] = _NO_RENAMES
) -> tuple[Located | None, ...]:
    """The same for many at once. Of lines that nothing tells apart each one's is another, in their former order.

    Where there are fewer of them than there were, those that are nearest to the former numbers stand still; what stood
    in the last review comes before what was gone then.
    """
    return tuple(found.located if found else None for found in _Locator(shown, renames).locate(known))


def near_of(shown: Shown, known: Known, renames: Mapping[str, str] = _NO_RENAMES) -> Location | None:
    """Where the known finding's code would stand: where most of its neighbours still do. None where they are gone."""
    locator = _Locator(shown, renames)
    spot = locator.vacated(known)
    return locator.location(spot, known) if spot else None


def _regardless(trace: Trace) -> Trace:
    """What of a trace tells where it stands: no category, and of a run of lines the nearest."""
    return Trace(trace.path, trace.side, trace.code, trace.above[:NEAR], trace.below)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a known finding's code stands, and at which other lines nothing tells it from."""

    spot: _Spot
    located: Located
    twins: tuple[_Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stand:
    """The lines that a trace may stand on, and how; `alone` where none of its neighbours is beside them."""

    spots: tuple[_Spot, ...]
    how: How
    alone: bool = False


_NOWHERE = _Stand((), How.SAME)


class _Locator:
    """Finds known findings in one change."""

    def __init__(self, shown: Shown, renames: Mapping[str, str]) -> None:
        self.places = _places(shown)
        self._renames = renames
        self._files = shown.diff.files

    def locate(self, known: Sequence[Known]) -> list[_Found | None]:
        """The code of each in its own file, else where it was moved to; equals are given a line each."""
        equals: dict[Trace, list[Known]] = {}
        for each in known:
            equals.setdefault(_regardless(each.trace), []).append(each)
        found = {trace: self._paired(trace, group) for trace, group in equals.items()}
        return [self._found(each, *found[_regardless(each.trace)]) for each in known]

    def _paired(self, trace: Trace, equals: Sequence[Known]) -> tuple[_Stand, Mapping[int, _Spot]]:
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

    def _found(self, known: Known, stand: _Stand, pairs: Mapping[int, _Spot]) -> _Found | None:
        spot = pairs.get(known.finding.location.line)
        if spot is None:
            return None
        how = self._how(known, spot) if stand.alone else stand.how
        return _Found(spot, Located(self.location(spot, known), how), stand.spots)

    def path(self, file: int) -> str:
        """The present name of a file."""
        return self._files[file].path

    def location(self, spot: _Spot, known: Known) -> Location:
        """The line in present numbers. What stands above it is still meant, as long as it is in the hunk."""
        side, place, file = known.trace.side, known.finding.location, self._files[spot.file]
        line = self.places.line(spot, side)
        start = line - (place.line - place.start_line) if place.start_line else line
        inside = start < line and file.hunk_at.get((side, start)) == file.hunk_at.get((side, line))
        return Location(file.path, side, line, start if inside else None)

    def home(self, trace: Trace) -> list[int]:
        """The files that are the trace's own: of its name, or that had it before."""
        names = {trace.path, self._renames.get(trace.path, trace.path)}
        return [
            index
            for index, file in enumerate(self._files)
            if file.path in names or (file.status is FileStatus.RENAMED and file.old_path in names)
        ]

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
        if not best.proves and (len(agreed) > 1 or not _tells(self.places.text(spots[0], trace.side))):
            return None
        return _Stand(spots, How.SAME, alone=not best.proves and bool(_beside(trace)))

    def _how(self, known: Known, spot: _Spot) -> How:
        """What became of a line that none of its neighbours is beside: they may still stand where it was."""
        apart = abs(self.places.line(spot, known.trace.side) - known.finding.location.line)
        vacated = self.vacated(known)
        moved = apart > FAR or (vacated is not None and not _near(vacated, spot))
        return How.MOVED if moved else How.CHANGED_AROUND

    def _moved(self, trace: Trace, most: int) -> _Stand | None:
        """The only lines of all other files that agree with most of its neighbours: a single line proves little."""
        home = set(self.home(trace))
        least = max(len(_beside(trace)) // 2 + 1, 2 if home else 1)
        others = (file for file in range(len(self._files)) if file not in home)
        agreed = {spot: self.places.agreement(trace, spot) for file in others for spot in self.places.own(file, trace)}
        best = max(agreed.values(), default=None)
        if best is None or best.at_place < least:
            return None
        spots = tuple(spot for spot, agreement in agreed.items() if agreement == best)
        return _Stand(spots, How.MOVED) if len(spots) <= most else None

    def vacated(self, known: Known) -> _Spot | None:
        """Where the code stood, by its neighbours: each votes for the place that it was beside.

        Where the same code stands there still, it is that of an equal.
        """
        trace = known.trace
        votes: dict[_Spot, set[int]] = {}
        above = trace.above[:NEAR]
        offsets = [*(at + 1 for at in range(len(above))), *(-at - 1 for at in range(len(trace.below)))]
        for voter, (code, offset) in enumerate(zip(_beside(trace), offsets, strict=True)):
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
        return tops[0] if all(_near(tops[0], spot) for spot in tops) else None


def _tells(text: str) -> bool:
    """Whether a line says anything by itself: a bracket stands anywhere."""
    return any(character.isalnum() for character in text)


def _near(one: _Spot, other: _Spot) -> bool:
    return (one.file, one.hunk) == (other.file, other.hunk) and abs(one.row - other.row) <= NEAR


def _around(votes: Mapping[_Spot, set[int]], spot: _Spot) -> set[int]:
    """All that vote for a place or one near it: lines that came or went between them set their votes apart."""
    rows = range(spot.row - NEAR, spot.row + NEAR + 1)
    return set().union(*(votes.get(_Spot(spot.file, spot.hunk, row), ()) for row in rows))


@dataclass(frozen=True, slots=True)
class _Target:
    """A known finding with its code in the present change, else the line where it stood."""

    known: Known
    found: _Found | None
    vacated: _Spot | None
    settled: bool
    paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Odds:
    """How well a finding fits a known one; the smallest fits best. Words decide only between equals."""

    tier: Tier
    distance: int
    other_category: bool
    dismissed: bool
    unlikeness: float


def match(
    found: Sequence[Finding],
    known: Sequence[Known],
    shown: Shown,
    *,
    settled: Collection[str] = (),
    renames: Mapping[str, str] = _NO_RENAMES,
) -> Matches:
    """Tell which findings are known ones: one-to-one, the surest first, whatever the known one's fate.

    A finding is a known one on its very line, be it that this moved; then up to NEAR lines beside it, or beside where
    it was, if the kind of harm is alike or the lines overlap. On a line that came there since, what is worse is another
    problem. What has no line, on either side, is known by its quote, then by its words. What an analyzer found is known
    only by the same rule, and on its very line as long as that stands: it says exactly what it means. Of the `settled`
    ids the model spoke in the same answers: what it reports beside their very line is another problem, too.

    A dismissed one takes in all that is found on its line, unless it is worse and of another kind, or MUCH_WORSE; and
    beside it what is of the same category and not worse, on a line that stood there when it was dismissed. Where its
    code is gone, or that of a fixed one, everything is fresh.
    """
    matcher = _Matcher(shown, known, settled, renames)
    fits = [
        (odds, known_at, found_at) for found_at, finding in enumerate(found) for known_at, odds in matcher.odds(finding)
    ]
    fits.sort(key=lambda fit: _order(*fit))
    pairs: list[Match] = []
    told: set[int] = set()
    again: set[int] = set()
    for odds, known_at, found_at in fits:
        if found_at in told or (known_at in again and not odds.dismissed):
            continue
        told.add(found_at)
        again.add(known_at)
        pairs.append(Match(found[found_at], known[known_at], odds.tier))
    return Matches(tuple(pairs), tuple(each for at, each in enumerate(found) if at not in told))


class _Matcher:
    """Holds findings against the known ones of a change."""

    def __init__(
        self, shown: Shown, known: Sequence[Known], settled: Collection[str], renames: Mapping[str, str]
    ) -> None:
        self._locator = _Locator(shown, renames)
        located = self._locator.locate(known)
        self._targets = [
            self._target(each, found, settled=each.id in settled) for each, found in zip(known, located, strict=True)
        ]

    def _target(self, known: Known, found: _Found | None, *, settled: bool) -> _Target:
        ends = found is not None or settled or known.fate in {Fate.FIXED, Fate.DISMISSED}
        home = (self._locator.path(file) for file in self._locator.home(known.trace))
        vacated = None if ends else self._locator.vacated(known)
        return _Target(known, found, vacated, settled, frozenset({known.trace.path, *home}))

    def odds(self, finding: Finding) -> Iterator[tuple[int, _Odds]]:
        """The known ones that the finding may be, by their positions."""
        spot = self._locator.places.at(finding.location)
        for at, target in enumerate(self._targets):
            known = target.known
            if not _is_of_one_source(finding, known.finding):
                continue
            fit = self._beside(finding, spot, target) if spot else _without_line(finding, target)
            if fit is None or not self._may(*fit, finding, target):
                continue
            other_category = finding.category is not known.finding.category
            unlikeness = 1.0 - _likeness(finding.title, known.finding.title)
            yield at, _Odds(*fit, other_category, known.fate is Fate.DISMISSED, unlikeness)

    def _beside(self, finding: Finding, spot: _Spot, target: _Target) -> tuple[Tier, int] | None:
        """The tier and the distance in lines of a finding that has a line."""
        known, found = target.known, target.found
        stood = found.spot if found else target.vacated
        if stood is None or finding.location.side is not known.trace.side:
            return None
        moved = found is not None and found.located.how is How.MOVED
        if found and spot == stood:
            return Tier.MOVED if moved else Tier.PLACE, 0
        if found and spot in found.twins and not target.settled:
            return Tier.PLACE, 1
        if not _near(spot, stood):
            return None
        place = self._locator.location(stood, known)
        if not _are_alike(finding.category, known.finding.category) and not _overlap(finding.location, place):
            return None
        return Tier.MOVED if moved else Tier.NEAR, abs(spot.row - stood.row)

    def _may(self, tier: Tier, distance: int, finding: Finding, target: _Target) -> bool:
        """Whether what fits a known one counts as that: see `match`."""
        known = target.known.finding
        worse = known.severity.rank - finding.severity.rank
        if tier in {Tier.PLACE, Tier.WORDS} or (tier is Tier.MOVED and distance == 0):
            # What was dismissed as a trifle does not hide a hole in the same line.
            most = MUCH_WORSE if _are_alike(finding.category, known.category) else 1
            return target.known.fate is not Fate.DISMISSED or worse < most
        if target.settled or (target.found and known.source != _MODEL):
            return False
        stood = self._stood(finding, target.known.trace)
        if target.known.fate is Fate.DISMISSED:
            return tier is Tier.NEAR and finding.category is known.category and worse <= 0 and stood
        return stood or worse <= 0

    def _stood(self, finding: Finding, trace: Trace) -> bool:
        """Whether the finding's line stood beside the known one's code before. A quote alone is that of the code."""
        places = self._locator.places
        spot = places.at(finding.location)
        if spot is None:
            return True
        code = places.codes(spot.file, spot.hunk, finding.location.side)[spot.row]
        return code[:_SHORT] in {*trace.above, *trace.below}


def _without_line(finding: Finding, target: _Target) -> tuple[Tier, int] | None:
    """The tier of a finding without a line: what it quotes is all that there is to go by, and then its words."""
    known, code = target.known, _quoted(finding)
    if finding.location.path not in target.paths:
        return None
    alike = _are_alike(finding.category, known.finding.category)
    if code and code == known.trace.code:
        if target.found is None:
            return Tier.PLACE, 0
        return (Tier.NEAR, 0) if alike else None
    lost = target.found is None and not known.placed
    same = alike and _likeness(finding.title, known.finding.title) >= LIKE
    return (Tier.WORDS, 0) if lost and same else None


def _is_of_one_source(finding: Finding, known: Finding) -> bool:
    if finding.source == known.source == _MODEL:
        return True
    return (finding.source, finding.rule) == (known.source, known.rule)


def _are_alike(one: Category, other: Category) -> bool:
    return any({one, other} <= group for group in _GROUPS)


def _overlap(one: Location, other: Location) -> bool:
    """Whether two runs of lines share a line; both are on one side of one file."""
    return (one.start_line or one.line) <= other.line and (other.start_line or other.line) <= one.line


def _likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, from 0 to 1."""
    words, others = (set(_WORD.findall(title.lower())) for title in (one, other))
    return len(words & others) / len(words | others) if words | others else 0.0


def _order(odds: _Odds, known_at: int, found_at: int) -> tuple[int, int, bool, bool, float, int, int]:
    return (odds.tier, odds.distance, odds.other_category, odds.dismissed, odds.unlikeness, known_at, found_at)
