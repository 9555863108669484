"""The App's own door: who it is, and tokens that see one installation each."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from bot.clients.github.app import App
from bot.clients.github.connection import Access, AppKey, GitHub
from bot.errors import Misuse, Rejected
from tests.fakes.github import FakeGitHub
from tests.fakes.github_app import APP_ID, SLUG, FakeApp


def access(github: FakeGitHub, app: FakeApp, id_: str = APP_ID) -> Access:
    return Access(github.api_url, app=AppKey(id_, SecretStr(app.private_key)))


@pytest.mark.parametrize("enterprise", [False, True])
def test_the_app_knows_its_name(enterprise: bool) -> None:
    """By a web token that it signs itself."""
    with FakeGitHub(enterprise=enterprise) as github:
        with App(access(github, github.install({}))) as app:
            assert app.slug() == SLUG
        assert github.problems == []


def test_a_token_is_asked_for_once_as_long_as_it_lasts() -> None:
    """And anew in time: a review that begins with it has to end with it."""
    now = [time.time()]
    with FakeGitHub() as github:
        fake = github.install({99: ("acme/papers",)})
        with App(access(github, fake), lambda: now[0]) as app:
            first = app.token(99)
            assert app.token(99) == first
            now[0] += 44 * 60
            assert app.token(99) == first
            now[0] += 2 * 60
            assert app.token(99) != first
        assert (fake.given, github.problems) == (2, [])
        assert "ghs_" not in repr(first)


def test_a_token_sees_its_installation_alone() -> None:
    """What one installation may read, the token of another does not see."""
    with FakeGitHub() as github:
        fake = github.install({1: ("acme/papers",), 2: ("other/secret",)})
        for name in ("acme/papers", "other/secret"):
            github.pull_request(name, 7, private=True)
        with App(access(github, fake)) as app:
            for installation, sees, other in ((1, "acme/papers", "other/secret"), (2, "other/secret", "acme/papers")):
                with GitHub(Access(github.api_url, app.token(installation))) as door:
                    assert door.get(f"/repos/{sees}/pulls/7", sees)
                    with pytest.raises(Rejected) as caught:
                        door.get(f"/repos/{other}/pulls/7", other)
                    assert caught.value.status == 404
        assert github.problems == []


def test_an_installation_that_is_gone() -> None:
    """It is refused with GitHub's status."""
    with FakeGitHub() as github:
        with App(access(github, github.install({}))) as app, pytest.raises(Rejected) as caught:
            app.token(5)
        assert caught.value.status == 404


def test_a_key_of_another_app() -> None:
    """GitHub does not know the signature."""
    with FakeGitHub() as github:
        stranger = FakeApp({}, {})
        github.install({1: ()})
        with App(access(github, stranger)) as app, pytest.raises(Rejected) as caught:
            app.slug()
        assert caught.value.status == 401


@pytest.mark.parametrize("key", ["nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    """Before anybody is asked, in a sentence that does not hold it."""
    with pytest.raises(Misuse) as caught:
        App(Access("http://127.0.0.1:9", app=AppKey(APP_ID, SecretStr(key))))
    assert str(caught.value).startswith("The App's private key cannot be used; give the RSA key")
    assert "AAAA" not in str(caught.value) + repr(caught.value.__cause__)
