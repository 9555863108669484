"""GitHub's JSON as closed types: the fields that are read, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.errors import BadReply

_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
FullName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
_T = TypeVar("_T")


class Answered(BaseModel):
    """Part of an answer. Fields that GitHub adds are no concern."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


class RepositoryAnswer(Answered):
    """A repository."""

    id: int
    full_name: FullName


class EndAnswer(Answered):
    """Base or head; the repository is null where a fork is gone."""

    sha: _Sha
    ref: str
    repo: RepositoryAnswer | None


class BaseAnswer(EndAnswer):
    """The base, the repository of which is always there."""

    repo: RepositoryAnswer


class UserAnswer(Answered):
    """Someone with an account."""

    login: str


class LabelAnswer(Answered):
    """A label."""

    name: str


class IssueAnswer(Answered):
    """https://docs.github.com/en/rest/issues/issues#get-an-issue ."""

    title: str
    body: str | None = None


class PullAnswer(Answered):
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


class CommitText(Answered):
    """What git stores of a commit."""

    message: str


class CommitAnswer(Answered):
    """A commit."""

    sha: _Sha
    commit: CommitText


class ShaAnswer(Answered):
    """A commit's name."""

    sha: _Sha


class CompareAnswer(Answered):
    """https://docs.github.com/en/rest/commits/commits#compare-two-commits ."""

    merge_base_commit: ShaAnswer
    commits: tuple[CommitAnswer, ...]


class FileRow(Answered):
    """A row of https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files ; `patch` holds hunks only."""

    filename: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    changes: int
    sha: str | None = None
    patch: str | None = None
    previous_filename: str | None = None


class BlobAnswer(Answered):
    """A file's text, null where it is no text."""

    text: str | None = None


class HeadAnswer(Answered):
    """The pull request, read again."""

    head: str = Field(alias="headRefOid")
    base: str = Field(alias="baseRefName")


class LookRepository(Answered):
    """The repository of `LookAnswer`."""

    object: BlobAnswer | None
    pull: HeadAnswer = Field(alias="pullRequest")


class LookAnswer(Answered):
    """A second look at the pull request over GraphQL, with the root's attributes."""

    repository: LookRepository


class Posted(Answered):
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
