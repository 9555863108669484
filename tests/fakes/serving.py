"""Runs an ASGI app on 127.0.0.1 in a thread, on a port that the system chooses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

DROP = "plumbline.drop"


class Moment(Enum):
    """When a fake tells of a request: it has come, it is carried out and not answered yet, it is answered."""

    CAME = auto()
    DONE = auto()
    ANSWERED = auto()


Spy = Callable[[Moment, int], None]
"""Whoever looks on: gets the moment, and the port that the client asks from."""


def nobody(_moment: Moment, _port: int) -> None:
    """Nobody looks on."""


_START_SECONDS = 30


class Serving:
    """A context manager: inside it, `url` (`http://127.0.0.1:PORT`, no slash at the end) answers with the app.

    Leaving it cuts what is still open, so that no test waits for an answer that nobody reads.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.url = ""
        self._app = app
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start the server; it answers when this returns."""
        # asyncio switches off Nagle's delay of 40 ms an answer only where the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = server = _Server(self._app)
        self._thread = threading.Thread(target=server.run, args=([listener],), name="fake server", daemon=True)
        self._thread.start()
        if not server.ready.wait(_START_SECONDS):
            raise RuntimeError("the fake server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and wait until its thread is gone."""
        if self._server and self._thread:
            self._server.stop()
            self._thread.join()
            self._server = self._thread = None


async def drop_connection(scope: Scope) -> None:
    """Close the connection of this request at once: without an answer, or in the middle of one.

    The app returns right after it.
    """
    drop: Callable[[], Awaitable[None]] = scope[DROP]
    await drop()


class _Server(uvicorn.Server):
    """uvicorn without its waits of 0.1 s: it wakes for the stop itself, and cuts open requests."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                self._with_drop,
                interface="asgi3",
                loop="asyncio",
                http="h11",
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
            )
        )
        self.ready = threading.Event()
        self._wrapped = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for the end, from any thread."""
        if self._loop:
            # The loop is closed already where the app's own start-up failed.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in self._connections():
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lifespan.shutdown()

    async def _with_drop(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Only `shutdown` cancels; uvicorn would log that as the app's own error.
        with contextlib.suppress(asyncio.CancelledError):
            await self._wrapped({**scope, DROP: lambda: self._drop(scope["client"])}, receive, send)

    async def _drop(self, client: tuple[str, int]) -> None:
        for connection in self._connections():
            if connection.client == client:
                connection.transport.abort()
        # `connection_lost` runs in the loop's next round; after it uvicorn no longer answers by itself.
        await asyncio.sleep(0)

    def _connections(self) -> list[H11Protocol]:
        return [connection for connection in self.server_state.connections if isinstance(connection, H11Protocol)]
