"""Anchors: a claim stands on the line that its quote proves, or on none."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.anchors import EXACT, LEAST_CUT, REACH, Anchor, Anchors, Miss, Pointer, Trust
from bot.core.chunking import Budget, pack
from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Origin
from bot.core.model_rules import RULES
from bot.core.models import Location, Side
from bot.core.patch import parse
from bot.core.quoted_lines import readings
from bot.core.requests import part_of
from bot.core.visible import Shown
from tests.core.changes import added, anchors_of, deleted, edited, hunk
from tests.core.strategies import diffs
from tests.repository import SHARED

L, R = Side.LEFT, Side.RIGHT
HUGE = 10**12
KEY = "AKIA" + "QWERTYUIOPASDFGH"
LONG = "results = merge(first_page, second_page, third_page, key=lambda row: row.number)"

SHOP = edited(
    "shop/cart.py",
    hunk(
        10,
        10,
        " def total(items):",  # 10 10
        "-    value = 0",  # 11
        "-    return value",  # 12
        "+    value = sum(items)",  # 11
        "+    log(value)",  # 12
        "+    return value",  # 13
        "     # done",  # 13 14
    ),
    hunk(
        100,
        101,
        " class Cart:",  # 100 101
        "+    limit = 5",  # 102
        "     # done",  # 101 103
        "-\told\tway",  # 102
        "+\tnew\tway  ",  # 104
        "+    mark = '\u202e'",  # 105
        f"+    key = '{KEY}'",  # 106
        "+    crlf = 1\r",  # 107
        f"+    {LONG}",  # 108
        "+",  # 109
        "     tail()",  # 103 110
    ),
    hunk(
        200,
        208,
        "-    # done",  # 200
        "+    # done",  # 208
        "     end()",  # 201 209
    ),
    old_path="shop/basket.py",
)
CRLF = edited("dos.txt", hunk(1, 1, " one\r", "-two\r", "+zwei\r", " three\r"))
SAME = edited(
    "same.py",
    hunk(1, 1, "-go()", "+go()", " one()", " two()"),
    hunk(50, 80, " stop()", "+x()"),
    hunk(190, 221, " stop()", "+y()"),
)
FILES = (SHOP, CRLF, SAME, deleted("gone.py", "import os", "x = 1"), added("new.py", "a = 1", "b = 2", "a = 1"))

Place = tuple[Side, int | None, int]


def found(pointer: Pointer, *files: FileDiff, trust: Trust = EXACT) -> Place | Miss:
    anchor = anchors_of(*(files or FILES)).anchor(pointer, trust)
    return anchor if isinstance(anchor, Miss) else place_of(anchor.location)


def place_of(location: Location) -> Place:
    return location.side, location.start_line, location.line


def at(line: int, quote: str, side: Side = R, start: int | None = None, path: str = "shop/cart.py") -> Pointer:
    return Pointer(path, side, line if start is None else start, line, quote)


PROVEN: dict[str, tuple[Pointer, Place]] = {
    "the very line": (at(12, "    log(value)"), (R, None, 12)),
    "a removed line": (at(11, "    value = 0", L), (L, None, 11)),
    "a context line": (at(10, "def total(items):"), (R, None, 10)),
    "a context line by its old number is placed on the right": (at(101, "    # done", L), (R, None, 103)),
    "of two on the stated side the hinted one": (at(13, "    # done", L), (R, None, 14)),
    "the stated side tells a removed line from an added one": (at(200, "    # done", L), (L, None, 200)),
    "the wrong line": (at(500, "    log(value)"), (R, None, 12)),
    "a context line by a wrong number": (at(500, "def total(items):"), (R, None, 10)),
    "white space behind, beside equal lines": (at(29, "    # done \t"), (R, None, 14)),
    "a negative line": (at(-HUGE, "    log(value)"), (R, None, 12)),
    "a huge line": (at(HUGE, "    log(value)"), (R, None, 12)),
    "line zero": (at(0, "    log(value)", start=0), (R, None, 12)),
    "the wrong side": (at(12, "    log(value)", L), (R, None, 12)),
    "the wrong side for a removed line": (at(11, "    value = 0", R), (L, None, 11)),
    "the wrong side, told by the number": (at(12, "    return value", R), (L, None, 12)),
    "the only equal line within reach": (at(29, "    # done"), (R, None, 14)),
    "the only equal line within reach, start far behind": (at(29, "    # done", start=HUGE), (R, None, 14)),
    "of several with other white space the only one within reach": (at(12, "# done"), (R, None, 14)),
    "of two lines of one number the one on the right": (at(1, "go()", R, path="same.py"), (R, None, 1)),
    "of two lines of one number the one on the left": (at(1, "go()", L, path="same.py"), (L, None, 1)),
    "no indentation": (at(102, "limit = 5"), (R, None, 102)),
    "other white space": (at(104, "    new way"), (R, None, 104)),
    "a tab as JSON spells it": (at(104, r"\tnew\tway"), (R, None, 104)),
    "white space at the ends": (at(12, "  \t    log(value) \t "), (R, None, 12)),
    "blank lines around": (at(12, "\n\n    log(value)\n \n"), (R, None, 12)),
    "an escape as it was shown": (at(105, r"    mark = '\u202e'"), (R, None, 105)),
    "the character that the escape stands for": (at(105, "    mark = '\u202e'"), (R, None, 105)),
    "an escape with its backslash doubled": (at(105, r"    mark = '\\u202e'"), (R, None, 105)),
    "a masked secret": (at(106, f"    key = '{'*' * 20}'"), (R, None, 106)),
    "a line that ends in CRLF": (at(107, "    crlf = 1"), (R, None, 107)),
    "a quote that ends in CRLF": (at(107, "    crlf = 1\r\n"), (R, None, 107)),
    "CRLF in two lines": (at(2, "one\r\nzwei\r\n", start=1, path="dos.txt"), (R, 1, 2)),
    "several lines": (at(13, "    value = sum(items)\n    log(value)\n    return value", start=11), (R, 11, 13)),
    "several lines for a single one": (at(12, "    value = sum(items)\n    log(value)"), (R, 11, 12)),
    "several removed lines": (at(12, "    value = 0\n    return value", L, start=11), (L, 11, 12)),
    "several lines with other indentation": (at(13, "log(value)\nreturn value", start=12), (R, 12, 13)),
    "removed lines that begin with context": (at(12, "def total(items):\n    value = 0", L), (L, None, 11)),
    "a range": (at(13, "    return value", start=11), (R, 11, 13)),
    "a range moves with its quote": (at(513, "    limit = 5", start=512), (R, 101, 102)),
    "a range ends in its quote": (at(14, "    log(value)", start=11), (R, 11, 12)),
    "a range that is quoted at its beginning": (at(14, "    log(value)", start=12), (R, None, 12)),
    "a range with the wrong side": (at(12, "    return value", R, start=11), (L, 11, 12)),
    "a range in old numbers for context": (at(101, "    # done", L, start=100), (R, None, 103)),
    "start after end": (at(12, "    log(value)", start=13), (R, None, 12)),
    "start far before": (at(12, "    log(value)", start=-HUGE), (R, None, 12)),
    "a range over two hunks": (at(102, "    limit = 5", start=90), (R, None, 102)),
    "a range from another hunk": (at(102, "    limit = 5", start=82), (R, None, 102)),
    "a deleted file": (at(2, "x = 1", L, path="gone.py"), (L, None, 2)),
    "a deleted file on the wrong side": (at(2, "x = 1", R, start=1, path="gone.py"), (L, 1, 2)),
    "a new file": (at(3, "a = 1", path="new.py"), (R, None, 3)),
    "the old name of a rename": (at(12, "    log(value)", path="shop/basket.py"), (R, None, 12)),
    "a long line that was cut": (at(108, f"    {LONG[:LEAST_CUT]}"), (R, None, 108)),
    "a long line that was cut with dots": (at(110, f"{LONG[:50]}..."), (R, None, 108)),
    "a long line that was cut with an ellipsis": (at(95, f"{LONG[:50]} …"), (R, None, 108)),
}


@pytest.mark.parametrize(("pointer", "place"), PROVEN.values(), ids=PROVEN)
def test_a_quote_proves_its_line(pointer: Pointer, place: Place) -> None:
    """Whatever else the model got wrong, the text that it quotes finds the line that was meant."""
    assert found(pointer) == place


REFUSED: dict[str, tuple[Pointer, Miss]] = {
    "another file": (at(12, "    log(value)", path="shop/other.py"), Miss.NO_FILE),
    "no path": (at(12, "    log(value)", path=""), Miss.NO_FILE),
    "only a folder": (at(12, "    log(value)", path="shop"), Miss.NO_FILE),
    "a path that climbs": (at(12, "    log(value)", path="../shop/cart.py"), Miss.NO_FILE),
    "an invented line": (at(12, "    log(values)"), Miss.NO_QUOTE),
    "a line of another file": (at(1, "a = 1"), Miss.NO_QUOTE),
    "no quote": (at(12, ""), Miss.NO_QUOTE),
    "a quote of white space": (at(109, " \n\t\n"), Miss.NO_QUOTE),
    "the secret itself": (at(106, f"    key = '{KEY}'"), Miss.NO_QUOTE),
    "a part of a line": (at(12, "log(val"), Miss.NO_QUOTE),
    "the end of a long line": (at(108, LONG[-60:]), Miss.NO_QUOTE),
    "less of a long line than tells it from others": (at(108, LONG[: LEAST_CUT - 1]), Miss.NO_QUOTE),
    "a cut line beyond reach": (at(108 + 16, LONG[:50]), Miss.NO_QUOTE),
    "lines of two sides as one quote": (at(11, "    return value\n    value = sum(items)"), Miss.NO_QUOTE),
    "lines of two hunks as one quote": (at(102, "    # done\nclass Cart:"), Miss.NO_QUOTE),
    "lines out of order": (at(12, "    log(value)\n    value = sum(items)"), Miss.NO_QUOTE),
    "several places, far from all": (at(60, "    # done"), Miss.AMBIGUOUS),
    "several places, no sensible hint": (at(-HUGE, "    # done"), Miss.AMBIGUOUS),
    "beyond reach by one": (at(30, "    # done"), Miss.AMBIGUOUS),
    "other white space in several places": (at(60, "# done"), Miss.AMBIGUOUS),
    "a range that holds one of two equal lines": (at(4, "a = 1", start=2, path="new.py"), Miss.AMBIGUOUS),
    "the number of a line on the other side": (at(50, "stop()", path="same.py"), Miss.AMBIGUOUS),
    "between two equal lines": (at(2, "a = 1", path="new.py"), Miss.AMBIGUOUS),
    "a range that holds two equal lines": (at(4, "a = 1", start=1, path="new.py"), Miss.AMBIGUOUS),
}


@pytest.mark.parametrize(("pointer", "miss"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_proven_has_no_line(pointer: Pointer, miss: Miss) -> None:
    """A quote that is nowhere, or in several places alike, is refused by name and never guessed at."""
    assert found(pointer) is miss


@pytest.mark.parametrize(
    "path",
    ["./shop/cart.py", "a/shop/cart.py", "b/shop/cart.py", "/shop/cart.py", " shop//cart.py\n", "b/./shop/cart.py"],
)
def test_a_path_is_forgiven_what_tools_put_before_it(path: str) -> None:
    """Prefixes of diffs, a leading slash and dots do not change what file is meant."""
    assert found(at(12, "    log(value)", path=path)) == (R, None, 12)


def test_a_path_is_taken_as_it_stands_first() -> None:
    """A folder that is called `a` is not taken for the prefix of a diff, nor a new name for an old one."""
    files = (edited("z.py", hunk(5, 5, "+three()"), old_path="x.py"), added("x.py", "one()"), added("a/x.py", "two()"))
    anchors = anchors_of(*files)
    assert [anchors.file(path) for path in ("x.py", "a/x.py", "b/a/x.py", "b/x.py", "z.py")] == [1, 2, 2, 1, 0]


FIVE = edited(
    "five.py", *(hunk(start, start, "+first()", "+    return None", "+last()") for start in range(10, 310, 60))
)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        *((start + 1 + off, (R, None, start + 1)) for start in range(10, 310, 60) for off in (-REACH, -1, 0, 1, REACH)),
        *((start, Miss.AMBIGUOUS) for start in (0 - REACH, 41, 100, 251 + REACH + 1, HUGE)),
    ],
)
def test_of_five_equal_lines_the_one_in_reach_is_meant(line: int, place: Place | Miss) -> None:
    """A line that stands five times is known by the only one within reach of the hint."""
    assert found(at(line, "    return None", path="five.py"), FIVE) == place


@pytest.mark.parametrize(("start", "place"), [(21, (R, 21, 60)), (20, (R, None, 60)), (1, (R, None, 60))])
def test_a_range_without_measure_is_its_last_line(start: int, place: Place) -> None:
    """A comment covers at most forty lines; of more only the quoted one is meant."""
    file = added("x.py", *(f"value = {number}" for number in range(1, 101)))
    assert found(at(60, "value = 60", start=start, path="x.py"), file) == place


@pytest.mark.parametrize("line", [12, 72, 132])
def test_equal_lines_are_told_apart_by_the_lines_before(line: int) -> None:
    """A quote of several lines proves the last of them by all of them."""
    rows = [f"+case {number}:\n" for number in range(3)]
    file = edited(
        "c.py", *(hunk(12 + 60 * at - 1, 12 + 60 * at - 1, row.strip(), "+    go()") for at, row in enumerate(rows))
    )
    assert found(at(HUGE, f"case {(line - 12) // 60}:\n    go()", path="c.py"), file) == (R, line - 1, line)


def test_indentation_stripped_at_the_hinted_line_is_no_guess() -> None:
    """Where number, side and text agree but for white space, equal lines elsewhere do not matter."""
    file = edited("main.go", hunk(1, 1, "+\treturn err", "+}", "+\t\treturn err", "+\treturn err"))
    assert found(at(3, "return err", path="main.go"), file) == (R, None, 3)
    assert found(at(2, "return err", path="main.go"), file) is Miss.AMBIGUOUS


def test_the_hinted_line_goes_before_an_exact_one_elsewhere() -> None:
    """A bracket without its indentation is the one at the hinted line; without such a line nobody can tell which."""
    file = edited("main.go", hunk(1, 1, "+func f() {", "+\tif x {", "+\t\tgo()", "+\t}", "+}", "-  old()", "+\told()"))
    assert found(at(4, "}", path="main.go"), file) == (R, None, 4)
    assert found(at(5, "}", path="main.go"), file) == (R, None, 5)
    assert found(at(6, "}", path="main.go"), file) is Miss.AMBIGUOUS
    assert found(at(1, "  old()", L, path="main.go"), file) == (L, None, 1)
    assert found(at(4, "\t\tgo()", path="main.go"), file) == (R, None, 3)


def test_indentation_that_was_quoted_goes_before_a_number() -> None:
    """Where the quote kept its white space, the only line that has it is meant, not another at the hinted number."""
    file = edited("main.go", hunk(1, 1, "+\tif x {", "+\t\tgo()", "+\t}", "+}"))
    assert found(at(4, "\t}", path="main.go"), file) == (R, None, 3)


def test_where_exact_lines_are_many_white_space_decides_nothing() -> None:
    """A quote that stands exactly in several places is not looked for again with other white space."""
    file = edited("x.py", hunk(1, 1, "+go()", "+  go()"), hunk(90, 92, "+go()"))
    assert found(at(500, "go()", path="x.py"), file) is Miss.AMBIGUOUS
    assert found(at(500, "  go()", path="x.py"), file) == (R, None, 2)


@pytest.mark.parametrize(
    ("side", "line", "place"), [(R, 1, (R, None, 1)), (L, 1, (L, None, 1)), (R, 2, Miss.AMBIGUOUS)]
)
def test_a_cut_line_is_known_by_side_and_number(side: Side, line: int, place: Place | Miss) -> None:
    """The old and the new version of a long line begin alike: only the hinted one is taken, another is refused."""
    file = edited("x.py", hunk(1, 1, f"-{LONG} or []", f"+{LONG} or None"))
    assert found(at(line, LONG[:60], side, path="x.py"), file) == place


def test_a_change_of_type_is_two_files_of_one_name() -> None:
    """Both halves of a change of type can be pointed at, each on its side, though no comment can stand there."""
    old = FileDiff("m", None, FileStatus.TYPE_CHANGED, FileKind.SYMLINK, hunks=(hunk(1, 1, "-target"),))
    new = FileDiff(None, "m", FileStatus.TYPE_CHANGED, hunks=(hunk(1, 1, "+text()"),))
    assert found(at(1, "target", L, path="m"), old, new) == (L, None, 1)
    assert found(at(1, "text()", path="m"), old, new) == (R, None, 1)
    assert not Diff((old, new)).carries(Location("m", R, 1))


def test_names_that_look_alike_when_shown_hide_no_file() -> None:
    """A file whose name is what another's invisible name is shown as can still be pointed at."""
    files = added("a\u202e.py", "one()"), added("a\\u202e.py", "two()")
    anchors = anchors_of(*files)
    for index, quote in enumerate(("one()", "two()")):
        anchor = anchors.anchor(at(1, quote, path="a\\u202e.py"))
        assert isinstance(anchor, Anchor)
        assert anchor.file == index


