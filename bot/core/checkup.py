"""What `plumbline doctor` asks of a model's endpoint, and what it makes of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.answer_form import Form, Shape
from bot.core.cost import Price, dollars_of
from bot.core.messages import Json, Reply, Request, StopReason

_TOOL = "report_ready"
_MOST_TOKENS = 1_000
_NO_SUCH_ADDRESS = {404, 405}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check: whether it works, and a clause or a sentence that says so."""

    works: bool
    told: str


def probe(model: str, *, thinks: bool) -> Request:
    """A tiny request of the kind that a review makes: the model is to call one strict tool."""
    tool: Json = {
        "name": _TOOL,
        "description": "Tell that you are ready.",
        "strict": True,
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["ready"],
            "properties": {"ready": {"type": "boolean"}},
        },
    }
    return Request(
        {
            "model": model,
            "max_tokens": _MOST_TOKENS,
            **({"thinking": {"type": "adaptive"}} if thinks else {}),
            "system": [{"type": "text", "text": "You answer by calling the tool that you are told to call."}],
            "tools": [tool],
            "tool_choice": {"type": "tool", "name": _TOOL, "disable_parallel_tool_use": True},
            "messages": [{"role": "user", "content": [{"type": "text", "text": f"Call {_TOOL} with ready = true."}]}],
        }
    )


_FORMS = {
    Form.MADE_TO_CALL: "calls the tool that it is made to call",
    Form.CALL: "calls a tool, without being made to",
    Form.SCHEMA: "takes no tools, and answers in JSON held to a schema",
    Form.TEXT: "takes no tools and no schema, and answers in JSON as plain text",
}


def heard(model: str, host: str, reply: Reply, shape: Shape, price: Price) -> Finding:
    """What an answer to the probe tells: how the model answers, and what that cost."""
    calls = [call for call in reply.tool_uses if call.name == _TOOL and isinstance(call.input, dict)]
    if reply.stop_reason is StopReason.REFUSAL:
        return Finding(works=False, told=f"{model} at {host} refuses to answer; choose another with PLUMBLINE_MODEL.")
    if not calls:
        return Finding(
            works=False,
            told=f"{model} at {host} answers, but not in the form that reviews need; choose another model with "
            "PLUMBLINE_MODEL.",
        )
    without = f", without {' and '.join(sorted(shape.without))}" if shape.without else ""
    usage = reply.usage
    took = f"{usage.total_input:,} tokens in, {usage.output_tokens:,} out, ${dollars_of(usage, price):.4f}"
    counted = took if reply.measured else "it counts no tokens, so costs are estimates"
    return Finding(works=True, told=f"{model} at {host} {_FORMS[shape.form]}{without} ({counted})")


def failed(status: int, sentence: str, *, chat: bool) -> str:
    """The sentence of an error, with the other API named where the endpoint does not know this one."""
    if status not in _NO_SUCH_ADDRESS:
        return sentence
    other = "Messages, leave out PLUMBLINE_API" if chat else "Chat Completions, set PLUMBLINE_API=chat"
    return f"{sentence} If it speaks {other}."


def left_of(said: object) -> Finding:
    """What GitHub says is left of the hour. Source: https://docs.github.com/en/rest/rate-limit/rate-limit."""
    rate = said.get("rate") if isinstance(said, dict) else None
    left, limit = (rate.get(name) for name in ("remaining", "limit")) if isinstance(rate, dict) else (None, None)
    if not isinstance(left, int) or not isinstance(limit, int):
        return Finding(works=False, told="GITHUB_API_URL answers, but not as GitHub does; check it.")
    return Finding(works=True, told=f"{left:,} of {limit:,} requests are left of this hour")
