"""The Messages API on the wire: https://platform.claude.com/docs/en/api/messages."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.clients.assembly import MessageFormat
from bot.clients.door import Door
from bot.clients.endpoints import accepted, address_of, key_of
from bot.core.fitting import fitted
from bot.core.messages import Request
from bot.core.model_rules import RULES, Rulebook

_ADDRESS = "ANTHROPIC_BASE_URL"
# https://platform.claude.com/docs/en/api/messages-count-tokens
_COUNTED = frozenset({"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"})


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
        url = address_of(self.base_url, _ADDRESS)
        path = url.path.rstrip("/").removesuffix("/messages").removesuffix("/v1").rstrip("/")
        return url.copy_with(path=f"{path}/v1/messages")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. Raises Misuse for a key that no header can carry."""
        key = key_of(self.key, self.credential)
        as_whom = {"authorization": f"Bearer {key}"} if self.bearer else {"x-api-key": key}
        return as_whom | {"anthropic-version": self.version} | accepted(stream=self.stream)


class MessagesWire:
    """The Messages API at an endpoint, see `asking.Wire`. Raises Misuse for an unusable address or key."""

    def __init__(self, endpoint: Endpoint, book: Rulebook = RULES) -> None:
        self.url, self.headers, self.stream = endpoint.url, endpoint.headers, endpoint.stream
        key = endpoint.key.get_secret_value().strip()
        self.door = Door(self.url.netloc.decode("ascii"), endpoint.credential, key, _ADDRESS)
        self.format = MessageFormat()
        self._version = endpoint.version
        self._book = book

    @property
    def count_url(self) -> httpx.URL:
        """Where the tokens of requests are counted."""
        return self.url.copy_with(path=f"{self.url.path}/count_tokens")

    def countable(self, request: Request) -> bytes:
        """The part of the body that is counted: what the model reads, not how it is to answer."""
        fit = fitted(request.body, self._version, self._book)
        return Request({name: value for name, value in fit.items() if name in _COUNTED}).encoded

    def content(self, request: Request) -> bytes:
        """The body without what the model would refuse; `stream` is put in where one is wanted."""
        fit = Request(fitted(request.body, self._version, self._book))
        return (_streaming(fit) if self.stream else fit).encoded


def _streaming(request: Request) -> Request:
    """Ask for a stream, ahead of the messages: they differ between the requests of a review, all else is shared."""
    body: dict[str, object] = {}
    for name, value in request.body.items():
        if name == "messages":
            body["stream"] = True
        body[name] = value
    return Request({**body, "stream": True})
