"""YAML for settings: what is read, what is not followed, and what is said of the rest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.plain_yaml import LARGEST, Items, Pairs, Scalar, Unread, parse_yaml
from bot.core.quoting import quoted
from bot.core.visible import printable

PIECES = st.sampled_from(
    [
        *"abkx:-[]{},#&*!|>'\"%@`~?\\ \n\t\0",
        "\n  ",
        "a: b\n",
        "- ",
        "---\n",
        "%YAML 9.9\n",
        '"\\ud800"',
        '"\\UFFFFFFFF"',
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_no_text_is_too_broken(text: str) -> None:
    """Whatever stands in the file, there is a tree, and each fault has a line of the file and a whole sentence."""
    tree = parse_yaml(text)
    for fault in tree.faults:
        assert 1 <= fault.line <= len(re.split("\r\n|\r|\n", text))
        assert fault.sentence.endswith(".")
        assert fault.sentence == printable(fault.sentence)


def test_scalars_stay_the_text_that_they_are() -> None:
    """Nothing becomes a bool, a number or a date before somebody wants one."""
    tree = parse_yaml("[no, on, 1_000, 012, 12:30, 2020-01-01, ~, 0x10, 'yes']")
    assert isinstance(tree.root, Items)
    texts = [(item.text, item.plain) for item in tree.root.items if isinstance(item, Scalar)]
    plain = ["no", "on", "1_000", "012", "12:30", "2020-01-01", "~", "0x10"]
    assert texts == [*((text, True) for text in plain), ("yes", False)]


def test_lines_are_those_of_an_editor() -> None:
    """Windows' line ends and those of old Macs count once, other breaks of YAML 1.1 are spaces."""
    for end in ("\n", "\r\n", "\r"):
        root = parse_yaml(f"a: x\u2028y{end}b: z{end}").root
        assert isinstance(root, Pairs)
        assert [(value.line, value) for _, value in root.pairs] == [(1, Scalar(1, "x y")), (2, Scalar(2, "z"))]


def test_lines_count_from_one() -> None:
    """Each node knows the line on which it begins."""
    root = parse_yaml("# first\na:\n  - x\n  - y\nb: |\n  text\n").root
    assert isinstance(root, Pairs)
    lines = [(key.line, value.line) for key, value in root.pairs]
    assert lines == [(2, 3), (5, 5)]
    items = root.pairs[0][1]
    assert isinstance(items, Items)
    assert [item.line for item in items.items] == [3, 4]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("*x", "a text that begins with `*` has to be in quotes, such as '*x'; aliases are not followed."),
        ("&x y", "a text that begins with `&` has to be in quotes, such as '&x'; anchors are not followed."),
        ("!docs/", "a text that begins with `!` has to be in quotes, such as '!docs/'; tags are not read."),
        ("!!bool yes", "a text that begins with `!` has to be in quotes, such as '!docs/keep.md'; tags are not read."),
        ('"\\ud800"', "an escape in it stands for no character, so write it in single quotes."),
    ],
)
def test_nothing_expands_or_acts(value: str, why: str) -> None:
    """Aliases, anchors and tags are left out with what to write instead; the keys beside them are read."""
    tree = parse_yaml(f"a: {value}\nb: c\n")
    assert isinstance(tree.root, Pairs)
    assert [node for _, node in tree.root.pairs] == [Unread(1, why), Scalar(2, "c")]
    assert tree.faults == ()


def test_the_example_for_a_tag_keeps_no_comma() -> None:
    """To PyYAML the comma behind an item is part of its tag; whoever copies the example wants it without."""
    root = parse_yaml("[!docs/x, y]").root
    assert isinstance(root, Items)
    why = "a text that begins with `!` has to be in quotes, such as '!docs/x'; tags are not read."
    assert root.items[0] == Unread(1, why)


def test_halves_of_a_character_are_one() -> None:
    """JSON writes what is beyond U+FFFF as two escapes; JSON is YAML."""
    assert parse_yaml('"\\ud83d\\ude80"').root == Scalar(1, "\U0001f680", plain=False)


