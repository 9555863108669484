"""The door to a Messages endpoint, over real HTTP: what is sent, what counts, what is tried again, what is said."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits, connected
from bot.clients.budget import RetryBudget
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, TextBlock, ToolUse, Usage
from bot.errors import BadReply, Misuse, OutsideError, Rejected, Transient
from tests.fakes.messages import (
    USAGE,
    Answer,
    Ending,
    FakeMessages,
    cut,
    events_of,
    frame,
    http_error,
    in_turn,
    message_of,
    raw,
    refusal,
    stream_bytes,
    text,
    tool,
    truncated,
)

KEY = "made-up-key-that-nobody-has"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
FINDINGS = {"files": [], "findings": [{"title": "a " * 50}]}
REPORT = {"name": "report", "input_schema": {"type": "object", "properties": {}}}
BODY: dict[str, object] = {
    "model": "claude-opus-4-6",
    "max_tokens": 1000,
    "tools": [REPORT],
    "system": "Be strict.",
    "messages": [{"role": "user", "content": "Look at this: ä\u2028😀"}],
    "metadata": {"user_id": "x"},
}
REQUEST = Request(BODY)


def pool() -> httpx.AsyncClient:
    """Connections that no setting of this machine touches. Nothing here gets as far as a certificate."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=5)


class Waits(list[float]):
    """A sleeper that only notes for how long it should have slept."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def retry(waits: Waits) -> Retry:
    return Retry(sleep=waits, random=lambda: 0.5, now=lambda: NOW)


def endpoint(url: str, *, stream: bool = True, bearer: bool = False, key: str = KEY) -> Endpoint:
    return Endpoint(url, SecretStr(key), bearer=bearer, stream=stream)


def asker(
    http: httpx.AsyncClient, at: Endpoint, places: int = 2, *, limits: Limits | None = None, retries: int = 99
) -> Asker:
    """Who asks, with places and retries of its own."""
    return Asker(http, MessagesWire(at), Pressure(places), RetryBudget(retries), limits or Limits())


async def opened(
    at: Endpoint,
    *requests: Request,
    waits: Waits | None = None,
    listener: Listener = UNHEARD,
    idle: float = 5,
    total: float = 5,
) -> list[Reply]:
    """Ask one request after the other on one connection pool."""
    async with pool() as http:
        sleeper = Waits() if waits is None else waits
        messages = asker(http, at, limits=Limits(idle, total, retry(sleeper)))
        return [await messages.ask(request, listener) for request in requests]


def ask(at: Endpoint, request: Request = REQUEST, **options: Any) -> Reply:  # noqa: ANN401 - options of `opened`
    return asyncio.run(opened(at, request, **options))[0]


def failure(at: Endpoint, request: Request = REQUEST, **options: Any) -> OutsideError:  # noqa: ANN401 - the same
    """The error of a request that must fail. Whatever it is, it is one sentence without the key."""
    with pytest.raises(OutsideError) as caught:
        ask(at, request, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert KEY not in sentence + repr(caught.value)
    assert len(sentence) < 400
    return caught.value


# --- The request ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_the_bytes_that_are_sent(stream: bool) -> None:
    """The body goes out in its own order; `stream` is put in ahead of the messages, where one is wanted."""
    with FakeMessages(in_turn(tool("report", FINDINGS))) as fake:
        ask(endpoint(fake.url, stream=stream))
    (received,) = fake.requests
    names = ["model", "max_tokens", "tools", "system", *(["stream"] if stream else []), "messages", "metadata"]
    assert list(received.body) == names
    assert received.body == BODY | ({"stream": True} if stream else {})
    assert received.raw.replace(b'"stream":true,', b"") == REQUEST.encoded
    assert fake.problems == []


@pytest.mark.parametrize(
    ("bearer", "name", "value"), [(False, "x-api-key", KEY), (True, "authorization", f"Bearer {KEY}")]
)
def test_one_credential(bearer: bool, name: str, value: str) -> None:
    """The key stands in exactly one header, beside the pinned version, and no beta is asked for."""
    with FakeMessages(in_turn(text("x"))) as fake:
        ask(endpoint(fake.url, bearer=bearer, key=f" {KEY}\n"))
    headers = fake.requests[0].headers
    assert headers[name] == value
    assert len({"x-api-key", "authorization"} & {*headers}) == 1
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["content-type"] == "application/json"
    assert fake.problems == []


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_the_version_can_be_set(version: str) -> None:
    """Another version of the API is asked for where it is configured."""
    with FakeMessages(in_turn(text("x"))) as fake:
        ask(replace(endpoint(fake.url), version=version))
    assert fake.requests[0].headers["anthropic-version"] == version


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "//", "/v1/messages", "/v1/messages/"])
def test_the_address(suffix: str) -> None:
    """With or without a slash, /v1 or the whole path, requests go to one /v1/messages."""
    with FakeMessages(in_turn(text("x"))) as fake:
        ask(endpoint(f" {fake.url}{suffix}"))
    assert fake.problems == []
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://host:8443/some/where/", "https://host:8443/some/where/v1/messages"),
        ("https://host/anthropic/v1?team=a#top", "https://host/anthropic/v1/messages?team=a"),
        ("http://[::1]:8080", "http://[::1]:8080/v1/messages"),
        ("https://host/v1beta", "https://host/v1beta/v1/messages"),
        ("https://host/revenue1", "https://host/revenue1/v1/messages"),
    ],
)
def test_the_address_under_a_path(base: str, url: str) -> None:
    """A gateway's own path, port and query stay."""
    assert str(endpoint(base).url) == url


