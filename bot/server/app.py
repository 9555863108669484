"""The service's addresses. What each does is told by what it is handed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bot import __version__
from bot.core.rendering import status_page
from bot.errors import Unavailable
from bot.metrics import CONTENT_TYPE, Metrics
from bot.server.door import Door

_log = structlog.get_logger()


class Health(Protocol):
    """How the service is."""

    async def is_writable(self) -> bool:
        """Whether what is accepted can be written down."""
        ...

    async def status(self) -> status_page.Status:
        """All of it, for people; the queue's counters are brought up to date as well."""
        ...


def service(health: Health, metrics: Metrics) -> FastAPI:
    """The application that every role serves."""
    app = FastAPI(title="Plumbline", version=__version__, docs_url=None, redoc_url=None)
    app.add_exception_handler(HTTPException, _refused)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return _said(HTTPStatus.OK, "Alive.")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        # Nothing else counts: who leaves the balancer because GitHub or the model is down loses deliveries.
        if await health.is_writable():
            return _said(HTTPStatus.OK, "Ready.")
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be written to.")

    @app.get("/metrics", include_in_schema=False)
    async def counted() -> Response:
        await health.status()
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    @app.get("/", include_in_schema=False)
    async def status() -> HTMLResponse:
        return HTMLResponse(status_page.page(await health.status()), headers=_HEADERS)

    return app


_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def add_door(app: FastAPI, door: Door, metrics: Metrics) -> None:
    """Take webhooks in."""

    @app.post("/webhook", include_in_schema=False)
    async def webhook(request: Request) -> JSONResponse:
        event, delivery = (request.headers.get(f"x-github-{name}", "")[:64] for name in ("event", "delivery"))
        try:
            answer = await door.receive(request.headers, request.stream())
            status, sentence = answer.status, answer.sentence
        except ClientDisconnect:
            status, sentence = HTTPStatus.BAD_REQUEST, "The body did not come whole."
        except Unavailable as error:
            # GitHub notes the failure; it is asked later to deliver again.
            status, sentence = HTTPStatus.SERVICE_UNAVAILABLE, str(error)
        metrics.webhook(event, status)
        _log.info("webhook", event_name=event, delivery=delivery, status=int(status), said=sentence)
        return _said(status, sentence)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    """Every error is one sentence, also those of the framework."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is handed over for this
    sentence = error.detail if error.detail.endswith(".") else f"{error.detail}."
    return JSONResponse({"message": sentence}, error.status_code, error.headers)


def _said(status: HTTPStatus, sentence: str) -> JSONResponse:
    return JSONResponse({"message": sentence}, status_code=status)
