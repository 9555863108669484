"""The door to a Messages endpoint: https://platform.claude.com/docs/en/api/messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.clients import failures
from bot.clients.assembly import Answer, Reported
from bot.clients.failures import Door, Failure
from bot.clients.http import async_client
from bot.clients.retry import Retry
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.errors import Misuse, Rejected

_CONNECT_SECONDS = 15
# The API's own limit of a request: https://platform.claude.com/docs/en/api/errors#request-size-limits
_MOST_BYTES = 32 * 1024 * 1024
_MOST_ERROR_BYTES = 64 * 1024
# After the last event a stream has only its end to send. Read, it leaves the connection usable for the next request.
_LINGER_SECONDS = 0.2
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and as whom. `bearer` sends the key as `Authorization: Bearer` instead of `x-api-key`.

    `base_url` may end in `/`, `/v1` or neither. `version` is pinned: a newer one refuses sampling parameters.
    """

    base_url: str
    key: SecretStr
    bearer: bool
    version: str = "2023-06-01"
    stream: bool = True

    @property
    def credential(self) -> str:
        """The variable that holds the key, for people."""
        return "ANTHROPIC_AUTH_TOKEN" if self.bearer else "ANTHROPIC_API_KEY"

    @property
    def url(self) -> httpx.URL:
        """The address of requests, with exactly one `/v1/messages`. Raises Misuse for what is no address."""
        try:
            url = httpx.URL(self.base_url.strip())
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            raise Misuse("ANTHROPIC_BASE_URL is no web address; write it as https://HOST or https://HOST/PATH.")
        if url.userinfo:
            # httpx would send it as a second Authorization beside the key, which the API refuses.
            raise Misuse("ANTHROPIC_BASE_URL holds a user name or password; remove it and give the key by itself.")
        path = url.path.rstrip("/").removesuffix("/messages").removesuffix("/v1").rstrip("/")
        return url.copy_with(path=f"{path}/v1/messages", fragment=None)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. Raises Misuse for a key that no header can carry."""
        key = self.key.get_secret_value().strip()
        if not _KEY.fullmatch(key):
            raise Misuse(f"{self.credential} holds blanks or characters that no key has; copy the key again.")
        return {
            **({"authorization": f"Bearer {key}"} if self.bearer else {"x-api-key": key}),
            "anthropic-version": self.version,
            "content-type": "application/json",
            "accept": "text/event-stream, application/json" if self.stream else "application/json",
        }


class Messages:
    """Asks a model. At most `concurrency` requests of one client are under way; one that waits to try again counts.

    So an endpoint that limits requests is asked less until it answers again. `idle_seconds` is how long a stream may
    be silent, `total_seconds` how long one attempt may take. Raises Misuse for an unusable address or key.
    """

    def __init__(  # noqa: PLR0913 - each has a default that suits the public API
        self,
        http: httpx.AsyncClient,
        endpoint: Endpoint,
        *,
        concurrency: int,
        retry: Retry = Retry(),  # noqa: B008 - frozen
        idle_seconds: float = 120,
        total_seconds: float = 600,
    ) -> None:
        self._http = http
        self._url, self._headers, self._stream = endpoint.url, endpoint.headers, endpoint.stream
        key = endpoint.key.get_secret_value().strip()
        self._door = Door(self._url.netloc.decode("ascii"), endpoint.credential, key)
        self._places = asyncio.Semaphore(concurrency)
        self._retry = retry
        # Without a stream nothing comes before the model has finished.
        self._idle = idle_seconds if endpoint.stream else total_seconds
        self._total = total_seconds

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Send the request and return the whole reply, after retries where they may help.

        Raises Rejected, Transient or BadReply, each with the number of attempts.
        """
        content = self._content(request)
        once = _Once(listener.begun)
        attempts = 0
        async with self._places:
            while True:
                attempts += 1
                outcome = await self._attempt(content, once)
                if isinstance(outcome, Reply):
                    return outcome
                wait = self._retry.delay(attempts, outcome.retry_after) if outcome.retry else None
                if wait is None:
                    raise outcome.error(self._door, attempts)
                await self._retry.sleep(wait)

    def _content(self, request: Request) -> bytes:
        most = request.body.get("max_tokens")
        if isinstance(most, int) and most <= 0:
            raise Rejected(f"A request allows {most} tokens of output; allow at least 1.", attempts=0)
        content = (_streaming(request) if self._stream else request).encoded
        if len(content) > _MOST_BYTES:
            raise Rejected(
                f"A request has {len(content):,} bytes, more than any endpoint takes; lower PLUMBLINE_CHUNK_TOKENS.",
                kind="request_too_large",
                attempts=0,
            )
        return content

    async def _attempt(self, content: bytes, started: _Once) -> Reply | Failure:
        set_up = self._http.timeout
        timeout = httpx.Timeout(connect=set_up.connect, write=set_up.write, read=self._idle, pool=None)
        send = self._http.stream("POST", self._url, content=content, headers=self._headers, timeout=timeout)
        try:
            async with asyncio.timeout(self._total), send as response:
                if response.is_success:
                    return await _reply(response, started)
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
        return failures.broken_off(why)


@asynccontextmanager
async def connected(endpoint: Endpoint, *, concurrency: int, ca_bundle: str | None) -> AsyncIterator[Messages]:
    """A client with a pool of connections of its own, closed at the end."""
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
    async with async_client(ca_bundle=ca_bundle, timeout=timeout, limit=concurrency) as http:
        yield Messages(http, endpoint, concurrency=concurrency)


class _Once:
    """Calls what it was given at the first call and never again."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def __call__(self) -> None:
        action, self._action = self._action, None
        if action:
            action()


def _streaming(request: Request) -> Request:
    """Ask for a stream, ahead of the messages: they differ between the requests of a review, all else is shared."""
    body: dict[str, object] = {}
    for name, value in request.body.items():
        if name == "messages":
            body["stream"] = True
        body[name] = value
    return Request({**body, "stream": True})


async def _reply(response: httpx.Response, started: _Once) -> Reply | Failure:
    answer = Answer(response.headers.get("content-type", ""))
    size = 0
    chunks = response.aiter_bytes()
    async for chunk in chunks:
        size += len(chunk)
        if size > _MOST_BYTES:
            return failures.too_long(response.status_code, response.headers, _MOST_BYTES)
        answer.feed(chunk)
        if answer.begun:
            started()
        if answer.over:
            await _finish(chunks)
            break
    result = answer.result()
    if isinstance(result, Reply):
        started()
        return result
    if isinstance(result, Reported):
        return failures.reported(result.payload, response.status_code, response.headers)
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
