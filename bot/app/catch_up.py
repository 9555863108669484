"""The story of catching up: what GitHub could not deliver is delivered again, and what nobody told of is found.

GitHub itself never delivers again: https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import structlog

from bot.app.access import Installations
from bot.clients.github.app import Attempt, Installation
from bot.clients.github.open_pulls import MOST_FOUND, TOUCHED_DAYS, OpenPull, OpenPulls, Repository
from bot.core.events import Pull, ReviewDue, Why
from bot.errors import OutsideError
from bot.threads import aside

_DAY = 86_400.0
_DELIVERIES_DAYS = 3
# An event that was refused so often is refused again.
_MOST_ATTEMPTS = 3
_log = structlog.get_logger()


async def redeliver(installations: Installations, now: float | None = None) -> int:
    """Have GitHub deliver again what did not arrive in the last three days; give how many events that were."""
    since = (time.time() if now is None else now) - _DELIVERIES_DAYS * _DAY
    events: dict[str, list[Attempt]] = {}
    for attempt in await aside(installations.app.attempts, since):
        events.setdefault(attempt.event, []).append(attempt)
    failed = [
        attempts[0]
        for attempts in events.values()
        if not any(each.arrived for each in attempts) and len(attempts) < _MOST_ATTEMPTS
    ]
    for attempt in failed:
        await aside(installations.app.deliver_again, attempt.id)
    if failed:
        _log.info("redelivery asked for", events=len(failed))
    return len(failed)


async def unreviewed(installations: Installations, slug: str, now: float | None = None) -> list[ReviewDue]:
    """Open pull requests whose head came after the installation, and of which no check run of ours tells."""
    found: list[ReviewDue] = []
    moment = time.time() if now is None else now
    for installation in await aside(installations.app.installations):
        try:
            async for due in _of(installations, slug, installation, moment):
                found.append(due)
                if len(found) >= MOST_FOUND:
                    return found
        except OutsideError as error:
            # One installation that cannot be read is no reason to forget the others.
            _log.warning("sweep broke off", installation=installation.id, problem=str(error))
    return found


async def _of(
    installations: Installations, slug: str, installation: Installation, now: float
) -> AsyncIterator[ReviewDue]:
    async with AsyncExitStack() as stack:
        pulls = OpenPulls(await installations.open_all(installation.id, stack), slug)
        since = max(installation.since, now - TOUCHED_DAYS * _DAY)
        for repository in await aside(pulls.repositories):
            for pull in await aside(pulls.touched, repository, since):
                if await aside(_is_missed, pulls, repository, pull, installation):
                    named = Pull(repository.name, repository.id, pull.number, installation.id)
                    yield ReviewDue(named, Why.FOUND, pull.head)


def _is_missed(pulls: OpenPulls, repository: Repository, pull: OpenPull, installation: Installation) -> bool:
    came = max(pull.opened, pulls.committed(repository, pull.head))
    return came >= installation.since and not pulls.is_checked(repository, pull.head)
