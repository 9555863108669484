"""The jobs, on DBOS: a delivery is written down, and becomes a review that is made to its end.

A review is one step that runs the whole story, over the stored answers of the model, and one that posts: what has been
answered is not paid for again, and the order of requests is free. The newest order of a pull request wins.
Source: https://docs.dbos.dev/python/tutorials/workflow-tutorial
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID, WorkflowStatus

from bot.core.events import Cancelled, Commanded, InstallationChanged, Intent, ReviewDue, Why
from bot.core.orders import (
    Order,
    command_as_json,
    command_from_json,
    order_as_json,
    order_from_json,
    order_of,
    series_of,
)
from bot.errors import OutsideError, Unavailable
from bot.jobs.database import Database, answered, is_sqlite
from bot.jobs.lease import SECONDS, Alone, Lease

# A change of it would strand what is under way: https://docs.dbos.dev/production/self-hosting/workflow-recovery
_VERSION = "1"
_DELIVERIES, _COMMANDS, REVIEWS, _SWEEPS = "deliveries", "commands", "reviews", "sweeps"
_WAITING = ["ENQUEUED", "DELAYED"]
OPEN = [*_WAITING, "PENDING"]
# Reviews that come on top of others, unless there is one that does their work: one that has still to begin sees all
# that stands there.
_JOINING = {Why.SIGN: _WAITING, Why.FOUND: OPEN}
_POLLING_SECONDS = 0.1
_MOST_DELIVERIES = 20
_MOST_COMMANDS = 5
_ROWS = 200
_DAY = 86_400.0
ANSWERS_DAYS, JOBS_DAYS = 7, 30
"""For how many days the model's answers, and jobs that are done, are kept."""

# So many lanes an installation has for each review that is made at a time: whoever has many pull requests open fills
# his own alone, and one of somebody else comes next to one lane, not behind all of them.
_LANES = 2
_WAITS = (30.0, 120.0, 480.0)
_COMMAND_WAITS = (0.0, 5.0, 30.0, 120.0)
# To say on a pull request that there is no review takes a GitHub that answers.
_TELLING_WAITS = (60.0, 600.0, 3_600.0, 3_600.0)
_log = structlog.get_logger()
Held = Callable[[], bool]
"""Whether this process still may write to GitHub: another may have taken the job over while it was paused."""


class Work(Protocol):
    """What a job does. `prepare` may be stopped and begun again at any time; `finish` finds what it did before."""

    async def prepare(self, order: Order, held: Held) -> None:
        """Review, up to posting. Raises OutsideError."""
        ...

    async def finish(self, order: Order, held: Held) -> None:
        """Post the review that was prepared. Raises OutsideError."""
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
class _Hands:
    work: Work
    engine: Engine
    lease: Lease | Alone


# Who does the work, in this process: DBOS calls functions by their names, so it is known here.
_hands: list[_Hands] = []


def _at_work() -> _Hands:
    return _hands[-1]


async def launch(engine: Engine, work: Work) -> None:
    """Begin to work: first on what was left."""
    url = engine.database.url
    alone = is_sqlite(url) or not engine.works
    _hands[:] = [
        _Hands(work, engine, Alone() if alone else Lease(engine.database, engine.process, _take_over, engine.lease))
    ]
    pool = {"sys_db_pool_size": 1} if is_sqlite(url) else {}
    config: DBOSConfig = {
        "name": "plumbline",
        "system_database_url": url,
        "application_version": _VERSION,
        "executor_id": engine.process,
        # The default is pickle: who could write to the database could run code.
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        **pool,  # type: ignore[typeddict-item]
    }
    DBOS(config=config)
    if not engine.works:
        DBOS.listen_queues([])
    DBOS.launch()
    _at_work().lease.start()
    # A partition is a pull request, or a lane of an installation: one thing at a time for each.
    for name, most in (
        (_DELIVERIES, _MOST_DELIVERIES),
        (_COMMANDS, _MOST_COMMANDS),
        (_SWEEPS, 1),
        (REVIEWS, engine.reviews),
    ):
        await DBOS.register_queue_async(
            name,
            worker_concurrency=most,
            partition_concurrency=1,
            polling_interval_sec=_POLLING_SECONDS,
            global_concurrency=most if name == REVIEWS and not is_sqlite(url) else None,
        )


def close(seconds: float = 0) -> None:
    """Stop working. What is not done within so many seconds goes on at the next start, or in another process."""
    DBOS.destroy(workflow_completion_timeout_sec=int(seconds))
    _at_work().lease.stop()
    _hands.clear()


