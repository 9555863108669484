"""Assembles a reply of the Messages API from the events of its stream, or from one JSON object.

Shapes: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.clients.answers import Incomplete, Reported, Result, Unusable
from bot.clients.message_json import stop_reason, string, table, text_block, tool_call
from bot.clients.message_json import usage as read_usage
from bot.clients.sse import Event
from bot.core.messages import Block, Json, Reply, Verbatim
from bot.core.strict_json import is_strict, loads


class MessageFormat:
    """How the Messages API writes its messages, see `answers.Format`."""

    def assembly(self) -> MessageAssembly:
        """A new message in the making."""
        return MessageAssembly()

    def whole(self, data: Json) -> Result:
        """A message that came as one JSON object."""
        return _whole(data)


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


@dataclass(slots=True)
class _Other:
    """A block of thinking, or of a kind that this version does not know: put together to be sent back.

    `whole` is False where a part of it came in a way that is not known: it cannot be sent back as it was.
    """

    start: Json
    pieces: dict[str, list[str]] = field(default_factory=dict)
    whole: bool = True


class _Damaged(Exception):
    """The events contradict their own grammar, so something of them was lost."""


# The events of a message. What else there is, or will be, stands beside it: pings, comments of a gateway.
_EVENTS = frozenset(f"{part}_{end}" for part in ("message", "content_block") for end in ("start", "delta", "stop"))
_CARRIED_BY: dict[str, tuple[type[_Text | _Tool], str]] = {
    "text_delta": (_Text, "text"),
    "input_json_delta": (_Tool, "partial_json"),
}
# The parts of other blocks, by what they are added to.
_ADDED_BY = {
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}


class MessageAssembly:
    """A message in the making, from its events. Whole only when a stop reason and `message_stop` were seen."""

    def __init__(self) -> None:
        self.begun = False
        self._opening: Json | None = None
        self._blocks: dict[int, _Text | _Tool | _Other] = {}
        self._words: list[str] = []
        self._usage: Json = {}
        self._stop_reason: str | None = None
        self._stopped = False
        self._end: Reported | Incomplete | None = None

    @property
    def over(self) -> bool:
        """Whether further events change nothing."""
        return self._stopped or self._end is not None

    def add(self, event: Event) -> str:
        """Take the next event. Its data's `type` says what it is: proxies drop the `event:` line."""
        if self.over:
            return ""
        data = loads(event.data)
        if not isinstance(data, dict):
            self._take_noise(event)
            return ""
        kind = str(data.get("type") or event.name)
        if kind == "error" or ("type" not in data and data.get("error")):
            self._end = Reported(data)
        elif kind in _EVENTS:
            self.begun = True
            try:
                return self._take(kind, data)
            except _Damaged as damage:
                self._end = Incomplete(str(damage))
        return ""

    def take_words(self) -> str:
        """Return what was added to texts since the last call."""
        words = "".join(self._words)
        self._words.clear()
        return words

    def ended(self) -> None:
        """A message ends with an event of its own, not with its stream."""

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

    def _take(self, kind: str, data: Json) -> str:
        match kind:
            case "message_start":
                self._message_start(data)
            case "content_block_start":
                self._block_start(data)
            case "content_block_delta":
                return self._block_delta(data)
            case "message_delta":
                self._message_delta(data)
            case "message_stop":
                self._stopped = True
        return ""

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
            self._blocks[index] = _Other(block, whole=bool(kind))

    def _block_delta(self, data: Json) -> str:
        block = self._blocks.get(_index(data))
        if block is None:
            raise _Damaged("a part of a content block came without its beginning")
        delta = table(data.get("delta"))
        if isinstance(block, _Other):
            _add(block, delta)
            return ""
        carried = _CARRIED_BY.get(string(delta.get("type")))
        if carried is None:
            return ""
        kind, name = carried
        if not isinstance(block, kind):
            raise _Damaged("a part of a content block does not fit its kind")
        block.pieces.append(string(delta.get(name)))
        if kind is _Text:
            self._words.append(block.pieces[-1])
        return block.pieces[-1]

    def _message_delta(self, data: Json) -> None:
        reason = table(data.get("delta")).get("stop_reason")
        if isinstance(reason, str):
            self._stop_reason = reason
        # Counts are totals so far: the last one said holds, and what is not said again stays.
        self._usage |= {name: count for name, count in table(data.get("usage")).items() if count is not None}


def _add(block: _Other, delta: Json) -> None:
    known = _ADDED_BY.get(string(delta.get("type")))
    if known is None:
        block.whole = False
        return
    part, whole = known
    block.pieces.setdefault(whole, []).append(string(delta.get(part)))


def _closed(block: _Text | _Tool | _Other) -> Block | None:
    if isinstance(block, _Text):
        return text_block("".join(block.pieces))
    if isinstance(block, _Tool):
        # Some gateways put the whole input where the block begins; what came in pieces goes first.
        raw = "".join(block.pieces)
        return tool_call(block.id, block.name, loads(raw) if raw else block.start, raw)
    return _kept(block)


def _kept(block: _Other) -> Verbatim | None:
    """The block to send back, None where that cannot be done: a part was lost, or it is not strict JSON."""
    made = dict(block.start)
    for name, pieces in block.pieces.items():
        text = "".join(pieces)
        if name != "input":
            made[name] = string(made.get(name)) + text
        elif text:
            made[name] = loads(text)
    return Verbatim(made) if block.whole and is_strict(made) else None


# --- Whole ----------------------------------------------------------------------------------------------------------


def _whole(data: Json) -> Result:
    """Read a message that came as one JSON object."""
    content = data.get("content")
    if data.get("type", "message") != "message" or not isinstance(content, list):
        return Unusable("JSON that is no message")
    blocks = (_block(table(block)) for block in content)
    return _reply(data, (block for block in blocks if block), data.get("stop_reason"), table(data.get("usage")))


def _block(block: Json) -> Block | None:
    if block.get("type") == "text":
        return text_block(string(block.get("text")))
    if block.get("type") == "tool_use":
        return tool_call(string(block.get("id")), string(block.get("name")), block.get("input"), "")
    return Verbatim(block) if block.get("type") and is_strict(block) else None


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
