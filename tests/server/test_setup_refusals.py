"""What the setup's pages refuse, and what they keep when something fails between GitHub and the disk."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.clients.credentials import Credentials, kept
from bot.clients.github.connection import Access
from bot.core.app_manifest import Wanted, checked, web_of
from bot.errors import Misuse
from bot.server.setup import Guard, setup_service
from tests.fakes.github import FakeGitHub
from tests.fakes.serving import Serving


@contextmanager
def setting_up(github: FakeGitHub, guard: Guard, done: Callable[[Credentials], None]) -> Iterator[httpx.Client]:
    """The setup, and a client of it."""
    app = setup_service(Access(github.api_url), guard, done)
    with Serving(app) as running, httpx.Client(base_url=running.url, trust_env=False) as client:
        yield client


def sentence(page: httpx.Response) -> str:
    """What a page that refuses says."""
    (said,) = re.findall(r"<p>(.*?)</p>", page.text, re.DOTALL)
    return html.unescape(said)


@pytest.mark.parametrize(
    "url", ["http://[", "https://x:99999", "https://u:p@x.org", "https://x.org\n/y", "https://a b"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    """On the page as well: nothing that somebody types in is a defect."""
    with pytest.raises(Misuse, match="is no address"):
        checked(Wanted(url))
    guard = Guard()
    with FakeGitHub() as github, setting_up(github, guard, lambda _: None) as client:
        page = client.get("/setup", params={"token": guard.token, "url": url})
    assert page.status_code == 422
    assert "is no address" in sentence(page)


def test_a_name_is_more_than_blanks() -> None:
    """GitHub takes blanks off."""
    assert checked(Wanted("https://x.org", name=" Plumb ")).name == "Plumb"
    with pytest.raises(Misuse):
        checked(Wanted("https://x.org", name="   "))


def test_a_resident_enterprise_has_its_site_beside_its_api() -> None:
    """https://docs.github.com/en/enterprise-cloud@latest/graphql/guides/managing-enterprise-accounts ."""
    assert web_of("https://api.acme.ghe.com") == "https://acme.ghe.com"


def test_a_password_in_the_address_is_shown_nowhere() -> None:
    """It is refused before there is a page."""
    with pytest.raises(Misuse) as told:
        setup_service(Access("https://u:made-up@git.example.org/api/v3"), Guard(), lambda _: None)
    assert "made-up" not in str(told.value)


def test_an_address_that_github_cannot_reach_is_told_first() -> None:
    """The one that is printed at the start is such a one."""
    guard = Guard()
    with FakeGitHub() as github, setting_up(github, guard, lambda _: None) as client:
        here = client.get("/setup", params={"token": guard.token})
        there = client.get("/setup", params={"token": guard.token, "url": "https://p.example.org"})
    assert "GitHub cannot reach this address" in here.text
    assert "<details open>" in here.text
    assert "GitHub cannot reach this address" not in there.text
    assert here.headers["x-frame-options"] == "DENY"


def test_credentials_that_could_not_be_kept_are_not_lost() -> None:
    """GitHub gives them once: the page is loaded again when there is room."""
    guard, taken, full = Guard(), list[Credentials](), [True]

    def done(made: Credentials) -> None:
        if full.pop():
            full.append(False)
            raise Misuse("There is no room; make some.")
        taken.append(made)

    with FakeGitHub() as github, setting_up(github, guard, done) as client:
        github.install({})
        github.promise("c0de")
        back = {"code": "c0de", "state": guard.state}
        assert sentence(client.get("/setup/created", params=back)) == "There is no room; make some."
        assert client.get("/setup/created", params=back).status_code == 200
        assert client.get("/setup/created", params=back).status_code == 403
        assert client.get("/setup", params={"token": guard.token}).status_code == 403
    assert len(taken) == 1
    assert guard.made is None


@pytest.mark.parametrize("status", [401, 403, 410, 422])
def test_a_refusal_speaks_of_the_app(status: int) -> None:
    """Neither of a pull request nor of a token that nobody has."""
    guard = Guard()
    with FakeGitHub() as github, setting_up(github, guard, lambda _: None) as client:
        github.fail_next("POST", "/conversions", status=status, body={"message": "no"})
        said = sentence(client.get("/setup/created", params={"code": "c0de", "state": guard.state}))
    assert said == (f"GitHub does not give the credentials (status {status}); delete the App there, and register anew.")


def test_an_app_without_a_key_is_none(tmp_path: Path) -> None:
    """It would start, and refuse every webhook."""
    (tmp_path / "app.json").write_text('{"app_id":"1","slug":"p","private_key":"","webhook_secret":"","page":"x"}')
    with pytest.raises(Misuse, match="set the App up anew"):
        kept(tmp_path)
