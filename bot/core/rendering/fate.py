"""What became of a review, for the last line in a terminal: answers from before, what stands on GitHub."""

from __future__ import annotations

from bot.core.posting import Obstacle, Posted
from bot.core.rendering.words import count
from bot.core.review import Review
from bot.core.visible import printable


def told(review: Review, posted: Posted | None, taken: int) -> str:
    """What there is to say, or ''."""
    earlier = f"{count(taken, 'answer')} from an earlier run (--fresh asks anew)" if taken else ""
    return " · ".join(filter(None, (earlier, _on_github(review, posted))))


def _on_github(review: Review, posted: Posted | None) -> str:
    """`not posted (add --post)`, `posted: URL, 2 comments`, or why not; '' where there is nothing to post on."""
    if review.change.pull_request is None:
        return ""
    if posted is None:
        return "not posted (add --post)"
    if posted.obstacle is Obstacle.SUPERSEDED:
        return f"not posted: {posted.head[:7]} was pushed meanwhile, review it again"
    if posted.obstacle is Obstacle.CLOSED:
        return "not posted: the pull request was closed meanwhile"
    inline = f", {count(posted.comments, 'comment')}" if posted.comments else ""
    refused = f" (GitHub did not take the inline comments, so the summary holds all: {printable(posted.refused)})"
    return f"posted: {posted.summary_url}{inline}{refused if posted.refused else ''}"
