"""The server of the fakes: real connections, cut and closed on demand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.serving import Serving, drop_connection


def app(endpoint: Callable[[Request], Awaitable[Response]]) -> Starlette:
    return Starlette(routes=[Route("/", endpoint)])


def test_it_answers_and_is_gone_afterwards() -> None:
    """Inside the context the app answers under `url`; outside nothing listens there any more."""

    async def greet(_: Request) -> Response:
        return PlainTextResponse("hello")

    with Serving(app(greet)) as serving, httpx.Client() as client:
        assert client.get(serving.url).text == "hello"
    with httpx.Client() as client, pytest.raises(httpx.ConnectError):
        client.get(serving.url)


def test_a_dropped_connection_has_no_answer() -> None:
    """`drop_connection` closes the connection before a byte was sent."""

    async def vanish(request: Request) -> Response:
        await drop_connection(request.scope)
        return PlainTextResponse("never read")

    with Serving(app(vanish)) as serving, httpx.Client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(serving.url)


def test_leaving_cuts_an_answer_that_never_comes() -> None:
    """A request that hangs does not keep the server, nor its client, from ending."""
    arrived = threading.Event()

    async def hang(_: Request) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never sent")

    errors: list[httpx.HTTPError] = []

    def ask(url: str) -> None:
        with httpx.Client(timeout=30) as client:
            try:
                client.get(url)
            except httpx.HTTPError as error:
                errors.append(error)

    with Serving(app(hang)) as serving:
        thread = threading.Thread(target=ask, args=(serving.url,))
        thread.start()
        assert arrived.wait(30)
    thread.join(30)
    assert [type(error) for error in errors] == [httpx.RemoteProtocolError]
