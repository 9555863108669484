"""Cases 45 to 55: what goes wrong, what is tried again, and after which wait."""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.clients.structured import Shapes, Structured
from bot.core.messages import Listener, Reply, Request
from bot.errors import OutsideError, Rejected, Transient
from tests.conformance.wire import BODY, KEY, START, TOOL, Heard, ask, asking, sse
from tests.fakes.messages import Answer, Ending, FakeMessages, http_error, in_turn, raw, stream_bytes, text, tool

Json = dict[str, Any]
LONG_AGO, AT_NOON_AND_A_HALF_MINUTE = "Fri, 31 Dec 1999 23:59:59 GMT", "Wed, 25 Nov 2026 12:00:30 GMT"


def outside(heard: Heard) -> OutsideError:
    """The error, which has to be the endpoint's."""
    error = heard.failed
    assert isinstance(error, OutsideError)
    return error


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_45_what_is_refused_is_asked_once(status: int) -> None:
    """The error keeps the endpoint's words, and the id of the request from the header, else from the body."""
    heard = ask(http_error(status, "some_error", "what it said"))
    error = outside(heard)
    assert isinstance(error, Rejected)
    assert (len(heard.sent), error.attempts, error.status, error.request_id) == (1, 1, status, "req_1")
    assert "what it said" in str(error)
    in_body = http_error(status, "some_error", "x", headers={"request-id": ""})
    assert outside(ask(in_body)).request_id == "req_in_the_body"


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_46_what_passes_is_tried_again(status: int) -> None:
    """Three times, then it is an error that knows of its attempts; an answer in between counts."""
    heard = ask(http_error(status))
    error = outside(heard)
    assert isinstance(error, Transient)
    assert (len(heard.sent), error.attempts, error.status) == (4, 4, status)
    assert ask(*[http_error(status)] * 3, text("at last")).said.text == "at last"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": AT_NOON_AND_A_HALF_MINUTE}, 30.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "-5"}, 1.0),
        ({"retry-after": "NaN"}, 1.0),
        ({"retry-after": "inf"}, 1.0),
        ({"retry-after": "soon"}, 1.0),
        ({"retry-after": LONG_AGO}, 1.0),
    ],
)
def test_47_the_wait_that_is_asked_for(headers: Json, wait: float) -> None:
    """Seconds, fractions, a date, milliseconds: waited for; what is none leaves our own wait."""
    heard = ask(http_error(429, headers=headers), text("x"))
    assert heard.waits == [wait]


@pytest.mark.parametrize("asked", ["61", "1000000000", "Sat, 25 Nov 2126 12:00:00 GMT"])
def test_47_a_wait_that_is_too_long(asked: str) -> None:
    """Nobody waits for that: it is told at once."""
    heard = ask(http_error(429, headers={"retry-after": asked}))
    assert (heard.waits, len(heard.sent)) == ([], 1)
    assert isinstance(heard.failed, Transient)


@given(st.floats(0, 1))
def test_48_waits_grow(chance: float) -> None:
    """1, 2 and 4 seconds, each by at most a quarter more or less, whatever chance says."""
    waits = [Retry(random=lambda: chance).delay(attempt) for attempt in (1, 2, 3)]
    for wait, base in zip(waits, (1, 2, 4), strict=True):
        assert wait is not None
        assert 0.75 * base <= wait <= 1.25 * base


def test_48_waits_on_the_wire() -> None:
    """They are those of the rule, with chance in the middle."""
    assert ask(http_error(500)).waits == [1.0, 2.0, 4.0]


def test_49_the_endpoints_own_word() -> None:
    """Where it says whether to try again, that holds."""
    assert ask(http_error(400, headers={"x-should-retry": "true"}), text("x")).said.text == "x"
    assert len(ask(http_error(500, headers={"x-should-retry": "false"})).sent) == 1


SPENT: list[tuple[int, Json]] = [
    (429, {"type": "rate_limit_error", "message": "x", "details": {"error_code": "enforced_spend_limit_reached"}}),
    (400, {"type": "invalid_request_error", "message": "You have reached your specified API usage limits. You will"}),
]


@pytest.mark.parametrize(("status", "error"), SPENT)
def test_50_a_spending_limit_ends_all(status: int, error: Json) -> None:
    """Asked once, and no other request of the review would do better."""
    heard = ask(raw(status, "application/json", json.dumps({"type": "error", "error": error}).encode()))
    assert len(heard.sent) == 1
    assert outside(heard).stops_all


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"code": "rate_limit_exceeded"}}',
        b'{"error": "words"}',
        b'{"detail": "words"}',
        b"<html><title>words</title></html>",
        b"",
    ],
)
def test_51_other_envelopes(status: int, body: bytes) -> None:
    """Whatever the body looks like, the status tells what it is."""
    heard = ask(raw(status, "application/json", body))
    assert type(heard.failed) is (Rejected if status == 400 else Transient)
    assert len(heard.sent) == (1 if status == 400 else 4)


