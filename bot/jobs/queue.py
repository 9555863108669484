"""The jobs, on DBOS: a delivery is written down, and becomes a review that is made to its end.

A review is one step that runs the whole story, over the stored answers of the model, and one that posts: what has been
answered is not paid for again, and the order of requests is free. The newest order of a pull request wins.
Source: https://docs.dbos.dev/python/tutorials/workflow-tutorial
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID

from bot.core.events import Cancelled, Intent, ReviewDue
from bot.core.orders import Order, order_as_json, order_from_json, order_of, series_of
from bot.errors import OutsideError
from bot.jobs.database import is_sqlite

# A change of it would strand what is under way: https://docs.dbos.dev/production/self-hosting/workflow-recovery
_VERSION = "1"
_DELIVERIES, _REVIEWS = "deliveries", "reviews"
_OPEN = ["ENQUEUED", "DELAYED", "PENDING"]
_POLLING_SECONDS = 0.1
_MOST_DELIVERIES = 20
_WAITS = (30.0, 120.0, 480.0)


class Work(Protocol):
    """What a job does. `prepare` may be stopped and begun again at any time; `finish` finds what it did before."""

    async def prepare(self, order: Order) -> None:
        """Review, up to posting. Raises OutsideError."""
        ...

    async def finish(self, order: Order) -> None:
        """Post the review that was prepared. Raises OutsideError."""
        ...

    async def give_up(self, order: Order, sentence: str) -> None:
        """Say on the pull request that there is no review, and why."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """How jobs are run: the database's address, how many reviews at a time, how long to wait for further pushes.

    `process` names this process among others on the same database. `waits` are the seconds before each new attempt.
    """

    url: str
    reviews: int = 4
    debounce: float = 10.0
    process: str = "local"
    waits: tuple[float, ...] = _WAITS


@dataclass(frozen=True, slots=True)
class _Hands:
    work: Work
    engine: Engine


# Who does the work, in this process: DBOS calls functions by their names, so it is known here.
_hands: list[_Hands] = []


def _at_work() -> _Hands:
    return _hands[-1]


async def launch(engine: Engine, work: Work) -> None:
    """Begin to work: first on what was left."""
    _hands[:] = [_Hands(work, engine)]
    pool = {"sys_db_pool_size": 1} if is_sqlite(engine.url) else {}
    config: DBOSConfig = {
        "name": "plumbline",
        "system_database_url": engine.url,
        "application_version": _VERSION,
        "executor_id": engine.process,
        # The default is pickle: who could write to the database could run code.
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        **pool,  # type: ignore[typeddict-item]
    }
    DBOS(config=config)
    DBOS.launch()
    # A partition is a pull request: one thing at a time for each.
    for name, most in ((_DELIVERIES, _MOST_DELIVERIES), (_REVIEWS, engine.reviews)):
        await DBOS.register_queue_async(
            name, worker_concurrency=most, partition_concurrency=1, polling_interval_sec=_POLLING_SECONDS
        )


def close(seconds: float = 0) -> None:
    """Stop working. What is under way goes on at the next start."""
    DBOS.destroy(workflow_completion_timeout_sec=int(seconds))
    _hands.clear()


def is_job(intent: Intent) -> bool:
    """Whether a job comes of it."""
    return isinstance(intent, ReviewDue | Cancelled)


async def take(delivery: str, intent: Intent) -> bool:
    """Write a delivery down; False where it is known from before. When this returns, it will be carried out."""
    name = f"delivery-{delivery}"
    if await DBOS.get_workflow_status_async(name) is not None:
        return False
    stored = _stored(delivery, intent)
    with SetWorkflowID(name), SetEnqueueOptions(queue_partition_key=stored["series"]):
        await DBOS.enqueue_workflow_async(_DELIVERIES, accept, stored)
    return True


def _stored(delivery: str, intent: Intent) -> dict[str, Any]:
    if isinstance(intent, ReviewDue):
        order = order_of(intent, delivery)
        return {"kind": "review", "series": order.series, "order": order_as_json(order)}
    if isinstance(intent, Cancelled):
        return {"kind": "cancel", "series": series_of(intent.pull)}
    raise TypeError(f"there is no job for {type(intent).__name__}")


@DBOS.workflow(name="accept")
async def accept(stored: dict[str, Any]) -> None:
    """Let the newest order of a pull request win: what is under way for it ends."""
    order = order_from_json(stored["order"]) if stored["kind"] == "review" else None
    await _supersede(stored["series"], order.name if order else "")
    if order is not None:
        await _enqueue(order)


@DBOS.step()
async def _supersede(series: str, name: str) -> None:
    """End the reviews of a pull request but the one of this name."""
    under_way = await DBOS.list_workflows_async(workflow_id_prefix=series, status=_OPEN)
    for each in under_way:
        if each.workflow_id != name:
            await DBOS.cancel_workflow_async(each.workflow_id)


async def _enqueue(order: Order) -> None:
    delay = order.delay(_at_work().engine.debounce)
    with (
        SetWorkflowID(order.name),
        SetEnqueueOptions(queue_partition_key=order.series, delay_seconds=delay or None),
    ):
        await DBOS.enqueue_workflow_async(_REVIEWS, review, order_as_json(order))


@DBOS.workflow(name="review")
async def review(stored: dict[str, Any]) -> str:
    """Make a review, again after a while where something outside failed. Gives what became of it, for people."""
    problem = ""
    for wait in (0.0, *_at_work().engine.waits):
        if wait:
            await DBOS.sleep_async(wait)
        problem = await _prepare(stored) or await _finish(stored)
        if not problem:
            return "done"
    await _give_up(stored, problem)
    return problem


@DBOS.step(preemptible=True)
async def _prepare(stored: Mapping[str, Any]) -> str:
    """Run the story. Gives the sentence of what failed outside, '' where all went well."""
    return await _tried("prepare", stored)


@DBOS.step()
async def _finish(stored: Mapping[str, Any]) -> str:
    """Post. It is not stopped half-way by a newer order: it looks by itself whether the head is still the newest."""
    return await _tried("finish", stored)


@DBOS.step()
async def _give_up(stored: Mapping[str, Any], sentence: str) -> None:
    await _at_work().work.give_up(order_from_json(dict(stored)), sentence)


async def _tried(part: str, stored: Mapping[str, Any]) -> str:
    work, order = _at_work().work, order_from_json(dict(stored))
    try:
        await (work.prepare(order) if part == "prepare" else work.finish(order))
    except OutsideError as error:
        return str(error)
    return ""
