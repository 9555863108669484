"""A call of an operation, its answer, and how GitHub refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from tests.fakes.github_answers import Answers
from tests.fakes.github_repository import Repository
from tests.fakes.github_traffic import Token

JSON: TypeAlias = Any
Item = TypeVar("Item")

MOST_CHARACTERS = 65_536
DOCS = "https://docs.github.com/rest"
MOST_PER_PAGE = 100
_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` is JSON, bytes under `media`, or None for no body at all."""

    status: int = 200
    body: JSON = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


class Refused(Exception):
    """GitHub says no, with its own words."""

    def __init__(
        self, status: int, message: str, *, page: str = "", errors: Sequence[JSON] = (), headers: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        more = {"errors": list(errors)} if errors else {}
        body = {"message": message, **more, "documentation_url": DOCS + page, "status": str(status)}
        self.answer = Answer(status, body, headers)


def not_found() -> Refused:
    return Refused(404, "Not Found")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a described operation, by somebody who may make it.

    `viewer` is None for an anonymous one. `address` is the whole URL without its query.
    """

    name: str
    arguments: Mapping[str, str]
    query: Mapping[str, str]
    accept: str
    body: JSON
    viewer: Token | None
    repository: Repository
    address: str
    answers: Answers

    def number(self, name: str) -> int:
        """An id or number of the path; what is no number is found nowhere."""
        if not self.arguments[name].isdecimal():
            raise not_found()
        return int(self.arguments[name])

    @property
    def author(self) -> str:
        """Who writes: writing calls always have a viewer."""
        assert self.viewer is not None
        return self.viewer.login

    def page(self, items: Sequence[Item], most: int | None = None) -> tuple[Sequence[Item], dict[str, str]]:
        """The items of the page that was asked for, and the headers that lead to the others.

        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        items = items[:most]
        size = min(int(self.query.get("per_page", _PER_PAGE)), MOST_PER_PAGE) or _PER_PAGE
        page = max(int(self.query.get("page", "1")), 1)
        last = max(-(-len(items) // size), 1)
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = {"prev": page > 1, "next": page < last, "last": page < last, "first": page > 1}
        links = ", ".join(
            f'<{self.address}?per_page={size}&page={number}>; rel="{name}"'
            for name, number in places.items()
            if shown[name]
        )
        return items[(page - 1) * size : page * size], {"link": links} if links else {}
