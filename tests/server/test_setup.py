"""Setting the App up, from the service's first words to its first review."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.clients.credentials import Credentials, keep, kept
from bot.core.app_manifest import EVENTS, PERMISSIONS, Wanted, checked, manifest, registration, web_of
from bot.core.rendering import setup_page
from bot.errors import Misuse
from tests import papers
from tests.repository import CHECKOUT
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import Process, Service, happened, needs_sqlite, serving, until

FORM = re.compile(r'<form method="post" action="([^"]+)">\s*<input type="hidden" name="manifest" value="([^"]+)">')
# Events of installations come to every App, and a ping is none.
_BY_THEMSELVES = {"installation", "installation_repositories", "ping"}


def invited(made: Service) -> tuple[Process, str]:
    """A service without an App, and the address that it printed."""
    printed = made.folder / "printed.txt"
    process = made.start(ready=False, output=printed, variables=dict.fromkeys(_OF_THE_APP, ""))
    until(lambda: process.get("/healthz") == 200)
    until(printed.read_text)
    (address,) = re.findall(r"http://\S+", printed.read_text())
    return process, address


_OF_THE_APP = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET")


@needs_sqlite
def test_an_app_is_set_up(tmp_path: Path) -> None:
    """Two clicks: the manifest goes to GitHub, the code comes back, and the service works as that App from then on."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        process, address = invited(made)
        assert process.get("/readyz") == 503
        page = httpx.get(address, trust_env=False)
        action, written = (html.unescape(part) for part in FORM.search(page.text).groups())  # type: ignore[union-attr]
        assert action.startswith(f"{made.stage.github.url}/settings/apps/new?state=")
        assert json.loads(written)["hook_attributes"] == {
            "url": f"{process.url}/webhook".replace("127.0.0.1", "localhost"),
            "active": True,
        }
        assert f"form-action 'self' {made.stage.github.url};" in page.headers["content-security-policy"]
        state = parse_qs(urlsplit(action).query)["state"][0]

        strange = address.partition("=")[0] + "=wrong"
        assert httpx.get(strange, trust_env=False).status_code == 403
        back = f"{process.url}/setup/created?code=c0de&state="
        assert httpx.get(back + "wrong", trust_env=False).status_code == 403
        expired = httpx.get(back + state, trust_env=False)
        assert expired.status_code == 502
        assert "GitHub does not know this code any more" in expired.text

        made.stage.github.promise("c0de")
        done = httpx.get(back + state, trust_env=False)
        assert f'href="{made.stage.github.url}/apps/plumbline-acme/installations/new"' in done.text
        until(lambda: process.get("/readyz") == 200)
        assert httpx.get(address, trust_env=False).status_code == 404
        file = tmp_path / "data" / "app.json"
        assert file.stat().st_mode & 0o777 == 0o600
        secret = kept(tmp_path / "data")
        assert secret is not None
        assert process.deliver(happened(pull), "pull_request", "one") == 202
        until(lambda: pull.issue_comments)
        assert process.stop() == 0
        seen = page.text + expired.text + done.text + (tmp_path / "service.log").read_text()
        assert "PRIVATE KEY" not in seen
        assert secret.webhook_secret.get_secret_value() not in seen


@needs_sqlite
def test_a_service_that_is_not_set_up_stops_when_asked(tmp_path: Path) -> None:
    """Nothing is left behind; and a worker cannot be set up."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        process, _ = invited(made)
        assert process.stop() == 0
        assert not (tmp_path / "data" / "app.json").exists()
        worker = made.start("--role", "worker", ready=False, variables=dict.fromkeys(_OF_THE_APP, ""))
        assert worker.running.wait(30) == 2
        assert "There is no App yet; set it up with a process" in (tmp_path / "service.log").read_text()


def test_the_manifest_asks_for_what_is_used() -> None:
    """The events are those that are read, and no permission is wider than its use."""
    from bot.core import events  # noqa: PLC0415 - its private table is what counts

    assert set(EVENTS) == {*events._READERS} - _BY_THEMSELVES
    said = manifest(Wanted("https://plumb.example.org"))
    assert said["default_permissions"] == {
        "checks": "write",
        "contents": "read",
        "issues": "write",
        "metadata": "read",
        "pull_requests": "write",
    }
    assert said["redirect_url"] == "https://plumb.example.org/setup/created"
    assert said["public"] is False


def test_where_it_is_registered() -> None:
    """At GitHub or at a server of one's own, for oneself or for an organization."""
    assert web_of("https://api.github.com") == "https://github.com"
    assert web_of("https://git.example.org/api/v3") == "https://git.example.org"
    mine, ours = Wanted("https://p.example.org"), Wanted("https://p.example.org", organization="acme")
    assert registration("https://github.com", mine, "s") == "https://github.com/settings/apps/new?state=s"
    assert registration("https://github.com", ours, "") == "https://github.com/organizations/acme/settings/apps/new"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted("plumb.example.org"), "'plumb.example.org' is no address; write https://plumbline.example.org"),
        (Wanted("https://x.org", name="x" * 35), "A name of an App has between 1 and 34 characters; choose another."),
        (Wanted("https://x.org", organization="a/b"), "'a/b' is no organization of GitHub's; write its name"),
    ],
)
def test_what_github_would_refuse_is_told_before(wanted: Wanted, sentence: str) -> None:
    """In one sentence."""
    with pytest.raises(Misuse) as told:
        checked(wanted)
    assert str(told.value).startswith(sentence)


def test_nothing_breaks_out_of_the_page() -> None:
    """Whatever stands in the address is text."""
    page = setup_page.offer("https://github.com", Wanted('https://x.org/"><script>', '<b>"'), "s", '"><i>')
    assert "<script>" not in page
    assert "<i>" not in page
    assert '<b><b>"' not in page


def test_credentials_are_read_back(tmp_path: Path) -> None:
    """For this user alone, and an odd file is told."""
    assert kept(tmp_path) is None
    made = Credentials(
        app_id="1", slug="p", private_key="made-up key", webhook_secret="made-up", page="https://github.com/apps/p"
    )
    keep(tmp_path, made)
    assert kept(tmp_path) == made
    assert made.install == "https://github.com/apps/p/installations/new"
    assert "made-up" not in repr(made)
    assert [each.name for each in tmp_path.iterdir()] == ["app.json"]
    (tmp_path / "app.json").write_text('{"app_id": "made-up"}')
    with pytest.raises(Misuse, match=r"app\.json cannot be read; restore it, or remove it and set the App up anew\."):
        kept(tmp_path)


def test_the_steps_by_hand() -> None:
    """The same permissions, with why, and the manifest to paste."""
    command = (sys.executable, "-m", "bot", "setup", "--url", "https://p.example.org", "--organization", "acme")
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True, text=True)
    assert "https://github.com/organizations/acme/settings/apps/new" in done.stdout
    for permission in PERMISSIONS:
        assert permission.why in done.stdout
    assert json.loads(done.stdout[done.stdout.index("{") :]) == manifest(
        Wanted("https://p.example.org", organization="acme")
    )
