"""What can go wrong, as a small tree.

    BotError                  a sentence fit to print, raised anywhere, caught once at each entrance
      Misuse                  the command line, a setting or the checkout does not allow what was asked
      Moved                   there is a newer commit than the one that a review was wanted of; knows it
      BadPatch                the patch cannot be read; knows the line
      OutsideError            another system did not do what it was asked; knows status, kind, request id, attempts
        Rejected              it said no, and would say no again
        Transient             it failed for now; knows how long it asked to wait
        BadReply              it answered, and the answer cannot be used

Each message is one sentence that says what is wrong and what to do; data stands in attributes beside it.
"""

from __future__ import annotations


class BotError(Exception):
    """Something went wrong that a person can be told about in one sentence."""


class Misuse(BotError):
    """What was asked for cannot be done as asked: an option, a setting, a reference, a missing tool."""


class Moved(BotError):
    """The pull request has a newer commit, `head`, than the one that a review was wanted of."""

    def __init__(self, head: str) -> None:
        self.head = head
        super().__init__("There is a newer commit; that one is reviewed.")


class Unavailable(BotError):
    """Our own database cannot be used right now."""


class BadEvent(BotError):
    """A delivery is no event of GitHub's."""


class BadPatch(BotError):
    """The text is not a patch that Plumbline can account for.

    `line` is the number of the offending line in the patch, from 1.
    """

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line} of the patch: {problem}")


class OutsideError(BotError):
    """GitHub or the model's endpoint did not do what it was asked.

    `status` is the HTTP status, 0 where no answer came; `kind` the system's own name of the error (`rate_limit_error`);
    `request_id` what its operators ask for; `attempts` how often it was tried. `stops_all` tells that any other request
    would meet the same: a bad key, no credit, nothing but failures. `said` are the system's own words, without secrets.
    `lost` counts the attempts whose answer never came whole: a model's endpoint may have charged for them.
    """

    def __init__(  # noqa: PLR0913 - an error is told once, with all that is known
        self,
        sentence: str,
        *,
        status: int = 0,
        kind: str = "",
        request_id: str = "",
        attempts: int = 1,
        stops_all: bool = False,
        said: str = "",
        lost: int = 0,
    ) -> None:
        self.status = status
        self.kind = kind
        self.request_id = request_id
        self.attempts = attempts
        self.stops_all = stops_all
        self.said = said
        self.lost = lost
        super().__init__(sentence)


class Rejected(OutsideError):
    """The system said no, and would say no again."""


class Transient(OutsideError):
    """The system failed for now, after all retries. `retry_after` is the wait that it asked for, in seconds."""

    def __init__(  # noqa: PLR0913 - an error is told once, with all that is known
        self,
        sentence: str,
        *,
        status: int = 0,
        kind: str = "",
        request_id: str = "",
        attempts: int = 1,
        stops_all: bool = False,
        said: str = "",
        lost: int = 0,
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(
            sentence,
            status=status,
            kind=kind,
            request_id=request_id,
            attempts=attempts,
            stops_all=stops_all,
            said=said,
            lost=lost,
        )


class BadReply(OutsideError):
    """The system answered, and what it said is not in its own format."""
