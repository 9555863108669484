"""The files of a pull request's repository with the change applied, one by one from GitHub."""

from __future__ import annotations

from urllib.parse import quote

from bot.clients.github.connection import GitHub
from bot.core.change import Change
from bot.core.pull_request import PullRequest
from bot.errors import Rejected

_RAW_TYPE = "application/vnd.github.raw+json"
_LARGEST_FILE = 2_000_000
_NOT_THERE = {403, 404}


def file_at(github: GitHub, pull: PullRequest, commit: str, path: str, most: int) -> bytes | None:
    """A file's bytes at a commit, None where it has more than `most` bytes. Raises OutsideError.

    Source: https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    url = f"/repos/{pull.repository}/contents/{quote(path, errors='surrogateescape')}?ref={commit}"
    return github.get_bytes(url, pull.name, _RAW_TYPE, most)


class HeadFiles:
    """Reads files of the head commit."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def read(self, change: Change, path: str) -> bytes | None:
        """A file's content; None where there is none of that name, or it is huge. Raises OutsideError."""
        pull = change.pull_request
        if pull is None:
            return None
        try:
            return file_at(self._github, pull, change.head, path, _LARGEST_FILE)
        except Rejected as refused:
            # GitHub says 403 of a file that is too large for this way.
            if refused.status in _NOT_THERE:
                return None
            raise

    def names(self, _change: Change) -> None:
        """GitHub lists no whole repository at a price that a question is worth."""
        return
