"""Server-sent events: the specification's grammar, however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.sse import Event, SseReader

CASES = [
    ("one line", b"data: a\n\n", [Event("", "a")]),
    ("a name", b"event: ping\ndata: a\n\n", [Event("ping", "a")]),
    ("the name's line after the data", b"data: a\nevent: ping\n\n", [Event("ping", "a")]),
    ("the last name holds", b"event: a\nevent: b\ndata: c\n\n", [Event("b", "c")]),
    ("a name holds for one event", b"event: x\ndata: a\n\ndata: b\n\n", [Event("x", "a"), Event("", "b")]),
    ("a name without data is no event, and forgotten", b"event: x\n\ndata: b\n\n", [Event("", "b")]),
    ("several data lines", b"data: a\ndata: b\n\n", [Event("", "a\nb")]),
    ("empty data", b"data:\n\n", [Event("", "")]),
    ("a field without a colon", b"data\n\n", [Event("", "")]),
    ("two empty data lines", b"data\ndata\n\n", [Event("", "\n")]),
    ("no space after the colon", b"data:a\n\n", [Event("", "a")]),
    ("one space only is taken off", b"data:  a \n\n", [Event("", " a ")]),
    ("colons in data", b"data: a: b:c\n\n", [Event("", "a: b:c")]),
    ("comments", b": hello\n:\ndata: a\n: in between\n\n", [Event("", "a")]),
    ("other fields", b"id: 1\nretry: 5\nfoo: bar\ndata: a\n\n", [Event("", "a")]),
    ("names count case", b"Data: a\n\n", []),
    ("CRLF", b"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [Event("x", "a"), Event("", "b")]),
    ("CR", b"event: x\rdata: a\r\rdata: b\r\r", [Event("x", "a"), Event("", "b")]),
    ("mixed ends", b"data: a\r\ndata: b\rdata: c\n\r\n", [Event("", "a\nb\nc")]),
    ("LF CR is two ends", b"data: a\n\rdata: b\n\n", [Event("", "a"), Event("", "b")]),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", [Event("", "a")]),
    ("a second mark is text", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [Event("", "b")]),
    ("other line separators are text", "data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n\n".encode(), [
        Event("", "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg")
    ]),
    ("several bytes a character", "data: äß€😀\n\n".encode(), [Event("", "äß€😀")]),
    ("bytes that are no UTF-8", b"data: a\xffb\n\n", [Event("", "a\ufffdb")]),
    ("empty lines", b"\n\n\r\n\rdata: a\n\n\n\n", [Event("", "a")]),
    ("an unfinished event", b"data: a\n\ndata: b\n", [Event("", "a")]),
    ("an unfinished line", b"data: a\n\ndata: b", [Event("", "a")]),
    ("nothing", b"", []),
]  # fmt: skip


def events_of(chunks: list[bytes]) -> list[Event]:
    reader = SseReader()
    return [event for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize(("rule", "stream", "events"), CASES, ids=[case[0] for case in CASES])
def test_the_grammar(rule: str, stream: bytes, events: list[Event]) -> None:
    """Each rule of the specification holds for a stream in one piece, and byte by byte."""
    assert events_of([stream]) == events, rule
    assert events_of([bytes([byte]) for byte in stream]) == events, rule


LINES = st.sampled_from(
    [
        b"data: a",
        b"data:\xc3\xa4\xf0\x9f\x98\x80",
        b"event: x",
        b": note",
        b"",
        b"data",
        b"id: 1",
        b"\xef\xbb\xbfdata: b",
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=30).map(
    lambda lines: b"".join(text + end for text, end in lines)
)


@given(STREAMS, st.data())
def test_cuts_change_nothing(stream: bytes, data: st.DataObject) -> None:
    """Any stream gives the same events however it is cut, and empty chunks are nothing."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events_of(chunks) == events_of([stream])


@pytest.mark.parametrize(
    ("rest", "events"),
    [
        (b"data: b\n", [Event("", "b")]),
        (b"data: b", [Event("", "b")]),
        (b"data: b\r", [Event("", "b")]),
        (b"event: x\ndata: b", [Event("x", "b")]),
        (b"event: x", []),
        (b"", []),
    ],
)
def test_the_end_gives_what_is_left(rest: bytes, events: list[Event]) -> None:
    """A last event without its empty line is handed out at the end, once."""
    reader = SseReader()
    assert reader.feed(b"data: a\n\n" + rest) == [Event("", "a")]
    assert reader.end() == events
    assert reader.end() == []


def test_a_long_line_in_small_pieces_arrives() -> None:
    """A line may come in any number of pieces."""
    reader = SseReader()
    assert [event for _ in range(20_000) for event in reader.feed(b"data: 0123456789")] == []
    (event,) = reader.end()
    assert len(event.data) == 20_000 * 16 - len("data: ")
