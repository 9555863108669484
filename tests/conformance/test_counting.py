"""Case 63: an endpoint's own count of tokens, where it has one; and what its answers tell of our estimate."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot import prompts, reviewer
from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.chat import ChatEndpoint, ChatWire
from bot.clients.gauge import Gauged, Ratios
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.source import PatchText
from bot.clients.structured import Shapes, Structured
from bot.core.cost import PRICES, tokens_of
from bot.core.messages import Request
from bot.core.model_rules import RULES
from bot.core.policy import Policy
from bot.core.review import Review
from bot.progress import Progress
from tests.claims import NoAnalyzers
from tests.conformance.wire import BODY, KEY
from tests.fakes.messages import Answer, FakeMessages, MessageAnswer, RawAnswer, counted, http_error, raw, text
from tests.scripted_reviewer import ScriptedReviewer

Json = dict[str, Any]
MODEL = "claude-opus-4-6"
RULES_OF_MODEL = RULES.of(MODEL)
PATCH = (
    "diff --git a/app.py b/app.py\nnew file mode 100644\n--- /dev/null\n+++ b/app.py\n@@ -0,0 +1,400 @@\n"
    + "".join(f"+value_{at} = compute({at})\n" for at in range(400))
).encode()


def asker(http: httpx.AsyncClient, url: str) -> Asker:
    wire = MessagesWire(Endpoint(url, SecretStr(KEY), bearer=False))
    return Asker(http, wire, Pressure(4), RetryBudget(9), Limits(5, 5))


def ask_counts(fake: FakeMessages, body: Json = BODY, times: int = 1) -> list[int | None]:
    """Have a request counted so many times."""

    async def story() -> list[int | None]:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            asks = asker(http, fake.url)
            return [await asks.count(Request(body)) for _ in range(times)]

    return asyncio.run(story())


def test_63_what_is_counted_is_what_the_model_reads() -> None:
    """Nothing of how it is to answer goes along: no limit of tokens, no sampling, no stream."""
    body = {**BODY, "temperature": 0.2, "stop_sequences": ["x"], "stream": True, "tool_choice": {"type": "auto"}}
    with FakeMessages(lambda _: text("x")) as fake:
        (told,) = ask_counts(fake, body)
        assert fake.problems == []
        (sent,) = fake.counted
        assert fake.requests == []
    assert told == len(json.dumps(sent.body)) // 4
    assert sent.body.keys() == {"model", "messages", "tools", "tool_choice"}
    assert sent.path == "/v1/messages/count_tokens"


@pytest.mark.parametrize("status", [404, 405, 501])
def test_63_who_cannot_count_is_not_asked_again(status: int) -> None:
    """The estimator does."""
    with FakeMessages(lambda _: text("x"), counts=lambda _: http_error(status)) as fake:
        assert ask_counts(fake, times=3) == [None, None, None]
        assert len(fake.counted) == 1


@pytest.mark.parametrize(
    "answer",
    [
        http_error(429),
        http_error(400, "invalid_request_error", "odd"),
        raw(200, "application/json", b'{"input_tokens": "many"}'),
        raw(200, "application/json", b'{"input_tokens": 0}'),
        raw(200, "text/html", b"<html>"),
        raw(302, "text/html", b"", {"location": "/elsewhere"}),
    ],
)
def test_63_a_count_that_fails_is_none(answer: RawAnswer) -> None:
    """Nothing hangs on it, and the next request may be counted."""
    with FakeMessages(lambda _: text("x"), counts=lambda _: answer) as fake:
        assert ask_counts(fake, times=2) == [None, None]
        assert len(fake.counted) == 2


def test_63_chat_completions_count_nothing() -> None:
    """They have no such address; nobody is asked."""

    async def story() -> int | None:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            wire = ChatWire(ChatEndpoint("http://127.0.0.1:9/v1"))
            return await Asker(http, wire, Pressure(4), RetryBudget(9), Limits(5, 5)).count(Request(BODY))

    assert asyncio.run(story()) is None


def reviewed(
    cap: float, counts: Callable[[Json], RawAnswer] = counted, ratios: Ratios | None = None
) -> tuple[Review, FakeMessages]:
    """A review of some chunks under a cap of dollars."""
    learnt = ratios or Ratios()

    async def story(url: str) -> Review:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            asks = asker(http, url)
            structured = Structured(asks, url, prompts.load("wire/written.md"), Shapes())
            gauged = Gauged(structured, "host", asks.count, learnt)
            watch = Progress(None, PRICES["provider"])
            ports = reviewer.Ports(PatchText(PATCH, "made up"), NoAnalyzers(), gauged, watch, gauge=gauged)
            return await reviewer.review(ports, reviewer.Wish(Policy(MODEL, chunk_tokens=2_000, max_cost=cap)))

    scripted = ScriptedReviewer()

    def script(body: Json) -> Answer:
        answer = scripted(body)
        assert isinstance(answer, MessageAnswer)
        told = json.loads(counted(body).chunks[0])["input_tokens"]
        return replace(answer, usage={"input_tokens": told, "output_tokens": 20})

    with FakeMessages(script, counts) as fake:
        review = asyncio.run(story(fake.url))
        assert fake.problems == []
        return review, fake


def test_the_endpoint_counts_where_that_decides() -> None:
    """Under a cap that our estimate meets it is asked once, and more is read for the same money."""
    ours, fake = reviewed(1_000)
    assert (fake.counted, ours.plan.estimate.ratio) == ([], 1.0)
    cap = ours.plan.estimate.dollars * 0.7
    blind, fake = reviewed(cap, lambda _: http_error(404))
    assert len(fake.counted) == 1
    seeing, fake = reviewed(cap)
    assert len(fake.counted) == 1
    assert seeing.plan.estimate.ratio < 1
    assert len(blind.plan.chunks) < len(seeing.plan.chunks) <= len(ours.plan.chunks)
    assert seeing.plan.estimate.dollars <= cap
    assert [chunk.pieces for chunk in blind.plan.chunks] == [
        chunk.pieces for chunk in seeing.plan.chunks[: len(blind.plan.chunks)]
    ]


def test_answers_tell_how_far_the_estimate_is_off() -> None:
    """What one review learnt the next one knows, for that endpoint and model, without a count."""
    ratios = Ratios()
    first, _ = reviewed(1_000, ratios=ratios)
    learnt = ratios.of(("host", MODEL))
    assert learnt is not None
    assert ratios.of(("host", "another")) is ratios.of(("another", MODEL)) is None
    second, fake = reviewed(first.plan.estimate.dollars * 0.7, ratios=ratios)
    assert fake.counted == []
    assert second.plan.estimate.ratio == pytest.approx(learnt)
    told = second.usage.total_input
    estimated = second.plan.estimate.input_tokens
    assert abs(estimated - told) < abs(first.plan.estimate.input_tokens - first.usage.total_input)


def test_a_ratio_is_kept_within_reason() -> None:
    """An endpoint that counts nonsense neither opens the purse nor closes it."""
    ratios = Ratios()
    ratios.learn(("a", "m"), 10**9, 10)
    ratios.learn(("b", "m"), 1, 10**9)
    assert (ratios.of(("a", "m")), ratios.of(("b", "m"))) == (4.0, 0.25)


def test_the_estimator_is_not_below_what_a_sample_counts() -> None:
    """It is meant to be on the safe side for code: the fake counts four characters a token."""
    assert tokens_of(PATCH.decode(), RULES_OF_MODEL) > len(PATCH) // 4
