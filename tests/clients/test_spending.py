"""What a day cost: added up, apart from other days, whatever stands in the file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clients.spending import Spending


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 23, 59, tzinfo=UTC)


def test_a_day_is_the_sum_of_its_reviews(tmp_path: Path) -> None:
    """Several reviews add up, also those of another process."""
    Spending(tmp_path, lambda: at(3)).add(0.25)
    Spending(tmp_path, lambda: at(3)).add(0.5)
    assert Spending(tmp_path, lambda: at(3)).today() == 0.75


def test_each_day_begins_at_nothing(tmp_path: Path) -> None:
    """What yesterday cost is not held against today."""
    Spending(tmp_path, lambda: at(3)).add(9)
    assert Spending(tmp_path, lambda: at(4)).today() == 0


@pytest.mark.parametrize("line", ["nan", "-5", "inf", "one dollar", "\x00"])
def test_a_line_that_is_no_amount_counts_nothing(tmp_path: Path, line: str) -> None:
    """A broken line neither opens the budget again nor uses it up."""
    spending = Spending(tmp_path, lambda: at(3))
    spending.add(1)
    spending.add_untold(2)
    for kind in ("spent", "untold"):
        with (tmp_path / f"{kind}-2026-11-03.txt").open("a") as file:
            file.write(f"{line}\n{line} {line}\n")
    assert (spending.today(), spending.untold()) == (1, 2)


def test_old_days_are_swept(tmp_path: Path) -> None:
    """No more than two weeks are kept, of either kind."""
    for day in range(1, 21):
        Spending(tmp_path, lambda day=day: at(day)).add(1)  # type: ignore[misc]
        Spending(tmp_path, lambda day=day: at(day)).add_untold(1)  # type: ignore[misc]
    assert len(list(tmp_path.iterdir())) == 28


def test_what_no_summary_tells_is_kept_by_pull_request(tmp_path: Path) -> None:
    """Over the days it adds up for one pull request, and counts neither for another nor for the day."""
    Spending(tmp_path, lambda: at(3), pull="acme/shop#7").add_untold(0.25)
    Spending(tmp_path, lambda: at(4), pull="acme/shop#7").add_untold(0.5)
    assert Spending(tmp_path, lambda: at(4), pull="acme/shop#7").untold() == 0.75
    assert Spending(tmp_path, lambda: at(4), pull="acme/shop#8").untold() == 0
    assert Spending(tmp_path, lambda: at(4), pull="acme/shop#7").today() == 0


def test_a_folder_that_cannot_be_used_costs_nothing(tmp_path: Path) -> None:
    """Where nothing can be written the review goes on."""
    (tmp_path / "taken").write_text("")
    spending = Spending(tmp_path / "taken")
    spending.add(1)
    spending.add_untold(1)
    assert (spending.today(), spending.untold()) == (0, 0)
