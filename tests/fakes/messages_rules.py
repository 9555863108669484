"""What the Messages API accepts and sends: its vendor's types as closed schemas, and the rules that no type tells.

The types are those of the `anthropic` package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from anthropic.types import Message, MessageCountTokensParams, RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming

from tests.fakes.closed_types import shape_problems

Json = dict[str, Any]

_TYPES: dict[str, Any] = {
    "request": MessageCreateParamsNonStreaming,
    "streaming request": MessageCreateParamsStreaming,
    "count": MessageCountTokensParams,
    "message": Message,
    "event": RawMessageStreamEvent,
}
_SAMPLING = ("temperature", "top_p")
_MOST_BREAKPOINTS = 4
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
_NOT_IN_STRICT = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "maxItems", "minProperties", "maxProperties", "uniqueItems"),
}


def _shape(name: str, value: object) -> Iterator[str]:
    return shape_problems(name, _TYPES[name], value)


def message_problems(message: Json) -> list[str]:
    """What is wrong with a whole message."""
    return list(_shape("message", message))


def event_problems(event: Json) -> list[str]:
    """What is wrong with an event of a stream, by itself."""
    return list(_shape("event", event))


def request_problems(headers: Mapping[str, str], body: Json) -> list[str]:
    """What the API would refuse in a request, and what it would take though nobody means it."""
    # The types are those of a later version of the API, which has given up the sampling parameters.
    typed = {name: value for name, value in body.items() if name not in _SAMPLING or not _is_fraction(value)}
    shape = list(_shape("streaming request" if body.get("stream") else "request", typed))
    problems = [*_headers(headers), *shape]
    # The rules below read the body as its types promise it.
    return problems if shape else [*problems, *_rules(body)]


def count_problems(headers: Mapping[str, str], body: Json) -> list[str]:
    """What the API would refuse in a request for a count of tokens."""
    return [*_headers(headers), *_shape("count", body)]


def _is_fraction(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1


def _rules(body: Json) -> Iterator[str]:
    yield from _controls(body)
    yield from _tools(body)
    yield from _conversation(body["messages"])
    yield from _breakpoints(body)
    for text in _strings(body):
        if _LONE_SURROGATE.search(text):
            # https://github.com/anthropics/claude-code/issues/60394
            yield "a lone surrogate: the API says that this is not valid JSON"


def _headers(headers: Mapping[str, str]) -> Iterator[str]:
    credentials = [name for name in ("x-api-key", "authorization") if headers.get(name)]
    if len(credentials) != 1:
        yield f"there must be one credential, not {len(credentials)}"
    if not headers.get("authorization", "Bearer x").startswith("Bearer "):
        yield "authorization is no bearer token"
    if not headers.get("anthropic-version"):
        yield "anthropic-version is missing"
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        yield "content-type is not application/json"
    if "anthropic-beta" in headers:
        yield "anthropic-beta is set, and nothing needs it"


def _controls(body: Json) -> Iterator[str]:
    model, thinking = body["model"], body.get("thinking", {}).get("type", "disabled")
    sampling = [name for name in _SAMPLING if name in body]
    effort = body.get("output_config", {}).get("effort")
    if body["max_tokens"] < 1:
        yield "max_tokens is below 1"
    if "4-7" in model and (sampling or thinking == "enabled"):
        yield f"{model} takes neither sampling parameters nor a budget of thinking"
    if "4-6" in model and {"temperature", "top_p"} <= {*sampling}:
        yield f"{model} takes temperature or top_p, not both"
    if "4-6" in model and sampling and thinking != "disabled":
        yield f"{model} takes no sampling parameters beside thinking"
    if "4-6" in model and effort == "xhigh":
        yield f"{model} knows no effort xhigh"
    if thinking == "enabled" and body.get("tool_choice", {}).get("type") in {"any", "tool"}:
        yield "thinking admits no forced tool"


def _tools(body: Json) -> Iterator[str]:
    tools, choice = body.get("tools", []), body.get("tool_choice")
    names = [tool["name"] for tool in tools]
    if len({*names}) != len(names):
        yield "two tools have one name"
    yield from (f"{name!r} is no name for a tool" for name in names if not _TOOL_NAME.fullmatch(name))
    if choice and not tools:
        yield "tool_choice stands without tools"
    if choice and choice["type"] == "tool" and choice["name"] not in names:
        yield f"tool_choice names {choice['name']!r}, which is not declared"
    for message in body["messages"]:
        for block in _blocks(message["content"]):
            if block["type"] == "tool_use" and block["name"] not in names:
                yield f"the history calls {block['name']!r}, which is not declared"
    for tool in tools:
        if tool.get("strict"):
            yield from _strict(tool["input_schema"], tool["name"])
    form = body.get("output_config", {}).get("format")
    if form:
        yield from _strict(form["schema"], "output_config.format")


def _strict(schema: object, where: str) -> Iterator[str]:
    """Check the subset of JSON schema that constrained decoding takes."""
    if isinstance(schema, list):
        for part in schema:
            yield from _strict(part, where)
    if not isinstance(schema, dict):
        return
    yield from (f"{where}: {name} is not supported" for name in sorted(_NOT_IN_STRICT & {*schema}))
    if schema.get("minItems", 0) not in {0, 1}:
        yield f"{where}: minItems is 0 or 1"
    properties = schema.get("properties", {})
    if schema.get("type") == "object" or properties:
        if schema.get("additionalProperties") is not False:
            yield f"{where}: an object without additionalProperties false"
        if {*schema.get("required", ())} != {*properties}:
            yield f"{where}: required does not name all properties"
    for name, part in schema.items():
        if name != "enum":
            yield from _strict([*part.values()] if name in {"properties", "$defs"} else part, f"{where}.{name}")


def _conversation(messages: list[Json]) -> Iterator[str]:
    if not messages or messages[-1]["role"] != "user":
        yield "the conversation must end with a user message"
    called: list[str] = []
    for number, message in enumerate(messages):
        where = f"messages.{number}"
        if message["role"] not in {"user", "assistant"}:
            yield f"{where}: the role {message['role']} is not known"
        blocks = _blocks(message["content"])
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if any(block["type"] == "tool_result" for block in blocks[len(answered) :]):
            yield f"{where}: tool_result blocks must come first"
        if sorted(answered) != sorted(called):
            yield f"{where}: results for {sorted(answered)}, calls of {sorted(called)}"
        called = [block["id"] for block in blocks if block["type"] == "tool_use"]
        yield from (f"{where}: an empty text" for text in _texts(message["content"]) if not text.strip())
    if called:
        yield f"calls without results: {called}"


def _breakpoints(body: Json) -> Iterator[str]:
    marked = [body] if body.get("cache_control") else []
    places = [*body.get("tools", []), *_blocks(body.get("system", ""))]
    for message in body["messages"]:
        for block in _blocks(message["content"]):
            places += [*_blocks(block["content"])] if isinstance(block.get("content"), list) else []
            places.append(block)
    marked += [place for place in places if place.get("cache_control")]
    if len(marked) > _MOST_BREAKPOINTS:
        yield f"{len(marked)} cache breakpoints, at most {_MOST_BREAKPOINTS} are allowed"
    lives = [place["cache_control"].get("ttl", "5m") for place in marked if place is not body]
    if lives != sorted(lives, key=["1h", "5m"].index):
        yield "breakpoints of an hour must come before those of five minutes"
    yield from ("system: an empty text" for text in _texts(body.get("system", "x")) if not text.strip())


def _blocks(content: object) -> list[Json]:
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for block in _blocks(content):
        if block["type"] == "text":
            yield block["text"]
        elif block["type"] == "tool_result" and isinstance(block.get("content"), list):
            yield from _texts(block["content"])


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
