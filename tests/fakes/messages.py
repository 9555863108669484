"""A Messages endpoint over real HTTP that answers by a script and checks all that goes in and out.

with FakeMessages(in_turn(http_error(529), text("fine"))) as fake:
    ...  # ask fake.url
assert fake.problems == []
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.fakes.messages_rules import count_problems, event_problems, message_problems, request_problems
from tests.fakes.serving import Moment, Serving, Spy, drop_connection, nobody

Json = dict[str, Any]

USAGE: Mapping[str, Any] = {
    "input_tokens": 100,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 20,
}
_PIECES = 4


class Ending(Enum):
    """How an answer's body ends: as it should, with the connection gone, or never."""

    WHOLE = auto()
    CUT = auto()
    STALLED = auto()


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """A well-formed message; a stream for who asks for one. `half` ends the input of its last call half-way."""

    content: tuple[Json, ...]
    stop_reason: str
    usage: Mapping[str, Any] = field(default_factory=lambda: USAGE)
    stop_details: Json | None = None
    half: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Any bytes at all, in chunks with a pause (seconds) between them, with any status and headers."""

    chunks: tuple[bytes, ...]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE
    pause: float = 0.0
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """The stream of another answer, of which only the first bytes arrive before the connection is gone."""

    after_bytes: int
    answer: MessageAnswer
    delay: float = 0.0


Answer = MessageAnswer | RawAnswer | CutAnswer
Script = Callable[[Json], Answer]


def text(words: str, usage: Mapping[str, Any] = USAGE, delay: float = 0.0) -> MessageAnswer:
    """The model says something."""
    return MessageAnswer(({"type": "text", "text": words},), "end_turn", usage, delay=delay)


def tool(name: str, input_: Json, usage: Mapping[str, Any] = USAGE, delay: float = 0.0) -> MessageAnswer:
    """The model calls a tool."""
    return MessageAnswer((_call(name, input_),), "tool_use", usage, delay=delay)


def refusal(category: str | None = "cyber", delay: float = 0.0) -> MessageAnswer:
    """The model refuses, after it has said something."""
    details = {"type": "refusal", "category": category, "explanation": None}
    return MessageAnswer(({"type": "text", "text": "I can"},), "refusal", stop_details=details, delay=delay)


def truncated(name: str = "report", input_: Json | None = None, delay: float = 0.0) -> MessageAnswer:
    """The output's limit is reached in the middle of a tool's input."""
    call = _call(name, input_ or {"findings": [{"title": "half of it"}]})
    return MessageAnswer((call,), "max_tokens", half=True, delay=delay)


def http_error(
    status: int,
    type_: str = "api_error",
    message: str = "as scripted",
    headers: Mapping[str, str] | None = None,
    delay: float = 0.0,
) -> RawAnswer:
    """An error in the API's own envelope."""
    body = {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_in_the_body"}
    return raw(status, "application/json", json.dumps(body).encode(), headers, delay)


def raw(
    status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None, delay: float = 0.0
) -> RawAnswer:
    """Any answer in one piece."""
    return RawAnswer((body,), status, {"content-type": content_type, **(headers or {})}, delay=delay)


def stream_bytes(
    chunks: Sequence[bytes], *, ending: Ending = Ending.WHOLE, pause: float = 0.0, delay: float = 0.0
) -> RawAnswer:
    """Any bytes as an event stream."""
    headers = {"content-type": "text/event-stream"}
    return RawAnswer(tuple(chunks), headers=headers, ending=ending, pause=pause, delay=delay)


def cut(after_bytes: int, answer: MessageAnswer | None = None, delay: float = 0.0) -> CutAnswer:
    """A stream that breaks off."""
    return CutAnswer(after_bytes, answer or text("this never arrives as a whole"), delay)


def in_turn(*answers: Answer) -> Script:
    """A script that ignores what is asked. The last answer is repeated."""
    rest = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _: next(rest)


def _call(name: str, input_: Json) -> Json:
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": input_}


def message_of(answer: MessageAnswer, model: str = "claude-opus-4-6") -> Json:
    """The message as one JSON object. Input that was cut half-way is not in it."""
    content = [*answer.content]
    if answer.half:
        content[-1] = {**content[-1], "input": {}}
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": answer.stop_reason,
        "stop_sequence": None,
        "stop_details": answer.stop_details,
        "usage": {**answer.usage},
    }


