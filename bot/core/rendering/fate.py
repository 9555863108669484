"""What became of a review, for the last line in a terminal: answers from before, what stands on GitHub."""

from __future__ import annotations

from bot.core.posting import Obstacle, Posted
from bot.core.pull_request import PullRequestState
from bot.core.rendering.comments import WITHDRAWN
from bot.core.rendering.words import count
from bot.core.review import Review
from bot.core.visible import printable


def told(review: Review, posted: Posted | None, taken: int) -> str:
    """What there is to say, or ''."""
    earlier = f"{count(taken, 'answer')} from an earlier run (--fresh asks anew)" if taken else ""
    return " · ".join(filter(None, (earlier, _on_github(review, posted))))


def _on_github(review: Review, posted: Posted | None) -> str:
    """`not posted (add --post)`, `posted: URL, 2 comments`, or why not; '' where there is nothing to post on."""
    pull = review.change.pull_request
    if pull is None:
        return ""
    if posted is None:
        closed = pull.state is not PullRequestState.OPEN
        return f"not posted: the pull request is {pull.state}" if closed else "not posted (add --post)"
    if posted.obstacle is not None:
        return f"not posted: {_OBSTACLES[posted.obstacle].format(head=posted.head[:7])}"
    problems = printable(" ".join(posted.problems))
    if not posted.summary_url:
        done = f"{count(posted.comments, 'comment')} posted, the summary not" if posted.comments else "not posted"
        return f"{done}: {problems}"
    inline = f", {count(posted.comments, 'comment')}" if posted.comments else ""
    inline += f", {posted.mended} fixed" if posted.mended else ""
    refused = f" (the summary holds what would have been comments: {problems})" if problems else ""
    return f"posted: {posted.summary_url}{inline}{refused}"


_OBSTACLES = {
    Obstacle.SUPERSEDED: "{head} was pushed meanwhile, review it again",
    Obstacle.CLOSED: "the pull request was closed meanwhile",
    Obstacle.GATED: "nothing was reviewed, and there is nothing new to say of that",
    Obstacle.BETTER_STANDS: "an earlier review of this commit stands there, and this one failed",
}


def cleaned(summaries: int, comments: int, reviews: int, replies: int, *, description: bool = False) -> str:
    """What was removed from a pull request, and what was left: words of others in threads that we had opened."""
    left = f" {count(replies, 'answer')} of others stayed." if replies else ""
    left += f" {_emptied(reviews)}" if reviews else ""
    parts = ((summaries, "summary"), (comments, "comment"), (description, "description"))
    removed = ", ".join(count(number, noun) for number, noun in parts if number)
    if not removed and not left:
        return "Plumbline posted nothing there."
    return f"Removed: {removed}.{left}" if removed else left.strip()


def _emptied(reviews: int) -> str:
    """What is left of our reviews. GitHub deletes none that was submitted.

    https://docs.github.com/en/rest/pulls/reviews#delete-a-pending-review-for-a-pull-request
    """
    verb = "stays" if reviews == 1 else "stay"
    return f'{count(reviews, "review")} {verb}, as GitHub deletes none, with the words "{WITHDRAWN}"'
