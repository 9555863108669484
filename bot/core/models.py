"""The words that every part shares: sides, severities, findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """The version of a file that a line belongs to, in GitHub's words: LEFT is the base, RIGHT the head."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


class Severity(StrEnum):
    """How bad it is if the author does nothing, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, growing as the harm shrinks: the sort key."""
        return list(Severity).index(self)

    def reaches(self, threshold: Severity) -> bool:
        """Tell whether this is at least as bad as the threshold."""
        return self.rank <= threshold.rank


class Category(StrEnum):
    """What kind of harm a finding describes."""

    SECURITY = "security"
    CORRECTNESS = "correctness"
    CONCURRENCY = "concurrency"
    DATA = "data"
    PERFORMANCE = "performance"
    COMPATIBILITY = "compatibility"
    TESTS = "tests"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Location:
    """One line, or a run of lines inside one hunk, on one side of a file. Lines count from 1, both ends included."""

    path: str
    side: Side
    line: int
    start_line: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line that speaks for a finding, or against it: of the change, or of other code at the head commit.

    A line that was removed is on the LEFT, and has its old number.
    """

    path: str
    line: int
    text: str
    side: Side = Side.RIGHT


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem at one place, fit to be said aloud.

    `source` names who found it (`secrets`, `checks`, `ruff`, `zizmor`, `model`) and `rule` the rule within it.
    `scenario` is the case in which it goes wrong; `quote` the text of the line, secrets already masked.
    `confidence` runs from 0 to 1. `suggestion` replaces the lines of the location; where it does not `apply` as it
    stands, it is shown as text. `verdict`, `reason` and `evidence` are those of a second look, where there was one;
    `introduced` is False where it found that the code before the change has the same problem.
    """

    location: Location
    severity: Severity
    category: Category
    title: str
    body: str
    scenario: str
    source: str
    rule: str
    quote: str = ""
    suggestion: str | None = None
    applies: bool = False
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    verdict: str = ""
    introduced: bool = True

    @property
    def order(self) -> tuple[int, float, str, int, str]:
        """The order in which findings are shown: worst first, then the surest, then by place."""
        return (self.severity.rank, -self.confidence, self.location.path, self.location.line, self.rule)
