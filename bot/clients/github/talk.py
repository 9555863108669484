"""Answers to people's comments: a reaction on one, and words below it, once."""

from __future__ import annotations

from bot.clients.github.connection import GitHub
from bot.clients.github.page import PageReader, first_line
from bot.clients.github.people import Permissions
from bot.clients.github.writing import Writer
from bot.core.events import Place
from bot.core.rendering.commands import answer_mark
from bot.core.response import Sign

_PATHS = {Place.CONVERSATION: "/issues/comments", Place.THREAD: "/pulls/comments"}


class Talk:
    """The talk on one pull request. All methods block; they raise Rejected, Transient and BadReply."""

    def __init__(self, github: GitHub, owner: str, repo: str, number: int) -> None:
        self._reader = PageReader(github, owner, repo, number)
        self._writer = Writer(github, self._reader)
        self._permissions = Permissions(github, self._reader.about, lambda: self._reader.path)
        self._number = number

    def writes(self, login: str) -> bool:
        """Whether somebody may write to the repository."""
        return self._permissions.writes(login)

    def react(self, place: Place, comment: int, sign: Sign) -> None:
        """Put a reaction on a comment; the same one twice is one.

        Source: https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
        """
        path = f"{_PATHS[place]}/{comment}/reactions"
        self._writer.once(lambda: self._writer.send("POST", path, {"content": sign.value}))

    def answer(self, place: Place, comment: int, opening: int, body: str) -> None:
        """Answer a comment, unless that was done. The body's first line is the mark by which the answer is found.

        `opening` is the comment that opened the thread: there are no answers to answers.
        Source: https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
        """
        mark = answer_mark(comment)
        if first_line(body) != mark:
            raise ValueError("the body of an answer begins with its mark: by it the answer is found again")
        if self._answered(place, mark) is not None:
            return
        path = f"/pulls/{self._number}/comments/{opening}/replies"
        if place is Place.CONVERSATION:
            path = f"/issues/{self._number}/comments"
        self._writer.once(lambda: self._writer.post("POST", path, {"body": body}), lambda: self._answered(place, mark))

    def _answered(self, place: Place, mark: str) -> str | None:
        if place is Place.CONVERSATION:
            found = (each.url for each in self._reader.own_comments() if first_line(each.body) == mark)
        else:
            latest = (each for thread in self._reader.threads() for each in thread.latest.nodes)
            found = (each.url for each in latest if each.ours and first_line(each.body) == mark)
        return next(found, None)
