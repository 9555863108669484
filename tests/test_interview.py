"""The interview: who is asked when, what is repaired, split and given up, and that every line comes back."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import interview, prompts
from bot.core.chunking import Budget, Chunk, pack
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.ledger import Reason, balance
from bot.core.messages import Reply, Request, StopReason, TextBlock, ToolUse, Usage
from bot.core.replies import Answer
from bot.core.requests import Asking, Prefix
from bot.core.visible import Shown
from bot.errors import Misuse, OutsideError, Rejected, Transient
from bot.interview import Heard, Tally

MODEL = "claude-opus-4-6"
EMPTY_REPORT: dict[str, list[object]] = {"files": [], "findings": []}
USED = Usage(input_tokens=10, output_tokens=2)


def answered(report: object = EMPTY_REPORT) -> Reply:
    return Reply((ToolUse("t", "report_review", report),), StopReason.TOOL_USE, USED)


def stopped(reason: StopReason) -> Reply:
    return Reply((TextBlock("so far"),), reason, USED)


Step = Callable[[int, Request, Callable[[], None]], Awaitable[Reply]]


@dataclass
class Model:
    """A model that answers by a step: it is told how many requests came before, and may say when it begins."""

    step: Step
    requests: list[Request] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def ask(self, request: Request, started: Callable[[], None] | None = None) -> Reply:
        """Answer one request."""
        self.requests.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self.step(len(self.requests) - 1, request, started or (lambda: None))
        finally:
            self.running -= 1


@dataclass
class Watch:
    """Keeps what it was shown."""

    tallies: list[Tally] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def moved(self, tally: Tally) -> None:
        """Keep the tally."""
        self.tallies.append(tally)

    def heard(self, answer: Answer) -> None:
        """Keep the answer."""
        self.answers.append(answer)


def change(*sizes: int) -> Diff:
    """A change that adds files of so many lines."""
    files = []
    for number, size in enumerate(sizes):
        lines = tuple(
            Line(LineKind.ADDED, None, at, f"value_{number}_{at} = compute({at})") for at in range(1, size + 1)
        )
        hunk = Hunk(0, 0, 1, size, "", lines)
        files.append(FileDiff(None, f"app/{number}.py", FileStatus.ADDED, hunks=(hunk,)))
    return Diff(tuple(files))


def hear(model: Model, diff: Diff, *, marked: bool = False, watch: Watch | None = None) -> tuple[Heard, list[Chunk]]:
    """Ask about the whole change in parts of a file each."""
    pieces = [piece for chunk in parts(diff) for piece in chunk.pieces]
    chunks = [Chunk(tuple(group)) for _, group in itertools.groupby(pieces, key=lambda piece: piece.file)]
    shared = Prefix(prompts.review_prompts(), Asking(MODEL, 4_000), "{}", marked)
    return asyncio.run(interview.hear(model, chunks, shared, Shown(diff), watch or Watch())), chunks


def parts(diff: Diff) -> Sequence[Chunk]:
    return pack(diff, range(len(diff.files)), Budget(MODEL, 2_000, 1_000)).chunks


def reasons(heard: Heard, diff: Diff) -> dict[Reason, int]:
    """How many lines each reason took; raises where a line is missing or counted twice."""
    return balance(diff, heard.entries).by_reason


async def _answers(_: int, __: Request, started: Callable[[], None]) -> Reply:
    started()
    await asyncio.sleep(0)
    return answered()


def test_every_line_is_answered_for_once() -> None:
    """Where all goes well, all lines are answered, and the sums are those of the replies."""
    diff, watch = change(5, 5, 5), Watch()
    heard, chunks = hear(Model(_answers), diff, watch=watch)
    assert reasons(heard, diff) == {Reason.ANSWERED: 15}
    assert (heard.requests, heard.usage) == (len(chunks), Usage(input_tokens=30, output_tokens=6))
    assert len(watch.answers) == len(chunks)
    assert watch.tallies[-1] == Tally(3, 0, 3, heard.usage)


def test_without_a_model_nothing_is_asked() -> None:
    """The lines are left to the analyzers."""
    diff = change(5, 7)
    shared = Prefix(prompts.review_prompts(), Asking(MODEL, 4_000), "{}")
    heard = asyncio.run(interview.hear(None, parts(diff), shared, Shown(diff), Watch()))
    assert reasons(heard, diff) == {Reason.NO_MODEL: 12}
    assert heard.requests == 0


def test_followers_wait_until_the_leaders_answer_begins() -> None:
    """With a marked prefix one request goes ahead; when its answer begins, before it ends, all others go."""
    seen: list[int] = []

    async def step(number: int, _: Request, started: Callable[[], None]) -> Reply:
        if number == 0:
            await asyncio.sleep(0.02)
            seen.append(len(model.requests))
            started()
            await asyncio.sleep(0.02)
            seen.append(len(model.requests))
        return answered()

    model = Model(step)
    hear(model, change(*[5] * 6), marked=True)
    assert seen == [1, 6]


def test_a_leader_that_fails_is_followed_by_the_next() -> None:
    """Until one answer begins, requests go one at a time."""

    async def step(number: int, _: Request, started: Callable[[], None]) -> Reply:
        if number < 2:
            assert model.running == 1
            raise Transient("The endpoint is overloaded; try again later.")
        started()
        return answered()

    model, diff = Model(step), change(*[5] * 5)
    heard, _ = hear(model, diff, marked=True)
    assert reasons(heard, diff) == {Reason.ANSWERED: 15, Reason.REQUEST_FAILED: 10}
    assert heard.problems == ("The endpoint is overloaded; try again later.",)


@pytest.mark.parametrize(("marked", "count"), [(False, 6), (True, 2)])
def test_few_or_unmarked_requests_have_no_leader(marked: bool, count: int) -> None:
    """A short prefix or a pair of requests is not worth the wait: all go at once."""

    async def step(_: int, __: Request, ___: Callable[[], None]) -> Reply:
        await asyncio.sleep(0.01)
        return answered()

    model = Model(step)
    hear(model, change(*[5] * count), marked=marked)
    assert model.most == count


def test_an_invalid_answer_is_repaired_once() -> None:
    """The second request tells what is wrong; a second bad answer ends it."""

    async def step(number: int, _: Request, __: Callable[[], None]) -> Reply:
        return answered({"files": []}) if number == 0 else answered()

    model, diff = Model(step), change(5)
    heard, _ = hear(model, diff)
    assert reasons(heard, diff) == {Reason.ANSWERED: 5}
    assert b"findings: field required" in model.requests[1].encoded

    stubborn = Model(lambda *_: _answered_badly())
    heard, _ = hear(stubborn, diff)
    assert reasons(heard, diff) == {Reason.INVALID_ANSWER: 5}
    assert len(stubborn.requests) == 2


async def _answered_badly() -> Reply:
    return stopped(StopReason.END_TURN)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), st.integers(1, 30))
def test_what_is_cut_off_is_halved_until_it_fits(sizes: list[int], fits: int) -> None:
    """Each part is asked about in smaller ones, at most eighths, and every line comes back exactly once."""

    async def step(_: int, request: Request, __: Callable[[], None]) -> Reply:
        return answered() if _changed(request) <= fits else stopped(StopReason.MAX_TOKENS)

    diff = change(*sizes)
    heard, _ = hear(Model(step), diff)
    counts = reasons(heard, diff)
    assert sum(counts.values()) == sum(sizes)
    assert set(counts) <= {Reason.ANSWERED, Reason.TRUNCATED}
    if max(sizes) <= fits:
        assert set(counts) == {Reason.ANSWERED}


def _changed(request: Request) -> int:
    part = json.loads(json.loads(request.encoded)["messages"][2]["content"][1]["content"])
    return sum(line[11] == "+" for file in part["files"] for hunk in file["hunks"] for line in hunk["lines"])


def test_a_prompt_that_is_too_long_is_halved_too() -> None:
    """The endpoint's 400 and 413 say the same as a cut answer: ask for less."""
    errors: list[OutsideError] = [
        Rejected("api.example says: prompt is too long: 210000 tokens.", status=400),
        Rejected("api.example says: request too large.", status=413),
    ]

    async def step(number: int, _: Request, __: Callable[[], None]) -> Reply:
        if number < len(errors):
            raise errors[number]
        return answered()

    diff = change(20)
    heard, _ = hear(Model(step), diff)
    assert reasons(heard, diff) == {Reason.ANSWERED: 20}


