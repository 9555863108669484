"""What a team wrote down about its code for those who review it, as it stood before the change.

A change cannot bring guidelines along: of a file that it touches the old version counts, of one that it adds none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.change import Contents
from bot.core.diff import Diff
from bot.core.material import words
from bot.core.messages import Json
from bot.core.tree import Tree
from bot.core.visible import shown_path

NAMES = ("REVIEW.md", "AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
"""Files that are guidance as a whole, in any folder above what changes; of CONTRIBUTING.md only what fits."""

_CONTRIBUTING = ("CONTRIBUTING.md", ".github/CONTRIBUTING.md", "docs/CONTRIBUTING.md")
_FITS = re.compile(
    r"review|convention|guideline|style|rule|principle|test|security|api|error|logging|compatib", re.IGNORECASE
)
_HEADING = re.compile(r"^#{1,4}\s+(.+?)\s*#*$", re.MULTILINE)
_LONGEST = 6_000
_LONGEST_PART = 3_000
_MOST_CHARACTERS = 16_000


@dataclass(frozen=True, slots=True)
class Guideline:
    """A file's text, and the folder below which it holds, '' for the whole repository."""

    path: str
    folder: str
    text: str

    @property
    def row(self) -> Json:
        """As the context of a request holds it."""
        below = {"below": f"{shown_path(self.folder)}/"} if self.folder else {}
        return {"path": shown_path(self.path), **below, "text": self.text}


def guidelines_of(
    diff: Diff, kept: Sequence[int], contents: Mapping[int, Contents], tree: Tree
) -> tuple[Guideline, ...]:
    """The guidelines for the files that are read (positions in `Diff.files`), the nearest first, within bounds."""
    before = _before(diff, contents)
    found: list[Guideline] = []
    room = _MOST_CHARACTERS
    for folder in _folders(diff.files[index].path for index in kept):
        for name in (*NAMES, *(() if folder else _CONTRIBUTING)):
            path = posixpath.join(folder, name)
            content = before[path] if path in before else tree.files.get(path)
            text = _text(name, content) if content else ""
            if text and len(text) <= room and all(text != each.text for each in found):
                room -= len(text)
                found.append(Guideline(path, folder, text))
    return tuple(found)


def _folders(paths: Iterable[str]) -> list[str]:
    """The folders above the files, the deepest first, the root last."""
    folders = {""}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    return sorted(folders, key=lambda folder: (-folder.count("/") - bool(folder), folder))


def _before(diff: Diff, contents: Mapping[int, Contents]) -> dict[str, bytes | None]:
    """What the change touches, as it was before: None where it was not there, or nobody knows."""
    before: dict[str, bytes | None] = {}
    for index, file in enumerate(diff.files):
        if file.new_path:
            before[file.new_path] = None
        if file.old_path:
            before[file.old_path] = contents.get(index, Contents()).base
    return before


def _text(name: str, content: bytes) -> str:
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").strip()
    if name in _CONTRIBUTING:
        text = _fitting(text)
    return words(text, _LONGEST) if text else ""


def _fitting(text: str) -> str:
    """The sections whose heading speaks of what a review looks at."""
    heads = list(_HEADING.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    parts = (text[head.start() : end].strip() for head, end in zip(heads, ends, strict=False) if _FITS.search(head[1]))
    fitting, room = [], _LONGEST_PART
    for part in parts:
        if len(part) <= room:
            fitting.append(part)
            room -= len(part)
    return "\n\n".join(fitting)
