"""The parts of a message as JSON, read strictly where it matters: what a tool is called with is never repaired.

Shapes: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.messages import Block, Json, StopReason, TextBlock, ToolUse, Usage, Verbatim
from bot.core.strict_json import is_strict


def table(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def string(value: object) -> str:
    """The value if it is a string, else ''."""
    return value if isinstance(value, str) else ""


def text_block(text: str) -> TextBlock | None:
    """Return the block, None for one without a character."""
    return TextBlock(text) if text else None


def tool_call(id_: str, name: str, value: object, raw: str = "") -> ToolUse:
    """Return the call. Input that is not strict JSON is None, with its text for who asks the model to repair it."""
    if not raw and value is None:
        return ToolUse(id_, name, {})
    if value is None or not is_strict(value):
        return ToolUse(id_, name, None, raw)
    return ToolUse(id_, name, value)


_ALIASES = {
    "stop": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "tool_calls": StopReason.TOOL_USE,
    "content_filter": StopReason.REFUSAL,
    **{reason.value: reason for reason in StopReason if reason is not StopReason.UNKNOWN},
}


def stop_reason(said: object, content: tuple[Block, ...]) -> StopReason:
    """Return why the model stopped. Gateways use OpenAI's words, or none at all: then the blocks tell."""
    calls = [block for block in content if isinstance(block, ToolUse)]
    known = _ALIASES.get(said) if isinstance(said, str) else None
    if known is not None:
        return StopReason.TOOL_USE if said == "stop" and calls else known
    if calls:
        return StopReason.UNKNOWN if any(call.input is None for call in calls) else StopReason.TOOL_USE
    said_something = any(not isinstance(block, Verbatim) for block in content)
    return StopReason.END_TURN if said_something else StopReason.UNKNOWN


def usage(said: Json) -> Usage:
    """Return the tokens. What is null, absent or no count is 0; writes without a stated lifetime are of 5 minutes."""
    split = table(said.get("cache_creation"))
    one_hour, five_minutes = (_count(split, f"ephemeral_{name}_input_tokens") for name in ("1h", "5m"))
    written = _count(said, "cache_creation_input_tokens") or one_hour + five_minutes
    one_hour = min(one_hour, written)
    return Usage(
        input_tokens=_count(said, "input_tokens"),
        cache_write_5m=written - one_hour,
        cache_write_1h=one_hour,
        cache_read=_count(said, "cache_read_input_tokens"),
        output_tokens=_count(said, "output_tokens"),
    )


def _count(said: Mapping[str, object], name: str) -> int:
    value = said.get(name)
    return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else 0
