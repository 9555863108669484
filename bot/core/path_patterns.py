"""Whether a text is a gitignore pattern that does what its writer means."""

from __future__ import annotations

import re

from pathspec import GitIgnoreSpec

from bot.core.visible import printable

# Python warns of these within brackets, as it may read them otherwise one day, and knows no POSIX classes.
_ODD_BRACKETS = re.compile(r"\[[!^]?\]?[^\]]*?(?:\[|--|&&|~~|\|\|)")
_BRACES = re.compile(r"\{[^{}]*,[^{}]*\}")


def pattern_fault(pattern: str) -> str:
    """Why a text is no pattern that matches what its writer means, and what to write; '' for a good one."""
    bare = pattern.removeprefix("!")
    if not bare.strip() or pattern.startswith("#") or bare != printable(bare):
        return "it is no path pattern; write one such as 'docs/' or '*.md'"
    # https://git-scm.com/docs/gitignore#_pattern_format knows neither braces nor a folder that is meant by dots.
    if _BRACES.search(bare):
        return "braces are not expanded in gitignore patterns; write one pattern for each"
    if bare.startswith(("./", "../")):
        return "paths begin at the top of the repository; leave out what stands before the first name"
    if {".", ".."} & set(bare.split("/")):
        return "no path holds a `.` or `..` alone; write it as git names it, from the top of the repository"
    if _ODD_BRACKETS.search(bare):
        return "brackets hold single characters and ranges such as [a-z] only; write it without"
    return _unreadable(pattern)


def _unreadable(pattern: str) -> str:
    try:
        spec = GitIgnoreSpec.from_lines([pattern])
    except (ValueError, re.error):
        # A range such as [z-a] comes as the error of Python's regular expressions.
        return "it cannot be read as a gitignore pattern; write one such as 'docs/' or '*.md'"
    return "" if any(each.include is not None for each in spec.patterns) else "it matches nothing; correct it"
