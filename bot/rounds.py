"""One round in a pull request's life: a review, its posting, and the check run around both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from bot import publisher, reviewer
from bot.core.outcome import Ending, Outcome
from bot.core.posting import Obstacle, Posted
from bot.core.rendering.check_run import check_output, ended_early, not_posted
from bot.core.review import Review
from bot.core.verdict import CheckOutput, Conclusion, conclude_check, verdict
from bot.errors import BotError, Moved, OutsideError
from bot.threads import Patience, aside

_DEFECT = "Plumbline failed in a way that it did not foresee; its log says where."


class Check(reviewer.Check, Protocol):
    """The check run of a review. It blocks; the story calls it in a thread."""

    def finish(self, conclusion: Conclusion, output: CheckOutput) -> None:
        """Conclude it. Raises OutsideError where the conclusion is not taken."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """A review, what became of it on GitHub where it was to be posted, and why its check shows no conclusion."""

    review: Review
    posted: Posted | None = None
    check_problem: str = ""


async def play(
    ports: reviewer.Ports,
    wish: reviewer.Wish,
    page: publisher.Page | None = None,
    check: Check | None = None,
    patience: Patience | None = None,
) -> Round:
    """Review, post, conclude. Whatever happens, the check run comes to an end, and to no green one unearned.

    What breaks is concluded by the policy of the repository, or by that of the wish as long as no other is known.
    `patience` is what the page waits with.
    """
    policy, conclusion, output = wish.policy, None, ended_early(_DEFECT)
    try:
        start = await reviewer.begin(ports, wish)
        policy = start.policy
        review = await reviewer.go_on(ports, start)
        seal = reviewer.seal_of(review.change.pull_request, wish.state_key)
        posted = await publisher.publish(review, page, seal, patience) if page else None
        await _remember(ports.spending, review, posted)
        conclusion, output = _concluded(review, posted)
    except asyncio.CancelledError:
        conclusion, output = Conclusion.CANCELLED, ended_early("")
        raise
    except Moved:
        # The commit that was to be reviewed may show that one has begun.
        if check is not None:
            await aside(check.begin, wish.head)
        conclusion, output = Conclusion.CANCELLED, not_posted(Obstacle.SUPERSEDED)
        raise
    except BotError as error:
        output = ended_early(str(error))
        raise
    finally:
        # Without a conclusion something failed, be it a defect of ours.
        broken = conclude_check(Outcome(Ending.FAILED), reached=False, policy=policy)
        problem = await _finish(check, conclusion or broken, output)
    return Round(review, posted, problem)


async def _remember(spending: reviewer.Spending | None, review: Review, posted: Posted | None) -> None:
    """What a review cost stands in its summary; where that was not posted, it is remembered here."""
    if spending and posted and review.dollars and not posted.summary_url:
        await aside(spending.add_untold, review.dollars)


def _concluded(review: Review, posted: Posted | None) -> tuple[Conclusion, CheckOutput]:
    if posted and posted.obstacle in {Obstacle.SUPERSEDED, Obstacle.CLOSED}:
        return Conclusion.CANCELLED, not_posted(posted.obstacle)
    conclusion = verdict(review, review.policy)
    if conclusion is Conclusion.SUCCESS and posted and not posted.summary_url:
        # Nobody could read the review, nor tell whether it still was about the head.
        conclusion = Conclusion.NEUTRAL
    return conclusion, check_output(review, review.policy)


async def _finish(check: Check | None, conclusion: Conclusion, output: CheckOutput) -> str:
    """Conclude the check run; give the sentence of what keeps GitHub from showing it."""
    if check is None:
        return ""
    try:
        await aside(check.finish, conclusion, output)
    except OutsideError as error:
        return str(error)
    return ""
