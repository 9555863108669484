"""Requests fitted to their model: what would be refused is not sent, all else stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.fitting import WITHOUT_SAMPLING, fitted
from bot.core.model_rules import RULES
from tests.fakes.messages_rules import request_problems

Json = dict[str, Any]
HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
OPUS_4_6, OPUS_4_7, LATER = "claude-opus-4-6", "claude-opus-4-7", "claude-opus-5-5"
SAMPLING = {"temperature": 0.5, "top_p": 0.9, "top_k": 5}
MARK = {"cache_control": {"type": "ephemeral"}}


def body(model: str = OPUS_4_6, **fields: Any) -> Json:  # noqa: ANN401 - any field of a request
    return {"model": model, "max_tokens": 100, **fields, "messages": [{"role": "user", "content": "x"}]}


def sampling_of(model: str, version: str = "2023-06-01", **fields: Any) -> set[str]:  # noqa: ANN401 - the same
    return SAMPLING.keys() & fitted(body(model, **SAMPLING, **fields), version).keys()


def test_sampling_parameters() -> None:
    """4.6 takes temperature or top_p, none while it thinks; later models and versions none; a local one all."""
    assert sampling_of(OPUS_4_6) == {"temperature", "top_k"}
    assert sampling_of(OPUS_4_6, thinking={"type": "adaptive"}) == set()
    assert sampling_of(OPUS_4_7) == sampling_of(LATER) == sampling_of("anthropic/claude-next") == set()
    assert sampling_of("llama3.1:8b") == SAMPLING.keys()
    assert sampling_of("llama3.1:8b", WITHOUT_SAMPLING) == set()


@pytest.mark.parametrize(
    ("model", "thinking", "sent"),
    [
        (OPUS_4_6, {"type": "enabled", "budget_tokens": 2_000}, {"type": "enabled", "budget_tokens": 2_000}),
        (OPUS_4_7, {"type": "enabled", "budget_tokens": 2_000}, {"type": "adaptive"}),
        (OPUS_4_7, {"type": "disabled"}, None),
        (OPUS_4_7, {"type": "adaptive"}, {"type": "adaptive"}),
    ],
)
def test_thinking(model: str, thinking: Json, sent: Json | None) -> None:
    """Only 4.6 takes a budget, or word that it shall not think."""
    assert fitted(body(model, thinking=thinking)).get("thinking") == sent


def test_effort() -> None:
    """4.6 does not know xhigh; the next lower word is sent, and the rest of the output's settings stays."""
    config = {"effort": "xhigh", "format": {"type": "json_schema", "schema": {}}}
    assert fitted(body(OPUS_4_6, output_config=config))["output_config"] == {**config, "effort": "high"}
    assert fitted(body(OPUS_4_7, output_config=config))["output_config"] == config


@pytest.mark.parametrize(("model", "most"), [(OPUS_4_6, 128_000), ("claude-sonnet-4-6", 64_000)])
def test_the_limit_of_tokens_is_the_models(model: str, most: int) -> None:
    """More than a model may answer with is refused; less is what was asked for."""
    assert fitted(body(model) | {"max_tokens": 200_000})["max_tokens"] == most
    assert fitted(body(model) | {"max_tokens": 7})["max_tokens"] == 7


def test_blank_text_is_not_sent_and_marks_are_four() -> None:
    """The API refuses blank blocks, and a fifth mark; the last marks keep the longest prefixes."""
    blocks = [{"type": "text", "text": text, **MARK} for text in ("a", " ", "b", "c", "d")]
    system = [{"type": "text", "text": "s", **MARK}, {"type": "text", "text": "\n", **MARK}]
    fit: Json = fitted(body(system=system) | {"messages": [{"role": "user", "content": blocks}]})
    assert [block["text"] for block in fit["messages"][0]["content"]] == ["a", "b", "c", "d"]
    assert fit["system"] == [{"type": "text", "text": "s"}]
    assert request_problems(HEADERS, fit) == []
    assert "cache_control" in blocks[0], "what was given is as it was"


_models = st.sampled_from([OPUS_4_6, OPUS_4_7, LATER, "claude-haiku-4-5", "some-model"])
_thinkings = st.sampled_from(
    [None, {"type": "adaptive"}, {"type": "disabled"}, {"type": "enabled", "budget_tokens": 1_024}]
)


@given(_models, st.sets(st.sampled_from([*SAMPLING])), _thinkings, st.sampled_from(["low", "high", "xhigh", None]))
def test_any_request_is_admitted(model: str, names: set[str], thinking: Json | None, effort: str | None) -> None:
    """Whatever is asked of whichever model, the API's own types and rules admit what is sent; twice fitted is once."""
    fields: Json = {name: SAMPLING[name] for name in sorted(names)}
    fields |= {"thinking": thinking} if thinking else {}
    fields |= {"output_config": {"effort": effort}} if effort else {}
    fit = fitted(body(model, **fields) | {"max_tokens": 4_000})
    assert request_problems(HEADERS, {name: value for name, value in fit.items() if name != "top_k"}) == []
    assert json.dumps(fitted(fit)) == json.dumps(fit)
    assert [name for name in body(model, **fields) if name in fit] == [*fit]


def test_a_vendor_in_front_of_a_name_changes_nothing() -> None:
    """Gateways do that; an unknown name is counted as the densest, with everything tried."""
    assert RULES.of(f"anthropic/{OPUS_4_6}") is RULES.of(OPUS_4_6)
    assert not RULES.of(LATER).forced_tool
    unknown = RULES.of("qwen3")
    assert (unknown.forced_tool, unknown.bytes_per_token) == (True, RULES.of(OPUS_4_7).bytes_per_token)