def _take_over(process: str) -> None:
    """Put all jobs of a process that is gone back into their queues."""
    for each in DBOS.list_workflows(executor_id=process, status="PENDING", load_input=False, load_output=False):
        DBOS.resume_workflow(each.workflow_id, queue_name=each.queue_name)


def is_job(intent: Intent) -> bool:
    """Whether a job comes of it."""
    return isinstance(intent, ReviewDue | Cancelled | Commanded) or (
        isinstance(intent, InstallationChanged) and intent.gone
    )


async def take(delivery: str, intent: Intent) -> bool:
    """Write a delivery down; False where it is known from before. When this returns, it will be carried out.

    Raises Unavailable where it could not be written; it may have been all the same.
    """
    return await answered(_take(delivery, intent))


async def _take(delivery: str, intent: Intent) -> bool:
    name = f"delivery-{delivery}"
    if await DBOS.get_workflow_status_async(name) is not None:
        return False
    if isinstance(intent, Commanded):
        with SetWorkflowID(name), SetEnqueueOptions(queue_partition_key=series_of(intent.pull)):
            await DBOS.enqueue_workflow_async(_COMMANDS, obey, command_as_json(intent), delivery)
        return True
    stored = _stored(delivery, intent)
    with SetWorkflowID(name), SetEnqueueOptions(queue_partition_key=stored["series"]):
        await DBOS.enqueue_workflow_async(_DELIVERIES, accept, stored)
    return True


async def sweep(moment: str) -> None:
    """Catch up, and forget what is old; once for each name of a moment, whoever asks for it. Raises Unavailable."""

    async def ask() -> None:
        with SetWorkflowID(f"sweep-{moment}"), SetEnqueueOptions(queue_partition_key="all"):
            await DBOS.enqueue_workflow_async(_SWEEPS, sweep_all, moment)

    await answered(ask())


@DBOS.workflow(name="sweep")
async def sweep_all(moment: str) -> None:
    """Have reviews made of what no delivery told of."""
    for stored in await _catch_up(moment):
        await _place(order_from_json(stored))
    await _forget()


@DBOS.step()
async def _catch_up(moment: str) -> list[dict[str, Any]]:
    try:
        found = await _at_work().work.catch_up()
    except (OutsideError, Unavailable) as error:
        _log.warning("sweep failed", problem=str(error))
        return []
    return [dict(order_as_json(order_of(each, f"sweep-{moment}"))) for each in found]


@DBOS.step()
async def _forget() -> None:
    """Delete what has been kept for long enough, see SECURITY.md."""
    database = _at_work().engine.database
    now = database.now()
    answers = await asyncio.to_thread(database.forget, now - ANSWERS_DAYS * _DAY, now - JOBS_DAYS * _DAY)
    jobs = 0
    before = datetime.fromtimestamp(now - JOBS_DAYS * _DAY, UTC).isoformat()
    while old := await DBOS.list_workflows_async(
        completed_before=before, limit=_ROWS, load_input=False, load_output=False
    ):
        await DBOS.delete_workflows_async([each.workflow_id for each in old])
        jobs += len(old)
    if answers or jobs:
        _log.info("old things deleted", answers=answers, jobs=jobs)
        await asyncio.to_thread(database.shrink)


def _stored(delivery: str, intent: Intent) -> dict[str, Any]:
    if isinstance(intent, ReviewDue):
        order = order_of(intent, delivery, time.time())
        return {"kind": "review", "series": order.series, "order": order_as_json(order)}
    if isinstance(intent, Cancelled):
        return {"kind": "cancel", "series": series_of(intent.pull)}
    if isinstance(intent, InstallationChanged) and intent.gone:
        return {"kind": "gone", "series": f"installation-{intent.installation}", "installation": intent.installation}
    raise TypeError(f"there is no job for {type(intent).__name__}")


@DBOS.workflow(name="accept")
async def accept(stored: dict[str, Any]) -> None:
    """Let the newest order of a pull request win: what is under way for it ends."""
    if stored["kind"] == "review":
        await _place(order_from_json(stored["order"]))
    elif stored["kind"] == "cancel":
        await _supersede(stored["series"], "")
    else:
        await _abandon(stored["installation"])


@DBOS.workflow(name="obey")
async def obey(stored: dict[str, Any], delivery: str) -> None:
    """Answer a command, and have the review made that follows from it."""
    for wait in _COMMAND_WAITS:
        if wait:
            await DBOS.sleep_async(wait)
        came = await _obey(stored, delivery)
        if not came["problem"]:
            break
    if came["order"] is not None:
        await _place(order_from_json(came["order"]))


