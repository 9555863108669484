"""Asks an endpoint which models it has. Both APIs know that, at the same address and in the same shape.

Sources: https://platform.claude.com/docs/en/api/models-list, https://platform.openai.com/docs/api-reference/models/list
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import httpx

from bot.clients.door import Door
from bot.clients.http import async_client
from bot.clients.message_json import string, table
from bot.core.strict_json import loads

_SECONDS = 15
_REQUESTS = re.compile(r"/(?:messages|chat/completions)$")
# What PLUMBLINE_MODEL can be set to.
_NAME = re.compile(r"[A-Za-z0-9_.:/@-]{1,100}")


class _Spoken(Protocol):
    @property
    def url(self) -> httpx.URL: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def door(self) -> Door: ...


class Listing:
    """The models of one endpoint, asked for over a connection of its own: few need it."""

    def __init__(self, wire: _Spoken, ca_bundle: str | None) -> None:
        self._wire = wire
        self._ca_bundle = ca_bundle

    async def models(self) -> tuple[str, ...]:
        """The names of the models, none where the endpoint does not tell, or tells what are no names."""
        url = self._wire.url.copy_with(path=_REQUESTS.sub("/models", self._wire.url.path))
        headers = {**self._wire.headers, "accept": "application/json"}
        async with async_client(ca_bundle=self._ca_bundle, timeout=httpx.Timeout(_SECONDS), limit=1) as http:
            try:
                response = await http.get(url, headers=headers)
            except httpx.HTTPError:
                return ()
        return tuple(filter(self._is_name, _ids(response))) if response.is_success else ()

    def _is_name(self, said: str) -> bool:
        return _NAME.fullmatch(said) is not None and self._wire.door.without_key(said) == said


def _ids(response: httpx.Response) -> list[str]:
    """The `id` of each model: `{"data": [{"id": "..."}, ...]}`."""
    listed = table(loads(response.text)).get("data")
    return [string(table(each).get("id")) for each in listed] if isinstance(listed, list) else []
