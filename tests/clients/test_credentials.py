"""The App's credentials: got once, and kept for one user alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.clients.credentials import Credentials, convert, keep, kept
from bot.clients.github.connection import Access, GitHub
from bot.errors import BadReply, Misuse, Rejected
from tests.fakes.github import FakeGitHub
from tests.fakes.github_app import APP_ID, SLUG

MADE = Credentials(
    app_id="1", slug="p", private_key="made-up key", webhook_secret="made-up secret", page="https://github.com/apps/p"
)


@pytest.mark.parametrize("enterprise", [False, True])
def test_a_code_works_once(enterprise: bool) -> None:
    """Whoever has it gets the credentials, as nobody; the second time GitHub does not know it."""
    with FakeGitHub(enterprise=enterprise) as github:
        app = github.install({})
        github.promise("c0de")
        with GitHub(Access(github.api_url)) as nobody:
            made = convert(nobody, "c0de")
            with pytest.raises(Rejected) as refused:
                convert(nobody, "c0de")
        assert (made.app_id, made.slug, made.page) == (APP_ID, SLUG, f"{github.url}/apps/{SLUG}")
        assert made.private_key.get_secret_value() == app.private_key
        assert refused.value.status == 404
        assert github.problems == []
    assert "PRIVATE KEY" not in repr(made)
    assert made.webhook_secret.get_secret_value() not in repr(made)


@pytest.mark.parametrize("lacking", ["webhook_secret", "pem"])
def test_an_answer_that_lacks_a_secret_gives_none_away(lacking: str) -> None:
    """GitHub describes that there may be no secret of the webhook; nothing could be checked then."""
    with FakeGitHub() as github:
        whole = {"id": 1, "slug": "p", "html_url": "x", "pem": "made-up key", "webhook_secret": "made-up secret"}
        github.fail_next("POST", "/conversions", status=201, body=whole | {lacking: None})
        with GitHub(Access(github.api_url)) as nobody, pytest.raises(BadReply) as told:
            convert(nobody, "c0de")
    assert "made-up" not in str(told.value)


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_the_file_is_for_one_user(tmp_path: Path, mask: int) -> None:
    """Whatever others may usually read of new files."""
    before = os.umask(mask)
    try:
        keep(tmp_path, MADE)
    finally:
        os.umask(before)
    assert (tmp_path / "app.json").stat().st_mode & 0o777 == 0o600


def test_a_newer_app_takes_the_place_of_an_older(tmp_path: Path) -> None:
    """Nothing of the older one is left."""
    keep(tmp_path, MADE)
    newer = Credentials(app_id="2", slug="q", private_key="k", webhook_secret="s", page="https://github.com/apps/q")
    keep(tmp_path, newer)
    assert kept(tmp_path) == newer
    assert [each.name for each in tmp_path.iterdir()] == ["app.json"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Neither a half file nor a secret in the sentence."""
    (tmp_path / "app.json").mkdir()
    with pytest.raises(Misuse) as told:
        keep(tmp_path, MADE)
    assert "made-up" not in str(told.value)
    assert [each.name for each in tmp_path.iterdir()] == ["app.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"{" * 100_000, b'{"private_key": ["made-up key"]}'])
def test_an_odd_file_is_told_without_its_words(tmp_path: Path, content: bytes) -> None:
    """What to do about it, in one sentence."""
    (tmp_path / "app.json").write_bytes(content)
    with pytest.raises(Misuse) as told:
        kept(tmp_path)
    assert str(told.value).endswith("restore it, or remove it and set the App up anew.")
    assert "made-up" not in str(told.value)
