"""What stands on a pull request of the fake and its commits: comments, reviews, threads, reactions, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reaction:
    """A sign that somebody left; `content` is in GraphQL's words: THUMBS_UP, THUMBS_DOWN, HEART ..."""

    id: int
    login: str
    content: str
    created_at: str


@dataclass(slots=True)
class IssueComment:
    """A comment under a pull request."""

    id: int
    author: str
    body: str
    created_at: str
    updated_at: str
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class ReviewComment:
    """A comment on a line, or on a whole file: then `line` is None. `text` is the line as the patch shows it.

    `thread` numbers the thread that it stands in: the id of the comment that opened it, also when that is deleted.
    """

    id: int
    author: str
    commit: str
    path: str
    side: str
    line: int | None
    start_line: int | None
    start_side: str | None
    body: str
    text: str
    diff_hunk: str
    position: int | None
    created_at: str
    updated_at: str
    thread: int
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class Review:
    """A review with the comments that it brought. `state` is COMMENTED, APPROVED, CHANGES_REQUESTED or PENDING.

    A reply brings a review of its own, without a body.
    """

    id: int
    author: str
    commit: str
    state: str
    body: str
    comments: list[ReviewComment]
    created_at: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as it stands: its comments, the oldest first, never empty. `resolved_by` is '' while it is open."""

    number: int
    comments: tuple[ReviewComment, ...]
    resolved_by: str = ""

    @property
    def node(self) -> str:
        """Its id in GraphQL."""
        return f"PRRT_{self.number}"

    @property
    def resolved(self) -> bool:
        return bool(self.resolved_by)

    @property
    def bodies(self) -> list[str]:
        """What is said in it, the oldest first."""
        return [comment.body for comment in self.comments]


@dataclass(slots=True)
class CheckRun:
    """A check run of an App on a commit, its fields in the words of GitHub's REST API; '' for what was not given.

    `annotations` are all that were sent, in order, as they came.
    """

    id: int
    app: str
    name: str
    head_sha: str
    started_at: str
    status: str = "queued"
    conclusion: str = ""
    completed_at: str = ""
    details_url: str = ""
    external_id: str = ""
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status. `state` is error, failure, pending or success."""

    id: int
    author: str
    sha: str
    state: str
    context: str
    description: str
    target_url: str
    created_at: str
