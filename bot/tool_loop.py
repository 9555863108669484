"""Lets a model use tools until it answers, within bounds. What the tools are, the caller says.

A tool takes JSON and returns text; it is handed nothing else, so it can do no more than its function does. The calls of
a turn run at the same time, and all of them are answered, in their order, before anything else is said.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.cost import tokens_of
from bot.core.messages import NO_USAGE, UNHEARD, Json, Listener, Reply, Request, StopReason, ToolUse, Usage
from bot.core.model_rules import RULES
from bot.core.tool_turns import NO_TOOL, End, ToolResult, misfit, named_apart, results_turn, said_turn
from bot.errors import BotError


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request, heard by the listener as it comes. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the model sees it, and the function behind it.

    `schema` is that of its input, a JSON object. `run` gets input that fits it; a BotError that it raises is told to
    the model in its own words.
    """

    name: str
    description: str
    schema: Json
    run: Callable[[Json], Awaitable[str]]

    @classmethod
    def of(cls, declared: Json, run: Callable[[Json], Awaitable[str]]) -> Tool:
        """The tool that a request declares so."""
        schema = declared["input_schema"]
        assert isinstance(schema, dict)  # noqa: S101 - out of prompts/
        return cls(str(declared["name"]), str(declared["description"]), schema, run)

    @property
    def declared(self) -> Json:
        """The tool as a request declares it."""
        return {"name": self.name, "description": self.description, "input_schema": self.schema}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a conversation may go.

    `turns` are requests in which tools may be called, `tokens` those of all requests and answers together, `seconds`
    are of wall time; `result` and `results` are the most characters of one result and of all. Where one is reached, the
    model is asked once more, for its answer. A request under way is not cut off: what is paid for is read.
    """

    turns: int = 12
    tokens: int = 200_000
    seconds: float = 300
    result: int = 40_000
    results: int = 200_000


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Conversation:
    """All replies, the last of which holds the answer, and why there are no more."""

    replies: tuple[Reply, ...]
    end: End

    @property
    def answer(self) -> Reply:
        """The last reply."""
        return self.replies[-1]

    @property
    def usage(self) -> Usage:
        """The tokens of all replies."""
        return sum((reply.usage for reply in self.replies), start=NO_USAGE)


# A turn pauses for the provider's own tools only. We declare none, so nobody would take it up again:
# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
_BROKEN_OFF = {
    StopReason.PAUSE_TURN: End.CUT_OFF,
    StopReason.MAX_TOKENS: End.CUT_OFF,
    StopReason.CONTEXT_WINDOW: End.CUT_OFF,
    StopReason.REFUSAL: End.REFUSED,
}
_NO_ROOM = ToolResult("There is no room for this result; answer with what you have.", failed=True)
_TOO_SLOW = ToolResult("This took too long and was stopped.", failed=True)


def _unheard(_: Reply) -> None:
    """Nobody wants to see the replies one by one."""


class ToolLoop:
    """Tools and bounds, for any number of conversations.

    `enough` are the words that ask for the answer where a bound is reached; `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        model: Model,
        tools: Sequence[Tool],
        enough: str,
        bounds: Bounds = BOUNDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._tools = {tool.name: tool for tool in tools}
        self._enough = enough
        self._bounds = bounds
        self._clock = clock

    async def run(
        self,
        body: Mapping[str, object],
        listener: Listener = UNHEARD,
        heard: Callable[[Reply], None] = _unheard,
    ) -> Conversation:
        """Ask, run what is called, and ask again until there is an answer. `heard` gets each reply as it is whole.

        The body declares the tools; its messages stay as they are, and go on. Raises OutsideError. Who stops waiting
        stops the tools that run.
        """
        talk = _Talk(body, self._bounds, self._clock)
        while True:
            request = talk.request()
            reply = await self._model.ask(request, listener)
            heard(reply)
            talk.take(request, reply)
            calls = talk.calls_of(reply) if self._tools else ()
            if not calls:
                return Conversation(tuple(talk.replies), talk.end or _BROKEN_OFF.get(reply.stop_reason, End.ANSWERED))
            talk.say(said_turn(reply, calls, [*self._tools]))
            results = await self._results(calls, 0.0 if talk.spent() else talk.seconds_left())
            fitted = [talk.fit(result) for result in results]
            talk.end = talk.reached()
            talk.say(results_turn(calls, fitted, self._enough if talk.end else ""))

    async def _results(self, calls: Sequence[ToolUse], seconds: float) -> list[ToolResult]:
        """One for each call, in order; all run at the same time, for so many seconds."""
        if seconds <= 0:
            return [_NO_ROOM] * len(calls)
        results = [_TOO_SLOW] * len(calls)

        async def run(at: int, call: ToolUse) -> None:
            results[at] = await self._result(call)

        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for at, call in enumerate(calls):
                    group.create_task(run(at, call))
        except TimeoutError:
            pass
        return results

    async def _result(self, call: ToolUse) -> ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(f"There is no tool {call.name[:64]!r}; there is {', '.join(self._tools)}.", failed=True)
        if not isinstance(call.input, dict):
            return ToolResult("The input is no JSON object; call the tool again with one.", failed=True)
        fault = misfit(tool.schema, call.input)
        if fault:
            return ToolResult(
                f"The call does not fit the tool: {fault}; call it again with what it asks for.", failed=True
            )
        try:
            return ToolResult(await tool.run(call.input))
        except BotError as error:
            return ToolResult(str(error), failed=True)
        except Exception as error:  # noqa: BLE001 - the model can go on without this result; its words may hold anything
            return ToolResult(f"The tool failed ({type(error).__name__}); go on without it.", failed=True)


class _Talk:
    """One conversation: what was said so far, and what is left of its bounds. `end` is the bound that is reached."""

    def __init__(self, body: Mapping[str, object], bounds: Bounds, clock: Callable[[], float]) -> None:
        self.replies: list[Reply] = []
        self.end: End | None = None
        self._body = body
        self._rules = RULES.of(str(body["model"]))
        self._messages = _tables(body["messages"])
        self._ids = {str(block["id"]) for block in _blocks(self._messages) if block.get("type") == "tool_use"}
        self._bounds = bounds
        self._clock = clock
        self._until = clock() + bounds.seconds
        self._characters = bounds.results
        self._tokens = 0
        self._next = 0

    def request(self) -> Request:
        """The next request; where a bound is reached it admits no call."""
        choice = {"tool_choice": NO_TOOL} if self.end else {}
        return Request({**self._body, **choice, "messages": list(self._messages)})

    def take(self, request: Request, reply: Reply) -> None:
        """Count a reply. Where its endpoint counts nothing, its size is estimated."""
        self.replies.append(reply)
        took = reply.usage.total_input + reply.usage.output_tokens
        if not reply.measured:
            took = tokens_of(request.encoded.decode(), self._rules) + tokens_of(reply.text, self._rules)
        self._tokens += took
        self._next = took

    def calls_of(self, reply: Reply) -> tuple[ToolUse, ...]:
        """The calls that are to be answered: none of a reply that broke off, as the last of them may be half."""
        if self.end or reply.stop_reason in _BROKEN_OFF:
            return ()
        calls = named_apart(reply.tool_uses, self._ids)
        self._ids.update(call.id for call in calls)
        return calls

    def say(self, turn: Json) -> None:
        """Go on with a turn."""
        self._messages.append(turn)

    def fit(self, result: ToolResult) -> ToolResult:
        """The result within what is left for results."""
        if not self._characters:
            return _NO_ROOM
        most = min(self._bounds.result, self._characters)
        text = result.text
        if len(text) > most:
            text = f"{text[:most]}\n[cut here: {most:,} of {len(text):,} characters are shown]"
        self._characters -= min(len(result.text), most)
        self._next += tokens_of(text, self._rules)
        return ToolResult(text, result.failed)

    def reached(self) -> End | None:
        """The bound that keeps the next request from admitting calls, if any."""
        return End.TURNS if len(self.replies) >= self._bounds.turns else self.spent()

    def spent(self) -> End | None:
        """The bound that leaves no room for more results, if any. The next request reads all that was said before."""
        if self.seconds_left() <= 0:
            return End.SECONDS
        if self._tokens + self._next > self._bounds.tokens:
            return End.TOKENS
        return None if self._characters else End.RESULTS

    def seconds_left(self) -> float:
        """The seconds that are left."""
        return self._until - self._clock()


def _tables(value: object) -> list[Json]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def _blocks(messages: Sequence[Json]) -> list[Json]:
    return [block for message in messages for block in _tables(message["content"])]
