"""What a webhook of GitHub's asks for: is it genuine, and what has to be done.

Shapes: https://docs.github.com/en/webhooks/webhook-events-and-payloads. Only what is needed is read of them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.commands import Command, read_command
from bot.errors import BadEvent

LABEL = "plumbline"
"""Who puts it on a pull request has it reviewed now."""

CHECK_NAME = "Plumbline"
"""The name of our check runs."""

_PREFIX = "sha256="
_CHECKED = re.compile(r"plumbline:[0-9a-f]{16}:([1-9][0-9]{0,11})")


class Why(StrEnum):
    """What made a review due."""

    OPENED = "opened"
    PUSHED = "pushed"
    READY = "ready for review"
    REOPENED = "reopened"
    RETARGETED = "base changed"
    LABELED = "labeled"
    COMMANDED = "commanded"
    RERUN = "check rerun"
    FOUND = "found"
    SIGN = "sign of a person"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request, and the installation that may act on it. `installation` is 0 where the event names none."""

    repository: str
    repository_id: int
    number: int
    installation: int

    @property
    def name(self) -> str:
        """The full name, for people."""
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """A review is due. `head` is the commit that it is due for, '' where the event does not tell.

    `by_hand` tells that a person asked for this very review: then no gate of the policy holds. `full` has all read.
    """

    pull: Pull
    why: Why
    head: str = ""
    by_hand: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The pull request was closed: what is under way for it is of no use any more."""

    pull: Pull


class Place(StrEnum):
    """Where a comment stands."""

    CONVERSATION = "conversation"
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class Commanded:
    """Somebody gave a command. Whether they may, their rights on the repository tell, which no event does.

    `comment` is the one that it stands in, `opening` the one that opened its thread; both may be the same.
    """

    pull: Pull
    command: Command
    author: str
    is_author_of_pull: bool
    place: Place
    comment: int
    opening: int


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """The app came to an installation or its repositories, or went. `repositories` are those that it now has, too."""

    installation: int
    gone: bool
    repositories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do, and why."""

    why: str


Intent = ReviewDue | Cancelled | Commanded | InstallationChanged | Nothing


def check_mark(review: str, number: int) -> str:
    """What our check run of a review is known by, of that name, on the pull request of that number."""
    return f"{hashlib.sha256(review.encode()).hexdigest()[:16]}:{number}"


