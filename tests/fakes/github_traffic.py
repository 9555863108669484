"""Who asks the fake of GitHub, what came in, what goes wrong, and which limit is hit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks, and what they may do. A login that ends in `[bot]` is an App's.

    `write` is for what stands on pull requests, `contents` for pushing, `checks` for check runs, `statuses` for commit
    statuses. `repositories` are the private ones that it sees, None all of them.
    """

    login: str
    write: bool
    contents: bool
    checks: bool
    statuses: bool
    repositories: frozenset[str] | None = None

    @property
    def app(self) -> bool:
        return self.login.endswith("[bot]")

    @property
    def kind(self) -> str:
        """As GitHub names it where it refuses: `Resource not accessible by ...`."""
        return "integration" if self.app else "personal access token"

    def sees(self, repository: str) -> bool:
        return self.repositories is None or repository in self.repositories


HOURLY = 5_000


@dataclass(slots=True)
class Limits:
    """Which limit is hit: the hourly one until a second of the Unix clock, or the secondary one, with its wait.

    `remaining` is what answers say is left of the hour, None for a count of the requests so far.
    """

    exhausted_until: int | None = None
    retry_after: int | None = None
    remaining: int | None = None


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
