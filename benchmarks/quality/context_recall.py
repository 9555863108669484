"""Is the model shown what it needs? No model is asked: `python -m benchmarks.quality.context_recall FOLDER`.

For each budget of tokens: the share of known defects whose line is in the request, and of those that need another file
or other lines of theirs the share that is shown these, too. Half of our budget goes to lines of the change, half to
other code; the other orders fill theirs with whole files of the change. What a defect needs is what its author wrote
down (`needs`); where nobody did, the definitions, outside of its hunk, of the names in the text of the defect.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.pull_requests import Golden, KnownPullRequest, Need, read_all
from bot.core.chunking import Budget, Chunk, chunk_risk, pack
from bot.core.context import surroundings_of
from bot.core.cost import tokens_of
from bot.core.model_rules import RULES
from bot.core.models import Side
from bot.core.selection import select
from bot.core.syntax import outline_of

_RULES = RULES.of("claude-opus-4-6")
_DEFAULT = 12_000
_BUDGETS = (8_000, 16_000, 32_000)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
Shown = set[tuple[str, Side, int]]


@dataclass(slots=True)
class Score:
    """Of how many defects the line was shown, and of those that need more, how many were shown that."""

    lines: int = 0
    goldens: int = 0
    needs: int = 0
    needing: int = 0

    def add(self, golden: Golden, needs: Sequence[Need], shown: Shown) -> bool:
        """Count a defect; tell whether everything was shown."""
        line = (golden.path, golden.side, golden.line) in shown
        self.goldens += 1
        self.lines += line
        if not needs:
            return line
        seen = any((need.path, Side.RIGHT, need.line) in shown for need in needs)
        self.needing += 1
        self.needs += line and seen
        return line and seen

    def __str__(self) -> str:
        lines = f"{self.lines}/{self.goldens} lines"
        return f"{lines}, {self.needs}/{self.needing} needs" if self.needing else lines


def ours(pull: KnownPullRequest, budget: int) -> Shown:
    """The riskiest parts of the change in half of the budget, and other code in the other half."""
    diff = pull.diff
    chunks = pack(diff, select(diff).kept, Budget(_RULES, budget // 2, math.inf)).chunks
    chosen, room = [], budget // 2
    for chunk in sorted(chunks, key=lambda chunk: -chunk_risk(diff, chunk)):
        if chunk.tokens <= room:
            chosen.append(chunk)
            room -= chunk.tokens
    pieces = tuple(piece for chunk in chosen for piece in chunk.pieces)
    hunks = {(piece.file, piece.hunk) for piece in pieces}
    found = surroundings_of(diff, hunks, pull.tree, lambda _: False)
    shown = _lines(pull, Chunk(pieces))
    for excerpt in found.of(Chunk(pieces), diff, budget - budget // 2, _RULES):
        shown |= {(excerpt.path, Side.RIGHT, number) for number in excerpt.numbers}
    return shown


def requests_of(pull: KnownPullRequest) -> list[Shown]:
    """What each request of a whole review shows, with the default budget for lines and as much for other code."""
    diff = pull.diff
    chunks = pack(diff, select(diff).kept, Budget(_RULES, dollars=math.inf)).chunks
    hunks = {(piece.file, piece.hunk) for chunk in chunks for piece in chunk.pieces}
    found = surroundings_of(diff, hunks, pull.tree, lambda _: False)
    requests = []
    for chunk in chunks:
        around = found.of(chunk, diff, _DEFAULT, _RULES)
        shown = {(each.path, Side.RIGHT, number) for each in around for number in each.numbers}
        requests.append(_lines(pull, chunk) | shown)
    return requests


def _in_order(pull: KnownPullRequest, budget: int, order: Callable[[int], object]) -> Shown:
    """Whole files of the change in an order, as far as the budget reaches: first their diffs, then their texts."""
    diff, shown = pull.diff, Shown()
    for index in sorted(select(diff).kept, key=order):  # type: ignore[arg-type]
        pieces = pack(diff, [index], Budget(_RULES, 10**9, math.inf)).chunks
        text = pull.head.get(diff.files[index].path, b"").decode("utf-8", "replace")
        size = sum(chunk.tokens for chunk in pieces) + tokens_of(text, _RULES)
        if size > budget:
            break
        budget -= size
        for chunk in pieces:
            shown |= _lines(pull, chunk)
        shown |= {(diff.files[index].path, Side.RIGHT, number) for number in range(1, text.count("\n") + 2)}
    return shown


def alphabetical(pull: KnownPullRequest, budget: int) -> Shown:
    """Whole changed files by name."""
    return _in_order(pull, budget, lambda index: pull.diff.files[index].path)


def by_size(pull: KnownPullRequest, budget: int) -> Shown:
    """Whole changed files, the most changed first."""
    return _in_order(pull, budget, lambda index: -len(pull.diff.files[index].changed_lines))


def _lines(pull: KnownPullRequest, chunk: Chunk) -> Shown:
    shown = Shown()
    for piece in chunk.pieces:
        file = pull.diff.files[piece.file]
        for line in file.hunks[piece.hunk].lines[slice(*piece.shown)]:
            shown |= {(file.path, side, number) for side in Side if (number := line.on(side)) is not None}
    return shown


def needs_of(pull: KnownPullRequest, golden: Golden) -> tuple[Need, ...]:
    """What must be seen besides the line: what is written down, else definitions of the names that the text gives."""
    if golden.needs or golden.context != "Repo Level":
        return golden.needs
    names, own = set(_NAME.findall(golden.text)), _hunk_lines(pull, golden)
    found = [
        Need(path, definition.first)
        for path, content in sorted(pull.tree.files.items())
        for definition in outline_of(path, content.decode("utf-8", "replace")).definitions
        if definition.name in names and (path, definition.first) not in own
    ]
    return tuple(found)


def _hunk_lines(pull: KnownPullRequest, golden: Golden) -> set[tuple[str, int]]:
    files = (file for file in pull.diff.files if file.path == golden.path)
    return {(golden.path, line.new) for file in files for hunk in file.hunks for line in hunk.lines if line.new}


def _best(requests: Sequence[Shown], golden: Golden, needs: Sequence[Need]) -> Shown:
    """The request that shows a defect's line, best one that shows what it needs, too."""
    held = [request for request in requests if (golden.path, golden.side, golden.line) in request]
    whole = (each for each in held if any((need.path, Side.RIGHT, need.line) in each for need in needs))
    return next(whole, held[0] if held else Shown())


