"""What `plumbline doctor` asks of a model's endpoint and of GitHub, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from textwrap import shorten

from bot.core.answer_form import Form, Shape
from bot.core.cost import Price, dollars_of
from bot.core.messages import Json, Reply, Request, StopReason
from bot.errors import OutsideError

_TOOL = "report_ready"
_MOST_TOKENS = 1_000
_NO_SUCH_ADDRESS = {404, 405}
# Under which an endpoint that does not know a model says so, besides naming the error so, as gateways do with 503.
_NO_SUCH_MODEL = {400, 403, 404}
_MOST_NAMES = 5
_LONGEST_QUOTE = 200

VIEWER = "query { viewer { login } }"
"""Who asks. `GET /user` is refused to Apps and to the token of a workflow."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check: whether it works, a clause or a sentence that says so, and details, one a line."""

    works: bool
    told: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """Who was asked and how: which model at which host, through which API, for a stream or not.

    `seconds` is the wait for the first event of the answer; `refusals` is what was refused before that was asked in
    another form, in the endpoint's own words, without secrets.
    """

    model: str
    host: str
    chat: bool
    streams: bool
    seconds: float
    refusals: tuple[str, ...] = ()


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


def heard(way: Way, reply: Reply, shape: Shape, price: Price) -> Finding:
    """What an answer to the probe tells: how the model answers, what that cost, and how it was asked."""
    who, more = f"{way.model} at {way.host}", (_asked(way), *refused(way.refusals))
    calls = [call for call in reply.tool_uses if call.name == _TOOL and isinstance(call.input, dict)]
    if reply.stop_reason is StopReason.REFUSAL:
        told = f"{who} refuses to answer; choose another with PLUMBLINE_MODEL."
        return Finding(works=False, told=told, more=more)
    if not calls:
        told = f"{who} answers, but not in the form that reviews need; choose another model with PLUMBLINE_MODEL."
        return Finding(works=False, told=told, more=more)
    without = f", without {' and '.join(sorted(shape.without))}" if shape.without else ""
    usage = reply.usage
    took = f"{usage.total_input:,} tokens in, {usage.output_tokens:,} out, ${dollars_of(usage, price):.4f}"
    counted = took if reply.measured else "it counts no tokens, so costs are estimates"
    return Finding(works=True, told=f"{who} {_FORMS[shape.form]}{without} ({counted})", more=more)


def _asked(way: Way) -> str:
    api = "Chat Completions" if way.chat else "Messages"
    form = "a stream, which began" if way.streams else "an answer in one piece, which came"
    return f"asked through {api} for {form} after {way.seconds * 1_000:,.0f} ms"


def refused(refusals: Sequence[str]) -> tuple[str, ...]:
    """What the endpoint refused before it took the request, one a line."""
    return tuple(f"it refused before: {shorten(said, _LONGEST_QUOTE, placeholder=' ...')}" for said in refusals)


def is_about_model(error: OutsideError, model: str) -> bool:
    """Whether the endpoint seems not to know the model: then it is worth asking which it knows."""
    return error.kind == "model_not_found" or (error.status in _NO_SUCH_MODEL and model in error.said)


def failed(error: OutsideError, model: str, listed: Sequence[str], *, chat: bool) -> str:
    """The sentence of an error, with what helps: the models that there are, or the other API.

    `listed` are the models that the endpoint lists, none where it lists none or was not asked.
    """
    if is_about_model(error, model):
        return f"{error} It lists {_names(model, listed)}." if listed and model not in listed else str(error)
    if error.status not in _NO_SUCH_ADDRESS:
        return str(error)
    if chat:
        return f"{error} If it speaks Messages, leave out PLUMBLINE_API and set ANTHROPIC_BASE_URL."
    return f"{error} If it speaks Chat Completions, set PLUMBLINE_API=chat and OPENAI_BASE_URL."


def _names(model: str, listed: Sequence[str]) -> str:
    """Those that look most like the one that was asked for, and how many more there are."""
    alike = sorted(listed, key=lambda name: (-SequenceMatcher(None, model, name).ratio(), name))
    more = len(alike) - _MOST_NAMES
    return ", ".join(alike[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


NOT_GITHUB = "GITHUB_API_URL answers, but not as GitHub does; check it."


def login_of(viewer: Mapping[str, object]) -> str:
    """The account that VIEWER's answer names, '' for one that GitHub does not give."""
    asked = viewer.get("viewer")
    login = asked.get("login") if isinstance(asked, dict) else None
    return login if isinstance(login, str) else ""


def known_as(login: str, limits: object) -> Finding:
    """What GitHub says of who asks, and of what is left of the hour; None where it sets no limit.

    Source: https://docs.github.com/en/rest/rate-limit/rate-limit
    """
    if not login:
        return Finding(works=False, told=NOT_GITHUB)
    who = (f"GitHub knows the token as {login}",)
    if limits is None:
        return Finding(works=True, told="requests are not limited", more=who)
    return replace(_left_of(limits), more=who)


def _left_of(said: object) -> Finding:
    rate = said.get("rate") if isinstance(said, dict) else None
    left, limit = (rate.get(name) for name in ("remaining", "limit")) if isinstance(rate, dict) else (None, None)
    if not isinstance(left, int) or not isinstance(limit, int):
        return Finding(works=False, told=NOT_GITHUB)
    if left <= 0:
        return Finding(works=False, told=f"none of GitHub's {limit:,} requests an hour is left; try again later.")
    return Finding(works=True, told=f"{left:,} of {limit:,} requests are left of this hour")
