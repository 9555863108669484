"""What GitHub demands of reviews and review comments beyond its description, and the words that it refuses them with.

The words are those of public reports: https://github.com/parkerbxyz/suggest-changes/issues/28 (line and hunk),
https://github.com/ubuntu/WSL/pull/244 (order), https://github.com/villesau/ai-codereviewer/issues/34 (path),
https://github.com/PyGithub/PyGithub/issues/2501 (commit, and the form for single comments). Where no report was found
(side, empty or overlong bodies) they are guessed; that GitHub refuses is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.fakes.github_calls import MOST_CHARACTERS, Call, Refused
from tests.fakes.github_patch import PatchFile, PatchLine
from tests.fakes.github_posts import Review, ReviewComment
from tests.fakes.github_pull import FakePullRequest

JSON: TypeAlias = Mapping[str, Any]

_STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
_REVIEW_PAGE = "/pulls/reviews#create-a-review-for-a-pull-request"
_COMMENT_PAGE = "/pulls/comments#create-a-review-comment-for-a-pull-request"


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a comment breaks: the field of the thread, the code of the error, and what it says."""

    field: str
    code: str
    says: str

    @property
    def sentence(self) -> str:
        """As it stands in the answer to a review."""
        words = self.field.replace("_", " ")
        return (
            f"{words.capitalize()} {self.says}"
            if self.field == "body"
            else f"Pull request review thread {words} {self.says}"
        )

    @property
    def error(self) -> dict[str, str]:
        """As it stands in the answer to a single comment."""
        field = self.field if self.field == "body" else f"pull_request_review_thread.{self.field}"
        message = {"message": f"{field} {self.says}"} if self.code == "custom" else {}
        return {"resource": "PullRequestReviewComment", "code": self.code, "field": field, **message}


_NO_HUNK = Breach("diff_hunk", "missing_field", "can't be blank")
_NO_PATH = Breach("path", "invalid", "is invalid")
_NO_LINE = Breach("line", "custom", "must be part of the diff")
_NO_COMMIT = Breach("end_commit_oid", "custom", "is not part of the pull request")
_NO_SIDE = Breach("side", "invalid", "is not included in the list")
_OTHER_HUNK = Breach("start_line", "custom", "must be part of the same hunk as the line.")
_NOT_BEFORE = Breach("start_line", "custom", "must precede the end line.")
_NO_BODY = Breach("body", "missing_field", "can't be blank")
_LONG_BODY = Breach("body", "custom", f"is too long (maximum is {MOST_CHARACTERS} characters)")


def create_review(pull: FakePullRequest, call: Call) -> Review:
    """Store a review with all its comments, or nothing."""
    asked: JSON = call.body or {}
    commit = asked.get("commit_id") or pull.head_sha
    body = asked.get("body") or ""
    event = asked.get("event")
    # Any further review is refused, a submitted one too: https://github.com/max-sixty/tend/pull/1171
    if any(review.state == "PENDING" and review.author == call.author for review in pull.reviews):
        raise _unprocessable("User can only have one pending review per pull request")
    if len(body) > MOST_CHARACTERS:
        raise _unprocessable(_LONG_BODY.sentence)
    if event in {"COMMENT", "REQUEST_CHANGES"} and not body.strip():
        raise _unprocessable("You need to leave a comment indicating the requested changes.")
    drafts = asked.get("comments") or []
    for draft in drafts:
        if breaches := list(_breaches(pull, commit, draft)):
            raise _unprocessable(_joined([breach.sentence for breach in breaches]))
    if commit not in _commits(pull):
        raise _unprocessable(_NO_COMMIT.sentence)
    comments = [_comment(pull, call, commit, draft) for draft in drafts]
    return pull.review(
        call.author, body, commit=commit, state=_STATES.get(event or "", "PENDING"), comments=tuple(comments)
    )


def create_comment(pull: FakePullRequest, call: Call) -> tuple[Review, ReviewComment]:
    """Store a single comment, on a line or a file, in a review of its own."""
    asked: JSON = call.body
    if breaches := list(_breaches(pull, asked["commit_id"], asked)):
        errors = [breach.error for breach in breaches]
        raise Refused(422, "Validation Failed", page=_COMMENT_PAGE, errors=errors)
    comment = _comment(pull, call, asked["commit_id"], asked)
    return pull.review(call.author, "", commit=comment.commit, comments=(comment,)), comment


def _commits(pull: FakePullRequest) -> set[str]:
    return {commit.sha for commit in pull.commits}


def _breaches(pull: FakePullRequest, commit: str, draft: JSON) -> Iterator[Breach]:
    body = draft.get("body") or ""
    if not body.strip():
        yield _NO_BODY
    if len(body) > MOST_CHARACTERS:
        yield _LONG_BODY
    if commit not in _commits(pull):
        yield from (_NO_COMMIT, _NO_HUNK)
        return
    file = pull.file(commit, draft["path"])
    if file is None:
        yield from (_NO_PATH, _NO_HUNK)
    elif draft.get("subject_type") != "file":
        yield from _line_breaches(pull, file, draft)


def _line_breaches(pull: FakePullRequest, file: PatchFile, draft: JSON) -> Iterator[Breach]:
    side = draft.get("side", "RIGHT")
    start_side = draft.get("start_side", side)
    if {side, start_side} - {"LEFT", "RIGHT"}:
        yield _NO_SIDE
        return
    shown = pull.shows(file)
    end = file.line(side, draft.get("line", 0)) if shown else None
    if end is None:
        yield _NO_LINE
    if draft.get("start_line") is not None:
        yield from _start_breaches(file.line(start_side, draft["start_line"]) if shown else None, end)
    if end is None:
        yield _NO_HUNK


def _start_breaches(start: PatchLine | None, end: PatchLine | None) -> Iterator[Breach]:
    if start is None or end is None or start.hunk != end.hunk:
        yield _OTHER_HUNK
    elif start.position >= end.position:
        yield _NOT_BEFORE


def _comment(pull: FakePullRequest, call: Call, commit: str, draft: JSON) -> ReviewComment:
    return pull.new_comment(
        call.author,
        draft["body"],
        commit=commit,
        path=draft["path"],
        side=draft.get("side", "RIGHT"),
        line=None if draft.get("subject_type") == "file" else draft["line"],
        start_line=draft.get("start_line"),
        start_side=draft.get("start_side"),
    )


def _unprocessable(error: str) -> Refused:
    return Refused(422, "Unprocessable Entity", page=_REVIEW_PAGE, errors=[error])


def _joined(sentences: list[str]) -> str:
    """Several errors as one text, as Rails joins them: `A and B`, `A, B, and C`."""
    if len(sentences) <= 2:
        return " and ".join(sentences)
    return ", ".join(sentences[:-1]) + f", and {sentences[-1]}"
