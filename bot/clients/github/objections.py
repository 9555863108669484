"""Who does not want to hear of a finding any more: they resolved its thread, gave a thumbs-down, or said `/dismiss`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.clients.github.page_answers import StandingPull, ThreadNode
from bot.clients.github.people import People
from bot.core.standing import How, Objection

_DISMISS = re.compile(r"\s*/dismiss(?:\s+(?P<reason>.*))?", re.IGNORECASE)
_MEMBERS = {"OWNER", "MEMBER", "COLLABORATOR"}


def objections(
    thread: ThreadNode, pull: StandingPull, people: People, writes: Callable[[str], bool]
) -> Iterator[Objection]:
    """All of them in a thread of ours. `writes` tells whether a login may write to the repository; it asks GitHub."""
    yield from _resolved(thread, pull, people)
    yield from _disliked(thread, people, writes)
    yield from _commanded(thread, pull, people, writes)


def _resolved(thread: ThreadNode, pull: StandingPull, people: People) -> Iterator[Objection]:
    """Who resolved the thread, if a person did: GitHub lets those do it who may write, and the author."""
    resolver = thread.resolver if thread.resolved else None
    if resolver and people.is_person(resolver):
        outsider = _is_author(resolver.login, pull) and pull.association not in _MEMBERS
        yield Objection(How.RESOLVED, resolver.login, writes=not outsider)


def _disliked(thread: ThreadNode, people: People, writes: Callable[[str], bool]) -> Iterator[Objection]:
    """A thumbs-down counts if it is that of somebody who may write: anybody can give one."""
    for reaction in (each for opening in thread.opening.nodes for each in opening.reactions.nodes):
        user = reaction.user
        if user and people.is_person(user) and writes(user.login):
            yield Objection(How.DISLIKED, user.login, writes=True)


def _commanded(
    thread: ThreadNode, pull: StandingPull, people: People, writes: Callable[[str], bool]
) -> Iterator[Objection]:
    """A command counts if it is that of somebody who may write, or of the pull request's author."""
    for comment in thread.latest.nodes:
        command = _DISMISS.fullmatch(comment.body.split("\n", 1)[0])
        author = comment.author
        if command is None or author is None or not people.is_person(author):
            continue
        may_write = writes(author.login)
        if may_write or _is_author(author.login, pull):
            yield Objection(How.COMMANDED, author.login, writes=may_write, reason=(command["reason"] or "").strip())


def _is_author(login: str, pull: StandingPull) -> bool:
    return pull.author is not None and login.casefold() == pull.author.login.casefold()
