"""The story of `plumbline doctor`: ask each place that a review would ask, once, and tell what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.core import checkup
from bot.core.answer_form import Shape
from bot.core.checkup import Finding
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.policy import Policy
from bot.errors import BotError, OutsideError
from bot.threads import aside


class Model(Protocol):
    """Whatever answers requests, in the form that its endpoint takes."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request. Raises OutsideError."""
        ...

    def shape_of(self, request: Request) -> Shape:
        """How such a request was asked."""
        ...


class GitHub(Protocol):
    """GitHub, as far as this needs it. It blocks."""

    def get(self, path: str, about: str) -> object:
        """Read JSON. Raises OutsideError."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A model, the host that it is asked at, and whether through Chat Completions."""

    model: Model
    host: str
    chat: bool = False


async def of_model(place: Place, policy: Policy) -> Finding:
    """Have the model answer one tiny request as it would answer a review's."""
    request = checkup.probe(policy.model, thinks=policy.thinking)
    try:
        reply = await place.model.ask(request)
    except OutsideError as error:
        return Finding(works=False, told=checkup.failed(error.status, str(error), chat=place.chat))
    return checkup.heard(policy.model, place.host, reply, place.model.shape_of(request), policy.price)


async def of_github(github: GitHub) -> Finding:
    """Ask GitHub what is left of the hour: that costs nothing, and tells whether it takes the token."""
    try:
        said = await aside(github.get, "/rate_limit", "your token")
    except BotError as error:
        return Finding(works=False, told=str(error))
    return checkup.left_of(said)
