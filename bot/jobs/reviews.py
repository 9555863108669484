"""The reviews among the jobs: which order wins, and how one is made to its end.

A review is one step that runs the whole story, over the stored answers of the model, and one that posts: what has been
answered is not paid for again, and the order of requests is free.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowStatus

from bot.core.events import Why
from bot.core.orders import Order, order_as_json, order_from_json
from bot.errors import OutsideError, Unavailable
from bot.jobs.hands import at_work

REVIEWS = "reviews"
_WAITING = ["ENQUEUED", "DELAYED"]
OPEN = [*_WAITING, "PENDING"]
# Reviews that come on top of others, unless there is one that does their work: one that has still to begin sees all
# that stands there.
_JOINING = {Why.SIGN: _WAITING, Why.FOUND: OPEN}
# So many lanes an installation has for each review that is made at a time: whoever has many pull requests open fills
# his own alone, and one of somebody else comes next to one lane, not behind all of them.
_LANES = 2
_log = structlog.get_logger()


async def place(order: Order) -> None:
    """Let an order take the place of all others; some only join them, or are of no use beside them."""
    if order.why not in _JOINING:
        await supersede(order.series, order.name)
    elif await _is_among(order.series, _JOINING[order.why]):
        return
    await _enqueue(order, order.delay(at_work().engine.debounce))


@DBOS.step()
async def _is_among(series: str, states: list[str]) -> bool:
    """Whether a review of the pull request is in such a state."""
    return bool(await DBOS.list_workflows_async(workflow_id_prefix=series, status=states, load_input=False))


@DBOS.step()
async def supersede(series: str, name: str) -> None:
    """End the reviews of a pull request but the one of this name."""
    await cancel(
        each
        for each in await DBOS.list_workflows_async(workflow_id_prefix=series, status=OPEN, load_input=False)
        if each.workflow_id != name
    )


async def cancel(workflows: Iterable[WorkflowStatus]) -> None:
    """End these jobs."""
    for each in workflows:
        await DBOS.cancel_workflow_async(each.workflow_id)


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
    hands, order = at_work(), order_from_json(stored)
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
    hands, order = at_work(), order_from_json(stored)
    try:
        await hands.work.finish(order, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    return ""


@DBOS.step()
async def _give_up(stored: Mapping[str, Any], sentence: str) -> str:
    hands, order = at_work(), order_from_json(stored)
    try:
        await hands.work.give_up(order, sentence, hands.lease.fence())
    except (OutsideError, Unavailable) as error:
        return str(error)
    return ""
