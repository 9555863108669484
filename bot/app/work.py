"""Makes reviews as a GitHub App: what a job needs is built for it, with a token of its installation alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import structlog

from bot import logs, reviewer, rounds, wiring
from bot.app import catch_up, talk
from bot.app.access import Installations
from bot.clients.gauge import Gauged
from bot.clients.github.checks import Checks
from bot.clients.github.connection import GitHub
from bot.clients.github.publish import PullRequestPage
from bot.clients.github.snapshot import PullRequestSource
from bot.clients.record import Remembered
from bot.core.cost import dollars_of
from bot.core.events import Commanded, ReviewDue, check_mark
from bot.core.measures import reason_of
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.orders import Order
from bot.core.outcome import Ending
from bot.core.posting import Obstacle, Posted
from bot.core.precedence import OF_A_COMMIT
from bot.core.rendering.check_run import ended_early
from bot.core.review import Review
from bot.core.verdict import CheckOutput, Conclusion
from bot.errors import Misuse, Moved, OutsideError, Transient
from bot.jobs.database import Database
from bot.jobs.replies import StoredReplies
from bot.jobs.spending import StoredSpending
from bot.metrics import Metrics
from bot.progress import Progress, WithCheck
from bot.settings import Settings
from bot.threads import Patience, aside

Held = Callable[[], bool]
_log = structlog.get_logger()


class AppWork:
    """Does the jobs of the App, each with a token of the installation alone that its pull request belongs to."""

    def __init__(
        self, installations: Installations, slug: str, known: Settings, database: Database, metrics: Metrics
    ) -> None:
        self._installations = installations
        self._slug = slug
        self._known = known
        self._database = database
        self._metrics = metrics

    async def prepare(self, order: Order, held: Held) -> str:
        """Review, up to posting. A review of which nothing was answered is begun again later."""
        with logs.about(order):
            if order.attempt:
                self._metrics.retried("review")
            async with AsyncExitStack() as stack:
                built = await self._built(order, stack, held, 0.0 if order.attempt else order.at)
                _log.info("review begun", why=order.why.value)
                try:
                    review = await reviewer.review(built.ports, built.wish)
                except Moved as moved:
                    # What was begun on the commit before ends with the review of the newer one.
                    _log.info("review not needed", problem=str(moved))
                    return moved.head
                except Misuse:
                    # Closed or reviewed meanwhile: `finish` finds the same, and has nothing to post.
                    return ""
                except asyncio.CancelledError:
                    await _conclude_cancelled(built.check)
                    raise
                self._note_limits(order, built.github)
            if review.outcome.ending is Ending.FAILED and review.failures:
                raise Transient(review.failures[0])
        return ""

    async def finish(self, order: Order, held: Held) -> str:
        """Review once more, over the answers that are stored, and post."""
        with logs.about(order):
            async with AsyncExitStack() as stack:
                built = await self._built(order, stack, held)
                await aside(self._database.begin_posting, order.review)
                try:
                    done = await rounds.play(built.ports, built.wish, built.page, built.check, built.patience)
                except Moved as moved:
                    return moved.head
                except Misuse as error:
                    _log.info("review not needed", problem=str(error))
                    return ""
                self._note_limits(order, built.github)
            problems = done.posted.problems if done.posted else ()
            if problems and done.posted and not done.posted.summary_url:
                raise Transient(problems[0])
            self._note(order, done.review, done.posted)
        posted = done.posted
        return posted.head if posted and posted.obstacle is Obstacle.SUPERSEDED else ""

    async def give_up(self, order: Order, sentence: str, held: Held) -> None:
        """Post what there is: a review that failed says why, line by line."""
        _log.warning("review given up", job=order.name, problem=sentence)
        await self.finish(order, held)

    async def obey(self, commanded: Commanded, held: Held) -> ReviewDue | None:
        """Answer a command; give the review that follows from it."""
        return await talk.obey(self._installations, self._known, self._slug, commanded, held)

    async def catch_up(self) -> list[ReviewDue]:
        """Have deliveries that failed come again; give the reviews that nobody told of."""
        await catch_up.redeliver(self._installations)
        return await catch_up.unreviewed(self._installations, self._slug)

    async def leave(self, installation: int) -> None:
        """Keep nothing of an installation that is gone."""
        self._installations.app.forget(installation)

    async def _built(self, order: Order, stack: AsyncExitStack, held: Held, since: float = 0.0) -> _Built:
        """Build what a review needs. `since` is when it was asked for, 0 where nobody waits for a sign of it."""
        opened = await self._installations.open(order.pull, stack, held)
        resumed = await aside(self._database.is_posting, order.review)
        github, reference = opened.github, opened.reference
        owner, repo = reference.owner, reference.repo
        request = wiring.Request(
            pull_request=order.pull.name,
            post=True,
            check=True,
            automatic=not order.by_hand,
            full=order.full,
            serves_commands=True,
        )
        gauged = await wiring.messages(self._known, stack)
        page = wiring.page_of(self._known, github, reference)
        check = Checks(github, owner, repo, check_mark(order.review, order.pull.number))
        timed = _Timed(check, self._metrics, since)
        ports = reviewer.Ports(
            PullRequestSource(github, owner, repo, reference.number),
            wiring.analyzers(),
            self._model(order, gauged) if gauged else None,
            WithCheck(Progress(None, wiring.policy(request, self._known).price), check),
            page=page,
            spending=StoredSpending(self._database, order) if gauged else None,
            check=timed,
            pictures=wiring.pictures(self._known, stack, github, reference) if gauged else None,
            gauge=gauged,
            trees=wiring.head_tree(github),
        )
        head = "" if order.by_hand else order.head
        # One that was cut goes on: of its check run the conclusion may be missing.
        once = bool(head) and order.why in OF_A_COMMIT and not resumed
        wish = replace(wiring.wish(request, self._known), resumed=resumed, head=head, once=once)
        return _Built(ports, wish, page, timed, opened.patience, github)

    def _model(self, order: Order, gauged: Gauged) -> Remembered:
        counted = _Counted(gauged, self._metrics, self._known)
        replies = StoredReplies(self._database, order.answers)
        return Remembered(counted, replies, worth=wiring.is_worth_taking)

    def _note_limits(self, order: Order, github: GitHub) -> None:
        self._metrics.seen("github", time.time())
        for quota in github.quotas:
            self._metrics.left(order.pull.installation, quota.resource, quota.remaining)

    def _note(self, order: Order, review: Review, posted: Posted | None) -> None:
        ending, reason = review.outcome.ending.value, reason_of(review, posted)
        self._metrics.review(ending, reason)
        self._metrics.fallback(len(posted.problems) if posted else 0)
        if order.at and posted and posted.summary_url:
            self._metrics.posted(time.time() - order.at)
        comments = posted.comments if posted else 0
        _log.info("review ended", outcome=ending, reason=reason, findings=len(review.findings), comments=comments)


@dataclass(frozen=True, slots=True)
class _Built:
    ports: reviewer.Ports
    wish: reviewer.Wish
    page: PullRequestPage
    check: _Timed
    patience: Patience
    github: GitHub


@dataclass(slots=True)
class _Timed:
    """A check run that notes how long it took to be seen. `since` is when the review was asked for, 0 for no matter."""

    check: Checks
    metrics: Metrics
    since: float

    def begin(self, head: str) -> None:
        """Show on the commit that a review has begun."""
        self.check.begin(head)
        if self.since:
            self.metrics.feedback(time.time() - self.since)
            self.since = 0.0

    def close_left_behind(self, heads: Sequence[str], current: str) -> None:
        """Cancel those that reviews which were killed left open."""
        self.check.close_left_behind(heads, current)

    def finish(self, conclusion: Conclusion, output: CheckOutput) -> None:
        """Conclude it."""
        self.check.finish(conclusion, output)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A model whose requests are counted."""

    model: Gauged
    metrics: Metrics
    known: Settings

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Ask, and count what it took. Raises OutsideError."""
        name = str(request.body["model"])

        def failed(sentence: str) -> None:
            self.metrics.retried("request")
            listener.failed(sentence)

        try:
            reply = await self.model.ask(request, replace(listener, failed=failed))
        except OutsideError:
            self.metrics.failed(name)
            raise
        price = wiring.policy(wiring.Request(), self.known).price
        self.metrics.answered(name, reply.usage, dollars_of(reply.usage, price))
        self.metrics.seen("model", time.time())
        return reply


async def _conclude_cancelled(check: _Timed) -> None:
    """A check run that nobody goes on with says so: the commit may stay the head, as where a person cancelled it."""
    try:
        await aside(check.finish, Conclusion.CANCELLED, ended_early(""))
    except OutsideError as error:
        _log.info("check run left open", problem=str(error))
