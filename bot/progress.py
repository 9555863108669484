"""Shows a review going on, on a terminal: one line that is written over, findings above it as they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

from bot.core.cost import Price
from bot.core.partial import Glimpse

if TYPE_CHECKING:
    from bot import reviewer
    from bot.core.change import Change
    from bot.core.diff import Diff
    from bot.core.replies import Answer
    from bot.interview import Tally

# Back to the first column, and clear what stands there: ECMA-48, CR and EL.
_OVER = "\r\x1b[2K"


class Progress:
    """Watches a review. Without a terminal it only counts, so that an interruption can say what was reached."""

    def __init__(self, terminal: TextIO | None, price: Price) -> None:
        self._terminal = terminal
        self._price = price
        self._tally: Tally | None = None
        self._seen: set[Glimpse] = set()
        self._shown = False

    def planned(self, change: Change, diff: Diff, requests: int) -> None:
        """Say what is read."""
        from bot.core.rendering import progress

        self._above(progress.reading(change, diff, requests))

    def moved(self, tally: Tally) -> None:
        """Say how far it is."""
        from bot.core.rendering import progress

        self._tally = tally
        if self._terminal is not None:
            took = tally.usage + tally.presumed
            state = progress.state(tally.requests, tally.running, tally.answered, took, self._price)
            self._terminal.write(_OVER + state)
            self._terminal.flush()
            self._shown = True

    def glimpsed(self, seen: Glimpse) -> None:
        """Show a finding above the line, once: an answer may be asked for again, and is heard as a whole, too."""
        if seen in self._seen:
            return
        from bot.core.rendering import progress

        self._seen.add(seen)
        self._above(progress.glimpse(seen))
        self._again()

    def heard(self, answer: Answer) -> None:
        """Show what was claimed, and was not seen as it came in."""
        for claim in answer.claims:
            self.glimpsed(Glimpse(claim.severity.value, claim.path, claim.line, claim.title))
        self._again()

    def _again(self) -> None:
        if self._shown and self._tally is not None:
            self.moved(self._tally)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal is not None and self._shown:
            self._terminal.write(_OVER)
            self._terminal.flush()
            self._shown = False

    def stopped(self) -> str:
        """What is left when the review is interrupted now."""
        from bot.core.rendering import progress

        return progress.stopped(self._tally.requests, self._tally.answered) if self._tally else progress.stopped(0, 0)

    def _above(self, line: str) -> None:
        if self._terminal is not None:
            self._terminal.write(f"{_OVER if self._shown else ''}{line}\n")
            self._terminal.flush()


class Logged(Progress):
    """Says in a log how far a review is: what is read, and each answer. What is found is told at the end, proven."""

    def __init__(self, say: Callable[[str], None], price: Price) -> None:
        super().__init__(None, price)
        self._say = say
        self._told = 0

    def planned(self, change: Change, diff: Diff, requests: int) -> None:
        """Say what is read."""
        from bot.core.rendering import progress

        self._say(progress.reading(change, diff, requests))

    def moved(self, tally: Tally) -> None:
        """Say how far it is, with each answer."""
        from bot.core.rendering import progress

        super().moved(tally)
        if tally.answered > self._told:
            self._told = tally.answered
            took = tally.usage + tally.presumed
            self._say(progress.state(tally.requests, tally.running, tally.answered, took, self._price))


class Speaking(Protocol):
    """Whoever can be told how far a review is; it says so when it likes."""

    def progress(self, text: str) -> None:
        """Take the words. It may block."""
        ...


class WithCheck:
    """Watches a review for a check run, and for another watch. The review does not wait for what the check run says."""

    def __init__(self, watch: reviewer.Watch, check: Speaking) -> None:
        self._watch = watch
        self._check = check
        self._tally: Tally | None = None
        self._findings = 0

    def planned(self, change: Change, diff: Diff, requests: int) -> None:
        """The change was read."""
        self._watch.planned(change, diff, requests)

    def moved(self, tally: Tally) -> None:
        """A request was sent or answered."""
        self._watch.moved(tally)
        if self._tally is None or tally.answered > self._tally.answered:
            self._say(tally)
        self._tally = tally

    def glimpsed(self, seen: Glimpse) -> None:
        """A finding came in."""
        self._watch.glimpsed(seen)

    def heard(self, answer: Answer) -> None:
        """A usable answer came."""
        self._watch.heard(answer)
        self._findings += len(answer.claims)

    def _say(self, tally: Tally) -> None:
        from bot.core.rendering.check_run import live
        from bot.threads import begin

        words = live(tally.requests, tally.answered, self._findings)
        begin(lambda: self._check.progress(words))