@pytest.mark.parametrize(
    "base",
    ["", "api.anthropic.com", "ftp://host", "https://", "https:///v1", "https://host:port", "http://[::1", "file:///x"],
)
def test_what_is_no_address(base: str) -> None:
    """What is no http address is refused before anything is sent."""
    with pytest.raises(Misuse, match="ANTHROPIC_BASE_URL is no web address"):
        ask(endpoint(base))


def test_an_address_with_a_password() -> None:
    """A password in the address would become a second credential; it is refused and not repeated."""
    with pytest.raises(Misuse, match="user name or password") as caught:
        ask(endpoint("https://someone:hunter2@host/v1"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "bearer", "name"),
    [
        ("", False, "ANTHROPIC_API_KEY"),
        (f"{KEY} twice", False, "ANTHROPIC_API_KEY"),
        (f"{KEY}\r\nx-other: 1", True, "ANTHROPIC_AUTH_TOKEN"),
        (f"{KEY}ä", True, "ANTHROPIC_AUTH_TOKEN"),
    ],
)
def test_what_is_no_key(key: str, bearer: bool, name: str) -> None:
    """A key that no header can carry is refused by the name of its variable, without repeating it."""
    with pytest.raises(Misuse, match=name) as caught:
        ask(endpoint("https://host", key=key, bearer=bearer))
    assert KEY not in str(caught.value)


def test_the_key_is_in_no_repr() -> None:
    """Neither the endpoint nor the client shows the key."""

    async def shown() -> str:
        async with pool() as http:
            at = endpoint("https://host")
            messages = asker(http, at, 1)
            return f"{at!r} {at} {messages!r} {MessagesWire(at).door!r}"

    assert KEY not in asyncio.run(shown())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"max_tokens": 0}, "allows 0 tokens"),
        ({"max_tokens": -1}, "allows -1 tokens"),
        ({"system": "x" * 33_600_000}, "PLUMBLINE_CHUNK_TOKENS"),
    ],
)
def test_what_cannot_succeed_is_not_sent(change: dict[str, object], sentence: str) -> None:
    """A request without room for an answer, or above the API's size, is refused here."""
    with FakeMessages(in_turn(text("x"))) as fake:
        error = failure(endpoint(fake.url), Request(BODY | change))
    assert isinstance(error, Rejected)
    assert sentence in str(error)
    assert error.attempts == 0
    assert fake.requests == []


# --- The reply ------------------------------------------------------------------------------------------------------

