"""Deliveries between the door and the jobs: written down at once, carried out right after, by any process that works.

One row is all that a sender waits for. What is made of it may be done twice, late or in another order: it comes to the
same, see `core/precedence.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from dbos._error import DBOSException
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import Unavailable
from bot.jobs.database import Database, Delivered
from bot.threads import aside

_POLLING_SECONDS = 0.25
_TROUBLE_SECONDS = 1.0
_STOPPING_SECONDS = 5.0
_MOST = 50
# What reading a content ends with that a version of another shape wrote.
_NOT_OURS = (ValueError, KeyError, TypeError)
_log = structlog.get_logger()
Content = Mapping[str, Any]
Carry = Callable[[Content], Awaitable[None]]
Overtaken = Callable[[Sequence[Content]], Sequence[bool]]
"""Which of these deliveries need not be carried out any more."""


class Inbox:
    """Where deliveries are written down. In a process that works, `run` carries them out one after the other."""

    def __init__(self, database: Database, process: str, carry: Carry, overtaken: Overtaken) -> None:
        self._database = database
        self._process = process
        self._carry = carry
        self._overtaken = overtaken
        self._came = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._stopping = False

    async def take(self, delivery: str, content: Content) -> bool:
        """Write one down; False where it is known from before. Raises Unavailable."""
        is_new = await aside(self._database.take, delivery, json.dumps(content))
        self._came.set()
        return is_new

    def start(self) -> None:
        """Carry out what comes, from now on."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Carry out no more, once what is being written is written: its thread needs the database until then."""
        self._stopping = True
        self._came.set()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=_STOPPING_SECONDS)
            self._running.cancel()

    async def _run(self) -> None:
        while not self._stopping:
            self._came.clear()
            try:
                batch = await aside(self._database.claim, self._process, _MOST)
                unfinished = await self._carried_out(batch)
            except Unavailable as error:
                _log.warning("deliveries not carried out", problem=str(error))
                unfinished = True
            if unfinished:
                await asyncio.sleep(_TROUBLE_SECONDS)
            elif len(batch) < _MOST:
                await self._next()

    async def _next(self) -> None:
        """Wait for the next: another process may have taken it in, and tells nobody."""
        try:
            async with asyncio.timeout(_POLLING_SECONDS):
                await self._came.wait()
        except TimeoutError:
            pass

    async def _carried_out(self, batch: Sequence[Delivered]) -> bool:
        """Carry out these; gives whether some of them are still to be done."""
        contents = [json.loads(each.content) for each in batch]
        done = [
            each.number
            for each, content, late in zip(batch, contents, self._late(contents), strict=True)
            if late or await self._is_done(each.number, content)
        ]
        if done:
            await aside(self._database.carried_out, done)
        return len(done) < len(batch)

    def _late(self, contents: Sequence[Content]) -> Sequence[bool]:
        try:
            return self._overtaken(contents)
        except _NOT_OURS:
            return [False] * len(contents)

    async def _is_done(self, number: int, content: Content) -> bool:
        try:
            await self._carry(content)
        except (Unavailable, SQLAlchemyError, DBOSException) as error:
            _log.warning("delivery not carried out", delivered=number, problem=str(error))
            return False
        except _NOT_OURS:
            # Trying again would not help, and keep all others waiting.
            _log.exception("delivery not understood", delivered=number)
        return True
