"""What goes into one request: hunks packed in chunks within a token budget, each changed line in exactly one.

Pure and deterministic. A chunk keeps together what is read together: a source file with its test, then the files of
one folder. A file that is too big is split between hunks, a hunk that is too big inside it, with an overlap of lines
that are shown but not answered for.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core import path_rules
from bot.core.cost import PROVIDER_PRICE, Estimate, Price, estimate, tokens_of
from bot.core.diff import Diff, FileDiff, Hunk, Line
from bot.core.ledger import Entry, Reason
from bot.core.model_rules import ModelRules
from bot.core.risk import hunk_risk

OVERLAP_LINES = 3
"""How many lines around a cut are shown in both parts."""

HunkKey = tuple[int, int]
"""A hunk by the positions of its file and of itself."""

_LINE_TOKENS = 7
_FILE_TOKENS = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of lines of one hunk, as one request shows it.

    `file` is the position in `Diff.files`, `hunk` in its hunks. `shown` and `owned` are half-open ranges of the hunk's
    lines: what is in the request, and what the answer accounts for. `ordinals` are the changed lines of the file in
    `owned`.
    """

    file: int
    hunk: int
    shown: tuple[int, int]
    owned: tuple[int, int]
    ordinals: tuple[int, int]
    tokens: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one request asks about; `tokens` are estimated without the request's fixed part."""

    pieces: tuple[Piece, ...]

    @property
    def tokens(self) -> int:
        """The estimated size, the lines that name each file included."""
        return sum(piece.tokens for piece in self.pieces) + _FILE_TOKENS * len({piece.file for piece in self.pieces})


@dataclass(frozen=True, slots=True)
class Budget:
    """What a review may take: tokens for a chunk, dollars for all, and what a request costs besides its chunk.

    `ratio` tells how many tokens the endpoint counts for each that we estimate, for the dollars alone.
    """

    rules: ModelRules
    chunk_tokens: int = 12_000
    dollars: float = 5.0
    price: Price = PROVIDER_PRICE
    overhead_tokens: int = 0
    ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The chunks to ask about, an entry for each line that no chunk holds, and the estimate of the whole."""

    chunks: tuple[Chunk, ...]
    left_out: tuple[Entry, ...]
    estimate: Estimate

    @property
    def over_cost(self) -> bool:
        """Whether money did not reach for all."""
        return any(entry.reason is Reason.COST for entry in self.left_out)


def pack(diff: Diff, kept: Sequence[int], budget: Budget, answered: Collection[HunkKey] = ()) -> Plan:
    """Pack the kept files (positions in `Diff.files`) in chunks, riskiest first where money does not reach for all.

    Hunks that were answered for at an earlier head are not asked about again.
    """
    kept = sorted(kept)
    unasked: list[Entry] = []
    pieces_of = {index: _pieces(index, diff.files[index], budget, answered, unasked) for index in kept}
    chunks = list(_filled(_groups(diff, kept), pieces_of, budget.chunk_tokens))
    affordable, beyond = _within_cost(diff, chunks, budget)
    over_cost = [Entry(piece.file, Reason.COST, *piece.ordinals) for chunk in beyond for piece in chunk.pieces]
    planned = estimate([chunk.tokens for chunk in affordable], budget.overhead_tokens, budget.price, budget.ratio)
    return Plan(tuple(affordable), tuple(unasked + over_cost), planned)


def _groups(diff: Diff, kept: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Order the files by folder and name, a test right behind the file that it tests."""
    paths = {index: diff.files[index].path for index in kept}
    sources: dict[str, list[int]] = {}
    for index, path in paths.items():
        if not path_rules.is_test(path):
            sources.setdefault(path_rules.subject(path), []).append(index)
    tests: dict[int, list[int]] = {}
    alone: list[int] = []
    for index, path in paths.items():
        candidates = sources.get(path_rules.subject(path), []) if path_rules.is_test(path) else []
        if candidates:
            tests.setdefault(_nearest(path, candidates, paths), []).append(index)
        else:
            alone.append(index)
    for index in sorted(alone, key=lambda item: (posixpath.dirname(paths[item]), paths[item], item)):
        yield (index, *sorted(tests.get(index, []), key=lambda item: (paths[item], item)))