COUNTED = {
    **USAGE,
    "input_tokens": 7,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 2,
    "output_tokens": 9,
}


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply(stream: bool) -> None:
    """The whole reply comes back, and `begun` was called once."""
    beginnings: list[int] = []
    with FakeMessages(in_turn(tool("report", FINDINGS, usage=COUNTED))) as fake:
        reply = ask(endpoint(fake.url, stream=stream), listener=Listener(begun=lambda: beginnings.append(1)))
    call = ToolUse("toolu_report", "report", FINDINGS)
    usage = Usage(input_tokens=7, cache_write_5m=3, cache_read=2, output_tokens=9)
    assert reply == Reply((call,), StopReason.TOOL_USE, usage, "claude-opus-4-6", "msg_scripted")
    assert beginnings == [1]
    assert fake.problems == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [(refusal(), StopReason.REFUSAL), (refusal(None), StopReason.REFUSAL), (truncated(), StopReason.MAX_TOKENS)],
)
def test_a_refused_or_truncated_reply_is_whole(stream: bool, answer: Answer, reason: StopReason) -> None:
    """Refusal and truncation are replies, once asked; what to make of them is decided elsewhere."""
    with FakeMessages(in_turn(answer)) as fake:
        assert ask(endpoint(fake.url, stream=stream)).stop_reason is reason
    assert len(fake.requests) == 1


STREAM = b"".join(map(frame, events_of(text("äß€😀"))))
WORDS = (TextBlock("äß€😀"),)


@pytest.mark.parametrize(
    "answer",
    [
        raw(200, "application/json", json.dumps(message_of(text("äß€😀"))).encode()),
        raw(
            200, "application/json; charset=latin-1", json.dumps(message_of(text("äß€😀")), ensure_ascii=False).encode()
        ),
        raw(200, "text/event-stream; charset=latin-1", b"data: " + STREAM.split(b"data: ", 1)[1]),
        raw(200, "text/event-stream", gzip.compress(STREAM), {"content-encoding": "gzip"}),
        raw(200, "application/octet-stream", STREAM),
        stream_bytes([bytes([byte]) for byte in STREAM]),
        stream_bytes([b": hello\n\n", frame({"type": "ping"}), STREAM, b"data: [DONE]\n\n", b"data: {oops\n\n"]),
        stream_bytes([STREAM], ending=Ending.STALLED),
        stream_bytes([STREAM], ending=Ending.CUT),
    ],
)
def test_unusual_replies_count(answer: Answer) -> None:
    """JSON for a stream, wrong charsets, gzip, any cuts, and whatever follows the end of the message."""
    with FakeMessages(in_turn(answer)) as fake:
        assert ask(endpoint(fake.url)).content == WORDS
    assert len(fake.requests) == 1


def test_connections_are_used_again() -> None:
    """A stream is read to its end, so that the next request needs no new connection."""
    with FakeMessages(in_turn(text("a"), text("b"), http_error(500), text("c"))) as fake:
        replies = asyncio.run(opened(endpoint(fake.url), REQUEST, REQUEST, REQUEST))
    assert [reply.text for reply in replies] == ["a", "b", "c"]
    assert fake.connections == 1


def test_a_pool_of_its_own() -> None:
    """`connected` gives a client that asks, and closes its connections in the end."""

    async def reply(url: str) -> Reply:
        async with connected(MessagesWire(endpoint(url)), concurrency=1, ca_bundle=None) as messages:
            return await messages.ask(REQUEST)

    with FakeMessages(in_turn(text("x"))) as fake:
        assert asyncio.run(reply(fake.url)).text == "x"
    assert fake.requests[0].headers["user-agent"].startswith("plumbline/")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_requests_in_flight_are_limited(concurrency: int) -> None:
    """However many ask, no more than the limit are under way, and all are answered."""

    async def storm(url: str) -> list[Reply]:
        async with pool() as http:
            messages = asker(http, endpoint(url), concurrency)
            return await asyncio.gather(*(messages.ask(REQUEST) for _ in range(3 * concurrency)))

    with FakeMessages(in_turn(text("x", delay=0.05))) as fake:
        assert len(asyncio.run(storm(fake.url))) == 3 * concurrency
    assert fake.in_flight_most == concurrency


# --- Errors ---------------------------------------------------------------------------------------------------------

