"""A GitHub App: who it is, and the tokens of its installations.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from bot.clients.github.answers import read
from bot.clients.github.connection import Access, GitHub
from bot.errors import Rejected

_ABOUT = "the App"
# A review may take a while: what it begins with has to last.
_SPARE_SECONDS = 900
_ROWS = 100
_MOST_PAGES = 30


class _AppAnswer(BaseModel):
    slug: str


class _TokenAnswer(BaseModel):
    token: SecretStr
    expires_at: datetime


class _InstallationAnswer(BaseModel):
    id: int
    created_at: datetime
    suspended_at: datetime | None = None


class _DeliveryAnswer(BaseModel):
    id: int
    guid: str
    delivered_at: datetime
    status_code: int


@dataclass(frozen=True, slots=True)
class Installation:
    """An account's installation of the App, and when it came, in seconds since 1970."""

    id: int
    since: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of GitHub's to deliver an event. `event` is the id that all attempts share."""

    id: int
    event: str
    at: float
    arrived: bool


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

    def forget(self, installation: int) -> None:
        """Keep no token of an installation that is gone."""
        with self._lock:
            self._kept.pop(installation, None)

    def installations(self) -> list[Installation]:
        """All installations that may be worked for."""
        found: list[Installation] = []
        for page in range(1, _MOST_PAGES + 1):
            said = self._github.get("/app/installations", _ABOUT, per_page=_ROWS, page=page)
            rows = read(list[_InstallationAnswer], said, _ABOUT)
            found += [Installation(row.id, row.created_at.timestamp()) for row in rows if row.suspended_at is None]
            if len(rows) < _ROWS:
                break
        return found

    def installation_of(self, owner: str, repo: str) -> int | None:
        """The installation that a repository belongs to, None where the App is not installed there."""
        path = f"/repos/{quote(owner)}/{quote(repo)}/installation"
        try:
            return read(_InstallationAnswer, self._github.get(path, f"{owner}/{repo}"), _ABOUT).id
        except Rejected as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def attempts(self, since: float) -> list[Attempt]:
        """GitHub's attempts to deliver since then, in seconds since 1970, the newest first.

        Source: https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
        """
        found: list[Attempt] = []
        cursor: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            said, following = self._github.get_page("/app/hook/deliveries", _ABOUT, per_page=_ROWS, **cursor)
            rows = read(list[_DeliveryAnswer], said, _ABOUT)
            found += [
                Attempt(row.id, row.guid, at, HTTPStatus.OK <= row.status_code < HTTPStatus.BAD_REQUEST)
                for row in rows
                if (at := row.delivered_at.timestamp()) >= since
            ]
            if not following or not rows or rows[-1].delivered_at.timestamp() < since:
                break
            cursor = {"cursor": following}
        return found

    def deliver_again(self, attempt: int) -> None:
        """Have GitHub deliver once more what this attempt was to deliver.

        Source: https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
        """
        self._github.write("POST", f"/app/hook/deliveries/{attempt}/attempts", _ABOUT)

    def _asked(self, installation: int) -> _Kept:
        path = f"/app/installations/{installation}/access_tokens"
        said = read(_TokenAnswer, self._github.write("POST", path, _ABOUT), _ABOUT)
        return _Kept(said.token, said.expires_at.timestamp() - _SPARE_SECONDS)
