"""How a review ended: computed once from the ledger; it drives first lines, exit codes and check runs alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.ledger import Ledger, State


class Ending(StrEnum):
    """The four ways in which a review can end."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ending, and why where it is not `complete` (words are made of it in `core.rendering`)."""

    ending: Ending
    reason: str = ""


def conclude(ledger: Ledger, *, gate: str = "") -> Outcome:
    """Tell how the review ended. `gate` names the rule that kept it from starting (draft, label, ...)."""
    if gate:
        return Outcome(Ending.SKIPPED, gate)
    failed, left_out = ledger.lines(State.FAILED), ledger.lines(State.LEFT_OUT)
    reviewed = ledger.lines(State.REVIEWED)
    if not ledger.changed:
        return Outcome(Ending.SKIPPED, "no changed lines")
    if not reviewed + failed + left_out:
        return Outcome(Ending.SKIPPED, "nothing to read")
    if failed and not reviewed:
        return Outcome(Ending.FAILED, "no line was answered for")
    if failed or left_out:
        return Outcome(Ending.PARTIAL, "not every line was read")
    return Outcome(Ending.COMPLETE)


def exit_code(outcome: Outcome, *, asked: bool, reached: bool, analyzers_failed: bool) -> int:
    """The code of a process that reviewed: 0 did what was asked, 1 findings at the threshold, 3 not all that was asked.

    `asked` tells whether a model was asked: without one a partial review is what was asked for. `reached` tells whether
    a finding is at or above the threshold to fail on.
    """
    if reached:
        return 1
    if analyzers_failed or (asked and outcome.ending in {Ending.PARTIAL, Ending.FAILED}):
        return 3
    return 0
