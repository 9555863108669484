"""GitHub's GraphQL, carried out by graphql-core against the part of GitHub's schema in `tests/samples/github`."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, graphql_sync, parse, validate

from tests.fakes.github_answers import Answers
from tests.fakes.github_connections import Connections
from tests.fakes.github_mutations import Mutations
from tests.fakes.github_nodes import Nodes, actor
from tests.fakes.github_repository import Repository, blob_id
from tests.fakes.github_state import GitHubState
from tests.fakes.github_traffic import Token
from tests.repository import CHECKOUT

JSON: TypeAlias = dict[str, Any]

_MOST_BLOB_TEXT = 512_000


@cache
def github_schema() -> GraphQLSchema:
    return build_schema((CHECKOUT / "tests" / "samples" / "github" / "schema.graphql").read_text(encoding="utf-8"))


class GraphQL:
    """Answers one document for one viewer. What a client could have known to be wrong goes into `problems`."""

    def __init__(self, state: GitHubState, viewer: Token, answers: Answers, problems: list[str]) -> None:
        self._state = state
        self._viewer = viewer
        self._problems = problems
        self._nodes = Nodes(viewer, answers, problems)
        self._mutations = Mutations(state, self._nodes)

    def answer(self, document: str, variables: JSON) -> JSON:
        try:
            parsed = parse(document)
            faults = validate(github_schema(), parsed)
        except GraphQLError as fault:
            faults = [fault]
        if faults:
            self._problems += [f"GraphQL: {fault.message}" for fault in faults]
            return {"errors": [_error(fault) for fault in faults]}
        try:
            Connections(self._problems).check_nodes(parsed, variables)
        except GraphQLError as fault:
            return {"errors": [_error(fault)]}
        root = {
            "viewer": actor(self._viewer.login, whole=True),
            "repository": self._repository,
            **self._mutations.resolvers,
        }
        result: ExecutionResult = graphql_sync(github_schema(), document, root_value=root, variable_values=variables)
        errors = [_error(error) for error in result.errors or []]
        return {"data": result.data, **({"errors": errors} if errors else {})}

    def _repository(self, _info: object, owner: str, name: str, followRenames: bool = True) -> JSON:  # noqa: N803
        full_name = f"{owner}/{name}"
        repository = self._state.repository(full_name)
        if repository is None and followRenames:
            repository = self._state.renamed.get(full_name.casefold())
        if repository is None or (repository.private and not self._viewer.sees(repository.full_name)):
            raise _not_found(f"Could not resolve to a Repository with the name '{full_name}'.")
        return {
            "id": f"R_{repository.id}",
            "databaseId": repository.id,
            "isPrivate": repository.private,
            "nameWithOwner": repository.full_name,
            "object": lambda _info, **asked: self._object(repository, **asked),
            "pullRequest": lambda _info, number: self._pull_request(repository, number),
        }

    def _object(self, repository: Repository, expression: str = "", oid: str = "") -> JSON | None:
        """What git calls `REF:PATH`, or a commit alone."""
        ref, _, path = (expression or oid).partition(":")
        if not path:
            sha = self._state.commit(repository, ref)
            return self._nodes.commit(repository, sha) if sha else None
        files = self._state.commit_files(repository, ref) or {}
        return _blob(files[path]) if path in files else None

    def _pull_request(self, repository: Repository, number: int) -> JSON:
        pull = self._state.pull(repository, number)
        if pull is None:
            raise _not_found(f"Could not resolve to a PullRequest with the number of {number}.")
        return self._nodes.pull_request(pull)


def _blob(content: bytes) -> JSON:
    binary = b"\0" in content
    return {
        "__typename": "Blob",
        "id": f"B_{blob_id(content)}",
        "oid": blob_id(content),
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": len(content) > _MOST_BLOB_TEXT,
        "text": None if binary else content[:_MOST_BLOB_TEXT].decode(errors="replace"),
    }


def _not_found(says: str) -> GraphQLError:
    return GraphQLError(says, extensions={"type": "NOT_FOUND"})


def _error(error: GraphQLError) -> JSON:
    """GitHub puts the type beside the message, where graphql-core puts it into `extensions`."""
    kind = {"type": error.extensions["type"]} if error.extensions and "type" in error.extensions else {}
    locations = [{"line": place.line, "column": place.column} for place in error.locations or []]
    return {**kind, "path": error.path or [], "locations": locations, "message": error.message}
