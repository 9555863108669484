"""The fake of the model's endpoint refuses what the API refuses, and answers in the API's own shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import httpx
import pytest

from tests.fakes.messages import (
    USAGE,
    FakeMessages,
    MessageAnswer,
    cut,
    events_of,
    http_error,
    in_turn,
    message_of,
    raw,
    refusal,
    stream_bytes,
    text,
    tool,
    truncated,
)
from tests.fakes.messages_rules import event_problems, message_problems, request_problems

Json = dict[str, Any]
HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string", "enum": ["x"]}},
    "required": ["a"],
    "additionalProperties": False,
}
TOOL = {"name": "report", "description": "d", "strict": True, "input_schema": SCHEMA}
LOOK = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
CACHED: Json = {"cache_control": {"type": "ephemeral"}}
HOUR: Json = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


class Ask(Protocol):
    def __call__(self, fake: FakeMessages, **changes: object) -> httpx.Response: ...


def words(said: str = "hello", **more: object) -> Json:
    return {"type": "text", "text": said, **more}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def calls(*ids: str, name: str = "look") -> Json:
    blocks = [{"type": "tool_use", "id": each, "name": name, "input": {}} for each in ids]
    return {"role": "assistant", "content": blocks}


def result(id_: str, content: object = "{}") -> Json:
    return {"type": "tool_result", "tool_use_id": id_, "content": content}


def request(**changes: object) -> Json:
    """A request with all that a review uses; a change of None takes the field out."""
    body = {
        "model": "claude-opus-4-6",
        "max_tokens": 1000,
        "system": [words("be strict", **CACHED)],
        "tools": [LOOK, TOOL],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "messages": [user(words()), calls("t1", "t2"), user(result("t1"), result("t2"), words("go on"))],
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


GOOD: list[Json] = [
    request(),
    request(stream=True),
    request(system="plain", tools=None, tool_choice=None, messages=[user(words())]),
    request(messages=[{"role": "user", "content": "plain"}]),
    request(tool_choice={"type": "tool", "name": "report"}),
    request(temperature=0.0),
    request(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
    request(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
    request(system=[words(**HOUR)], messages=[user(words(**CACHED))]),
    request(messages=[user(words()), calls("t1"), user(result("t1", [words("{}")]), words())]),
]


@pytest.mark.parametrize("body", GOOD)
def test_good_requests_pass(body: Json) -> None:
    """What the API takes has no problems."""
    assert request_problems(HEADERS, body) == []
    bearer = {**HEADERS, "x-api-key": "", "authorization": "Bearer k"}
    assert request_problems(bearer, body) == []


def schema(**changes: object) -> Json:
    return {**SCHEMA, **changes}


def strict(made: Json) -> Json:
    return request(tools=[LOOK, {**TOOL, "input_schema": made}])


BAD: list[tuple[str, Json]] = [
    ("bogus", request(bogus=1)),
    ("max_tokens", request(max_tokens=None)),
    ("max_tokens", request(max_tokens="1000")),
    ("below 1", request(max_tokens=0)),
    ("model", request(model=None)),
    ("/messages/0", request(messages=[{"role": "user", "content": [{"type": "text", "txt": "a"}]}])),
    ("/messages/0", request(messages=[user(words(bogus=1))])),
    ("temperature", request(temperature=1.5)),
    ("top_k", request(top_k=5)),
    ("/tools/0", request(tools=[{**LOOK, "parameters": {}}])),
    ("/tool_choice", request(tool_choice="auto")),
    ("end with a user message", request(messages=[user(words()), {"role": "assistant", "content": "{"}])),
    ("end with a user message", request(messages=[])),
    ("role system", request(messages=[{"role": "system", "content": "x"}, user(words())])),
    ("empty text", request(messages=[user(words(" \n"))])),
    ("empty text", request(messages=[{"role": "user", "content": ""}])),
    ("empty text", request(messages=[user(words()), calls("t1"), user(result("t1", [words("")]))])),
    ("empty text", request(system=[words("")])),
    ("must come first", request(messages=[user(words()), calls("t1"), user(words(), result("t1"))])),
    ("results for []", request(messages=[user(words()), calls("t1"), user(words())])),
    ("results for ['t1']", request(messages=[user(words()), calls("t1", "t2"), user(result("t1"))])),
    ("calls of []", request(messages=[user(result("t1"), words())])),
    ("calls of ['t1']", request(messages=[user(words()), calls("t1"), user(result("t1"), result("t1"))])),
    ("calls without results", request(messages=[user(words()), calls("t1")])),
    ("history calls 'other'", request(messages=[user(words()), calls("t", name="other"), user(result("t"))])),
    ("5 cache breakpoints", request(messages=[user(*[words(**CACHED)] * 4)])),
    ("5 cache breakpoints", request(**CACHED, messages=[user(*[words(**CACHED)] * 3)])),
    ("an hour must come before", request(messages=[user(words(**HOUR))])),
    ("not declared", request(tool_choice={"type": "tool", "name": "other"})),
    ("without tools", request(tools=None, messages=[user(words())])),
    ("one name", request(tools=[LOOK, LOOK])),
    ("no name for a tool", request(tools=[LOOK, {**TOOL, "name": "re port"}])),
    ("without additionalProperties", strict(schema(additionalProperties=None))),
    ("does not name all", strict(schema(required=[]))),
    ("minimum is not supported", strict(schema(properties={"a": {"type": "integer", "minimum": 1}}))),
    ("maxItems is not supported", strict(schema(properties={"a": {"type": "array", "maxItems": 3}}))),
    ("minItems is 0 or 1", strict(schema(properties={"a": {"type": "array", "minItems": 2}}))),
    (
        "without additionalProperties",
        strict(schema(properties={"a": {"type": "array", "items": {"type": "object", "properties": {}}}})),
    ),
    (
        "maxLength is not supported",
        request(
            output_config={
                "format": {
                    "type": "json_schema",
                    "schema": schema(properties={"a": {"type": "string", "maxLength": 9}}),
                }
            }
        ),
    ),
    ("neither sampling", request(model="claude-opus-4-7", temperature=1.0)),
    ("neither sampling", request(model="claude-opus-4-7", thinking={"type": "enabled", "budget_tokens": 1024})),
    ("not both", request(temperature=0.5, top_p=0.5)),
    ("beside thinking", request(temperature=0.5, thinking={"type": "adaptive"})),
    ("no effort xhigh", request(output_config={"effort": "xhigh"})),
    ("no forced tool", request(thinking={"type": "enabled", "budget_tokens": 1024}, tool_choice={"type": "any"})),
    ("lone surrogate", request(messages=[user(words("a\ud800"))])),
]


@pytest.mark.parametrize(("problem", "body"), BAD)
def test_bad_requests_are_found(problem: str, body: Json) -> None:
    """What the API refuses, and what it would misread, is named."""
    assert any(problem in line for line in request_problems(HEADERS, body)), request_problems(HEADERS, body)


@pytest.mark.parametrize(
    ("problem", "changes"),
    [
        ("credential", {"x-api-key": ""}),
        ("credential", {"authorization": "Bearer k"}),
        ("no bearer token", {"authorization": "Basic k", "x-api-key": ""}),
        ("anthropic-version", {"anthropic-version": ""}),
        ("content-type", {"content-type": "text/plain"}),
        ("anthropic-beta", {"anthropic-beta": "x"}),
    ],
)
def test_bad_headers_are_found(problem: str, changes: dict[str, str]) -> None:
    """One credential, a version, JSON, and no beta."""
    assert [line for line in request_problems({**HEADERS, **changes}, request()) if problem in line]


def test_bad_answers_are_found() -> None:
    """Messages and events out of shape are named too."""
    assert message_problems({**message_of(text("a")), "content": "a"})
    assert event_problems({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}})


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Ask a fake, and see that it closes."""
    with httpx.Client(trust_env=False, verify=False, timeout=5) as client:

        def post(fake: FakeMessages, **changes: object) -> httpx.Response:
            return client.post(f"{fake.url}/v1/messages", json=request(**changes), headers=HEADERS)

        yield post