def test_a_file_whose_name_is_no_text_cannot_be_commented() -> None:
    """No request can name it: its findings have a line, and no comment stands there."""
    file = added("a\udcff.py", "one()")
    assert found(at(1, "one()", path="a\\xff.py"), file) == (Side.RIGHT, None, 1)
    assert not Diff((file,)).carries(Location(file.path, Side.RIGHT, 1))


def test_where_github_shows_no_diff_no_comment_can_stand() -> None:
    """A patch that was rebuilt has lines for findings, not for comments; one that was withheld has none at all."""
    rebuilt = replace(SHOP, origin=Origin.REBUILT)
    assert found(at(12, "    log(value)"), rebuilt) == (Side.RIGHT, None, 12)
    assert not Diff((rebuilt,)).carries(Location(rebuilt.path, Side.RIGHT, 12))
    assert found(at(12, "    log(value)"), replace(SHOP, origin=Origin.WITHHELD)) is Miss.NOT_COMMENTABLE


WHOLE: dict[str, tuple[Pointer, bool]] = {
    "a line": (at(12, "    log(value)"), True),
    "a line with a wrong number": (at(500, "    log(value)"), True),
    "a range that ends in its quote": (at(13, "    return value", start=11), True),
    "a range that is quoted in full": (at(512, "    value = sum(items)\n    log(value)", start=511), True),
    "a range that had to be moved": (at(14, "    limit = 5", start=13), False),
    "a range that is quoted amid": (at(14, "    log(value)", start=11), False),
    "a range over two hunks": (at(102, "    limit = 5", start=90), False),
    "start after end": (at(12, "    log(value)", start=13), False),
    "a longer quote than the range": (at(12, "    value = sum(items)\n    log(value)"), False),
    "a range without end": (at(12, "    log(value)", start=-HUGE), False),
    "a cut line": (at(108, f"    {LONG[:LEAST_CUT]}"), False),
    "a range whose numbers agree on both sides": (at(3, "two()", L, start=2, path="same.py"), False),
    "a range in the numbers of the other side": (at(101, "    # done", L, start=100), False),
}


