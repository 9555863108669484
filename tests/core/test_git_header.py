"""Headers: names and modes are read as git wrote them, whatever the names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given

from bot.core.git_header import Header, ends_the_change, parse_header, quote, strip_prefixes, unquote
from bot.core.patch import parse
from bot.errors import BadPatch
from tests.core.strategies import paths
from tests.repository import TestRepository

NAMES = [
    *(
        "plain.py",
        "with space.py",
        "two  spaces",
        "a/b",
        "b/a",
        "a b/c d",
        "x b/x",
        "c",
        "a c",
        "-- x",
        "ünï.md",
        "日本/語",
    ),
    *('q"uote', "back\\slash", "tab\tname", "new\nline", "bell\a", "del\x7f", "\udcff\udcfe", "end ", " start", "a\rb"),
    *("dev/null", "diff --git a b", "x\u2028y", "x\x85y", '"quoted"', "a\\303\\251"),
]


@given(paths)
def test_unquote_undoes_quote(path: str) -> None:
    """Any path comes back, bytes that are not UTF-8 included."""
    assert unquote(quote(path)) == path or quote(path) == path
    assert quote(path).isascii()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_quoted_as_git_quotes_them(tmp_path: Path, name: str) -> None:
    """Our quoting of a name is the one that git prints."""
    repository = TestRepository(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x\n")
    repository.git("add", "--all")
    assert (
        subprocess.run(("git", "ls-files"), cwd=tmp_path, check=True, capture_output=True).stdout.decode()
        == quote(name) + "\n"
    )


@pytest.mark.parametrize("prefixes", ["--default-prefix", "--no-prefix", "mnemonic"])
def test_real_changes_of_hard_names_are_read(tmp_path: Path, prefixes: str) -> None:
    """Added, edited, moved, made executable and deleted: each name is the one that git was given."""
    repository = TestRepository(tmp_path)
    mnemonic = ("-c", f"diff.mnemonicPrefix={str(prefixes == 'mnemonic').lower()}")
    option = ("--src-prefix=a/", "--dst-prefix=b/") if prefixes == "--default-prefix" else ("--no-prefix",)
    chosen = () if prefixes == "mnemonic" else option
    folders = ("edit", "move", "mode", "gone", "bin")
    bodies = {
        f"{folder}/{name}": "".join(f"{folder} {name!a} {number}\n" for number in range(20))
        for folder in folders
        for name in NAMES
    }
    repository.commit(bodies)
    repository.write({f"edit/{name}": "x\n" for name in NAMES})
    repository.write({f"new/{name}": f"new {name}".encode("utf-8", "surrogateescape") for name in NAMES})
    repository.write({f"gone/{name}": None for name in NAMES})
    repository.write({f"bin/{name}": b"\0" for name in NAMES})
    (tmp_path / "move").rename(tmp_path / "moved")
    for name in NAMES:
        (tmp_path / "mode" / name).chmod(0o755)
    repository.git("add", "--all")
    patch = repository.git(*mnemonic, "diff", "--cached", "-M", *chosen) + "\n"
    files = parse(patch.encode("utf-8", "surrogateescape")).files
    read = {(file.old_path, file.new_path) for file in files}
    expected: set[tuple[str | None, str | None]]
    expected = {(f"{folder}/{name}", f"{folder}/{name}") for folder in ("edit", "mode", "bin") for name in NAMES}
    expected |= {(f"gone/{name}", None) for name in NAMES} | {(None, f"new/{name}") for name in NAMES}
    assert read == expected | {(f"move/{name}", f"moved/{name}") for name in NAMES}
    assert len(files) == len(read)


@pytest.mark.parametrize(
    ("old", "new", "stripped"),
    [
        ("a/x", "b/x", ("x", "x")),
        ("i/x", "w/x", ("x", "x")),
        ("1/x", "2/x", ("x", "x")),
        ("a/b/x", "b/b/x", ("b/x", "b/x")),
        ("s/x", "s/x", ("s/x", "s/x")),
        ("x", "y", ("x", "y")),
        ("src/x", "src/y", ("src/x", "src/y")),
    ],
)
def test_prefixes_are_what_differs(old: str, new: str, stripped: tuple[str, str]) -> None:
    """Equal names were written without prefixes: a folder of one letter is part of the path."""
    assert strip_prefixes(old, new) == stripped


def header(*lines: str) -> Header:
    return parse_header(["diff --git a/f b/f", *lines], 7)


def test_modes_and_blobs_are_read() -> None:
    """A mode on the index line is that of both sides; one on lines of its own is that of its side."""
    same = header("index 1111111..2222222 100755")
    assert (same.old_mode, same.new_mode, same.old_blob, same.new_blob) == ("100755", "100755", "1111111", "2222222")
    moved = header("old mode 100644", "new mode 100755", "index 1111111..2222222")
    assert (moved.old_mode, moved.new_mode) == ("100644", "100755")
    added, deleted = header("new file mode 120000"), header("deleted file mode 100644")
    assert (added.old_path, added.new_mode, deleted.new_path, deleted.old_mode) == (None, "120000", None, "100644")


def test_moves_and_copies_name_both_paths() -> None:
    """Where the first line leaves names open, the lines of the move do not."""
    moved = header("similarity index 87%", "rename from a b c", 'rename to "d\\te"')
    assert (moved.old_path, moved.new_path, moved.similarity, moved.renamed) == ("a b c", "d\te", 87, True)
    copied = header("copy from x", "copy to y")
    assert (copied.old_path, copied.new_path, copied.copied) == ("x", "y", True)


@pytest.mark.parametrize(
    ("lines", "line", "problem"),
    [
        (["nonsense"], 8, "'nonsense' is no header line of a git patch; is the patch cut or edited?"),
        (["index 1..2 100644", "new mode 10064"], 9, "'10064' is no file mode; is the patch cut or edited?"),
        (["index zz..1"], 8, "the index line does not name two blobs"),
        (["similarity index many%"], 8, "'many%' is no percentage"),
        (["old mode 100644"], 7, "the file header names one mode of two; is the patch cut or edited?"),
        (["new file mode 100644", "deleted file mode 100644"], 7, "the file header names no file on either side"),
        (["--- "], 8, "the line names no file; is the patch cut or edited?"),
    ],
)
def test_a_header_that_cannot_be_read_names_its_line(lines: list[str], line: int, problem: str) -> None:
    """Each defect is told with the number of its line in the patch."""
    with pytest.raises(BadPatch) as caught:
        header(*lines)
    assert (caught.value.line, caught.value.problem) == (line, problem)


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        (["-- ", "2.39.5", ""], True),
        (["--", "2.39.5"], True),
        (["-- "], False),
        (["-- ", ""], False),
        (["-- ", "2.39.5", "-lost"], False),
        (["-- ", "@@ -1 +1 @@"], False),
        (["--- ", "2.39.5"], False),
        (["-- x", "2.39.5"], False),
    ],
)
def test_a_signature_is_told_from_a_removed_line(lines: list[str], ends: bool) -> None:
    """Two hyphens end the change only where git's version follows, and nothing that looks like a change."""
    assert ends_the_change(lines, 0) is ends
