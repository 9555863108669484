"""What a review may do: the limits, filters and gates that hold for it, wherever they were set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.cost import PROVIDER_PRICE, Price
from bot.core.model_rules import RULES, ModelRules, Rulebook
from bot.core.models import Severity
from bot.core.selection import NO_FILTERS, Filters


class OnIncomplete(StrEnum):
    """What the check run says of a review that did not read everything. Never success."""

    NEUTRAL = "neutral"
    FAILURE = "failure"


class Commanders(StrEnum):
    """Who may give commands on a pull request: who may write to the repository, or its author as well."""

    WRITERS = "writers"
    AUTHOR = "author"


class Effort(StrEnum):
    """How hard the model thinks, in the words of the Messages API: output_config.effort."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class PathInstruction:
    """What the repository wants reviewers to know of the files that match a gitignore pattern."""

    pattern: str
    text: str


@dataclass(frozen=True, slots=True)
class Gates:
    """Which pull requests are reviewed of their own accord; what a person asks for by hand passes them.

    Authors, labels, titles and branches are globs, compared without regard to case. The `only_` lists hold where they
    are not empty. `forks` and `newcomers` tell whether pull requests from forks, and those of first-time contributors,
    are reviewed. `pause_after` is the number of reviews in a row without a sign of a person, 0 for no pause.
    """

    enabled: bool = True
    drafts: bool = False
    ignored_authors: tuple[str, ...] = ()
    ignored_labels: tuple[str, ...] = ()
    ignored_titles: tuple[str, ...] = ()
    only_authors: tuple[str, ...] = ()
    only_labels: tuple[str, ...] = ()
    only_branches: tuple[str, ...] = ()
    forks: bool = True
    newcomers: bool = True
    pause_after: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits, filters and gates of a review.

    Money in US dollars, chunks in estimated tokens, answers in tokens. `context_tokens` are those of other code
    that go along with a chunk. `max_cost` is for one review, `max_cost_pull_request` for all reviews of a pull
    request, `max_cost_day` for all reviews of a day on this machine; None is no limit. `post` tells that the review
    is meant for the pull request: then it has to be open. `automatic` tells that nobody asked for it by hand: then
    the gates hold. `full` has everything read, also what an earlier review read. `serves_commands` tells that
    somebody listens to commands in comments. Findings below `threshold` are folded away. `language` is that of the
    model's words, '' for English. `thinking` lets the model think before it answers. `verify` has what it finds
    looked at a second time, unless the effort is low. `fail_on` is what makes the check run fail; None never does.
    `book` holds what is known of models. `cache_pause` are the seconds until what one request shares with others
    can be read from the provider's cache.
    """

    model: str
    filters: Filters = NO_FILTERS
    chunk_tokens: int = 12_000
    context_tokens: int = 12_000
    max_cost: float = 5.0
    price: Price = PROVIDER_PRICE
    max_tokens: int = 16_000
    max_comments: int = 10
    post: bool = False
    automatic: bool = False
    full: bool = False
    gates: Gates = Gates()
    instructions: tuple[PathInstruction, ...] = ()
    threshold: Severity = Severity.LOW
    language: str = ""
    fail_on: Severity | None = None
    on_incomplete: OnIncomplete = OnIncomplete.NEUTRAL
    effort: Effort | None = None
    thinking: bool = False
    max_cost_pull_request: float | None = None
    max_cost_day: float | None = None
    commanders: Commanders = Commanders.AUTHOR
    serves_commands: bool = False
    describe: bool = False
    verify: bool = False
    diagram: bool = True
    book: Rulebook = RULES
    cache_pause: float = 0.0

    @property
    def verifies(self) -> bool:
        """Whether what is found is looked at a second time."""
        return self.verify and self.effort is not Effort.LOW

    @property
    def rules(self) -> ModelRules:
        """What the model accepts."""
        return self.book.of(self.model)


NO_POLICY = Policy("")


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a pull request is not reviewed, as words behind "not reviewed:".

    `told` tells that it is said on the pull request even where nothing of ours stands there: nobody could guess it.
    """

    reason: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class PolicyTexts:
    """The policy file as it stands in three places; None where there is none.

    `organisation` is the one of the owner's `.github` repository, `base` that of the base branch. `proposed` is the one
    that the change would bring in: it is checked, never applied.
    """

    organisation: str | None = None
    base: str | None = None
    proposed: str | None = None
