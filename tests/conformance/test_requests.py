"""Cases 1 to 16: what goes out. One test for each case of the wire's conformance list, by its number."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pydantic import SecretStr

from bot import prompts
from bot.clients.messages import Endpoint, MessagesWire
from bot.core.fitting import WITHOUT_SAMPLING
from bot.core.requests import Asking, Prefix, ask_about, ask_again
from bot.errors import Rejected
from tests.conformance.wire import BODY, KEY, ask
from tests.fakes.messages import http_error, raw, text, tool

Json = dict[str, Any]
SAMPLING: Json = {"temperature": 0.5, "top_p": 0.9}
MARK: Json = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize("bearer", [True, False])
def test_01_one_credential(bearer: bool) -> None:
    """Bearer mode sends only Authorization, key mode only x-api-key."""
    headers = ask(text("x"), bearer=bearer).sent[0].headers
    assert headers.get("authorization") == (f"Bearer {KEY}" if bearer else None)
    assert headers.get("x-api-key") == (None if bearer else KEY)


def test_02_version_and_type() -> None:
    """The version is pinned unless set otherwise, the body is JSON, and no beta is asked for."""
    headers = ask(text("x")).sent[0].headers
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["content-type"] == "application/json"
    assert "anthropic-beta" not in headers
    assert ask(text("x"), version="2026-10-21").sent[0].headers["anthropic-version"] == "2026-10-21"


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/messages"])
def test_03_one_path(end: str) -> None:
    """However the address is written, requests go to exactly one /v1/messages."""
    heard = ask(text("x"), base=lambda url: url + end)
    assert heard.sent[0].path == "/v1/messages"
    assert heard.problems == []


def test_04_redirects_take_no_key_along() -> None:
    """None is followed: the error names the other host, and nothing else was asked."""
    heard = ask(raw(307, "text/plain", b"", {"location": "https://elsewhere.example/v1/messages"}))
    assert "elsewhere.example" in str(heard.failed)
    assert len(heard.sent) == 1


def test_05_later_models_get_no_sampling() -> None:
    """4.7 refuses even what is set, and a budget for its thinking."""
    thinking = {"type": "enabled", "budget_tokens": 1_024}
    sent = ask(text("x"), body=BODY | {"model": "claude-opus-4-7", "top_k": 5, "thinking": thinking} | SAMPLING)
    assert not {*SAMPLING, "top_k"} & sent.body.keys()
    assert "budget_tokens" not in json.dumps(sent.body)
    assert sent.problems == []


def test_06_temperature_or_top_p() -> None:
    """4.6 takes one of them, and none while it thinks."""
    assert {*SAMPLING} & ask(text("x"), body=BODY | SAMPLING).body.keys() == {"temperature"}
    assert not {*SAMPLING} & ask(text("x"), body=BODY | SAMPLING | {"thinking": {"type": "adaptive"}}).body.keys()


@pytest.mark.parametrize("model", ["claude-opus-4-6", "claude-opus-4-7", "some-model"])
def test_07_the_later_version_has_no_sampling(model: str) -> None:
    """With version 2026-10-21 no model gets any."""
    sent = ask(text("x"), body=BODY | SAMPLING | {"model": model}, version=WITHOUT_SAMPLING)
    assert not {*SAMPLING} & sent.body.keys()


def test_08_the_limit_of_tokens() -> None:
    """Lowered to what the model can; none, or less, is refused without asking."""
    assert ask(text("x"), body=BODY | {"max_tokens": 999_999}).body["max_tokens"] == 128_000
    for most in (0, -1):
        heard = ask(text("x"), body=BODY | {"max_tokens": most})
        assert isinstance(heard.failed, Rejected)
        assert heard.sent == []


def test_09_an_effort_that_4_6_does_not_know() -> None:
    """It is sent as the next lower one."""
    sent = ask(text("x"), body=BODY | {"output_config": {"effort": "xhigh"}})
    assert sent.body["output_config"] == {"effort": "high"}
    assert sent.problems == []


PREFIX = Prefix(prompts.review_prompts(), Asking("claude-opus-4-6", 1_000), "x" * 60_000, marked=True)


def test_10_the_user_speaks_last() -> None:
    """Also where an answer is asked for again: no prefill, no system turn."""
    reply = ask(text("Looks good.")).said
    for request in (ask_about(PREFIX, "{}"), ask_again(PREFIX, "{}", reply, "it holds no call")):
        heard = ask(text("x"), body=dict(request.body))
        assert heard.problems == []
        roles = [message["role"] for message in heard.body["messages"]]
        assert roles[-1] == "user"
        assert {*roles} == {"user", "assistant"}


def test_11_blank_blocks_and_marks() -> None:
    """Blank text is not sent, no mark lands on one, and there are at most four."""
    blocks = [{"type": "text", "text": words, **MARK} for words in ("a", " ", "b", "", "c", "d", "e")]
    heard = ask(text("x"), body=BODY | {"messages": [{"role": "user", "content": blocks}]})
    assert heard.problems == []
    sent = heard.body["messages"][0]["content"]
    assert [each["text"] for each in sent] == ["a", "b", "c", "d", "e"]
    assert ["cache_control" in each for each in sent] == [False, True, True, True, True]


def test_12_schemas_are_closed_and_bytes_stable() -> None:
    """Every object of a strict schema is closed (the fake's rules tell), and equal requests are equal bytes."""
    heard = [ask(text("x"), body=dict(ask_about(PREFIX, "{}").body)) for _ in range(2)]
    assert [each.problems for each in heard] == [[], []]
    assert heard[0].sent[0].raw == heard[1].sent[0].raw


def test_13_the_shared_prefix_is_the_same_bytes() -> None:
    """Up to the part that they ask about, the requests of a review do not differ."""
    raws = [ask(text("x"), body=dict(ask_about(PREFIX, part).body)).sent[0].raw for part in ('"one"', '"two"')]
    shared = raws[0][: next(at for at, (a, b) in enumerate(zip(*raws, strict=True)) if a != b)]
    assert shared.endswith(b'\\"')
    assert b"x" * 60_000 in shared


def test_14_odd_characters_and_sizes() -> None:
    """Half pairs, NUL and bytes that were no UTF-8 break nothing; what is over 32 MB is not sent."""
    odd = "\ud800 \x00 \udcff ä\u2028"
    heard = ask(text("x"), body=BODY | {"messages": [{"role": "user", "content": odd}]})
    assert heard.said.text == "x"
    heard.sent[0].raw.decode("utf-8")
    assert heard.problems == []
    huge = ask(text("x"), body=BODY | {"messages": [{"role": "user", "content": "x" * 34_000_000}]})
    assert "lower PLUMBLINE_CHUNK_TOKENS" in str(huge.failed)
    assert huge.sent == []


def test_15_results_come_first_and_answer_each_call() -> None:
    """One for each call, with its id, ahead of our words: the fake refuses anything else."""
    reply = ask(tool("report_review", {"files": []}), body=BODY).said
    heard = ask(text("x"), body=dict(ask_again(PREFIX, "{}", reply, "findings: field required").body))
    assert heard.problems == []
    kinds = [each["type"] for each in heard.body["messages"][-1]["content"]]
    assert kinds == ["tool_result", "text"]


def test_16_the_key_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in logs, not in errors, not in any repr, also where an endpoint repeats it."""
    caplog.set_level(logging.DEBUG)
    for answer in (http_error(401, "authentication_error", f"bad key {KEY}"), raw(500, "text/plain", KEY.encode())):
        assert KEY not in str(ask(answer).failed)
    wire = MessagesWire(Endpoint("https://host", SecretStr(KEY), bearer=True))
    assert KEY not in f"{wire!r} {wire.door!r} {Endpoint('https://host', SecretStr(KEY), bearer=True)!r}"
    assert KEY not in caplog.text
