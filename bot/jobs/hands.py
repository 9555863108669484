"""Who does the jobs in this process, and how: what the workflows find when they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.core.events import Commanded, ReviewDue
from bot.core.orders import Order
from bot.jobs.database import Database
from bot.jobs.inbox import Inbox
from bot.jobs.lease import SECONDS, Alone, Lease

_WAITS = (30.0, 120.0, 480.0)
# To say on a pull request that there is no review takes a GitHub that answers.
_TELLING_WAITS = (60.0, 600.0, 3_600.0, 3_600.0)
Held = Callable[[], bool]
"""Whether this process still may write to GitHub: another may have taken the job over while it was paused."""


class Work(Protocol):
    """What a job does. `prepare` may be stopped and begun again at any time; `finish` finds what it did before."""

    async def prepare(self, order: Order, held: Held) -> str:
        """Review, up to posting. Gives the newer commit, '' where there is none. Raises OutsideError."""
        ...

    async def finish(self, order: Order, held: Held) -> str:
        """Post the review that was prepared. Gives the newer commit, '' where there is none. Raises OutsideError."""
        ...

    async def give_up(self, order: Order, sentence: str, held: Held) -> None:
        """Say on the pull request that there is no review, and why. Raises OutsideError."""
        ...

    async def obey(self, commanded: Commanded, held: Held) -> ReviewDue | None:
        """Answer a command; give the review that follows from it. Raises OutsideError."""
        ...

    async def catch_up(self) -> list[ReviewDue]:
        """Look for what no delivery told of. Raises OutsideError."""
        ...

    async def leave(self, installation: int) -> None:
        """Keep nothing of an installation that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """How jobs are run: the database, how many reviews at a time, how long to wait for further pushes, in seconds.

    `reviews` holds for all processes on the database together. `process` names this one among them, `works` tells
    whether it does jobs or only accepts them; `lease` is after how many seconds of silence another process takes them
    over. `waits` are the seconds before each new attempt, `telling` those before
    each new attempt to say that there is none.
    """

    database: Database
    reviews: int = 4
    debounce: float = 10.0
    process: str = "local"
    works: bool = True
    waits: tuple[float, ...] = _WAITS
    telling: tuple[float, ...] = _TELLING_WAITS
    lease: float = SECONDS


@dataclass(frozen=True, slots=True)
class Hands:
    """Who works, how, whether this process still may, and where deliveries come in."""

    work: Work
    engine: Engine
    lease: Lease | Alone
    inbox: Inbox


# DBOS calls functions by their names, so it is known here.
_hands: list[Hands] = []


def at_work() -> Hands:
    """Those of this process, from `begin` on."""
    return _hands[-1]


def begin(hands: Hands) -> None:
    """These work from now on."""
    _hands[:] = [hands]


def end() -> None:
    """Nobody works any more."""
    _hands.clear()
