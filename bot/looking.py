"""Asks a model about the images of a change, in one request apart from those about lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bot.core.cost import presumed
from bot.core.ledger import Reason
from bot.core.messages import NO_USAGE, UNHEARD, Listener, Reply, Request, Usage
from bot.core.picture_requests import Album, ask_pictures, ask_pictures_again
from bot.core.replies import Answer, Unusable, read_reply
from bot.core.requests import Prefix
from bot.errors import OutsideError


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of it: the answer, or the reason and the sentence why there is none; and what it took."""

    reason: Reason
    answer: Answer | None = None
    problem: str = ""
    requests: int = 0
    usage: Usage = NO_USAGE
    presumed: Usage = NO_USAGE


NOT_LOOKED = Looked(Reason.BINARY)


async def look(model: Model | None, shared: Prefix, album: Album) -> Looked:
    """Ask about all images of the album, and once more where the answer does not keep to the schema."""
    if model is None or not album.pictures:
        return NOT_LOOKED
    return await _Looking(model, shared, album).looked()


class _Looking:
    def __init__(self, model: Model, shared: Prefix, album: Album) -> None:
        self._model = model
        self._shared = shared
        self._pictures = album.pictures
        self._sent = album.estimate.input_tokens
        self._took = NOT_LOOKED

    async def looked(self) -> Looked:
        """The result. A failure concerns the images alone: the lines are asked about apart."""
        try:
            answer = await self._answer()
        except OutsideError as error:
            # Without an attempt it was never sent.
            self._take(min(error.attempts, 1), NO_USAGE, error.lost)
            return replace(self._took, reason=Reason.REQUEST_FAILED, problem=str(error))
        if isinstance(answer, Unusable):
            return replace(self._took, reason=answer.reason, problem=answer.problem)
        return replace(self._took, reason=Reason.LOOKED_AT, answer=answer)

    async def _answer(self) -> Answer | Unusable:
        reply = await self._ask(ask_pictures(self._shared, self._pictures))
        answer = read_reply(reply)
        if isinstance(answer, Unusable) and answer.reason is Reason.INVALID_ANSWER:
            again = ask_pictures_again(self._shared, self._pictures, reply, answer.problem)
            answer = read_reply(await self._ask(again))
        return answer

    async def _ask(self, request: Request) -> Reply:
        reply = await self._model.ask(request)
        self._take(1, reply.usage, reply.lost, reply)
        return reply

    def _take(self, requests: int, usage: Usage, lost: int, reply: Reply | None = None) -> None:
        took, guessed = self._took, presumed(self._sent, lost, reply, self._shared.asking.rules)
        self._took = replace(
            took, requests=took.requests + requests, usage=took.usage + usage, presumed=took.presumed + guessed
        )