def events_of(answer: MessageAnswer, model: str = "claude-opus-4-6") -> Iterator[Json]:
    """The message as the events of a stream: https://platform.claude.com/docs/en/build-with-claude/streaming."""
    message = message_of(answer, model)
    opening: Json = {
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {**answer.usage, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": {**message, **opening}}
    for index, block in enumerate(answer.content):
        half = answer.half and index == len(answer.content) - 1
        yield from _block_events(index, block, half=half)
        yield {"type": "ping"}
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": answer.usage["output_tokens"]}}
    yield {"type": "message_stop"}


def _block_events(index: int, block: Json, *, half: bool) -> Iterator[Json]:
    empty, parts = _parts(block)
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    for kind, name, whole in parts:
        sent = whole[: len(whole) // 2] if half else whole
        step = max(1, -(-len(sent) // _PIECES))
        for at in range(0, len(sent), step):
            delta = {"type": kind, name: sent[at : at + step]}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _parts(block: Json) -> tuple[Json, list[tuple[str, str, str]]]:
    """A block as it begins, and what is added to it; what is hidden comes at once."""
    match block["type"]:
        case "tool_use":
            return {**block, "input": {}}, [("input_json_delta", "partial_json", json.dumps(block["input"]))]
        case "text":
            return {**block, "text": ""}, [("text_delta", "text", block["text"])]
        case "thinking":
            added = [("thinking_delta", "thinking", block["thinking"])]
            signed = [("signature_delta", "signature", block["signature"])]
            return {**block, "thinking": "", "signature": ""}, added + signed
    return block, []


def frame(event: Json) -> bytes:
    """One event as it stands on the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _is_ping(event: Json) -> bool:
    # The vendor's union of events leaves it out, though its API sends it.
    return event == {"type": "ping"}


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; the names of its headers in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Json
    raw: bytes


def counted(asked: Json) -> RawAnswer:
    """A count of the tokens of a request, at four characters each."""
    return raw(200, "application/json", json.dumps({"input_tokens": max(1, len(json.dumps(asked)) // 4)}).encode())


class FakeMessages:
    """The server. `requests` are in order of arrival; `problems` are all violations of the API, by either side.

    `counts` answers requests for a count of tokens, which are kept in `counted`. `in_flight_most` is the highest number
    of requests at one time, `hung_up` counts those whose client went away before the answer's end. `answered` are the
    bodies of requests whose answer was sent whole; `spy` is called when a request came and when it was answered.
    """

    path = "/v1/messages"

    def __init__(self, script: Script, counts: Callable[[Json], RawAnswer] | None = None) -> None:
        self.requests: list[Received] = []
        self.counted: list[Received] = []
        self.problems: list[str] = []
        self.in_flight_most = 0
        self.hung_up = threading.Semaphore(0)
        self.answered: list[bytes] = []
        self.spy: Spy = nobody
        self._script = script
        self._counts = counts or counted
        self._in_flight = 0
        self._connections: set[tuple[str, int]] = set()
        route = Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
        self._serving = Serving(Starlette(routes=[route]))

    @property
    def url(self) -> str:
        """The address to give as a base URL."""
        return self._serving.url

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return len(self._connections)

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, trace)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        if request.client:
            self._connections.add((request.client.host, request.client.port))
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        if request.url.path == f"{self.path}/count_tokens" and isinstance(asked, dict):
            self.counted.append(Received(request.url.path, dict(request.headers), asked, body))
            self.problems += count_problems(request.headers, asked)
            return _Sent(self, self._counts(asked))
        if (request.method, request.url.path) != ("POST", self.path) or not isinstance(asked, dict):
            self.problems.append(f"{request.method} {request.url.path} with {body[:80]!r} is no request of this API")
            return _Sent(self, http_error(404, "not_found_error", "Not Found"))
        self.requests.append(Received(request.url.path, dict(request.headers), asked, body))
        self.spy(Moment.CAME, request.client.port if request.client else 0)
        self.problems += self._problems_of(request.headers, asked)
        scripted = self._script(asked)
        return _Sent(self, self._on_the_wire(scripted, asked), scripted.delay, body)

    def _problems_of(self, headers: Mapping[str, str], asked: Json) -> list[str]:
        return request_problems(headers, asked)

    def _on_the_wire(self, answer: Answer, asked: Json) -> RawAnswer:
        if isinstance(answer, RawAnswer):
            return answer
        message = answer.answer if isinstance(answer, CutAnswer) else answer
        whole = message_of(message, asked["model"])
        self.problems += message_problems(whole)
        if not asked.get("stream"):
            chunks, kind = [json.dumps(whole).encode()], "application/json"
        else:
            events = list(events_of(message, asked["model"]))
            self.problems += [line for event in events if not _is_ping(event) for line in event_problems(event)]
            chunks, kind = [frame(event) for event in events], "text/event-stream; charset=utf-8"
        ending = Ending.WHOLE
        if isinstance(answer, CutAnswer):
            chunks, ending = [b"".join(chunks)[: answer.after_bytes]], Ending.CUT
        return RawAnswer(tuple(chunks), headers={"content-type": kind}, ending=ending)

    def begin(self) -> None:
        """Count an answer that begins."""
        self._in_flight += 1
        self.in_flight_most = max(self.in_flight_most, self._in_flight)

    def end(self) -> None:
        """Count an answer that is over."""
        self._in_flight -= 1


class _Sent(Response):
    """Sends an answer to its end, whatever that is."""

    def __init__(self, fake: FakeMessages, answer: RawAnswer, delay: float = 0.0, asked: bytes = b"") -> None:
        super().__init__()
        self._fake, self._scripted, self._delay, self._asked = fake, answer, delay, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._fake.begin()
        try:
            await self._send(scope, receive, send)
        finally:
            self._fake.end()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._scripted
        if self._delay:
            await asyncio.sleep(self._delay)
        headers = {"request-id": f"req_{len(self._fake.requests)}", **answer.headers}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items() if value]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        for chunk in answer.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(answer.pause)
        if answer.ending is Ending.CUT:
            await drop_connection(scope)
        elif answer.ending is Ending.STALLED:
            while (await receive())["type"] != "http.disconnect":
                pass
            self._fake.hung_up.release()
        else:
            await send({"type": "http.response.body", "body": b""})
            if self._asked:
                self._fake.answered.append(self._asked)
                self._fake.spy(Moment.ANSWERED, scope["client"][1] if scope.get("client") else 0)
