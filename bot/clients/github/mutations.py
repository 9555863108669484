"""Several GraphQL mutations in one document: each is carried out or fails by itself, in order.

Source: https://spec.graphql.org/October2021/#sec-Mutation and, for the errors,
https://docs.github.com/en/graphql/guides/using-graphql-clients
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.clients.github.refusals import Answer, one_line

_FORBIDDEN = {"FORBIDDEN", "INSUFFICIENT_SCOPES"}
_LIMITED = "RATE_LIMITED"


@dataclass(frozen=True, slots=True)
class Mutation:
    """A field of GitHub's `Mutation`, its input, and what is asked of its payload."""

    field: str
    input: Mapping[str, object]
    payload: str

    @property
    def input_type(self) -> str:
        """The name of the input's type, which follows from the field's in all of GitHub's mutations."""
        return f"{self.field[0].upper()}{self.field[1:]}Input!"


@dataclass(frozen=True, slots=True)
class FieldFailure:
    """A field that failed, by its position in the document: GitHub's name of the error, and its words."""

    position: int
    kind: str
    says: str

    @property
    def forbidden(self) -> bool:
        """Whether the token lacks a permission for it."""
        return self.kind in _FORBIDDEN

    @property
    def limited(self) -> bool:
        """Whether a limit kept it from being carried out."""
        return self.kind == _LIMITED

    @property
    def unclear(self) -> bool:
        """Whether nobody knows if it was carried out: what GitHub could not finish has no name."""
        return not self.kind


def document(mutations: Sequence[Mutation]) -> str:
    """The document that carries them out; their inputs are its variables, see `inputs`."""
    variables = ", ".join(f"$i{n}: {each.input_type}" for n, each in enumerate(mutations))
    fields = "\n".join(f"  m{n}: {each.field}(input: $i{n}) {{ {each.payload} }}" for n, each in enumerate(mutations))
    return f"mutation({variables}) {{\n{fields}\n}}"


def inputs(mutations: Sequence[Mutation]) -> dict[str, Mapping[str, object]]:
    """The variables of the document."""
    return {f"i{n}": each.input for n, each in enumerate(mutations)}


def field_failures(answer: Answer) -> tuple[FieldFailure, ...]:
    """The fields that failed, where all errors are those of fields; none where the document failed as a whole."""
    if not isinstance(answer.said.get("data"), dict):
        return ()
    failures: dict[int, FieldFailure] = {}
    for error in answer.errors:
        position = _position(error)
        if position is None:
            return ()
        # A field may have several errors; the first tells enough.
        kind, says = str(error.get("type") or ""), one_line(str(error.get("message") or ""))
        failures.setdefault(position, FieldFailure(position, kind, says))
    return tuple(failures.values())


def without_fields(answer: Answer) -> Answer:
    """The answer with those errors alone that are the document's as a whole, where there are any."""
    whole = [error for error in answer.errors if _position(error) is None]
    return replace(answer, body=json.dumps({**answer.said, "errors": whole}).encode()) if whole else answer


def _position(error: Mapping[str, Any]) -> int | None:
    path = error.get("path")
    alias = str(path[0]) if isinstance(path, list) and path else ""
    number = alias.removeprefix("m")
    return int(number) if alias.startswith("m") and number.isascii() and number.isdigit() else None
