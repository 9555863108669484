"""A review as a value: everything that was decided, for every way of showing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.core.analysis import AnalyzerNote, AnalyzerReport
from bot.core.change import Change, Contents
from bot.core.chunking import HunkKey, Plan
from bot.core.context import NOTHING_AROUND, Surroundings
from bot.core.diff import Diff
from bot.core.guidelines import Guideline
from bot.core.images import NO_PICTURES, Gathered
from bot.core.known import NO_LIFE, Fate, Known, Life
from bot.core.ledger import Ledger
from bot.core.links import Home
from bot.core.messages import NO_USAGE, Usage
from bot.core.models import Finding
from bot.core.outcome import Outcome
from bot.core.overview import Overview
from bot.core.placement import Unplaced
from bot.core.policy import NO_POLICY, Policy, Skip
from bot.core.recall import NOTHING_BEFORE, Before
from bot.core.visible import Shown


@dataclass(frozen=True)
class Inputs:
    """All that a review was made of besides the model's answers: with those it can be made again, to the byte."""

    policy: Policy
    change: Change
    contents: Mapping[int, Contents]
    attributes: Mapping[str, str]
    report: AnalyzerReport
    asked: bool
    before: Before = NOTHING_BEFORE
    answered: frozenset[HunkKey] = frozenset()
    notices: tuple[str, ...] = ()
    rules: str = ""
    pictures: Gathered = NO_PICTURES
    ratio: float = 1.0
    around: Surroundings = NOTHING_AROUND
    guidelines: tuple[Guideline, ...] = ()


@dataclass(frozen=True)
class Review:
    """The result: findings in the order of showing, the ledger, the outcome, and how it was come by.

    `asked` tells whether a model was asked at all. `unplaced` are findings without a line, `doubtful` those too unsure
    to be more than mentioned, `below` those below the policy's threshold. `summaries` say what the change does in a
    file, by its position. `failures` are the sentences of requests that failed, `notices` those about the policy file.
    `life` is what is handed on from review to review, `gate` why nothing was reviewed. `blind` is the sentence why the
    repository around the change was not read, '' where it was or nobody wanted it. `refuted` are findings that a second
    look took back, `preexisting` those that the code had before; `unverified` tells why there was less of such a look.
    """

    change: Change
    diff: Diff
    plan: Plan
    findings: tuple[Finding, ...]
    analyzers: tuple[AnalyzerNote, ...]
    ledger: Ledger
    outcome: Outcome
    asked: bool
    model: str
    prompts: str
    version: str
    unplaced: tuple[Unplaced, ...] = ()
    doubtful: tuple[Finding, ...] = ()
    summaries: Mapping[int, str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    requests: int = 0
    usage: Usage = NO_USAGE
    dollars: float = 0.0
    presumed: float = 0.0
    below: tuple[Finding, ...] = ()
    overview: Overview | None = None
    notices: tuple[str, ...] = ()
    life: Life = NO_LIFE
    policy: Policy = NO_POLICY
    gate: Skip | None = None
    blind: str = ""
    refuted: tuple[Finding, ...] = ()
    preexisting: tuple[Finding, ...] = ()
    unverified: str = ""

    @cached_property
    def shown(self) -> Shown:
        """The change as it may be shown, for code frames."""
        return Shown(self.diff)

    @property
    def home(self) -> Home | None:
        """The repository that links may lead to."""
        pull = self.change.pull_request
        return Home.of(pull.url, self.change.head) if pull else None

    @cached_property
    def of_fate(self) -> Mapping[Fate, tuple[Known, ...]]:
        """All findings of the pull request's life by what became of them."""
        return {fate: tuple(known for known in self.life.known if known.fate is fate) for fate in Fate}

    @property
    def news(self) -> tuple[Known, ...]:
        """What this review says for the first time."""
        said = set(self.said)
        return tuple(known for known in self.life.known if known.news and known.finding in said)

    @property
    def said(self) -> tuple[Finding, ...]:
        """All findings that are worth saying, with a line or without."""
        return (*self.findings, *(each.finding for each in self.unplaced))
