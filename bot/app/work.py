"""Makes reviews as a GitHub App: what a job needs is built for it, with a token of its installation alone."""

from __future__ import annotations

import hashlib
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from bot import reviewer, rounds, settings, wiring
from bot.clients.analyzers import EmbeddedAnalyzers
from bot.clients.github.app import App
from bot.clients.github.checks import Checks
from bot.clients.github.connection import Access, GitHub
from bot.clients.github.publish import PullRequestPage
from bot.clients.github.snapshot import PullRequestSource
from bot.clients.record import Remembered
from bot.clients.spending import Spending
from bot.core.orders import Order
from bot.core.outcome import Ending
from bot.core.references import PullRequestReference
from bot.errors import Misuse, Transient
from bot.jobs.database import Database
from bot.jobs.replies import StoredReplies
from bot.progress import Progress, WithCheck
from bot.threads import Patience, aside


class ReviewWork:
    """Makes reviews as the App, with a token of the installation alone that the pull request belongs to."""

    def __init__(self, app: App, access: Access, known: settings.Settings, database: Database) -> None:
        self._app = app
        self._access = access
        self._known = known
        self._database = database

    async def prepare(self, order: Order) -> None:
        """Review, up to posting. A review of which nothing was answered is begun again later."""
        async with AsyncExitStack() as stack:
            built = await self._built(order, stack)
            try:
                review = await reviewer.review(_not_counting(built.ports), built.wish)
            except Misuse:
                # Closed meanwhile: `finish` finds the same, and has nothing to post.
                return
        if review.outcome.ending is Ending.FAILED and review.failures:
            raise Transient(review.failures[0])

    async def finish(self, order: Order) -> None:
        """Review once more, over the answers that are stored, and post."""
        async with AsyncExitStack() as stack:
            built = await self._built(order, stack)
            try:
                done = await rounds.play(built.ports, built.wish, built.page, built.check, built.patience)
            except Misuse:
                return
        problems = done.posted.problems if done.posted else ()
        if problems and done.posted and not done.posted.summary_url:
            raise Transient(problems[0])

    async def give_up(self, order: Order, _sentence: str) -> None:
        """Post what there is: a review that failed says why, line by line."""
        await self.finish(order)

    async def _built(self, order: Order, stack: AsyncExitStack) -> _Built:
        token = await aside(self._app.token, order.pull.installation)
        patience = Patience(time.sleep)
        access = Access(self._access.api_url, token, self._access.ca_bundle)
        github = stack.enter_context(GitHub(access, sleep=patience))
        owner, _, repo = order.pull.repository.partition("/")
        reference = PullRequestReference(owner, repo, order.pull.number)
        request = wiring.Request(
            pull_request=order.pull.name, post=True, check=True, automatic=not order.by_hand, full=order.full
        )
        gauged = await wiring.messages(self._known, stack)
        model = None
        if gauged is not None:
            replies = StoredReplies(self._database, order.name)
            model = Remembered(gauged, replies, worth=wiring.is_worth_taking)
        page = wiring.page_of(self._known, github, reference)
        check = Checks(github, owner, repo, hashlib.sha256(order.name.encode()).hexdigest()[:16])
        ports = reviewer.Ports(
            PullRequestSource(github, owner, repo, order.pull.number),
            EmbeddedAnalyzers(),
            model,
            WithCheck(Progress(None, wiring.policy(request, self._known).price), check),
            page=page,
            spending=Spending(settings.cache_folder(), pull=order.pull.name.lower()) if gauged else None,
            check=check,
            gauge=gauged,
        )
        return _Built(ports, wiring.wish(request, self._known), page, check, patience)


@dataclass(frozen=True, slots=True)
class _ReadOnly:
    """What was spent, to be read: the step that posts counts the same answers."""

    spending: reviewer.Spending

    def today(self) -> float:
        """The dollars of this day."""
        return self.spending.today()

    def add(self, dollars: float) -> None:
        """Count nothing."""

    def untold(self) -> float:
        """The dollars of which no summary tells."""
        return self.spending.untold()

    def add_untold(self, dollars: float) -> None:
        """Count nothing."""


def _not_counting(ports: reviewer.Ports) -> reviewer.Ports:
    return replace(ports, spending=_ReadOnly(ports.spending) if ports.spending else None)


@dataclass(frozen=True, slots=True)
class _Built:
    ports: reviewer.Ports
    wish: reviewer.Wish
    page: PullRequestPage
    check: Checks
    patience: Patience
