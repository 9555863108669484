"""What a review concludes for the commit it read: the check run's conclusion, and what stands beside its lines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.known import Fate
from bot.core.models import Finding, Severity
from bot.core.outcome import Ending, Outcome
from bot.core.policy import OnIncomplete, Policy
from bot.core.review import Review

MOST_ANNOTATIONS = 50
"""GitHub takes so many in a request: https://docs.github.com/en/rest/checks/runs#update-a-check-run"""

_DOUBT = Severity.HIGH
"""Findings as bad as this leave the verdict to people where the repository does not say what is to fail."""


class Conclusion(StrEnum):
    """How a check run ends, in GitHub's words. Required checks pass with success, neutral and skipped."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


_INCOMPLETE = {OnIncomplete.NEUTRAL: Conclusion.NEUTRAL, OnIncomplete.FAILURE: Conclusion.FAILURE}


class Level(StrEnum):
    """How loud an annotation is, in GitHub's words."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is said on lines of the head, from `start_line` to `end_line`, both included. Plain text, no Markdown."""

    path: str
    start_line: int
    end_line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows: a title of at most 255 bytes, two Markdown texts of at most 65,535 bytes, annotations."""

    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()

    @property
    def batches(self) -> tuple[tuple[Annotation, ...], ...]:
        """The annotations, so many at a time as GitHub takes; none without any."""
        starts = range(0, len(self.annotations), MOST_ANNOTATIONS)
        return tuple(self.annotations[start : start + MOST_ANNOTATIONS] for start in starts)


def conclude_check(outcome: Outcome, *, reached: bool, policy: Policy) -> Conclusion:
    """Tell how the check run ends. Success is earned by a review that read everything, and by nothing else.

    `reached` tells whether a finding that counts is as bad as the policy's threshold (`reaching`): that is a failure
    where the repository asked for one, and else no verdict.
    """
    if outcome.ending is Ending.SKIPPED:
        return Conclusion.SKIPPED
    if reached and policy.fail_on is not None:
        return Conclusion.FAILURE
    if outcome.ending is not Ending.COMPLETE:
        return _INCOMPLETE[policy.on_incomplete]
    return Conclusion.NEUTRAL if reached else Conclusion.SUCCESS


def counted(review: Review) -> tuple[Finding, ...]:
    """The findings of the pull request that count against it, worst first, each once.

    Those that are folded away count: a green tick above them would not be earned. A finding that was dismissed does not
    count where that was by somebody who may write to the repository. What was fixed or left the change does not either.
    """
    known = review.life.known
    settled = {each.finding for each in known if each.fate is Fate.DISMISSED and each.binding}
    standing = (each.finding for each in known if each.stands or (each.fate is Fate.DISMISSED and not each.binding))
    findings = dict.fromkeys((*review.said, *review.below, *standing))
    return tuple(sorted((finding for finding in findings if finding not in settled), key=lambda each: each.order))


def reaching(review: Review, policy: Policy) -> tuple[Finding, ...]:
    """Those that count and are as bad as what the policy fails on; as `high`, where it names nothing."""
    threshold = policy.fail_on or _DOUBT
    return tuple(finding for finding in counted(review) if finding.severity.reaches(threshold))


def verdict(review: Review, policy: Policy) -> Conclusion:
    """Tell how the check run of a review ends."""
    return conclude_check(review.outcome, reached=bool(reaching(review, policy)), policy=policy)