@pytest.mark.parametrize(("pointer", "whole"), WHOLE.values(), ids=WHOLE)
def test_whole_is_a_place_without_anything_taken_on_trust(pointer: Pointer, whole: bool) -> None:
    """Only the very run of lines that the model stated may be replaced by what it suggests."""
    anchor = anchors_of(*FILES).anchor(pointer)
    assert isinstance(anchor, Anchor)
    assert anchor.whole is whole


@pytest.mark.parametrize("text", ['\tprint("a\\tb")', r"re.compile('\\d+\.\"')", "\\", '"\\\\server\\share"', r"\t"])
def test_a_quote_copied_out_of_the_json_finds_its_line(text: str) -> None:
    """Quotes with the escapes of the JSON that shows the part are read as the line that they were copied from."""
    file = added("x.py", "first()", text, "last()")
    diff = Diff((file,))
    part = part_of(Shown(diff), pack(diff, [0], Budget(RULES.of("claude-opus-4-6"))).chunks[0])
    (row,) = (row for row in part.splitlines() if row.strip().startswith('"') and " 2 +|" in row)
    spelled = row.strip().rstrip(",")[1:-1].partition("|")[2]
    assert json.loads(f'"{spelled}"') == text
    assert found(at(2, spelled, path="x.py"), file) == found(at(2, text, path="x.py"), file) == (R, None, 2)


