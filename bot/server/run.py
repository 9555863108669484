"""Starts the service: the App's webhooks come in, jobs are worked on, reviews go out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from bot import settings
from bot.app_work import ReviewWork
from bot.clients.github.app import App
from bot.clients.github.connection import Access, AppKey
from bot.errors import Misuse
from bot.jobs import queue
from bot.jobs.database import Database, checked_url, is_sqlite, refuse_old_sqlite
from bot.server.app import service
from bot.server.door import Delivery, Door, Taken
from bot.threads import aside

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service listens. Without a secret only this machine may speak to it, and only where that is meant."""

    host: str = "127.0.0.1"
    port: int = 8000
    insecure_no_secret: bool = False


def run(place: Place) -> None:
    """Serve until somebody stops it. Raises Misuse where it could not be started."""
    own, known = settings.load_service(), settings.load()
    secret = _secret(own, place)
    access = Access(known.github_api_url, ca_bundle=settings.ca_bundle(), app=_key(own))
    data = Path(own.data)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    url = checked_url(own.database_url.get_secret_value() if own.database_url else "", data)
    if is_sqlite(url):
        refuse_old_sqlite()
    with App(access) as app:
        database = Database(url)
        database.create()
        engine = queue.Engine(url, own.reviews, own.debounce)
        work = ReviewWork(app, access, known, database)
        application = service(Door(_Inbox(), secret, app.slug()), lambda: aside(database.is_writable))
        application.router.lifespan_context = _working(engine, work)
        # uvicorn stops at these by itself, and raises them once more when it has: that is no failure.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: None)
        uvicorn.run(application, host=place.host, port=place.port, log_level="warning")


def _secret(own: settings.ServiceSettings, place: Place) -> bytes | None:
    if own.webhook_secret is not None:
        return own.webhook_secret.get_secret_value().encode()
    if not place.insecure_no_secret:
        raise Misuse("Without a secret anybody could give orders; set GITHUB_WEBHOOK_SECRET to the one of the App.")
    if place.host not in _LOOPBACK:
        raise Misuse("--insecure-no-secret is for this machine alone; leave out --host.")
    return None


def _key(own: settings.ServiceSettings) -> AppKey:
    if not own.app_id or own.app_private_key is None:
        raise Misuse("The service runs as a GitHub App; set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY to its own.")
    return AppKey(own.app_id, own.app_private_key)


class _Inbox:
    """Writes deliveries down as jobs."""

    async def take(self, delivery: Delivery) -> Taken:
        """Write one down."""
        if not queue.is_job(delivery.intent):
            return Taken.NOT
        return Taken.NOW if await queue.take(delivery.id, delivery.intent) else Taken.BEFORE


def _working(engine: queue.Engine, work: queue.Work) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await queue.launch(engine, work)
        try:
            yield
        finally:
            await asyncio.to_thread(queue.close)

    return lifespan
