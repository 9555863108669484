"""Tokens and money, estimated before anything is asked. Prices: https://docs.claude.com/en/docs/about-claude/pricing."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from bot.core.messages import Reply, Usage, reply_as_json
from bot.core.model_rules import ModelRules

OUTPUT_TOKENS_PER_CHUNK = 1_500
"""What an answer is taken to cost before it is known: a dozen findings with their words."""

_DENSE_RATIO = 1.5
_DENSE_LINE = 500
_DENSE_SPACE = 0.08
_BLOCK_TOKENS = 16
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens.

    Writing to a cache for 5 minutes or 1 hour, and reading from it, costs a multiple of the input's price.
    Source: https://platform.claude.com/docs/en/about-claude/pricing
    """

    input: float
    output: float
    write_5m: float = 1.25
    write_1h: float = 2.0
    read: float = 0.1


PROVIDER_PRICE = Price(5.0, 25.0)
PRICES = {"provider": PROVIDER_PRICE, "gateway": Price(2.0, 10.0)}
"""List prices of claude-opus-4-6: the provider's own, and the gateway's."""

PRICE_PATTERN = r"provider|gateway|[0-9]{1,6}(?:\.[0-9]{1,6})?/[0-9]{1,6}(?:\.[0-9]{1,6})?"
"""How a price is written: a list's name, or dollars for a million tokens in and out, as `2/10`."""


def price_of(written: str) -> Price:
    """The price that is written so, by PRICE_PATTERN."""
    if written in PRICES:
        return PRICES[written]
    sent, received = written.split("/")
    return Price(float(sent), float(received))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan would take: requests, tokens sent and received, US dollars.

    `ratio` tells how many tokens were taken to be counted for each that was estimated.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    dollars: float = 0.0
    ratio: float = 1.0


def tokens_of(text: str, rules: ModelRules) -> int:
    """Estimate the tokens of a text, on the safe side: never more than one a byte."""
    size = len(text.encode("utf-8", "surrogatepass"))
    ratio = _DENSE_RATIO if _dense(text) else rules.bytes_per_token
    return min(size, math.ceil(size / ratio))


def _dense(text: str) -> bool:
    """Minified code, base64 and hashes take far more tokens a byte than code that people write."""
    if len(text) < _DENSE_LINE:
        return False
    spaces = text.count(" ") + text.count("\n") + text.count("\t")
    return spaces < len(text) * _DENSE_SPACE


def request_overhead(prefix_tokens: int, rules: ModelRules) -> int:
    """The tokens of a request besides its chunk: what all share, the provider's own words on tools, the envelope."""
    return prefix_tokens + rules.tool_tokens + 6 * _BLOCK_TOKENS


def presumed(sent: int, lost: int, reply: Reply | None, rules: ModelRules) -> Usage:
    """An estimate of what nobody counted of a request: lost attempts, and the reply where it came without a count.

    `sent` are the request's tokens, estimated. An attempt whose answer never came whole may be charged in full.
    """
    took = Usage(input_tokens=lost * sent, output_tokens=lost * OUTPUT_TOKENS_PER_CHUNK)
    if reply is None or reply.measured:
        return took
    answered = tokens_of(json.dumps(reply_as_json(reply)["content"]), rules)
    return took + Usage(input_tokens=sent, output_tokens=answered)


def dollars_of(usage: Usage, price: Price) -> float:
    """What the tokens of a reply cost."""
    sent = (
        usage.input_tokens
        + price.write_5m * usage.cache_write_5m
        + price.write_1h * usage.cache_write_1h
        + price.read * usage.cache_read
    )
    return (sent * price.input + usage.output_tokens * price.output) / _MILLION


def estimate(chunk_tokens: list[int], overhead: int, price: Price, ratio: float = 1.0) -> Estimate:
    """Estimate a plan of requests, each of which sends its chunk and the overhead; caching is not counted on."""
    sent = math.ceil((sum(chunk_tokens) + len(chunk_tokens) * overhead) * ratio)
    received = len(chunk_tokens) * OUTPUT_TOKENS_PER_CHUNK
    dollars = (sent * price.input + received * price.output) / _MILLION
    return Estimate(len(chunk_tokens), sent, received, dollars, ratio)
