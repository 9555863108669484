"""The turns of a conversation with tools: what is sent back of an answer, and what is answered to its calls.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.messages import Block, Json, Reply, TextBlock, ToolUse, Verbatim

NO_TOOL: Json = {"type": "none"}
"""The choice of tool with which the model can only answer."""

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) or (isinstance(value, float) and value.is_integer())) and not isinstance(value, bool)
    ),
}


class End(StrEnum):
    """Why a conversation ended: with an answer, an answer that is cut or refused, or one that a bound called for."""

    ANSWERED = "answered"
    CUT_OFF = "cut off"
    REFUSED = "refused"
    TURNS = "turns"
    TOKENS = "tokens"
    SECONDS = "seconds"
    RESULTS = "results"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call: a text, which tells what is wrong where it `failed`."""

    text: str
    failed: bool = False


def named_apart(calls: Sequence[ToolUse], taken: Collection[str]) -> tuple[ToolUse, ...]:
    """The calls, each with an id that no other has: gateways give ids that are empty or stand twice.

    `taken` are those of earlier turns. The API refuses doubled ids: https://github.com/anthropics/claude-code/issues/13460
    """
    known = set(taken)
    named: list[ToolUse] = []
    for call in calls:
        id_ = call.id if _ID.fullmatch(call.id) and call.id not in known else _free(known)
        known.add(id_)
        named.append(replace(call, id=id_))
    return tuple(named)


def _free(known: Collection[str]) -> str:
    number = len(known) + 1
    while f"toolu_{number}" in known:
        number += 1
    return f"toolu_{number}"


def said_turn(reply: Reply, calls: Sequence[ToolUse], declared: Sequence[str]) -> Json:
    """The model's turn as it is sent back, in its order; `calls` are its calls under the ids that they are answered by.

    What nobody here reads goes back as it came. A call of a tool that there is not is told as one of the first that
    there is, without input, and one that could not be parsed without its input: the wire takes neither.
    """
    named = iter(calls)
    content = [part for block in reply.content for part in _sent_back(block, named, declared)]
    return {"role": "assistant", "content": content}


def _sent_back(block: Block, named: Iterator[ToolUse], declared: Sequence[str]) -> Iterator[Json]:
    if isinstance(block, Verbatim):
        yield block.json
    elif isinstance(block, TextBlock):
        if block.text.strip():
            yield {"type": "text", "text": block.text}
    else:
        call = next(named)
        known = call.name in declared
        name = call.name if known else declared[0]
        input_ = call.input if known and isinstance(call.input, dict) else {}
        yield {"type": "tool_use", "id": call.id, "name": name, "input": input_}


def results_turn(calls: Sequence[ToolUse], results: Sequence[ToolResult], words: str = "") -> Json:
    """The user's turn: the results first, one for each call, in its order; then our words, if any."""
    blocks: list[Json] = [
        {"type": "tool_result", "tool_use_id": call.id, "content": result.text or "(nothing)"}
        | ({"is_error": True} if result.failed else {})
        for call, result in zip(calls, results, strict=True)
    ]
    if words:
        blocks.append({"type": "text", "text": words})
    return {"role": "user", "content": blocks}


def misfit(schema: Mapping[str, object], value: object, where: str = "the input") -> str:
    """What about a value does not fit its schema, as words; '' where it fits.

    Types, required and further properties, items and enums are looked at; a tool minds the rest itself.
    """
    wanted = _listed(schema.get("type"))
    if wanted and not any(_TYPES[name](value) for name in wanted if name in _TYPES):
        return f"{where} is not of type {' or '.join(wanted)}"
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        return f"{where} is none of {', '.join(map(str, choices))}"
    if isinstance(value, dict):
        return _misfit_of_object(schema, value, where)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        faults = (misfit(items, item, f"{where}[{at}]") for at, item in enumerate(value))
        return next(filter(None, faults), "")
    return ""


def _misfit_of_object(schema: Mapping[str, object], value: Mapping[str, object], where: str) -> str:
    known = schema.get("properties")
    parts: Mapping[str, object] = known if isinstance(known, Mapping) else {}
    missing = [name for name in _listed(schema.get("required")) if name not in value]
    if missing:
        return f"{where} lacks {', '.join(missing)}"
    further = [name for name in value if name not in parts]
    if further and schema.get("additionalProperties") is False:
        return f"{where} has {', '.join(further)}, which is not known"
    faults = (
        misfit(part, value[name], name if where == "the input" else f"{where}.{name}")
        for name, part in parts.items()
        if name in value and isinstance(part, Mapping)
    )
    return next(filter(None, faults), "")


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []
