"""The fake's own reader of patches, held against git's cases and against the product's reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from bot.core.diff import Diff, FileStatus
from bot.core.patch import parse
from bot.core.patch_writer import render
from tests.core.strategies import diffs
from tests.fakes.github_patch import PatchFile, read_patch
from tests.repository import SHARED

STRESS = sorted((SHARED / "data" / "stress").glob("*.patch"))
PATCH = b"""\
diff --git a/old name.py b/new name.py
similarity index 80%
rename from old name.py
rename to new name.py
index 1111111..2222222 100644
--- a/old name.py\t
+++ b/new name.py\t
@@ -3,3 +3,4 @@ def run():
 three
-four
+FOUR
+and more
 five
@@ -20 +21 @@
-- twenty
\\ No newline at end of file
+++ twenty
diff --git a/logo.png b/logo.png
new file mode 100644
index 0000000..3333333
Binary files /dev/null and b/logo.png differ
diff --git "a/gr\\303\\274n.txt" "b/gr\\303\\274n.txt"
deleted file mode 100644
index 4444444..0000000
--- "a/gr\\303\\274n.txt"
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
"""


def test_files_are_listed_as_github_lists_them() -> None:
    """Paths, statuses and counts are those of GitHub's list of files."""
    rows = [(file.path, file.previous, file.status, file.additions, file.deletions) for file in read_patch(PATCH)]
    assert rows == [
        ("new name.py", "old name.py", "renamed", 3, 2),
        ("logo.png", "", "added", 0, 0),
        ("grün.txt", "", "removed", 0, 1),
        ("run.sh", "", "changed", 0, 0),
    ]


@pytest.mark.parametrize(
    ("side", "number", "text"),
    [
        ("RIGHT", 3, "three"),
        ("LEFT", 3, "three"),
        ("LEFT", 4, "four"),
        ("RIGHT", 4, "FOUR"),
        ("LEFT", 5, "five"),
        ("RIGHT", 6, "five"),
        ("LEFT", 20, "- twenty"),
        ("RIGHT", 21, "++ twenty"),
        ("RIGHT", 7, None),
        ("RIGHT", 20, None),
        ("LEFT", 21, None),
    ],
)
def test_a_line_is_found_on_its_side(side: str, number: int, text: str | None) -> None:
    """Removed lines are LEFT, added ones RIGHT, context both, each with the number of its side."""
    line = read_patch(PATCH)[0].line(side, number)
    assert (line.text if line else None) == text


def test_a_comment_shows_its_hunk_down_to_the_line() -> None:
    """`diff_hunk` begins at the hunk's own `@@` and ends with the line."""
    file = read_patch(PATCH)[0]
    line = file.line("RIGHT", 21)
    assert line is not None
    assert file.hunk_before(line).split("\n") == [
        "@@ -20 +21 @@",
        "-- twenty",
        "\\ No newline at end of file",
        "+++ twenty",
    ]


def lines_of_product(diff: Diff) -> list[tuple[str, list[tuple[str, int | None, int | None, str]]]]:
    return [
        (
            file.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            [(str(line.kind), line.old, line.new, line.text) for hunk in file.hunks for line in hunk.lines],
        )
        for file in diff.files
    ]


def lines_of_fake(files: tuple[PatchFile, ...]) -> list[tuple[str, list[tuple[str, int | None, int | None, str]]]]:
    return [(file.path, [(line.sign, line.old, line.new, line.text) for line in file.lines]) for file in files]


@given(diffs)
def test_two_readers_agree(diff: Diff) -> None:
    """The fake and the product, written apart, read the same lines under the same names."""
    patch = render(diff)
    assert lines_of_fake(read_patch(patch)) == lines_of_product(parse(patch))


@pytest.mark.skipif(not STRESS, reason="the shared patches are not here")
@pytest.mark.parametrize("path", STRESS, ids=lambda path: path.stem)
def test_two_readers_agree_on_real_patches(path: Path) -> None:
    """So they do on patches that break naive readers."""
    patch = path.read_bytes()
    assert lines_of_fake(read_patch(patch)) == lines_of_product(parse(patch))


@given(diffs)
def test_statuses_agree(diff: Diff) -> None:
    """The status of a file is the product's, in GitHub's words."""
    words = {
        FileStatus.ADDED: {"added"},
        FileStatus.DELETED: {"removed"},
        FileStatus.RENAMED: {"renamed"},
        FileStatus.COPIED: {"copied"},
        FileStatus.MODE_CHANGED: {"changed"},
        FileStatus.TYPE_CHANGED: {"added", "removed"},
    }
    patch = render(diff)
    for ours, theirs in zip(read_patch(patch), parse(patch).files, strict=True):
        assert ours.status in words.get(theirs.status, {"modified"})
