"""A pull request as a place to post on: what stands there, and what is written, mended and taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from bot.clients.github.answers import read
from bot.clients.github.cleaning import Cleaned, Cleaner
from bot.clients.github.connection import GitHub
from bot.clients.github.mending import Mender
from bot.clients.github.page import PageReader, first_line
from bot.clients.github.page_answers import DescriptionAnswer
from bot.clients.github.reviews import Reviews
from bot.clients.github.writing import Writer
from bot.core.posting import FileComment, Mending, ReviewDraft
from bot.core.standing import Standing
from bot.errors import Rejected

_OURS = "<!-- plumbline"
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class PullRequestPage:
    """All of it blocks, and raises Rejected, Transient, BadReply, and Misuse where there is no token.

    `trusted` are the logins of accounts that are believed beside our own.
    """

    def __init__(
        self, github: GitHub, owner: str, repo: str, number: int, *, trusted: frozenset[str] = frozenset()
    ) -> None:
        self._github = github
        self._number = number
        self._reader = PageReader(github, owner, repo, number, trusted=trusted)
        self._writer = Writer(github, self._reader)
        self._reviews = Reviews(github, self._reader, self._writer, number)

    def spare(self, requests: int) -> None:
        """Raise Transient where GitHub allows fewer requests than that until its limit is reset."""
        self._github.spare(self._reader.about, requests)

    def standing(self) -> Standing:
        """What stands there now."""
        return self._reader.standing()

    def post_review(self, draft: ReviewDraft) -> str:
        """Post the review with all its comments, or nothing of it; give its address."""
        if not draft.run_id or draft.run_id not in draft.body:
            raise ValueError("the body of a draft carries its run id: by it the review is found again")
        return self._reviews.post(draft)

    def post_file_comment(self, comment: FileComment) -> str:
        """Post a comment on a file as a whole; give its address."""
        mark = re.compile(rf"^<!-- plumbline-finding:\d+ {re.escape(comment.name)}\b", re.MULTILINE)
        if not comment.name or not mark.search(comment.body):
            raise ValueError("the body of a file comment carries its finding's mark: by it the comment is found again")
        # https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
        asked = {"commit_id": comment.commit, "path": comment.path, "subject_type": "file", "body": comment.body}
        path = f"/pulls/{self._number}/comments"
        return self._reviews.unblocked(lambda: self._writer.post("POST", path, asked), lambda: self._opened(mark))

    def post_summary(self, body: str, comment_id: int | None) -> str:
        """Write the comment anew, or over the one with that id if it is still there; give its address.

        The body's first line is a marker of its own: by it the comment is found again.
        """
        marker = first_line(body)
        if not marker.startswith(_OURS):
            raise ValueError("the body of a summary begins with its marker: by it the comment is found again")
        asked = {"body": body}
        if comment_id is not None:
            try:
                return self._writer.once(lambda: self._writer.post("PATCH", f"/issues/comments/{comment_id}", asked))
            except Rejected as refused:
                if refused.status not in _GONE:
                    raise
        path = f"/issues/{self._number}/comments"
        return self._writer.once(lambda: self._writer.post("POST", path, asked), lambda: self._comment_with(marker))

    def mend(self, mending: Mending) -> tuple[str, ...]:
        """Edit, resolve, reopen and answer in our threads; give a sentence for each thing that GitHub would not do.

        That we may not resolve is no surprise, and left out.
        """
        return Mender(self._github, self._reader, self._writer).mend(mending)

    def withdraw(self, comment_ids: Sequence[int]) -> None:
        """Delete review comments of our own, by their ids of the REST API; those that are gone are gone."""
        for comment_id in comment_ids:
            self._writer.delete(f"/pulls/comments/{comment_id}")

    def withdraw_summary(self, comment_id: int) -> None:
        """Delete a comment of our own under the pull request; if it is gone it is gone."""
        self._writer.delete(f"/issues/comments/{comment_id}")

    def describe(self, body: str) -> None:
        """Give the pull request a description, unless it has one by now."""
        self._reader.refuse_strangers()
        self._writer.once(lambda: self._fill(body))

    def clean(self, sentence: str) -> Cleaned:
        """Remove all that our account posted here under a mark, and nothing else; give how much that was.

        A submitted review cannot be deleted: `sentence` takes the place of its words.
        """
        return Cleaner(self._github, self._reader, self._writer, self._reviews, self._number).clean(sentence)

    def _fill(self, body: str) -> None:
        path = f"/pulls/{self._number}"
        said = self._github.get(self._reader.path + path, self._reader.about)
        if not (read(DescriptionAnswer, said, self._reader.about).body or "").strip():
            self._writer.post("PATCH", path, {"body": body})

    def _comment_with(self, marker: str) -> str | None:
        found = (each for each in self._reader.own_comments() if first_line(each.body) == marker)
        return next((each.url for each in found), None)

    def _opened(self, mark: re.Pattern[str]) -> str | None:
        """The address of our comment that carries the mark and opened a thread."""
        openings = (each for thread in self._reader.threads() for each in thread.opening.nodes)
        return next((each.url for each in openings if each.ours and mark.search(each.body)), None)
