"""How many requests are under way at one endpoint, for all reviews of the process together.

As TCP does it with its window: each good answer allows a little more, a refusal for too many requests halves it
(https://www.rfc-editor.org/rfc/rfc5681#section-3.1).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Pressure:
    """Places for requests, from 1 to `most`. One event loop at a time may wait for them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._cuts = 0

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @property
    def cuts(self) -> int:
        """How often the limit was halved: what is sent now knows of these."""
        return self._cuts

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, first come first served, and hold it."""
        await self._enter()
        try:
            yield
        finally:
            self._running -= 1
            self._admit()

    def ease(self) -> None:
        """A request was answered: as many good answers as there are places make one place more."""
        self._limit = min(self._limit + 1 / self._limit, float(self._most))
        self._admit()

    def cut(self, known: int) -> None:
        """The endpoint has too many requests. `known` are the cuts that the request was sent under.

        What was sent before the latest cut says nothing of the limit since.
        """
        if known == self._cuts:
            self._cuts += 1
            self._limit = max(self._limit / 2, 1.0)

    async def _enter(self) -> None:
        if not self._waiting and self._running < self.limit:
            self._running += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                # The place was given while we were being cancelled: the next one gets it.
                self._running -= 1
            elif turn in self._waiting:
                self._waiting.remove(turn)
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._running < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)


# The only state that outlives a review: an endpoint does not care which of them asks.
_PRESSURES: dict[tuple[str, int], Pressure] = {}


def pressure_of(host: str, most: int) -> Pressure:
    """The places of an endpoint, the same for all who ask in this process."""
    return _PRESSURES.setdefault((host, most), Pressure(most))
