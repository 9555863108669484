"""What reviews cost on this machine, by day: a file for each day, to which each review adds a line.

The policy's budget of a day is held against it. It is a measurement: lost, it costs at most a day's budget again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_DAYS_KEPT = 14


def _now() -> datetime:
    return datetime.now(UTC)


class Spending:
    """The files of one folder. Days are those of UTC."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._now = now

    def today(self) -> float:
        """The dollars of this day, 0 where nothing is known."""
        try:
            lines = self._file().read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            return 0.0
        return sum(map(_dollars, lines))

    def add(self, dollars: float) -> None:
        """Add what a review cost. A line is written at once, so that reviews at the same time do not lose one."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._file().open("a", encoding="ascii") as file:
                file.write(f"{dollars:.6f}\n")
            self._sweep()

    def _file(self) -> Path:
        return self._folder / f"spent-{self._now():%Y-%m-%d}.txt"

    def _sweep(self) -> None:
        for old in sorted(self._folder.glob("spent-*.txt"))[:-_DAYS_KEPT]:
            old.unlink(missing_ok=True)


def _dollars(line: str) -> float:
    try:
        dollars = float(line)
    except ValueError:
        return 0.0
    # Neither "nan" nor a negative amount may open the budget again.
    return dollars if 0 <= dollars < float("inf") else 0.0