def test_a_refusal_is_not_argued_with() -> None:
    """The lines are failed: refused, and nothing is asked again."""
    model, diff = Model(lambda *_: _refused()), change(5)
    heard, _ = hear(model, diff)
    assert reasons(heard, diff) == {Reason.REFUSED: 5}
    assert len(model.requests) == 1


async def _refused() -> Reply:
    return stopped(StopReason.REFUSAL)


def test_an_error_that_stops_all_ends_what_is_under_way() -> None:
    """A refused key ends every request at once, those in halves too; their lines are failed with its sentence."""

    async def step(number: int, request: Request, __: Callable[[], None]) -> Reply:
        if number == 3:
            await asyncio.sleep(0.02)
            raise Rejected("The key was refused; check ANTHROPIC_API_KEY.", status=401, stops_all=True)
        if _changed(request) > 20:
            return stopped(StopReason.MAX_TOKENS)
        await asyncio.sleep(60)
        return answered()

    model, diff = Model(step), change(40, 5, 5, 5, 5)
    heard, _ = hear(model, diff)
    assert reasons(heard, diff) == {Reason.REQUEST_FAILED: 60}
    assert heard.problems == ("The key was refused; check ANTHROPIC_API_KEY.",)
    assert model.running == 0


def test_an_error_of_ours_is_told_as_one_error() -> None:
    """What concerns the whole review is not buried in a group of errors."""

    async def step(_: int, __: Request, ___: Callable[[], None]) -> Reply:
        raise Misuse("The folder cannot be written.")

    with pytest.raises(Misuse, match="cannot be written"):
        hear(Model(step), change(5, 5))


def test_a_cancelled_interview_leaves_no_request_behind() -> None:
    """Ctrl-C ends every request."""

    async def step(_: int, __: Request, ___: Callable[[], None]) -> Reply:
        await asyncio.sleep(60)
        return answered()

    async def interrupted() -> None:
        diff = change(5, 5, 5, 5)
        shared = Prefix(prompts.review_prompts(), Asking(MODEL, 4_000), "{}", marked=False)
        task = asyncio.create_task(interview.hear(model, parts(diff), shared, Shown(diff), Watch()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    model = Model(step)
    asyncio.run(interrupted())
    assert model.requests
    assert model.running == 0
