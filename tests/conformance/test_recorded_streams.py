"""Whole streams as vendors, gateways and local servers write them (tests/samples/streams), cut in every way."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clients.answers import Answer, Format, Incomplete, Result
from bot.clients.assembly import MessageFormat
from bot.clients.chat_assembly import ChatFormat
from bot.core.messages import NO_USAGE, Json, Reply, StopReason, TextBlock, ToolUse, Usage, Verbatim
from tests.conformance.wire import ask
from tests.fakes.messages import stream_bytes

STREAMS = Path(__file__).parents[1] / "samples/streams"
OPUS = "claude-opus-4-6"
ODD = "a\u2028b\u2029c\x85d\x0be\x0cf"
FINDING = {"title": 'reads past "the end"', "line": 12, "quote": "for i in range(n + 1):\n\t"}
REPORT = {
    "files": [{"path": "app/a.py", "summary": "adds a loop"}],
    "findings": [FINDING],
    "standing": [],
    "overview": None,
}
LINES = Reply(
    (TextBlock("one\ntwo\r\nthree ä€😀"),), StopReason.STOP_SEQUENCE, Usage(412, 0, 0, 6144, 8), OPUS, "msg_01Lines"
)


def called(id_: str, input_: object, name: str = "report_review", raw: str = "") -> ToolUse:
    return ToolUse(id_, name, input_, raw)


def thinking(words: str, signature: str) -> Json:
    return {"type": "thinking", "thinking": words, "signature": signature}


READ: dict[str, Reply] = {
    "thinking_then_call": Reply(
        (Verbatim(thinking("The loop reads past the end.", "EqQBCgIYAhIM")), called("toolu_01A", REPORT)),
        StopReason.TOOL_USE,
        Usage(412, 0, 0, 6144, 187),
        OPUS,
        "msg_01ThinkCall",
    ),
    "thinking_not_shown": Reply(
        (
            Verbatim(thinking("", "EqQBCg")),
            Verbatim({"type": "redacted_thinking", "data": "EmwKAhgB"}),
            TextBlock("Nothing to report."),
        ),
        StopReason.END_TURN,
        Usage(412, 0, 0, 6144, 12),
        "claude-opus-4-7",
        "msg_01Omitted",
    ),
    "interleaved_blocks": Reply(
        (
            TextBlock("First, second"),
            called("toolu_01B", {"findings": [1, 2]}),
            called("toolu_01C", {"x": "😀"}, "other"),
        ),
        StopReason.TOOL_USE,
        Usage(412, 0, 0, 6144, 64),
        OPUS,
        "msg_01Mixed",
    ),
    "usage_said_twice": Reply(
        (TextBlock("I can"),), StopReason.REFUSAL, Usage(100, 200, 100, 0, 9), OPUS, "msg_01Twice"
    ),
    "lines_end_in_crlf": LINES,
    "lines_end_in_cr": LINES,
    "gateway_without_names": Reply(
        (called("call_1", {"findings": []}),),
        StopReason.TOOL_USE,
        Usage(50, output_tokens=5),
        "anthropic/claude-opus-4-6",
        "msg_gw",
    ),
    "line_separators_in_strings": Reply(
        (TextBlock(ODD), called("toolu_01O", {"quote": ODD})),
        StopReason.TOOL_USE,
        Usage(412, 0, 0, 6144, 30),
        OPUS,
        "msg_01Odd",
    ),
    "what_is_not_known_yet": Reply(
        (
            Verbatim({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}}),
            TextBlock("x"),
        ),
        StopReason.END_TURN,
        Usage(412, 0, 0, 6144, 2),
        OPUS,
        "msg_01New",
    ),
    "cut_at_the_limit": Reply(
        (called("toolu_01L", None, raw='{"findings": [{"title": "ha'),),
        StopReason.MAX_TOKENS,
        Usage(412, 0, 0, 6144, 16_000),
        OPUS,
        "msg_01Limit",
    ),
    "chat_calls": Reply(
        (called("call_a", {"findings": ["ä\u2028😀"]}), called("call_b", {}, "other")),
        StopReason.TOOL_USE,
        Usage(26, 0, 0, 64, 11),
        "local-model",
        "chatcmpl-7",
    ),
    "chat_local_server": Reply(
        (TextBlock("Looks fine.\u2028"),), StopReason.END_TURN, NO_USAGE, "local-model", "chatcmpl-7", measured=False
    ),
}
NAMES = sorted(READ)


def stream(name: str) -> bytes:
    return (STREAMS / f"{name}.sse").read_bytes()


def read(name: str, pieces: Iterable[bytes]) -> tuple[Result, str]:
    """What the pieces amount to, and what was heard while they came."""
    form: Format = ChatFormat() if name.startswith("chat") else MessageFormat()
    answer = Answer("text/event-stream", form)
    heard = "".join([answer.feed(piece) for piece in pieces])
    return answer.result(), heard


def test_each_stream_has_its_reply() -> None:
    """No sample stands by without being read."""
    assert {path.stem for path in STREAMS.glob("*.sse")} == {*READ}


@pytest.mark.parametrize("name", NAMES)
def test_byte_by_byte(name: str) -> None:
    """One piece, or as many as there are bytes: the same reply, and the same heard on the way."""
    body = stream(name)
    whole = read(name, [body])
    assert whole[0] == READ[name]
    assert read(name, (body[at : at + 1] for at in range(len(body)))) == whole


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("chat")])
def test_over_a_socket(name: str) -> None:
    """The client reads it as its parser does."""
    assert ask(stream_bytes([stream(name)])).said == READ[name]


@settings(max_examples=200)
@given(st.sampled_from(NAMES), st.data())
def test_cut_anywhere(name: str, data: st.DataObject) -> None:
    """Any pieces, empty ones among them, make the same reply."""
    body = stream(name)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=40)))
    pieces = [body[start:end] for start, end in pairwise([0, *cuts, len(body)])]
    assert read(name, pieces) == read(name, [body])
    assert read(name, pieces)[0] == READ[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", range(8))
def test_a_stream_that_breaks_off_at_once(name: str, size: int) -> None:
    """Within its first word, too, it is cut, and no foreign text: it is asked for again."""
    assert isinstance(read(name, [stream(name)[:size]])[0], Incomplete)


@settings(max_examples=200)
@given(st.sampled_from(NAMES), st.data())
def test_a_stream_that_breaks_off(name: str, data: st.DataObject) -> None:
    """Of any beginning of it comes the whole reply, where only its end is missing, or nothing at all."""
    body = stream(name)
    result, _ = read(name, [body[: data.draw(st.integers(0, len(body)))]])
    assert isinstance(result, Incomplete) or result == READ[name] or _uncounted(result) == _uncounted(READ[name])


def _uncounted(result: Result) -> object:
    """A chat stream counts its tokens after it has said why it ended."""
    return (result.content, result.stop_reason) if isinstance(result, Reply) and result.id[:4] == "chat" else result
