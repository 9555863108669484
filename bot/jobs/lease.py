"""Who of several processes is alive: each renews a lease, and whoever lets his run out loses his jobs to another.

DBOS itself takes over nothing that another process began. A process that was only paused finds its lease lost: what it
began before is refused to write any more, see `fence`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from bot.errors import Unavailable
from bot.jobs.database import Database

SECONDS = 5.0
_BEATS = 5
_log = structlog.get_logger()


class Lease:
    """The lease of this process. `take_over` gets the name of each process whose jobs are to be taken over."""

    def __init__(
        self,
        database: Database,
        process: str,
        take_over: Callable[[str], None],
        seconds: float = SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._process = process
        self._take_over = take_over
        self._seconds = seconds
        self._now = now
        self._epoch = 0
        self._renewed = self._unbroken = now()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Take the lease, and renew it from now on. Raises Unavailable."""
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Renew it no more; whatever this process leaves behind is taken over at once."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(2 * self._seconds)
        try:
            self._database.expire(self._process)
        except Unavailable as error:
            _log.warning("lease not given back", problem=str(error))

    def fence(self) -> Callable[[], bool]:
        """Tells whether what is begun now may still write: not any more once the lease ran out, or was lost since."""
        epoch = self._epoch
        return lambda: epoch == self._epoch and self._now() - self._renewed < self._seconds

    def beat(self) -> None:
        """Renew the lease, and take over from those who did not. Raises Unavailable."""
        now = self._now()
        if now - self._renewed >= self._seconds:
            # All were cut off, it may be: first everybody has to get the time to renew his own.
            self._unbroken = now
        if not self._database.beat(self._process):
            if self._epoch:
                _log.warning("lease lost", process=self._process)
            self._epoch += 1
        self._renewed = now
        if now - self._unbroken >= self._seconds:
            for process in self._database.take_over(self._seconds, self._take_over):
                _log.warning("jobs taken over", process=process)

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds / _BEATS):
            try:
                self.beat()
            except Unavailable as error:
                _log.warning("lease not renewed", problem=str(error))


class Alone:
    """The only process on its database: nobody takes anything over."""

    def start(self) -> None:
        """Nothing to be done."""

    def stop(self) -> None:
        """Nothing to be done."""

    @staticmethod
    def fence() -> Callable[[], bool]:
        """All may write."""
        return lambda: True
