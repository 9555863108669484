"""A Chat Completions endpoint over real HTTP that answers by a script and checks all that goes in and out.

with FakeChat(in_turn(http_error(429), words("fine"))) as fake:
    ...  # ask fake.url
assert fake.problems == []
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.chat_rules import chunk_problems, completion_problems, request_problems
from tests.fakes.messages import FakeMessages, RawAnswer, http_error

Json = dict[str, Any]

USAGE: Json = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 30},
}
_PIECES = 4


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """A well-formed completion; a stream for who asks for one. `calls` are names with their arguments as text.

    Without `usage` nothing is counted, as by many local servers; without `done` the stream just ends.
    """

    content: str | None = None
    calls: tuple[tuple[str, str], ...] = ()
    finish: str = "stop"
    usage: Json | None = None
    refusal: str | None = None
    done: bool = True
    delay: float = 0.0


Answer = ChatAnswer | RawAnswer


def words(text: str, **fields: Any) -> ChatAnswer:  # noqa: ANN401 - fields of ChatAnswer
    """A plain answer."""
    return ChatAnswer(text, usage=USAGE, **fields)


def call(name: str, input_: Json, **fields: Any) -> ChatAnswer:  # noqa: ANN401 - the same
    """An answer by calling a tool."""
    return ChatAnswer(None, ((name, json.dumps(input_)),), finish="tool_calls", usage=USAGE, **fields)


def in_turn(*answers: Answer) -> Callable[[Json], Answer]:
    """A script that ignores what is asked. The last answer is repeated."""
    rest = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _: next(rest)


def completion_of(answer: ChatAnswer, model: str = "some-model") -> Json:
    """The answer as one JSON object."""
    message: Json = {"role": "assistant", "content": answer.content, "refusal": answer.refusal}
    if answer.calls:
        message["tool_calls"] = [_call(number, *each) for number, each in enumerate(answer.calls)]
    choice = {"index": 0, "message": message, "finish_reason": answer.finish, "logprobs": None}
    made: Json = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]}
    return made | ({"usage": answer.usage} if answer.usage else {})


def chunks_of(answer: ChatAnswer, model: str = "some-model", *, counted: bool = True) -> Iterator[Json]:
    """The answer as the chunks of a stream: words and arguments in pieces, ids and names once, usage at the end."""
    yield _chunk(model, {"role": "assistant", "content": ""})
    for piece in _pieces(answer.content or ""):
        yield _chunk(model, {"content": piece})
    if answer.refusal:
        yield _chunk(model, {"refusal": answer.refusal})
    for number, (name, arguments) in enumerate(answer.calls):
        first = _call(number, name, "")
        yield _chunk(model, {"tool_calls": [{"index": number, **first}]})
        for piece in _pieces(arguments):
            yield _chunk(model, {"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    yield _chunk(model, {}, answer.finish)
    if counted and answer.usage:
        yield _chunk(model, None) | {"usage": answer.usage}


def frame(chunk: Json) -> bytes:
    """One chunk as it stands on the wire."""
    return f"data: {json.dumps(chunk)}\n\n".encode()


def stream_of(answer: ChatAnswer, model: str = "some-model", *, counted: bool = True) -> bytes:
    """The whole stream of an answer."""
    end = b"data: [DONE]\n\n" if answer.done else b""
    return b"".join(map(frame, chunks_of(answer, model, counted=counted))) + end


def _chunk(model: str, delta: Json | None, finish: str | None = None) -> Json:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices}


def _call(number: int, name: str, arguments: str) -> Json:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def _pieces(text: str) -> list[str]:
    size = max(len(text) // _PIECES, 1)
    return [text[at : at + size] for at in range(0, len(text), size)]


class FakeChat(FakeMessages):
    """The server, see FakeMessages."""

    path = "/v1/chat/completions"

    def __init__(self, script: Callable[[Json], Answer]) -> None:
        super().__init__(script)  # type: ignore[arg-type]

    def _problems_of(self, headers: Mapping[str, str], asked: Json) -> list[str]:
        return request_problems(headers, asked)

    def _on_the_wire(self, answer: Any, asked: Json) -> RawAnswer:  # noqa: ANN401 - answers of this API
        if isinstance(answer, RawAnswer):
            return answer
        whole = completion_of(answer, asked["model"])
        self.problems += completion_problems(whole)
        if not asked.get("stream"):
            return RawAnswer((json.dumps(whole).encode(),), headers={"content-type": "application/json"})
        counted = bool(asked.get("stream_options", {}).get("include_usage"))
        chunks = list(chunks_of(answer, asked["model"], counted=counted))
        self.problems += [line for chunk in chunks for line in chunk_problems(chunk)]
        body = [*map(frame, chunks), *([b"data: [DONE]\n\n"] if answer.done else [])]
        return RawAnswer(tuple(body), headers={"content-type": "text/event-stream"})


def refused(status: int, message: str, code: str = "invalid_request_error") -> RawAnswer:
    """An error in this API's envelope."""
    body = {"error": {"message": message, "type": code, "param": None, "code": None}}
    answer = http_error(status)
    return RawAnswer((json.dumps(body).encode(),), status, answer.headers)
