"""The check run of a review: `Plumbline` on the head, from its beginning to its conclusion.

Only Apps that may write checks can make one. Others leave a commit status instead, and who may not do that either
leaves nothing: a review does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum, auto
from http import HTTPStatus
from secrets import token_hex
from threading import Lock
from typing import TypeVar
from urllib.parse import quote

from bot.clients.github.answers import Answered, read
from bot.clients.github.connection import GitHub
from bot.clients.github.refusals import PRIMARY, SECONDARY
from bot.core.events import CHECK_NAME as NAME
from bot.core.rendering.check_run import READING, left_behind
from bot.core.verdict import Annotation, CheckOutput, Conclusion
from bot.errors import BadReply, OutsideError, Rejected, Transient

_T = TypeVar("_T")
# GitHub may need a moment until it shows what it stored before its answer was lost.
_WAITS = (2.0, 4.0)
# https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks#check-runs-and-requested-actions
_AGAIN = {"label": "Review again", "description": "Read what has no answer yet.", "identifier": "review"}
_MARK = "plumbline:"
_SECONDS_BETWEEN = 15
_LONGEST_DESCRIPTION = 140
_FORBIDDEN = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_DONE = "completed"
# A status is green, red or open. Open would have people and tools wait for what does not come, so a review without a
# verdict is an error: the color of "it did not get that far", where `failure` is what the repository asked for. A
# skipped one is green because GitHub itself lets a skipped check run pass; its description says that nothing was read.
# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
_STATES = {
    Conclusion.SUCCESS: "success",
    Conclusion.FAILURE: "failure",
    Conclusion.NEUTRAL: "error",
    Conclusion.SKIPPED: "success",
    Conclusion.CANCELLED: "error",
}


class _App(Answered):
    id: int


class _Output(Answered):
    annotations_count: int


class _CheckRun(Answered):
    """https://docs.github.com/en/rest/checks/runs#get-a-check-run ."""

    id: int
    status: str
    external_id: str | None
    app: _App | None
    output: _Output


class _CheckRuns(Answered):
    """https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference ."""

    check_runs: tuple[_CheckRun, ...]


class _Way(Enum):
    """How the conclusion reaches the commit."""

    OPEN = auto()
    CHECK_RUN = auto()
    STATUS = auto()
    NOTHING = auto()


