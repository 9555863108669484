"""Which order of a pull request wins, when there are others: the newest, unless what is there does its work.

Deliveries may be carried out late, twice, and in any order; what comes of them is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.events import Why
from bot.core.orders import Order


class State(StrEnum):
    """How far a review is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that has its place among the jobs. One that is tried again is there with each attempt."""

    order: Order
    state: State


@dataclass(frozen=True, slots=True)
class Precedence:
    """Whether an order is made, and the names of the jobs that end for it."""

    made: bool
    ends: tuple[str, ...] = ()


_NO = Precedence(made=False)
_OPEN = {State.WAITING, State.RUNNING}
# Reviews that come on top of others, unless there is one that does their work: what has still to begin sees all that
# stands there.
_JOINS = {Why.SIGN: {State.WAITING}, Why.FOUND: _OPEN}
OF_A_COMMIT = frozenset({Why.OPENED, Why.PUSHED})
"""Events for which a commit is reviewed once. Others change what there is to be said of it: its base, a draft."""


def precedence(order: Order, placed: Sequence[Placed]) -> Precedence:
    """What becomes of an order, beside those of the same pull request that are `placed`."""
    if any(each.order.review == order.review for each in placed):
        return _NO
    # An order of a commit that is not the newest any more goes on as another one: neither ends the other.
    others = [each for each in placed if each.order.delivery != order.delivery]
    latest = _latest(others)
    alike = bool(order.head) and latest is not None and latest.order.head == order.head
    if order.why in _JOINS:
        return Precedence(made=not alike and not any(each.state in _JOINS[order.why] for each in others))
    if any(each.order.at > order.at and each.order.why not in _JOINS for each in others):
        return _NO
    does = {State.WAITING, State.RUNNING, State.DONE} if order.why in OF_A_COMMIT else {State.WAITING}
    if alike and latest and not order.by_hand and latest.state in does:
        return _NO
    return Precedence(made=True, ends=ended(order.at, others))


def overtaken(orders: Sequence[Order | None]) -> list[bool]:
    """Which of these orders, come one after the other, need no place: of a burst of pushes the last one does all.

    None stands for whatever is no order.
    """
    told: list[bool] = []
    pushed: set[str] = set()
    for each in reversed(orders):
        told.append(each is not None and not each.by_hand and each.why in OF_A_COMMIT and each.series in pushed)
        if each is not None and each.why is Why.PUSHED:
            pushed.add(each.series)
    return told[::-1]


def ended(at: float, placed: Iterable[Placed]) -> tuple[str, ...]:
    """The names of the jobs that end for something that happened at that time: a newer order, or that it was closed."""
    return tuple(each.order.name for each in placed if each.state in _OPEN and each.order.at < at)


def _latest(placed: Iterable[Placed]) -> Placed | None:
    """The latest of those that no person asked for, by its last attempt."""
    automatic = [each for each in placed if each.order.head and not each.order.by_hand]
    return max(automatic, key=lambda each: (each.order.at, each.order.attempt), default=None)
