"""What is known of models, and rows of one's own."""

from __future__ import annotations

import json
import re

import pytest

from bot.core.model_rules import RULES, Sampling


def test_a_row_of_ones_own_goes_first() -> None:
    """By the beginning of the name, the longest first; what it does not say is as it was."""
    own = {"claude-opus-4-6-fast": {"most_output": 8_000}, "qwen3-": {"images": True, "sampling": "one"}}
    book = RULES.extended(json.dumps(own | {"qwen3-coder": {"efforts": ["low"], "bytes_per_token": 3}}))
    assert book.of("gateway/claude-opus-4-6-fast").most_output == 8_000
    assert book.of("claude-opus-4-6-fast").image_edge == RULES.of("claude-opus-4-6").image_edge
    assert book.of("claude-opus-4-6") == RULES.of("claude-opus-4-6")
    assert (book.of("qwen3-vl").images, book.of("qwen3-vl").sampling) == (True, Sampling.ONE)
    assert (book.of("qwen3-coder").images, book.of("qwen3-coder").efforts) == (False, ("low",))
    assert book.of("qwen3-coder").bytes_per_token == 3
    assert book.of("llama") == RULES.of("llama")


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("nonsense", "it is no JSON object of model names"),
        ("[]", "it is no JSON object of model names"),
        ('{"": {}}', "'' is not the beginning of a model's name with an object of its rules"),
        ('{"m": 1}', "'m' is not the beginning of a model's name with an object of its rules"),
        ('{"m": {"size": 1}}', "'size' is no rule; there are bytes_per_token, tool_tokens,"),
        ('{"m": {"images": 1}}', "'images' must be true or false"),
        ('{"m": {"most_output": true}}', "'most_output' must be a number above 0"),
        ('{"m": {"cache_minimum": 0}}', "'cache_minimum' must be a number above 0"),
        ('{"m": {"sampling": []}}', "'sampling' must be one of free, one, none"),
        ('{"m": {"sampling": "any"}}', "'sampling' must be one of free, one, none"),
        ('{"m": {"efforts": []}}', "'efforts' must be a list of words"),
    ],
)
def test_a_row_that_cannot_be_read_is_told(written: str, fault: str) -> None:
    """What is wrong, and what would be right."""
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}"):
        RULES.extended(written)
