"""The interview: who is asked when, what is repaired, split and given up, and that every line comes back."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import interview, prompts
from bot.core.along import Whole
from bot.core.chunking import Budget, Chunk, pack
from bot.core.cost import OUTPUT_TOKENS_PER_CHUNK
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.known import Known
from bot.core.ledger import Reason, balance
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, TextBlock, ToolUse, Usage
from bot.core.model_rules import RULES
from bot.core.overview import Overview, Risk
from bot.core.partial import Glimpse
from bot.core.policy import PathInstruction
from bot.core.replies import Answer, Verdict, VerdictState
from bot.core.requests import Asking, Prefix
from bot.core.visible import Shown
from bot.errors import Misuse, OutsideError, Rejected, Transient
from bot.interview import Heard, Tally
from tests.core.findings import known

MODEL = "claude-opus-4-6"
ASKING = Asking(MODEL, 4_000)
EMPTY_REPORT: dict[str, list[object]] = {"files": [], "findings": []}
USED = Usage(input_tokens=10, output_tokens=2)


def answered(report: object = EMPTY_REPORT) -> Reply:
    return Reply((ToolUse("t", "report_review", report),), StopReason.TOOL_USE, USED)


def stopped(reason: StopReason) -> Reply:
    return Reply((TextBlock("so far"),), reason, USED)


Json = dict[str, Any]
Step = Callable[[int, Request, Callable[[], None]], Awaitable[Reply]]


@dataclass
class Model:
    """A model that answers by a step: it is told how many requests came before, and may say when it begins."""

    step: Step
    requests: list[Request] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        self.requests.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self.step(len(self.requests) - 1, request, listener.begun)
        finally:
            self.running -= 1


@dataclass
class Watch:
    """Keeps what it was shown."""

    tallies: list[Tally] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    seen: list[Glimpse] = field(default_factory=list)

    def glimpsed(self, seen: Glimpse) -> None:
        """Keep what came in."""
        self.seen.append(seen)

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


def hear(  # noqa: PLR0913 - as the interview itself
    model: Model,
    diff: Diff,
    *,
    marked: bool = False,
    watch: Watch | None = None,
    asking: Asking = ASKING,
    goes_along: Callable[[Chunk], Sequence[Known]] = lambda _: (),
    whole: Whole | None = None,
    pause: Callable[[], Awaitable[None]] | None = None,
) -> tuple[Heard, list[Chunk]]:
    """Ask about the whole change in parts of a file each."""
    pieces = [piece for chunk in parts(diff) for piece in chunk.pieces]
    chunks = [Chunk(tuple(group)) for _, group in itertools.groupby(pieces, key=lambda piece: piece.file)]
    shared = Prefix(prompts.review_prompts(), asking, "{}", marked)
    asked = partial(
        interview.hear, model, chunks, shared, Shown(diff), watch or Watch(), goes_along=goes_along, whole=whole
    )
    heard = asked(pause=pause) if pause else asked()
    return asyncio.run(heard), chunks


def parts(diff: Diff) -> Sequence[Chunk]:
    return pack(diff, range(len(diff.files)), Budget(RULES.of(MODEL), 2_000, 1_000)).chunks


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


def test_what_was_lost_on_the_way_is_estimated() -> None:
    """Attempts without an answer count beside what was counted, whether the request was answered in the end or not."""

    async def step(number: int, _: Request, __: Callable[[], None]) -> Reply:
        if number == 0:
            raise Transient("The endpoint sent nothing for 60 seconds; try again later.", attempts=4, lost=4)
        return replace(answered(), lost=number - 1)

    watch = Watch()
    heard, _ = hear(Model(step), change(5, 5, 5), watch=watch)
    assert heard.usage == Usage(input_tokens=20, output_tokens=4)
    assert heard.presumed.output_tokens == (4 + 0 + 1) * OUTPUT_TOKENS_PER_CHUNK
    assert heard.presumed.input_tokens > 5 * 1_000
    assert watch.tallies[-1].presumed == heard.presumed


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


def test_followers_wait_for_the_cache_as_well() -> None:
    """Once, after the leader's answer has begun, and for nobody where there is no leader."""
    waited: list[int] = []

    async def pause() -> None:
        await asyncio.sleep(0.01)
        waited.append(len(model.requests))

    model = Model(_answers)
    hear(model, change(*[5] * 6), marked=True, pause=pause)
    hear(Model(_answers), change(*[5] * 6), pause=pause)
    hear(Model(_answers), change(5, 5), marked=True, pause=pause)
    assert waited == [1]


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


