"""Asks a model over HTTP: attempts, retries, limits of time and size. Which API is spoken, a `Wire` knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import httpx

from bot.clients import failures
from bot.clients.answers import Answer, Format, Reported
from bot.clients.budget import RetryBudget
from bot.clients.counting import Countable, TokenCounter
from bot.clients.door import Door
from bot.clients.failures import Failure
from bot.clients.http import async_client
from bot.clients.pressure import Pressure, pressure_of
from bot.clients.retry import Retry
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.errors import Rejected

# The API's own limit of a request: https://platform.claude.com/docs/en/api/errors#request-size-limits
_MOST_BYTES = 32 * 1024 * 1024
_MOST_ERROR_BYTES = 64 * 1024
# After the last event a stream has only its end to send. Read, it leaves the connection usable for the next request.
_LINGER_SECONDS = 0.2
_CONNECT_SECONDS = 15
_RETRIES_A_PLACE = 4
_UNSENT = (httpx.WriteError, httpx.WriteTimeout, httpx.LocalProtocolError)


class Wire(Countable, Protocol):
    """How one API is spoken at one endpoint."""

    @property
    def door(self) -> Door:
        """What errors say of the endpoint."""
        ...

    @property
    def url(self) -> httpx.URL:
        """The address of requests."""
        ...

    @property
    def stream(self) -> bool:
        """Whether answers are asked for as a stream."""
        ...

    @property
    def format(self) -> Format:
        """How answers are written."""
        ...

    def content(self, request: Request) -> bytes:
        """The body that is sent. Raises Rejected, without an attempt, for what no endpoint would take."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a stream may be silent and one attempt may take, in seconds, and what is tried again when."""

    idle_seconds: float = 120
    total_seconds: float = 600
    retry: Retry = field(default_factory=Retry)


LIMITS = Limits()


