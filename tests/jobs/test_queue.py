"""Jobs on the real engine: each delivery once, the newest order wins, and a killed process loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.events import Cancelled, Pull, ReviewDue, Why
from bot.core.orders import Order
from bot.errors import Misuse, Transient
from bot.jobs import queue
from bot.jobs.database import refuse_old_sqlite
from tests.jobs.worker import QUESTIONS
from tests.repository import CHECKOUT

OLD = sqlite3.sqlite_version_info < (3, 42) and sys.version_info >= (3, 12)
pytestmark = pytest.mark.skipif(OLD, reason="DBOS does not start on this SQLite under this Python")
# With HYPOTHESIS_PROFILE=proof (`make proof`) many more are killed.
_PULLS = 40 if os.environ.get("HYPOTHESIS_PROFILE") == "proof" else 3
PULL, OTHER = Pull("acme/papers", 7, 12, 99), Pull("acme/shop", 8, 12, 99)


@dataclass
class Work:
    """Notes what is done. `hold` lets a preparation wait, `fails` lets the first ones fail."""

    hold: asyncio.Event = field(default_factory=asyncio.Event)
    fails: int = 0
    prepared: list[Order] = field(default_factory=list)
    stopped: list[Order] = field(default_factory=list)
    finished: list[Order] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    running: Counter[int] = field(default_factory=Counter)
    most: int = 0

    async def prepare(self, order: Order) -> None:
        """Wait, or fail."""
        number = order.pull.repository_id
        self.running[number] += 1
        self.most = max(self.most, self.running[number])
        self.prepared.append(order)
        try:
            await self.hold.wait()
        except asyncio.CancelledError:
            self.stopped.append(order)
            raise
        finally:
            self.running[number] -= 1
        if self.fails:
            self.fails -= 1
            raise Transient("The endpoint is overloaded; try again later.")

    async def finish(self, order: Order) -> None:
        """Post."""
        self.finished.append(order)

    async def give_up(self, _order: Order, sentence: str) -> None:
        """Say so."""
        self.given_up.append(sentence)


@contextlib.asynccontextmanager
async def working(url: str, work: Work, debounce: float = 0.0) -> AsyncIterator[None]:
    """The engine, up while the block runs."""
    await queue.launch(queue.Engine(url, reviews=4, debounce=debounce, waits=(0.1, 0.1)), work)
    try:
        yield
    finally:
        await asyncio.to_thread(queue.close)


async def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def due(head: str, pull: Pull = PULL, why: Why = Why.PUSHED, *, by_hand: bool = False) -> ReviewDue:
    return ReviewDue(pull, why, head * 40, by_hand=by_hand)


def test_a_delivery_becomes_a_review_once(url: str) -> None:
    """Delivered again, at once or later, it is known; two events about one commit make one review."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(url, work):
            assert await queue.take("one", due("a", why=Why.OPENED))
            assert not await queue.take("one", due("a", why=Why.OPENED))
            assert await queue.take("two", due("a"))
            assert await queue.take("three", due("a", OTHER))
            await until(lambda: len(work.finished) == 2)
            await asyncio.sleep(0.5)

    asyncio.run(story())
    assert sorted(order.pull.repository for order in work.finished) == ["acme/papers", "acme/shop"]
    assert work.given_up == []


def test_the_newest_order_wins(url: str) -> None:
    """A push ends the review of an older commit, and no other; what a person asks for comes on top."""
    work = Work()

    async def story() -> None:
        async with working(url, work):
            await queue.take("one", due("a"))
            await queue.take("else", due("e", OTHER))
            await until(lambda: len(work.prepared) == 2)
            await queue.take("two", due("b"))
            await until(lambda: len(work.prepared) == 3 and work.stopped, 3)
            work.hold.set()
            await until(lambda: len(work.finished) == 2)
            await queue.take("three", due("b", why=Why.COMMANDED, by_hand=True))
            await until(lambda: len(work.finished) == 3)

    asyncio.run(story())
    assert [order.head[0] for order in work.stopped] == ["a"]
    assert Counter(order.head[0] for order in work.finished) == {"b": 2, "e": 1}
    # The engine gives the place of a cancelled job away before its work has stopped, a second later at most.
    assert work.most <= 2