NO = ("api_error", "no")
REFUSED: list[tuple[int, str, str, bool, str]] = [
    (400, "invalid_request_error", "prompt is too long", False, "check that PLUMBLINE_MODEL fits this endpoint"),
    (401, "authentication_error", "invalid x-api-key", True, "check ANTHROPIC_API_KEY"),
    (402, "billing_error", "no credit", True, "check the balance of the account that ANTHROPIC_API_KEY belongs to"),
    (403, "permission_error", "not yours", True, "check what ANTHROPIC_API_KEY is allowed to use"),
    (404, "not_found_error", "model: x", True, "check PLUMBLINE_MODEL and ANTHROPIC_BASE_URL"),
    (405, "invalid_request_error", "no POST", False, "check ANTHROPIC_BASE_URL"),
    (413, "request_too_large", "too large", False, "lower PLUMBLINE_CHUNK_TOKENS"),
    (422, "invalid_request_error", "odd", False, "check that PLUMBLINE_MODEL fits this endpoint"),
    (
        400,
        "invalid_request_error",
        "You have reached your specified API usage limits. You will",
        True,
        "raise the limit",
    ),
    (400, "invalid_request_error", "Your credit balance is too low to access", True, "raise the limit"),
    (429, "insufficient_quota", "You exceeded your quota", True, "raise the limit"),
]


@pytest.mark.parametrize(("status", "kind", "message", "stops_all", "advice"), REFUSED)
def test_refusals_are_final(status: int, kind: str, message: str, stops_all: bool, advice: str) -> None:
    """A refusal is asked for once, with the endpoint's words, what to do, and whether other requests can do better."""
    with FakeMessages(in_turn(http_error(status, kind, message))) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, Rejected)
    assert (error.status, error.kind, error.stops_all) == (status, kind, stops_all)
    assert (error.attempts, error.request_id) == (1, "req_1")
    assert f"({status} {kind}: {message.rstrip('.')})" in str(error)
    assert advice in str(error)
    assert str(error).startswith("127.0.0.1:")
    assert len(fake.requests) == 1


def test_the_variable_of_the_key_is_named() -> None:
    """Who uses a bearer token is sent to its variable."""
    with FakeMessages(in_turn(http_error(401, "authentication_error", "no"))) as fake:
        assert str(failure(endpoint(fake.url, bearer=True))).endswith("check ANTHROPIC_AUTH_TOKEN.")


def test_an_enforced_spend_limit_is_final() -> None:
    """A 429 whose details name a spend limit holds until the month ends."""
    error = {"type": "rate_limit_error", "message": "x", "details": {"error_code": "enforced_spend_limit_reached"}}
    body = json.dumps({"type": "error", "error": error}).encode()
    with FakeMessages(in_turn(raw(429, "application/json", body))) as fake:
        made = failure(endpoint(fake.url))
    assert isinstance(made, Rejected)
    assert made.stops_all
    assert (made.kind, len(fake.requests)) == ("rate_limit_error", 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, "invalid_request_error"),
        (409, "conflict_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_what_passes_is_tried_four_times(status: int, kind: str) -> None:
    """A passing failure is tried again after 1, 2 and 4 seconds; then it is told, named by its status if need be."""
    waits = Waits()
    with FakeMessages(in_turn(raw(status, "text/plain", b"busy"))) as fake:
        error = failure(endpoint(fake.url), waits=waits)
    assert isinstance(error, Transient)
    assert (error.status, error.kind, error.attempts, error.retry_after) == (status, kind, 4, None)
    assert waits == [1.0, 2.0, 4.0]
    assert len(fake.requests) == 4
    assert str(error).endswith(f"({status} {kind}: busy) after 4 attempts; try again later.")
    assert len({received.raw for received in fake.requests}) == 1


def test_a_retry_that_succeeds() -> None:
    """After failures of all kinds the reply counts as if nothing had been, and `begun` was called once."""
    begun: list[int] = []
    script = in_turn(cut(400), http_error(529), stream_bytes([STREAM[:-60]]), text("at last"))
    with FakeMessages(script) as fake:
        reply = ask(endpoint(fake.url), listener=Listener(begun=lambda: begun.append(len(fake.requests))))
    assert reply.text == "at last"
    assert (begun, len(fake.requests)) == ([1], 4)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "7"}, [7.0]),
        ({"retry-after": "0.5"}, [1.0]),
        ({"retry-after": "0"}, [1.0]),
        ({"retry-after": "-3"}, [1.0]),
        ({"retry-after": "nan"}, [1.0]),
        ({"retry-after-ms": "2500", "retry-after": "50"}, [2.5]),
        ({"retry-after": "Wed, 25 Nov 2026 12:00:30 GMT"}, [30.0]),
        ({"retry-after": "Wed, 25 Nov 2026 11:00:00 GMT"}, [1.0]),
    ],
)
def test_the_wait_asked_for_is_kept(headers: dict[str, str], waits: list[float]) -> None:
    """A wait that the endpoint asks for is kept, at least as long as our own."""
    slept = Waits()
    with FakeMessages(in_turn(http_error(429, headers=headers), text("x"))) as fake:
        assert ask(endpoint(fake.url), waits=slept).text == "x"
    assert slept == waits


