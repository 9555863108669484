"""When a failed request is tried again, and after which wait.

The waits are those that the Messages endpoints ask of their clients: https://platform.claude.com/docs/en/api/rate-limits
"""

from __future__ import annotations

import asyncio
import email.utils
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random as any_fraction

_NUMBER = re.compile(r"[0-9]{1,300}(?:\.[0-9]*)?")
_RETRYABLE = {408, 409, 429}
_SERVER_ERRORS = 500


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when to try again. `waits` are the seconds before each retry, so their number is that of retries.

    `jitter` is the range by which a wait is multiplied, `longest` the wait in seconds that is still honoured. Sleeper,
    chance (0 to 1) and clock can be exchanged.
    """

    waits: tuple[float, ...] = (1.0, 2.0, 4.0)
    jitter: tuple[float, float] = (0.75, 1.25)
    longest: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = any_fraction
    now: Callable[[], datetime] = _utc_now

    def delay(self, attempt: int, asked: float | None = None) -> float | None:
        """Return the seconds to wait after the attempt (from 1) has failed, None where there is no further one.

        `asked` is the wait that the endpoint asked for: earlier retries would fail, so the longer of both counts.
        """
        if attempt > len(self.waits) or (asked is not None and asked > self.longest):
            return None
        low, high = self.jitter
        own = self.waits[attempt - 1] * (low + (high - low) * self.random())
        return max(own, asked or 0.0)


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for, None where neither says anything usable.

    `retry-after` is a number of seconds or an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.
    The names of headers are looked up in lower case. Zero, negative numbers, NaN and past dates ask for nothing.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds:
        return milliseconds / 1000
    said = headers.get("retry-after", "")
    seconds = _number(said)
    if seconds is None:
        seconds = _seconds_until(said, now)
    return seconds if seconds and seconds > 0 else None


def _number(text: str) -> float | None:
    """Read a plain decimal number: `float` would take `nan`, `inf` and `1_0` too."""
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        then = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()


def worth_retrying(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether an HTTP error may pass by itself; the endpoint's own word on it, `x-should-retry`, goes first."""
    said = headers.get("x-should-retry", "").strip().lower()
    if said in {"true", "false"}:
        return said == "true"
    return is_passing(status)


def is_passing(status: int) -> bool:
    """Tell whether the status stands for a failure that passes: https://platform.claude.com/docs/en/api/errors."""
    return status in _RETRYABLE or status >= _SERVER_ERRORS
