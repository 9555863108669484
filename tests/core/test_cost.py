"""Cost: estimates are formulas that can be worked by hand, and err on the safe side."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cost import (
    OUTPUT_TOKENS_PER_CHUNK,
    PRICE_PATTERN,
    PRICES,
    Price,
    dollars_of,
    estimate,
    presumed,
    price_of,
    request_overhead,
    tokens_of,
)
from bot.core.messages import NO_USAGE, Reply, StopReason, TextBlock, Usage
from bot.core.model_rules import RULES

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
    assert bool(text) <= tokens_of(text, RULES.of(model)) <= size


@pytest.mark.parametrize(("text", "size"), [("\udcff" * 10, 30), ("é" * 10, 20), ("日本" * 5, 30)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    """Text outside ASCII and bytes that are not UTF-8 count as many bytes as they take."""
    assert tokens_of(text, RULES.of(MODEL)) == math.ceil(size / 2.6)


def test_dense_text_counts_more() -> None:
    """Base64 and bundles take more tokens than code of the same size; short lines and spaced ones are code."""
    assert tokens_of(CODE, RULES.of(MODEL)) == math.ceil(len(CODE) / 2.6)
    assert tokens_of(DENSE, RULES.of(MODEL)) == math.ceil(len(DENSE) / 1.5)
    assert tokens_of(DENSE[:499], RULES.of(MODEL)) == math.ceil(499 / 2.6)
    assert tokens_of(DENSE.replace("U", " "), RULES.of(MODEL)) == math.ceil(len(DENSE) / 2.6)


def test_newer_models_count_more_and_unknown_ones_the_most() -> None:
    """A model nobody measured is taken for the densest, so that no request grows too large."""
    assert tokens_of(CODE, RULES.of("another")) >= tokens_of(CODE, RULES.of(NEWER)) > tokens_of(CODE, RULES.of(MODEL))
    assert RULES.of("another").tool_tokens >= RULES.of(NEWER).tool_tokens > RULES.of(MODEL).tool_tokens


def test_overhead_is_prefix_tool_and_envelope() -> None:
    """589 tokens for the forced tool and six blocks of 16 stand beside the prefix."""
    assert request_overhead(0, RULES.of(MODEL)) == 589 + 96
    assert request_overhead(1_000, RULES.of(MODEL)) == 1_000 + 589 + 96
    assert request_overhead(1_000, RULES.of(NEWER)) == 1_000 + 804 + 96


def test_a_reply_costs_what_the_price_list_says() -> None:
    """Writing to a cache costs 1.25 or 2 times the input, reading a tenth of it; each kind of token counts once."""
    price = Price(5.0, 25.0)
    worth = {
        Usage(input_tokens=1_000_000): 5.0,
        Usage(cache_write_5m=1_000_000): 6.25,
        Usage(cache_write_1h=1_000_000): 10.0,
        Usage(cache_read=1_000_000): 0.5,
        Usage(output_tokens=1_000_000): 25.0,
        Usage(): 0.0,
    }
    for usage, dollars in worth.items():
        assert dollars_of(usage, price) == pytest.approx(dollars, abs=1e-9)
    assert dollars_of(sum(worth, start=Usage()), price) == pytest.approx(46.75, abs=1e-9)


@given(st.lists(st.builds(Usage, *[st.integers(0, 10**7)] * 5), max_size=5))
def test_the_cost_of_many_replies_is_the_sum(usages: list[Usage]) -> None:
    """A review's cost may be worked out of its added tokens."""
    price = PRICES["gateway"]
    total = dollars_of(sum(usages, start=Usage()), price)
    assert total == pytest.approx(sum(dollars_of(usage, price) for usage in usages), abs=1e-9)


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("provider", Price(5, 25)),
        ("gateway", Price(2, 10)),
        ("2/10", Price(2, 10)),
        ("0.5/1.25", Price(0.5, 1.25)),
        ("0/0", Price(0, 0)),
    ],
)
def test_a_price_as_people_write_it(written: str, price: Price) -> None:
    """The name of a list, or dollars for a million tokens in and out; the cache's multiples are the provider's."""
    assert re.fullmatch(PRICE_PATTERN, written)
    assert price_of(written) == price
    assert (price.write_5m, price.write_1h, price.read) == (1.25, 2, 0.1)


@pytest.mark.parametrize("written", ["", "free", "2", "2/", "-1/2", "2/10/3", "2e9/1", "nan/1", "2/10\n"])
def test_what_is_no_price(written: str) -> None:
    """Neither a list nor two amounts."""
    assert not re.fullmatch(PRICE_PATTERN, written)


_counts = st.integers(0, 10_000_000)
_amounts = st.decimals(0, 100, places=4)


@given(st.builds(Usage, _counts, _counts, _counts, _counts, _counts), _amounts, _amounts)
def test_the_cost_is_exact(usage: Usage, sent: Decimal, received: Decimal) -> None:
    """To a billionth of a dollar, against exact arithmetic; a multiple of a cache may be another at a gateway."""
    price = Price(float(sent), float(received), 1.5, 3, 0.25)
    parts = (
        usage.input_tokens
        + Decimal("1.5") * usage.cache_write_5m
        + 3 * usage.cache_write_1h
        + Decimal("0.25") * usage.cache_read
    )
    exact = (parts * sent + usage.output_tokens * received) / 1_000_000
    assert abs(Decimal(dollars_of(usage, price)) - exact) < Decimal("1e-9")


def test_what_nobody_counted_is_presumed() -> None:
    """A lost attempt counts in full, a reply without a count by its size; what was counted is not estimated."""
    rules = RULES.of(MODEL)
    told = Reply((TextBlock("x" * 260),), StopReason.END_TURN, Usage(10, 5))
    assert presumed(1_000, 0, None, rules) == presumed(1_000, 0, told, rules) == NO_USAGE
    assert presumed(1_000, 2, told, rules) == Usage(input_tokens=2_000, output_tokens=2 * OUTPUT_TOKENS_PER_CHUNK)
    uncounted = presumed(1_000, 0, replace(told, measured=False), rules)
    assert uncounted.input_tokens == 1_000
    assert 100 <= uncounted.output_tokens <= 150
