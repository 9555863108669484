"""What stands on a pull request: our own comments, reviews and threads, and what people did with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# How a comment begins that says that its finding is fixed: its mark does not tell, see `core.rendering.comments`.
_SAYS_FIXED = "**Fixed"


def says_fixed(body: str) -> bool:
    """Whether a comment of ours says that its finding is fixed."""
    return body.startswith(_SAYS_FIXED)


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment that we wrote ourselves. `id` is the one of GitHub's REST API, `node` the one of GraphQL.

    `ours` is False where another account that we trust wrote it: it is believed, but we do not touch it.
    """

    id: int
    url: str
    body: str
    node: str = ""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review that we posted ourselves."""

    url: str
    body: str
    commit: str


class How(StrEnum):
    """How somebody told that a finding is not wanted."""

    RESOLVED = "resolved"
    DISLIKED = "thumbs-down"
    COMMANDED = "/dismiss"


@dataclass(frozen=True, slots=True)
class Objection:
    """Somebody does not want to hear of a finding. `writes` tells whether they may write to the repository."""

    how: How
    by: str
    writes: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that a comment of ours opened. `id` is the one of GraphQL, `comment` the one that opened it.

    `resolvable` tells whether we may resolve it, `spoken` whether a person wrote in it, `last_word` whether the last
    words in it are a person's; that we said there that it is fixed, which `answered` tells, does not count as a word.
    `signs` are the logins of all whose thumbs-down or command stands there, be they heard or not; where it is not
    `whole`, there are more words or thumbs-down in it than were read.
    """

    id: str
    comment: OwnComment
    path: str
    resolved: bool = False
    resolvable: bool = False
    spoken: bool = False
    last_word: bool = False
    answered: bool = False
    objections: tuple[Objection, ...] = ()
    signs: frozenset[str] = frozenset()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Halt:
    """Somebody wrote `/pause`, or `/resume` where it does not `hold`. `writes` is as in `Objection`."""

    by: str
    writes: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on the pull request now: its head, whether it is open, and what we ourselves wrote there.

    `comments` and `threads` are in the order in which they were written. `description` is the pull request's own text.
    `heard` is the time of a person's latest word or sign there, in ISO 8601, '' without any. `marks` are the ids of the
    findings whose marks stand in threads, whoever wrote them: their comments were not deleted. `unmarked` are the files
    on which a comment of ours opened a thread and carries no mark: it may be that of any finding, rewritten.
    `halts` are those of the author and of people who may write, the newest first; older than one who may, none counts.
    """

    head: str
    open: bool
    comments: tuple[OwnComment, ...] = ()
    reviews: tuple[OwnReview, ...] = ()
    threads: tuple[Thread, ...] = ()
    description: str = ""
    heard: str = ""
    marks: frozenset[str] = frozenset()
    unmarked: frozenset[str] = frozenset()
    halts: tuple[Halt, ...] = ()
