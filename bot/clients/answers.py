"""The body of an answer, streamed or whole: fed as bytes, cut anywhere, read as what it is.

Stricter than the SDKs, which take a cut stream for a success and repair cut JSON into a plausible shorter object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.clients.sse import Event, SseReader
from bot.core.messages import Json, Reply
from bot.core.strict_json import BROKEN, loads


@dataclass(frozen=True, slots=True)
class Reported:
    """An error that came where a reply was due, after a good HTTP status. `payload` is its JSON."""

    payload: Json


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The answer is cut or damaged, or there is none. Nothing of it counts."""

    why: str
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """The answer is whole, and no message."""

    why: str


Result = Reply | Reported | Incomplete | Unusable


class Assembly(Protocol):
    """A message in the making, from the events of its stream."""

    @property
    def begun(self) -> bool:
        """Whether something of the message has arrived."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing that may still arrive can change the result."""
        ...

    def add(self, event: Event) -> str:
        """Take the next event. Returns what it adds to a text or to the input of a tool, '' for nothing."""
        ...

    def take_words(self) -> str:
        """Return what was added to texts alone since the last call."""
        ...

    def ended(self) -> None:
        """No more events come."""
        ...

    def result(self) -> Result:
        """What the events amount to so far."""
        ...


class Format(Protocol):
    """How one API writes its messages."""

    def assembly(self) -> Assembly:
        """A new message in the making."""
        ...

    def whole(self, data: Json) -> Result:
        """A message that came as one JSON object, which reports no error."""
        ...


_BOM = b"\xef\xbb\xbf"
_NO_STREAM = (b"{", b"<")
_STREAM_STARTS = (b":", b"event:", b"data:", b"id:", b"retry:")


class Answer:
    """The body of one answer: feed its bytes, then ask for the result.

    What it is, its own first byte tells before its Content-Type does: gateways answer JSON to who asked for a stream.
    """

    def __init__(self, media_type: str, format_: Format) -> None:
        self._may_be_stream = media_type.partition(";")[0].strip().lower() == "text/event-stream"
        self._format = format_
        self._reader = SseReader()
        self._stream: Assembly | None = None
        self._whole = bytearray()

    @property
    def begun(self) -> bool:
        """Whether something of a streamed message has arrived."""
        return self._stream is not None and self._stream.begun

    @property
    def over(self) -> bool:
        """Whether nothing that may still arrive can change the result."""
        return self._stream is not None and self._stream.over

    def feed(self, chunk: bytes) -> str:
        """Take the next bytes. Returns what they add to texts and to the input of tools, unchecked."""
        if self._stream is not None:
            return _add(self._stream, self._reader.feed(chunk))
        self._whole += chunk
        if self._may_be_stream and _start(self._whole):
            self._may_be_stream = not _start(self._whole).startswith(_NO_STREAM)
            if self._may_be_stream:
                self._stream = self._format.assembly()
                return self._begin(self._stream)
        return ""

    def take_words(self) -> str:
        """Return what was added to texts alone, not to the input of tools, since the last call."""
        return self._stream.take_words() if self._stream is not None else ""

    def result(self) -> Result:
        """Return what the answer amounts to, now that no more bytes come."""
        stream = self._stream
        if stream is None:
            if not _starts_stream(_start(self._whole)):
                return self._document(_without_mark(bytes(self._whole)).lstrip())
            stream = self._stream = self._format.assembly()
            self._begin(stream)
        # What is left half is the cut itself, no damaged event.
        _add(stream, (event for event in self._reader.end() if loads(event.data) is not BROKEN))
        stream.ended()
        return stream.result()

    def _begin(self, stream: Assembly) -> str:
        said = _add(stream, self._reader.feed(bytes(self._whole)))
        self._whole.clear()
        return said

    def _document(self, body: bytes) -> Result:
        """Read a message that came as one JSON document."""
        if not body:
            return Incomplete("its body is empty", empty=True)
        data = loads(body.decode("utf-8", "replace"))
        if data is BROKEN:
            return Incomplete("its JSON is cut or damaged") if body.startswith(b"{") else Unusable(_described(body))
        if not isinstance(data, dict):
            return Unusable("JSON that is no message")
        if data.get("type") == "error" or data.get("error"):
            return Reported(data)
        return self._format.whole(data)


def _add(stream: Assembly, events: Iterable[Event]) -> str:
    return "".join([stream.add(event) for event in events])


def _start(body: bytearray) -> bytes:
    """The first bytes of substance, b'' while there are none."""
    return _without_mark(bytes(body[:64])).lstrip()


def _without_mark(body: bytes) -> bytes:
    """The bytes behind a byte order mark, b'' where no more than a part of one is there."""
    return b"" if _BOM.startswith(body) else body.removeprefix(_BOM)


def _starts_stream(start: bytes) -> bool:
    """Whether a body begins as a stream does, be it cut within its first word."""
    return bool(start) and any(start.startswith(word) or word.startswith(start) for word in _STREAM_STARTS)


def _described(body: bytes) -> str:
    return "a web page" if body.startswith(b"<") else "text that is no message"
