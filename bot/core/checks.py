"""Checks that need no parser and no whole file: what nobody wants merged, in any language.

Each looks at one line of code and fires only where the line is nothing else: a `debugger` in a string or a comment is
not a statement. Characters that nobody sees are looked for in any text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.core import path_rules
from bot.core.analysis import Hit
from bot.core.diff import FileDiff, FileStatus, Line, LineKind
from bot.core.hidden_text import hidden_in, named

SOURCE = "checks"

_JS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")
_PY = (".py", ".pyi")
_RUBY = (".rb", ".rake")


@dataclass(frozen=True, slots=True)
class _LineCheck:
    rule: str
    suffixes: tuple[str, ...]
    pattern: re.Pattern[str]
    tests_only: bool = False


def _check(rule: str, suffixes: tuple[str, ...], pattern: str, *, tests_only: bool = False) -> _LineCheck:
    return _LineCheck(rule, suffixes, re.compile(pattern), tests_only)


_LINE_CHECKS = (
    _check("debugger", _JS, r"^\s*debugger\s*;?\s*(?://.*)?$"),
    _check(
        "debugger",
        _PY,
        r"^\s*(?:import i?pdb\s*;\s*)?"
        r"(?:breakpoint\(\)|(?:i?pdb|pudb|wdb|debugpy)\.(?:set_trace|breakpoint)\(.*\))\s*(?:#.*)?$",
    ),
    _check("debugger", _RUBY, r"^\s*(?:binding\.(?:pry|irb|break)|byebug|debugger)\s*(?:#.*)?$"),
    _check("debugger", (".php",), r"^\s*(?:xdebug_break\(\)|dd\(.*\)|var_dump\(.*\))\s*;\s*(?://.*)?$"),
    _check("debugger", (".rs",), r"^\s*dbg!\(.*\)\s*;\s*(?://.*)?$"),
    _check("debugger", (".ex", ".exs"), r"^\s*(?:IEx\.pry\(?\)?|require IEx; IEx\.pry.*)\s*$"),
    _check(
        "focused-test",
        _JS,
        r"^\s*(?:(?:it|test|describe|context|suite|bench)\.only|fit|fdescribe|fcontext)\s*[(.`]",
        tests_only=True,
    ),
    _check(
        "focused-test",
        _RUBY,
        r"^\s*(?:fit|fdescribe|fcontext|fspecify)\s+['\"]|,\s*(?::focus|focus: true)\b",
        tests_only=True,
    ),
    _check("focused-test", (".go",), r"^\s*(?:FIt|FDescribe|FContext|FWhen|FSpecify)\(", tests_only=True),
    _check(
        "skipped-test",
        _JS,
        r"^\s*(?:(?:it|test|describe|context|suite)\.skip|xit|xdescribe|xtest)\s*[(.`]",
        tests_only=True,
    ),
    _check("skipped-test", _PY, r"^\s*@(?:pytest\.mark\.skip|unittest\.skip)(?:\(.*\))?\s*(?:#.*)?$"),
    _check("skipped-test", _RUBY, r"^\s*(?:xit|xdescribe|xcontext)\s+['\"]", tests_only=True),
    _check("skipped-test", (".go",), r"^\s*t\.Skip(?:Now|f)?\(", tests_only=True),
    _check(
        "skipped-test",
        (".java", ".kt", ".scala"),
        r"^\s*@(?:Disabled|Ignore)\b(?:\(.*\))?\s*(?://.*)?$",
        tests_only=True,
    ),
    _check("skipped-test", (".rs",), r"^\s*#\[ignore(?:\s*=.*)?\]\s*$"),
)
_BY_SUFFIX: dict[str, tuple[_LineCheck, ...]] = {
    suffix: tuple(check for check in _LINE_CHECKS if suffix in check.suffixes)
    for suffix in {suffix for check in _LINE_CHECKS for suffix in check.suffixes}
}

_CONFLICT = re.compile(r"(<{7}|\|{7}|>{7})(?: |$)|(={7})$")
_LEFTOVER = re.compile(r"\.(?:orig|rej)\Z|_(?:BACKUP|BASE|LOCAL|REMOTE)_\d+\.\w+\Z")


def check_file(file: FileDiff) -> tuple[list[Hit], list[Hit]]:
    """What the checks find on the added lines of a file, and on the removed ones (to tell what is news)."""
    added = [line for line in file.changed_lines if line.kind is LineKind.ADDED]
    removed = [line for line in file.changed_lines if line.kind is LineKind.REMOVED]
    return [*_leftover(file, added), *_found(file.path, added)], list(_found(file.old_path or file.path, removed))


def _found(path: str, lines: Sequence[Line]) -> Iterator[Hit]:
    yield from _conflicts(lines)
    yield from _hidden(lines)
    checks = _BY_SUFFIX.get(posixpath.splitext(path)[1].lower(), ())
    in_tests = path_rules.is_test(path)
    for line in lines:
        for check in checks:
            if (in_tests or not check.tests_only) and check.pattern.search(line.text):
                yield Hit(SOURCE, check.rule, line.number, line.number, line.text.strip())
                break


def _conflicts(lines: Sequence[Line]) -> Iterator[Hit]:
    """One hit for each block of conflict markers; a lone `=======` underlines a title, and one kind proves nothing."""
    marks = [(line, (match[1] or match[2])[0]) for line in lines if (match := _CONFLICT.match(line.text.rstrip("\r")))]
    if len({mark for _, mark in marks}) == 1:
        return
    for line, mark in marks:
        if mark == "<":
            ends = (later.number for later, kind in marks if kind == ">" and later.number > line.number)
            yield Hit(SOURCE, "conflict-marker", line.number, next(ends, line.number), line.text.strip())


def _hidden(lines: Sequence[Line]) -> Iterator[Hit]:
    """Characters that nobody sees; one hit for lines of one kind that follow each other."""
    found = [(line.number, *kind) for line in lines if (kind := _hidden_kind(line))]
    neighbours = groupby(enumerate(found), lambda each: (each[1][0] - each[0], each[1][1]))
    for (_, rule), group in neighbours:
        numbers, _, characters = zip(*(each for _, each in group), strict=True)
        yield Hit(SOURCE, rule, numbers[0], numbers[-1], named("".join(characters)))


def _hidden_kind(line: Line) -> tuple[str, str] | None:
    """The rule for what is hidden in a line, and the characters themselves."""
    # A byte order mark at the beginning of a file says how it is encoded.
    hidden = hidden_in(line.text.removeprefix("\ufeff") if line.number == 1 else line.text)
    if hidden.reordering:
        return "bidi-control", hidden.reordering
    return ("hidden-text", hidden.others) if hidden.others else None


def _leftover(file: FileDiff, added: Sequence[Line]) -> Iterator[Hit]:
    if file.status is FileStatus.ADDED and added and _LEFTOVER.search(file.path):
        yield Hit(SOURCE, "merge-leftover", added[0].number, added[0].number, posixpath.basename(file.path))