def _part(request: Request) -> Json:
    """What a request is about."""
    part: Json = json.loads(json.loads(request.encoded)["messages"][2]["content"][1]["content"])
    return part


def _changed(request: Request) -> int:
    part = _part(request)
    return sum(line[12] == "+" for file in part["files"] for hunk in file["hunks"] for line in hunk["lines"])


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
        if _changed(request) > 30:
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


# --- Standing findings ------------------------------------------------------------------------------------------------


def along_of(*files: int) -> Callable[[Chunk], Sequence[Known]]:
    """A finding for each of the files, named for it, which goes along with every chunk that shows lines of it."""

    def goes_along(chunk: Chunk) -> list[Known]:
        return [
            known(f"finding-{file}", path=f"app/{file}.py") for file in files if file in {p.file for p in chunk.pieces}
        ]

    return goes_along


def says(word: Callable[[str], str | None], *, reports: Callable[[Json], Json] = lambda _: {}) -> Step:
    """A step that says a word of every standing finding, or nothing."""

    async def step(_: int, request: Request, __: Callable[[], None]) -> Reply:
        rows = [(row["id"], word(row["id"])) for row in _part(request).get("standing", ())]
        standing = [{"id": id_, "quote": f"quote of {id_}", "state": state} for id_, state in rows if state]
        return answered(EMPTY_REPORT | {"standing": standing} | reports(_part(request)))

    return step


def test_each_standing_finding_is_asked_about_with_its_file() -> None:
    """A finding goes along with the parts that it belongs to, with no other, and what is said of it comes back."""
    model, diff = Model(says(lambda _: "fixed")), change(5, 5, 5)
    heard, _ = hear(model, diff, goes_along=along_of(0, 2))
    shown = [[row["id"] for row in _part(request).get("standing", ())] for request in model.requests]
    assert shown == [["finding-0"], [], ["finding-2"]]
    assert heard.verdicts == {
        id_: Verdict(id_, VerdictState.FIXED, f"quote of {id_}") for id_ in ("finding-0", "finding-2")
    }
    assert heard.still == ()


def test_what_nobody_asked_for_is_dropped() -> None:
    """Verdicts on findings that did not go along are the model's invention, in this part or in another."""
    invented = {"standing": [{"id": f"finding-{file}", "quote": "", "state": "fixed"} for file in range(3)]}
    model, watch = Model(says(lambda _: None, reports=lambda _: invented)), Watch()
    heard, _ = hear(model, change(5, 5, 5), goes_along=along_of(1), watch=watch)
    assert list(heard.verdicts) == ["finding-1"]
    assert sorted(len(answer.verdicts) for answer in watch.answers) == [0, 0, 1]


def test_a_missing_verdict_is_unclear() -> None:
    """An answer that is silent about a finding is an answer, and leaves the finding unclear."""
    model, diff = Model(says(lambda _: None)), change(5)
    heard, _ = hear(model, diff, goes_along=along_of(0))
    assert reasons(heard, diff) == {Reason.ANSWERED: 5}
    assert heard.verdicts == {"finding-0": Verdict("finding-0", VerdictState.UNCLEAR)}
    assert len(model.requests) == 1


def test_nothing_is_said_of_what_could_not_be_asked() -> None:
    """A finding that went with failed requests only has no verdict at all."""

    async def step(_: int, request: Request, started: Callable[[], None]) -> Reply:
        if "standing" in _part(request):
            raise Transient("The endpoint is overloaded; try again later.")
        return await _answers(0, request, started)

    heard, _ = hear(Model(step), change(5, 5), goes_along=along_of(0))
    assert heard.verdicts == {}
    assert [result.along.ids for result in heard.results] == [{"finding-0"}, set()]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("fixed", "fixed"), VerdictState.FIXED),
        (("fixed", "still"), VerdictState.STILL),
        (("unclear", "still"), VerdictState.STILL),
        (("fixed", "unclear"), VerdictState.UNCLEAR),
        (("fixed", None), VerdictState.UNCLEAR),
        (("fixed", "refused"), VerdictState.UNCLEAR),
        (("still", "refused"), VerdictState.STILL),
        (("refused", "refused"), None),
    ],
)
def test_halves_both_have_their_say(words: tuple[str | None, str | None], state: VerdictState | None) -> None:
    """A part that is split takes its finding along twice; it is fixed only where both halves say so."""
    halves = itertools.count()

    async def step(_: int, request: Request, started: Callable[[], None]) -> Reply:
        if _changed(request) > 30:
            return stopped(StopReason.MAX_TOKENS)
        word = words[next(halves)]
        if word == "refused":
            return stopped(StopReason.REFUSAL)
        return await says(lambda _: word)(0, request, started)

    model = Model(step)
    heard, _ = hear(model, change(40), goes_along=along_of(0))
    assert len(model.requests) == 3
    assert all("standing" in _part(request) for request in model.requests)
    assert {id_: verdict.state for id_, verdict in heard.verdicts.items()} == ({"finding-0": state} if state else {})


