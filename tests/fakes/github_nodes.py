"""The objects of GitHub's GraphQL, as one viewer sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tests.fakes.github_answers import Answers
from tests.fakes.github_connections import Connections
from tests.fakes.github_posts import IssueComment, Reaction, Review, ReviewComment, Thread
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import Repository
from tests.fakes.github_suites import Suites
from tests.fakes.github_traffic import Token

JSON: TypeAlias = dict[str, Any]

_MOST_INT = 2**31 - 1


class Nodes:
    """Makes the objects. What stands in a connection, or leads back, is made only when it is asked for."""

    def __init__(self, viewer: Token, answers: Answers, problems: list[str]) -> None:
        self.viewer = viewer
        self._answers = answers
        self._problems = problems
        self._connections = Connections(problems)
        self._suites = Suites(answers, self._connections, self._small)

    def pull_request(self, pull: FakePullRequest) -> JSON:
        return {
            "id": self._answers.pull_node(pull),
            "number": pull.number,
            "title": pull.title,
            "body": pull.body or "",
            "url": self._answers.pull_page(pull),
            "author": actor(pull.author),
            "authorAssociation": pull.association,
            "createdAt": pull.created_at,
            "state": pull.state.upper(),
            "merged": pull.state == "merged",
            "isDraft": pull.draft,
            "isCrossRepository": pull.head_repository != pull.repository.full_name,
            "baseRefName": pull.base_ref,
            "baseRefOid": pull.base_sha,
            "headRefName": pull.head_ref,
            "headRefOid": pull.head_sha,
            "changedFiles": len(pull.changed_files),
            "commits": self._connections.of("commits", lambda: self._suites.commits(pull)),
            "comments": self._connections.of(
                "comments", lambda: [self.issue_comment(pull, comment) for comment in pull.issue_comments]
            ),
            "reviews": self._reviews(pull),
            "reviewThreads": self._connections.of(
                "reviewThreads", lambda: [self.thread(pull, each) for each in pull.threads_for(self.viewer.login)]
            ),
        }

    def commit(self, repository: Repository, sha: str) -> JSON:
        return self._suites.commit(repository, sha)

    def issue_comment(self, pull: FakePullRequest, comment: IssueComment) -> JSON:
        return {
            **self._written(pull, "IC", comment),
            "fullDatabaseId": str(comment.id),
            "updatedAt": comment.updated_at,
            "url": self._answers.issue_comment_page(pull, comment),
            "reactions": self._reactions(comment.reactions),
        }

    def review(self, pull: FakePullRequest, review: Review) -> JSON:
        return {
            **self._written(pull, "PRR", review),
            "state": review.state,
            "submittedAt": None if review.state == "PENDING" else review.created_at,
            "commit": lambda _info: self._suites.commit(pull.repository, review.commit),
            "url": self._answers.review_page(pull, review),
        }

    def thread(self, pull: FakePullRequest, thread: Thread) -> JSON:
        first = thread.comments[0]
        outdated = first.commit != pull.head_sha
        may = self.may_resolve(pull)
        return {
            "id": thread.node,
            "isResolved": thread.resolved,
            "isOutdated": outdated,
            # The type is User, also where an App resolved it; its name is then guessed to be the one of `viewer`.
            "resolvedBy": actor(thread.resolved_by, whole=True) if thread.resolved else None,
            "viewerCanReply": self.viewer.write,
            "viewerCanResolve": may and not thread.resolved,
            "viewerCanUnresolve": may and thread.resolved,
            "subjectType": "FILE" if first.line is None else "LINE",
            "path": first.path,
            "line": None if outdated else first.line,
            "startLine": None if outdated else first.start_line,
            "diffSide": first.side,
            "pullRequest": lambda _info: self.pull_request(pull),
            "comments": self._connections.of(
                "comments", lambda: [self.review_comment(pull, comment) for comment in thread.comments]
            ),
        }

    def review_comment(self, pull: FakePullRequest, comment: ReviewComment) -> JSON:
        def replies_to(_info: object) -> JSON | None:
            threads = {thread.number: thread for thread in pull.threads_for(self.viewer.login)}
            first = threads[comment.thread].comments[0]
            return None if first is comment else self.review_comment(pull, first)

        def review(_info: object) -> JSON:
            return next(
                self.review(pull, each) for each in pull.reviews if any(one is comment for one in each.comments)
            )

        return {
            **self._written(pull, "PRRC", comment),
            "path": comment.path,
            "outdated": comment.commit != pull.head_sha,
            "updatedAt": comment.updated_at,
            "url": self._answers.review_comment_page(pull, comment),
            "replyTo": replies_to,
            "pullRequestReview": review,
            "reactions": self._reactions(comment.reactions),
        }

    def may_resolve(self, pull: FakePullRequest) -> bool:
        """Who may push, and people on their own pull requests; an App needs `contents: write` for it.

        Sources: https://github.com/learningequality/.github/issues/84 for people, and for Apps
        https://github.com/github/gh-aw/issues/35726 and https://github.com/derailed-dash/gemini-review-action/pull/47
        (there `viewerCanResolve` is false).
        """
        own = not self.viewer.app and self.viewer.login == pull.author
        return self.viewer.write and (self.viewer.contents or own)

    def _reviews(self, pull: FakePullRequest) -> Callable[..., JSON]:
        def resolve(info: object, author: str = "", states: Sequence[str] = (), **window: Any) -> JSON:  # noqa: ANN401
            chosen = [
                self.review(pull, review)
                for review in pull.reviews
                if (review.state != "PENDING" or review.author == self.viewer.login)
                and author in {"", review.author}
                and (not states or review.state in states)
            ]
            return self._connections.of("reviews", lambda: chosen)(info, **window)

        return resolve

    def _reactions(self, reactions: Sequence[Reaction]) -> Callable[..., JSON]:
        def resolve(info: object, content: str = "", **window: Any) -> JSON:  # noqa: ANN401
            chosen = [
                {
                    "id": f"REA_{reaction.id}",
                    "content": reaction.content,
                    "createdAt": reaction.created_at,
                    "user": actor(reaction.login, whole=True),
                }
                for reaction in reactions
                if content in {"", reaction.content}
            ]
            return self._connections.of("reactions", lambda: chosen)(info, **window)

        return resolve

    def _written(self, pull: FakePullRequest, kind: str, post: IssueComment | ReviewComment | Review) -> JSON:
        return {
            "id": f"{kind}_{post.id}",
            "databaseId": lambda _info: self._small(post.id),
            "author": actor(post.author),
            "authorAssociation": self._answers.association(pull, post.author),
            "viewerDidAuthor": post.author == self.viewer.login,
            "body": post.body,
            "createdAt": post.created_at,
            "pullRequest": lambda _info: self.pull_request(pull),
        }

    def _small(self, number: int) -> int | None:
        # https://spec.graphql.org/October2021/#sec-Int; what GitHub says beyond it, nobody has written down.
        if number <= _MOST_INT:
            return number
        self._problems.append("GraphQL: databaseId cannot hold today's ids; ask for fullDatabaseId, or for the url")
        return None


def actor(login: str, *, whole: bool = False) -> JSON | None:
    """An App is `name[bot]` as viewer, and `name` as author; of a deleted account nothing is left."""
    if login == "ghost":
        return None
    kind = "Bot" if login.endswith("[bot]") and not whole else "User"
    shown = login if whole else login.removesuffix("[bot]")
    return {"__typename": kind, "login": shown, "id": f"U_{shown}", "databaseId": 1}
