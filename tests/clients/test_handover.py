"""What a workflow without secrets hands over: two plain files, bounded, and nothing in them that is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.clients.handover import read_folder
from bot.core.handover import MOST_BYTES, is_same_change, read_handover
from bot.core.patch import parse
from bot.errors import Misuse

HEAD = "a" * 40
JSON = f'{{"number": 12, "head": "{HEAD}"}}'.encode()
PATCH = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the first workflow left."""
    made = tmp_path / "change"
    made.mkdir()
    (made / "change.json").write_bytes(JSON)
    (made / "change.diff").write_bytes(PATCH)
    return made


def test_two_files_are_read(folder: Path) -> None:
    """In their order; a folder that is not there is nothing."""
    assert read_folder(folder) == (JSON, PATCH)
    assert read_folder(folder / "none") is None
    handed = read_handover(JSON, PATCH, HEAD)
    assert (handed.number, handed.head, handed.patch) == (12, HEAD, PATCH)


def test_anything_else_is_refused(folder: Path) -> None:
    """Links, pipes, folders, more files, more bytes: each in a sentence."""
    diff = folder / "change.diff"
    (folder / "pip.conf").touch()
    with pytest.raises(Misuse, match=r"holds 'pip\.conf' as well; it is not used"):
        read_folder(folder)
    (folder / "pip.conf").unlink()
    diff.unlink()
    with pytest.raises(Misuse, match="cannot be read"):
        read_folder(folder)
    diff.symlink_to("/etc/passwd")
    with pytest.raises(Misuse, match="cannot be read"):
        read_folder(folder)
    diff.unlink()
    os.mkfifo(diff)
    with pytest.raises(Misuse, match="is no plain file"):
        read_folder(folder)
    diff.unlink()
    diff.write_bytes(PATCH)
    (folder / "change.json").write_bytes(b" " * (MOST_BYTES["change.json"] + 1))
    with pytest.raises(Misuse, match="has more than 10,000 bytes"):
        read_folder(folder)


@pytest.mark.parametrize(
    "described",
    [
        b"",
        b"[]",
        b'{"number": "12; rm", "head": "%s"}' % HEAD.encode(),
        b'{"number": 0, "head": "%s"}' % HEAD.encode(),
        b'{"number": 12, "head": "HEAD"}',
        b'{"number": 12, "head": "%s", "base": "main"}' % HEAD.encode(),
    ],
)
def test_the_description_has_one_form(described: bytes) -> None:
    """A number and a commit, and nothing that could be taken for more."""
    with pytest.raises(Misuse, match="is not of the form"):
        read_handover(described, PATCH, HEAD)


def test_the_commit_is_githubs() -> None:
    """The one that GitHub says the workflow ran for."""
    with pytest.raises(Misuse, match="another commit"):
        read_handover(JSON, PATCH, "b" * 40)


def test_the_change_is_githubs() -> None:
    """The same files; of those that GitHub shows the same lines."""
    known = parse(PATCH)
    assert is_same_change(parse(PATCH), known)
    assert not is_same_change(parse(PATCH.replace(b"a.py", b"b.py")), known)
    assert not is_same_change(parse(PATCH.replace(b"+1 @@", b"+1,2 @@").replace(b"+x = 2", b"+x = 2\n+y = 1")), known)
    assert not is_same_change(parse(b""), known)