@pytest.mark.parametrize("text", ["    }", "    same = call(same)"])
def test_many_claims_on_a_long_file_each_find_their_line(text: str) -> None:
    """Twenty thousand equal lines and five hundred claims: each stands on the line that it names, or is refused."""
    anchors = anchors_of(added("big.js", *[text] * 20_000))
    for line in range(1, 20_001, 40):
        anchor = anchors.anchor(at(line, text, path="big.js"))
        assert isinstance(anchor, Anchor)
        assert place_of(anchor.location) == (R, None, line)
        assert anchors.anchor(at(-line - 100, text.strip(), L, path="big.js")) is Miss.AMBIGUOUS


# Where a number proves nothing. `go()` stands in 1, 3, 60 and, indented, in 8; the long line in 5 and 70.
DOUBT = Trust(exact=False)
EQUALS = edited(
    "x.py",
    hunk(1, 1, "+go()", "+one()", "+go()", "+two()", f"+{LONG} or []", "+\tstop()", "+three()", "+\tgo()", "+last()"),
    hunk(51, 60, "+go()", "+four()", "+stop()"),
    hunk(51, 70, f"+{LONG} or None", "-five()", "+five()"),
    hunk(61, 80, "-go()"),
)
DOUBTED: dict[str, tuple[Pointer, Place | Miss]] = {
    "a line that stands once": (at(500, "one()"), (R, None, 2)),
    "a line that stands once, on the other side": (at(500, "five()", L), (L, None, 51)),
    "equal lines, one of them at the number": (at(3, "go()"), Miss.AMBIGUOUS),
    "equal lines, one of them within reach": (at(60 + REACH, "go()"), (R, None, 60)),
    "equal lines, none within reach": (at(90, "go()"), Miss.AMBIGUOUS),
    "equal lines on two sides, the stated one": (at(61, "go()", L), (L, None, 61)),
    "other white space, within reach of others": (at(8, "go()"), Miss.AMBIGUOUS),
    "the indentation that was quoted": (at(1, "\tgo()"), (R, None, 8)),
    "another indentation than any": (at(8, "  go()"), Miss.AMBIGUOUS),
    "indentation that was quoted, far off": (at(60, "\tstop()"), (R, None, 6)),
    "the lines before tell them apart": (at(1, "one()\ngo()"), (R, 2, 3)),
    "a cut line, alone within reach": (at(8, LONG[:50]), (R, None, 5)),
    "a cut line, within reach of both": (at(70, LONG[:50]), (R, None, 70)),
    "a range keeps its length": (at(13, "one()", start=12), (R, 1, 2)),
}


