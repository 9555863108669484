"""What stands on a pull request beside the summary: an inline comment for a finding, and the line above them all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.core.marker import run_mark
from bot.core.models import Finding
from bot.core.rendering.words import MARKS, count
from bot.core.sanitize import fenced, phrase, prose
from bot.core.suggestions import suggested_lines
from bot.core.visible import printable

MOST_CHARACTERS = 65_000
"""GitHub takes 65,536 characters for a body; some are kept for what is added later."""

_CUT = "\n\n_The rest of this comment was too long for GitHub._"
_CLOSED = "\n\n</details>"
_FENCE = re.compile(r"(`{3,})[^`]*")


def inline_comment(finding: Finding) -> str:
    """One finding as the comment on its line: what goes wrong, how, when, and what would mend it."""
    return cut("\n".join(finding_lines(finding)).rstrip("\n") + "\n", MOST_CHARACTERS)


def finding_lines(finding: Finding, *, on_its_line: bool = True) -> Iterator[str]:
    """The finding as Markdown lines, without its place. Only a comment on its line can offer a suggestion to apply."""
    yield f"{MARKS[finding.severity]} **{finding.severity} · {phrase(finding.title)}**"
    yield ""
    if finding.body:
        yield from (prose(finding.body), "")
    if finding.scenario:
        yield from (f"**When** {prose(finding.scenario)}.", "")
    if finding.suggestion is not None:
        yield from _suggestion(finding.suggestion, finding.applies, on_its_line)
    if finding.source != "model":
        yield from (f"<sub>{finding.source}: {finding.rule}</sub>", "")


def _suggestion(suggestion: str, applies: bool, on_its_line: bool) -> Iterator[str]:
    lines = suggested_lines(suggestion)
    if applies and on_its_line:
        yield from (*fenced(lines, "suggestion"), "")
    elif suggestion.strip():
        words = "Replace with:" if applies else "A possible fix:"
        yield from (words, "", *fenced([printable(line) for line in lines]), "")


def review_body(comments: int, head: str, run: str) -> str:
    """The body of the review that carries the comments: one line, and the hidden name of the run."""
    return f"{count(comments, 'comment')} on `{head[:7]}`; what was read stands in the summary.\n{run_mark(run)}"


def cut(body: str, longest: int) -> str:
    """The body, cut where it is too long behind a paragraph, a row or an item, with a note.

    A line is kept whole or not at all, so no code span ends early and sets free what stands in it.
    """
    if len(body) <= longest:
        return body
    end, folded = _last_cut(body, longest - len(_CUT) - len(_CLOSED))
    return body[:end] + (_CLOSED if folded else "") + _CUT


def _last_cut(body: str, room: int) -> tuple[int, bool]:
    """The last place to cut at, outside of code blocks, and whether it lies between the tags of folded details."""
    place, folded, size, inside, fence = 0, False, 0, False, ""
    for line, following in pairwise([*body.split("\n"), ""]):
        size += len(line) + 1
        if size > room:
            break
        if fence:
            fence = "" if line == fence else fence
        elif opening := _FENCE.fullmatch(line):
            fence = opening[1]
        elif line.startswith(("<details>", "</details>")):
            inside = line.startswith("<details>")
        if not fence and (not following or line.startswith(("| ", "- "))):
            place, folded = size - 1, inside
    return place, folded