@pytest.mark.parametrize(
    ("said", "seconds", "advice"), [("61", 61, "try again in 61 seconds"), ("1000000000", 1e9, "try again later")]
)
def test_a_long_wait_is_told(said: str, seconds: float, advice: str) -> None:
    """Over 60 seconds nobody waits: the error tells for how long to."""
    with FakeMessages(in_turn(http_error(429, headers={"retry-after": said}))) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, Transient)
    assert (error.retry_after, error.attempts) == (seconds, 1)
    assert advice in str(error)


@pytest.mark.parametrize(("status", "said", "attempts"), [(400, "true", 4), (500, "false", 1), (429, "false", 1)])
def test_the_endpoints_own_word_on_retries(status: int, said: str, attempts: int) -> None:
    """x-should-retry overrides the status, and the error stays that of the status."""
    with FakeMessages(in_turn(http_error(status, headers={"x-should-retry": said}))) as fake:
        error = failure(endpoint(fake.url))
    assert error.attempts == len(fake.requests) == attempts
    assert isinstance(error, Rejected if status == 400 else Transient)


IN_STREAM: list[tuple[str, type[OutsideError], int, bool]] = [
    ("overloaded_error", Transient, 4, False),
    ("api_error", Transient, 4, False),
    ("rate_limit_error", Transient, 4, False),
    ("timeout_error", Transient, 4, False),
    ("brand_new_error", Transient, 4, False),
    ("rate_limit_exceeded", Transient, 4, False),
    ("invalid_request_error", Rejected, 1, False),
    ("request_too_large", Rejected, 1, False),
    ("authentication_error", Rejected, 1, True),
    ("permission_error", Rejected, 1, True),
    ("not_found_error", Rejected, 1, True),
    ("model_not_found", Rejected, 1, True),
]


@pytest.mark.parametrize(("kind", "raised", "attempts", "stops_all"), IN_STREAM)
@pytest.mark.parametrize("shape", ["first", "later", "json"])
def test_errors_after_a_good_status(
    kind: str, raised: type[OutsideError], attempts: int, stops_all: bool, shape: str
) -> None:
    """An error in a stream or in place of a message is judged by its type, and nothing before it counts."""
    error = {"type": "error", "error": {"type": kind, "message": "sorry"}, "request_id": "req_body"}
    answers = {
        "first": stream_bytes([frame(error)]),
        "later": stream_bytes([STREAM[: STREAM.index(b"event: message_delta")], frame(error), STREAM]),
        "json": raw(200, "application/json", json.dumps(error).encode()),
    }
    with FakeMessages(in_turn(answers[shape])) as fake:
        made = failure(endpoint(fake.url))
    assert type(made) is raised
    assert (made.kind, made.status, made.request_id) == (kind, 200, f"req_{attempts}")
    assert made.attempts == len(fake.requests) == attempts
    assert getattr(made, "stops_all", False) is stops_all
    assert "sorry" in str(made)


BODIES: list[tuple[bytes, str, str]] = [
    (b'{"error": {"code": "rate_limit_exceeded", "message": "slow down"}}', "rate_limit_exceeded", "slow down"),
    (b'{"error": {"type": "new_api_error", "code": "x", "message": "slow down"}}', "new_api_error", "slow down"),
    (b'{"error": "slow down"}', "rate_limit_error", "slow down"),
    (b'{"detail": "slow down"}', "rate_limit_error", "slow down"),
    (b'{"detail": [{"msg": "slow down"}]}', "rate_limit_error", "slow down"),
    (b'{"message": "slow down"}', "rate_limit_error", "slow down"),
    (b'{"error": {"type": null, "code": 429, "message": "slow down"}}', "rate_limit_error", "slow down"),
    (b'{"error": {"type": "two words", "message": "slow down"}}', "rate_limit_error", "slow down"),
    (b"slow down", "rate_limit_error", "slow down"),
    (b"<html><title>slow down</title></html>", "rate_limit_error", ""),
    (b"", "rate_limit_error", ""),
    (b"[1]", "rate_limit_error", "[1]"),
    (b"\xff\xfe", "rate_limit_error", ""),
    (b'{"error": {"message": "slow\\n\\u001b[31m down\\u202e"}}', "rate_limit_error", "slow \\x1b[31m down\\u202e"),
]


