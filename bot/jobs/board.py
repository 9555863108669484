"""The reviews that were asked for, as a board to look at: which wait, run, are done; and what people do about them.

All of it raises Unavailable where the database does not answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, WorkflowStatus

from bot.core.orders import Order
from bot.core.precedence import State
from bot.jobs import reviews
from bot.jobs.database import answered
from bot.jobs.reviews import OPEN, REVIEWS, order_in

_ROWS = 500
_MOST_SHOWN = 100


async def _listed(**asked: Any) -> list[WorkflowStatus]:  # noqa: ANN401 - as DBOS has them
    return await answered(DBOS.list_workflows_async(**asked))


@dataclass(frozen=True, slots=True)
class Job:
    """A review. `asked` and `changed` are in seconds since 1970, `told` is what became of it in words."""

    id: str
    order: Order
    state: State
    asked: float
    changed: float
    told: str = ""


async def jobs(most: int = _MOST_SHOWN) -> list[Job]:
    """The latest reviews, each once, with its latest attempt."""
    found = await _listed(name="review", sort_desc=True, limit=_ROWS)
    latest: dict[str, Job] = {}
    for each in found:
        job = _job(each)
        latest.setdefault(job.id, job)
    return list(latest.values())[:most]


async def job(name: str) -> Job | None:
    """The review of that name, by its latest attempt."""
    found = await _listed(workflow_id_prefix=name, sort_desc=True, limit=_ROWS)
    return next((one for each in found if (one := _job(each)).id == name), None)


async def cancel(name: str) -> bool:
    """End a review; False where there is none that could be ended."""
    found = await _listed(workflow_id_prefix=name, status=OPEN)
    names = [each.workflow_id for each in found if order_in(each).review == name]
    await answered(reviews.cancel(names))
    return bool(names)


async def backlog() -> tuple[Mapping[str, int], float]:
    """How many reviews wait and run, and for how many seconds the oldest that could be made has been waiting."""
    found = await _listed(queue_name=REVIEWS, status=OPEN, load_input=False, load_output=False)
    counts = {State.WAITING.value: 0, State.RUNNING.value: 0}
    oldest = now = time.time()
    for each in found:
        counts[(State.RUNNING if each.status == "PENDING" else State.WAITING).value] += 1
        # What is put off on purpose is not late.
        if each.status == "ENQUEUED" and each.created_at:
            oldest = min(oldest, each.created_at / 1_000)
    return counts, now - oldest


def _job(status: WorkflowStatus) -> Job:
    placed = reviews.placed(status)
    order, told = placed.order, str(status.output or "")
    if status.error is not None:
        told = "Plumbline failed in a way that it did not foresee; its log says where."
    asked, changed = ((moment or 0) / 1_000 for moment in (status.created_at, status.updated_at))
    return Job(order.review, order, placed.state, order.at or asked, changed, told)