def signature_of(body: bytes, secret: bytes) -> str:
    """The `X-Hub-Signature-256` of a body.

    Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    return _PREFIX + hmac.digest(secret, body, hashlib.sha256).hex()


def is_signed(body: bytes, secret: bytes, signature: str) -> bool:
    """Whether somebody who knows the secret signed these bytes. It takes the same time wherever they differ."""
    given = signature.encode("utf-8", "replace")
    return bool(secret) and hmac.compare_digest(signature_of(body, secret).encode(), given)


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _User(_Read):
    login: str
    type: str = "User"


class _Installation(_Read):
    id: int


class _Repository(_Read):
    id: int
    full_name: str = Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")


class _End(_Read):
    sha: str = Field(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")


class _PullRequest(_Read):
    number: int = Field(ge=1)
    state: str = "open"
    user: _User | None = None
    head: _End | None = None


class _Label(_Read):
    name: str


class _PullRequestEvent(_Read):
    action: str
    pull_request: _PullRequest
    repository: _Repository
    sender: _User
    installation: _Installation | None = None
    changes: Mapping[str, object] = {}
    label: _Label | None = None


class _Issue(_Read):
    number: int = Field(ge=1)
    state: str = "open"
    user: _User | None = None
    pull_request: Mapping[str, object] | None = None


class _Comment(_Read):
    id: int
    body: str | None
    user: _User | None
    in_reply_to_id: int | None = None


class _IssueCommentEvent(_Read):
    action: str
    issue: _Issue
    comment: _Comment
    repository: _Repository
    installation: _Installation | None = None


class _ThreadCommentEvent(_Read):
    action: str
    pull_request: _PullRequest
    comment: _Comment
    repository: _Repository
    installation: _Installation | None = None


class _ThreadEvent(_Read):
    action: str
    pull_request: _PullRequest
    repository: _Repository
    sender: _User
    installation: _Installation | None = None


class _NumberedPull(_Read):
    number: int = Field(ge=1)


class _App(_Read):
    slug: str = ""


class _CheckRun(_Read):
    name: str
    head_sha: str
    external_id: str | None = None
    app: _App | None = None
    pull_requests: tuple[_NumberedPull, ...] | list[_NumberedPull] = ()


class _CheckRunEvent(_Read):
    action: str
    check_run: _CheckRun
    repository: _Repository
    installation: _Installation | None = None


class _Named(_Read):
    full_name: str


class _InstallationEvent(_Read):
    action: str
    installation: _Installation
    repositories: list[_Named] | None = None
    repositories_added: list[_Named] | None = None


_Event = TypeVar("_Event", bound=_Read)
_DUE = {
    "opened": Why.OPENED,
    "reopened": Why.REOPENED,
    "ready_for_review": Why.READY,
    "synchronize": Why.PUSHED,
}
_GONE = {"deleted", "suspend"}
_CAME = {"created", "unsuspend", "new_permissions_accepted"}


def read_event(name: str, body: bytes, slug: str) -> Intent:
    """Tell what an event asks for. `slug` is the app's name: of its own doings nothing follows.

    Raises BadEvent for what has not the shape of such an event.
    """
    reader = _READERS.get(name)
    return reader(body, slug) if reader else Nothing(f"events of {name[:40]!r} are not listened to")


def _read(kind: type[_Event], body: bytes) -> _Event:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise BadEvent(f"The delivery has not the shape of its event: {place}: {first['msg']}.") from None


def _pull(repository: _Repository, number: int, installation: _Installation | None) -> Pull:
    return Pull(repository.full_name, repository.id, number, installation.id if installation else 0)


def _is_ours(user: _User | None, slug: str) -> bool:
    return user is not None and bool(slug) and user.login.lower() == f"{slug}[bot]".lower()


def _of_pull_request(body: bytes, slug: str) -> Intent:
    event = _read(_PullRequestEvent, body)
    pull = _pull(event.repository, event.pull_request.number, event.installation)
    head = event.pull_request.head.sha if event.pull_request.head else ""
    if event.action == "closed":
        return Cancelled(pull)
    if _is_ours(event.sender, slug):
        return Nothing("it is our own doing")
    why = _why(event)
    if why is None:
        return Nothing(f"nothing follows from pull_request {event.action}")
    return ReviewDue(pull, why, head, by_hand=why is Why.LABELED)


def _why(event: _PullRequestEvent) -> Why | None:
    if event.action == "edited":
        return Why.RETARGETED if "base" in event.changes else None
    if event.action == "labeled":
        return Why.LABELED if event.label is not None and event.label.name.lower() == LABEL else None
    return _DUE.get(event.action)


def _of_issue_comment(body: bytes, slug: str) -> Intent:
    event = _read(_IssueCommentEvent, body)
    if event.issue.pull_request is None:
        return Nothing("the comment is on an issue")
    pull = _pull(event.repository, event.issue.number, event.installation)
    return _commanded(event.action, event.comment, pull, event.issue.user, Place.CONVERSATION, slug)


def _of_thread_comment(body: bytes, slug: str) -> Intent:
    event = _read(_ThreadCommentEvent, body)
    pull = _pull(event.repository, event.pull_request.number, event.installation)
    return _commanded(event.action, event.comment, pull, event.pull_request.user, Place.THREAD, slug)


def _commanded(  # noqa: PLR0913, PLR0917 - what a comment is made of
    action: str, comment: _Comment, pull: Pull, opener: _User | None, place: Place, slug: str
) -> Intent:
    if action != "created":
        return Nothing(f"nothing follows from a comment that was {action}")
    author = comment.user
    if author is None or author.type == "Bot":
        return Nothing("the comment is by a bot")
    command = read_command(comment.body or "", slug)
    if command is None:
        return Nothing("the comment is no command")
    own = opener is not None and opener.login == author.login
    return Commanded(pull, command, author.login, own, place, comment.id, comment.in_reply_to_id or comment.id)


def _of_thread(body: bytes, slug: str) -> Intent:
    event = _read(_ThreadEvent, body)
    if event.action not in {"resolved", "unresolved"} or _is_ours(event.sender, slug):
        return Nothing("the thread was not changed by somebody else")
    return ReviewDue(_pull(event.repository, event.pull_request.number, event.installation), Why.SIGN)


def _of_check_run(body: bytes, slug: str) -> Intent:
    event = _read(_CheckRunEvent, body)
    run = event.check_run
    ours = run.app is not None and run.app.slug == slug and run.name == CHECK_NAME
    if event.action not in {"rerequested", "requested_action"} or not ours:
        return Nothing("it is no check run of ours that is to run again")
    # Of a fork's pull requests GitHub names none.
    marked = _CHECKED.fullmatch(run.external_id or "")
    number = int(marked[1]) if marked else run.pull_requests[0].number if run.pull_requests else 0
    if not number:
        return Nothing("the check run names no pull request of this repository")
    pull = _pull(event.repository, number, event.installation)
    return ReviewDue(pull, Why.RERUN, run.head_sha, by_hand=True, full=event.action == "rerequested")


def _of_installation(body: bytes, _slug: str) -> Intent:
    event = _read(_InstallationEvent, body)
    if event.action in _GONE:
        return InstallationChanged(event.installation.id, gone=True)
    if event.action in _CAME or event.action == "added":
        named = event.repositories_added or event.repositories or []
        return InstallationChanged(
            event.installation.id, gone=False, repositories=tuple(each.full_name for each in named)
        )
    return Nothing(f"nothing follows from an installation that was {event.action}")


_READERS: Mapping[str, Callable[[bytes, str], Intent]] = {
    "pull_request": _of_pull_request,
    "issue_comment": _of_issue_comment,
    "pull_request_review_comment": _of_thread_comment,
    "pull_request_review_thread": _of_thread,
    "check_run": _of_check_run,
    "installation": _of_installation,
    "installation_repositories": _of_installation,
    "ping": lambda _body, _slug: Nothing("GitHub says hello"),
}
