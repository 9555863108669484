"""What stands on a pull request, in GitHub's words, as closed types: the fields that are read, and nothing else."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from bot.clients.github.answers import Answered, FullName, UserAnswer

_COMMENT_ANCHOR = "#discussion_r"
_REVIEW_ANCHOR = "#pullrequestreview-"
_PENDING = "PENDING"
_Node = TypeVar("_Node")


class ActorNode(Answered):
    """Whoever did something. An App's login comes without its `[bot]`; `kind` is '' where GitHub does not tell it."""

    login: str
    kind: str = Field(default="", alias="__typename")


class PageInfo(Answered):
    """Where the page before this one ends."""

    more: bool = Field(alias="hasPreviousPage")
    start: str | None = Field(alias="startCursor")


class Nodes(Answered, Generic[_Node]):
    """Some of what belongs to a thing, the oldest first."""

    nodes: tuple[_Node, ...]


class Part(Nodes[_Node], Generic[_Node]):
    """Some of what belongs to a thing, and how many there are in all."""

    total: int = Field(alias="totalCount")

    @property
    def whole(self) -> bool:
        """Whether these are all of them."""
        return len(self.nodes) >= self.total


class Page(Nodes[_Node], Generic[_Node]):
    """Up to a hundred of what stands on a pull request, the oldest first."""

    info: PageInfo = Field(alias="pageInfo")


class Written(Answered):
    """What somebody wrote; the author is null where the account is gone."""

    url: str
    body: str
    ours: bool = Field(alias="viewerDidAuthor")
    author: ActorNode | None

    @property
    def at(self) -> str:
        """When it was written, in ISO 8601; '' for what is still pending."""
        raise NotImplementedError


class CommentNode(Written):
    """A comment under the pull request; GraphQL's `databaseId` is too small for today's ids."""

    node: str = Field(alias="id")
    id: int = Field(alias="fullDatabaseId")
    created: str = Field(alias="createdAt")

    @property
    def at(self) -> str:
        """When it was written."""
        return self.created


class CommitNode(Answered):
    """The commit of a review."""

    oid: str


class ReviewNode(Written):
    """A review."""

    state: str
    submitted: str | None = Field(alias="submittedAt")
    commit: CommitNode | None

    @property
    def at(self) -> str:
        """When it was submitted; '' while it is pending."""
        return self.submitted or ""

    @property
    def pending(self) -> bool:
        """Whether it was begun and not submitted: only its author sees it."""
        return self.state == _PENDING

    @property
    def id(self) -> str:
        """The id of the REST API, which GraphQL tells in the address only."""
        return self.url.rpartition(_REVIEW_ANCHOR)[2]


class ThreadCommentNode(Written):
    """A comment in a thread. GraphQL has no field that could hold its id of the REST API; the address tells it."""

    url: Annotated[str, Field(pattern=rf"{_COMMENT_ANCHOR}[0-9]+$")]
    node: str = Field(alias="id")
    created: str = Field(alias="createdAt")

    @property
    def at(self) -> str:
        """When it was written."""
        return self.created

    @property
    def id(self) -> int:
        """The id of the REST API."""
        return int(self.url.rpartition(_COMMENT_ANCHOR)[2])


class ReactionNode(Answered):
    """A thumbs-down."""

    user: ActorNode | None
    created: str = Field(alias="createdAt")


class StateNode(Answered):
    """How far a review is."""

    state: str


class OpeningNode(ThreadCommentNode):
    """The comment that opened a thread, with the thumbs-down that it got."""

    reactions: Part[ReactionNode]
    review: StateNode | None = Field(alias="pullRequestReview")

    @property
    def pending(self) -> bool:
        """Whether its review was begun and not submitted: only its author sees it."""
        return self.review is not None and self.review.state == _PENDING


class ThreadNode(Answered):
    """A thread: its first comment, and its latest ones."""

    id: str
    path: str
    resolved: bool = Field(alias="isResolved")
    resolvable: bool = Field(alias="viewerCanResolve")
    resolver: ActorNode | None = Field(alias="resolvedBy")
    opening: Nodes[OpeningNode]
    latest: Part[ThreadCommentNode]


class StandingPull(Answered):
    """The pull request of `StandingAnswer`. What was not asked for is null."""

    head: str = Field(alias="headRefOid")
    state: str
    body: str
    author: ActorNode | None
    association: str = Field(alias="authorAssociation")
    comments: Page[CommentNode] | None = None
    reviews: Page[ReviewNode] | None = None
    threads: Page[ThreadNode] | None = Field(default=None, alias="reviewThreads")


class StandingRepository(Answered):
    """The repository of `StandingAnswer`."""

    name: FullName = Field(alias="nameWithOwner")
    pull: StandingPull = Field(alias="pullRequest")


class StandingAnswer(Answered):
    """What stands on a pull request, and who asks."""

    viewer: ActorNode
    repository: StandingRepository


class PermissionAnswer(Answered):
    """https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user ."""

    permission: str


class DescriptionAnswer(Answered):
    """The pull request's own text."""

    body: str | None


class ReviewCommentRow(Answered):
    """A row of https://docs.github.com/en/rest/pulls/comments#list-review-comments-on-a-pull-request ."""

    id: int
    body: str
    user: UserAnswer | None
    opening: int | None = Field(default=None, alias="in_reply_to_id")
