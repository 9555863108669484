"""Plans what is asked about, with the endpoint asked how it counts where that decides what is left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core.chunking import Budget, Chunk, HunkKey, Plan, pack
from bot.core.diff import Diff
from bot.core.messages import Request

# Our estimate is on the safe side: below this share of the cap nothing can be left out for it.
_NEAR = 0.5


class Gauge(Protocol):
    """How many tokens the endpoint counts for each that we estimate."""

    def learnt(self, model: str) -> float | None:
        """As its answers told; None where there were none yet."""
        ...

    async def counted(self, request: Request) -> float | None:
        """As it counts this request without answering it; None where it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class GivenRatio:
    """A gauge that was read before."""

    ratio: float

    def learnt(self, _model: str) -> float:
        """The ratio."""
        return self.ratio

    async def counted(self, _request: Request) -> float:
        """The ratio."""
        return self.ratio


async def plan(  # noqa: PLR0913 - what is packed, and how it is measured
    diff: Diff,
    kept: Sequence[int],
    budget: Budget,
    answered: Collection[HunkKey],
    gauge: Gauge | None,
    *,
    model: str,
    sample: Callable[[Chunk], Request],
) -> Plan:
    """Pack the kept files. Where the money may be short, the request about the first chunk is counted before.

    What goes in which chunk does not depend on it: an interrupted review finds its answers again.
    """
    learnt = gauge.learnt(model) if gauge else None
    made = pack(diff, kept, replace(budget, ratio=learnt or 1.0), answered)
    if gauge is None or learnt is not None or (made.estimate.dollars <= _NEAR * budget.dollars and not made.over_cost):
        return made
    whole = pack(diff, kept, replace(budget, dollars=math.inf), answered)
    ratio = await gauge.counted(sample(whole.chunks[0])) if whole.chunks else None
    return pack(diff, kept, replace(budget, ratio=ratio), answered) if ratio else made
