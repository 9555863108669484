"""What is to be posted on a pull request, and what stands there already, as values."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.models import Side


@dataclass(frozen=True, slots=True)
class InlineComment:
    """A comment on one line, or on a run of lines that ends in `line`; `start_line` is None for a single line."""

    path: str
    side: Side
    line: int
    start_line: int | None
    body: str


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """One review with all its inline comments, pinned to a commit. Its event is always COMMENT.

    `run_id` stands hidden in `body`: by it a review is found again after an unclear answer.
    """

    commit: str
    run_id: str
    body: str
    comments: tuple[InlineComment, ...]


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment under the pull request that we wrote ourselves. `id` is the one of GitHub's REST API."""

    id: int
    url: str
    body: str


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review that we posted ourselves."""

    url: str
    body: str
    commit: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on the pull request now: its head, whether it is open, and what we ourselves wrote there."""

    head: str
    open: bool
    comments: tuple[OwnComment, ...] = ()
    reviews: tuple[OwnReview, ...] = ()
