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
from functools import partial
from pathlib import Path

import pytest

from bot.core.commands import Command, Verb
from bot.core.events import Cancelled, Commanded, InstallationChanged, Place, Pull, ReviewDue, Why
from bot.core.orders import Order
from bot.core.precedence import State
from bot.errors import Misuse, Transient
from bot.jobs import board, queue
from bot.jobs.database import Database, refuse_old_sqlite
from bot.jobs.hands import Engine, Held
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
    mute: int = 0
    moved: dict[str, str] = field(default_factory=dict)
    missed: list[ReviewDue] = field(default_factory=list)
    obeyed: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    prepared: list[Order] = field(default_factory=list)
    stopped: list[Order] = field(default_factory=list)
    finished: list[Order] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    running: Counter[int] = field(default_factory=Counter)
    most: int = 0

    async def prepare(self, order: Order, _held: Held) -> str:
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
        if self.fails and order.pull == PULL:
            self.fails -= 1
            raise Transient("The endpoint is overloaded; try again later.")
        return self.moved.get(order.head, "")

    async def finish(self, order: Order, _held: Held) -> str:
        """Post."""
        self.finished.append(order)
        return ""

    async def give_up(self, _order: Order, sentence: str, _held: Held) -> None:
        """Say so, unless GitHub is mute."""
        if self.mute:
            self.mute -= 1
            raise Transient("GitHub does not answer.")
        self.given_up.append(sentence)

    async def obey(self, commanded: Commanded, _held: Held) -> ReviewDue | None:
        """Note it; `/review` is followed by one."""
        self.obeyed.append(commanded.author)
        return ReviewDue(commanded.pull, Why.COMMANDED, by_hand=True) if commanded.command.verb is Verb.REVIEW else None

    async def catch_up(self) -> list[ReviewDue]:
        """Find what was missed."""
        return self.missed

    async def leave(self, installation: int) -> None:
        """Note it."""
        self.left.append(installation)


@contextlib.asynccontextmanager
async def working(url: str, work: Work, debounce: float = 0.0, reviews: int = 4) -> AsyncIterator[None]:
    """The engine, up while the block runs."""
    database = Database(url)
    database.create()
    soon = (0.1, 0.1)
    await queue.launch(Engine(database, reviews, debounce, waits=soon, telling=soon), work)
    try:
        yield
    finally:
        await queue.close()
        database.close()


async def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def has_finished(work: Work, reviews: int) -> bool:
    return len(work.finished) == reviews


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


def test_what_is_true_again_is_reviewed_again(either: str) -> None:
    """Pushed back, opened again, ready after a draft, on another base: the commit is known, the rest is new."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(either, work):
            for number, (head, why) in enumerate(
                (("a", Why.OPENED), ("b", Why.PUSHED), ("a", Why.PUSHED), ("a", Why.READY), ("a", Why.RETARGETED))
            ):
                await queue.take(f"d{number}", due(head, why=why))
                await until(partial(has_finished, work, number + 1))
            await queue.take("closed", Cancelled(PULL))
            await queue.take("again", due("a", why=Why.REOPENED))
            await until(lambda: len(work.finished) == 6)

    asyncio.run(story())
    assert [order.head[0] for order in work.finished] == ["a", "b", "a", "a", "a", "a"]


def test_a_newer_commit_that_nobody_told_of_is_reviewed(either: str) -> None:
    """In place of the one before; and its own delivery, which comes later, brings nothing more."""
    work = Work(moved={"a" * 40: "b" * 40})
    work.hold.set()

    async def story() -> None:
        async with working(either, work):
            await queue.take("one", due("a", why=Why.OPENED))
            await until(lambda: work.finished)
            await queue.take("two", due("b"))
            await asyncio.sleep(1.5)
            (second, first) = await board.jobs()
            assert first.told == f"there is a newer commit: {'b' * 40}"
            assert second.state is State.DONE

    asyncio.run(story())
    assert [order.head[0] for order in work.prepared] == ["a", "b"]
    assert [order.head[0] for order in work.finished] == ["b"]


def test_what_is_not_understood_keeps_nobody_waiting(url: str) -> None:
    """A delivery that another version wrote down is told in the log; those behind it are carried out."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(url, work):
            database = Database(url)
            assert database.take("odd", '{"kind": "review", "order": {"pull": 1}}')
            await queue.take("one", due("a"))
            await until(lambda: work.finished)
            assert database.claim("another", 10) == []
            database.close()

    asyncio.run(story())


