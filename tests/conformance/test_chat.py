"""Cases 58 to 62: the same over Chat Completions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.chat import ChatEndpoint, ChatWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.core.answer_form import read
from bot.core.messages import NO_USAGE, Reply, Request, StopReason, Usage
from bot.errors import OutsideError, Rejected, Transient
from tests.conformance.wire import KEY
from tests.fakes.chat import Answer, ChatAnswer, FakeChat, call, chunks_of, completion_of, frame, in_turn, words
from tests.fakes.messages import Received, raw, stream_bytes

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"
PIXEL = "iVBORw0KGgo="
BODY: Json = {
    "model": "some-model",
    "max_tokens": 500,
    "temperature": 0.5,
    "stop_sequences": ["END"],
    "system": [{"type": "text", "text": "Be strict."}],
    "tools": [{"name": "report", "description": "d", "input_schema": {"type": "object"}, "strict": True}],
    "tool_choice": {"type": "tool", "name": "report", "disable_parallel_tool_use": True},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                {"type": "text", "text": "Look."},
            ],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "report", "input": {"a": "ä"}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "seen"},
                {"type": "text", "text": "Go on."},
            ],
        },
    ],
}


def ask(*answers: Answer, stream: bool = True) -> tuple[Reply | OutsideError, list[Received]]:
    """Ask once, of a server that gives these answers in turn: what came of it, and what was sent."""

    async def sleep(_: float) -> None:
        """Waits for nothing."""

    async def story(url: str) -> Reply | OutsideError:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            wire = ChatWire(ChatEndpoint(url, SecretStr(KEY), stream))
            asker = Asker(http, wire, Pressure(1), RetryBudget(9), Limits(5, 5, Retry(sleep=sleep)))
            try:
                return await asker.ask(Request(BODY))
            except OutsideError as error:
                return error

    with FakeChat(in_turn(*answers)) as fake:
        made = asyncio.run(story(fake.url))
        assert fake.problems == []
        return made, fake.requests


def reply(*answers: Answer, stream: bool = True) -> Reply:
    made, _ = ask(*answers, stream=stream)
    assert isinstance(made, Reply), made
    return made


def test_58_everything_has_its_word() -> None:
    """System, images, tools, results, choice, stop and schema; arguments are text."""
    _, (sent,) = ask(words("x"))
    function = {"name": "report", "description": "d", "strict": True, "parameters": {"type": "object"}}
    arguments = {"name": "report", "arguments": '{"a":"ä"}'}
    schema = {"name": "answer", "schema": {"type": "object"}, "strict": True}
    assert sent.body == {
        "model": "some-model",
        "max_tokens": 500,
        "temperature": 0.5,
        "stop": ["END"],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "report"}},
        "parallel_tool_calls": False,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "Be strict."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                    {"type": "text", "text": "Look."},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "t1", "type": "function", "function": arguments}],
            },
            {"role": "tool", "tool_call_id": "t1", "content": "seen"},
            {"role": "user", "content": "Go on."},
        ],
    }
    assert "x-api-key" not in sent.headers


def piece(index: int, arguments: str, **first: str) -> bytes:
    """A piece of a call, as a chunk of a stream."""
    function = {"arguments": arguments} | ({"name": first["name"]} if first else {})
    call_ = {"index": index, "function": function} | ({"id": first["id"], "type": "function"} if first else {})
    return frame({"choices": [{"index": 0, "delta": {"tool_calls": [call_]}, "finish_reason": None}]})


def finish(reason: str) -> bytes:
    return frame({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def test_59_pieces_of_calls() -> None:
    """Merged by their number, in whatever turns they come; `stop` beside a call means the call."""
    stream = (
        piece(0, "", id="a", name="report")
        + piece(1, '{"y"', id="b", name="other")
        + piece(0, '{"x": ')
        + piece(1, ": 2}")
        + piece(0, "1}")
    )
    made = reply(stream_bytes([stream, finish("stop"), DONE]))
    assert made.stop_reason is StopReason.TOOL_USE
    assert [(use.id, use.name, use.input) for use in made.tool_uses] == [
        ("a", "report", {"x": 1}),
        ("b", "other", {"y": 2}),
    ]


@pytest.mark.parametrize("stream", [True, False])
def test_60_tokens(stream: bool) -> None:
    """The last chunk has no choices; what was read from a cache is counted once; without a count it is said so."""
    counted = reply(words("x"), stream=stream)
    assert (counted.usage, counted.measured) == (Usage(input_tokens=70, cache_read=30, output_tokens=20), True)
    uncounted = reply(ChatAnswer("x"), stream=stream)
    assert (uncounted.usage, uncounted.measured, uncounted.text) == (NO_USAGE, False, "x")


def test_61_the_end_of_a_stream() -> None:
    """A finish reason is needed, [DONE] is not; an error in the stream is one."""
    chunks = [frame(chunk) for chunk in chunks_of(words("fine"))]
    assert reply(stream_bytes(chunks)).text == "fine"
    cut, sent = ask(stream_bytes(chunks[:3]))
    assert isinstance(cut, Transient)
    assert len(sent) == 4
    only_done, _ = ask(stream_bytes([*chunks[:3], DONE]))
    assert isinstance(only_done, Transient), "[DONE] alone tells nothing of why it ended"
    bad, sent = ask(stream_bytes([*chunks[:3], frame({"error": {"message": "no", "type": "invalid_request_error"}})]))
    assert isinstance(bad, Rejected)
    assert len(sent) == 1


def completion(**message: object) -> Answer:
    """A whole completion whose message holds these."""
    whole = completion_of(words("x"))
    whole["choices"][0]["message"] |= message
    return raw(200, "application/json", json.dumps(whole).encode())


def test_62_forms_of_content() -> None:
    """Null, a list of parts, JSON in a fence; a refusal is a refusal."""
    called = reply(call("report", {"a": 1}), stream=False)
    assert (called.text, called.tool_uses[0].input) == ("", {"a": 1})
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert reply(completion(content=parts), stream=False).text == "ab"
    fenced = reply(words('Here:\n```json\n{"a": [1]}\n```\nDone.'))
    assert [use.input for use in read(fenced, "report").tool_uses] == [{"a": [1]}]
    for stream in (True, False):
        refused = reply(ChatAnswer(None, refusal="I will not."), stream=stream)
        assert refused.stop_reason is StopReason.REFUSAL