def table(pulls: Sequence[KnownPullRequest], *, failing: bool = True) -> Iterable[str]:
    """The figures of whole reviews, with the defects that they do not show, then those of one request by its budget."""
    ways: dict[str, Callable[[KnownPullRequest, int], Shown]] = {
        "ours": ours,
        "alphabetical": alphabetical,
        "by size": by_size,
    }
    missing = []
    score, count = Score(), 0
    for pull in pulls:
        requests = requests_of(pull)
        count += len(requests)
        for golden in pull.goldens:
            needs = needs_of(pull, golden)
            if not score.add(golden, needs, _best(requests, golden, needs)):
                missing.append(f"  {pull.name}: {golden.path}:{golden.line} {golden.text[:70]!r}")
    yield f"whole reviews, {count} requests of at most {_DEFAULT:,} + {_DEFAULT:,} tokens: {score}"
    if failing and missing:
        yield "not shown whole there:"
        yield from missing
    yield ""
    yield f"{'order':<14}" + "".join(f"{budget:>28,}" for budget in _BUDGETS)
    for name, way in ways.items():
        row = f"{name:<14}"
        for budget in _BUDGETS:
            score = Score()
            for pull in pulls:
                shown = way(pull, budget)
                for golden in pull.goldens:
                    score.add(golden, needs_of(pull, golden), shown)
            row += f"{score!s:>28}"
        yield row


def main() -> None:
    """Print the table for all folders that are named."""
    for folder in map(Path, sys.argv[1:]):
        print(folder.name)
        for row in table(list(read_all(folder))):
            print(row)


if __name__ == "__main__":
    main()
