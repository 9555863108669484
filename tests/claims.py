"""The story of a review in process, with a model that claims what it is told: for claims that no good reader makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot import publisher, reviewer
from bot.clients.github.connection import GitHub
from bot.clients.github.publish import PullRequestPage
from bot.core.analysis import AnalyzerReport, SourceFile
from bot.core.change import Change, Contents
from bot.core.cost import PRICES
from bot.core.diff import Diff
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, ToolUse
from bot.core.policy import Policy, PolicyTexts
from bot.core.posting import Posted
from bot.core.pull_request import Branch, Commit, PullRequest, PullRequestState
from bot.core.review import Review
from bot.progress import Progress
from tests.fakes.github_pull import FakePullRequest
from tests.scripted_reviewer import OVERVIEW, Json

POLICY = Policy("claude-opus-4-6", max_comments=20, post=True)


def claim(path: str, line: int, quote: str, title: str, **other: object) -> Json:
    """A finding as the model's answer holds it."""
    made: Json = {
        "path": path,
        "side": "RIGHT",
        "start_line": line,
        "line": line,
        "quote": quote,
        "scenario": "the list is empty, it fails",
        "body": "It does not do what it says.",
        "title": title,
        "category": "correctness",
        "severity": "high",
        "confidence": 0.9,
        "suggestion": None,
    }
    return made | other


@dataclass(frozen=True, slots=True)
class Claimant:
    """A model that makes all its claims in its first answer, and none in others."""

    claims: Sequence[Json]
    asked: list[str] = field(default_factory=list)

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        listener.begun()
        name = str(dict(request.body)["tool_choice"]["name"])  # type: ignore[index]
        said = [] if name in self.asked else list(self.claims)
        self.asked.append(name)
        report: Json = {"files": [], "standing": [], "findings": said, "overview": None}
        answer = report if name == "report_review" else OVERVIEW
        return Reply((ToolUse("toolu_1", name, answer, ""),), StopReason.TOOL_USE)


@dataclass(frozen=True, slots=True)
class GivenChange:
    """A change that is at hand, without the files around it."""

    given: Change

    def change(self) -> Change:
        """The change."""
        return self.given

    def contents(self, _diff: Diff) -> Mapping[int, Contents]:
        """None."""
        return {}

    def attributes(self, _change: Change) -> Mapping[str, str]:
        """None."""
        return {}

    def policy_texts(self, _change: Change) -> PolicyTexts:
        """None."""
        return PolicyTexts()


class NoAnalyzers:
    """Finds nothing."""

    async def run(self, _files: Sequence[SourceFile], _unknown: Sequence[str]) -> AnalyzerReport:
        """Find nothing."""
        return AnalyzerReport({}, {}, ())


@dataclass(frozen=True, slots=True)
class Told:
    """A review and what became of it."""

    review: Review
    posted: Posted


def tell(
    door: GitHub, pull: FakePullRequest, claims: Sequence[Json], *, policy: Policy = POLICY, before: Act | None = None
) -> Told:
    """Review the pull request as it stands, and post. `before` is done after the review and before the post."""
    owner, _, repo = pull.repository.full_name.partition("/")
    page = PullRequestPage(door, owner, repo, pull.number)
    ports = reviewer.Ports(
        GivenChange(change_of(pull)), NoAnalyzers(), Claimant(claims), Progress(None, PRICES["provider"]), page=page
    )

    async def told() -> Told:
        review = await reviewer.review(ports, reviewer.Wish(policy))
        if before:
            before()
        return Told(review, await publisher.publish(review, page))

    return asyncio.run(told())


Act = Callable[[], object]


def change_of(pull: FakePullRequest) -> Change:
    """The pull request's change at its present head, as a snapshot would give it."""
    name = pull.repository.full_name
    about = PullRequest(
        repository=name,
        repository_id=pull.repository.id,
        number=pull.number,
        url=f"https://github.com/{name}/pull/{pull.number}",
        title=pull.title,
        body=pull.body or "",
        author=pull.author,
        association=pull.association,
        state=PullRequestState.OPEN,
        draft=False,
        labels=(),
        base=Branch(pull.base_sha, pull.base_ref, name),
        head=Branch(pull.head_sha, pull.head_ref, name),
        fork=False,
        merge_base=pull.merge_base,
        commits=tuple(Commit(commit.sha, commit.message) for commit in pull.commits),
    )
    return Change(pull.patch, about.name, pull.merge_base, pull.head_sha, about)
