"""Starts the service: the App's webhooks come in, jobs are worked on, reviews go out."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from bot import logs, settings
from bot.app.access import Installations
from bot.app.work import AppWork
from bot.clients import credentials
from bot.clients.github.app import App
from bot.clients.github.connection import Access, AppKey
from bot.core.rendering import setup_page
from bot.errors import Misuse, Unavailable
from bot.jobs import queue
from bot.jobs.database import Database, checked_url, is_sqlite, refuse_old_sqlite
from bot.jobs.hands import Engine, Work
from bot.metrics import Metrics
from bot.server.api import add_api
from bot.server.app import add_door, service
from bot.server.desk import Desk, Health, Inbox
from bot.server.door import Door
from bot.server.setup import Guard, setup_service

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SWEEP_SECONDS = 3_600
_log = structlog.get_logger()


class Role(StrEnum):
    """What a process does: it takes webhooks in, it works on jobs, or both."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service listens, what it does, and how many seconds work that is under way gets to end.

    Without a secret only this machine may speak to it, and only where that is meant.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    insecure_no_secret: bool = False
    role: Role = Role.ALL
    drain: int = 20


@dataclass(frozen=True, slots=True)
class _Identity:
    """Who the App is, and what its webhooks are signed with; None where nothing is checked."""

    key: AppKey
    secret: bytes | None


def run(place: Place) -> None:
    """Serve until somebody stops it; without an App, first until it is set up. Raises Misuse where it cannot start."""
    own, known = settings.load_service(), settings.load()
    data = Path(own.data)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    access = Access(known.github_api_url, ca_bundle=settings.ca_bundle())
    _refuse_taken(place)
    identity = _identity(own, place, data) or _set_up(place, access, data)
    if identity is not None:
        _work(place, own, known, replace(access, app=identity.key), identity.secret)


def _work(
    place: Place, own: settings.ServiceSettings, known: settings.Settings, access: Access, secret: bytes | None
) -> None:
    data = Path(own.data)
    url = checked_url(own.database_url.get_secret_value() if own.database_url else "", data)
    with ExitStack() as stack:
        if is_sqlite(url):
            _refuse_several(place.role, data, stack)
            refuse_old_sqlite()
        app = stack.enter_context(App(access))
        database = Database(url)
        stack.callback(database.close)
        database.create()
        slug, metrics = app.slug(), Metrics()
        logs.configure()
        works = place.role is not Role.WEB
        engine = Engine(database, own.reviews, own.debounce, _name_of_process(url), works=works)
        installations = Installations(app, access)
        work = AppWork(installations, slug, known, database, metrics)
        application = service(Health(database, metrics, place.role.value, slug), metrics)
        if place.role is not Role.WORKER:
            add_door(application, Door(Inbox(), secret, slug), metrics)
            add_api(application, Desk(installations), own.api_token.get_secret_value() if own.api_token else "")
        application.router.lifespan_context = _working(engine, work, place.drain)
        _serve(_server(application, place))


def _set_up(place: Place, access: Access, data: Path) -> _Identity | None:
    """Serve the setup until there is an App; None where somebody stopped it before."""
    if place.role is Role.WORKER:
        raise Misuse("There is no App yet; set it up with a process that serves the web, or set GITHUB_APP_ID.")
    guard = Guard()

    def done(made: credentials.Credentials) -> None:
        credentials.keep(data, made)
        server.should_exit = True

    server = _server(setup_service(access, guard, done), place)
    host = "localhost" if place.host in {*_LOOPBACK, "0.0.0.0", "::"} else place.host  # noqa: S104 - only named
    sys.stdout.write(setup_page.invitation(f"http://{host}:{place.port}/setup?token={guard.token}"))
    sys.stdout.flush()
    _serve(server)
    return _of_credentials(credentials.kept(data))


def _identity(own: settings.ServiceSettings, place: Place, data: Path) -> _Identity | None:
    """The App of the environment, else the one that was set up here, None where there is neither."""
    if not own.app_id and own.app_private_key is None and not own.app_private_key_file:
        return _of_credentials(credentials.kept(data))
    return _Identity(_key(own), _secret(own, place) if place.role is not Role.WORKER else None)


def _of_credentials(kept: credentials.Credentials | None) -> _Identity | None:
    if kept is None:
        return None
    return _Identity(AppKey(kept.app_id, kept.private_key), kept.webhook_secret.get_secret_value().encode())


def _server(application: FastAPI, place: Place) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=place.host,
            port=place.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=place.drain,
        )
    )


def _serve(server: uvicorn.Server) -> None:
    # uvicorn stops at these by itself, and raises them once more when it has: that is no failure.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    server.run()


def _refuse_taken(place: Place) -> None:
    """Before anything is promised: uvicorn would end the process with a word of its own."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        socket.create_server((place.host, place.port), family=family).close()
    except OSError as error:
        reason = error.strerror or "it is no address"
        raise Misuse(
            f"Nobody can listen at {place.host}, port {place.port} ({reason}); choose others with --host and --port."
        ) from None


def _refuse_several(role: Role, data: Path, stack: ExitStack) -> None:
    """A SQLite file belongs to one process: only that takes up what it left behind."""
    if role is not Role.ALL:
        raise Misuse(f"--role {role} needs a database that processes can share; set PLUMBLINE_DATABASE_URL.")
    lock = stack.enter_context((data / "plumbline.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Misuse(f"Another process works in {data}; stop it, or set PLUMBLINE_DATA to another folder.") from None


def _name_of_process(url: str) -> str:
    """On SQLite always the same, so that a start takes up what the last one left; else others do, see `jobs.lease`."""
    return "local" if is_sqlite(url) else f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"


def _secret(own: settings.ServiceSettings, place: Place) -> bytes | None:
    if own.webhook_secret is not None:
        return own.webhook_secret.get_secret_value().encode()
    if not place.insecure_no_secret:
        raise Misuse("Without a secret anybody could give orders; set GITHUB_WEBHOOK_SECRET to the one of the App.")
    if place.host not in _LOOPBACK:
        raise Misuse("--insecure-no-secret is for this machine alone; leave out --host.")
    return None


def _key(own: settings.ServiceSettings) -> AppKey:
    key = own.app_private_key
    if own.app_private_key_file:
        try:
            key = SecretStr(Path(own.app_private_key_file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            raise Misuse(
                f"GITHUB_APP_PRIVATE_KEY_FILE names {own.app_private_key_file}, which cannot be read; "
                "give the path of the App's private key."
            ) from None
    if not own.app_id or key is None:
        raise Misuse("The service runs as a GitHub App; set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY to its own.")
    return AppKey(own.app_id, key)


def _working(engine: Engine, work: Work, drain: int) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await queue.launch(engine, work)
        logs.adopt("dbos", "uvicorn", "uvicorn.error")
        _log.info("service started", process=engine.process, works=engine.works)
        sweeping = asyncio.create_task(_sweep()) if engine.works else None
        try:
            yield
        finally:
            if sweeping is not None:
                sweeping.cancel()
            await queue.close(drain)
            _log.info("service stopped", process=engine.process)

    return lifespan


async def _sweep() -> None:
    """At the start, and every hour; processes that ask at the same time ask for one sweep."""
    moment = f"start-{int(time.time() // 60)}"
    while True:
        with suppress(Unavailable):
            await queue.sweep(moment)
        await asyncio.sleep(_SWEEP_SECONDS - time.time() % _SWEEP_SECONDS)
        moment = f"hour-{int(time.time() // _SWEEP_SECONDS)}"
