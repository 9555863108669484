"""A GitHub App: who it is, and the tokens of its installations.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from pydantic import BaseModel, SecretStr

from bot.clients.github.answers import read
from bot.clients.github.connection import Access, GitHub

_ABOUT = "the App"
# A review may take a while: what it begins with has to last.
_SPARE_SECONDS = 900


class _AppAnswer(BaseModel):
    slug: str


class _TokenAnswer(BaseModel):
    token: SecretStr
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    token: SecretStr
    until: float


class App:
    """The App. Its methods block; threads may share it. They raise Rejected, Transient and BadReply."""

    def __init__(self, access: Access, now: Callable[[], float] = time.time) -> None:
        self._github = GitHub(access)
        self._now = now
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._github.close()

    def slug(self) -> str:
        """The App's name in addresses and mentions; what it writes is by `slug[bot]`."""
        return read(_AppAnswer, self._github.get("/app", _ABOUT), _ABOUT).slug

    def token(self, installation: int) -> SecretStr:
        """A token of an installation that lasts for a review. Its form is nobody's business.

        Those of one installation see its repositories alone.
        """
        with self._lock:
            kept = self._kept.get(installation)
            if kept is None or kept.until <= self._now():
                kept = self._kept[installation] = self._asked(installation)
            return kept.token

    def _asked(self, installation: int) -> _Kept:
        path = f"/app/installations/{installation}/access_tokens"
        said = read(_TokenAnswer, self._github.write("POST", path, _ABOUT), _ABOUT)
        return _Kept(said.token, said.expires_at.timestamp() - _SPARE_SECONDS)
