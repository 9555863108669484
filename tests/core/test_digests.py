"""Digests of hunks: the same where the same lines would be shown, another where anything in them differs."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Hunk, LineKind
from bot.core.digests import hunk_digest, hunk_digests
from tests.core.changes import added, deleted, edited, hunk
from tests.core.strategies import diffs, hunks

HUNK = hunk(10, 10, " def total(items):", "-    return 0", "+    return sum(items)", " # done")
FILE = edited("shop/cart.py", HUNK)


def moved(old: Hunk, by: int) -> Hunk:
    """The same hunk that many lines further down, under another heading."""
    lines = tuple(replace(line, old=line.old and line.old + by, new=line.new and line.new + by) for line in old.lines)
    return replace(old, old_start=old.old_start + by, new_start=old.new_start + by, section="class Other:", lines=lines)


def with_line(at: int, **other: object) -> Hunk:
    """The hunk with one line that is otherwise."""
    lines = list(HUNK.lines)
    lines[at] = replace(lines[at], **other)  # type: ignore[arg-type]
    return replace(HUNK, lines=tuple(lines))


@given(hunks(), st.integers(1, 10**6), st.binary(max_size=8))
def test_a_hunk_that_only_moves_keeps_its_digest(made: tuple[Hunk, ...], by: int, key: bytes) -> None:
    """Line numbers and the heading are no part of it, so a rebase that changes nothing in the hunk reads nothing."""
    for each in made:
        assert hunk_digest(FILE, each, key) == hunk_digest(FILE, moved(each, by), key)


OTHER: dict[str, tuple[FileDiff, Hunk]] = {
    "another text": (FILE, with_line(2, text="    return sum(items) ")),
    "another context line": (FILE, with_line(3, text="# do")),
    "another kind": (FILE, with_line(3, kind=LineKind.ADDED)),
    "no newline at the end": (FILE, with_line(3, ends=False)),
    "a line less": (FILE, replace(HUNK, lines=HUNK.lines[:-1])),
    "a line twice": (FILE, replace(HUNK, lines=(*HUNK.lines, HUNK.lines[-1]))),
    "two lines in one": (FILE, replace(HUNK, lines=(*HUNK.lines[:2], replace(HUNK.lines[2], text="a\n +b")))),
    "another file": (replace(FILE, old_path="a.py", new_path="a.py"), HUNK),
    "a renamed file": (edited("shop/cart.py", HUNK, old_path="cart.py"), HUNK),
    "a new file": (FileDiff(None, "shop/cart.py", FileStatus.ADDED, hunks=(HUNK,)), HUNK),
    "a file that goes": (FileDiff("shop/cart.py", None, FileStatus.DELETED, hunks=(HUNK,)), HUNK),
}


@pytest.mark.parametrize("kind", OTHER)
def test_what_is_shown_otherwise_has_another_digest(kind: str) -> None:
    """Any difference in the lines or in the file's names gives another digest."""
    file, other = OTHER[kind]
    assert hunk_digest(file, other) != hunk_digest(FILE, HUNK)


def test_no_names_are_taken_for_others() -> None:
    """A name that holds a line break, or looks like a line, is not taken for lines."""
    digests = {
        hunk_digest(added("a", "b"), hunk(1, 1, "+b")),
        hunk_digest(added("a\n+\tb"), Hunk(0, 0, 1, 0, "", ())),
        hunk_digest(added("a\n+\tb", "b"), hunk(1, 1, "+b")),
        hunk_digest(deleted("a", "b"), hunk(1, 1, "+b")),
    }
    assert len(digests) == 4


@given(diffs)
def test_equal_digests_mean_equal_lines(diff: Diff) -> None:
    """Two hunks of one digest have the same names, kinds, texts and ends."""
    seen: dict[bytes, object] = {}
    for file in diff.files:
        for each in file.hunks:
            shown = (file.old_path, file.new_path, [(line.kind, line.text, line.ends) for line in each.lines])
            digest = hunk_digest(file, each)
            assert len(digest) == hashlib.sha256().digest_size
            assert seen.setdefault(digest, shown) == shown


def test_equal_hunks_are_told_apart() -> None:
    """The same lines pasted once more are read, all of them: nobody can tell which of them were there before."""
    one = hunk_digests(FILE)
    two = hunk_digests(replace(FILE, hunks=(HUNK, moved(HUNK, 90))))
    three = hunk_digests(replace(FILE, hunks=(HUNK, moved(HUNK, 90), moved(HUNK, 500))))
    assert one == (hunk_digest(FILE, HUNK),)
    assert len({*one, *two, *three}) == 6
    assert not {*hunk_digests(replace(FILE, hunks=(HUNK, moved(HUNK, 90))), b"key")} & {*two}


@given(diffs, st.binary(max_size=8))
def test_each_hunk_of_a_file_has_a_digest_of_its_own(diff: Diff, key: bytes) -> None:
    """One for each hunk, none twice; a hunk that has no equal is known by its lines alone."""
    for file in diff.files:
        if file.kind is FileKind.BINARY:
            continue
        plain, made = [hunk_digest(file, each, key) for each in file.hunks], hunk_digests(file, key)
        assert len(set(made)) == len(file.hunks)
        assert all((digest == own) == (plain.count(own) == 1) for own, digest in zip(plain, made, strict=True))


@pytest.mark.parametrize("key", [b"", b"key"])
def test_a_binary_file_is_known_by_its_versions(key: bytes) -> None:
    """Either version or either name makes another digest; without ids it has none."""
    picture = FileDiff("a.png", "a.png", FileStatus.MODIFIED, FileKind.BINARY, old_blob="1" * 40, new_blob="2" * 40)
    others = [
        picture,
        replace(picture, new_blob="3" * 40),
        replace(picture, old_blob="3" * 40),
        replace(picture, new_path="b.png"),
        replace(picture, old_path=None),
    ]
    assert len({hunk_digests(file, key) for file in others}) == len(others)
    assert hunk_digests(replace(picture, old_blob=None, new_blob=None), key) == ()


def test_a_key_makes_other_digests() -> None:
    """With a key the digests are others, and those of another key others again: without it nobody can make them."""
    assert len({hunk_digest(FILE, HUNK, key) for key in (b"", b"one", b"two")}) == 3
