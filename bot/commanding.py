"""The story of a command in a comment: who gave it is looked at, it is seen to be heard, and it is answered."""

from __future__ import annotations

from bot import wiring
from bot.clients.github.connection import GitHub
from bot.clients.github.snapshot import PullRequestSource
from bot.clients.github.talk import Talk
from bot.core.events import Commanded
from bot.core.policy import Commanders
from bot.core.references import PullRequestReference
from bot.core.rendering import commands
from bot.core.rendering import policy as policy_words
from bot.core.response import REFUSED, Response, Sign, may_command, respond
from bot.core.settle import Settled
from bot.settings import Settings
from bot.threads import aside


async def obey(
    github: GitHub, reference: PullRequestReference, known: Settings, slug: str, commanded: Commanded
) -> Response:
    """Answer a command, and give what follows from it. Raises OutsideError."""
    talk = Talk(github, reference.owner, reference.repo, reference.number)

    async def read() -> tuple[Settled, str]:
        return await aside(_policy, github, reference, known)

    writes = await aside(talk.writes, commanded.author)
    asks = commanded.is_author_of_pull and not writes
    commanders = (await read())[0].policy.commanders if asks else Commanders.AUTHOR
    heard = may_command(commanded, writes=writes, commanders=commanders)
    response = respond(commanded, writes=writes) if heard else REFUSED
    for sign in dict.fromkeys((Sign.SEEN if heard else response.sign, response.sign)):
        await aside(talk.react, commanded.place, commanded.comment, sign)
    if response.says:
        body = _body(response, slug, commanded, *(await read()))
        await aside(talk.answer, commanded.place, commanded.comment, commanded.opening, body)
    return response


def _policy(github: GitHub, reference: PullRequestReference, known: Settings) -> tuple[Settled, str]:
    """The policy that holds for the pull request, and a sentence on the files that were read."""
    source = PullRequestSource(github, reference.owner, reference.repo, reference.number)
    change = source.change()
    texts = source.policy_texts(change)
    branch = change.pull_request.base.ref if change.pull_request else ""
    name = f"{reference.owner}/{reference.repo}#{reference.number}"
    return wiring.settled(texts, branch, known), policy_words.basis_of_pull_request(name, branch, texts)


def _body(response: Response, slug: str, commanded: Commanded, settled: Settled, basis: str) -> str:
    assert response.says is not None  # noqa: S101 - the caller looked
    words = commands.answer(response.says, slug, commanded.command.unknown, settled, basis)
    return f"{commands.answer_mark(commanded.comment)}\n{words}"
