"""The jobs, on DBOS: a delivery is written down, and what follows from it is done whatever ends in between.

Source: https://docs.dbos.dev/python/tutorials/workflow-tutorial
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID

from bot.core.events import Cancelled, Commanded, InstallationChanged, Intent, ReviewDue
from bot.core.orders import (
    command_as_json,
    command_from_json,
    order_as_json,
    order_from_json,
    order_of,
    series_of,
)
from bot.core.precedence import overtaken
from bot.errors import OutsideError, Unavailable
from bot.jobs import reviews
from bot.jobs.database import answered, is_sqlite
from bot.jobs.hands import Engine, Hands, Work, at_work, begin, end
from bot.jobs.inbox import Content, Inbox
from bot.jobs.lease import Alone, Lease
from bot.jobs.reviews import REVIEWS, place

# A change of it would strand what is under way: https://docs.dbos.dev/production/self-hosting/workflow-recovery
_VERSION = "1"
_COMMANDS, _SWEEPS = "commands", "sweeps"
# Each look at a queue is a transaction, on SQLite one that others wait for.
_POLLING_SECONDS = {_COMMANDS: 0.25, _SWEEPS: 1.0, REVIEWS: 0.1}
_MOST_COMMANDS = 5
_COMMAND_WAITS = (0.0, 5.0, 30.0, 120.0)
_ROWS = 200
_DAY = 86_400.0
ANSWERS_DAYS, JOBS_DAYS = 7, 30
"""For how many days the model's answers, and jobs that are done, are kept."""

_log = structlog.get_logger()


async def launch(engine: Engine, work: Work) -> None:
    """Begin to work: first on what was left."""
    url = engine.database.url
    alone = is_sqlite(url) or not engine.works
    lease = Alone() if alone else Lease(engine.database, engine.process, _take_over, engine.lease)
    begin(Hands(work, engine, lease, Inbox(engine.database, engine.process, _carry_out, _overtaken)))
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
    at_work().lease.start()
    # A partition is a pull request, or a lane of an installation: one thing at a time for each.
    for name, most in (
        (_COMMANDS, _MOST_COMMANDS),
        (_SWEEPS, 1),
        (REVIEWS, engine.reviews),
    ):
        await DBOS.register_queue_async(
            name,
            worker_concurrency=most,
            partition_concurrency=1,
            polling_interval_sec=_POLLING_SECONDS[name],
            global_concurrency=most if name == REVIEWS and not is_sqlite(url) else None,
        )
    if engine.works:
        at_work().inbox.start()


async def close(seconds: float = 0) -> None:
    """Stop working. What is not done within so many seconds goes on at the next start, or in another process."""
    await at_work().inbox.stop()
    await asyncio.to_thread(_close, seconds)


def _close(seconds: float) -> None:
    DBOS.destroy(workflow_completion_timeout_sec=int(seconds))
    at_work().lease.stop()
    end()


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
    return await at_work().inbox.take(delivery, _content(delivery, intent))


def _content(delivery: str, intent: Intent) -> Content:
    """What is kept of a delivery until it is carried out."""
    now = time.time()
    if isinstance(intent, ReviewDue):
        return {"kind": "review", "order": order_as_json(order_of(intent, delivery, now))}
    if isinstance(intent, Cancelled):
        return {"kind": "close", "series": series_of(intent.pull), "at": now}
    if isinstance(intent, Commanded):
        series = series_of(intent.pull)
        return {"kind": "command", "series": series, "command": command_as_json(intent), "delivery": delivery}
    if isinstance(intent, InstallationChanged) and intent.gone:
        return {"kind": "gone", "installation": intent.installation}
    raise TypeError(f"there is no job for {type(intent).__name__}")


def _overtaken(contents: Sequence[Content]) -> Sequence[bool]:
    return overtaken([order_from_json(each["order"]) if each["kind"] == "review" else None for each in contents])


async def _carry_out(content: Content) -> None:
    """Do at once what a delivery asks for, or make a job of it. Twice is as good as once."""
    kind = content["kind"]
    if kind == "review":
        await place(order_from_json(content["order"]))
    elif kind == "close":
        await reviews.close(content["series"], content["at"])
    elif kind == "gone":
        await reviews.abandon(content["installation"])
    else:
        with (
            SetWorkflowID(f"delivery-{content['delivery']}"),
            SetEnqueueOptions(queue_partition_key=content["series"]),
        ):
            await DBOS.enqueue_workflow_async(_COMMANDS, obey, content["command"], content["delivery"])


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
        await place(order_from_json(stored))
    await _forget()


@DBOS.step()
async def _catch_up(moment: str) -> list[dict[str, Any]]:
    try:
        found = await at_work().work.catch_up()
    except (OutsideError, Unavailable) as error:
        _log.warning("sweep failed", problem=str(error))
        return []
    return [dict(order_as_json(order_of(each, f"sweep-{moment}"))) for each in found]


@DBOS.step()
async def _forget() -> None:
    """Delete what has been kept for long enough, see SECURITY.md."""
    database = at_work().engine.database
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
        await place(order_from_json(came["order"]))


@DBOS.step()
async def _obey(stored: Mapping[str, Any], delivery: str) -> dict[str, Any]:
    hands = at_work()
    try:
        due = await hands.work.obey(command_from_json(stored), hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        _log.warning("command not answered", problem=str(error))
        return {"problem": str(error), "order": None}
    order = order_of(due, delivery, time.time()) if due else None
    return {"problem": "", "order": order_as_json(order) if order else None}