@pytest.mark.parametrize(("pointer", "place"), DOUBTED.values(), ids=DOUBTED)
def test_where_numbers_are_wrong_they_prove_nothing(pointer: Pointer, place: Place | Miss) -> None:
    """The line at a number that is not trusted is none but for its text, which has to stand once within reach."""
    assert found(replace(pointer, path="x.py"), EQUALS, trust=DOUBT) == place


def test_where_numbers_are_far_off_reach_is_wider() -> None:
    """What one number is off by, another may be, too: then more equal lines come into question."""
    assert found(at(70, "go()", path="x.py"), EQUALS, trust=Trust(exact=False, reach=61)) == (R, None, 60)
    assert found(at(70, "go()", path="x.py"), EQUALS, trust=Trust(exact=False, reach=62)) is Miss.AMBIGUOUS
    assert found(at(70, "go()", path="x.py"), EQUALS, trust=Trust(exact=False, reach=HUGE)) is Miss.AMBIGUOUS


@pytest.mark.parametrize(("line", "place"), [(5, (R, None, 1)), (7, (R, None, 3)), (6, Miss.AMBIGUOUS)])
def test_numbers_that_are_all_off_alike_are_corrected(line: int, place: Place | Miss) -> None:
    """Where all of a file's numbers are off by the same, the corrected number tells equal lines apart."""
    assert found(at(line, "go()", path="x.py"), EQUALS, trust=Trust(exact=False, offsets={0: 4})) == place


