"""Both versions of a changed file, made of the new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Contents
from bot.core.diff import Diff
from bot.core.patch import apply, take_back
from bot.core.tree import NO_TREE, planted
from bot.core.versions import completed
from tests.core.changes import added, deleted, edited, hunk

EDIT = edited("a.py", hunk(1, 1, " one", "-two", "+2", " three"))


def test_the_old_version_is_the_new_one_taken_back() -> None:
    """For a file whose versions nobody else knows; of a new file there is no old one."""
    diff = Diff((EDIT, added("b.py", "x"), deleted("c.py", "y")))
    found = completed(diff, {}, planted({"a.py": b"one\n2\nthree\nfour\n", "b.py": b"x\n"}))
    assert found == {0: Contents(b"one\ntwo\nthree\nfour\n", b"one\n2\nthree\nfour\n"), 1: Contents(None, b"x\n")}


def test_what_is_known_stays() -> None:
    """The tree only fills in; a version that does not fit the patch is none."""
    known = {0: Contents(b"b", b"h")}
    assert completed(Diff((EDIT,)), known, planted({"a.py": b"one\n2\nthree\n"})) == known
    assert completed(Diff((EDIT,)), {}, planted({"a.py": b"something else\n"})) == {}
    assert completed(Diff((EDIT,)), {}, NO_TREE) == {}


@given(st.lists(st.sampled_from(["a", "b", "", "\r"]), min_size=3, max_size=9))
def test_taking_back_undoes_applying(lines: list[str]) -> None:
    """Whatever stands around the hunk."""
    old = "".join(f"{line}\n" for line in ["one", "two", "three", *lines]).encode()
    assert take_back(EDIT, apply(EDIT, old)) == old


def test_what_does_not_fit_is_not_taken_back() -> None:
    """A file of another commit is refused."""
    with pytest.raises(ValueError, match="line 1"):
        take_back(EDIT, b"one\ntwo\nthree\n")