@pytest.mark.parametrize(("body", "kind", "said"), BODIES)
def test_any_envelope_of_an_error(body: bytes, kind: str, said: str) -> None:
    """Whatever an error's body looks like, it has a name, and its words are on one visible line."""
    with FakeMessages(in_turn(raw(429, "application/json", body))) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, Transient)
    assert error.kind == kind
    assert said in str(error)
    assert "<html>" not in str(error)


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"request-id": "req_a", "x-request-id": "req_b"}, "req_a"),
        ({"request-id": "", "x-request-id": "req_b"}, "req_b"),
        ({"request-id": ""}, "req_in_the_body"),
        ({"request-id": "two words"}, "req_in_the_body"),
    ],
)
def test_the_id_of_a_request(headers: dict[str, str], request_id: str) -> None:
    """The id for the operators comes from either header, else from the body."""
    with FakeMessages(in_turn(http_error(400, *NO, headers=headers))) as fake:
        assert failure(endpoint(fake.url)).request_id == request_id


def test_secrets_are_struck_out() -> None:
    """Neither the key nor another secret that the endpoint repeats gets into the error, and long words are cut."""
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
    with FakeMessages(
        in_turn(http_error(401, "authentication_error", f"bad key {KEY} and {token} " + "x" * 900))
    ) as fake:
        sentence = str(failure(endpoint(fake.url)))
    assert "bad key *** and ****" in sentence
    assert token not in sentence
    assert len(sentence) < 350


def test_a_huge_error_is_not_read() -> None:
    """Of an endless error page the start is enough."""
    with FakeMessages(in_turn(RAW_FLOOD)) as fake:
        assert failure(endpoint(fake.url)).status == 400


RAW_FLOOD = replace(stream_bytes([b"x" * 70_000], ending=Ending.STALLED), status=400)


def test_an_endless_answer_is_given_up() -> None:
    """More than the API's own limit is no reply."""
    flood = stream_bytes([STREAM[:400], *[b": " + b"x" * 1_000_000 + b"\n"] * 34])
    with FakeMessages(in_turn(flood)) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, BadReply)
    assert "33,554,432 bytes" in str(error)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "location", ["http://elsewhere.invalid/v1/messages?key=hunter2", "/v1/other", "http://[oops", ""]
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int, location: str) -> None:
    """A redirect is told instead of followed, since it would take the key along."""
    with FakeMessages(in_turn(raw(status, "text/html", b"", {"location": location}))) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, Rejected)
    assert (error.status, error.attempts, len(fake.requests)) == (status, 1, 1)
    assert "set ANTHROPIC_BASE_URL to the address that answers itself" in str(error)
    assert ("elsewhere.invalid" in str(error)) == ("elsewhere" in location)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("answer", "said", "attempts"),
    [
        (raw(200, "text/html", b"<html>Sign in</html>"), "a web page", 1),
        (raw(200, "application/json", b'{"choices": []}'), "JSON that is no message", 1),
        (raw(200, "text/plain", b"Bad gateway"), "text that is no message", 1),
        (raw(200, "application/json", b""), "its body is empty", 4),
        (raw(204, "", b""), "its body is empty", 4),
        (stream_bytes([]), "its body is empty", 4),
    ],
)
def test_answers_that_cannot_be_used(answer: Answer, said: str, attempts: int) -> None:
    """What is no message is told as such, and asked for again only where it may have been an accident."""
    with FakeMessages(in_turn(answer)) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, BadReply)
    assert said in str(error)
    assert error.attempts == len(fake.requests) == attempts


WHOLE = json.dumps(message_of(text("x"))).encode()


