"""What follows from a command: a sign that it was heard, words, a review. Who may give one is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.commands import Verb
from bot.core.events import Commanded, Place, ReviewDue, Why
from bot.core.policy import Commanders


class Sign(StrEnum):
    """A reaction, in GitHub's words: https://docs.github.com/en/rest/reactions/reactions#about-reactions."""

    SEEN = "eyes"
    DONE = "+1"
    REFUSED = "confused"


class Says(StrEnum):
    """What is answered in words."""

    HELP = "help"
    CONFIG = "config"
    WHERE = "where"


@dataclass(frozen=True, slots=True)
class Response:
    """What is done about a command: a `sign` on its comment, words below it, a review."""

    sign: Sign
    says: Says | None = None
    due: ReviewDue | None = None


REFUSED = Response(Sign.REFUSED)
"""Anybody can write on a public repository: who may not ask is answered without words, and without noise for others."""


def may_command(commanded: Commanded, *, writes: bool, commanders: Commanders) -> bool:
    """Whether somebody is heard, who may write to the repository or not."""
    return writes or (commanders is Commanders.AUTHOR and commanded.is_author_of_pull)


def respond(commanded: Commanded, *, writes: bool) -> Response:
    """What follows from a command of somebody who is heard.

    Whoever may not write asks for no more than what the policy would do of its own accord: its gates hold.
    """
    verb, pull = commanded.command.verb, commanded.pull
    if verb is Verb.REVIEW:
        due = ReviewDue(pull, Why.COMMANDED, by_hand=writes, full=commanded.command.full)
        return Response(Sign.SEEN, due=due)
    if verb is Verb.PAUSE:
        # That it stands there is what pauses, see `clients.github.page`.
        return Response(Sign.DONE)
    if verb is Verb.RESUME:
        return Response(Sign.DONE, due=ReviewDue(pull, Why.COMMANDED))
    if verb is Verb.DISMISS:
        return _dismissed(commanded)
    return Response(Sign.SEEN, Says.CONFIG if verb is Verb.CONFIG else Says.HELP)


def _dismissed(commanded: Commanded) -> Response:
    """The finding is known by the thread; that the command stands there is what dismisses it."""
    if commanded.place is not Place.THREAD:
        return Response(Sign.REFUSED, Says.WHERE)
    return Response(Sign.DONE, due=ReviewDue(commanded.pull, Why.SIGN))
