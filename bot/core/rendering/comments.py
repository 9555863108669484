"""What stands on a pull request beside the summary: comments on findings, what becomes of them, and the line above.

Each comment on a finding ends with a hidden mark, by which the finding is known again (`core.marker`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from bot.core.known import Known
from bot.core.links import Home
from bot.core.marker import described, finding_mark, run_mark
from bot.core.models import Finding, Side
from bot.core.overview import Overview
from bot.core.rendering.words import MARKS, count, short, when
from bot.core.sanitize import code, fenced, phrase, prose
from bot.core.suggestions import suggested_lines
from bot.core.visible import printable

WITHDRAWN = "What stood here was removed."
"""What is left of a review whose comments were taken away: GitHub deletes no review that was submitted."""

MOST_CHARACTERS = 65_000
"""GitHub takes 65,536 characters for a body; some are kept for what is added later."""

_CUT = "\n\n_The rest of this comment was too long for GitHub._"
_CLOSED = "\n\n</details>"
_FENCE = re.compile(r"(`{3,})[^`]*")
_MARK = re.compile(r"<!-- plumbline-[a-z]+:.*-->")
_LONGEST_QUOTE = 120
_FIXED = "**Fixed"
_VERDICTS = {
    "confirmed": "a second look tried to refute this and could not:",
    "unsure": "a second look could not settle it:",
}
# Of whom: anybody can give a thumbs-down, and it is heard only of those who may write to the repository.
_NOT_USEFUL = "<sub>Not useful? 👎 of somebody who may write here, and it will not come back.</sub>"
_NOT_USEFUL_COMMANDS = (
    "<sub>Not useful? 👎 or `/dismiss reason` of somebody who may write here, and it will not come back.</sub>"
)
_LAST_LINE = re.compile(r"<sub>Not useful\? 👎 .*</sub>")
"""Also as earlier versions wrote it."""


def inline_comment(known: Known, *, commands: bool = False, home: Home | None = None, language: str = "") -> str:
    """One finding as the comment on its line: what goes wrong, how, when, and what would mend it.

    `commands` tells whether `/dismiss` is heard there, `home` which repository links may lead to, `language` that of
    the model's words, '' for English.
    """
    lines = finding_lines(known.finding, home=home, language=language)
    return _marked((*lines, _last_line(commands)), finding_mark(known))


def file_comment(known: Known, *, commands: bool = False, home: Home | None = None, language: str = "") -> str:
    """The same as a comment on the file, for what has no line in the diff: the place is told in words."""
    head, *rest = finding_lines(known.finding, on_its_line=False, home=home, language=language)
    return _marked((head, "", _in_words(known.finding), *rest, _last_line(commands)), finding_mark(known))


def fixed_comment(known: Known, body: str) -> str:
    """The comment `body` of a finding that was fixed since: it says so, and keeps its words folded."""
    finding = known.finding
    title = f"{MARKS[finding.severity]} {finding.severity} · {phrase(finding.title)}"
    fold = ("<details><summary>What it said</summary>", "", *_kept(body), "", "</details>")
    return _marked((f"**{_fixed(known)}** · ~~{title}~~", "", *fold), finding_mark(known))


def words_of(body: str) -> str:
    """What a comment of ours says below its title."""
    return "\n".join(_kept(body))


def is_fixed(body: str) -> bool:
    """Whether a comment of ours says that its finding is fixed."""
    return body.startswith(_FIXED)


def answer_fixed(known: Known) -> str:
    """What is said in a thread in which a person spoke; its first line is hidden, and tells that it was said."""
    return f"<!-- plumbline-fixed:1 {known.id} {short(known.note)} -->\n{_fixed(known)}."


def description(overview: Overview, home: Home | None = None) -> str:
    """A description for a pull request that has none."""
    return described(f"{prose(overview.text, home)}\n\n<sub>Written by Plumbline, as there was no description.</sub>")


def _marked(lines: Iterable[str], mark: str) -> str:
    """The body with the mark as its last line, whatever has to be cut off before it."""
    end = f"\n\n{mark}"
    return cut("\n".join(lines).rstrip("\n"), MOST_CHARACTERS - len(end)) + end


def _last_line(commands: bool) -> str:
    return _NOT_USEFUL_COMMANDS if commands else _NOT_USEFUL


def _fixed(known: Known) -> str:
    """By which commit, for GitHub to link."""
    return f"Fixed in {short(known.note)}" if short(known.note) else "Fixed"


def _in_words(finding: Finding) -> str:
    quoted = next((line.strip() for line in finding.quote.split("\n") if line.strip()), "")
    if not quoted:
        return "It could not be put on a line of the diff."
    shown = quoted if len(quoted) <= _LONGEST_QUOTE else f"{quoted[: _LONGEST_QUOTE - 1]}…"
    return f"About {code(shown)}, which could not be put on one line of the diff."


def _kept(body: str) -> list[str]:
    """The words of a comment of ours below its title, without its marks and its last line.

    What it suggested is a block of code now, not one to apply.
    """
    kept: list[str] = []
    fence = ""
    lines = body.replace("\r\n", "\n").split("\n")
    for line in lines[1:] if lines[0].startswith(tuple(MARKS.values())) else lines:
        opening = _FENCE.fullmatch(line)
        if fence:
            fence = "" if line == fence else fence
        elif opening:
            fence = opening[1]
        elif _MARK.fullmatch(line) or _LAST_LINE.fullmatch(line):
            continue
        kept.append(opening[1] if opening and fence == opening[1] and line.endswith("suggestion") else line)
    return "\n".join(kept).strip("\n").split("\n")


def finding_lines(
    finding: Finding, *, on_its_line: bool = True, home: Home | None = None, language: str = ""
) -> Iterator[str]:
    """The finding as Markdown lines, without its place. Only a comment on its line can offer a suggestion to apply."""
    yield f"{MARKS[finding.severity]} **{finding.severity} · {phrase(finding.title)}**"
    yield ""
    if finding.body:
        yield from (prose(finding.body, home), "")
    if finding.scenario:
        before = "**When** " if when(finding, language) else ""
        # With its full stop: behind a number alone that would begin a list.
        yield from (f"{before}{prose(f'{finding.scenario}.', home)}", "")
    if finding.suggestion is not None:
        yield from _suggestion(finding.suggestion, finding.applies, on_its_line)
    yield from _why(finding, home)
    if finding.source != "model":
        yield from (f"<sub>{finding.source}: {finding.rule}</sub>", "")


def _why(finding: Finding, home: Home | None) -> Iterator[str]:
    """What a second look says, and the lines that it names; folded."""
    if not finding.evidence and not finding.reason:
        return
    yield from ("<details><summary>Why I think so</summary>", "")
    for each in finding.evidence:
        place = f"{each.path}:{each.line}"
        address = home.line(each.path, each.line) if home and each.side is Side.RIGHT else None
        removed = " (removed)" if each.side is Side.LEFT else ""
        yield f"- {f'[{code(place)}]({address})' if address else code(place)}{removed}: {code(each.text)}"
    said = f" {prose(finding.reason, home)}" if finding.reason else ""
    yield from (f"- {_VERDICTS.get(finding.verdict, 'a second look:')}{said}", "", "</details>", "")


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