PATCHES = sorted(SHARED.glob("data/prs/*/diff.patch"))


@pytest.mark.skipif(not PATCHES, reason="the shared patches are not beside this checkout")
@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.parent.name[:20])
def test_every_line_of_real_changes_is_found(patch: Path) -> None:
    """A right number with the line's text, as it stands, without its indentation or as JSON, finds just that line."""
    diff = parse(patch.read_bytes())
    shown = Shown(diff)
    anchors = Anchors(shown)
    for index, file in enumerate(diff.files):
        for number in range(len(file.hunks)):
            for line, text in zip(file.hunks[number].lines, shown.lines(index, number), strict=True):
                for quote in (text, text.strip(), json.dumps(text, ensure_ascii=False)[1:-1]):
                    anchor = anchors.anchor(Pointer(shown.path(index), line.side, line.number, line.number, quote))
                    place = Location(file.path, line.side, line.number)
                    assert anchor == (Anchor(index, place, whole=True) if text.strip() else Miss.NO_QUOTE)


NUMBERS = st.one_of(st.integers(-3, 30), st.integers(-HUGE, HUGE))
SIDES = st.sampled_from(Side)


def lines_shown(shown: Shown) -> list[tuple[int, str]]:
    hunks = [(index, at) for index, file in enumerate(shown.diff.files) for at in range(len(file.hunks))]
    return [(index, text) for index, at in hunks for text in shown.lines(index, at)]


