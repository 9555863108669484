"""Replies out of bytes: equal whether streamed or whole, complete or nothing, and never repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.answers import Answer, Incomplete, Reported, Result, Unusable
from bot.clients.assembly import MessageFormat
from bot.core.messages import Reply, StopReason, TextBlock, ToolUse, Usage, Verbatim
from tests.fakes.messages import MessageAnswer, events_of, frame, message_of, refusal, text, tool, truncated

Json = dict[str, Any]
STREAM, JSON = "text/event-stream; charset=utf-8", "application/json"
FINDINGS = {"files": [{"path": "a/b.py", "summary": "ä€😀\u2028\u0085\u000b/"}], "findings": []}


def result_of(media_type: str, *chunks: bytes) -> Result:
    answer = Answer(media_type, MessageFormat())
    for chunk in chunks:
        answer.feed(chunk)
    return answer.result()


def streamed(*events: Json) -> Result:
    return result_of(STREAM, b"".join(map(frame, events)))


def whole(message: object) -> Result:
    return result_of(JSON, json.dumps(message).encode())


def reply(result: Result) -> Reply:
    assert isinstance(result, Reply), result
    return result


def start(usage: Json | None = None) -> Json:
    opening: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    return {"type": "message_start", "message": {**opening, "usage": usage or {}}}


def block(index: int, content_block: Json) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": content_block}


def call(index: int, input_: object = None, name: str = "report") -> Json:
    return block(index, {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": input_})


def words(index: int, said: str = "") -> Json:
    return block(index, {"type": "text", "text": said})


def delta(index: int, **fields: object) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def piece(index: int, partial: str) -> Json:
    return delta(index, type="input_json_delta", partial_json=partial)


def said(index: int, partial: str) -> Json:
    return delta(index, type="text_delta", text=partial)


def ending(reason: object = "tool_use", usage: Json | None = None) -> Json:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage or {}}


STOP: Json = {"type": "message_stop"}


def test_a_tools_input_is_assembled() -> None:
    """A streamed call is the call, with text beside it, its model, id, usage and stop reason."""
    events = [
        start({"input_tokens": 7, "cache_read_input_tokens": 5}),
        words(0),
        said(0, "Here "),
        said(0, "goes."),
        call(1, {}),
        *(piece(1, part) for part in ("", '{"a": [1, "\\ud83d', "\\ude00\\u0", '02f"]', "}")),
        ending("tool_use", {"output_tokens": 9}),
        STOP,
    ]
    assert streamed(*events) == Reply(
        (TextBlock("Here goes."), ToolUse("toolu_1", "report", {"a": [1, "😀/"]})),
        StopReason.TOOL_USE,
        Usage(input_tokens=7, cache_read=5, output_tokens=9),
        "m",
        "msg_1",
    )


ANSWERS = [
    text("fine"),
    text("a\u2028b\u2029c\x85d\x0be äß€😀"),
    tool("report", FINDINGS),
    tool("report", {}),
    refusal(),
    refusal(None),
    MessageAnswer((), "end_turn"),
    MessageAnswer(({"type": "text", "text": "a"}, {"type": "text", "text": "b"}), "end_turn"),
    MessageAnswer((*text("first").content, *tool("a", {"x": 1}).content, *tool("b", {}).content), "tool_use"),
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_streamed_equals_whole(answer: MessageAnswer, line_end: str) -> None:
    """The same message gives the same reply on either way, with any line ends, byte by byte, without `event:` lines."""
    stream = b"".join(f"data:{json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events_of(answer))
    stream = stream.replace(b"\n", line_end.encode())
    expected = whole(message_of(answer))
    assert isinstance(expected, Reply)
    assert result_of(STREAM, stream) == expected
    assert result_of(STREAM, *(bytes([byte]) for byte in b"\xef\xbb\xbf" + stream)) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BLOCKS = st.one_of(
    st.text(min_size=1).map(lambda content: text(content).content[0]),
    st.dictionaries(st.text(max_size=5), VALUES, max_size=3).map(lambda content: tool("report", content).content[0]),
)
COUNTS = st.none() | st.integers(0, 10**6)
USAGES = st.fixed_dictionaries(
    {"output_tokens": st.integers(0, 10**6)},
    optional={
        "input_tokens": COUNTS,
        "cache_creation_input_tokens": COUNTS,
        "cache_read_input_tokens": COUNTS,
        "cache_creation": st.none()
        | st.fixed_dictionaries({"ephemeral_5m_input_tokens": COUNTS, "ephemeral_1h_input_tokens": COUNTS}),
    },
)
REASONS = st.sampled_from([*(reason.value for reason in StopReason), "stop", "length", "tool_calls", "content_filter"])
NOISE = st.sampled_from(
    [b": keep-alive\n\n", b"event: ping\ndata: {}\n\n", b'data: {"type": "ping"}\n\n', b'data: {"type": "news"}\n\n']
)


@given(st.lists(BLOCKS, max_size=4), REASONS, USAGES, st.data())
def test_any_stream_cut_anywhere_equals_whole(
    blocks: list[Json], reason: str, usage: Json, data: st.DataObject
) -> None:
    """Any valid stream, with noise between its events and cut in any chunks, gives the reply of the whole message."""
    answer = MessageAnswer(tuple(blocks), reason, usage)
    stream = b"".join(data.draw(NOISE) + frame(event) for event in events_of(answer))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert result_of(STREAM, *chunks) == reply(whole(message_of(answer)))


@given(st.lists(BLOCKS, max_size=3), st.data())
def test_a_stream_that_ends_early_is_nothing(blocks: list[Json], data: st.DataObject) -> None:
    """However early a stream is cut, it gives the whole reply or none: its prefix never counts as a shorter one."""
    answer = MessageAnswer(tuple(blocks), "tool_use")
    stream = b"".join(map(frame, events_of(answer)))
    at = data.draw(st.integers(0, len(stream) - 1))
    result = result_of(STREAM, stream[:at])
    last_event_is_whole = at >= len(stream) - len(b"\n\n")
    assert isinstance(result, Reply) == last_event_is_whole
    assert isinstance(result, (Reply, Incomplete))


OPENED = [start(), call(0, {}), piece(0, '{"a": 1}')]
CUT = {
    "nothing": [],
    "after the start": OPENED[:1],
    "in a block": OPENED,
    "before the stop reason": [*OPENED, {"type": "content_block_stop", "index": 0}],
    "before the stop": [*OPENED, ending()],
    "a stop without a reason": [*OPENED, STOP],
    "a reason that is null": [*OPENED, ending(None), STOP],
    "a second start": [*OPENED, start(), ending(), STOP],
    "a block twice": [*OPENED, call(0, {}), ending(), STOP],
    "a delta without its block": [start(), piece(0, "{}"), ending(), STOP],
    "text in a call": [*OPENED, said(0, "x"), ending(), STOP],
    "a call's input in text": [start(), words(0), piece(0, "{}"), ending(), STOP],
    "a block without a number": [start(), {"type": "content_block_start"}, ending(), STOP],
}


@pytest.mark.parametrize("events", CUT.values(), ids=CUT)
def test_what_is_cut_or_damaged_does_not_count(events: list[Json]) -> None:
    """Without stop reason and message_stop, or with parts that do not fit, there is no reply."""
    assert isinstance(streamed(*events), Incomplete)


@pytest.mark.parametrize(
    "line", [b'data: {"type": "message_de', b"event: message_delta\ndata: oops\n\n", b"data: 1\n\n"]
)
def test_a_damaged_event_is_not_passed_over(line: bytes) -> None:
    """An event that is no JSON may have been part of the message."""
    stream = b"".join(map(frame, [*OPENED, ending()])) + line + frame(STOP)
    assert isinstance(result_of(STREAM, stream), Incomplete)


@pytest.mark.parametrize("cut_off", [1, 20, 70])
def test_a_cut_is_told_as_a_cut(cut_off: int) -> None:
    """Half an event at the end is no damage: the stream has ended too soon."""
    stream = b"".join(map(frame, OPENED))[:-cut_off]
    assert result_of(STREAM, stream) == Incomplete("the stream ended before the message did")


def test_a_last_event_without_its_empty_line_counts() -> None:
    """message_stop that is whole as JSON ends the message, even where the server forgot the last line break."""
    stream = b"".join(map(frame, [*OPENED, ending(), STOP])).rstrip(b"\n")
    assert reply(result_of(STREAM, stream)).tool_uses[0].input == {"a": 1}


@pytest.mark.parametrize(
    "noise",
    [
        b"data: [DONE]\n\n",
        b"event: keepalive\ndata: ok\n\n",
        b": comment\n\n",
        frame({"type": "brand_new", "index": 0}),
        frame({"type": "ping"}),
        frame({"type": "content_block_delta", "index": 0, "delta": {"type": "brand_new_delta", "x": 1}}),
        frame(block(7, {"type": "brand_new_block"})) + frame(piece(7, "{")) + frame(said(7, "?")),
    ],
)
def test_what_is_not_known_is_passed_over(noise: bytes) -> None:
    """Pings, comments, and events, blocks and deltas of other versions change nothing, wherever they are."""
    events = [frame(event) for event in [*OPENED, ending(), STOP]]
    expected = result_of(STREAM, b"".join(events))
    for at in range(2, len(events) + 1):
        assert result_of(STREAM, b"".join([*events[:at], noise, *events[at:]])) == expected


THINKING: Json = {"type": "thinking", "thinking": "hm, well", "signature": "EqQBCg"}


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        (
            [
                block(1, {"type": "thinking", "thinking": "", "signature": ""}),
                delta(1, type="thinking_delta", thinking="hm,"),
                delta(1, type="thinking_delta", thinking=" well"),
                delta(1, type="signature_delta", signature="EqQBCg"),
            ],
            [Verbatim(THINKING)],
        ),
        (
            [block(1, {"type": "redacted_thinking", "data": "x"})],
            [Verbatim({"type": "redacted_thinking", "data": "x"})],
        ),
        (
            [
                block(1, {"type": "server_tool_use", "id": "s", "name": "n", "input": {}}),
                piece(1, '{"q"'),
                piece(1, ": 1}"),
            ],
            [Verbatim({"type": "server_tool_use", "id": "s", "name": "n", "input": {"q": 1}})],
        ),
        ([block(1, {"type": "server_tool_use", "id": "s", "name": "n", "input": {}}), piece(1, '{"q"')], []),
        ([block(1, {"type": "brand_new", "x": 1}), delta(1, type="brand_new_delta", x=1)], []),
        (
            [block(1, {"type": "brand_new", "x": 1}), piece(1, "")],
            [Verbatim({"type": "brand_new", "x": 1})],
        ),
    ],
)
def test_what_is_not_read_can_be_sent_back(events: list[Json], kept: list[Verbatim]) -> None:
    """Thinking and unknown blocks are whole to the letter; one of which a part was not understood is left out."""
    made = reply(streamed(start(), *events, words(2), said(2, "a"), ending(), STOP))
    assert list(made.content) == [*kept, TextBlock("a")]
    assert (made.text, made.tool_uses) == ("a", ())


def test_words_are_told_from_the_input_of_tools() -> None:
    """Both are said as they come; only what is added to a text counts as words, each piece once."""
    answer = Answer(STREAM, MessageFormat())
    assert answer.take_words() == ""
    heard = answer.feed(
        b"".join(map(frame, [start(), words(0), said(0, "a"), call(1, {}), piece(1, "{"), said(0, "b")]))
    )
    assert (heard, answer.take_words(), answer.take_words()) == ("a{b", "ab", "")
    assert (answer.feed(frame(said(0, "c"))), answer.take_words()) == ("c", "c")


@pytest.mark.parametrize(
    ("chunk", "begun"),
    [(b": hello\n\n", False), (frame({"type": "ping"}), False), (frame(STOP)[:-1], False), (frame(start()), True)],
)
def test_when_a_message_begins(chunk: bytes, begun: bool) -> None:
    """A ping or a comment before message_start is not yet the message."""
    answer = Answer(STREAM, MessageFormat())
    answer.feed(chunk)
    assert answer.begun is begun
    assert not answer.over


def test_what_follows_the_stop_is_ignored() -> None:
    """After message_stop nothing changes the reply, not even an error."""
    answer = Answer(STREAM, MessageFormat())
    answer.feed(b"".join(map(frame, [*OPENED, ending(), STOP])))
    assert answer.over
    answer.feed(frame({"type": "error", "error": {"type": "api_error"}}) + frame(start()) + b"data: [DONE]\n\n{")
    assert reply(answer.result()).tool_uses[0].input == {"a": 1}


def test_interleaved_blocks_are_kept_apart() -> None:
    """Parts go to the block of their number, and blocks stand in the order of their numbers."""
    events = [
        start(),
        call(5, {}, "later"),
        call(2, {}, "sooner"),
        piece(5, '{"a":'),
        piece(2, '{"b":'),
        piece(5, "1}"),
        piece(2, "2}"),
        ending(),
        STOP,
    ]
    calls = reply(streamed(*events)).tool_uses
    assert [(each.name, each.input) for each in calls] == [("sooner", {"b": 2}), ("later", {"a": 1})]


INPUTS: list[tuple[str, object, list[str], object]] = [
    ("no parts, empty start", {}, [], {}),
    ("no parts, no start", None, [], {}),
    ("empty parts only", {}, ["", ""], {}),
    ("the whole input at the start", {"a": 1}, [], {"a": 1}),
    ("both: the parts win", {"a": 1}, ['{"b": 2}'], {"b": 2}),
    ("escapes", {}, ['{"p": "a\\u00', '2fb\\n"}'], {"p": "a/b\n"}),
    ("large numbers", {}, ['{"a": 12345678901234567890, "b": 1.5}'], {"a": 12345678901234567890, "b": 1.5}),
]


@pytest.mark.parametrize(("rule", "begun_with", "parts", "expected"), INPUTS, ids=[case[0] for case in INPUTS])
def test_where_input_comes_from(rule: str, begun_with: object, parts: list[str], expected: object) -> None:
    """Parts of input count, and without them what stood where the block began."""
    (made,) = reply(
        streamed(start(), call(0, begun_with), *(piece(0, part) for part in parts), ending(), STOP)
    ).tool_uses
    assert made == ToolUse("toolu_0", "report", expected), rule


BROKEN = [
    '{"a": [1, 2',
    '{"a": "half',
    '{"a": 1,}',
    "{'a': 1}",
    '{"a": 1} {"b": 2}',
    '{"a": 1}}',
    '{"a": NaN}',
    '{"a": Infinity}',
    '{"a": -Infinity}',
    '{"a": 1e999}',
    '{"a": 1, "a": 2}',
    '{"a": [{"b": 1, "b": 1}]}',
    '{"a": ' + "9" * 5_000 + "}",
    "[" * 100_000,
    '{"a": "line\nbreak"}',
    " ",
    "null",
]


@pytest.mark.parametrize("raw", BROKEN, ids=lambda raw: raw[:20])
@pytest.mark.parametrize("reason", ["tool_use", "max_tokens"])
def test_broken_input_is_never_repaired(raw: str, reason: str) -> None:
    """Input that is not strict JSON is None and kept as it came, whatever the stop reason."""
    made = reply(streamed(start(), call(0, {}), piece(0, raw[:3]), piece(0, raw[3:]), ending(reason), STOP))
    assert made.tool_uses == (ToolUse("toolu_0", "report", None, raw),)
    assert made.stop_reason is StopReason(reason)


@pytest.mark.parametrize("raw", ['{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}', '{"b": [{"a": 1, "a": 2}]}'])
def test_a_whole_message_is_as_strict(raw: str) -> None:
    """Doubled names and what is no number spoil a call's input in a whole message too, and only that."""
    calls = ",".join(
        f'{{"type": "tool_use", "id": "t", "name": "report", "input": {each}}}' for each in (raw, '{"c": 1}')
    )
    made = reply(result_of(JSON, f'{{"content": [{calls}], "stop_reason": "tool_use"}}'.encode()))
    assert [each.input for each in made.tool_uses] == [None, {"c": 1}]


