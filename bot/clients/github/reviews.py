"""Reviews of our own on a pull request: each is posted once, and none is left pending.

A pending review is seen by nobody but its author, and as long as it stands GitHub refuses any further review with 422:
https://github.com/max-sixty/tend/pull/1171 .
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.clients.github.page import PageReader
from bot.clients.github.page_answers import ReviewCommentRow, ReviewNode
from bot.clients.github.people import marked
from bot.clients.github.writing import Writer
from bot.core.posting import InlineComment, ReviewDraft
from bot.errors import Rejected

_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_MOST_COMMENTS = 100


class Reviews:
    """The reviews of one pull request. All methods block; they raise Rejected, Transient, BadReply and Misuse."""

    def __init__(self, github: GitHub, reader: PageReader, writer: Writer, number: int) -> None:
        self._github = github
        self._reader = reader
        self._writer = writer
        self._path = f"/pulls/{number}/reviews"

    def post(self, draft: ReviewDraft) -> str:
        """Post the review with all its comments, or nothing of it; give its address."""
        # Without an event the review would stay pending:
        # https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
        asked = {
            "commit_id": draft.commit,
            "body": draft.body,
            "event": "COMMENT",
            "comments": [_comment(comment) for comment in draft.comments],
        }
        return self.unblocked(lambda: self._writer.post("POST", self._path, asked), lambda: self._find(draft.run_id))

    def unblocked(self, write: Callable[[], str], found: Callable[[], str | None]) -> str:
        """Write once what a pending review would keep from being written, and leave none behind."""
        try:
            return self._writer.once(write, found)
        except Rejected as refused:
            if refused.status != _UNPROCESSABLE or not self.discard_pending():
                raise
        try:
            return self._writer.once(write, found)
        except Rejected as refused:
            if refused.status == _UNPROCESSABLE:
                self.discard_pending()
            raise

    def discard_pending(self) -> bool:
        """Throw away the pending review that a failed post left behind; whether there was one."""
        return self._discard(self._reader.own_reviews())

    def reword(self, review: str, body: str) -> None:
        """Give a review other words; GitHub deletes none that was submitted."""
        self._writer.once(lambda: self._writer.post("PUT", f"{self._path}/{review}", {"body": body}))

    def _find(self, run_id: str) -> str | None:
        """The review of that run; one that got stuck half-way is thrown away."""
        reviews = self._reader.own_reviews()
        self._discard(reviews)
        return next((each.url for each in reviews if run_id in each.body and not each.pending), None)

    def _discard(self, reviews: Sequence[ReviewNode]) -> bool:
        debris = [each for each in reviews if each.pending and self._is_debris(each)]
        thrown = [self._throw_away(each) for each in debris]
        return any(thrown)

    def _throw_away(self, review: ReviewNode) -> bool:
        try:
            return self._writer.delete(f"{self._path}/{review.id}")
        except Rejected as refused:
            if refused.status == _UNPROCESSABLE:  # it was submitted after all
                return False
            raise

    def _is_debris(self, review: ReviewNode) -> bool:
        """Whether nobody's words get lost with it: a person may have begun a review under the account that we use.

        GitHub may have stored it without body and comments: https://github.com/QwenLM/qwen-code/pull/10088
        """
        if marked(review.body):
            return True
        if review.body.strip():
            return False
        path = f"{self._reader.path}{self._path}/{review.id}/comments"
        try:
            said = self._github.get(path, self._reader.about, per_page=_MOST_COMMENTS)
        except Rejected:  # gone meanwhile
            return False
        return all(marked(row.body) for row in read(list[ReviewCommentRow], said, self._reader.about))


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
