"""Turns with tools: ids that nothing confuses, and input that is held to its schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Reply, StopReason, TextBlock, ToolUse, Verbatim
from bot.core.tool_turns import ToolResult, misfit, named_apart, results_turn, said_turn

Json = dict[str, Any]
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "integer"}},
        "side": {"enum": ["old", "new"]},
        "deep": {
            "type": "object",
            "properties": {"flag": {"type": ["boolean", "null"]}},
            "required": ["flag"],
        },
    },
    "required": ["path"],
    "additionalProperties": False,
}


@given(st.lists(st.text(max_size=5) | st.sampled_from(["a", "toolu_1", "toolu_2"])), st.sets(st.text(max_size=5)))
def test_ids_are_told_apart(ids: list[str], taken: set[str]) -> None:
    """Each call has an id that the API takes and no other has; what could stay stays."""
    named = named_apart([ToolUse(id_, "read", {}) for id_ in ids], taken)
    made = [call.id for call in named]
    assert len({*made}) == len(made)
    assert not {*made} & taken
    assert all(id_.isascii() and id_ and " " not in id_ for id_ in made)


def test_a_good_id_stays() -> None:
    """The first to come keeps it."""
    calls = [ToolUse("a", "read", {}), ToolUse("a", "read", {}), ToolUse("b", "read", {})]
    assert [call.id for call in named_apart(calls, ())] == ["a", "toolu_2", "b"]


def test_what_the_wire_refuses_is_not_sent_back() -> None:
    """No blank text, no unknown tool, no input that is no object; the rest in its order, as it was."""
    thinking: Json = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    known, unknown = ToolUse("3", "read", {"path": "b"}), ToolUse("1", "delete", {"path": "a"})
    calls = (unknown, ToolUse("2", "read", None, '{"pa'), known)
    reply = Reply((Verbatim(thinking), TextBlock("  \n"), *calls, TextBlock("So.")), StopReason.TOOL_USE)
    assert said_turn(reply, calls, ["read"])["content"] == [
        thinking,
        {"type": "tool_use", "id": "1", "name": "read", "input": {}},
        {"type": "tool_use", "id": "2", "name": "read", "input": {}},
        {"type": "tool_use", "id": "3", "name": "read", "input": {"path": "b"}},
        {"type": "text", "text": "So."},
    ]


def test_results_stand_before_words() -> None:
    """One for each call; a call without a result is a fault of ours."""
    calls = [ToolUse("1", "read", {}), ToolUse("2", "read", {})]
    turn = results_turn(calls, [ToolResult("x"), ToolResult("no", failed=True)], "Answer.")
    assert turn == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "1", "content": "x"},
            {"type": "tool_result", "tool_use_id": "2", "content": "no", "is_error": True},
            {"type": "text", "text": "Answer."},
        ],
    }
    with pytest.raises(ValueError, match="shorter"):
        results_turn(calls, [ToolResult("x")])


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"path": "a"}, ""),
        ({"path": "a", "lines": [1, 2.0], "side": "old", "deep": {"flag": None, "more": 1}}, ""),
        ({}, "the input lacks path"),
        ({"path": 1}, "path is not of type string"),
        ({"path": "a", "other": 1}, "the input has other, which is not known"),
        ({"path": "a", "lines": [1, True]}, "lines[1] is not of type integer"),
        ({"path": "a", "lines": [1.5]}, "lines[0] is not of type integer"),
        ({"path": "a", "side": "left"}, "side is none of old, new"),
        ({"path": "a", "deep": {}}, "deep lacks flag"),
        ({"path": "a", "deep": {"flag": "yes"}}, "deep.flag is not of type boolean or null"),
        ([], "the input is not of type object"),
    ],
)
def test_input_is_held_to_its_schema(value: object, fault: str) -> None:
    """The first thing that does not fit, with its place."""
    assert misfit(SCHEMA, value) == fault