def test_a_truncated_call() -> None:
    """max_tokens in the middle of a call is a complete reply that says so, with the half input as text."""
    made = reply(streamed(*events_of(truncated())))
    assert made.stop_reason is StopReason.MAX_TOKENS
    assert made.tool_uses[0].input is None
    assert made.tool_uses[0].raw.startswith('{"findings"')


CALLED = tool("report", {"a": 1}).content
HALF = [start(), call(0, {}), piece(0, '{"a'), ending("brand_new"), STOP]
STOPS: list[tuple[object, tuple[Json, ...], StopReason]] = [
    *((reason.value, (), reason) for reason in StopReason if reason is not StopReason.UNKNOWN),
    ("stop", text("x").content, StopReason.END_TURN),
    ("stop", CALLED, StopReason.TOOL_USE),
    ("end_turn", CALLED, StopReason.END_TURN),
    ("length", CALLED, StopReason.MAX_TOKENS),
    ("tool_calls", CALLED, StopReason.TOOL_USE),
    ("content_filter", text("x").content, StopReason.REFUSAL),
    (None, CALLED, StopReason.TOOL_USE),
    (None, text("x").content, StopReason.END_TURN),
    (None, (), StopReason.UNKNOWN),
    ("brand_new", CALLED, StopReason.TOOL_USE),
    ("brand_new", text("x").content, StopReason.END_TURN),
    ("brand_new", (), StopReason.UNKNOWN),
    ("unknown", (), StopReason.UNKNOWN),
    (17, (), StopReason.UNKNOWN),
]


