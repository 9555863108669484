"""GitHub's GraphQL, carried out by graphql-core against the part of GitHub's schema in `tests/samples/github`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, graphql_sync, parse, validate

from tests.fakes.github_answers import Answers
from tests.fakes.github_state import (
    FakePullRequest,
    GitHubState,
    IssueComment,
    Repository,
    Review,
    ReviewComment,
    Token,
    blob_id,
)
from tests.repository import CHECKOUT

JSON: TypeAlias = dict[str, Any]
Item = TypeVar("Item")

_MOST_NODES = 100
_MOST_BLOB_TEXT = 512_000
_MOST_INT = 2**31 - 1


@cache
def github_schema() -> GraphQLSchema:
    return build_schema((CHECKOUT / "tests" / "samples" / "github" / "schema.graphql").read_text(encoding="utf-8"))


class GraphQL:
    """Answers one document for one viewer. What a client could have known to be wrong goes into `problems`."""

    def __init__(self, state: GitHubState, viewer: Token, answers: Answers, problems: list[str]) -> None:
        self._state = state
        self._viewer = viewer
        self._answers = answers
        self._problems = problems

    def answer(self, document: str, variables: JSON) -> JSON:
        try:
            faults = validate(github_schema(), parse(document))
        except GraphQLError as fault:
            faults = [fault]
        if faults:
            self._problems += [f"GraphQL: {fault.message}" for fault in faults]
            return {"errors": [_error(fault) for fault in faults]}
        root = {"viewer": self._actor(self._viewer.login, whole=True), "repository": self._repository}
        result: ExecutionResult = graphql_sync(github_schema(), document, root_value=root, variable_values=variables)
        errors = [_error(error) for error in result.errors or []]
        return {"data": result.data, **({"errors": errors} if errors else {})}

    def _actor(self, login: str, *, whole: bool = False) -> JSON:
        """An App is `name[bot]` as viewer, and `name` as author."""
        kind = "Bot" if login.endswith("[bot]") and not whole else "User"
        shown = login if whole else login.removesuffix("[bot]")
        return {"__typename": kind, "login": shown, "id": f"U_{shown}", "databaseId": 1}

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
        ref, _, path = (expression or oid).partition(":")
        files = self._state.commit_files(repository, ref)
        if files is None:
            return None
        if not path:
            return {"__typename": "Commit", "id": f"C_{ref}", "oid": ref, "message": ""}
        return None if path not in files else _blob(files[path])

    def _pull_request(self, repository: Repository, number: int) -> JSON:
        pull = self._state.pull(repository, number)
        if pull is None:
            raise _not_found(f"Could not resolve to a PullRequest with the number of {number}.")
        return {
            "id": f"PR_{pull.number}",
            "number": pull.number,
            "title": pull.title,
            "body": pull.body or "",
            "url": self._answers.pull_page(pull),
            "author": self._actor(pull.author),
            "createdAt": pull.created_at,
            "state": pull.state.upper(),
            "merged": pull.state == "merged",
            "isDraft": pull.draft,
            "baseRefName": pull.base_ref,
            "baseRefOid": pull.base_sha,
            "headRefName": pull.head_ref,
            "headRefOid": pull.head_sha,
            "changedFiles": len(pull.changed_files),
            "comments": self._connection("comments", lambda: self._comments(pull)),
            "reviews": self._reviews(pull),
            "reviewThreads": self._connection("reviewThreads", lambda: self._threads(pull)),
        }

    def _comments(self, pull: FakePullRequest) -> list[JSON]:
        return [self._issue_comment(pull, comment) for comment in pull.issue_comments]

    def _issue_comment(self, pull: FakePullRequest, comment: IssueComment) -> JSON:
        return {
            **self._written(comment.id, comment.author, comment.body, comment.created_at),
            "updatedAt": comment.updated_at,
            "url": self._answers.issue_comment_page(pull, comment),
        }

    def _reviews(self, pull: FakePullRequest) -> Callable[..., JSON]:
        def resolve(info: object, author: str = "", states: Sequence[str] = (), **window: Any) -> JSON:  # noqa: ANN401
            chosen = [
                self._review(pull, review)
                for review in pull.reviews
                if (review.state != "PENDING" or review.author == self._viewer.login)
                and author in {"", review.author}
                and (not states or review.state in states)
            ]
            return self._connection("reviews", lambda: chosen)(info, **window)

        return resolve

    def _review(self, pull: FakePullRequest, review: Review) -> JSON:
        return {
            **self._written(review.id, review.author, review.body, review.created_at),
            "state": review.state,
            "submittedAt": None if review.state == "PENDING" else review.created_at,
            "commit": {"id": f"C_{review.commit}", "oid": review.commit, "message": ""},
            "url": self._answers.review_page(pull, review),
        }

    def _threads(self, pull: FakePullRequest) -> list[JSON]:
        return [self._thread(pull, comment) for comment in pull.review_comments]

    def _thread(self, pull: FakePullRequest, comment: ReviewComment) -> JSON:
        outdated = comment.commit != pull.head_sha
        inner = {
            **self._written(comment.id, comment.author, comment.body, comment.created_at),
            "path": comment.path,
            "url": self._answers.review_comment_page(pull, comment),
        }
        return {
            "id": f"PRRT_{comment.id}",
            "isResolved": comment.resolved,
            "isOutdated": outdated,
            "viewerCanResolve": self._viewer.write and not comment.resolved,
            "path": comment.path,
            "line": None if outdated else comment.line,
            "startLine": None if outdated else comment.start_line,
            "diffSide": comment.side,
            "comments": self._connection("comments", lambda: [inner]),
        }

    def _written(self, number: int, author: str, body: str, created_at: str) -> JSON:
        return {
            "id": f"N_{number}",
            "databaseId": lambda _info: self._small(number),
            "fullDatabaseId": str(number),
            "author": self._actor(author),
            "viewerDidAuthor": author == self._viewer.login,
            "body": body,
            "createdAt": created_at,
        }

    def _small(self, number: int) -> int | None:
        # https://spec.graphql.org/October2021/#sec-Int; what GitHub says beyond it, nobody has written down.
        if number <= _MOST_INT:
            return number
        self._problems.append("GraphQL: databaseId cannot hold today's ids; ask for fullDatabaseId, or for the url")
        return None

    def _connection(self, name: str, items: Callable[[], list[JSON]]) -> Callable[..., JSON]:
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

    def _check_window(self, name: str, first: int | None, last: int | None) -> None:
        for word, count in (("first", first), ("last", last)):
            if count is not None and not 1 <= count <= _MOST_NODES:
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
