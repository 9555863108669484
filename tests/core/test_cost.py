"""Cost: estimates are formulas that can be worked by hand, and err on the safe side."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cost import OUTPUT_TOKENS_PER_CHUNK, PRICES, Price, estimate, family_of, request_overhead, tokens_of

MODEL = "claude-opus-4-6"
NEWER = "claude-opus-4-7-20260101"
CODE = "value = compute(other)\n" * 50
DENSE = "QUJDREVGR0hJSktMTU5P" * 58


def test_the_estimate_is_the_formula() -> None:
    """Input is chunks and overhead, output a stated size for each chunk, at the prices of a million."""
    made = estimate([1_000, 3_000], 500, PRICES["provider"])
    dollars = (5_000 * 5 + 2 * OUTPUT_TOKENS_PER_CHUNK * 25) / 1_000_000
    assert (made.requests, made.input_tokens, made.output_tokens) == (2, 5_000, 2 * OUTPUT_TOKENS_PER_CHUNK)
    assert made.dollars == pytest.approx(dollars, rel=1e-12)
    assert made.dollars == pytest.approx(0.1, rel=1e-12)


def test_the_gateways_price_is_its_own() -> None:
    """At 2 and 10 dollars the same plan costs two fifths."""
    provider, gateway = (estimate([1_000], 0, PRICES[name]).dollars for name in ("provider", "gateway"))
    assert gateway == pytest.approx(provider * 0.4, rel=1e-12)


def test_no_requests_cost_nothing() -> None:
    """Overhead is paid for each request, so for none where there is none."""
    assert estimate([], 10_000, Price(5, 25)).dollars == 0


@given(st.lists(st.integers(0, 20_000), max_size=30), st.integers(0, 5_000), st.integers(1, 20_000))
def test_one_more_request_never_costs_less(chunks: list[int], overhead: int, more: int) -> None:
    """The estimate grows with each request."""
    price = PRICES["provider"]
    assert estimate([*chunks, more], overhead, price).dollars > estimate(chunks, overhead, price).dollars


@pytest.mark.parametrize("model", [MODEL, NEWER, "another"])
@given(text=st.text(max_size=2_000))
def test_tokens_are_between_none_and_bytes(model: str, text: str) -> None:
    """The estimate is bounded by the text's size in bytes, and only an empty text has none."""
    size = len(text.encode("utf-8", "surrogatepass"))
    assert bool(text) <= tokens_of(text, model) <= size


@pytest.mark.parametrize(("text", "size"), [("\udcff" * 10, 30), ("é" * 10, 20), ("日本" * 5, 30)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    """Text outside ASCII and bytes that are not UTF-8 count as many bytes as they take."""
    assert tokens_of(text, MODEL) == math.ceil(size / 2.6)


def test_dense_text_counts_more() -> None:
    """Base64 and bundles take more tokens than code of the same size; short lines and spaced ones are code."""
    assert tokens_of(CODE, MODEL) == math.ceil(len(CODE) / 2.6)
    assert tokens_of(DENSE, MODEL) == math.ceil(len(DENSE) / 1.5)
    assert tokens_of(DENSE[:499], MODEL) == math.ceil(499 / 2.6)
    assert tokens_of(DENSE.replace("U", " "), MODEL) == math.ceil(len(DENSE) / 2.6)


def test_newer_models_count_more_and_unknown_ones_the_most() -> None:
    """A model nobody measured is taken for the densest, so that no request grows too large."""
    assert tokens_of(CODE, "another") >= tokens_of(CODE, NEWER) > tokens_of(CODE, MODEL)
    assert family_of("another").tool_tokens >= family_of(NEWER).tool_tokens > family_of(MODEL).tool_tokens


def test_overhead_is_prefix_tool_and_envelope() -> None:
    """589 tokens for the forced tool and three blocks of 16 stand beside the prefix."""
    assert request_overhead("", MODEL) == 589 + 48
    assert request_overhead(CODE, MODEL) == tokens_of(CODE, MODEL) + 589 + 48
