"""A review as a value: everything that was decided, for every way of showing it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.analysis import AnalyzerNote
from bot.core.chunking import Plan
from bot.core.diff import Diff
from bot.core.ledger import Ledger
from bot.core.models import Finding, Severity
from bot.core.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """What is reviewed: the patch's exact bytes, a name for people, and the commits where they are known."""

    patch: bytes
    title: str
    base: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a file before and after the change; None where they are unknown or the side has no file."""

    base: bytes | None = None
    head: bytes | None = None


@dataclass(frozen=True)
class Review:
    """The result: findings in the order of showing, the ledger, the outcome, and how it was come by.

    `asked` tells whether a model was asked at all.
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

    def reaches(self, threshold: Severity | None) -> bool:
        """Whether any finding is at least as bad as the threshold; never, without one."""
        return threshold is not None and any(finding.severity.reaches(threshold) for finding in self.findings)
