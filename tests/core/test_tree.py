"""The files of a repository within bounds."""

from __future__ import annotations

import pytest

from bot.core import tree
from bot.core.tree import Planting, is_inside, nearby, planted


def test_text_is_kept_and_the_rest_left_out() -> None:
    """What is no text, too large, or written by other people or programs is left out."""
    files = {
        "b.py": b"x = 1\n",
        "a/c.go": b"package a\n",
        "logo.png": b"\x89PNG\0\0",
        "data.json": b"1" * (tree.LARGEST_FILE + 1),
        "node_modules/x/index.js": b"x",
        "yarn.lock": b"x",
    }
    assert list(planted(files).files) == ["a/c.go", "b.py"]


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", ".git/config", "a\\b", "a\0b", "sub/.git/x"]
)
def test_nothing_leads_out(path: str) -> None:
    """A path that could be read as one outside of the root, or of git's own, is no path of the tree."""
    assert not is_inside(path)
    assert not Planting().wants(path, 1)


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many bytes, or so many files, no more are read."""
    monkeypatch.setattr(tree, "MOST_BYTES", 10)
    assert list(planted({"a": b"12345", "b": b"12345", "c": b"1"}).files) == ["a", "b"]
    monkeypatch.setattr(tree, "MOST_FILES", 1)
    assert list(planted({"a": b"1", "b": b"1"}).files) == ["a"]


def test_what_is_near_comes_first() -> None:
    """The test of a changed file, wherever it lies, then the rest of its folder; nothing else."""
    names = ["src/links.py", "src/api.py", "tests/test_links.py", "docs/readme.md", "src/yarn.lock"]
    assert list(nearby(names, ["src/links.py"], 10)) == ["src/links.py", "tests/test_links.py", "src/api.py"]
    assert list(nearby(names, ["src/links.py"], 1)) == ["src/links.py"]
