"""The ledger: every changed line ends in exactly one state, and the sum is the change.

A line is known by its ordinal: its position among the changed lines of its file (`FileDiff.changed_lines`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.core.diff import Diff


class State(StrEnum):
    """How a changed line ended."""

    REVIEWED = "reviewed"
    EXCLUDED = "excluded"
    NOT_TEXT = "not text"
    LEFT_OUT = "left out"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a changed line ended in its state. Each reason belongs to one state."""

    ANSWERED = "answered"
    ANSWERED_EARLIER = "answered at an earlier head"
    LOOKED_AT = "looked at as an image"
    LOCKFILE = "lockfile"
    VENDORED = "vendored"
    GENERATED = "generated"
    MINIFIED = "minified"
    SOURCE_MAP = "source map"
    PATH_FILTER = "path filter"
    PURE_RENAME = "pure rename"
    PURE_COPY = "pure copy"
    BINARY = "binary"
    SUBMODULE = "submodule"
    MODE_CHANGE = "mode change"
    EMPTY = "empty file"
    COST = "over the cost cap"
    WITHHELD = "patch withheld by GitHub"
    TOO_LARGE = "too large"
    TOO_MANY = "too many images"
    NO_MODEL = "no model took part"
    GATED = "not reviewed by the policy"
    REQUEST_FAILED = "request failed"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    INVALID_ANSWER = "invalid answer"

    @property
    def state(self) -> State:
        """The state that this reason leads to."""
        return _STATES[self]


_BY_STATE = {
    State.REVIEWED: (Reason.ANSWERED, Reason.ANSWERED_EARLIER, Reason.LOOKED_AT),
    State.EXCLUDED: (
        Reason.LOCKFILE,
        Reason.VENDORED,
        Reason.GENERATED,
        Reason.MINIFIED,
        Reason.SOURCE_MAP,
        Reason.PATH_FILTER,
        Reason.PURE_RENAME,
        Reason.PURE_COPY,
    ),
    State.NOT_TEXT: (Reason.BINARY, Reason.SUBMODULE, Reason.MODE_CHANGE, Reason.EMPTY),
    State.LEFT_OUT: (
        Reason.COST,
        Reason.WITHHELD,
        Reason.TOO_LARGE,
        Reason.TOO_MANY,
        Reason.NO_MODEL,
        Reason.GATED,
    ),
    State.FAILED: (Reason.REQUEST_FAILED, Reason.REFUSED, Reason.TRUNCATED, Reason.INVALID_ANSWER),
}
_STATES = {reason: state for state, reasons in _BY_STATE.items() for reason in reasons}


@dataclass(frozen=True, slots=True)
class Entry:
    """The changed lines `first` up to, not including, `last` (ordinals) of one file share a reason.

    `file` is the position in `Diff.files`; `detail` names what decided (a pattern, a marker). A file without changed
    lines has one entry with an empty range, so that it is named all the same.
    """

    file: int
    reason: Reason
    first: int
    last: int
    detail: str = ""

    @property
    def lines(self) -> int:
        """How many lines the entry stands for."""
        return self.last - self.first


@dataclass(frozen=True)
class Ledger:
    """The account of a change. Build it with `balance`, which refuses what does not add up."""

    entries: tuple[Entry, ...]
    changed: int

    @cached_property
    def by_state(self) -> dict[State, int]:
        """Lines of each state, zeros included; the values sum to `changed`."""
        counts = Counter(dict.fromkeys(State, 0))
        for entry in self.entries:
            counts[entry.reason.state] += entry.lines
        return dict(counts)

    @cached_property
    def by_reason(self) -> dict[Reason, int]:
        """Lines of each reason that occurs, in the order of the reasons; files without lines count zero."""
        counts: Counter[Reason] = Counter()
        for entry in self.entries:
            counts[entry.reason] += entry.lines
        return {reason: counts[reason] for reason in Reason if reason in counts}

    @cached_property
    def by_file(self) -> dict[int, tuple[Entry, ...]]:
        """The entries of each file, in the diff's order."""
        files: dict[int, list[Entry]] = {}
        for entry in self.entries:
            files.setdefault(entry.file, []).append(entry)
        return {file: tuple(entries) for file, entries in files.items()}

    def lines(self, *states: State) -> int:
        """How many lines are in any of the states."""
        return sum(self.by_state[state] for state in states)


class Imbalance(AssertionError):
    """Lines are missing from the ledger or stand in it twice: a defect of Plumbline, never of its input."""


def balance(diff: Diff, entries: Iterable[Entry]) -> Ledger:
    """Build the ledger; raise Imbalance unless each changed line of each file is in exactly one entry."""
    ordered = tuple(sorted(entries, key=lambda entry: (entry.file, entry.first, entry.last)))
    ledger = Ledger(ordered, diff.changed)
    if ledger.by_file.keys() - set(range(len(diff.files))):
        raise Imbalance("the ledger names a file that is not in the change")
    for index, file in enumerate(diff.files):
        _check_file(file.path, len(file.changed_lines), ledger.by_file.get(index, ()))
    return ledger


def _check_file(path: str, changed: int, entries: Sequence[Entry]) -> None:
    position = 0
    for entry in entries:
        if entry.first != position or entry.last < entry.first:
            raise Imbalance(
                f"{path!r}: changed lines {position} to {entry.first} are accounted for twice or not at all"
            )
        position = entry.last
    if not entries or position != changed:
        raise Imbalance(f"{path!r}: {changed - position} changed lines are not accounted for")
