"""Asks a model about every chunk of a plan: fans out, repairs once, splits what was cut off, loses nothing.

With each chunk go the findings of earlier reviews that belong to it, to be looked at again. Where several requests were
needed, a closing one asks for the overview of the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core.along import ALONE, Along, Extras, Whole, nothing_around
from bot.core.chunking import Chunk, split
from bot.core.closing import reviews_of
from bot.core.context import Excerpt
from bot.core.cost import presumed, tokens_of
from bot.core.known import Known
from bot.core.ledger import Entry, Reason
from bot.core.messages import NO_USAGE, UNHEARD, Listener, Reply, Request, Usage
from bot.core.overview import Overview
from bot.core.partial import Glimpse, GlimpseReader
from bot.core.replies import Answer, Unusable, Verdict, VerdictState, one_each, read_overview, read_reply
from bot.core.requests import WORTH_A_LEADER, Prefix, ask_about, ask_again, ask_overall, part_of
from bot.core.visible import Shown
from bot.errors import OutsideError

_MOST_SPLITS = 3
_MOST_LEADERS = 2
_TOO_LARGE = 413


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request, heard by the listener as it comes. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an interview is: requests known of, running and answered, and what the answers took.

    `presumed` is an estimate of what nobody counted, see `cost.presumed`.
    """

    requests: int = 0
    running: int = 0
    answered: int = 0
    usage: Usage = NO_USAGE
    presumed: Usage = NO_USAGE


