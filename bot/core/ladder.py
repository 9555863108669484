"""Where each finding is said: on its lines, on its file, or in the summary. Never nowhere, never on a guess."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.diff import Diff, is_utf8
from bot.core.known import Known
from bot.core.models import Severity

MOST_ON_FILES = 3
"""How many comments on whole files one review may post: each is a request of its own."""


@dataclass(frozen=True, slots=True)
class Rungs:
    """The findings that get a comment of their own; all others stand in the summary in full."""

    inline: tuple[Known, ...]
    on_files: tuple[Known, ...]


def rungs(known: Iterable[Known], diff: Diff, *, most: int, most_on_files: int = MOST_ON_FILES) -> Rungs:
    """Sort new findings, the worst first, on the rungs of the ladder: at most `most` comments in all.

    Every comment is checked against the lines of the diff that GitHub lets a comment stand on. What is critical or high
    and has no such line gets a comment on its file; what is beyond `most` does not.
    """
    inline: list[Known] = []
    on_files: list[Known] = []
    listed = {file.path for file in diff.files if is_utf8(file.path)}
    for each in sorted(known, key=lambda each: each.finding.order):
        if len(inline) + len(on_files) >= most:
            break
        if each.placed and diff.carries(each.finding.location):
            inline.append(each)
        elif _is_grave(each) and each.finding.location.path in listed and len(on_files) < most_on_files:
            on_files.append(each)
    return Rungs(tuple(inline), tuple(on_files))


def _is_grave(known: Known) -> bool:
    return known.finding.severity.reaches(Severity.HIGH)


def part_of_run(run: str, names: Iterable[str]) -> str:
    """The name of a part of a run, by the findings in it: the same whoever posts it."""
    return hashlib.sha256("\0".join([run, *names]).encode()).hexdigest()[:12]
