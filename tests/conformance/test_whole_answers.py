"""Cases 17 to 27: answers that come whole, and what is read out of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.core.cost import Price, dollars_of
from bot.core.ledger import Reason
from bot.core.messages import Reply, StopReason, ToolUse, Usage
from bot.core.replies import Answer, Unusable, read_reply
from bot.errors import BadReply, OutsideError, Transient
from tests.conformance.wire import ask
from tests.fakes.messages import USAGE, MessageAnswer, RawAnswer, raw, refusal

Json = dict[str, Any]
REPORT: Json = {"files": [{"path": "a", "summary": "b"}], "findings": [], "standing": [], "overview": None}
FINDING: Json = {
    "path": "a",
    "side": "right",
    "start_line": 1,
    "line": 1,
    "quote": "x",
    "severity": "HIGH",
    "category": "Security",
    "title": "t",
    "body": "b",
    "scenario": "s",
    "suggestion": None,
    "confidence": 0.5,
}


def message(*content: Json, reason: object = "end_turn", usage: object = USAGE, **more: object) -> RawAnswer:
    """A message as some gateway may write it."""
    body = {"type": "message", "id": "m", "role": "assistant", "model": "x", "content": [*content], **more}
    return raw(200, "application/json", json.dumps(body | {"stop_reason": reason, "usage": usage}).encode())


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def use(input_: object, name: str = "report_review") -> Json:
    return {"type": "tool_use", "id": "toolu_1", "name": name, "input": input_}


def whole(*content: Json, **fields: Any) -> Reply:  # noqa: ANN401 - fields of `message`
    return ask(message(*content, **fields), stream=False).said


def test_17_words() -> None:
    """Several blocks are one text; thinking is skipped, wherever it stands."""
    thinking = {"type": "thinking", "thinking": "hm", "signature": "x"}
    reply = whole(thinking, text("a"), thinking, text("b"))
    assert (reply.text, reply.stop_reason) == ("ab", StopReason.END_TURN)


@pytest.mark.parametrize(
    ("reason", "content", "read"),
    [
        ("stop", text("x"), StopReason.END_TURN),
        ("stop", use({}), StopReason.TOOL_USE),
        ("length", text("x"), StopReason.MAX_TOKENS),
        ("tool_calls", use({}), StopReason.TOOL_USE),
        (None, use({}), StopReason.TOOL_USE),
        (None, text("x"), StopReason.END_TURN),
        ("brand_new", text("x"), StopReason.END_TURN),
    ],
)
def test_18_reasons_of_other_vendors(reason: object, content: Json, read: StopReason) -> None:
    """Mapped, or told by the blocks."""
    assert whole(content, reason=reason).stop_reason is read


def test_19_an_empty_answer() -> None:
    """It can be repaired once; it never is a review."""
    answer = read_reply(whole())
    assert isinstance(answer, Unusable)
    assert answer.reason is Reason.INVALID_ANSWER


def test_20_cut_off_is_cut_off() -> None:
    """However whole the JSON looks."""
    answer = read_reply(whole(use(REPORT), reason="max_tokens"))
    assert isinstance(answer, Unusable)
    assert answer.reason is Reason.TRUNCATED


@pytest.mark.parametrize("category", ["cyber", None])
def test_21_a_refusal(category: str | None) -> None:
    """Not tried again, and nothing of it counts."""
    heard = ask(refusal(category))
    assert len(heard.sent) == 1
    answer = read_reply(heard.said)
    assert isinstance(answer, Unusable)
    assert answer.reason is Reason.REFUSED


def test_22_a_full_window() -> None:
    """To be asked in smaller parts."""
    answer = read_reply(whole(text("x"), reason="model_context_window_exceeded"))
    assert isinstance(answer, Unusable)
    assert answer.reason is Reason.TRUNCATED


def test_23_which_call_counts() -> None:
    """That of the right tool among others; two of it are both said; one of an unknown tool is no answer."""
    other = use({"x": 1}, "another")
    assert isinstance(read_reply(whole(text("Hm."), other, use(REPORT), reason="tool_use")), Answer)
    both = read_reply(whole(use(REPORT | {"findings": [FINDING]}), use(REPORT), reason="tool_use"))
    assert isinstance(both, Answer)
    assert len(both.claims) == 1
    unknown = read_reply(whole(other, reason="tool_use"))
    assert isinstance(unknown, Unusable)


def test_24_json_is_read_by_its_rules() -> None:
    """Escapes of any kind parse, names count in any case, a number in quotes does not."""
    body = json.dumps({"content": [use(REPORT | {"findings": [FINDING]})]}).replace('"a"', '"\\u0061\\u002f"')
    reply = ask(raw(200, "application/json", (body[:-1] + ', "stop_reason": "tool_use"}').encode()), stream=False).said
    answer = read_reply(reply)
    assert isinstance(answer, Answer)
    assert (answer.claims[0].path, answer.claims[0].severity) == ("a/", "high")
    quoted = read_reply(whole(use(REPORT | {"findings": [FINDING | {"line": "3"}]})))
    assert isinstance(quoted, Unusable)


def test_25_tokens_and_their_cost() -> None:
    """What is missing or null is none; the whole input is the sum; the cost is exact."""
    assert whole(text("x"), usage=None).usage == Usage()
    split = {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100}
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 300, "cache_creation": split, "output_tokens": 7}
    counted = whole(text("x"), usage=usage | {"cache_read_input_tokens": None}).usage
    assert counted == Usage(10, 200, 100, 0, 7)
    assert counted.total_input == 310
    assert dollars_of(counted, Price(5, 25)) == pytest.approx((10 * 5 + 200 * 6.25 + 100 * 10 + 7 * 25) / 1e6, abs=1e-9)


def test_26_unknown_fields_and_blocks() -> None:
    """Not read."""
    reply = whole({"type": "new_kind", "x": 1}, text("x") | {"citations": []}, use({}) | {"caller": {}}, container=None)
    assert reply.tool_uses == (ToolUse("toolu_1", "report_review", {}),)
    assert reply.text == "x"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (raw(200, "text/html", b"<html>no</html>"), BadReply),
        (raw(200, "application/json", b""), BadReply),
        (raw(200, "application/json", b'{"type": "error", "error": {"type": "overloaded_error"}}'), Transient),
        (raw(200, "application/json", b'{"error": "no"}'), Transient),
    ],
)
def test_27_a_good_status_with_no_message(answer: RawAnswer, kind: type[OutsideError]) -> None:
    """An error, never a review."""
    for stream in (True, False):
        assert isinstance(ask(answer, stream=stream).failed, kind)


def test_the_samples_are_messages() -> None:
    """A well-formed answer passes the fake's own rules in both forms."""
    for stream in (True, False):
        heard = ask(MessageAnswer((use(REPORT),), "tool_use"), stream=stream)
        assert heard.problems == []
        assert isinstance(read_reply(heard.said), Answer)
