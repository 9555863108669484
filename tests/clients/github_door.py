"""How the tests of the door to GitHub come in: a connection to the fake that never sleeps."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from tests.fakes.github import FakeGitHub

NOW = 1_795_600_800  # 2026-11-25, 10:00 UTC


def opened(fake: FakeGitHub, *, token: str | None = "", sleep: Callable[[float], None] = lambda _: None) -> GitHub:
    """A connection with the fake's own token, with another one, or with none."""
    secret = SecretStr(fake.token if token == "" else token) if token is not None else None
    return GitHub(Access(fake.api_url, secret), sleep=sleep, now=lambda: NOW)


def asked(fake: FakeGitHub) -> list[str]:
    """The requests so far, each as `METHOD path`, with the media type where it is a special one."""
    special = {"application/vnd.github.diff": " diff", "application/vnd.github.raw+json": " raw"}
    return [f"{each.method} {each.path}{special.get(each.accept, '')}" for each in fake.requests]