@pytest.mark.parametrize(
    "answer",
    [
        cut(0),
        cut(100),
        cut(600),
        stream_bytes([STREAM[:100]]),
        stream_bytes([STREAM[: STREAM.index(b"event: message_stop")]]),
        stream_bytes([frame({"type": "message_stop"})]),
        raw(200, "application/json", WHOLE[:-10]),
        raw(200, "application/json", WHOLE[:-10], {"content-length": str(len(WHOLE))}),
        raw(200, "text/event-stream", b"no gzip", {"content-encoding": "gzip"}),
    ],
)
def test_incomplete_answers_are_tried_again(answer: Answer) -> None:
    """Whatever ends before the message does is tried again from scratch, and told in the end."""
    with FakeMessages(in_turn(answer)) as fake:
        error = failure(endpoint(fake.url))
    assert isinstance(error, Transient)
    assert error.attempts == len(fake.requests) == 4


# --- Connections and time -------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    """A refused connection is tried again, and told with what to check."""
    waits = Waits()
    error = failure(endpoint("http://127.0.0.1:9"), waits=waits)
    assert isinstance(error, Transient)
    assert (error.status, error.attempts, len(waits)) == (0, 4, 3)
    for name in ("127.0.0.1:9 cannot be reached", "ANTHROPIC_BASE_URL", "proxy", "SSL_CERT_FILE"):
        assert name in str(error)


def test_a_server_without_tls() -> None:
    """A failed handshake is told like any connection that did not come about."""
    with FakeMessages(in_turn(text("x"))) as fake:
        error = failure(endpoint(fake.url.replace("http:", "https:")))
    assert isinstance(error, Transient)
    assert "cannot be reached" in str(error)
    assert "SSL" in str(error)


@pytest.mark.parametrize("sent", [b"", b": ping\n\n", STREAM[:400]])
def test_silence_ends_an_attempt(sent: bytes) -> None:
    """A stream of which nothing more comes is given up, asked for again, and its connection closed."""
    with FakeMessages(in_turn(stream_bytes([sent], ending=Ending.STALLED))) as fake:
        error = failure(endpoint(fake.url), idle=0.05)
        assert all(fake.hung_up.acquire(timeout=5) for _ in range(4))
    assert isinstance(error, Transient)
    assert "sent nothing for 0.05 seconds after 4 attempts" in str(error)


def test_signs_of_life_do_not_end_an_attempt() -> None:
    """Pings reset the time of silence: a stream that takes longer in all is read to its end."""
    drip = stream_bytes([*[b": ping\n\n"] * 12, STREAM], pause=0.02)
    with FakeMessages(in_turn(drip)) as fake:
        assert ask(endpoint(fake.url), idle=0.2).content == WORDS
    assert len(fake.requests) == 1


def test_signs_of_life_do_not_extend_the_deadline() -> None:
    """Pings without end are no reply: an attempt has a time in all."""
    drip = stream_bytes([b": ping\n\n"] * 1_000, pause=0.02)
    with FakeMessages(in_turn(drip)) as fake:
        error = failure(endpoint(fake.url), idle=5, total=0.1)
    assert isinstance(error, Transient)
    assert "did not finish within 0.1 seconds after 4 attempts" in str(error)


def test_without_a_stream_silence_is_normal() -> None:
    """A whole message takes as long as the model does: only the deadline holds."""
    with FakeMessages(in_turn(text("x", delay=0.15))) as fake:
        assert ask(endpoint(fake.url, stream=False), idle=0.02).text == "x"


def test_cancelling_closes_the_connection() -> None:
    """Who is cancelled in the middle of a stream hangs up at once and does not try again."""

    async def cancelled(url: str) -> Waits:
        waits = Waits()
        async with pool() as http:
            messages = asker(http, endpoint(url), 1, limits=Limits(retry=retry(waits)))
            begun = asyncio.Event()
            task = asyncio.create_task(messages.ask(REQUEST, Listener(begun=begun.set)))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return waits

    with FakeMessages(in_turn(stream_bytes([STREAM[:400]], ending=Ending.STALLED))) as fake:
        waits = asyncio.run(cancelled(fake.url))
        assert fake.hung_up.acquire(timeout=5)
    assert len(fake.requests) == 1
    assert waits == []


