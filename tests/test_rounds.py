"""A round: whatever happens to a review and its posting, its check run ends, and never in an unearned green."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.analysis import AnalyzerReport, SourceFile
from bot.core.change import Change, Contents
from bot.core.cost import PRICES
from bot.core.diff import Diff
from bot.core.ledger import Imbalance
from bot.core.messages import NO_USAGE, UNHEARD, Listener, Reply, Request, StopReason, ToolUse, Usage
from bot.core.models import Severity
from bot.core.outcome import Ending
from bot.core.partial import Glimpse
from bot.core.policy import Gates, OnIncomplete, Policy, PolicyTexts
from bot.core.posting import Obstacle
from bot.core.pull_request import PullRequestState
from bot.core.replies import Answer
from bot.core.verdict import CheckOutput, Conclusion
from bot.errors import BotError, Misuse, Moved, OutsideError, Rejected, Transient
from bot.interview import Tally
from bot.reviewer import Ports, Wish
from bot.rounds import Round, play
from tests.core.test_rendering import PATCH
from tests.core.test_requests import PULL
from tests.test_publisher import Page

HEAD = PULL.head.sha
POLICY = Policy("claude-opus-4-6", post=True, automatic=True)
STRICT = replace(POLICY, on_incomplete=OnIncomplete.FAILURE)
DOWN = Transient("The model's endpoint did not answer; try again later.", status=529)
NO_FINDING: dict[str, Any] = {"files": [], "standing": [], "findings": [], "overview": None}
FINDING: dict[str, Any] = {
    "path": "app.py",
    "side": "RIGHT",
    "start_line": 3,
    "line": 3,
    "quote": "3",
    "severity": "high",
    "category": "correctness",
    "title": "The number is wrong",
    "body": "It is 3.",
    "scenario": "somebody counts",
    "suggestion": None,
    "confidence": 0.9,
}


@dataclass
class Check:
    """The check run of one commit: how it began and ended."""

    begun: str = ""
    conclusions: list[Conclusion] = field(default_factory=list)
    output: CheckOutput | None = None
    refusal: OutsideError | None = None

    def begin(self, head: str) -> None:
        """Keep the commit."""
        self.begun = head

    def close_left_behind(self, heads: Sequence[str], current: str) -> None:
        """None was left behind."""

    def finish(self, conclusion: Conclusion, output: CheckOutput) -> None:
        """Keep the conclusion, unless it is not taken."""
        self.conclusions.append(conclusion)
        self.output = output
        if self.refusal:
            raise self.refusal

    @property
    def conclusion(self) -> Conclusion:
        """The only one."""
        (conclusion,) = self.conclusions
        return conclusion

    @property
    def words(self) -> str:
        """All that it shows."""
        return f"{self.output.title}\n{self.output.summary}" if self.output else ""


@dataclass
class World:
    """A pull request of two lines, a model that answers by a step, and what goes wrong where."""

    report: dict[str, Any] = field(default_factory=lambda: dict(NO_FINDING))
    fails: dict[str, Exception] = field(default_factory=dict)
    hangs: bool = False
    gated: bool = False
    closed: bool = False
    text: str | None = None
    usage: Usage = NO_USAGE
    thinking: asyncio.Event = field(default_factory=asyncio.Event)

    def change(self) -> Change:
        """The pull request."""
        self._may("change")
        state = PullRequestState.CLOSED if self.closed else PullRequestState.OPEN
        pull = replace(PULL, state=state, draft=self.gated)
        return Change(PATCH, "Add share links", pull.base.sha, pull.head.sha, pull)

    def contents(self, _diff: Diff) -> Mapping[int, Contents]:
        """Nothing is known of the files."""
        self._may("contents")
        return {}

    def attributes(self, _change: Change) -> Mapping[str, str]:
        """There are none."""
        self._may("attributes")
        return {}

    def policy_texts(self, _change: Change) -> PolicyTexts:
        """The policy file, if there is one."""
        self._may("policy")
        return PolicyTexts(base=self.text)

    async def run(self, _files: Sequence[SourceFile], _unknown: Sequence[str]) -> AnalyzerReport:
        """The analyzers find nothing."""
        self._may("analyzers")
        return AnalyzerReport({}, {}, ())

    async def ask(self, _request: Request, listener: Listener = UNHEARD) -> Reply:
        """The model answers with the report."""
        listener.begun()
        if self.hangs:
            self.thinking.set()
            await asyncio.Event().wait()
        self._may("model")
        return Reply((ToolUse("t", "report_review", self.report),), StopReason.TOOL_USE, self.usage)

    def planned(self, _change: Change, _diff: Diff, _requests: int) -> None:
        """Nobody watches."""

    def moved(self, _tally: Tally) -> None:
        """Nobody watches."""

    def glimpsed(self, _seen: Glimpse) -> None:
        """Nobody watches."""

    def heard(self, _answer: Answer) -> None:
        """Nobody watches."""

    def _may(self, what: str) -> None:
        if what in self.fails:
            raise self.fails[what]


async def played(
    world: World, page: Page | None, check: Check | None, *, asked: bool = True, policy: Policy = POLICY
) -> Round:
    """A round in this world."""
    ports = Ports(world, world, world if asked else None, world, page=page, check=check)
    return await play(ports, Wish(policy), page, check)


def ended(
    world: World, page: Page | None = None, *, asked: bool = True, policy: Policy = POLICY
) -> tuple[Round, Check]:
    """A round that ends well, and its check run."""
    check = Check()
    return asyncio.run(played(world, page or Page(), check, asked=asked, policy=policy)), check


# How it ends.


def test_a_complete_review_without_findings_is_a_success() -> None:
    """Everything was read, nothing is wrong, and the summary stands there: then, and only then, it is green."""
    page = Page()
    made, check = ended(World(), page)
    assert made.review.outcome.ending is Ending.COMPLETE
    assert (check.begun, check.conclusion, made.check_problem) == (HEAD, Conclusion.SUCCESS, "")
    assert made.posted is not None
    assert made.posted.whole
    assert page.state.head == HEAD


@pytest.mark.parametrize(
    ("world", "policy", "conclusion"),
    [
        (World({**NO_FINDING, "findings": [FINDING]}), POLICY, Conclusion.NEUTRAL),
        (World({**NO_FINDING, "findings": [FINDING]}), replace(POLICY, fail_on=Severity.HIGH), Conclusion.FAILURE),
        (World(fails={"model": DOWN}), POLICY, Conclusion.NEUTRAL),
        (World(fails={"model": DOWN}), STRICT, Conclusion.FAILURE),
        (World({"nonsense": 1}), POLICY, Conclusion.NEUTRAL),
        (World(), replace(POLICY, max_cost=0.0), Conclusion.NEUTRAL),
        (World(gated=True), STRICT, Conclusion.SKIPPED),
        (World(), replace(POLICY, gates=Gates(enabled=False)), Conclusion.SKIPPED),
    ],
)
def test_the_check_run_ends_as_the_review_did(world: World, policy: Policy, conclusion: Conclusion) -> None:
    """Findings, requests that failed, answers that cannot be used, money that ran out, gates: none of it is green."""
    made, check = ended(world, policy=policy)
    assert check.conclusion is conclusion
    assert (made.review.outcome.ending is Ending.COMPLETE) is bool(world.report.get("findings"))


def test_without_a_model_it_is_not_green() -> None:
    """The analyzers found nothing, and nobody read the change."""
    made, check = ended(World(), asked=False)
    assert made.review.outcome.ending is Ending.PARTIAL
    assert check.conclusion is Conclusion.NEUTRAL


@pytest.mark.parametrize(
    ("page", "obstacle"),
    [(Page(head="e" * 40), Obstacle.SUPERSEDED), (Page(open=False), Obstacle.CLOSED)],
)
def test_a_review_that_was_overtaken_concludes_nothing(page: Page, obstacle: Obstacle) -> None:
    """Another commit was pushed, or the pull request closed: nobody can read what was found, so nothing is green."""
    made, check = ended(World(), page)
    assert made.posted is not None
    assert made.posted.obstacle is obstacle
    assert check.conclusion is Conclusion.CANCELLED
    assert page.writes == []


def test_a_review_that_is_not_to_be_posted_ends_all_the_same() -> None:
    """Without a page nothing is posted, and the check run says how it ended."""
    check = Check()
    made = asyncio.run(played(World(), None, check))
    assert (made.posted, check.conclusion) == (None, Conclusion.SUCCESS)


def test_without_a_check_run_nothing_is_missing() -> None:
    """In an Action the job is the check."""
    made = asyncio.run(played(World(), Page(), None))
    assert made.check_problem == ""


def test_what_github_does_not_take_is_told() -> None:
    """The summary was refused: the round ends, and its result says what is wrong."""
    page = Page(fails={"summary": Rejected("The summary is too long.", status=422)})
    made, check = ended(World(), page)
    assert made.posted is not None
    assert made.posted.problems == ("The summary is too long.",)
    assert check.conclusions


def test_a_conclusion_that_is_not_taken_is_told() -> None:
    """The review stands; that the commit does not show how it ended is said beside it."""
    check = Check(refusal=Transient("GitHub did not take the conclusion; look at the summary.", status=502))
    made = asyncio.run(played(World(), Page(), check))
    assert made.check_problem == "GitHub did not take the conclusion; look at the summary."


# What goes wrong.

STEPS = ["change", "policy", "contents", "attributes", "analyzers"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [Transient("GitHub did not answer; try again.", status=502), Misuse("Set a key.")])
def test_a_review_that_falls_over_gives_no_verdict(step: str, error: BotError) -> None:
    """The error goes to whoever started the review, and the check run ends with its sentence, not green."""
    check = Check()
    with pytest.raises(type(error)) as raised:
        asyncio.run(played(World(fails={step: error}), Page(), check))
    assert raised.value is error
    assert check.conclusion is Conclusion.NEUTRAL
    assert str(error).rstrip(".") in check.words.replace("\\", "")


@pytest.mark.parametrize("on_incomplete", OnIncomplete)
def test_what_falls_over_is_as_incomplete_as_it_gets(on_incomplete: OnIncomplete) -> None:
    """A repository that has incomplete reviews fail has those fail that never came to anything."""
    check = Check()
    with pytest.raises(Misuse):
        asyncio.run(
            played(
                World(fails={"contents": Misuse("No.")}),
                Page(),
                check,
                policy=replace(POLICY, on_incomplete=on_incomplete),
            )
        )
    assert check.conclusion.value == on_incomplete.value


@pytest.mark.parametrize("step", STEPS)
def test_what_falls_over_is_judged_by_the_repository_once_its_policy_is_known(step: str) -> None:
    """The wish says neutral, the policy file failure: it counts from the moment on that it was read."""
    check = Check()
    world = World(fails={step: ValueError("a defect")}, text="on_incomplete: failure\n")
    with pytest.raises(ValueError, match="a defect"):
        asyncio.run(played(world, Page(), check))
    known = step not in {"change", "policy"}
    assert check.conclusion is (Conclusion.FAILURE if known else Conclusion.NEUTRAL)


@dataclass
class Purse:
    """What was spent, in US dollars."""

    day: float = 0.0
    lost: float = 0.0

    def today(self) -> float:
        """All of it."""
        return self.day

    def add(self, dollars: float) -> None:
        """Some more."""
        self.day += dollars

    def untold(self) -> float:
        """That of which no summary tells."""
        return self.lost

    def add_untold(self, dollars: float) -> None:
        """Some more of that."""
        self.lost += dollars


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (Page(), True),
        (Page(head="e" * 40), False),
        (Page(open=False), False),
        (Page(fails={"summary": Rejected("The summary is too long.", status=422)}), False),
    ],
)
def test_what_no_summary_tells_of_counts_against_the_pull_request(page: Page, told: bool) -> None:
    """A review that was paid for and not posted uses up the budget of its pull request all the same."""
    purse, world = Purse(), World(usage=Usage(input_tokens=1_000_000))
    policy = replace(POLICY, price=PRICES["provider"], max_cost_pull_request=1.0)
    ports = Ports(world, world, world, world, page=page, spending=purse)
    asyncio.run(play(ports, Wish(policy), page))
    assert purse.day > 1
    assert purse.lost == (0 if told else purse.day)
    gated = Page()
    made = asyncio.run(play(replace(ports, page=gated), Wish(policy), gated))
    assert (made.review.outcome.ending is Ending.SKIPPED) is not told


def test_another_commit_than_the_wanted_one_is_not_reviewed() -> None:
    """The check run of the one before ends; the newer one is known, and asked nothing about."""
    world, page, check = World(fails={"model": AssertionError("it was asked")}), Page(), Check()
    ports = Ports(world, world, world, world, page=page, check=check)
    with pytest.raises(Moved) as raised:
        asyncio.run(play(ports, Wish(POLICY, head="e" * 40), page, check))
    assert raised.value.head == HEAD
    assert (check.begun, check.conclusion) == ("e" * 40, Conclusion.CANCELLED)
    assert page.writes == []


def test_a_commit_is_reviewed_once_where_that_is_wished() -> None:
    """A complete review of it is enough, another one is none."""
    page, world, check = Page(), World(), Check()
    wish = Wish(POLICY, head=HEAD, once=True)

    def play_again(wish: Wish = wish) -> Round:
        ports = Ports(world, world, world, world, page=page, check=check)
        return asyncio.run(play(ports, wish, page, check))

    world.fails["model"] = DOWN
    assert play_again().review.outcome.ending is Ending.FAILED
    del world.fails["model"]
    assert play_again().review.outcome.ending is Ending.COMPLETE
    with pytest.raises(Misuse, match="has been reviewed; ask for it by hand"):
        play_again()
    assert play_again(replace(wish, once=False)).review.outcome.ending is Ending.COMPLETE


@pytest.mark.parametrize("error", [Imbalance("a line is missing"), ValueError("a defect"), KeyError("x")])
def test_a_defect_leaves_no_check_run_open(error: Exception) -> None:
    """What nobody foresaw is raised as it is, and the check run ends without its words and without a verdict."""
    check = Check()
    with pytest.raises(type(error)):
        asyncio.run(played(World(fails={"contents": error}), Page(), check))
    assert check.conclusion is Conclusion.NEUTRAL
    assert "missing" not in check.words


def test_a_check_run_that_cannot_end_does_not_hide_why() -> None:
    """The review fell over and GitHub takes no conclusion: what is raised is what went wrong first."""
    check = Check(refusal=Transient("GitHub is down; wait.", status=502))
    with pytest.raises(Misuse, match=r"Set a key\."):
        asyncio.run(played(World(fails={"change": Misuse("Set a key.")}), Page(), check))
    assert check.conclusions == [Conclusion.NEUTRAL]


def test_a_closed_pull_request_is_not_reviewed() -> None:
    """It is refused before anything is spent, and the check run says why."""
    check = Check()
    with pytest.raises(Misuse, match="closed"):
        asyncio.run(played(World(closed=True), Page(), check))
    assert check.conclusion is Conclusion.NEUTRAL


def test_a_review_that_is_stopped_is_cancelled() -> None:
    """Somebody pressed Ctrl-C while the model was thinking: the check run ends, nothing was posted."""
    check, page, world = Check(), Page(), World(hangs=True)

    async def stopped() -> None:
        task = asyncio.ensure_future(played(world, page, check))
        await world.thinking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert check.conclusion is Conclusion.CANCELLED
    assert page.writes == []
    assert "stopped" in check.words


worlds = st.builds(
    World,
    st.sampled_from([NO_FINDING, {**NO_FINDING, "findings": [FINDING]}, {"nonsense": 1}]),
    st.dictionaries(
        st.sampled_from([*STEPS, "model"]),
        st.sampled_from([DOWN, Misuse("No."), ValueError("a defect"), Rejected("No.", status=401, stops_all=True)]),
        max_size=1,
    ),
    gated=st.booleans(),
    closed=st.booleans(),
)
pages = st.builds(
    Page,
    st.sampled_from([HEAD, HEAD, "e" * 40]),
    st.booleans(),
    fails=st.dictionaries(
        st.sampled_from(["look", "look again", "review", "summary"]),
        st.sampled_from([DOWN, Rejected("No.", status=403)]),
        max_size=1,
    ),
)


def test_a_review_that_could_not_be_posted_is_no_green_one() -> None:
    """The page could not even be looked at: whether the pull request is still open is not known."""
    page, check = Page(HEAD, open=False, fails={"look again": DOWN}), Check()
    made = asyncio.run(played(World(), page, check))
    assert made.review.outcome.ending is Ending.COMPLETE
    assert check.conclusion is Conclusion.NEUTRAL


@given(worlds, pages, st.booleans(), st.sampled_from([None, *Severity]))
def test_green_is_earned(world: World, page: Page, asked: bool, fail_on: Severity | None) -> None:
    """Whatever goes wrong anywhere: the check run ends exactly once, and green only where all was read and posted."""
    check = Check()
    made = None
    try:
        made = asyncio.run(played(world, page, check, asked=asked, policy=replace(POLICY, fail_on=fail_on)))
    except (BotError, ValueError):
        assert check.conclusion in {Conclusion.NEUTRAL, Conclusion.CANCELLED}
    assert len(check.conclusions) == 1
    if check.conclusion is Conclusion.SUCCESS:
        assert made is not None
        assert made.review.outcome.ending is Ending.COMPLETE
        assert (page.head, page.open) == (HEAD, True)
        assert not world.fails
