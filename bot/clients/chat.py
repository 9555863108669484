"""Chat Completions on the wire, as OpenAI and many others speak it, local servers among them.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.clients.chat_assembly import ChatFormat
from bot.clients.door import Door
from bot.clients.endpoints import accepted, address_of, key_of
from bot.core.chat import chat_body
from bot.core.fitting import fitted
from bot.core.messages import Request
from bot.core.model_rules import RULES, Rulebook

_ADDRESS, _CREDENTIAL = "OPENAI_BASE_URL", "OPENAI_API_KEY"
# As `/v1beta/openai` and `/api/v3`: where a path names its version, that is the one.
_VERSION = re.compile(r"/v[0-9]+[a-z]*(?:/|$)")
# Its newer models refuse `max_tokens`: https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_tokens
_RENAMED = "api.openai.com"


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """Where to ask, and as whom; a local server needs no key. `base_url` may end in `/`, `/v1` or the whole path."""

    base_url: str
    key: SecretStr | None = None
    stream: bool = True

    @property
    def url(self) -> httpx.URL:
        """The address of requests. Raises Misuse for what is no address."""
        url = address_of(self.base_url, _ADDRESS)
        path = url.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
        version = "" if _VERSION.search(path) else "/v1"
        return url.copy_with(path=f"{path}{version}/chat/completions")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. Raises Misuse for a key that no header can carry."""
        as_whom = {"authorization": f"Bearer {key_of(self.key, _CREDENTIAL)}"} if self.key else {}
        return as_whom | accepted(stream=self.stream)


class ChatWire:
    """Chat Completions at an endpoint, see `asking.Wire`. Raises Misuse for an unusable address or key."""

    def __init__(self, endpoint: ChatEndpoint, book: Rulebook = RULES) -> None:
        self.url, self.headers, self.stream = endpoint.url, endpoint.headers, endpoint.stream
        key = endpoint.key.get_secret_value().strip() if endpoint.key else ""
        self.door = Door(self.url.netloc.decode("ascii"), _CREDENTIAL, key, _ADDRESS)
        self.format = ChatFormat()
        self._book = book
        self._most_tokens = "max_completion_tokens" if self.url.host == _RENAMED else "max_tokens"

    @property
    def count_url(self) -> None:
        """Chat Completions have no address for that."""
        return

    def countable(self, request: Request) -> bytes:
        """What the model would read, if anybody counted it."""
        return self.content(request)

    def content(self, request: Request) -> bytes:
        """The same request in the words of Chat Completions."""
        fit = fitted(request.body, book=self._book)
        return Request(chat_body(fit, stream=self.stream, most_tokens=self._most_tokens)).encoded