class Asker:
    """Asks a model. A request that waits to try again keeps its place among those under way.

    So an endpoint that limits requests is asked less until it answers again. `budget` bounds the retries of all
    requests together: who fails without one left ends the review.
    """

    def __init__(
        self, http: httpx.AsyncClient, wire: Wire, pressure: Pressure, budget: RetryBudget, limits: Limits = LIMITS
    ) -> None:
        self._http = http
        self._wire = wire
        self._pressure = pressure
        self._budget = budget
        self._retry = limits.retry
        # Without a stream nothing comes before the model has finished.
        self._idle = limits.idle_seconds if wire.stream else limits.total_seconds
        self._total = limits.total_seconds
        self._counter = TokenCounter(http, wire)

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Send the request and return the whole reply, after retries where they may help.

        Raises Rejected, Transient or BadReply, each with the number of attempts and of those that were lost.
        """
        content = self._content(request)
        heard = _Heard(listener)
        attempts = lost = 0
        async with self._pressure.place():
            while True:
                attempts += 1
                outcome = await self._attempt(content, heard)
                if isinstance(outcome, Reply):
                    self._budget.refill()
                    return replace(outcome, lost=lost)
                lost += outcome.lost
                wait = self._retry.delay(attempts, outcome.retry_after) if outcome.retry else None
                if wait is None:
                    raise outcome.error(self._wire.door, attempts, lost)
                if not self._budget.spend():
                    raise outcome.error(self._wire.door, attempts, lost, stops_all=True)
                listener.failed(str(outcome.error(self._wire.door, attempts, lost)))
                await self._retry.sleep(wait)
                heard.again()

    async def count(self, request: Request) -> int | None:
        """Let the endpoint count the tokens of a request; None where it cannot, or does not now."""
        return await self._counter.count(request)

    def _content(self, request: Request) -> bytes:
        most = request.body.get("max_tokens")
        if isinstance(most, int) and most <= 0:
            raise Rejected(f"A request allows {most} tokens of output; allow at least 1.", attempts=0)
        content = self._wire.content(request)
        if len(content) > _MOST_BYTES:
            raise Rejected(
                f"A request has {len(content):,} bytes, more than any endpoint takes; lower PLUMBLINE_CHUNK_TOKENS.",
                kind="request_too_large",
                attempts=0,
            )
        return content

    async def _attempt(self, content: bytes, heard: _Heard) -> Reply | Failure:
        cuts = self._pressure.cuts
        outcome = await self._sent(content, heard)
        if isinstance(outcome, Reply):
            self._pressure.ease()
        elif outcome.crowded:
            self._pressure.cut(cuts)
        return outcome

    async def _sent(self, content: bytes, heard: _Heard) -> Reply | Failure:
        set_up, wire = self._http.timeout, self._wire
        timeout = httpx.Timeout(connect=set_up.connect, write=set_up.write, read=self._idle, pool=None)
        send = self._http.stream("POST", wire.url, content=content, headers=dict(wire.headers), timeout=timeout)
        try:
            async with asyncio.timeout(self._total), send as response:
                if response.is_success:
                    return await _reply(response, wire.format, heard)
                body = await _error_body(response)
                return failures.http_error(response.status_code, response.headers, body, self._retry.now())
        except TimeoutError:
            return failures.unfinished(self._total)
        except httpx.RequestError as error:
            return self._lost(error)

    def _lost(self, error: httpx.RequestError) -> Failure:
        if isinstance(error, httpx.ReadTimeout):
            return failures.silent(self._idle)
        why = str(error) or type(error).__name__
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
            return failures.unreachable(why)
        return failures.broken_off(why, sent=not isinstance(error, _UNSENT))


@asynccontextmanager
async def connected(
    wire: Wire, *, concurrency: int, ca_bundle: str | None, limits: Limits = LIMITS
) -> AsyncIterator[Asker]:
    """A client with a pool of connections of its own, closed at the end. Its places are those of the whole process."""
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
    async with async_client(ca_bundle=ca_bundle, timeout=timeout, limit=concurrency) as http:
        pressure = pressure_of(wire.door.host, concurrency)
        yield Asker(http, wire, pressure, RetryBudget(_RETRIES_A_PLACE * concurrency), limits)


class _Heard:
    """What the listener was told of one request, over all of its attempts."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._begun = self._said = False

    def begun(self) -> None:
        if not self._begun:
            self._begun = True
            self._listener.begun()

    def said(self, piece: str, words: str) -> None:
        if piece:
            self._said = True
            self._listener.said(piece)
        if words:
            self._listener.wrote(words)

    def again(self) -> None:
        if self._said:
            self._said = False
            self._listener.again()


async def _reply(response: httpx.Response, format_: Format, heard: _Heard) -> Reply | Failure:
    answer = Answer(response.headers.get("content-type", ""), format_)
    size = 0
    chunks = response.aiter_bytes()
    async for chunk in chunks:
        size += len(chunk)
        if size > _MOST_BYTES:
            return failures.too_long(response.status_code, response.headers, _MOST_BYTES)
        said = answer.feed(chunk)
        if answer.begun:
            heard.begun()
        heard.said(said, answer.take_words())
        if answer.over:
            await _finish(chunks)
            break
    result = answer.result()
    if isinstance(result, Reply):
        heard.begun()
        return result
    if isinstance(result, Reported):
        return failures.reported(result.payload, response.status_code, response.headers, begun=answer.begun)
    return failures.no_message(result, response.status_code, response.headers)


async def _finish(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, httpx.RequestError):
        async with asyncio.timeout(_LINGER_SECONDS):
            async for _ in chunks:
                pass


async def _error_body(response: httpx.Response) -> bytes:
    """Read the start of an error's body. What goes wrong while reading hides nothing: the status is known."""
    body = bytearray()
    with suppress(httpx.RequestError):
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) >= _MOST_ERROR_BYTES:
                break
    return bytes(body[:_MOST_ERROR_BYTES])
