"""What a review is counted as: how it ended, and the one word for why. Names of people and files stay out of it."""

from __future__ import annotations

from collections import Counter

from bot.core.ledger import State
from bot.core.outcome import Ending
from bot.core.posting import Posted
from bot.core.review import Review

_MISSED = {State.LEFT_OUT, State.FAILED}


def reason_of(review: Review, posted: Posted | None) -> str:
    """Why a review was not posted, or not complete; '' where it was both. Of several reasons that of the most lines."""
    if posted and posted.obstacle:
        return posted.obstacle.value
    if review.outcome.ending is Ending.SKIPPED:
        return "gated" if review.gate else "nothing to read"
    lines: Counter[str] = Counter()
    for entry in review.ledger.entries:
        if entry.reason.state in _MISSED:
            lines[entry.reason.value] += max(entry.lines, 1)
    if review.outcome.ending is not Ending.COMPLETE and lines:
        return lines.most_common(1)[0][0]
    return "not posted" if posted and not posted.summary_url else ""
