"""Turns the two trees of the example into a git repository: `python examples/make_repository.py TARGET`.

`base` becomes a commit on `main`, `head` one on `share-links`, which is checked out. Commit ids are the same everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_TREES = Path(__file__).resolve().parent / "papers"
_MARK = "made-by-plumbline"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Papers",
    "GIT_AUTHOR_EMAIL": "papers@papers.example",
    "GIT_AUTHOR_DATE": "2026-01-05T09:00:00+0000",
    "GIT_COMMITTER_NAME": "Papers",
    "GIT_COMMITTER_EMAIL": "papers@papers.example",
    "GIT_COMMITTER_DATE": "2026-01-05T09:00:00+0000",
    # Nobody's own hooks, line endings or signing keys.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def main(target: Path) -> None:
    """Make the repository, anew if it was made here before; leave any other folder alone."""
    if target.exists() and any(target.iterdir()):
        if not (target / ".git" / _MARK).exists():
            sys.exit(f"{target} is not empty and was not made by this script; choose another folder.")
        shutil.rmtree(target)
    target.mkdir(parents=True, exist_ok=True)
    _git(target, "init", "--quiet", "--initial-branch=main")
    (target / ".git" / _MARK).touch()
    _commit(target, "base", "Papers")
    _git(target, "checkout", "--quiet", "-b", "share-links")
    _commit(target, "head", "Add share links to documents")


def _commit(target: Path, tree: str, message: str) -> None:
    for path in target.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(_TREES / tree, target, dirs_exist_ok=True)
    _git(target, "add", "--all")
    _git(target, "commit", "--quiet", "--message", message)


def _git(target: Path, *arguments: str) -> None:
    command = ("git", "-c", "core.autocrlf=false", "-c", "core.fileMode=true", *arguments)
    subprocess.run(command, cwd=target, check=True, env={**os.environ, **_IDENTITY})  # noqa: S603


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit("Usage: python examples/make_repository.py TARGET")
    main(Path(sys.argv[1]))
