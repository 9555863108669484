"""What a review may do: the limits and filters that hold for it, wherever they were set."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.cost import PROVIDER_PRICE, Price
from bot.core.selection import NO_FILTERS, Filters


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and filters of a review. Money in US dollars, chunks in estimated tokens, answers in tokens.

    `post` tells that the review is meant for the pull request: then it has to be open.
    """

    model: str
    filters: Filters = NO_FILTERS
    chunk_tokens: int = 12_000
    max_cost: float = 5.0
    price: Price = PROVIDER_PRICE
    max_tokens: int = 16_000
    max_comments: int = 10
    post: bool = False
