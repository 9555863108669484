"""Pull requests with known defects, out of a folder: the format of a folder is in `README.md` beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.change import Contents
from bot.core.diff import Diff
from bot.core.models import Side
from bot.core.patch import apply, parse
from bot.core.tree import Tree, planted

_LARGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Need:
    """A line of an unchanged file without which a defect cannot be seen."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Golden:
    """A known defect: what is wrong, on which changed line, and how much one must see (Diff, File or Repo Level)."""

    text: str
    path: str
    line: int
    side: Side
    context: str
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True)
class KnownPullRequest:
    """A pull request and its defects; the repository as it is with the change, as far as the folder holds it."""

    name: str
    language: str
    title: str
    body: str
    patch: bytes
    goldens: tuple[Golden, ...]
    base: dict[str, bytes]
    head: dict[str, bytes]

    @property
    def diff(self) -> Diff:
        """The change."""
        return parse(self.patch)

    @property
    def tree(self) -> Tree:
        """The files at the head."""
        return planted(self.head)

    def contents(self) -> dict[int, Contents]:
        """Both versions of the changed files, by position."""
        return {
            index: Contents(self.base.get(file.old_path or ""), self.head.get(file.new_path or ""))
            for index, file in enumerate(self.diff.files)
        }


def read_all(folder: Path) -> Iterator[KnownPullRequest]:
    """All pull requests below a folder, by name."""
    for place in sorted(folder.iterdir()):
        if (place / "diff.patch").is_file():
            yield read(place)


def read(place: Path) -> KnownPullRequest:
    """One pull request. Where the folder has no `head`, it is the base with the patch applied."""
    about = json.loads((place / "pr.json").read_text(encoding="utf-8"))
    patch = (place / "diff.patch").read_bytes()
    base = _files(place / "base")
    head = _files(place / "head") if (place / "head").is_dir() else _applied(patch, base)
    known = json.loads((place / "golden.json").read_text(encoding="utf-8"))
    goldens = known if isinstance(known, list) else known["comments"]
    return KnownPullRequest(
        place.name,
        about.get("language", ""),
        about["title"],
        about.get("body") or "",
        patch,
        _goldens(goldens),
        base,
        head,
    )


def _goldens(rows: list[dict[str, object]]) -> tuple[Golden, ...]:
    return tuple(
        Golden(
            str(row["text"]),
            str(row["path"]),
            int(str(row["line"])),
            Side(str(row.get("side", "RIGHT"))),
            str(row.get("context", "")),
            _needs(row.get("needs", ())),
        )
        for row in rows
    )


def _needs(rows: object) -> tuple[Need, ...]:
    assert isinstance(rows, list | tuple)  # noqa: S101 - the format says so
    return tuple(Need(str(row["path"]), int(row["line"])) for row in rows)


def _files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= _LARGEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _applied(patch: bytes, base: dict[str, bytes]) -> dict[str, bytes]:
    head = dict(base)
    for file in parse(patch).files:
        if file.old_path and file.old_path != file.new_path:
            head.pop(file.old_path, None)
        if file.new_path:
            head[file.new_path] = apply(file, base.get(file.old_path or "", b""))
    return head
