"""What Chat Completions accept and send: its vendor's types as closed schemas, and the rules that no type tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from tests.fakes.closed_types import shape_problems

Json = dict[str, Any]


def request_problems(headers: Mapping[str, str], body: Json) -> list[str]:
    """What an endpoint would refuse in a request, and what it would take though nobody means it."""
    kind = CompletionCreateParamsStreaming if body.get("stream") else CompletionCreateParamsNonStreaming
    name = f"chat request, stream {bool(body.get('stream'))}"
    problems = [*_headers(headers), *shape_problems(name, kind, body)]
    return problems or list(_rules(body))


def completion_problems(completion: Json) -> list[str]:
    """What is wrong with a whole completion."""
    return list(shape_problems("completion", ChatCompletion, completion))


def chunk_problems(chunk: Json) -> list[str]:
    """What is wrong with a chunk of a stream, by itself."""
    return list(shape_problems("chunk", ChatCompletionChunk, chunk))


def _headers(headers: Mapping[str, str]) -> Iterator[str]:
    if not headers.get("authorization", "Bearer x").startswith("Bearer "):
        yield "authorization is no bearer token"
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        yield "content-type is not application/json"
    for name in ("x-api-key", "anthropic-version"):
        if name in headers:
            yield f"{name} is of another API"


def _rules(body: Json) -> Iterator[str]:
    if not body["messages"]:
        yield "there are no messages"
    if ("tool_choice" in body or "parallel_tool_calls" in body) and not body.get("tools"):
        yield "a choice of tools without tools"
    if body.get("stream_options") and not body.get("stream"):
        yield "options of a stream that is not asked for"
    yield from _conversation(body["messages"])


def _conversation(messages: list[Json]) -> Iterator[str]:
    """Each result answers a call of the latest turn of the model, and no call stays without one.

    Source: https://platform.openai.com/docs/guides/function-calling#handling-function-calls
    """
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        if message["role"] == "system" and number:
            yield "a system message that is not the first"
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                yield f"a result of no call: {message['tool_call_id']}"
            else:
                open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            yield f"calls without a result: {', '.join(open_calls)}"
        calls = message.get("tool_calls", [])
        open_calls = [call["id"] for call in calls]
        yield from (
            f"arguments that are no JSON: {call['id']}" for call in calls if not _is_json(call["function"]["arguments"])
        )
        if message["role"] == "assistant" and not calls and not message.get("content"):
            yield "a turn of the model without words and calls"
    if open_calls:
        yield f"calls without a result: {', '.join(open_calls)}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
