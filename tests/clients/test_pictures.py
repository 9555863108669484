"""Pictures: links are fetched from the list alone and without credentials, changed files from git or from GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.clients.github.snapshot import PullRequestSource
from bot.clients.pictures import ChangedFiles, Links, Pictures
from bot.clients.source import LocalRange, Repository
from bot.core.change import Change
from bot.core.image_links import Hosts
from bot.core.images import MOST_IMAGES, Bounds, Unseen, When
from bot.core.ledger import Reason
from bot.core.patch import parse
from tests.clients.github_door import asked, opened
from tests.fakes.github import FakeGitHub
from tests.fakes.serving import Serving
from tests.pictures import image
from tests.repository import TestRepository

BOUNDS = Bounds(1_568, 1_568)


class ImageHost:
    """A host of images over real HTTP: `pages` are its answers by path, `seen` the headers of what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Response] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._serving = Serving(Starlette(routes=[Route("/{path:path}", self._answer)]))

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._serving.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self._serving.url

    async def _answer(self, request: Request) -> Response:
        self.seen.append((request.url.path, dict(request.headers)))
        return self.pages.get(request.url.path, Response(status_code=404))


@pytest.fixture
def host() -> Iterator[ImageHost]:
    with ImageHost() as made:
        yield made


@contextmanager
def links_to(*hosts: ImageHost) -> Iterator[Links]:
    listed = [urlsplit(host.url).netloc for host in hosts]
    with closing(Links(Hosts("acme/papers", more=listed))) as links:
        yield links


def test_a_listed_image_is_fetched_as_nobody(host: ImageHost) -> None:
    """Neither a token nor a cookie goes along, not even one that the host has set."""
    host.pages["/a.png"] = Response(image(), headers={"set-cookie": "who=you"})
    with links_to(host) as links:
        assert links.fetch(f"{host.url}/a.png") == image()
        assert links.fetch(f"{host.url}/a.png") == image()
    assert all(not headers.keys() & {"authorization", "cookie"} for _, headers in host.seen)


def test_a_redirect_leads_to_listed_hosts_only(host: ImageHost) -> None:
    """The first host is on the list, the one that it names is not: that one is never asked."""
    with ImageHost() as other, links_to(host) as links:
        other.pages["/a.png"] = Response(image())
        host.pages["/out"] = RedirectResponse(f"{other.url}/a.png")
        host.pages["/in"] = RedirectResponse("/a.png")
        host.pages["/a.png"] = Response(image())
        assert links.fetch(f"{host.url}/in") == image()
        out = links.fetch(f"{host.url}/out")
        assert isinstance(out, Unseen)
        assert out.detail == "its host is not on the list"
        assert other.seen == []


def test_redirects_come_to_an_end(host: ImageHost) -> None:
    """A circle is given up."""
    host.pages["/a"] = RedirectResponse("/a")
    with links_to(host) as links:
        given_up = links.fetch(f"{host.url}/a")
    assert isinstance(given_up, Unseen)
    assert given_up.detail == "it redirects too often"
    assert len(host.seen) == 4


def test_what_is_too_large_or_not_there_is_told(host: ImageHost) -> None:
    """More than 5 MB is not read to its end, whatever its length is said to be; an error is no image."""
    host.pages["/large"] = Response(b"\0" * 5_000_001)
    with links_to(host) as links:
        large, missing = links.fetch(f"{host.url}/large"), links.fetch(f"{host.url}/missing")
    assert isinstance(large, Unseen)
    assert isinstance(missing, Unseen)
    assert large.reason is Reason.TOO_LARGE
    assert missing.detail == "its host answered 404"


def local(tmp_path: Path, *files: dict[str, str | bytes | None]) -> tuple[Change, Repository]:
    repository = TestRepository(tmp_path / "repo")
    repository.commit(files[0])
    repository.branch("work")
    repository.commit(files[1])
    found = Repository.find(repository.root)
    assert found is not None
    return LocalRange(found, "main").change(), found


