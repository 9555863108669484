"""The vendor's own client, asked the same of the same server: it reads every complete answer as ours does."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Reply
from tests.conformance.wire import BODY, KEY, ask
from tests.fakes.messages import USAGE, FakeMessages, MessageAnswer, in_turn

Json = dict[str, Any]

_WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e9, 1e9) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=8,
)
_TEXT = st.builds(lambda said: {"type": "text", "text": said}, _WORDS)
_CALL = st.builds(
    lambda number, name, input_: {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": input_},
    st.integers(0, 9),
    st.sampled_from(["report", "other"]),
    st.dictionaries(_WORDS, _VALUES, max_size=4),
)
_COUNTS = st.fixed_dictionaries({name: st.integers(0, 10**6) for name in USAGE})
_ANSWERS = st.builds(
    MessageAnswer,
    st.lists(_TEXT | _CALL, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["end_turn", "tool_use", "max_tokens", "stop_sequence", "pause_turn", "refusal"]),
    _COUNTS,
)


def theirs(url: str, *, stream: bool) -> anthropic.types.Message:
    """What the vendor's client makes of the answer."""
    with (
        httpx2.Client(trust_env=False) as http,
        anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0, http_client=http) as client,
    ):
        asked: Any = BODY
        if not stream:
            message: anthropic.types.Message = client.messages.create(**asked)
            return message
        with client.messages.stream(**asked) as events:
            return events.get_final_message()


def seen(reply: Reply) -> Json:
    """What counts of ours."""
    usage = reply.usage
    return {
        "text": reply.text,
        "calls": [(use.id, use.name, use.input) for use in reply.tool_uses],
        "stop": reply.stop_reason.value,
        "usage": (usage.input_tokens, usage.cache_write_5m, usage.cache_read, usage.output_tokens),
        "id": reply.id,
        "model": reply.model,
    }


def seen_of_theirs(message: anthropic.types.Message) -> Json:
    """The same of theirs."""
    usage = message.usage
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "calls": [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"],
        "stop": message.stop_reason,
        "usage": (
            usage.input_tokens,
            usage.cache_creation_input_tokens,
            usage.cache_read_input_tokens,
            usage.output_tokens,
        ),
        "id": message.id,
        "model": message.model,
    }


@settings(max_examples=40)
@given(_ANSWERS, st.booleans())
def test_both_read_the_same(answer: MessageAnswer, stream: bool) -> None:
    """Text, input of tools, stop reason, usage, id and model, streamed and whole."""
    ours = ask(answer, stream=stream)
    assert ours.problems == []
    with FakeMessages(in_turn(answer)) as fake:
        message = theirs(fake.url, stream=stream)
    assert seen(ours.said) == seen_of_theirs(message)
    assert json.loads(json.dumps(seen(ours.said)["calls"])) == [
        [block["id"], block["name"], block["input"]] for block in answer.content if block["type"] == "tool_use"
    ]
