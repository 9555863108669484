"""The service's addresses. What each does is told by what it is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from bot import __version__
from bot.errors import Unavailable
from bot.server.door import Door


def service(door: Door, is_writable: Callable[[], Awaitable[bool]]) -> FastAPI:
    """The application. `is_writable` tells whether what is accepted can be written down."""
    app = FastAPI(title="Plumbline", version=__version__, docs_url=None, redoc_url=None)

    @app.post("/webhook", include_in_schema=False)
    async def webhook(request: Request) -> JSONResponse:
        try:
            answer = await door.receive(request.headers, request.stream())
        except ClientDisconnect:
            return _said(HTTPStatus.BAD_REQUEST, "The body did not come whole.")
        except Unavailable as error:
            # GitHub notes the failure; it is asked later to deliver again.
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return _said(answer.status, answer.sentence)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return _said(HTTPStatus.OK, "Alive.")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        # Nothing else counts: who leaves the balancer because GitHub or the model is down loses deliveries.
        if await is_writable():
            return _said(HTTPStatus.OK, "Ready.")
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be written to.")

    return app


def _said(status: HTTPStatus, sentence: str) -> JSONResponse:
    return JSONResponse({"message": sentence}, status_code=status)
