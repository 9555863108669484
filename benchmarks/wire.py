"""What our client takes to read answers, against the vendor's own on the same server: CPU time and memory.

The server and each client are processes of their own. Both clients put the whole message together: ours as it always
does, theirs by `messages.stream(...).get_final_message()`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import SecretStr

from benchmarks.processes import run

Json = dict[str, Any]
Ask = Callable[[Json], Awaitable[int]]

_ROOT = Path(__file__).resolve().parents[1]
_RUNS = 5
_STREAMS = 200
_PIECE = "a few words "
# The kinds of answers: how many pieces, and whether they are of a tool's input. The last is sent in two halves, the
# second once all have got the first.
_KINDS = {"words": (8_000, False), "call": (4_000, True), "short": (3, False), "at once": (800, False)}
_TIMES = {"words": 3, "call": 1, "short": 300, "at once": _STREAMS}
_TOGETHER = "at once"


def print_all() -> None:
    """Print the table."""
    server = subprocess.Popen((sys.executable, "-m", "benchmarks.wire", "serve"), stdout=subprocess.PIPE, cwd=_ROOT)
    try:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        url = server.stdout.readline().decode().strip()
        print(
            f"\nreading answers, ours against the vendor's client (CPU; median of {_RUNS}, a process of its own each)"
        )
        print(f"{'answers':<34} {'ours':>10} {'theirs':>10} {'ratio':>7}")
        for line in _rows(url):
            print(line)
    finally:
        server.terminate()
        server.wait()


def _rows(url: str) -> list[str]:
    figures = {(who, kind): _median(url, who, kind) for kind in _KINDS for who in ("ours", "theirs")}

    def row(name: str, kind: str, figure: str, scale: float) -> str:
        ours, theirs = (figures[who, kind][figure] * scale for who in ("ours", "theirs"))
        return f"{name:<34} {ours:10.2f} {theirs:10.2f} {ours / theirs:7.2f}"

    size = {kind: len(b"".join(_events(kind))) * _TIMES[kind] / 1e6 for kind in _KINDS}
    return [
        row("words, ms a MB of stream", "words", "cpu", 1_000 / size["words"]),
        row("a tool's input, ms a MB", "call", "cpu", 1_000 / size["call"]),
        row("short answers, ms a request", "short", "cpu", 1_000 / _TIMES["short"]),
        row(f"{_STREAMS} at once on one core, ms a MB", _TOGETHER, "cpu", 1_000 / size[_TOGETHER]),
        row("  seconds for all of them", _TOGETHER, "wall", 1),
        row("  KB a stream", _TOGETHER, "kilobytes", 1 / _STREAMS),
    ]


def _median(url: str, who: str, kind: str) -> dict[str, float]:
    arguments = ("-m", "benchmarks.wire", who, url, kind)
    variables = {"NO_PROXY": "127.0.0.1"}
    runs = [json.loads(run(arguments, str(_ROOT), variables).output) for _ in range(_RUNS)]
    return {name: median(each[name] for each in runs) for name in runs[0]}


# --- The clients ----------------------------------------------------------------------------------------------------


async def _measured(who: str, url: str, kind: str) -> None:
    """Ask for answers of a kind, and print what it took, without the imports and the first request."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    async with AsyncExitStack() as stack:
        ask = await (_ours if who == "ours" else _theirs)(url, stack)
        await ask(_body("short"))
        memory, cpu, wall = _resident(), time.process_time(), time.perf_counter()
        if kind == _TOGETHER:
            lengths = await asyncio.gather(*(ask(_body(kind)) for _ in range(_TIMES[kind])))
        else:
            lengths = [await ask(_body(kind)) for _ in range(_TIMES[kind])]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if {*lengths} != {_KINDS[kind][0] * len(_PIECE)}:
        raise SystemExit(f"{who} read answers of {sorted({*lengths})} characters")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu": cpu, "wall": wall, "kilobytes": peak - memory}))


