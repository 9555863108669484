"""Turns the two trees of the example into a git repository: `python examples/make_repository.py TARGET`.

`base` becomes a commit on `main`, `head` one on `share-links`, which is checked out. Commit ids are the same everywhere.
Needs git and nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_TREES = Path(__file__).resolve().parent / "papers"
_MARK = "made-by-plumbline"
# Nobody's own configuration, line endings, ignored files or signing keys: the commits are the same everywhere. Variables
# of git are dropped, for in a hook they point to another repository: https://git-scm.com/docs/githooks
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Papers",
    "GIT_AUTHOR_EMAIL": "papers@papers.example",
    "GIT_AUTHOR_DATE": "2026-01-05T09:00:00+0000",
    "GIT_COMMITTER_NAME": "Papers",
    "GIT_COMMITTER_EMAIL": "papers@papers.example",
    "GIT_COMMITTER_DATE": "2026-01-05T09:00:00+0000",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
_OPTIONS = (
    *("-c", "core.autocrlf=false", "-c", "core.fileMode=true", "-c", "commit.gpgsign=false"),
    *("-c", f"core.excludesFile={os.devnull}", "-c", f"core.attributesFile={os.devnull}"),
)


def main(target: Path) -> None:
    """Make the repository, anew if it was made here before; leave anything else alone."""
    if (target / ".git" / _MARK).is_file() and not target.is_symlink():
        shutil.rmtree(target)
    elif target.is_symlink() or (target.exists() and not _is_empty_folder(target)):
        _refuse(f"{target} is not empty and was not made by this script; choose another folder.")
    (target / ".git").mkdir(parents=True)
    (target / ".git" / _MARK).touch()
    _git(target, "init", "--quiet", "--template=", "--initial-branch=main")
    _commit(target, "base", "Papers")
    _git(target, "checkout", "--quiet", "-b", "share-links")
    _commit(target, "head", "Add share links to documents")


def _is_empty_folder(target: Path) -> bool:
    return target.is_dir() and not any(target.iterdir())


def _commit(target: Path, tree: str, message: str) -> None:
    for path in target.iterdir():
        if path.is_dir() and not path.is_symlink():
            if path.name != ".git":
                shutil.rmtree(path)
        else:
            path.unlink()
    shutil.copytree(
        _TREES / tree, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    _git(target, "add", "--all")
    _git(target, "commit", "--quiet", "--message", message)


def _git(target: Path, *arguments: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", *_OPTIONS, *arguments)
    subprocess.run(command, cwd=target, check=True, env=inherited | _IDENTITY)  # noqa: S603


def _refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        _refuse("Usage: python examples/make_repository.py TARGET")
    main(Path(sys.argv[1]))