@DBOS.step()
async def _obey(stored: Mapping[str, Any], delivery: str) -> dict[str, Any]:
    hands = _at_work()
    try:
        due = await hands.work.obey(command_from_json(stored), hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        _log.warning("command not answered", problem=str(error))
        return {"problem": str(error), "order": None}
    order = order_of(due, delivery, time.time()) if due else None
    return {"problem": "", "order": order_as_json(order) if order else None}


async def _place(order: Order) -> None:
    """Let an order take the place of all others; some only join them, or are of no use beside them."""
    if order.why not in _JOINING:
        await _supersede(order.series, order.name)
    elif await _is_among(order.series, _JOINING[order.why]):
        return
    await _enqueue(order, order.delay(_at_work().engine.debounce))


@DBOS.step()
async def _is_among(series: str, states: list[str]) -> bool:
    """Whether a review of the pull request is in such a state."""
    return bool(await DBOS.list_workflows_async(workflow_id_prefix=series, status=states, load_input=False))


@DBOS.step()
async def _supersede(series: str, name: str) -> None:
    """End the reviews of a pull request but the one of this name."""
    await _cancel(
        each
        for each in await DBOS.list_workflows_async(workflow_id_prefix=series, status=OPEN, load_input=False)
        if each.workflow_id != name
    )


@DBOS.step()
async def _abandon(installation: int) -> None:
    """End the reviews of an installation that is gone: nobody may read or write there any more."""
    found = await DBOS.list_workflows_async(workflow_id_prefix="review-", status=OPEN)
    await _cancel(each for each in found if order_in(each).pull.installation == installation)
    await _at_work().work.leave(installation)


async def _cancel(workflows: Iterable[WorkflowStatus]) -> None:
    for each in workflows:
        await DBOS.cancel_workflow_async(each.workflow_id)


def order_in(status: WorkflowStatus) -> Order:
    """The order of a review's job."""
    assert status.input is not None  # noqa: S101 - it was asked for
    return order_from_json(status.input["args"][0])


def _lane(order: Order) -> str:
    """One of the few lanes of an installation, always the same for a pull request."""
    number = zlib.crc32(order.series.encode()) % (_LANES * _at_work().engine.reviews)
    return f"{order.pull.installation}:{number}"


async def _enqueue(order: Order, delay: float, problem: str = "") -> None:
    with (
        SetWorkflowID(order.name),
        SetEnqueueOptions(queue_partition_key=_lane(order), delay_seconds=delay or None),
    ):
        await DBOS.enqueue_workflow_async(REVIEWS, review, order_as_json(order), problem)


@DBOS.workflow(name="review")
async def review(stored: dict[str, Any], problem: str = "") -> str:
    """Make a review. Where something outside fails, it goes back into the queue for a while, and others come first.

    `problem` is the sentence of the attempt before. Gives what became of it, for people.
    """
    order, engine = order_from_json(stored), _at_work().engine
    tries = len(engine.waits)
    if order.attempt <= tries:
        problem = await _prepare(stored) or await _finish(stored)
        if not problem:
            return "done"
        if order.attempt < tries:
            return await _again(order, engine.waits[order.attempt], problem)
    unsaid = await _give_up(stored, problem)
    told = order.attempt - tries
    if unsaid and 0 <= told < len(engine.telling):
        return await _again(order, engine.telling[told], problem)
    return f"given up: {problem}"


async def _again(order: Order, delay: float, problem: str) -> str:
    await _enqueue(order.again(), delay, problem)
    return f"tried again after {delay:g} seconds: {problem}"


@DBOS.step(preemptible=True)
async def _prepare(stored: Mapping[str, Any]) -> str:
    """Run the story. Gives the sentence of what failed outside, '' where all went well."""
    hands, order = _at_work(), order_from_json(stored)
    try:
        await hands.work.prepare(order, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    except Exception:  # noqa: BLE001 - a defect of ours is told like all else
        # Whatever it is, the step that posts meets it as well, and concludes the check run by it.
        _log.exception("review broke", job=order.name)
    return ""


@DBOS.step()
async def _finish(stored: Mapping[str, Any]) -> str:
    """Post. It is not stopped half-way by a newer order: it looks by itself whether the head is still the newest."""
    hands, order = _at_work(), order_from_json(stored)
    try:
        await hands.work.finish(order, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    return ""


@DBOS.step()
async def _give_up(stored: Mapping[str, Any], sentence: str) -> str:
    hands, order = _at_work(), order_from_json(stored)
    try:
        await hands.work.give_up(order, sentence, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    return ""
