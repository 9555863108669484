"""Requests to a model and its replies as values, whichever wire carries them.

Shapes are those of the Messages API: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property

Json = dict[str, object]

_HALF_PAIR = re.compile("[\ud800-\udfff]")


class StopReason(StrEnum):
    """Why the model stopped. UNKNOWN stands for a value that this version does not know."""

    END_TURN = "end_turn"
    TOOL_USE = "tool_use"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    PAUSE_TURN = "pause_turn"
    REFUSAL = "refusal"
    CONTEXT_WINDOW = "model_context_window_exceeded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Words of the model."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of a tool. `input` is the parsed JSON; where `raw` could not be parsed it is None."""

    id: str
    name: str
    input: object
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A block that nobody here reads: thinking, or a kind of later days. Who sends the reply back sends it as it came.

    Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
    """

    json: Json


Block = TextBlock | ToolUse | Verbatim


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply, or of many added up. Input is what was sent without a cache; the sum is `total_input`."""

    input_tokens: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output_tokens: int = 0

    @property
    def total_input(self) -> int:
        """All tokens that the model read, from a cache or not."""
        return self.input_tokens + self.cache_write_5m + self.cache_write_1h + self.cache_read

    def __add__(self, other: Usage) -> Usage:
        """Add field by field."""
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: complete on the wire, whatever its stop reason says of its content.

    `measured` is False where the endpoint did not count its tokens. `lost` counts the attempts before it whose answer
    never came whole: the endpoint may have charged for them.
    """

    content: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage = NO_USAGE
    model: str = ""
    id: str = ""
    measured: bool = True
    lost: int = 0

    @property
    def text(self) -> str:
        """The words of all text blocks."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock))

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The calls of tools, in order."""
        return tuple(block for block in self.content if isinstance(block, ToolUse))


def _ignore(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whoever hears a reply come in.

    `begun` is called once, when the first event of the message is there: from then on what the request begins with is
    in the provider's cache. `said` gets the pieces of text, and of the input of tools, as they come, unchecked; `wrote`
    gets those of text alone. `failed` gets the sentence of an attempt that is followed by another; `again` tells that
    the request is sent anew: what was said before it is void.
    """

    begun: Callable[[], None] = _ignore
    said: Callable[[str], None] = _ignore
    again: Callable[[], None] = _ignore
    wrote: Callable[[str], None] = _ignore
    failed: Callable[[str], None] = _ignore


UNHEARD = Listener()


@dataclass(frozen=True)
class Request:
    """The body of one request, in the order in which it is sent: what many requests share stands first.

    `repairs` tells that it asks again for an answer that could not be used.
    """

    body: Mapping[str, object]
    repairs: bool = False

    @cached_property
    def encoded(self) -> bytes:
        """The exact bytes that are sent, valid UTF-8.

        The API refuses half of a surrogate pair even as a JSON escape, and a reply that is sent back may hold one:
        https://github.com/anthropics/claude-code/issues/60394
        """
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return _HALF_PAIR.sub("\ufffd", text).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes: the name under which the answer is remembered."""
        return hashlib.sha256(self.encoded).hexdigest()


def reply_as_json(reply: Reply) -> Json:
    """The reply as plain values, for a store; `reply_from_json` reads it back equal."""
    return {
        "id": reply.id,
        "model": reply.model,
        "stop_reason": reply.stop_reason.value,
        "measured": reply.measured,
        "lost": reply.lost,
        "usage": {each.name: getattr(reply.usage, each.name) for each in fields(reply.usage)},
        "content": [_block_as_json(block) for block in reply.content],
    }


def _block_as_json(block: Block) -> Json:
    if isinstance(block, TextBlock):
        return {"type": "text", "text": block.text}
    if isinstance(block, Verbatim):
        return {"type": "verbatim", "json": block.json}
    return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input, "raw": block.raw}


def reply_from_json(stored: Mapping[str, object]) -> Reply:
    """Read what `reply_as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    content, usage = stored["content"], stored["usage"]
    if not isinstance(content, list) or not isinstance(usage, dict):
        raise TypeError("a stored reply has a list of blocks and a table of usage")
    return Reply(
        content=tuple(_block_from_json(block) for block in content),
        stop_reason=StopReason(str(stored["stop_reason"])),
        usage=Usage(**usage),
        model=str(stored["model"]),
        id=str(stored["id"]),
        measured=bool(stored.get("measured", True)),
        lost=int(str(stored.get("lost", 0))),
    )


def _block_from_json(block: Mapping[str, object]) -> Block:
    if block["type"] == "text":
        return TextBlock(str(block["text"]))
    if block["type"] == "verbatim":
        return Verbatim(_table(block["json"]))
    return ToolUse(str(block["id"]), str(block["name"]), block["input"], str(block["raw"]))


def _table(value: object) -> Json:
    if not isinstance(value, dict):
        raise TypeError("a stored block is a table")
    return value
