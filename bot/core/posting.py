"""What is to be posted on a pull request, and what stands there already, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.marker import is_summary, run_id, run_mark
from bot.core.models import Finding, Side
from bot.core.rendering.comments import inline_comment, review_body
from bot.core.rendering.markdown import summary
from bot.core.review import Review


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


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be written: a review, if any, and the summary, over the comment `replaces` where there is one."""

    review: ReviewDraft | None
    summary: str
    summary_without_comments: str
    replaces: int | None


class Obstacle(StrEnum):
    """Why nothing is posted."""

    SUPERSEDED = "superseded"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the obstacle and the head that stands there, or the summary's address and how many comments.

    `refused` is GitHub's sentence where it would not take the comments.
    """

    head: str
    obstacle: Obstacle | None = None
    comments: int = 0
    summary_url: str = ""
    refused: str = ""


def decide(review: Review, standing: Standing) -> Posting | Obstacle:
    """Tell what to write on the pull request that was reviewed, given what stands there now.

    A review of another head than the present one is out of date, and its lines may be others: nothing of it is posted.
    Comments stand once for each head. Findings of a later run may be others, so its summary holds them in full.
    """
    pull = review.change.pull_request
    if pull is None:
        raise ValueError("only the review of a pull request can be posted")
    if standing.head != pull.head.sha:
        return Obstacle.SUPERSEDED
    if not standing.open:
        return Obstacle.CLOSED
    run = run_id(pull.repository_id, pull.number, pull.head.sha)
    posted = any(run_mark(run) in each.body for each in standing.reviews)
    commented = () if posted else tuple(each for each in review.comments if review.diff.carries(each.location))
    comments = tuple(map(_comment, commented))
    draft = ReviewDraft(pull.head.sha, run, review_body(len(comments), pull.head.sha, run), comments)
    return Posting(
        review=draft if comments else None,
        summary=summary(review, commented),
        summary_without_comments=summary(review, ()),
        replaces=next((comment.id for comment in standing.comments if is_summary(comment.body)), None),
    )


def _comment(finding: Finding) -> InlineComment:
    place = finding.location
    return InlineComment(place.path, place.side, place.line, place.start_line, inline_comment(finding))
