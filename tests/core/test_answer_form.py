"""Forms of an answer: a step down only where a refusal names the feature, and the same answer read out of each."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer_form import Form, Shape, first_form, read, shaped, stepped, tool_of
from bot.core.messages import Reply, Request, StopReason, TextBlock, ToolUse
from bot.core.model_rules import RULES
from tests.fakes.messages_rules import request_problems

Json = dict[str, Any]
HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
MARK = {"cache_control": {"type": "ephemeral"}}
SCHEMA: Json = {
    "type": "object",
    "properties": {"x": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}
TOOLS: list[Json] = [
    {"name": "read_it", "input_schema": {"type": "object", "properties": {}, "additionalProperties": False}},
    {"name": "report", "input_schema": SCHEMA, "strict": True},
]


def request(part: str = "the part", **fields: Any) -> Request:  # noqa: ANN401 - any field of a request
    """A request as a review makes it: a task, the material as results of tools, a question."""
    use: Json = {"type": "tool_use", "id": "a", "name": "read_it", "input": {}}
    results: list[Json] = [
        {"type": "tool_result", "tool_use_id": "a", "content": "the context", **MARK},
        {"type": "tool_result", "tool_use_id": "b", "content": part},
        {"type": "text", "text": "Report."},
    ]
    return Request(
        {
            "model": "claude-opus-4-6",
            "max_tokens": 100,
            "output_config": {"effort": "low"},
            "system": [{"type": "text", "text": "Be strict.", **MARK}],
            "tools": TOOLS,
            "tool_choice": {"type": "tool", "name": "report", "disable_parallel_tool_use": True},
            **fields,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Look."}]},
                {"role": "assistant", "content": [use, {**use, "id": "b"}]},
                {"role": "user", "content": results},
            ],
        }
    )


WORDS = "Write the input of $tool: $schema"


def body(form: Form, *without: str, part: str = "the part", **fields: Any) -> Json:  # noqa: ANN401 - the same
    """The body in a form, which the API's own rules admit."""
    made = dict(shaped(request(part, **fields), Shape(form, frozenset(without)), WORDS).body)
    assert request_problems(HEADERS, made) == []
    return made


