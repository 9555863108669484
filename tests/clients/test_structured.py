"""The ladder of answer forms over real HTTP: stepped down once for all, remembered, and never for another reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.clients.structured import Shapes, Structured
from bot.core.answer_form import Form, Shape
from bot.core.messages import Reply, Request, ToolUse
from bot.errors import OutsideError
from tests.fakes.messages import Answer, FakeMessages, http_error, text, tool

Json = dict[str, Any]
ANSWER: Json = {"findings": []}
BODY: Json = {
    "model": "claude-opus-4-6",
    "max_tokens": 100,
    "tools": [
        {
            "name": "report",
            "strict": True,
            "input_schema": {
                "type": "object",
                "properties": {"findings": {"type": "array", "items": {"type": "string"}}},
                "required": ["findings"],
                "additionalProperties": False,
            },
        }
    ],
    "tool_choice": {"type": "tool", "name": "report", "disable_parallel_tool_use": True},
    "messages": [{"role": "user", "content": "Look."}],
}


async def _noop(_: float) -> None:
    """Waits for nothing."""


def ask(
    script: Callable[[Json], Answer], number: int = 1, shapes: Shapes | None = None, **fields: object
) -> tuple[list[Reply | BaseException], list[Json]]:
    """Ask that many at once; gives what came back, and what was sent."""

    async def story(url: str) -> list[Reply | BaseException]:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            wire = MessagesWire(Endpoint(url, SecretStr("made-up-key"), bearer=False))
            asker = Asker(http, wire, Pressure(8), RetryBudget(9), Limits(retry=Retry(sleep=_noop)))
            model = Structured(asker, "host", "Write the input of $tool: $schema", shapes or Shapes())
            requests = [Request({**BODY, **fields, "metadata": {"user_id": str(each)}}) for each in range(number)]
            return await asyncio.gather(*map(model.ask, requests), return_exceptions=True)

    with FakeMessages(script) as fake:
        replies = asyncio.run(story(fake.url))
        assert fake.problems == []
        return replies, [received.body for received in fake.requests]


def uses(reply: Reply | BaseException) -> tuple[ToolUse, ...]:
    assert isinstance(reply, Reply), reply
    return reply.tool_uses


def choosy(*refused: str, answers: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
    """An endpoint that refuses a request which holds one of some words, by name of the field."""

    def script(body: Json) -> Answer:
        sent = json.dumps({name: value for name, value in body.items() if name not in {"messages", "stream"}})
        for name in refused:
            if name in sent:
                field = name.strip('"')
                return http_error(400, "invalid_request_error", f"{field}: Extra inputs are not permitted")
        return answers(body)

    return script


def test_an_endpoint_that_takes_all_is_asked_once() -> None:
    """The surest form, and the answer as it came."""
    replies, sent = ask(lambda _: tool("report", ANSWER))
    assert [call.input for call in uses(replies[0])] == [ANSWER]
    assert [body["tool_choice"]["type"] for body in sent] == ["tool"]


def test_each_step_down_is_taken_once_and_remembered() -> None:
    """Down to JSON in plain text, one refusal for each step; the next request begins where the last one ended."""
    shapes = Shapes()
    script = choosy('"tools"', '"output_config"', answers=lambda _: text(f"```json\n{json.dumps(ANSWER)}\n```"))
    replies, sent = ask(script, shapes=shapes)
    assert [call.input for call in uses(replies[0])] == [ANSWER]
    assert len(sent) == 3
    assert "tools" in sent[0]
    assert "format" in sent[1]["output_config"]
    assert not {"tools", "output_config"} & sent[2].keys()
    replies, again = ask(script, shapes=shapes)
    assert [call.input for call in uses(replies[0])] == [ANSWER]
    assert len(again) == 1


def test_many_that_are_refused_at_once_step_down_once() -> None:
    """All of them were sent in the same form; none goes further than it has to."""
    script = choosy('"type": "tool"', answers=lambda _: tool("report", ANSWER))

    def named(body: Json) -> Answer:
        refused = http_error(400, "invalid_request_error", "tool_choice: forced tool use is not supported")
        return refused if body["tool_choice"]["type"] == "tool" else script(body)

    replies, sent = ask(named, number=6)
    assert all([call.input for call in uses(reply)] == [ANSWER] for reply in replies)
    assert [body["tool_choice"]["type"] for body in sent].count("auto") == 6
    assert len(sent) <= 12


def test_a_refused_feature_is_left_out() -> None:
    """The form stays as it is."""
    replies, sent = ask(choosy('"strict"', answers=lambda _: tool("report", ANSWER)))
    assert [call.input for call in uses(replies[0])] == [ANSWER]
    assert [body["tool_choice"]["type"] for body in sent] == ["tool", "tool"]
    assert "strict" not in sent[1]["tools"][0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "prompt is too long: 212000 tokens > 200000 maximum"),
        (400, "temperature: must be at most 1"),
        (401, "tools are not supported"),
        (404, "model not found"),
        (400, "You have reached your specified API usage limits for tool_choice"),
    ],
)
def test_another_refusal_is_raised(status: int, said: str) -> None:
    """It is asked once: neither does it name a feature of the request, nor would another form help."""
    replies, sent = ask(lambda _: http_error(status, "invalid_request_error", said))
    assert isinstance(replies[0], OutsideError)
    assert said in str(replies[0])
    assert len(sent) == 1


def test_words_instead_of_a_call() -> None:
    """Who is not made to call may write: an object is the call, anything else is handed on as it is."""
    replies, sent = ask(lambda _: text(json.dumps(ANSWER)), model="claude-opus-5-5")
    assert sent[0]["tool_choice"]["type"] == "auto", "this model cannot be made to"
    assert [(call.name, call.input) for call in uses(replies[0])] == [("report", ANSWER)]
    replies, sent = ask(lambda _: text("Looks good."), thinking={"type": "adaptive"})
    assert sent[0]["tool_choice"]["type"] == "auto", "neither can who thinks"
    assert uses(replies[0]) == ()


def test_an_account_without_credit_is_no_feature() -> None:
    """Such a refusal ends everything, whatever else its words name."""
    replies, sent = ask(lambda _: http_error(400, "insufficient_quota", "tools are not supported without credit left"))
    assert isinstance(replies[0], OutsideError)
    assert replies[0].stops_all
    assert len(sent) == 1
    replies, sent = ask(lambda _: http_error(400, "insufficient_quota", "tools are not supported on this plan"))
    assert isinstance(replies[0], OutsideError)
    assert len(sent) == 1


def test_many_go_all_the_way_down_together() -> None:
    """Each is refused at most once a step, and none goes below what is taken."""
    script = choosy('"strict"', '"tools"', answers=lambda _: text(json.dumps(ANSWER)))
    replies, sent = ask(script, number=6)
    assert all([call.input for call in uses(reply)] == [ANSWER] for reply in replies)
    assert len(sent) <= 6 * 3
    assert all("format" in body["output_config"] for body in sent if "tools" not in body)


def test_who_thinks_learns_apart() -> None:
    """It begins lower and may go lower still; whoever does not is made to call as before, and the other way round."""
    shapes = Shapes()

    def script(body: Json) -> Answer:
        if "tools" not in body:
            return text(json.dumps(ANSWER))
        if "thinking" in body:
            return http_error(400, "invalid_request_error", "tools are not supported in this mode")
        return tool("report", ANSWER)

    thinking = {"type": "adaptive"}
    asked = [*ask(script, shapes=shapes)[1]]
    asked += ask(script, shapes=shapes, thinking=thinking)[1]
    asked += ask(script, shapes=shapes)[1]
    assert [body.get("tool_choice", {}).get("type") for body in asked] == ["tool", "auto", None, "tool"]


def test_a_late_refusal_takes_nothing_back() -> None:
    """Two that were refused alike: when the second one tells, the first may be two steps further."""
    shapes, place = Shapes(), ("host", "m", Form.MADE_TO_CALL)
    first, second, third = (Shape(form) for form in (Form.MADE_TO_CALL, Form.CALL, Form.SCHEMA))
    assert shapes.of(*place) == first
    shapes.learn(place, first, second)
    shapes.learn(place, second, third)
    shapes.learn(place, first, second)
    assert shapes.of(*place) == third