def data_of(response: httpx.Response) -> list[Json]:
    lines = response.content.split(b"\n")
    return [json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]


@pytest.mark.parametrize("answer", [text("hello there"), tool("report", {"a": "x" * 50}), refusal(None), truncated()])
def test_messages_come_streamed_and_whole(ask: Ask, answer: MessageAnswer) -> None:
    """A message is streamed to who asks for it, in several deltas, in the API's own shapes."""
    with FakeMessages(in_turn(answer)) as fake:
        whole, stream = ask(fake), ask(fake, stream=True)
    assert whole.json() == message_of(answer)
    assert data_of(stream) == list(events_of(answer))
    assert len([each for each in data_of(stream) if each["type"] == "content_block_delta"]) > 1
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert [response.headers["request-id"] for response in (whole, stream)] == ["req_1", "req_2"]
    assert fake.problems == []


def test_a_script_reads_the_request(ask: Ask) -> None:
    """The answer can depend on what is asked, and requests are kept as they came."""
    with FakeMessages(lambda body: text(f"{body['max_tokens']} tokens")) as fake:
        assert ask(fake, max_tokens=7).json()["content"][0]["text"] == "7 tokens"
    (received,) = fake.requests
    assert (received.path, received.headers["x-api-key"], received.body) == ("/v1/messages", "k", request(max_tokens=7))
    assert json.loads(received.raw) == received.body
    assert fake.in_flight_most == fake.connections == 1


def test_other_answers(ask: Ask) -> None:
    """Errors, raw bytes and scripted streams arrive as they are, the last of a script for ever."""
    script = in_turn(
        http_error(529, "overloaded_error", headers={"retry-after": "3"}),
        raw(200, "text/html", b"<html>"),
        stream_bytes([b"data: 1\n", b"\n"]),
    )
    with FakeMessages(script) as fake:
        error, page, *streams = (ask(fake) for _ in range(4))
    assert (error.status_code, error.headers["retry-after"]) == (529, "3")
    assert error.json()["error"] == {"type": "overloaded_error", "message": "as scripted"}
    assert (page.headers["content-type"], page.content) == ("text/html", b"<html>")
    assert [stream.content for stream in streams] == [b"data: 1\n\n"] * 2


def test_a_cut_answer_breaks_off(ask: Ask) -> None:
    """Of a cut answer the client gets an error of the connection."""
    with FakeMessages(in_turn(cut(100))) as fake, pytest.raises(httpx.RemoteProtocolError):
        ask(fake, stream=True)
    assert fake.problems == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/v1/messages"), ("GET", "/v1/messages"), ("POST", "/")])
def test_other_addresses_are_problems(method: str, path: str) -> None:
    """What is not served is 404 and a problem."""
    with FakeMessages(in_turn(text("x"))) as fake, httpx.Client(trust_env=False, verify=False) as client:
        assert client.request(method, f"{fake.url}{path}", json={}).status_code == 404
    assert len(fake.problems) == 1
    assert fake.requests == []


def test_bad_traffic_is_collected(ask: Ask) -> None:
    """Problems of requests and of scripted messages are collected, and the answer is sent all the same."""
    with FakeMessages(in_turn(text("x", usage={**USAGE, "input_tokens": "many"}))) as fake:
        assert ask(fake, bogus=1).status_code == 200
    assert len(fake.problems) == 2