def test_what_a_stopped_review_did_not_ask_is_not_fixed() -> None:
    """A finding that one part calls fixed stays unclear where the other part was given up."""

    async def step(number: int, request: Request, started: Callable[[], None]) -> Reply:
        if number == 1:
            await asyncio.sleep(0.01)
            raise Rejected("The key was refused; check ANTHROPIC_API_KEY.", status=401, stops_all=True)
        if number == 2:
            await asyncio.sleep(60)
        return await says(lambda _: "fixed")(number, request, started)

    heard, _ = hear(Model(step), change(5, 5, 5), goes_along=lambda chunk: [known("a")] * (chunk.pieces[0].file != 1))
    assert [result.reason for result in heard.results] == [Reason.ANSWERED, *[Reason.REQUEST_FAILED] * 2]
    assert heard.verdicts["a"].state is VerdictState.UNCLEAR


def test_instructions_go_with_the_files_that_they_are_for() -> None:
    """Each part holds the instructions whose patterns match one of its files."""
    asking = Asking(MODEL, 4_000, instructions=(PathInstruction("0.py", "Types."), PathInstruction("*.go", "Errors.")))
    model = Model(_answers)
    hear(model, change(5, 5), asking=asking)
    assert [_part(request).get("instructions") for request in model.requests] == [
        [{"paths": ["0.py"], "text": "Types."}],
        None,
    ]


# --- The overview -----------------------------------------------------------------------------------------------------

OVERVIEW: Json = {"text": "Values are computed.", "diagram": None, "risk": "low", "minutes": 4}
READ_OVERVIEW = Overview("Values are computed.", Risk.LOW, 4)
EARLIER = Overview("Values were computed.", Risk.HIGH, 9)


def asks_overview(request: Request) -> bool:
    return bool(json.loads(request.encoded)["tool_choice"]["name"] == "report_overview")


async def _overviews(_: int, request: Request, __: Callable[[], None]) -> Reply:
    """Gives an overview with everything, asked or not."""
    if asks_overview(request):
        return Reply((ToolUse("t", "report_overview", OVERVIEW),), StopReason.TOOL_USE, USED)
    files = [{"path": file["path"], "summary": f"sums up {file['path']}"} for file in _part(request)["files"]]
    return answered({"files": files, "standing": [], "findings": [], "overview": OVERVIEW})


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        (Whole(), {"whole": True}),
        (Whole(everything=False, so_far=EARLIER), {"overview_so_far": OVERVIEW | {"text": "Values were computed."}}),
    ],
)
def test_one_part_answers_for_the_whole(whole: Whole, told: Json) -> None:
    """Where one request tells enough, its answer holds the overview and no other is sent."""
    model = Model(_overviews)
    heard, _ = hear(model, change(5), whole=whole)
    assert heard.overview == READ_OVERVIEW
    (request,) = model.requests
    assert {name for name in _part(request) if name != "files"} == set(told)


@pytest.mark.parametrize("sizes", [(5, 5), (5,)])
def test_an_overview_that_nobody_asked_for_is_dropped(sizes: tuple[int, ...]) -> None:
    """Without the wish for one, none is asked for and none is taken."""
    model, watch = Model(_overviews), Watch()
    heard, _ = hear(model, change(*sizes), watch=watch)
    assert heard.overview is None
    assert all(answer.overview is None for answer in watch.answers)
    assert len(model.requests) == len(sizes)


