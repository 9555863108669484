"""From the body of a Messages request to that of a Chat Completions request which says the same.

What Chat Completions has no word for is left out: marks for a cache, metadata, thinking, whether a result is an error
(that is told in its text). The order of fields and the bytes are the same for equal requests: caches compare those.
Shapes: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from bot.core.messages import Json

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
# There is no more than high for most: https://platform.openai.com/docs/api-reference/chat/create#chat_create-reasoning_effort
_EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_FORMAT_NAME = "answer"


def chat_body(body: Mapping[str, object], *, stream: bool, most_tokens: str = "max_tokens") -> Json:
    """The same request. `most_tokens` is the name that the endpoint has for the most tokens of an answer."""
    made: Json = {"model": body["model"], most_tokens: body["max_tokens"]}
    made |= {name: body[name] for name in ("temperature", "top_p") if name in body}
    if body.get("stop_sequences"):
        made["stop"] = body["stop_sequences"]
    made |= _output(_table(body.get("output_config")))
    made |= _tools(_tables(body.get("tools")), _table(body.get("tool_choice")))
    if stream:
        made |= {"stream": True, "stream_options": {"include_usage": True}}
    made["messages"] = [*_system(body.get("system")), *_messages(_tables(body["messages"]))]
    return made


def _output(config: Json) -> Json:
    made: Json = {}
    effort = config.get("effort")
    if isinstance(effort, str):
        made["reasoning_effort"] = _EFFORTS.get(effort, effort)
    form = _table(config.get("format"))
    if form:
        schema = {"name": _FORMAT_NAME, "schema": form.get("schema"), "strict": True}
        made["response_format"] = {"type": "json_schema", "json_schema": schema}
    return made


def _tools(tools: list[Json], choice: Json) -> Json:
    if not tools:
        return {}
    made: Json = {"tools": [{"type": "function", "function": _function(tool)} for tool in tools]}
    kind = choice.get("type")
    if kind == "tool":
        made["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    elif kind in _CHOICES:
        made["tool_choice"] = _CHOICES[str(kind)]
    if choice.get("disable_parallel_tool_use"):
        made["parallel_tool_calls"] = False
    return made


def _function(tool: Json) -> Json:
    made: Json = {"name": tool["name"]}
    made |= {name: tool[name] for name in ("description", "strict") if name in tool}
    return {**made, "parameters": tool["input_schema"]}


def _system(system: object) -> Iterator[Json]:
    text = _joined(_blocks(system))
    if text:
        yield {"role": "system", "content": text}


def _messages(messages: list[Json]) -> Iterator[Json]:
    for message in messages:
        blocks = _blocks(message["content"])
        yield from _said(blocks) if message["role"] == "assistant" else _asked(blocks)


def _said(blocks: list[Json]) -> Iterator[Json]:
    """A turn of the model: its words, and the calls of tools with their input as text."""
    calls = [
        {
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": _text_of(block["input"])},
        }
        for block in blocks
        if block["type"] == "tool_use"
    ]
    made: Json = {"role": "assistant", "content": _joined(blocks) or None}
    if calls:
        made["tool_calls"] = calls
    if calls or made["content"]:
        yield made


def _asked(blocks: list[Json]) -> Iterator[Json]:
    """A turn of the user: each result of a tool is a message of its own, ahead of the words."""
    yield from (_result(block) for block in blocks if block["type"] == "tool_result")
    images = [block for block in blocks if block["type"] == "image"]
    if not images:
        text = _joined(blocks)
        if text:
            yield {"role": "user", "content": text}
        return
    yield {"role": "user", "content": [part for block in blocks for part in _part(block)]}


def _result(block: Json) -> Json:
    text = _joined(_blocks(block.get("content")))
    failed = "Error: " if block.get("is_error") else ""
    return {"role": "tool", "tool_call_id": block["tool_use_id"], "content": f"{failed}{text}"}


def _part(block: Json) -> Iterator[Json]:
    if block["type"] == "text" and str(block["text"]).strip():
        yield {"type": "text", "text": block["text"]}
    elif block["type"] == "image":
        source = _table(block["source"])
        address = source.get("url") or f"data:{source['media_type']};base64,{source['data']}"
        yield {"type": "image_url", "image_url": {"url": address}}


def _joined(blocks: Iterable[Json]) -> str:
    """The words of all text blocks; what is blank says nothing."""
    texts = (str(block["text"]) for block in blocks if block["type"] == "text")
    return "\n\n".join(text for text in texts if text.strip())


def _text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _blocks(content: object) -> list[Json]:
    """Content in its long form: text alone is one block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else _tables(content)


def _tables(value: object) -> list[Json]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, Iterable) else []


def _table(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
