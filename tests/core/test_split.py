"""Splitting a chunk: two halves that own its changed lines between them, until one line is left."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.chunking import OVERLAP_LINES, Budget, Chunk, pack, split
from bot.core.diff import Diff
from bot.core.model_rules import RULES
from tests.core.changes import added, edited, hunk
from tests.core.strategies import diffs

MODEL = "claude-opus-4-6"


def owned(chunk: Chunk) -> list[tuple[int, int]]:
    """Each changed line that the chunk answers for, as (file, ordinal)."""
    return [(piece.file, ordinal) for piece in chunk.pieces for ordinal in range(*piece.ordinals)]


def whole(diff: Diff, tokens: int = 12_000) -> Chunk:
    """The first chunk of a change."""
    return pack(diff, range(len(diff.files)), Budget(RULES.of(MODEL), tokens, 1_000)).chunks[0]


def leaves(diff: Diff, chunk: Chunk) -> list[Chunk]:
    """What is left of a chunk that is split until nothing can be."""
    halves = split(diff, chunk, RULES.of(MODEL))
    return [chunk] if halves is None else [leaf for half in halves for leaf in leaves(diff, half)]


@given(diffs, st.integers(60, 12_000), st.data())
def test_halves_own_the_lines_of_the_whole(diff: Diff, tokens: int, data: st.DataObject) -> None:
    """Each changed line is in one half, no half is empty, and only a chunk of one line cannot be split."""
    chunks = pack(diff, range(len(diff.files)), Budget(RULES.of(MODEL), tokens, 1_000)).chunks
    assume(chunks)
    chunk = data.draw(st.sampled_from(chunks))
    halves = split(diff, chunk, RULES.of(MODEL))
    if halves is None:
        assert len(owned(chunk)) == 1
        return
    assert owned(halves[0]) + owned(halves[1]) == owned(chunk)
    assert all(owned(half) for half in halves)


@given(diffs, st.integers(60, 12_000))
def test_splitting_ends_with_each_line_alone(diff: Diff, tokens: int) -> None:
    """Split again and again, every chunk comes down to single lines, each of them once, shown and rightly counted."""
    for chunk in pack(diff, range(len(diff.files)), Budget(RULES.of(MODEL), tokens, 1_000)).chunks:
        parts = leaves(diff, chunk)
        assert [owned(part) for part in parts] == [[line] for line in owned(chunk)]
        for piece in (piece for part in parts for piece in part.pieces):
            lines = diff.files[piece.file].hunks[piece.hunk].lines
            assert 0 <= piece.shown[0] <= piece.owned[0] < piece.owned[1] <= piece.shown[1] <= len(lines)
            changed = [line for line in lines[slice(*piece.owned)] if line.changed]
            assert changed == list(diff.files[piece.file].changed_lines[slice(*piece.ordinals)])
            assert part_tokens(diff, piece.file, piece.hunk, piece.shown) == piece.tokens


def part_tokens(diff: Diff, file: int, number: int, shown: tuple[int, int]) -> int:
    """The size of a run of lines, as a chunk of its own would count it."""
    lines = diff.files[file].hunks[number].lines[slice(*shown)]
    alone = Diff((added("x", *(line.text for line in lines)),))
    (piece,) = whole(alone).pieces
    return piece.tokens


@pytest.mark.parametrize("size", [2, 3, 10, 999, 1_000])
def test_a_hunk_is_halved(size: int) -> None:
    """The changed lines of a single hunk are split in the middle; a few lines around the cut are shown in both."""
    diff = Diff((added("x.py", *(f"value = {number}" for number in range(size))),))
    halves = split(diff, whole(diff, 100_000), RULES.of(MODEL))
    assert halves is not None
    (one,), (other,) = (half.pieces for half in halves)
    assert (len(owned(halves[0])), len(owned(halves[1]))) == (size // 2, size - size // 2)
    assert one.shown == (0, min(size, size // 2 + OVERLAP_LINES))
    assert other.shown == (max(0, size // 2 - OVERLAP_LINES), size)


def test_hunks_stay_whole_where_there_are_several() -> None:
    """A chunk of several pieces is split between them, near the middle of its changed lines."""
    parts = [hunk(start, start, *(["+x = 1"] * size)) for start, size in ((1, 40), (101, 30), (201, 20), (301, 10))]
    diff = Diff((edited("x.py", parts[0]), edited("y.py", *parts[1:])))
    halves = split(diff, whole(diff), RULES.of(MODEL))
    assert halves is not None
    assert [[(piece.file, piece.hunk) for piece in half.pieces] for half in halves] == [
        [(0, 0)],
        [(1, 0), (1, 1), (1, 2)],
    ]


@pytest.mark.parametrize(
    "rows", [("+a",), ("-a",), (" a", " b", "+c", " d"), (" a", "-b", " c", " d", " e", " f", " g", " h")]
)
def test_one_changed_line_is_not_split(rows: tuple[str, ...]) -> None:
    """However much is shown around it, a single changed line cannot be halved."""
    diff = Diff((edited("x.py", hunk(5, 5, *rows)),))
    assert split(diff, whole(diff), RULES.of(MODEL)) is None


def test_two_changed_lines_far_apart_are_split() -> None:
    """The cut is made before the second changed line; the unchanged ones before it go with the first."""
    diff = Diff((edited("x.py", hunk(1, 1, "+a", *[f" line {number}" for number in range(20)], "-b", " end")),))
    halves = split(diff, whole(diff), RULES.of(MODEL))
    assert halves is not None
    assert [half.pieces[0].owned for half in halves] == [(0, 21), (21, 23)]
