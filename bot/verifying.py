"""Asks for a second look at what was found, in fewer and smaller requests than the first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.core.cost import dollars_of, presumed, tokens_of
from bot.core.messages import NO_USAGE, UNHEARD, Listener, Reply, Request, Usage
from bot.core.model_rules import ModelRules
from bot.core.models import Finding
from bot.core.policy import Policy
from bot.core.verification import Group, Judgement, read_verdicts
from bot.core.visible import Shown
from bot.errors import OutsideError


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of each claim that was looked at, and what that took; `problem` tells why there is less of it."""

    judged: Mapping[Finding, Judgement] = field(default_factory=dict)
    requests: int = 0
    usage: Usage = NO_USAGE
    presumed: Usage = NO_USAGE
    problem: str = ""


NOT_VERIFIED = Verified()


async def verify(model: Model, asked: Sequence[tuple[Group, Request]], shown: Shown, policy: Policy) -> Verified:
    """Ask about all groups at the same time, as far as `policy.max_cost` reaches.

    A failure leaves its claims as they are: they were found, and nobody refuted them.
    """
    looks = [_Look(model, shown, group, request, policy.rules) for group, request in asked]
    affordable = _affordable(looks, policy)
    verified = _summed(await asyncio.gather(*(look.verified() for look in affordable)))
    unseen = sum(len(group.claims) for group, _ in asked) - len(verified.judged)
    if verified.problem or not unseen:
        return verified
    why = "the model gave no usable verdict" if len(affordable) == len(looks) else "the money did not reach for it"
    return replace(verified, problem=f"A second look is missing for {unseen:,} of what was found: {why}.")


def _affordable(looks: Sequence[_Look], policy: Policy) -> list[_Look]:
    affordable, left = [], policy.max_cost
    for look in looks:
        left -= dollars_of(look.most, policy.price)
        if left >= 0:
            affordable.append(look)
    return affordable


def _summed(parts: Sequence[Verified]) -> Verified:
    return Verified(
        judged={finding: judgement for part in parts for finding, judgement in part.judged.items()},
        requests=sum(part.requests for part in parts),
        usage=sum((part.usage for part in parts), start=NO_USAGE),
        presumed=sum((part.presumed for part in parts), start=NO_USAGE),
        problem=next((part.problem for part in parts if part.problem), ""),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    model: Model
    shown: Shown
    group: Group
    request: Request
    rules: ModelRules

    @property
    def _sent(self) -> int:
        return tokens_of(self.request.encoded.decode(), self.rules)

    @property
    def most(self) -> Usage:
        """What it takes, estimated."""
        return presumed(self._sent, 1, None, self.rules)

    async def verified(self) -> Verified:
        """The judgements of one group."""
        try:
            reply = await self.model.ask(self.request)
        except OutsideError as error:
            lost = presumed(self._sent, error.lost, None, self.rules)
            return Verified(requests=min(error.attempts, 1), presumed=lost, problem=str(error))
        uncounted = presumed(self._sent, reply.lost, reply, self.rules)
        return Verified(read_verdicts(reply, self.group, self.shown), 1, reply.usage, uncounted)
