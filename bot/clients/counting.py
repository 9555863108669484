"""Lets an endpoint count the tokens of a request without answering it. It costs nothing.

Source: https://platform.claude.com/docs/en/build-with-claude/token-counting
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import httpx

from bot.core.messages import Request
from bot.core.strict_json import loads

_SECONDS = 15
# What servers answer that have no such address.
_CANNOT = {404, 405, 501}


class Countable(Protocol):
    """How requests are counted at one endpoint."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of every request."""
        ...

    @property
    def count_url(self) -> httpx.URL | None:
        """Where they are counted; None where nobody does that."""
        ...

    def countable(self, request: Request) -> bytes:
        """The body that is sent there."""
        ...


class TokenCounter:
    """Counts at one endpoint. One that has no such address is not asked again."""

    def __init__(self, http: httpx.AsyncClient, wire: Countable) -> None:
        self._http = http
        self._wire = wire
        self._url = wire.count_url

    async def count(self, request: Request) -> int | None:
        """The tokens of a request as the endpoint counts them; None where it cannot, or does not now."""
        if self._url is None:
            return None
        content = self._wire.countable(request)
        headers = {**self._wire.headers, "accept": "application/json"}
        try:
            response = await self._http.post(self._url, content=content, headers=headers, timeout=_SECONDS)
        except httpx.HTTPError:
            return None
        if response.status_code in _CANNOT:
            self._url = None
        told = loads(response.text) if response.is_success else None
        tokens = told.get("input_tokens") if isinstance(told, dict) else None
        return tokens if isinstance(tokens, int) and tokens > 0 else None
