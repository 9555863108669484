"""Requests and replies as values: bytes that never change, sums that add up, a store that gives back what it got."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import (
    NO_USAGE,
    Reply,
    Request,
    StopReason,
    TextBlock,
    ToolUse,
    Usage,
    Verbatim,
    reply_as_json,
    reply_from_json,
)

Json = dict[str, Any]
_text = st.text(st.characters(exclude_categories=()), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_usages = st.builds(Usage, *[st.integers(0, 10**9)] * 5)
_tables = st.dictionaries(_text, _json, max_size=3)
_blocks = st.builds(TextBlock, _text) | st.builds(ToolUse, _text, _text, _json, _text) | st.builds(Verbatim, _tables)
_replies = st.builds(
    Reply, st.lists(_blocks, max_size=3).map(tuple), st.sampled_from(StopReason), _usages, _text, _text, st.booleans()
)


def readable(value: Any) -> Any:  # noqa: ANN401
    """The value with the replacement character for what UTF-8 cannot carry."""
    if isinstance(value, dict):
        return {readable(name): readable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [readable(part) for part in value]
    return re.sub("[\ud800-\udfff]", "\ufffd", value) if isinstance(value, str) else value


@given(st.dictionaries(_text, _json, max_size=4))
def test_the_bytes_of_a_request_are_valid_json(body: Json) -> None:
    """Any text becomes UTF-8 that reads back equal, in the order given; half of a surrogate pair is no text."""
    request = Request(body)
    encoded = request.encoded.decode()
    assert json.loads(encoded) == readable(body)
    assert list(json.loads(encoded)) == list(readable(body))
    assert min(encoded) >= " "
    assert request.digest == hashlib.sha256(request.encoded).hexdigest() == Request(dict(body)).digest


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_request_holds_no_number_that_json_lacks(number: float) -> None:
    """Python would write NaN, which no other reader takes."""
    with pytest.raises(ValueError, match="JSON"):
        _ = Request({"temperature": number}).encoded


@given(_replies)
def test_a_stored_reply_is_read_back_equal(reply: Reply) -> None:
    """Through plain values and JSON text nothing is lost: blocks, reason, tokens, names."""
    assert reply_from_json(json.loads(json.dumps(reply_as_json(reply)))) == reply


STORED: Json = reply_as_json(
    Reply((TextBlock("a"), ToolUse("i", "n", {}, "{}")), StopReason.TOOL_USE, Usage(1, 2, 3, 4, 5), "m", "i")
)


def test_a_reply_of_an_older_store_is_read() -> None:
    """It does not tell whether its tokens were counted; they were."""
    older = {name: value for name, value in STORED.items() if name != "measured"}
    assert reply_from_json(older).measured
    assert not reply_from_json({**older, "measured": False}).measured


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("content", "usage", "stop_reason")),
        {"content": ["text"]},
        {"content": [{}]},
        {"content": [{"type": "text"}]},
        {"content": [{"type": "image"}]},
        {"content": [{"type": "verbatim"}]},
        {"content": [{"type": "verbatim", "json": []}]},
        {"content": [{"type": "tool_use", "id": "i", "name": "n"}]},
        {"usage": []},
        {"usage": {"tokens": 1}},
        {"stop_reason": "tired"},
    ],
)
def test_what_is_no_stored_reply_is_refused(changes: Json) -> None:
    """A damaged store raises what it promises, so that the request is simply asked again."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        reply_from_json({**STORED, **changes})
    for name in STORED.keys() - {"measured", "lost"}:
        with pytest.raises(KeyError):
            reply_from_json({key: value for key, value in STORED.items() if key != name})


@given(st.lists(_usages, max_size=5))
def test_tokens_add_up_field_by_field(usages: list[Usage]) -> None:
    """The sum of many replies has each field's sum, and its input is the sum of all four kinds of input."""
    total = sum(usages, start=NO_USAGE)
    for each in fields(Usage):
        assert getattr(total, each.name) == sum(getattr(usage, each.name) for usage in usages)
    assert total.total_input + total.output_tokens == sum(
        getattr(usage, each.name) for usage in usages for each in fields(Usage)
    )


def test_a_reply_gives_its_words_and_calls() -> None:
    """Text blocks are joined, calls stay in order, whatever stands between them."""
    first, second = ToolUse("1", "a", {}), ToolUse("2", "b", {})
    thinking = Verbatim({"type": "thinking", "thinking": "hm", "signature": "x"})
    reply = Reply((thinking, TextBlock("one "), first, TextBlock("two"), second), StopReason.TOOL_USE)
    assert (reply.text, reply.tool_uses) == ("one two", (first, second))