@pytest.mark.parametrize(("reason", "content", "expected"), STOPS)
def test_stop_reasons(reason: object, content: tuple[Json, ...], expected: StopReason) -> None:
    """OpenAI's words are understood; what is null or new is told from the blocks."""
    assert reply(whole({"type": "message", "content": content, "stop_reason": reason})).stop_reason is expected


def test_a_broken_call_does_not_tell_the_stop_reason() -> None:
    """A new stop reason beside half a call stays unknown: the call may have been truncated."""
    assert reply(streamed(*HALF)).stop_reason is StopReason.UNKNOWN


USAGE_CASES: list[tuple[Json | None, Usage]] = [
    (None, Usage()),
    ({}, Usage()),
    ({"input_tokens": None, "output_tokens": None, "cache_creation": None}, Usage()),
    ({"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3}, Usage(1, 0, 0, 3, 2)),
    ({"cache_creation_input_tokens": 10}, Usage(cache_write_5m=10)),
    (
        {
            "cache_creation_input_tokens": 10,
            "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 6},
        },
        Usage(cache_write_5m=4, cache_write_1h=6),
    ),
    ({"cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 6}}, Usage(0, 4, 6)),
    (
        {"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": None}},
        Usage(cache_write_5m=10),
    ),
    (
        {"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": 12}},
        Usage(cache_write_1h=10),
    ),
    ({"input_tokens": -5, "output_tokens": "7", "cache_read_input_tokens": True}, Usage()),
    ({"input_tokens": 1.5, "unheard_of": 9}, Usage()),
]


@pytest.mark.parametrize(("usage", "expected"), USAGE_CASES)
def test_usage(usage: Json | None, expected: Usage) -> None:
    """Null, absent and odd counts are zero; cache writes are split by lifetime where that is said, and add up."""
    assert reply(whole({"type": "message", "content": [], "usage": usage})).usage == expected
    assert reply(streamed(start(usage), ending("end_turn"), STOP)).usage == expected


def test_later_usage_overwrites() -> None:
    """Counts of message_delta are totals: they replace earlier ones, and what they leave out or null stays."""
    events = [
        start({"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 50}),
        ending(None, {"output_tokens": 5}),
        ending("end_turn", {"output_tokens": 9, "input_tokens": 80, "cache_read_input_tokens": None}),
        STOP,
    ]
    assert reply(streamed(*events)).usage == Usage(input_tokens=80, output_tokens=9, cache_read=50)


def test_blocks_of_a_whole_message() -> None:
    """Thinking and unknown blocks are kept as they are, empty ones are passed over; texts are joined."""
    content: list[Any] = [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "text", "text": "a"},
        {"type": "brand_new", "text": "?"},
        "odd",
        {"type": "text", "text": ""},
        {"type": "text", "text": "b"},
        {"type": "tool_use", "id": "t", "name": "report", "input": {"a": 1}, "extra": 1},
    ]
    made = reply(whole({"type": "message", "content": content, "stop_reason": "tool_use", "extra": {}}))
    kept = (Verbatim(content[0]), TextBlock("a"), Verbatim(content[2]), TextBlock("b"))
    assert made.content == (*kept, ToolUse("t", "report", {"a": 1}))
    assert made.text == "ab"


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


@pytest.mark.parametrize(
    ("result", "payload"),
    [
        (whole(ERROR), ERROR),
        (whole({"error": "busy"}), {"error": "busy"}),
        (streamed(ERROR), ERROR),
        (streamed(*OPENED, ERROR, ending(), STOP), ERROR),
        (result_of(STREAM, b'data: {"error": {"message": "busy"}}\n\n'), {"error": {"message": "busy"}}),
        (result_of(STREAM, b"event: error\ndata: busy\n\n"), {"error": {"message": "busy"}}),
        (result_of(STREAM, b'event: error\ndata: {"message": "busy"}\n\n'), {"message": "busy"}),
        (result_of(STREAM, json.dumps(ERROR).encode()), ERROR),
    ],
)
def test_errors_in_place_of_a_reply(result: Result, payload: Json) -> None:
    """An error after a good status is an error, first or in the middle, in any envelope."""
    assert result == Reported(payload)


def test_a_message_where_a_stream_was_due() -> None:
    """What comes tells what it is: JSON under a stream's type, and a stream under another type, are both read."""
    answer = tool("report", FINDINGS)
    message, stream = json.dumps(message_of(answer)).encode(), b"".join(map(frame, events_of(answer)))
    expected = whole(message_of(answer))
    for media_type in (STREAM, JSON, "", "text/plain"):
        for content in (message, b"\n  " + message, b"\xef\xbb\xbf" + message, stream):
            assert result_of(media_type, content) == expected
            assert result_of(media_type, *(bytes([byte]) for byte in content)) == expected


@pytest.mark.parametrize("media_type", [STREAM, JSON, "text/html", ""])
def test_what_is_no_message(media_type: str) -> None:
    """A web page and JSON of another kind cannot be used; an empty body and cut JSON are no whole answers."""
    for body in (b"<html>Sign in</html>", b" \n<!doctype html>", b'{"id": 1}', b'{"choices": []}', b'{"content": "x"}'):
        assert isinstance(result_of(media_type, body), Unusable), body
    for body in (b"", b" \r\n", b'{"type": "message", "content": ['):
        assert isinstance(result_of(media_type, body), Incomplete), body


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"Bad gateway", b"<p>"])
def test_text_that_is_no_message(body: bytes) -> None:
    """Other JSON and plain text cannot be used."""
    assert isinstance(result_of(JSON, body), Unusable)
