"""How often the requests of one review may be tried again, all together.

Each of many requests may be worth its retries; where all fail, they are a storm. As in gRPC's retry throttling
(https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs).
"""

from __future__ import annotations

_REFILL = 0.5


class RetryBudget:
    """Retries that are left, at most `most`: each takes one, each good answer gives half a one back."""

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._left = float(most)

    def spend(self) -> bool:
        """Take one, and tell whether there was one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def refill(self) -> None:
        """A request was answered."""
        self._left = min(self._left + _REFILL, self._most)
