"""A server that somebody else wrote, from its own reading of the two APIs: our client gets its answers right."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from llm_mock_api import ErrorReply, MockServer, MockServerOptions, ReplyObject, ReplyOptions, ToolCall
from llm_mock_api.types.reply import Usage as MockUsage
from pydantic import SecretStr

from bot.clients.asking import Asker, Limits, Wire
from bot.clients.budget import RetryBudget
from bot.clients.chat import ChatEndpoint, ChatWire
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.core.messages import Reply, Request, StopReason
from bot.errors import Rejected

KEY = SecretStr("made-up-key")
WORDS = 'Ein "Zitat" - ä\u2028 😀, und noch mehr davon.'
INPUT = {"findings": [{"title": WORDS, "line": 3}], "none": None}


async def _noop(_: float) -> None:
    """Waits for nothing."""


def wire_to(url: str, api: str, *, stream: bool) -> Wire:
    if api == "chat":
        return ChatWire(ChatEndpoint(url, KEY, stream))
    return MessagesWire(Endpoint(url, KEY, bearer=False, stream=stream))


def asked(api: str, said: str, *, stream: bool) -> Reply:
    """What comes back for some words, from a server that knows what to answer to them."""

    async def story() -> Reply:
        async with MockServer(MockServerOptions(port=0, log_level="none")) as server:
            server.when("words").reply(WORDS, ReplyOptions(chunk_size=3))
            server.when("call").reply(
                ReplyObject(
                    text="I call.", tools=[ToolCall(name="report", args=INPUT)], usage=MockUsage(input=70, output=9)
                )
            )
            server.when("refuse").reply(ReplyObject(error=ErrorReply(400, "no such thing", "invalid_request_error")))
            async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
                wire = wire_to(server.url, api, stream=stream)
                asker = Asker(http, wire, Pressure(1), RetryBudget(9), Limits(retry=Retry(sleep=_noop)))
                tools = [{"name": "report", "input_schema": {"type": "object"}}]
                messages = [{"role": "user", "content": said}]
                body = {"model": "some-model", "max_tokens": 100, "tools": tools, "messages": messages}
                return await asker.ask(Request(body))

    return asyncio.run(story())


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", ["messages", "chat"])
def test_its_answers(api: str, stream: bool) -> None:
    """Words in small pieces, a call beside words with its usage, and an error, through either API."""
    words = asked(api, "words please", stream=stream)
    assert (words.text, words.stop_reason) == (WORDS, StopReason.END_TURN)
    call = asked(api, "call please", stream=stream)
    assert [(use.name, use.input) for use in call.tool_uses] == [("report", INPUT)]
    assert (call.stop_reason, call.usage.total_input, call.usage.output_tokens) == (StopReason.TOOL_USE, 70, 9)
    with pytest.raises(Rejected, match="no such thing") as caught:
        asked(api, "refuse please", stream=stream)
    assert caught.value.status == 400
