"""Asks a model about the images of a change, in one request apart from those about lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
        self._requests = 0
        self._usage = NO_USAGE

    async def looked(self) -> Looked:
        """The result. A failure concerns the images alone: the lines are asked about apart."""
        try:
            answer = await self._answer()
        except OutsideError as error:
            # Without an attempt it was never sent.
            self._requests += min(error.attempts, 1)
            return Looked(Reason.REQUEST_FAILED, None, str(error), self._requests, self._usage)
        if isinstance(answer, Unusable):
            return Looked(answer.reason, None, answer.problem, self._requests, self._usage)
        return Looked(Reason.LOOKED_AT, answer, "", self._requests, self._usage)

    async def _answer(self) -> Answer | Unusable:
        reply = await self._ask(ask_pictures(self._shared, self._pictures))
        answer = read_reply(reply)
        if isinstance(answer, Unusable) and answer.reason is Reason.INVALID_ANSWER:
            again = ask_pictures_again(self._shared, self._pictures, reply, answer.problem)
            answer = read_reply(await self._ask(again))
        return answer

    async def _ask(self, request: Request) -> Reply:
        reply = await self._model.ask(request)
        self._requests += 1
        self._usage += reply.usage
        return reply
