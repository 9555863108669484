"""Asks a model about every chunk of a plan: fans out, repairs once, splits what was cut off, loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core.chunking import Chunk, split
from bot.core.ledger import Entry, Reason
from bot.core.messages import NO_USAGE, Reply, Request, Usage
from bot.core.replies import Answer, Unusable, read_reply
from bot.core.requests import Prefix, ask_about, ask_again, part_of
from bot.core.visible import Shown
from bot.errors import OutsideError, Rejected

_MOST_SPLITS = 3
_WORTH_A_LEADER = 3
_MOST_LEADERS = 2
_TOO_LARGE = 413


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, started: Callable[[], None] | None = None) -> Reply:
        """Answer one request; `started` is called when the answer begins. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an interview is: requests known of, running and answered, and what the answers took."""

    requests: int = 0
    running: int = 0
    answered: int = 0
    usage: Usage = NO_USAGE


class Watch(Protocol):
    """Whoever wants to see an interview going on."""

    def moved(self, tally: Tally) -> None:
        """A request was sent or answered."""
        ...

    def heard(self, answer: Answer) -> None:
        """A usable answer came; nothing in it is checked yet."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one chunk: its answer, or the reason and the sentence why there is none."""

    chunk: Chunk
    reason: Reason
    answer: Answer | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of an interview: the results in the order of the chunks, and what they took."""

    results: tuple[Result, ...]
    requests: int = 0
    usage: Usage = NO_USAGE

    @property
    def answers(self) -> list[Answer]:
        """The usable answers."""
        return [result.answer for result in self.results if result.answer]

    @property
    def entries(self) -> list[Entry]:
        """Every line that was to be asked about, for the ledger."""
        return [
            Entry(piece.file, result.reason, *piece.ordinals)
            for result in self.results
            for piece in result.chunk.pieces
        ]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why there are lines without an answer, each reason once."""
        return tuple(dict.fromkeys(result.problem for result in self.results if result.problem))


async def hear(model: Model | None, chunks: Sequence[Chunk], shared: Prefix, shown: Shown, watch: Watch) -> Heard:
    """Ask about all chunks. Without a model their lines are left to the analyzers."""
    if model is None:
        return Heard(tuple(Result(chunk, Reason.NO_MODEL) for chunk in chunks))
    return await _Interview(model, shared, shown, watch).about(chunks)


class _Lead:
    """A request sent ahead. `settled` is set when its answer has begun, or never will."""

    def __init__(self) -> None:
        self.begun = False
        self.settled = asyncio.Event()

    def begin(self) -> None:
        self.begun = True
        self.settled.set()

    def end(self, _: object) -> None:
        self.settled.set()


