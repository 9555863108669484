"""Asking for a second look: within the money that is left, and never silent about what had none."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot import prompts, verifying
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.policy import Policy
from bot.core.verification import ask_verdicts
from bot.core.visible import Shown
from bot.errors import Rejected
from tests.core.test_verification import DIFF, SHARED, finding, groups, reply, said

POLICY = Policy("claude-opus-4-6")


class Second:
    """Says of each claim of a request what it is told to, or fails."""

    def __init__(self, verdict: str = "confirmed", *, fails: bool = False) -> None:
        self._verdict = verdict
        self._fails = fails
        self.asked = 0

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer."""
        del listener
        self.asked += 1
        if self._fails:
            raise Rejected("The endpoint refused.", status=400)
        return reply(*(said(self._verdict, id=f"c{at}") for at in range(1, request.encoded.count(b"claim") + 1)))


def looked(model: Second, policy: Policy = POLICY) -> verifying.Verified:
    made = groups(finding(), *(finding("web/page.ts", line, title=f"t{line}") for line in range(1, 10)))
    asked = [(group, ask_verdicts(prompts.verify_words(), SHARED, Shown(DIFF), group)) for group in made]
    return asyncio.run(verifying.verify(model, asked, Shown(DIFF), policy))


def test_every_claim_gets_a_verdict() -> None:
    """Then there is nothing to be said."""
    model = Second("unsure")
    verified = looked(model)
    assert (len(verified.judged), verified.requests, verified.problem) == (10, model.asked, "")


@pytest.mark.parametrize(
    ("model", "policy", "words"),
    [
        (Second("perhaps"), POLICY, "missing for 10 of what was found: the model gave no usable verdict"),
        (Second(), replace(POLICY, max_cost=0.0), "missing for 10 of what was found: the money did not reach for it"),
        (Second(fails=True), POLICY, "The endpoint refused."),
    ],
    ids=["no verdict", "no money", "refused"],
)
def test_what_had_no_second_look_is_told(model: Second, policy: Policy, words: str) -> None:
    """Whatever kept it from that; nothing is taken back."""
    verified = looked(model, policy)
    assert words in verified.problem
    assert verified.judged == {}
    assert bool(model.asked) is (policy.max_cost > 0)