def test_a_closed_pull_request_needs_no_review(url: str) -> None:
    """What is under way for it ends, and its tokens stop."""
    work = Work()

    async def story() -> None:
        async with working(url, work):
            await queue.take("one", due("a"))
            await until(lambda: work.prepared)
            await queue.take("two", Cancelled(PULL))
            await until(lambda: work.stopped, 3)
            work.hold.set()
            await asyncio.sleep(0.5)

    asyncio.run(story())
    assert work.finished == []


def test_pushes_are_waited_for(url: str) -> None:
    """Three pushes in a row make one review, of the last; an opening is reviewed at once."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(url, work, debounce=3.0):
            await queue.take("opened", due("o", OTHER, Why.OPENED))
            for head in "abc":
                await queue.take(head, due(head))
            await until(lambda: len(work.finished) == 2)

    asyncio.run(story())
    assert [order.head[0] for order in work.finished] == ["o", "c"]
    assert len(work.prepared) == 2


def test_what_fails_outside_is_tried_again(url: str) -> None:
    """After a while; and in the end somebody is told."""
    work = Work(fails=2)
    work.hold.set()
    lost = Work(fails=99)
    lost.hold.set()

    async def story() -> None:
        async with working(url, work):
            await queue.take("one", due("a"))
            await until(lambda: work.finished)
        async with working(url, lost):
            await queue.take("two", due("b"))
            await until(lambda: lost.given_up)

    asyncio.run(story())
    assert len(work.prepared) == 3
    assert lost.given_up == ["The endpoint is overloaded; try again later."]
    assert len(lost.prepared) == 3


def test_what_was_accepted_survives_a_stop(url: str) -> None:
    """A review that was under way begins again at the next start; one that was waiting is made."""
    first, second = Work(), Work()
    second.hold.set()

    async def story() -> None:
        async with working(url, first):
            await queue.take("one", due("a"))
            await until(lambda: first.prepared)
        async with working(url, second):
            await until(lambda: second.finished)
            assert not await queue.take("one", due("a"))

    asyncio.run(story())
    assert first.finished == []
    assert [order.head[0] for order in second.finished] == ["a"]


def lines(folder: Path, name: str) -> list[str]:
    path = folder / name
    return path.read_text().splitlines() if path.exists() else []


def test_kills_lose_nothing_and_double_nothing(url: str, tmp_path: Path) -> None:
    """Killed again and again at any moment: each review is posted once, and hardly an answer is paid for twice."""
    pulls = [Pull("acme/papers", 7, number, 99) for number in range(1, _PULLS + 1)]

    async def accept() -> None:
        async with working(url, Work()):
            for pull in pulls:
                await queue.take(f"d{pull.number}", due("a", pull))

    asyncio.run(accept())
    chance, kills = random.Random(4), 0
    while len(lines(tmp_path, "posted")) < len(pulls) and kills < 400:
        command = (sys.executable, "-m", "tests.jobs.worker", url, str(tmp_path))
        launched = len(lines(tmp_path, "launched"))
        with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE) as process:
            end = time.monotonic() + 30
            while len(lines(tmp_path, "launched")) == launched and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, 0.6))
            process.send_signal(signal.SIGKILL)
            kills += 1
    posted = [line.split(" ", 1) for line in lines(tmp_path, "posted")]
    assert Counter(name for name, _ in posted) == {f"review-7-{pull.number}-{'a' * 40}-auto": 1 for pull in pulls}
    assert {said for _, said in posted} == {"; ".join(f"answer to {number}" for number in range(QUESTIONS))}
    assert kills > 2
    repeated = len(lines(tmp_path, "asked")) - len(pulls) * QUESTIONS
    # What was in flight at a kill is asked again: three at a time for each of four reviews.
    assert repeated <= kills * 3 * 4


def test_an_old_sqlite_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is accepted."""
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(Misuse, match=r"is too old for jobs under Python 3\.12; set PLUMBLINE_DATABASE_URL"):
        refuse_old_sqlite()
