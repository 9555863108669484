"""How many tokens an endpoint counts for each that we estimate: by its answers, and by its own count of a request.

It is learnt for an endpoint and a model, while the process runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.core.cost import tokens_of
from bot.core.messages import UNHEARD, Listener, Reply, Request
from bot.core.model_rules import RULES, Rulebook

# Whatever an endpoint says, a token is not less than a quarter of our estimate, nor more than four times as much.
_LEAST, _MOST = 0.25, 4.0
_Count = Callable[[Request], Awaitable[int | None]]


class _Model(Protocol):
    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply: ...


class Ratios:
    """What was learnt of endpoints and their models: all tokens that were told, and all that were estimated."""

    def __init__(self) -> None:
        self._told: Counter[tuple[str, str]] = Counter()
        self._estimated: Counter[tuple[str, str]] = Counter()

    def learn(self, place: tuple[str, str], told: int, estimated: int) -> None:
        """A request had so many tokens, and was estimated to have so many."""
        self._told[place] += told
        self._estimated[place] += estimated

    def of(self, place: tuple[str, str]) -> float | None:
        """The ratio of both; None where nothing is known."""
        estimated = self._estimated[place]
        return min(max(self._told[place] / estimated, _LEAST), _MOST) if estimated else None


LEARNT = Ratios()
"""What this process has learnt."""


class Gauged:
    """A model whose answers tell how many tokens its requests had. `count` asks its endpoint for that alone."""

    def __init__(
        self, model: _Model, endpoint: str, count: _Count, ratios: Ratios = LEARNT, book: Rulebook = RULES
    ) -> None:
        self._model = model
        self._endpoint = endpoint
        self._count = count
        self._ratios = ratios
        self._book = book

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Ask, and learn from the answer. Raises OutsideError."""
        reply = await self._model.ask(request, listener)
        if reply.measured and not _shows_images(request):
            self._learn(request, reply.usage.total_input)
        return reply

    def learnt(self, model: str) -> float | None:
        """How many tokens are counted for each that we estimate, as answers told; None where there were none."""
        return self._ratios.of((self._endpoint, model))

    async def counted(self, request: Request) -> float | None:
        """The same by the endpoint's own count of this request; None where it cannot count."""
        told = await self._count(request)
        if told is None:
            return None
        self._learn(request, told)
        return self.learnt(str(request.body["model"]))

    def _learn(self, request: Request, told: int) -> None:
        model = str(request.body["model"])
        self._ratios.learn((self._endpoint, model), told, tokens_of(request.encoded.decode(), self._book.of(model)))


def _shows_images(request: Request) -> bool:
    """Whether there are images in it: they are counted by their pixels, not by their bytes."""
    messages = request.body["messages"]
    contents = [each["content"] for each in messages if isinstance(each, Mapping)] if isinstance(messages, list) else []
    blocks = (block for content in contents if isinstance(content, list) for block in content)
    return any(block.get("type") == "image" for block in blocks)
