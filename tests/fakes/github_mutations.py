"""The mutations of GitHub's GraphQL, carried out on the state, one after the other.

What fails is null in the answer, with an error that names its path and a type; what stands beside it is carried out all
the same. The answer to who lacks a right is reported: https://github.com/github/gh-aw/issues/35726 for an App,
https://github.com/learningequality/.github/issues/84 for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from graphql import GraphQLError

from tests.fakes.github_calls import MOST_CHARACTERS
from tests.fakes.github_nodes import Nodes
from tests.fakes.github_posts import IssueComment, Review, ReviewComment, Thread
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_state import GitHubState

JSON: TypeAlias = dict[str, Any]
Input: TypeAlias = Mapping[str, str]
Item = TypeVar("Item")


class Mutations:
    """`resolvers` are the mutations by their names in the schema."""

    def __init__(self, state: GitHubState, nodes: Nodes) -> None:
        self._state = state
        self._nodes = nodes
        self._viewer = nodes.viewer
        self.resolvers: Mapping[str, Callable[..., JSON]] = {
            name: _mutation(act)
            for name, act in {
                "resolveReviewThread": self._resolve,
                "unresolveReviewThread": self._unresolve,
                "addPullRequestReviewThreadReply": self._reply,
                "updatePullRequestReviewComment": self._update_review_comment,
                "updateIssueComment": self._update_issue_comment,
            }.items()
        }

    def _resolve(self, asked: Input) -> JSON:
        pull, thread = self._thread(asked["threadId"])
        self._check(self._nodes.may_resolve(pull), "ResolveReviewThread")
        pull.resolve(thread.comments[0], self._viewer.login)
        return {"thread": self._nodes.thread(pull, pull.thread(thread.number))}

    def _unresolve(self, asked: Input) -> JSON:
        pull, thread = self._thread(asked["threadId"])
        self._check(self._nodes.may_resolve(pull), "UnresolveReviewThread")
        pull.unresolve(thread.comments[0])
        return {"thread": self._nodes.thread(pull, pull.thread(thread.number))}

    def _reply(self, asked: Input) -> JSON:
        pull, thread = self._thread(asked["pullRequestReviewThreadId"])
        self._check(self._viewer.write, "AddPullRequestReviewThreadReply")
        if asked.get("pullRequestReviewId"):
            raise _failed("UNPROCESSABLE", "The fake adds no replies to pending reviews.")
        _check_body(asked["body"])
        comment = pull.reply(thread.comments[0], self._viewer.login, asked["body"])
        return {"comment": self._nodes.review_comment(pull, comment)}

    def _update_review_comment(self, asked: Input) -> JSON:
        pull, comment = self._review_comment(asked["pullRequestReviewCommentId"])
        self._check(self._owns(comment), "UpdatePullRequestReviewComment")
        self._edit(comment, asked["body"])
        return {"pullRequestReviewComment": self._nodes.review_comment(pull, comment)}

    def _update_issue_comment(self, asked: Input) -> JSON:
        pull, comment = self._issue_comment(asked["id"])
        self._check(self._owns(comment), "UpdateIssueComment")
        self._edit(comment, asked["body"])
        return {"issueComment": self._nodes.issue_comment(pull, comment)}

    def _owns(self, post: IssueComment | ReviewComment | Review) -> bool:
        """GitHub lets who may write change anybody's words; the fake only one's own, as a review bot should."""
        return self._viewer.write and post.author == self._viewer.login

    def _edit(self, comment: IssueComment | ReviewComment, body: str) -> None:
        _check_body(body)
        comment.body, comment.updated_at = body, self._state.counter.time()

    def _thread(self, node: str) -> tuple[FakePullRequest, Thread]:
        return self._found(node, lambda pull: [(thread.node, thread) for thread in pull.threads])

    def _review_comment(self, node: str) -> tuple[FakePullRequest, ReviewComment]:
        return self._found(node, lambda pull: [(f"PRRC_{each.id}", each) for each in pull.review_comments])

    def _issue_comment(self, node: str) -> tuple[FakePullRequest, IssueComment]:
        return self._found(node, lambda pull: [(f"IC_{each.id}", each) for each in pull.issue_comments])

    def _found(
        self, node: str, of: Callable[[FakePullRequest], list[tuple[str, Item]]]
    ) -> tuple[FakePullRequest, Item]:
        """What has that id, of all that the viewer sees."""
        for pull in self._state.pulls:
            if pull.repository.private and not self._viewer.sees(pull.repository.full_name):
                continue
            for name, item in of(pull):
                if name == node:
                    return pull, item
        raise _failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'.")

    def _check(self, allowed: bool, what: str) -> None:
        if allowed:
            return
        login, kind = self._viewer.login, self._viewer.kind
        person = f"{login} does not have the correct permissions to execute `{what}`"
        raise _failed("FORBIDDEN", f"Resource not accessible by {kind}" if self._viewer.app else person)


def _mutation(act: Callable[[Input], JSON]) -> Callable[..., JSON]:
    def resolve(_info: object, input: Input) -> JSON:  # noqa: A002 - the schema's name
        return {**act(input), "clientMutationId": input.get("clientMutationId")}

    return resolve


def _check_body(body: str) -> None:
    if not body.strip():
        raise _failed("UNPROCESSABLE", "Body cannot be blank")
    if len(body) > MOST_CHARACTERS:
        raise _failed("UNPROCESSABLE", f"Body is too long (maximum is {MOST_CHARACTERS} characters)")


def _failed(kind: str, says: str) -> GraphQLError:
    return GraphQLError(says, extensions={"type": kind})
