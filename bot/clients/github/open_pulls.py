"""What is open in repositories, for sweeps that find what nobody told of: the App's, and the Action's at night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.clients.github.answers import Answered, FullName, read
from bot.clients.github.connection import GitHub
from bot.core.events import CHECK_NAME

MOST_FOUND = 20
"""So many pull requests one sweep has reviewed at most: never a whole backlog."""
TOUCHED_DAYS = 7
"""What nobody touched for longer is no news."""

_ABOUT = "the installation"
_ROWS = 100
_MOST_REPOSITORIES = 200


class _Repository(Answered):
    id: int
    full_name: FullName
    archived: bool = False
    pushed_at: datetime | None = None


class _Repositories(Answered):
    repositories: tuple[_Repository, ...]


class _Head(Answered):
    sha: str


class _Pull(Answered):
    number: int
    created_at: datetime
    updated_at: datetime
    head: _Head


class _Committer(Answered):
    date: datetime


class _Commit(Answered):
    committer: _Committer


class _App(Answered):
    slug: str | None = None


class _Run(Answered):
    app: _App | None


class _Runs(Answered):
    check_runs: tuple[_Run, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that an installation may see."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class OpenPull:
    """An open pull request: its head, and when it was opened, in seconds since 1970."""

    number: int
    head: str
    opened: float


class OpenPulls:
    """All methods block, and raise OutsideError. `slug` is the App's name."""

    def __init__(self, github: GitHub, slug: str) -> None:
        self._github = github
        self._slug = slug

    def repositories(self) -> list[Repository]:
        """Those that are pushed to, the latest first; of very many only the latest of those that GitHub lists."""
        found: list[_Repository] = []
        for page in range(1, _MOST_REPOSITORIES // _ROWS + 1):
            said = self._github.get("/installation/repositories", _ABOUT, per_page=_ROWS, page=page)
            rows = read(_Repositories, said, _ABOUT).repositories
            found += [row for row in rows if not row.archived]
            if len(rows) < _ROWS:
                break
        found.sort(key=lambda row: row.pushed_at.timestamp() if row.pushed_at else 0.0, reverse=True)
        return [Repository(row.id, row.full_name) for row in found]

    def touched(self, repository: Repository, since: float) -> list[OpenPull]:
        """Its open pull requests on which something happened since then, the latest first."""
        path = f"/repos/{quote(repository.name)}/pulls"
        said = self._github.get(path, repository.name, state="open", sort="updated", direction="desc", per_page=_ROWS)
        rows = [row for row in read(list[_Pull], said, repository.name) if row.updated_at.timestamp() >= since]
        return [OpenPull(row.number, row.head.sha, row.created_at.timestamp()) for row in rows]

    def committed(self, repository: Repository, head: str) -> float:
        """When a commit was made: https://docs.github.com/en/rest/git/commits#get-a-commit-object ."""
        said = self._github.get(f"/repos/{quote(repository.name)}/git/commits/{quote(head)}", repository.name)
        return read(_Commit, said, repository.name).committer.date.timestamp()

    def is_checked(self, repository: Repository, head: str) -> bool:
        """Whether a check run of ours stands on a commit: then a review of it was begun, or left out with a reason."""
        path = f"/repos/{quote(repository.name)}/commits/{quote(head)}/check-runs"
        said = self._github.get(path, repository.name, check_name=CHECK_NAME, filter="all", per_page=_ROWS)
        return any(run.app and run.app.slug == self._slug for run in read(_Runs, said, repository.name).check_runs)
