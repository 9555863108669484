"""Lines are paired with numbers in their order, and move as little as they can."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.pairing import in_order

sorted_numbers = st.lists(st.integers(1, 60), max_size=6, unique=True).map(sorted)


@given(sorted_numbers, sorted_numbers)
def test_lines_move_least_and_never_cross(lines: list[int], numbers: list[int]) -> None:
    """As many pairs as there can be, in order, and no other choice of them moves the lines less."""
    pairs = in_order(lines, numbers)
    size = min(len(lines), len(numbers))
    moved = [(line, numbers[at]) for line, at in sorted(pairs.items())]
    assert len(moved) == size
    assert [number for _, number in moved] == sorted({number for _, number in moved})
    least = min(
        sum(abs(line - number) for line, number in zip(some, others, strict=True))
        for some in combinations(lines, size)
        for others in combinations(numbers, size)
    )
    assert sum(abs(line - number) for line, number in moved) == least


def test_as_many_as_there_were_stay_in_their_order() -> None:
    """All that shift by as many lines as lie between them are not taken for one another."""
    assert in_order([10, 20, 30], [20, 30, 40]) == {10: 0, 20: 1, 30: 2}
