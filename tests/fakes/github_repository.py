"""A repository of the fake, its commits, and the ids and times of everything that happens in it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.fakes.github_posts import CheckRun, Status

# Comments and reviews of github.com passed 2**31 in 2024: https://github.com/rust-lang/rfcbot-rs/issues/325
FIRST_ID = 5_000_000_001
CREATED = "2026-01-05T08:00:00Z"
_START = datetime(2026, 11, 2, 9, tzinfo=UTC)


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


@dataclass(slots=True)
class Repository:
    """A repository; `full_name` is `owner/name`.

    `files` are those of its default branch, where a test gives them; else they are those of the pull requests' bases.
    `issues` are titles and bodies by number. `permissions` tells what people may do: admin, maintain, write, triage,
    read or none.
    """

    full_name: str
    id: int
    private: bool = False
    fork: bool = False
    default_branch: str = "main"
    files: dict[str, bytes] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    check_runs: list[CheckRun] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    issues: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    def permission(self, login: str) -> str:
        """What somebody may do; anybody may read what is public."""
        if login == self.owner:
            return "admin"
        return self.permissions.get(login, "none" if self.private else "read")


@dataclass(frozen=True, slots=True)
class FakeCommit:
    """A commit of a pull request."""

    sha: str
    message: str
    author: str
    date: str = CREATED
