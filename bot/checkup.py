"""The story of `plumbline doctor`: ask each place that a review would ask, once, and tell what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Protocol

from bot.core import checkup
from bot.core.answer_form import Shape
from bot.core.checkup import Finding, Way
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.policy import Policy
from bot.errors import OutsideError
from bot.threads import aside


class Asker(Protocol):
    """Whatever sends requests as they are."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request. Raises OutsideError."""
        ...


class Model(Asker, Protocol):
    """Whatever answers requests, in the form that its endpoint takes."""

    def shape_of(self, request: Request) -> Shape:
        """How such a request was asked."""
        ...


class Listing(Protocol):
    """Whatever knows which models an endpoint has."""

    async def models(self) -> Sequence[str]:
        """Their names, none where it does not tell."""
        ...


class GitHub(Protocol):
    """GitHub, as far as this needs it. It blocks."""

    def get(self, path: str, about: str) -> object:
        """Read JSON. Raises OutsideError."""
        ...

    def query(self, query: str, about: str) -> dict[str, Any]:
        """Read over GraphQL. Raises OutsideError."""
        ...


class Overheard:
    """An asker of which is kept what was refused, and how long the first event of the last answer took, in seconds.

    It stands below the model that steps down from form to form, so it sees each step.
    """

    def __init__(self, asker: Asker, clock: Callable[[], float] = time.perf_counter) -> None:
        self._asker = asker
        self._clock = clock
        self.refusals: list[str] = []
        self.seconds = 0.0

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request. Raises OutsideError."""
        sent = self._clock()

        def begun() -> None:
            self.seconds = self._clock() - sent
            listener.begun()

        try:
            return await self._asker.ask(request, replace(listener, begun=begun))
        except OutsideError as error:
            self.refusals.append(f"{error.said or error.kind} (status {error.status})")
            raise


@dataclass(frozen=True, slots=True)
class Place:
    """A model, the asker below it, which others there are, the host that it is asked at, and how."""

    model: Model
    overheard: Overheard
    listing: Listing
    host: str
    chat: bool
    streams: bool


async def of_model(place: Place, policy: Policy) -> Finding:
    """Have the model answer one tiny request as it would answer a review's."""
    request = checkup.probe(policy.model, thinks=policy.thinking)
    seen = place.overheard
    try:
        reply = await place.model.ask(request)
    except OutsideError as error:
        listed = await place.listing.models() if checkup.is_about_model(error, policy.model) else ()
        told = checkup.failed(error, policy.model, listed, chat=place.chat)
        # The last one is the error itself.
        return Finding(works=False, told=told, more=checkup.refused(seen.refusals[:-1]))
    way = Way(policy.model, place.host, place.chat, place.streams, seen.seconds, tuple(seen.refusals))
    return checkup.heard(way, reply, place.model.shape_of(request), policy.price)


async def of_github(github: GitHub) -> Finding:
    """Ask GitHub whose the token is, and what is left of the hour: together that costs next to nothing."""
    try:
        viewer = await aside(github.query, checkup.VIEWER, "your account")
        limits = await aside(_limits, github)
    except OutsideError as error:
        told = checkup.NOT_GITHUB if error.status == HTTPStatus.NOT_FOUND else str(error)
        return Finding(works=False, told=told)
    return checkup.known_as(checkup.login_of(viewer), limits)


def _limits(github: GitHub) -> object:
    """What GitHub says of its limits, None where it has none, as GitHub Enterprise Server by default.

    Source: https://docs.github.com/en/enterprise-server@latest/rest/rate-limit/rate-limit
    """
    try:
        return github.get("/rate_limit", "your token")
    except OutsideError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
