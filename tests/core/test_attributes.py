"""Attributes: what `.gitattributes` says of a path is what git says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from bot.core.attributes import GENERATED, NO_ATTRIBUTES, VENDORED, read_attributes
from tests.repository import TestRepository

PATHS = [
    *(
        "a.py",
        "app.py",
        "app/a.py",
        "app/b/a.py",
        "b/app",
        "docs",
        "docs/a.md",
        "docs/x/docs",
        "src/a.py",
        "src/x/a.py",
    ),
    *("a b.txt", "deep/a.go", "q/deep/r/a.go", "a/z.py", "a/b/z.py", "a/b/c/z.py", "x.c", "m/y.c", "z.c", "[x].c"),
    *("ünï.md", 'q"u.md', "tab\tname", "a", "r", "x/.hidden", "*.py", "a-b", "A.PY", "dir/-x", "é/ü", "back\\slash"),
]
PATTERNS = [
    *("*", "*.py", "a*", "**", "***", "/a*", "/*", "*/a.py", "**/a.py", "a/**", "a/**/z.py", "a/***/z.py", "**/b/**"),
    *(
        "docs",
        "docs/",
        "docs/*",
        "/docs",
        "src/*.py",
        "src/**.py",
        "app/?.py",
        "?.c",
        "?",
        "*.[ch]",
        "[xy].c",
        "[!x].c",
    ),
    *("[^x].c", "[]x].c", "[x-z].c", "[z-x].c", "[[:lower:]].c", "[[:nonsense:]].c", "[[]x].c", "[x", "x[", "\\*.py"),
    *('"a b.txt"', '"\\303\\274n\\303\\257.md"', '"q\\"u.md"', '"tab\\tname"', "ünï.md", "!a.py", "\\!a.py", "#a.py"),
    *("\\#a.py", "*.PY", "[attr]", "a\\", "back\\\\slash", "a/b", "/a/b/z.py", "a//z.py", "//a.py", "./a.py", "é/*"),
    *("**/", "/", "a**", "**a", "a/**b/z.py", "[a-]*", "[a\\-b]*", "a[-]b", "a[/]z.py", "a?z.py", "m/[!/]*"),
]
LINES = [
    "*.py linguist-generated=true linguist-vendored=false",
    "*.py linguist-generated\n*.py -linguist-generated",
    "*.py linguist-generated\n*.py !linguist-generated",
    "*.py -linguist-generated linguist-generated",
    "*.py\tlinguist-generated\r\n*.c  \t linguist-vendored\r",
    "  *.py linguist-generated",
    "*.py --linguist-generated",
    "*.py linguist-generated %bad",
    "*.py linguist-generated=",
    "\ufeff*.py linguist-generated",
    "*.py\x0c linguist-generated",
    "*.c linguist-vendored\x85*.py linguist-generated",
    "*.py\u00a0linguist-generated",
    "[attr]made linguist-generated -linguist-vendored\n*.py made",
    "[attr]made linguist-generated\n*.py made\napp/a.py -made",
    "[attr]made linguist-generated\n*.py made\napp/a.py -linguist-generated",
    "[attr]made linguist-generated\n*.py made=true",
    "[attr]inner linguist-generated\n[attr]outer inner linguist-vendored\n*.py outer",
    "*.py " + " ".join(f"other{number}" for number in range(60)) + " linguist-generated",
    "*.py binary linguist-generated text=auto",
    "",
    "\n\n# nothing\n",
]
SAID = {"set": True, "unset": False, "unspecified": None, "false": False}


def answers_of_git(repository: TestRepository, paths: list[str]) -> list[bool | None]:
    fields = repository.git("check-attr", "-z", GENERATED, VENDORED, "--", *paths).split("\0")
    return [SAID.get(value, True) for value in fields[2::3]]


def disagreements(repository: TestRepository, files: dict[str, str], paths: list[str]) -> list[str]:
    repository.write(files)
    ours = read_attributes(files)
    values = [ours.value(path, name) for path in paths for name in (GENERATED, VENDORED)]
    named = [f"{path!r} {name}" for path in paths for name in (GENERATED, VENDORED)]
    answers = zip(named, values, answers_of_git(repository, paths), strict=True)
    return [f"{name}: ours {mine}, git's {git}" for name, mine, git in answers if mine is not git]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> TestRepository:
    return TestRepository(tmp_path_factory.mktemp("attributes"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_git_matches(repository: TestRepository, pattern: str) -> None:
    """For each pattern and path our answer is that of `git check-attr`."""
    assert disagreements(repository, {".gitattributes": f"{pattern} linguist-generated\n"}, PATHS) == []


@pytest.mark.parametrize("text", LINES)
def test_a_line_says_what_it_says_to_git(repository: TestRepository, text: str) -> None:
    """Values, blanks, order, macros and unreadable words are taken as git takes them."""
    assert disagreements(repository, {".gitattributes": text}, PATHS) == []


def test_the_file_in_the_deepest_folder_wins(tmp_path: Path) -> None:
    """A folder's file speaks of what lies in it alone, and louder than those above; macros are the root's."""
    files = {
        ".gitattributes": "[attr]made linguist-generated\n*.py linguist-generated\n/app/*.c linguist-vendored\n",
        "app/.gitattributes": "*.py -linguist-generated\n/z.py linguist-vendored\n*.md made\n[attr]other made",
        "app/b/.gitattributes": "* linguist-vendored\na.py !linguist-generated\nz.py other\n",
        "apple/.gitattributes": "*.c linguist-generated\n",
    }
    names = ("a.py", "z.py", "x.c", "a.md")
    paths = [f"{folder}{name}" for folder in ("", "app/", "app/b/", "app/b/c/", "apple/", "x/app/") for name in names]
    assert disagreements(TestRepository(tmp_path), files, paths) == []


PIECES = st.sampled_from(
    ["a", "b", "z", ".", "py", "*", "**", "?", "/", "/", "[ab]", "[!a]", "[a-z]", "\\*", "-", "docs"]
)


@given(st.lists(PIECES, min_size=1, max_size=7).map("".join))
@example("*")
@example("a/**/b/**")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pattern_matches_what_git_matches(repository: TestRepository, pattern: str) -> None:
    """Patterns nobody thought of are no exception.

    Save two stars behind a letter: git 2.39 compares pointers into different texts there, so its answer is chance.
    """
    assume(re.search(r"[^/*]\*\*", pattern) is None)
    assert disagreements(repository, {".gitattributes": f"{pattern} linguist-generated\n"}, PATHS) == []


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever the file holds, reading it and asking of a path ends in an answer."""
    assert read_attributes({".gitattributes": text}).value("a/b.py", GENERATED) in {True, False, None}


def test_nothing_said_is_nothing_known() -> None:
    """Without a file every answer is None."""
    assert NO_ATTRIBUTES.value("a.py", GENERATED) is None


@pytest.mark.parametrize("value", ["false", "False", "0", "no", "off"])
def test_a_value_that_means_no_is_no(value: str) -> None:
    """Linguist's documentation writes `=false`; the other words for it are taken the same."""
    assert read_attributes({".gitattributes": f"*.py linguist-generated={value}"}).value("a.py", GENERATED) is False