class _Interview:
    """One review's conversation with a model: every chunk comes back as one result, or in parts that add up to it."""

    def __init__(self, model: Model, shared: Prefix, shown: Shown, watch: Watch) -> None:
        self._model = model
        self._shared = shared
        self._shown = shown
        self._watch = watch
        self._tasks: list[asyncio.Task[list[Result]]] = []
        self._stopped = ""
        self._tally = Tally()

    async def about(self, chunks: Sequence[Chunk]) -> Heard:
        self._move(requests=len(chunks))
        try:
            async with asyncio.TaskGroup() as group:
                waiting = list(chunks)
                if self._shared.marked and len(chunks) >= _WORTH_A_LEADER:
                    await self._lead(group, waiting)
                self._tasks += [group.create_task(self._chunk(chunk)) for chunk in waiting]
        except ExceptionGroup as errors:
            # Failures of requests are results; what gets here concerns the whole review and is told as one error.
            raise errors.exceptions[0] from None
        results = tuple(result for task in self._tasks for result in task.result())
        return Heard(results, self._tally.answered, self._tally.usage)

    async def _lead(self, group: asyncio.TaskGroup, waiting: list[Chunk]) -> None:
        """Send one request ahead until its answer begins: only then can others read its prefix from the cache.

        One that fails without an answer is followed by another; after that the rest goes all the same.
        Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
        """
        for _ in range(_MOST_LEADERS):
            if not waiting or self._stopped:
                return
            lead = _Lead()
            task = group.create_task(self._chunk(waiting.pop(0), lead.begin))
            task.add_done_callback(lead.end)
            self._tasks.append(task)
            await lead.settled.wait()
            if lead.begun:
                return

    async def _chunk(self, chunk: Chunk, started: Callable[[], None] | None = None, depth: int = 0) -> list[Result]:
        if self._stopped:
            return self._ended(chunk)
        try:
            return await self._results(chunk, started, depth)
        except asyncio.CancelledError:
            return self._ended(chunk)

    def _ended(self, chunk: Chunk) -> list[Result]:
        """What is left of a chunk that we gave up ourselves, as the request that ended all. Else we are cancelled."""
        task = asyncio.current_task()
        if not self._stopped or task is None:
            raise asyncio.CancelledError
        task.uncancel()
        return [Result(chunk, Reason.REQUEST_FAILED, problem=self._stopped)]

    async def _results(self, chunk: Chunk, started: Callable[[], None] | None, depth: int) -> list[Result]:
        try:
            answer = await self._answer(part_of(self._shown, chunk), started)
        except OutsideError as error:
            if not _is_too_large(error):
                return [self._failed(chunk, error)]
            answer = Unusable(Reason.TRUNCATED, str(error))
        if isinstance(answer, Answer):
            self._watch.heard(answer)
            return [Result(chunk, Reason.ANSWERED, answer)]
        halves = None
        if answer.reason is Reason.TRUNCATED and depth < _MOST_SPLITS:
            halves = split(self._shown.diff, chunk, self._shared.asking.model)
        if halves is None:
            return [Result(chunk, answer.reason, problem=answer.problem)]
        self._move(requests=2)
        parts = await asyncio.gather(*(self._chunk(half, depth=depth + 1) for half in halves))
        return [result for part in parts for result in part]

    async def _answer(self, part: str, started: Callable[[], None] | None) -> Answer | Unusable:
        """Ask, and where the answer does not keep to the schema, ask once more with what is wrong with it."""
        reply = await self._ask(ask_about(self._shared, part), started)
        answer = read_reply(reply)
        if isinstance(answer, Unusable) and answer.reason is Reason.INVALID_ANSWER:
            self._move(requests=1)
            answer = read_reply(await self._ask(ask_again(self._shared, part, reply, answer.problem)))
        return answer

    async def _ask(self, request: Request, started: Callable[[], None] | None = None) -> Reply:
        self._move(running=1)
        try:
            reply = await self._model.ask(request, started)
        except OutsideError as error:
            # Without an attempt it was never sent.
            self._move(running=-1, answered=min(error.attempts, 1))
            raise
        self._move(running=-1, answered=1, usage=reply.usage)
        return reply

    def _failed(self, chunk: Chunk, error: OutsideError) -> Result:
        """A chunk without an answer. What would befall every other request, too, ends them all."""
        if isinstance(error, Rejected) and error.stops_all and not self._stopped:
            self._stopped = str(error)
            for task in self._tasks:
                if task is not asyncio.current_task():
                    task.cancel()
        return Result(chunk, Reason.REQUEST_FAILED, problem=str(error))

    def _move(self, *, requests: int = 0, running: int = 0, answered: int = 0, usage: Usage = NO_USAGE) -> None:
        tally = self._tally
        self._tally = replace(
            tally,
            requests=tally.requests + requests,
            running=tally.running + running,
            answered=tally.answered + answered,
            usage=tally.usage + usage,
        )
        self._watch.moved(self._tally)


def _is_too_large(error: OutsideError) -> bool:
    """Whether the endpoint would take a smaller request. The window's error has no type of its own."""
    return error.status == _TOO_LARGE or "prompt is too long" in str(error).lower()
