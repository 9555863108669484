"""Findings over the life of a pull request: what was said at earlier heads, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.models import Category, Finding, Side


class Fate(StrEnum):
    """What became of a finding since it was said.

    Open: its code stands. Moved: it stands elsewhere, and the finding with it. Fixed: the code changed, and whoever
    found it says that it is mended. Dismissed: somebody who may say so does not want to hear of it. Outdated: its lines
    left the change, or changed in a way that nobody can judge.
    """

    OPEN = "open"
    MOVED = "moved"
    FIXED = "fixed"
    DISMISSED = "dismissed"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Trace:
    """By what a finding is known again: the code that it is about, never its words, never its line number alone.

    `code` is a digest of the line that it ends on, white space folded; `above` and `below` those of up to three lines
    beside it, the nearest first, on the same side of the same hunk; `above` goes on to the first line of a run.
    `also` are those of lines that stood beside it before, or that another report of it ended on, the latest first.
    """

    path: str
    side: Side
    code: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    category: Category = Category.CORRECTNESS
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that was said, at this head or at an earlier one.

    `id` names it in its comment and to the model. The location in `finding` is that of the present head; `placed` tells
    whether it has a line there. `said` tells whether it has a comment of its own. `note` completes the fate: the commit
    that fixed it, or who dismissed it. `binding` is False where it was dismissed by somebody who may not write to the
    repository: it is not said again then, but fails what it would have failed. `news` is True where this review says it
    for the first time. `closed` tells that its thread was resolved when it was last looked at, `closes` that it stood
    then and we were to resolve its thread with its mending: in both cases an open one was opened again by somebody.
    """

    id: str
    finding: Finding
    trace: Trace
    fate: Fate = Fate.OPEN
    placed: bool = True
    said: bool = False
    note: str = ""
    binding: bool = True
    news: bool = False
    closed: bool = False
    closes: bool = False

    @property
    def stands(self) -> bool:
        """Whether it still has to be dealt with."""
        return self.fate in {Fate.OPEN, Fate.MOVED}


@dataclass(frozen=True, slots=True)
class Life:
    """What a review takes over from those before it, and hands on to those after it.

    `known` are all findings of the pull request, of any fate. `since` is the head of the review that this one builds
    upon, '' where everything was read; `full_because` tells why, where an earlier review stands and was not built upon.
    `hunks` are the digests of the hunks that a model answered for, at this head or an earlier one
    (`core.digests`). `rules` names what shaped the answers: another review builds on them only under the same.
    `summaries` say what the change does in a file, by its path. `dollars` is what was spent on the pull request so far.
    `quiet` counts the reviews in a row without a sign of a person, whose latest was at `heard` (ISO 8601, '' for none).
    """

    known: tuple[Known, ...] = ()
    since: str = ""
    full_because: str = ""
    hunks: tuple[bytes, ...] = ()
    rules: str = ""
    summaries: tuple[tuple[str, str], ...] = ()
    dollars: float = 0.0
    quiet: int = 0
    heard: str = ""


NO_LIFE = Life()
