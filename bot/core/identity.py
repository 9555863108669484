"""Is this finding that finding? Told by the code that it is about, never by its words or its line number alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from bot.core.known import Fate, Known, Trace
from bot.core.locating import Found, How, Locator
from bot.core.models import Category, Finding, Location
from bot.core.places import NEAR, SHORT, Spot, in_one_hunk, is_near
from bot.core.traces import quoted_code
from bot.core.visible import Shown

AROUND = 2 * NEAR
"""How far two reports of one problem lie apart at most: each may quote a line NEAR the one that is meant."""

MUCH_WORSE = 2
"""By how many grades of severity another word on one line has to differ to be of another problem: one is a mood."""

LIKE = 0.6
"""The share of words that two titles have in common where nothing but the words can tell, as in `core.ranking`."""

_MODEL = "model"
_WORD = re.compile(r"\w+")
# The model calls one and the same harm by any name of its group.
_GROUPS = (
    frozenset({Category.SECURITY}),
    frozenset({Category.CORRECTNESS, Category.DATA, Category.CONCURRENCY}),
    frozenset({Category.PERFORMANCE}),
    frozenset({Category.COMPATIBILITY, Category.TESTS, Category.MAINTENANCE}),
)


class Tier(IntEnum):
    """What makes a finding a known one, the surest first.

    Its very line, a line beside it, code that moved, a line around one that the model was told of and is silent about;
    where neither has a line, its words.
    """

    PLACE = 1
    NEAR = 2
    MOVED = 3
    AROUND = 4
    WORDS = 5


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
class Spoken:
    """Of which known ones the model spoke in the answers that the findings are from, by their ids.

    `settled` are those that it judged, `silent` those that it was told of and passed over.
    """

    settled: Collection[str] = ()
    silent: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    """A known finding in the present change.

    `stood` is the line of its code, else where that stood. `spots` are all lines that it may be about: where nobody can
    tell, all those of its code. `beside` are lines that stood beside that before, see `Places.stood_beside`, of one
    that the model is silent about.
    """

    known: Known
    found: Found | None
    stood: Spot | None
    spots: tuple[Spot, ...]
    beside: Mapping[Spot, int]
    paths: frozenset[str]
    settled: bool
    silent: bool

    @property
    def moved(self) -> bool:
        """Whether its code is elsewhere now."""
        return self.found is not None and self.found.located.how is How.MOVED


@dataclass(frozen=True, slots=True)
class _Fit:
    """In what way a finding may be a known one, and how many lines lie between them."""

    tier: Tier
    distance: int = 0


@dataclass(frozen=True, slots=True, order=True)
class _Odds:
    """How well a finding fits a known one; the smallest fits best. Words decide only between equals.

    `came` tells that the finding's line was not there, beside the known one, before.
    """

    other_group: bool
    tier: Tier
    came: bool
    distance: int
    other_category: bool
    dismissed: bool
    unlikeness: float
    known_at: int
    found_at: int


def match(found: Sequence[Finding], known: Sequence[Known], shown: Shown, spoken: Spoken = Spoken()) -> Matches:
    """Tell which findings are known ones: one-to-one, as many as may be and the surest first, whatever their fate.

    A finding is a known one on its very line, be it that this moved; then up to NEAR lines beside it, or beside where
    it was, if the kind of harm is alike or the lines overlap. On a line that came there since, what is worse is another
    problem. What has no line, on either side, is known by its quote, then by its words. What an analyzer found is known
    only by the same rule, and on its very line as long as that stands: it says exactly what it means.

    What the model reports beside the very line of one that it `settled`, or on it of another kind of harm, is another
    problem. What it reports of alike harm around one that it is `silent` about is that one, named by another line: on a
    line that stood beside it before, or up to AROUND lines from it.

    A dismissed one takes in all that is found on its line, unless it is worse and of another kind, or MUCH_WORSE; and
    beside it what is of the same category and not worse, on a line that stood there when it was dismissed. Where its
    code is gone, or that of a fixed one, everything is fresh.
    """
    matcher = _Matcher(shown, known, spoken)
    told = _assigned(sorted(odds for at, finding in enumerate(found) for odds in matcher.odds(at, finding)))
    pairs = [Match(found[odds.found_at], known[odds.known_at], odds.tier) for odds in sorted(told.values())]
    return Matches(tuple(pairs), tuple(each for at, each in enumerate(found) if at not in told))


def _assigned(fits: Sequence[_Odds]) -> dict[int, _Odds]:
    """For each finding the known one that it is, given all fits, the best first.

    The surest take theirs first. A finding that is left without one gets that of another, where this other may be
    a known one that is left as well: what two reports say of two known ones is not said again.
    """
    of_finding: dict[int, list[_Odds]] = {}
    for odds in fits:
        of_finding.setdefault(odds.found_at, []).append(odds)
    told: dict[int, _Odds] = {}
    taken: dict[int, int] = {}
    for odds in fits:
        if odds.found_at not in told and (odds.dismissed or odds.known_at not in taken):
            told[odds.found_at] = odds
            taken[odds.known_at] = odds.found_at
    for left in [found_at for found_at in of_finding if found_at not in told]:
        for odds in _moved_up(left, of_finding, taken, set()):
            told[odds.found_at] = odds
            taken[odds.known_at] = odds.found_at
    return told


def _moved_up(
    found_at: int, fits: Mapping[int, Sequence[_Odds]], taken: Mapping[int, int], asked: set[int]
) -> list[_Odds]:
    """What findings have to take instead, so that this one gets a known one too; [] where that cannot be."""
    for odds in fits[found_at]:
        if odds.known_at in asked:
            continue
        asked.add(odds.known_at)
        if odds.dismissed or odds.known_at not in taken:
            return [odds]
        others = _moved_up(taken[odds.known_at], fits, taken, asked)
        if others:
            return [odds, *others]
    return []


class _Matcher:
    """Holds findings against the known ones of a change."""

    def __init__(self, shown: Shown, known: Sequence[Known], spoken: Spoken) -> None:
        self._locator = Locator(shown)
        self._places = self._locator.places
        located = self._locator.locate(known)
        self._targets = [self._target(each, found, spoken) for each, found in zip(known, located, strict=True)]

    def _target(self, known: Known, found: Found | None, spoken: Spoken) -> _Target:
        settled = known.id in spoken.settled
        stood = found.spot if found else None
        if stood is None and not settled and known.fate not in {Fate.FIXED, Fate.DISMISSED}:
            stood = self._locator.vacated(known)
        silent = known.id in spoken.silent
        files = self._locator.home(known.trace)
        beside = [self._places.stood_beside(file, known.trace) for file in files] if silent else []
        return _Target(
            known=known,
            found=found,
            stood=stood,
            spots=(stood,) if stood else self._locator.equals(known),
            beside={spot: rows for of_file in beside for spot, rows in of_file.items()},
            paths=frozenset({known.trace.path, *map(self._locator.path, files)}),
            settled=settled,
            silent=silent,
        )

    def odds(self, found_at: int, finding: Finding) -> Iterator[_Odds]:
        """The known ones that the finding may be."""
        spot = self._places.at(finding.location)
        for at, target in enumerate(self._targets):
            known = target.known
            if not _is_of_one_source(finding, known.finding):
                continue
            fit = self._fit(finding, spot, target)
            if fit is None or not self._may(fit, finding, spot, target):
                continue
            yield _Odds(
                other_group=not _are_alike(finding, known.finding),
                tier=fit.tier,
                came=fit.tier is not Tier.PLACE and not self._stood(fit.tier, spot, known.trace),
                distance=fit.distance,
                other_category=finding.category is not known.finding.category,
                dismissed=known.fate is Fate.DISMISSED,
                unlikeness=1.0 - _likeness(finding.title, known.finding.title),
                known_at=at,
                found_at=found_at,
            )

    def _fit(self, finding: Finding, spot: Spot | None, target: _Target) -> _Fit | None:
        known, place = target.known, finding.location
        fit = None
        if spot is None:
            fit = _without_line(finding, target)
        elif place.side is known.trace.side:
            fit = _on_it(finding, spot, target) or self._beside(finding, spot, target)
        silent = target.silent and place.side is known.trace.side and place.path in target.paths
        return fit or (self._around(finding, spot, target) if silent and _are_alike(finding, known.finding) else None)

    def _beside(self, finding: Finding, spot: Spot, target: _Target) -> _Fit | None:
        """On a line beside it, now or before."""
        known, found, stood = target.known, target.found, target.stood
        if stood is None or not in_one_hunk(spot, stood):
            return None
        alike = _are_alike(finding, known.finding)
        if alike and spot in target.beside:
            return _Fit(Tier.NEAR, target.beside[spot])
        apart = abs(spot.row - stood.row)
        overlap = found is not None and not target.moved and _overlap(finding.location, found.located.location)
        if apart > NEAR or not (alike or overlap):
            return None
        return _Fit(Tier.MOVED if target.moved else Tier.NEAR, apart)

    def _around(self, finding: Finding, spot: Spot | None, target: _Target) -> _Fit | None:
        """Around it, be it that nobody can tell which of several lines the finding means, or which the known one meant.

        Either may name a line beside the one that is meant, so they are one where a line may lie beside both.
        """
        place = finding.location
        spots = (spot,) if spot else self._locator.own(Trace(place.path, place.side, quoted_code(finding)))
        apart = [abs(one.row - other.row) for one in spots for other in target.spots if in_one_hunk(one, other)]
        beside = [abs(one.row - other.row) for one in spots for other in target.beside if is_near(one, other)]
        nearest = min((*apart, *(rows + NEAR for rows in beside)), default=AROUND + 1)
        return _Fit(Tier.AROUND, nearest * len(spots)) if nearest <= AROUND else None

    def _may(self, fit: _Fit, finding: Finding, spot: Spot | None, target: _Target) -> bool:
        """Whether what fits a known one counts as that: see `match`."""
        known, tier = target.known.finding, fit.tier
        alike = _are_alike(finding, known)
        worse = known.severity.rank - finding.severity.rank
        if tier in {Tier.PLACE, Tier.WORDS} or (tier is Tier.MOVED and fit.distance == 0):
            # What was dismissed as a trifle does not hide a hole in the same line.
            most = MUCH_WORSE if alike else 1
            return (alike or not target.settled) and (target.known.fate is not Fate.DISMISSED or worse < most)
        if target.settled or (target.found and known.source != _MODEL):
            return False
        stood = spot is None or self._stood(tier, spot, target.known.trace)
        if target.known.fate is Fate.DISMISSED:
            return tier is Tier.NEAR and finding.category is known.category and worse <= 0 and stood
        return stood or worse <= 0

    def _stood(self, tier: Tier, spot: Spot | None, trace: Trace) -> bool:
        """Whether the finding's line stood beside the known one's code before. A quote alone is that of the code."""
        if spot is None:
            return tier is not Tier.AROUND
        code = self._places.codes(spot.file, spot.hunk, trace.side)[spot.row]
        return code[:SHORT] in {*trace.above, *trace.below, *trace.also}


def _on_it(finding: Finding, spot: Spot, target: _Target) -> _Fit | None:
    """On its very line, or on one that nothing tells from that."""
    found, alike = target.found, _are_alike(finding, target.known.finding)
    if found and spot == found.spot and (alike or not target.moved):
        return _Fit(Tier.MOVED if target.moved else Tier.PLACE)
    return _Fit(Tier.PLACE, 1) if found and spot in found.twins and alike and not target.settled else None


def _without_line(finding: Finding, target: _Target) -> _Fit | None:
    """Of a finding without a line what it quotes is all that there is to go by, and then its words."""
    known, code = target.known, quoted_code(finding)
    if finding.location.path not in target.paths:
        return None
    alike = _are_alike(finding, known.finding)
    if code and code == known.trace.code:
        if target.found is None:
            return _Fit(Tier.PLACE)
        return _Fit(Tier.NEAR) if alike else None
    lost = target.found is None and not known.placed
    same = alike and _likeness(finding.title, known.finding.title) >= LIKE
    return _Fit(Tier.WORDS) if lost and same else None


def _is_of_one_source(finding: Finding, known: Finding) -> bool:
    if finding.source == known.source == _MODEL:
        return True
    return (finding.source, finding.rule) == (known.source, known.rule)


def _are_alike(one: Finding, other: Finding) -> bool:
    """Whether they are about one kind of harm."""
    return any({one.category, other.category} <= group for group in _GROUPS)


def _overlap(one: Location, other: Location) -> bool:
    """Whether two runs of lines share more than a line; both are on one side of one file."""
    first = max(one.start_line or one.line, other.start_line or other.line)
    return first < min(one.line, other.line)


def _likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, from 0 to 1."""
    words, others = (set(_WORD.findall(title.lower())) for title in (one, other))
    return len(words & others) / len(words | others) if words | others else 0.0
