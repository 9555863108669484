"""Patience: who waits for another system is asked afterwards whether to go on, and only where that was wanted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.threads import Patience


class _Enough(Exception):
    """There is no point in going on."""


def test_each_wait_ends_with_the_question_that_was_wanted() -> None:
    """For as long as the call takes, and not afterwards; the call gives what it gives."""
    told: list[str] = []
    patience = Patience(lambda seconds: told.append(f"{seconds} seconds"))

    def call(words: str) -> str:
        patience(1)
        patience(2)
        return words

    assert patience.asking(lambda: told.append("asked"), call, "done") == "done"
    patience(3)
    assert told == ["1 seconds", "asked", "2 seconds", "asked", "3 seconds"]


def test_the_question_itself_may_wait() -> None:
    """It is not asked about its own waits: that would never end."""
    waits: list[float] = []
    patience = Patience(waits.append)
    patience.asking(lambda: patience(2), patience, 1)
    assert waits == [1, 2]


def test_what_the_question_raises_ends_the_call_and_the_asking() -> None:
    """The call does not go on, and the next one is its own."""
    waits: list[float] = []
    patience = Patience(waits.append)

    def enough() -> None:
        raise _Enough

    with pytest.raises(_Enough):
        patience.asking(enough, patience, 1)
    patience(2)
    assert waits == [1, 2]


def test_other_threads_are_not_asked() -> None:
    """Whoever waits there for something else has nothing to do with it."""
    told: list[str] = []
    patience = Patience(lambda _: None)
    with ThreadPoolExecutor(1) as pool:
        patience.asking(lambda: told.append("asked"), lambda: pool.submit(patience, 1).result())
    assert told == []