def test_a_closed_pull_request_needs_no_review(either: str) -> None:
    """What is under way for it ends, and its tokens stop."""
    work = Work()

    async def story() -> None:
        async with working(either, work):
            await queue.take("one", due("a"))
            await until(lambda: work.prepared)
            await queue.take("two", Cancelled(PULL))
            await until(lambda: work.stopped, 3)
            work.hold.set()
            await asyncio.sleep(0.5)

    asyncio.run(story())
    assert work.finished == []


def test_pushes_are_waited_for(either: str) -> None:
    """Three pushes in a row make one review, of the last; an opening is reviewed at once."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(either, work, debounce=3.0):
            await queue.take("opened", due("o", OTHER, Why.OPENED))
            for head in "abc":
                await queue.take(head, due(head))
            await until(lambda: len(work.finished) == 2)

    asyncio.run(story())
    assert [order.head[0] for order in work.finished] == ["o", "c"]
    assert len(work.prepared) == 2


def test_what_fails_outside_is_tried_again(either: str) -> None:
    """After a while; and in the end somebody is told."""
    work = Work(fails=2)
    work.hold.set()
    lost = Work(fails=99)
    lost.hold.set()

    async def story() -> None:
        async with working(either, work):
            await queue.take("one", due("a"))
            await until(lambda: work.finished)
        async with working(either, lost):
            await queue.take("two", due("b"))
            await until(lambda: lost.given_up)

    asyncio.run(story())
    assert len(work.prepared) == 3
    assert lost.given_up == ["The endpoint is overloaded; try again later."]
    assert len(lost.prepared) == 3


def test_that_there_is_no_review_is_said_until_it_is_heard(either: str) -> None:
    """GitHub may be what does not answer; and what waits for another attempt keeps no place from others."""
    work = Work(fails=3, mute=2)
    work.hold.set()

    async def story() -> None:
        async with working(either, work, reviews=1):
            await queue.take("one", due("a"))
            await queue.take("two", due("e", OTHER))
            await until(lambda: work.given_up and work.finished)
            for _ in range(100):
                shown = next(job for job in await board.jobs() if job.order.pull == PULL)
                if shown.state is not State.RUNNING:
                    break
                await asyncio.sleep(0.05)
            assert (shown.state, shown.told) == (State.FAILED, "given up: The endpoint is overloaded; try again later.")
            assert shown.order.attempt == 4

    asyncio.run(story())
    assert work.given_up == ["The endpoint is overloaded; try again later."]
    assert [order.pull for order in work.finished] == [OTHER]


def command(verb: Verb) -> Commanded:
    return Commanded(PULL, Command(verb), "ann", is_author_of_pull=True, place=Place.CONVERSATION, comment=5, opening=5)


def test_commands_are_obeyed_once(either: str) -> None:
    """Delivered again they are known; what follows from one is done."""
    work = Work()
    work.hold.set()

    async def story() -> None:
        async with working(either, work):
            assert await queue.take("one", command(Verb.HELP))
            assert await queue.take("two", command(Verb.REVIEW))
            assert not await queue.take("two", command(Verb.REVIEW))
            await until(lambda: work.finished)

    asyncio.run(story())
    assert work.obeyed == ["ann", "ann"]
    assert [order.delivery for order in work.finished] == ["two"]


def test_signs_join_what_waits(either: str) -> None:
    """Many threads that are resolved make one more look; what is under way goes on, what was found is left alone."""
    work = Work()

    async def story() -> None:
        async with working(either, work, debounce=1.0):
            await queue.take("one", due("a", why=Why.OPENED))
            await until(lambda: work.prepared)
            for number in range(3):
                await queue.take(f"sign {number}", ReviewDue(PULL, Why.SIGN))
            await queue.take("found", ReviewDue(PULL, Why.FOUND, "f" * 40))
            await asyncio.sleep(0.5)
            work.hold.set()
            await until(lambda: len(work.finished) == 2)
            await asyncio.sleep(1.5)

    asyncio.run(story())
    assert work.stopped == []
    assert [order.why for order in work.finished] == [Why.OPENED, Why.SIGN]


def test_what_is_found_is_reviewed(either: str) -> None:
    """A sweep is done once, whoever asks for it."""
    work = Work(missed=[due("a", why=Why.FOUND)])
    work.hold.set()

    async def story() -> None:
        async with working(either, work):
            for _ in range(2):
                await queue.sweep("hour-1")
            await until(lambda: work.finished)
            await asyncio.sleep(0.3)

    asyncio.run(story())
    assert [order.delivery for order in work.finished] == ["sweep-hour-1"]


def test_an_installation_that_goes_takes_its_jobs_along(either: str) -> None:
    """Those of others go on."""
    work, stranger = Work(), Pull("bob/shop", 9, 1, 77)

    async def story() -> None:
        async with working(either, work):
            await queue.take("one", due("a"))
            await queue.take("two", due("b", stranger))
            await until(lambda: len(work.prepared) == 2)
            await queue.take("gone", InstallationChanged(99, gone=True))
            await until(lambda: work.stopped and work.left)
            work.hold.set()
            await until(lambda: work.finished)

    asyncio.run(story())
    assert [order.pull for order in work.stopped] == [PULL]
    assert [order.pull for order in work.finished] == [stranger]
    assert work.left == [99]


def test_a_crowd_does_not_keep_others_waiting(either: str) -> None:
    """One installation has sixty pull requests to be reviewed, another one: it need not wait for all of those."""
    work = Work()
    work.hold.set()
    stranger = Pull("bob/shop", 9, 1, 77)

    async def story() -> None:
        async with working(either, work, reviews=2):
            for number in range(60):
                await queue.take(f"d{number}", due("a", Pull("acme/papers", 7, number + 1, 99)))
            await queue.take("other", due("b", stranger))
            await until(lambda: stranger in [order.pull for order in work.finished], 60)

    asyncio.run(story())
    # It is chosen by chance, beside the four lanes of the crowd: once in 10 million runs it comes later than this.
    assert len(work.finished) < 55


def test_old_things_are_deleted(url: str) -> None:
    """Answers after a week, jobs after a month; and what is young stays."""
    work, database = Work(), Database(url)
    work.hold.set()

    async def story() -> None:
        async with working(url, work):
            await queue.take("one", due("a"))
            await until(lambda: work.finished)
            database.keep("review", "young", "{}")
            database.now = lambda: time.time() - 8 * 86_400
            database.keep("review", "old", "{}")
            await asyncio.sleep(0.3)
            await queue.sweep("hour-1")
            await until(lambda: database.answer("review", "old") is None)
            assert database.answer("review", "young") == "{}"
            assert len(await board.jobs()) == 1

    asyncio.run(story())

    async def later() -> None:
        late = Database(url, lambda: time.time() + 31 * 86_400)
        await queue.launch(Engine(late), work)
        try:
            await queue.sweep("hour-2")
            await until(lambda: database.answer("review", "young") is None)
            await asyncio.sleep(0.5)
            assert await board.jobs() == []
            assert await queue.take("one", due("a"))
        finally:
            await queue.close()
            late.close()

    asyncio.run(later())
    database.close()


def test_a_review_is_ended_by_hand(url: str) -> None:
    """Once; and the board says so."""
    work = Work()

    async def story() -> None:
        async with working(url, work):
            await queue.take("one", due("a"))
            await until(lambda: work.prepared)
            (job,) = await board.jobs()
            assert job.state is State.RUNNING
            assert await board.backlog() == ({"waiting": 0, "running": 1}, 0.0)
            assert await board.cancel(job.id)
            assert not await board.cancel(job.id)
            await until(lambda: work.stopped)
            found = await board.job(job.id)
            assert found is not None
            assert found.state is State.CANCELLED
            assert await board.job("review-1-1-head-x") is None

    asyncio.run(story())


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


@pytest.mark.slow
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
        command = (sys.executable, "-m", "tests.jobs.worker", url, str(tmp_path), "0.2")
        launched = len(lines(tmp_path, "launched"))
        with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE) as process:
            end = time.monotonic() + 30
            while len(lines(tmp_path, "launched")) == launched and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, 0.6))
            process.send_signal(signal.SIGKILL)
            kills += 1
    posted = [line.split(" ", 1) for line in lines(tmp_path, "posted")]
    assert Counter(name for name, _ in posted) == {
        f"review-7-{pull.number}-{'a' * 40}-d{pull.number}": 1 for pull in pulls
    }
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
