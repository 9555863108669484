"""Retries: bounded waits out of injected chance and clock, and the endpoint's own word on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.retry import Retry, wait_asked, worth_retrying

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def asked(**headers: str) -> float | None:
    return wait_asked({name.replace("_", "-"): value for name, value in headers.items()}, NOW)


@pytest.mark.parametrize(
    ("chance", "waits"), [(0.0, [0.75, 1.5, 3.0]), (0.5, [1.0, 2.0, 4.0]), (1.0, [1.25, 2.5, 5.0])]
)
def test_the_waits_grow(chance: float, waits: list[float]) -> None:
    """Three retries after 1, 2 and 4 seconds, each by 0.75 to 1.25; then there is none."""
    retry = Retry(random=lambda: chance)
    assert [retry.delay(attempt) for attempt in (1, 2, 3)] == waits
    assert retry.delay(4) is None


@given(st.integers(1, 3), st.none() | st.floats(0, 60))
def test_a_wait_is_bounded(attempt: int, wait: float | None) -> None:
    """With real chance a wait is at least what was asked for and at most that or the backoff's longest."""
    delay = Retry().delay(attempt, wait)
    assert delay is not None
    assert max(wait or 0, 0.75 * 2 ** (attempt - 1)) <= delay <= max(wait or 0, 1.25 * 2 ** (attempt - 1))


@pytest.mark.parametrize(("wait", "given_up"), [(59.9, False), (60.0, False), (60.1, True), (1e9, True)])
def test_a_long_wait_is_not_waited(wait: float, given_up: bool) -> None:
    """More than 60 seconds are not waited for."""
    assert (Retry().delay(1, wait) is None) is given_up


def test_no_waits_no_retries() -> None:
    """The number of waits is that of retries."""
    assert Retry(waits=()).delay(1) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        (" 7 ", 7.0),
        ("1000000000", 1e9),
        ("9" * 300, 1e300),
        ("0", None),
        ("0.0", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        ("1e3", None),
        ("٣", None),
        ("5, 5", None),
        ("soon", None),
        ("", None),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), None),
        (format_datetime(NOW, usegmt=True), None),
        ("Wed, 25 Nov 2026 12:00:09 -0000", 9.0),
        ("Wed, 25 Nov 2026 14:00:09 +0200", 9.0),
        ("Wed, 99 Nov 2026 12:00:09 GMT", None),
        ("Wed, 25 Nov 99999 12:00:09 GMT", None),
    ],
)
def test_retry_after(said: str, seconds: float | None) -> None:
    """Seconds, fractions and dates are read; what is past, negative or no number asks for nothing."""
    assert asked(retry_after=said) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [("1500", 1.5), ("0", 9.0), ("-1", 9.0), ("nan", 9.0), ("x", 9.0), ("", 9.0), ("0.5", 0.0005)],
)
def test_retry_after_ms_goes_first(milliseconds: str, seconds: float) -> None:
    """Milliseconds count before seconds where they say something."""
    assert asked(retry_after_ms=milliseconds, retry_after="9") == pytest.approx(seconds)


def test_no_header_asks_for_nothing() -> None:
    """Without a header the backoff alone decides."""
    assert asked() is None


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_what_passes_is_tried_again(status: int) -> None:
    """Limits, conflicts, time-outs and the server's own errors pass; the endpoint's word to the contrary holds."""
    assert worth_retrying(status, {})
    assert not worth_retrying(status, {"x-should-retry": "False"})


@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 405, 413, 422, 431])
def test_what_stays_is_not(status: int) -> None:
    """A refusal stays one; the endpoint's word to the contrary holds, and any other word does not count."""
    assert not worth_retrying(status, {})
    assert worth_retrying(status, {"x-should-retry": "true"})
    assert not worth_retrying(status, {"x-should-retry": "perhaps"})
