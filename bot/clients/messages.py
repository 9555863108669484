"""The door to a Messages endpoint: https://platform.claude.com/docs/en/api/messages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.clients.asking import Asker
from bot.clients.assembly import MessageFormat
from bot.clients.budget import RetryBudget
from bot.clients.failures import Door
from bot.clients.http import async_client
from bot.clients.pressure import pressure_of
from bot.core.messages import Request
from bot.errors import Misuse

_CONNECT_SECONDS = 15
_RETRIES_A_PLACE = 4
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


class MessagesWire:
    """The Messages API at an endpoint, see `asking.Wire`. Raises Misuse for an unusable address or key."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.url, self.headers, self.stream = endpoint.url, endpoint.headers, endpoint.stream
        key = endpoint.key.get_secret_value().strip()
        self.door = Door(self.url.netloc.decode("ascii"), endpoint.credential, key)
        self.format = MessageFormat()

    def content(self, request: Request) -> bytes:
        """The body as it stands; `stream` is put in where one is wanted."""
        return (_streaming(request) if self.stream else request).encoded


@asynccontextmanager
async def connected(endpoint: Endpoint, *, concurrency: int, ca_bundle: str | None) -> AsyncIterator[Asker]:
    """A client with a pool of connections of its own, closed at the end. Its places are those of the whole process."""
    wire = MessagesWire(endpoint)
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
    async with async_client(ca_bundle=ca_bundle, timeout=timeout, limit=concurrency) as http:
        pressure = pressure_of(wire.door.host, concurrency)
        yield Asker(http, wire, pressure, RetryBudget(_RETRIES_A_PLACE * concurrency))


def _streaming(request: Request) -> Request:
    """Ask for a stream, ahead of the messages: they differ between the requests of a review, all else is shared."""
    body: dict[str, object] = {}
    for name, value in request.body.items():
        if name == "messages":
            body["stream"] = True
        body[name] = value
    return Request({**body, "stream": True})
