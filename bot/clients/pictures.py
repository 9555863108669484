"""The images of a change: changed files out of the checkout or from GitHub, and those that the description links to.

Links are fetched without any credential, from listed hosts alone, redirects included: their text is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx

from bot.clients.github.connection import GitHub
from bot.clients.github.files import file_at
from bot.clients.http import client
from bot.clients.scaling import Scaled, scaled
from bot.clients.source import Repository
from bot.core.change import Change, Contents
from bot.core.diff import Diff, FileDiff
from bot.core.image_links import Hosts, image_links
from bot.core.images import LARGEST_FILE, MOST_IMAGES, Bounds, Gathered, Picture, Unseen, When
from bot.core.ledger import Reason
from bot.errors import Misuse, OutsideError

_SECONDS = 15
_MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """Both versions of changed files: by their ids out of the checkout, else from GitHub, as far as these are there."""

    repository: Repository | None = None
    github: GitHub | None = None

    def contents(self, change: Change, diff: Diff, files: Sequence[int]) -> Mapping[int, Contents]:
        """The bytes of the files at these positions in `Diff.files`."""
        known = self._stored([diff.files[index] for index in files])
        return {
            index: Contents(
                self._version(change, file.old_path, file.old_blob, change.base, known),
                self._version(change, file.new_path, file.new_blob, change.head, known),
            )
            for index, file in ((index, diff.files[index]) for index in files)
        }

    def _stored(self, files: Sequence[FileDiff]) -> Mapping[str, bytes]:
        if self.repository is None:
            return {}
        try:
            return self.repository.blobs(blob for file in files for blob in (file.old_blob, file.new_blob) if blob)
        except Misuse:  # the checkout only helps out
            return {}

    def _version(
        self, change: Change, path: str | None, blob: str | None, commit: str, known: Mapping[str, bytes]
    ) -> bytes | None:
        if path is None:
            return None
        if blob and blob in known:
            return known[blob]
        pull = change.pull_request
        if self.github is None or pull is None:
            return None
        try:
            return file_at(self.github, pull, commit, path, LARGEST_FILE)
        except OutsideError:
            return None


class Links:
    """Fetches images that a text links to. To be closed."""

    def __init__(self, hosts: Hosts, *, ca_bundle: str | None = None) -> None:
        self._hosts = hosts
        self._http = client(ca_bundle=ca_bundle, timeout=httpx.Timeout(_SECONDS), limit=4)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def fetch(self, address: str) -> bytes | Unseen:
        """The bytes behind an address, or why there are none."""
        for _ in range(_MOST_REDIRECTS + 1):
            if not self._hosts.allow(address):
                return _unseen(address, "its host is not on the list")
            # No cookie that one answer sets goes with the next request.
            self._http.cookies.clear()
            try:
                with self._http.stream("GET", address) as response:
                    if response.next_request is None:
                        return self._body(address, response)
                    address = str(response.next_request.url)
            except (httpx.HTTPError, httpx.InvalidURL):
                return _unseen(address, "it could not be fetched")
        return _unseen(address, "it redirects too often")

    @staticmethod
    def _body(address: str, response: httpx.Response) -> bytes | Unseen:
        if not response.is_success:
            return _unseen(address, f"its host answered {response.status_code}")
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > LARGEST_FILE:
                return Unseen(address, None, Reason.TOO_LARGE, "more than 5 MB")
        return bytes(content)


def _unseen(address: str, why: str) -> Unseen:
    return Unseen(address, None, Reason.BINARY, why)


class Pictures:
    """All images of a change. It blocks; the story calls it in a thread."""

    def __init__(self, files: ChangedFiles, links: Links | None = None) -> None:
        self._files = files
        self._links = links

    def gather(self, change: Change, diff: Diff, files: Sequence[int], bounds: Bounds) -> Gathered:
        """The images of these files (positions in `Diff.files`) and of the description, MOST_IMAGES at most.

        They are scaled down to the bounds.
        """
        pictures: list[Picture] = []
        unseen: list[Unseen] = []
        for each in self._all(change, diff, files):
            found = each if isinstance(each, Unseen) else _scaled(*each, bounds)
            if isinstance(found, Unseen):
                unseen.append(found)
            else:
                pictures.append(found)
        return Gathered(tuple(pictures), tuple(unseen))

    def _all(
        self, change: Change, diff: Diff, files: Sequence[int]
    ) -> Iterator[tuple[str, When, int | None, bytes] | Unseen]:
        """Each image's bytes; what is beyond the limit is not even fetched."""
        room = MOST_IMAGES
        for index in files:
            file = diff.files[index]
            sides = ((When.BEFORE, file.old_path), (When.AFTER, file.new_path))
            wanted = [(when, path) for when, path in sides if path is not None]
            if len(wanted) > room:
                yield Unseen(file.path, index, Reason.TOO_MANY)
                continue
            room -= len(wanted)
            known = self._files.contents(change, diff, [index])[index]
            for when, path in wanted:
                content = known.base if when is When.BEFORE else known.head
                missing = Unseen(path, index, Reason.BINARY, f"its image {when} the change could not be read")
                yield missing if content is None else (path, when, index, content)
        pull = change.pull_request
        for address in image_links(pull.body)[:room] if pull and self._links else ():
            fetched = self._links.fetch(address) if self._links else b""
            yield fetched if isinstance(fetched, Unseen) else (address, When.TOLD, None, fetched)


def _scaled(name: str, when: When, file: int | None, content: bytes, bounds: Bounds) -> Picture | Unseen:
    if len(content) > LARGEST_FILE:
        return Unseen(name, file, Reason.TOO_LARGE, "more than 5 MB")
    made = scaled(content, bounds)
    if isinstance(made, Scaled):
        return Picture(name, when, file, made.media_type, made.data, made.width, made.height, made.original)
    return Unseen(name, file, made.reason, made.detail)


@dataclass(frozen=True, slots=True)
class RecordedPictures:
    """The images of a recorded review, as they were sent."""

    gathered: Gathered

    def gather(self, _change: Change, _diff: Diff, _files: Sequence[int], _bounds: Bounds) -> Gathered:
        """The images."""
        return self.gathered
