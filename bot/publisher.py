"""The story of posting a review: comments first, then what is mended, then the summary that counts them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.core.marker import Seal
from bot.core.others import in_others_words
from bot.core.posting import Edit, FileComment, Mending, Obstacle, Posted, Posting, ReviewDraft, decide, doubles
from bot.core.rendering.comments import is_fixed
from bot.core.rendering.markdown import summary
from bot.core.review import Review
from bot.core.standing import Standing
from bot.errors import OutsideError, Rejected
from bot.threads import aside

_UNPROCESSABLE = 422
_WRITES = 4


class Page(Protocol):
    """The pull request to post on. All of it blocks; the story calls it in a thread."""

    def spare(self, requests: int) -> None:
        """Raise Transient where GitHub allows fewer requests than that."""
        ...

    def standing(self) -> Standing:
        """What stands there now."""
        ...

    def post_review(self, draft: ReviewDraft) -> str:
        """Post the comments as one review, once whatever happens to the answer; give its address."""
        ...

    def post_file_comment(self, comment: FileComment) -> str:
        """Post a comment on a file, once; give its address."""
        ...

    def mend(self, mending: Mending) -> Sequence[str]:
        """Edit, resolve and answer in our threads; give the sentences of what GitHub would not do.

        Raises OutsideError where the summary that goes with it was not written.
        """
        ...

    def post_summary(self, body: str, comment_id: int | None) -> str:
        """Write the summary, over the comment if one is given; give its address."""
        ...

    def describe(self, body: str) -> None:
        """Give the pull request a description, if it still has none."""
        ...

    def withdraw(self, comment_ids: Sequence[int]) -> None:
        """Take back review comments of our own."""
        ...

    def withdraw_summary(self, comment_id: int) -> None:
        """Take back a summary of our own."""
        ...


@dataclass(slots=True)
class _Done:
    """What was done so far: the names of the findings with a comment of their own, what was mended, what went wrong."""

    names: set[str] = field(default_factory=set)
    mended: int = 0
    problems: list[str] = field(default_factory=list)


async def publish(review: Review, page: Page, seal: Seal | None = None) -> Posted:
    """Post a review, or nothing where the head has moved. A finding that gets no comment stands in the summary.

    What GitHub does not take is told in the result, for there is a review to be shown all the same.
    """
    done = _Done()
    try:
        standing = await aside(page.standing)
        posting = decide(review, standing)
        if isinstance(posting, Obstacle):
            return Posted(standing.head, posting)
        await aside(page.spare, _WRITES + len(posting.on_files))
        if posting.review is not None:
            await _post(posting.review, page, done)
        await _on_files(posting.on_files, page, done)
        told = in_others_words(review, standing)
        body = posting.summary or summary(told, {*posting.said, *done.names}, seal)
        url = await _mended(posting, body, page, done) or await aside(page.post_summary, body, posting.replaces)
        await _describe(posting, page, done)
    except OutsideError as error:
        return Posted(comments=len(done.names), mended=done.mended, problems=(*done.problems, str(error)))
    if done.names or posting.replaces is None:
        await _take_back(review, page, done, standing, seal)
    return Posted(
        standing.head,
        comments=len(done.names),
        mended=done.mended,
        summary_url=url,
        problems=tuple(done.problems),
    )


async def _post(draft: ReviewDraft, page: Page, done: _Done) -> None:
    """Post the comments. GitHub takes or refuses all of them and names none, so what it refuses is halved."""
    try:
        await aside(page.post_review, draft)
    except Rejected as error:
        if error.status != _UNPROCESSABLE:
            raise
        if len(draft.comments) == 1:
            done.problems.append(str(error))
            return
        for half in draft.halves():
            await _post(half, page, done)
        return
    done.names.update(comment.name for comment in draft.comments)


async def _on_files(comments: Sequence[FileComment], page: Page, done: _Done) -> None:
    for comment in comments:
        try:
            await aside(page.post_file_comment, comment)
        except Rejected as error:
            if error.status != _UNPROCESSABLE:
                raise
            done.problems.append(str(error))
        else:
            done.names.add(comment.name)


async def _mended(posting: Posting, body: str, page: Page, done: _Done) -> str:
    """Mend, and write the summary in the same breath; gives its address, '' where it is still to be written.

    What is not mended now is mended another time, and must not cost the summary.
    """
    over, mending = posting.over, posting.mending
    if mending.empty:
        return ""
    if over is not None:
        mending = replace(mending, summary=Edit(over.node, body))
    try:
        done.problems += await aside(page.mend, mending)
    except OutsideError as error:
        done.problems.append(str(error))
        return ""
    done.mended = sum(is_fixed(edit.body) for edit in mending.edits)
    return over.url if over else ""


async def _describe(posting: Posting, page: Page, done: _Done) -> None:
    try:
        if posting.description:
            await aside(page.describe, posting.description)
    except OutsideError as error:
        done.problems.append(str(error))


async def _take_back(review: Review, page: Page, done: _Done, before: Standing, seal: Seal | None) -> None:
    """Another run may have said the same between our look and our post: then one of the two takes it back.

    What is taken back must not stand in our summary as said: a comment that is gone is taken for a person's answer.
    """
    try:
        after = await aside(page.standing)
        twice = doubles(review, frozenset(done.names), before, after)
        if twice.summary is not None:
            await aside(page.withdraw_summary, twice.summary)
        if twice.comments:
            await aside(page.withdraw, twice.comments)
            done.names -= twice.names
            if twice.summary_id is not None and not twice.names <= twice.said:
                told = in_others_words(review, after, twice.names - twice.said)
                await aside(page.post_summary, summary(told, twice.said, seal), twice.summary_id)
    except OutsideError as error:
        done.problems.append(str(error))
