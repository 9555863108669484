"""Removing what we posted on a pull request: all that carries a mark of ours, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.clients.github.page import PageReader
from bot.clients.github.page_answers import DescriptionAnswer, ReviewCommentRow
from bot.clients.github.people import marked
from bot.clients.github.reviews import Reviews
from bot.clients.github.writing import Writer
from bot.core.marker import is_description

_ROWS = 100
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How much of ours was removed: summaries, and comments on lines and files, answers included.

    `reviews` are those that lost their words, as GitHub deletes no review that was submitted. `replies` are other words
    that are left in threads whose first comment was ours. `description` tells whether the pull request's text was ours,
    and nobody had touched it.
    """

    summaries: int = 0
    comments: int = 0
    reviews: int = 0
    replies: int = 0
    description: bool = False


class Cleaner:
    """Cleans one pull request. Blocks; raises Rejected, Transient, BadReply and Misuse.

    What is interrupted can be done again: what is left carries its marks still.
    """

    def __init__(self, github: GitHub, reader: PageReader, writer: Writer, reviews: Reviews, number: int) -> None:
        self._github = github
        self._reader = reader
        self._writer = writer
        self._reviews = reviews
        self._number = number

    def clean(self, sentence: str) -> Cleaned:
        """Remove it all; `sentence` takes the place of the words of reviews."""
        sheet = self._reader.sheet(threads=False)
        self._reviews.discard_pending()
        summaries = [each.id for each in sheet.comments if each.ours and marked(each.body)]
        for comment_id in summaries:
            self._writer.delete(f"/issues/comments/{comment_id}")
        cleaned = self._clean_threads(sheet.viewer)
        reviews = [each.id for each in sheet.reviews if each.ours and marked(each.body) and not each.pending]
        for review in reviews:
            self._reviews.reword(review, sentence)
        described = self._undescribe()
        return replace(cleaned, summaries=len(summaries), reviews=len(reviews), description=described)

    def _undescribe(self) -> bool:
        path = f"/pulls/{self._number}"
        said = self._github.get(self._reader.path + path, self._reader.about)
        ours = is_description(read(DescriptionAnswer, said, self._reader.about).body or "")
        if ours:
            self._writer.once(lambda: self._writer.post("PATCH", path, {"body": ""}))
        return ours

    def _clean_threads(self, viewer: str) -> Cleaned:
        rows = self._review_comments()
        ours = {row.id for row in rows if row.user and row.user.login == viewer and marked(row.body)}
        for comment_id in sorted(ours):
            self._writer.delete(f"/pulls/comments/{comment_id}")
        replies = sum(row.opening in ours and row.id not in ours for row in rows)
        return Cleaned(comments=len(ours), replies=replies)

    def _review_comments(self) -> list[ReviewCommentRow]:
        """All of them over REST, which lists them one by one: GraphQL shows but the ends of long threads.

        A login of an App ends in `[bot]` here, as that of the viewer does, so no user can have it.
        """
        path = f"{self._reader.path}/pulls/{self._number}/comments"
        rows: list[ReviewCommentRow] = []
        for page in range(1, _MOST_PAGES + 1):
            said = self._github.get(path, self._reader.about, per_page=_ROWS, page=page)
            more = read(list[ReviewCommentRow], said, self._reader.about)
            rows += more
            if len(more) < _ROWS:
                break
        return rows
