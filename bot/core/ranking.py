"""Which findings are said, in which order, and which of them inline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.models import Finding, Side
from bot.core.placement import Placed, Unplaced

DOUBTFUL = 0.35
"""Below this confidence a finding is folded away.

A comment is worth posting when its odds of being a real, wanted problem exceed about one third.
"""

_NEAR = 3
_ALIKE = 0.4
_SAME = 0.6
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Findings worth saying, with a line and without, worst first; and those too doubtful to be more than mentioned.

    `preexisting` are those that the code had before the change: they are no part of what is said about it.
    """

    said: tuple[Finding, ...]
    unplaced: tuple[Unplaced, ...]
    doubtful: tuple[Finding, ...]
    preexisting: tuple[Finding, ...] = ()

    @property
    def found(self) -> tuple[Finding, ...]:
        """All of them."""
        return (*self.said, *(each.finding for each in self.unplaced), *self.doubtful)


def rank(analyzed: Sequence[Finding], placed: Sequence[Placed]) -> Ranking:
    """Merge what several parts or tools say of the same problem, then order by severity, confidence and place.

    Within what one source said of one part, two findings are taken for two problems unless they are in nearly the same
    words; between sources one line and one kind of harm are enough.
    """
    merged = _merged([*_by_source(analyzed), *(each.findings for each in placed)])
    findings = [finding for finding in merged if finding.introduced]
    said = tuple(finding for finding in findings if not _is_doubtful(finding))
    unplaced = _news((each for part in placed for each in part.unplaced), said)
    return Ranking(
        said=said,
        unplaced=tuple(each for each in unplaced if not _is_doubtful(each.finding)),
        doubtful=tuple(filter(_is_doubtful, [*findings, *(each.finding for each in unplaced)])),
        preexisting=tuple(each for each in merged if not each.introduced and not _is_doubtful(each)),
    )


def _by_source(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.source, []).append(finding)
    return groups.values()


def _precedence(finding: Finding) -> tuple[bool, tuple[int, float, str, int, str], str]:
    """The order in which findings stay: a doubtful one gives way to a sure one, however bad it would be.

    The last part decides between equals by their content, so that the order in which answers come has no say.
    """
    return _is_doubtful(finding), finding.order, repr(finding)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A finding, and the numbers of the groups that said it, in its own words or in others."""

    finding: Finding
    groups: set[int]


def _merged(groups: Iterable[Iterable[Finding]]) -> list[Finding]:
    said_by: dict[Finding, set[int]] = {}
    for number, group in enumerate(groups):
        for finding in group:
            said_by.setdefault(finding, set()).add(number)
    kept: list[_Kept] = []
    standing: dict[tuple[str, Side, int], list[_Kept]] = {}
    for finding in sorted(said_by, key=_precedence):
        one, place = _Kept(finding, said_by[finding]), finding.location
        lines = range((place.start_line or place.line) - _NEAR, place.line + _NEAR + 1)
        near = (other for line in lines for other in standing.get((place.path, place.side, line), ()))
        same = next((other for other in near if _is_same(one, other)), None)
        if same is not None:
            same.groups.update(one.groups)
            continue
        kept.append(one)
        for line in lines[_NEAR:-_NEAR]:
            standing.setdefault((place.path, place.side, line), []).append(one)
    return [each.finding for each in kept]


def _news(unplaced: Iterable[Unplaced], said: Iterable[Finding]) -> list[Unplaced]:
    """What two parts say of one file under the same title is said once, and not at all where it has a line already."""
    known = {(finding.location.path, finding.title) for finding in said}
    first: dict[tuple[str, str], Unplaced] = {}
    for each in sorted(unplaced, key=lambda each: (*_precedence(each.finding), each.why)):
        first.setdefault((each.finding.location.path, each.finding.title), each)
    return [each for key, each in first.items() if key not in known]


def _is_doubtful(finding: Finding) -> bool:
    return finding.confidence < DOUBTFUL


def _is_same(one: _Kept, other: _Kept) -> bool:
    """Whether two findings on one side of one file are one problem."""
    first, second = one.finding.location, other.finding.location
    gap = max(
        (first.start_line or first.line) - second.line,
        (second.start_line or second.line) - first.line,
    )
    alike = _likeness(one.finding, other.finding)
    if not one.groups.isdisjoint(other.groups):
        return gap <= 0 and alike >= _SAME
    same_kind = one.finding.category is other.finding.category
    if same_kind and first == second and first.start_line is None:
        return True
    # A run of lines may hold several problems of one kind: there the words have to agree as well.
    return alike >= _ALIKE and (gap <= 0 or (gap <= _NEAR and same_kind))


def _likeness(one: Finding, other: Finding) -> float:
    """The share of words that two titles have in common, from 0 to 1."""
    if one.title == other.title:
        return 1.0
    words, others = (set(_WORD.findall(finding.title.lower())) for finding in (one, other))
    return len(words & others) / len(words | others) if words | others else 0.0
