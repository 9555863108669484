"""Suggested changes: posted as a block that one click applies only if applying it does what it says.

GitHub replaces the commented lines of the head by the block, line for line:
https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core import path_rules
from bot.core.models import Location, Side
from bot.core.secrets import mask
from bot.core.syntax import language_of
from bot.core.visible import Row, Shown, printable_text, stand_ins
from bot.core.well_formed import breaks

_MOST_LINES = 60
_DIFF_MARK = re.compile(r"\s*[+-]\s+\S")
# An operator that wants more: `*/` ends a comment, `++` a statement.
_OPEN_END = re.compile(r"(?:[=%<&|^]|(?<![*+])\+|(?<!/)\*|(?<![*/])/|\b(?:and|or|not))\s*\Z")
_SENTENCE = re.compile(r"\s*(?:\.{3} )?[A-Za-z][a-z]+(?:,? [A-Za-z][a-z'-]*){3,}(?: ?\.{1,3})?\s*")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))


class Fault(StrEnum):
    """Why a suggestion is shown as text instead."""

    NOT_ON_THE_RIGHT = "it does not replace lines of the head"
    EMPTY = "it holds no text, which may mean that there is none"
    CHANGES_NOTHING = "it changes nothing"
    INDENTATION = "its indentation differs"
    LINE_ENDINGS = "the lines end in CRLF or without a newline"
    REPEATS_NEIGHBOUR = "it repeats a line beside those that it replaces"
    UNBALANCED = "it opens or closes other brackets than the lines that it replaces"
    NOT_AS_SHOWN = "it holds what was not shown as it is"
    TOO_LONG = "it is too long"
    DIFF_MARKS = "it holds the marks of a diff"
    BREAKS_OFF = "its last line breaks off"
    SENTENCE = "it is a sentence, not code"
    DOES_NOT_PARSE = "the file would not parse with it"


@dataclass(frozen=True, slots=True)
class _Spot:
    """The lines that would be replaced, and those beside them as far as a suggestion could repeat them."""

    above: Sequence[Row]
    replaced: Sequence[Row]
    below: Sequence[Row]

    @property
    def texts(self) -> list[str]:
        return [line.text for line, _ in self.replaced]

    @property
    def around(self) -> list[str]:
        return [line.text for line, _ in (*self.above, *self.replaced, *self.below)]


def fault_of(shown: Shown, file: int, location: Location, suggestion: str, head: str | None = None) -> Fault | None:
    """What keeps a suggestion from being offered as a block for a location of the file; None where it may be.

    `head` is the file's whole text with the change, where it is known: the suggestion is tried on it.
    """
    change, first = shown.diff.files[file], location.start_line or location.line
    on_the_right = location.side is Side.RIGHT and first <= location.line
    if not on_the_right or not change.in_one_hunk(Side.RIGHT, first, location.line):
        return Fault.NOT_ON_THE_RIGHT
    offered = suggested_lines(suggestion)
    if not any(line.strip() for line in offered):
        return Fault.EMPTY
    if len(offered) > _MOST_LINES:
        return Fault.TOO_LONG
    rows = shown.rows(file, change.commentable[Side.RIGHT, location.line], Side.RIGHT)
    spot = _spot(rows, first, location.line)
    return (
        _line_fault(spot, offered)
        or _hidden_fault(spot, offered, shown.stand_ins(file))
        or _text_fault(spot, offered)
        or _kind_fault(change.path, spot, offered)
        or (_parse_fault(change.path, head, location, offered) if head is not None else None)
    )


def suggested_lines(suggestion: str) -> list[str]:
    """The lines of a suggestion; one line break at its end is its end, not a line."""
    text = suggestion.replace("\r\n", "\n").removesuffix("\n")
    return text.split("\n") if text else []


def _spot(rows: Sequence[Row], first: int, last: int) -> _Spot:
    start, end = first - rows[0][0].number, last - rows[0][0].number + 1
    return _Spot(rows[max(0, start - _MOST_LINES) : start], rows[start:end], rows[end : end + _MOST_LINES])


def _line_fault(spot: _Spot, offered: Sequence[str]) -> Fault | None:
    if any(line.text.endswith("\r") or not line.ends for line, _ in spot.replaced):
        return Fault.LINE_ENDINGS
    before, after = _indentations(spot.texts), _indentations(offered)
    # The block has to begin where the lines begin, and must not leave the block of code that they stand in.
    if before[:1] != after[:1] or min(before, key=len, default="") != min(after, key=len, default=""):
        return Fault.INDENTATION
    used = set("".join(_indentations(spot.around)))
    return Fault.INDENTATION if used and not used.issuperset("".join(after)) else None


def _hidden_fault(spot: _Spot, offered: Sequence[str], hidden: frozenset[str]) -> Fault | None:
    """Masked or escaped characters would be written into the file, be they of these lines or copied from others."""
    text, before = "\n".join(offered), "\n".join(spot.texts)
    copied = (stand_ins(text) - stand_ins(before)) & hidden
    if copied or printable_text(mask(text)) != text or any(line.text != shown for line, shown in spot.replaced):
        return Fault.NOT_AS_SHOWN
    return None


def _text_fault(spot: _Spot, offered: Sequence[str]) -> Fault | None:
    texts = spot.texts
    if [line.rstrip() for line in offered] == [text.rstrip() for text in texts]:
        return Fault.CHANGES_NOTHING
    if _DIFF_MARK.match(offered[0]) and not _DIFF_MARK.match(texts[0]):
        return Fault.DIFF_MARKS
    above = [line.text.strip() for line, _ in spot.above]
    below = [line.text.strip() for line, _ in spot.below]
    stripped, before = [line.strip() for line in offered], [text.strip() for text in texts]
    if _repeats(stripped[::-1], before[::-1], below) or _repeats(stripped, before, above[::-1]):
        return Fault.REPEATS_NEIGHBOUR
    return Fault.UNBALANCED if list(_open(offered)) != list(_open(texts)) else None


def _kind_fault(path: str, spot: _Spot, offered: Sequence[str]) -> Fault | None:
    """What no parser objects to, and nobody means: a statement that goes on below, a sentence for a value."""
    if language_of(path) and _breaks_off(offered, spot.texts):
        return Fault.BREAKS_OFF
    return Fault.SENTENCE if not path_rules.is_documentation(path) and _is_sentence(offered, spot.texts) else None


def _parse_fault(path: str, head: str, location: Location, offered: list[str]) -> Fault | None:
    first = location.start_line or location.line
    return Fault.DOES_NOT_PARSE if breaks(path, head, first, location.line, offered) else None


def _breaks_off(offered: Sequence[str], replaced: Sequence[str]) -> bool:
    """Whether a statement ends where it did not: what stands below would become part of it."""
    return _OPEN_END.search(offered[-1]) is not None and _OPEN_END.search(replaced[-1]) is None


def _is_sentence(offered: Sequence[str], replaced: Sequence[str]) -> bool:
    """Whether a line of words stands in place of code: in YAML, for one, it would be taken for a value."""
    return any(map(_SENTENCE.fullmatch, offered)) and not any(map(_SENTENCE.fullmatch, replaced))


def _repeats(offered: Sequence[str], replaced: Sequence[str], beside: Sequence[str]) -> bool:
    """Whether the end of the offered lines at hand is what stands beside them, and was not what it replaces.

    All three are ordered from their common edge: `beside` away from the lines, the other two into them.
    """
    for count in range(1, min(len(offered), len(beside)) + 1):
        copied = list(offered[:count])[::-1]
        if copied == list(beside[:count]) and _tells(copied) and offered[:count] != replaced[:count]:
            return True
    return False


def _tells(lines: Sequence[str]) -> bool:
    """Whether a line says enough for a repetition to be a mistake: `}` and blank lines may well stand twice."""
    return any(any(character.isalnum() for character in line) for line in lines)


def _open(lines: Sequence[str]) -> Iterator[int]:
    """How many brackets of each kind the lines leave open: a copied `}` from below closes one too many."""
    text = "\n".join(lines)
    return (text.count(left) - text.count(right) for left, right in _PAIRS)


def _indentations(lines: Sequence[str]) -> list[str]:
    """The white space before each line that has text."""
    return [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
