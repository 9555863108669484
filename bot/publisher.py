"""The story of posting a review: comments first, then what is mended, then the summary that counts them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from bot.core.marker import Seal
from bot.core.others import tells_less, united
from bot.core.posting import (
    Edit,
    FileComment,
    Mending,
    Obstacle,
    Posted,
    Posting,
    ReviewDraft,
    decide,
    doubles,
    own_summary,
)
from bot.core.rendering.comments import is_fixed
from bot.core.rendering.markdown import summary
from bot.core.review import Review
from bot.core.standing import Standing
from bot.errors import OutsideError, Rejected
from bot.threads import Patience, aside

_UNPROCESSABLE = 422
_WRITES = 4
_T = TypeVar("_T")
_P = ParamSpec("_P")


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


class _Changed(Exception):
    """While we waited for GitHub, somebody changed what the posting was decided upon."""

    def __init__(self, now: Standing) -> None:
        self.now = now
        super().__init__(now.head)


class _Desk:
    """The page while we write: after each wait for GitHub it is looked at again, and is to be as it was `seen`.

    Else a review would be written over that of a newer commit, or of another run. `summary` is the one that we write:
    after an unclear answer it may stand there.
    """

    def __init__(self, page: Page, patience: Patience, seen: Standing) -> None:
        self.page = page
        self.seen = seen
        self.summary = ""
        self._patience = patience

    async def write(self, call: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
        """Do one thing to the page. Raises _Changed where that had to wait and the page is another by now."""
        return await aside(partial(self._patience.asking, self._refuse_changed, call, *arguments, **options))

    def _refuse_changed(self) -> None:
        now, seen = self.page.standing(), self.seen
        if (now.head, now.open) != (seen.head, seen.open) or _mark(now) not in {_mark(seen), _first_line(self.summary)}:
            raise _Changed(now)


def _mark(standing: Standing) -> str:
    """The first line of our summary, in which its state stands."""
    own = own_summary(standing)
    return _first_line(own.body) if own else ""


def _first_line(body: str) -> str:
    return body.partition("\n")[0].rstrip()


async def publish(review: Review, page: Page, seal: Seal | None = None, patience: Patience | None = None) -> Posted:
    """Post a review, or nothing where the head has moved. A finding that gets no comment stands in the summary.

    What GitHub does not take is told in the result, for there is a review to be shown all the same. `patience` is what
    the page waits with.
    """
    done = _Done()
    try:
        before = await aside(page.standing)
        desk = _Desk(page, patience or Patience(), before)
        posting, url = await _posted(review, desk, done, seal)
    except OutsideError as error:
        return Posted(comments=len(done.names), mended=done.mended, problems=(*done.problems, str(error)))
    obstacle = posting if isinstance(posting, Obstacle) else None
    fresh = isinstance(posting, Posting) and (posting.replaces is None or desk.seen is not before)
    if done.names or fresh:
        await _take_back(review, page, done, before, seal)
    return Posted(
        desk.seen.head,
        obstacle,
        comments=len(done.names),
        mended=done.mended,
        summary_url=url,
        problems=tuple(done.problems),
    )


async def _posted(review: Review, desk: _Desk, done: _Done, seal: Seal | None) -> tuple[Posting | Obstacle, str]:
    """Decide upon what was seen, and write it; anew, where others were there meanwhile. Gives the address, too."""
    posting = decide(review, desk.seen)
    if isinstance(posting, Obstacle):
        return posting, ""
    try:
        return posting, await _written(review, posting, desk, done, seal)
    except _Changed as changed:
        desk.seen = changed.now
        return await _posted(review, desk, done, seal)


async def _written(review: Review, posting: Posting, desk: _Desk, done: _Done, seal: Seal | None) -> str:
    """Write it all, and give the address of the summary."""
    await aside(desk.page.spare, _WRITES + len(posting.on_files))
    if posting.review is not None:
        await _post(posting.review, desk, done)
    await _on_files(posting.on_files, desk, done)
    body = posting.summary or summary(united(review, desk.seen, seal), {*posting.said, *done.names}, seal)
    desk.summary = body
    url = await _mended(posting, body, desk, done)
    url = url or await desk.write(desk.page.post_summary, body, posting.replaces)
    await _describe(posting, desk.page, done)
    return url


async def _post(draft: ReviewDraft, desk: _Desk, done: _Done) -> None:
    """Post the comments. GitHub takes or refuses all of them and names none, so what it refuses is halved."""
    try:
        await desk.write(desk.page.post_review, draft)
    except Rejected as error:
        if error.status != _UNPROCESSABLE:
            raise
        if len(draft.comments) == 1:
            done.problems.append(str(error))
            return
        for half in draft.halves():
            await _post(half, desk, done)
        return
    done.names.update(comment.name for comment in draft.comments)


async def _on_files(comments: Sequence[FileComment], desk: _Desk, done: _Done) -> None:
    for comment in comments:
        try:
            await desk.write(desk.page.post_file_comment, comment)
        except Rejected as error:
            if error.status != _UNPROCESSABLE:
                raise
            done.problems.append(str(error))
        else:
            done.names.add(comment.name)


async def _mended(posting: Posting, body: str, desk: _Desk, done: _Done) -> str:
    """Mend, and write the summary in the same breath; gives its address, '' where it is still to be written.

    What is not mended now is mended another time, and must not cost the summary.
    """
    over, mending = posting.over, posting.mending
    if mending.empty:
        return ""
    if over is not None:
        mending = replace(mending, summary=Edit(over.node, body))
    try:
        done.problems += await desk.write(desk.page.mend, mending)
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

    The summary that stays tells what both found, whoever wrote it; where it does not, it is written once more. Over
    that of another head nothing is written.
    """
    try:
        after = await aside(page.standing)
        twice = doubles(review, frozenset(done.names), before, after)
        for number in twice.summaries:
            await aside(page.withdraw_summary, number)
        if twice.comments:
            await aside(page.withdraw, twice.comments)
            done.names -= twice.names
        if twice.stays is None or review.gate is not None or after.head != review.change.head:
            return
        told = united(review, after, seal, twice.names - twice.said)
        if tells_less(twice.stays, told, twice.said, seal):
            await aside(page.post_summary, summary(told, twice.said, seal), twice.stays.id)
    except OutsideError as error:
        done.problems.append(str(error))