@pytest.mark.parametrize(
    ("broken", "line", "problem"),
    [
        ("  - *.md\n", 2, "a text that begins with `*` has to be in quotes, such as '*.md'"),
        ("  - @team\n", 2, "a text that begins with `@` has to be in quotes, such as '@x'"),
        ("  - `x`\n", 2, "a text that begins with a backtick has to be in quotes, such as 'x'"),
        ("  - [WIP]*\n", 2, "a text that begins with `*` has to be in quotes, such as '*.md'"),
        ("  - x\n\t- y\n", 3, "a tab stands where only spaces may indent, so write spaces"),
        ("  - [1, 2\n", 2, "what is opened here is not closed, so add the missing quote or bracket"),
        ("  - 'x\n", 2, "what is opened here is not closed, so add the missing quote or bracket"),
        ("  x: y: z\n", 2, "a `:` stands where no key can be, so indent the line rightly, or put the text in quotes"),
        ('  - "\\z"\n', 2, "an escape in it stands for no character, so write it in single quotes"),
        ('  - "\\UFFFFFFFF"\n', 2, "an escape in it stands for no character, so correct it"),
        ("  x: y\n z: a\n", 3, "the line does not fit those above, so indent it rightly, or put the text in quotes"),
        ("  - \0\n", 2, "it holds the character U+0000, which has to go"),
        (f"  {'[' * 12}\n", 2, "it is nested deeper than 8 levels, so make it flatter"),
    ],
)
def test_a_broken_key_leaves_the_others(broken: str, line: int, problem: str) -> None:
    """What is no YAML takes its top-level key with it, no other, and the sentence names line and remedy."""
    tree = parse_yaml(f"a:\n{broken}last: z\n")
    assert [(fault.line, fault.sentence) for fault in tree.faults] == [
        (line, f"This is no YAML: {problem}; until then `a` is left out.")
    ]
    assert isinstance(tree.root, Pairs)
    (pair,) = tree.root.pairs
    assert pair == (Scalar(broken.count("\n") + 2, "last"), Scalar(broken.count("\n") + 2, "z"))


def test_each_broken_key_is_told() -> None:
    """One problem does not hide the next."""
    tree = parse_yaml("a: @x\nb: c\nd: %y\n")
    assert [fault.line for fault in tree.faults] == [1, 3]
    assert isinstance(tree.root, Pairs)
    assert len(tree.root.pairs) == 1


@pytest.mark.parametrize(("size", "repaired"), [(1_000, True), (60_000, False)])
def test_a_large_file_is_not_repaired_again_and_again(size: int, repaired: bool) -> None:
    """Of a large file with many broken keys nothing applies, and it is said: each repair has all of it read again."""
    text = "a: b\n" + "#" * size + "\n" + "x: @y\n" * 3
    tree = parse_yaml(text)
    assert isinstance(tree.root, Pairs) is repaired
    too_much = "Too much of the file is no YAML; nothing of it applies until it is."
    assert (too_much in [fault.sentence for fault in tree.faults]) is not repaired


def test_a_second_document_is_told() -> None:
    """Only what stands before `---` counts."""
    tree = parse_yaml("a: b\n---\nc: d\n")
    assert isinstance(tree.root, Pairs)
    assert len(tree.root.pairs) == 1
    assert [fault.line for fault in tree.faults] == [2]


def test_too_large_a_file_is_not_read() -> None:
    """The size is bounded in bytes, whatever the characters."""
    assert parse_yaml("#" * LARGEST).faults == ()
    assert "larger than 64 kB" in parse_yaml("#" * (LARGEST + 1)).faults[0].sentence
    assert "larger than 64 kB" in parse_yaml("#" + "é" * (LARGEST // 2)).faults[0].sentence


def test_what_is_quoted_is_short_and_tame() -> None:
    """A piece of the file in a sentence shows no secret, cannot leave its backticks, and has no line break."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    assert quoted(f"x {token} " + "y" * 60) == "`x " + "*" * 38 + "...`"
    assert quoted("a`b\nc\u202e") == "`a'b\\x0ac\\u202e`"
