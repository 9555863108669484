"""The repository's files at the head of a pull request: one archive, or where that is too large the files near it."""

from __future__ import annotations

from pydantic import BaseModel

from bot.clients.archive import MOST_PACKED, Archives, tree_of
from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.clients.github.files import file_at
from bot.clients.source import Repository
from bot.core.change import Change
from bot.core.patch import parse
from bot.core.pull_request import PullRequest
from bot.core.tree import LARGEST_FILE, NO_TREE, Planting, Tree, nearby
from bot.errors import Misuse, Rejected

_MOST_NEAR = 60


class _Entry(BaseModel):
    path: str
    type: str
    size: int = 0


class _Listing(BaseModel):
    tree: list[_Entry]


class HeadTree:
    """Reads the files of the head commit. A checkout is asked first; `archives` keeps what was downloaded.

    It blocks, and raises OutsideError.
    """

    def __init__(self, github: GitHub, repository: Repository | None = None, archives: Archives | None = None) -> None:
        self._github = github
        self._repository = repository
        self._archives = archives

    def tree(self, change: Change) -> Tree:
        """The text files of the head commit, within bounds."""
        pull = change.pull_request
        if pull is None:
            return NO_TREE
        return self._checked_out(change) or self._archived(pull, change) or self._near(pull, change)

    def _checked_out(self, change: Change) -> Tree | None:
        """The files out of a checkout, if that has the commit: on a runner it mostly has the merge commit alone."""
        if self._repository is None:
            return None
        try:
            return self._repository.tree(self._repository.commit(change.head))
        except Misuse:
            return None

    def _archived(self, pull: PullRequest, change: Change) -> Tree | None:
        place = f"{self._github.host}/{pull.repository}"
        packed = self._archives.find(place, change.head) if self._archives else None
        if packed is None:
            path = f"/repos/{pull.repository}/tarball/{change.head}"
            packed = self._github.get_archive(path, pull.name, MOST_PACKED)
            if packed is None:
                return None
            if self._archives:
                self._archives.keep(place, change.head, packed)
        return tree_of(packed)

    def _near(self, pull: PullRequest, change: Change) -> Tree:
        """The files near the change, one by one.

        Source: https://docs.github.com/en/rest/git/trees#get-a-tree
        """
        path = f"/repos/{pull.repository}/git/trees/{change.head}"
        listed = read(_Listing, self._github.get(path, pull.name, recursive="1"), pull.name)
        sizes = {entry.path: entry.size for entry in listed.tree if entry.type == "blob"}
        planting = Planting()
        changed = {name for file in parse(change.patch).files for name in (file.old_path, file.new_path) if name}
        for name in nearby(sizes, changed, _MOST_NEAR):
            if planting.wants(name, sizes[name]):
                content = self._file(pull, change.head, name)
                if content is not None:
                    planting.add(name, content)
        return planting.tree()

    def _file(self, pull: PullRequest, commit: str, path: str) -> bytes | None:
        try:
            return file_at(self._github, pull, commit, path, LARGEST_FILE)
        except Rejected:
            return None
