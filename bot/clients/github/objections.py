"""Who does not want to hear of a finding any more: they resolved its thread, gave a thumbs-down, or said `/dismiss`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.clients.github.page_answers import ActorNode, StandingPull, ThreadNode
from bot.clients.github.people import People
from bot.core.commands import Verb, read_command
from bot.core.standing import How, Objection, says_fixed

_OWNER = "OWNER"


def objections(
    thread: ThreadNode, pull: StandingPull, people: People, writes: Callable[[str], bool]
) -> Iterator[Objection]:
    """All of them in a thread of ours. `writes` tells whether a login may write to the repository; it asks GitHub."""
    yield from _resolved(thread, pull, people, writes)
    yield from _disliked(thread, people, writes)
    yield from _commanded(thread, pull, people, writes)


def signs(thread: ThreadNode, people: People) -> Iterator[str]:
    """The logins of all whose thumbs-down or command stands in a thread, whether they may write or not."""
    yield from _disliking(thread, people)
    yield from (by for by, _ in _commanding(thread, people))


def _resolved(
    thread: ThreadNode, pull: StandingPull, people: People, writes: Callable[[str], bool]
) -> Iterator[Objection]:
    """Who resolved the thread, if a person did: GitHub lets those do it who may write, and the author.

    That the author belongs to the organisation does not say that they may write to this repository.
    """
    resolver = thread.resolver if thread.resolved else None
    if resolver is None or not people.is_person(resolver) or _is_mended(thread, resolver, people):
        return
    owns = not is_author(resolver.login, pull) or pull.association == _OWNER
    yield Objection(How.RESOLVED, resolver.login, writes=owns or writes(resolver.login))


def _is_mended(thread: ThreadNode, resolver: ActorNode, people: People) -> bool:
    """Whether we may have resolved it ourselves, with a person's token."""
    return people.is_viewer(resolver) and any(says_fixed(opening.body) for opening in thread.opening.nodes)


def _disliked(thread: ThreadNode, people: People, writes: Callable[[str], bool]) -> Iterator[Objection]:
    """A thumbs-down counts if it is that of somebody who may write: anybody can give one."""
    for by in _disliking(thread, people):
        if writes(by):
            yield Objection(How.DISLIKED, by, writes=True)


def _commanded(
    thread: ThreadNode, pull: StandingPull, people: People, writes: Callable[[str], bool]
) -> Iterator[Objection]:
    """A command counts if it is that of somebody who may write, or of the pull request's author."""
    for by, reason in _commanding(thread, people):
        may_write = writes(by)
        if may_write or is_author(by, pull):
            yield Objection(How.COMMANDED, by, writes=may_write, reason=reason)


def _disliking(thread: ThreadNode, people: People) -> Iterator[str]:
    for reaction in (each for opening in thread.opening.nodes for each in opening.reactions.nodes):
        if reaction.user and people.is_person(reaction.user):
            yield reaction.user.login


def _commanding(thread: ThreadNode, people: People) -> Iterator[tuple[str, str]]:
    """Who said it, and their reason."""
    for comment in thread.latest.nodes:
        command = read_command(comment.body, people.slug)
        if command and command.verb is Verb.DISMISS and comment.author and people.is_spoken(comment):
            yield comment.author.login, command.reason


def is_author(login: str, pull: StandingPull) -> bool:
    """Whether the login opened the pull request."""
    return pull.author is not None and login.casefold() == pull.author.login.casefold()
