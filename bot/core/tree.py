"""The repository's text files at one commit, within bounds: what is looked through for what a change touches.

Nothing of it is ever run. Paths are those of git: relative, with slashes, decoded with surrogate escapes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core import path_rules

LARGEST_FILE = 400_000
"""A file of more bytes is data, or made by a program."""

MOST_BYTES = 96_000_000
MOST_FILES = 40_000

_PEEK = 8_000


@dataclass(frozen=True)
class Tree:
    """The files by path. What is too large, no text, or beyond the bounds is not among them."""

    files: Mapping[str, bytes] = field(default_factory=dict)


NO_TREE = Tree()


class Planting:
    """Makes a tree of files that come one by one, and tells when there is no more room."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._bytes = 0

    def wants(self, path: str, size: int) -> bool:
        """Whether there is use and room for the file."""
        return (
            is_inside(path)
            and size <= LARGEST_FILE
            and self._bytes + size <= MOST_BYTES
            and len(self._files) < MOST_FILES
            and not is_noise(path)
        )

    def add(self, path: str, content: bytes) -> None:
        """A file that was wanted. What is no text is left out all the same."""
        if b"\0" not in content[:_PEEK]:
            self._bytes += len(content)
            self._files[path] = content

    def tree(self) -> Tree:
        """What was planted, in the order of paths."""
        return Tree(dict(sorted(self._files.items())))


def planted(files: Mapping[str, bytes]) -> Tree:
    """The tree of files that are all at hand."""
    planting = Planting()
    for path, content in sorted(files.items()):
        if planting.wants(path, len(content)):
            planting.add(path, content)
    return planting.tree()


def is_inside(path: str) -> bool:
    """Whether a path can only lead to a file below the root."""
    parts = path.split("/")
    return bool(path) and "\0" not in path and "\\" not in path and not {"", ".", "..", ".git"} & set(parts)


def is_noise(path: str) -> bool:
    """Whether nobody would look into the file to understand a change: other people's code, what programs write."""
    return (
        path_rules.is_lockfile(path)
        or bool(path_rules.vendor_folder(path))
        or path_rules.minified_name(path)
        or path_rules.source_map_name(path)
    )


def nearby(names: Iterable[str], changed: Collection[str], most: int) -> Sequence[str]:
    """The files that are read one by one where a repository is too large to be read whole: those near the change.

    First what has the subject of a changed file (its test, its other half), then what lies in the same folders.
    """
    folders = {posixpath.dirname(path) for path in changed}
    subjects = {path_rules.subject(path) for path in changed}
    near: Callable[[str], tuple[bool, bool, str]] = lambda path: (  # noqa: E731 - a key
        path_rules.subject(path) not in subjects,
        posixpath.dirname(path) not in folders,
        path,
    )
    wanted = (
        path
        for path in names
        if is_inside(path)
        and not is_noise(path)
        and (path_rules.subject(path) in subjects or posixpath.dirname(path) in folders)
    )
    return sorted(set(wanted), key=near)[:most]
