"""What is to be posted on a pull request, and what stands there already, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.marker import State, fingerprint, is_summary, read_state, run_id, run_mark
from bot.core.models import Finding, Side
from bot.core.outcome import Ending
from bot.core.rendering.comments import inline_comment, review_body
from bot.core.rendering.markdown import summary
from bot.core.review import Review
from bot.core.standing import OwnComment, Standing


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
class FileComment:
    """A comment on a file as a whole, for what has no line; pinned to a commit. A request of its own on GitHub.

    `name` is the finding's, which stands hidden in `body`: by it the comment is found again after an unclear answer.
    """

    commit: str
    path: str
    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for a review comment of our own, by its GraphQL id."""

    node: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Words to say in a thread, by its GraphQL id. The hidden mark in `body` tells whether they were said before."""

    thread: str
    body: str


@dataclass(frozen=True, slots=True)
class Mending:
    """What is done to threads of our own: comments edited, threads resolved or opened again, words said in them."""

    edits: tuple[Edit, ...] = ()
    resolve: tuple[str, ...] = ()
    reopen: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.edits or self.resolve or self.reopen or self.answers)


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
    BETTER_STANDS = "better stands"


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the obstacle and the head that stands there, or the summary's address and how many comments.

    `problems` are GitHub's sentences where it would not take the comments, the summary, or answer at all.
    """

    head: str = ""
    obstacle: Obstacle | None = None
    comments: int = 0
    summary_url: str = ""
    problems: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all that was to be posted stands there."""
        return self.obstacle is None and not self.problems


def decide(review: Review, standing: Standing) -> Posting | Obstacle:
    """Tell what to write on the pull request that was reviewed, given what stands there now.

    A review of another head than the present one is out of date, and its lines may be others: nothing of it is posted.
    Comments stand once for each head; what a later run finds besides stands in its summary in full. A run that failed
    does not take the place of one that read this head.
    """
    pull = review.change.pull_request
    if pull is None:
        raise ValueError("only the review of a pull request can be posted")
    if standing.head != pull.head.sha:
        return Obstacle.SUPERSEDED
    if not standing.open:
        return Obstacle.CLOSED
    own = next((comment for comment in standing.comments if is_summary(comment.body)), None)
    earlier = _earlier(own, standing.head)
    if review.outcome.ending is Ending.FAILED and earlier and earlier.ending in {Ending.COMPLETE, Ending.PARTIAL}:
        return Obstacle.BETTER_STANDS
    run = run_id(pull.repository_id, pull.number, pull.head.sha)
    if any(run_mark(run) in each.body for each in standing.reviews):
        before = set(earlier.commented) if earlier else set()
        commented = tuple(each for each in review.findings if fingerprint(each) in before)
        draft = None
    else:
        commented = tuple(each for each in review.comments if review.diff.carries(each.location))
        draft = _draft(pull.head.sha, run, commented)
    return Posting(
        review=draft,
        summary=summary(review, commented),
        summary_without_comments=summary(review, ()),
        replaces=own.id if own else None,
    )


def _earlier(own: OwnComment | None, head: str) -> State | None:
    """What our summary says of this head; None where it was made for another."""
    state = read_state(own.body) if own else None
    return state if state and state.head == head else None


def _draft(head: str, run: str, findings: tuple[Finding, ...]) -> ReviewDraft | None:
    """The review that carries the comments; none without any."""
    comments = tuple(map(_comment, findings))
    return ReviewDraft(head, run, review_body(len(comments), head, run), comments) if comments else None


def _comment(finding: Finding) -> InlineComment:
    place = finding.location
    return InlineComment(place.path, place.side, place.line, place.start_line, inline_comment(finding))