async def _ours(url: str, stack: AsyncExitStack) -> Ask:
    # Each process loads one of the clients only.
    from bot.clients.asking import connected  # noqa: PLC0415
    from bot.clients.messages import Endpoint, MessagesWire  # noqa: PLC0415
    from bot.core.messages import Request  # noqa: PLC0415

    wire = MessagesWire(Endpoint(url, SecretStr("made-up-key"), bearer=False))
    model = await stack.enter_async_context(connected(wire, concurrency=_STREAMS, ca_bundle=None))

    async def ask(body: Json) -> int:
        reply = await model.ask(Request(body))
        return len(reply.text) + sum(_said(use.input) for use in reply.tool_uses)

    return ask


async def _theirs(url: str, stack: AsyncExitStack) -> Ask:
    from anthropic import AsyncAnthropic  # noqa: PLC0415

    client = await stack.enter_async_context(AsyncAnthropic(api_key="made-up-key", base_url=url, max_retries=0))

    async def ask(body: Json) -> int:
        async with client.messages.stream(**body) as events:
            message = await events.get_final_message()
        texts = [len(block.text) for block in message.content if block.type == "text"]
        return sum(texts) + sum(_said(block.input) for block in message.content if block.type == "tool_use")

    return ask


def _said(input_: object) -> int:
    """How much stands in the input of a call."""
    return len(input_["said"]) if isinstance(input_, dict) else 0


def _body(kind: str) -> Json:
    messages = [{"role": "user", "content": "Look."}]
    return {"model": "claude-opus-4-6", "max_tokens": 9_999, "messages": messages, "metadata": {"user_id": kind}}


def _resident() -> int:
    """The memory of this process now, in KB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


# --- The server -----------------------------------------------------------------------------------------------------


class _Server:
    """Sends prepared streams, each event a chunk of its own, as fast as they are read."""

    def __init__(self) -> None:
        self._streams = {kind: _chunked(kind) for kind in _KINDS}
        self._waiting = 0
        self._all = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                kind = json.loads(await reader.readexactly(length))["metadata"]["user_id"]
                await self._send(writer, kind)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, kind: str) -> None:
        chunks = self._streams[kind]
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for at, chunk in enumerate(chunks):
            if kind == _TOGETHER and at == len(chunks) // 2:
                await self._meet()
            writer.write(chunk)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _meet(self) -> None:
        """Wait until all streams have got their first half."""
        together, self._waiting = self._all, self._waiting + 1
        if self._waiting == _STREAMS:
            self._waiting, self._all = 0, asyncio.Event()
            together.set()
        await together.wait()


def _chunked(kind: str) -> list[bytes]:
    events = [b"%x\r\n%s\r\n" % (len(event), event) for event in _events(kind)]
    return [b"".join(events[at : at + 16]) for at in range(0, len(events), 16)]


def _events(kind: str) -> list[bytes]:
    pieces, is_call = _KINDS[kind]
    usage = {"input_tokens": 9, "output_tokens": 9}
    message: Json = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6"}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    block = {"type": "tool_use", "id": "toolu_1", "name": "report", "input": {}}
    field = "partial_json" if is_call else "text"
    said = ['{"said": "', *[_PIECE] * pieces, '"}'] if is_call else [_PIECE] * pieces
    kind_of = "input_json_delta" if is_call else "text_delta"
    deltas = [{"type": "content_block_delta", "index": 0, "delta": {"type": kind_of, field: piece}} for piece in said]
    ending = {"stop_reason": "tool_use" if is_call else "end_turn", "stop_sequence": None}
    events: list[Json] = [
        {"type": "message_start", "message": message},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": block if is_call else {"type": "text", "text": ""},
        },
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


async def _serve() -> None:
    server = await asyncio.start_server(_Server().answer, "127.0.0.1", 0, limit=1 << 20, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main(arguments: list[str]) -> None:
    """Print the table; with arguments, be one of its processes."""
    if not arguments:
        print_all()
    elif arguments[0] == "serve":
        asyncio.run(_serve())
    else:
        asyncio.run(_measured(*arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