class _Garbage(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(65_536)
        self.request.sendall(b"this is no HTTP\r\n\r\n")


def test_52_no_answer_at_all() -> None:
    """Nobody there, no TLS there, no HTTP there, silence: each is tried again."""
    for base in (lambda _: "http://127.0.0.1:9", lambda url: url.replace("http:", "https:")):
        heard = ask(text("x"), base=base)
        assert (heard.waits, outside(heard).attempts) == ([1.0, 2.0, 4.0], 4)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Garbage) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        heard = ask(text("x"), base=lambda _: f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert outside(heard).attempts == 4
    silent = ask(stream_bytes([b": hm\n"], ending=Ending.STALLED), text("x"), idle=0.2)
    assert (silent.said.text, silent.waits) == ("x", [1.0])


def test_52_who_is_cancelled_asks_no_more() -> None:
    """The connection is closed, and nothing is tried again."""

    async def cancelled(url: str) -> list[float]:
        waits: list[float] = []
        begun = asyncio.Event()
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            asker = asking(http, Endpoint(url, SecretStr(KEY), bearer=False), waits, 5, 5)
            task = asyncio.create_task(asker.ask(Request(BODY), Listener(begun=begun.set)))
            await begun.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert task.cancelled()
        return waits

    begun: Json = {"type": "message_start", "message": {}}
    with FakeMessages(in_turn(stream_bytes([sse(begun)], ending=Ending.STALLED))) as fake:
        assert asyncio.run(cancelled(fake.url)) == []
        assert fake.hung_up.acquire(timeout=5)
        assert len(fake.requests) == 1


def many(script: Callable[[Json], Answer], number: int, pressure: Pressure, retries: int) -> tuple[list[object], int]:
    """Ask many at once: what came of each, and how often the endpoint was asked."""

    async def sleep(_: float) -> None:
        """Waits for nothing."""

    async def story(url: str) -> list[object]:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            wire = MessagesWire(Endpoint(url, SecretStr(KEY), bearer=False))
            asker = Asker(http, wire, pressure, RetryBudget(retries), Limits(retry=Retry(sleep=sleep)))
            return await asyncio.gather(*(asker.ask(Request(BODY)) for _ in range(number)), return_exceptions=True)

    with FakeMessages(script) as fake:
        return asyncio.run(story(fake.url)), len(fake.requests)


@pytest.mark.parametrize("status", [429, 529])
def test_53_too_many_requests_lower_the_pressure(status: int) -> None:
    """One such answer halves the places of all who share them."""
    pressure = Pressure(8)
    replies, _ = many(in_turn(http_error(status), text("x")), 1, pressure, retries=9)
    assert isinstance(replies[0], Reply)
    assert pressure.limit == 4


def test_53_a_storm_is_stopped() -> None:
    """Where everything fails, all requests together have so many retries and no more."""
    errors, asked = many(lambda _: http_error(500), 10, Pressure(10), retries=7)
    assert asked == 10 + 7
    assert any(isinstance(error, Transient) and error.stops_all for error in errors)


def structured(script: Callable[[Json], Answer], times: int = 2) -> tuple[list[object], list[Json]]:
    """Ask for a call of the tool, one request after the other: what came of each, and what was sent."""
    body = BODY | {"tool_choice": {"type": "tool", "name": "report"}, "tools": [TOOL | {"strict": True}]}

    async def story(url: str) -> list[object]:
        made: list[object] = []
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            asker = asking(http, Endpoint(url, SecretStr(KEY), bearer=False), [], 5, 5)
            model = Structured(asker, "host", "Write $tool as $schema", Shapes())
            for _ in range(times):
                try:
                    made.append((await model.ask(Request(body))).tool_uses[0].input)
                except OutsideError as error:
                    made.append(error)
        return made

    with FakeMessages(script) as fake:
        made = asyncio.run(story(fake.url))
        assert fake.problems == []
        return made, [received.body for received in fake.requests]


def test_54_one_rung_down_and_remembered() -> None:
    """What the refusal names is left out from then on, down to JSON in words; other refusals change nothing."""

    def script(body: Json) -> Answer:
        if body.get("tools"):
            return http_error(400, "invalid_request_error", "tools: Extra inputs are not permitted")
        if "format" in body.get("output_config", {}):
            return http_error(400, "invalid_request_error", "output_config.format: Extra inputs are not permitted")
        return text('{"a": 1}')

    made, sent = structured(script)
    assert made == [{"a": 1}, {"a": 1}]
    assert len(sent) == 3 + 1
    made, sent = structured(lambda _: http_error(400, "invalid_request_error", "messages: too odd"), times=1)
    assert isinstance(made[0], Rejected)
    assert len(sent) == 1
    made, sent = structured(lambda _: tool("report", {}), times=1)
    assert (made, len(sent)) == ([{}], 1)


def test_55_what_may_have_been_charged_for() -> None:
    """Each attempt whose answer began or was waited for, and never came whole, is counted; a refusal is not."""
    silent, half = stream_bytes([], ending=Ending.STALLED), stream_bytes([sse(START)], ending=Ending.CUT)
    assert ask(silent, half, http_error(529), text("x"), idle=0.2).said.lost == 2
    assert outside(ask(half)).lost == 4
    assert outside(ask(http_error(500))).lost == 0
    assert outside(ask(text("x"), base=lambda _: "http://127.0.0.1:9")).lost == 0
