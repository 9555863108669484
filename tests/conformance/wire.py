"""One request at a time over a real socket, to a server that answers by a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.core.messages import Reply, Request
from bot.errors import BotError
from tests.fakes.messages import Answer, FakeMessages, Received, in_turn

Json = dict[str, Any]
KEY = "made-up-key-that-nobody-has"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
TOOL: Json = {
    "name": "report",
    "input_schema": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
}
BODY: Json = {
    "model": "claude-opus-4-6",
    "max_tokens": 1_000,
    "tools": [TOOL],
    "messages": [{"role": "user", "content": "Look."}],
}


@dataclass(slots=True)
class Heard:
    """What came of asking: a reply or an error, what was sent, and the waits before each further attempt."""

    reply: Reply | None = None
    error: BotError | None = None
    sent: list[Received] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def said(self) -> Reply:
        """The reply, which there has to be."""
        assert self.reply is not None, self.error
        return self.reply

    @property
    def failed(self) -> BotError:
        """The error, which there has to be: one sentence, without the key."""
        assert self.error is not None, self.reply
        assert KEY not in repr(self.error) + str(self.error)
        return self.error

    @property
    def body(self) -> Json:
        """The first body that was sent."""
        return self.sent[0].body


def asking(http: httpx.AsyncClient, endpoint: Endpoint, waits: list[float], idle: float, total: float) -> Asker:
    """Who asks, with a clock, a chance and a sleeper of its own."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    retry = Retry(sleep=sleep, random=lambda: 0.5, now=lambda: NOW)
    return Asker(http, MessagesWire(endpoint), Pressure(4), RetryBudget(99), Limits(idle, total, retry))


def ask(  # noqa: PLR0913 - each has a default
    *answers: Answer,
    body: Json | None = None,
    stream: bool = True,
    bearer: bool = False,
    version: str = "2023-06-01",
    base: Callable[[str], str] = str,
    idle: float = 5,
    total: float = 5,
) -> Heard:
    """Ask once, of a server that gives these answers in turn."""
    heard = Heard()

    async def story(url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            endpoint = Endpoint(base(url), SecretStr(KEY), bearer, version, stream)
            heard.reply = await asking(http, endpoint, heard.waits, idle, total).ask(Request(body or BODY))

    with FakeMessages(in_turn(*answers)) as fake:
        try:
            asyncio.run(story(fake.url))
        except BotError as error:
            heard.error = error
        heard.sent, heard.problems = fake.requests, fake.problems
    return heard


def sse(*events: Json | bytes, end: bytes = b"\n\n") -> bytes:
    """Events as they stand on the wire, without `event:` lines."""
    return b"".join(each if isinstance(each, bytes) else b"data: " + json.dumps(each).encode() + end for each in events)


START: Json = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-6",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "cache_read_input_tokens": 5, "output_tokens": 1},
    },
}
STOP: Json = {"type": "message_stop"}


def block(index: int, content: Json) -> Json:
    """The beginning of a content block."""
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: int, **fields: Any) -> Json:  # noqa: ANN401 - fields of a delta
    """A part of a content block."""
    return {"type": "content_block_delta", "index": index, "delta": fields}


def words(index: int, *pieces: str) -> Sequence[Json]:
    """A block of text in pieces."""
    parts = [delta(index, type="text_delta", text=piece) for piece in pieces]
    return [block(index, {"type": "text", "text": ""}), *parts, {"type": "content_block_stop", "index": index}]


def call(index: int, *pieces: str, name: str = "report", start: object = None) -> Sequence[Json]:
    """A call of a tool, its input in pieces."""
    use = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {} if start is None else start}
    parts = [delta(index, type="input_json_delta", partial_json=piece) for piece in pieces]
    return [block(index, use), *parts, {"type": "content_block_stop", "index": index}]


def ending(reason: str | None = "end_turn", **usage: int) -> Json:
    """Why the message ends."""
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}
