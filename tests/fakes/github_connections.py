"""How GitHub's GraphQL pages: windows of connections, and how many nodes a document may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

JSON: TypeAlias = dict[str, Any]

_MOST_IN_WINDOW = 100
_MOST_NODES = 500_000


class Connections:
    """Makes resolvers of connections. What a client could have known to be wrong goes into `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def of(self, name: str, items: Callable[[], list[JSON]]) -> Callable[..., JSON]:
        # https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
        def resolve(
            _info: object,
            first: int | None = None,
            last: int | None = None,
            after: str | None = None,
            before: str | None = None,
            **_: object,
        ) -> JSON:
            self._check_window(name, first, last)
            return _window(items(), first, last, after, before)

        return resolve

    def check_nodes(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        """Refuse what could answer with more than 500,000 nodes, counted as if every window were full.

        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit ; the
        type of the error is that of https://github.com/semantic-release/github/issues/911 .
        """
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        count = sum(
            _nodes(node.selection_set, fragments, variables)
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        )
        if count > _MOST_NODES:
            says = (
                f"This query requests up to {count:,} possible nodes which exceeds the maximum limit of "
                f"{_MOST_NODES:,}."
            )
            self._problems.append(f"GraphQL: {says}")
            raise GraphQLError(says, extensions={"type": "MAX_NODE_LIMIT_EXCEEDED"})

    def _check_window(self, name: str, first: int | None, last: int | None) -> None:
        for word, count in (("first", first), ("last", last)):
            if count is not None and not 1 <= count <= _MOST_IN_WINDOW:
                says = (
                    f"Requesting {count} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
                )
                self._problems.append(f"GraphQL: {says}")
                raise GraphQLError(says, extensions={"type": "EXCESSIVE_PAGINATION"})
        if first is None and last is None:
            says = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            self._problems.append(f"GraphQL: {says}")
            raise GraphQLError(says, extensions={"type": "MISSING_PAGINATION_BOUNDARIES"})


def _window(items: list[JSON], first: int | None, last: int | None, after: str | None, before: str | None) -> JSON:
    start = int(after.removeprefix("cursor:")) + 1 if after else 0
    end = int(before.removeprefix("cursor:")) if before else len(items)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    nodes = items[start:end]
    return {
        "nodes": nodes,
        "totalCount": len(items),
        "pageInfo": {
            "startCursor": f"cursor:{start}" if nodes else None,
            "endCursor": f"cursor:{end - 1}" if nodes else None,
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
        },
    }


def _nodes(
    selections: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
) -> int:
    """The nodes below a selection: those of a connection, times what is asked of each of them."""
    count = 0
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            size, inner = _size(node, variables), _nodes(node.selection_set, fragments, variables)
            count += inner if size is None else size * (1 + inner)
        elif isinstance(node, FragmentSpreadNode):
            count += _nodes(fragments[node.name.value].selection_set, fragments, variables)
        else:
            count += _nodes(getattr(node, "selection_set", None), fragments, variables)
    return count


def _size(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    """How many nodes a connection is asked for, None for what is none."""
    sizes = [argument.value for argument in field.arguments or () if argument.name.value in {"first", "last"}]
    for value in sizes:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, VariableNode) and isinstance(variables.get(value.name.value), int):
            size: int = variables[value.name.value]
            return size
    return None
