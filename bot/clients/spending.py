"""What reviews cost on this machine, by day: a file for each day, to which each review adds a line.

The policy's budget of a day is held against it. That of a pull request is held against what its summary tells; what
reviews cost that were overtaken, so that no summary tells of them, stands in files of its own.
It is a measurement: lost, it costs at most a budget again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_DAYS_KEPT = 14
_SPENT, _UNTOLD = "spent", "untold"


def _now() -> datetime:
    return datetime.now(UTC)


class Spending:
    """The files of one folder, for the reviews of one `pull` request, by whatever name. Days are those of UTC."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now, *, pull: str = "") -> None:
        self._folder = folder
        self._now = now
        # A name may hold anything, and a line of the file must not.
        self._pull = hashlib.sha256(pull.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def today(self) -> float:
        """The dollars of this day, 0 where nothing is known."""
        return sum(map(_dollars, _lines(self._file(_SPENT))))

    def add(self, dollars: float) -> None:
        """Add what a review cost."""
        self._write(_SPENT, f"{dollars:.6f}")

    def untold(self) -> float:
        """The dollars of this pull request's reviews of which no summary tells, 0 where nothing is known."""
        lines = (line.split(" ") for file in self._folder.glob(f"{_UNTOLD}-*.txt") for line in _lines(file))
        return sum(_dollars(line[1]) for line in lines if len(line) > 1 and line[0] == self._pull)

    def add_untold(self, dollars: float) -> None:
        """Add what a review cost of which no summary tells."""
        self._write(_UNTOLD, f"{self._pull} {dollars:.6f}")

    def _write(self, kind: str, line: str) -> None:
        """A line is written at once, so that reviews at the same time do not lose one."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._file(kind).open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
            for old in sorted(self._folder.glob(f"{kind}-*.txt"))[:-_DAYS_KEPT]:
                old.unlink(missing_ok=True)

    def _file(self, kind: str) -> Path:
        return self._folder / f"{kind}-{self._now():%Y-%m-%d}.txt"


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _dollars(line: str) -> float:
    try:
        dollars = float(line)
    except ValueError:
        return 0.0
    # Neither "nan" nor a negative amount may open the budget again.
    return dollars if 0 <= dollars < float("inf") else 0.0
