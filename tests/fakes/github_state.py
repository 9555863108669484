"""What the fake of GitHub remembers: repositories, pull requests, what was posted on them, tokens, faults."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tests.fakes.github_patch import PatchFile, read_patch

# Comments and reviews of github.com passed 2**31 in 2024: https://github.com/rust-lang/rfcbot-rs/issues/325
FIRST_ID = 5_000_000_001
MOST_PATCH_LINES = 20_000
CREATED = "2026-01-05T08:00:00Z"
_START = datetime(2026, 11, 2, 9, tzinfo=UTC)

read_once = lru_cache(maxsize=64)(read_patch)


def made_up_sha(name: str) -> str:
    """A commit or blob id that is the same in every run."""
    return hashlib.sha1(name.encode()).hexdigest()


def blob_id(content: bytes) -> str:
    """The id that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Counter:
    """Gives ids and times that never repeat and are the same in every run."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = itertools.count()

    def id(self) -> int:
        return FIRST_ID + next(self._numbers)

    def time(self) -> str:
        return (_START + timedelta(seconds=next(self._numbers))).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks, and what they may do. `repositories` None: all of them. A login that ends in `[bot]` is an App's."""

    login: str
    write: bool = True
    repositories: frozenset[str] | None = None

    def sees(self, repository: str) -> bool:
        return self.repositories is None or repository in self.repositories


@dataclass(slots=True)
class Repository:
    """A repository; `full_name` is `owner/name`."""

    full_name: str
    id: int
    private: bool = False
    fork: bool = False
    default_branch: str = "main"

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class FakeCommit:
    """A commit of a pull request."""

    sha: str
    message: str
    author: str


@dataclass(slots=True)
class IssueComment:
    """A comment under a pull request."""

    id: int
    author: str
    body: str
    created_at: str
    updated_at: str


@dataclass(slots=True)
class ReviewComment:
    """A comment on a line, or on a whole file: then `line` is None. `text` is the line as the patch shows it.

    `resolved` is the state of the thread that it opened; a test may set it.
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
    resolved: bool = False


@dataclass(slots=True)
class Review:
    """A review with the comments that it brought. `state` is COMMENTED, APPROVED, CHANGES_REQUESTED or PENDING."""

    id: int
    author: str
    commit: str
    state: str
    body: str
    comments: list[ReviewComment]
    created_at: str


@dataclass(slots=True)
class FakePullRequest:
    """A pull request. A test sets what it likes, and reads back what was posted.

    `versions` holds the patch of each head that was pushed; `files` the texts of a commit by path. `head_repository` is
    '' where the fork is gone. The list of files leaves out the patch of the paths in `withheld`, as GitHub does for
    large ones. `state` is open, closed or merged.
    """

    repository: Repository
    number: int
    title: str
    body: str | None
    author: str
    association: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository: str
    merge_base: str
    commits: list[FakeCommit]
    counter: Counter
    draft: bool = False
    state: str = "open"
    created_at: str = CREATED
    labels: list[str] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    versions: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    issue_comments: list[IssueComment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def patch(self) -> bytes:
        return self.versions[self.head_sha]

    @property
    def changed_files(self) -> tuple[PatchFile, ...]:
        return read_once(self.patch)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """All of them, the oldest first, without those of pending reviews."""
        return [comment for review in self.reviews if review.state != "PENDING" for comment in review.comments]

    def shows(self, file: PatchFile) -> bool:
        """Whether GitHub shows the file's patch: comments on its lines hang on that."""
        return bool(file.hunks) and file.path not in self.withheld and file.rows <= MOST_PATCH_LINES

    def push(self, sha: str, patch: bytes, message: str = "Amend", files: Mapping[str, bytes] | None = None) -> None:
        """Move the head to a further commit; `patch` is the whole change from the merge base on."""
        self.commits.append(FakeCommit(sha, message, self.author))
        self.versions[sha] = patch
        self.files[sha] = dict(self.files[self.head_sha] if files is None else files)
        self.head_sha = sha

    def move_base(self, sha: str) -> None:
        """Let the base branch go on; the merge base stays."""
        self.files[sha] = self.files[self.base_sha]
        self.base_sha = sha

    def close(self) -> None:
        self.state = "closed"

    def merge(self) -> None:
        self.state = "merged"

    def comment(self, author: str, body: str) -> IssueComment:
        """What somebody wrote under the pull request."""
        now = self.counter.time()
        comment = IssueComment(self.counter.id(), author, body, now, now)
        self.issue_comments.append(comment)
        return comment

    def review(
        self,
        author: str,
        body: str,
        *,
        commit: str = "",
        state: str = "COMMENTED",
        comments: tuple[ReviewComment, ...] = (),
    ) -> Review:
        """What somebody said in a review; of the head where no commit is given."""
        review = Review(
            self.counter.id(), author, commit or self.head_sha, state, body, list(comments), self.counter.time()
        )
        self.reviews.append(review)
        return review


@dataclass(slots=True)
class Limits:
    """Which limit is hit: the hourly one until a second of the Unix clock, or the secondary one, with its wait."""

    exhausted_until: int | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: `body` is its JSON, None where there is none; `at` is `time.perf_counter`."""

    method: str
    path: str
    query: Mapping[str, str]
    accept: str
    body: object = None
    at: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next request that fits.

    `status` 0 closes the connection without an answer. With `after` the request is carried out first and its answer is
    lost. `act` runs after the request was carried out, and the answer stands as it was.
    """

    method: str
    path: str
    accept: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | Mapping[str, object] = ""
    after: bool = False
    act: Callable[[], None] | None = None


class GitHubState:
    """All repositories and pull requests. Names are found in any case, as GitHub finds them."""

    def __init__(self) -> None:
        self.counter = Counter()
        self.repositories: dict[str, Repository] = {}
        self.pulls: list[FakePullRequest] = []
        self.renamed: dict[str, Repository] = {}

    def repository(self, full_name: str) -> Repository | None:
        return self.repositories.get(full_name.casefold())

    def add(self, repository: Repository) -> Repository:
        self.repositories[repository.full_name.casefold()] = repository
        return repository

    def rename(self, old: str, new: str) -> None:
        repository = self.repositories.pop(old.casefold())
        for pull in self.pulls:
            pull.head_repository = new if pull.head_repository == repository.full_name else pull.head_repository
        repository.full_name = new
        self.renamed[old.casefold()] = self.add(repository)

    def pulls_of(self, repository: Repository) -> list[FakePullRequest]:
        return [pull for pull in self.pulls if pull.repository is repository]

    def pull(self, repository: Repository, number: int) -> FakePullRequest | None:
        return next((pull for pull in self.pulls_of(repository) if pull.number == number), None)

    def commit_files(self, repository: Repository, ref: str) -> Mapping[str, bytes] | None:
        """The files of a commit, by its id or a branch; a fork shares its commits with the repository it left."""
        for pull in self.pulls:
            if repository is not pull.repository and repository.full_name != pull.head_repository:
                continue
            sha = {pull.base_ref: pull.base_sha, pull.head_ref: pull.head_sha}.get(ref, ref)
            if sha in pull.files:
                return pull.files[sha]
        return None
