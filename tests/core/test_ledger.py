"""Ledger and outcome: the sum is the change, and the ending follows from the sum."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.ledger import Entry, Imbalance, Ledger, Reason, State, balance
from bot.core.outcome import Ending, Outcome, conclude, exit_code


def source(path: str, size: int) -> FileDiff:
    lines = tuple(Line(LineKind.ADDED, None, number, "x") for number in range(1, size + 1))
    return FileDiff(path, path, FileStatus.MODIFIED, hunks=(Hunk(0, 0, 1, size, "", lines),))


ONE = Diff((source("a.py", 4), FileDiff("x", "y", FileStatus.RENAMED)))
RENAME = Entry(1, Reason.PURE_RENAME, 0, 0)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [Entry(0, Reason.ANSWERED, 0, 4)],
        [Entry(0, Reason.ANSWERED, 0, 3), RENAME],
        [Entry(0, Reason.ANSWERED, 1, 4), RENAME],
        [Entry(0, Reason.ANSWERED, 0, 5), RENAME],
        [Entry(0, Reason.ANSWERED, 0, 2), Entry(0, Reason.COST, 1, 4), RENAME],
        [Entry(0, Reason.ANSWERED, 0, 4), Entry(0, Reason.COST, 0, 4), RENAME],
        [Entry(0, Reason.ANSWERED, 0, 4), RENAME, Entry(2, Reason.BINARY, 0, 0)],
    ],
)
def test_a_ledger_that_does_not_add_up_is_refused(entries: list[Entry]) -> None:
    """Gaps, overlaps, excess, missing and unknown files are defects, and no review comes of them."""
    with pytest.raises(Imbalance):
        balance(ONE, entries)


@pytest.mark.parametrize(
    ("reasons", "ending"),
    [
        ([Reason.ANSWERED, Reason.ANSWERED_EARLIER], Ending.COMPLETE),
        ([Reason.ANSWERED, Reason.LOCKFILE], Ending.COMPLETE),
        ([Reason.ANSWERED, Reason.SUBMODULE], Ending.COMPLETE),
        ([Reason.ANSWERED, Reason.COST], Ending.PARTIAL),
        ([Reason.ANSWERED, Reason.TOO_LARGE], Ending.PARTIAL),
        ([Reason.ANSWERED, Reason.WITHHELD], Ending.PARTIAL),
        ([Reason.ANSWERED, Reason.REFUSED], Ending.PARTIAL),
        ([Reason.NO_MODEL, Reason.NO_MODEL], Ending.PARTIAL),
        ([Reason.REQUEST_FAILED, Reason.LOCKFILE], Ending.FAILED),
        ([Reason.TRUNCATED, Reason.COST], Ending.FAILED),
        ([Reason.LOCKFILE, Reason.GENERATED], Ending.SKIPPED),
    ],
)
def test_the_outcome_follows_from_the_ledger(reasons: list[Reason], ending: Ending) -> None:
    """Each row of the table of states leads to its outcome."""
    ledger = balance(ONE, [Entry(0, reasons[0], 0, 2), Entry(0, reasons[1], 2, 4), RENAME])
    assert conclude(ledger).ending is ending
    assert conclude(ledger, gate="draft").ending is Ending.SKIPPED


def test_exit_codes_follow_from_the_outcome() -> None:
    """A partial review without a model is what was asked for; with one it is not; findings at the threshold win."""
    partial = conclude(balance(ONE, [Entry(0, Reason.NO_MODEL, 0, 4), RENAME]))
    assert exit_code(partial, asked=False, reached=False, analyzers_failed=False) == 0
    assert exit_code(partial, asked=True, reached=False, analyzers_failed=False) == 3
    assert exit_code(partial, asked=False, reached=False, analyzers_failed=True) == 3
    assert exit_code(partial, asked=True, reached=True, analyzers_failed=False) == 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.lists(st.sampled_from(Reason), min_size=1), st.data())
def test_any_partition_balances_and_nothing_else(sizes: list[int], reasons: list[Reason], data: st.DataObject) -> None:
    """Cut anyhow and given in any order, entries that add up are taken; with one of them damaged they are refused."""
    diff = Diff(tuple(source(f"{index}.py", size) for index, size in enumerate(sizes)))
    fates = itertools.cycle(reasons)
    entries = [
        Entry(index, next(fates), first, min(first + 3, size))
        for index, size in enumerate(sizes)
        for first in range(0, max(size, 1), 3)
    ]
    ledger = balance(diff, data.draw(st.permutations(entries)))
    assert sum(ledger.by_state.values()) == sum(ledger.by_reason.values()) == diff.changed == sum(sizes)
    assert set(ledger.by_state) == set(State)
    assert ledger == balance(diff, entries)
    assume(diff.changed)
    one = data.draw(st.sampled_from([entry for entry in entries if entry.lines]))
    others = [entry for entry in entries if entry != one]
    longer, shorter = replace(one, last=one.last + 1), replace(one, first=one.first + 1)
    for damaged in (others, [*entries, one], [*others, longer], [*others, shorter]):
        with pytest.raises(Imbalance):
            balance(diff, damaged)


def test_an_imbalance_names_file_and_lines() -> None:
    """What does not add up is said with the path and the ordinals."""
    with pytest.raises(Imbalance, match=r"'a.py': changed lines 2 to 3 are accounted for twice or not at all"):
        balance(ONE, [Entry(0, Reason.ANSWERED, 0, 2), Entry(0, Reason.COST, 3, 4), RENAME])
    with pytest.raises(Imbalance, match=r"'a.py': 1 changed lines are not accounted for"):
        balance(ONE, [Entry(0, Reason.ANSWERED, 0, 3), RENAME])


def test_each_reason_has_one_state() -> None:
    """No reason is left without a state."""
    assert {reason.state for reason in Reason} == set(State)


def ledger_of(*reasons: Reason) -> Ledger:
    diff = Diff((source("a.py", len(reasons)),))
    return balance(diff, [Entry(0, reason, line, line + 1) for line, reason in enumerate(reasons)])


ALLOWS = {
    State.REVIEWED: Ending.COMPLETE,
    State.EXCLUDED: Ending.COMPLETE,
    State.NOT_TEXT: Ending.COMPLETE,
    State.LEFT_OUT: Ending.PARTIAL,
    State.FAILED: Ending.PARTIAL,
}


@pytest.mark.parametrize("reason", Reason)
def test_beside_an_answered_line_each_state_allows_its_outcome(reason: Reason) -> None:
    """The table of ARCHITECTURE.md, reason by reason: one answered line, and one with the reason."""
    assert conclude(ledger_of(Reason.ANSWERED, reason)).ending is ALLOWS[reason.state]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.state is State.FAILED])
def test_where_no_line_was_answered_the_review_failed(reason: Reason) -> None:
    """A model was asked and no answer can be used."""
    assert conclude(ledger_of(reason, Reason.LOCKFILE, Reason.COST)).ending is Ending.FAILED


@given(st.lists(st.sampled_from(Reason), min_size=1, max_size=8))
def test_complete_is_earned(reasons: list[Reason]) -> None:
    """Complete is said exactly where some line was answered for and none failed or was left out."""
    states = {reason.state for reason in reasons}
    earned = State.REVIEWED in states and not states & {State.FAILED, State.LEFT_OUT}
    assert (conclude(ledger_of(*reasons)).ending is Ending.COMPLETE) == earned


def test_what_was_skipped_says_why() -> None:
    """A gate, a change without lines and one with nothing to read are told apart."""
    nothing = balance(Diff(()), [])
    assert conclude(nothing) == Outcome(Ending.SKIPPED, "no changed lines")
    assert conclude(ledger_of(Reason.LOCKFILE)) == Outcome(Ending.SKIPPED, "nothing to read")
    assert conclude(ledger_of(Reason.ANSWERED), gate="draft") == Outcome(Ending.SKIPPED, "draft")


def test_lines_that_nobody_could_count_are_missing_all_the_same() -> None:
    """A file whose patch GitHub withheld, and files that it did not name, make a review partial though sums agree."""
    diff = Diff((source("a.py", 1), FileDiff("big.py", "big.py", FileStatus.MODIFIED)))
    withheld = balance(diff, [Entry(0, Reason.ANSWERED, 0, 1), Entry(1, Reason.WITHHELD, 0, 0)])
    assert withheld.by_state[State.LEFT_OUT] == 0
    assert conclude(withheld).ending is Ending.PARTIAL
    assert conclude(ledger_of(Reason.ANSWERED), unlisted=1).ending is Ending.PARTIAL
    assert conclude(balance(Diff(()), []), unlisted=1).ending is Ending.PARTIAL
    assert conclude(ledger_of(Reason.ANSWERED)).ending is Ending.COMPLETE


def test_what_was_not_posted_is_not_done() -> None:
    """A complete review that GitHub did not take is not all that was asked."""
    complete = Outcome(Ending.COMPLETE)
    assert exit_code(complete, asked=True, reached=False, analyzers_failed=False, not_posted=True) == 3
    assert exit_code(complete, asked=True, reached=False, analyzers_failed=False) == 0


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("reached", [True, False])
@pytest.mark.parametrize("broken", [True, False])
def test_exit_codes_are_0_1_and_3(ending: Ending, asked: bool, reached: bool, broken: bool) -> None:
    """1 for findings at the threshold, else 3 where less was done than asked, else 0."""
    short = broken or (asked and ending in {Ending.PARTIAL, Ending.FAILED})
    expected = 1 if reached else 3 if short else 0
    assert exit_code(Outcome(ending), asked=asked, reached=reached, analyzers_failed=broken) == expected
