"""Cases 28 to 44: answers that stream in, and what counts of those that do not get to their end."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clients.answers import Answer
from bot.clients.assembly import MessageFormat
from bot.core.messages import Reply, StopReason, TextBlock, ToolUse, Usage
from bot.errors import Rejected, Transient
from tests.conformance.wire import START, STOP, ask, block, call, delta, ending, sse, words
from tests.fakes.messages import Ending, RawAnswer, http_error, message_of, raw, stream_bytes, text, tool

Json = dict[str, Any]
SSE = "text/event-stream"
ODD = "a\u2028b\u2029c\x85d\x0be \\u002f ä€😀"
PING: Json = {"type": "ping"}
FINE = sse(START, *words(0, "fi", "ne"), ending(), STOP)


def streamed(body: bytes) -> Reply:
    return ask(stream_bytes([body])).said


def failed(body: bytes, ending_: Ending = Ending.WHOLE) -> Exception:
    """The error after all attempts ended the same way."""
    heard = ask(stream_bytes([body], ending=ending_))
    assert len(heard.sent) == 4
    return heard.failed


RECORDED = {
    "words": FINE,
    "thinking, then a call": sse(
        START,
        PING,
        block(0, {"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="signature_delta", signature="x"),
        {"type": "content_block_stop", "index": 0},
        *call(1, "", '{"a": [1, "\\ud83d', "\\ude00 \\u0", '02f"], "b"', ": {}}"),
        ending("tool_use", output_tokens=9),
        STOP,
    ),
    "odd characters": sse(START, *words(0, *ODD), ending(), STOP),
    "comments and a name": b": hi\n\nevent: message_start\n"
    + sse(START)
    + b":\n\n"
    + sse(*words(0, "x"), ending(), STOP),
}


def test_28_streamed_is_whole() -> None:
    """The same reply in both forms."""
    for answer in (text(ODD), tool("report", {"x": ODD})):
        assert ask(answer).said == ask(answer, stream=False).said


@settings(max_examples=60)
@given(st.sampled_from(sorted(RECORDED)), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans(), st.data())
def test_29_cut_anywhere(name: str, line: bytes, bare: bool, data: st.DataObject) -> None:
    """Each byte by itself or any pieces, each end of line, with a BOM, without the space behind the colon."""
    body = RECORDED[name].replace(b"\n", line)
    body = (b"\xef\xbb\xbf" + body.replace(b"data: ", b"data:")) if bare else body
    every = data.draw(st.booleans())
    cuts = range(1, len(body)) if every else sorted(data.draw(st.sets(st.integers(1, len(body) - 1), max_size=30)))
    answer = Answer(SSE, MessageFormat())
    for start, end in pairwise([0, *cuts, len(body)]):
        answer.feed(body[start:end])
    assert answer.result() == streamed(RECORDED[name])


def test_29_several_data_lines() -> None:
    """They are one event, joined by newlines."""
    lines = json.dumps(START, indent=1).replace("\n", "\ndata: ")
    assert streamed(f"data: {lines}\n\n".encode() + sse(*words(0, "x"), ending(), STOP)).text == "x"


def test_30_characters_that_look_like_line_ends() -> None:
    """Raw in a string, they stay in it."""
    raw_events = [json.dumps(each, ensure_ascii=False).encode() for each in (START, *words(0, ODD), ending(), STOP)]
    assert streamed(b"".join(b"data: " + each + b"\n\n" for each in raw_events)).text == ODD


def test_31_without_names_of_events() -> None:
    """The data tells what it is."""
    assert b"event:" not in FINE
    assert streamed(FINE).text == "fine"


def test_32_pings_and_unknown_events() -> None:
    """Ignored, also ahead of the message; a ping keeps a slow stream alive."""
    unknown: Json = {"type": "new_event", "index": 0}
    body = sse(PING, unknown, START, PING, *words(0, "x"), delta(0, type="new_delta", x=1), ending(), unknown, STOP)
    assert streamed(body).text == "x"
    slow = RawAnswer((*[sse(PING)] * 8, FINE), headers={"content-type": SSE}, pause=0.1)
    assert ask(slow, idle=0.4, total=5).said.text == "fine"


def test_33_pieces_of_input() -> None:
    """Empty ones, and cuts inside escapes and pairs."""
    assert streamed(RECORDED["thinking, then a call"]).tool_uses == (
        ToolUse("toolu_1", "report", {"a": [1, "😀 /"], "b": {}}),
    )


@pytest.mark.parametrize(
    ("pieces", "start", "input_"),
    [((), None, {}), ((), {"a": 1}, {"a": 1}), (('{"b": 2}',), {"a": 1}, {"b": 2})],
)
def test_34_where_input_may_stand(pieces: tuple[str, ...], start: object, input_: object) -> None:
    """None at all, at the beginning, or in pieces; these go first."""
    reply = streamed(sse(START, *call(0, *pieces, start=start), ending("tool_use"), STOP))
    assert [use.input for use in reply.tool_uses] == [input_]


def test_35_blocks_in_turns() -> None:
    """Each by its number, in the order of these."""
    first, second = call(3, '{"a":', "1}"), words(1, "x", "y")
    events = [*(each for pair in zip(first, second, strict=True) for each in pair)]
    reply = streamed(sse(START, *events, ending("tool_use"), STOP))
    assert reply.content == (TextBlock("xy"), ToolUse("toolu_3", "report", {"a": 1}))


def test_36_usage_is_said_again() -> None:
    """The last total counts; what is not said again stays."""
    reply = streamed(sse(START, *words(0, "x"), ending(None, output_tokens=3), ending(output_tokens=9), STOP))
    assert (reply.usage, reply.stop_reason) == (
        Usage(input_tokens=7, cache_read=5, output_tokens=9),
        StopReason.END_TURN,
    )


@pytest.mark.parametrize("end", [Ending.WHOLE, Ending.CUT])
@pytest.mark.parametrize("events", [1, 2, 3, 5, 6])
def test_37_an_end_before_the_end(events: int, end: Ending) -> None:
    """Nothing counts, wherever it breaks off; it is tried again."""
    all_ = [START, *words(0, "fi", "ne"), ending(), STOP]
    error = failed(sse(*all_[:events]), end)
    assert isinstance(error, Transient)
    heard = ask(stream_bytes([sse(*all_[:events])], ending=end), text("second"))
    assert heard.said.text == "second"


@pytest.mark.parametrize("before", [[], [START, *words(0, "partial")]])
def test_38_an_error_in_the_stream(before: list[Json]) -> None:
    """Tried again by its kind, from the beginning, without what was there; a bad request is not."""
    busy: Json = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    heard = ask(stream_bytes([sse(*before, busy)]), text("second"))
    assert (heard.said.text, len(heard.sent)) == ("second", 2)
    bad: Json = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    refused = ask(stream_bytes([sse(*before, bad)]))
    assert isinstance(refused.failed, Rejected)
    assert len(refused.sent) == 1


def test_39_cut_input_is_not_completed() -> None:
    """At the limit of tokens it is told as that, with no input at all."""
    reply = streamed(sse(START, *call(0, '{"a": [1, 2'), ending("max_tokens"), STOP))
    assert reply.stop_reason is StopReason.MAX_TOKENS
    assert [use.input for use in reply.tool_uses] == [None]


def test_40_a_whole_message_where_a_stream_was_due() -> None:
    """Taken as it is, whatever it is called; an error is one."""
    body = json.dumps(message_of(text("x"))).encode()
    for kind in ("application/json", SSE):
        assert ask(raw(200, kind, body)).said.text == "x"
    assert isinstance(ask(raw(200, "application/json", b'{"error": {"type": "api_error"}}')).failed, Transient)


def test_41_what_comes_after_the_end() -> None:
    """[DONE], more data: ignored, and the connection is free for the next request."""
    after = FINE + b"data: [DONE]\n\n" + sse({"type": "error", "error": {"type": "api_error"}}) + b"data: {broken\n\n"
    assert streamed(after).text == "fine"


def test_42_silence_and_a_drip() -> None:
    """A stream that says nothing is given up, and so is one that does not get to its end."""
    silent = ask(stream_bytes([sse(START)], ending=Ending.STALLED), idle=0.2, total=5)
    assert "sent nothing for 0.2 seconds" in str(silent.failed)
    drip = RawAnswer(tuple([sse(PING)] * 40), headers={"content-type": SSE}, pause=0.05)
    assert "did not finish within 0.5 seconds" in str(ask(drip, idle=5, total=0.5).failed)


def test_43_the_body_of_an_error() -> None:
    """It is read where a stream was asked for, too, and no more of it than is needed."""
    assert "as scripted" in str(ask(http_error(400, "invalid_request_error")).failed)
    assert len(str(ask(raw(400, "text/plain", b"x" * 3_000_000)).failed)) < 400


def test_44_compressed_and_mislabelled() -> None:
    """Compression is undone; the text is UTF-8, whatever charset is claimed."""
    packed = raw(200, SSE, gzip.compress(sse(START, *words(0, ODD), ending(), STOP)), {"content-encoding": "gzip"})
    assert ask(packed).said.text == ODD
    assert ask(raw(200, f"{SSE}; charset=latin-1", FINE.replace(b"fi", "fä".encode()))).said.text == "fäne"
    body = json.dumps(message_of(text(ODD)), ensure_ascii=False).encode()
    assert ask(raw(200, "application/json; charset=latin-1", body), stream=False).said.text == ODD