class Checks:
    """The check run of one review. All methods block; threads may share it.

    `owner` and `repo` are the present name of the repository (`PullRequest.repository`): GitHub does not follow writes
    to an old one. `mark` names a review that may have begun before: its check run is taken up again. Only `finish`
    raises, and only OutsideError: a commit that shows no conclusion, or shows that the review is still going on, is
    something to be told; all else that goes wrong here is kept quiet, and lacking the permission is no error at all.
    """

    def __init__(self, github: GitHub, owner: str, repo: str, mark: str = "") -> None:
        self._github = github
        self._goes_on = bool(mark)
        self._name = f"{owner}/{repo}"
        self._path = f"/repos/{quote(owner)}/{quote(repo)}"
        self._mark = f"{_MARK}{mark or token_hex(8)}"
        self._head = ""
        self._way = _Way.OPEN if github.known else _Way.NOTHING
        self._run: _CheckRun | None = None
        self._finished = False
        self._spoke_at: float | None = None
        # Whoever holds it writes: a word about the progress must not arrive behind the conclusion.
        self._lock = Lock()

    def begin(self, head: str) -> None:
        """Put the check run on the head, queued and then in progress; or a pending status. `head` is its commit id."""
        with self._lock:
            # Who stops a review concludes it at once, and this thread may come after that: nobody would close it.
            if self._finished:
                return
            self._head = head
            if self._way is _Way.OPEN:
                with suppress(OutsideError):
                    self._open()

    def progress(self, text: str) -> None:
        """Say how far the review is, at most every 15 seconds; more is dropped."""
        if self._run is None or not self._lock.acquire(blocking=False):
            return
        try:
            now = self._github.now()
            if self._finished or (self._spoke_at is not None and now - self._spoke_at < _SECONDS_BETWEEN):
                return
            self._spoke_at = now
            with suppress(OutsideError):
                self._patch(self._run, {"output": {"title": text, "summary": text}})
        finally:
            self._lock.release()

    def finish(self, conclusion: Conclusion, output: CheckOutput) -> None:
        """Conclude. What `begin` could not do is made up for; raises OutsideError where the conclusion is not taken."""
        with self._lock, _if_permitted():
            self._finished = True
            if self._way is _Way.OPEN and self._head:
                with _if_permitted():
                    self._run = self._created()
                self._open()
            if self._run is not None:
                self._conclude(self._run, conclusion, output)
            elif self._way is _Way.STATUS:
                self._set_status(_STATES[conclusion], output.title)

    def close_left_behind(self, heads: Sequence[str], current: str) -> None:
        """Cancel the check runs that reviews which were killed left open on these commits. Call it after `begin`.

        One request for each head, and one for each check run that is closed. On `current`, the head under review, only
        those that are older than this review's own are. Without a check run of its own nothing is done: by it Plumbline
        knows its own App from others, and from a job of GitHub Actions with its name.
        """
        own = self._run
        if own is None:
            return
        for head in dict.fromkeys(heads):
            with suppress(OutsideError):
                for each in self._runs_on(head):
                    ours = each.app == own.app and (each.external_id or "").startswith(_MARK) and each.id != own.id
                    if ours and each.status != _DONE and (head != current or each.id < own.id):
                        fields = self._ended(Conclusion.CANCELLED)
                        self._patch(each, {**fields, "output": _output(left_behind())})

    def _open(self) -> None:
        """Find out what this token may leave on the commit, and leave that it has begun."""
        try:
            before = self._created() if self._goes_on and not self._run else None
            self._run = self._run or before or self._once(self._create, self._created)
        except Rejected as refused:
            if refused.status not in _FORBIDDEN:
                raise
            self._open_status()
            return
        self._way = _Way.CHECK_RUN
        begun = {"status": "in_progress", "started_at": self._clock()}
        # Where this fails it is queued, and concluded all the same.
        with suppress(OutsideError):
            self._patch(self._run, {**begun, "output": {"title": READING, "summary": READING}})

    def _open_status(self) -> None:
        way = _Way.NOTHING
        with _if_permitted():
            self._set_status("pending", READING)
            way = _Way.STATUS
        self._way = way

    def _create(self) -> _CheckRun:
        body = {"name": NAME, "head_sha": self._head, "external_id": self._mark, "status": "queued"}
        return self._written("POST", "/check-runs", body)

    def _created(self) -> _CheckRun | None:
        """Our check run, where one was made before its answer was lost."""
        return next((each for each in self._runs_on(self._head) if each.external_id == self._mark), None)

    def _runs_on(self, head: str) -> tuple[_CheckRun, ...]:
        path = f"{self._path}/commits/{quote(head)}/check-runs"
        said = self._github.get(path, self._about, check_name=NAME, filter="all", per_page=100)
        return read(_CheckRuns, said, self._about).check_runs

    def _conclude(self, run: _CheckRun, conclusion: Conclusion, output: CheckOutput) -> None:
        """The conclusion first, then what is left of the annotations: it stands, whatever becomes of those."""
        first, *others = output.batches or ((),)
        ended = self._ended(conclusion)
        try:
            self._update(run, ended, output, first, len(first))
        except Rejected as refused:
            if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY or not first:
                raise
            self._update(run, ended, output, (), 0)
            return
        sent = len(first)
        with suppress(OutsideError):
            for batch in others:
                sent += len(batch)
                self._update(run, {}, output, batch, sent)

    def _update(
        self,
        run: _CheckRun,
        fields: Mapping[str, object],
        output: CheckOutput,
        batch: Sequence[Annotation],
        sent: int,
    ) -> None:
        """Write, once: GitHub adds annotations to those that are there, so a repeat would show them twice.

        `sent` counts the annotations that are there when it has arrived.
        """
        body = {**fields, "output": _output(output, batch)}
        self._once(lambda: self._patch(run, body), lambda: self._with_annotations(run, sent) if batch else None)

    def _with_annotations(self, run: _CheckRun, sent: int) -> _CheckRun | None:
        said = self._github.get(f"{self._path}/check-runs/{run.id}", self._about)
        now = read(_CheckRun, said, self._about)
        return now if now.output.annotations_count >= sent else None

    def _patch(self, run: _CheckRun, body: Mapping[str, object]) -> _CheckRun:
        return self._written("PATCH", f"/check-runs/{run.id}", body)

    def _written(self, verb: str, path: str, body: Mapping[str, object]) -> _CheckRun:
        return read(_CheckRun, self._github.write(verb, self._path + path, self._about, body), self._about)

    def _once(self, write: Callable[[], _T], found: Callable[[], _T | None] = lambda: None) -> _T:
        """Write, at most three times; after an unclear answer only if `found` does not find what was written.

        A limit is a clear answer, and the connection has waited for what is worth waiting for.
        """
        for wait in _WAITS:
            try:
                return write()
            except (Transient, BadReply) as error:
                if error.kind in {PRIMARY, SECONDARY}:
                    raise
            self._github.sleep(wait)
            there = found()
            if there is not None:
                return there
        return write()

    def _set_status(self, state: str, description: str) -> None:
        """The newest status of a context is the one that counts: sent twice, it does no harm."""
        cut = description if len(description) <= _LONGEST_DESCRIPTION else f"{description[: _LONGEST_DESCRIPTION - 1]}…"
        body = {"state": state, "context": NAME, "description": cut}
        path = f"{self._path}/statuses/{quote(self._head)}"
        self._once(lambda: self._github.write("POST", path, self._about, body))

    def _ended(self, conclusion: Conclusion) -> dict[str, object]:
        ended: dict[str, object] = {"status": _DONE, "conclusion": conclusion.value, "completed_at": self._clock()}
        # Only an App hears of the button.
        return ended | ({"actions": [_AGAIN]} if self._goes_on else {})

    @property
    def _about(self) -> str:
        return f"{self._name}@{self._head[:7]}"

    def _clock(self) -> str:
        return datetime.fromtimestamp(self._github.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _if_permitted() -> Iterator[None]:
    """Let it be where the token may not do that; GitHub answers 404 where it does not even say so."""
    try:
        yield
    except Rejected as refused:
        if refused.status not in _FORBIDDEN:
            raise


def _output(output: CheckOutput, batch: Sequence[Annotation] = ()) -> dict[str, object]:
    said: dict[str, object] = {"title": output.title, "summary": output.summary}
    if output.text:
        said["text"] = output.text
    if batch:
        said["annotations"] = [_row(annotation) for annotation in batch]
    return said


def _row(annotation: Annotation) -> dict[str, object]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level.value,
        "title": annotation.title,
        "message": annotation.message,
    }