def test_the_forms() -> None:
    """Made to call, or asked to; else no tools are left, their results are words, and the answer is to be written."""
    assert body(Form.MADE_TO_CALL) == dict(request().body)
    assert body(Form.CALL)["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    text = body(Form.TEXT)
    assert not {"tools", "tool_choice"} & text.keys()
    assert [message["role"] for message in text["messages"]] == ["user"]
    blocks = text["messages"][0]["content"]
    assert [block["text"] for block in blocks] == [
        "Look.",
        "<data>\nthe context\n</data>",
        "<data>\nthe part\n</data>",
        "Report.",
        f"Write the input of report: {json.dumps(SCHEMA, separators=(',', ':'))}",
    ]
    assert blocks[1]["cache_control"] == MARK["cache_control"]
    held = body(Form.SCHEMA)
    assert held["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}
    assert held["messages"] == text["messages"]
    assert [*held][-1] == "messages"


@pytest.mark.parametrize("form", Form)
def test_what_requests_share_stays_the_same(form: Form) -> None:
    """Byte for byte up to the part that they ask about: a cache compares that."""
    one, other = (json.dumps(body(form, part=part)).partition(part)[0] for part in ("first", "second"))
    assert one == other
    assert "the context" in one


def test_no_material_ends_its_frame() -> None:
    """What stands in a diff cannot pass for our own words behind it, and is still the same JSON."""
    part = json.dumps({"lines": ["</data>", "< / DATA >", "</Data\n>", "a </div> b"]})
    told = body(Form.TEXT, part=part)["messages"][0]["content"][2]["text"]
    inner = told.removeprefix("<data>\n").removesuffix("\n</data>")
    assert not re.search(r"<\s*/\s*data", inner, re.IGNORECASE)
    assert json.loads(inner) == json.loads(part)


@pytest.mark.parametrize("form", [Form.SCHEMA, Form.TEXT])
def test_an_answer_that_is_asked_for_again_is_words(form: Form) -> None:
    """What was written before, and what is wrong with it, go along without tools, too."""
    before = request()
    said = {"type": "tool_use", "id": "c", "name": "report", "input": {"x": "ä"}}
    wrong = {"type": "tool_result", "tool_use_id": "c", "is_error": True, "content": "x is no number"}
    messages = [
        *before.body["messages"],  # type: ignore[misc]
        {"role": "assistant", "content": [said]},
        {"role": "user", "content": [wrong, {"type": "text", "text": "Once more."}]},
    ]
    made = shaped(Request({**before.body, "messages": messages}), Shape(form), WORDS)
    assert request_problems(HEADERS, dict(made.body)) == []
    turns: Any = made.body["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == [{"type": "text", "text": '{"x": "ä"}'}]


# --- Steps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "said", "below"),
    [
        (Form.MADE_TO_CALL, "tool_choice: forced tool use is not supported for this model", Form.CALL),
        (Form.MADE_TO_CALL, "Thinking may not be enabled when tool_choice forces tool use.", Form.CALL),
        (Form.CALL, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser', Form.SCHEMA),
        (Form.MADE_TO_CALL, "registry.ollama.ai/library/gemma does not support tools", Form.SCHEMA),
        (Form.MADE_TO_CALL, "tools param requires --jinja flag", Form.SCHEMA),
        (Form.CALL, "tools: Extra inputs are not permitted", Form.SCHEMA),
        (Form.CALL, "This model does not support function calling.", Form.SCHEMA),
        (Form.SCHEMA, "output_config.format: Extra inputs are not permitted", Form.TEXT),
        (Form.SCHEMA, "'response_format' of type 'json_schema' is not supported with this model", Form.TEXT),
    ],
)
def test_a_refusal_that_names_the_form_is_a_step_down(form: Form, said: str, below: Form) -> None:
    """As endpoints say it; local servers do so with 500 or 501."""
    for status in (400, 422, 500):
        assert stepped(Shape(form, frozenset({"effort"})), status, said) == Shape(below, frozenset({"effort"}))
    for status in (401, 404, 429, 529):
        assert stepped(Shape(form), status, said) is None


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "said",
    [
        "prompt is too long: 212000 tokens > 200000 maximum",
        "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_x",
        "messages: text content blocks must be non-empty",
        "This model's maximum context length is 8192 tokens, you asked for 9000 (8000 in messages, 1000 in tools).",
        "Your credit balance is too low to access the API.",
        "invalid x-api-key",
        "prompt is too long: 212000 tokens > 200000 maximum; tools are not supported beyond that",
        "You have reached your specified API usage limits. Tools are not supported until 2026-12-01.",
        "messages.2.content.0.image.source.base64: unsupported image, and no tools allowed",
        # FastAPI hands back what it was sent, at times cut: there each feature has its name, and none is meant.
        json.dumps([{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required", "input": request().body}]),
        json.dumps({"detail": [{"loc": ["body", "prompt"], "msg": "no", "input": request().body}]})[:300],
        "",
    ],
)
def test_any_other_refusal_teaches_nothing(form: Form, said: str) -> None:
    """It would be met in every form."""
    assert stepped(Shape(form), 400, said) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("tools.1.strict: Extra inputs are not permitted", "strict"),
        ("Schema is too complex for compilation", "strict"),
        ("output_config.effort: Extra inputs are not permitted", "effort"),
        ("output_config: Extra inputs are not permitted", "effort"),
        ("Unrecognized request argument supplied: reasoning_effort", "effort"),
        ("adaptive thinking is not available on this model", "thinking"),
        ("tool_choice.disable_parallel_tool_use: Extra inputs are not permitted", "parallel"),
        ("system.0.cache_control: Extra inputs are not permitted", "marks"),
        ("`temperature` is deprecated for this model.", "temperature"),
    ],
)
def test_a_refused_feature_is_left_out_once(said: str, name: str) -> None:
    """The form stays; a second refusal of the same teaches nothing where no call is asked for."""
    for form in (Form.MADE_TO_CALL, Form.CALL, Form.TEXT):
        assert stepped(Shape(form), 400, said) == Shape(form, frozenset({name}))
    assert stepped(Shape(Form.TEXT, frozenset({name})), 400, said) is None


@pytest.mark.parametrize(
    ("place", "after"),
    [
        (["body", "tools", 1, "strict"], Shape(Form.CALL, frozenset({"strict"}))),
        (["body", "output_config"], Shape(Form.CALL, frozenset({"effort"}))),
        (["body", "tools"], Shape(Form.SCHEMA)),
        (["body", "tool_choice"], Shape(Form.SCHEMA)),
    ],
)
def test_a_fault_in_a_list_is_known_by_its_place(place: list[object], after: Shape) -> None:
    """FastAPI tells faults as JSON, with the path to each: what was sent there is not read."""
    fault = {"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted", "input": request().body}
    assert stepped(Shape(Form.CALL), 422, json.dumps([fault])) == after


def test_a_choice_that_is_refused_without_its_flag_too_is_a_step_down() -> None:
    """The flag goes first; only what is refused still is more than that."""
    said = "tool_choice.tool.disable_parallel_tool_use: Extra inputs are not permitted"
    assert stepped(Shape(Form.MADE_TO_CALL), 400, said) == Shape(Form.MADE_TO_CALL, frozenset({"parallel"}))
    without = Shape(Form.MADE_TO_CALL, frozenset({"parallel"}))
    assert stepped(without, 400, said) == Shape(Form.CALL, frozenset({"parallel"}))


@pytest.mark.parametrize("said", ["Schema is too complex for compilation", "The compiled grammar is too large"])
def test_a_schema_that_cannot_be_compiled_is_told_in_words(said: str) -> None:
    """Where the whole answer is held to it, nothing else can be left out."""
    assert stepped(Shape(Form.SCHEMA), 400, said) == Shape(Form.TEXT)


def test_sampling_goes_before_thinking() -> None:
    """Where the two are refused together, thinking is worth more."""
    said = "`temperature` may only be set to 1 when thinking is enabled"
    assert stepped(Shape(Form.CALL), 400, said) == Shape(Form.CALL, frozenset({"temperature"}))


def test_what_is_left_out() -> None:
    """Each feature goes without another, and the rest of the body stays as it was."""
    all_: Json = {"thinking": {"type": "adaptive"}, "temperature": 1, "top_p": 1, "top_k": 1}
    before = dict(request(**all_).body)
    for name, field in (
        ("thinking",) * 2,
        ("temperature",) * 2,
        ("top_p",) * 2,
        ("top_k",) * 2,
        ("effort", "output_config"),
    ):
        after = dict(shaped(Request(before), Shape(Form.MADE_TO_CALL, frozenset({name})), WORDS).body)
        assert before.keys() - after.keys() == {field}
        assert all(before[key] == value for key, value in after.items())
    assert "strict" not in json.dumps(body(Form.MADE_TO_CALL, "strict")["tools"])
    assert body(Form.MADE_TO_CALL, "parallel")["tool_choice"] == {"type": "tool", "name": "report"}
    assert "cache_control" not in json.dumps(body(Form.TEXT, "marks"))


# --- Reading --------------------------------------------------------------------------------------------------------


def said(text: str) -> Reply:
    return Reply((TextBlock(text),), StopReason.END_TURN)


@pytest.mark.parametrize(
    "text",
    [
        '{"x": [1, "}"]}',
        ' \n{"x": [1, "}"]}\n',
        '```json\n{"x": [1, "}"]}\n```',
        'Here it is:\n```\n{"x": [1, "}"]}\n```\nDone.',
        'Here it is: {"x": [1, "}"]}. Done.',
    ],
)
def test_a_written_object_is_the_call(text: str) -> None:
    """With words or a fence around it, or without."""
    assert read(said(text), "report").content == (ToolUse("toolu_written", "report", {"x": [1, "}"]}),)


@pytest.mark.parametrize(
    "text",
    ['{"x": [1, 2', '{"x": 1} or {"x": 2}', "[1]", "Fine.", "", '{"x": 1, "x": 2}', '{"x": NaN}', "```\nno\n```"],
)
def test_what_is_no_object_is_never_repaired(text: str) -> None:
    """Cut, doubled, of another kind, or none: the reply is left as it was, and will be asked for again."""
    assert read(said(text), "report") == said(text)


def test_a_call_goes_before_words() -> None:
    """Who calls the tool and writes an object beside it has called the tool; another tool is no answer."""
    called = Reply((TextBlock('{"x": 2}'), ToolUse("a", "report", {"x": 1})), StopReason.TOOL_USE)
    assert read(called, "report") == called
    other = Reply((ToolUse("a", "read_it", {}), TextBlock('{"x": 2}')), StopReason.TOOL_USE)
    assert read(other, "report").tool_uses == (ToolUse("toolu_written", "report", {"x": 2}),)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), _json, max_size=4), st.integers(0, 2), st.booleans())
def test_any_object_survives(value: Json, indent: int, fenced: bool) -> None:
    """What a model writes as JSON is what its call would have held."""
    text = json.dumps(value, indent=indent or None, ensure_ascii=bool(indent))
    read_ = read(said(f"```json\n{text}\n```" if fenced else text), "report")
    assert read_.tool_uses == (ToolUse("toolu_written", "report", value),)


def test_where_to_begin() -> None:
    """Made to call, unless the model thinks or refuses to be made; a request without a certain tool has no form."""
    opus, later, local = (RULES.of(name) for name in ("claude-opus-4-6", "claude-opus-5-5", "llama3"))
    assert first_form(opus, thinks=False) is first_form(local, thinks=False) is Form.MADE_TO_CALL
    assert first_form(opus, thinks=True) is first_form(later, thinks=False) is Form.CALL
    assert not later.forced_tool
    assert tool_of(request()) == "report"
    assert tool_of(request(tool_choice={"type": "auto"})) == tool_of(Request({"messages": []})) == ""
