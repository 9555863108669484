"""What durable jobs are about, as values that are stored: a review of a pull request, a command in a comment."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from bot.core.events import Commanded, Pull, ReviewDue, Why
from bot.core.messages import Json

_MORE_MAY_COME = frozenset({Why.PUSHED, Why.RETARGETED, Why.SIGN})


@dataclass(frozen=True, slots=True)
class Order:
    """A review to be made. `delivery` names what asked for it, `head` the commit that it is about, if that is known.

    `by_hand` tells that a person asked for this very review, `full` that all is read again. `attempt` counts those that
    failed before. `at` is when it was asked for, in seconds since 1970.
    """

    pull: Pull
    why: Why
    head: str
    delivery: str
    by_hand: bool = False
    full: bool = False
    attempt: int = 0
    at: float = 0.0

    @property
    def series(self) -> str:
        """What the names of all reviews of the pull request begin with."""
        return series_of(self.pull)

    @property
    def review(self) -> str:
        """The name of the review, whatever the attempt: placed twice, it is one. See `precedence` for what is alike."""
        return f"{self.series}{self.head or 'head'}-{self.delivery}"

    @property
    def name(self) -> str:
        """The job's name."""
        return f"{self.review}~{self.attempt}" if self.attempt else self.review

    @property
    def answers(self) -> str:
        """Where the model's answers for it are kept.

        One place for a pull request, so that what a newer review asks again is not paid for again. Who wants all to be
        read again wants new answers.
        """
        return self.review if self.full else self.series

    def again(self) -> Order:
        """The next attempt."""
        return replace(self, attempt=self.attempt + 1)

    def moved(self, head: str) -> Order:
        """The same of a newer commit, of which nobody told yet; hardly later, so that what comes after it wins."""
        return replace(self, head=head, why=Why.PUSHED, attempt=0, at=math.nextafter(self.at, math.inf))

    def delay(self, debounce: float) -> float:
        """How many seconds to wait for further pushes; none where somebody waits, or it has just been opened."""
        return debounce if self.why in _MORE_MAY_COME and not self.by_hand else 0.0


_ORDER = TypeAdapter(Order)
_COMMANDED = TypeAdapter(Commanded)


def series_of(pull: Pull) -> str:
    """What the names of all reviews of a pull request begin with. A repository keeps its number when it is renamed."""
    return f"review-{pull.repository_id}-{pull.number}-"


def order_of(due: ReviewDue, delivery: str, at: float = 0.0) -> Order:
    """The order that a delivery makes."""
    return Order(due.pull, due.why, due.head, delivery, due.by_hand, due.full, at=at)


def order_as_json(order: Order) -> Json:
    """The order as JSON, from which `order_from_json` makes an equal one."""
    return asdict(order)


def order_from_json(stored: object) -> Order:
    """Make an order again. Raises ValueError where it was not written by us."""
    return _ORDER.validate_python(stored)


def command_as_json(commanded: Commanded) -> Json:
    """The command as JSON, from which `command_from_json` makes an equal one."""
    return asdict(commanded)


def command_from_json(stored: object) -> Commanded:
    """Make a command again. Raises ValueError where it was not written by us."""
    return _COMMANDED.validate_python(stored)