def test_cancelling_a_wait_asks_no_more() -> None:
    """Who is cancelled between two attempts makes no further one, and gives the place back."""

    async def cancelled(url: str) -> Reply:
        waiting = asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        async with pool() as http:
            messages = asker(http, endpoint(url), 1, limits=Limits(retry=Retry(sleep=sleep)))
            task = asyncio.create_task(messages.ask(REQUEST))
            await waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await messages.ask(REQUEST)

    with FakeMessages(in_turn(http_error(529), text("x"))) as fake:
        assert asyncio.run(cancelled(fake.url)).text == "x"
    assert len(fake.requests) == 2


def test_who_waits_keeps_the_place() -> None:
    """A limited request that waits to try again holds back the others, so that an overloaded endpoint is asked less."""

    async def two(url: str) -> list[Reply]:
        async with pool() as http:
            messages = asker(http, endpoint(url), 1, limits=Limits(retry=retry(Waits())))
            requests = [Request(BODY | {"metadata": {"user_id": name}}) for name in ("first", "second")]
            return await asyncio.gather(*map(messages.ask, requests))

    with FakeMessages(in_turn(http_error(429), http_error(429), text("x"))) as fake:
        asyncio.run(two(fake.url))
    asked = [received.body["metadata"]["user_id"] for received in fake.requests]
    assert asked == ["first", "first", "first", "second"]


# --- Many requests --------------------------------------------------------------------------------------------------


async def _storm(url: str, number: int, *, places: int, retries: int) -> tuple[list[object], Pressure]:
    """Ask many requests at once; gives what each came to, and the pressure after them."""
    async with pool() as http:
        pressure = Pressure(places)
        asking = Asker(http, MessagesWire(endpoint(url)), pressure, RetryBudget(retries), Limits(retry=retry(Waits())))
        requests = [Request(BODY | {"metadata": {"user_id": str(name)}}) for name in range(number)]
        return await asyncio.gather(*map(asking.ask, requests), return_exceptions=True), pressure


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        (http_error(429), 4),
        (http_error(529), 4),
        (stream_bytes([frame({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})]), 4),
        (http_error(500), 8),
    ],
)
def test_a_crowded_endpoint_is_asked_less(answer: Answer, places: int) -> None:
    """A refusal for too many requests halves the places, be it inside a stream; another failure does not."""
    with FakeMessages(in_turn(answer, text("x"))) as fake:
        replies, pressure = asyncio.run(_storm(fake.url, 1, places=8, retries=9))
    assert isinstance(replies[0], Reply)
    assert pressure.limit == places


def test_a_storm_of_failures_ends_all() -> None:
    """Where all requests fail, the retries of the review run out; who finds none left ends the review, and says why."""
    with FakeMessages(lambda _: http_error(500)) as fake:
        errors, _ = asyncio.run(_storm(fake.url, 6, places=6, retries=5))
        assert len(fake.requests) == 6 + 5
    assert all(isinstance(error, Transient) for error in errors)
    assert any(isinstance(error, Transient) and error.stops_all for error in errors)
    assert all("try again later." in str(error) for error in errors)


def test_pieces_are_heard_as_they_come_and_void_when_asked_again() -> None:
    """The listener gets the pieces of text and input of each attempt, and is told when what it heard is void."""
    heard: list[str] = []
    listener = Listener(lambda: heard.append("<begun>"), heard.append, lambda: heard.append("<again>"))
    whole = b"".join(map(frame, events_of(tool("report", {"title": "it is a long one"}))))
    half = stream_bytes([whole[: whole.rindex(b"input_json_delta")]], ending=Ending.CUT)
    with FakeMessages(in_turn(half, tool("report", {"title": "fine"}))) as fake:
        ask(endpoint(fake.url), listener=listener)
    first, second = "".join(heard).removeprefix("<begun>").split("<again>")
    assert '{"title": "it is a long one"}'.startswith(first)
    assert first
    assert json.loads(second) == {"title": "fine"}
    with FakeMessages(in_turn(http_error(500), text("fine"))) as fake:
        heard.clear()
        ask(endpoint(fake.url, stream=False), listener=listener)
    assert heard == ["<begun>"], "a whole message is not heard in pieces, and nothing was void"