def test_several_parts_are_closed_by_one_more_request() -> None:
    """It goes last, shows what was said of all files, and its answer and its tokens count."""
    model, diff, watch = Model(_overviews), change(5, 5, 5), Watch()
    whole = Whole(everything=False, summaries=(("old.py", "was read before"),), so_far=EARLIER)
    heard, _ = hear(model, diff, whole=whole, watch=watch)
    assert reasons(heard, diff) == {Reason.ANSWERED: 15}
    assert heard.overview == READ_OVERVIEW
    assert [asks_overview(request) for request in model.requests] == [False, False, False, True]
    assert all(set(_part(request)) == {"files"} for request in model.requests[:3])
    reviews = _part(model.requests[3])
    assert [file["summary"] for file in reviews["files"]] == [
        *(f"sums up app/{number}.py" for number in range(3)),
        "was read before",
    ]
    assert reviews["overview_so_far"]["text"] == "Values were computed."
    assert (heard.requests, heard.usage) == (4, Usage(input_tokens=40, output_tokens=8))
    assert watch.tallies[-1] == Tally(4, 0, 4, heard.usage)


def test_the_closing_request_knows_what_stands() -> None:
    """Findings of earlier reviews that still hold are told of beside the new ones."""

    async def step(number: int, request: Request, started: Callable[[], None]) -> Reply:
        if asks_overview(request):
            return await _overviews(number, request, started)
        return await says(lambda id_: "still" if id_ == "finding-0" else "fixed")(number, request, started)

    model = Model(step)
    hear(model, change(5, 5), goes_along=along_of(0, 1), whole=Whole())
    assert [row["path"] for row in _part(model.requests[-1])["findings"]] == ["app/0.py"]


def test_a_part_that_was_split_is_no_whole() -> None:
    """Halves of a single part are not asked for the overview; a closing request is."""

    async def step(number: int, request: Request, started: Callable[[], None]) -> Reply:
        if not asks_overview(request) and _changed(request) > 30:
            return stopped(StopReason.MAX_TOKENS)
        return await _overviews(number, request, started)

    model = Model(step)
    heard, _ = hear(model, change(40), whole=Whole())
    assert ["whole" in _part(request) for request in model.requests] == [True, False, False, False]
    assert asks_overview(model.requests[-1])
    assert heard.overview == READ_OVERVIEW


def test_a_part_of_a_change_without_an_overview_so_far_is_closed_too() -> None:
    """One part cannot tell what was read before; the closing request can, from its summaries."""
    model = Model(_overviews)
    heard, _ = hear(model, change(5), whole=Whole(everything=False))
    assert [asks_overview(request) for request in model.requests] == [False, True]
    assert heard.overview == READ_OVERVIEW


@pytest.mark.parametrize("kind", ["error", "text", "wrong", "cut", "stops all"])
def test_a_closing_request_that_fails_costs_the_overview_alone(kind: str) -> None:
    """It is not repaired, nothing is said of it, and every line stays answered for."""

    async def step(number: int, request: Request, started: Callable[[], None]) -> Reply:
        if not asks_overview(request):
            return await _overviews(number, request, started)
        if kind in {"error", "stops all"}:
            raise Rejected("No credit is left; add some.", status=402, stops_all=kind == "stops all")
        if kind == "text":
            return stopped(StopReason.END_TURN)
        stop_reason = StopReason.MAX_TOKENS if kind == "cut" else StopReason.TOOL_USE
        return Reply((ToolUse("t", "report_overview", {} if kind == "wrong" else OVERVIEW),), stop_reason, USED)

    model, diff = Model(step), change(5, 5)
    heard, _ = hear(model, diff, whole=Whole())
    assert heard.overview is None
    assert heard.problems == ()
    assert reasons(heard, diff) == {Reason.ANSWERED: 10}
    assert len(model.requests) == heard.requests == 3


def test_nothing_is_closed_where_nothing_was_answered() -> None:
    """Without an answer there is nothing to make an overview of."""
    model = Model(lambda *_: _refused())
    heard, _ = hear(model, change(5, 5), whole=Whole())
    assert (heard.overview, len(model.requests)) == (None, 2)


def test_a_stopped_review_is_not_closed() -> None:
    """After an error that would befall every request no more is sent, whatever was answered before."""

    async def step(number: int, request: Request, started: Callable[[], None]) -> Reply:
        if number == 1:
            await asyncio.sleep(0.01)
            raise Rejected("The key was refused; check ANTHROPIC_API_KEY.", status=401, stops_all=True)
        return await _overviews(number, request, started)

    model, diff = Model(step), change(5, 5)
    heard, _ = hear(model, diff, whole=Whole())
    assert reasons(heard, diff) == {Reason.ANSWERED: 5, Reason.REQUEST_FAILED: 5}
    assert not any(map(asks_overview, model.requests))
