"""Assembles a reply from the bytes of an answer, streamed or whole.

Stricter than the SDK, which takes a cut stream for a success and repairs cut JSON into a plausible shorter object.

Shapes: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.clients.message_json import BROKEN, loads, stop_reason, string, table, text_block, tool_call
from bot.clients.message_json import usage as read_usage
from bot.clients.sse import Event, SseReader
from bot.core.messages import Block, Json, Reply


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

_BOM = b"\xef\xbb\xbf"
_NO_STREAM = (b"{", b"<")
_STREAM_STARTS = (b":", b"event:", b"data:", b"id:", b"retry:")


class Answer:
    """The body of one answer: feed its bytes, cut anywhere, then ask for the result.

    What it is, its own first byte tells before its Content-Type does: gateways answer JSON to who asked for a stream.
    """

    def __init__(self, media_type: str) -> None:
        self._may_be_stream = media_type.partition(";")[0].strip().lower() == "text/event-stream"
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

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._stream is not None:
            self._add(self._stream, self._reader.feed(chunk))
            return
        self._whole += chunk
        if self._may_be_stream and _start(self._whole):
            self._may_be_stream = not _start(self._whole).startswith(_NO_STREAM)
            if self._may_be_stream:
                self._begin_stream()

    def result(self) -> Result:
        """Return what the answer amounts to, now that no more bytes come."""
        if self._stream is None and not _start(self._whole).startswith(_STREAM_STARTS):
            return _whole_message(bytes(self._whole).removeprefix(_BOM).lstrip())
        stream = self._stream or self._begin_stream()
        # What is left half is the cut itself, no damaged event.
        self._add(stream, (event for event in self._reader.end() if loads(event.data) is not BROKEN))
        return stream.result()

    def _begin_stream(self) -> Assembly:
        self._stream = Assembly()
        self._add(self._stream, self._reader.feed(bytes(self._whole)))
        self._whole.clear()
        return self._stream

    @staticmethod
    def _add(stream: Assembly, events: Iterable[Event]) -> None:
        for event in events:
            stream.add(event)


def _start(body: bytearray) -> bytes:
    """The first bytes of substance, b'' while there are none."""
    start = bytes(body[:64])
    return b"" if _BOM.startswith(start) else start.removeprefix(_BOM).lstrip()


# --- Streamed -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Text:
    pieces: list[str]


@dataclass(slots=True)
class _Tool:
    id: str
    name: str
    start: object
    pieces: list[str] = field(default_factory=list)


class _Skipped:
    """A block of thinking, or of a kind that this version does not know."""


class _Damaged(Exception):
    """The events contradict their own grammar, so something of them was lost."""


# The events of a message. What else there is, or will be, stands beside it: pings, comments of a gateway.
_EVENTS = frozenset(f"{part}_{end}" for part in ("message", "content_block") for end in ("start", "delta", "stop"))
_CARRIED_BY: dict[str, tuple[type[_Text | _Tool], str]] = {
    "text_delta": (_Text, "text"),
    "input_json_delta": (_Tool, "partial_json"),
}


class Assembly:
    """A message in the making, from its events. Whole only when a stop reason and `message_stop` were seen."""

    def __init__(self) -> None:
        self.begun = False
        self._opening: Json | None = None
        self._blocks: dict[int, _Text | _Tool | _Skipped] = {}
        self._usage: Json = {}
        self._stop_reason: str | None = None
        self._stopped = False
        self._end: Reported | Incomplete | None = None

    @property
    def over(self) -> bool:
        """Whether further events change nothing."""
        return self._stopped or self._end is not None

    def add(self, event: Event) -> None:
        """Take the next event. Its data's `type` says what it is: proxies drop the `event:` line."""
        if self.over:
            return
        data = loads(event.data)
        if not isinstance(data, dict):
            self._take_noise(event)
            return
        kind = str(data.get("type") or event.name)
        if kind == "error" or ("type" not in data and data.get("error")):
            self._end = Reported(data)
            return
        if kind in _EVENTS:
            self.begun = True
            try:
                self._take(kind, data)
            except _Damaged as damage:
                self._end = Incomplete(str(damage))

    def _take_noise(self, event: Event) -> None:
        """Data that is no JSON object: a damaged event of the message, or something that is none of ours."""
        if event.name == "error":
            self._end = Reported({"error": {"message": event.data}})
        elif event.data.strip() != "[DONE]" and event.name in {*_EVENTS, "", "message"}:
            self._end = Incomplete("an event is not JSON")

    def result(self) -> Result:
        """Return the reply, the error that came instead of it, or why there is none."""
        if self._end is not None:
            return self._end
        if self._stop_reason is None or not self._stopped:
            return Incomplete("the stream ended before the message did")
        opening = self._opening or {}
        blocks = (_closed(block) for _, block in sorted(self._blocks.items(), key=lambda item: item[0]))
        return _reply(opening, (block for block in blocks if block), self._stop_reason, self._usage)

    def _take(self, kind: str, data: Json) -> None:
        match kind:
            case "message_start":
                self._message_start(data)
            case "content_block_start":
                self._block_start(data)
            case "content_block_delta":
                self._block_delta(data)
            case "message_delta":
                self._message_delta(data)
            case "message_stop":
                self._stopped = True

    def _message_start(self, data: Json) -> None:
        if self._opening is not None:
            raise _Damaged("a second message began inside the first")
        self._opening = table(data.get("message"))
        self._usage = dict(table(self._opening.get("usage")))

    def _block_start(self, data: Json) -> None:
        index = _index(data)
        if index in self._blocks:
            raise _Damaged("a content block began twice")
        block = table(data.get("content_block"))
        kind = block.get("type")
        if kind == "text":
            self._blocks[index] = _Text([string(block.get("text"))])
        elif kind == "tool_use":
            self._blocks[index] = _Tool(string(block.get("id")), string(block.get("name")), block.get("input"))
        else:
            self._blocks[index] = _Skipped()

    def _block_delta(self, data: Json) -> None:
        block = self._blocks.get(_index(data))
        if block is None:
            raise _Damaged("a part of a content block came without its beginning")
        delta = table(data.get("delta"))
        carried = _CARRIED_BY.get(string(delta.get("type")))
        if carried is None or isinstance(block, _Skipped):
            return
        kind, name = carried
        if not isinstance(block, kind):
            raise _Damaged("a part of a content block does not fit its kind")
        block.pieces.append(string(delta.get(name)))

    def _message_delta(self, data: Json) -> None:
        reason = table(data.get("delta")).get("stop_reason")
        if isinstance(reason, str):
            self._stop_reason = reason
        # Counts are totals so far: the last one said holds, and what is not said again stays.
        self._usage |= {name: count for name, count in table(data.get("usage")).items() if count is not None}


