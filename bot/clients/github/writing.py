"""Writing once, whatever happens to the answers.

GitHub has no key that makes a write idempotent. After an answer that leaves it open whether a write arrived, what
stands there is read again, and the write is repeated only if it is not among that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeVar

from bot.clients.github.answers import Posted, read
from bot.clients.github.connection import GitHub
from bot.clients.github.page import PageReader
from bot.clients.github.refusals import PRIMARY, SECONDARY
from bot.errors import BadReply, OutsideError, Rejected, Transient

# GitHub may need a moment until it shows what it stored before its answer was lost.
_WAITS = (2.0, 4.0, 6.0)
_LONGEST_WAIT = 60
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_T = TypeVar("_T")


class Writer:
    """Writes to the repository of one pull request; `path` is below that repository's in the REST API.

    All methods block; they raise Rejected, Transient, BadReply, and Misuse where there is no token.
    """

    def __init__(self, github: GitHub, reader: PageReader) -> None:
        self._github = github
        self._reader = reader

    def post(self, verb: str, path: str, body: Mapping[str, object]) -> str:
        """One try. Give the address of what was written."""
        return read(Posted, self.send(verb, path, body), self._reader.about).html_url

    def send(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> object:
        """One try of a write whose answer has no address; give the answer."""
        self._reader.refuse_strangers()
        return self._github.write(verb, self._reader.path + path, self._reader.about, body)

    def delete(self, path: str) -> bool:
        """Delete it; False where it was gone, as it may well be after an unclear answer."""
        try:
            self.once(lambda: self.send("DELETE", path))
        except Rejected as refused:
            if refused.status in _GONE:
                return False
            raise
        return True

    def once(self, write: Callable[[], _T], found: Callable[[], _T | None] = lambda: None) -> _T:
        """Write, at most three times; after an unclear answer only if `found` does not find what was written.

        Raises what the last try raised. A limit is a clear no: nothing was written, so nothing is looked for.
        """
        failure: OutsideError | None = None
        for attempt, wait in enumerate(_WAITS, 1):
            try:
                return write()
            except (Transient, BadReply) as error:
                failure = error
            failure.attempts = attempt
            pause = failure.retry_after if isinstance(failure, Transient) else None
            # The connection has waited for what is worth waiting for.
            if failure.kind in {PRIMARY, SECONDARY} or (pause or 0) > _LONGEST_WAIT:
                break
            self._github.sleep(max(pause or 0, wait))
            there = found() if pause is None else None
            if there is not None:
                return there
        assert failure is not None  # noqa: S101 - the loop ends by a return or with a failure
        raise failure
