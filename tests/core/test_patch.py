"""Patches: read to the byte, written as git writes them, refused with a line number where they do not add up."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.diff import Diff, FileKind, FileStatus, Line, LineKind
from bot.core.models import Side
from bot.core.patch import apply, parse
from bot.core.patch_writer import render
from bot.errors import BadPatch
from tests.core.strategies import diffs
from tests.repository import SHARED, TestRepository

SAMPLE = b"""diff --git a/one.py b/one.py
index 1111111..2222222 100644
--- a/one.py
+++ b/one.py
@@ -1,4 +1,5 @@ def one():
 first
-second
+2nd
+third
 fourth
 fifth
@@ -20,2 +21,2 @@
-old
+new
 last
\\ No newline at end of file
diff --git a/two words.txt b/two words.txt
old mode 100644
new mode 100755
"""

PULL_REQUESTS = sorted(SHARED.glob("data/prs/*"))
PATCHES = sorted([*SHARED.glob("data/stress/*.patch"), *SHARED.glob("data/prs/*/diff.patch")])
needs_shared = pytest.mark.skipif(not PATCHES, reason="the shared patches are not beside this checkout")


@needs_shared
@pytest.mark.parametrize("folder", PULL_REQUESTS, ids=lambda path: path.name)
def test_base_with_the_patch_is_head(folder: Path) -> None:
    """Applied to the files before the change, the patch gives the files after it, byte for byte."""
    for file in parse((folder / "diff.patch").read_bytes()).files:
        if file.kind is FileKind.TEXT:
            base = (folder / "base" / file.old_path).read_bytes() if file.old_path else b""
            head = (folder / "head" / file.new_path).read_bytes() if file.new_path else b""
            assert apply(file, base) == head


@needs_shared
@pytest.mark.parametrize("path", PATCHES, ids=lambda path: f"{path.parent.name[:20]}-{path.stem}")
def test_real_patches_are_written_back_as_they_were(path: Path) -> None:
    """What git wrote is rendered to the same bytes: nothing was lost in reading."""
    assert render(parse(path.read_bytes())) == path.read_bytes()


@needs_shared
@pytest.mark.parametrize("path", PATCHES, ids=lambda path: f"{path.parent.name[:20]}-{path.stem}")
def test_counts_agree_with_git(path: Path) -> None:
    """Files, added and removed lines are those that git itself counts."""
    done = subprocess.run(("git", "apply", "--numstat", "-z", str(path)), check=True, capture_output=True, cwd="/")
    rows = [row.split("\t") for row in done.stdout.decode("utf-8", "surrogateescape").split("\0") if "\t" in row]
    counted = [(int(added), int(removed)) for added, removed, *_ in rows if added != "-"]
    diff = parse(path.read_bytes())
    assert [(file.added, file.removed) for file in diff.files if file.kind is not FileKind.BINARY] == counted
    assert len(diff.files) == len(rows)


@given(diffs)
def test_a_rendered_change_reads_as_itself(diff: Diff) -> None:
    """parse(render(d)) == d, whatever the names and the text."""
    assert parse(render(diff)) == diff


@given(diffs)
def test_commentable_lines_are_those_that_are_shown(diff: Diff) -> None:
    """Removed lines LEFT, all others RIGHT, each in its hunk, and nothing besides; none in a file without a name."""
    for file in diff.files:
        shown = [(line, index) for index, hunk in enumerate(file.hunks) for line in hunk.lines]
        left = {(Side.LEFT, line.old): index for line, index in shown if line.kind is LineKind.REMOVED}
        right = {(Side.RIGHT, line.new): index for line, index in shown if line.kind is not LineKind.REMOVED}
        assert file.hunk_at == left | right
        assert len(file.hunk_at) == len(shown)
        named = file.path.encode("utf-8", "replace").decode() == file.path
        assert file.commentable == (file.hunk_at if named else {})


CONTENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"a", b"b", b"", b"c\r", b"@@ -1 +1 @@", b"-- x", b"++ y", b"- ", "é\u2028".encode(), b"\x0c"]
        ),
        st.binary(max_size=4).map(lambda raw: raw.replace(b"\n", b"").replace(b"\0", b"")),
    ),
    max_size=12,
).map(b"\n".join)


@given(CONTENTS, CONTENTS, st.sampled_from(["f", "a b", 'b/q"x', "t\tx", "ü"]), st.integers(0, 3))
@settings(max_examples=40)
def test_gits_own_diff_of_any_two_files_applies(before: bytes, after: bytes, name: str, context: int) -> None:
    """A diff made by git, applied to the old file, gives the new one; also without a newline at the end."""
    with tempfile.TemporaryDirectory() as folder:
        for side, content in (("a", before), ("b", after)):
            path = Path(folder, side, name)
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        command = ("git", "diff", "--no-index", "--no-color", "--text", f"-U{context}", "--no-prefix", "a", "b")
        patch = subprocess.run(command, cwd=folder, check=False, capture_output=True).stdout
    files = parse(patch).files
    assert [file.path for file in files] == [name] * (before != after)
    assert (apply(files[0], before) if files else before) == after


def test_a_patch_of_another_version_is_not_applied() -> None:
    """Where the old file is not the one that the patch was made from, nothing is made up."""
    with pytest.raises(ValueError, match="the known version differs near line 1"):
        apply(parse(SAMPLE).files[0], b"first\nother\n")


def refusal(patch: bytes) -> int | None:
    """The line at which a patch is refused, or None."""
    try:
        parse(patch)
    except BadPatch as error:
        return error.line
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(patch: bytes) -> None:
    """Nothing but a change or a BadPatch comes of any bytes."""
    line = refusal(patch)
    assert line is None or line >= 1


TRICKY = (
    b"commit "
    + b"1" * 40
    + b"\n\n    Message\n\n"
    + SAMPLE
    + b"diff --git a/query.sql b/query.sql\nindex 1111111..2222222 100644\n--- a/query.sql\n+++ b/query.sql\n"
    + b"@@ -1,5 +1,5 @@\n-- old/x\n--- a/old\n--\n+++ b/new\n+++\n++\n\n keep\n"
    + b"diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/gone\n+++ /dev/null\n"
    + b"@@ -1 +0,0 @@\n-x\n"
    + b"diff --git a/here b/here\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/here\n"
    + b"@@ -0,0 +1 @@\n+x\n"
)
DEEDS = st.tuples(
    st.sampled_from(["drop", "double", "cut", "swap", "mark", "end"]), st.integers(0, 10_000), st.integers(0, 10_000)
)


def damaged(patch: bytes, deeds: list[tuple[str, int, int]]) -> list[bytes]:
    """The lines of the patch after each deed was done to one of them."""
    lines = patch.split(b"\n")[:-1]
    for deed, where, what in deeds:
        at = where % len(lines)
        other = what % len(lines)
        if deed == "drop" and len(lines) > 1:
            del lines[at]
        elif deed == "double":
            lines.insert(at, lines[at])
        elif deed == "cut":
            lines[at] = lines[at][: what % (len(lines[at]) + 1)]
        elif deed == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif deed == "mark":
            lines[at] = b"+- @\\"[what % 5 :][:1] + lines[at][1:]
        else:
            del lines[at + 1 :]
    return lines


@pytest.mark.parametrize("sample", [SAMPLE, TRICKY], ids=["plain", "tricky"])
@given(deeds=st.lists(DEEDS, min_size=1, max_size=3))
@settings(max_examples=300)
def test_a_damaged_patch_never_loses_a_line_in_silence(sample: bytes, deeds: list[tuple[str, int, int]]) -> None:
    """Whatever is done to its lines, a patch is refused at one of them, or every +/- line of its files is counted."""
    lines = damaged(sample, deeds)
    patch = b"".join(line + b"\n" for line in lines)
    line = refusal(patch)
    if line is not None:
        assert 1 <= line <= len(lines) + 1
        return
    files = parse(patch).files
    first = next((at for at, text in enumerate(lines) if text.startswith(b"diff --git ")), 0)
    marked = [text for text in lines[first:] if text[:1] in {b"+", b"-"}]
    assert len(marked) == sum(len(file.changed_lines) + 2 * bool(file.hunks) for file in files)


def hunk_patch(*lines: str, header: str = "@@ -1,2 +1,2 @@") -> bytes:
    body = "".join(f"{line}\n" for line in lines)
    return f"diff --git a/f b/f\n--- a/f\n+++ b/f\n{header}\n{body}".encode()


SAME = parse(SAMPLE)
MAILED = (
    b"From "
    + b"1" * 40
    + b" Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n---\n one.py | 3 +-\n\n"
    + SAMPLE
    + b"-- \n2.39.5\n\n"
)
ONE_LINE = hunk_patch(" a", "-b", "+c")
STRAY = "this line belongs to no hunk; was the patch edited by hand?"
MERGE = b"diff --cc f\nindex 1,2..3\n--- a/f\n+++ b/f\n@@@ -1,2 -1,2 +1,2 @@@\n  a\n- b\n++c\n"
MALFORMED = [
    (hunk_patch(" a", "-b", "+c", "+d"), 8, "this line belongs to no hunk; was the patch edited by hand?"),
    (hunk_patch(" a", "-b", "+c", "--- d"), 8, "this line belongs to no hunk; was the patch edited by hand?"),
    (hunk_patch(" a", "-b"), 6, "the patch ends inside a hunk; is it cut?"),
    (
        hunk_patch(" a", "b"),
        6,
        "a line of a hunk must begin with a space, +, - or a backslash; is the patch cut or edited?",
    ),
    (
        hunk_patch("+a", "+b", "+c", " d"),
        7,
        "the hunk has more lines than its header says; was the patch edited by hand?",
    ),
    (hunk_patch(" a", header=f"@@ -{'9' * 5000} +1 @@"), 4, "a hunk header holds no usable numbers"),
    (
        hunk_patch("-a", "+b", "@@ -1 +1 @@", "-a", "+b", header="@@ -1 +1 @@"),
        7,
        "the hunks of a file overlap or are out of order",
    ),
    (b"@@ -1 +1 @@\n-a\n+b\n", 1, "a hunk stands before any file name"),
    (b"diff --git a/f b/f\n@@ -1 +1 @@\n-a\n+b\n", 2, "a hunk stands before any file name"),
    (
        b"@@ -1 +1 @@\n-a\n+b\n" + SAMPLE,
        1,
        "a hunk stands before any file header; is the beginning cut off?",
    ),
    (ONE_LINE + b"--\n-lost\n+lost\n", 8, STRAY),
    (ONE_LINE + b"--\n", 8, STRAY),
    (ONE_LINE + b"-- \n2.39.5\n\n+lost\n", 8, STRAY),
    (ONE_LINE + b"hello\n", 8, STRAY),
    (
        b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n-- \n-lost\n",
        4,
        "'-- ' is no header line of a git patch; is the patch cut or edited?",
    ),
    (ONE_LINE + ONE_LINE[19:], 8, "the names of a second file stand amid the hunks of this one"),
    (ONE_LINE[19:] + ONE_LINE, 3, "a hunk stands before any file header; is the beginning cut off?"),
    (
        ONE_LINE[19:] + b"--- x\n+++ y\n",
        8,
        "the names of a file stand without a hunk; is the patch cut or edited?",
    ),
    (MERGE, 1, "this is the combined diff of a merge; use `git diff BASE...HEAD`"),
    (
        ONE_LINE + b"diff --cc i.png\nindex 1,2..3\nBinary files differ\n",
        8,
        "this is the combined diff of a merge; use `git diff BASE...HEAD`",
    ),
    (
        ONE_LINE + b"Submodule lib 1234567..89abcde:\n  > Message\n",
        8,
        "a submodule is summed up; use `git diff --submodule=short`",
    ),
    (
        b"diff --git a/f b/f\nBinary files a/f and b/f differ\n@@ -1 +1 @@\n-a\n+b\n",
        3,
        "a hunk stands in a file that the patch calls binary",
    ),
    (
        b"diff --git a/f b/f\nGIT binary patch\nliteral 1\n-lost\n",
        4,
        "this line is no binary data; was the patch edited by hand?",
    ),
    (b"diff --git a/f b/f\n--- a/f\n", 2, "the patch ends inside a file header; is it cut?"),
    (b"diff --git a/f b/f\n--- a/f\n+++ b/f\n", 3, "the patch ends inside a file header; is it cut?"),
    (b"diff --git a/f b/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", 2, "a +++ line stands without its --- line"),
    (
        b"diff --git a/f b/f\n--- a/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n",
        3,
        "a file header names one side twice; is the patch edited?",
    ),
    (b"diff --git a/f b/f\n--- a/", 2, "the line names no file; is the patch cut or edited?"),
    (b"diff --git a/f", 1, "the file header does not name two paths"),
    (
        b"diff --git a/f b/f\n--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n",
        1,
        "the file header names no file on either side",
    ),
    (
        b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n",
        2,
        "the file header names no file on either side",
    ),
    (
        hunk_patch("-a", "+b", header="@@ -1,99999999999999999999 +1 @@"),
        6,
        "the patch ends inside a hunk; is it cut?",
    ),
    (
        b"commit 1\n\x1b[1mdiff --git a/f b/f\x1b[m\n",
        2,
        "the patch holds colour codes; make it with `git diff --no-color`",
    ),
    (
        b"\xfe\xff\0d",
        1,
        "the file is UTF-16, as PowerShell's > writes it; use `git diff --output=FILE` instead",
    ),
    (
        MAILED + MAILED,
        MAILED.count(b"\n") + 1,
        "a second commit begins here; make one diff of the change: `git diff BASE...HEAD`",
    ),
    (b"hello\n", 1, "no file header was found; is this a diff?"),
    (b"\xff\xfed\0", 1, "the file is UTF-16, as PowerShell's > writes it; use `git diff --output=FILE` instead"),
    (b"\x1b[1mdiff --git a/f b/f\n", 1, "the patch holds colour codes; make it with `git diff --no-color`"),
    (b"diff --git a/f b/f\nold mode 10\n", 2, "'10' is no file mode; is the patch cut or edited?"),
    (b'diff --git "a/f b/f\n', 1, "the quoted path in the file header is not closed"),
    (
        b"diff --git a/f b/f\n--- a/f\n+++ b/f\n\n-lost\n@@ -9 +9 @@\n-a\n+b\n",
        5,
        "'-lost' is no header line of a git patch; is the patch cut or edited?",
    ),
    (b"diff --git a/f b/f\nnonsense\n", 2, "'nonsense' is no header line of a git patch; is the patch cut or edited?"),
    (
        SAMPLE + b"From " + b"1" * 40 + b" Mon Sep 17\n",
        20,
        "a second commit begins here; make one diff of the change: `git diff BASE...HEAD`",
    ),
]


@pytest.mark.parametrize(("patch", "line", "problem"), MALFORMED)
def test_a_malformed_patch_is_a_sentence_with_the_line(patch: bytes, line: int, problem: str) -> None:
    """Each defect is named with the number of its line."""
    with pytest.raises(BadPatch) as caught:
        parse(patch)
    assert (caught.value.line, caught.value.problem) == (line, problem)


ACCEPTED = [
    ("a byte order mark", b"\xef\xbb\xbf" + SAMPLE),
    ("line ends converted throughout", SAMPLE.replace(b"\n", b"\r\n")),
    ("one commit as mail", MAILED),
    ("a commit as git show prints it", b"commit " + b"1" * 40 + b"\nAuthor: A\n\n    Message\n\n" + SAMPLE),
    ("converted and without its last newline", SAMPLE.replace(b"\n", b"\r\n").removesuffix(b"\r\n")),
    ("a mail that names its base", MAILED.replace(b"-- \n", b"\nbase-commit: " + b"1" * 40 + b"\n-- \n")),
    ("a mail whose signature lost its blank", MAILED.replace(b"-- \n", b"--\n")),
    ("counts before the change", b" one.py | 3 ++-\n 1 file changed\n\n" + SAMPLE),
    ("no prefixes", SAMPLE.replace(b" a/", b" ").replace(b" b/", b" ")),
    ("mnemonic prefixes", SAMPLE.replace(b" a/", b" i/").replace(b" b/", b" w/")),
]


@pytest.mark.parametrize("patch", [patch for _, patch in ACCEPTED], ids=[name for name, _ in ACCEPTED])
def test_harmless_dress_is_accepted(patch: bytes) -> None:
    """The same change in other dress is the same change."""
    assert parse(patch) == SAME


def test_a_plain_diff_is_read() -> None:
    """`diff -u` output has no git header; a backup name against the real one is no rename."""
    patch = b"--- f.orig\t2024-01-01 00:00:00\n+++ f\t2024-01-02 00:00:00\n@@ -1 +1 @@\n-a\n+b\n"
    (file,) = parse(patch).files
    assert (file.old_path, file.new_path, file.status) == ("f", "f", FileStatus.MODIFIED)
    assert [line.text for line in file.changed_lines] == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b"a/x y\t", b"b/x y\t", "x y"),
        (b"x y\t2024-01-01 00:00:00.0 +0000", b"x y\t2024-01-02 00:00:00.0 +0000", "x y"),
        (b'"a/\\303\\251"', b'"b/\\303\\251"', "é"),
        (b"/dev/null", b"b/x", "x"),
        (b"a/x", b"/dev/null", "x"),
        (b"src/x", b"src/x", "src/x"),
    ],
)
def test_a_plain_diff_names_its_file(old: bytes, new: bytes, path: str) -> None:
    """Prefixes, times and quotes are no part of the name."""
    (file,) = parse(b"--- " + old + b"\n+++ " + new + b"\n@@ -1 +1 @@\n-a\n+b\n").files
    assert file.path == path


def test_a_commit_that_git_shows_or_mails_is_its_diff(tmp_path: Path) -> None:
    """What `git show`, `git format-patch` and `git diff` write of one commit is one change."""
    repository = TestRepository(tmp_path)
    base = repository.commit({"a.md": "- one\n- two\n", "b c.bin": b"\0\1", "run": "x\n"})
    repository.git("update-index", "--chmod=+x", "run")
    (tmp_path / "run").chmod(0o755)
    message = "Title\n\n- a point\n+ another\n\n  diff --git a/x b/x\n"
    repository.commit({"a.md": "- one\n", "b c.bin": b"\0\2"}, message)
    full = ("--binary", "--full-index")
    diff = parse((repository.git("diff", *full, base) + "\n").encode())
    mail = repository.git("format-patch", *full, "--stdout", "--base", base, base)
    assert parse(mail.encode()) == parse(repository.git("show", *full).encode()) == diff
    assert [file.path for file in diff.files] == ["a.md", "b c.bin", "run"]


def test_a_quoted_name_with_a_space_ends_at_its_quote(tmp_path: Path) -> None:
    """Git puts a tab behind it, as behind a plain name with a space; what git wrote is written back."""
    (tmp_path / 'a "b c.py').write_text("x\n")
    command = ("git", "diff", "--no-index", "--no-color", "/dev/null", 'a "b c.py')
    patch = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).stdout
    (file,) = parse(patch).files
    assert (file.path, render(parse(patch))) == ('a "b c.py', patch)


def test_a_binary_patch_has_no_lines() -> None:
    """`git diff --binary` data is no text."""
    data = b"literal 4\nLc${NkU|;|M00aO5\n\nliteral 0\nHc$@<O00001\n\n"
    patch = b"diff --git a/i.png b/i.png\nindex 1..2 100644\nGIT binary patch\n" + data
    (file,) = parse(patch).files
    assert (file.kind, file.changed_lines) == (FileKind.BINARY, ())


def test_an_empty_patch_is_an_empty_change() -> None:
    """No bytes, no files."""
    assert parse(b"") == Diff(())


def test_where_a_comment_can_stand() -> None:
    """Removed lines are commented LEFT, all others RIGHT; both ends of one comment stand in one hunk."""
    file = parse(SAMPLE).files[0]
    left, right = Side.LEFT, Side.RIGHT
    assert set(file.commentable) == {
        *((left, 2), (left, 20)),
        *((right, number) for number in (1, 2, 3, 4, 5, 21, 22)),
    }
    assert file.in_one_hunk(right, 1, 5)
    assert not file.in_one_hunk(right, 5, 21)
    assert not file.in_one_hunk(left, 2, 20)
    assert file.hunks[1].lines[-1] == Line(LineKind.CONTEXT, 21, 22, "last", ends=False)


def test_a_change_of_type_is_named_on_both_halves() -> None:
    """A deletion and an addition of the same path are how git writes it."""
    patch = (
        b"diff --git a/m b/m\ndeleted file mode 160000\nindex 1111111..0000000\n"
        b"--- a/m\n+++ /dev/null\n@@ -1 +0,0 @@\n-Subproject commit 1\n"
        b"diff --git a/m b/m\nnew file mode 100644\nindex 0000000..2222222\n"
        b"--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+x\n"
    )
    first, second = parse(patch).files
    assert (first.status, first.kind) == (FileStatus.TYPE_CHANGED, FileKind.SUBMODULE)
    assert (second.status, second.kind) == (FileStatus.TYPE_CHANGED, FileKind.TEXT)
