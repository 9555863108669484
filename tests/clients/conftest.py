"""A GitHub with one pull request, and the page to post on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.clients.github.publish import PullRequestPage
from tests.clients.github_door import opened
from tests.clients.page_stage import HEAD, NAME, PATCH
from tests.fakes.github import FakeGitHub
from tests.fakes.github_pull import FakePullRequest


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def pull(github: FakeGitHub) -> FakePullRequest:
    return github.pull_request(NAME, 214, patch=PATCH, head_sha=HEAD)


@pytest.fixture
def pauses() -> list[float]:
    """How long was waited, each time."""
    return []


@pytest.fixture
def page(github: FakeGitHub, pull: FakePullRequest, pauses: list[float]) -> Iterator[PullRequestPage]:
    with opened(github, sleep=pauses.append) as door:
        yield PullRequestPage(door, "acme", "papers", pull.number)
