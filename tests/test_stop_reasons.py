"""Every reason to stop has its consequence, in every form of an answer, over a real socket; nothing unread is clean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot import interview, prompts
from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pressure import Pressure
from bot.clients.structured import Shapes, Structured
from bot.core.answer_form import Form, Shape
from bot.core.chunking import Budget, pack
from bot.core.diff import Diff
from bot.core.ledger import Reason, balance
from bot.core.messages import StopReason
from bot.core.model_rules import RULES
from bot.core.partial import Glimpse
from bot.core.replies import Answer
from bot.core.requests import Asking, Prefix
from bot.core.visible import Shown
from bot.interview import Heard, Tally
from tests.core.changes import added
from tests.fakes.messages import FakeMessages, MessageAnswer, RawAnswer, events_of, frame, message_of, raw, stream_bytes

Json = dict[str, Any]
MODEL = "claude-opus-4-6"
LINES = 64
DIFF = Diff((added("app.py", *(f"value_{at} = compute({at})" for at in range(LINES))),))
FINDING: Json = {
    "path": "app.py",
    "side": "RIGHT",
    "start_line": 1,
    "line": 1,
    "quote": "value_0 = compute(0)",
    "severity": "high",
    "category": "correctness",
    "title": "t",
    "body": "b",
    "scenario": "s",
    "suggestion": None,
    "confidence": 0.9,
}
REPORT: Json = {
    "files": [{"path": "app.py", "summary": "adds values"}],
    "standing": [],
    "findings": [FINDING],
    "overview": None,
}
WRITTEN = {Form.SCHEMA, Form.TEXT}


class Unwatched:
    """Looks at nothing."""

    def moved(self, tally: Tally) -> None:
        """How far it is."""

    def glimpsed(self, seen: Glimpse) -> None:
        """What came in."""

    def heard(self, answer: Answer) -> None:
        """What was answered."""


def sent(asked: Json, content: tuple[Json, ...], reason: object) -> RawAnswer:
    """Any content that stopped for any reason, as a stream or whole, as it was asked for."""
    answer = MessageAnswer(content, str(reason))
    if asked.get("stream"):
        return stream_bytes([frame(event) for event in events_of(answer)])
    return raw(200, "application/json", json.dumps(message_of(answer) | {"stop_reason": reason}).encode())


def reported(form: Form) -> tuple[Json, ...]:
    """A whole report in a form."""
    if form in WRITTEN:
        return ({"type": "text", "text": json.dumps(REPORT)},)
    return ({"type": "tool_use", "id": "toolu_1", "name": "report_review", "input": REPORT},)


def review(script: Callable[[Json], RawAnswer], form: Form, *, stream: bool) -> tuple[Heard, list[Json]]:
    """What came of asking about the whole change at once, and what was sent."""

    async def story(url: str) -> Heard:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
            wire = MessagesWire(Endpoint(url, SecretStr("made-up-key"), bearer=False, stream=stream))
            asker = Asker(http, wire, Pressure(8), RetryBudget(9), Limits())
            shapes = Shapes()
            shapes.learn(("host", MODEL, Form.MADE_TO_CALL), Shape(Form.MADE_TO_CALL), Shape(form))
            model = Structured(asker, "host", prompts.load("wire/written.md"), shapes)
            chunks = pack(DIFF, range(1), Budget(RULES.of(MODEL), 20_000, 1_000)).chunks
            shared = Prefix(prompts.review_prompts(), Asking(MODEL, 4_000), "{}")
            return await interview.hear(model, chunks, shared, Shown(DIFF), Unwatched())

    with FakeMessages(script) as fake:
        heard = asyncio.run(story(fake.url))
        assert fake.problems == []
        return heard, [received.body for received in fake.requests]


def reasons(heard: Heard) -> dict[Reason, int]:
    """How many lines each reason took; raises where one is missing or counted twice."""
    return balance(DIFF, heard.entries).by_reason


# What the reason leads to where it is said of a whole report: the state of all lines, and how many requests that took.
READ = (Reason.ANSWERED, 1)
SPLIT = (Reason.TRUNCATED, 1 + 2 + 4 + 8)
REFUSED = (Reason.REFUSED, 1)
REPAIRED = (Reason.INVALID_ANSWER, 2)
CONSEQUENCES = {
    StopReason.END_TURN: READ,
    StopReason.TOOL_USE: READ,
    StopReason.STOP_SEQUENCE: READ,
    StopReason.MAX_TOKENS: SPLIT,
    StopReason.CONTEXT_WINDOW: SPLIT,
    StopReason.REFUSAL: REFUSED,
    StopReason.PAUSE_TURN: REPAIRED,
    StopReason.UNKNOWN: READ,
    "stop": READ,
    "tool_calls": READ,
    "length": SPLIT,
    "content_filter": REFUSED,
    "brand_new": READ,
}


def test_no_reason_is_forgotten() -> None:
    """Each that there is stands in the table."""
    assert {*StopReason} <= CONSEQUENCES.keys()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("reason", CONSEQUENCES)
def test_a_reason_has_its_consequence(reason: str, form: Form, stream: bool) -> None:
    """However whole the report looks: read, asked for in smaller parts, asked for once more, or given up."""
    state, requests = CONSEQUENCES[reason]
    heard, asked = review(lambda body: sent(body, reported(form), str(reason)), form, stream=stream)
    assert reasons(heard) == {state: LINES}
    assert len(asked) == requests
    assert len(heard.answers) == (state is Reason.ANSWERED)
    assert bool(heard.problems) is (state is not Reason.ANSWERED)


@pytest.mark.parametrize("form", Form)
def test_no_reason_at_all(form: Form) -> None:
    """A whole message without one is read for what it holds; a stream without one was cut, see test_37."""
    heard, asked = review(lambda body: sent(body, reported(form), None), form, stream=False)
    assert (reasons(heard), len(asked)) == ({Reason.ANSWERED: LINES}, 1)


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
@pytest.mark.parametrize("form", Form)
def test_smaller_parts_are_answered(form: Form, reason: str) -> None:
    """What was cut off is asked for again in halves, and all of it counts then."""
    first = iter([reason])
    heard, asked = review(
        lambda body: sent(body, reported(form), next(first, "end_turn")),
        form,
        stream=True,
    )
    assert (reasons(heard), len(asked)) == ({Reason.ANSWERED: LINES}, 3)


THINKING: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}
NO_ANSWERS: dict[str, tuple[Json, ...]] = {
    "nothing": (),
    "thinking alone": (THINKING,),
    "words alone": ({"type": "text", "text": "No issues found."},),
    "an empty object": ({"type": "text", "text": "{}"},),
    "a broken object": ({"type": "text", "text": json.dumps(REPORT)[:-1]},),
    "a call of another tool": ({"type": "tool_use", "id": "toolu_1", "name": "read_pull_request", "input": {}},),
}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("content", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_asked_for_once_more(content: tuple[Json, ...], form: Form) -> None:
    """Once, with what is wrong with it; then its lines have failed. An answer to the second request counts."""
    heard, asked = review(lambda body: sent(body, content, "end_turn"), form, stream=False)
    assert reasons(heard) == {Reason.INVALID_ANSWER: LINES}
    assert heard.answers == []
    assert len(asked) == 2
    assert "That answer cannot be used" in json.dumps(asked[1]["messages"])
    contents = iter([content])
    heard, asked = review(lambda body: sent(body, next(contents, reported(form)), "end_turn"), form, stream=False)
    assert (reasons(heard), len(asked)) == ({Reason.ANSWERED: LINES}, 2)
