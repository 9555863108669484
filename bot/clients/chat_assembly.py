"""Assembles a reply of Chat Completions from the chunks of its stream, or from one JSON object.

Complete once a finish reason was seen and the stream ended; without one nothing counts.
Shapes: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.clients.answers import Incomplete, Reported, Result, Unusable
from bot.clients.message_json import stop_reason, string, table, text_block, tool_call
from bot.clients.sse import Event
from bot.core.messages import NO_USAGE, Block, Json, Reply, StopReason, ToolUse, Usage
from bot.core.strict_json import loads

_DONE = "[DONE]"


class ChatFormat:
    """How Chat Completions writes its messages, see `answers.Format`."""

    def assembly(self) -> ChatAssembly:
        """A new message in the making."""
        return ChatAssembly()

    def whole(self, data: Json) -> Result:
        """A message that came as one JSON object."""
        choice = _choice(data)
        message = choice.get("message")
        if not isinstance(message, dict):
            return Unusable("JSON that is no completion")
        calls = [_Call().taken(call) for call in _tables(message.get("tool_calls"))]
        refused = bool(string(message.get("refusal")))
        said = _Said(_text(message.get("content")), calls, choice.get("finish_reason"), refused)
        return _reply(data, said, data.get("usage"))


@dataclass(slots=True)
class _Call:
    """A call in the making: its id and name come once, its input in pieces."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def taken(self, piece: Json) -> _Call:
        """The call with a piece more."""
        function = table(piece.get("function"))
        self.id = self.id or string(piece.get("id"))
        self.name = self.name or string(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            # Some local servers forget that it is text.
            self.arguments = json.dumps(arguments)
        else:
            self.arguments += string(arguments)
        return self

    def whole(self, name: str) -> ToolUse:
        """The call, now that no piece is missing; `name` is its id where the server gave none."""
        value = loads(self.arguments) if self.arguments else None
        return tool_call(self.id or name, self.name, value, self.arguments)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a message came to: its words, its calls, why it stopped, whether it was a refusal."""

    text: str
    calls: Iterable[_Call]
    finish: object
    refused: bool


class ChatAssembly:
    """A message in the making, from its chunks."""

    def __init__(self) -> None:
        self.begun = False
        self._opening: Json = {}
        self._pieces: list[str] = []
        self._taken = 0
        self._calls: dict[int, _Call] = {}
        self._finish: object = None
        self._refused = False
        self._usage: object = None
        self._done = False
        self._end: Reported | Incomplete | None = None

    @property
    def over(self) -> bool:
        """Whether further chunks change nothing."""
        return self._done or self._end is not None

    def add(self, event: Event) -> str:
        """Take the next chunk."""
        if self.over:
            return ""
        if event.data.strip() == _DONE:
            self._done = True
            return ""
        data = loads(event.data)
        if not isinstance(data, dict):
            self._end = Incomplete("an event is not JSON")
        elif data.get("error"):
            self._end = Reported(data)
        else:
            return self._take(data)
        return ""

    def take_words(self) -> str:
        """Return the words since the last call."""
        words = "".join(self._pieces[self._taken :])
        self._taken = len(self._pieces)
        return words

    def ended(self) -> None:
        """The stream is over: many servers send no [DONE]."""
        self._done = True

    def result(self) -> Result:
        """Return the reply, the error that came instead of it, or why there is none."""
        if self._end is not None:
            return self._end
        if not self._done or self._finish is None:
            return Incomplete("the stream ended before the message did")
        calls = [call for _, call in sorted(self._calls.items())]
        said = _Said("".join(self._pieces), calls, self._finish, self._refused)
        return _reply(self._opening, said, self._usage)

    def _take(self, data: Json) -> str:
        """What usage there is comes last, in a chunk without choices."""
        self.begun = True
        self._opening = self._opening or data
        self._usage = data.get("usage") or self._usage
        choice = _choice(data)
        self._finish = choice.get("finish_reason") or self._finish
        delta = table(choice.get("delta"))
        self._refused = self._refused or bool(string(delta.get("refusal")))
        text = _text(delta.get("content"))
        self._pieces.append(text)
        return text + "".join(self._called(call) for call in _tables(delta.get("tool_calls")))

    def _called(self, piece: Json) -> str:
        index = piece.get("index")
        call = self._calls.setdefault(index if isinstance(index, int) else len(self._calls), _Call())
        before = len(call.arguments)
        return call.taken(piece).arguments[before:]


def _reply(opening: Json, said: _Said, usage: object) -> Reply:
    calls = [call.whole(f"call_{number}") for number, call in enumerate(said.calls)]
    text = text_block(said.text)
    content: tuple[Block, ...] = (*([text] if text else []), *calls)
    counted = isinstance(usage, dict)
    return Reply(
        content=content,
        stop_reason=StopReason.REFUSAL if said.refused else stop_reason(said.finish, content),
        usage=_usage(table(usage)) if counted else NO_USAGE,
        model=string(opening.get("model")),
        id=string(opening.get("id")),
        measured=counted,
    )


def _usage(said: Json) -> Usage:
    """Tokens: here those that were read from a cache are among those of the prompt."""
    cached = _count(table(said.get("prompt_tokens_details")).get("cached_tokens"))
    sent = _count(said.get("prompt_tokens"))
    cached = min(cached, sent)
    return Usage(input_tokens=sent - cached, cache_read=cached, output_tokens=_count(said.get("completion_tokens")))


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else 0


def _choice(data: Json) -> Json:
    """The only choice that was asked for; a chunk may have none."""
    return next(_tables(data.get("choices")), {})


def _text(content: object) -> str:
    """Words, as text or as a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(string(part.get("text")) for part in _tables(content))


def _tables(value: object) -> Iterator[Json]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