def _nearest(path: str, candidates: Sequence[int], paths: dict[int, str]) -> int:
    """Of the files with the test's subject, the one that shares most folders (and the extension) with it."""
    folders = set(path.split("/")[:-1])

    def distance(index: int) -> tuple[bool, int, str]:
        other = paths[index]
        same_language = posixpath.splitext(other)[1] == posixpath.splitext(path)[1]
        return not same_language, -len(folders.intersection(other.split("/"))), other

    return min(candidates, key=distance)


class _Open:
    """The chunk being filled, with its size kept as it grows: adding a piece must not cost a walk over all."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.tokens = 0

    def with_(self, pieces: Iterable[Piece]) -> int:
        """The size that the chunk would have with these pieces added; pieces of one file stand together."""
        total = self.tokens
        file = self.pieces[-1].file if self.pieces else None
        for piece in pieces:
            total += piece.tokens + (_FILE_TOKENS if piece.file != file else 0)
            file = piece.file
        return total

    def add(self, piece: Piece) -> None:
        """Take one piece in."""
        self.tokens = self.with_([piece])
        self.pieces.append(piece)

    def close(self) -> Chunk:
        """Give the chunk and begin the next."""
        chunk = Chunk(tuple(self.pieces))
        self.pieces, self.tokens = [], 0
        return chunk


def _filled(groups: Iterable[tuple[int, ...]], pieces_of: dict[int, list[Piece]], limit: int) -> Iterator[Chunk]:
    """Fill chunks in order; a group that would fit in a chunk of its own is not torn apart."""
    chunk = _Open()
    for group in groups:
        pieces = [piece for index in group for piece in pieces_of[index]]
        if chunk.pieces and chunk.with_(pieces) > limit and _Open().with_(pieces) <= limit:
            yield chunk.close()
        for piece in pieces:
            if chunk.pieces and chunk.with_([piece]) > limit:
                yield chunk.close()
            chunk.add(piece)
    if chunk.pieces:
        yield chunk.close()


def _within_cost(diff: Diff, chunks: list[Chunk], budget: Budget) -> tuple[list[Chunk], list[Chunk]]:
    """Split the chunks in those that the money reaches for and the rest."""
    whole = estimate([chunk.tokens for chunk in chunks], budget.overhead_tokens, budget.price, budget.ratio)
    if whole.dollars <= budget.dollars:
        return chunks, []
    riskiest_first = sorted(range(len(chunks)), key=lambda index: (-chunk_risk(diff, chunks[index]), index))
    tokens = [chunks[index].tokens for index in riskiest_first]
    reach = bisect_right(
        range(1, len(tokens) + 1),
        budget.dollars,
        key=lambda count: estimate(tokens[:count], budget.overhead_tokens, budget.price, budget.ratio).dollars,
    )
    ordered = [chunks[index] for index in riskiest_first]
    return ordered[:reach], ordered[reach:]


def chunk_risk(diff: Diff, chunk: Chunk) -> int:
    """The risk of a chunk: that of its riskiest hunk. Worked out only where money is short, as it reads every line."""
    files = ((diff.files[piece.file], piece.hunk) for piece in chunk.pieces)
    return max(hunk_risk(file, file.hunks[hunk]) for file, hunk in files)


def _pieces(
    index: int, file: FileDiff, budget: Budget, answered: Collection[HunkKey], unasked: list[Entry]
) -> list[Piece]:
    """Cut a file in pieces that each fit in a chunk.

    Hunks that were answered for before, and lines that alone are too large, are entered in `unasked`.
    """
    pieces: list[Piece] = []
    ordinal = 0
    for number, hunk in enumerate(file.hunks):
        if (index, number) in answered:
            unasked.append(Entry(index, Reason.ANSWERED_EARLIER, ordinal, ordinal + hunk.changed))
            ordinal += hunk.changed
            continue
        sizes = [_line_tokens(line, budget.rules) for line in hunk.lines]
        for first, last in _cuts(sizes, budget.chunk_tokens - _FILE_TOKENS):
            changed = sum(line.changed for line in hunk.lines[first:last])
            ordinals = (ordinal, ordinal + changed)
            ordinal += changed
            if not changed:
                continue
            if last - first == 1 and sizes[first] > budget.chunk_tokens - _FILE_TOKENS:
                unasked.append(Entry(index, Reason.TOO_LARGE, *ordinals, "a line that fits in no request"))
                continue
            shown = _with_overlap(sizes, first, last, budget.chunk_tokens - _FILE_TOKENS)
            pieces.append(Piece(index, number, shown, (first, last), ordinals, sum(sizes[slice(*shown)])))
    return pieces


def _line_tokens(line: Line, rules: ModelRules) -> int:
    """A line is shown with both its numbers and its mark."""
    return tokens_of(line.text, rules) + _LINE_TOKENS


def _cuts(sizes: Sequence[int], limit: int) -> Iterator[tuple[int, int]]:
    """Cut a hunk in runs of lines that fit; a line that alone is too large becomes a run of its own."""
    if sum(sizes) <= limit:
        yield 0, len(sizes)
        return
    # Room for the overlap on both sides of a cut, as far as lines of ordinary length go.
    room = limit * 9 // 10
    first, total = 0, 0
    for position, size in enumerate(sizes):
        if position > first and total + size > room:
            yield first, position
            first, total = position, 0
        total += size
    yield first, len(sizes)


def _with_overlap(sizes: Sequence[int], first: int, last: int, limit: int) -> tuple[int, int]:
    """Show some lines around the owned ones, as far as the budget allows."""
    total = sum(sizes[first:last])
    start, end = first, last
    for _ in range(OVERLAP_LINES):
        if start > 0 and total + sizes[start - 1] <= limit:
            start -= 1
            total += sizes[start]
        if end < len(sizes) and total + sizes[end] <= limit:
            total += sizes[end]
            end += 1
    return start, end


def split(diff: Diff, chunk: Chunk, rules: ModelRules) -> tuple[Chunk, Chunk] | None:
    """Two halves of a chunk whose answer was too long, each with about half of its changed lines; None for one line."""
    pieces = list(chunk.pieces)
    if len(pieces) == 1:
        pieces = _halved(diff, pieces[0], rules)
    if len(pieces) == 1:
        return None
    half = sum(_changed(piece) for piece in pieces) / 2
    count, total = 0, 0
    while count < len(pieces) - 1 and (count == 0 or total + _changed(pieces[count]) / 2 <= half):
        total += _changed(pieces[count])
        count += 1
    return Chunk(tuple(pieces[:count])), Chunk(tuple(pieces[count:]))


def _changed(piece: Piece) -> int:
    return piece.ordinals[1] - piece.ordinals[0]


def _halved(diff: Diff, piece: Piece, rules: ModelRules) -> list[Piece]:
    """A piece as two, cut behind the changed line in its middle."""
    lines = diff.files[piece.file].hunks[piece.hunk].lines
    first, last = piece.owned
    changed = [position for position in range(first, last) if lines[position].changed]
    if len(changed) < 2:  # noqa: PLR2004
        return [piece]
    cut, middle = changed[len(changed) // 2], piece.ordinals[0] + len(changed) // 2
    halves = []
    for owned, ordinals in (((first, cut), (piece.ordinals[0], middle)), ((cut, last), (middle, piece.ordinals[1]))):
        shown = max(piece.shown[0], owned[0] - OVERLAP_LINES), min(piece.shown[1], owned[1] + OVERLAP_LINES)
        tokens = sum(_line_tokens(line, rules) for line in lines[slice(*shown)])
        halves.append(Piece(piece.file, piece.hunk, shown, owned, ordinals, tokens))
    return halves


def lines_of(piece: Piece, diff: Diff) -> tuple[Hunk, tuple[Line, ...]]:
    """The hunk that a piece is cut from, and the lines that are shown."""
    hunk = diff.files[piece.file].hunks[piece.hunk]
    return hunk, hunk.lines[slice(*piece.shown)]
