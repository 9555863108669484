"""The reviews among the jobs: which order wins, and how one is made to its end.

A review is one step that runs the whole story, over the stored answers of the model, and one that posts: what has been
answered is not paid for again, and the order of requests is free.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowStatus

from bot.core.orders import Order, order_as_json, order_from_json
from bot.core.precedence import Placed, State, ended, precedence
from bot.errors import OutsideError, Unavailable
from bot.jobs.hands import at_work

REVIEWS = "reviews"
_WAITING = ["ENQUEUED", "DELAYED"]
OPEN = [*_WAITING, "PENDING"]
# Of a pull request's jobs so many are looked at: the latest.
_ROWS = 100
_STATES = {
    "ENQUEUED": State.WAITING,
    "DELAYED": State.WAITING,
    "PENDING": State.RUNNING,
    "SUCCESS": State.DONE,
    "CANCELLED": State.CANCELLED,
}
_DONE, _GIVEN_UP = "done", "given up"
# So many lanes an installation has for each review that is made at a time: whoever has many pull requests open fills
# his own alone, and one of somebody else comes next to one lane, not behind all of them.
_LANES = 2
_log = structlog.get_logger()


class _Came(TypedDict):
    """What came of a step, stored as JSON: the sentence of what failed outside, the newer commit; '' for neither."""

    problem: str
    moved: str


async def place(order: Order) -> None:
    """Give an order its place among those of its pull request, or none; see `core/precedence.py`."""
    if await _made_room(order_as_json(order)):
        await _enqueue(order, order.delay(at_work().engine.debounce))


@DBOS.step()
async def _made_room(stored: Mapping[str, Any]) -> bool:
    """End what the order takes the place of. Gives whether it is to be made."""
    order = order_from_json(stored)
    decided = precedence(order, await _placed(order.series))
    await cancel(decided.ends)
    return decided.made


@DBOS.step()
async def _is_needed(stored: Mapping[str, Any]) -> bool:
    """Whether an order is still to be made when its turn comes: two may have been placed in the same moment."""
    order = order_from_json(stored)
    others = [each for each in await _placed(order.series) if each.order.review != order.review]
    return precedence(order, others).made


async def _placed(series: str) -> list[Placed]:
    found = await DBOS.list_workflows_async(workflow_id_prefix=series, sort_desc=True, limit=_ROWS)
    return [placed(each) for each in found]


async def close(series: str, at: float) -> None:
    """End the reviews of a pull request that was closed at that time."""
    found = await DBOS.list_workflows_async(workflow_id_prefix=series, status=OPEN, load_output=False)
    await cancel(ended(at, [placed(each) for each in found]))


async def abandon(installation: int) -> None:
    """End the reviews of an installation that is gone: nobody may read or write there any more."""
    found = await DBOS.list_workflows_async(workflow_id_prefix="review-", status=OPEN, load_output=False)
    await cancel(each.workflow_id for each in found if order_in(each).pull.installation == installation)
    await at_work().work.leave(installation)


def placed(status: WorkflowStatus) -> Placed:
    """How far the review of a job is."""
    state = _STATES.get(status.status, State.FAILED)
    if state is State.DONE and status.output != _DONE:
        state = State.FAILED if str(status.output).startswith(_GIVEN_UP) else State.CANCELLED
    return Placed(order_in(status), state)


async def cancel(names: Iterable[str]) -> None:
    """End the jobs of these names."""
    for each in names:
        await DBOS.cancel_workflow_async(each)


def order_in(status: WorkflowStatus) -> Order:
    """The order of a review's job."""
    assert status.input is not None  # noqa: S101 - it was asked for
    return order_from_json(status.input["args"][0])


def _lane(order: Order) -> str:
    """One of the few lanes of an installation, always the same for a pull request."""
    number = zlib.crc32(order.series.encode()) % (_LANES * at_work().engine.reviews)
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
    order, engine = order_from_json(stored), at_work().engine
    tries = len(engine.waits)
    if not order.attempt and not await _is_needed(stored):
        return "another review does its work"
    if order.attempt <= tries:
        came = await _prepare(stored)
        if not came["problem"] and not came["moved"]:
            came = await _finish(stored)
        if came["moved"]:
            await place(order.moved(came["moved"]))
            return f"there is a newer commit: {came['moved']}"
        problem = came["problem"]
        if not problem:
            return _DONE
        if order.attempt < tries:
            return await _again(order, engine.waits[order.attempt], problem)
    unsaid = await _give_up(stored, problem)
    told = order.attempt - tries
    if unsaid and 0 <= told < len(engine.telling):
        return await _again(order, engine.telling[told], problem)
    return f"{_GIVEN_UP}: {problem}"


async def _again(order: Order, delay: float, problem: str) -> str:
    await _enqueue(order.again(), delay, problem)
    return f"tried again after {delay:g} seconds: {problem}"


@DBOS.step(preemptible=True)
async def _prepare(stored: Mapping[str, Any]) -> _Came:
    """Run the story. Tells what failed outside, and the newer commit that there is."""
    hands, order = at_work(), order_from_json(stored)
    try:
        return _Came(problem="", moved=await hands.work.prepare(order, hands.lease.fence()))
    except (OutsideError, Unavailable) as error:
        return _Came(problem=str(error), moved="")
    except Exception:  # noqa: BLE001 - a defect of ours is told like all else
        # Whatever it is, the step that posts meets it as well, and concludes the check run by it.
        _log.exception("review broke", job=order.name)
    return _Came(problem="", moved="")


@DBOS.step()
async def _finish(stored: Mapping[str, Any]) -> _Came:
    """Post. It is not stopped half-way by a newer order: it looks by itself whether the head is still the newest."""
    hands, order = at_work(), order_from_json(stored)
    try:
        return _Came(problem="", moved=await hands.work.finish(order, hands.lease.fence()))
    except (OutsideError, Unavailable) as error:
        return _Came(problem=str(error), moved="")


@DBOS.step()
async def _give_up(stored: Mapping[str, Any], sentence: str) -> str:
    hands, order = at_work(), order_from_json(stored)
    try:
        await hands.work.give_up(order, sentence, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    return ""
