"""What a durable job is about, as a value that is stored: a review of a pull request."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.events import Pull, ReviewDue, Why
from bot.core.messages import Json

_MORE_MAY_COME = frozenset({Why.PUSHED, Why.RETARGETED})


@dataclass(frozen=True, slots=True)
class Order:
    """A review to be made. `delivery` names what asked for it, `head` the commit that it is about, if that is known.

    `by_hand` tells that a person asked for this very review, `full` that all is read again.
    """

    pull: Pull
    why: Why
    head: str
    delivery: str
    by_hand: bool = False
    full: bool = False

    @property
    def series(self) -> str:
        """What the names of all reviews of the pull request begin with."""
        return series_of(self.pull)

    @property
    def name(self) -> str:
        """The job's name. Events about the same commit make one job; what a person asks for is one of its own."""
        return f"{self.series}{self.head or 'head'}-{self.delivery if self.by_hand or not self.head else 'auto'}"

    def delay(self, debounce: float) -> float:
        """How many seconds to wait for further pushes; none where somebody waits, or it has just been opened."""
        return debounce if self.why in _MORE_MAY_COME and not self.by_hand else 0.0


def series_of(pull: Pull) -> str:
    """What the names of all reviews of a pull request begin with. A repository keeps its number when it is renamed."""
    return f"review-{pull.repository_id}-{pull.number}-"


def order_of(due: ReviewDue, delivery: str) -> Order:
    """The order that a delivery makes."""
    return Order(due.pull, due.why, due.head, delivery, due.by_hand, due.full)


def order_as_json(order: Order) -> Json:
    """The order as JSON, from which `order_from_json` makes an equal one."""
    pull = order.pull
    return {
        "repository": pull.repository,
        "repository_id": pull.repository_id,
        "number": pull.number,
        "installation": pull.installation,
        "why": order.why.value,
        "head": order.head,
        "delivery": order.delivery,
        "by_hand": order.by_hand,
        "full": order.full,
    }


def order_from_json(stored: Json) -> Order:
    """Make an order again. Raises KeyError or ValueError where it was not written by us."""
    repository_id, number, installation = (
        int(str(stored[name])) for name in ("repository_id", "number", "installation")
    )
    return Order(
        Pull(str(stored["repository"]), repository_id, number, installation),
        Why(str(stored["why"])),
        str(stored["head"]),
        str(stored["delivery"]),
        by_hand=bool(stored["by_hand"]),
        full=bool(stored["full"]),
    )
