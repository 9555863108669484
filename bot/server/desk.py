"""What the service's addresses are handed: the jobs behind the door, the API and the status page."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

from bot import __version__
from bot.app.access import Installations
from bot.clients.github.snapshot import PullRequestSource
from bot.core.events import Pull, ReviewDue, Why
from bot.core.orders import Order, order_of
from bot.core.precedence import State
from bot.core.references import parse_reference, refuse_other_host
from bot.core.rendering.status_page import Status
from bot.errors import Misuse, Unavailable
from bot.jobs import board, queue
from bot.jobs.board import Job
from bot.jobs.database import Database
from bot.metrics import Metrics
from bot.server.door import Delivery, Taken
from bot.threads import aside

_SYSTEMS = {"GitHub": "github", "The model": "model"}


class Inbox:
    """Writes deliveries down as jobs."""

    async def take(self, delivery: Delivery) -> Taken:
        """Write one down."""
        if not queue.is_job(delivery.intent):
            return Taken.NOT
        return Taken.NOW if await queue.take(delivery.id, delivery.intent) else Taken.BEFORE


@dataclass(frozen=True, slots=True)
class Desk:
    """Reviews that are asked for over HTTP."""

    installations: Installations

    async def ask(self, pull_request: str, *, full: bool) -> Job:
        """Have a pull request reviewed. Raises Misuse where it is none, or none of the App's."""
        return await self._take(await self._due(pull_request, full=full))

    async def jobs(self) -> list[Job]:
        """The latest reviews."""
        return await board.jobs()

    async def job(self, name: str) -> Job | None:
        """One of them."""
        return await board.job(name)

    async def cancel(self, name: str) -> bool:
        """End one; False where it has ended."""
        return await board.cancel(name)

    async def again(self, job: Job) -> Job:
        """Have it made again, of the head that there is then."""
        return await self._take(ReviewDue(job.order.pull, Why.COMMANDED, by_hand=True, full=job.order.full))

    async def _due(self, pull_request: str, *, full: bool) -> ReviewDue:
        reference = parse_reference(pull_request)
        if not reference.owner:
            raise Misuse(f"The repository is not named; write owner/repo#{reference.number}.")
        refuse_other_host(reference, self.installations.access.api_url)
        owner, repo = reference.owner, reference.repo
        installation = await aside(self.installations.app.installation_of, owner, repo)
        if installation is None:
            raise Misuse(f"The App is not installed in {owner}/{repo}; install it there first.")
        named = Pull(f"{owner}/{repo}", 0, reference.number, installation)
        async with AsyncExitStack() as stack:
            opened = await self.installations.open(named, stack, lambda: False)
            change = await aside(PullRequestSource(opened.github, owner, repo, reference.number).change)
        pull = change.pull_request
        assert pull is not None  # noqa: S101 - it is the change of one
        known = Pull(pull.repository, pull.repository_id, pull.number, installation)
        return ReviewDue(known, Why.COMMANDED, by_hand=True, full=full)

    @staticmethod
    async def _take(due: ReviewDue) -> Job:
        delivery = f"api-{uuid4()}"
        await queue.take(delivery, due)
        now = time.time()
        order: Order = order_of(due, delivery, now)
        return Job(order.review, order, State.WAITING, now, now)


@dataclass(frozen=True, slots=True)
class Health:
    """How this process and its database are."""

    database: Database
    metrics: Metrics
    role: str
    slug: str

    async def is_writable(self) -> bool:
        """Whether what is accepted can be written down."""
        return await aside(self.database.is_writable)

    async def status(self) -> Status:
        """All of it; the queue's counters are brought up to date as well."""
        try:
            jobs, age = await board.backlog()
            self.metrics.queue(jobs, age)
        except Unavailable:
            jobs, age = None, 0.0
        now = time.time()
        seen = {name: self.metrics.last_seen(system) for name, system in _SYSTEMS.items()}
        ago = {name: now - at if at else None for name, at in seen.items()}
        return Status(__version__, self.role, self.slug, await self.is_writable(), jobs, age, ago)
