"""Asks for answers in the surest form that an endpoint takes, and remembers which that is."""

from __future__ import annotations

from typing import Protocol

from bot.core.answer_form import Form, Shape, first_form, read, shaped, stepped, tool_of
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.model_rules import RULES, Rulebook
from bot.errors import OutsideError


class _Model(Protocol):
    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply: ...


class Shapes:
    """What was learnt of endpoints and their models, for as long as the process runs."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, Form], Shape] = {}

    def of(self, endpoint: str, model: str, first: Form) -> Shape:
        """What requests that begin with this form look like there, as far as it is known."""
        return self._known.get((endpoint, model, first), Shape(first))

    def learn(self, place: tuple[str, str, Form], refused: Shape, instead: Shape) -> None:
        """A shape was refused. Many requests may be told so at once: only the first of them teaches it."""
        if self.of(*place) == refused:
            self._known[place] = instead


LEARNT = Shapes()
"""What this process has learnt."""


class Structured:
    """A model whose answers come as calls of the tool that was asked for, in whatever form its endpoint gives them.

    `words` tell the model to write its answer, where there are no tools: prompts/wire/written.md.
    """

    def __init__(
        self, model: _Model, endpoint: str, words: str, shapes: Shapes = LEARNT, book: Rulebook = RULES
    ) -> None:
        self._model = model
        self._endpoint = endpoint
        self._words = words
        self._shapes = shapes
        self._book = book

    def shape_of(self, request: Request) -> Shape:
        """How requests like this one are asked, as far as it is known."""
        return self._shapes.of(*self._place(request))

    def _place(self, request: Request) -> tuple[str, str, Form]:
        # Who thinks begins lower: neither learns from the other what only the other is refused.
        name = str(request.body["model"])
        return self._endpoint, name, first_form(self._book.of(name), thinks="thinking" in request.body)

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Ask, one step lower each time that the endpoint refuses what the form is made of. Raises OutsideError."""
        tool = tool_of(request)
        if not tool:
            return await self._model.ask(request, listener)
        place = self._place(request)
        while True:
            shape = self._shapes.of(*place)
            sent = shaped(request, shape, self._words)
            try:
                reply = await self._model.ask(sent, listener)
            except OutsideError as error:
                instead = None if error.stops_all else stepped(shape, error.status, error.said)
                if instead is None or shaped(request, instead, self._words).body == sent.body:
                    raise
                self._shapes.learn(place, shape, instead)
                continue
            return read(reply, tool)