def test_both_versions_come_out_of_the_checkout(tmp_path: Path) -> None:
    """Changed, added and deleted images, each version known by its own size."""
    before: dict[str, str | bytes | None] = {"a.png": image(10, 10), "gone.gif": image(30, 30, "GIF")}
    after: dict[str, str | bytes | None] = {"a.png": image(20, 20), "new.jpg": image(40, 40, "JPEG"), "gone.gif": None}
    change, repository = local(tmp_path, before, after)
    gathered = Pictures(ChangedFiles(repository)).gather(change, parse(change.patch), (0, 1, 2), BOUNDS)
    assert [(each.name, each.when, each.width) for each in gathered.pictures] == [
        ("a.png", When.BEFORE, 10),
        ("a.png", When.AFTER, 20),
        ("gone.gif", When.BEFORE, 30),
        ("new.jpg", When.AFTER, 40),
    ]
    assert gathered.unseen == ()


def test_what_only_looks_like_an_image_is_told(tmp_path: Path) -> None:
    """The bytes count, not the name; what is not at hand is said so."""
    change, repository = local(tmp_path, {"b": "b"}, {"a.png": b"\0\1\2 not an image"})
    diff = parse(change.patch)
    (unseen,) = Pictures(ChangedFiles(repository)).gather(change, diff, (0,), BOUNDS).unseen
    assert (unseen.file, unseen.reason, unseen.detail) == (0, Reason.BINARY, "no image that a model can see")
    (missing,) = Pictures(ChangedFiles()).gather(change, diff, (0,), BOUNDS).unseen
    assert missing.detail == "its image after the change could not be read"


def test_no_more_than_twenty_are_taken(tmp_path: Path) -> None:
    """Those beyond the limit are named with their reason."""
    many: dict[str, str | bytes | None] = {f"{number:02}.png": image(number + 1, 9) for number in range(23)}
    change, repository = local(tmp_path, {"b": "b"}, many)
    gathered = Pictures(ChangedFiles(repository)).gather(change, parse(change.patch), range(23), BOUNDS)
    assert len(gathered.pictures) == MOST_IMAGES
    assert [(each.name, each.reason) for each in gathered.unseen] == [
        (f"{number}.png", Reason.TOO_MANY) for number in (20, 21, 22)
    ]


def test_github_gives_what_no_checkout_has_and_the_description_what_it_shows(host: ImageHost, tmp_path: Path) -> None:
    """Before is read at the merge base, after at the head, behind them come the images of the description."""
    head, base = "a" * 40, "b" * 40
    change, _ = local(tmp_path, {"a.png": image(10, 10)}, {"a.png": image(20, 20)})
    host.pages["/shot"] = Response(image(50, 50), media_type="text/html")
    body = f"![shot]({host.url}/shot) ![elsewhere](https://evil.example/x.png)"
    with FakeGitHub() as github:
        github.pull_request(
            "acme/papers",
            214,
            patch=change.patch,
            body=body,
            head_sha=head,
            base_sha=base,
            base_files={"a.png": image(10, 10)},
            head_files={"a.png": image(20, 20)},
        )
        with opened(github) as door, links_to(host) as links:
            read = PullRequestSource(door, "acme", "papers", 214).change()
            gathered = Pictures(ChangedFiles(github=door), links).gather(read, parse(read.patch), (0,), BOUNDS)
            assert [call for call in asked(github) if call.endswith(" raw")]
        assert github.problems == []
    assert [(each.name, each.when, each.width) for each in gathered.pictures] == [
        ("a.png", When.BEFORE, 10),
        ("a.png", When.AFTER, 20),
        (f"{host.url}/shot", When.TOLD, 50),
    ]
    assert [(each.name, each.file) for each in gathered.unseen] == [("https://evil.example/x.png", None)]
