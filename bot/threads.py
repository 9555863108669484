"""Calls that block, run aside. Their threads never keep a process alive: whoever presses Ctrl-C is not kept waiting.

`asyncio.to_thread` and `ThreadPoolExecutor` join theirs at exit, however long a server takes to answer:
https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.shutdown_default_executor
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread, local
from typing import ParamSpec, TypeVar

_T = TypeVar("_T")
_P = ParamSpec("_P")


def begin(call: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> Future[_T]:
    """Start a call in a thread of its own; the future tells what came of it."""
    future: Future[_T] = Future()
    # Nobody can cancel it from here on: who stops waiting lets it come to its end, and no thread fails at that.
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(call(*arguments, **options))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the result is asked for
            future.set_exception(error)

    Thread(target=run, daemon=True, name=getattr(call, "__name__", "aside")).start()
    return future


async def aside(call: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
    """Wait for a call that blocks without blocking the loop."""
    return await asyncio.wrap_future(begin(call, *arguments, **options))


class Patience:
    """The `sleep` of a client, in seconds. A call may have it asked after each of its waits whether to go on."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._asks = local()

    def __call__(self, seconds: float) -> None:
        """Wait, and ask whoever wanted that in this thread; the question itself may wait unasked."""
        self._sleep(seconds)
        ask: Callable[[], object] | None = getattr(self._asks, "ask", None)
        if ask is not None:
            self.asking(None, ask)

    def asking(
        self, ask: Callable[[], object] | None, call: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs
    ) -> _T:
        """Make a call; where it waits, `ask` is called afterwards, and what that raises ends the call."""
        before = getattr(self._asks, "ask", None)
        self._asks.ask = ask
        try:
            return call(*arguments, **options)
        finally:
            self._asks.ask = before
