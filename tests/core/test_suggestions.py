"""Suggestions: a block is offered only where applying it does what it says and breaks nothing around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.rendering.comments import inline_comment
from bot.core.suggestions import Fault, fault_of, suggested_lines
from bot.core.visible import Shown, printable
from tests.core.changes import added, deleted, edited, hunk
from tests.core.known_findings import known
from tests.core.strategies import diffs

SECRET = "AKIA" + "QWERTYUIOPASDFGH"
CODE = edited(
    "cart.py",
    hunk(
        10,
        10,
        " def total(items):",  # 10
        "-    value = 0",
        "+    value = sum(items)",  # 11
        "+    log(value)",  # 12
        "+    return value",  # 13
        " ",  # 14
        " def other(",  # 15
        "     one,",  # 16
        " ):",  # 17
        "+    if one:",  # 18
        "+        stop()",  # 19
        "+    }",  # 20
    ),
    hunk(
        90,
        96,
        "+\tnew(way)",  # 96
        f"+\tkey = '{SECRET}'",  # 97
        "+\tmark = '\u202e'",  # 98
        "+\tcrlf()\r",  # 99
        f"-\told_key = '{SECRET}'",
        "+\t/**** banner ****/",  # 100
        "+\tlast()",  # 101
    ),
)
MASK = "*" * len(SECRET)


def fault(
    suggestion: str, line: int, start: int | None = None, file: FileDiff = CODE, side: Side = Side.RIGHT
) -> Fault | None:
    return fault_of(Shown(Diff((file,))), 0, Location(file.path, side, line, start), suggestion)


OFFERED: dict[str, tuple[str, int, int | None]] = {
    "one line for one": ("    log(value + 1)", 12, None),
    "a line break at the end": ("    log(value + 1)\n", 12, None),
    "line breaks of Windows in the answer": ("    log(value + 1)\r\n    flush()\r\n", 12, None),
    "several lines for one": ("    if value:\n        log(value)", 12, None),
    "one line for several": ("    return sum(items)", 13, 11),
    "the first of several lines kept": ("    value = sum(items)\n    log(1)", 12, 11),
    "a line without indentation": ("def total(items, start):", 10, None),
    "a block between unchanged ones": ("    one: int,", 16, None),
    "brackets over several lines": ("    value = sum(\n        items\n    )", 11, None),
    "a blank line within": ("    log(value)\n\n    flush()", 12, None),
    "tabs among tabs": ("\tnewer(way)", 96, None),
    "asterisks that were there": ("\t/**** another banner ****/", 100, None),
    "pointers of pointers": ("\tchar **words = last(**options)", 101, None),
    "a closing bracket as below": ("        stop(1)", 19, None),
    "a line that stands elsewhere in the hunk": ("    value = sum(items)\n    return value, value", 13, None),
    "an escape of its own": ("\tlast('\\x00')", 101, None),
}


@pytest.mark.parametrize(("suggestion", "line", "start"), OFFERED.values(), ids=OFFERED)
def test_what_replaces_exactly_its_lines_is_offered(suggestion: str, line: int, start: int | None) -> None:
    """A suggestion that changes the commented lines and nothing else is a block."""
    assert fault(suggestion, line, start) is None


FAULTS: dict[str, tuple[str, int, int | None, Fault]] = {
    "the old side": ("    x()", 11, None, Fault.NOT_ON_THE_RIGHT),
    "a line that is not in the diff": ("    x()", 50, None, Fault.NOT_ON_THE_RIGHT),
    "a line without number": ("    x()", 0, None, Fault.NOT_ON_THE_RIGHT),
    "lines of two hunks": ("    x()", 96, 20, Fault.NOT_ON_THE_RIGHT),
    "start after end": ("    x()", 11, 13, Fault.NOT_ON_THE_RIGHT),
    "no text": ("", 12, None, Fault.EMPTY),
    "nothing but line breaks": ("\n\n", 12, None, Fault.EMPTY),
    "nothing but white space": ("    ", 12, None, Fault.EMPTY),
    "the same line": ("    log(value)", 12, None, Fault.CHANGES_NOTHING),
    "the same line with space behind": ("    log(value)  \n", 12, None, Fault.CHANGES_NOTHING),
    "the same lines": ("    value = sum(items)\n    log(value)", 12, 11, Fault.CHANGES_NOTHING),
    "no indentation": ("log(value + 1)", 12, None, Fault.INDENTATION),
    "less indentation": ("  log(value + 1)", 12, None, Fault.INDENTATION),
    "more indentation": ("        log(value + 1)", 12, None, Fault.INDENTATION),
    "more indentation in the first line alone": ("        deeper()\n    log(1)", 12, None, Fault.INDENTATION),
    "a tab for spaces": ("\tlog(value + 1)", 12, None, Fault.INDENTATION),
    "spaces for a tab": ("    newer(way)", 96, None, Fault.INDENTATION),
    "a tab in a later line": ("    if value:\n\t\tlog(value)", 12, None, Fault.INDENTATION),
    "a later line that leaves the block": ("    log(1)\nreset()", 12, None, Fault.INDENTATION),
    "a tab where only spaces are used": ("def total(items):\n\tcheck(items)", 10, None, Fault.INDENTATION),
    "the line below": ("    log(value + 1)\n    return value", 12, None, Fault.REPEATS_NEIGHBOUR),
    "the line above": ("    value = sum(items)\n    log(value + 1)", 12, None, Fault.REPEATS_NEIGHBOUR),
    "two lines above, one of them outside": (
        "def total(items):\n    value = sum(items)\n    log(1)",
        12,
        None,
        Fault.INDENTATION,
    ),
    "the line above of several": ("    value = sum(items)\n    return 1", 13, 12, Fault.REPEATS_NEIGHBOUR),
    "a neighbour with other space": ("    log(1)\n    return value  ", 12, None, Fault.REPEATS_NEIGHBOUR),
    "only the neighbour": ("    return value", 12, None, Fault.REPEATS_NEIGHBOUR),
    "a bracket from below": ("        stop(1)\n        }", 19, None, Fault.UNBALANCED),
    "a bracket left open": ("    log(value", 12, None, Fault.UNBALANCED),
    "an asterisk for a secret": (f"\tkey = '{MASK}' or None", 97, None, Fault.NOT_AS_SHOWN),
    "a line that was masked": ("\tkey = read()", 97, None, Fault.NOT_AS_SHOWN),
    "a secret copied from another line": (f"\tlast('{MASK}')", 101, None, Fault.NOT_AS_SHOWN),
    "a secret copied with fewer asterisks": ("\tlast('*****')", 101, None, Fault.NOT_AS_SHOWN),
    "a secret of the model's own": (f"\tlast('{SECRET}')", 101, None, Fault.NOT_AS_SHOWN),
    "a line that was escaped": ("\tmark = ''", 98, None, Fault.NOT_AS_SHOWN),
    "an escape copied from another line": ("\tlast('\\u202e')", 101, None, Fault.NOT_AS_SHOWN),
    "an invisible character": ("\tlast('\u202e')", 101, None, Fault.NOT_AS_SHOWN),
    "a carriage return within": ("\tlast(\r)", 101, None, Fault.NOT_AS_SHOWN),
    "a lone carriage return at an end": ("\tlast(1)\r", 101, None, Fault.NOT_AS_SHOWN),
    "a line separator": ("\tlast('\u2028')", 101, None, Fault.NOT_AS_SHOWN),
    "a line that ends in CRLF": ("\tcrlf(1)", 99, None, Fault.LINE_ENDINGS),
    "some lines that end in CRLF": ("\tcrlf(1)", 100, 99, Fault.LINE_ENDINGS),
    "too many lines": ("    log(value)\n" * 61, 12, None, Fault.TOO_LONG),
}


@pytest.mark.parametrize(("suggestion", "line", "start", "expected"), FAULTS.values(), ids=FAULTS)
def test_what_would_do_something_else_is_refused(
    suggestion: str, line: int, start: int | None, expected: Fault
) -> None:
    """Each way in which one click would do harm is known by its name."""
    side = Side.LEFT if (line, expected) == (11, Fault.NOT_ON_THE_RIGHT) and start is None else Side.RIGHT
    assert fault(suggestion, line, start, side=side) is expected


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("above", [True, False])
def test_any_number_of_repeated_neighbours_is_seen(count: int, above: bool) -> None:
    """However many lines a suggestion brings along from above or below, it would double them."""
    file = added("x.py", *(f"step_{number}()" for number in range(1, 31)))
    beside = [f"step_{number}()" for number in (range(15 - count, 15) if above else range(16, 16 + count))]
    lines = [*beside, "changed()"] if above else ["changed()", *beside]
    assert fault("\n".join(lines), 15, file=file) is Fault.REPEATS_NEIGHBOUR
    assert fault("changed()", 15, file=file) is None


def test_a_line_that_stood_twice_may_stay() -> None:
    """What a suggestion keeps of the lines that it replaces is no repetition of an equal line beside them."""
    file = added("x.py", "go()", "go()", "wait()", "stop()", "stop()")
    assert fault("go()\nrun()", 3, 2, file) is None
    assert fault("run()\nstop()", 4, 3, file) is None
    assert fault("go()\nrun()", 3, None, file) is Fault.REPEATS_NEIGHBOUR


def test_the_last_line_without_its_newline_is_left_alone() -> None:
    """Nobody can tell whether a block would add the missing newline."""
    part = hunk(1, 1, " one()", "+two()")
    bare = replace(part, lines=(part.lines[0], replace(part.lines[1], ends=False)))
    assert fault("three()", 2, file=edited("x.py", part)) is None
    assert fault("three()", 2, file=edited("x.py", bare)) is Fault.LINE_ENDINGS
    assert fault("three()", 1, file=edited("x.py", bare)) is None


def test_a_deleted_file_has_nothing_to_replace() -> None:
    """Removed lines are no lines of the head."""
    gone = deleted("x.py", "one()")
    assert fault("two()", 1, file=gone) is fault("two()", 1, file=gone, side=Side.LEFT) is Fault.NOT_ON_THE_RIGHT


@pytest.mark.parametrize(
    ("suggestion", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb", ["a", "b"]),
        ("\na", ["", "a"]),
        ("\n", []),
    ],
)
def test_the_lines_of_a_suggestion(suggestion: str, lines: list[str]) -> None:
    """One line break at the end ends the last line; any other is a line."""
    assert suggested_lines(suggestion) == lines


def applied(head: Sequence[str], first: int, last: int, suggestion: str) -> list[str]:
    """The head, its lines counted from 1, as it is after a click on the block in the comment, line for line."""
    place = Location("x", Side.RIGHT, last, first if first < last else None)
    finding = Finding(place, Severity.LOW, Category.DATA, "t", "", "", "model", "data", "", suggestion, applies=True)
    match = re.search(r"^(`{3,})suggestion\n(.*?)^\1$", inline_comment(known(finding)), re.MULTILINE | re.DOTALL)
    assert match is not None
    return [*head[: first - 1], *match[2].split("\n")[:-1], *head[last:]]


@given(diffs, st.data())
def test_an_accepted_block_changes_its_lines_and_no_other(diff: Diff, data: st.DataObject) -> None:
    """An accepted suggestion gives the head with the commented lines replaced by it, to the character."""
    runs = [
        (index, at, number)
        for index, file in enumerate(diff.files)
        for at, part in enumerate(file.hunks)
        for number in range(part.new_count)
    ]
    assume(runs)
    index, at, number = data.draw(st.sampled_from(runs))
    rows = [line for line in diff.files[index].hunks[at].lines if line.new is not None]
    first, last = number, data.draw(st.integers(number, len(rows) - 1))
    texts = st.one_of(st.sampled_from([line.text for line in rows]), st.sampled_from(["x", "y = 1", "```", "", " x"]))
    suggestion = "\n".join(data.draw(st.lists(texts, min_size=1, max_size=4)))
    start, end = rows[first].number, rows[last].number
    location = Location(diff.files[index].path, Side.RIGHT, end, start if start < end else None)
    if fault_of(Shown(diff), index, location, suggestion) is not None:
        return
    head = [line.text for line in rows]
    result = applied(head, first + 1, last + 1, suggestion)
    assert (
        result
        == head[:first]
        + suggestion.replace("\r\n", "\n").split("\n")[: len(suggested_lines(suggestion))]
        + head[last + 1 :]
    )
    assert result != head
    assert all(line == printable(line) for line in suggested_lines(suggestion))
    assert all(line.ends and not line.text.endswith("\r") for line in rows[first : last + 1])


STATEMENTS = ["a = one(1)", "b = [2]", "two()", "three(a, b)", "del a", "pass"]
OFFERS = st.lists(
    st.one_of(
        st.sampled_from([f"    {text}" for text in STATEMENTS]),
        st.sampled_from(["    new()", "    new(", "        1", "    )", "outside()", "    }", "    'text'", ""]),
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=8), OFFERS, st.data())
@settings(max_examples=400)
def test_around_an_accepted_block_the_code_says_the_same(
    statements: list[str], offers: list[str], data: st.DataObject
) -> None:
    """Where the lines offered are code of their own, the statements beside them are the same after the click."""
    head = ["def run():", *(f"    {text}" for text in statements), "end()"]
    first = data.draw(st.integers(2, len(statements) + 1))
    last = data.draw(st.integers(first, len(statements) + 1))
    place = Location("x.py", Side.RIGHT, last, first if first < last else None)
    if fault_of(Shown(Diff((added("x.py", *head),))), 0, place, "\n".join(offers)) is not None:
        return
    try:
        offered = bodies(["def run():", *offers])
    except SyntaxError:
        # What the model wrote is wrong in itself, not by where it stands.
        return
    before, after = bodies(head), bodies(applied(head, first, last, "\n".join(offers)))
    assert after == [before[0][: first - 2] + offered[0] + before[0][last - 1 :], *before[1:]]
    assert offered[1:] == []


def bodies(lines: Sequence[str]) -> list[list[str]]:
    """The statements of the function, then those behind it, each written out."""
    function, *others = ast.parse("\n".join(lines)).body
    assert isinstance(function, ast.FunctionDef)
    return [[ast.dump(each) for each in function.body], *([ast.dump(each)] for each in others)]
