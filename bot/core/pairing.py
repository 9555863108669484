"""Which of some lines is which of some numbers, where nothing but their order tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import itemgetter

_Way = tuple[float, "tuple[int, _Way] | None"]
"""How far all lines move together, and the position of the latest, with the way to it."""


def in_order(lines: Sequence[int], numbers: Sequence[int]) -> dict[int, int]:
    """Pair sorted lines with sorted numbers, one to one and none crossing, so that they move least in all.

    Gives the position of a line's number, by the line. Of the more numerous some have none.
    """
    few, many = (lines, numbers) if len(lines) <= len(numbers) else (numbers, lines)
    ways: list[_Way] = [(0, None)] * (len(many) + 1)
    for at, number in enumerate(few):
        # ways[n]: how the first of the few, up to this one, go best with the first n of the many.
        row: list[_Way] = [(math.inf, None)] * (at + 1)
        for to in range(at, len(many)):
            row.append(min(row[-1], (ways[to][0] + abs(number - many[to]), (to, ways[to])), key=itemgetter(0)))
        ways = row
    chosen, way = [], ways[-1][1]
    while way is not None:
        chosen.append(way[0])
        way = way[1][1]
    pairs = enumerate(reversed(chosen))
    return {lines[at]: to for at, to in pairs} if few is lines else {lines[to]: at for at, to in pairs}
