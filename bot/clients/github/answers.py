"""GitHub's JSON as closed types: the fields that are read, and nothing else."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.errors import BadReply

_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
_FullName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
_T = TypeVar("_T")
_Node = TypeVar("_Node")


class _Answered(BaseModel):
    """Part of an answer. Fields that GitHub adds are no concern."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


class RepositoryAnswer(_Answered):
    """A repository."""

    id: int
    full_name: _FullName


class EndAnswer(_Answered):
    """Base or head; the repository is null where a fork is gone."""

    sha: _Sha
    ref: str
    repo: RepositoryAnswer | None


class BaseAnswer(EndAnswer):
    """The base, the repository of which is always there."""

    repo: RepositoryAnswer


class UserAnswer(_Answered):
    """Someone with an account."""

    login: str


class LabelAnswer(_Answered):
    """A label."""

    name: str


class PullAnswer(_Answered):
    """https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request ."""

    number: int
    html_url: str
    title: str
    body: str | None
    user: UserAnswer | None
    author_association: str = "NONE"
    state: Literal["open", "closed"]
    merged: bool = False
    draft: bool = False
    labels: tuple[LabelAnswer, ...] = ()
    base: BaseAnswer
    head: EndAnswer
    changed_files: int
    additions: int
    deletions: int

    @property
    def about(self) -> str:
        """How people write it: `owner/name#12`."""
        return f"{self.base.repo.full_name}#{self.number}"


class CommitText(_Answered):
    """What git stores of a commit."""

    message: str


class CommitAnswer(_Answered):
    """A commit."""

    sha: _Sha
    commit: CommitText


class ShaAnswer(_Answered):
    """A commit's name."""

    sha: _Sha


class CompareAnswer(_Answered):
    """https://docs.github.com/en/rest/commits/commits#compare-two-commits ."""

    merge_base_commit: ShaAnswer
    commits: tuple[CommitAnswer, ...]


class FileRow(_Answered):
    """A row of https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files ; `patch` holds hunks only."""

    filename: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    changes: int
    sha: str | None = None
    patch: str | None = None
    previous_filename: str | None = None


class BlobAnswer(_Answered):
    """A file's text, null where it is no text."""

    text: str | None = None


class HeadAnswer(_Answered):
    """The pull request, read again."""

    head: str = Field(alias="headRefOid")
    base: str = Field(alias="baseRefName")


class LookRepository(_Answered):
    """The repository of `LookAnswer`."""

    object: BlobAnswer | None
    pull: HeadAnswer = Field(alias="pullRequest")


class LookAnswer(_Answered):
    """A second look at the pull request over GraphQL, with the root's attributes."""

    repository: LookRepository


class PageInfo(_Answered):
    """Where the page before this one ends."""

    more: bool = Field(alias="hasPreviousPage")
    start: str | None = Field(alias="startCursor")


class CommentNode(_Answered):
    """A comment under the pull request; GraphQL's `databaseId` is too small for today's ids."""

    id: int = Field(alias="fullDatabaseId")
    url: str
    body: str
    ours: bool = Field(alias="viewerDidAuthor")


class CommitNode(_Answered):
    """The commit of a review."""

    oid: str


class ReviewNode(_Answered):
    """A review."""

    url: str
    body: str
    state: str
    ours: bool = Field(alias="viewerDidAuthor")
    commit: CommitNode | None


class Page(_Answered, Generic[_Node]):
    """Up to a hundred comments or reviews, the oldest first."""

    nodes: tuple[_Node, ...]
    info: PageInfo = Field(alias="pageInfo")


class StandingPull(_Answered):
    """The pull request of `StandingAnswer`."""

    head: str = Field(alias="headRefOid")
    state: str
    comments: Page[CommentNode] | None = None
    reviews: Page[ReviewNode] | None = None


class StandingRepository(_Answered):
    """The repository of `StandingAnswer`."""

    name: _FullName = Field(alias="nameWithOwner")
    pull: StandingPull = Field(alias="pullRequest")


class StandingAnswer(_Answered):
    """What stands on a pull request."""

    repository: StandingRepository


class Posted(_Answered):
    """What was written, as far as anyone wants to know."""

    html_url: str


def read(kind: type[_T], said: object, about: str) -> _T:
    """Read an answer. Raises BadReply where it is not what GitHub describes."""
    try:
        return TypeAdapter(kind).validate_python(said)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        raise BadReply(
            f"GitHub's answer about {about} is not in its own format ({where}: {first['msg'].lower()}); check "
            f"GITHUB_API_URL, and try again."
        ) from None