def _closed(block: _Text | _Tool | _Skipped) -> Block | None:
    if isinstance(block, _Text):
        return text_block("".join(block.pieces))
    if isinstance(block, _Tool):
        # Some gateways put the whole input where the block begins; what came in pieces goes first.
        raw = "".join(block.pieces)
        return tool_call(block.id, block.name, loads(raw) if raw else block.start, raw)
    return None


# --- Whole ----------------------------------------------------------------------------------------------------------


def _whole_message(body: bytes) -> Result:
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
    content = data.get("content")
    if data.get("type", "message") != "message" or not isinstance(content, list):
        return Unusable("JSON that is no message")
    blocks = (_block(table(block)) for block in content)
    return _reply(data, (block for block in blocks if block), data.get("stop_reason"), table(data.get("usage")))


def _described(body: bytes) -> str:
    return "a web page" if body.startswith(b"<") else "text that is no message"


def _block(block: Json) -> Block | None:
    if block.get("type") == "text":
        return text_block(string(block.get("text")))
    if block.get("type") == "tool_use":
        return tool_call(string(block.get("id")), string(block.get("name")), block.get("input"), "")
    return None


# --- Shared ---------------------------------------------------------------------------------------------------------


def _reply(opening: Json, blocks: Iterable[Block], said: object, usage: Json) -> Reply:
    content = tuple(blocks)
    return Reply(
        content=content,
        stop_reason=stop_reason(said, content),
        usage=read_usage(usage),
        model=string(opening.get("model")),
        id=string(opening.get("id")),
    )


def _index(data: Json) -> int:
    index = data.get("index")
    if not isinstance(index, int):
        raise _Damaged("a content block has no number")
    return index
