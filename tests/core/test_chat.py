"""The same request in the words of Chat Completions: nothing lost that it has a word for, the bytes always the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat import chat_body
from tests.fakes.chat_rules import request_problems

Json = dict[str, Any]
HEADERS = {"content-type": "application/json"}
TOOL: Json = {
    "name": "report",
    "description": "Reports.",
    "input_schema": {"type": "object", "properties": {"x": {"type": "string"}}},
    "strict": True,
    "cache_control": {"type": "ephemeral"},
}
PICTURE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def body(*messages: Json, **fields: Any) -> Json:  # noqa: ANN401 - any field of a request
    said = messages or ({"role": "user", "content": "Look."},)
    return {"model": "m", "max_tokens": 9, **fields, "messages": [*said]}


def chat(*messages: Json, stream: bool = False, **fields: Any) -> Json:  # noqa: ANN401 - the same
    """The body in the other API's words, which must be one of its own requests."""
    made = chat_body(body(*messages, **fields), stream=stream)
    assert request_problems(HEADERS, made) == []
    return made


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": [*blocks]}


def model(*blocks: Json) -> Json:
    return {"role": "assistant", "content": [*blocks]}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def use(id_: str, input_: Json, name: str = "report") -> Json:
    return {"type": "tool_use", "id": id_, "name": name, "input": input_}


def result(id_: str, content: object, **fields: object) -> Json:
    return {"type": "tool_result", "tool_use_id": id_, "content": content, **fields}


def test_a_plain_request() -> None:
    """Model, limit and words are the same; a stream is asked for together with its usage."""
    assert chat() == {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Look."}]}
    streamed = chat(stream=True)
    assert (streamed["stream"], streamed["stream_options"]) == (True, {"include_usage": True})
    assert chat_body(body(), stream=False, most_tokens="max_completion_tokens")["max_completion_tokens"] == 9


@pytest.mark.parametrize("system", ["Be strict.", [text("Be strict."), text(" "), text("Be kind.")]])
def test_the_system_prompt_is_the_first_message(system: object) -> None:
    """As one text, whether it was one or several blocks; marks for a cache are left out."""
    first = chat(system=system)["messages"][0]
    assert first["role"] == "system"
    assert first["content"] in {"Be strict.", "Be strict.\n\nBe kind."}


def test_tools_are_functions() -> None:
    """With their schema and strictness, without marks."""
    assert chat(tools=[TOOL])["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "report",
                "description": "Reports.",
                "strict": True,
                "parameters": TOOL["input_schema"],
            },
        }
    ]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "report"}, {"type": "function", "function": {"name": "report"}}),
    ],
)
def test_the_choice_of_a_tool(choice: Json, said: object) -> None:
    """Each kind has its word, and one call at a time is a field beside it."""
    assert chat(tools=[TOOL], tool_choice=choice)["tool_choice"] == said
    alone = chat(tools=[TOOL], tool_choice={**choice, "disable_parallel_tool_use": True})
    assert (alone["tool_choice"], alone["parallel_tool_calls"]) == (said, False)
    assert "tool_choice" not in chat(tool_choice=choice), "there is nothing to choose from"


def test_calls_and_results_are_messages_of_their_own() -> None:
    """Input is text there; each result follows the calls, in order, ahead of the words of the same turn."""
    made = chat(
        user(text("Go.")),
        model(text("I look."), use("a", {"x": "ä"}), use("b", {})),
        user(result("a", "one"), result("b", [text("two"), text("three")], is_error=True), text("Now answer.")),
        model(use("c", {"x": "y"})),
        user(result("c", "")),
        tools=[TOOL],
    )
    assert made["messages"] == [
        {"role": "user", "content": "Go."},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "report", "arguments": '{"x":"ä"}'}},
                {"id": "b", "type": "function", "function": {"name": "report", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": "Error: two\n\nthree"},
        {"role": "user", "content": "Now answer."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "report", "arguments": '{"x":"y"}'}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": ""},
    ]


def test_pictures_are_parts() -> None:
    """A picture is an address that holds it; the words beside it are parts, too, in their order."""
    made = chat(user(text("Image 1:"), PICTURE, text(" "), text("Does it fit?")))
    assert made["messages"][0]["content"] == [
        {"type": "text", "text": "Image 1:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "Does it fit?"},
    ]
    linked = {"type": "image", "source": {"type": "url", "url": "https://host/x.png"}}
    assert chat(user(linked))["messages"][0]["content"][0]["image_url"] == {"url": "https://host/x.png"}


def test_controls() -> None:
    """Sampling, stops, effort and the form of the answer have their words; the rest has none and is left out."""
    form = {"type": "json_schema", "schema": {"type": "object"}}
    made = chat(
        temperature=0.5,
        top_p=0.9,
        stop_sequences=["END"],
        output_config={"effort": "max", "format": form},
        thinking={"type": "adaptive"},
        metadata={"user_id": "x"},
        top_k=5,
    )
    assert made == {
        "model": "m",
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["END"],
        "reasoning_effort": "high",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
        "messages": [{"role": "user", "content": "Look."}],
    }


def test_what_is_blank_is_no_message() -> None:
    """A turn of blanks says nothing, and an endpoint may refuse it."""
    made = chat(user(text("  ")), model(text("\n")), user(text("Look.")))
    assert made["messages"] == [{"role": "user", "content": "Look."}]


_texts = st.text(max_size=20)
_inputs = st.dictionaries(_texts, _texts, max_size=3)


@given(st.lists(st.tuples(_texts, st.lists(_inputs, max_size=3)), max_size=4), _texts)
def test_any_conversation_is_one_there(turns: list[tuple[str, list[Json]]], question: str) -> None:
    """Whatever was said and called, each call has its result, no word is lost, and the bytes depend on nothing else."""
    messages: list[Json] = [user(text("Go."))]
    for number, (words, inputs) in enumerate(turns):
        ids = [f"{number}-{at}" for at in range(len(inputs))]
        if inputs:
            messages.append(model(text(words), *map(use, ids, inputs)))
            messages.append(user(*(result(id_, words) for id_ in ids), text(question)))
    made = chat(*messages, tools=[TOOL])
    calls = [call for message in made["messages"] for call in message.get("tool_calls", ())]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [each for _, all_ in turns for each in all_]
    assert json.dumps(made) == json.dumps(chat(*json.loads(json.dumps(messages)), tools=[TOOL]))
