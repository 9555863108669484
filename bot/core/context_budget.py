"""How much other code goes along with the requests of a review, and what that takes."""

from __future__ import annotations

import math

from bot.core.chunking import Plan
from bot.core.context import Surroundings, size_of
from bot.core.cost import Estimate
from bot.core.diff import Diff
from bot.core.policy import Policy

_MILLION = 1_000_000


def allowed(policy: Policy, plan: Plan) -> int:
    """The tokens of other code for each request.

    The lines come first: other code gets the money that they leave, be it none.
    """
    if not plan.chunks or not policy.price.input:
        return policy.context_tokens
    left = max(policy.max_cost - plan.estimate.dollars, 0.0)
    affordable = left / policy.price.input * _MILLION / (plan.estimate.ratio or 1.0)
    return min(policy.context_tokens, int(affordable / len(plan.chunks)))


def estimate_of(around: Surroundings, plan: Plan, diff: Diff, most: int, policy: Policy) -> Estimate:
    """What the other code takes that goes along with the requests of a plan."""
    rules = policy.rules
    sizes = (size_of(excerpt, rules) for chunk in plan.chunks for excerpt in around.of(chunk, diff, most, rules))
    tokens = math.ceil(sum(sizes) * plan.estimate.ratio)
    return Estimate(0, tokens, 0, tokens * policy.price.input / _MILLION, plan.estimate.ratio)
