"""A process that works on jobs until it is killed: its reviews ask ten questions, then post. For tests.

    python -m tests.jobs.worker URL FOLDER [LEASE]

What it does is appended to files in the folder, a line each: `asked`, `answered`, `posted`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from bot.clients.record import Remembered
from bot.core.events import Commanded, ReviewDue, Why
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, TextBlock
from bot.core.orders import Order
from bot.errors import Transient
from bot.jobs import queue
from bot.jobs.database import Database, is_sqlite
from bot.jobs.hands import Engine, Held
from bot.jobs.replies import StoredReplies

QUESTIONS = 10


class Model:
    """Answers each question with its number, a little later."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    async def ask(self, request: Request, _listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        note(self._folder, "asked", f"{self._name} {request.body['number']}")
        await asyncio.sleep(0.05)
        return Reply((TextBlock(f"answer to {request.body['number']}"),), StopReason.END_TURN)


class ScriptedWork:
    """Asks ten questions at a time, and posts what was answered."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database

    async def prepare(self, order: Order, _held: Held) -> str:
        """Ask, three at a time."""
        await self._answers(order)
        note(self.folder, "prepared", order.name)
        return ""

    async def finish(self, order: Order, held: Held) -> str:
        """Post, unless that was done."""
        answers = await self._answers(order)
        if not held():
            note(self.folder, "held back", order.name)
            raise Transient("It is another process's work by now.")
        posted = (self.folder / "posted").read_text() if (self.folder / "posted").exists() else ""
        if order.name not in posted:
            note(self.folder, "posted", f"{order.name} {'; '.join(answers)}")
        return ""

    async def give_up(self, order: Order, sentence: str, _held: Held) -> None:
        """Say so."""
        note(self.folder, "given up", f"{order.name} {sentence}")

    async def obey(self, commanded: Commanded, _held: Held) -> ReviewDue | None:
        """Do as one is told."""
        return ReviewDue(commanded.pull, Why.COMMANDED, by_hand=True)

    async def catch_up(self) -> list[ReviewDue]:
        """There is nothing."""
        return []

    async def leave(self, installation: int) -> None:
        """Nothing is kept."""

    async def _answers(self, order: Order) -> list[str]:
        replies = StoredReplies(self.database, order.answers)
        model = Remembered(Model(self.folder, order.name), replies, worth=lambda *_: True)
        gate = asyncio.Semaphore(3)

        async def ask(number: int) -> str:
            async with gate:
                reply = await model.ask(Request({"model": "m", "number": number}))
            return reply.text

        return list(await asyncio.gather(*(ask(number) for number in range(QUESTIONS))))


def note(folder: Path, what: str, line: str) -> None:
    """Append a line, whole."""
    with (folder / what).open("a") as file:
        file.write(line + "\n")


async def work(url: str, folder: Path, lease: float = 5.0) -> None:
    """Work until the end of time."""
    database = Database(url, time.time)
    database.create()
    process = "local" if is_sqlite(url) else f"worker-{os.getpid()}"
    engine = Engine(database, reviews=4, debounce=0.0, process=process, lease=lease)
    await queue.launch(engine, ScriptedWork(folder, database))
    note(folder, "launched", "once more")
    await asyncio.sleep(3_600)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])))