class Watch(Protocol):
    """Whoever wants to see an interview going on."""

    def moved(self, tally: Tally) -> None:
        """A request was sent or answered."""
        ...

    def glimpsed(self, seen: Glimpse) -> None:
        """A finding came in of an answer that is not whole yet: whether it can be used at all is not known."""
        ...

    def heard(self, answer: Answer) -> None:
        """A usable answer came; nothing in it is checked yet."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one chunk: its answer, or the reason and the sentence why there is none.

    `along` is what went along with it.
    """

    chunk: Chunk
    reason: Reason
    answer: Answer | None = None
    problem: str = ""
    along: Along = ALONE

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """One for each finding that went along; what nothing is said of is unclear."""
        said = {verdict.id: verdict for verdict in self.answer.verdicts} if self.answer else {}
        return {id_: said.get(id_, Verdict(id_, VerdictState.UNCLEAR)) for id_ in sorted(self.along.ids)}


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of an interview: the results in the order of the chunks, what they took, and the overview, if any."""

    results: tuple[Result, ...]
    requests: int = 0
    usage: Usage = NO_USAGE
    presumed: Usage = NO_USAGE
    overview: Overview | None = None

    @property
    def answers(self) -> list[Answer]:
        """The usable answers."""
        return [result.answer for result in self.results if result.answer]

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """What is said of each finding that went along, by id; those that went with failed requests only are missing.

        One that went with several counts as fixed only where each of them was answered with that.
        """
        answered = {id_ for result in self.results if result.answer for id_ in result.along.ids}
        said = one_each(verdict for result in self.results for verdict in result.verdicts.values())
        return {id_: verdict for id_, verdict in said.items() if id_ in answered}

    @property
    def still(self) -> tuple[Known, ...]:
        """The findings that went along and of which it is said that they stand."""
        states = {id_: verdict.state for id_, verdict in self.verdicts.items()}
        asked = {known.id: known for result in self.results for known in result.along.standing}
        return tuple(known for id_, known in asked.items() if states.get(id_) is VerdictState.STILL)

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


def _nothing(_: Chunk) -> Sequence[Known]:
    return ()


async def _at_once() -> None:
    """Nobody waits."""


async def hear(  # noqa: PLR0913 - what is asked, of whom, and who listens
    model: Model | None,
    chunks: Sequence[Chunk],
    shared: Prefix,
    shown: Shown,
    watch: Watch,
    *,
    goes_along: Callable[[Chunk], Sequence[Known]] = _nothing,
    whole: Whole | None = None,
    around: Callable[[Chunk], tuple[Excerpt, ...]] = nothing_around,
    pause: Callable[[], Awaitable[None]] = _at_once,
) -> Heard:
    """Ask about all chunks. Without a model their lines are left to the analyzers.

    `goes_along` gives the findings of earlier reviews that belong to a chunk, or to a part of one that had to be split,
    the most important first, `around` the other code that is shown with it. With `whole` an overview is asked for, too.
    `pause` waits between the beginning of the
    first answer and the other requests, until what they share can be read from the provider's cache.
    """
    if model is None:
        return Heard(tuple(Result(chunk, Reason.NO_MODEL) for chunk in chunks))
    extras = Extras(goes_along, shared.asking.instructions, whole, around)
    return await _Interview(model, shared, shown, watch, extras, pause=pause).about(chunks)


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

    def __init__(  # noqa: PLR0913 - what is asked, of whom, and who listens
        self,
        model: Model,
        shared: Prefix,
        shown: Shown,
        watch: Watch,
        extras: Extras,
        *,
        pause: Callable[[], Awaitable[None]],
    ) -> None:
        self._model = model
        self._pause = pause
        self._extras = extras
        self._shared = shared
        self._shown = shown
        self._watch = watch
        self._tasks: list[asyncio.Task[list[Result]]] = []
        self._stopped = ""
        self._alone: Chunk | None = None
        self._tally = Tally()

    async def about(self, chunks: Sequence[Chunk]) -> Heard:
        self._move(requests=len(chunks))
        self._alone = chunks[0] if len(chunks) == 1 else None
        try:
            async with asyncio.TaskGroup() as group:
                waiting = list(chunks)
                if self._shared.marked and len(chunks) >= WORTH_A_LEADER:
                    await self._lead(group, waiting)
                self._tasks += [group.create_task(self._chunk(chunk)) for chunk in waiting]
        except ExceptionGroup as errors:
            # Failures of requests are results; what gets here concerns the whole review and is told as one error.
            raise errors.exceptions[0] from None
        heard = Heard(tuple(result for task in self._tasks for result in task.result()))
        overview = await self._overview(heard)
        tally = self._tally
        return replace(heard, requests=tally.answered, usage=tally.usage, presumed=tally.presumed, overview=overview)

    async def _overview(self, heard: Heard) -> Overview | None:
        """The overview out of the one answer that was to hold it, else out of one more. No line depends on it."""
        whole, answers = self._extras.whole, heard.answers
        if any(result.along.asks_overview for result in heard.results):
            return next((answer.overview for answer in answers), None)
        if whole is None or not answers or self._stopped:
            return None
        self._move(requests=1)
        try:
            reply = await self._ask(ask_overall(self._shared, reviews_of(answers, heard.still, whole)))
        except OutsideError:
            # The review is whole without it; why a request failed is told of lines only.
            return None
        return read_overview(reply)

    async def _lead(self, group: asyncio.TaskGroup, waiting: list[Chunk]) -> None:
        """Send one request ahead until its answer begins: only then can others read its prefix from the cache.

        In practice it takes a moment longer (https://github.com/anthropics/anthropic-sdk-python/issues/1451). One that
        fails without an answer is followed by another; after that the rest goes all the same.
        Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
        """
        for _ in range(_MOST_LEADERS):
            if not waiting or self._stopped:
                return
            lead = _Lead()
            task = group.create_task(self._chunk(waiting.pop(0), Listener(begun=lead.begin)))
            task.add_done_callback(lead.end)
            self._tasks.append(task)
            await lead.settled.wait()
            if lead.begun:
                await self._pause()
                return

    async def _chunk(self, chunk: Chunk, listener: Listener = UNHEARD, depth: int = 0) -> list[Result]:
        if self._stopped:
            return self._ended(chunk)
        try:
            return await self._results(chunk, listener, depth)
        except asyncio.CancelledError:
            return self._ended(chunk)

    def _ended(self, chunk: Chunk) -> list[Result]:
        """What is left of a chunk that we gave up ourselves, as the request that ended all. Else we are cancelled."""
        task = asyncio.current_task()
        if not self._stopped or task is None:
            raise asyncio.CancelledError
        task.uncancel()
        return [Result(chunk, Reason.REQUEST_FAILED, problem=self._stopped, along=self._along(chunk))]

    def _along(self, chunk: Chunk) -> Along:
        return self._extras.along(chunk, self._shown.diff, alone=chunk is self._alone)

    async def _results(self, chunk: Chunk, listener: Listener, depth: int) -> list[Result]:
        along = self._along(chunk)
        try:
            answer = await self._answer(part_of(self._shown, chunk, along), listener)
        except OutsideError as error:
            if not _is_too_large(error):
                return [replace(self._failed(chunk, error), along=along)]
            answer = Unusable(Reason.TRUNCATED, str(error))
        if isinstance(answer, Answer):
            answer = _as_asked(answer, along)
            self._watch.heard(answer)
            return [Result(chunk, Reason.ANSWERED, answer, along=along)]
        halves = None
        if answer.reason is Reason.TRUNCATED and depth < _MOST_SPLITS:
            halves = split(self._shown.diff, chunk, self._shared.asking.rules)
        if halves is None:
            return [Result(chunk, answer.reason, problem=answer.problem, along=along)]
        self._move(requests=2)
        parts = await asyncio.gather(*(self._chunk(half, depth=depth + 1) for half in halves))
        return [result for part in parts for result in part]

    async def _answer(self, part: str, listener: Listener) -> Answer | Unusable:
        """Ask, and where the answer does not keep to the schema, ask once more with what is wrong with it."""
        reply = await self._ask(ask_about(self._shared, part), self._watched(listener))
        answer = read_reply(reply)
        if isinstance(answer, Unusable) and answer.reason is Reason.INVALID_ANSWER:
            self._move(requests=1)
            answer = read_reply(await self._ask(ask_again(self._shared, part, reply, answer.problem)))
        return answer

    def _watched(self, listener: Listener) -> Listener:
        """The listener, with findings shown as they come in; at a further attempt reading begins anew."""
        reader = GlimpseReader()

        def said(piece: str) -> None:
            for seen in reader.feed(piece):
                self._watch.glimpsed(seen)

        def again() -> None:
            nonlocal reader
            reader = GlimpseReader()

        return replace(listener, said=said, again=again)

    async def _ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        self._move(running=1)
        try:
            reply = await self._model.ask(request, listener)
        except OutsideError as error:
            # Without an attempt it was never sent.
            self._move(running=-1, answered=min(error.attempts, 1), presumed=self._presumed(request, error.lost))
            raise
        self._move(running=-1, answered=1, usage=reply.usage, presumed=self._presumed(request, reply.lost, reply))
        return reply

    def _presumed(self, request: Request, lost: int, reply: Reply | None = None) -> Usage:
        if not lost and (reply is None or reply.measured):
            return NO_USAGE
        rules = self._shared.asking.rules
        return presumed(tokens_of(request.encoded.decode(), rules), lost, reply, rules)

    def _failed(self, chunk: Chunk, error: OutsideError) -> Result:
        """A chunk without an answer. What would befall every other request, too, ends them all."""
        if error.stops_all and not self._stopped:
            self._stopped = str(error)
            for task in self._tasks:
                if task is not asyncio.current_task():
                    task.cancel()
        return Result(chunk, Reason.REQUEST_FAILED, problem=str(error))

    def _move(
        self,
        *,
        requests: int = 0,
        running: int = 0,
        answered: int = 0,
        usage: Usage = NO_USAGE,
        presumed: Usage = NO_USAGE,
    ) -> None:
        tally = self._tally
        self._tally = replace(
            tally,
            requests=tally.requests + requests,
            running=tally.running + running,
            answered=tally.answered + answered,
            usage=tally.usage + usage,
            presumed=tally.presumed + presumed,
        )
        self._watch.moved(self._tally)


def _is_too_large(error: OutsideError) -> bool:
    """Whether the endpoint would take a smaller request. The window's error has no type of its own."""
    return error.status == _TOO_LARGE or "prompt is too long" in str(error).lower()


def _as_asked(answer: Answer, along: Along) -> Answer:
    """The answer without what nobody asked for: words on findings that it was not given, an overview of a part."""
    verdicts = tuple(verdict for verdict in answer.verdicts if verdict.id in along.ids)
    return replace(answer, verdicts=verdicts, overview=answer.overview if along.asks_overview else None)
