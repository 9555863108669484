"""In which form an answer is asked for, and what to do where an endpoint refuses that form.

The surest form comes first: a strict tool that the model is made to call, the same without being made to, an answer
held to a schema, JSON in plain text. Which of them an endpoint takes with a model is learnt from its refusals; one that
does not name the feature teaches nothing. Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.messages import Json, Reply, Request, ToolUse
from bot.core.model_rules import ModelRules
from bot.core.strict_json import BROKEN, is_strict, loads

_WRITTEN_ID = "toolu_written"


class Form(StrEnum):
    """How the model answers, the surest way first."""

    MADE_TO_CALL = "made to call a tool"
    CALL = "calls a tool"
    SCHEMA = "an answer held to a schema"
    TEXT = "JSON in plain text"


@dataclass(frozen=True, slots=True)
class Shape:
    """What an endpoint takes of a model's requests: the form, and which features are left out."""

    form: Form
    without: frozenset[str] = frozenset()


def _said(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_REFUSED = (
    r"(?:extra inputs|unknown|unrecogni[sz]ed|unexpected|unsupported|not (?:be )?(?:supported|permitted|allowed)"
    r"|(?:does|do)(?: not|n't) support|requires?)"
)
# `tools.0.strict` is about one of them.
_TOOLS = r"\b(?:tools\b(?!\.\d)|tool (?:use|calling)\b|function calling\b)"
_NO_TOOLS = _said(rf"{_TOOLS}[^.]{{0,60}}{_REFUSED}", rf"{_REFUSED}[^.]{{0,40}}{_TOOLS}")
_NO_CHOICE = _said(r"tool[_ ]choice", r"forc\w+ (?:a )?tool", "forced tool")
_TOO_COMPLEX = r"schema is too complex|\bgrammar\b"
_NO_SCHEMA = _said(
    r"output_config\b(?!\.effort)", "output_format", "response_format", "json_schema", "structured output", _TOO_COMPLEX
)
# What no other form would help, whatever else the words name.
_UNRELATED = _said("prompt is too long", r"context (?:length|window|limit)", "usage limits", "credit", r"\bimages?\b")
# What can be left out, by the words that name it. None of it changes what an answer means.
_FEATURES = {
    "strict": _said(r"\bstrict\b", _TOO_COMPLEX),
    "effort": _said(r"\beffort\b", "reasoning_effort", r"output_config\b(?!\.)"),
    "thinking": _said(r"\bthinking\b"),
    "parallel": _said("disable_parallel_tool_use", "parallel_tool_calls"),
    "marks": _said("cache_control"),
    "temperature": _said(r"\btemperature\b"),
    "top_p": _said(r"\btop_p\b"),
    "top_k": _said(r"\btop_k\b"),
}
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
_REFUSALS = frozenset({400, 422, 500, 501})
# FastAPI tells faults as JSON, each with its place and with what it was sent there, at times the whole body:
# https://fastapi.tiangolo.com/tutorial/handling-errors/
_SENT = re.compile(r'"input":.*', re.DOTALL)
_PLACE = re.compile(r'"loc": ?\[([^\]]*)\]')


def stepped(shape: Shape, status: int, said: str) -> Shape | None:
    """The next shape to try after a refusal, by its status and the endpoint's words; None where these name no feature.

    Local servers refuse what they cannot do with 500 or 501.
    """
    words = _PLACE.sub(lambda place: ".".join(re.findall(r"\w+", place[1])), _SENT.sub("", said))
    if status not in _REFUSALS or _UNRELATED.search(words):
        return None
    named = {name for name, feature in _FEATURES.items() if feature.search(words)} - shape.without
    if "parallel" in named:
        # Only a flag of the choice of a tool: what it stands on may well be taken without it.
        return replace(shape, without=shape.without | {"parallel"})
    form = _lower(shape.form, words)
    if form:
        return replace(shape, form=form)
    # Sampling is refused beside thinking, which is worth more.
    left_out = named & _SAMPLING or named
    return replace(shape, without=shape.without | left_out) if left_out else None


def _lower(form: Form, said: str) -> Form | None:
    """The form below, where the words name what this one is made of."""
    calls = form in {Form.MADE_TO_CALL, Form.CALL}
    if form is Form.MADE_TO_CALL and _NO_CHOICE.search(said):
        return Form.CALL
    if calls and (_NO_TOOLS.search(said) or _NO_CHOICE.search(said)):
        return Form.SCHEMA
    return Form.TEXT if form is Form.SCHEMA and _NO_SCHEMA.search(said) else None


def first_form(rules: ModelRules, *, thinks: bool) -> Form:
    """The form to begin with. Who thinks cannot be made to call: the call would have to come first.

    Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    return Form.MADE_TO_CALL if rules.forced_tool and not thinks else Form.CALL


def tool_of(request: Request) -> str:
    """The tool that the model is to answer with, '' where the request asks for no certain one."""
    choice = request.body.get("tool_choice")
    return str(choice.get("name", "")) if isinstance(choice, Mapping) and choice.get("type") == "tool" else ""


def shaped(request: Request, shape: Shape, words: str) -> Request:
    """The request in a shape. `words` tell the model to write its answer, with $tool and $schema for what they name.

    Equal beginnings stay equal: what the requests of a review share is shaped alike.
    """
    body = dict(request.body)
    if shape.form is Form.CALL:
        body["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
    elif shape.form in {Form.SCHEMA, Form.TEXT}:
        body = _written(body, tool_of(request), shape.form, words)
    for name in sorted(shape.without):
        body = _LEFT_OUT[name](body)
    return Request(body, request.repairs)


def _written(body: Json, name: str, form: Form, words: str) -> Json:
    """The request without tools: their results are words of the user, and the answer is to be written."""
    schema = next(tool["input_schema"] for tool in _tables(body["tools"]) if tool["name"] == name)
    told = words.replace("$tool", name).replace("$schema", json.dumps(schema, separators=(",", ":")))
    made: Json = {}
    for field, value in body.items():
        if field == "messages":
            made["messages"] = _without_calls(_tables(value), told)
        elif field not in {"tools", "tool_choice"}:
            made[field] = value
    if form is Form.SCHEMA:
        config = _table(body.get("output_config")) | {"format": {"type": "json_schema", "schema": schema}}
        # Ahead of what differs between the requests of a review.
        messages = made.pop("messages")
        made |= {"output_config": config, "messages": messages}
    return made


def _without_calls(messages: list[Json], told: str) -> list[Json]:
    """The turns with the results of tools as words; turns of one speaker in a row become one."""
    merged: list[Json] = []
    for message in messages:
        content = list(_words(message["content"]))
        if not content:
            continue
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1] = {**merged[-1], "content": [*_tables(merged[-1]["content"]), *content]}
        else:
            merged.append({**message, "content": content})
    merged[-1] = {**merged[-1], "content": [*_tables(merged[-1]["content"]), {"type": "text", "text": told.strip()}]}
    return merged


_FRAME_END = re.compile(r"<(\s*)/(?=\s*data)", re.IGNORECASE)


def _words(content: object) -> Iterator[Json]:
    """The blocks of a turn that are left without tools."""
    blocks: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else _tables(content)
    for block in blocks:
        if block["type"] == "tool_result":
            # Still one JSON text: what is quoted in it can neither end its frame nor pass for our own words.
            inner = _FRAME_END.sub(r"<\1\\/", str(block["content"]))
            told: Json = {"type": "text", "text": f"<data>\n{inner}\n</data>"}
            yield told | ({"cache_control": block["cache_control"]} if "cache_control" in block else {})
        elif block["type"] == "tool_use":
            if block["input"]:
                yield {"type": "text", "text": json.dumps(block["input"], ensure_ascii=False)}
        else:
            yield block


def read(reply: Reply, tool: str) -> Reply:
    """The reply with the call that it stands for: one JSON object, written as text, is the input of the tool.

    Text around a fenced or bare object is forgiven; the object itself is never repaired.
    """
    if any(call.name == tool for call in reply.tool_uses):
        return reply
    value = _object_in(reply.text)
    if value is None:
        return reply
    return replace(reply, content=(ToolUse(_WRITTEN_ID, tool, value),))


_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL)


def _object_in(text: str) -> object:
    """The only JSON object that a text holds as a whole, None where there is none."""
    fenced = _FENCE.findall(text)
    bare = text[text.find("{") : text.rfind("}") + 1]
    for candidate in (text, *(fenced if len(fenced) == 1 else ()), bare):
        value = loads(candidate.strip()) if candidate.strip().startswith("{") else BROKEN
        if isinstance(value, dict) and is_strict(value):
            return value
    return None


# --- What can be left out -------------------------------------------------------------------------------------------


def _without(name: str) -> Callable[[Json], Json]:
    return lambda body: {field: value for field, value in body.items() if field != name}


def _without_effort(body: Json) -> Json:
    config = {name: value for name, value in _table(body.get("output_config")).items() if name != "effort"}
    made = {field: config if field == "output_config" else value for field, value in body.items()}
    return made if config else _without("output_config")(made)


def _without_strict(body: Json) -> Json:
    if "tools" not in body:
        return body
    tools = [{name: value for name, value in tool.items() if name != "strict"} for tool in _tables(body["tools"])]
    return {**body, "tools": tools}


def _one_by_one(body: Json) -> Json:
    if "tool_choice" not in body:
        return body
    choice = {name: value for name, value in _table(body["tool_choice"]).items() if name != "disable_parallel_tool_use"}
    return {**body, "tool_choice": choice}


def _unmarked(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _unmarked(each) for name, each in value.items() if name != "cache_control"}
    return [_unmarked(each) for each in value] if isinstance(value, list) else value


_LEFT_OUT: Mapping[str, Callable[[Json], Json]] = {
    "strict": _without_strict,
    "effort": _without_effort,
    "thinking": _without("thinking"),
    "parallel": _one_by_one,
    "marks": lambda body: {name: _unmarked(value) for name, value in body.items()},
    "temperature": _without("temperature"),
    "top_p": _without("top_p"),
    "top_k": _without("top_k"),
}


def _tables(value: object) -> list[Json]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def _table(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