@given(diffs, st.data())
def test_any_pointer_gives_its_line_or_none(diff: Diff, data: st.DataObject) -> None:
    """Whatever the model says, GitHub takes the place, and its line reads as the quote but for white space."""
    shown = Shown(diff)
    known = lines_shown(shown)
    texts = st.sampled_from([text for _, text in known]) if known else st.just("x")
    quotes = st.one_of(texts, st.lists(texts, max_size=3).map("\n".join), st.text(max_size=8))
    paths = st.sampled_from([shown.path(index) for index in range(len(diff.files))] or ["x"])
    pointer = data.draw(st.builds(Pointer, st.one_of(paths, st.text(max_size=4)), SIDES, NUMBERS, NUMBERS, quotes))
    trust = data.draw(st.builds(Trust, st.booleans(), st.integers(REACH, HUGE), st.just({0: 3})))
    anchor = Anchors(shown).anchor(pointer, trust)
    if isinstance(anchor, Miss):
        return
    place, file = anchor.location, diff.files[anchor.file]
    assert place.path == file.path
    assert diff.carries(place) or file.status is FileStatus.TYPE_CHANGED or not file.commentable
    rows = dict(
        row
        for at in range(len(file.hunks))
        for row in zip(file.hunks[at].lines, shown.lines(anchor.file, at), strict=True)
    )
    (text,) = (text for line, text in rows.items() if (line.side, line.number) == (place.side, place.line))
    assert "".join(text.split()) in {"".join(lines[-1].split()) for lines in readings(pointer.quote)}


@given(
    diffs, SIDES, st.integers(-1_000, 1_000), st.integers(-50, 50), st.sampled_from(["", " ", "\t  ", "\n"]), st.data()
)
def test_a_line_that_stands_once_is_always_found(  # noqa: PLR0913, PLR0917 - all that a model can get wrong
    diff: Diff, side: Side, off: int, length: int, blank: str, data: st.DataObject
) -> None:
    """A changed line whose text is unique in its file is found, whatever the hint, the side and the space around."""
    shown = Shown(diff)
    index = data.draw(st.sampled_from(range(len(diff.files)))) if diff.files else None
    assume(index is not None)
    assert index is not None
    assume(diff.files[index].commentable)
    namesakes = {at for at, file in enumerate(diff.files) if shown.path(index) in {file.path, shown.path(at)}}
    often = Counter(" ".join(text.split()) for at, text in lines_shown(shown) if at in namesakes)
    file = diff.files[index]
    for at_hunk, part in enumerate(file.hunks):
        for line, text in zip(part.lines, shown.lines(index, at_hunk), strict=True):
            if line.changed and text.strip() and often[" ".join(text.split())] == 1:
                number = line.number + off
                pointer = Pointer(shown.path(index), side, number - length, number, blank + text + blank)
                anchor = Anchors(shown).anchor(pointer, data.draw(st.sampled_from([EXACT, DOUBT])))
                assert isinstance(anchor, Anchor)
                assert (anchor.file, anchor.location.side, anchor.location.line) == (index, line.side, line.number)
