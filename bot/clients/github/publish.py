"""Posting on a pull request: once, whatever happens to the answers.

GitHub has no key that makes a write idempotent. After an answer that leaves it open whether a write arrived, what
stands there is read again, and the write is repeated only if it is not among that.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from bot.clients.github.answers import CommentNode, Page, Posted, ReviewNode, StandingAnswer, StandingPull, read
from bot.clients.github.connection import GitHub
from bot.core.posting import InlineComment, ReviewDraft
from bot.core.standing import OwnComment, OwnReview, Standing
from bot.errors import BadReply, Misuse, OutsideError, Rejected, Transient

_OURS = "<!-- plumbline"
# GitHub may need a moment until it shows what it stored before its answer was lost.
_WAITS = (2.0, 4.0, 6.0)
_LONGEST_WAIT = 60
_PENDING = "PENDING"
_REVIEW_ANCHOR = "#pullrequestreview-"
_STANDING = """
query($owner: String!, $repo: String!, $number: Int!, $comments: Boolean!, $reviews: Boolean!,
      $commentsBefore: String, $reviewsBefore: String) {
  repository(owner: $owner, name: $repo) {
    nameWithOwner
    pullRequest(number: $number) {
      headRefOid
      state
      comments(last: 100, before: $commentsBefore) @include(if: $comments) {
        nodes { fullDatabaseId url body viewerDidAuthor }
        pageInfo { hasPreviousPage startCursor }
      }
      reviews(last: 100, before: $reviewsBefore) @include(if: $reviews) {
        nodes { url body state viewerDidAuthor commit { oid } }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
}
"""


class PullRequestPage:
    """A pull request as a place to post on. All methods block; they raise Rejected, Transient, BadReply and Misuse."""

    def __init__(self, github: GitHub, owner: str, repo: str, number: int) -> None:
        self._github = github
        self._owner = owner
        self._repo = repo
        self._number = number
        self._about = f"{owner}/{repo}#{number}"
        self._path = f"/repos/{quote(owner)}/{quote(repo)}"

    def standing(self) -> Standing:
        """What stands there now; of comments and reviews only what this token's own account wrote as Plumbline."""
        comments: list[CommentNode] = []
        reviews: list[ReviewNode] = []
        pull = self._look()
        while True:
            comments = [*_own(pull.comments), *comments]
            reviews = [*_own(pull.reviews), *reviews]
            if not _before(pull.comments) and not _before(pull.reviews):
                break
            pull = self._look(_before(pull.comments), _before(pull.reviews), newest=False)
        return Standing(
            head=pull.head,
            open=pull.state == "OPEN",
            comments=tuple(OwnComment(node.id, node.url, node.body) for node in comments if _OURS in node.body),
            reviews=tuple(
                OwnReview(node.url, node.body, node.commit.oid if node.commit else "")
                for node in reviews
                if _OURS in node.body and node.state != _PENDING
            ),
        )

    def post_review(self, draft: ReviewDraft) -> str:
        """Post the review with all its comments, or nothing of it; give its address."""
        if not draft.run_id or draft.run_id not in draft.body:
            raise ValueError("the body of a draft carries its run id: by it the review is found again")
        return self._once(lambda: self._create_review(draft), lambda: self._review_with(draft.run_id))

    def post_summary(self, body: str, comment_id: int | None) -> str:
        """Write the comment anew, or over the one with that id if it is still there; give its address.

        The body's first line is a marker of its own: by it the comment is found again.
        """
        marker = _first_line(body)
        if not marker.startswith(_OURS):
            raise ValueError("the body of a summary begins with its marker: by it the comment is found again")
        if comment_id is not None:
            try:
                return self._once(lambda: self._write("PATCH", f"/issues/comments/{comment_id}", {"body": body}))
            except Rejected as refused:
                if refused.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    raise
        path = f"/issues/{self._number}/comments"
        return self._once(lambda: self._write("POST", path, {"body": body}), lambda: self._comment_with(marker))

    def _create_review(self, draft: ReviewDraft) -> str:
        # Without an event the review would stay pending, seen by nobody:
        # https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
        return self._write(
            "POST",
            f"/pulls/{self._number}/reviews",
            {
                "commit_id": draft.commit,
                "body": draft.body,
                "event": "COMMENT",
                "comments": [_comment(comment) for comment in draft.comments],
            },
        )

    def _write(self, verb: str, path: str, body: dict[str, object]) -> str:
        self._refuse_strangers()
        said = self._github.write(verb, self._path + path, self._about, body)
        return read(Posted, said, self._about).html_url

    def _once(self, write: Callable[[], str], found: Callable[[], str | None] = lambda: None) -> str:
        """Write, at most three times; after an unclear answer only if the write is not to be found."""
        failure: OutsideError | None = None
        for attempt, wait in enumerate(_WAITS, 1):
            try:
                return write()
            except (Transient, BadReply) as error:
                failure = error
            failure.attempts = attempt
            pause = failure.retry_after if isinstance(failure, Transient) else None
            if pause is not None and pause > _LONGEST_WAIT:
                break
            self._github.sleep(max(pause or 0, wait))
            # A limit is a clear no: nothing was written.
            url = found() if pause is None else None
            if url:
                return url
        assert failure is not None  # noqa: S101 - the loop ends by a return or with a failure
        raise failure

    def _review_with(self, run_id: str) -> str | None:
        """The review of that run. One that got stuck half-way is thrown away: nobody sees it, and it blocks others."""
        found = [node for node in _own(self._look().reviews) if run_id in node.body]
        for node in found:
            if node.state == _PENDING:
                review = node.url.rpartition(_REVIEW_ANCHOR)[2]
                self._github.write("DELETE", f"{self._path}/pulls/{self._number}/reviews/{review}", self._about)
        return next((node.url for node in found if node.state != _PENDING), None)

    def _comment_with(self, marker: str) -> str | None:
        nodes = _own(self._look().comments)
        return next((node.url for node in nodes if _first_line(node.body) == marker), None)

    def _look(
        self, comments_before: str | None = None, reviews_before: str | None = None, *, newest: bool = True
    ) -> StandingPull:
        """The newest hundred comments and reviews, or those before the given ones."""
        self._refuse_strangers()
        said = self._github.query(
            _STANDING,
            self._about,
            owner=self._owner,
            repo=self._repo,
            number=self._number,
            comments=newest or comments_before is not None,
            reviews=newest or reviews_before is not None,
            commentsBefore=comments_before,
            reviewsBefore=reviews_before,
        )
        repository = read(StandingAnswer, said, self._about).repository
        # GraphQL follows a renamed repository; REST answers writes to its old name with 307, which is not followed.
        self._path = f"/repos/{repository.name}"
        return repository.pull

    def _refuse_strangers(self) -> None:
        if not self._github.known:
            raise Misuse(f"Posting on {self._about} takes a token; set GITHUB_TOKEN.")


def _comment(comment: InlineComment) -> dict[str, object]:
    row: dict[str, object] = {
        "path": comment.path,
        "side": comment.side.value,
        "line": comment.line,
        "body": comment.body,
    }
    if comment.start_line is not None and comment.start_line != comment.line:
        row |= {"start_line": comment.start_line, "start_side": comment.side.value}
    return row


_Node = TypeVar("_Node", CommentNode, ReviewNode)


def _own(page: Page[_Node] | None) -> list[_Node]:
    """What the token's own account wrote: a marker in someone else's words says nothing."""
    return [node for node in page.nodes if node.ours] if page else []


def _before(page: Page[CommentNode] | Page[ReviewNode] | None) -> str | None:
    """Where to go on towards older ones."""
    return page.info.start if page and page.info.more else None


def _first_line(body: str) -> str:
    return body.split("\n", 1)[0].rstrip()
