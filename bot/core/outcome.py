"""How a review ended: computed once from the ledger; it drives first lines, exit codes and check runs alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.ledger import Ledger, State

NOTHING_TO_READ = "nothing to read"
NO_CHANGED_LINES = "no changed lines"


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


def conclude(ledger: Ledger, *, gate: str = "", unlisted: int = 0) -> Outcome:
    """Tell how the review ended. `gate` names the rule that kept it from starting (draft, label, ...).

    `unlisted` counts files that GitHub did not name. They, and files whose patch it withheld, have lines that nobody
    could count, and images have none: the ledger's sums alone would call the change complete.
    """
    if gate:
        return Outcome(Ending.SKIPPED, gate)
    failed, reviewed = ledger.lines(State.FAILED), ledger.lines(State.REVIEWED)
    states = {entry.reason.state for entry in ledger.entries}
    missing = bool(states & {State.FAILED, State.LEFT_OUT}) or unlisted
    if State.REVIEWED not in states and not missing:
        return Outcome(Ending.SKIPPED, NOTHING_TO_READ if ledger.changed else NO_CHANGED_LINES)
    if failed and not reviewed:
        return Outcome(Ending.FAILED, "no line was answered for")
    if State.FAILED in states and State.REVIEWED not in states:
        return Outcome(Ending.FAILED, "no image was answered for")
    return Outcome(Ending.PARTIAL, "not every line was read") if missing else Outcome(Ending.COMPLETE)


def exit_code(outcome: Outcome, *, asked: bool, reached: bool, analyzers_failed: bool, not_posted: bool = False) -> int:
    """The code of a process that reviewed: 0 did what was asked, 1 findings at the threshold, 3 not all that was asked.

    `asked` tells whether a model was asked: without one a partial review is what was asked for. `reached` tells whether
    a finding is at or above the threshold to fail on, `not_posted` whether GitHub did not take what was to be posted.
    """
    if reached:
        return 1
    if analyzers_failed or not_posted or (asked and outcome.ending in {Ending.PARTIAL, Ending.FAILED}):
        return 3
    return 0
